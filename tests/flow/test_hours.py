#!/usr/bin/env python3
"""Hours from the time field to the statement: console, portal, API, CSV and PDF of one customer. On both databases."""
import calendar
import csv
import io
import os
import re
import shutil
import sqlite3
import subprocess
import unittest
from datetime import datetime
from zoneinfo import ZoneInfo

from pedel import Pedel, cvr, wait_until

COPENHAGEN = ZoneInfo('Europe/Copenhagen')


class Hours(unittest.TestCase):
    pg = False

    @classmethod
    def setUpClass(cls):
        cls.p = Pedel(pg=cls.pg)
        cls.addClassCleanup(cls.p.__exit__, None, None, None)
        cls.customer, cls.owner, cls.employee, _ = cls.p.customer(
            terms={'service-agreement': {'hours_per_month': 5, 'hourly_price_ore': 105000, 'monthly_price_ore': 475000}})
        cls.ticket = cls.p.ok('POST', '/api/v1/tickets', {'customer_id': cls.customer['id'], 'subject': 'Kursus & <b>møder</b>', 'body': 'x'})
        cls.staff = cls.p.browser().sign_in('admin', cls.p.password)

    def log(self, started_at, minutes, activity='remote', **more):
        return self.p.ok('POST', '/api/v1/time-entries', {'ticket_id': self.ticket['id'], 'activity': activity, 'started_at': started_at,
                                                          'minutes': minutes, 'note': 'Gjort', **more})

    def refused(self, error, field, **body):
        given = {'ticket_id': self.ticket['id'], 'activity': 'remote', 'started_at': '2026-05-04T09:00:00+02:00', 'minutes': 15, **body}
        status, got = self.p.api('POST', '/api/v1/time-entries', given)
        self.assertEqual((got['error']['id'], got['error'].get('field')), (error, field), (body, status, got))
        self.assertGreaterEqual(status, 400)

    def bank(self, month):
        return self.p.ok('GET', f"/api/v1/hour-banks?customer_id={self.customer['id']}&month={month}")

    def test_bad_time_is_refused_with_its_field(self):
        before = len(self.p.ok('GET', '/api/v1/time-entries?limit=200')['items'])
        for error, field, body in [
                ('DURATION_RANGE', 'minutes', {'minutes': 0}), ('DURATION_RANGE', 'minutes', {'minutes': 1441}),
                ('FIELD_TYPE', 'minutes', {'minutes': '15'}), ('CHOICE_INVALID', 'activity', {'activity': 'travel'}),
                ('TIME_FUTURE', 'started_at', {'started_at': '2099-01-01T00:00:00Z'}), ('TIME_INVALID', 'started_at', {'started_at': 'nu'}),
                ('TIME_INVALID', 'started_at', {'started_at': '1999-01-01T00:00:00Z'}), ('NOT_FOUND', 'ticket_id', {'ticket_id': 987654}),
                ('NOT_FOUND', 'login', {'login': 'ingen'}), ('DRIVE_NOT_VISIT', 'drive_out_minutes', {'drive_out_minutes': 5}),
                ('DRIVE_RANGE', 'drive_home_minutes', {'activity': 'visit', 'drive_home_minutes': -1}), ('FIELD_TYPE', 'late', {'late': 1}),
                ('FIELD_UNKNOWN', 'hours', {'hours': 2})]:
            self.refused(error, field, **body)
        self.assertEqual(len(self.p.ok('GET', '/api/v1/time-entries?limit=200')['items']), before)

    def test_month_closes_once_and_late_time_goes_on(self):
        self.log('2026-03-29T01:30:00+01:00', 50)               # the night the clock is changed
        self.log('2026-04-01T00:10:00+02:00', 280)
        status, got = self.p.api('POST', f"/api/v1/customers/{self.customer['id']}/months/2099-01/close", {})
        self.assertEqual((status, got['error']['id']), (409, 'MONTH_OPEN'))
        done = self.p.ok('POST', f"/api/v1/customers/{self.customer['id']}/months/2026-03/close", {})
        self.assertEqual((done['month'], done['closed'], done['months_closed'][-1]), ('2026-03', True, '2026-03'))
        again = self.p.api('POST', f"/api/v1/customers/{self.customer['id']}/months/2026-03/close", {})
        self.assertEqual((again[0], again[1]['error']['id']), (409, 'MONTH_CLOSED'))
        for month in ('2019-01', '2025-12'):                    # before everything: nothing to close, and no form that offers it
            status, got = self.p.api('POST', f"/api/v1/customers/{self.customer['id']}/months/{month}/close", {})
            self.assertEqual((status, got['error']['id'], got['error']['field']), (409, 'MONTH_EMPTY', 'month'))
        empty = self.p.ok('POST', '/api/v1/customers', {'name': 'Tom', 'cvr': '10000025'})
        self.assertEqual(self.p.api('POST', f"/api/v1/customers/{empty['id']}/months/2026-03/close", {})[1]['error']['id'], 'MONTH_EMPTY')
        b = self.p.browser().sign_in('admin', self.p.password)
        for customer, month, offered in ((empty, '2026-03', False), (self.customer, '2025-12', False), (self.customer, '2026-04', True)):
            self.assertEqual(f'{month}/close"' in b.get(f"/console/customers/{customer['id']}/hours/{month}").text, offered, (customer['name'], month))
        march = self.bank('2026-03')
        self.assertEqual((march['closed'], march['drawn_minutes'], march['remaining_minutes'], len(march['sha256'])), (True, 60, 240, 64))
        self.refused('MONTH_CLOSED', 'started_at', started_at='2026-03-30T09:00:00+02:00')
        late = self.log('2026-03-30T09:00:00+02:00', 250, late=True)
        self.assertEqual((late['late'], late['month']), (True, '2026-04'))
        april = self.bank('2026-04')                            # 240 were left in March, 15 come from April's
        self.assertEqual((april['granted_minutes'], april['drawn_minutes']), (540, 540))
        self.assertEqual([(x['kind'], x['minutes'], x['amount_ore']) for x in april['invoice_lines']], [])
        self.log('2026-04-02T09:00:00+02:00', 10)
        self.assertEqual([(x['kind'], x['minutes'], x['amount_ore']) for x in self.bank('2026-04')['invoice_lines']], [('overuse', 15, 26250)])
        self.assertEqual(self.bank('2026-03'), march)

    def test_week_page_writes_changes_and_removes(self):
        s = self.staff.get('/console/time')
        self.assertEqual(s.status, 200)
        s.submit('/console/time', ticket=self.ticket['number'], minutes='0:50', activity='phone', note='Ringet')
        self.assertEqual(s.status, 200, s.text[:2000])
        self.assertIn('0:50', s.text)
        self.assertIn('Kursus &amp; &lt;b&gt;møder&lt;/b&gt;', s.text)
        s.submit('/console/time', ticket='999999', minutes='5')
        self.assertEqual(s.status, 404)
        s.submit('/console/time', ticket=self.ticket['number'], minutes='-5')
        self.assertEqual(s.status, 400)
        self.assertIn('value="-5"', s.text, 'what was typed stays')
        mine = [t for t in self.p.ok('GET', '/api/v1/time-entries?login=admin')['items'] if t['note'] == 'Ringet'][0]
        page = f"/console/time/{mine['id']}"
        s.get(page).submit(page, minutes='1:10')
        self.assertIn('1:10', s.text)
        s.get(page).submit(page + '/remove')
        self.assertNotIn(mine['id'], [t['id'] for t in self.p.ok('GET', '/api/v1/time-entries?login=admin')['items']])
        self.assertEqual(s.get(page).status, 404)

    def test_timer(self):
        s = self.staff.get('/console/time')
        fields = {**{k: v for k, v in s.form('/console/time').items() if 'csrf' in k}, 'ticket_id': self.ticket['id'], 'back': 'week'}
        s.post('/console/timer/start', fields)
        self.assertIn('/console/timer/pause', s.text)
        s.submit('/console/timer/pause')
        self.assertIn('/console/timer/start', s.text)
        s.submit('/console/timer/drop')
        self.assertNotIn('/console/timer/pause', s.text)

    def same_total(self, s, base):
        """Page, PDF and CSV say the same total, and the CSV's amounts add up to it."""
        total = re.search(r'I alt uden moms.*?([\d.]+,\d\d)', s.get(base).text, re.S).group(1)
        rows = list(csv.reader(io.StringIO(s.get(base + '/csv').bytes.decode('utf-8-sig')), delimiter=';'))
        amounts = [int(r[16].replace(',', '')) for r in rows[1:] if r[16]]
        self.assertEqual(rows[-1][5], 'I alt uden moms')
        self.assertEqual((sum(amounts[:-1]), amounts[-1]), (amounts[-1], int(re.sub(r'\D', '', total))))
        if shutil.which('pdftotext'):
            words = subprocess.run(['pdftotext', '-layout', '-', '-'], input=s.get(base + '/pdf').bytes, capture_output=True, check=True).stdout.decode()
            self.assertRegex(words, r'I alt uden moms\s+' + re.escape(total))

    def test_console_month_csv_and_pdf(self):
        self.log('2026-06-10T09:00:00+02:00', 75, 'visit', drive_out_minutes=21, drive_home_minutes=21, note='=HYPERLINK("http://x")')
        self.log('2026-06-11T09:00:00+02:00', 30, 'internal', note='Kun for os')
        base = f"/console/customers/{self.customer['id']}/hours/2026-06"
        s = self.staff.get(base)
        self.assertEqual(s.status, 200)
        for text in ('3:45', '262,50', 'Kun for os', 'Luk måneden'):
            self.assertIn(text, s.text)
        s.get(base + '/csv')
        self.assertTrue(s.bytes.startswith(b'\xef\xbb\xbf'))
        rows = list(csv.reader(io.StringIO(s.bytes.decode('utf-8-sig')), delimiter=';'))
        self.assertEqual(rows[1][:2] + rows[1][6:9] + rows[1][11:13], ['2026-06-10', '09:00', '75', '75', '75', '42', '15'])
        self.assertEqual(rows[1][14], '\'=HYPERLINK("http://x")')
        s.get(base + '/pdf')
        self.assertEqual(s.headers['Content-Type'], 'application/pdf')
        self.assertTrue(s.bytes.startswith(b'%PDF-'))
        if shutil.which('pdftotext'):           # what is handed on is the customer's: their language, nothing internal
            version = self.p.ok('GET', f"/api/v1/customers/{self.customer['id']}")['version']
            self.p.ok('PATCH', f"/api/v1/customers/{self.customer['id']}", {'language': 'en', 'version': version})
            words = subprocess.run(['pdftotext', '-layout', '-', '-'], input=s.get(base + '/pdf').bytes, capture_output=True, check=True).stdout.decode()
            self.p.ok('PATCH', f"/api/v1/customers/{self.customer['id']}", {'language': 'da', 'version': version + 1})
            self.assertIn('Hours in June 2026', words)
            self.assertNotIn('Intern', words)
            self.assertIn('Kun for os', s.get(base).text)
        self.same_total(s, base)
        s.get('/console/billing/2026-06')
        self.assertIn('Advokathuset', s.text)
        self.same_on_a_phone(s.text)
        s.get(base).submit('/close')
        self.assertEqual(s.status, 400, 'closing asks first')
        self.assertFalse(self.bank('2026-06')['closed'])

    def same_on_a_phone(self, page):
        """A card leaves out the cells that say hide: what is left must add up to the row's amount, and the rows to what stands over them."""
        ore = lambda text: int(re.sub(r'\D', '', text))
        rows, in_all = [], ore(re.search(r'class="figure">([^<]*)', page).group(1))
        for row in re.findall(r'<tr>(<td.*?)</tr>', page.replace('\n', ''), re.S):
            cells = [(at, ore(text)) for at, text in re.findall(r'<td class="r num"([^>]*)>([^<]*)', row) if 'data-at="hide"' not in at]
            amount, = [n for at, n in cells if 'data-at="end"' in at]
            self.assertEqual(amount, sum(n for at, n in cells if 'data-l=' in at), cells)
            rows.append(amount)
        self.assertGreater(rows[0], 475000)
        self.assertEqual((sum(rows[:-1]), rows[-1]), (in_all, in_all))

    def mail_to(self, address):
        """The text of the last mail queued for somebody."""
        query = f"SELECT body FROM outbox WHERE recipient='{address}' ORDER BY id DESC LIMIT 1"
        if self.pg:
            return subprocess.run(['psql', self.p.db[1], '-Atc', query], capture_output=True, text=True, check=True).stdout
        return sqlite3.connect(self.p.data / 'pedel.db', timeout=60).execute(query).fetchone()[0]

    def signed_in(self, contact):
        b = self.p.browser().get('/login')
        b.submit('/login/mail', mail=contact['email'])
        link = re.search(r'/login/link/[0-9a-z]+', self.mail_to(contact['email'])).group()
        b.get(link)
        b.submit(link)
        return b

    def test_customer_sees_its_own_hours_and_nothing_internal(self):
        self.log('2026-07-10T09:00:00+02:00', 60, note='Synlig tekst')
        self.log('2026-07-11T09:00:00+02:00', 30, 'internal', note='Hemmelig tekst')
        b = self.signed_in(self.owner)
        for path in ('/portal/hours/2026-07', '/portal/hours/2026-07/csv'):
            b.get(path)
            self.assertEqual(b.status, 200, path)
            self.assertIn('Synlig tekst', b.text)
            self.assertNotIn('Hemmelig', b.text)
        b.get('/portal/hours/2026-07/pdf')
        self.assertTrue(b.bytes.startswith(b'%PDF-'))
        for path in (f"/console/customers/{self.customer['id']}/hours/2026-07", '/console/billing/2026-07', '/console/time'):
            self.assertIn(b.get(path).status, (403, 404), path)
        self.assertEqual(self.signed_in(self.employee).get('/portal/hours').status, 403, 'hours are for those who decide')

    def test_the_line_of_the_chart_ends_today(self):
        b = self.signed_in(self.owner)

        def ends(path):
            drawn = re.search(r'class="used" d="M0 100([^"]*)"', b.get(path).text)
            return float(re.findall(r'H([0-9.]+)', drawn.group(1))[-1])

        self.assertEqual(ends('/portal/hours/2026-07'), 300)
        before = datetime.now(COPENHAGEN)
        end = ends('/portal/hours')
        self.assertIn(end, [3000 * d.day // calendar.monthrange(d.year, d.month)[1] / 10 for d in (before, datetime.now(COPENHAGEN))])

    def test_only_who_may_close_meets_the_form_that_closes(self):
        other, _, _, _ = self.p.customer(seed=96, name='Åben Bog', domain='bog.example')
        path = '/console/billing/2026-05'
        self.staff.get('/console/settings/staff/new').submit('/staff/new', login='tekniker', name='Tove', role='technician', password='tove kan sin adgangskode', known=self.p.password)
        page = self.p.browser().sign_in('tekniker', 'tove kan sin adgangskode').get(path)
        self.assertIn('Åben Bog', page.text)
        self.assertNotIn(f'{path}/close', page.text)
        s = self.staff.get(path)
        form, = re.findall(rf'<form [^>]*action="{path}/close".*?</form>', s.text, re.S)
        self.assertIn(' id="f-close"', form)
        self.assertIn('<button', form)
        self.assertRegex(s.text, rf'<input type="checkbox" form="f-close" name="customer" value="{other["id"]}"')
        s.submit('/close', customer=other['id'])
        self.assertEqual(s.status, 400, 'closing asks first')
        # whom somebody left out stays left out, and everything that is missing is said at once
        boxes = dict(re.findall(r'name="customer" value="(\d+)" aria-label="[^"]*"\s*(checked)?', s.text))
        self.assertEqual({k for k, ticked in boxes.items() if ticked}, {str(other['id'])})
        self.assertGreater(len(boxes), 1)
        s.get(path).submit('/close')
        self.assertEqual(s.status, 400)
        self.assertEqual(len(re.findall(r'href="#f-(?:customer|sure)"', s.text)), 2, s.text[:3000])
        s.get(path).submit('/close', customer=other['id'], sure='on')
        self.assertEqual(s.status, 200, s.text[:500])
        self.assertTrue(self.p.ok('GET', f"/api/v1/hour-banks?customer_id={other['id']}&month=2026-05")['closed'])
        self.assertFalse(self.bank('2026-05')['closed'])

    def test_hidden_time_stays_hidden(self):
        other, owner, _, _ = self.p.customer(seed=77, domain='skjult.example', terms={'service-agreement': {'time_visible': False}})
        t = self.p.ok('POST', '/api/v1/tickets', {'customer_id': other['id'], 'subject': 'Skjult emne', 'body': 'x'})
        self.p.ok('POST', '/api/v1/time-entries', {'ticket_id': t['id'], 'activity': 'remote', 'started_at': '2026-07-10T09:00:00+02:00',
                                                   'minutes': 45, 'note': 'Skjult tekst'})
        b = self.signed_in(owner)
        for path in ('/portal/hours/2026-07', '/portal/hours/2026-07/csv'):
            b.get(path)
            self.assertEqual(b.status, 200, path)
            self.assertNotIn('Skjult', b.text)
        self.assertIn('Brugt', b.get('/portal/hours/2026-07').text)
        self.staff.get(f"/console/customers/{other['id']}/hours/2026-07")
        self.assertIn('Skjult tekst', self.staff.text)

    def test_time_without_an_agreement_is_not_called_overuse(self):
        other = self.p.ok('POST', '/api/v1/customers', {'name': 'Uden Aftale ApS', 'cvr': cvr(80), 'mail_domains': ['uden.example'], 'language': 'da'})
        t = self.p.ok('POST', '/api/v1/tickets', {'customer_id': other['id'], 'subject': 'Enkelt sag', 'body': 'x'})
        self.p.ok('POST', '/api/v1/time-entries', {'ticket_id': t['id'], 'activity': 'remote', 'started_at': '2026-07-10T09:00:00+02:00', 'minutes': 40})
        got = self.p.ok('GET', f"/api/v1/hour-banks?customer_id={other['id']}&month=2026-07")
        self.assertEqual([(x['kind'], x['reason'], x['minutes']) for x in got['invoice_lines']], [('overuse', 'no_bank', 45)])
        self.assertEqual([x['no_bank'] for x in got['entries']], [True])
        base = f"/console/customers/{other['id']}/hours/2026-07"
        self.assertIn('Tid efter timepris, uden aftale', self.staff.get(base).text)
        self.assertNotIn('ud over timerne', self.staff.text)
        rows = list(csv.reader(io.StringIO(self.staff.get(base + '/csv').bytes.decode('utf-8-sig')), delimiter=';'))
        self.assertEqual(rows[1][15], 'Tid efter timepris, uden aftale')

    def test_the_fixed_amount_is_every_services(self):
        """What the agreement says is paid a month is what is billed, line by line; also without a service agreement."""
        for seed, domain, services, lines in (
                (782, 'fast.example', ('support', 'operations', 'service-agreement'),
                 [('Fast beløb, Serviceaftale', 475000), ('Fast beløb, It-drift', 40000), ('Fast beløb, Generel it-support', 125000)]),
                (783, 'uden-timer.example', ('support', 'operations'), [('Fast beløb, It-drift', 40000), ('Fast beløb, Generel it-support', 125000)])):
            other, owner, _, agreement = self.p.customer(seed=seed, name=f'Fast {seed}', domain=domain, services=services, valid_from='2026-07-01', terms={
                'support': {'monthly_price_ore': 125000}, 'operations': {'monthly_price_ore': 40000}})
            whole = sum(ore for _, ore in lines)
            money = f'{whole // 100000}.{whole // 100 % 1000:03},{whole % 100:02}'
            self.assertIn(f'{money}\xa0kr. om måneden', self.staff.get(f"/console/agreements/{agreement['id']}").text)
            got = self.p.ok('GET', f"/api/v1/hour-banks?customer_id={other['id']}&month=2026-07")
            self.assertEqual((got['fixed_ore'], sorted(f['amount_ore'] for f in got['fixed'])), (whole, sorted(ore for _, ore in lines)))
            self.assertEqual(self.p.ok('GET', f"/api/v1/hour-banks?customer_id={other['id']}&month=2026-06")['fixed_ore'], 0)
            base = f"/console/customers/{other['id']}/hours/2026-07"
            for what, _ in lines:
                self.assertIn(what, self.staff.get(base).text)
            rows = list(csv.reader(io.StringIO(self.staff.get(base + '/csv').bytes.decode('utf-8-sig')), delimiter=';'))
            self.assertEqual([(r[5], int(r[16].replace(',', ''))) for r in rows[1:]], [*lines, ('I alt uden moms', whole)])
            self.same_total(self.staff, base)
            row = re.search(r'hours/2026-07">Fast %d</a>.*?</tr>' % seed, self.staff.get('/console/billing/2026-07').text, re.S).group(0)
            self.assertIn(money, row)
            self.assertIn(money, self.signed_in(owner).get('/portal/hours/2026-07').text)
            self.p.ok('POST', f"/api/v1/customers/{other['id']}/months/2026-07/close", {})
            self.assertEqual(self.p.ok('GET', f"/api/v1/hour-banks?customer_id={other['id']}&month=2026-07")['fixed'], got['fixed'])

    def test_a_days_time_is_rounded_together(self):
        other, owner, _, _ = self.p.customer(seed=79, domain='dag.example', terms={'service-agreement': {'round_by': 'day'}})
        t = self.p.ok('POST', '/api/v1/tickets', {'customer_id': other['id'], 'subject': 'x', 'body': 'x'})
        for hour in (9, 10, 11):
            self.p.ok('POST', '/api/v1/time-entries', {'ticket_id': t['id'], 'activity': 'remote', 'minutes': 6,
                                                       'started_at': f'2026-07-10T{hour:02}:00:00+02:00'})
        got = self.p.ok('GET', f"/api/v1/hour-banks?customer_id={other['id']}&month=2026-07")
        self.assertEqual([x['bill_minutes'] for x in got['entries']], [15, 0, 15])
        self.assertEqual(got['drawn_minutes'], 30)
        b = self.signed_in(owner).get('/portal/hours/2026-07')
        self.assertIn('rundet op sammen med dagens øvrige tid', b.text)
        self.assertTrue(b.get('/portal/hours/2026-07/pdf').bytes.startswith(b'%PDF-'))

    def test_months_with_nothing_in_them(self):
        """Before the customer's first month and after this one there is no statement, and none is offered."""
        other, owner, _, _ = self.p.customer(seed=7451, domain='begyndt.example', valid_from='2026-05-01')
        today = datetime.now(ZoneInfo('Europe/Copenhagen')).date()
        ahead = f'{today.year + today.month // 12}-{today.month % 12 + 1:02}'
        b = self.signed_in(owner)
        for month, status in (('2026-05', 200), ('2026-04', 404), ('2025-01', 404), (ahead, 404)):
            for kind in ('', '/csv', '/pdf'):
                self.assertEqual(b.get(f'/portal/hours/{month}{kind}').status, status, month + kind)
        for s, base in ((b, '/portal/hours'), (self.staff, f"/console/customers/{other['id']}/hours")):
            self.assertNotIn('Måneden før', s.get(base + '/2026-05').text)
            self.assertIn(f'{base}/2026-05"', s.get(base + '/2026-06').text)
        idle, owner, _, _ = self.p.customer(seed=7452, domain='tom.example', services=('support',), valid_from=today.replace(year=today.year + 1, day=1).isoformat())
        b = self.signed_in(owner).get('/portal/hours')
        self.assertEqual((b.status, 'Måneden før' in b.text), (200, False))

    def test_bought_hours_stand_in_the_queue(self):
        other, owner, _, _ = self.p.customer(seed=81, domain='klip.example', terms={'service-agreement': {'hours_per_month': 2}})
        t = self.p.ok('POST', '/api/v1/tickets', {'customer_id': other['id'], 'subject': 'x', 'body': 'x'})
        home = f"/console/customers/{other['id']}/purchases"
        s = self.staff.get(home)
        for typed, field in ((dict(hours='0', price_ore='1', expires_on='2030-01-01'), 'hours'), (dict(hours='1,5', price_ore='x', expires_on='2030-01-01'), 'price_ore'),
                             (dict(hours='3', price_ore='1', expires_on='2001-01-01'), 'expires_on'), (dict(hours='2000', price_ore='1', expires_on='2030-01-01'), 'hours'),
                             (dict(hours='3', price_ore='1', bought_on='2099-01-01', expires_on='2099-02-01'), 'bought_on')):
            s.get(home).submit('/purchases', **typed)
            self.assertEqual(s.status, 400, typed)
            self.assertIn(f'id="e-{field}"', s.text, typed)
        s.get(home).submit('/purchases', hours='1,5', price_ore='1.350,00', bought_on='2026-07-05', expires_on='2026-08-15', note='Klip <1>')
        self.assertEqual(s.status, 200, s.text[:500])
        self.assertIn('Klip &lt;1&gt;', s.text)
        for day, minutes in ((3, 60), (10, 120), (20, 60)):     # July: 60 + 120 of 120 + 90; the month's hours expire first
            self.p.ok('POST', '/api/v1/time-entries', {'ticket_id': t['id'], 'activity': 'remote', 'minutes': minutes,
                                                       'started_at': f'2026-07-{day:02}T09:00:00+02:00'})
        july = self.p.ok('GET', f"/api/v1/hour-banks?customer_id={other['id']}&month=2026-07")
        self.assertEqual([(g['kind'], g['granted_minutes'], g['drawn_minutes'], g['expires_on']) for g in july['grants']],
                         [('month', 120, 120, '2026-07-31'), ('bought', 90, 90, '2026-08-15')])
        self.assertEqual((july['overuse_minutes'], july['bought_ore']), (30, 135000))
        base = f"/console/customers/{other['id']}/hours/2026-07"
        self.assertIn('1.350,00', s.get(base).text)
        rows = list(csv.reader(io.StringIO(s.get(base + '/csv').bytes.decode('utf-8-sig')), delimiter=';'))
        self.assertEqual({len(r) for r in rows}, {17})
        self.assertIn(('Købte timer', '1350,00'), [(r[5], r[16]) for r in rows])
        self.same_total(s, base)
        b = self.signed_in(owner).get('/portal/hours/2026-07')
        self.assertIn('Købt 5.7.2026', b.text)
        self.assertTrue(b.get('/portal/hours/2026-07/pdf').bytes.startswith(b'%PDF-'))
        self.assertIn(b.get(home).status, (403, 404))
        api = {'customer_id': other['id'], 'minutes': 600, 'price_ore': 900000, 'expires_on': '2027-06-30', 'bought_on': '2026-06-01'}
        made = self.p.ok('POST', '/api/v1/hour-purchases', api)
        self.assertEqual(self.p.ok('GET', f"/api/v1/hour-banks?customer_id={other['id']}&month=2026-07")['overuse_minutes'], 0)
        self.p.ok('POST', f"/api/v1/hour-purchases/{made['id']}/remove", {})
        self.assertEqual(self.p.ok('GET', f"/api/v1/hour-banks?customer_id={other['id']}&month=2026-07")['overuse_minutes'], 30)
        for error, field, body in (('PURCHASE_MINUTES', 'minutes', {'minutes': 0}), ('NUMBER_RANGE', 'price_ore', {'price_ore': -1}),
                                   ('PURCHASE_EXPIRES', 'expires_on', {'expires_on': '2026-05-31'}), ('NOT_FOUND', 'customer_id', {'customer_id': 99999}),
                                   ('PURCHASE_BOUGHT', 'bought_on', {'bought_on': '2099-01-01', 'expires_on': '2099-01-02'})):
            status, got = self.p.api('POST', '/api/v1/hour-purchases', {**api, **body})
            self.assertEqual((got['error']['id'], got['error']['field']), (error, field))
        self.p.ok('POST', f"/api/v1/customers/{other['id']}/months/2026-07/close", {})
        status, got = self.p.api('POST', '/api/v1/hour-purchases', api)
        self.assertEqual((status, got['error']['id'], got['error']['field']), (409, 'PURCHASE_CLOSED', 'bought_on'))
        bought = self.p.ok('GET', f"/api/v1/hour-purchases?customer_id={other['id']}")['items']
        self.assertEqual([x['minutes'] for x in bought], [90])
        status, got = self.p.api('POST', f"/api/v1/hour-purchases/{bought[0]['id']}/remove", {})
        self.assertEqual((status, got['error']['id']), (409, 'PURCHASE_CLOSED'))
        self.assertEqual(self.p.ok('GET', f"/api/v1/hour-banks?customer_id={other['id']}&month=2026-07")['drawn_minutes'], 210)

    def test_a_trip_to_three_customers(self):
        driven = 0
        for part in (1, 2, 3):
            other, _, _, _ = self.p.customer(seed=82 + part, domain=f'tur{part}.example', terms={'service-agreement': {}})
            t = self.p.ok('POST', '/api/v1/tickets', {'customer_id': other['id'], 'subject': 'x', 'body': 'x'})
            entry = {'ticket_id': t['id'], 'activity': 'visit', 'minutes': 30, 'started_at': '2026-07-10T09:00:00+02:00',
                     'drive_out_minutes': 70, 'drive_home_minutes': 71, 'trip_customers': 3, 'trip_part': part}
            self.p.ok('POST', '/api/v1/time-entries', entry)
            got = self.p.ok('GET', f"/api/v1/hour-banks?customer_id={other['id']}&month=2026-07")['entries'][0]
            self.assertEqual((got['drive_whole_minutes'], got['trip_customers'], got['trip_part'], got['drive_free_minutes']), (141, 3, part, 30))
            driven += got['drive_minutes']
            self.assertIn('af en tur på 2:21 til 3 kunder', self.staff.get(f"/console/customers/{other['id']}/hours/2026-07").text)
        self.assertEqual(driven, 141)
        for error, field, body in (('NUMBER_RANGE', 'trip_part', {'trip_part': 4}), ('REQUIRED', 'trip_part', {'trip_part': ...}),
                                   ('NUMBER_RANGE', 'trip_customers', {'trip_customers': 21}), ('NUMBER_RANGE', 'trip_customers', {'trip_customers': 0}), ('NUMBER_RANGE', 'trip_part', {'trip_customers': 1, 'trip_part': 2}),
                                   ('DRIVE_NOT_VISIT', 'trip_customers', {'activity': 'remote', 'drive_out_minutes': 0, 'drive_home_minutes': 0})):
            status, got = self.p.api('POST', '/api/v1/time-entries', {k: v for k, v in {**entry, **body}.items() if v is not ...})
            self.assertEqual((got['error']['id'], got['error']['field']), (error, field), body)

    def test_next_months_hours_in_advance(self):
        other, owner, _, _ = self.p.customer(seed=86, domain='forskud.example', terms={'service-agreement': {'hours_per_month': 2, 'overuse': 'borrow'}})
        t = self.p.ok('POST', '/api/v1/tickets', {'customer_id': other['id'], 'subject': 'x', 'body': 'x'})
        self.p.ok('POST', '/api/v1/time-entries', {'ticket_id': t['id'], 'activity': 'remote', 'minutes': 195, 'started_at': '2026-07-10T09:00:00+02:00'})
        july = self.p.ok('GET', f"/api/v1/hour-banks?customer_id={other['id']}&month=2026-07")
        august = self.p.ok('GET', f"/api/v1/hour-banks?customer_id={other['id']}&month=2026-08")
        self.assertEqual([(g['kind'], g['granted_minutes']) for g in july['grants']], [('month', 120), ('borrowed', 60)])
        self.assertEqual((july['drawn_minutes'], july['overuse_minutes']), (180, 15))
        self.assertEqual((august['granted_minutes'], august['grants'][0]['repaid_minutes']), (60, 60))
        b = self.signed_in(owner)
        self.assertIn('Brugt på forskud, af august 2026', b.get('/portal/hours/2026-07').text)
        self.assertIn('1:00 af dem blev brugt på forskud i juli 2026', b.get('/portal/hours/2026-08').text)
        self.p.ok('POST', f"/api/v1/customers/{other['id']}/months/2026-07/close", {})
        self.assertEqual(self.p.ok('GET', f"/api/v1/hour-banks?customer_id={other['id']}&month=2026-08")['granted_minutes'], 60)

    def test_stop_and_ask_stops_until_the_customer_says_yes(self):
        other, owner, employee, _ = self.p.customer(seed=87, domain='stop.example', terms={'service-agreement': {'hours_per_month': 2, 'overuse': 'stop_and_ask'}})
        t = self.p.ok('POST', '/api/v1/tickets', {'customer_id': other['id'], 'subject': 'Stop her', 'body': 'x'})
        bank = f"/api/v1/hour-banks?customer_id={other['id']}&month=2026-07"
        entry = {'ticket_id': t['id'], 'activity': 'remote', 'started_at': '2026-07-10T09:00:00+02:00', 'minutes': 90}
        self.p.ok('POST', '/api/v1/time-entries', entry)
        self.assertEqual([self.p.ok('GET', bank)[k] for k in ('asks_first', 'more_time')], [True, 'not_asked'])
        status, got = self.p.api('POST', '/api/v1/time-entries', {**entry, 'minutes': 60})
        self.assertEqual((status, got['error']['id'], got['error']['field']), (409, 'HOURS_USED_UP', 'minutes'))
        self.assertEqual([self.p.ok('GET', bank)[k] for k in ('more_time', 'drawn_minutes')], ['asked', 90])
        mail = self.mail_to(owner['email'])
        self.assertIn('vi spørger først', mail)
        link = re.search(r'/portal/needs/[0-9]+', mail).group()
        s = self.staff.get(f"/console/tickets/{t['number']}")
        s.submit('/messages', kind='reply', body='Hej, det er klaret', minutes='1:00', activity='remote', started_at='2026-07-11T09:00', then='')
        self.assertIn(s.status, (400, 409))
        self.assertIn('Kundens timer er brugt', s.text)
        self.assertIn('Hej, det er klaret', s.text, 'what was typed stays')
        self.assertEqual(len(self.p.ok('GET', f"/api/v1/tickets/{t['id']}/messages")['items']), 1)
        self.p.ok('POST', '/api/v1/time-entries', {**entry, 'activity': 'internal', 'minutes': 500})
        self.p.ok('POST', '/api/v1/time-entries', {**entry, 'minutes': 30})
        self.assertEqual(self.p.api('POST', '/api/v1/time-entries', {**entry, 'minutes': 1})[0], 409)
        b = self.signed_in(employee)
        self.assertEqual(b.get('/portal/hours/2026-07').status, 403)
        b = self.signed_in(owner).get(link)
        b.submit(link, answer='no')
        self.assertRegex(b.text, f"Besvaret [^:<]* af {owner['name']}: Nej tak")
        self.assertEqual(self.p.ok('GET', bank)['more_time'], 'refused')
        self.assertEqual(self.p.api('POST', '/api/v1/time-entries', {**entry, 'minutes': 1})[0], 409)
        b.get('/portal/hours/2026-07').submit('/accept')
        self.assertEqual(b.status, 200, b.text[:800])
        self.assertIn('Tak. Vi fortsætter.', b.text)
        self.assertEqual(self.p.ok('GET', bank)['more_time'], 'accepted')
        self.p.ok('POST', '/api/v1/time-entries', {**entry, 'minutes': 60})
        self.assertEqual(self.p.ok('GET', bank)['overuse_minutes'], 60)
        self.assertEqual(self.p.api('POST', '/api/v1/time-entries', {**entry, 'minutes': 600, 'started_at': '2026-08-10T09:00:00+02:00'})[0], 409, 'a yes is for its month')
        home = self.staff.get('/console').text
        self.assertIn('Svar fra kunder', home)
        self.assertRegex(home, r'Nej tak</strong> · ' + owner['name'])
        asked = wait_until(lambda: (lambda m: m.group() if m and m.group() != link else None)(re.search(r'/portal/needs/[0-9]+', self.mail_to(owner['email']))), 60)
        b.get(asked).submit(asked, answer='call')
        self.assertEqual(b.status, 200, b.text[:800])
        made = [x for x in self.p.ok('GET', f"/api/v1/tickets?customer_id={other['id']}")['items'] if x['subject'].startswith('Ring til mig: ')]
        self.assertEqual([(x['contact_id'], x['state']) for x in made], [(owner['id'], 'new')])

    def test_notices_are_sent_once(self):
        other, owner, _, _ = self.p.customer(seed=78, domain='varsel.example', terms={'service-agreement': {'hours_per_month': 2}})
        t = self.p.ok('POST', '/api/v1/tickets', {'customer_id': other['id'], 'subject': 'x', 'body': 'x'})
        for day, minutes in enumerate((90, 15, 15, 15), 1):
            self.p.ok('POST', '/api/v1/time-entries', {'ticket_id': t['id'], 'activity': 'remote', 'minutes': minutes,
                                                       'started_at': f'2026-07-{day:02}T09:00:00+02:00'})
        self.assertIn('2:00 af de 2:00', self.mail_to(owner['email']))
        self.assertEqual(self.p.ok('GET', f"/api/v1/hour-banks?customer_id={other['id']}&month=2026-07")['overuse_minutes'], 15)


@unittest.skipUnless(os.environ.get('PEDEL_TEST_PG'), 'no PostgreSQL')
class HoursOnPostgres(Hours):
    pg = True


if __name__ == '__main__':
    unittest.main()
