#!/usr/bin/env python3
"""The console's ticket page: undo, neighbours in the list, the first unread message, a mail as HTML."""
import email.message
import re
import unittest

from pedel import Pedel, wait_until

DESK = 'support@desk.example'
PIXEL = bytes.fromhex('89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082')


class Console(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.p = Pedel().__enter__()
        cls.customer, cls.owner, cls.employee, _ = cls.p.customer(seed=900)
        cls.p.cli('admin', 'add', '--data', cls.p.data, '--login', 'jonas', '--name', 'Jonas Kjær', '--password-stdin', stdin=cls.p.password + '\n')
        cls.jonas = cls.p.cli('token', 'add', '--data', cls.p.data, '--login', 'jonas', '--name', 'flow').strip()
        cls.me = cls.p.browser().sign_in('admin', cls.p.password)

    @classmethod
    def tearDownClass(cls):
        cls.p.__exit__(None, None, None)

    def ticket(self, subject):
        return self.p.ok('POST', '/api/v1/tickets', {'customer_id': self.customer['id'], 'contact_id': self.employee['id'], 'subject': subject, 'body': 'x'})

    def row(self, number):
        return next(t for t in self.p.ok('GET', '/api/v1/tickets')['items'] if t['number'] == number)

    def test_a_change_is_put_back_by_its_version(self):
        number = self.ticket('Fortrydes')['number']
        self.me.get(f'/console/tickets/{number}')
        form = self.me.form(f'/{number}/change')
        self.me.post(f'/console/tickets/{number}/change', {'csrf': form['csrf'], 'version': form['version'], 'state': 'solved'})
        self.assertEqual(self.row(number)['state'], 'solved')
        undo = re.search(r'<form class="undo".*?</form>', self.me.text, re.S).group(0)
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', undo))
        self.assertEqual(fields['state'], 'new')
        told = f"SELECT count(*) FROM outbox o JOIN ticket t ON t.id=o.ticket_id WHERE t.number={number} AND o.kind='solved'"
        self.assertEqual(self.p.sql(told)[0][0], '1')
        self.me.post(f'/console/tickets/{number}/change', fields)
        self.assertEqual(self.row(number)['state'], 'new')
        self.assertEqual(self.p.sql(told)[0][0], '0', 'the customer is told of nothing that was taken back')
        self.assertNotIn('class="undo"', self.me.text)

    def test_a_form_that_is_sent_twice_says_it_once(self):
        t = self.ticket('To gange')
        at = f"/console/tickets/{t['number']}"
        for kind, more in (('reply', {'minutes': '0:30'}), ('note', {})):
            self.me.get(at)
            form = {**self.me.form('/messages'), 'kind': kind, 'body': 'Jeg ser på det', **more}
            form = {k: v for k, v in form.items() if k not in ('do', 'file', 'ready')}
            for _ in range(3):
                self.me.post(f'{at}/messages', form)
                self.assertEqual(self.me.status, 200)
                self.assertIn('#m', self.me.url)
        self.me.get(at)                         # the same words on a page that shows the first ones are meant
        self.me.submit('/messages', kind='note', body='Jeg ser på det')
        said = [(m['visibility'], m['body']) for m in self.p.ok('GET', f"/api/v1/tickets/{t['id']}/messages")['items']]
        self.assertEqual(said[1:], [('public', 'Jeg ser på det'), ('internal', 'Jeg ser på det'), ('internal', 'Jeg ser på det')])
        self.assertEqual(self.p.ok('GET', f"/api/v1/tickets/{t['id']}")['spent_minutes'], 30)

    def test_what_differs_is_never_taken_for_the_same_form(self):
        other = self.p.customer(seed=901, domain='anden.example')[0]
        numbers = []
        for customer in (self.customer, other, other):
            self.me.get('/console/tickets/new')
            self.me.submit('/tickets', files={'file': ('', b'', 'application/octet-stream')}, customer_id=customer['id'], subject='Opdater firewall', body='Det skal ske')
            numbers.append(int(self.me.url.rsplit('/', 1)[1]))
        self.assertEqual((len(set(numbers)), numbers[1]), (2, numbers[2]))
        t = self.ticket('Siges igen')
        at = f"/console/tickets/{t['number']}"
        self.me.get(at)
        form = {k: v for k, v in self.me.form('/messages').items() if k not in ('do', 'ready')}
        form |= {'kind': 'reply', 'body': 'Det er klaret.'}
        a, b = ({'file': (name, name.encode(), 'text/plain')} for name in ('a.txt', 'b.txt'))
        said = 1
        for more in ({}, a, b, {'minutes': '0:30'}, {'minutes': '0:45'}, {'then': 'solved'}):
            said += 1
            for _ in range(2):
                self.me.post(f'{at}/messages', {**form, 'file': ('', b'', 'application/octet-stream'), **more})
                self.assertEqual(self.me.status, 200)
                with self.subTest(more=more):
                    self.assertEqual(len(self.p.ok('GET', f"/api/v1/tickets/{t['id']}/messages")['items']), said)
        got = self.p.ok('GET', f"/api/v1/tickets/{t['id']}")
        self.assertEqual((got['state'], got['spent_minutes']), ('solved', 75))
        page = self.me.get(at).text
        self.assertTrue('a.txt' in page and 'b.txt' in page)

    def test_an_undo_that_somebody_overtook_changes_nothing(self):
        t = self.ticket('Overhales')
        number = t['number']
        self.me.get(f'/console/tickets/{number}')
        form = self.me.form(f'/{number}/change')
        self.me.post(f'/console/tickets/{number}/change', {'csrf': form['csrf'], 'version': form['version'], 'state': 'waiting_third'})
        undo = dict(re.findall(r'name="(\w+)" value="([^"]*)"', re.search(r'<form class="undo".*?</form>', self.me.text, re.S).group(0)))
        self.p.ok('PATCH', f"/api/v1/tickets/{t['id']}", {'state': 'solved'})
        self.me.post(f'/console/tickets/{number}/change', undo)
        self.assertEqual(self.me.status, 409)
        self.assertEqual(self.row(number)['state'], 'solved')

    def test_an_address_made_by_somebody_else_offers_no_undo(self):
        number = self.ticket('Lokkes')['number']
        for q in ('was_state=closed', 'done=saved&was_state=vrøvl', 'done=saved&was_owner=-1', 'done=saved&was_owner=x', 'done=saved&was_priority='):
            self.me.get(f'/console/tickets/{number}?' + q.replace('ø', '%C3%B8'))
            self.assertEqual(self.me.status, 200)
            self.assertNotIn('class="undo"', self.me.text, q)

    def test_history_leads_to_what_happened(self):
        number = self.ticket('Står i <historikken>')['number']
        page = self.me.get(f"/console/customers/{self.customer['id']}").text
        self.assertIn(f'<a href="/console/tickets/{number}">{number} Står i &lt;historikken&gt;</a>', page)
        self.assertRegex(page, r'<b>En aftale blev accepteret</b><p><a href="/console/agreements/\d+">')
        self.assertIn(f"<b>En person blev tilføjet</b><p>{self.employee['name']}</p>", page)

    def test_neighbours_are_those_of_the_list(self):
        numbers = [self.ticket(f'Nabo {i}')['number'] for i in range(3)]
        self.me.get('/console/tickets?view=open&q=nabo&sort=newest')
        links = [h.replace('&amp;', '&') for h in re.findall(r'<a href="(/console/tickets/\d+\?[^"]*)"', self.me.text)]
        self.assertEqual([int(re.search(r'\d+', h).group(0)) for h in links], numbers[::-1])
        self.me.get(links[1])
        near = dict(re.findall(r'rel="(prev|next)" href="([^"]*)"', self.me.text))
        self.assertEqual({k: v.replace('&amp;', '&') for k, v in near.items()}, {'prev': links[0], 'next': links[2]})
        self.me.get(f'/console/tickets/{numbers[1]}')
        self.assertNotIn('rel="next"', self.me.text)

    def test_the_first_message_after_my_own_is_unread(self):
        t = self.ticket('Ulæst')
        self.me.get(f"/console/tickets/{t['number']}")
        self.assertNotIn('id="unread"', self.me.text)
        self.me.submit('/messages', body='Mit svar', kind='reply')
        self.assertNotIn('id="unread"', self.me.text)
        self.p.ok('POST', f"/api/v1/tickets/{t['id']}/messages", {'body': 'Deres svar'}, token=self.jonas)
        self.me.get(f"/console/tickets/{t['number']}")
        self.assertIn('Deres svar', self.me.text.split('id="unread"')[1])
        self.assertNotIn('Mit svar', self.me.text.split('id="unread"')[1].split('id="reply"')[0])

    def test_a_mail_is_shown_as_html_in_a_locked_frame(self):
        m = email.message.EmailMessage()
        m['From'], m['To'], m['Subject'], m['Message-ID'] = 'karen@soenderskov.example', DESK, 'Billede', '<b1@soenderskov.example>'
        m.set_content('Hej\n')
        m.add_alternative('<p onclick="x()">Se <b>her</b></p><script>alert(1)</script><img src="cid:b@x" alt="fejl"><img src="http://fremmed.example/p.png">'
                          '<img src="cid:findes-ikke" alt="væk">', subtype='html')
        m.get_payload()[1].add_related(PIXEL, 'image', 'png', cid='<b@x>', filename='fejl.png')
        self.p.lmtp_send('karen@soenderskov.example', [DESK], m.as_bytes())
        t = wait_until(lambda: next((t for t in self.p.ok('GET', '/api/v1/tickets')['items'] if t['subject'] == 'Billede'), None))
        self.me.get(f"/console/tickets/{t['number']}")
        frame = re.search(r'<iframe[^>]*>', self.me.text).group(0)
        self.assertIn('sandbox="', frame)
        self.assertNotIn('allow-scripts', frame)
        src = re.search(r'src="([^"]*)"', frame).group(1)
        self.me.get(src)
        policy = self.me.headers['Content-Security-Policy']
        for wanted in ("default-src 'none'", "img-src 'self'", 'sandbox', "frame-ancestors 'self'"):
            self.assertIn(wanted, policy)
        self.assertNotIn('script', policy)
        for bad in ('<script', 'onclick', 'fremmed.example', 'cid:'):
            self.assertNotIn(bad, self.me.text)
        self.assertIn('<b>her</b>', self.me.text)
        self.me.get(re.search(r'<img src="([^"]+)"', self.me.text).group(1))
        self.assertEqual((self.me.status, self.me.headers['Content-Type'], self.me.bytes), (200, 'image/png', PIXEL))
        self.me.get(re.sub(r'/tickets/\d+/', f"/tickets/{self.ticket('En anden')['number']}/", src))
        self.assertEqual(self.me.status, 404)


if __name__ == '__main__':
    unittest.main()
