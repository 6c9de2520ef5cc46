/* test_without_script.mjs - the core flows in a browser with JavaScript off: sign in by link, report, take, answer with time,
 * solve, decide. */
import { inDemo, part, same, holds } from './people.mjs';
const demo = await inDemo(import.meta.url);
const off = { javaScriptEnabled: false };
const staff = await demo.page(off), karen = await demo.page(off), owner = await demo.page(off), nobody = await demo.page(off);
const press = (page, what) => Promise.all([page.waitForNavigation(), page.click(what)]);
let task = '';

await part('sign in by password', async () => {
  await staff.goto(demo.base + '/login');
  await staff.fill('#f-login', 'mette');
  await staff.fill('#f-password', demo.password);
  await press(staff, 'form[action="/login"] button');
  same(new URL(staff.url()).pathname, '/console/', 'page');
});
for (const [page, mail] of [[karen, 'karen@soenderskov.example'], [owner, 'birgitte@soenderskov.example']]) {
  await part(`sign in by link: ${mail}`, async () => {
    await page.goto(demo.base + '/login');
    await page.fill('form[action="/login/mail"] input[name=mail]', mail);
    await press(page, 'form[action="/login/mail"] button');
    const link = demo.mail('signin', mail).match(/\/login\/link\/[0-9a-f]{64}/);
    holds(link, 'no link was mailed');
    await page.goto(demo.base + link[0]);
    await press(page, 'main form button');
    same(new URL(page.url()).pathname, '/portal/', 'page');
  });
}
await part('a phone reaches everything the wide menu has, and the search', async () => {
  await staff.setViewportSize({ width: 1440, height: 900 });
  const wide = await staff.$$eval('.rail a:not(.shut)', (all) => all.filter((a) => a.offsetParent !== null).map((a) => a.getAttribute('href')));
  holds(wide.includes('/console/billing') && wide.includes('/console/time') && wide.length > 7, `wide: ${wide}`);
  await staff.setViewportSize({ width: 390, height: 844 });
  const here = () => staff.$$eval('a', (all) => all.filter((a) => a.getClientRects().length).map((a) => a.getAttribute('href')));
  holds(!(await here()).includes('/console/billing'), 'the menu is open before it is called');
  await staff.click('.dock a:last-child');
  const phone = await here();
  same(wide.filter((h) => !phone.includes(h)).join(' '), '', 'not on the phone');
  await staff.click('a.shut');
  holds(!(await staff.isVisible('.rail')), 'closed again');
  await staff.click('.dock a:last-child');
  await staff.click('.rail a[href="/console/billing"]');
  await staff.waitForURL(/console\/billing/);
  same(await staff.getAttribute('.dock a:last-child', 'aria-current'), 'page', 'More is where one is');
  await staff.click('.dock a:last-child');
  await staff.fill('.rail input[name=q]', 'printer');
  await Promise.all([staff.waitForURL(/console\/find\?q=printer/), staff.press('.rail input[name=q]', 'Enter')]);
  await staff.setViewportSize({ width: 1280, height: 720 });
});
await part('report a task', async () => {
  await karen.goto(demo.base + '/portal/tasks/new');
  await karen.fill('#f-text', 'Døren til serverrummet binder.');
  await press(karen, 'form[action="/portal/tasks"] button[data-v=main]');
  if (!/\/portal\/tasks\/\d+/.test(karen.url())) await press(karen, 'main a[href*="/portal/tasks/1"]');
  task = new URL(karen.url()).pathname.match(/\d+/)[0];
});
await part('take it, and put that back', async () => {
  await staff.goto(`${demo.base}/console/tickets/${task}`);
  await press(staff, '[data-key=a]');
  holds(await staff.isVisible('.undo button'), 'nothing to undo');
  holds(await staff.$eval('.callout [role=status]', (e) => e.getBoundingClientRect().height) < 32, 'the tick stands beside its words');
  await press(staff, '.undo button');
  await press(staff, '[data-key=a]');
  same(await staff.locator('[data-key=a]').count(), 0, 'Take');
});
await part('answer with time on it', async () => {
  await staff.fill('#f-body', 'Jeg kommer forbi med olie.');
  await staff.fill('input[name=minutes]', '0:20');
  await press(staff, '.reply button[data-v=main]');
  holds((await staff.textContent('#talk')).includes('Jeg kommer forbi med olie.'), 'the answer is not there');
  await staff.goto(`${demo.base}/console/time`);
  holds((await staff.textContent('main')).includes('Døren til serverrummet'), 'no time on the ticket in my week');
});
await part('the customer answers', async () => {
  await karen.reload();
  holds((await karen.textContent('main')).includes('Jeg kommer forbi med olie.'), 'the answer is not seen');
  await karen.fill('main textarea[name=body]', 'Den glider nu.');
  await press(karen, 'main form:has(textarea[name=body]) button');
  holds((await karen.textContent('main')).includes('Den glider nu.'), 'it is not there');
});
await part('the first unread message is marked', async () => {
  await staff.goto(`${demo.base}/console/tickets/${task}`);
  holds((await staff.textContent('#unread + .say')).includes('Den glider nu.'), 'another message');
});
await part('solve', async () => {
  await press(staff, '[data-key=e]');
  same(await staff.locator('[data-key=e]').count(), 0, 'Solve');
});
await part('report without signing in', async () => {
  await nobody.goto(demo.base + '/report');
  for (const [name, text] of [['name', 'Ib Bak'], ['mail', 'ib@et-sted.example'], ['email', 'ib@et-sted.example'], ['text', 'Der er ingen, der tager telefonen.']])
    if (await nobody.locator(`main [name=${name}]`).count()) await nobody.fill(`main [name=${name}]`, text);
  await press(nobody, 'main form[action="/report"] button');
  holds(await nobody.locator('[role=status], .callout[data-s=kept], h1').count(), 'no receipt');
  holds(!(await nobody.locator('[role=alert]').count()), await nobody.textContent('main'));
});
await part('decide: an agreement is sent and accepted', async () => {
  await staff.goto(`${demo.base}/console/agreements/new?customer=1`);
  await staff.check('input[name=service][value=webwork]');
  await staff.fill('[name=valid_from]', '1.1.2027');
  await press(staff, 'main form:has(input[name=service]) button[data-v=main]');
  const id = new URL(staff.url()).pathname.match(/\d+$/)[0];
  await staff.fill('[name=note]', 'Skrevet, men ikke gemt.');
  await press(staff, 'button[value=preview]');
  holds((await staff.textContent('body')).includes('Skrevet, men ikke gemt.'), 'the preview shows what was typed');
  await press(staff, 'a[href$="/agreements/' + id + '"]');
  await staff.fill('[name=note]', 'Skrevet, og sendt.');
  await press(staff, 'button[value=send]');
  await staff.goto(`${demo.base}/console/agreements/${id}/print`);
  holds((await staff.textContent('body')).includes('Skrevet, og sendt.'), 'what was sent is what was typed');
  await owner.goto(`${demo.base}/portal/agreement/${id}`);
  for (const box of await owner.locator('form[action$="/accept"] input[type=checkbox]').all()) await box.check();
  await press(owner, 'form[action$="/accept"] button');
  holds(!(await owner.locator('form[action$="/accept"]').count()), 'it can still be accepted');
});
await demo.end();
