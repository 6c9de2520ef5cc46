"""The promise ledger on the whole product: a real probe by portal and by mail, downtime that is told afterwards, one ticket for
a broken promise, attesting, needs, a changed byte found."""
import os
import pathlib
import re
import signal
import sqlite3
import subprocess
import sys
import time
import unittest
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from mailsink import MailSink
from pedel import Pedel, wait_until


SERVICES = ('support', 'service-agreement', 'webwork', 'backup')


class Promises(unittest.TestCase):
    pg = False

    @classmethod
    def setUpClass(cls):
        cls.sink = MailSink()
        cls.p = Pedel(pg=cls.pg, smtp=cls.sink.address, env={'PEDEL_PROBE_EVERY_MS': '1000'})
        cls.p.__enter__()
        cls.customer, cls.owner, cls.employee, cls.agreement = cls.p.customer(
            seed=700, services=SERVICES)

    @classmethod
    def tearDownClass(cls):
        cls.p.__exit__(None, None, None)
        cls.sink.__exit__()


    def promises(self, at=None):
        got = self.p.ok('GET', f"/api/v1/promises?customer_id={self.customer['id']}" + ('&at=' + urllib.parse.quote(at) if at else ''))
        return {r['key']: r for r in (got['items'] if isinstance(got, dict) else got)}

    def state(self, key, want, seconds=60):
        return wait_until(lambda: (lambda r: r if r['state'] in want else None)(self.promises()[key]), seconds, 0.3)

    def test_1_the_probe_opens_both_doors_and_leaves_nothing_behind(self):
        row = self.state('support.open', ('kept',))
        self.assertIn('Portalen', ' '.join(row['reasons']['da']))
        self.assertTrue(any('mail' in v['en'] for v in row['evidence']) and any('portal' in v['en'] for v in row['evidence']), row['evidence'])
        self.assertEqual(self.p.ok('GET', '/api/v1/tickets')['items'], [])
        names = [c['name'] for c in self.p.ok('GET', '/api/v1/customers')['items']]
        self.assertEqual(names, [self.customer['name']])
        made = self.p.ok('POST', '/api/v1/tickets', {'customer_id': self.customer['id'], 'contact_id': self.owner['id'], 'subject': 'Først', 'body': 'x'})
        self.assertEqual(made['number'], 10001, 'tests of the doors take no numbers from tickets')
        self.assertFalse([t for _, t, _ in self.sink.parsed() if 'probe@pedel.invalid' in t], 'nobody writes to the probe')

    def test_1b_the_mail_door_is_open_whatever_addresses_are_listed(self):
        tries = lambda: [line for f in sorted((self.p.data / 'run').glob('probe-*.jsonl')) for line in f.read_text().splitlines() if '"mail"' in line]
        self.p.sql("INSERT INTO setting(key,value) VALUES('mail.addresses','support@desk.example')")
        try:
            had = len(tries())
            new = wait_until(lambda: (lambda t: t[had + 1:] if len(t) > had + 3 else None)(tries()), 60, 0.3)       # one was perhaps on its way
            self.assertEqual([line for line in new if '"ok":true' not in line.replace(' ', '')], [])
        finally:
            self.p.sql("DELETE FROM setting WHERE key='mail.addresses'")

    def test_2_every_promise_of_both_parties_has_state_and_reasons(self):
        rows = self.promises()
        promised = [p['key'] for s in self.p.ok('GET', '/api/v1/services') if s['key'] in SERVICES for p in s['promises']]
        self.assertEqual(sorted(rows), sorted(promised))
        self.assertEqual(rows['backup.safe']['state'], 'blind')
        self.assertEqual(rows['service-agreement.bank']['state'], 'kept')
        self.assertEqual(rows['support.report']['party'], 'customer')
        for r in rows.values():
            self.assertTrue(r['reasons']['da'][0] and r['reasons']['en'][0] and r['since'] and r['text']['da'])
        self.assertEqual(self.promises(at='2026-01-02T00:00:00Z'), {}, 'nothing was accepted then')
        status, got = self.p.api('GET', '/api/v1/promises')
        self.assertEqual((status, got['error']['id'], got['error']['field']), (400, 'REQUIRED', 'customer_id'))
        self.assertEqual(self.p.api('GET', '/api/v1/promises?customer_id=999999')[0], 404)
        self.assertEqual(self.p.api('GET', f"/api/v1/promises?customer_id={self.customer['id']}&at=2099-01-01T00:00:00Z")[1]['error']['id'], 'MOMENT_FUTURE')

    def test_3_attesting(self):
        good = {'customer_id': self.customer['id'], 'promise': 'backup.safe', 'note': 'Set hos leverandøren', 'expires': '2026-12-31'}
        good['expires'] = time.strftime('%Y-%m-%d', time.gmtime(time.time() + 90 * 86400))
        for change, want in (({'promise': 'support.help'}, (409, 'ATTEST_LIVE')), ({'promise': 'hosting.account'}, (404, 'PROMISE_UNKNOWN')),
                             ({'note': ' '}, (400, 'REQUIRED')), ({'expires': '2020-01-01'}, (400, 'ATTEST_EXPIRY')),
                             ({'expires': '2099-01-01'}, (400, 'ATTEST_EXPIRY')), ({'extra': 1}, (400, 'FIELD_UNKNOWN'))):
            status, got = self.p.api('POST', '/api/v1/attestations', {**good, **change})
            self.assertEqual((status, got['error']['id']), want, change)
        today = time.strftime('%Y-%m-%d', time.localtime())
        for change, want in (({'expires': '2020-01-01'}, 'expires'), ({'expires': today}, 'expires'), ({'expires': '2099-01-01'}, 'expires'),
                             ({'customer_id': 999999}, 'customer_id'), ({'promise': 'hosting.account'}, 'promise')):
            self.assertEqual(self.p.api('POST', '/api/v1/attestations', {**good, **change})[1]['error']['field'], want, change)
        self.p.ok('POST', '/api/v1/attestations', good)
        row = self.promises()['backup.safe']
        self.assertEqual(row['state'], 'attested')
        self.assertIn('Mette Dahl', row['reasons']['en'][0])
        # one day, said in one way: the last on which it holds
        y, m, d = good['expires'].split('-')
        day = f'{int(d)}.{int(m)}.{y}'
        self.assertIn(f'det gælder til og med {day}.', row['reasons']['da'][0])
        b = self.p.browser().sign_in('admin', self.p.password)
        look = lambda: b.get(f"/console/promises/{self.customer['id']}/backup.safe").text
        page = wait_until(lambda: (lambda text: text if re.search(r'dage?: 1 bekræftet', text) else None)(look()), 60, 0.5)       # the days are told by the sweep
        self.assertEqual(bool(re.search(r'<code>[0-9a-f]{4} [0-9a-f]{4}</code>', page)), 'De otte tegn er begyndelsen af hændelsens mærke' in page)
        self.assertIn(f'Frist {day}', page)
        self.assertIn(f'Mette Dahl, til {day}', page)
        # the days before the agreement are none of the promise's
        self.assertRegex(page, r'[12] dage?: 1 bekræftet[^<"]*<')                 # of today it counts what it became
        self.assertNotIn('90 dage', re.sub('De sidste 90 dage', '', page))
        self.assertNotIn('holdt', re.search(r'[12] dage?: [^<"]*', page)[0])
        # the doors are measured for everybody, and from before it
        page = self.p.browser().sign_in('admin', self.p.password).get(f"/console/promises/{self.customer['id']}/support.open").text
        self.assertEqual('Det måles hele måneden, ens for alle kunder' in page, self.agreement['valid_from'] > time.strftime('%Y-%m-01', time.localtime()))

    def test_4_pages_of_console_and_portal(self):
        b = self.p.browser().sign_in('admin', self.p.password)
        wait_until(lambda: '13 løfter til 1 kunder' in b.get('/console/').text or '13 løfter til 1 kunde' in b.text, 60, 0.5)
        self.assertEqual(b.status, 200)
        b.get('/console/promises?state=blind')
        self.assertEqual(b.status, 200)
        self.assertIn('backup.endpoint', b.text)
        self.assertEqual(b.get('/console/promises?state=green').status, 400)
        b.get(f"/console/promises/{self.customer['id']}/backup.lawful")
        self.assertEqual(b.status, 200)
        b.submit('/attest', note='', expires_at='1.1.2020')
        self.assertEqual(b.status, 400)
        b.get(f"/console/promises/{self.customer['id']}/backup.lawful")
        b.submit('/attest', note='Aftalen er læst', expires_at=time.strftime('%d.%m.%Y', time.gmtime(time.time() + 30 * 86400)))
        self.assertEqual(b.status, 200, b.text[:500])
        self.assertIn('Aftalen er læst', b.text)
        b.submit('/withdraw')
        self.assertEqual(b.status, 200)
        b.get(f"/console/promises/{self.customer['id']}/support.help?at=1.1.2020%209.30")
        self.assertIn('ikke lovet på det tidspunkt', b.text)
        today = time.strftime('%Y-%m-%d', time.localtime())
        for typed, said in (('2020-01-02T09:30', 'den 2. januar 2020 kl. 09.30'), ('2020-01-02T09:30:00+01:00', 'den 2. januar 2020 kl. 09.30'), ('2020-01-02T08:30Z', 'kl. 09.30'),
                            ('2020-01-02', 'den 2. januar 2020 kl. 23.59'), ('2.1.2020', 'den 2. januar 2020 kl. 23.59'), (today, 'Sådan stod det')):
            b.get(f"/console/promises/{self.customer['id']}/support.help?" + urllib.parse.urlencode({'at': typed}))
            self.assertEqual(b.status, 200, typed)
            self.assertIn(said, b.text, typed)
        b.get(f"/console/promises/{self.customer['id']}/support.help?at=engang")
        self.assertEqual(b.status, 422)
        self.assertIn('1.12.2026 kl. 9.30 eller 2026-12-01T09:30', b.text)
        self.assertEqual(b.get(f"/console/promises/{self.customer['id']}/no.such").status, 404)
        person = self.p.browser()
        person.get('/login')
        person.submit('/login/mail', mail=self.owner['email']) if 'name="mail"' in person.text else person.submit('/login/mail', email=self.owner['email'])
        mail = self.sink.wait(lambda s, t, m: self.owner['email'] in t and '/login/link/' in m.get_body(('plain',)).get_content())
        person.get(re.search(r'(/login/link/\S+)', mail.get_body(('plain',)).get_content()).group(1))
        person.submit(person.url.split(self.p.base)[1])
        for path in ('/portal/', '/portal/promises', '/portal/promises/support.help', '/portal/promises/backup.safe'):
            person.get(path)
            self.assertEqual(person.status, 200, path)
        self.assertIn('Det står der i aftalen', person.text)
        self.assertEqual(person.get('/portal/probe/pedel-probe-x').status, 404)
        self.assertEqual(person.get('/console/promises').status, 403)

    def test_4_the_probe_gets_in_when_people_use_another_address(self):
        conf = self.p.data / 'pedel.conf'
        before = conf.read_text()
        port, lmtp = self.p.port, self.p.lmtp
        self.p.stop()
        conf.write_text(before + 'origin=https://desk.example.dk\n')
        self.p.port, self.p.lmtp = port, lmtp
        self.p.start()
        subprocess.run([str(self.p.build / 'src/bin/pedel-probe'), '--data', str(self.p.data), '--url', self.p.base, '--lmtp', f'127.0.0.1:{lmtp}',
                        '--every-ms', '200', '--times', '1'], check=True, timeout=60)
        seen = [line for f in sorted((self.p.data / 'run').glob('probe-*.jsonl')) for line in f.read_text().splitlines()][-2:]
        self.p.stop()
        conf.write_text(before)
        self.p.port, self.p.lmtp = port, lmtp
        self.p.start()
        self.assertTrue(all('"ok":true' in line for line in seen), seen)

    def test_5_downtime_is_told_afterwards_and_makes_one_ticket(self):
        self.state('support.open', ('kept', 'at_risk'))
        base, port, lmtp = self.p.base, self.p.port, self.p.lmtp
        self.p.stop()
        # the probe goes on without the server; the keeper's own stopped with it
        subprocess.run([str(self.p.build / 'src/bin/pedel-probe'), '--data', str(self.p.data), '--url', base, '--lmtp', f'127.0.0.1:{lmtp}',
                        '--every-ms', '200', '--times', '5'], check=True, timeout=60)
        lines = [line for f in sorted((self.p.data / 'run').glob('probe-*.jsonl')) for line in f.read_text().splitlines()]
        self.assertGreaterEqual(sum('"ok":false' in line for line in lines), 10)
        self.p.env['PEDEL_PROBE_EVERY_MS'] = '3600000'
        self.p.port, self.p.lmtp = port, lmtp
        self.p.start()
        row = self.state('support.open', ('broken',))
        tickets = wait_until(lambda: [t for t in self.p.ok('GET', f"/api/v1/tickets?customer_id={self.customer['id']}")['items']
                                      if t['channel'] == 'system' and 'support.open' in str(t)], 30)
        self.assertEqual(len(tickets), 1, tickets)
        time.sleep(12)                          # two more sweeps
        again = [t for t in self.p.ok('GET', f"/api/v1/tickets?customer_id={self.customer['id']}")['items'] if t['channel'] == 'system']
        self.assertEqual(len([t for t in again if 'support.open' in str(t)]), 1, again)
        self.assertEqual(self.promises(at=row['since'])['support.open']['state'], 'broken')

    def test_5b_a_probe_that_says_nothing_is_told(self):
        """The front page says so, and that it is over; test_5 left the probe at one try an hour, so begin again with many."""
        self.p.stop()
        self.p.env['PEDEL_PROBE_EVERY_MS'] = '300'
        self.p.start()
        mette = self.p.browser().sign_in('admin', self.p.password)
        said = lambda: 'PROBE_SILENT' in mette.get('/console').text
        wait_until(lambda: not said(), 60, 0.5)
        probe = wait_until(lambda: self.p.children('pedel-probe'), 60)[0]
        os.kill(probe, signal.SIGSTOP)
        try:
            wait_until(said, 60, 0.5)
        finally:
            os.kill(probe, signal.SIGCONT)
        wait_until(lambda: not said(), 60, 0.5)

    @unittest.skipIf(os.environ.get('PEDEL_NO_VERIFY'), 'told not to')
    def test_6_verify_finds_one_changed_byte(self):
        if self.pg:
            self.skipTest('the file is SQLite\'s')
        self.p.lmtp_send(self.owner['email'], ['desk@fjordkant.example'], f'From: {self.owner["email"]}\r\nTo: desk@fjordkant.example\r\n'
                         'Subject: En mail der gemmes\r\nMessage-ID: <gemt@soenderskov.example>\r\n\r\nHej\r\n')
        wait_until(lambda: 'En mail der gemmes' in str(self.p.ok('GET', '/api/v1/tickets')), 60, 0.3)
        self.p.stop()
        self.p.cli('verify', '--data', self.p.data)
        db = sqlite3.connect(self.p.data / 'pedel.db')
        at, data = db.execute("SELECT id, data FROM event WHERE kind='promise.state' ORDER BY id LIMIT 1").fetchone()
        db.execute('UPDATE event SET data=? WHERE id=?', (data[:-2] + chr(ord(data[-2]) ^ 1) + data[-1], at))
        db.commit()
        code, out, err = self.p.cli('verify', '--data', self.p.data, ok=False)
        self.assertNotEqual(code, 0)
        self.assertIn('CHAIN_BROKEN', out + err)
        self.assertIn(str(at), out + err)
        db.execute('UPDATE event SET data=? WHERE id=?', (data, at))
        db.commit()
        db.close()
        self.p.cli('verify', '--data', self.p.data)
        for spoil, mend in (("UPDATE promise_state SET state='waiting'||state", "UPDATE promise_state SET state=substr(state,8)"),
                            ("UPDATE promise_state SET id=-id WHERE id=1", "UPDATE promise_state SET id=-id WHERE id=-1")):
            for sql, right in ((spoil, False), (mend, True)):
                db = sqlite3.connect(self.p.data / 'pedel.db')
                db.execute(sql)
                db.commit()
                db.close()
                code, out, err = self.p.cli('verify', '--data', self.p.data, ok=False)
                self.assertEqual(code == 0, right, out + err)
                self.assertEqual('promises: WRONG' in out, not right, out)
        blob = next(f for f in (self.p.data / 'blobs').rglob('*') if f.is_file())
        os.chmod(blob, 0o600)
        whole = blob.read_bytes()
        blob.write_bytes(bytes([whole[0] ^ 1]) + whole[1:])
        self.assertNotEqual(self.p.cli('verify', '--data', self.p.data, ok=False)[0], 0)
        blob.write_bytes(whole)
        self.p.cli('verify', '--data', self.p.data)


@unittest.skipUnless(os.environ.get('PEDEL_TEST_PG'), 'no PostgreSQL')
class PromisesOnPostgres(Promises):
    pg = True


if __name__ == '__main__':
    unittest.main()
