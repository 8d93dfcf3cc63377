// openid-client (npm), on a device: it asks, its person lets it in or not on another, and it waits meanwhile.
import assert from 'node:assert/strict';
import * as client from 'openid-client';
import { Browser } from './browser.mjs';

const { ISSUER, DEVICE_ID, LOGIN, PASSWORD, PEER } = process.env;
const person = { login: LOGIN, password: PASSWORD };

const config = await client.discovery(
  new URL(ISSUER), DEVICE_ID, { id_token_signed_response_alg: 'RS256' }, client.None(),
  { execute: [client.allowInsecureRequests] },
);
assert.ok(config.serverMetadata().grant_types_supported.includes('urn:ietf:params:oauth:grant-type:device_code'));

const scope = 'openid email offline_access';
const device = await client.initiateDeviceAuthorization(config, { scope });
assert.match(device.user_code, /^[A-Z]{4}-[A-Z]{4}$/);
assert.ok(device.verification_uri_complete.startsWith(device.verification_uri));

// It waits from before its person has done anything.
const [tokens] = await Promise.all([
  client.pollDeviceAuthorizationGrant(config, device),
  new Browser(person).visit(device.verification_uri_complete),
]);
const claims = tokens.claims();
assert.equal(claims.aud, DEVICE_ID);
const told = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
assert.equal(told.email, `${LOGIN}@example.org`);
const next = await client.refreshTokenGrant(config, tokens.refresh_token);
assert.equal(next.claims().sub, claims.sub);

// The code of a device that has its tokens already; then those are worth nothing, either.
await assert.rejects(client.pollDeviceAuthorizationGrant(config, { ...device, interval: 1 }), { error: 'invalid_grant' });
if (!PEER) await assert.rejects(client.refreshTokenGrant(config, next.refresh_token), { error: 'invalid_grant' });

console.log('openid-client on a device: ok');
