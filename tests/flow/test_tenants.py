#!/usr/bin/env python3
"""Two customers in one house. Everybody of one customer walks every route with the other's ids and with ids that nobody has:
both must be told exactly the same, and nothing of the other may be in any answer, mail or file. On both databases."""
import os
import re
import shutil
import subprocess
import unittest
import urllib.request

from mailsink import MailSink
from pedel import ROOT, Pedel

SECRET = 'zebrakant'            # in every text the other customer has
NOBODYS = 98765432
ROUTE = re.compile(r'\{ "(GET|POST)", "(/[^"]*)", ((?:ROLE_\w+|[| ])+)')
OF_ROLE = {'ROLE_CUSTOMER': ('owner', 'approver', 'employee'), 'ROLE_DECIDES': ('owner', 'approver'), 'ROLE_OWNER': ('owner',)}
# They end the session that the walk needs, or are open to everybody and hold nobody's data.
APART = {'/logout', '/login', '/login/mail', '/login/link/{key}', '/report', '/profile/others', '/profile/password', '/profile', '/'}


def route_table():
    """Every (method, pattern, roles) of the pages, from their own tables."""
    text = ''.join(p.read_text(encoding='utf-8') for p in sorted((ROOT / 'src/pages').glob('*.c')))
    found = [m.groups() for m in ROUTE.finditer(text)]
    rows = len(re.findall(r'^\t\{ "[A-Z]+", "/', text, re.M))
    assert len(found) + len(re.findall(r'^\t\{ "(?:PATCH|PUT|DELETE)", "/', text, re.M)) == rows > 100, (len(found), rows)
    return [r for r in found if not r[1].startswith('/api/')]


class Tenants(unittest.TestCase):
    pg = False

    @classmethod
    def setUpClass(cls):
        cls.sink = MailSink()
        cls.addClassCleanup(cls.sink.__exit__, None, None, None)
        cls.p = Pedel(pg=cls.pg, smtp=cls.sink.address)
        cls.addClassCleanup(cls.p.__exit__, None, None, None)
        cls.routes = route_table()
        cls.desk = cls.p.browser().sign_in('admin', cls.p.password)
        cls.people = {'nobody': cls.p.browser()}
        cls.ours = cls.furnish(900, 'Alfahuset', 'alfa')
        for role, mail in cls.ours['mails'].items():
            cls.people[role] = cls.people.pop('alfa owner') if role == 'owner' else cls.by_link(mail)
        cls.theirs = cls.furnish(950, SECRET.capitalize(), SECRET)
        cls.before = cls.everything_of(cls.theirs)

    @classmethod
    def by_link(cls, mail):
        b = cls.p.browser().get('/login')
        b.submit('/login/mail', mail=mail)
        message = cls.sink.wait(lambda s, t, m: mail in t and '/login/link/' in m.get_body(('plain',)).get_content())
        link = re.search(r'(/login/link/[0-9a-f]+)', message.get_body(('plain',)).get_content()).group(1)
        b.get(link)
        b.submit(link)
        assert '/portal/' in b.url, b.url
        return b

    @classmethod
    def furnish(cls, seed, name, word):
        """A customer with one of everything; word is in every text of it. Its ids, by the word an address has before them."""
        p, desk = cls.p, cls.desk
        customer, owner, employee, agreement = p.customer(seed=seed, name=name, domain=f'{word}.example',
                                                          services=('support', 'service-agreement', 'webwork', 'backup'))
        c = customer['id']
        people = f'/api/v1/customers/{c}/contacts'
        for one, said in ((owner, 'owner'), (employee, 'employee')):
            p.ok('PATCH', f"{people}/{one['id']}", {'name': f'{said.capitalize()} {word.capitalize()}', 'email': f'{said}@{word}.example'})
        approver = p.ok('POST', people, {'name': f'Approver {word}', 'email': f'approver@{word}.example', 'role': 'approver'})
        ticket = p.ok('POST', '/api/v1/tickets', {'customer_id': c, 'contact_id': owner['id'], 'subject': f'Noget om {word}', 'body': f'Der er {word} i.',
                                                  'category': 'other'})
        p.ok('POST', f"/api/v1/tickets/{ticket['id']}/messages", {'body': f'Intern {word}', 'visibility': 'internal'})
        desk.get(f"/console/tickets/{ticket['number']}")
        desk.submit('/messages', body=f'Svar til {word}', kind='reply', files={'file': (f'{word}.txt', word.encode(), 'text/plain')})
        assert desk.status == 200, desk.text[:500]
        files = [f for m in p.ok('GET', f"/api/v1/tickets/{ticket['id']}/messages")['items'] for f in m['files']]
        entry = p.ok('POST', '/api/v1/time-entries', {'ticket_id': ticket['id'], 'activity': 'remote', 'started_at': '2026-09-01T08:00:00+02:00',
                                                      'minutes': 45, 'note': f'Arbejde for {word}'})
        desk.get(f'/console/customers/{c}/sites/new')
        desk.submit('/sites/new', name=f'Lager {word}', street=f'{word}vej 1', postcode='8000', city='Aarhus', drive_minutes=20)
        desk.get(f'/console/customers/{c}')
        site = int(re.search(rf'/console/customers/{c}/sites/(\d+)', desk.text).group(1))
        draft = p.ok('POST', '/api/v1/agreements', {'customer_id': c, 'valid_from': '2031-01-01', 'note': f'Kun for {word}', 'items': [{'service': 'hosting'}]})
        desk.get(f"/console/agreements/{draft['id']}")
        desk.submit('/send')                    # asks the deciders for an answer: a need
        need = cls.need_of(f'owner@{word}.example', word)
        return {'word': word, 'customer': customer, 'mails': {r: f'{r}@{word}.example' for r in ('owner', 'approver', 'employee')},
                'ids': {'customers': c, 'people': employee['id'], 'sites': site, 'tickets': ticket['number'], 'tasks': ticket['number'],
                        'files': files[0]['id'], 'agreements': draft['id'], 'agreement': draft['id'], 'needs': need, 'promises': c, 'time': entry['id']},
                'rows': {'ticket': ticket['id'], 'agreement': agreement['id'], 'contact': owner['id'], 'approver': approver['id']}}

    @classmethod
    def need_of(cls, mail, word):
        """The id of what the customer's own front page asks for."""
        b = cls.by_link(mail)
        cls.people[word + ' owner'] = b
        b.get('/portal/')
        return int(re.search(r'/portal/needs/(\d+)', b.text).group(1))

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
        words = re.findall(r'([\w-]+)/\{(\w+)\}|/\{(\w+)\}', pattern)
        holes = re.findall(r'\{(\w+)\}', pattern)
        ids = [i for i, h in enumerate(holes) if h == 'id']
        masks = [m for m in range(1, 1 << len(ids))] if ids else [0]
        for mask in masks:
            path, n = pattern, 0
            for i, hole in enumerate(holes):
                before = re.search(r'([\w-]+)/$', path[:path.index('{')]).group(1)
                if hole == 'id':
                    whose = them if mask >> n & 1 else self.ours['ids']
                    value = whose.get(before, 1) if isinstance(whose, dict) else whose
                    n += 1
                else:
                    value = '2026-09' if hole == 'month' else 'backup.safe' if 'promises' in path else 'support'
                path = path.replace('{%s}' % hole, str(value), 1)
            yield path, mask
        self.assertTrue(words or not holes)

    def fields(self, them, rows):
        """A form that points at them in every way a form of ours can."""
        one = them.get if isinstance(them, dict) else lambda key: them
        row = rows.get if isinstance(rows, dict) else lambda key: rows
        return {'customer': one('customers'), 'customer_id': one('customers'), 'contact': one('people'), 'contact_id': one('people'),
                'ticket': one('tickets'), 'ticket_id': row('ticket'), 'into': one('tickets'), 'to': one('tickets'), 'agreement': one('agreements'),
                'site': one('sites'), 'owner': row('contact'), 'id': one('tickets'), 'version': 1, 'body': 'x', 'text': 'x', 'state': 'solved',
                'score': 3, 'answer': 'yes', 'name': 'Anders', 'read': 1, 'role': 'owner', 'email': 'anders@alfa.example', 'reason': 'x', 'do': 'save'}

    def ask(self, who, method, path, them, rows, headers=None):
        """(status, where to, what it says) with everything taken out that differs between two equal answers."""
        b = self.people[who]
        fields = self.fields(them, rows)
        opener, b.opener = b.opener, self.still(b)
        try:
            if method == 'GET':
                query = '&'.join(f'{k}={v}' for k, v in fields.items() if k in ('customer', 'customer_id', 'contact', 'ticket', 'agreement', 'id', 'version'))
                b.get(path + '?' + query, headers)
            else:
                b.post(path, {**fields, 'csrf': self.csrf.get(who, '')}, headers)
        finally:
            b.opener = opener
        to = b.headers.get('Location', '') or b.headers.get('HX-Redirect', '')
        self.clean(b.bytes, b.headers, f'{method} {path} as {who}')
        text = b.text
        text, to = text.replace(path, 'PATH'), to.replace(path.replace('/', '%2F'), 'PATH').replace(path, 'PATH')
        if method == 'GET':
            to = re.sub(r'PATH%3F.*', 'PATH', to)
        text = re.sub(r'/CreationDate \([^)]*\)', '', text)
        text = re.sub(r'name="csrf" value="[^"]*"|content="[0-9a-f]{32,}"|\b\d\d[.:]\d\d\b', '', text)
        return b.status, to, text

    @staticmethod
    def may(who, roles):
        return any(who in OF_ROLE.get(r.strip(), ()) for r in roles.split('|'))

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
        for method, pattern, roles in self.routes:
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
            for method, pattern, roles in self.routes:
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
                        self.assertEqual(got[:2], want[:2])
                        self.assertEqual(got[2], want[2])
                        if mask:
                            shut = 303 if method == 'GET' else 401
                            self.assertEqual(got[0], shut if who == 'nobody' else 404 if self.may(who, roles) else 403, got[2][:300])
                        walked += 1
        self.assertGreater(walked, 400)

    def test_2b_nor_for_a_page_that_asks_for_a_part(self):
        for method, pattern, roles in self.routes:
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
        for method, pattern, roles in self.routes:
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
            self.assertEqual(b.status, 422)
            self.assertIn('id="e-email"', b.text)
            told.append(re.sub(r'name="csrf" value="[^"]*"', '', b.text.replace(mail, 'MAIL')))
        self.assertEqual(told[0], told[1])

    def test_5_what_we_see_at_the_end_holds_nothing_of_theirs(self):
        for who in ('owner', 'approver', 'employee'):
            b = self.people[who]
            seen, todo = set(), ['/portal/', '/profile']
            while todo:
                path = todo.pop()
                if path in seen or re.search(r'/hours/(?!2026-)', path):
                    continue                # the months before go on for ever
                seen.add(path)
                b.get(path)
                self.assertIn(b.status, (200, 404), path)
                self.clean(b.bytes, b.headers, f'{path} as {who}')
                if b.headers.get('Content-Type', '').startswith('text/html'):
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
