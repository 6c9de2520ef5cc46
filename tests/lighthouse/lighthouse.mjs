/* lighthouse.mjs BASE PASSWORD PORT PROFILE - Lighthouse on the pages most people see: performance, accessibility and best practices at
 * least 95, on a desk and on a slow phone. The performance of a page is the best of three runs: what else the machine does can only
 * make a page slower. Prints TAP. */
import { chromium } from 'playwright-core';
import lighthouse, { desktopConfig } from 'lighthouse';

const [base, password, port, profile] = process.argv.slice(2);
const LEAST = 95, RUNS = 3;
const PAGES = [[null, '/login'], ['birgitte@soenderskov.example', '/portal/'], ['mette', '/console/tickets'], ['mette', null], ['mette', '/console/customers/1']];
const context = await chromium.launchPersistentContext(profile, { executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  args: ['--no-sandbox', `--remote-debugging-port=${port}`] });

/* Signs in as who, and says where the first ticket of the list is. */
async function signIn(who) {
  await context.clearCookies();
  if (!who) return null;
  const page = await context.newPage();
  await page.goto(base + '/login');
  await page.fill('input[name=login]', who);
  await page.fill('input[name=password]', password);
  await Promise.all([page.waitForURL(/\/(console|portal)\//), page.press('input[name=password]', 'Enter')]);
  const ticket = who === 'mette' && await page.goto(base + '/console/tickets').then(() => page.getAttribute('.tbl td a[href^="/console/tickets/"]', 'href'));
  await page.close();
  return ticket;
}

async function scores(url, config) {
  const { lhr } = await lighthouse(url, { port: Number(port), logLevel: 'error', disableStorageReset: true,
    onlyCategories: ['performance', 'accessibility', 'best-practices'] }, config);
  if (lhr.finalDisplayedUrl.split('?')[0] !== url.split('?')[0]) throw new Error(`${url} led to ${lhr.finalDisplayedUrl}`);
  const weak = Object.values(lhr.categories).flatMap((c) => c.auditRefs).filter((a) => a.weight > 0 && lhr.audits[a.id].score !== null && lhr.audits[a.id].score < 0.9)
    .map((a) => `${a.id} ${lhr.audits[a.id].score} ${lhr.audits[a.id].displayValue || ''}`);
  return { of: Object.fromEntries(Object.values(lhr.categories).map((c) => [c.id, Math.round(c.score * 100)])), weak };
}

let n = 0, bad = 0;
for (const [who, path] of PAGES) {
  const ticket = await signIn(who), where = path || ticket.split('?')[0];
  for (const [kind, config] of [['desk', desktopConfig], ['phone', undefined]]) {
    let got;
    for (let run = 0; run < RUNS && (!got || got.of.performance < LEAST); run++) {
      const again = await scores(base + where, config);
      if (!got || again.of.performance > got.of.performance) got = again;
    }
    for (const [what, score] of Object.entries(got.of)) {
      n += 1;
      if (score < LEAST) bad += 1;
      console.log(`${score < LEAST ? 'not ' : ''}ok ${n} - ${where} on a ${kind}: ${what} ${score}`);
    }
    if (got.weak.length) console.log(`# ${got.weak.join('; ')}`);
  }
}
console.log(`1..${n}`);
await context.close();
process.exit(bad ? 1 : 0);
