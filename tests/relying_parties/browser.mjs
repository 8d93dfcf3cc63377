// A browser without script, as far as forms, redirects and cookies go: it signs a person in, and agrees.
import { parse } from 'node-html-parser';

export class Browser {
  #cookies = new Map();

  constructor(person) {
    this.person = person;
  }

  // Goes to `url`, does on each page what it asks for, and answers what is brought to `callback`: a URL, with the
  // answer in its query or, as `form`, in the body.
  async bring(url, callback) {
    const { next, form, page } = await this.#walk(url, (next) => next.href.startsWith(callback));
    if (!next) throw new Error(`${page.status} ${page.url}, without a form:\n${page.text}`);
    return form ? { url: next, form } : { url: next };
  }

  // Goes to `url`, does on each page what it asks for, and answers the first that asks for nothing.
  async visit(url) {
    return (await this.#walk(url, () => false)).page;
  }

  // Goes to `url`, by itself.
  look(url) {
    return this.#ask('GET', new URL(url));
  }

  async #walk(url, isEnd) {
    let response = await this.#ask('GET', url);
    for (let step = 0; step < 20; step++) {
      const location = response.headers.get('location');
      if (location) {
        const next = new URL(location, response.url);
        if (isEnd(next)) return { next };
        response = await this.#ask('GET', next);
        continue;
      }
      const text = await response.text();
      const root = parse(text);
      const form = root.querySelector('form');
      if (!form) return { page: { status: response.status, url: response.url, headers: response.headers, text } };
      const fields = this.#filled(form, root);
      const action = new URL(form.getAttribute('action') || response.url, response.url);
      if (isEnd(action)) return { next: action, form: fields };
      response = await this.#ask('POST', action, fields, response.url);
    }
    throw new Error(`no end at ${response.url}`);
  }

  #filled(form, root) {
    const fields = new URLSearchParams();
    for (const input of form.querySelectorAll('input')) {
      const [name, type] = [input.getAttribute('name'), input.getAttribute('type')];
      if (!name) continue;
      if (type === 'password') fields.set(name, this.person.password);
      else if (['username', 'login'].includes(name)) fields.set(name, this.person.login);
      else fields.set(name, input.getAttribute('value') ?? '');
    }
    // The first button that says yes; it may stand outside, and name the form.
    const own = form.querySelectorAll('button[name]');
    const outside = root.querySelectorAll('button[name][form]').filter((button) => button.getAttribute('form') === form.id);
    const button = [...own, ...outside].find((button) => button.getAttribute('value') !== 'deny' && button.getAttribute('name') !== 'abort');
    if (button) fields.set(button.getAttribute('name'), button.getAttribute('value') ?? '');
    return fields;
  }

  async #ask(method, url, body, from) {
    const { origin, host } = new URL(url);
    const headers = { cookie: [...(this.#cookies.get(host) ?? new Map())].map((pair) => pair.join('=')).join('; ') };
    if (from) headers.origin = new URL(from).origin === origin ? origin : 'null';
    const response = await fetch(url, { method, headers, body, redirect: 'manual' });
    const kept = this.#cookies.get(host) ?? new Map();
    for (const line of response.headers.getSetCookie()) {
      const [pair] = line.split(';');
      const at = pair.indexOf('=');
      kept.set(pair.slice(0, at), pair.slice(at + 1));
    }
    this.#cookies.set(host, kept);
    return response;
  }
}
