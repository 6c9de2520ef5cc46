#!/usr/bin/env python3
"""kill -9 at random moments under load: what was acknowledged is there, once, and the next start serves."""
import json
import os
import random
import signal
import threading
import time
import unittest
import http.client

from pedel import Pedel, wait_until

ROUNDS = int(os.environ.get('PEDEL_KILLS', '6'))


class Kill(unittest.TestCase):
    pg = False

    def test_acknowledged_work_survives(self):
        seed = random.randrange(1 << 30)
        print(f'seed {seed}')
        random.seed(seed)
        with Pedel(pg=self.pg) as p:
            customer, owner, employee, _ = p.customer()
            api, mail = [], []

            def file_tickets(stop):
                while not stop.is_set():
                    subject = f'kald {random.random()}'
                    try:
                        status, got = p.api('POST', '/api/v1/tickets', {'customer_id': customer['id'], 'subject': subject, 'body': 'x'})
                    except (OSError, http.client.HTTPException, json.JSONDecodeError):
                        return
                    if status == 201:
                        api.append((got['id'], subject))

            def send_mails(stop):
                while not stop.is_set():
                    key = f'{random.random()}'
                    text = f'From: Karen <karen@soenderskov.example>\nTo: desk@test.example\nSubject: brev {key}\nMessage-ID: <{key}@x>\n\nHej\n'
                    try:
                        got = p.lmtp_send('karen@soenderskov.example', ['desk@test.example'], text)
                    except (OSError, EOFError, AssertionError, Exception):
                        return
                    if got['desk@test.example'][0] == 250:
                        mail.append(f'brev {key}')

            for turn in range(ROUNDS):
                stop = threading.Event()
                threads = [threading.Thread(target=t, args=(stop,)) for t in (file_tickets, file_tickets, send_mails)]
                for t in threads:
                    t.start()
                time.sleep(random.uniform(0.2, 1.2))
                p.process.send_signal(signal.SIGKILL)
                p.process.wait()
                stop.set()
                for t in threads:
                    t.join()
                p.process.stdout.close()
                p.process = None
                p.start()
            self.assertTrue(api and mail)

            def all_subjects():
                seen, cursor = [], ''
                while True:
                    got = p.ok('GET', f"/api/v1/tickets?customer_id={customer['id']}&limit=200" + (f'&cursor={cursor}' if cursor else ''))
                    seen += [t['subject'] for t in got['items']]
                    cursor = got['next']
                    if not cursor:
                        return seen

            def settled():
                have = all_subjects()
                return have if set(mail) <= set(have) else None
            have = wait_until(settled, 60)
            for _, subject in api:
                self.assertEqual(have.count(subject), 1, subject)
            for subject in mail:
                self.assertEqual(have.count(subject), 1, subject)
            print(f'{len(api)} calls and {len(mail)} mails acknowledged in {ROUNDS} rounds')
            p.stop()
            p.cli('verify', '--data', p.data)


@unittest.skipUnless(os.environ.get('PEDEL_TEST_PG'), 'no PostgreSQL')
class KillOnPostgres(Kill):
    pg = True


if __name__ == '__main__':
    unittest.main()
