#!/usr/bin/env python3
"""Hours from the time field to the statement: console, portal, API, CSV and PDF of one customer. On both databases."""
import csv
import io
import os
import re
import sqlite3
import subprocess
import unittest

from pedel import Pedel, cvr


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
                ('DURATION_RANGE', 'drive_home_minutes', {'activity': 'visit', 'drive_home_minutes': -1}), ('FIELD_TYPE', 'late', {'late': 1}),
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
        before = self.p.ok('POST', f"/api/v1/customers/{self.customer['id']}/months/2019-01/close", {})
        self.assertEqual((before['closed'], before['months_closed']), (True, []))
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
        rows = list(csv.reader(io.StringIO(s.bytes.decode('utf-8-sig'))))
        self.assertEqual(rows[1][:2] + rows[1][6:9] + rows[1][11:13], ['2026-06-10', '09:00', '75', '75', '75', '42', '15'])
        self.assertEqual(rows[1][14], '\'=HYPERLINK("http://x")')
        s.get(base + '/pdf')
        self.assertEqual(s.headers['Content-Type'], 'application/pdf')
        self.assertTrue(s.bytes.startswith(b'%PDF-'))
        s.get('/console/billing/2026-06')
        self.assertIn('Advokathuset', s.text)
        s.get(base).submit('/close')
        self.assertEqual(s.status, 400, 'closing asks first')
        self.assertFalse(self.bank('2026-06')['closed'])

    def mail_to(self, address):
        """The text of the last mail queued for somebody."""
        query = f"SELECT body FROM outbox WHERE recipient='{address}' ORDER BY id DESC LIMIT 1"
        if self.pg:
            return subprocess.run(['psql', self.p.db[1], '-Atc', query], capture_output=True, text=True, check=True).stdout
        return sqlite3.connect(self.p.data / 'pedel.db', timeout=20).execute(query).fetchone()[0]

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
        rows = list(csv.reader(io.StringIO(self.staff.get(base + '/csv').bytes.decode('utf-8-sig'))))
        self.assertEqual(rows[1][15], 'Tid efter timepris, uden aftale')

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
