// The pages as a person meets them: in Chromium, without script. Driven by tests/tests/pages.rs, which says where the server
// is, who has an account, and where mailed codes are told.
const assert = require('node:assert/strict');
const http = require('node:http');
const { after, before, test } = require('node:test');
const axe = require('axe-core');
const { chromium } = require('playwright-core');

const { SERVER, CODES, LOGIN, PASSWORD, CHROMIUM, SCREENSHOTS } = process.env;

// The client is on `localhost` and the server on `127.0.0.1`: to a browser these are two sites.
let browser, client, callback;

before(async () => {
  client = http.createServer(async (request, response) => {
    let body = '';
    for await (const piece of request) body += piece;
    const url = new URL(request.url, 'http://localhost');
    response.setHeader('content-type', 'text/html');
    response.end(url.pathname === '/start' ? start(url.searchParams) : `<title>back</title><pre>${body}</pre>`);
  });
  await new Promise((listening) => client.listen(0, '127.0.0.1', listening));
  callback = `http://localhost:${client.address().port}/cb`;
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--host-resolver-rules=MAP localhost 127.0.0.1'] });
});

after(async () => {
  await browser?.close();
  client?.close();
});

// A page of the client's that sends its request by a form.
const start = (params) => {
  const fields = [...params].map(([name, value]) => `<input type="hidden" name="${name}" value="${value}">`);
  return `<form method="post" action="${SERVER}/oauth2/authorize">${fields.join('')}<button>go</button></form>`;
};

const request = (more = {}) =>
  new URLSearchParams({
    client_id: 'notes',
    redirect_uri: callback,
    response_type: 'code',
    scope: 'openid profile email offline_access',
    state: 'some state',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
    ...more,
  });

const authorize = (page, more) => page.goto(`${SERVER}/oauth2/authorize?${request(more)}`);

const signIn = async (page, password = PASSWORD) => {
  await page.fill('input[name=username]', LOGIN);
  await page.fill('input[name=password]', password);
  await page.click('#login-submit');
};

// Somebody who has no account yet.
let strangers = 0;
const stranger = () => `stranger${++strangers}`;

const signUp = async (page, name, password = PASSWORD) => {
  await page.click('a[href^=sign-up]');
  await page.fill('input[name=username]', name);
  await page.fill('input[name=email]', `${name}@example.org`);
  await page.fill('input[name=password]', password);
  await page.click('#register-submit');
};

const mailedCode = async (name) => (await fetch(`${CODES}/${name}@example.org`)).text();

const confirm = async (page, name) => {
  await page.fill('input[name=code]', await mailedCode(name));
  await page.click('#confirm-submit');
};

const forget = async (page, name) => {
  await page.click('a[href^=forgot]');
  await page.fill('input[name=email]', `${name}@example.org`);
  await page.click('#forgot-submit');
};

const reset = async (page, code, password) => {
  await page.fill('input[name=code]', code);
  await page.fill('input[name=password]', password);
  await page.click('#reset-submit');
};

// What the client is told, once the browser is back there.
const told = async (page) => {
  await page.waitForURL(`${callback}**`);
  const answer = new URL(page.url()).searchParams;
  return answer.size > 0 ? answer : new URLSearchParams(await page.textContent('pre'));
};

// A browser of somebody who was never here.
const visit = (name, story, options = {}) =>
  test(name, async () => {
    const context = await browser.newContext({ javaScriptEnabled: false, locale: 'en-US', ...options });
    context.setDefaultTimeout(30_000);
    try {
      await story(await context.newPage(), context);
    } finally {
      await context.close();
    }
  });

visit('a person signs in, agrees, and is back with a code', async (page) => {
  await authorize(page);
  assert.equal(await page.textContent('h1'), 'Sign in');
  await page.keyboard.type(LOGIN); // where the page has put the cursor
  await page.keyboard.press('Tab');
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press('Enter');
  await page.waitForSelector('#consent-allow');
  assert.match(await page.textContent('main'), /Notes asks for access.*see your e-mail address.*localhost/s);
  await page.click('#consent-allow');
  const answer = await told(page);
  assert.equal(answer.get('state'), 'some state');
  assert.equal(answer.get('iss'), SERVER);
  assert.ok(answer.get('code'));
  await authorize(page);
  assert.ok((await told(page)).get('code'), 'once is enough');
});

visit('a wrong password is told, and the next one may be right', async (page) => {
  await authorize(page, { prompt: 'consent' });
  await signIn(page, 'not this one');
  assert.equal(await page.textContent('[role=alert]'), 'Wrong login or password.');
  assert.equal(await page.inputValue('input[name=username]'), LOGIN);
  assert.equal(await page.getAttribute(':focus', 'name'), 'password');
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press('Enter');
  await page.waitForSelector('#consent-allow');
});

visit('a person says no', async (page) => {
  await authorize(page, { prompt: 'consent' });
  await signIn(page);
  await page.click('#consent-deny');
  assert.equal((await told(page)).get('error'), 'access_denied');
});

visit('a person chooses an account', async (page) => {
  const prompt = 'select_account consent';
  await authorize(page, { prompt });
  await signIn(page); // which chooses, too
  await page.waitForSelector('#consent-allow');
  await authorize(page, { prompt });
  await page.click('#account-continue');
  await page.click('#consent-allow');
  assert.ok((await told(page)).get('code'));
  await authorize(page, { prompt });
  await page.click('#account-other');
  await signIn(page);
  await page.click('#consent-deny');
  assert.equal((await told(page)).get('error'), 'access_denied');
});

const device = async () => {
  const body = new URLSearchParams({ client_id: 'tv', scope: 'openid profile email' });
  return (await fetch(`${SERVER}/oauth2/device_authorization`, { method: 'POST', body })).json();
};

// What a device is told that asks for its tokens.
const polled = async ({ device_code }) => {
  const grant_type = 'urn:ietf:params:oauth:grant-type:device_code';
  const body = new URLSearchParams({ client_id: 'tv', grant_type, device_code });
  return (await fetch(`${SERVER}/oauth2/token`, { method: 'POST', body })).json();
};

visit('a person types the code of a device, and lets it in', async (page) => {
  const waiting = await device();
  await page.goto(waiting.verification_uri);
  await signIn(page);
  await page.waitForSelector('#device-submit');
  await page.keyboard.type(waiting.user_code.toLowerCase().replace('-', '')); // where the page has put the cursor
  await page.keyboard.press('Enter');
  await page.waitForSelector('#consent-allow');
  assert.match(await page.textContent('main'), /The television asks.*Go on only if you started this yourself/s);
  assert.ok((await page.textContent('main')).includes(waiting.user_code));
  await page.click('#consent-allow');
  assert.equal(await page.textContent('h1'), 'Your device is connected');
  assert.ok((await polled(waiting)).access_token);
});

visit('a link brings the code of a device, and a person says no', async (page) => {
  const waiting = await device();
  await page.goto(waiting.verification_uri_complete);
  await signIn(page);
  await page.waitForSelector('#device-submit');
  assert.equal(await page.inputValue('input[name=user_code]'), waiting.user_code);
  await page.click('#device-submit');
  await page.click('#consent-deny');
  assert.equal(await page.textContent('h1'), 'The device gets no access');
  assert.equal((await polled(waiting)).error, 'access_denied');
});

visit('a person signs out', async (page, context) => {
  await authorize(page, { prompt: 'consent' });
  await signIn(page);
  await page.waitForSelector('#consent-allow');
  await page.goto(`${SERVER}/oauth2/logout`);
  await page.click('#logout-confirm');
  assert.equal(await page.textContent('h1'), 'You are signed out');
  assert.deepEqual((await context.cookies(SERVER)).map(({ name }) => name).sort(), ['csrf', 'device']);
  await authorize(page);
  await page.waitForSelector('#login-submit');
});

visit('a person sees which applications have access, and takes it back', async (page) => {
  const name = stranger();
  await authorize(page);
  await signUp(page, name);
  await confirm(page, name);
  await page.click('#consent-allow');
  await told(page);
  await page.goto(`${SERVER}/oauth2/logout`);
  await page.click('a[href=applications]');
  assert.match(await page.textContent('section'), /Notes.*see your e-mail address/s);
  const begin = new URL(await page.getAttribute('#application-open', 'href'));
  assert.equal(begin.searchParams.get('iss'), SERVER);
  await page.click('#consent-withdraw');
  assert.match(await page.textContent('main'), /no access.*No application has access/s);
  await authorize(page);
  await page.waitForSelector('#consent-allow');
});

visit('a client sends its request by a form, and the browser is still known', async (page) => {
  await authorize(page, { prompt: 'consent' });
  await signIn(page);
  await page.waitForSelector('#consent-allow');
  await page.goto(`${new URL(callback).origin}/start?${request({ prompt: 'select_account' })}`);
  await page.click('button');
  await page.waitForSelector('#account-continue');
});

visit('a client gets its answer by a form', async (page) => {
  await authorize(page, { response_mode: 'form_post', prompt: 'consent' });
  await signIn(page);
  await page.click('#consent-allow');
  await page.click('#continue');
  assert.ok((await told(page)).get('code'));
});

visit('a person creates an account on the way, and is back with a code', async (page) => {
  const name = stranger();
  await authorize(page);
  await signUp(page, name, 'short');
  assert.match(await page.textContent('#password-wrong'), /at least 15 characters/);
  assert.equal(await page.inputValue('input[name=email]'), `${name}@example.org`);
  await page.fill('input[name=password]', PASSWORD);
  await page.keyboard.press('Enter');
  await page.waitForSelector('#confirm-submit');
  const first = await mailedCode(name);
  await page.click('#confirm-resend');
  assert.match(await page.textContent('[role=alert]'), /another code is on its way/);
  const second = await mailedCode(name);
  assert.equal(await page.getAttribute(':focus', 'name'), 'code');
  if (first !== second) {
    await page.keyboard.type(first);
    await page.keyboard.press('Enter');
    await page.waitForSelector('#code-wrong');
  }
  await page.fill('input[name=code]', second);
  await page.click('#confirm-submit');
  await page.click('#consent-allow');
  const answer = await told(page);
  assert.ok(answer.get('code'));
  assert.equal(answer.get('state'), 'some state');
});

visit('a client sends a person to create an account', async (page) => {
  await authorize(page, { prompt: 'create' });
  await page.waitForSelector('#register-submit');
  await page.click('a[href^=sign-in]');
  await signIn(page);
  assert.ok((await told(page)).get('code'));
});

visit('a person who has forgotten the password chooses another, and is back with a code', async (page, context) => {
  const name = stranger();
  await authorize(page);
  await signUp(page, name);
  await confirm(page, name);
  await page.waitForSelector('#consent-allow');
  await context.clearCookies();
  await authorize(page);
  await forget(page, name);
  await reset(page, await mailedCode(name), 'seven slow river barges');
  assert.match(await page.textContent('[role=alert]'), /Your password is changed/);
  assert.equal(await page.inputValue('input[name=username]'), `${name}@example.org`);
  await page.keyboard.type('seven slow river barges');
  await page.keyboard.press('Enter');
  await page.click('#consent-allow');
  assert.ok((await told(page)).get('code'));
});

visit('a person reads Russian', async (page) => {
  await authorize(page);
  assert.equal(await page.textContent('h1'), 'Вход');
  assert.equal(await page.getAttribute('html', 'lang'), 'ru');
}, { locale: 'ru-RU' });

// Every page, one after the other.
const walk = async (page, look) => {
  await authorize(page, { client_id: 'nobody' });
  await look('error');
  await page.goto(`${SERVER}/oauth2/logout`);
  await look('nobody');
  await authorize(page, { prompt: 'consent' });
  await look('sign-in');
  await signIn(page, 'not this one');
  await look('wrong');
  const name = stranger();
  await page.click('a[href^=sign-up]');
  await look('sign-up');
  await page.fill('input[name=username]', 'a b');
  await page.fill('input[name=email]', 'nowhere');
  await page.fill('input[name=password]', 'short');
  await page.click('#register-submit');
  await look('sign-up-wrong');
  await authorize(page, { prompt: 'consent' });
  await signUp(page, name);
  await look('confirm');
  await page.click('#confirm-resend');
  await look('sent-again');
  await authorize(page, { prompt: 'consent' });
  await page.click('a[href^=forgot]');
  await look('forgot');
  await authorize(page, { prompt: 'consent' });
  await forget(page, name);
  await look('reset');
  await reset(page, 'wrong', 'short');
  await look('reset-wrong');
  await authorize(page, { prompt: 'consent' });
  await signIn(page);
  await page.waitForSelector('#consent-allow');
  await look('consent');
  await authorize(page, { client_id: 'desk' });
  await look('warning');
  await authorize(page, { prompt: 'select_account' });
  await look('account');
  await authorize(page, { response_mode: 'form_post', id_token_hint: 'none of ours' });
  await look('form-post');
  await page.goto(`${SERVER}/oauth2/device`);
  await look('device');
  await page.fill('input[name=user_code]', 'BBBB-BBBB');
  await page.click('#device-submit');
  await look('no-device');
  await page.goto((await device()).verification_uri_complete);
  await look('device-brought');
  await page.click('#device-submit');
  await page.waitForSelector('#consent-allow');
  await look('device-consent');
  await page.click('#consent-allow');
  await look('device-connected');
  await page.goto(`${SERVER}/oauth2/applications`);
  await look('applications');
  await page.goto(`${SERVER}/oauth2/logout`);
  await look('logout');
  await page.click('#logout-confirm');
  await look('signed-out');
};

for (const colorScheme of ['light', 'dark']) {
  for (const locale of ['en-US', 'ru-RU']) {
    // With script: that of the audit, since the pages have none.
    const options = { javaScriptEnabled: true, colorScheme, locale, viewport: { width: 360, height: 740 } };
    visit(`axe finds nothing on any page: ${colorScheme}, ${locale}`, async (page) => {
      await walk(page, async (name) => {
        await page.evaluate(axe.source);
        const { violations } = await page.evaluate(() => window.axe.run());
        const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
        assert.deepEqual(found, [], name);
        const sideways = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        assert.ok(sideways <= 0, `${name} is too wide`);
        if (SCREENSHOTS) await page.screenshot({ path: `${SCREENSHOTS}/${name}-${colorScheme}-${locale}.png`, fullPage: true });
      });
    }, options);
  }
}
