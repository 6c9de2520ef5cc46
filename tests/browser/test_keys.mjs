/* test_keys.mjs - the console's keys (ui.md, section 7), and the core flows by keyboard alone. */
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inDemo, part, same, holds } from './people.mjs';
const demo = await inDemo(import.meta.url);
const page = await demo.page();
const key = (k) => page.keyboard.press(k);
const go = (path) => page.goto(demo.base + path);
const at = () => page.evaluate(() => document.activeElement.id || document.activeElement.name || document.activeElement.tagName);
const path = () => new URL(page.url()).pathname;
const url = (wanted) => page.waitForURL((u) => (wanted instanceof RegExp ? wanted.test(u.pathname + u.search) : u.pathname + u.search === wanted));
const chosen = () => page.evaluate(() => [...document.querySelectorAll('tr')].filter((r) => r.getAttribute('aria-selected') === 'true').length);
/* Tab until the wanted thing has the focus: what a hand on the keyboard can reach */
async function tab(where, what, most = 120) {
  for (let i = 0; i < most; i++) {
    if (await where.evaluate((w) => document.activeElement && document.activeElement.matches(w), what)) return;
    await where.keyboard.press('Tab');
  }
  throw new Error(`Tab does not reach ${what} at ${where.url()}`);
}
async function signIn(where, login) {
  await where.goto(demo.base + '/login');
  await tab(where, '#f-login');
  await where.keyboard.type(login);
  await tab(where, '#f-password');
  await where.keyboard.type(demo.password);
  await Promise.all([where.waitForNavigation(), where.keyboard.press('Enter')]);
  holds(!where.url().includes('/login'), 'still at the sign-in page');
}

await part('sign in by keyboard', () => signIn(page, 'mette'));
await part('the first Tab is the skip link, and it leads to the page', async () => {
  await go('/console/');
  await key('Tab');
  same(await page.evaluate(() => document.activeElement.className), 'skip', 'focus');
  await key('Enter');
  same(await at(), 'main', 'focus');
});
for (const [k, wanted] of [['i', '/console/'], ['s', '/console/tickets'], ['l', '/console/promises'], ['k', '/console/customers'], ['e', '/console/catalogue'],
  ['f', '/console/time']]) {
  await part(`G then ${k.toUpperCase()}`, async () => {
    await go('/console/keys');
    await key('g');
    await key(k);
    await url(wanted);
  });
}
await part('/ goes to the search, Esc leaves it', async () => {
  await go('/console/');
  await key('/');
  same(await at(), 'q', 'focus');
  await page.keyboard.type('jk');
  same(await page.inputValue('.rail .find input'), 'jk', 'what is typed stays in the field');
  await key('Escape');
  same(await at(), 'BODY', 'focus');
});
await part('? shows all keys', async () => {
  await go('/console/');
  await page.keyboard.press('Shift+?');
  await url('/console/keys');
  holds((await page.textContent('.keymap')).includes('Filtrér på ord'), 'F is there too');
  await key('Escape');
  await url('/console/');
});
await part('C makes a ticket', async () => {
  await key('c');
  await url('/console/tickets/new');
});
await part('J and K walk the list, Enter opens, J and K go on in the same list', async () => {
  await go('/console/tickets?view=open');
  same(await chosen(), 0, 'rows chosen');
  await key('j'); await key('j'); await key('k'); await key('j');
  same(await chosen(), 1, 'rows chosen');
  const rows = await page.$$eval('#rows tr a', (all) => all.slice(0, 3).map((a) => a.pathname));
  await key('Enter');
  await url(new RegExp(`^${rows[1]}\\?`));
  await key('j');
  await url(new RegExp(`^${rows[2]}\\?`));
  await key('k');
  await url(new RegExp(`^${rows[1]}\\?`));
  await key('k');
  await url(new RegExp(`^${rows[0]}\\?`));
});
await part('J and K walk the queue of Today', async () => {
  await go('/console/');
  await key('j');
  holds(await page.evaluate(() => document.activeElement.closest('.queue[data-v=plan] .row, .tbl')), 'no row has the focus');
});
await part('X selects, and the bar for those selected appears', async () => {
  await go('/console/tickets?view=unassigned');
  holds(!(await page.isVisible('.bulk')), 'the bar is there before');
  await key('j'); await key('x');
  holds(await page.isVisible('.bulk'), 'the bar is not there');
  await key('x');
  holds(!(await page.isVisible('.bulk')), 'the bar is there after');
});
await part('A takes the chosen row', async () => {
  const number = await page.textContent('#rows tr[aria-selected=true] td:nth-child(2)');
  await Promise.all([page.waitForNavigation(), key('a')]);
  holds((await page.textContent('.callout[data-s=kept]')).includes('1'), 'nothing is said to be saved');
  await go(`/console/tickets/${number.trim()}`);
  same(await page.$$eval('[data-key=a]', (all) => all.length), 0, 'Take');
});
await part('S in the list selects the row and goes to the state', async () => {
  await go('/console/tickets?view=open');
  await key('j'); await key('s');
  same(await at(), 'state', 'focus');
});

let ticket = '';
await part('a ticket by keyboard alone', async () => {
  await go('/console/tickets/new');
  await tab(page, '#f-body');
  await page.keyboard.type('Skærmen blinker, når kaffemaskinen går i gang.');
  await key('Control+Enter');
  await url(/^\/console\/tickets\/\d+$/);
  ticket = path();
});
await part('A takes it, Z puts it back', async () => {
  await key('a');
  await url(/was_owner=0/);
  holds(await page.isVisible('.undo'), 'nothing to undo');
  await key('z');
  await url(/done=undone/);
  same(await page.$$eval('[data-key=a]', (all) => all.length), 1, 'Take');
  await key('a');
  await url(/was_owner=0/);
});
await part('V answers, Ctrl+Enter sends', async () => {
  await key('v');
  same(await at(), 'f-body', 'focus');
  await page.keyboard.type('Prøv en anden stikkontakt, a s v n e.');
  await key('Control+Enter');
  await url(/done=unsent/);               // nobody was named, so nobody is mailed
  holds((await page.textContent('#talk')).includes('Prøv en anden stikkontakt, a s v n e.'), 'not in the conversation');
});
await part('N writes a note', async () => {
  await key('n');
  same(await at(), 'f-body', 'focus');
  await page.keyboard.type('Kaffemaskinen trækker 2 kW.');
  await key('Control+Enter');
  await url(/done=note/);
  same(await page.$$eval('.say[data-v=note]', (all) => all.length), 1, 'notes');
});
await part('S opens the states with the focus in them, Esc closes, Enter chooses', async () => {
  await go(ticket);
  await key('s');
  holds(await page.evaluate(() => document.activeElement.name === 'state'), 'the focus is not on a state');
  await key('Escape');
  same(await page.$$eval('details.menu[open]', (all) => all.length), 0, 'open menus');
  await key('s');
  await key('Tab'); await key('Tab');
  const state = await page.evaluate(() => document.activeElement.value);
  await key('Enter');
  await url(/was_state=/);
  holds(state !== 'open', `state ${state}`);
  await key('z');
  await url(/done=undone/);
});
await part('P opens the priorities', async () => {
  await key('p');
  holds(await page.evaluate(() => document.activeElement.name === 'priority'), 'the focus is not on a priority');
  await key('Escape');
});
await part('T starts the timer', async () => {
  await go(ticket);
  if (await page.$('[data-key=t]')) {
    await Promise.all([page.waitForNavigation(), key('t')]);
    holds(await page.$('.top .timer'), 'no timer runs');
  } else {
    holds(await page.$('.top .timer') || (await page.textContent('.side')).includes('stopur'), 'no timer and none to start');
  }
});
await part('E solves, Z takes it back', async () => {
  await go(ticket);
  await key('e');
  await url(/was_state=/);
  same(await page.$$eval('[data-key=e]', (all) => all.length), 0, 'Solve');
  await key('z');
  await url(/done=undone/);
  same(await page.$$eval('[data-key=e]', (all) => all.length), 1, 'Solve');
});
await part('"Undo" goes away by itself', async () => {
  await go(ticket);
  await key('e');
  await url(/was_state=/);
  await page.waitForSelector('.undo', { state: 'hidden' });
  await page.reload();
});
await part('single keys can be turned off', async () => {
  await go('/profile');
  await page.uncheck('input[name=keys]');
  await Promise.all([page.waitForNavigation(), page.click('form[action="/profile"] button')]);
  await go('/console/tickets?view=open');
  await key('j'); await key('c');
  same(await chosen(), 0, 'rows chosen');
  same(path(), '/console/tickets', 'the page');
});

const portal = await demo.page();
await part('a customer reports and answers by keyboard alone', async () => {
  await signIn(portal, 'karen@soenderskov.example');
  await portal.goto(demo.base + '/portal/tasks/new');
  await tab(portal, 'textarea[name=text]');
  await portal.keyboard.type('Telefonen i mødelokalet er død.');
  await tab(portal, 'main form[action="/portal/tasks"] button');
  await Promise.all([portal.waitForNavigation(), portal.keyboard.press('Enter')]);
  if (!/\/portal\/tasks\/\d+/.test(portal.url())) {
    await tab(portal, 'main a[href*="/portal/tasks/"]');
    await Promise.all([portal.waitForNavigation(), portal.keyboard.press('Enter')]);
  }
  await tab(portal, 'main textarea[name=body]');
  await portal.keyboard.type('Nu virker den, men knitrer.');
  await Promise.all([portal.waitForNavigation(), portal.keyboard.press('Control+Enter')]);
  holds((await portal.textContent('main')).includes('men knitrer'), 'the answer is not there');
});
await part('files that are too large are told before they are sent, and what was written stays', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pedel-large-')), big = join(folder, 'stor.bin'), small = join(folder, 'lille.txt');
  writeFileSync(big, '');
  truncateSync(big, 63 << 20);
  writeFileSync(small, 'x');
  try {
    await go('/console/tickets?view=open');
    const ticket = new URL(await page.getAttribute('#rows a', 'href'), demo.base).pathname;
    for (const [who, where, words] of [[portal, '/portal/tasks/new', 'textarea[name=text]'], [page, ticket, '#f-body']]) {
      await who.goto(demo.base + where);
      await who.fill(words, 'Se filen.');
      await who.setInputFiles('[data-most]', big);
      holds((await who.textContent('#e-file')).includes('62 MB'), 'nothing is said');
      await who.focus(words);
      await who.keyboard.press('Control+Enter');
      same(new URL(who.url()).pathname, where, 'page');
      same(await who.inputValue(words), 'Se filen.', 'words');
      same(await who.evaluate(() => document.activeElement.name), 'file', 'focus');
      await who.setInputFiles('[data-most]', small);
      holds(!(await who.isVisible('#e-file')), 'still said');
      await who.focus(words);
      await Promise.all([who.waitForNavigation(), who.keyboard.press('Control+Enter')]);
      holds((await who.textContent('main')).includes('lille.txt'), 'the small one is not there');
    }
  } finally { rmSync(folder, { recursive: true }); }
});
await part('times stay in their column', async () => {
  for (const locale of ['da-DK', 'en-GB']) {
    const who = await demo.page({ locale });
    await signIn(who, 'mette');
    await who.goto(demo.base + '/console/');
    const wide = await who.evaluate(() => [...document.querySelectorAll('.queue[data-v=plan] .when')].map((e) => [e.textContent, e.scrollWidth - e.clientWidth]));
    holds(wide.length > 3, 'rows');
    same(JSON.stringify(wide.filter(([, over]) => over > 0)), '[]', 'wider than the column');
    await who.context().close();
  }
});
await part('what is typed in one form survives the button of another one', async () => {
  const who = await demo.page(), press = (sel) => Promise.all([who.waitForNavigation(), who.click(sel)]);
  await signIn(who, 'mette');
  await who.goto(demo.base + '/console/tickets?view=open');
  const ticket = new URL(await who.getAttribute('#rows a', 'href'), demo.base).pathname, form = (does) => `form[action="${ticket}/${does}"]`;
  await who.goto(demo.base + ticket);
  await who.fill('#f-body', 'Et halvt svar');
  await who.click('details:has(#c-subject) summary');
  await who.fill('#c-subject', 'Et halvt emne');
  await who.selectOption('#c-type', 'order');
  await who.fill(`${form('watch')} input[type=email]`, 'tom@fremmed.example');
  await press(`${form('watch')}:has(input[type=email]) button`);
  same(await who.inputValue('#f-body'), 'Et halvt svar', 'answer');
  same(await who.inputValue('#c-subject'), 'Et halvt emne', 'subject');
  same(await who.inputValue('#c-type'), 'order', 'kind');
  holds(await who.isVisible('#c-subject'), 'the form is open');
  same(await who.inputValue(`${form('watch')} input[type=email]`), '', 'what was sent');
  await press(`${form('change')}:has(#c-subject) button`);
  holds((await who.textContent('h1')).includes('Et halvt emne'), 'saved');
  same(await who.inputValue('#f-body'), 'Et halvt svar', 'answer, still');
  await who.goto(demo.base + '/console/');
  await who.goto(demo.base + ticket);
  same(await who.inputValue('#f-body'), '', 'put back once');
  await who.fill('#f-body', 'Et helt svar');
  await press(`${form('messages')} button:has-text("Send")`);
  await who.reload();
  same(await who.inputValue('#f-body'), '', 'what was sent is not there again');
  await who.fill('#f-body', 'Ikke for den næste');
  await press(`${form('watch')} button[name=on][value="0"]`);
  same(await who.inputValue('#f-body'), 'Ikke for den næste', 'answer');
  await who.goto(demo.base + '/console/tickets?view=open');
  const rows = await who.evaluate(() => document.querySelector('#rows [name=t]').form.getAttribute('action'));
  await who.evaluate(([a, v]) => sessionStorage.setItem('typed', JSON.stringify([{ a, n: 't', v, c: true, t: Date.now() }, { a, n: 'csrf', v: 'ord', t: Date.now() }])),
    [rows, await who.getAttribute('#rows [name=t] >> nth=0', 'value')]);
  await who.reload();
  holds(!await who.isChecked('#rows [name=t] >> nth=0'), 'a row that was picked before is not picked again');
  holds(!await who.evaluate(() => [...document.querySelectorAll('main [name=csrf]')].some((f) => f.value === 'ord')), 'what is hidden is left alone');
  await who.goto(demo.base + '/profile');
  await who.evaluate(() => sessionStorage.setItem('typed', JSON.stringify([{ a: '/elsewhere', n: 'body', v: 'ord', t: Date.now() }])));
  await press('main form[action="/logout"] button');
  same(await who.evaluate(() => sessionStorage.getItem('typed')), '[]', 'shelf after signing out');
  await who.context().close();
});
await demo.end();
