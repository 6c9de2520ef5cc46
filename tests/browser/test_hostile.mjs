/* test_hostile.mjs - what strangers send, opened in a browser in every way that somebody could: nothing of it runs, nothing is fetched.
 * With PEDEL_LONG each mail is also looked at on its ticket; without, one in eight. */
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readFileSync } from 'node:fs';
import { part, holds, same, plan } from './people.mjs';
const require = createRequire(import.meta.url);
const { chromium } = require('playwright-core');
const here = dirname(fileURLToPath(import.meta.url));
const [base, list] = process.argv.slice(2);
if (!base) process.exit(spawnSync('python3', [`${here}/hostile.py`, fileURLToPath(import.meta.url)], { stdio: 'inherit' }).status ?? 1);
const spec = JSON.parse(readFileSync(list, 'utf8'));

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox'] });
const asked = [], ran = [];
async function person(cookie) {
  const context = await browser.newContext({ locale: 'da-DK', acceptDownloads: true });
  if (cookie) await context.addCookies([{ name: 'pedel', value: cookie, url: base }]);
  context.on('request', (r) => { asked.push(r.url()); if (/\/ran/.test(r.url())) ran.push(`request ${r.url()}`); });
  const page = await context.newPage();
  page.setDefaultTimeout(60000);
  page.on('dialog', (d) => { ran.push(`dialog ${d.message()}`); d.dismiss(); });
  return { context, page };
}
const karen = await person(spec.cookie), staff = await person();
await staff.page.goto(base + '/login');
await staff.page.fill('#f-login', 'admin');
await staff.page.fill('#f-password', spec.password);
await Promise.all([staff.page.waitForNavigation(), staff.page.click('form[action="/login"] button')]);

async function nothingRan({ context, page }, what) {
  for (const c of await context.cookies()) if (c.name === 'ran') ran.push('a cookie');
  for (const f of page.frames()) if (/\bran\b/.test(await f.title().catch(() => ''))) ran.push('a title');
  if (ran.length) throw new Error(`${what}: ${ran.splice(0).join(', ')}`);
  const abroad = asked.splice(0).filter((u) => !u.startsWith(base) && !u.startsWith('chrome') && !u.startsWith('blob:') && !u.startsWith('about:'));
  holds(abroad.length === 0, `${what} asked for ${abroad.slice(0, 3).join(', ')}`);
}

await part('what runs is noticed', async () => {
  await karen.page.goto('data:text/html,<script>document.title="ran"</script>');
  holds(await nothingRan(karen, 'control').then(() => false, () => true), 'a page that ran was not noticed');
  await karen.page.goto('about:blank');
  asked.splice(0);
});

/* ---- files: opened, framed, as object, script, style, picture, worker, module */
async function open(who, path) {
  let saving;
  const saved = new Promise((done) => { saving = done; who.page.once('download', done); });
  const shown = await who.page.goto(base + path).catch(() => null);
  if (shown) {
    who.page.off('download', saving);
    await who.page.waitForTimeout(60);
    same(shown.headers()['x-content-type-options'], 'nosniff', 'nosniff');
    holds(/^(image\/(png|jpeg|gif|webp))$/.test(shown.headers()['content-type']), `shown as ${shown.headers()['content-type']}`);
  } else {
    const file = await saved, name = file.suggestedFilename();
    holds(!/[\/\\\x00-\x1f\u202a-\u202e\u2066-\u2069\u200e\u200f]/.test(name) && name !== '..', `it is saved as ${JSON.stringify(name)}`);
    await file.cancel();
  }
}
/* as if a hole elsewhere had let somebody put elements into a page of ours: the policy, the type and nosniff must hold */
const inPage = (paths) => Promise.all(paths.map((path) => new Promise((done) => {
  const left = [];
  for (const [tag, attribute, more] of [['script', 'src', {}], ['script', 'src', { type: 'module' }], ['link', 'href', { rel: 'stylesheet' }], ['img', 'src', {}],
    ['iframe', 'src', {}], ['object', 'data', {}], ['embed', 'src', {}]]) {
    const e = document.createElement(tag);
    Object.assign(e, more);
    e.setAttribute(attribute, path);
    left.push(new Promise((ok) => { e.onload = e.onerror = ok; setTimeout(ok, 800); }));
    document.body.append(e);
  }
  try { new Worker(path).onmessage = () => {}; } catch { /* refused */ }
  navigator.serviceWorker?.register(path).then(() => { document.title = 'ran'; }, () => {});
  Promise.all(left).then(done);
})));
for (const [name, who, paths] of [['the portal', karen, spec.portal], ['the console', staff, spec.files]]) {
  await part(`${paths.length} files of ${name}, opened`, async () => {
    for (const path of paths) {
      await open(who, path);
      await nothingRan(who, path);
    }
  });
  await part(`${paths.length} files of ${name}, put into a page of ours`, async () => {
    for (let i = 0; i < paths.length; i += 8) {
      await who.page.goto(base + '/profile');
      await who.page.evaluate(inPage, paths.slice(i, i + 8));
      await nothingRan(who, paths.slice(i, i + 8).join(' '));
      holds(!/ran/.test(await who.page.evaluate(() => getComputedStyle(document.body, '::before').content)), 'a style of theirs is in force');
    }
  });
}

/* ---- mails: alone as HTML, then in their frame on the ticket */
const leftOver = () => [...document.querySelectorAll('*')].flatMap((e) => [
  /^(script|iframe|object|embed|form|input|button|svg|math|style|meta|base|template|video|audio)$/i.test(e.localName) && !e.closest('head') ? e.localName : '',
  ...[...e.attributes].filter((a) => /^on|^style$|srcdoc|srcset|ping|background/i.test(a.name) || /^\s*(javascript|data|vbscript):/i.test(a.value)).map((a) => a.name),
]).filter(Boolean).join(' ');
await part(`${spec.mails.length} mails as HTML; links leave by a window of their own, that cannot look back`, async () => {
  let pressed = 0;
  for (const [, html] of spec.mails) {
    const answer = await staff.page.goto(base + html);
    holds(/sandbox/.test(answer.headers()['content-security-policy']) && /frame-ancestors 'self'/.test(answer.headers()['content-security-policy']), 'its policy');
    holds((await staff.page.textContent('body')).includes('ende'), `${html}: the mail is not there`);
    same(await staff.page.evaluate(leftOver), '', `${html} is left with`);
    for (const link of await staff.page.locator('a[href]').all()) {
      same(await link.getAttribute('target'), '_blank', 'target');
      holds(/noopener/.test(await link.getAttribute('rel')) && /^(https?|mailto|tel):/.test(await link.getAttribute('href')), await link.getAttribute('href'));
      pressed += 1;
    }
    await nothingRan(staff, html);
  }
  holds(pressed > 0, 'no mail had a link left');
});
const onTickets = spec.mails.filter((_, i) => process.env.PEDEL_LONG || i % 8 === 0);
await part(`${onTickets.length} of them in their frame on the ticket`, async () => {
  for (const [ticket, html] of onTickets) {
    await staff.page.goto(base + ticket);
    await staff.page.evaluate(() => { for (const d of document.querySelectorAll('details')) d.open = true; });
    await staff.page.locator('iframe.asmail').first().scrollIntoViewIfNeeded();
    const frame = await (await staff.page.locator('iframe.asmail').first().elementHandle()).contentFrame();
    await frame.waitForLoadState('load');
    holds((await frame.textContent('body')).includes('ende'), `${html}: the mail is not there`);
    await nothingRan(staff, html);
    same(await frame.evaluate(leftOver), '', `${html} is left with`);
  }
});
await browser.close();
plan();
