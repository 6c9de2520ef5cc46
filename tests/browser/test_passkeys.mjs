/* test_passkeys.mjs - passkeys with Chromium's virtual authenticator: made, used, removed, and everything that must not work. */
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { inDemo, part, same, holds } from './people.mjs';
const demo = await inDemo(import.meta.url);
const base = demo.base.replace('127.0.0.1', 'localhost');       /* browsers allow passkeys at a name, not at a number */
const OK = { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true };
const path = (page) => new URL(page.url()).pathname;

/* a page of its own, with a device of its own */
async function someone(options = OK, context = {}) {
  const page = await demo.page(context);
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', { options });
  const keys = async () => (await cdp.send('WebAuthn.getCredentials', { authenticatorId })).credentials;
  return { page, cdp, device: authenticatorId, keys };
}
async function signIn(page, login) {
  await page.goto(`${base}/login`);
  await page.fill('#f-login', login);
  await page.fill('#f-password', demo.password);
  await Promise.all([page.waitForURL((u) => u.pathname !== '/login'), page.click('form[action="/login"] button')]);
}
async function signOut(page) {
  await page.goto(`${base}/profile`);
  await Promise.all([page.waitForURL((u) => u.pathname === '/login'), page.click('main form[action="/logout"] button')]);
}
async function make(page, name, password = demo.password) {
  await page.goto(`${base}/profile`);
  await page.fill('#f-name', name);
  if (await page.$('#f-known')) await page.fill('#f-known', password);
  await page.click('form[action="/profile/passkeys/new"] button');
  await page.waitForLoadState();
  if (!await page.$('form[data-passkey=create]')) return;
  await page.click('form[data-passkey=create] button');
  await page.waitForURL((u) => u.search === '?done=passkey');
}
async function withPasskey(page) {
  await page.goto(`${base}/login`);
  await page.click('form[data-passkey=get] button');
}
const text = (page) => page.textContent('main');
/* the form is filled and held back: what a browser would send */
async function held(page, change) {
  await page.goto(`${base}/login`);
  await page.evaluate(() => { HTMLFormElement.prototype.submit = function () { window.held = true; }; });
  await page.click('form[data-passkey=get] button');
  await page.waitForFunction(() => window.held);
  if (change) await page.evaluate(change);
  return page.evaluate(() => Object.fromEntries(new FormData(document.querySelector('form[data-passkey=get]'))));
}
async function post(page, fields, to = '/login/passkey') {
  return page.evaluate(async ([at, all]) => {
    const r = await fetch(at, { method: 'POST', body: new URLSearchParams(all) });
    return { status: r.status, at: new URL(r.url).pathname, text: await r.text() };
  }, [to, fields]);
}
const NO = 'kan ikke bruges her';

const mette = await someone(), karen = await someone();
await part('a technician makes a passkey, and sees it on the profile', async () => {
  await signIn(mette.page, 'mette');
  await make(mette.page, 'Min <telefon>');
  holds((await text(mette.page)).includes('Min <telefon>'), 'its name');
  holds((await text(mette.page)).includes('aldrig brugt'), 'not used yet');
  const [key] = await mette.keys();
  same(key.rpId, 'localhost', 'rp');
  holds(key.isResidentCredential && key.userHandle, 'it is found without a name');
});
await part('the device is not asked before the password is right', async () => {
  await make(mette.page, 'Forkert', 'ikke min adgangskode');
  holds((await text(mette.page)).includes('adgangskode'), 'the profile again, with the error');
  same((await mette.keys()).length, 1, 'keys');
});
await part('a device makes only one for the same person', async () => {
  await mette.page.goto(`${base}/profile`);
  await mette.page.fill('#f-name', 'En til');
  await mette.page.fill('#f-known', demo.password);
  await mette.page.click('form[action="/profile/passkeys/new"] button');
  await mette.page.click('form[data-passkey=create] button');
  await mette.page.waitForSelector('[data-said=known]:not([hidden])');
  same(await mette.page.evaluate(() => document.activeElement.dataset.said), 'known', 'focus');
});
await part('signing in takes no name, no password and no code', async () => {
  await signOut(mette.page);
  await withPasskey(mette.page);
  await mette.page.waitForURL(`${base}/console/`);
  await mette.page.goto(`${base}/profile`);
  holds((await text(mette.page)).includes('Logget ind med adgangsnøgle'), 'the sign-in log');
  holds(!(await text(mette.page)).includes('aldrig brugt'), 'used');
});
await part('it leads back to where one was going', async () => {
  await signOut(mette.page);
  await mette.page.goto(`${base}/console/promises`);
  await mette.page.click('form[data-passkey=get] button');
  await mette.page.waitForURL(`${base}/console/promises`);
});
await part('a customer makes one and signs in to the portal', async () => {
  await signIn(karen.page, 'karen@soenderskov.example');
  await make(karen.page, 'Arbejde');
  await signOut(karen.page);
  await withPasskey(karen.page);
  await karen.page.waitForURL(`${base}/portal/`);
  await signOut(karen.page);
});
await part('the very same answer does not work twice', async () => {
  const said = await held(karen.page);
  const first = await post(karen.page, said);
  same(first.at, '/portal/', 'the first');
  await signOut(karen.page);
  await karen.page.goto(`${base}/login`);
  const again = { ...said, csrf: await karen.page.inputValue('form[data-passkey=get] [name=csrf]') };
  const second = await post(karen.page, again);
  same(second.status, 401, 'the second');
  holds(second.text.includes('sendt to gange'), 'why');
});
await part('the very same answer, five times at the same instant, works once', async () => {
  const said = await held(karen.page);
  const got = await karen.page.evaluate((all) => Promise.all([1, 2, 3, 4, 5].map(async () => {
    const r = await fetch('/login/passkey', { method: 'POST', body: new URLSearchParams(all) });
    return { status: r.status, at: new URL(r.url).pathname };
  })), said);
  same(got.filter((g) => g.at === '/portal/').length, 1, 'signed in');
  holds(got.every((g) => g.at === '/portal/' || [401, 403].includes(g.status)), JSON.stringify(got));
  await signOut(karen.page);
});
await part('an answer made for one browser does not work in another', async () => {
  const said = await held(karen.page);
  const thief = await demo.page();
  await thief.goto(`${base}/login`);
  const got = await post(thief, { ...said, csrf: await thief.inputValue('form[data-passkey=get] [name=csrf]') });
  same(got.status, 401, 'status');
  holds(got.text.includes(NO), 'words');
  same((await post(karen.page, said)).at, '/portal/', 'but in its own it does');
  await signOut(karen.page);
});
for (const [what, change] of [
  ['an altered signature', (s) => ({ ...s, sig: s.sig.slice(0, 20) + (s.sig[20] === 'A' ? 'B' : 'A') + s.sig.slice(21) })],
  ['no signature', (s) => ({ ...s, sig: '' })],
  ['altered authenticator data', (s) => ({ ...s, auth: s.auth.slice(0, 46) + 'AB' + s.auth.slice(48) })],
  ['a flag set by hand', (s) => ({ ...s, auth: Buffer.from(Buffer.from(s.auth, 'base64url').map((b, i) => (i === 32 ? b | 0x18 : b))).toString('base64url') })],
  ['verification unset by hand', (s) => ({ ...s, auth: Buffer.from(Buffer.from(s.auth, 'base64url').map((b, i) => (i === 32 ? b & ~4 : b))).toString('base64url') })],
  ['another site\'s origin', (s) => ({ ...s, client: edit(s.client, (c) => ({ ...c, origin: 'https://evil.example' })) })],
  ['another port\'s origin', (s) => ({ ...s, client: edit(s.client, (c) => ({ ...c, origin: 'http://localhost:1' })) })],
  ['a registration\'s purpose', (s) => ({ ...s, client: edit(s.client, (c) => ({ ...c, type: 'webauthn.create' })) })],
  ['another challenge', (s) => ({ ...s, client: edit(s.client, (c) => ({ ...c, challenge: 'AAAA' })) })],
  ['from inside a frame', (s) => ({ ...s, client: edit(s.client, (c) => ({ ...c, crossOrigin: true })) })],
  ['client data that is no JSON', (s) => ({ ...s, client: Buffer.from('{').toString('base64url') })],
  ['client data of 5 kB', (s) => ({ ...s, client: Buffer.alloc(5000, 32).toString('base64url') })],
  ['an id that nobody has', (s) => ({ ...s, id: 'AAAAAAAAAAAAAAAAAAAAAA' })],
  ['an id that is none', (s) => ({ ...s, id: '!!' })],
  ['no handle', (s) => ({ ...s, handle: '' })],
  ['somebody else\'s handle', async (s) => ({ ...s, handle: Buffer.from((await mette.keys())[0].userHandle, 'base64').toString('base64url') })],
  ['somebody else\'s credential', async (s) => ({ ...s, id: Buffer.from((await mette.keys())[0].credentialId, 'base64').toString('base64url') })],
]) {
  await part(`refused: ${what}`, async () => {
    const got = await post(karen.page, await change(await held(karen.page)));
    same(got.status, 401, 'status');
    holds(got.text.includes(NO), 'words');
    await karen.page.goto(`${base}/profile`);
    same(path(karen.page), '/login', 'nobody is signed in');
  });
}
function edit(client, how) {
  return Buffer.from(JSON.stringify(how(JSON.parse(Buffer.from(client, 'base64url'))))).toString('base64url');
}
await part('refused: a form without its word', async () => {
  const said = await held(karen.page);
  const got = await post(karen.page, { ...said, csrf: '' });
  same(got.status, 403, 'status');
});
await part('refused: the challenge of a registration', async () => {
  await signIn(karen.page, 'karen@soenderskov.example');
  await karen.page.goto(`${base}/profile`);
  await karen.page.fill('#f-name', 'Til login');
  await karen.page.fill('#f-known', demo.password);
  await karen.page.click('form[action="/profile/passkeys/new"] button');
  const options = JSON.parse(await karen.page.getAttribute('form[data-passkey=create]', 'data-options'));
  await signOut(karen.page);
  const said = await held(karen.page);
  const got = await post(karen.page, { ...said, client: edit(said.client, (c) => ({ ...c, challenge: options.challenge })) });
  same(got.status, 401, 'status');
});
await part('a device that does not verify the person is refused, by the browser and by us', async () => {
  await karen.cdp.send('WebAuthn.setUserVerified', { authenticatorId: karen.device, isUserVerified: false });
  await withPasskey(karen.page);
  await karen.page.waitForSelector('[data-said=refused]:not([hidden])');
  /* a page that asks for less gets an answer; the server does not take it */
  await karen.page.goto(`${base}/login`);
  await karen.page.evaluate(() => {
    const get = navigator.credentials.get.bind(navigator.credentials);
    navigator.credentials.get = (o) => get({ publicKey: { ...o.publicKey, userVerification: 'discouraged' } });
  });
  await karen.page.click('form[data-passkey=get] button');
  await karen.page.waitForSelector('#errors');
  holds((await text(karen.page)).includes(NO), 'words');
  await karen.cdp.send('WebAuthn.setUserVerified', { authenticatorId: karen.device, isUserVerified: true });
});
await part('a person who stops the device is told so, and can go on', async () => {
  await karen.cdp.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId: karen.device, enabled: false });
  await karen.page.goto(`${base}/login`);
  await karen.page.evaluate(() => {
    const get = navigator.credentials.get.bind(navigator.credentials);
    navigator.credentials.get = (o) => get({ publicKey: { ...o.publicKey, timeout: 200 } });
  });
  await karen.page.click('form[data-passkey=get] button');
  await karen.page.waitForSelector('[data-said=refused]:not([hidden])', { timeout: 90000 });
  same(await karen.page.evaluate(() => document.activeElement.dataset.said), 'refused', 'focus');
  await karen.cdp.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId: karen.device, enabled: true });
});
await part('a counter that goes back is noted', async () => {
  const [key] = await karen.keys();
  await karen.cdp.send('WebAuthn.removeCredential', { authenticatorId: karen.device, credentialId: key.credentialId });
  await karen.cdp.send('WebAuthn.addCredential', { authenticatorId: karen.device, credential: { ...key, signCount: 0 } });
  await withPasskey(karen.page);
  await karen.page.waitForURL(`${base}/portal/`);
  await karen.page.goto(`${base}/profile`);
  holds((await text(karen.page)).includes('kan være kopieret'), 'the sign-in log');
});
await part('nobody removes somebody else\'s', async () => {
  const own = await karen.page.getAttribute('a[href$="/remove"]', 'href');
  const csrf = await karen.page.inputValue('main [name=csrf] >> nth=0');
  for (let id = 1; id < 6; id++) {
    if (own !== `/profile/passkeys/${id}/remove`) same((await post(karen.page, { csrf, known: demo.password }, `/profile/passkeys/${id}/remove`)).status, 404, `passkey ${id}`);
  }
});
await part('a removed passkey does not work any more', async () => {
  await karen.page.goto(`${base}/profile`);
  await karen.page.click('a[href$="/remove"]');
  await karen.page.fill('#f-known', 'gæt');               /* whoever finds the browser open */
  await karen.page.click('form[action$="/remove"] button');
  await karen.page.waitForSelector('#e-known');
  await karen.page.fill('#f-known', demo.password);
  await Promise.all([karen.page.waitForURL((u) => u.search === '?done=nokey'), karen.page.click('form[action$="/remove"] button')]);
  holds(!(await karen.page.$('a[href$="/remove"]')), 'gone from the page');
  await signOut(karen.page);
  await withPasskey(karen.page);
  await karen.page.waitForSelector('#errors');
  holds((await text(karen.page)).includes(NO), 'words');
});
/* axe-core, and no sideways scroll; PEDEL_SHOTS=folder keeps pictures */
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
for (const [lang, width, scheme] of [['da', 1440, 'light'], ['en', 1440, 'dark'], ['en', 390, 'light'], ['da', 390, 'dark']]) {
  for (const who of ['mette', 'karen@soenderskov.example']) {
    await part(`seen: ${who}, ${lang}, ${width}, ${scheme}`, async () => {
      const { page, cdp } = await someone(OK, { viewport: { width, height: 900 }, colorScheme: scheme, locale: lang === 'da' ? 'da-DK' : 'en-GB', bypassCSP: true });
      const shot = async (name) => {
        await page.evaluate(axe);
        const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
        if (process.env.PEDEL_SHOTS) await page.screenshot({ path: `${process.env.PEDEL_SHOTS}/${who.slice(0, 5)}-${name}-${lang}-${width}-${scheme}.png`, fullPage: true });
        same(JSON.stringify(found.violations.map((v) => `${v.id}: ${v.nodes[0].html.slice(0, 120)}`)), '[]', `${name}: axe`);
        holds(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth), `${name}: sideways scroll`);
      };
      await page.goto(`${base}/login?lang=${lang}`);
      await page.click('form[data-passkey=get] button');         /* nobody's device: the sentence is shown */
      await page.waitForSelector('[data-said=refused]:not([hidden])');
      await shot('signin');
      await signIn(page, who);
      await page.goto(`${base}/profile`);
      await page.check(`[name=language][value=${lang}]`, { force: true });
      await page.check('[name=theme][value=auto]', { force: true });
      await Promise.all([page.waitForURL((u) => u.search.startsWith('?done')), page.click('form[action="/profile"] button')]);
      await page.fill('#f-name', 'iPhone');
      await page.fill('#f-known', demo.password);
      await page.click('form[action="/profile/passkeys/new"] button');
      await page.waitForSelector('form[data-passkey=create] button:not([hidden])');
      await shot('make');
      await page.click('form[data-passkey=create] button');
      await page.waitForURL((u) => u.search === '?done=passkey');
      await shot('profile');
      await page.click('a[href$="/remove"]');
      await shot('remove');
      await page.goto(`${base}/profile`);
      if (who === 'mette') {
        await page.goto(`${base}/profile/totp`);
        await shot('totp');
        await page.goto(`${base}/profile`);
      }
      await page.check('[name=language][value=da]', { force: true });
      await Promise.all([page.waitForURL((u) => u.search === '?done=saved'), page.click('form[action="/profile"] button')]);
      await cdp.detach();
      await page.context().close();
    });
  }
}
for (const [login, where] of [['mette', 'staff'], ['karen@soenderskov.example', 'people']]) {
  await part(`an administrator removes a lost one of ${login}, who is told of both`, async () => {
    const lost = await someone();
    await signIn(lost.page, login);
    await make(lost.page, 'Tabt telefon');
    const made = demo.mail('passkey', login.slice(0, 5));
    holds(made.includes('"Tabt telefon" er lavet på din profil') && made.includes(`/profile`), `mail: ${made}`);
    const boss = await demo.page();
    await signIn(boss, 'peter');
    await boss.goto(`${base}${where === 'staff' ? '/console/settings/staff' : '/console/customers/1/people'}`);
    await boss.click(`main a:has-text("${login === 'mette' ? 'Mette' : 'Karen'}")`);
    const link = 'li:has-text("Tabt telefon") a[href$="/remove"]', action = await boss.getAttribute(link, 'href');
    /* not for others, however they come by the address */
    const other = await demo.page();
    await signIn(other, 'jonas');
    same((await post(other, { csrf: await other.inputValue('[name=csrf] >> nth=0').catch(() => '') }, action)).status, 403, 'a technician');
    const csrf = await boss.inputValue('main [name=csrf] >> nth=0');
    same((await post(boss, { csrf, known: demo.password }, action.replace(/passkeys\/\d+/, 'passkeys/99999'))).status, 404, 'no such');
    same((await post(boss, { csrf }, action)).status, 422, 'without a password');
    await boss.fill('main [name=phone]', '11223344');
    await boss.click(link);
    await boss.fill('#f-known', demo.password);
    await Promise.all([boss.waitForURL((u) => u.search === '?done=nokey'), boss.click('form[action$="/remove"] button')]);
    holds((await text(boss)).includes('Adgangsnøglen er fjernet') && !(await boss.$(link)), 'gone');
    same(await boss.inputValue('main [name=phone]'), '11223344', 'what was typed beside it');
    await lost.page.goto(`${base}/profile`);
    same(path(lost.page), '/login', 'signed out');
    await withPasskey(lost.page);
    await lost.page.waitForSelector('#errors');
    const gone = demo.mail('passkey', login.slice(0, 5));
    holds(gone.includes('Peter Højlund har fjernet din adgangsnøgle "Tabt telefon"'), `mail: ${gone}`);
    for (const p of [lost.page, boss, other]) await p.context().close();
  });
}
await part('who was switched off does not come in by passkey', async () => {
  const boss = await demo.page();
  await boss.goto(`${base}/login`);
  await boss.fill('#f-login', 'peter');
  await boss.fill('#f-password', demo.password);
  await Promise.all([boss.waitForURL(`${base}/console/`), boss.click('form[action="/login"] button')]);
  await boss.goto(`${base}/console/settings/staff`);
  await boss.click('a:has-text("Mette")');
  await boss.uncheck('[name=active]');
  await Promise.all([boss.waitForNavigation(), boss.click('form[method=post]:has([name=active]) button')]);
  await mette.page.context().clearCookies();
  await withPasskey(mette.page);
  await mette.page.waitForSelector('#errors');
});
await part('without JavaScript the page says what a passkey needs', async () => {
  const page = await demo.page({ javaScriptEnabled: false });
  await page.goto(`${base}/login`);
  holds((await page.textContent('noscript')).includes('kræver JavaScript'), 'words');
  holds(await page.isHidden('form[data-passkey=get] button'), 'no button that does nothing');
});
await part('at an address that is a number there is no button', async () => {
  const page = await demo.page();
  await page.goto(`${demo.base}/login`);
  same(await page.$('form[data-passkey]'), null, 'form');
});
await part('trying on and on is slowed down', async () => {
  const page = await demo.page();
  await page.goto(`${base}/login`);
  const csrf = await page.inputValue('form[data-passkey=get] [name=csrf]');
  let slow = 0;
  for (let i = 0; i < 90 && !slow; i++) slow = (await post(page, { csrf, id: 'AAAA' })).status === 429;
  holds(slow, 'never refused');
});
demo.faults.splice(0, demo.faults.length, ...demo.faults.filter((f) => !/status of 4[0-9][0-9]/.test(f)));      /* refusals, as meant */
await demo.end();
