#!/usr/bin/env python3
"""Every door of the house, from the server's own list: who may not come in, does not; a form of another site, of another session or of
nobody changes nothing; and every page carries the headers that keep strangers' scripts and frames out."""
import collections
import html
import http.client
import json
import os
import re
import socket
import ssl
import sys
import time
import unittest
import urllib.parse

from furnished import CUSTOMERS, EVERYBODY, NOBODYS, STAFF, House, filled, kinds_of
from pedel import Pedel, certificate

# What is open to everybody: a route that is added here on purpose.
OPEN = {('GET', '/'), ('GET', '/login'), ('POST', '/login'), ('POST', '/login/mail'), ('GET', '/login/passkey'), ('POST', '/login/passkey'), ('GET', '/login/link/{key}'), ('POST', '/login/link/{key}'),
        ('POST', '/logout'), ('GET', '/report'), ('POST', '/report'), ('GET', '/api/v1/openapi.json')}
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; frame-src 'self'; " \
         "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
MAIL_POLICY = "default-src 'none'; img-src 'self'; style-src 'self'; font-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'; " \
              "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox"
FILE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
ALWAYS = {'X-Content-Type-Options': 'nosniff', 'Referrer-Policy': 'same-origin', 'Cross-Origin-Opener-Policy': 'same-origin',
          'Cross-Origin-Resource-Policy': 'same-origin', 'Permissions-Policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=()'}


class Doors(House, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.open()
        cls.us = cls.furnish(900, 'Alfahuset', 'alfa')
        cls.mails = cls.us['mails']
        for role in ('technician', 'bookkeeper'):
            cls.desk.get('/console/settings/staff/new')
            cls.desk.submit('/staff/new', login=role, name=role.capitalize(), role=role, password=f'{role} kan sin adgangskode', known=cls.p.password)
        cls.people.update(admin=cls.desk, owner=cls.people['alfa owner'])
        for role in ('technician', 'bookkeeper'):
            cls.people[role] = cls.p.browser().sign_in(role, f'{role} kan sin adgangskode')
        for role in ('approver', 'employee'):
            cls.people[role] = cls.by_link(cls.mails[role])
        cls.cookie = {who: cls.session_of(b) for who, b in cls.people.items() if who in STAFF + CUSTOMERS}
        cls.csrf = {who: cls.token_of(who) for who in cls.cookie}
        cls.link = None

    @staticmethod
    def session_of(b):
        return next(c.value for c in b.jar if c.name == 'pedel')

    @classmethod
    def token_of(cls, who):
        return re.search(r'name="csrf" value="([^"]*)"', cls.people[who].get('/profile').text).group(1)

    def ask(self, method, path, headers=None, body=None):
        """(status, headers, text), nothing followed, no cookie but those named."""
        for again in (False, True):
            if not type(self).link:
                type(self).link = http.client.HTTPConnection('127.0.0.1', self.p.port, timeout=60)
            try:
                type(self).link.request(method, path, body, {'Accept-Language': 'da', **(headers or {})})
                answer = type(self).link.getresponse()
                return answer.status, answer.headers, answer.read().decode(errors='replace')
            except (http.client.HTTPException, OSError):
                type(self).link = None               # the server closes a connection after some answers
                if again:
                    raise

    def form(self, path, who=None, headers=None, cookie=None, **fields):
        cookie = cookie or (f'pedel={self.cookie[who]}' if who else '')
        more = {'Cookie': cookie} if cookie else {}
        return self.ask('POST', path, {'Content-Type': 'application/x-www-form-urlencoded', **more, **(headers or {})}, urllib.parse.urlencode(fields))

    def shut(self):
        """Every row that is not open to everybody, with an address nobody has: (row, address)."""
        for r in self.routes:
            if (r.method, r.pattern) not in OPEN:
                yield r, filled(r.pattern, [NOBODYS] * len(kinds_of(r.pattern)))

    def events(self):
        # the ledger measures by itself, whoever knocks
        return self.p.sql("SELECT count(*) FROM event WHERE object<>'promise'")[0][0], self.p.sql('SELECT count(*) FROM ticket')[0][0], self.p.sql('SELECT count(*) FROM person')[0][0]

    # --- the list

    def test_1_the_list_is_whole(self):
        self.assertEqual({(r.method, r.pattern) for r in self.routes if 'nobody' in r.roles}, OPEN)
        self.assertTrue(all(r.roles == EVERYBODY for r in self.routes if 'nobody' in r.roles))
        said = self.p.ok('GET', '/api/v1/openapi.json')
        self.assertEqual({(m.upper(), re.sub(r'\{\w+\}', '{}', path)) for path, methods in said['paths'].items() for m in methods},
                         {(r.method, re.sub(r'\{\w+\}', '{}', r.pattern)) for r in self.routes if r.api})
        for r in self.routes:
            if r.api and (r.method, r.pattern) not in OPEN:
                self.assertLessEqual(r.roles, set(STAFF), r)
            if r.pattern.startswith('/console'):
                self.assertLessEqual(r.roles, set(STAFF), r)
            if r.pattern.startswith('/portal'):
                self.assertLessEqual(r.roles, set(CUSTOMERS), r)

    # --- without a session, or with one that is over

    def is_shut(self, r, path, got, ended=False):
        status, headers, text = got
        if r.api:
            self.assertEqual((status, json.loads(text)['error']['id']), (401, 'SIGNIN_NEEDED'))
        elif r.method == 'GET':
            self.assertEqual(status, 303)
            self.assertEqual(headers['Location'], '/login?' + ('ended=1&' if ended else '') + 'next=' + path.replace('/', '%2F'))
        else:
            self.assertEqual(status, 401)
            self.assertIn('Du er logget ud', text)
        if ended and not r.api:
            self.assertIn('pedel=; Path=/; Max-Age=0', ' '.join(headers.get_all('Set-Cookie') or []))

    def test_2_nobody(self):
        before = self.events()
        for r, path in self.shut():
            with self.subTest(f'{r.method} {path}'):
                self.is_shut(r, path, self.ask(r.method, path, None if r.method == 'GET' else {'Content-Type': 'application/x-www-form-urlencoded'},
                                               None if r.method == 'GET' else 'csrf=0'))
        self.assertEqual(self.events(), before)

    def test_3_sessions_that_are_over(self):
        """Ended by time, by rest, by signing out, by leaving, or never there: each is as good as none."""
        def fresh(role='technician'):
            return self.session_of(self.p.browser().sign_in(role, f'{role} kan sin adgangskode'))

        import hashlib
        hash_of = lambda value: hashlib.sha256(value.encode()).hexdigest()
        old, idle, out = fresh(), fresh(), self.p.browser().sign_in('bookkeeper', 'bookkeeper kan sin adgangskode')
        where = lambda value: f"token_hash='\\x{hash_of(value)}'" if self.pg else f"token_hash=x'{hash_of(value)}'"
        now = int(time.time() * 1e6)
        self.p.sql(f'UPDATE session SET expires_at={now - 1} WHERE {where(old)}')
        self.p.sql(f'UPDATE session SET seen_at={now - 3601 * 1000000} WHERE {where(idle)}')
        gone = self.session_of(out)
        out.get('/profile').submit('/logout')
        cookies = {'expired': old, 'idle': idle, 'signed out': gone, 'guessed': 'A' * 43, 'an API token': self.p.token, 'a hash': hash_of(self.cookie['admin']),
                   'nothing': '', 'too long': self.cookie['admin'] + 'A', 'twice': self.cookie['admin'] + self.cookie['admin']}
        before = self.events()
        for name, value in cookies.items():
            for r, path in self.shut():
                if name not in ('expired', 'idle') and (len(path) + len(name)) % 7:
                    continue                    # every seventh address is enough for these
                with self.subTest(f'{r.method} {path}', cookie=name):
                    send = {'Cookie': f'pedel={value}'}
                    if r.method == 'GET' or r.api:
                        self.is_shut(r, path, self.ask(r.method, path, send), ended=True)
                    else:
                        self.is_shut(r, path, self.form(path, headers=send, csrf=self.csrf['technician']), ended=True)
        self.assertEqual(self.events(), before)

    # --- the wrong role

    def test_4_the_wrong_role(self):
        before = self.events()
        for who in STAFF + CUSTOMERS:
            for r, path in self.shut():
                with self.subTest(f'{r.method} {path}', who=who):
                    if r.api:                   # a cookie is no key to the API
                        self.is_shut(r, path, self.ask(r.method, path, {'Cookie': f'pedel={self.cookie[who]}', 'X-CSRF': self.csrf[who]}))
                        continue
                    if who in r.roles and r.method != 'GET':
                        continue
                    got = self.ask('GET', path, {'Cookie': f'pedel={self.cookie[who]}'}) if r.method == 'GET' else self.form(path, who, csrf=self.csrf[who])
                    self.assertEqual(got[0] == 403, who not in r.roles, got[2][:300])
        self.assertEqual(self.events(), before)

    def test_4c_nobody_is_shown_a_door_that_is_shut(self):
        """Two addresses of each shape, as everybody: each link is there, each form has a button and goes where its reader may send it."""
        spelled = lambda pattern: re.compile('/'.join('[^/]+' if '{' in word else re.escape(word) for word in pattern.split('/')))
        patterns = [(r.method, spelled(r.pattern), r.roles) for r in self.routes if not r.api]
        for who in STAFF + CUSTOMERS:
            b, ours = self.people[who], who in STAFF
            todo = [f"/console/promises/{self.us['ids']['customers']}/backup.safe", '/console/'] if ours else ['/portal/']
            todo, shapes, seen = [*todo, '/profile'], collections.Counter(), set()
            while todo:
                path = todo.pop(0)
                shape = re.sub(r'\d+', 'N', re.sub(r'(promises/\d+/|catalogue/|promises/)[\w.-]+', r'\1KEY', path.split('?')[0])) + '?' * ('?' in path)
                if path in seen or shapes[shape] == 2:
                    continue
                seen.add(path)
                shapes[shape] += 1
                with self.subTest(path, who=who):
                    b.get(path)
                    self.assertEqual(b.status, 200)
                    if not b.headers.get('Content-Type', '').startswith('text/html'):
                        continue
                    todo += [html.unescape(h) for h in re.findall(r'href="(/(?:console|portal|profile)[^"#]*)"', b.text)]
                    for form in re.findall(r'<form.*?</form>', b.text, re.S):
                        method = 'POST' if ' method="post"' in form else 'GET'
                        to = re.findall(r'action="([^"]*)"', form) or [path]
                        self.assertTrue(re.search('<button|role="search"', form), form[:200])
                        for at in (html.unescape(t).split('?')[0] for t in to):
                            self.assertTrue(any(m == method and p.fullmatch(at) and who in roles for m, p, roles in patterns), f'{method} {at}')
            self.assertGreater(len(seen), 8, who)

    def test_4d_what_a_bookkeeper_writes(self):
        """As the staff page and the table of roles say: time, hours sold, months, and what is one's own. The rest she reads."""
        own = ('/profile', '/logout', '/login', '/report', '/console/tickets/views', '/console/tim')
        writes = {r.pattern for r in self.routes if r.method != 'GET' and 'bookkeeper' in r.roles and not r.pattern.startswith(own)}
        self.assertEqual(writes, {
            '/console/customers/{id}/hours/{month}/close', '/console/billing/{month}/close', '/console/customers/{id}/purchases', '/console/customers/{id}/purchases/{id}/remove',
            '/api/v1/time-entries', '/api/v1/hour-purchases', '/api/v1/hour-purchases/{id}/remove', '/api/v1/customers/{id}/months/{month}/close'})
        b, c = self.people['bookkeeper'], self.us['ids']['customers']
        draft = self.p.ok('POST', '/api/v1/agreements', {'customer_id': c, 'valid_from': '2033-01-01', 'items': [{'service': 'hosting'}]})
        held = self.us['rows']['agreement']
        for path, said in ((f'/console/customers/{c}/agreements', 'Aftale'), (f"/console/agreements/{draft['id']}", 'Kladde'),
                           (f"/console/agreements/{self.us['ids']['agreements']}", 'Sendt'), (f'/console/agreements/{held}', 'Accepteret')):
            with self.subTest(path):
                b.get(path)
                main = b.text[b.text.index('<main'):b.text.index('</main')]
                self.assertEqual((b.status, said in main), (200, True))
                self.assertNotRegex(main, '<form|agreements/new|Ny aftale|Send til kunden|Skriv accepten ned|Lav en ny ud fra')

    def test_4b_tokens_of_the_wrong_role_or_scope(self):
        tokens = {}
        for login in ('technician', 'bookkeeper'):
            tokens[login] = self.p.cli('token', 'add', '--data', self.p.data, '--login', login, '--name', login).strip()
        self.desk.get('/console/settings/tokens')
        self.desk.submit('/console/settings/tokens', name='læser', known=self.p.password,
                         scopes='tickets:read customers:read agreements:read time:read promises:read')
        reader = re.search(r'pdl_[\w-]{43}', self.desk.text).group()
        before = self.events()
        for r, path in self.shut():
            if not r.api:
                continue
            scoped = [(who, t, 'DENIED') for who, t in tokens.items() if who not in r.roles]
            scoped += [('a reader', reader, 'TOKEN_SCOPE')] if r.method != 'GET' else []
            for who, token, error in scoped:
                with self.subTest(f'{r.method} {path}', who=who):
                    status, got = self.p.api(r.method, path, {} if r.method != 'GET' else None, token=token)
                    self.assertEqual((status, got['error']['id']), (403, error))
            for bad in ('', 'pdl_', 'pdl_' + 'A' * 43, self.p.token + 'A', self.p.token[:-1], 'x' + self.p.token):
                if (len(path) + len(bad)) % 3 == 0:
                    with self.subTest(f'{r.method} {path}', token=bad):
                        self.assertIn(self.p.api(r.method, path, {} if r.method != 'GET' else None, token=bad)[0], (401, 429))
        self.assertEqual(self.events(), before)

    # --- forms that are not ours

    def test_5_forms_of_others(self):
        """For every form: no word, a wrong one, one of another session; the right one from another origin, or from none there is."""
        other = self.p.browser().sign_in('admin', self.p.password)
        stolen = re.search(r'name="csrf" value="([^"]*)"', other.get('/profile').text).group(1)     # the same person's, in another browser
        stranger = self.p.browser().get('/login')
        form_cookie = next(c.value for c in stranger.jar if c.name == 'pedel-form')
        strangers = re.search(r'name="csrf" value="([^"]*)"', stranger.text).group(1)
        own = {'Origin': self.p.base}
        before, asked = self.events(), 0
        for r in self.routes:
            if r.method == 'GET' or r.api or r.pattern == '/login/link/{key}':
                continue
            path = filled(r.pattern, [NOBODYS] * len(kinds_of(r.pattern)))
            who = 'admin' if 'admin' in r.roles else 'owner'
            right, victims = self.csrf[who], self.csrf['owner' if who == 'admin' else 'admin']
            for name, headers, fields in [
                    ('no word', own, {}), ('an empty word', own, {'csrf': ''}), ('zeros', own, {'csrf': '0' * 64}), ('letters', own, {'csrf': 'g' * 64}),
                    ('half', own, {'csrf': right[:32]}), ('and more', own, {'csrf': right + '00'}), ('another session', own, {'csrf': stolen}),
                    ('another person', own, {'csrf': victims}), ('another session, in the header', {**own, 'X-CSRF': stolen}, {}),
                    ("the header's goes before", {**own, 'X-CSRF': victims}, {'csrf': right}),
                    ("a stranger's, with their cookie", {**own, 'Cookie': f'pedel={self.cookie[who]}; pedel-form={form_cookie}'}, {'csrf': strangers}),
                    ('another site', {'Origin': 'https://evil.example'}, {'csrf': right}), ('null', {'Origin': 'null'}, {'csrf': right}),
                    ('another port', {'Origin': 'http://127.0.0.1:1'}, {'csrf': right}), ('another scheme', {'Origin': self.p.base.replace('http', 'https')}, {'csrf': right}),
                    ('a name that begins so', {'Origin': self.p.base + '.evil.example'}, {'csrf': right}), ('an empty origin', {'Origin': ''}, {'csrf': right}),
                    ('cross-site', {**own, 'Sec-Fetch-Site': 'cross-site'}, {'csrf': right}), ('same-site', {**own, 'Sec-Fetch-Site': 'same-site'}, {'csrf': right}),
                    ('from nowhere', {'Sec-Fetch-Site': 'none'}, {'csrf': right})]:
                with self.subTest(f'POST {path}', name=name):
                    status, _, text = self.form(path, who, headers=headers, **fields)
                    self.assertEqual(status, 403, text[:300])
                    asked += 1
        self.assertEqual(self.events(), before)
        self.assertGreater(asked, 20 * 60)
        for who in ('admin', 'owner'):              # all of them are still signed in
            self.assertEqual(self.ask('GET', '/profile', {'Cookie': f'pedel={self.cookie[who]}'})[0], 200)

    def test_5b_our_own_forms_are_taken(self):
        """Or the test before would pass on a house that takes no form at all."""
        for r, path in self.shut():
            if r.method != 'POST' or r.api or '{id}' not in r.pattern:
                continue
            who = 'admin' if 'admin' in r.roles else 'owner'
            for headers in ({}, {'Origin': self.p.base}, {'Origin': self.p.base, 'Sec-Fetch-Site': 'same-origin'}):
                with self.subTest(f'POST {path}', headers=headers):
                    status, _, text = self.form(path, who, headers=headers, csrf=self.csrf[who])
                    self.assertIn(status, (303, 404, 422, 400), text[:300])

    def test_5c_other_methods_and_other_sites(self):
        for r, path in self.shut():
            for method in {'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'POST'} - {x.method for x in self.routes if x.pattern == r.pattern}:
                if (len(path) + len(method)) % 5 == 0:
                    with self.subTest(f'{method} {path}'):
                        status, headers, _ = self.ask(method, path, {'Cookie': f"pedel={self.cookie['admin']}", 'Origin': 'https://evil.example',
                                                                     'Access-Control-Request-Method': 'POST'})
                        self.assertIn(status, (400, 405, 501, 404), path)
                        self.assertFalse([k for k in headers if k.lower().startswith('access-control-')])

    # --- headers

    def test_6_headers_of_every_page(self):
        """Each address as somebody who may see it, with ids that are there; and every refusal."""
        seen = 0
        for r in self.routes:
            if r.method != 'GET':
                continue
            ids = [self.us['ids'][k] for k in kinds_of(r.pattern)]
            path = filled(r.pattern, ids)
            who = next((w for w in ('admin', 'owner') if w in r.roles), None)
            with self.subTest(path, who=who):
                if r.api:
                    needs = {'/api/v1/hour-purchases': '?customer_id=%d', '/api/v1/hour-banks': '?customer_id=%d&month=2026-09', '/api/v1/promises': '?customer_id=%d'}
                    query = needs[path] % self.us['ids']['customers'] if path in needs else ''
                    status, headers, text = self.ask('GET', path + query,
                                                     {'Authorization': 'Bearer ' + self.p.token})
                    self.assertEqual(headers['Content-Type'], 'application/json')
                else:
                    path += f"?customer={self.us['ids']['customers']}" if path == '/console/agreements/new' else ''
                    status, headers, text = self.ask('GET', path, {'Cookie': f'pedel={self.cookie[who]}'})
                refused = {'/login/link/{key}': 401, '/portal/probe/{key}': 404, '/login/passkey': 400,
                           '/profile/passkeys/{id}/remove': 404, '/console/settings/staff/{id}/passkeys/{id}/remove': 404}.get(r.pattern)      # it is the contact's
                self.assertIn(status, (refused,) if refused else (200, 303), text[:300])
                self.held(path, headers, text)
                seen += 1
        self.assertGreater(seen, 80)
        for path in ('/login', '/report', '/nothing-here', '/console/', '/s/nothing.js', '/s/', '/api/v1/nothing', '/portal/tasks/1'):
            with self.subTest(path):
                status, headers, text = self.ask('GET', path)
                self.held(path, headers, text)

        for head in (b'GET / HTTP/1.1\r\n\r\n', b'GET /%00 HTTP/1.1\r\nHost: x\r\n\r\n', b'BREW /api/v1/tickets HTTP/9.9\r\nHost: x\r\n\r\n',
                     b'POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n'):
            with self.subTest(head):                # what never became a request
                with socket.create_connection(('127.0.0.1', self.p.port), timeout=60) as s:
                    s.sendall(head)
                    answer = http.client.HTTPResponse(s)
                    answer.begin()
                    self.assertGreaterEqual(answer.status, 400)
                    self.held('/login', answer.headers, answer.read().decode())

    def test_6b_headers_of_every_kind_of_answer(self):
        """Not only what goes well: parts, nothing new, no body, redirects, refusals of every kind, and what broke."""
        mine, api = {'Cookie': f"pedel={self.cookie['admin']}"}, {'Authorization': 'Bearer ' + self.p.token}
        form = {**mine, 'Content-Type': 'application/x-www-form-urlencoded'}
        ids = self.us['ids']
        ticket = next(r for r in self.routes if r.pattern == '/console/tickets/{id}/files/{id}')
        attachment, customer = filled(ticket.pattern, [ids[k] for k in kinds_of(ticket.pattern)]), f"/console/customers/{ids['customers']}"
        page = self.ask('GET', '/login')[2]
        static = sorted(set(re.findall(r'/s/[^"#]+', page)) | {re.search(r'/s/[^"/]+/', page).group() + name for name in ('pedel.css', 'pedel.js')})
        self.assertGreater(len(static), 2)
        rows = []
        for path in static:
            status, headers, text = self.ask('GET', path)
            self.held(path, headers, text)
            self.assertEqual((status, headers['Cache-Control']), (200, 'public, max-age=31536000, immutable'), path)
            rows += [('HEAD', path, {}, None, 200), ('GET', path, {'If-None-Match': headers['ETag']}, None, 304), ('GET', path, {'Range': 'bytes=0-3'}, None, 206),
                     ('GET', path, {'Accept-Encoding': 'br, gzip'}, None, 200), ('GET', path, {'Range': 'bytes=99999999-'}, None, 416), ('POST', path, form, 'a=1', None)]
        word = urllib.parse.urlencode({'csrf': self.csrf['admin']})
        rows += [
            ('HEAD', '/login', {}, None, 200), ('HEAD', '/console/', mine, None, 200), ('HEAD', attachment, mine, None, 200), ('GET', attachment, {**mine, 'Range': 'bytes=0-1'}, None, 206),
            ('GET', attachment, {**mine, 'Range': 'bytes=999999-'}, None, 416), ('GET', attachment, {}, None, 303),
            ('GET', '/', {}, None, 303), ('GET', '/console', mine, None, 303), ('GET', '/console/', {}, None, 303), ('GET', '/console/', {'Cookie': 'pedel=' + 'A' * 43}, None, 303),
            ('GET', '/console/customers', {**mine, 'HX-Request': 'true', 'HX-Target': 'main'}, None, 200), ('GET', customer, {**mine, 'Accept-Encoding': 'gzip'}, None, 200),
            ('GET', '/nowhere', mine, None, 404), ('GET', '/console/customers/999999', mine, None, 404), ('GET', '/nowhere', {**mine, 'HX-Request': 'true'}, None, 404),
            ('DELETE', '/login', mine, None, 405), ('POST', '/console/', form, word, 405), ('GET', '/portal/', mine, None, 403), ('POST', '/profile', form, 'language=da', 403),
            ('POST', '/profile', {'Content-Type': 'application/x-www-form-urlencoded'}, 'language=da', 401), ('POST', '/profile', form, word + '&language=xx&theme=auto', 422),
            ('POST', '/profile', {**mine, 'Content-Type': 'text/plain'}, 'x', None), ('POST', '/profile', form, 'a' * (2 << 20), 413), ('POST', '/profile', form, word + '&language=da&theme=auto', 303),
            ('GET', '/api/v1/tickets', {}, None, 401), ('GET', '/api/v1/tickets', {'Authorization': 'Bearer x'}, None, 401), ('GET', '/api/v1/tickets?nonsense=1', api, None, 400),
            ('GET', '/api/v1/nowhere', api, None, 404), ('DELETE', '/api/v1/tickets', api, None, 405), ('POST', '/api/v1/tickets', {**api, 'Content-Type': 'application/json'}, '{', 400),
            ('POST', '/api/v1/tickets', {**api, 'Content-Type': 'text/plain'}, '{}', 415), ('POST', '/api/v1/tickets', {**api, 'Content-Type': 'application/json'}, '1' * (20 << 20), 413),
            ('OPTIONS', '/api/v1/tickets', {**api, 'Origin': 'https://evil.example'}, None, None)]
        for method, path, headers, body, status in rows:
            with self.subTest(f'{method} {path}', headers=headers):
                got, told, text = self.ask(method, path, headers, body)
                if status:
                    self.assertEqual(got, status, text[:300])
                self.held('' if got == 303 else path, told, text)
        for table, asks in (('signin_log', [('/profile', mine)]), ('api_token', [('/api/v1/tickets', api), ('/api/v1/services', api)])):
            self.p.sql(f'ALTER TABLE {table} RENAME TO {table}_away')
            try:
                for path, headers in asks:
                    with self.subTest(path):
                        got, told, text = self.ask('GET', path, headers)
                        self.assertEqual(got, 500, text[:300])
                        self.held(path, told, text)
                        self.assertNotIn(table, text, 'nothing of what is behind')
            finally:
                self.p.sql(f'ALTER TABLE {table}_away RENAME TO {table}')
        link = http.client.HTTPConnection('127.0.0.1', self.p.port, timeout=60, source_address=('127.9.9.9', 0))
        got = None
        for n in range(2000):                           # too many: as a page, and from the API
            link.request('GET', '/api/v1/tickets', headers={'Authorization': f'Bearer pdl_{n:043d}'})
            answer = link.getresponse()
            got, text = answer.status, answer.read().decode()
            if got == 429:
                self.held('/api/v1/tickets', answer.headers, text)
                self.assertEqual(answer.headers['Retry-After'], '30')
                break
        self.assertEqual(got, 429)
        for n in range(2000):
            form_word = '00' * 16 + 'ab' * 16
            link.request('POST', f'/login/link/{n:064x}', 'csrf=' + form_word, {'Content-Type': 'application/x-www-form-urlencoded', 'Cookie': 'pedel-form=' + 'ab' * 16})
            answer = link.getresponse()
            got, text = answer.status, answer.read().decode()
            if got == 429:
                self.held('/login', answer.headers, text)
                break
        self.assertEqual(got, 429)
        link.close()

    def held(self, path, headers, text):
        told = {k: v for k, v in headers.items()}
        for k, v in ALWAYS.items():
            self.assertEqual(told.get(k), v, k)
        kind = told.get('Content-Type', '')
        policy = MAIL_POLICY if '/html/' in path else FILE_POLICY if '/files/' in path else POLICY
        self.assertEqual(headers.get_all('Content-Security-Policy'), [policy])
        self.assertNotIn('Server', told)
        self.assertNotIn('X-Powered-By', told)
        if not path.startswith('/s/'):
            self.assertIn(told.get('Cache-Control'), ('no-store', 'private, no-cache'), 'what somebody may see is kept nowhere else')
        for cookie in headers.get_all('Set-Cookie') or []:
            self.assertRegex(cookie, r'^pedel(-form|-lang|-known)?=[\w-]*; Path=/; Max-Age=\d+; SameSite=Lax; HttpOnly$')
        if kind.startswith('text/html'):
            self.assertNotRegex(text, r'<script(?![^>]* src="/s/)[^>]*>|<style|\son\w+="|\sstyle="|javascript:')

    def test_7_over_tls(self):
        """Cookies that are bound to this host and never go in the clear, and browsers are told to stay with TLS."""
        with Pedel(start=False) as p:
            cert, key = certificate(p.folder)
            p.args = ['--tls-cert', cert, '--tls-key', key]
            p.start()
            jar, trust = {}, ssl.create_default_context(cafile=cert)

            def ask(method, path, fields=None, **more):
                link = http.client.HTTPSConnection('127.0.0.1', p.port, context=trust, timeout=60)
                send = {'Cookie': '; '.join(f'{k}={v}' for k, v in jar.items()), **more}
                if fields is not None:
                    send['Content-Type'] = 'application/x-www-form-urlencoded'
                link.request(method, path, None if fields is None else urllib.parse.urlencode(fields), send)
                answer = link.getresponse()
                text = answer.read().decode()
                link.close()
                self.assertEqual(answer.headers['Strict-Transport-Security'], 'max-age=31536000')
                for cookie in answer.headers.get_all('Set-Cookie') or []:
                    self.assertRegex(cookie, r'^__Host-pedel(-form|-known)?=[\w-]*; Path=/; Max-Age=\d+; SameSite=Lax; HttpOnly; Secure$')
                    name, value = cookie.split(';')[0].split('=')
                    jar[name] = value
                return answer.status, text
            word = re.search(r'name="csrf" value="([^"]*)"', ask('GET', '/login')[1]).group(1)
            status, _ = ask('POST', '/login', {'csrf': word, 'login': 'admin', 'password': p.password}, Origin=f'https://127.0.0.1:{p.port}')
            self.assertEqual(status, 303)
            self.assertEqual(set(jar), {'__Host-pedel', '__Host-pedel-form', '__Host-pedel-known'})
            self.assertEqual(ask('GET', '/console/')[0], 200)
            jar['pedel'] = jar.pop('__Host-pedel')      # a name that a neighbour of our domain could set
            self.assertEqual(ask('GET', '/console/')[0], 303)

@unittest.skipUnless(os.environ.get('PEDEL_TEST_PG'), 'no PostgreSQL')
class DoorsOnPostgres(Doors):
    pg = True


if __name__ == '__main__':
    sys.exit(unittest.main())
