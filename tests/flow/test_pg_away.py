#!/usr/bin/env python3
"""PostgreSQL goes away and comes back under a running Pedel: told meanwhile, back by itself, nothing acknowledged is lost."""
import os
import pathlib
import subprocess
import sys
import unittest

from pedel import Pedel, wait_until

HERE = pathlib.Path(__file__).resolve()


class Away(unittest.TestCase):
    @unittest.skipUnless(os.environ.get('PEDEL_TEST_PG'), 'no PostgreSQL')
    def test_restart(self):
        """In a server of its own: stopping the shared one would disturb the other tests."""
        done = subprocess.run([sys.executable, HERE.parents[1] / 'with_postgres.py', sys.executable, HERE, 'inner'],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stdout)


def inner():
    ctl = os.environ['PEDEL_TEST_PG_CTL']
    with Pedel(pg=True) as p:
        customer, *_ = p.customer()
        made = []
        for turn in range(3):
            for _ in range(5):
                made.append(p.ok('POST', '/api/v1/tickets', {'customer_id': customer['id'], 'subject': f'turn {turn}', 'body': 'x'})['id'])
            subprocess.run([ctl, 'stop'], check=True)
            status, got = p.api('POST', '/api/v1/tickets', {'customer_id': customer['id'], 'subject': 'away', 'body': 'x'})
            assert status == 503 and got['error']['id'] == 'DB_DOWN', (status, got)
            status, got = p.api('GET', '/api/v1/tickets')
            assert status == 503, (status, got)
            for lang, words in (('da', 'Databasen kan ikke nås lige nu'), ('en', 'The database cannot be reached right now')):
                b = p.browser().get('/console/', {'Accept-Language': lang})
                assert b.status == 503 and words in b.text and 'DB_DOWN' in b.text, b.text
            raw = f'From: karen@soenderskov.example\nTo: desk@test.example\nSubject: brev {turn}\nMessage-ID: <{turn}@x>\n\nHej\n'
            assert p.lmtp_send('karen@soenderskov.example', ['desk@test.example'], raw)['desk@test.example'][0] == 451
            subprocess.run([ctl, 'start'], check=True)
            wait_until(lambda: p.api('GET', '/api/v1/tickets')[0] == 200)
            wait_until(lambda: p.api('POST', '/api/v1/tickets', {'customer_id': customer['id'], 'subject': 'back', 'body': 'x'})[0] == 201)
            assert p.lmtp_send('karen@soenderskov.example', ['desk@test.example'], raw)['desk@test.example'][0] == 250
            wait_until(lambda: p.sql(f"SELECT count(*) FROM ticket WHERE subject='brev {turn}'") == [('1',)])
        for ticket in made:
            assert p.api('GET', f'/api/v1/tickets/{ticket}')[0] == 200, ticket
        p.cli('verify', '--data', p.data)
    print('right')


if __name__ == '__main__':
    if sys.argv[1:] == ['inner']:
        inner()
    else:
        unittest.main()
