// oauth4webapi (npm): discovery by both well-known documents, a client that registers itself and looks after its
// registration, and its code flow: with a pairwise subject, and userinfo that is signed.
import assert from 'node:assert/strict';
import * as oauth from 'oauth4webapi';
import { Browser } from './browser.mjs';

const { ISSUER, LOGIN, PASSWORD } = process.env;
const insecure = { [oauth.allowInsecureRequests]: true };
const issuer = new URL(ISSUER);
const callback = 'https://app.example/callback';

const documents = [];
for (const algorithm of ['oidc', 'oauth2']) {
  const response = await oauth.discoveryRequest(issuer, { ...insecure, algorithm });
  documents.push(await oauth.processDiscoveryResponse(issuer, response));
}
const [as, other] = documents;
assert.deepEqual(as, other);

const registration = await oauth.dynamicClientRegistrationRequest(as, {
  client_name: 'A client that has registered itself',
  redirect_uris: [callback],
  grant_types: ['authorization_code', 'refresh_token'],
  token_endpoint_auth_method: 'client_secret_post',
  id_token_signed_response_alg: 'RS256',
  userinfo_signed_response_alg: 'RS256',
  subject_type: 'pairwise',
}, insecure);
const client = await oauth.processDynamicClientRegistrationResponse(registration);

const verifier = oauth.generateRandomCodeVerifier();
const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
const url = new URL(as.authorization_endpoint);
url.search = new URLSearchParams({
  client_id: client.client_id,
  redirect_uri: callback,
  response_type: 'code',
  scope: 'openid email',
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
  state,
  nonce,
});
const answer = await new Browser({ login: LOGIN, password: PASSWORD }).bring(url, callback);
const params = oauth.validateAuthResponse(as, client, answer.url, state);
const authenticate = oauth.ClientSecretPost(client.client_secret);
const asked = await oauth.authorizationCodeGrantRequest(as, client, authenticate, params, callback, verifier, insecure);
const tokens = await oauth.processAuthorizationCodeResponse(as, client, asked, {
  expectedNonce: nonce, requireIdToken: true,
});
const { sub } = oauth.getValidatedIdTokenClaims(tokens);
const userinfo = await oauth.userInfoRequest(as, client, tokens.access_token, insecure);
const told = await oauth.processUserInfoResponse(as, client, sub, userinfo);
await oauth.validateApplicationLevelSignature(as, userinfo, insecure);
assert.equal(told.email, `${LOGIN}@example.org`);

const own = { headers: { authorization: `Bearer ${client.registration_access_token}` } };
const read = await fetch(client.registration_client_uri, own);
assert.equal((await read.json()).client_name, 'A client that has registered itself');
assert.equal((await fetch(client.registration_client_uri, { ...own, method: 'DELETE' })).status, 204);
assert.equal((await fetch(client.registration_client_uri, own)).status, 401);
console.log('oauth4webapi: ok');
