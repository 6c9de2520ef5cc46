#!/usr/bin/env python3
"""The machine is in trouble: full disk, a folder that may not be written, a clock that is set, a pedel-conv that hangs. Each is told
on the page and in the console, what waits is kept, and it goes on by itself when the trouble is over."""
import os
import pathlib
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest

from mailsink import MailSink
from pedel import Pedel, plain_build, preload, wait_until

KAREN, DESK = 'karen@soenderskov.example', 'desk@test.example'


def mail(subject):
    return f'From: Karen <{KAREN}>\nTo: {DESK}\nSubject: {subject}\nMessage-ID: <{time.monotonic_ns()}@soenderskov.example>\n\nHej\n'


def able(*argv):
    return subprocess.run(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


class Trouble(unittest.TestCase):
    def setUp(self):
        self.sink = self.enterContext(MailSink())
        self.top = pathlib.Path(tempfile.mkdtemp(prefix='pedel-trouble-'))
        self.addCleanup(shutil.rmtree, self.top, True)

    def begin(self, **more):
        self.p = self.enterContext(Pedel(smtp=self.sink.address, folder=self.top, **more))
        self.customer, self.owner, self.employee, _ = self.p.customer()
        self.desk = self.p.browser().sign_in('admin', self.p.password)

    def report(self, subject):
        return self.p.api('POST', '/api/v1/tickets', {'customer_id': self.customer['id'], 'contact_id': self.employee['id'], 'subject': subject, 'body': 'x'})

    def lmtp(self, subject):
        return self.p.lmtp_send(KAREN, [DESK], mail(subject))[DESK][0]

    def told(self, words, yes=True):
        """The console's front page says it, or no longer does."""
        wait_until(lambda: self.desk.get('/console/').status == 200 and (words in self.desk.text) == yes)

    def page(self, lang, path='/console/customers'):
        b = self.desk.get(path, {'Accept-Language': lang})
        return b.status, b.text

    def once(self, subject):
        return self.p.sql(f"SELECT count(*) FROM ticket WHERE subject='{subject}'") == [('1',)]


class Disk(Trouble):
    @unittest.skipUnless(able('unshare', '-m', 'true') or able('unshare', '-rm', 'true'), 'no mount namespace here')
    def test_full(self):
        """On a small disk of its own, in a mount namespace of its own."""
        how = ['unshare', '-m'] if able('unshare', '-m', 'true') else ['unshare', '-rm']
        done = subprocess.run([*how, sys.executable, __file__, 'Inside'], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stdout)

    @unittest.skipUnless(os.getuid() == 0 and able('setpriv', '--bounding-set=-dac_override', 'true'), 'needs root and setpriv')
    def test_folder_may_not_be_written(self):
        self.begin(wrap=['setpriv', '--bounding-set=-dac_override,-dac_read_search'])
        self.assertEqual(self.lmtp('før'), 250)
        wait_until(lambda: self.once('før'))
        data = self.p.data
        folders = [data, *(f for f in data.rglob('*') if f.is_dir())]
        for f in folders:
            f.chmod(0o500)
        self.assertEqual(self.lmtp('imens'), 451)
        self.told('må ikke skrive i sin mappe')
        self.assertEqual(self.page('da')[0], 200)               # reading goes on
        self.desk.get('/console/tickets')
        for f in folders:
            f.chmod(0o700)
        self.assertEqual(self.lmtp('imens'), 250)
        wait_until(lambda: self.once('imens'))
        self.told('må ikke skrive i sin mappe', False)
        self.p.cli('verify', '--data', data)


class Inside(Trouble):
    """Of the mount namespace: run by Disk.test_full."""

    def test_full_inside(self):
        subprocess.run(['mount', '--make-rprivate', '/'], check=True)
        data = self.top / 'data'
        data.mkdir(0o700)
        subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=24m,mode=700', 'tmpfs', data], check=True)
        self.addCleanup(subprocess.run, ['umount', '-l', data])
        self.begin()
        kept = [self.report(f'før {n}')[1]['id'] for n in range(5)]
        filler = data / 'filler'
        karen = self.p.browser()
        with open(filler, 'wb', 0) as f:
            for size in (1 << 20, 4096, 1):
                try:
                    while True:
                        f.write(bytes(size))
                except OSError:
                    pass

        def full():
            status, got = self.report('imens')
            return got['error']['id'] == 'OUT_OF_SPACE' and status == 503 if status != 201 else kept.append(got['id'])
        wait_until(full)                            # the last free pages of the log are used up first
        self.assertIn(self.lmtp('post imens'), (451, 452))
        self.told('Disken er fuld')
        for lang, words in (('da', 'Disken er fuld'), ('en', 'The disk is full')):
            b = karen.get('/report', {'Accept-Language': lang})
            b.post('/report', {**b.form('/report'), 'text': 'Hjælp', 'email': KAREN, 'name': 'Karen'}, {'Accept-Language': lang})
            self.assertEqual(b.status, 503, b.text)
            self.assertIn(words, b.text)
            self.assertIn('OUT_OF_SPACE', b.text)
        status, got = self.p.api('GET', f'/api/v1/tickets/{kept[0]}')
        self.assertEqual(status, 200, got)
        filler.unlink()
        wait_until(lambda: self.report('bagefter')[0] == 201)
        self.assertEqual(self.lmtp('post bagefter'), 250)
        wait_until(lambda: self.once('post bagefter'))
        self.told('Disken er fuld', False)
        for ticket in kept:
            self.assertEqual(self.p.api('GET', f'/api/v1/tickets/{ticket}')[0], 200)
        self.p.stop()
        self.p.cli('verify', '--data', data)


class Clock(Trouble):
    def test_set_back_and_forward(self):
        file = self.top / 'clock'
        file.write_bytes(bytes(8))

        def move(seconds):
            with open(file, 'r+b') as f:
                f.write(struct.pack('<q', seconds * 1000000))
        self.begin(env={**preload('clock'), 'PEDEL_CLOCK': str(file)}, args=['--confine', 'off'])
        t = self.report('klokken')[1]['id']
        self.sink.refuse = True
        self.p.ok('POST', f'/api/v1/tickets/{t}/messages', {'body': 'fra før', 'visibility': 'public'})
        wait_until(lambda: self.p.sql("SELECT 1 FROM outbox WHERE state='waiting' AND tries>0"))
        self.told('venter på mailserveren')
        for n, seconds in enumerate((-3600, 0, 3600)):
            move(seconds)
            self.sink.refuse = False
            self.assertEqual(self.report(f'nu {n}')[0], 201)
            self.p.ok('POST', f'/api/v1/tickets/{t}/messages', {'body': f'svar {n}', 'visibility': 'public'})
            self.assertEqual(self.lmtp(f'brev {n}'), 250)
            wait_until(lambda: self.once(f'brev {n}'))
            self.sink.wait(lambda s, to, m: f'svar {n}' in m.get_body(('plain',)).get_content())
            if n == 0:                          # what waited for the mail server does not wait an hour longer
                self.sink.wait(lambda s, to, m: 'fra før' in m.get_body(('plain',)).get_content())
                self.told('Serverens ur er blevet stillet')
            self.desk = self.p.browser().sign_in('admin', self.p.password)
        self.told('venter på mailserveren', False)
        move(0)
        self.p.stop()
        self.p.cli('verify', '--data', self.p.data)


class Conv(Trouble):
    def test_hangs(self):
        self.begin()
        wait_until(lambda: self.lmtp('før') == 250 and self.once('før'))
        conv = self.p.children('pedel-conv')[0]
        os.kill(conv, signal.SIGSTOP)
        for n in range(3):
            self.assertEqual(self.lmtp(f'imens {n}'), 250)
        self.assertEqual(self.page('da')[0], 200)
        self.told('Dokumenter og indkommende mail venter')
        wait_until(lambda: self.p.children('pedel-conv') not in ([], [conv]), 60)
        for n in range(3):
            wait_until(lambda: self.once(f'imens {n}'))
        self.told('Dokumenter og indkommende mail venter', False)
        self.assertEqual(self.p.sql("SELECT count(*) FROM ticket WHERE subject LIKE 'Mail, der ikke%'"), [('0',)])


plain_build()

if __name__ == '__main__':
    if sys.argv[1:] == ['Inside']:
        unittest.main()
    del Inside
    unittest.main()
