// openid-client (npm): code with PKCE, by query and by form, refresh, userinfo, introspection, revocation, and a client
// for itself. What a provider does not do in the same way is told by PEER.
import assert from 'node:assert/strict';
import * as client from 'openid-client';
import { Browser } from './browser.mjs';

const { ISSUER, CLIENT_ID, CLIENT_SECRET, MACHINE_ID, MACHINE_SECRET, RESOURCE, LOGIN, PASSWORD, PEER } = process.env;
const callback = 'https://app.example/callback';
const insecure = { execute: [client.allowInsecureRequests] };
const person = { login: LOGIN, password: PASSWORD };

const config = await client.discovery(
  new URL(ISSUER), CLIENT_ID, { id_token_signed_response_alg: 'RS256' }, client.ClientSecretBasic(CLIENT_SECRET), insecure,
);
assert.equal(config.serverMetadata().issuer, ISSUER);

for (const [mode, algorithm] of [[undefined, 'RS256'], ['form_post', 'RS256']]) {
  const verifier = client.randomPKCECodeVerifier();
  const [state, nonce] = [client.randomState(), client.randomNonce()];
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: callback,
    scope: 'openid email offline_access',
    prompt: 'consent',
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
    max_age: '300',
    ...(mode && { response_mode: mode }),
  });
  const answer = await new Browser(person).bring(url, callback);
  assert.equal(Boolean(answer.form), mode === 'form_post');
  const asked = answer.form
    ? new Request(answer.url, { method: 'POST', body: answer.form })
    : answer.url;
  const tokens = await client.authorizationCodeGrant(config, asked, {
    pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true, maxAge: 300,
  });
  const claims = tokens.claims();
  assert.equal(claims.aud, CLIENT_ID);
  assert.equal(JSON.parse(Buffer.from(tokens.id_token.split('.')[0], 'base64url')).alg, algorithm);

  const told = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
  assert.equal(told.email, `${LOGIN}@example.org`);

  const next = await client.refreshTokenGrant(config, tokens.refresh_token);
  assert.equal(next.claims().sub, claims.sub);
  await client.fetchUserInfo(config, next.access_token, claims.sub);

  const worth = await client.tokenIntrospection(config, next.access_token);
  assert.equal(worth.active, true);
  assert.equal(worth.client_id, CLIENT_ID);

  await client.tokenRevocation(config, next.refresh_token);
  await assert.rejects(client.refreshTokenGrant(config, next.refresh_token), { error: 'invalid_grant' });
  if (!PEER) {
    // RFC 7009, section 2.1: access tokens of the grant die with it.
    assert.equal((await client.tokenIntrospection(config, next.access_token)).active, false);
    await assert.rejects(client.fetchUserInfo(config, next.access_token, claims.sub));
  }
  // A code that is shown again.
  await assert.rejects(
    client.authorizationCodeGrant(config, answer.form ? new Request(answer.url, { method: 'POST', body: answer.form }) : answer.url, {
      pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, maxAge: 300,
    }),
    { error: 'invalid_grant' },
  );
}

// A session from its beginning to its end: signed in once, asked nothing the second time, signed out, and nobody again.
const browser = new Browser(person);
const silently = async (prompt) => {
  const verifier = client.randomPKCECodeVerifier();
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: callback,
    scope: 'openid',
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...(prompt && { prompt }),
  });
  const { url: answer } = await browser.bring(url, callback);
  return client.authorizationCodeGrant(config, answer, { pkceCodeVerifier: verifier });
};
const signedIn = await silently();
assert.equal((await silently('none')).claims().sub, signedIn.claims().sub);
const bye = 'https://app.example/bye';
const end = client.buildEndSessionUrl(config, {
  id_token_hint: signedIn.id_token, post_logout_redirect_uri: bye, state: 'so long',
});
const gone = await browser.bring(end, bye);
assert.equal(gone.url.searchParams.get('state'), 'so long');
await assert.rejects(silently('none'), { error: 'login_required' });
if (!PEER) await assert.rejects(client.refreshTokenGrant(config, signedIn.refresh_token), { error: 'invalid_grant' });

const machine = await client.discovery(
  new URL(ISSUER), MACHINE_ID, undefined, client.ClientSecretPost(MACHINE_SECRET), insecure,
);
const granted = await client.clientCredentialsGrant(machine, { resource: RESOURCE, scope: 'read' });
assert.equal(granted.scope, 'read');
const said = JSON.parse(Buffer.from(granted.access_token.split('.')[1], 'base64url'));
assert.deepEqual([said.aud].flat(), [RESOURCE]);
assert.equal(said.client_id, MACHINE_ID);

console.log('openid-client: ok');
