// openidconnect (crates.io): the program beside this script is the client, and this is the browser.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Browser } from './browser.mjs';

const { ISSUER, LOGIN, PASSWORD, OPENIDCONNECT_CLIENT } = process.env;

// The crate's own reading of discovery leaves these out.
const metadata = await (await fetch(`${ISSUER}/.well-known/openid-configuration`)).json();
const env = { ...process.env, INTROSPECT: metadata.introspection_endpoint, REVOKE: metadata.revocation_endpoint };

const client = spawn(OPENIDCONNECT_CLIENT, { env, stdio: ['pipe', 'pipe', 'inherit'] });
const ended = once(client, 'exit');
for await (const url of createInterface({ input: client.stdout })) {
  const answer = await new Browser({ login: LOGIN, password: PASSWORD }).bring(url, 'https://app.example/callback');
  client.stdin.end(`${answer.url}\n`);
}
const [code] = await ended;
process.exit(code ?? 1);
