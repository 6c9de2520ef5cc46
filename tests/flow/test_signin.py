#!/usr/bin/env python3
"""Signing in as people do it: password, two steps, recovery codes, links by mail, signing out, limits, tokens."""
import base64
import hashlib
import hmac
import http.client
import json
import re
import sqlite3
import struct
import sys
import time
import unittest

sys.path.insert(0, __file__.rsplit('/', 1)[0])
from pedel import Pedel  # noqa: E402


def totp(secret, step):
    mac = hmac.new(base64.b32decode(secret + '=' * (-len(secret) % 8)), struct.pack('>Q', step), hashlib.sha1).digest()
    at = mac[-1] & 15
    return '%06d' % ((struct.unpack('>I', mac[at:at + 4])[0] & 0x7fffffff) % 1000000)


class SignIn(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.p = Pedel()
        cls.p.__enter__()
        cls.customer, cls.owner, cls.employee, _ = cls.p.customer(services=())

    @classmethod
    def tearDownClass(cls):
        cls.p.__exit__(None, None, None)

    def link(self, mail):
        db = sqlite3.connect(self.p.data / 'pedel.db', timeout=60)
        try:
            row = db.execute("SELECT body FROM outbox WHERE kind='signin' AND recipient LIKE ? ORDER BY id DESC LIMIT 1", ('%' + mail + '%',)).fetchone()
        finally:
            db.close()
        return re.search(r'/login/link/[0-9a-f]{64}', row[0]).group() if row else None

    def test_password(self):
        b = self.p.browser().get('/console/customers')
        self.assertIn('/login?next=', b.url)
        b.submit('/login', login='admin', password='forkert adgangskode')
        self.assertEqual(b.status, 401)
        self.assertIn('Navn, adgangskode eller kode passer ikke', b.text)
        unknown = self.p.browser().get('/login')
        unknown.submit('/login', login='findes-ikke', password='forkert adgangskode')
        self.assertEqual(unknown.status, 401)
        self.assertIn('Navn, adgangskode eller kode passer ikke', unknown.text)
        b.submit('/login', login=' ADMIN ', password=self.p.password)
        self.assertTrue(b.url.endswith('/console/customers'), b.url)        # back to where one was going
        cookie = next(c for c in b.jar if c.name == 'pedel')
        self.assertTrue(cookie.has_nonstandard_attr('HttpOnly'))
        b.get('/profile')
        self.assertIn('Forkert adgangskode', b.text)                        # one can see that somebody tried
        b.submit('/logout')
        self.assertIn('/login', b.url)
        again = self.p.browser()
        again.jar.set_cookie(cookie)
        self.assertIn('/login', again.get('/profile').url)                  # a cookie from yesterday
        self.assertIn('Du er logget ud', again.text)
        self.assertFalse([c for c in again.jar if c.name == 'pedel'])
        open_redirect = self.p.browser().get('/login?next=//evil.example')
        open_redirect.submit('/login', login='admin', password=self.p.password)
        self.assertTrue(open_redirect.url.startswith(self.p.base), open_redirect.url)

    def test_settings_page(self):
        """Every setting there is has a field; what is wrong is refused with the rest kept; what changed is written down."""
        b = self.p.browser().sign_in('admin', self.p.password)
        rows = [({'mail_smtp': 'mail.example'}, 'mail_smtp'), ({'mail_smtp': 'mail.example:0'}, 'mail_smtp'), ({'mail_smtp': ':25'}, 'mail_smtp'),
                ({'mail_smtp': 'a b:25'}, 'mail_smtp'), ({'mail_smtp': 'http://a:25'}, 'mail_smtp'), ({'mail_smtp': '[::1:25'}, 'mail_smtp'),
                ({'mail_smtp': 'a:99999'}, 'mail_smtp'), ({'close_days': '0'}, 'close_days'), ({'close_days': '366'}, 'close_days'),
                ({'close_days': 'syv'}, 'close_days'), ({'close_days': '-3'}, 'close_days'), ({'promises_owner': '99999'}, 'promises_owner'),
                ({'promises_owner': 'x'}, 'promises_owner')]
        for change, name in rows:
            with self.subTest(change=change):
                b.get('/console/settings')
                b.submit('/console/settings', **change)
                self.assertEqual(b.status, 422)
                self.assertIn(f'id="e-{name}"', b.text)
        for lang, word in (('da', 'Dage, før en løst sag lukkes'), ('en', 'Days until a solved ticket is closed')):
            b.get('/profile')
            b.submit('/profile', language=lang)
            self.assertIn(word, b.get('/console/settings').text)
        b.get('/profile')
        b.submit('/profile', language='da')
        me = self.rows("SELECT id FROM person WHERE login='admin'")[0][0]
        for smtp in ('127.0.0.1:2525', '[::1]:25', 'mail.example:587'):
            b.get('/console/settings')
            b.submit('/console/settings', mail_smtp=smtp, close_days='14', promises_owner=me, known=self.p.password)
            self.assertEqual(b.status, 200)
            self.assertIn(f'value="{smtp}"', b.text)
        kept = dict(self.rows("SELECT key,value FROM setting WHERE key IN('mail.smtp','desk.close_days','promises.owner')"))
        self.assertEqual(kept, {'mail.smtp': 'mail.example:587', 'desk.close_days': '14', 'promises.owner': str(me)})
        told = "SELECT data FROM event WHERE kind='settings.changed' ORDER BY id"
        had = [r[0] for r in self.rows(told)]
        self.assertIn('"desk.close_days":["","14"]', had[-3])
        self.assertEqual(had[-1], '{"mail.smtp":["[::1]:25","mail.example:587"]}')
        b.submit('/console/settings')
        self.assertEqual(len(self.rows(told)), len(had), 'saving the same is no event')
        b.submit('/console/settings', mail_smtp='', close_days='', promises_owner='', known=self.p.password)
        self.assertEqual(self.rows("SELECT key FROM setting WHERE key IN('mail.smtp','desk.close_days','promises.owner')"), [])

    def rows(self, text):
        with sqlite3.connect(self.p.data / 'pedel.db', timeout=60) as db:
            return [tuple(str(v) for v in row) for row in db.execute(text).fetchall()]

    def test_two_steps(self):
        b = self.p.browser().sign_in('admin', self.p.password)
        b.get('/console/settings/staff/new')
        b.submit('/staff/new', login='jonas', name='Jonas Kjær', role='technician', password='kort')
        self.assertEqual(b.status, 422)
        self.assertIn('mindst 12 tegn', b.text)
        b.submit('/staff/new', login='jonas', name='Jonas Kjær', role='technician', password='jonas er en god tekniker', known=self.p.password)
        self.assertEqual(b.status, 200)
        j = self.p.browser().sign_in('jonas', 'jonas er en god tekniker')
        self.assertEqual(j.get('/console/settings').status, 403)
        j.get('/profile/totp')
        secret = re.search(r'<code>([A-Z2-7]+)</code>', j.text).group(1)
        j.submit('/profile/totp', code='000000', known='jonas er en god tekniker')
        self.assertEqual(j.status, 422)
        step = int(time.time()) // 30
        j.submit('/profile/totp', code=totp(secret, step), known='jonas er en god tekniker')
        codes = re.findall(r'[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}', j.text)
        self.assertEqual(len(codes), 10)

        def attempt(code):
            x = self.p.browser().get('/login')
            x.submit('/login', login='jonas', password='jonas er en god tekniker', code=code)
            return x.status == 200 and '/login' not in x.url
        self.assertFalse(attempt(''))
        self.assertFalse(attempt(totp(secret, step)))                       # the code that turned it on is used
        self.assertTrue(attempt(totp(secret, step + 1)))
        self.assertFalse(attempt(totp(secret, step + 1)))                   # no code works twice
        self.assertTrue(attempt(codes[0].upper()))
        self.assertFalse(attempt(codes[0]))

    def test_link(self):
        mail = self.owner['email']
        b = self.p.browser().get('/login')
        b.submit('/login/mail', mail=' ' + mail.upper())
        self.assertIn('er et link på vej', b.text)
        unknown = self.p.browser().get('/login')
        unknown.submit('/login/mail', mail='ukendt@nowhere.example')
        self.assertEqual(unknown.text.replace('ukendt@nowhere.example', mail), b.text)
        self.assertIsNone(self.link('ukendt@nowhere.example'))
        path = self.link(mail)
        for _ in range(2):                                                  # mail programs fetch links: that must not use them up
            self.assertEqual(b.get(path).status, 200)
        b.submit(path)
        self.assertTrue(b.url.endswith('/portal/'), b.url)
        other = self.p.browser()
        self.assertEqual(other.get(path).status, 401)
        self.assertIn('brugt eller for gammelt', other.text)
        self.assertEqual(b.get('/console/customers').status, 403)
        b.get('/portal/people/new')
        b.submit('/portal/people/new', name='Sofie', email='sofie@soenderskov.example', role='employee', language='da')
        self.assertIn('Sofie', b.text)
        (body,), = self.p.sql("SELECT body FROM outbox WHERE recipient='sofie@soenderskov.example' AND kind='welcome'")
        self.assertIn(f'{self.p.base}/login', body)         # whoever is added is told the way in
        b.get('/portal/people/new').submit('/portal/people/new', name='', email='x', role='employee', language='da')
        self.assertEqual(b.status, 422)
        b.get('/profile')
        b.submit('/profile/password', password='en god sætning til mig')
        self.assertEqual(b.status, 200)
        me = self.p.browser().get('/login')
        me.submit('/login', login=mail, password='en god sætning til mig')
        self.assertTrue(me.url.endswith('/portal/'), me.url)

    def test_where_one_was_going(self):
        """Kept through form, mail and landing, whichever way one signs in and in whichever language; and never to another host."""
        path = '/portal/tasks?view=all&q=a%20b'
        mail = self.employee['email']
        b = self.p.browser().get(path)
        self.assertIn('/login?next=', b.url)
        b.get(re.search(r'href="(/?\?lang=en[^"]*)"', b.text).group(1).replace('&amp;', '&').replace('?', '/login?', 1))
        self.assertIn('Get a link by e-mail', b.text)
        b.submit('/login/mail', mail='ikke en adresse')
        b.submit('/login/mail', mail=mail)
        self.assertIn('a link is on its way', b.text)
        self.assertIn('next=%2Fportal%2Ftasks', re.search(r'href="(/login[^"]*)"', b.text).group(1))
        body = self.p.sql(f"SELECT body FROM outbox WHERE kind='signin' AND recipient='{mail}' ORDER BY id DESC LIMIT 1")[0][0]
        mailed = re.search(r'^http\S+', body, re.M).group()
        at = self.p.browser().get(mailed[len(self.p.base):])
        at.submit(re.search(r'/login/link/[0-9a-f]{64}', mailed).group())
        self.assertEqual(at.url, self.p.base + path)
        evil = self.p.browser().get('/login?next=//evil.example')
        evil.submit('/login/mail', mail=mail)
        body = self.p.sql(f"SELECT body FROM outbox WHERE kind='signin' AND recipient='{mail}' ORDER BY id DESC LIMIT 1")[0][0]
        self.assertNotIn('evil', body)
        mailed = re.search(r'/login/link/[0-9a-f]{64}', body).group()
        evil.get(mailed + '?next=https%3A%2F%2Fevil.example').submit(mailed)
        self.assertEqual(evil.url, self.p.base + '/portal/')
        cookie, door = '; '.join(f'{c.name}={c.value}' for c in at.jar), http.client.HTTPConnection('127.0.0.1', self.p.port, timeout=60)
        for given, leads in [
                ('/portal/tasks', '/portal/tasks'), ('/portal/tasks?q=%25C3%25A6', '/portal/tasks?q=%C3%A6'), ('/profile', '/profile'),
                ('/portal/hours', '/portal/'), ('/portal/hours/2026-05?x=1', '/portal/'), ('/console/', '/portal/'), ('/console', '/portal/'),      # not for an employee
                ('/console/tickets/1%23m2', '/portal/'), ('/portal/nothing-here', '/portal/nothing-here'),
                ('/portal/..%2F..%2Fx', '/portal/../../x'), ('/.%2F%2Fevil.example', '/.//evil.example'),     # a path: the host stays
                *[(bad, '/portal/') for bad in (
                    '//evil.example', '///evil.example', '%2F%2Fevil.example', '/%5Cevil.example', '%5C%5Cevil.example', '/%5C/evil.example', '/x%5Cy',
                    'https:%2F%2Fevil.example', 'javascript:alert(1)', 'portal', '', '%20/portal', '/%09/evil.example', '/%0A/evil.example', '/%0D/evil.example',
                    '/x%0D%0ASet-Cookie:%20a=b', '/%00/evil.example', '/%01/evil.example', '/%7F/evil.example', '/%C2%85/evil.example', '/%20/evil.example',
                    '/%E2%80%AE/x', '/l%C3%B8fter', '/login', '/login/link/x', '/' + 'a' * 500)]]:
            with self.subTest(next=given):
                door.request('GET', '/login?next=' + given, headers={'Cookie': cookie})
                answer = door.getresponse()
                answer.read()
                self.assertEqual((answer.status, answer.headers['Location']), (303, leads))
        door.close()

    def test_a_place_that_one_may_not_see(self):
        """Whoever signs in at an address that is not for them comes to their own front page, and not to a shut door."""
        b = self.p.browser().get('/login?next=/console/billing')
        b.submit('/login/mail', mail=self.owner['email'])
        body = self.p.sql(f"SELECT body FROM outbox WHERE kind='signin' AND recipient='{self.owner['email']}' ORDER BY id DESC LIMIT 1")[0][0]
        mailed = re.search(r'^http\S+', body, re.M).group()
        self.assertIn('billing', mailed)
        b.get(mailed[len(self.p.base):]).submit(re.search(r'/login/link/[0-9a-f]{64}', mailed).group())
        self.assertEqual((b.status, b.url), (200, self.p.base + '/portal/'))
        for path, status in (('/intet-her', 404), ('/console/', 403)):          # a language of their own is chosen in the profile, not here
            self.assertEqual(b.get(path).status, status, path)
            self.assertNotIn('>English</a>', b.text, path)

    def test_the_other_language_where_it_can_be_chosen(self):
        """Strangers choose by a link, also where nothing is."""
        stranger = self.p.browser().get('/intet-her')
        self.assertEqual(stranger.status, 404)
        self.assertIn('>English</a>', stranger.text)
        stranger.get('/intet-her?lang=en')
        self.assertEqual(stranger.status, 404)
        self.assertIn('>Dansk</a>', stranger.text)

    def test_link_goes_to_nobody_elses_host(self):
        mail, before = self.owner['email'], self.link(self.owner['email'])
        b = self.p.browser().get('/login', headers={'Host': 'evil.example'})
        b.post('/login/mail', {**b.form('/login/mail'), 'mail': mail}, headers={'Host': 'evil.example', 'Origin': 'http://evil.example'})
        self.assertEqual(b.status, 409)
        self.assertIn('vores egen adresse', b.text)
        self.assertEqual(self.link(mail), before)
        self.assertFalse(self.p.sql("SELECT 1 FROM outbox WHERE body LIKE '%evil.example%'"))
        staff = self.p.browser().sign_in('admin', self.p.password)
        self.assertNotIn('Den offentlige adresse er ikke sat', staff.get('/console/').text)
        self.assertIn('Den offentlige adresse er ikke sat', staff.get('/console/', headers={'Host': 'desk.example.dk'}).text)
        self.assertNotIn('evil', json.dumps(self.p.api('GET', '/api/v1/openapi.json', headers={'Host': 'evil.example'})[1]['servers']))

    def test_links_without_an_address(self):
        with Pedel(start=False) as p:
            p.args = ['--listen', '*:0']
            p.start()
            p.base = f'http://127.0.0.1:{p.port}'
            customer, owner, _, _ = p.customer(services=())
            b = p.browser().get('/login').submit('/login/mail', mail=owner['email'])
            self.assertEqual(b.status, 409)
            p.ok('POST', '/api/v1/tickets', {'customer_id': customer['id'], 'contact_id': owner['id'], 'subject': 'Printer',
                                             'body': 'Den er i stykker'})
            bodies = [r[0] for r in p.sql('SELECT body FROM outbox')]
            self.assertTrue(bodies)
            self.assertFalse([x for x in bodies if '/portal/' in x or 'http' in x], bodies)
            staff = p.browser().sign_in('admin', p.password)
            self.assertIn('Mails sendes uden links', staff.get('/console/').text)
            p.stop()
            (p.data / 'pedel.conf').write_text('origin=https://desk.example.dk/\n')
            p.start()
            p.base = f'http://127.0.0.1:{p.port}'
            form = p.browser().get('/login')
            form.post('/login/mail', {**form.form('/login/mail'), 'mail': owner['email']},
                      headers={'Host': 'evil.example', 'Origin': 'https://desk.example.dk'})
            self.assertEqual(form.status, 200)
            self.assertRegex(p.sql("SELECT body FROM outbox WHERE kind='signin'")[0][0], r'\nhttps://desk\.example\.dk/login/link/')
            p.stop()
            (p.data / 'pedel.conf').write_text('origin=desk.example.dk\n')
            with self.assertRaisesRegex(AssertionError, 'ORIGIN_INVALID'):
                p.start(seconds=10)

    def test_people_of_a_customer_that_ended(self):
        customer, owner, _, _ = self.p.customer(seed=90, name='Forbi ApS', domain='forbi.example', services=())
        b = self.p.browser().get('/login').submit('/login/mail', mail=owner['email'])
        path = self.link(owner['email'])
        b.get(path)
        b.submit(path)
        b.get('/profile').submit('/profile/password', password='en god sætning til mig')
        other = self.p.browser().get('/login').submit('/login/mail', mail=owner['email'])
        path = self.link(owner['email'])
        other.get(path)
        version = self.p.ok('GET', f"/api/v1/customers/{customer['id']}")['version']
        self.p.ok('PATCH', f"/api/v1/customers/{customer['id']}", {'active': False, 'version': version})
        other.submit(path)
        self.assertEqual(other.status, 403)
        self.assertIn('ikke længere kunde her', other.text)
        late = self.p.browser().get('/login')
        late.submit('/login', login=owner['email'], password='en god sætning til mig')
        self.assertEqual(late.status, 403)
        self.assertIn('ikke længere kunde her', late.text)
        late.submit('/login', login=owner['email'], password='en helt anden sætning')
        self.assertEqual(late.status, 401)                                  # who does not know the password is told nothing
        self.assertNotIn('ikke længere kunde', late.text)
        late.get('/login').submit('/login/mail', mail=owner['email'])
        self.assertIn('er et link på vej', late.text)
        self.assertEqual(self.link(owner['email']), path)                   # no new one

    def test_forms_of_others(self):
        b = self.p.browser().sign_in('admin', self.p.password)
        self.assertEqual(b.get('/login?next=/portal/hours').url, self.p.base + '/console/')
        fields = b.get('/profile').form('/profile')
        self.assertEqual(b.post('/profile', fields, headers={'Origin': 'https://evil.example'}).status, 403)
        self.assertEqual(b.post('/profile', {**fields, 'csrf': ''}).status, 403)
        self.assertEqual(b.post('/profile', fields, headers={'Sec-Fetch-Site': 'cross-site'}).status, 403)
        self.assertEqual(b.post('/profile', fields).status, 200)

    def test_tokens(self):
        b = self.p.browser().sign_in('admin', self.p.password)
        b.get('/console/settings/tokens')
        b.submit('/console/settings/tokens', name='læser', scopes='tickets:read customers:read agreements:read time:read promises:read', known=self.p.password)
        token = re.search(r'pdl_[\w-]{43}', b.text).group()
        row = re.search(r'<tr><td data-at="top">læser</td>.*?</tr>', b.text).group()
        self.assertIn('kun læse', row)
        self.assertNotIn('tickets:read', row)
        self.assertNotIn(token, b.get('/console/settings/tokens').text)     # shown once
        self.assertEqual(self.p.api('GET', '/api/v1/customers', token=token)[0], 200)
        status, got = self.p.api('POST', '/api/v1/customers', {'name': 'X', 'cvr': '10000009'}, token=token)
        self.assertEqual((status, got['error']['id']), (403, 'TOKEN_SCOPE'))
        action = re.search(r'/console/settings/tokens/(\d+)/revoke', b.text).group()
        b.submit(action)
        self.assertEqual(self.p.api('GET', '/api/v1/customers', token=token)[0], 401)

    def test_limits(self):
        b = self.p.browser().get('/login')
        seen, form = [], b.form('/login')
        bare = self.p.browser()
        self.assertEqual(bare.post('/login', {'login': 'admin', 'password': self.p.password}).status, 403)   # another site's form
        for _ in range(13):
            b.post('/login', {**form, 'login': 'nogen', 'password': 'gæt gæt gæt gæt'})
            seen.append(b.status)
        self.assertIn(429, seen)
        self.assertEqual(seen[0], 401)

    def test_last_admin(self):
        b = self.p.browser().sign_in('admin', self.p.password)
        b.get('/console/settings/staff/1')
        b.submit('/staff/1', role='technician', known=self.p.password)
        self.assertEqual(b.status, 409)
        self.assertIn('én aktiv administrator', b.text)


if __name__ == '__main__':
    unittest.main(verbosity=1)
