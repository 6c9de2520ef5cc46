/* people.mjs - what the browser tests share: TAP lines, a browser, and the demo to run in.
 * A test file begins with `const demo = await inDemo(import.meta.url);` and ends with `await demo.end();`. */
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
const require = createRequire(import.meta.url);
const { chromium } = require('playwright-core');
const here = dirname(fileURLToPath(import.meta.url));

let n = 0, bad = 0;
export function ok(right, what, more = '') {
  n += 1;
  if (!right) bad += 1;
  console.log(`${right ? '' : 'not '}ok ${n} - ${what}`);
  if (!right && more) console.log(`# ${String(more).split('\n').join('\n# ')}`);
}
/* one piece of the test: what it throws is a failure of it, and the rest goes on */
export async function part(what, run) {
  try {
    await run();
    ok(true, what);
  } catch (e) {
    ok(false, what, e.stack.split('\n').slice(0, 8).join('\n'));
  }
}
export function same(got, wanted, what) {
  if (got !== wanted) throw new Error(`${what}: ${JSON.stringify(got)}, not ${JSON.stringify(wanted)}`);
}
export function holds(right, what) {
  if (!right) throw new Error(what);
}

/* the last line of a test that has no demo */
export function plan() {
  console.log(`1..${n}`);
  process.exit(bad ? 1 : 0);
}

export async function inDemo(url) {
  const [base, password, data] = process.argv.slice(2);
  if (!base) process.exit(spawnSync('python3', [`${here}/with_demo.py`, fileURLToPath(url)], { stdio: 'inherit' }).status ?? 1);
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox'] });
  const faults = [];
  return {
    base, password, data, faults,
    async page(options = {}) {
      const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'da-DK', ...options });
      const page = await context.newPage();
      page.setDefaultTimeout(60000);
      page.on('console', (m) => { if (m.type() === 'error') faults.push(`${page.url()}: ${m.text()}`); });
      page.on('pageerror', (e) => faults.push(`${page.url()}: ${e}`));
      return page;
    },
    /* the newest mail of a kind to somebody, as it waits to be sent */
    mail(kind, to) {
      const sql = 'SELECT body FROM outbox WHERE kind=? AND recipient LIKE ? ORDER BY id DESC LIMIT 1';
      const got = spawnSync('python3', ['-c', `import sqlite3,sys
row = sqlite3.connect(sys.argv[1], timeout=20).execute("${sql}", (sys.argv[2], '%' + sys.argv[3] + '%')).fetchone()
print(row[0] if row else '')`, `${data}/pedel.db`, kind, to], { encoding: 'utf8' });
      return got.stdout;
    },
    async end() {
      ok(faults.length === 0, 'nothing is said on the console of the browser', faults.join('\n'));
      await browser.close();
      plan();
    },
  };
}
