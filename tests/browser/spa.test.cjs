// oidc-client-ts (npm) in Chromium: an application without a server. Driven by tests/tests/relying_parties.rs.
const assert = require('node:assert/strict');
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const { after, before, test } = require('node:test');
const { chromium } = require('playwright-core');

const { ISSUER, LOGIN, PASSWORD, CHROMIUM, PEER } = process.env;
// What a page takes is beside what `require` takes, and not exported.
const library = fs.readFileSync(path.join(require.resolve('oidc-client-ts'), '../../browser/oidc-client-ts.min.js'));

const application = `<!doctype html><title>application</title><pre></pre>
<script src="/library.js"></script>
<script>
  const here = location.origin + '/';
  const manager = new oidc.UserManager({
    authority: '${ISSUER}', client_id: 'spa', redirect_uri: here, post_logout_redirect_uri: here,
    scope: 'openid email offline_access', prompt: 'consent', loadUserInfo: true, automaticSilentRenew: false,
  });
  const told = (what) => { document.querySelector('pre').textContent = JSON.stringify(what); };
  const answer = new URLSearchParams(location.search);
  if (answer.has('code')) manager.signinCallback().then((user) => told(user.profile), (error) => told(String(error)));
  else told('nobody');
</script>`;

let browser, server, origin;

before(async () => {
  server = http.createServer((request, response) => {
    const isLibrary = request.url === '/library.js';
    response.setHeader('content-type', isLibrary ? 'text/javascript' : 'text/html');
    response.end(isLibrary ? library : application);
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  origin = `http://localhost:${server.address().port}/`;
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--host-resolver-rules=MAP localhost 127.0.0.1'] });
});

after(async () => {
  await browser?.close();
  server?.close();
});

test('a person signs in, the application stays signed in by itself, and they sign out', async () => {
  const page = await browser.newPage({ ignoreHTTPSErrors: true }); // another provider has a certificate of this test alone
  page.setDefaultTimeout(30_000);
  // What the application says once it is there, with an answer that has this parameter, or without one.
  const shown = async (parameter) => {
    await page.waitForURL((url) => url.href.startsWith(origin) && (parameter ? url.searchParams.has(parameter) : !url.search));
    await page.waitForFunction(() => document.querySelector('pre').textContent);
    return JSON.parse(await page.textContent('pre'));
  };
  const signIn = async () => {
    await page.evaluate(() => void manager.signinRedirect());
    await page.fill('input[name=username], input[name=login]', LOGIN);
    await page.fill('input[name=password]', PASSWORD);
    await page.click(PEER ? 'button[type=submit]' : '#login-submit');
    await page.click(PEER ? 'button[type=submit]:has-text("Continue")' : '#consent-allow');
    return shown('code');
  };
  await page.goto(origin);
  assert.equal(await shown(), 'nobody');
  const person = await signIn();
  assert.equal(person.email, `${LOGIN}@example.org`);

  const [before, next] = await page.evaluate(async () => {
    const user = await manager.getUser();
    return [user, await manager.signinSilent()];
  });
  assert.equal(next.profile.sub, person.sub);
  assert.notEqual(next.access_token, before.access_token);
  assert.notEqual(next.refresh_token, before.refresh_token);

  // The other one gives tokens back in a way that this client does not read, and sends people to no port that it was not told.
  if (PEER) return;
  await page.evaluate(() => manager.revokeTokens(['refresh_token']));
  const refused = await page.evaluate(async (token) => {
    const user = await manager.getUser();
    await manager.storeUser(Object.assign(user, { refresh_token: token }));
    return manager.signinSilent().then(() => 'renewed', (error) => error.error);
  }, next.refresh_token);
  assert.equal(refused, 'invalid_grant');

  await page.evaluate(() => void manager.signoutRedirect());
  assert.equal(await shown(), 'nobody');
  assert.equal((await signIn()).sub, person.sub, 'who had signed out is asked again');
});
