#!/usr/bin/env python3
"""People at the desk and in the portal, without JavaScript: what the pages offer can be done."""
import http.client
import re
import unittest
import urllib.parse
import urllib.request

from pedel import Form, Pedel


class People(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.p = Pedel()
        cls.addClassCleanup(cls.p.__exit__, None, None, None)
        cls.customer, cls.owner, cls.employee, cls.agreement = cls.p.customer()
        cls.staff = cls.p.browser().sign_in('admin', cls.p.password)

    def ticket(self, subject):
        return self.p.ok('POST', '/api/v1/tickets', {'customer_id': self.customer['id'], 'contact_id': self.employee['id'], 'subject': subject, 'body': 'x'})

    def test_a_ticket_is_taken_from_the_first_page(self):
        made = self.ticket('Ingen har den')
        b = self.staff.get('/console/')
        self.assertEqual(b.status, 200)
        me = re.search(r'name="owner_id" value="(\d+)"', b.text).group(1)
        b.submit(f"/console/tickets/{made['number']}/change", owner_id=me)
        self.assertEqual(b.status, 200, b.text[:500])
        self.assertTrue(self.p.ok('GET', f"/api/v1/tickets/{made['id']}")['owner_id'])

    def test_words_without_a_kind_reach_nobody(self):
        made = self.ticket('Til hvem')
        b = self.staff.get(f"/console/tickets/{made['number']}")
        form = b.form(f"/console/tickets/{made['number']}/messages")
        for kind in ('', 'zzz'):
            b.post(f"/console/tickets/{made['number']}/messages", {**form, 'kind': kind, 'body': 'hemmeligt'})
            self.assertEqual(b.status, 400)
        got = self.p.ok('GET', f"/api/v1/tickets/{made['id']}/messages")
        self.assertNotIn('hemmeligt', str(got))

    def wrong(self):
        """(the fields of the summary with the names it gives them, the fields that say it themselves); each link of the summary leads to a field."""
        text = self.staff.text
        summary = re.search(r'id="errors">.*?</ul>', text, re.S).group()
        named = dict(re.findall(r'<a href="#f-([\w.-]+)">([^<]*)', summary))
        for field in named:
            self.assertIn(f'id="f-{field}"', text)
        return named, set(re.findall(r'class="err" id="e-([\w.-]+)"', text))

    def test_the_desk_may_have_a_name_and_take_a_whole_domain(self):
        b = self.staff.get('/console/settings')
        before = b.form('/console/settings')
        for wrong in ({'desk_from': 'Support <desk'}, {'desk_from': '<>'}, {'desk_from': 'a, b <desk@msp.example>'}, {'desk_from': 'S <d@msp.example> x'},
                      {'mail_addresses': '@'}, {'mail_addresses': '@msp'}, {'mail_addresses': 'desk@msp.example @'}):
            b.get('/console/settings').submit('/console/settings', **wrong)
            self.assertEqual(b.status, 422, wrong)
        b.get('/console/settings').submit('/console/settings', desk_from='Fjordkant Support <Desk@MSP.example>', mail_addresses='@MSP.example, help@other.example',
                                             known=self.p.password)
        self.assertEqual(b.status, 200)
        now = b.get('/console/settings').form('/console/settings')
        self.assertEqual((now['desk_from'], now['mail_addresses']), ('Fjordkant Support <desk@msp.example>', '@msp.example help@other.example'))
        b.get('/console/customers/new').submit('/console/customers/new', name='Vores eget', mail_domains='msp.example')
        self.assertIn(b.status, (400, 422))
        b.get('/console/settings').submit('/console/settings', **{k: v for k, v in before.items() if k in ('desk_from', 'mail_addresses')}, known=self.p.password)
        self.assertEqual(b.status, 200)

    def test_what_somebody_else_did_is_a_conflict_on_pages_too(self):
        """409 as in the API, with what was typed still there; what is wrong by itself is 422, also when both are."""
        here = f"/console/customers/{self.customer['id']}"
        other = self.p.customer(seed=771, name='Den anden', domain='anden.example')[0]
        me, you = self.staff, self.p.browser().sign_in('admin', self.p.password)
        for path in (here + '/edit', here + f"/people/{self.employee['id']}", '/console/settings/staff/1'):
            for b, phone in ((me, '11111111'), (you, '22222222')):
                self.assertEqual(b.get(path).status, 200)
            me.submit(path, phone='11111111')
            self.assertEqual(me.status, 200)
            you.submit(path, phone='22222222')
            self.assertEqual((you.status, 'En anden har ændret' in you.text, '22222222' in you.text), (409, True, True), path)
            you.get(path)
            you.submit(path, phone='22222222')
            self.assertEqual(you.status, 200, path)
        rows = [('/console/customers/new', {'name': 'Igen', 'cvr': other['cvr']}, 409), ('/console/customers/new', {'name': '', 'cvr': other['cvr']}, 422),
                ('/console/customers/new', {'name': 'Igen', 'cvr': '10000025', 'mail_domains': 'anden.example'}, 409),
                (here + '/people/new', {'name': 'Nina', 'email': self.employee['email']}, 409),
                (here + '/people/new', {'name': 'Nina', 'email': 'nina'}, 422),
                ('/console/settings/staff/new', {'login': 'admin', 'name': 'Ny', 'password': 'en god lang sætning', 'known': self.p.password}, 409),
                ('/console/settings/staff/1', {'role': 'technician', 'known': self.p.password}, 409)]
        for path, fields, status in rows:
            with self.subTest(path=path, fields=fields):
                me.get(path)
                me.submit(path, **fields)
                self.assertEqual((me.status, 'id="errors"' in me.text), (status, True))

    def test_a_domain_beyond_ascii_is_shown_as_people_write_it(self):
        b = self.staff.get('/console/customers/new')
        b.submit('/console/customers/new', name='Østersøfiskerne', cvr='10000025', mail_domains='østersøn.dk')
        at = re.search(r'/console/customers/\d+', b.url).group()
        b.get(at + '/people/new').submit('/people/new', name='Bjørn Fisker', email='bjørn@østersøn.dk', role='employee')
        pages = [at, at + '/edit', at + '/people', '/console/customers']
        rows = self.p.sql("SELECT id, email FROM contact WHERE name='Bjørn Fisker'")
        self.assertEqual(rows[0][1], 'bjørn@xn--stersn-9xaf.dk')                 # stored as DNS has it, and told so by the API
        made = self.p.ok('POST', '/api/v1/tickets', {'customer_id': int(at.split('/')[-1]), 'contact_id': int(rows[0][0]), 'subject': 'Net', 'body': 'x'})
        form = self.p.browser().get('/report')
        form.submit('/report', name='Inga', email='inga@østersøn.dk', text='Ukendt afsender')
        pages += [f"/console/tickets/{made['number']}", '/console/tickets/' + re.search(r'nummer (\d+)', form.text).group(1)]
        for path in pages:
            with self.subTest(path=path):
                seen = re.sub(r'<input[^>]*>', '', self.staff.get(path).text)
                self.assertIn('østersøn.dk', seen)
                self.assertNotIn('xn--', seen)
        self.assertEqual(self.p.sql("SELECT recipient, body LIKE '%bjørn@østersøn.dk.%' FROM outbox WHERE kind='welcome' AND recipient LIKE 'bj%'"),
                         [('bjørn@xn--stersn-9xaf.dk', '1')])

    def test_everything_that_is_wrong_is_said_at_once(self):
        here = f"/console/customers/{self.customer['id']}"
        bad = [('/console/customers/new', {'name': '', 'cvr': '123', 'gln': '5', 'phone': 'abc', 'mail_domains': 'gmail.com', 'note': 'x' * 4001},
                {'name', 'cvr', 'gln', 'phone', 'mail_domains', 'note'}),
               (here + '/edit', {'name': '', 'cvr': '12345678', 'mail_domains': 'ikke et domæne'}, {'name', 'cvr', 'mail_domains'}),
               (here + '/people/new', {'name': '', 'email': 'karen', 'phone': 'abc'}, {'name', 'email', 'phone'}),
               (here + '/sites/new', {'name': '', 'street': 'x' * 121, 'postcode': '12345678901', 'drive_minutes': 'længe'}, {'name', 'street', 'postcode', 'drive_minutes'}),
               ('/console/settings/staff/new', {'login': 'A B', 'name': '', 'email': 'x', 'phone': 'abc', 'password': 'kort'},
                {'login', 'name', 'email', 'phone', 'password', 'known'}),
               ('/console/settings/staff/1', {'name': '', 'email': 'x'}, {'name', 'email', 'known'}),
               ('/console/settings', {'cvr': '1', 'mail_smtp': 'x', 'close_days': 'syv'}, {'cvr', 'mail_smtp', 'close_days', 'known'}),
               (here + '/purchases', {'hours': 'mange', 'price_ore': 'x', 'expires_on': 'aldrig'}, {'hours', 'price_ore', 'expires_on'}),
               ('/console/answers', {'name': '', 'body_da': ''}, {'name', 'body_da'})]
        for path, fields, wanted in bad:
            with self.subTest(path=path):
                b = self.staff.get(path)
                b.submit(path, **fields)
                self.assertIn(b.status, (400, 422))
                named, said = self.wrong()
                self.assertEqual((set(named), said), (wanted, wanted))
                self.assertEqual([f for f, name in named.items() if not re.match(r'[^:?]+[:?] ', name)], [])
                for field, typed in fields.items():
                    if typed and field != 'password':
                        self.assertIn(typed, b.text)

    def test_the_reply_form_names_its_fields(self):
        made = self.ticket('Svar')
        at = f"/console/tickets/{made['number']}"
        for fields, field, name in [({'body': ''}, 'body', 'Besked'), ({'body': 'ord', 'minutes': 'en time'}, 'minutes', 'Tid i timer og minutter'),
                                    ({'body': 'ord', 'minutes': '0:10', 'activity': 'golf'}, 'activity', 'Slags arbejde'),
                                    ({'body': 'ord', 'minutes': '0:10', 'drive_out_minutes': 'x'}, 'drive_out_minutes', 'Kørsel ud'),
                                    ({'body': 'ord', 'then': 'golf'}, 'then', 'Status efter svar')]:
            with self.subTest(field=field):
                b = self.staff.get(at)
                b.submit(at + '/messages', **fields)
                self.assertEqual(b.status, 400)
                named, said = self.wrong()
                self.assertEqual((list(named), said), ([field], {field}))
                self.assertTrue(named[field].startswith(name + ': '), named)
                self.assertIn(f"\n{fields['body']}</textarea>", b.text)
                self.assertEqual(bool(re.search('<details class="more" +open', b.text)), field.startswith('drive'))

    def test_more_files_than_go_with_a_message(self):
        made = self.ticket('Filer')
        karen = self.p.browser().get('/login').submit('/login/mail', mail=self.employee['email'])
        link = re.search(r'/login/link/[0-9a-f]{64}', self.p.sql("SELECT body FROM outbox WHERE kind='signin' ORDER BY id DESC LIMIT 1")[0][0]).group()
        karen.get(link).submit(link)
        for b, page, action, words in [(self.staff, '/console/tickets/new', '/console/tickets', {'subject': 'Mange', 'body': 'Se filerne'}),
                                       (self.staff, f"/console/tickets/{made['number']}", '/messages', {'body': 'Se filerne'}),
                                       (karen, '/portal/tasks/new', '/portal/tasks', {'text': 'Se filerne'})]:
            with self.subTest(page=page):
                b.get(page)
                edge, form = 'kant', {**b.form(action), **words}
                body = ''.join(f'--{edge}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in form.items() if not isinstance(v, tuple))
                body += ''.join(f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{i}.txt"\r\n\r\nx\r\n' for i in range(25))
                full = next(f['action'] for f in Form(b.text).forms if f['action'].split('?')[0].endswith(action)) or page
                b._open(urllib.request.Request(urllib.parse.urljoin(b.url, full), (body + f'--{edge}--\r\n').encode(),
                                               {'Origin': self.p.base, 'Content-Type': f'multipart/form-data; boundary={edge}', 'Accept-Language': 'da'}))
                self.assertEqual(b.status, 400)
                self.assertIn('Der kan højst være 20 filer', b.text)
                self.assertIn('Se filerne', b.text)

    def test_a_body_that_is_refused_unread(self):
        for lang, words in (('da', 'Tryk på Tilbage i browseren'), ('en', 'Press Back in the browser')):
            door = http.client.HTTPConnection('127.0.0.1', self.p.port, timeout=60)
            door.putrequest('POST', '/portal/tasks')
            for name, value in (('Content-Length', str(80 << 20)), ('Content-Type', 'multipart/form-data; boundary=x'), ('Accept-Language', lang)):
                door.putheader(name, value)
            door.endheaders()
            answer = door.getresponse()
            page = answer.read().decode()
            door.close()
            self.assertEqual(answer.status, 413)
            self.assertIn(words, page)
            self.assertIn('64 MB', page)

    def test_what_is_no_object(self):
        for body in (b'[]', b'null', b'"x"', b'7', b'true', b'[{"name":"x"}]', b''):
            status, got = self.p.api('POST', '/api/v1/customers', raw=body, headers={'Content-Type': 'application/json'})
            self.assertEqual((status, got['error']['id']), (400, 'JSON_OBJECT'), body)
            self.assertIn('one JSON object', got['error']['message'])

    def test_every_form_on_the_pages_leads_somewhere(self):
        made = self.ticket('Alle knapper')
        pages = ['/console/', '/console/tickets', '/console/tickets/new', f"/console/tickets/{made['number']}", '/console/customers',
                 f"/console/customers/{self.customer['id']}", f"/console/customers/{self.customer['id']}/edit", f"/console/agreements/{self.agreement['id']}",
                 '/console/agreements', '/console/catalogue', '/console/promises', f"/console/promises/{self.customer['id']}/support.help", '/console/time',
                 '/console/billing/2026-10', '/console/settings', '/profile', '/console/find?q=x', '/console/answers']
        seen = set()
        for page in pages:
            b = self.staff.get(page)
            self.assertEqual(b.status, 200, page)
            for form in Form(b.text).forms:
                action = form['action'] or page
                if form['method'] == 'POST' and action not in seen and not action.endswith('/logout'):
                    seen.add(action)
                    b.post(action, {'nothing': '1'}, headers={'Origin': 'https://other.example'})
                    self.assertEqual(b.status, 403, f'{action} on {page}')
                elif form['method'] == 'GET' and action not in seen:
                    seen.add(action)
                    self.assertEqual(b.get(action).status, 200, f'{action} on {page}')
        self.assertGreater(len(seen), 15)


if __name__ == '__main__':
    unittest.main()
