// oidc-provider (npm), a certified provider, with the clients that the scripts know: so that a script that fails against
// ours is shown to be right. Says where it listens, and goes on until it is stopped.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import Provider from 'oidc-provider';

const {
  CLIENT_ID, CLIENT_SECRET, MACHINE_ID, MACHINE_SECRET, BANK_ID, BANK_KEY, DEVICE_ID, RESOURCE, APACHE, APACHE_SECRET,
  CERTIFICATE, KEY,
} = process.env;
const { d: _, ...bankKey } = JSON.parse(BANK_KEY);

const server = createServer({ cert: readFileSync(CERTIFICATE), key: readFileSync(KEY) });
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const issuer = `https://127.0.0.1:${server.address().port}`;
const { privateKey } = await crypto.subtle.generateKey(
  { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' },
  true,
  ['sign', 'verify'],
);
const jwk = { ...(await crypto.subtle.exportKey('jwk', privateKey)), use: 'sig', alg: 'RS256', kid: 'one' };
delete jwk.key_ops;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: CLIENT_ID,
      client_secret: CLIENT_SECRET,
      redirect_uris: ['https://app.example/callback'],
      post_logout_redirect_uris: ['https://app.example/bye'],
      grant_types: ['authorization_code', 'refresh_token'],
    },
    {
      client_id: MACHINE_ID,
      client_secret: MACHINE_SECRET,
      token_endpoint_auth_method: 'client_secret_post',
      redirect_uris: [],
      response_types: [],
      grant_types: ['client_credentials'],
    },
    {
      client_id: BANK_ID,
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'ES256',
      jwks: { keys: [bankKey] },
      application_type: 'native',
      redirect_uris: ['http://127.0.0.1/callback'],
      grant_types: ['authorization_code', 'refresh_token'],
      require_pushed_authorization_requests: true,
      dpop_bound_access_tokens: true,
    },
    {
      client_id: DEVICE_ID,
      token_endpoint_auth_method: 'none',
      redirect_uris: [],
      response_types: [],
      grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
    },
    {
      client_id: 'spa',
      token_endpoint_auth_method: 'none',
      application_type: 'native',
      redirect_uris: ['http://localhost/'],
      grant_types: ['authorization_code', 'refresh_token'],
    },
    {
      client_id: 'apache',
      client_secret: APACHE_SECRET,
      redirect_uris: [`${APACHE}/protected/redirect_uri`],
      post_logout_redirect_uris: [`${APACHE}/bye.html`],
      backchannel_logout_uri: `${APACHE}/protected/redirect_uri?logout=backchannel`,
      backchannel_logout_session_required: true,
    },
  ],
  jwks: { keys: [jwk] },
  subjectTypes: ['public', 'pairwise'],
  pairwiseIdentifier: (_, accountId, client) => `${client.sectorIdentifier} ${accountId}`,
  claims: { openid: ['sub'], email: ['email', 'email_verified'] },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, email: `${id}@example.org`, email_verified: true }) }),
  clientBasedCORS: () => true,
  // Its own guard lets it reach no client on this machine.
  fetch: (url, { dispatcher: _, ...options }) => fetch(url, options),
  features: {
    devInteractions: { enabled: true },
    pushedAuthorizationRequests: { enabled: true },
    dPoP: { enabled: true, nonceSecret: crypto.getRandomValues(Buffer.alloc(32)), requireNonce: () => true },
    introspection: { enabled: true },
    revocation: { enabled: true },
    clientCredentials: { enabled: true },
    deviceFlow: { enabled: true },
    jwtUserinfo: { enabled: true },
    registration: { enabled: true },
    registrationManagement: { enabled: true },
    backchannelLogout: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => undefined,
      getResourceServerInfo: () => ({ scope: 'read write', audience: RESOURCE, accessTokenFormat: 'jwt' }),
    },
  },
});
server.on('request', provider.callback());
console.log(`Listening on ${issuer}`);
