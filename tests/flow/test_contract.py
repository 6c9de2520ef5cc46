#!/usr/bin/env python3
"""The outside contract, word for word, over the API of a running Pedel. On SQLite, and on PostgreSQL when there is one."""
import concurrent.futures
import json
import os
import socket
import unittest

from pedel import Pedel, cvr, wait_until

SERVICES = ['support', 'telephony', 'm365', 'operations', 'remote-control', 'patching', 'm365-safe', 'hosting', 'webwork', 'remote-support', 'backup',
            'm365-backup', 'network', 'antivirus', 'signature', 'mailhost', 'webadmin', 'service-agreement']


class Contract(unittest.TestCase):
    pg = False

    @classmethod
    def setUpClass(cls):
        cls.p = Pedel(pg=cls.pg)
        cls.addClassCleanup(cls.p.__exit__, None, None, None)

    def setUp(self):
        Contract.seed = getattr(Contract, 'seed', 100) + 1

    def a_customer(self, **more):
        return self.p.customer(seed=Contract.seed, domain=f'kunde{Contract.seed}.example', **more)

    def refused(self, method, path, body, error, field=None, statuses=(400, 404, 409, 413, 422), **more):
        status, got = self.p.api(method, path, body, **more)
        self.assertIn(status, statuses, got)
        self.assertEqual(got['error']['id'], error, got)
        self.assertTrue(got['error']['message'])
        self.assertIn('kind', got['error'])
        if field:
            self.assertEqual(got['error'].get('field'), field, got)
        return got['error']

    def test_services_are_all_of_the_description_with_terms_and_promises_in_both_languages(self):
        got = self.p.ok('GET', '/api/v1/services')
        services = got['items'] if isinstance(got, dict) else got
        self.assertEqual([s['key'] for s in services][:len(SERVICES)], SERVICES)
        for s in services:
            self.assertTrue(s['name']['da'] and s['name']['en'])
            self.assertTrue(s['promises'])
            for promise in s['promises']:
                self.assertTrue(promise['key'].startswith(s['key'] + '.'))
                self.assertIn(promise['party'], ('supplier', 'customer'))
                self.assertTrue(promise['text']['da'] and promise['text']['en'] and promise['period'])

    def test_customer_contact_and_their_checks(self):
        good = {'name': 'Brdr. Mølgaard Tømrer', 'cvr': cvr(Contract.seed), 'mail_domains': [f'molgaard{Contract.seed}.example'], 'language': 'da'}
        made = self.p.ok('POST', '/api/v1/customers', good)
        self.assertIsInstance(made['id'], int)
        self.refused('POST', '/api/v1/customers', {**good, 'cvr': '12345678', 'mail_domains': []}, 'CVR_INVALID', 'cvr')
        self.refused('POST', '/api/v1/customers', {**good, 'mail_domains': []}, 'CUSTOMER_TAKEN')
        self.refused('POST', '/api/v1/customers', {'name': 'x'}, 'CVR_INVALID', 'cvr')
        self.refused('POST', '/api/v1/customers', {'cvr': cvr(Contract.seed + 60000)}, 'REQUIRED', 'name')
        self.refused('POST', '/api/v1/customers', {**good, 'cvr': cvr(Contract.seed + 50000), 'gln': '5790000000001'}, 'GLN_INVALID', 'gln')
        self.refused('POST', f"/api/v1/customers/{made['id']}/contacts", {'name': 'A', 'email': 'ikke-en-adresse', 'role': 'owner'}, 'EMAIL_INVALID',
                     'email')
        self.refused('POST', '/api/v1/customers/999999/contacts', {'name': 'A', 'email': 'a@b.example', 'role': 'owner'}, 'NOT_FOUND')

    def test_agreement_takes_defaults_and_refuses_what_is_outside_limits(self):
        customer, owner, employee, _ = self.a_customer(services=())
        body = {'customer_id': customer['id'], 'valid_from': '2026-01-01', 'items': [{'service': 'service-agreement', 'terms': {}}]}
        made = self.p.ok('POST', '/api/v1/agreements', body)
        self.refused('POST', '/api/v1/agreements', {**body, 'items': [{'service': 'no-such', 'terms': {}}]}, 'SERVICE_UNKNOWN')
        self.refused('POST', '/api/v1/agreements', {**body, 'items': [{'service': 'service-agreement', 'terms': {'hours_per_month': 3}}]}, 'TERM_INVALID',
                     'items[0].terms.hours_per_month')
        self.refused('POST', '/api/v1/agreements', {**body, 'items': [{'service': 'service-agreement', 'terms': {'no_such': 3}}]}, 'TERM_UNKNOWN')
        self.refused('POST', '/api/v1/agreements', {**body, 'items': []}, 'AGREEMENT_EMPTY')
        self.refused('POST', '/api/v1/agreements', {**body, 'valid_from': '2026-02-30'}, 'DATE_INVALID', 'valid_from')
        status, _ = self.p.api('POST', f"/api/v1/agreements/{made['id']}/accept", {'contact_id': employee['id']})
        self.assertIn(status, (403, 409), 'an employee does not bind the company')
        got = self.p.ok('POST', f"/api/v1/agreements/{made['id']}/accept", {'contact_id': owner['id']})
        self.assertEqual(got['state'], 'accepted')
        self.refused('POST', f"/api/v1/agreements/{made['id']}/accept", {'contact_id': owner['id']}, 'AGREEMENT_STATE')
        later = {**body, 'supersedes': made['id']}
        again, stale = (self.p.ok('POST', '/api/v1/agreements', {**later, 'valid_from': day}) for day in ('2026-12-01', '2027-03-01'))
        self.p.ok('POST', f"/api/v1/agreements/{again['id']}/accept", {'contact_id': owner['id']})
        self.refused('POST', f"/api/v1/agreements/{stale['id']}/accept", {'contact_id': owner['id']}, 'AGREEMENT_REPLACED', 'supersedes')
        self.refused('POST', '/api/v1/agreements', {**later, 'valid_from': '2027-01-01'}, 'AGREEMENT_REPLACED', 'supersedes')
        self.refused('POST', '/api/v1/agreements', {**body, 'supersedes': 999999}, 'NOT_FOUND', 'supersedes')
        for where in ('tickets', 'promises'):
            self.refused('GET', f'/api/v1/{where}?customer_id=999999', None, 'NOT_FOUND', 'customer_id')
        again = self.p.ok('POST', '/api/v1/agreements', body)
        self.refused('POST', f"/api/v1/agreements/{again['id']}/accept", {'contact_id': owner['id']}, 'AGREEMENT_OVERLAP')

    def test_ticket_lives_its_life(self):
        customer, owner, employee, _ = self.a_customer()
        made = self.p.ok('POST', '/api/v1/tickets', {'customer_id': customer['id'], 'contact_id': employee['id'], 'subject': 'Printeren trækker to ark',
                                                     'body': 'I receptionen, siden i går.', 'priority': 'important'})
        one = f"/api/v1/tickets/{made['id']}"
        got = self.p.ok('GET', one)
        self.assertEqual((got['subject'], got['state'], got['priority']), ('Printeren trækker to ark', 'new', 'important'))
        self.p.ok('POST', one + '/messages', {'body': 'Vi kigger på den.', 'visibility': 'public'})
        self.p.ok('POST', one + '/messages', {'body': 'Rullen skal skiftes.', 'visibility': 'internal'})
        self.p.ok('PATCH', one, {'state': 'solved'})
        self.assertEqual(self.p.ok('GET', one)['state'], 'solved')
        self.refused('PATCH', one, {'state': 'sovende'}, 'CHOICE_INVALID', 'state')
        self.refused('PATCH', one, {'farve': 'rød'}, 'FIELD_UNKNOWN', 'farve')
        self.refused('GET', '/api/v1/tickets/99999999', None, 'NOT_FOUND')
        self.refused('POST', one + '/messages', {'body': '', 'visibility': 'public'}, 'REQUIRED', 'body')
        self.refused('POST', one + '/messages', {'body': 'x', 'visibility': 'secret'}, 'CHOICE_INVALID', 'visibility')
        found = self.p.ok('GET', f"/api/v1/tickets?customer_id={customer['id']}&q=printeren")
        self.assertEqual([t['id'] for t in found['items']], [made['id']])
        self.assertEqual(self.p.ok('GET', f"/api/v1/tickets?customer_id={customer['id']}&state=open")['items'], [])
        self.assertEqual(self.p.ok('GET', '/api/v1/tickets?q=%22%29%20OR%20*')['items'], [])

    def test_lists_come_in_pages(self):
        customer, *_ = self.a_customer(services=())
        for i in range(7):
            self.p.ok('POST', '/api/v1/tickets', {'customer_id': customer['id'], 'subject': f'Nummer {i}', 'body': 'x'})
        seen, cursor = [], ''
        for _ in range(10):
            got = self.p.ok('GET', f"/api/v1/tickets?customer_id={customer['id']}&limit=3" + (f'&cursor={cursor}' if cursor else ''))
            seen += [t['id'] for t in got['items']]
            self.assertLessEqual(len(got['items']), 3)
            cursor = got['next']
            if not cursor:
                break
        self.assertEqual((len(seen), len(set(seen))), (7, 7))
        self.refused('GET', '/api/v1/tickets?cursor=abc', None, 'CURSOR_INVALID')
        self.refused('GET', '/api/v1/tickets?limit=0', None, 'NUMBER_RANGE', 'limit')

    def test_concurrent_creation_is_never_refused(self):
        customer, *_ = self.a_customer(services=())

        def one(i):
            return self.p.api('POST', '/api/v1/tickets', {'customer_id': customer['id'], 'subject': f'Samtidig {i}', 'body': 'x'})
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            got = list(pool.map(one, range(160)))
        self.assertEqual({s for s, _ in got}, {201})
        self.assertEqual(len({t['number'] for _, t in got}), 160)

    def test_hours_draw_from_the_bank_to_the_oere(self):
        customer, owner, employee, _ = self.a_customer(terms={'service-agreement': {'hours_per_month': 5, 'hourly_price_ore': 105000}})
        t = self.p.ok('POST', '/api/v1/tickets', {'customer_id': customer['id'], 'subject': 'Nyt netværk', 'body': 'x'})
        entry = {'ticket_id': t['id'], 'note': 'arbejde'}
        post = '/api/v1/time-entries'
        self.p.ok('POST', post, {**entry, 'activity': 'remote', 'started_at': '2026-09-01T08:00:00+02:00', 'minutes': 50})
        self.p.ok('POST', post, {**entry, 'activity': 'visit', 'started_at': '2026-09-02T08:00:00+02:00', 'minutes': 110, 'drive_out_minutes': 40,
                                 'drive_home_minutes': 35})
        bank = f"/api/v1/hour-banks?customer_id={customer['id']}&month=2026-09"
        got = self.p.ok('GET', bank)
        self.assertEqual((got['granted_minutes'], got['drawn_minutes'], got['remaining_minutes']), (300, 180, 120))
        self.assertEqual([(x['kind'], x['minutes'], x['amount_ore']) for x in got['invoice_lines']], [('driving', 45, 78750)])
        self.p.ok('POST', post, {**entry, 'activity': 'task', 'started_at': '2026-09-03T08:00:00+02:00', 'minutes': 200})
        got = self.p.ok('GET', bank)
        self.assertEqual((got['granted_minutes'], got['drawn_minutes'], got['remaining_minutes']), (300, 300, 0))
        self.assertEqual(sorted((x['kind'], x['minutes'], x['amount_ore']) for x in got['invoice_lines']), [('driving', 45, 78750), ('overuse', 90, 157500)])
        self.assertEqual(len(got['entries']), 3)
        self.refused('POST', post, {**entry, 'activity': 'remote', 'started_at': '2026-09-01T08:00:00+02:00', 'minutes': -5}, 'DURATION_RANGE', 'minutes')
        self.refused('POST', post, {**entry, 'activity': 'slave', 'started_at': '2026-09-01T08:00:00+02:00', 'minutes': 5}, 'CHOICE_INVALID', 'activity')
        self.refused('POST', post, {**entry, 'activity': 'remote', 'started_at': 'i morges', 'minutes': 5}, 'TIME_INVALID', 'started_at')
        close = f"/api/v1/customers/{customer['id']}/months/2026-09/close"
        self.p.ok('POST', close, {})
        self.refused('POST', post, {**entry, 'activity': 'remote', 'started_at': '2026-09-05T08:00:00+02:00', 'minutes': 15}, 'MONTH_CLOSED')
        self.refused('POST', close, {}, 'MONTH_CLOSED')
        self.refused('POST', f"/api/v1/customers/{customer['id']}/months/2026-13/close", {}, 'MONTH_INVALID', statuses=(400, 404))
        self.assertEqual(self.p.ok('GET', bank)['remaining_minutes'], 0)

    def test_promises_of_both_parties_with_reasons(self):
        customer, *_ = self.a_customer(services=('support', 'service-agreement', 'webwork', 'backup'))

        def measured():
            got = self.p.ok('GET', f"/api/v1/promises?customer_id={customer['id']}")
            rows = got['items'] if isinstance(got, dict) else got
            return rows if len(rows) == 3 + 3 + 3 + 4 else None
        rows = {r['key']: r for r in wait_until(measured, 90)}
        for r in rows.values():
            self.assertIn(r['party'], ('supplier', 'customer'))
            self.assertIn(r['state'], ('kept', 'at_risk', 'broken', 'blind', 'attested', 'not_due', 'waiting'))
            self.assertTrue(r['since'] and r['reasons']['da'] and r['reasons']['en'], r)
        self.assertEqual(rows['backup.safe']['state'], 'blind', 'nobody has attested it')

    def test_errors_speak_the_language_asked_for(self):
        body = {'name': 'x', 'cvr': '1', 'mail_domains': [], 'language': 'da'}
        _, da = self.p.api('POST', '/api/v1/customers', body, headers={'Accept-Language': 'da'})
        _, en = self.p.api('POST', '/api/v1/customers', body, headers={'Accept-Language': 'en'})
        self.assertIn('CVR-nummeret', da['error']['message'])
        self.assertIn('CVR number', en['error']['message'])

    def test_what_the_server_itself_refuses_is_json_too(self):
        head = f'Host: 127.0.0.1\r\nAuthorization: Bearer {self.p.token}\r\n'
        for line, more, want in (('GET /api/v1/tickets/1%2f', '', 400), ('TRACE /api/v1/tickets/1', '', 501), ('FOO /api/v1/tickets/1', '', 501),
                                 ('GET /api/v1/tickets', 'X: ' + 'y' * 100000 + '\r\n', 400), ('GET /api/v1/tickets', 'a b: c\r\n', 400),
                                 ('GET /api/v1/tickets?q=' + 'y' * 20000, '', 414)):
            with socket.create_connection(('127.0.0.1', self.p.port), timeout=60) as s:
                try:
                    s.sendall(f'{line} HTTP/1.1\r\n{head}{more}\r\n'.encode())
                except OSError:
                    pass                                                    # it had heard enough
                got = b''
                while part := s.recv(65536):
                    got += part
            top, body = got.decode().split('\r\n\r\n', 1)
            self.assertEqual(int(top.split()[1]), want, line[:60])
            self.assertIn('Content-Type: application/json', top, line[:60])
            self.assertEqual(set(json.loads(body)['error']), {'id', 'kind', 'field', 'message'})

    def test_bodies_that_are_not_json_and_callers_without_a_token(self):
        for raw in (b'{', b'[1]', b'{"a":1}{', b'\xff\xfe', b'{"name":"a","name":"b"}', b'[' * 100000):
            status, got = self.p.api('POST', '/api/v1/customers', raw=raw, headers={'Content-Type': 'application/json'})
            self.assertEqual(status, 400, (raw[:20], got))
        for token in ('', 'pdl_wrong', 'x' * 5000):
            status, got = self.p.api('GET', '/api/v1/tickets', token=token)
            self.assertEqual(status, 401, got)
            self.assertEqual(got['error']['kind'], 'signin')

    def test_openapi_names_every_route_of_the_contract(self):
        doc = self.p.ok('GET', '/api/v1/openapi.json')
        self.assertTrue(doc['openapi'].startswith('3.1'))
        have = {(m.upper(), path) for path, ways in doc['paths'].items() for m in ways if m in ('get', 'post', 'patch', 'put', 'delete')}
        for want in [('GET', '/api/v1/services'), ('POST', '/api/v1/customers'), ('POST', '/api/v1/agreements'), ('POST', '/api/v1/tickets'),
                     ('GET', '/api/v1/tickets'), ('POST', '/api/v1/time-entries'), ('GET', '/api/v1/hour-banks'), ('GET', '/api/v1/promises')]:
            self.assertIn(want, have)
        status, got = self.p.api('GET', '/api/v1/no-such')
        self.assertEqual((status, got['error']['id']), (404, 'NOT_FOUND'))


@unittest.skipUnless(os.environ.get('PEDEL_TEST_PG'), 'no PostgreSQL')
class ContractOnPostgres(Contract):
    pg = True


if __name__ == '__main__':
    unittest.main()
