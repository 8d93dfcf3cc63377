// mod_auth_openidc (Debian) in a real Apache: code with PKCE, back-channel logout, RP-initiated logout.
import assert from 'node:assert/strict';
import { Browser } from './browser.mjs';

const { ISSUER, APACHE, LOGIN, PASSWORD } = process.env;
const browser = new Browser({ login: LOGIN, password: PASSWORD });
const secret = `${APACHE}/protected/`;

// Whoever is not signed in is sent to the provider, and comes back as somebody.
const first = await browser.visit(secret);
assert.equal(first.status, 200, first.text);
assert.match(first.text, /behind the door/);
const subject = first.headers.get('x-remote-user');
assert.ok(subject);

// They sign out at the provider; Apache, which nobody has visited meanwhile, learns of it by itself.
assert.equal((await browser.look(secret)).status, 200);
const { end_session_endpoint } = await (await fetch(`${ISSUER}/.well-known/openid-configuration`)).json();
await browser.visit(end_session_endpoint);
for (let told = false; !told; ) told = (await browser.look(secret)).status === 302;

// And again, by another session; then they sign out at Apache, and are signed out at the provider.
assert.equal((await browser.visit(secret)).headers.get('x-remote-user'), subject);
const bye = `${APACHE}/bye.html`;
const gone = await browser.visit(`${secret}redirect_uri?logout=${encodeURIComponent(bye)}`);
assert.equal(gone.url, bye);
let asked = await browser.look(secret);
for (let to; (to = asked.headers.get('location')); ) asked = await browser.look(new URL(to, asked.url));
assert.match(await asked.text(), /name="(username|login)"/, 'the provider knows nobody any more');

console.log('mod_auth_openidc: ok');
