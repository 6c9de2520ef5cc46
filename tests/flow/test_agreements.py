#!/usr/bin/env python3
"""An agreement from draft to the customer's yes: console, mail, portal, PDF, API; and a provider's own catalogue. On both databases."""
import datetime
import html.parser
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest
import zoneinfo

from mailsink import with_post
from pedel import ROOT, cvr, wait_until


class Spoken(html.parser.HTMLParser):
    """A page's text with the language each piece is marked with: said = [(lang, text)]."""
    void = {'area', 'base', 'br', 'col', 'embed', 'hr', 'img', 'input', 'link', 'meta', 'source', 'track', 'wbr'}

    def __init__(self, text):
        super().__init__()
        self.stack, self.said = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag not in self.void:
            self.stack.append((tag, dict(attrs).get('lang') or (self.stack[-1][1] if self.stack else '')))

    def handle_endtag(self, tag):
        while self.stack and self.stack.pop()[0] != tag:
            pass

    def handle_data(self, data):
        if data.strip() and self.stack:
            self.said.append((self.stack[-1][1], data))


class Agreements(unittest.TestCase):
    pg = False

    @classmethod
    def setUpClass(cls):
        with_post(cls)
        cls.staff = cls.p.browser().get('/login?next=/console/catalogue')
        cls.staff.submit('/login', login='admin', password=cls.p.password)
        assert cls.staff.status == 200, cls.staff.text

    def a_customer(self, seed, name, mail):
        c = self.p.ok('POST', '/api/v1/customers', {'name': name, 'cvr': cvr(seed), 'mail_domains': [], 'language': 'da'})
        self.p.ok('POST', f"/api/v1/customers/{c['id']}/contacts", {'name': 'Birgitte Sønderskov', 'email': mail, 'role': 'owner'})
        return c

    def signed_in(self, mail):
        """By the one-time link, as a customer does."""
        seen = len(self.sink.parsed())
        b = self.p.browser().get('/login')
        b.submit('/login/mail', mail=mail)
        message = self.sink.wait(lambda s, t, m: mail in t and '/login/link/' in m.get_body(('plain',)).get_content() and
                                 [x[2]['Message-ID'] for x in self.sink.parsed()].index(m['Message-ID']) >= seen)
        link = re.search(r'(/login/link/[0-9a-f]+)', message.get_body(('plain',)).get_content()).group(1)
        b.get(link)
        b.submit(link)
        self.assertTrue(b.jar)
        return b

    def test_from_draft_to_yes(self):
        c = self.a_customer(300, 'Advokathuset Sønderskov', 'birgitte@soenderskov.example')
        stranger = self.a_customer(301, 'Bageriet', 'ole@bageriet.example')
        s = self.staff
        s.get(f"/console/agreements/new?customer={c['id']}")
        form = s.form('/console/agreements/new')
        s.post('/console/agreements/new', {**form, 'service': ['support', 'service-agreement'], 'valid_from': '1.1.2026'})
        self.assertEqual(s.status, 200)
        home = re.sub(r'\?.*', '', s.url).replace(self.p.base, '')
        number = home.rsplit('/', 1)[1]
        form = {**s.form(home), 'service': ['support', 'service-agreement'], 'do': 'save'}
        s.post(home, {**form, 't.service-agreement.hours_per_month': '3', 't.service-agreement.hourly_price_ore': 'gratis'})
        self.assertEqual(s.status, 422)
        for field in ('hours_per_month', 'hourly_price_ore'):
            self.assertIn(f'id="e-t.service-agreement.{field}"', s.text)
        self.assertIn('value="gratis"', s.text)
        s.post(home, {**form, 't.service-agreement.hours_per_month': '10', 't.service-agreement.monthly_price_ore': '8.700,00',
                      't.service-agreement.driving_scope': 'each_way'})
        self.assertEqual(s.status, 200)
        self.assertIn('8.700,00', s.text)

        s.submit(home, do='send')
        self.assertEqual(s.status, 200)
        mail = self.sink.wait(lambda f, t, m: 'birgitte@soenderskov.example' in t and 'ftale' in m['Subject'])
        text = mail.get_body(('plain',)).get_content()
        self.assertIn(f'/portal/agreement/{number}', text)

        ole = self.signed_in('ole@bageriet.example')
        for path in ('', '/print', '/pdf'):
            self.assertEqual(ole.get(f'/portal/agreement/{number}{path}').status, 404)
        b = self.signed_in('birgitte@soenderskov.example')
        b.get(f'/portal/agreement/{number}')
        self.assertIn('tælles hver for sig', b.text)
        b.submit('/accept', name='')
        self.assertEqual(b.status, 422)
        self.assertIn('id="e-read"', b.text)
        b.submit('/accept', name='Birgitte Sønderskov', read='1')
        self.assertEqual(b.status, 200)
        self.assertIn('Accepteret af Birgitte Sønderskov', b.text)
        got = self.p.ok('GET', f'/api/v1/agreements/{number}')
        self.assertEqual((got['state'], got['accepted_via'], got['price_ore']), ('accepted', 'portal', 870000))
        self.assertIn(' '.join(re.findall('.{8}', got['text_sha256'])), b.text)
        self.sink.wait(lambda f, t, m: 'birgitte@soenderskov.example' in t and 'accepteret' in m['Subject'])
        self.assertEqual(self.p.ok('GET', f"/api/v1/agreements?customer_id={stranger['id']}")['items'], [])

        b.get(f'/portal/agreement/{number}/pdf')
        self.assertEqual((b.status, b.headers['Content-Type'], b.bytes[:5]), (200, 'application/pdf', b'%PDF-'))
        if shutil.which('pdftotext'):
            words = subprocess.run(['pdftotext', '-layout', '-', '-'], input=b.bytes, capture_output=True, check=True).stdout.decode()
            for said in ('Det lover vi', 'Det lover I', 'Sådan læses det', 'kørsel hver vej', '8.700,00 kr.', 'Accepteret af Birgitte'):
                self.assertIn(said, re.sub(r'\s+', ' ', words))

        first = b.bytes
        s.get(home)
        s.submit(home + '/supersede')
        again = re.sub(r'\?.*', '', s.url).rsplit('/', 1)[1]
        self.assertNotEqual(again, number)
        self.assertEqual(self.p.ok('GET', f'/api/v1/agreements/{again}')['supersedes'], int(number))
        # what was accepted stays byte for byte, also when another agreement has taken its place
        owner = self.p.ok('GET', f"/api/v1/customers/{c['id']}/contacts")['items'][0]
        self.p.ok('POST', f'/api/v1/agreements/{again}/accept', {'contact_id': owner['id']})
        self.assertNotEqual(self.p.ok('GET', f'/api/v1/agreements/{number}')['valid_to'], None)
        self.assertTrue(b.get(f'/portal/agreement/{number}/pdf').bytes == first)
        self.assertIn('indtil en anden træder i stedet', b.get(f'/portal/agreement/{number}/print').text)

    def sent(self, c, s):
        """A draft made and sent in the console: its page and its number."""
        s.get(f"/console/agreements/new?customer={c['id']}")
        s.post('/console/agreements/new', {**s.form('/console/agreements/new'), 'service': ['support'], 'valid_from': '1.1.2027'})
        home = re.sub(r'\?.*', '', s.url).replace(self.p.base, '')
        self.send(s, home)
        return home, self.p.ok('GET', f"/api/v1/agreements/{home.rsplit('/', 1)[1]}")['number']

    def send(self, s, home, **more):
        s.get(home)
        s.submit(home, do='send', **more)
        self.assertEqual(s.status, 200, s.text)

    def test_no_reaches_the_provider(self):
        """A no is a ticket from who said it, once; the draft says it until it is sent again; a yes is told to who sent it."""
        c = self.a_customer(350, 'Bogbinderiet', 'bodil@bogbinder.example')
        self.p.sql("UPDATE person SET email='mette@fjordkant.example' WHERE login='admin'")
        s = self.staff
        home, number = self.sent(c, s)
        b = self.signed_in('bodil@bogbinder.example')
        mine = home.replace('/console/agreements', '/portal/agreement')
        form = b.get(mine).form('/decline')
        b.post(mine + '/decline', {**form, 'why': 'For dyrt, og <b>vi</b> vil have 5 timer.'})
        self.assertEqual(b.status, 200)
        at = re.search(r'/portal/tasks/(\d+)', b.url).group(1)
        self.assertIn('Vi har dit svar på aftalen', b.text)
        self.assertIn('For dyrt, og &lt;b&gt;vi&lt;/b&gt; vil have 5 timer.', b.text)
        self.assertNotIn('en kladde igen', b.text)                            # the note is ours alone
        again = b.post(mine + '/decline', {**form, 'why': 'For dyrt, og <b>vi</b> vil have 5 timer.'})
        self.assertTrue(again.url.endswith(f'/portal/tasks/{at}?done=declined'), again.url)
        self.assertEqual(b.post(mine + '/decline', {**form, 'why': 'Andre ord'}).status, 404)        # it is a draft by now
        # the other owner has the same link by mail: it says who said no, and nothing of what the draft becomes
        self.p.ok('POST', f"/api/v1/customers/{c['id']}/contacts", {'name': 'Bo Bogbinder', 'email': 'bo@bogbinder.example', 'role': 'approver'})
        bo = self.signed_in('bo@bogbinder.example').get(mine)
        self.assertEqual(bo.status, 200)
        for said in ('Birgitte Sønderskov har sagt nej', 'For dyrt, og &lt;b&gt;vi&lt;/b&gt; vil have 5 timer.', f'href="/portal/tasks/{at}"'):
            self.assertIn(said, bo.text)
        self.assertEqual([bo.get(mine + path).status for path in ('/print', '/pdf')], [404, 404])
        tickets = self.p.ok('GET', f"/api/v1/tickets?customer_id={c['id']}")['items']
        self.assertEqual([(str(t['number']), t['subject']) for t in tickets], [(at, f'Aftale {number} afvist')])
        self.assertNotIn('response_due_at', tickets[0])                          # no request for help: nothing is due
        self.p.ok('POST', f'/api/v1/tickets/{tickets[0]["id"]}/messages', {'body': 'Tak for svaret, vi vender tilbage.'})
        self.assertNotIn('response_due_at', self.p.ok('GET', f'/api/v1/tickets/{tickets[0]["id"]}'))
        self.assertIn('Mette Dahl', str(self.p.sql(f'SELECT o.name FROM ticket t JOIN person o ON o.id=t.owner_id WHERE t.number={at}')))
        self.sink.wait(lambda f, t, m: 'mette@fjordkant.example' in t and f'Aftale {number} afvist' in m['Subject'])
        self.sink.wait(lambda f, t, m: 'bodil@bogbinder.example' in t and f'Aftale {number} afvist' in m['Subject'])     # we have it
        self.assertIn(f'Aftale {number} afvist', s.get('/console/').text)
        self.assertIn(f'Aftale {number} afvist', s.get('/console/tickets').text)
        s.get(f'/console/tickets/{at}')
        self.assertIn('en kladde igen', s.text)
        self.assertIn(f'href="{self.p.base}{home}"', s.text)
        s.get(home)
        self.assertIn('Birgitte Sønderskov har sagt nej', s.text)
        self.assertIn('For dyrt, og &lt;b&gt;vi&lt;/b&gt; vil have 5 timer.', s.text)
        self.assertIn(f'href="/console/tickets/{at}"', s.text)
        self.assertIn('En aftale blev afvist', s.get(f"/console/customers/{c['id']}").text)
        # sent again, the old no is history only, also when it is taken back; its ticket learns of all of it
        def told():
            notes = [m for m in self.p.ok('GET', f"/api/v1/tickets/{tickets[0]['id']}/messages")['items'] if m['visibility'] == 'internal']
            self.assertTrue(all(f'{self.p.base}{home}' in m['body'] and f'Aftale {number}' in m['body'] for m in notes[1:]), notes)
            return [m['body'].split(f'{number} ')[1].split('\n')[0] for m in notes[1:]]
        self.assertEqual(told(), [])
        self.send(s, home)
        self.assertEqual(told(), ['er sendt til kunden igen.'])
        self.assertIn('Afvist af Birgitte Sønderskov: For dyrt', s.get(home).text)
        s.submit(home + '/take-back')
        self.assertNotIn('har sagt nej', s.text)
        self.assertIn('Afvist af Birgitte Sønderskov: For dyrt', s.text)
        self.send(s, home)
        # and the yes, told to who sent it and on the front page
        self.assertNotIn('Bogbinderiet</a><p>Birgitte', s.get('/console/').text)
        b.get(mine)
        b.submit('/accept', name='Bodil B. Bogbinder', read='1')
        self.assertEqual(b.status, 200)
        mail = self.sink.wait(lambda f, t, m: 'mette@fjordkant.example' in t and f'Aftale {number} er accepteret: Bogbinderiet' in m['Subject'])
        # another name than the account's is said with whose login it was, wherever the yes is told
        who = 'Bodil B. Bogbinder (logget ind som Birgitte Sønderskov)'
        self.assertIn(who + ' har sagt ja', mail.get_body(('plain',)).get_content())
        self.assertIn(f'{who} sagde ja til aftale {number}', s.get('/console/').text)
        for page in (s.get(home), b.get(mine)):
            self.assertIn(f'Accepteret af {who}', page.text)
        if shutil.which('pdftotext'):
            words = subprocess.run(['pdftotext', '-layout', '-', '-'], input=b.get(mine + '/pdf').bytes, capture_output=True, check=True).stdout.decode()
            self.assertIn(f'Accepteret af {who}', re.sub(r'\s+', ' ', words))
        self.assertEqual(told(), ['er sendt til kunden igen.', 'er taget tilbage og er en kladde igen.', 'er sendt til kunden igen.', 'er accepteret af kunden.'])
        self.assertIn(f'href="{self.p.base}{home}"', s.get(f'/console/tickets/{at}').text)
        self.assertNotIn('er accepteret af kunden', b.get(f'/portal/tasks/{at}').text)        # the notes are ours alone
        # what the no asked for is settled: nobody's work any more, and no mail of its own about that
        self.assertEqual(self.p.ok('GET', f"/api/v1/tickets/{tickets[0]['id']}")['state'], 'solved')
        self.assertNotIn(f'Aftale {number} afvist', b.get('/portal/').text)
        self.assertEqual(self.p.sql(f"SELECT count(*) FROM outbox WHERE ticket_id={tickets[0]['id']} AND kind='solved'"), self.p.sql('SELECT 0'))
        # the one that takes its place: a no to a draft of it, and then another draft of it accepted
        s.get(home).submit(home + '/supersede')
        second = self.p.ok('GET', f"/api/v1/agreements?customer_id={c['id']}")['items']
        self.assertEqual(len(second), 2, second)
        draft = max(x['id'] for x in second)
        self.send(s, f'/console/agreements/{draft}')
        b.get(f'/portal/agreement/{draft}').submit('/decline', why='Ikke nu')
        no = re.search(r'/portal/tasks/(\d+)', b.url).group(1)
        s.get(home).submit(home + '/supersede')
        third = max(x['id'] for x in self.p.ok('GET', f"/api/v1/agreements?customer_id={c['id']}")['items'])
        self.send(s, f'/console/agreements/{third}')
        state = lambda: {str(t['number']): t['state'] for t in self.p.ok('GET', f"/api/v1/tickets?customer_id={c['id']}&limit=200")['items']}
        self.assertNotEqual(state().get(no), 'solved')
        b.get(f'/portal/agreement/{third}').submit('/accept', name=' birgitte SØNDERSKOV ', read='1')
        self.assertEqual(b.status, 200)
        self.assertNotIn('(logget ind', b.text)
        self.assertEqual(state()[no], 'solved')

    def test_no_in_english_and_without_a_reason(self):
        """The ticket is in the language of who said no; nothing written is said to be nothing; without a desk person as sender it is nobody's yet."""
        c = self.a_customer(380, 'Northbay', 'nora@northbay.example')
        self.p.sql(f"UPDATE contact SET lang='en' WHERE customer_id={c['id']}")
        home, number = self.sent(c, self.staff)
        self.p.sql(f"UPDATE need SET asked_by=0 WHERE customer_id={c['id']}")
        b = self.signed_in('nora@northbay.example')
        mine = home.replace('/console/agreements', '/portal/agreement')
        b.get(mine)
        b.submit('/decline', why='  ')
        self.assertEqual(b.status, 200)
        self.assertIn('We have your answer to the agreement', b.text)
        self.assertIn(f'We say no to agreement {number}.', b.text)
        got = self.p.ok('GET', f"/api/v1/tickets?customer_id={c['id']}")['items']
        self.assertEqual([t['subject'] for t in got], [f'Agreement {number} declined'])
        self.assertIn(f'Agreement {number} declined', self.staff.get('/console/tickets?view=unassigned').text)
        self.assertIn('Der er ikke skrevet nogen grund', self.staff.get(home).text)
        self.staff.submit(home + '/drop')
        self.assertIn('kladden er kasseret', str(self.p.ok('GET', f"/api/v1/tickets/{got[0]['id']}/messages")))

    def test_other_hours_remind_of_the_fixed_amount(self):
        c = self.a_customer(365, 'Timeboden', 'tove@timeboden.example')
        s = self.staff
        s.get(f"/console/agreements/new?customer={c['id']}")
        s.post('/console/agreements/new', {**s.form('/console/agreements/new'), 'service': ['service-agreement'], 'valid_from': '1.1.2027'})
        home = re.sub(r'\?.*', '', s.url).replace(self.p.base, '')
        hours, ore, hint = 't.service-agreement.hours_per_month', 't.service-agreement.monthly_price_ore', 'id="price-hint"'
        rows = [({hours: '10'}, '10 timer om måneden, og det faste beløb er 4.750,00 kr. som for 5 timer'), ({ore: '9.000,00'}, None), ({'note': 'x'}, None),
                ({hours: '2'}, 'Antallet af timer er et andet, og det faste beløb er som før'), ({ore: '2.000,00', hours: '10'}, None), ({hours: '5', ore: '4.750,00'}, None)]
        for change, says in rows:
            with self.subTest(change=change):
                s.get(home)
                self.assertEqual(s.submit(home, do='save', **change).status, 200)
                self.assertEqual((hint in s.text, says in s.text.replace('\xa0', ' ') if says else None), (bool(says), says and True))
        self.assertIn('id="f-t.service-agreement.monthly_price_ore"', s.text)         # where the hint leads
        s.submit(home, do='preview')
        for without in ('Mest ubrugt tid, der kan gemmes', 'Mest af næste måneds timer'):
            self.assertNotIn(without, s.text)

    def test_a_draft_told_of_an_error_tells_the_truth_else(self):
        """No service chosen is no service added; the sum is what the form says; a plan is written and read in the reader's language."""
        c = self.a_customer(366, 'Planboden', 'pia@planboden.example')
        s = self.staff
        s.get(f"/console/agreements/new?customer={c['id']}")
        s.post('/console/agreements/new', {**s.form('/console/agreements/new'), 'service': ['operations', 'service-agreement'], 'valid_from': '1.1.2027'})
        home = re.sub(r'\?.*', '', s.url).replace(self.p.base, '')
        api, plan = f"/api/v1/agreements/{home.rsplit('/', 1)[1]}", 't.operations.maintenance_plan'
        self.assertEqual(s.submit(home, do='add').status, 422)
        self.assertNotIn('er tilføjet', s.text)
        self.assertRegex(s.text, r'id="e-add"[^>]*>.*Vælg en ydelse\.')
        prices = lambda: re.search(r'id="h-price".*?</dl>', s.text, re.S).group(0).replace('\xa0', ' ')
        s.get(home)
        s.submit(home, **{'do': 'save', 't.operations.monthly_price_ore': '250,00', 't.service-agreement.hourly_price_ore': 'meget'})
        self.assertEqual(s.status, 422)
        for money in ('4.750,00 kr.', '250,00 kr.', '5.000,00 kr.'):
            self.assertIn(money, prices())
        s.submit(home, **{'t.service-agreement.hourly_price_ore': '1.050,00', 't.service-agreement.monthly_price_ore': 'x'})
        for money in ('4.750,00 kr.', '5.000,00 kr.'):          # a price that cannot be read counts as it was
            self.assertIn(money, prices())
        s.get(home)
        self.assertEqual(s.form(home)[plan], 'hver måned: eftersyn, hvert kvartal: kontrol af plads og ydeevne, hvert år: plan for udskiftning')
        kept = self.p.ok('GET', api)['items'][0]['terms']['maintenance_plan']
        self.assertEqual(s.submit(home, do='save').status, 200)
        self.assertEqual(self.p.ok('GET', api)['items'][0]['terms']['maintenance_plan'], kept)
        self.assertEqual(s.submit(home, **{'do': 'save', plan: 'hver uge, ost'}).status, 422)
        self.assertRegex(s.text, r'id="e-t\.operations\.maintenance_plan"[^>]*>.*Begynd hver opgave med')
        self.assertEqual(s.form(home)[plan], 'hver uge, ost')
        s.submit(home, **{'do': 'preview', plan: 'Hver uge: tøm kurven, hvert år: plan for udskiftning'})
        self.assertIn('hver uge: tøm kurven, hvert år: plan for udskiftning', s.text)
        self.assertEqual(self.p.ok('GET', api)['items'][0]['terms']['maintenance_plan'], ['weekly-tøm kurven', 'yearly-replacement-plan'])
        s.get(home).submit(home, do='preview', lang='en')
        self.assertIn('every week: tøm kurven, every year: replacement plan', s.text)

    def test_nothing_typed_is_left_behind(self):
        """Send, preview, add and take out save the form first; what cannot be read stops them and stays."""
        c = self.a_customer(360, 'Sejlloftet', 'signe@sejl.example')
        s = self.staff
        s.get(f"/console/agreements/new?customer={c['id']}")
        s.post('/console/agreements/new', {**s.form('/console/agreements/new'), 'service': ['support', 'service-agreement'], 'valid_from': '1.1.2027'})
        home = re.sub(r'\?.*', '', s.url).replace(self.p.base, '')
        api = f"/api/v1/agreements/{home.rsplit('/', 1)[1]}"
        for f in re.findall(r'<form[^>]*action="([^"]*)"', s.text):             # no form of its own that would send or show without the terms
            self.assertIn(f.rsplit('/', 1)[1], (home.rsplit('/', 1)[1], 'drop', 'find'))
        old = s.form(home)
        s.submit(home, **{'do': 'preview', 'note': 'Kun set, ikke gemt', 't.service-agreement.monthly_price_ore': '7.777,00'})
        self.assertTrue(s.url.endswith('/print'), s.url)
        self.assertIn('Kun set, ikke gemt', s.text)
        self.assertIn('7.777,00', s.text)
        self.assertIn(f'href="{home}"', s.text)                                 # and back
        self.assertEqual(self.p.ok('GET', api)['price_ore'], 777700)
        changes = "SELECT count(*) FROM event WHERE kind='agreement.changed' AND object_id=" + home.rsplit('/', 1)[1]
        self.assertEqual(self.p.sql(changes), [('1',)])
        s.get(home)
        s.submit(home, do='preview')                                            # looked at again: nothing changed
        self.assertEqual(self.p.sql(changes), [('1',)])
        s.get(home)
        s.submit(home, **{'do': 'send', 'note': 'Ord, der ikke må tabes', 't.service-agreement.monthly_price_ore': 'gratis'})
        self.assertEqual(s.status, 422)
        self.assertIn('Ord, der ikke må tabes', s.text)
        self.assertIn('value="gratis"', s.text)
        self.assertEqual((self.p.ok('GET', api)['state'], self.p.ok('GET', api)['note']), ('draft', 'Kun set, ikke gemt'))
        s.post(home, {**old, 'do': 'send', 'note': 'Fra en gammel side'})        # somebody else saved meanwhile: neither saved nor sent
        self.assertEqual(s.status, 409)
        self.assertIn('Fra en gammel side', s.text)
        self.assertEqual((self.p.ok('GET', api)['state'], self.p.ok('GET', api)['note']), ('draft', 'Kun set, ikke gemt'))
        self.p.sql(f"UPDATE contact SET active=0 WHERE customer_id={c['id']}")   # it cannot be sent: nothing is saved either, and what was typed stays
        s.get(home)
        s.submit(home, do='send', note='Til ingen')
        self.assertEqual(s.status, 409)
        self.assertIn('Til ingen', s.text)
        self.p.sql(f"UPDATE contact SET active=1 WHERE customer_id={c['id']}")
        s.get(home)
        s.submit(home, **{'do': 'send', 'note': 'Skrevet til sidst', 't.service-agreement.monthly_price_ore': '8.888,00'})
        self.assertEqual(s.status, 200)
        got = self.p.ok('GET', api)
        self.assertEqual((got['state'], got['price_ore'], got['note']), ('sent', 888800, 'Skrevet til sidst'))
        s.post(home, {**old, 'do': 'save'})                                     # a page from before it was sent
        self.assertEqual(s.status, 409)
        self.assertIn('Venter på kunden', s.text)
        b = self.signed_in('signe@sejl.example').get(home.replace('/console/agreements', '/portal/agreement'))
        self.assertIn('Skrevet til sidst', b.text)
        self.assertIn('8.888,00', b.text)

    def test_a_copy_to_practise_on_mails_nobody(self):
        """As docs/backup.md says: restored and started with --smtp none it sends nothing, though its settings name the mail server."""
        c = self.a_customer(370, 'Garvergården', 'gerda@garver.example')
        owner = self.p.ok('GET', f"/api/v1/customers/{c['id']}/contacts")['items'][0]
        self.p.sql(f"INSERT INTO setting(key,value) VALUES('mail.smtp','{self.sink.address}')")
        self.p.cli('backup', '--data', self.p.data, '--to', self.p.folder / 'copy.tar')
        self.p.sql("DELETE FROM setting WHERE key='mail.smtp'")
        with tempfile.TemporaryDirectory(prefix='pedel-flow-') as folder:
            self.p.cli('restore', '--data', pathlib.Path(folder) / 'data', '--from', self.p.folder / 'copy.tar')
            with open(pathlib.Path(folder) / 'data/pedel.conf', 'a') as conf:
                conf.write(f"connect_ports={self.sink.address.rsplit(':', 1)[1]}\n")    # a sink listens where it can
            copy = self.p.heir(folder, 'none')
            copy.db = []
            try:
                copy.start()
                copy.ok('POST', '/api/v1/tickets', {'customer_id': c['id'], 'contact_id': owner['id'], 'subject': 'Kun i kopien', 'body': 'x'})
                wait_until(lambda: 'no mail is sent' in copy.log_text(100000), 60)
                self.assertEqual(copy.sql("SELECT tries FROM outbox WHERE subject LIKE '%Kun i kopien%' AND state='waiting'"), [('0',)])
                copy.stop()
                self.assertEqual(copy.sql("SELECT count(*) FROM outbox WHERE subject LIKE '%Kun i kopien%' AND state='waiting'"), [('1',)])
                copy.smtp = None                # without the words it does mail: the settings came with the copy
                copy.start()
                self.sink.wait(lambda f, t, m: 'gerda@garver.example' in t and 'Kun i kopien' in m['Subject'], 60)
            finally:
                copy.stop()

    def test_what_cannot_be_read_is_refused_where_it_is_written(self):
        c = self.a_customer(340, 'Lukkedagene', 'ejer@lukkedage.example')
        item = {'customer_id': c['id'], 'valid_from': '2026-01-01'}
        for terms, error, field in (({'closed_days': ['jul']}, 'CLOSED_DAY_INVALID', 'closed_days'), ({'service_hours': 'efter aftale'}, 'HOURS_INVALID', 'service_hours'),
                                    ({'service_hours': ''}, 'HOURS_INVALID', 'service_hours')):
            status, got = self.p.api('POST', '/api/v1/agreements', {**item, 'items': [{'service': 'support', 'terms': terms}]})
            self.assertEqual((status, got['error']['id'], got['error']['field']), (400, error, f'items[0].terms.{field}'))
        g = self.p.ok('POST', '/api/v1/agreements', {**item, 'items': [{'service': 'support', 'terms': {'closed_days': ['24.12.', 'Dec 31'], 'service_hours': 'tirsdag 10-12'}}]})
        terms = g['items'][0]['terms']
        self.assertEqual((terms['closed_days'], terms['service_hours']), (['12-24', '12-31'], 'tue 10:00-12:00'))
        home = f"/console/agreements/{g['id']}"
        form = {**self.staff.get(home).form(home), 'service': ['support'], 'do': 'save'}
        self.staff.post(home, {**form, 't.support.closed_days': '24.12., jul', 't.support.service_hours': 'når vi er her'})
        self.assertEqual(self.staff.status, 422)
        for field in ('closed_days', 'service_hours'):
            self.assertIn(f'id="e-t.support.{field}"', self.staff.text)
        self.staff.post(home, {**form, 't.support.closed_days': '24.12., 5. juni', 't.support.service_hours': 'alle dage hele døgnet'})
        self.assertEqual(self.staff.status, 200)
        self.assertIn('value="man-søn 00:00-24:00"', self.staff.text)           # as a Dane writes them
        self.assertIn('value="24.12., 5.6."', self.staff.text)
        for typed, minutes in (('4 timer', 240), ('1 time 30 min.', 90), ('1:30', 90), ('1,5 t.', 90), ('45', 45)):
            form = {**self.staff.get(home).form(home), 'service': ['support'], 'do': 'save'}
            self.assertEqual(self.staff.post(home, {**form, 't.support.response_urgent_minutes': typed}).status, 200, typed)
            self.assertEqual(self.p.ok('GET', f"/api/v1/agreements/{g['id']}")['items'][0]['terms']['response_urgent_minutes'], minutes, typed)
        for typed in ('5 dage', '1 time og lidt', '1:75', 'x'):         # a day of service time is not said: hours are
            self.assertEqual(self.staff.post(home, {**form, 't.support.response_urgent_minutes': typed}).status, 422, typed)
            self.assertIn('Skriv timer og minutter', self.staff.text)
        owner = self.p.ok('GET', f"/api/v1/customers/{c['id']}/contacts")['items'][0]
        self.p.ok('POST', f"/api/v1/agreements/{g['id']}/accept", {'contact_id': owner['id']})
        # one that got in all the same (an older program, a hand in the database): said on the front page, on the promise and by verify
        self.p.sql(f"UPDATE agreement_item SET terms='{{\"closed_days\":[\"jul\"]}}' WHERE agreement_id={g['id']}")
        self.p.ok('POST', '/api/v1/tickets', {'customer_id': c['id'], 'subject': 'Hjælp', 'body': 'x'})
        wait_until(lambda: 'kan ikke læses' in self.staff.get('/console/').text)
        self.assertIn('Lukkedagene', self.staff.text)
        wait_until(lambda: 'blind' in {r['state'] for r in self.p.ok('GET', f"/api/v1/promises?customer_id={c['id']}") if r['key'] == 'support.help'})
        code, out, _ = self.p.cli('verify', '--data', self.p.data, ok=False)
        self.assertEqual(code, 1)
        self.assertIn(g['number'], out)
        self.p.sql(f"UPDATE agreement_item SET terms='{{}}' WHERE agreement_id={g['id']}")

    def test_a_document_keeps_its_language(self):
        """Whoever reads: the document in its own language and marked as such, all around it in the reader's."""
        words = {'da': {'doc': ['Sådan læses det', 'Aftalt', 'kr.'], 'chrome': ['Hvad der blev sagt ja til', 'Udskriv']},
                 'en': {'doc': ['How this is read', 'Agreed', 'DKK'], 'chrome': ['What was accepted', 'Print']}}
        for n, (doc, reader) in enumerate((('en', 'da'), ('da', 'en'), ('en', 'en'), ('da', 'da'))):
            with self.subTest(doc=doc, reader=reader):
                mail = f'ejer{n}@sprog.example'
                c = self.a_customer(320 + n, f'Sprog {n}', mail)
                owner = self.p.ok('GET', f"/api/v1/customers/{c['id']}/contacts")['items'][0]
                g = self.p.ok('POST', '/api/v1/agreements', {'customer_id': c['id'], 'valid_from': '2026-01-01', 'language': doc,
                                                            'items': [{'service': 'service-agreement', 'terms': {}}]})
                self.p.ok('POST', f"/api/v1/agreements/{g['id']}/accept", {'contact_id': owner['id']})
                s = self.staff.get('/profile')
                s.submit('/profile', language=reader)
                s.get(f"/console/agreements/{g['id']}")
                self.assertEqual(s.status, 200)
                said = {'da': '', 'en': ''}
                for lang, text in Spoken(s.text).said:
                    said[lang] += text + '\n'
                other = {'da': 'en', 'en': 'da'}
                for w in words[doc]['doc']:
                    self.assertIn(w, said[doc])
                for w in words[reader]['chrome']:
                    self.assertIn(w, said[reader])
                for w in words[other[doc]]['doc'][:2]:
                    self.assertNotIn(w, s.text)
                for w in words[other[reader]]['chrome']:
                    self.assertNotIn(w, s.text)

    def test_defaults_can_be_sent_back_and_one_takes_the_place_of_another(self):
        c = self.a_customer(330, 'Trælasten', 'gerda@traelast.example')
        owner = self.p.ok('GET', f"/api/v1/customers/{c['id']}/contacts")['items'][0]
        items = [{'service': s['key'], 'terms': {t['key']: t['default'] for t in s['terms']}} for s in self.p.ok('GET', '/api/v1/services')]
        for want, kind in (('response_urgent_minutes', int), ('service_hours', str), ('closed_days', list)):
            self.assertIsInstance(next(i['terms'][want] for i in items if want in i['terms']), kind)
        first = self.p.ok('POST', '/api/v1/agreements', {'customer_id': c['id'], 'valid_from': '2026-12-01', 'items': items})
        self.p.ok('POST', f"/api/v1/agreements/{first['id']}/accept", {'contact_id': owner['id']})
        code, got = self.p.api('POST', '/api/v1/agreements', {'customer_id': c['id'], 'valid_from': '2027-01-01', 'supersedes': 999999, 'items': items})
        self.assertEqual(code, 404, got)
        later = self.p.ok('POST', '/api/v1/agreements', {'customer_id': c['id'], 'valid_from': '2027-01-01', 'supersedes': first['id'], 'items': items[:3]})
        self.p.ok('POST', f"/api/v1/agreements/{later['id']}/accept", {'contact_id': owner['id']})
        self.assertEqual(self.p.ok('GET', f"/api/v1/agreements/{first['id']}")['valid_to'], '2026-12-31')
        self.assertEqual(self.p.ok('GET', f"/api/v1/agreements/{later['id']}")['supersedes'], first['id'])

    def test_open_tickets_are_due_by_what_was_agreed(self):
        """A yes, a replacement and an end move the due times of what came in on a day that they changed, everywhere alike."""
        c = self.a_customer(331, 'Garveriet', 'gudrun@garveriet.example')
        owner = self.p.ok('GET', f"/api/v1/customers/{c['id']}/contacts")['items'][0]
        t = self.p.ok('POST', '/api/v1/tickets', {'customer_id': c['id'], 'subject': 'Huden er våd', 'body': 'Den drypper.', 'priority': 'normal'})
        other = self.p.ok('POST', '/api/v1/tickets', {'customer_id': c['id'], 'subject': 'Løst', 'body': 'Det var kort.'})
        self.p.ok('PATCH', f"/api/v1/tickets/{other['id']}", {'state': 'solved'})
        other = self.p.ok('GET', f"/api/v1/tickets/{other['id']}")
        due = [t['response_due_at']]

        def agree(minutes, **more):
            terms = {'response_normal_minutes': minutes, 'service_hours': 'mon-sun 00:00-24:00'}
            g = self.p.ok('POST', '/api/v1/agreements', {'customer_id': c['id'], 'valid_from': '2026-01-01', 'items': [{'service': 'support', 'terms': terms}],
                                                         **more})
            self.p.ok('POST', f"/api/v1/agreements/{g['id']}/accept", {'contact_id': owner['id']})
            due.append(self.p.ok('GET', f"/api/v1/tickets/{t['id']}")['response_due_at'])
            return g

        first = agree(30)
        self.assertNotEqual(due[1], due[0])
        second = agree(45, supersedes=first['id'])
        self.assertLess(due[1], due[2])
        now = self.p.ok('GET', f"/api/v1/tickets/{t['id']}")
        self.assertEqual((now['updated_at'], now['state']), (t['updated_at'], t['state']), 'nobody did anything to it')
        at = datetime.datetime.fromisoformat(due[-1]).astimezone(zoneinfo.ZoneInfo('Europe/Copenhagen')).strftime('%H.%M')
        self.staff.get(f"/console/tickets?q={t['number']}&v=all")
        self.assertIn(f"/console/tickets/{t['number']}", self.staff.text)
        self.staff.get(f"/console/tickets/{t['number']}")
        self.assertIn(at, self.staff.text.replace(':', '.'))
        self.staff.get(f"/console/agreements/{second['id']}")
        self.staff.submit(f"/console/agreements/{second['id']}/end", last_day='31.1.2026')
        self.assertEqual(self.p.ok('GET', f"/api/v1/tickets/{t['id']}")['response_due_at'], due[0], "the catalogue's own again")
        self.assertEqual(self.p.ok('GET', f"/api/v1/tickets/{other['id']}"), other, 'what is solved is left alone')

    def test_provider_has_its_own_words(self):
        c = self.a_customer(310, 'Cykelværkstedet', 'hans@cykel.example')
        made = self.p.ok('POST', '/api/v1/agreements', {'customer_id': c['id'], 'valid_from': '2026-01-01', 'items': [{'service': 'hosting'}]})
        own = (ROOT / 'catalogue/hosting.md').read_text(encoding='utf-8').replace('name.da: Webhosting', 'name.da: Vores webhotel')
        ours = int(re.search(r'^version: (\d+)$', own, re.M).group(1))
        place = self.p.data / 'catalogue/hosting.md'
        place.parent.mkdir(exist_ok=True)
        place.write_text(own, encoding='utf-8')
        printing = self.p.data / 'catalogue/printing.md'
        printing.write_text(re.search(r'\n       (# printing\n.*?)\n   `number`', (ROOT / 'docs/how-to/add-a-service.md').read_text(encoding='utf-8'), re.S)
                            .group(1).replace('\n       ', '\n') + '\n', encoding='utf-8')
        self.p.stop()
        self.p.start()
        services = self.p.ok('GET', '/api/v1/services')
        self.assertEqual([s['version'] for s in services if s['key'] == 'hosting'], [ours + 1], 'the number that agreements are made on')
        names = {s['key']: s['name']['da'] for s in services}
        self.assertEqual((names['hosting'], names['support'], names.pop('printing')), ('Vores webhotel', 'Generel it-support', 'Print'))
        self.assertEqual(len(names), len(list((ROOT / 'catalogue').glob('[!R]*.md'))), 'it takes the place of ours')
        later = self.p.ok('POST', '/api/v1/agreements', {'customer_id': c['id'], 'valid_from': '2026-01-01', 'items': [{'service': 'hosting'}]})
        self.assertEqual((made['items'][0]['catalogue_version'], later['items'][0]['catalogue_version']), (ours, ours + 1))
        self.assertIn('Webhosting', self.staff.get(f"/console/agreements/{made['id']}/print").text)
        self.assertIn('Vores webhotel', self.staff.get(f"/console/agreements/{later['id']}/print").text)
        b = self.signed_in('hans@cykel.example')
        drafts = [self.p.ok('POST', '/api/v1/agreements', {'customer_id': c['id'], 'valid_from': '2026-01-01', 'items': [{'service': s} for s in services]})
                  for services in (('printing', 'hosting'), ('support', 'printing'))]
        owner = self.p.ok('GET', f"/api/v1/customers/{c['id']}/contacts")['items'][0]
        self.p.ok('POST', f"/api/v1/agreements/{drafts[0]['id']}/accept", {'contact_id': owner['id']})
        self.p.stop()
        printing.unlink()
        self.p.start()
        gone = 'Print (ikke længere i kataloget)'
        self.assertIn(f'{gone}, Vores webhotel', self.staff.get(f"/console/customers/{c['id']}/agreements").text)
        draft = self.staff.get(f"/console/agreements/{drafts[1]['id']}").text
        self.assertIn(f'{gone}. Gemmer eller sender', draft)
        self.assertIn(f"{gone} ({drafts[0]['number']})", draft)                       # the other one holds it
        self.assertIn('<p>Print, Vores webhotel</p>', b.get('/portal/agreement').text)
        self.p.stop()
        place.write_text(own.replace('type: integer', 'type: number', 1), encoding='utf-8')
        with self.assertRaisesRegex(AssertionError, r'hosting\.md:\d+: '):       # refused at start, with file and line
            self.p.start()
        self.p.stop()
        place.unlink()
        self.p.start()


@unittest.skipUnless(os.environ.get('PEDEL_TEST_PG'), 'no PostgreSQL: run by tests/with_postgres.py')
class AgreementsOnPostgres(Agreements):
    pg = True


if __name__ == '__main__':
    unittest.main()
