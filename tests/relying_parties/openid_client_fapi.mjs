// openid-client (npm) by the FAPI 2.0 Security Profile: private_key_jwt, pushed requests, DPoP with nonces; code with PKCE,
// refresh, userinfo, introspection, revocation. What a provider does not do in the same way is told by PEER.
import assert from 'node:assert/strict';
import * as client from 'openid-client';
import { Browser } from './browser.mjs';

const { ISSUER, BANK_ID, BANK_KEY, LOGIN, PASSWORD, PEER } = process.env;
const callback = 'http://127.0.0.1/callback';
const insecure = { execute: [client.allowInsecureRequests] };
const ecdsa = { name: 'ECDSA', namedCurve: 'P-256' };

const key = await crypto.subtle.importKey('jwk', JSON.parse(BANK_KEY), ecdsa, false, ['sign']);
const config = await client.discovery(new URL(ISSUER), BANK_ID, undefined, client.PrivateKeyJwt(key), insecure);
const said = config.serverMetadata();
assert.ok(said.token_endpoint_auth_methods_supported.includes('private_key_jwt'));
assert.ok(said.token_endpoint_auth_signing_alg_values_supported.includes('ES256'));
assert.ok(said.dpop_signing_alg_values_supported.includes('ES256'));

// A plain request is refused, and the client is told.
const plain = client.buildAuthorizationUrl(config, {
  redirect_uri: callback,
  scope: 'openid',
  code_challenge: await client.calculatePKCECodeChallenge(client.randomPKCECodeVerifier()),
  code_challenge_method: 'S256',
});
const refused = await new Browser({ login: LOGIN, password: PASSWORD }).bring(plain, callback);
assert.equal(refused.url.searchParams.get('error'), 'invalid_request');

const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'));
const verifier = client.randomPKCECodeVerifier();
const [state, nonce] = [client.randomState(), client.randomNonce()];
const url = await client.buildAuthorizationUrlWithPAR(config, {
  redirect_uri: callback,
  scope: 'openid email offline_access',
  prompt: 'consent',
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
  state,
  nonce,
}, { DPoP });
assert.deepEqual([...url.searchParams.keys()].sort(), ['client_id', 'request_uri']);

const answer = await new Browser({ login: LOGIN, password: PASSWORD }).bring(url, callback);
const tokens = await client.authorizationCodeGrant(config, answer.url, {
  pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true,
}, undefined, { DPoP });
assert.equal(tokens.token_type, 'dpop');
const claims = tokens.claims();
assert.equal(claims.aud, BANK_ID);

const told = await client.fetchUserInfo(config, tokens.access_token, claims.sub, { DPoP });
assert.equal(told.email, `${LOGIN}@example.org`);
// Without its proof it is a stolen one.
await assert.rejects(client.fetchUserInfo(config, tokens.access_token, claims.sub));
const thief = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'));
await assert.rejects(client.fetchUserInfo(config, tokens.access_token, claims.sub, { DPoP: thief }));

const next = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP });
assert.equal(next.token_type, 'dpop');
await client.fetchUserInfo(config, next.access_token, claims.sub, { DPoP });

const worth = await client.tokenIntrospection(config, next.access_token);
assert.deepEqual([worth.active, worth.client_id], [true, BANK_ID]);
assert.equal(worth.cnf.jkt, await DPoP.calculateThumbprint());

await client.tokenRevocation(config, next.refresh_token);
await assert.rejects(client.refreshTokenGrant(config, next.refresh_token, undefined, { DPoP }), { error: 'invalid_grant' });

if (!PEER) {
  // RFC 9126, section 7.3: what was answered is answered once.
  const again = await fetch(url, { redirect: 'manual' });
  assert.equal(again.headers.get('location'), null);
}

console.log('openid-client by FAPI 2.0: ok');
