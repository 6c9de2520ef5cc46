#!/usr/bin/env python3
"""Tickets as people use them, in a browser without JavaScript: the desk, a customer's people, and somebody without a login."""
import os
import re
import sqlite3
import subprocess
import unittest
import urllib.parse

from pedel import cvr, Pedel

PNG = (b'\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89'
       b'\x00\x00\x00\x00IEND\xaeB`\x82')


class Tickets(unittest.TestCase):
    pg = False

    @classmethod
    def setUpClass(cls):
        cls.p = Pedel(pg=cls.pg)
        cls.addClassCleanup(cls.p.__exit__, None, None, None)
        cls.customer, cls.owner, cls.employee, _ = cls.p.customer(seed=700, domain='alpha.example')
        cls.other, cls.stranger, _, _ = cls.p.customer(seed=800, name='Beta ApS', domain='beta.example')
        cls.signed_in = {}
        cls.desk = cls.p.browser().sign_in('admin', cls.p.password)

    def outbox(self, sql, *args):
        if self.pg:
            for a in args:
                sql = sql.replace('?', f"'{a}'", 1)
            out = subprocess.run(['psql', self.p.db[1], '-At', '-F', '\x1f', '-R', '\x1e', '-c', sql], check=True, capture_output=True, text=True).stdout
            return [tuple(int(x) if x.isdigit() else x for x in row.rstrip('\n').split('\x1f')) for row in out.split('\x1e') if row.strip()]
        db = sqlite3.connect(self.p.data / 'pedel.db')
        try:
            return db.execute(sql, args).fetchall()
        finally:
            db.close()

    def by_link(self, email):
        if email in self.signed_in:             # links are few
            return self.signed_in[email]
        b = self.signed_in[email] = self.p.browser()
        b.get('/login')
        b.submit('/login/mail', mail=email)
        body = self.outbox('SELECT body FROM outbox WHERE recipient=? ORDER BY id DESC LIMIT 1', email)[0][0]
        b.get(re.search(r'https?://\S+/login/link/\S+', body).group(0))
        b.submit('/login/link/' + b.url.rsplit('/', 1)[1])
        self.assertIn('/portal/', b.url)
        return b

    def ticket(self, subject='Printeren trækker to ark', **more):
        return self.p.ok('POST', '/api/v1/tickets', {'customer_id': self.customer['id'], 'contact_id': self.employee['id'], 'subject': subject,
                                                     'body': 'Siden i går.', **more})

    def state(self, t):
        return self.p.ok('GET', f"/api/v1/tickets/{t['id']}")

    def test_a_request_from_ask_box_to_verdict(self):
        karen = self.by_link('karen@alpha.example')
        karen.submit('/portal/tasks', text='Skærmen er sort\nDen var fin i går', prio='urgent')
        self.assertEqual(karen.status, 200)
        self.assertIn('Skærmen er sort', karen.text)
        number = int(re.search(r'/portal/tasks/(\d+)', karen.url).group(1))
        mail = self.outbox("SELECT subject, body, auto FROM outbox WHERE recipient='karen@alpha.example' AND kind='autoreply'")
        self.assertTrue(any(f'[#{number}]' in s and auto == 1 for s, _, auto in mail))

        desk = self.desk
        desk.get('/console/tickets')
        self.assertIn('Skærmen er sort', desk.text)
        desk.get(f'/console/tickets/{number}')
        desk.submit(f'/console/tickets/{number}/messages', body='Vi kommer kl. 10.', kind='reply', then='waiting_customer',
                    files={'file': ('vejledning.png', PNG, 'image/png')})
        self.assertIn('Vi kommer kl. 10.', desk.text)
        self.assertIn('Venter på kunden', desk.text)
        desk.submit(f'/console/tickets/{number}/messages', body='Hemmelig note', kind='note')
        karen.get(f'/portal/tasks/{number}')
        self.assertIn('Vi kommer kl. 10.', karen.text)
        self.assertNotIn('Hemmelig note', karen.text)
        file = re.search(rf'/portal/tasks/{number}/files/\d+', karen.text).group(0)
        karen.get(file)
        self.assertEqual((karen.status, karen.bytes), (200, PNG))
        self.assertIn('sandbox', karen.headers['Content-Security-Policy'])
        self.assertEqual(karen.headers['X-Content-Type-Options'], 'nosniff')

        karen.get(f'/portal/tasks/{number}')
        karen.submit(f'/portal/tasks/{number}/messages', body='Det passer fint',
                     files={'file': ('../../<b>side</b>.html', b'<script>alert(1)</script>', 'text/html')})
        self.assertNotIn('<b>side', karen.text)
        karen.get(re.findall(rf'/portal/tasks/{number}/files/\d+', karen.text)[-1])
        self.assertTrue(karen.headers['Content-Disposition'].startswith('attachment'), karen.headers['Content-Disposition'])
        self.assertIn('sandbox', karen.headers['Content-Security-Policy'])
        desk.get(f'/console/tickets/{number}')
        self.assertIn('Det passer fint', desk.text)
        self.assertIn('I gang', desk.text)
        desk.post(f'/console/tickets/{number}/change', {**desk.form(f'/console/tickets/{number}/change'), 'state': 'solved'})
        karen.get(f'/portal/tasks/{number}')
        karen.submit(f'/portal/tasks/{number}/rating', score='3', text='Hurtigt')
        self.assertIn('Tak', karen.text)
        desk.get(f'/console/tickets/{number}')
        self.assertIn('Hurtigt', desk.text)

        # nobody else's business
        for person in (self.by_link('birgitte@beta.example'),):
            for path in (f'/portal/tasks/{number}', file, f'/console/tickets/{number}'):
                person.get(path)
                self.assertIn(person.status, (403, 404), path)
            person.post(f'/portal/tasks/{number}/messages', {'body': 'x'})
            self.assertIn(person.status, (403, 404))
        owner = self.by_link('birgitte@alpha.example')
        owner.get(f'/portal/tasks/{number}')
        self.assertEqual(owner.status, 200, 'the owner sees the whole company')

    def test_what_was_typed_is_kept(self):
        karen = self.by_link('karen@alpha.example')
        karen.get('/portal/tasks/new')
        karen.submit('/portal/tasks', text='', tel='12 34')
        self.assertEqual(karen.status, 400)
        self.assertIn('Fejl', re.search(r'<title>(.*?)</title>', karen.text).group(1))
        self.assertIn('12 34', karen.text)
        karen.get('/portal/tasks/new')
        karen.submit('/portal/tasks', text='Beskeden skal blive', tel='abc')
        self.assertEqual(karen.status, 400)
        self.assertIn('Beskeden skal blive', karen.text)

        t = self.ticket('To svarer på én gang')
        n = t['number']
        page = f'/console/tickets/{n}'
        self.desk.get(page)
        # the same person's own answer is no conflict; the requester's is
        self.p.ok('POST', f"/api/v1/tickets/{t['id']}/messages", {'body': 'Jeg kom først', 'visibility': 'public'})
        karen.get(f'/portal/tasks/{n}')
        karen.submit(f'/portal/tasks/{n}/messages', body='Nu virker den igen')
        self.desk.submit(page + '/messages', body='Mit lange svar')
        self.assertEqual(self.desk.status, 409)
        self.assertIn('Mit lange svar', self.desk.text)
        self.assertIn('Karen Holm har svaret imens', self.desk.text)
        self.desk.submit(page + '/messages')
        self.assertEqual(self.desk.status, 200)

    def test_half_an_answer_stays(self):
        """A button beside the reply box takes along what is written in it: shown again at the desk, said in the portal."""
        t = self.ticket('Halvt skrevet')
        n, page = t['number'], f"/console/tickets/{t['number']}"
        self.desk.get(page)
        for button, value in re.findall(r'<button class="btn"[^>]* form="reply" formaction="[^"]*/change[^"]*"[^>]* name="(\w+)" value="(\w+)"', self.desk.text):
            self.assertIn(button, ('priority', 'state', 'owner_id'), value)
        first = re.search(r'<button[^>]*form="reply"[^>]*>|<form[^>]*id="reply".*?<button[^>]*>', self.desk.text, re.S).group(0)
        self.assertNotIn('formaction', first, 'Enter in the reply form sends it')
        form = self.desk.form(page + '/messages')
        half = {**form, 'body': 'Et langt svar, ikke færdigt', 'note': 'Til opgørelsen', 'minutes': '0:30', 'kind': 'note', 'owner_id': '1'}
        # a browser does not give a chosen file back: nothing is done before it is sent or removed
        for body in ('Et langt svar, ikke færdigt', ''):
            self.desk.post(page + '/change', {**half, 'body': body, 'file': ('a.png', PNG, 'image/png')})
            self.assertEqual((self.desk.status, self.state(t).get('owner_id')), (400, None))
            self.assertIn('Den valgte fil ville gå tabt', self.desk.text)
            self.assertIn(body + '</textarea>', self.desk.text)
        self.desk.post(page + '/change', {**half, 'file': ('', b'', 'application/octet-stream')})
        self.assertEqual((self.desk.status, self.state(t)['owner_id']), (200, 1))
        self.assertIn('Dit svar herunder er ikke sendt endnu', self.desk.text)
        for kept in ('Et langt svar, ikke færdigt</textarea>', 'value="0:30"', 'value="Til opgørelsen"'):
            self.assertIn(kept, self.desk.text)
        self.assertRegex(self.desk.text, r'name="kind" value="note"[^>]* checked')
        self.assertEqual(len(self.p.ok('GET', f"/api/v1/tickets/{t['id']}/messages")['items']), 1)
        self.desk.post(page + '/change', {**self.desk.form(page + '/messages'), 'state': 'solved'})
        undo = re.search(r'<button[^>]*form="reply"[^>]*data-key="z"[^>]*>', self.desk.text).group(0)
        self.assertEqual(re.search(r'name="(.*?)" value="(.*?)"', undo).groups(), ('state', 'new'))
        self.desk.post(page + '/change', {**self.desk.form(page + '/messages'), 'state': 'new'})
        self.assertEqual(self.state(t)['state'], 'new')
        self.assertIsNone(self.state(t).get('responded_at'))
        self.assertIn('Et langt svar, ikke færdigt</textarea>', self.desk.text)
        self.desk.submit(page + '/messages')                    # and it can be sent as it stands
        self.assertEqual(self.desk.status, 200)
        self.assertEqual(len(self.p.ok('GET', f"/api/v1/tickets/{t['id']}/messages")['items']), 2)
        self.desk.get(page)
        self.desk.post(page + '/change', {**self.desk.form(page + '/messages'), 'priority': 'urgent'})         # nothing written: as before, with Undo
        self.assertIn('done=saved', self.desk.url)
        self.assertIn('was_priority', self.desk.url)
        karen = self.by_link('karen@alpha.example')
        mine = f'/portal/tasks/{n}'
        karen.get(mine)
        form = karen.form(mine + '/messages')
        karen.post(mine + '/state', {**form, 'state': 'solved', 'body': 'Tak, nu virker det'})
        self.assertEqual(karen.status, 200)
        self.assertIn('Tak, nu virker det', karen.text)
        self.assertEqual(self.state(t)['state'], 'solved')
        karen.post(mine + '/state', {**karen.form(mine + '/rating'), 'state': 'open', 'text': 'Nej, alligevel ikke'})
        self.assertIn('Nej, alligevel ikke', karen.text)
        self.assertEqual(self.state(t)['state'], 'open')
        karen.get(mine)
        karen.post(mine + '/state', {**form, 'state': 'closed', 'body': 'Luk den'})
        self.assertEqual((karen.status, self.state(t)['state']), (403, 'open'))
        karen.get(mine)
        karen.post(mine + '/state', {**karen.form(mine + '/messages'), 'state': 'solved', 'body': '', 'file': ('', b'', 'application/octet-stream')})
        self.assertEqual((karen.status, self.state(t)['state']), (200, 'solved'))

    def test_an_answer_that_nobody_gets_says_so(self):
        t = self.p.ok('POST', '/api/v1/tickets', {'customer_id': self.customer['id'], 'subject': 'Ringede', 'body': 'Nogen ringede.'})
        page = f"/console/tickets/{t['number']}"
        self.desk.get(page)
        self.assertIn('Ingen får svaret på mail', self.desk.text)
        self.desk.submit(page + '/messages', body='Vi ser på det', kind='reply')
        self.assertIn('Gemt. Ingen har fået en mail', self.desk.text)
        self.assertNotIn('Svaret er sendt', self.desk.text)
        self.assertEqual(self.outbox("SELECT COUNT(*) FROM outbox WHERE kind='reply' AND ticket_id=?", t['id']), [(0,)])
        self.assertIn('href="#requester"', self.desk.text)
        form = re.search(r'<form[^>]*id="requester".*?</form>', self.desk.text, re.S).group(0)
        self.assertIn(f'value="{self.employee["id"]}"', form)
        self.desk.post(page + '/change', {'csrf': self.desk.form(page + '/messages')['csrf'], 'version': self.state(t)['version'], 'contact_id': self.employee['id']})
        self.assertNotIn('Ingen får svaret på mail', self.desk.text)
        self.desk.submit(page + '/messages', body='Nu til dig', kind='reply')
        self.assertIn('Svaret er sendt', self.desk.text)
        self.assertEqual(self.outbox("SELECT recipient FROM outbox WHERE kind='reply' AND ticket_id=?", t['id']), [(self.employee['email'],)])

    def test_who_reported_it_is_chosen_without_javascript(self):
        self.desk.get('/console/tickets/new')
        self.assertIn('value="contacts"', self.desk.text)
        self.desk.submit('/console/tickets', customer_id=self.customer['id'], subject='Skrevet før', body='Og det her', do='contacts')
        self.assertIn(self.employee['name'], self.desk.text)
        self.assertIn('value="Skrevet før"', self.desk.text)
        self.assertIn('Og det her</textarea>', self.desk.text)
        self.desk.submit('/console/tickets', contact_id=self.employee['id'])
        n = self.desk.url.split('/tickets/')[1].split('?')[0]
        self.assertEqual(self.outbox('SELECT contact_id FROM ticket WHERE number=?', n), [(self.employee['id'],)])

    def test_a_participant_by_address_is_who_has_it(self):
        other, theirs, _, _ = self.p.customer(seed=871, name='En anden ApS', domain='en-anden.example')
        t = self.ticket('Flere læser med')
        page = f"/console/tickets/{t['number']}"
        was = (self.p.sql("SELECT email FROM person WHERE login='admin'") or [('',)])[0][0]      # psql shows an empty one as no row
        self.p.sql("UPDATE person SET email='vagt@desk.example' WHERE login='admin'")
        self.addCleanup(self.p.sql, f"UPDATE person SET email='{was}' WHERE login='admin'")
        for address in (self.owner['email'].upper(), 'vagt@desk.example', 'revisor@fjern.example'):
            self.desk.get(page)
            self.desk.submit(page + '/watch', email=address, kind='email', on='1')
            self.assertEqual(self.desk.status, 200, self.desk.text[:500])
        kinds = self.outbox('SELECT who_kind FROM watcher WHERE ticket_id=? ORDER BY who_kind', t['id'])
        self.assertEqual([k for k, in kinds], ['contact', 'email', 'person'])
        self.desk.get(page)
        self.desk.submit(page + '/watch', email=theirs['email'], kind='email', on='1')
        self.assertEqual(self.desk.status, 409)
        self.assertIn('en anden kunde', self.desk.text)
        self.assertEqual(len(self.outbox('SELECT who_kind FROM watcher WHERE ticket_id=?', t['id'])), 3)

    def test_what_is_no_number_changes_nothing(self):
        t = self.ticket('Har en ejer', owner_id=1)
        page = f"/console/tickets/{t['number']}"
        self.desk.get(page)
        form = self.desk.form(page + '/messages')
        for field, word in (('owner_id', 'Ansvarlig'), ('contact_id', 'Melder'), ('version', 'version')):
            for bad in ('abc', '', '-1', '1x'):
                self.desk.post(page + '/change', {'csrf': form['csrf'], 'version': form['version'], 'state': 'open', field: bad})
                self.assertEqual(self.desk.status, 400, (field, bad))
                self.assertIn(f'{word}: Skriv et helt tal', self.desk.text)
        for part in ('change', 'messages', 'merge', 'link', 'split', 'watch', 'place'):        # read again, the address of what was refused is the ticket
            self.desk.get(f'{page}/{part}?view=mine')
            self.assertEqual((self.desk.status, self.desk.url.split('/console')[1]), (200, f"/tickets/{t['number']}?view=mine"), part)
        now = self.state(t)
        self.assertEqual((now['owner_id'], now['contact_id'], now['state']), (1, self.employee['id'], 'new'))

    def test_the_latest_solved_stands_first(self):
        """Among the customer's solved ones the last solved is first, page by page, whatever happens to the others afterwards."""
        made = [self.ticket(f'Løst nummer {i}') for i in range(4)]
        order = [made[2], made[0], made[3], made[1]]
        for t in order:
            self.p.ok('PATCH', f"/api/v1/tickets/{t['id']}", {'state': 'solved'})
        self.p.ok('PATCH', f"/api/v1/tickets/{order[0]['id']}", {'category': ''})
        self.p.ok('PATCH', f"/api/v1/tickets/{order[1]['id']}", {'state': 'closed'})
        text = self.by_link('karen@alpha.example').get('/portal/tasks').text
        shown = re.findall(r'Løst nummer (\d)', text[text.index('id="t-over"'):])
        self.assertEqual(shown[:4], [t['subject'][-1] for t in reversed(order)])

    def test_two_changes_of_one_field(self):
        t = self.ticket('Prioritet')
        page = f"/console/tickets/{t['number']}"
        self.desk.get(page)
        form = self.desk.form(page + '/change')
        self.p.ok('PATCH', f"/api/v1/tickets/{t['id']}", {'priority': 'urgent'})
        self.desk.post(page + '/change', {**form, 'priority': 'important'})
        self.assertEqual(self.desk.status, 409)
        self.assertIn('Mette Dahl har ændret det til Haster', self.desk.text)
        self.assertEqual(self.state(t)['priority'], 'urgent')

    def test_merge_split_watch_take(self):
        a, b = self.ticket('Første'), self.ticket('Anden')
        page = f"/console/tickets/{a['number']}"
        self.desk.get(page)
        self.desk.submit(page + '/merge', into=a['number'])
        self.assertEqual(self.desk.status, 400)
        self.desk.submit(page + '/merge', into=f"#{b['number']}")
        self.assertIn(f"/console/tickets/{b['number']}", self.desk.url)
        self.assertEqual(self.state(a)['merged_into'], b['id'])
        karen = self.by_link('karen@alpha.example')
        karen.get(f"/portal/tasks/{a['number']}")
        self.assertIn(f"/portal/tasks/{b['number']}", karen.text)
        page = f"/console/tickets/{b['number']}"
        self.desk.get(page)
        self.desk.post(page + '/watch', {**self.desk.form(page + '/watch'), 'kind': 'email', 'email': 'kollega@alpha.example', 'on': '1'})
        self.assertIn('kollega@alpha.example', self.desk.text)
        self.desk.post('/console/tickets/bulk', {**self.bulk_form(), 't': b['number'], 'do': 'take'})
        self.assertEqual(self.state(b)['owner_id'], 1)

    def test_the_name_of_a_colleague_is_asked_for(self):
        karen = self.by_link('karen@alpha.example')
        karen.get('/portal/tasks/new?kind=employee')
        form = {k: v for k, v in karen.form('/portal/tasks').items() if k != 'file'}
        self.assertIn('Navn: \n', form['text'])
        karen.post('/portal/tasks', form)
        self.assertEqual(karen.status, 400)
        self.assertIn('Skriv navnet på den nye medarbejder', karen.text)
        self.assertIn('Første dag:', karen.text)                        # nothing typed is lost
        karen.post('/portal/tasks', {**form, 'text': form['text'].replace('Navn: ', 'Navn: Emil Bach')})
        self.assertIn('<h1>Ny medarbejder: Emil Bach</h1>', karen.text)
        karen.post('/portal/tasks', {**form, 'text': 'Emil begynder på mandag, samme adgange som Ida.'})
        self.assertIn('<h1>Emil begynder på mandag', karen.text)

    def test_the_same_form_sent_again_is_one_ticket(self):
        karen = self.by_link('karen@alpha.example')
        karen.get('/portal/tasks/new')
        form = {**karen.form('/portal/tasks'), 'text': 'Døren til serverrummet smækker ikke'}
        at = []
        for _ in range(3):
            karen.post('/portal/tasks', form)
            at.append(karen.url.split('?')[0])
        self.assertEqual(len(set(at)), 1, at)
        karen.post('/portal/tasks', {**form, 'text': 'Og vinduet binder'})
        self.assertNotIn(karen.url.split('?')[0], at)
        # an answer too
        karen.get(at[0])
        form = {k: v for k, v in karen.form('/messages').items() if k != 'file'}
        for body in ('Den smækker stadig', 'Den smækker stadig', 'Nu smækker den'):
            karen.post(at[0] + '/messages', {**form, 'body': body})
            self.assertIn('done=sent', karen.url)
        karen.get(at[0])
        karen.submit('/messages', body='Nu smækker den')        # on a page that shows the first, it is meant
        number = int(at[0].rsplit('/', 1)[1])
        row = next(t['id'] for t in self.p.ok('GET', '/api/v1/tickets?limit=200')['items'] if t['number'] == number)
        talk = [m['body'] for m in self.p.ok('GET', f'/api/v1/tickets/{row}/messages')['items']]
        self.assertEqual(talk[1:], ['Den smækker stadig', 'Nu smækker den', 'Nu smækker den'])
        text = 'linje af en lang log\n' * 5000              # 105,000 letters, as somebody pastes them
        karen.get('/portal/tasks/new')
        karen.submit('/portal/tasks', text=text)
        self.assertIn('?done=sent', karen.url)
        karen.get('/portal/tasks/new')
        karen.submit('/portal/tasks', text=text * 3)        # too long: told, and not lost
        self.assertEqual(karen.status, 400)
        self.assertGreater(karen.text.count('linje af en lang log'), 14000)
        self.desk.get('/console/tickets/new')
        form = {**self.desk.form('/console/tickets'), 'subject': 'Ringede', 'body': 'Bo ringede'}
        self.desk.post('/console/tickets', form)
        first = self.desk.url
        self.desk.post('/console/tickets', form)
        self.assertEqual(self.desk.url, first)

    def test_category_is_one_of_those_there_are(self):
        for bad in ('findes ikke', 'no such\r\ncategory', 'Computer'):
            code, got = self.p.api('POST', '/api/v1/tickets', {'customer_id': self.customer['id'], 'subject': 'x', 'body': 'y', 'category': bad})
            self.assertEqual((code, got['error']['field']), (400, 'category'), got)
        t = self.ticket(category='computer')
        code, got = self.p.api('PATCH', f"/api/v1/tickets/{t['id']}", {'category': 'zzz'})
        self.assertEqual((code, got['error']['field']), (400, 'category'), got)
        self.assertEqual(self.p.ok('PATCH', f"/api/v1/tickets/{t['id']}", {'category': ''}).get('category'), None)

    def test_every_filter_reaches_all_and_says_what_is_not_there(self):
        many = [self.p.ok('POST', '/api/v1/customers', {'name': f'Mange {n:02}', 'cvr': cvr(7000 + n)})['id'] for n in range(64)]
        self.p.cli('admin', 'add', '--data', self.p.data, '--login', 'tidligere', '--name', 'Tove Tidligere', '--password-stdin', stdin=self.p.password + '\n')
        gone = self.p.sql("SELECT id FROM person WHERE login='tidligere'")[0][0]
        t = self.p.ok('POST', '/api/v1/tickets', {'customer_id': many[63], 'owner_id': int(gone), 'subject': 'Den sidste', 'body': 'y'})
        self.p.sql("UPDATE person SET active=0 WHERE login='tidligere'")
        self.p.sql(f'UPDATE customer SET active=0 WHERE id={many[0]}')          # never had a ticket: not offered
        self.p.sql(f'UPDATE customer SET active=0 WHERE id={many[63]}')
        page = self.desk.get('/console/tickets?view=open').text

        def options(name):
            return dict(re.findall(r'<option value="([^"]*)"[^>]*>([^<]*)<', re.search(rf'<select class="in" name="{name}">.*?</select>', page, re.S).group(0)))
        self.assertEqual({str(c) for c in many} - options('customer').keys(), {str(many[0])})
        self.assertEqual(options('customer')[str(many[63])], 'Mange 63 (ikke længere kunde)')
        self.assertEqual(options('owner')[str(gone)], 'Tove Tidligere (er stoppet)')
        self.assertEqual(options('owner')['none'], 'Ingen')
        self.assertEqual(options('category')['none'], 'Ingen kategori')
        self.assertNotIn(f'value="{gone}"', re.search(r'<select class="in" name="owner" data-key="o">.*?</select>', page, re.S).group(0))     # nothing is handed over to her
        for query in (f'customer={many[63]}', f'owner={gone}'):
            self.assertIn(f"/console/tickets/{t['number']}?", self.desk.get(f'/console/tickets?view=all&{query}').text)
        with_one = self.ticket('Med kategori', category='printer')
        page = self.desk.get('/console/tickets?view=all&category=none').text
        self.assertIn(f"/console/tickets/{t['number']}?", page)
        self.assertNotIn(f"/console/tickets/{with_one['number']}?", page)
        self.assertRegex(page, '<option value="none" selected[^>]*>Ingen kategori')
        page = self.desk.get('/console/tickets?view=all&promise=support.help').text
        self.assertRegex(page, '<option value="support.help" selected')
        page = self.desk.get(f'/console/tickets?customer={many[0]}').text              # its own page leads here
        self.assertEqual(self.desk.status, 200)
        self.assertRegex(page, f'<option value="{many[0]}" selected[^>]*>Mange 00 .ikke længere kunde')
        for name, label in (('customer', 'Kunde'), ('owner', 'Ansvarlig'), ('category', 'Kategori'), ('promise', 'Løfte'), ('view', 'Visning'), ('sort', 'Rækkefølge')):
            for value in ('zzz', '999999') if name in ('customer', 'owner') else ('zzz',):
                self.desk.get(f'/console/tickets?{name}={value}')
                self.assertEqual(self.desk.status, 404, (name, value))
                self.assertRegex(self.desk.text, rf'<li>{label}[^<]*: {value}</li>', (name, value))
                self.assertNotIn('id="rows"', self.desk.text)
        self.desk.get('/console/tickets?view=all&customer=zzz&owner=none')
        self.assertIn('href="/console/tickets?view=all&amp;owner=none"', self.desk.text)
        part = self.desk.get('/console/tickets?customer=zzz', {'HX-Request': 'true', 'HX-Target': 'list'})
        self.assertEqual((part.status, 'zzz' in part.text), (200, True))

    def test_nothing_new_for_a_customer_that_has_ended(self):
        gone, owner, _, _ = self.p.customer(seed=860, name='Forbi ApS', domain='forbi.example')
        old = self.p.ok('POST', '/api/v1/tickets', {'customer_id': gone['id'], 'subject': 'Fra før', 'body': 'y'})
        self.p.ok('PATCH', f"/api/v1/customers/{gone['id']}", {'active': False, 'version': self.p.ok('GET', f"/api/v1/customers/{gone['id']}")['version']})
        code, got = self.p.api('POST', '/api/v1/tickets', {'customer_id': gone['id'], 'subject': 'x', 'body': 'y'})
        self.assertEqual((code, got['error']['id'], got['error']['field']), (409, 'CUSTOMER_INACTIVE', 'customer_id'), got)
        for path, body in (('agreements', {'customer_id': gone['id'], 'valid_from': '2026-01-01', 'items': [{'service': 'service-agreement', 'terms': {}}]}),
                           ('hour-purchases', {'customer_id': gone['id'], 'minutes': 60, 'price_ore': 1, 'bought_on': '2026-01-01', 'expires_on': '2026-12-31'})):
            code, got = self.p.api('POST', '/api/v1/' + path, body)
            self.assertEqual((code, got['error']['id'], got['error']['field']), (409, 'CUSTOMER_INACTIVE', 'customer_id'), got)
        self.assertIn('Ikke længere kunde, men aftaler gælder stadig', self.desk.get(f"/console/customers/{gone['id']}").text)
        self.desk.get(f"/console/tickets/new?customer={gone['id']}")
        self.desk.submit('/console/tickets', customer_id=gone['id'], subject='Ny', body='Det, jeg skrev')
        self.assertEqual(self.desk.status, 409)
        self.assertIn('Det er ikke længere en kunde', self.desk.text)
        self.assertIn('Det, jeg skrev', self.desk.text)
        self.assertIn('Fra før', self.desk.get(f"/console/tickets/{old['number']}").text)
        code, got = self.p.api('POST', f"/api/v1/tickets/{old['id']}/messages", {'body': 'Stadig her', 'visibility': 'public'})
        self.assertIn(code, (200, 201), got)

    def test_driving_without_minutes_is_not_thrown_away(self):
        t = self.ticket('Besøg')
        page = f"/console/tickets/{t['number']}"
        for typed in ({'drive_out_minutes': '30'}, {'note': 'Skiftede skærm'}):
            self.desk.get(page)
            self.desk.post(page + '/messages', {**self.desk.form(page + '/messages'), 'kind': 'note', 'body': 'Var derude', 'minutes': '', **typed})
            self.assertEqual(self.desk.status, 400)
            self.assertIn('Var derude', self.desk.text)
        self.desk.get(page)
        self.desk.post(page + '/messages', {**self.desk.form(page + '/messages'), 'kind': 'note', 'body': 'Var derude', 'minutes': '0:45', 'activity': 'visit',
                                            'drive_out_minutes': '30'})
        self.assertEqual(self.desk.status, 200)
        self.assertEqual(self.state(t)['spent_minutes'], 45)

    def test_time_on_a_merged_ticket_goes_to_the_one_that_lives(self):
        a, b = self.ticket('Gammel'), self.ticket('Ny')
        page = f"/console/tickets/{a['number']}"
        self.desk.get(page)
        self.desk.submit(page + '/merge', into=b['number'])
        e = self.p.ok('POST', '/api/v1/time-entries', {'ticket_id': a['id'], 'activity': 'remote', 'started_at': '2026-11-02T09:00:00+01:00', 'minutes': 20,
                                                       'note': 'x'})
        self.assertEqual(e['ticket_id'], b['id'])

    def bulk_form(self):
        self.desk.get('/console/tickets')
        return self.desk.form('/console/tickets/bulk')

    def test_lists_views_and_find(self):
        numbers = [self.ticket(f'Kæmpestor liste {i}')['number'] for i in range(53)]
        self.desk.get('/console/tickets?view=all&q=k%C3%A6mpestor')
        self.assertEqual(self.desk.text.count('name="t"'), 50)
        self.assertLessEqual(len(self.desk.bytes), 60000)
        more = re.search(r'href="(/console/tickets\?[^"]*after=[^"]*)"', self.desk.text).group(1).replace('&amp;', '&')
        self.desk.get(more)
        self.assertEqual(self.desk.text.count('name="t"'), 3)
        self.desk.get(f'/console/find?q={numbers[0]}')
        self.assertIn(f'/console/tickets/{numbers[0]}', self.desk.url)
        self.desk.get('/console/find?q=alpha.example')
        self.assertIn('Karen Holm', self.desk.text)
        self.desk.get('/console/tickets?view=all&q=printer')
        self.desk.submit('/console/tickets/views', name='Printere')
        self.assertIn('Printere', self.desk.text)
        for name, says in (('Printere', 'allerede en visning med det navn'), ('  PRINTERE ', 'allerede en visning med det navn'), ('', 'Skriv'), ('x' * 61, 'langt')):
            self.desk.get('/console/tickets?view=all&q=k%C3%A6mpestor')
            self.desk.submit('/console/tickets/views', name=name)
            self.assertEqual((self.desk.status, 'id="e-name"' in self.desk.text), (409 if 'allerede' in says else 422, True), name)
            self.assertIn(says, self.desk.text)
            self.assertEqual(self.desk.text.count('name="t"'), 50, 'the list it was about is there still')
            self.assertEqual(self.desk.get(self.desk.url).status, 200)
        self.assertEqual(self.p.sql("SELECT count(*) FROM saved_view WHERE lower(name)='printere'"), [('1',)])
        self.desk.get('/console/tickets?view=all&q=%22)%20OR%20*')
        self.assertEqual(self.desk.status, 200)
        self.desk.get('/console/tickets?after=abc')
        self.assertEqual(self.desk.status, 400)

    def test_reporting_without_a_login(self):
        b = self.p.browser().get('/report')
        b.submit('/report', name='', email='ikke-en-adresse', text='')
        self.assertEqual(b.status, 400)
        b.get('/report')
        b.submit('/report', name='Ukendt Person', email='ukendt@privat.example', text='Jeg kan ikke logge ind')
        self.assertEqual(b.status, 200)
        number = int(re.search(r'nummer (\d+)', b.text).group(1))
        self.desk.get(f'/console/tickets/{number}')
        self.assertIn('Ikke placeret', self.desk.text)
        self.desk.submit(f'/console/tickets/{number}/place', customer_id=self.customer['id'])
        self.assertIn('Advokathuset Sønderskov', self.desk.text)
        b.get('/report')
        b.submit('/report', name='Birgitte', email='Birgitte@alpha.example', text='Kendt adresse')
        number = int(re.search(r'nummer (\d+)', b.text).group(1))
        self.desk.get(f'/console/tickets/{number}')
        self.assertIn('Advokathuset Sønderskov', self.desk.text)
        # whoever writes a contact's address does not speak as that contact
        self.assertEqual(self.desk.text.count('afsender ikke bekræftet'), 3)    # the ticket's head, who reported it, the message
        self.assertIn('Tiden går fra det øjeblik, nogen tager', self.desk.text)      # nor do the promised times run for anybody
        self.assertEqual(self.outbox('SELECT response_due_at, solution_due_at FROM ticket WHERE number=?', number)[0], (0, 0))
        self.assertIn('afsender ikke bekræftet', self.desk.get('/console/tickets?view=all&q=Kendt').text)
        self.assertEqual(self.outbox('SELECT customer_id, coalesce(contact_id, 0) FROM ticket WHERE number=?', number)[0], (self.customer['id'], 0))
        self.assertEqual(self.desk.get(f'/console/tickets/{number}').text.count('birgitte@alpha.example'), 3)     # head, who reported it, the button's form
        own = self.by_link(self.owner['email'])
        self.assertIn('afsender ikke bekræftet', own.get(f'/portal/tasks/{number}').text)
        self.assertIn('afsender ikke bekræftet', own.get('/portal/tasks').text)
        told = self.outbox("SELECT recipient, body FROM outbox WHERE kind='autoreply' ORDER BY id DESC LIMIT 1")[0]
        self.assertEqual(told[0], self.owner['email'])
        self.assertIn('ikke var logget ind. Var det ikke dig', told[1])
        before = self.outbox('SELECT count(*) FROM ticket WHERE probe=0')[0][0]
        b.get('/report')
        b.submit('/report', name='Robot', email='robot@spam.example', text='Køb nu', website='http://spam.example')
        self.assertEqual(self.outbox('SELECT count(*) FROM ticket WHERE probe=0')[0][0], before, 'the trap caught it')
        for _ in range(12):                                                 # what is refused does not count
            b.get('/report')
            b.submit('/report', name='', email='robot@spam.example', text='Køb nu')
        self.assertEqual(b.status, 400)
        gone, owner, _, _ = self.p.customer(seed=861, name='Ophørt ApS', domain='ophoert.example')
        self.p.ok('PATCH', f"/api/v1/customers/{gone['id']}", {'active': False, 'version': self.p.ok('GET', f"/api/v1/customers/{gone['id']}")['version']})
        b.get('/report')
        b.submit('/report', name='Ole', email=owner['email'], text='Jeg kan ikke komme ind')
        number = int(re.search(r'nummer (\d+)', b.text).group(1))
        self.desk.get(f'/console/tickets/{number}')
        self.assertIn('Ikke placeret hos Ophørt ApS, som ikke længere er kunde', self.desk.text)
        self.assertIn(f'/console/tickets/{number}', self.desk.get('/console/tickets?view=unplaced').text)
        for _ in range(7):
            b.get('/report')
            b.submit('/report', name='Robot', email='robot@spam.example', text='Køb nu')
        self.assertEqual(b.status, 200)
        for _ in range(3):
            b.get('/report')
            b.submit('/report', name='Robot', email='robot@spam.example', text='Det, jeg skrev')
        self.assertEqual(b.status, 429)
        self.assertIn('Det, jeg skrev', b.text)
        self.assertTrue(b.headers['Retry-After'])

    def test_a_sender_nobody_knows_becomes_a_contact(self):
        self.p.sql("INSERT INTO ticket(number,customer_id,from_name,from_email,subject,channel,created_at,updated_at,next_due_at) "
                   f"VALUES(88001,{self.customer['id']},'Nanna Ny','nanna@alpha.example','Hvem er jeg?','mail',1790000000000000,1790000000000000,9223372036854775807)")
        page = self.desk.get('/console/tickets/88001').text
        head = re.search(r'<header class="stack".*?</header>', page, re.S).group(0)
        self.assertIn('nanna@alpha.example', head)
        self.assertIn('Gør Nanna Ny til kontakt', page)
        form = dict(re.findall(r'<input type="hidden" name="(ticket|name|email)" value="([^"]*)"', page))
        self.assertEqual(form, {'ticket': '88001', 'name': 'Nanna Ny', 'email': 'nanna@alpha.example'})
        self.desk.get(f"/console/customers/{self.customer['id']}/people/new?" + urllib.parse.urlencode(form))
        self.assertIn('value="Nanna Ny"', self.desk.text)
        self.assertIn('value="nanna@alpha.example"', self.desk.text)
        self.desk.submit('/people/new', email='ikke en adresse')
        self.assertEqual(self.desk.status, 422)
        self.desk.submit('/people/new', email='nanna@alpha.example')
        self.assertIn('/console/tickets/88001', self.desk.url)
        self.assertNotIn('til kontakt', self.desk.text)
        row = self.p.sql("SELECT c.name, c.email FROM ticket t JOIN contact c ON c.id=t.contact_id WHERE t.number=88001")
        self.assertEqual(row, [('Nanna Ny', 'nanna@alpha.example')])
        self.assertEqual(self.desk.get(f"/console/customers/{self.other['id']}/people/new?ticket=88001&name=X&email=x@beta.example").status, 200)
        self.desk.submit('/people/new')                                 # somebody else's ticket is not theirs to take
        self.assertEqual(self.desk.status, 404)

    def test_two_people_see_each_other(self):
        t = self.ticket('Sammen')
        page = f"/console/tickets/{t['number']}"
        self.p.cli('admin', 'add', '--data', self.p.data, '--login', 'jonas', '--name', 'Jonas Kjær', '--password-stdin',
                   stdin=self.p.password + '\n')
        jonas = self.p.browser().sign_in('jonas', self.p.password)
        self.desk.get(page)
        self.assertNotIn('har også sagen åben', self.desk.text)
        jonas.get(page)
        self.assertIn('Mette Dahl</b> har også sagen åben', jonas.text)
        self.desk.get(page + '/here', headers={'HX-Request': 'true', 'HX-Target': 'here'})
        self.assertIn('Jonas Kjær', self.desk.text)
        self.assertNotIn('<html', self.desk.text)
        # the other has answered: told once, with what was typed kept
        self.desk.get(page)
        jonas.submit(page + '/messages', body='Jeg tager den')
        self.desk.submit(page + '/messages', body='Det gør jeg også')
        self.assertEqual(self.desk.status, 409)
        self.assertIn('Jonas Kjær har svaret imens', self.desk.text)
        self.assertIn('Det gør jeg også', self.desk.text)
        self.desk.submit(page + '/messages')
        self.assertEqual(self.desk.status, 200)


@unittest.skipUnless(os.environ.get('PEDEL_TEST_PG'), 'no PostgreSQL')
class TicketsOnPostgres(Tickets):
    pg = True


if __name__ == '__main__':
    unittest.main()
