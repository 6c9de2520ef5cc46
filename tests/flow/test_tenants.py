#!/usr/bin/env python3
"""Two customers in one house. Everybody of one customer walks every route with the other's ids and with ids that nobody has:
both must be told exactly the same, and nothing of the other may be in any answer, mail or file. On both databases."""
import json
import os
import re
import shutil
import subprocess
import unittest
import urllib.request

from furnished import NOBODYS, House, filled, kinds_of

SECRET = 'zebrakant'            # in every text the other customer has
# They end the session that the walk needs, or are open to everybody and hold nobody's data.
APART = {'/logout', '/login', '/login/mail', '/login/link/{key}', '/login/passkey', '/report', '/profile/others', '/profile/password', '/profile', '/', '/api/v1/openapi.json'}


class Tenants(House, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.open()
        cls.ours = cls.furnish(900, 'Alfahuset', 'alfa')
        for role, mail in cls.ours['mails'].items():
            cls.people[role] = cls.people.pop('alfa owner') if role == 'owner' else cls.by_link(mail)
        cls.theirs = cls.furnish(950, SECRET.capitalize(), SECRET)
        cls.before = cls.everything_of(cls.theirs)

    @classmethod
    def everything_of(cls, them):
        """All that the API tells of a customer; promises without when they were measured."""
        p, c, t = cls.p, them['customer']['id'], them['rows']['ticket']
        return [p.ok('GET', f'/api/v1/customers/{c}'), p.ok('GET', f'/api/v1/customers/{c}/contacts'), p.ok('GET', f'/api/v1/tickets?customer_id={c}'),
                p.ok('GET', f'/api/v1/tickets/{t}/messages'), p.ok('GET', f'/api/v1/agreements?customer_id={c}'),
                p.ok('GET', f'/api/v1/time-entries?customer_id={c}'), p.ok('GET', f'/api/v1/hour-banks?customer_id={c}&month=2026-09')]

    # --- one route, asked with somebody's ids

    def paths(self, pattern, them):
        """The addresses of a pattern with them's ids in every place, and with ours in some: [(address, places that are them's)]."""
        kinds = kinds_of(pattern)
        for mask in range(1, 1 << len(kinds)) if kinds else [0]:
            whose = [them if mask >> i & 1 else self.ours['ids'] for i in range(len(kinds))]
            yield filled(pattern, [w[k] if isinstance(w, dict) else w for w, k in zip(whose, kinds)]), mask

    def fields(self, them, rows):
        """A form that points at them in every way a form of ours can."""
        one = them.get if isinstance(them, dict) else lambda key: them
        row = rows.get if isinstance(rows, dict) else lambda key: rows
        return {'customer': one('customers'), 'customer_id': one('customers'), 'contact': one('people'), 'contact_id': one('people'),
                'ticket': one('tickets'), 'ticket_id': row('ticket'), 'into': one('tickets'), 'to': one('tickets'), 'agreement': one('agreements'),
                'site': one('sites'), 'owner': row('contact'), 'id': one('tickets'), 'version': 1, 'body': 'x', 'text': 'x', 'state': 'solved',
                'score': 3, 'answer': 'yes', 'name': 'Anders', 'read': 1, 'role': 'owner', 'email': 'anders@alfa.example', 'reason': 'x', 'do': 'save'}

    def ask(self, who, method, path, them, rows, headers=None):
        """(status, where to, what it says, headers) with everything taken out that differs between two equal answers."""
        b = self.people[who]
        fields = self.fields(them, rows)
        opener, b.opener = b.opener, self.still(b)
        try:
            if method == 'GET':
                query = '&'.join(f'{k}={v}' for k, v in fields.items() if k in ('customer', 'customer_id', 'contact', 'ticket', 'agreement', 'id', 'version'))
                b.get(path + '?' + query, headers)
            elif path.startswith('/api/'):
                b._open(urllib.request.Request(self.p.base + path, json.dumps(fields).encode(), {'Content-Type': 'application/json'}, method=method))
            else:
                b.post(path, {**fields, 'csrf': self.csrf.get(who, '')}, headers)
        finally:
            b.opener = opener
        self.clean(b.bytes, b.headers, f'{method} {path} as {who}')

        def plain(text):
            text = text.replace(path, 'PATH').replace(path.replace('/', '%2F'), 'PATH')
            text = re.sub(r'/CreationDate \([^)]*\)', '', text)
            return re.sub(r'name="csrf" value="[^"]*"|content="[0-9a-f]{32,}"|\b\d\d[.:]\d\d\b', '', text)
        to = plain(b.headers.get('Location', '') or b.headers.get('HX-Redirect', ''))
        if method == 'GET':
            to = re.sub(r'PATH%3F.*', 'PATH', to)
        told = sorted((k, re.sub(r'[0-9a-f]{32,}', 'HEX', v)) for k, v in b.headers.items() if k not in ('Date', 'Content-Length', 'Location', 'HX-Redirect'))
        return b.status, to, plain(b.text), told

    @staticmethod
    def still(b):
        """b's cookies without following where an answer sends it."""
        class Stay(urllib.request.HTTPRedirectHandler):
            def redirect_request(self, *_):
                return None
        return urllib.request.build_opener(urllib.request.HTTPCookieProcessor(b.jar), Stay())

    def clean(self, body, headers, where):
        """Nothing of the other customer is in it."""
        if headers.get('Content-Type', '').startswith('application/pdf') and shutil.which('pdftotext'):
            body = subprocess.run(['pdftotext', '-layout', '-', '-'], input=body, capture_output=True, check=True).stdout
        self.assertNotIn(SECRET.encode(), body.lower(), where)
        for value in headers.values():
            self.assertNotIn(SECRET, value.lower(), where)

    @property
    def csrf(self):
        if '_csrf' not in type(self).__dict__:
            type(self)._csrf = {who: re.search(r'name="csrf" value="([^"]*)"', b.get('/profile').text).group(1)
                             for who, b in self.people.items() if who in ('owner', 'approver', 'employee')}
        return type(self)._csrf

    # --- the tests

    def test_1_ours_is_open_to_our_owner(self):
        """Or the rest would pass on a house where every door is shut."""
        b = self.people['owner']
        for method, pattern, roles, api in self.routes:
            if method != 'GET' or not pattern.startswith('/portal') or 'probe' in pattern:
                continue
            for path, mask in self.paths(pattern, self.ours['ids']):
                with self.subTest(path):
                    b.get(path)
                    self.assertEqual(b.status, 200, b.text[:300])
                    self.clean(b.bytes, b.headers, path)
        self.assertIn('alfa', b.get(f"/portal/tasks/{self.ours['ids']['tasks']}").text)

    def test_2_theirs_is_as_if_it_were_not(self):
        walked = 0
        for who in ('nobody', 'owner', 'approver', 'employee'):
            for method, pattern, roles, api in self.routes:
                if pattern in APART:
                    continue
                theirs = list(self.paths(pattern, self.theirs['ids']))
                nobodys = list(self.paths(pattern, NOBODYS))
                for (path, mask), (other, _) in zip(theirs, nobodys):
                    with self.subTest(f'{method} {path}', who=who):
                        got = self.ask(who, method, path, self.theirs['ids'], self.theirs['rows'])
                        if method == 'POST' and not mask and got[0] in (200, 303):
                            continue            # has made something of ours; what it made is looked at below
                        want = self.ask(who, method, other, NOBODYS, NOBODYS)
                        for _ in range(5 if method == 'GET' else 0):        # a promise of ours may be judged anew between the two
                            if got == want or (again := self.ask(who, method, path, self.theirs['ids'], self.theirs['rows'])) == got:
                                break
                            got, want = again, self.ask(who, method, other, NOBODYS, NOBODYS)
                        self.assertEqual(got[:2], want[:2])
                        self.assertEqual(got[2], want[2])
                        self.assertEqual(got[3], want[3])
                        if api:                     # a session opens no API
                            self.assertEqual(got[0], 401)
                        elif mask:
                            shut = 303 if method == 'GET' else 401
                            self.assertEqual(got[0], shut if who == 'nobody' else 404 if who in roles else 403, got[2][:300])
                        walked += 1
        self.assertGreater(walked, 4 * len(self.routes))

    def test_2b_nor_for_a_page_that_asks_for_a_part(self):
        for method, pattern, roles, api in self.routes:
            if '{id}' not in pattern or not pattern.startswith('/portal'):
                continue
            for target in ('main', 'list', 'more', 'm1'):
                part = {'HX-Request': 'true', 'HX-Target': target}
                for (path, mask), (other, _) in zip(self.paths(pattern, self.theirs['ids']), self.paths(pattern, NOBODYS)):
                    with self.subTest(f'{method} {path}', target=target):
                        got = self.ask('owner', method, path, self.theirs['ids'], self.theirs['rows'], part)
                        self.assertEqual(got, self.ask('owner', method, other, NOBODYS, NOBODYS, part))
                        self.assertEqual(got[0], 404)

    def test_3_an_employee_sees_only_their_own(self):
        number, file = self.ours['ids']['tasks'], self.ours['ids']['files']         # the owner's
        for method, pattern, roles, api in self.routes:
            if pattern.startswith('/portal/tasks/{id}'):
                with self.subTest(f'{method} {pattern}'):
                    fill = lambda t, f: pattern.replace('{id}', str(t), 1).replace('{id}', str(f), 1)
                    got = self.ask('employee', method, fill(number, file), NOBODYS, NOBODYS)
                    self.assertEqual(got, self.ask('employee', method, fill(NOBODYS, NOBODYS), NOBODYS, NOBODYS))
                    self.assertEqual(got[0], 404)

    def test_4_a_mail_address_of_theirs_is_not_told_from_one_of_ours(self):
        """An address belongs to one person in the house. That it is taken is told; by whom, or where, is not."""
        b, told = self.people['owner'], []
        for mail in (self.theirs['mails']['employee'], self.ours['mails']['employee']):
            b.get('/portal/people/new')
            b.submit('/portal/people/new', name='Prøve', email=mail, role='employee')
            self.assertEqual(b.status, 409)
            self.assertIn('id="e-email"', b.text)
            told.append(re.sub(r'name="csrf" value="[^"]*"', '', b.text.replace(mail, 'MAIL')))
        self.assertEqual(told[0], told[1])

    def test_5_what_we_see_at_the_end_holds_nothing_of_theirs(self):
        for who in ('owner', 'approver', 'employee'):
            b = self.people[who]
            seen, todo = set(), ['/portal/', '/profile']
            while todo:
                path = todo.pop()
                if path in seen:
                    continue
                seen.add(path)
                b.get(path)
                self.assertIn(b.status, (200, 404), path)
                self.clean(b.bytes, b.headers, f'{path} as {who}')
                if b.headers.get('Content-Type', '').startswith('text/html'):
                    self.assertNotRegex(b.text, r'<ul[^>]*>\s*</ul>', f'an empty list on {path} as {who}')
                    todo += [h for h in re.findall(r'href="(/(?:portal|profile|console)[^"#?]*)', b.text)]
            self.assertGreater(len(seen), 8, seen)
            self.assertFalse([p for p in seen if p.startswith('/console')], 'links that lead to a closed door')
        self.assertIn(f"/portal/tasks/{self.ours['ids']['tasks']}", self.people['owner'].get('/portal/tasks').text)
        for sender, to, message in self.sink.parsed():
            if not any(SECRET in t for t in to):
                self.assertNotIn(SECRET, message.as_string().lower(), (to, message['Subject']))

    def test_5b_the_desk_cannot_mix_two_customers(self):
        """A slip of the pen at the desk, or in a program, does not let one customer's person into the other's house."""
        ours, contact = self.ours, self.theirs['rows']['contact']
        c, t = ours['customer']['id'], ours['rows']['ticket']
        draft = self.p.ok('POST', '/api/v1/agreements', {'customer_id': c, 'valid_from': '2035-01-01', 'items': [{'service': 'hosting'}]})
        for method, path, body, field in [
                ('POST', '/api/v1/tickets', {'customer_id': c, 'contact_id': contact, 'subject': 's', 'body': 'b'}, 'contact_id'),
                ('PATCH', f'/api/v1/tickets/{t}', {'contact_id': contact}, 'contact_id'),
                ('POST', f"/api/v1/agreements/{draft['id']}/accept", {'contact_id': contact}, None),
                ('GET', f'/api/v1/customers/{c}/contacts/{contact}', None, None),
                ('PATCH', f'/api/v1/customers/{c}/contacts/{contact}', {'name': 'x'}, None)]:
            with self.subTest(f'{method} {path}'):
                status, got = self.p.api(method, path, body)
                none = self.p.api(method, path.replace(f'contacts/{contact}', f'contacts/{NOBODYS}'),
                                  {k: NOBODYS if v == contact else v for k, v in body.items()} if body else None)
                self.assertIn(status, (400, 403, 404, 409), got)
                self.assertEqual((status, got), none, 'not told from a person nobody has')
                if field:
                    self.assertEqual(got['error']['field'], field)
        number = ours['ids']['tickets']
        self.desk.get(f'/console/tickets/{number}')
        self.desk.submit('/merge', into=self.theirs['ids']['tickets'])
        self.assertIn(self.desk.status, (400, 404, 409, 422), self.desk.url)
        self.assertNotIn('merged_into', self.p.ok('GET', f'/api/v1/tickets/{t}'))

    def test_6_theirs_is_as_it_was(self):
        self.assertEqual(self.everything_of(self.theirs), self.before)
        b = self.people[SECRET + ' owner']
        for path in ('/portal/', f"/portal/needs/{self.theirs['ids']['needs']}", f"/portal/tasks/{self.theirs['ids']['tasks']}"):
            self.assertEqual(b.get(path).status, 200)
            self.assertIn(SECRET, b.text.lower(), path)
        self.assertIn(f"/portal/needs/{self.theirs['ids']['needs']}", b.get('/portal/').text, 'somebody has answered for them')


@unittest.skipUnless(os.environ.get('PEDEL_TEST_PG'), 'no PostgreSQL')
class TenantsOnPostgres(Tenants):
    pg = True


if __name__ == '__main__':
    unittest.main()
