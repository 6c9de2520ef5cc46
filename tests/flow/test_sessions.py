#!/usr/bin/env python3
"""Sessions, mailed links, codes, passkeys' challenges and tokens under attack: planted, replayed, raced, guessed; and what ends them, ends
them at once. Each test acts from an address of its own, so that none is kept out for what another did."""
import concurrent.futures
import contextlib
import http.client
import os
import re
import sys
import threading
import time
import unittest
import urllib.parse

from pedel import Pedel, wait_until
from test_signin import totp

PASSWORD = 'en rigtig god sætning til mig'


class Sessions(unittest.TestCase):
    pg = False

    @classmethod
    def setUpClass(cls):
        cls.p = Pedel(pg=cls.pg)
        cls.addClassCleanup(cls.p.__exit__, None, None, None)
        cls.seed = 0
        Person.home = '127.1.0.1'
        cls.desk = Person(cls.p).sign_in('admin', cls.p.password)

    def setUp(self):
        type(self).seed += 1
        self.word, self.staffed = f'hus{self.seed}', 0
        Person.home = f'127.1.{self.seed}.1'

    def customer(self):
        return self.p.customer(seed=300 + self.seed, name=self.word, domain=f'{self.word}.example', services=())

    def link(self, mail):
        """The newest one that was sent there."""
        before = self.p.sql("SELECT coalesce(max(id),0) FROM outbox WHERE kind='signin'")[0][0]
        self.assertEqual(Person(self.p).post('/login/mail', mail=mail)[0], 200)
        body = self.p.sql(f"SELECT body FROM outbox WHERE kind='signin' AND id>{before} AND recipient='{mail}'")[0][0]
        return re.search(r'/login/link/[0-9a-f]{64}', body).group()

    def staff(self, role='technician'):
        """(login, id) of somebody who was not there before."""
        self.staffed += 1
        login = f'{self.word}-{self.staffed}'
        status, _, text = self.desk.post('/console/settings/staff/new', login=login, name=login, role=role, password=PASSWORD, known=self.p.password)
        self.assertEqual(status, 303, text[-600:])
        return login, self.p.sql(f"SELECT id FROM person WHERE login='{login}'")[0][0]

    def second_step(self, login, who):
        """Turned on by who, signed in as login: (secret, recovery codes). Its own code counts as never used."""
        text = who.get('/profile/totp')[2]
        secret, sealed = re.search(r'<code>([A-Z2-7]+)</code>', text).group(1), re.search(r'name="sealed" value="([0-9a-f]+)"', text).group(1)
        status, _, text = who.post('/profile/totp', sealed=sealed, known=PASSWORD, code=totp(secret, now_step()))
        self.assertEqual(status, 200)
        self.p.sql(f"UPDATE person SET totp_last=0 WHERE login='{login}'")
        return secret, re.findall(r'[0-9a-f]{4}(?:-[0-9a-f]{4}){3}', text)

    def has_limit(self, burst, each_s, knock):
        """knock(n) is answered so often and then no more: as many at once, and one more each so many seconds, however slow we are."""
        began, n, statuses = time.monotonic(), 0, set()
        while (status := knock(n)) != 429:
            statuses.add(status)
            n += 1
            self.assertLess(n, 30 * burst, statuses)
        self.assertGreaterEqual(n, burst, statuses)
        self.assertLessEqual(n, burst + (time.monotonic() - began) / each_s + 1, statuses)
        return statuses

    def is_shut(self, fill, knock):
        """knock() finds it shut, right after fill() did. A try that came back in between is used up again."""
        for _ in range(20):
            while fill() != 429:
                pass
            if knock() == 429:
                return
        self.fail('it stays open')

    # --- planted

    def test_a_planted_session_is_not_taken_over(self):
        """By password and by link: whoever signs in has a session that nobody could know, and forms whose word nobody could know."""
        attacker, (login, _) = Person(self.p), self.staff()
        attacker.sign_in(login, PASSWORD)
        _, owner, _, _ = self.customer()
        path = self.link(owner['email'])
        mine, _ = self.staff()
        for way in ('password', 'link'):
            for planted in (attacker.jar['pedel'], 'A' * 43) + (('f' * 64, '') if way == 'link' else ()):
                with self.subTest(way, planted=planted):
                    victim = Person(self.p)
                    victim.get('/login')
                    form = victim.jar['pedel-form'] = 'ab' * 16         # this too
                    mask = '00' * 16 + form
                    victim.jar['pedel'] = planted
                    if planted == attacker.jar['pedel']:                # they are signed in as the attacker, and see so
                        self.assertIn(login, victim.get('/profile')[2])
                        mask = None
                    if way == 'password':
                        self.assertEqual(victim.ask('POST', '/login', {'csrf': mask or victim.word('/profile'), 'login': mine, 'password': PASSWORD})[0], 303)
                    else:
                        self.assertEqual(victim.ask('POST', path, {'csrf': mask or victim.word('/profile')})[0], 303)
                        self.p.sql('UPDATE signin_link SET used_at=0')
                    self.assertNotEqual(victim.jar['pedel'], planted)
                    self.assertEqual(victim.get('/profile')[0], 200)
                    self.assertEqual(victim.ask('POST', '/profile/others', {'csrf': '00' * 16 + form})[0], 403, 'the word of before')
                    stranger = Person(self.p)
                    stranger.jar['pedel'] = planted
                    self.assertEqual(stranger.get('/profile')[0], 303)
                    if mask is None:
                        attacker.jar.clear()
                        attacker.sign_in(login, PASSWORD)

    def test_signing_in_again_ends_the_session_before(self):
        login, _ = self.staff()
        b = Person(self.p).sign_in(login, PASSWORD)
        old = b.jar['pedel']
        self.assertEqual(b.post('/login', login=login, password=PASSWORD)[0], 303)
        self.assertNotEqual(b.jar['pedel'], old)
        b.jar['pedel'] = old
        self.assertEqual(b.get('/profile')[0], 303)

    def test_none_is_good_for_another(self):
        """A session is no token, a token no session, a link neither, and none of them is read from an address."""
        login, _ = self.staff()
        b = Person(self.p).sign_in(login, PASSWORD)
        session, token = b.jar['pedel'], self.p.token
        _, owner, _, _ = self.customer()
        link = self.link(owner['email'])
        for wrong in (session, link.rsplit('/')[-1], 'pdl_' + session, '', ' ', 'Bearer ' + token):
            self.assertEqual(self.p.api('GET', '/api/v1/tickets', token=wrong)[0], 401, wrong)
        for wrong in (token, token[4:], link.rsplit('/')[-1]):
            stranger = Person(self.p)
            stranger.jar['pedel'] = wrong
            self.assertEqual(stranger.get('/profile')[0], 303, wrong)
        for wrong in (session, token, token[4:]):
            self.assertIn(Person(self.p).use(f'/login/link/{wrong}')[0], (401, 404), wrong)
        for path in (f'/profile?pedel={session}', f'/profile?session={session}', f'/profile?token={token}'):
            self.assertEqual(Person(self.p).get(path)[0], 303)
        for path in (f'/api/v1/tickets?token={token}', f'/api/v1/tickets?access_token={token}'):
            self.assertEqual(Person(self.p).get(path)[0], 401)
        self.assertEqual(b.get('/api/v1/tickets')[0], 401, 'or another site could ask it')

    # --- replayed and raced

    def test_a_link_opens_once_also_at_the_same_instant(self):
        _, owner, _, _ = self.customer()
        for _ in range(3):
            path = self.link(owner['email'])
            got = at_once([lambda: Person(self.p).use(path) for _ in range(8)])
            self.assertEqual(sorted(s for s, _ in got), [303] + [401] * 7)
            self.assertEqual(len([w for s, w in got if 'pedel' in w.jar and w.get('/portal/')[0] == 200]), 1)
            self.assertEqual(Person(self.p).use(path)[0], 401)

    def test_a_link_is_void(self):
        """... after it is too old, after signing out elsewhere, after another address, and when its person or their firm has gone."""
        customer, owner, employee, _ = self.customer()
        contacts = f"/api/v1/customers/{customer['id']}/contacts"
        me = Person(self.p)
        self.assertEqual(me.use(self.link(owner['email']))[0], 303)
        path = self.link(owner['email'])
        self.assertEqual(me.post('/profile/others')[0], 303)
        self.assertEqual(Person(self.p).use(path)[0], 401)
        path = self.link(employee['email'])
        self.p.ok('PATCH', f"{contacts}/{employee['id']}", {'email': f'ny@{self.word}.example'})
        self.assertEqual(Person(self.p).use(path)[0], 401, 'the mailbox that is theirs no more')
        karen = Person(self.p)
        path, again = self.link(f'ny@{self.word}.example'), self.link(f'ny@{self.word}.example')
        self.assertEqual(karen.use(path)[0], 303)
        self.assertEqual(karen.get('/portal/tasks')[0], 200)
        self.p.ok('PATCH', f"{contacts}/{employee['id']}", {'active': False})
        self.assertEqual(karen.get('/portal/tasks')[0], 303)
        self.assertEqual(Person(self.p).use(again)[0], 401)
        self.p.ok('PATCH', f"{contacts}/{employee['id']}", {'active': True})
        self.assertEqual(karen.get('/portal/tasks')[0], 303, 'a session of before they left')
        path = self.link(f'ny@{self.word}.example')
        self.p.sql('UPDATE signin_link SET expires_at=1')
        self.assertEqual(Person(self.p).use(path)[0], 401)
        path = self.link(owner['email'])
        self.p.ok('PATCH', f"/api/v1/customers/{customer['id']}", {'active': False})
        self.assertIn(Person(self.p).use(path)[0], (401, 403))

    def test_two_password_changes_at_once(self):
        login, _ = self.staff()
        mine = PASSWORD
        for i in range(2):
            two = [Person(self.p).sign_in(login, mine) for _ in range(2)]
            words = [b.word('/profile') for b in two]
            got = at_once([lambda b=b, w=w, n=n: b.post('/profile/password', csrf=w, current=mine, password=f'{PASSWORD} {i} {n}')
                           for n, (b, w) in enumerate(zip(two, words))])
            won = [n for n, g in enumerate(got) if g[0] == 303 and 'password' in g[1].get('Location', '')]
            self.assertEqual(len(won), 1, [g[0] for g in got])
            self.assertIn(got[1 - won[0]][0], (409, 401, 422))
            mine = f'{PASSWORD} {i} {won[0]}'
            self.assertEqual(two[won[0]].get('/profile')[0], 200)
            self.assertEqual(two[1 - won[0]].get('/profile')[0], 303, 'the other one is signed out')
            self.assertEqual(Person(self.p).try_in(login, f'{PASSWORD} {i} {1 - won[0]}'), 401)

    def test_the_old_password_while_it_is_changed(self):
        """Somebody who has it signs in at the very moment: afterwards none of their sessions is left."""
        login, _ = self.staff()
        me, thieves = Person(self.p).sign_in(login, PASSWORD), [Person(self.p) for _ in range(6)]
        word = me.word('/profile')
        at_once([lambda: me.post('/profile/password', csrf=word, current=PASSWORD, password=PASSWORD + '!'),
                 *(lambda t=t, n=n: (time.sleep(n * 0.06), t.try_in(login, PASSWORD)) for n, t in enumerate(thieves))])
        self.assertEqual([t.get('/profile')[0] for t in thieves], [303] * len(thieves))
        self.assertEqual(me.get('/profile')[0], 200)

    def test_a_code_opens_once_also_at_the_same_instant(self):
        login, _ = self.staff()
        b = Person(self.p).sign_in(login, PASSWORD)
        secret, codes = self.second_step(login, b)
        self.assertEqual(len(codes), 10)
        for code in (totp(secret, now_step()), codes[0]):
            got = at_once([lambda: Person(self.p).try_in(login, PASSWORD, code) for _ in range(4)])
            self.assertEqual(sorted(got), [303, 401, 401, 401])
        self.assertEqual(Person(self.p).try_in(login, PASSWORD, totp(secret, now_step() - 1)), 401, 'one from before the last that was used')

    def test_a_second_step_is_its_own(self):
        """Nobody puts another in its place without the password, nor one that was made for somebody else; and its codes go with it."""
        login, _ = self.staff()
        b, at = Person(self.p).sign_in(login, PASSWORD), Person(self.p).sign_in(self.staff()[0], PASSWORD)
        page = at.get('/profile/totp')[2]
        secret, sealed = re.search(r'<code>([A-Z2-7]+)</code>', page).group(1), re.search(r'name="sealed" value="([0-9a-f]+)"', page).group(1)
        self.assertEqual(b.post('/profile/totp', sealed=sealed, known=PASSWORD, code=totp(secret, now_step()))[0], 400, 'made for somebody else')
        two = [b.get('/profile/totp')[2] for _ in range(2)]
        two = [(re.search(r'<code>([A-Z2-7]+)</code>', t).group(1), re.search(r'name="sealed" value="([0-9a-f]+)"', t).group(1)) for t in two]
        word = b.word('/profile')
        got = at_once([lambda s=s: b.post('/profile/totp', csrf=word, sealed=s[1], known=PASSWORD, code=totp(s[0], now_step())) for s in two])
        self.assertEqual(sorted(g[0] for g in got), [200, 409], 'two of them at the same instant')
        codes = re.findall(r'[0-9a-f]{4}(?:-[0-9a-f]{4}){3}', ''.join(g[2] for g in got))
        self.assertEqual(len(codes), 10)
        self.assertEqual(b.get('/profile/totp')[0], 303)
        self.assertEqual(b.post('/profile/totp', sealed=two[0][1], known=PASSWORD, code=totp(two[0][0], now_step()))[0], 409)
        self.assertEqual(b.post('/profile/totp/off', present='gæt')[0], 422)
        self.assertEqual(Person(self.p).try_in(login, PASSWORD), 401)
        self.assertEqual(Person(self.p).try_in(login, PASSWORD, codes[1]), 303)
        self.assertEqual(b.post('/profile/totp/off', present=PASSWORD)[0], 303)
        self.assertEqual(Person(self.p).try_in(login, PASSWORD), 303)
        self.second_step(login, b)
        self.assertEqual(Person(self.p).try_in(login, PASSWORD, codes[2]), 401, 'the codes of the step before')

    def test_an_open_browser_is_not_its_owner(self):
        """What changes who comes in asks for the password of whoever sits there: also an administrator, about others and about themselves."""
        login, who = self.staff()
        b = Person(self.p).sign_in(login, PASSWORD)
        page = b.get('/profile/totp')[2]
        secret, sealed = re.search(r'<code>([A-Z2-7]+)</code>', page).group(1), re.search(r'name="sealed" value="([0-9a-f]+)"', page).group(1)
        for more in ({}, {'known': 'gæt'}):
            status, _, page = b.post('/profile/totp', sealed=sealed, code=totp(secret, now_step()), **more)
            self.assertEqual((status, 'id="e-known"' in page, secret in page), (422, True, True), more)
        self.assertEqual(Person(self.p).try_in(login, PASSWORD), 303, 'nothing was turned on')
        secret, codes = self.second_step(login, b)
        self.assertEqual(b.post('/profile/totp/codes', present='gæt')[0], 422)
        status, _, page = b.post('/profile/totp/codes', present=PASSWORD)
        self.assertEqual(status, 200)
        fresh = re.findall(r'[0-9a-f]{4}(?:-[0-9a-f]{4}){3}', page)
        self.assertEqual((len(fresh), set(fresh) & set(codes)), (10, set()))
        self.assertEqual(sorted(self.p.sql(f"SELECT kind FROM event WHERE object='person' AND object_id={who} AND kind LIKE 'person.%to%' OR "
                                           f"object='person' AND object_id={who} AND kind='person.recovery_codes'")), [('person.recovery_codes',), ('person.totp_on',)])
        self.assertEqual([Person(self.p).try_in(login, PASSWORD, c) for c in (codes[0], fresh[0], fresh[0])], [401, 303, 401])
        boss, _ = self.staff('admin')
        desk = Person(self.p).sign_in(boss, PASSWORD)
        mine = self.p.sql(f"SELECT id FROM person WHERE login='{boss}'")[0][0]
        for of, name in ((who, login), (mine, boss)):
            for change in ({'totp_off': 'on'}, {'password': 'en helt anden sætning'}):
                for more in ({}, {'known': 'gæt'}):
                    role = 'admin' if of == mine else 'technician'
                    version = self.p.sql(f'SELECT version FROM person WHERE id={of}')[0][0]
                    form = {'name': name, 'role': role, 'active': 'on', 'version': version, 'email': '', 'phone': '', 'password': '', **change}
                    status, _, page = desk.post(f'/console/settings/staff/{of}', **form, **more)
                    self.assertEqual((status, 'id="e-known"' in page), (422, True), (of, change, more))
        self.assertEqual(Person(self.p).try_in(login, PASSWORD), 401, 'two steps are on still')
        status = desk.post(f'/console/settings/staff/{who}', name=login, role='technician', active='on', totp_off='on', known=PASSWORD, password='',
                           email=f'{login}@hus.example', phone='', version=self.p.sql(f'SELECT version FROM person WHERE id={who}')[0][0])[0]
        self.assertEqual(status, 303)
        self.assertEqual((b.get('/profile')[0], Person(self.p).try_in(login, PASSWORD)), (303, 303), 'signed out, and in without a code')
        told = self.p.sql(f"SELECT body FROM outbox WHERE recipient='{login}@hus.example'")
        self.assertEqual(len(told), 1)
        self.assertIn(f'{boss} har slået dine to trin fra', told[0][0])
        self.assertEqual(len(self.p.sql(f"SELECT 1 FROM event WHERE kind='person.totp_off' AND object_id={who}")), 1)

    def test_what_gives_power_asks_for_the_administrators_own_password(self):
        """A colleague, a role, an address that speaks for one, a token and the mail server: not for whoever finds the browser open."""
        boss, _ = self.staff('admin')
        login, who = self.staff()
        _, gone = self.staff()
        desk = Person(self.p).sign_in(boss, PASSWORD)

        def person(id, **change):
            name, role, active, version = self.p.sql(f'SELECT name,role,active,version FROM person WHERE id={id}')[0]
            form = {'name': name, 'role': role, 'email': '', 'phone': '', 'password': '', 'version': version, **({'active': 'on'} if active else {}), **change}
            return {k: v for k, v in form.items() if v is not None}
        self.assertEqual(self.desk.post(f'/console/settings/staff/{gone}', **person(gone, active=None))[0], 303)
        settings = {name: '' for name in ('phone', 'hours', 'desk_from', 'mail_domain', 'mail_addresses', 'mail_authserv_id', 'mail_smtp', 'close_days', 'promises_owner')}
        settings.update({k.replace('provider.', '').replace('.', '_'): v for k, v in self.p.sql("SELECT key,value FROM setting")})
        at = '/console/settings/staff'
        doors = [(f'{at}/new', {'login': self.word + '-ny', 'name': 'Ny', 'role': 'technician', 'password': PASSWORD}),
                 (f'{at}/{who}', lambda: person(who, role='admin')), (f'{at}/{who}', lambda: person(who, role='bookkeeper', email='ny@hus.example')),
                 (f'{at}/{gone}', lambda: person(gone, active='on')), ('/console/settings/tokens', {'name': self.word, 'scopes': '*'}),
                 ('/console/settings', {**settings, 'mail_smtp': 'fremmed.example:25'}), ('/console/settings', {**settings, 'mail_authserv_id': 'fremmed.example'}),
                 ('/console/settings', {**settings, 'desk_from': 'os@fremmed.example'}), ('/console/settings', {**settings, 'mail_addresses': 'os@fremmed.example'})]

        def state():
            return [self.p.sql('SELECT id,role,email,active FROM person ORDER BY id'), self.p.sql('SELECT count(*) FROM api_token'), self.p.sql('SELECT * FROM setting ORDER BY key')]
        before = state()
        for path, fields in doors:
            with self.subTest(path=path, fields=str(fields)):
                status, _, page = desk.post(path, **(fields if isinstance(fields, dict) else fields()))
                self.assertEqual((status, 'id="e-known"' in page), (422, True))
                self.assertEqual(state(), before)
        for path, fields in doors:
            fields = fields if isinstance(fields, dict) else fields()
            self.assertIn(desk.post(path, **fields, known=PASSWORD)[0], (200, 303), (path, fields))
        self.assertEqual(desk.post('/console/settings', **settings, known=PASSWORD)[0], 303)
        for path, fields in ((f'{at}/{who}', person(who, phone='11223344', email='ny@hus.example')), (f'{at}/{gone}', person(gone, active=None)),
                             ('/console/settings', {**settings, 'hours': 'altid'}), ('/console/settings', settings)):
            self.assertEqual(desk.post(path, **fields)[0], 303, 'takes away or gives no power: no password')

    def test_a_password_is_not_lost_without_a_word(self):
        """A form that comes back has its password fields empty: whoever mends the other field and saves, saved no password."""
        login, who = self.staff()
        at, again = '/console/settings/staff', 'Skriv adgangskoden igen. Den er ikke gemt endnu.'
        fields = {'name': login, 'role': 'technician', 'active': 'on', 'version': self.p.sql(f'SELECT version FROM person WHERE id={who}')[0][0]}
        added = {'login': login + '-ny', 'name': 'Ny', 'role': 'technician'}
        for path, form, wrong in ((f'{at}/{who}', fields, {'known': 'forkert adgangskode'}), (f'{at}/{who}', fields, {}), (f'{at}/{who}', fields, {'known': self.p.password, 'name': ''}),
                                  (f'{at}/new', added, {'known': 'forkert adgangskode'}), (f'{at}/new', added, {'known': self.p.password, 'name': ''}),
                                  (f'{at}/new', added, {'known': self.p.password, 'login': login}),
                                  (f'{at}/{who}', fields, {'known': self.p.password, 'version': int(fields['version']) + 7})):
            with self.subTest(path, wrong=str(wrong)):
                status, _, page = self.desk.post(path, **{**form, **wrong, 'password': 'en ganske ny adgangskode'})
                self.assertEqual(status, 409 if 'login' in wrong or 'version' in wrong else 422)
                self.assertIn(again, page)
                self.assertIn('id="e-password"', page)
                self.assertNotIn('ganske ny', page)
        status, _, page = self.desk.post(f'{at}/{who}', **{**fields, 'name': '', 'password': ''})
        self.assertEqual((status, again in page), (422, False), 'none was given')
        own = Person(self.p).sign_in(login, PASSWORD)
        status, _, page = own.post('/profile/password', current='forkert adgangskode', password='en ganske ny adgangskode')
        self.assertEqual((status, again in page), (422, True))

    def test_ended_while_it_is_used(self):
        """Whoever asks after the answer that a session or token has ended, is nobody: pages that are kept, too."""
        login, _ = self.staff()
        b, mine = Person(self.p).sign_in(login, PASSWORD), self.p.cli('token', 'add', '--data', self.p.data, '--login', login, '--name', self.word).strip()
        page = self.desk.get('/console/settings/tokens')[2]
        (number,), = self.p.sql(f"SELECT id FROM api_token WHERE name='{self.word}'")
        self.assertIn(f'/console/settings/tokens/{number}/revoke', page)
        word, jar = b.word('/profile'), dict(b.jar)

        def look():
            other = Person(self.p)
            other.jar = dict(jar)
            return other.get('/console/tickets')[0]
        for run, end, open_is, shut_is in (
                (look, lambda: b.post('/logout', csrf=word), 200, 303),
                (lambda: self.p.api('GET', '/api/v1/tickets', token=mine)[0], lambda: self.desk.post(f'/console/settings/tokens/{number}/revoke'), 200, 401)):
            self.assertEqual(run(), open_is)
            with hammered(run) as seen:
                wait_until(lambda: len(seen) > 4, 60, 0.01)
                self.assertEqual(end()[0], 303)
                after = time.monotonic()
                wait_until(lambda: len([1 for at, _ in seen if at > after]) > 4, 60, 0.01)
            self.assertIn({s for at, s in seen if at > after} - {429}, ({shut_is}, set()))       # so many wrong ones in a second are told to wait, too
            self.assertLessEqual({s for at, s in seen}, {open_is, shut_is, 429})

    # --- ended

    def test_who_leaves_or_changes_role_does_so_at_once(self):
        login, id = self.staff()
        b, others = Person(self.p).sign_in(login, PASSWORD), Person(self.p).sign_in(login, PASSWORD)
        token = self.p.cli('token', 'add', '--data', self.p.data, '--login', login, '--name', 'x').strip()
        for path in ('/console/', '/console/tickets', '/console/tickets'):      # kept pages too
            self.assertEqual(b.get(path)[0], 200)
        version = lambda: re.search(r'name="version" value="(\d+)"', self.desk.get(f'/console/settings/staff/{id}')[2]).group(1)
        change = lambda **f: self.desk.post(f'/console/settings/staff/{id}', name=login, version=version(), known=self.p.password, **f)
        self.assertEqual(change(role='bookkeeper', active='on')[0], 303)
        self.assertEqual(b.get('/console/tickets/new')[0], 403)
        self.assertEqual(self.p.api('POST', '/api/v1/customers', {'name': 'x', 'cvr': '10000009'}, token=token)[0], 403)
        self.assertEqual(change(role='technician')[0], 303)                      # active is left out: they have gone
        for path in ('/console/', '/console/tickets', '/profile'):
            self.assertEqual(b.get(path)[0], 303)
        self.assertEqual(b.post('/profile/others', csrf='0')[0], 401)
        self.assertEqual(self.p.api('GET', '/api/v1/tickets', token=token)[0], 401)
        self.assertEqual(Person(self.p).try_in(login, PASSWORD), 401)
        self.assertEqual(change(role='technician', active='on')[0], 303)
        self.assertEqual([b.get('/console/')[0], others.get('/console/')[0]], [303, 303], 'sessions of before they left')
        told = lambda: [body for body, in self.p.sql(f"SELECT body FROM outbox WHERE recipient='{login}@hus.example' AND kind='reset' ORDER BY id")]
        self.assertEqual(change(role='technician', active='on', email=f'{login}@hus.example')[0], 303)
        self.assertEqual(told(), [], 'only what lets somebody else in is told')
        self.assertEqual(change(role='technician', active='on', email=f'{login}.ny@hus.example', password='en anden adgangskode')[0], 303)
        self.assertEqual(['givet dig en ny adgangskode (' in body for body in told()], [True], 'to the address of before')

    def test_signed_out_everywhere(self):
        login, _ = self.staff()
        me, *others = [Person(self.p).sign_in(login, PASSWORD) for _ in range(3)]
        self.assertEqual(me.post('/profile/others')[0], 303)
        self.assertEqual([b.get('/console/')[0] for b in [me, *others]], [200, 303, 303])
        others = [Person(self.p).sign_in(login, PASSWORD) for _ in range(2)]
        self.assertEqual(me.post('/profile/password', current=PASSWORD, password=PASSWORD + '!')[0], 303)
        self.assertEqual([b.get('/console/')[0] for b in [me, *others]], [200, 303, 303])
        gone = dict(me.jar)
        me.post('/logout')
        me.jar = gone
        self.assertEqual(me.get('/console/')[0], 303)

    # --- guessed

    def test_guessing_an_account(self):
        """Twenty thousand machines have as many guesses at one account as one has; its owner still gets in, where they were before."""
        login, _ = self.staff()
        me = Person(self.p).sign_in(login, PASSWORD)
        me.post('/logout')
        wrong = lambda n=0: Person(self.p).try_in(login, 'gæt gæt gæt gæt', source=f'127.2.{self.seed}.{n % 200 + 1}')
        got = at_once([lambda n=n: wrong(n) for n in range(14)])        # nine are left after our own
        self.assertLessEqual(set(got), {401, 429})
        self.is_shut(wrong, lambda: Person(self.p).try_in(login, PASSWORD, source='127.3.0.1'))         # not even the right one
        self.assertEqual(me.try_in(login, PASSWORD), 303, 'the browser that was signed in before')
        self.assertEqual(me.try_in('admin', 'x'), 401, 'and that for this account only')
        for bad in (me.jar['pedel-known'][:-2] + '00', '', 'x', '0' * 400):
            other = Person(self.p)
            other.jar['pedel-known'] = bad
            self.is_shut(wrong, lambda: other.try_in(login, PASSWORD))
        stolen = Person(self.p)
        stolen.jar['pedel-known'] = me.jar['pedel-known']
        self.is_shut(lambda: stolen.try_in(login, 'gæt gæt gæt gæt'), lambda: stolen.try_in(login, PASSWORD))    # a door with the same limit

    def test_guessing_one_account_by_many_names(self):
        """What means the same account shares its guesses: capitals, blanks, a domain in our letters or in punycode."""
        ours, puny = f'{self.word}ø', f'{self.word}ø'.encode('idna').decode()
        names = [f'karen@{ours}.sø.example', f'karen@{puny}.xn--s-5ga.example', f' KAREN@{ours.upper()}.XN--s-5ga.example\t', f'\nkaren@{puny}.sø.EXAMPLE',
                 f'Karen@{ours}.SØ.example \n ']
        self.assertEqual(len({n.strip().lower().split('@')[1].encode('idna') for n in names}), 1)
        statuses = self.has_limit(10, 30, lambda n: Person(self.p).try_in(names[n % len(names)], 'x'))
        self.assertEqual(statuses, {401})

    def test_guessing_a_code_or_a_password_from_inside(self):
        """Who knows the password has ten guesses at the code, by app or on paper, and one more every five minutes; an open browser ten at the
        password."""
        login, _ = self.staff()
        b = Person(self.p).sign_in(login, PASSWORD)
        self.second_step(login, b)
        known = lambda n: b.known().try_in(login, PASSWORD, (f'{n:06d}', '1a2b-3c4d-5e6f-' + f'{n:04x}')[n % 2])
        self.p.sql(f"UPDATE person SET totp_last=99999999999 WHERE login='{login}'")        # or one of a million might be it
        statuses = self.has_limit(10, 30, known)       # the account's own limit stops them first, or at the same time
        self.assertEqual(statuses, {401})
        b = Person(self.p).sign_in(self.staff()[0], PASSWORD)
        word, forms = b.word('/profile'), ['/profile/password', '/profile/totp/codes', '/profile/totp/off']     # one account, one limit
        statuses = self.has_limit(10, 30, lambda n: b.post(forms[n % 3], csrf=word, password=PASSWORD + '!', name='x',
                                                           **{k: f'gæt {n}' for k in ('current', 'present')})[0])
        self.assertEqual(statuses, {422})
        self.assertEqual(b.get('/profile')[0], 200)

    def test_guessing_from_one_address(self):
        """Links, passkeys and passwords together: sixty, and one more every two seconds. What a request says of its address is not believed."""
        them = Person(self.p)
        word = them.word('/login')

        def knock(n):
            path = f'/login/link/{n:064x}' if n % 2 else '/login/passkey'
            return them.ask('POST', path, {'csrf': word, 'id': 'AAAA', 'client': 'AAAA', 'auth': 'AAAA', 'sig': 'AAAA'}, forwarded=f'10.0.0.{n}')[0]
        self.assertEqual(self.has_limit(60, 2, knock), {401})
        self.is_shut(lambda: knock(1), lambda: Person(self.p).try_in('admin', self.p.password))
        self.assertEqual(Person(self.p).try_in('admin', self.p.password, source='127.3.0.2'), 303)

    def test_guessing_from_one_network(self):
        """An IPv6 customer owns a /64: sixty addresses of it are one."""
        self.p.stop()
        conf = self.p.data / 'pedel.conf'
        before = conf.read_text() if conf.exists() else ''
        conf.write_text(before + 'proxies=127.0.0.1\n')
        self.p.start()
        self.addCleanup(lambda: (self.p.stop(), conf.write_text(before), self.p.start()))
        them = Person(self.p, '127.0.0.1')
        word = them.word('/login')
        knock = lambda n, net=2: them.ask('POST', f'/login/link/{n:064x}', {'csrf': word}, forwarded=f'2001:db8:1:{net}::{n + 1:x}')[0]
        self.assertEqual(self.has_limit(60, 2, knock), {401})
        self.assertEqual(knock(1, net=3), 401, 'the neighbour')

    def test_asking_for_links(self):
        """Three to one mailbox, so that nobody's is flooded, and what is said does not change; thirty from one address."""
        _, owner, _, _ = self.customer()
        them = Person(self.p)
        word = them.word('/login')
        began = time.monotonic()
        texts = {them.ask('POST', '/login/mail', {'csrf': word, 'mail': (owner['email'].upper(), owner['email'])[n % 2]})[2].count('<h1') for n in range(8)}
        sent = int(self.p.sql(f"SELECT count(*) FROM outbox WHERE kind='signin' AND recipient='{owner['email']}'")[0][0])
        self.assertLessEqual(sent, 3 + (time.monotonic() - began) / 300)
        self.assertGreaterEqual(sent, 3)
        self.assertEqual(len(texts), 1)
        other = Person(self.p, source=f'127.4.{self.seed}.1')
        word = other.word('/login')
        self.assertEqual(self.has_limit(30, 10, lambda n: other.ask('POST', '/login/mail', {'csrf': word, 'mail': f'x{n}@{self.word}.example'})[0]), {200})

    def test_tokens_and_sessions_are_not_guessed(self):
        self.assertEqual(self.has_limit(60, 1, lambda n: Person(self.p).api(f'pdl_{n:043d}')), {401})
        self.assertEqual(Person(self.p).api(self.p.token), 200, 'the right one is not kept out by it')
        for n in range(20):
            b = Person(self.p)
            b.jar['pedel'] = f'{n:043d}'
            self.assertEqual(b.get('/profile')[0], 303)


class Person:
    """A browser in few lines, so that many of them can act at one instant and from other addresses."""
    home = '127.0.0.1'

    def __init__(self, p, source=None):
        self.p, self.jar, self.source = p, {}, source or Person.home

    def send(self, method, path, body, headers, source=None):
        link = http.client.HTTPConnection('127.0.0.1', self.p.port, timeout=120, source_address=(source or self.source, 0))
        try:
            link.request(method, path, body, headers)
            answer = link.getresponse()
            return answer, answer.read().decode(errors='replace')
        finally:
            link.close()

    def ask(self, method, path, fields=None, source=None, forwarded=None):
        headers = {'Cookie': '; '.join(f'{k}={v}' for k, v in self.jar.items()), 'Accept-Language': 'da', **({'X-Forwarded-For': forwarded} if forwarded else {})}
        if fields is not None:
            headers['Content-Type'] = 'application/x-www-form-urlencoded'
        answer, text = self.send(method, path, None if fields is None else urllib.parse.urlencode(fields), headers, source)
        for cookie in answer.headers.get_all('Set-Cookie') or []:
            name, value = cookie.split(';')[0].split('=', 1)
            self.jar[name] = value
            if 'Max-Age=0' in cookie:
                del self.jar[name]
        return answer.status, answer.headers, text

    def api(self, token):
        return self.send('GET', '/api/v1/tickets', None, {'Authorization': 'Bearer ' + token})[0].status

    def get(self, path):
        return self.ask('GET', path)

    def word(self, path):
        return re.search(r'name="csrf" value="([^"]*)"', self.get(path)[2]).group(1)

    def post(self, path, csrf=None, **fields):
        if csrf is None:
            csrf = self.word('/profile' if 'pedel' in self.jar and self.get('/profile')[0] == 200 else '/login')
        return self.ask('POST', path, {'csrf': csrf, **fields})

    def known(self):
        """Another of theirs, signed in before."""
        other = Person(self.p, self.source)
        other.jar = {k: v for k, v in self.jar.items() if k == 'pedel-known'}
        return other

    def try_in(self, login, password, code='', source=None):
        status, _, text = self.ask('GET', '/login')
        if status == 303:                       # signed in already
            text = self.ask('GET', '/profile')[2]
        word = re.search(r'name="csrf" value="([^"]*)"', text).group(1)
        return self.ask('POST', '/login', {'csrf': word, 'login': login, 'password': password, 'code': code}, source)[0]

    def sign_in(self, login, password, code=''):
        status = self.try_in(login, password, code)
        assert status == 303, (login, status)
        return self

    def use(self, link):
        word = self.word('/login')
        return self.ask('POST', link, {'csrf': word})[0], self


def now_step():
    return int(time.time()) // 30


def at_once(runs):
    """What each gives, all of them let go at the same moment."""
    gate = threading.Barrier(len(runs))

    def one(run):
        gate.wait()
        return run()
    with concurrent.futures.ThreadPoolExecutor(len(runs)) as pool:
        return list(pool.map(one, runs))


@contextlib.contextmanager
def hammered(run):
    """run() again and again on two threads: [(when it was begun, what it gave), ...] grows meanwhile."""
    seen, over = [], threading.Event()

    def again():
        while not over.is_set():
            at = time.monotonic()
            seen.append((at, run()))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        threads = [pool.submit(again) for _ in range(2)]
        try:
            yield seen
        finally:
            over.set()
    for t in threads:
        t.result()


@unittest.skipUnless(os.environ.get('PEDEL_TEST_PG'), 'no PostgreSQL')
class SessionsOnPostgres(Sessions):
    """What is guessed is counted in memory, whatever the database."""
    pg = True
    test_guessing_an_account = test_guessing_one_account_by_many_names = test_guessing_a_code_or_a_password_from_inside = None
    test_guessing_from_one_address = test_guessing_from_one_network = None


if __name__ == '__main__':
    sys.exit(unittest.main())
