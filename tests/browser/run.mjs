/* run.mjs BASE PAGES.json [OUT] - opens every page as its role, and asks axe-core, the console and the page's width.
 * Each page is seen in 4 modes (1440 and 390 wide, light and dark), two of them in Danish and two in English; PEDEL_LONG=1
 * takes every mode in both languages. At 390 the page is also made 320 wide, at 1440 it is
 * zoomed to 200 %: no sideways scroll.
 * Prints TAP; with OUT also keeps screenshots. ONLY=text keeps to the pages whose address holds it.
 *
 * PAGES.json: {"people": {"admin": {"login", "password"} | {"cookie": "..."}}, "pages": [{"as": "admin"|null, "path", "status"?, "lang"?, "open"?: every fold open}]} */
import { createRequire } from 'node:module';
import { mkdirSync, readFileSync } from 'node:fs';
const require = createRequire(import.meta.url);
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const [base, list, out] = process.argv.slice(2);
const { people, pages } = JSON.parse(readFileSync(list, 'utf8'));
const MODES = [{ width: 1440, height: 900, scheme: 'light' }, { width: 1440, height: 900, scheme: 'dark' },
  { width: 390, height: 844, scheme: 'light' }, { width: 390, height: 844, scheme: 'dark' }];
const long = process.env.PEDEL_LONG === '1', only = process.env.ONLY || '';
const LANGS = ['da', 'en'];
/* mode and language: each mode once, each language twice */
const seen = (lang, m) => long || (m === 0 || m === 3 ? lang === 'da' : lang === 'en');
let n = 0, bad = 0;
function ok(right, what, more) {
  n += 1;
  if (!right) bad += 1;
  console.log(`${right ? '' : 'not '}ok ${n} - ${what}`);
  if (!right) for (const line of more) console.log(`# ${line}`);
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox'] });

async function cookies(who) {
  if (!who) return [];
  const p = people[who];
  if (p.cookie) return [{ name: 'pedel', value: p.cookie, url: base }];
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(base + '/login');
  await page.fill('#f-login', p.login);
  await page.fill('#f-password', p.password);
  await Promise.all([page.waitForNavigation(), page.click('form[action="/login"] button')]);
  if (page.url().includes('/login')) throw new Error(`cannot sign in as ${who}: ${await page.textContent('main')}`);
  const got = await context.cookies();
  await context.close();
  return got;
}

/* the person's own setting, by the page that people use */
async function language(jar, lang) {
  const context = await browser.newContext();
  await context.addCookies(jar);
  const page = await context.newPage();
  await page.goto(base + '/profile');
  await page.check(`input[name=language][value=${lang}]`);
  await Promise.all([page.waitForNavigation(), page.click('form[action="/profile"] button')]);
  await context.close();
}

const jars = {};
for (const who of new Set(pages.map((p) => p.as))) jars[who] = await cookies(who);
const wider = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

async function look(page, spec, lang, mode) {
  const faults = [];
  const say = (msg) => { if (msg.type() === 'error' && !(spec.status >= 400 && /status of/.test(msg.text()))) faults.push(msg.text()); };
  const broke = (e) => faults.push(String(e));
  page.on('console', say);
  page.on('pageerror', broke);
  try {
    const answer = await page.goto(base + spec.path, { waitUntil: 'load' });
    if (answer.status() !== (spec.status || 200)) faults.push(`status ${answer.status()}`);
    const shown = await page.evaluate(() => document.documentElement.lang);
    if (shown !== (spec.lang || lang)) faults.push(`the page is in ${shown}`);
    if (spec.open) {
      await page.evaluate(() => { for (const d of document.querySelectorAll('.main details')) d.open = true; });
      await page.waitForLoadState('networkidle');
    }
    const wide = await wider(page);
    if (wide > 0) faults.push(`sideways scroll of ${wide} px`);
    /* axe comes in by the debugger, so that the page's policy stays as it is */
    await page.evaluate(axe);
    const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'], iframes: false,
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
    for (const v of found.violations) faults.push(`axe ${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map((x) => x.html.slice(0, 160)).join(' | ')}`);
    if (out) {
      mkdirSync(out, { recursive: true });
      const name = `${spec.as || 'nobody'}${spec.path.replace(/[^a-z0-9]+/gi, '-')}.${lang}.${mode.width}.${mode.scheme}.png`;
      await page.screenshot({ path: `${out}/${name}`, fullPage: mode.width < 1000 });
    }
    const tight = mode.width < 1000 ? 320 : 720;    /* 720: what is left of 1440 at 200 % */
    await page.setViewportSize({ width: tight, height: 640 });
    const past = await wider(page);
    if (past > 0) {
      const what = await page.evaluate(() => [...document.querySelectorAll('body *')].filter((e) => e.getBoundingClientRect().right > innerWidth + 1
        && !e.closest('.scroll, .tabs, .vh')).slice(0, 3).map((e) => e.outerHTML.slice(0, 120).replace(/\s+/g, ' ')).join(' | '));
      faults.push(`${tight} px wide: sideways scroll of ${past} px: ${what}`);
    }
    await page.setViewportSize({ width: mode.width, height: mode.height });
  } catch (e) {
    faults.push(String(e).split('\n')[0]);
  }
  page.off('console', say);
  page.off('pageerror', broke);
  ok(faults.length === 0, `${spec.as || 'nobody'} ${spec.path} ${lang} ${mode.width} ${mode.scheme}`, faults);
}

for (const lang of LANGS) {
  for (const who of Object.keys(jars)) if (jars[who].length) await language(jars[who], lang);
  for (const [m, mode] of MODES.entries()) {
    if (!seen(lang, m)) continue;
    for (const who of Object.keys(jars)) {
      const context = await browser.newContext({ viewport: { width: mode.width, height: mode.height }, colorScheme: mode.scheme,
        locale: lang === 'da' ? 'da-DK' : 'en-GB' });
      await context.addCookies(jars[who].length ? jars[who] : [{ name: 'pedel-lang', value: lang, url: base }]);
      const page = await context.newPage();
      page.setDefaultTimeout(60000);
      for (const spec of pages) if (String(spec.as) === who && spec.path.includes(only)) await look(page, spec, lang, mode);
      await context.close();
    }
  }
}
await browser.close();
console.log(`1..${n}`);
process.exit(bad ? 1 : 0);
