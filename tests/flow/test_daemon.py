#!/usr/bin/env python3
"""pedeld as a process: restarts that refuse nobody, deaths of all kinds, stopping, wrong starts, TLS, bodies that are too large."""
import fcntl
import http.client
import json
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest
import warnings

from pedel import Pedel, build_folder, certificate, free_port, wait_until


def children(pid):
    """Processes started by pid, from /proc."""
    found = []
    for entry in pathlib.Path('/proc').iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / 'stat').read_text().rsplit(')', 1)[1].split()
                args = (entry / 'cmdline').read_bytes().split(b'\0')
            except (OSError, IndexError):
                continue
            if int(fields[1]) == pid and fields[0] != 'Z':
                found.append((int(entry.name), args))
    return found


def server_of(keeper):
    found = [pid for pid, args in children(keeper) if b'--as-server' in args]
    return found[0] if len(found) == 1 else None


class Load:
    """Requests without pause from several threads: half on fresh connections, half on kept ones."""

    def __init__(self, port, context=None):
        self.port, self.context, self.stop, self.count, self.failed = port, context, threading.Event(), 0, []
        self.threads = [threading.Thread(target=self.run, args=(kept,)) for kept in (False, False, True, True)]
        for t in self.threads:
            t.start()

    def link(self):
        if self.context:
            return http.client.HTTPSConnection('127.0.0.1', self.port, timeout=60, context=self.context)
        return http.client.HTTPConnection('127.0.0.1', self.port, timeout=60)

    def run(self, kept):
        link = self.link()
        while not self.stop.is_set():
            try:
                link.request('GET', '/login')
                answer = link.getresponse()
                answer.read()
                if answer.status >= 500:
                    self.failed.append(answer.status)
                self.count += 1
            except Exception as error:
                self.failed.append(repr(error))
                link.close()
            if not kept:
                link.close()
            time.sleep(0.002)
        link.close()

    def end(self):
        self.stop.set()
        for t in self.threads:
            t.join()
        return self.failed


def restart_three_times(test, p, context=None):
    load = Load(p.port, context)
    try:
        for _ in range(3):
            old = server_of(p.process.pid)
            p.process.send_signal(signal.SIGHUP)
            wait_until(lambda: server_of(p.process.pid) not in (None, old))
            had = load.count
            wait_until(lambda: load.count > had + 40 or load.failed)
    finally:
        failed = load.end()
    test.assertEqual(failed, [])


class Daemon(unittest.TestCase):
    def test_restart_refuses_nobody(self):
        with Pedel() as p:
            restart_three_times(self, p)
            p.ok('GET', '/api/v1/services')

    def test_a_server_that_dies_comes_back(self):
        with Pedel() as p:
            old = server_of(p.process.pid)
            left = p.data / 'tmp/body-999999-00'        # an upload that was under way
            left.write_text('x')
            os.kill(old, signal.SIGKILL)
            wait_until(lambda: server_of(p.process.pid) not in (None, old))

            def answers():
                try:
                    return p.api('GET', '/api/v1/services')[0] == 200
                except OSError:
                    return False
            wait_until(answers)
            self.assertFalse(left.exists())

    def test_a_mail_half_received_leaves_no_file(self):
        with Pedel() as p:
            half = socket.create_connection(('127.0.0.1', p.lmtp), 60)
            talk = half.makefile('rb')
            talk.readline()
            for line, lines in (('LHLO x', 6), ('MAIL FROM:<a@b.example>', 1), ('RCPT TO:<c@d.example>', 1), ('DATA', 1)):
                half.sendall(line.encode() + b'\r\n')
                for _ in range(lines):
                    self.assertLess(talk.readline()[:1], b'4', line)
            half.sendall(b'Subject: Halv\r\n\r\nDet var')
            left = wait_until(lambda: list((p.data / 'tmp').glob('lmtp-*')), 60)
            alive = p.data / 'tmp/lmtp-alive'           # another process is at it
            with open(alive, 'w') as held:
                fcntl.flock(held, fcntl.LOCK_EX)
                old = server_of(p.process.pid)
                os.kill(old, signal.SIGKILL)
                wait_until(lambda: server_of(p.process.pid) not in (None, old), 60)
                wait_until(lambda: not any(f.exists() for f in left), 60)
                self.assertTrue(alive.exists())
            half.close()

    def test_kill_9_leaves_nothing(self):
        with Pedel() as p:
            mine = [pid for pid, _ in children(p.process.pid)]
            self.assertTrue(mine)
            p.process.kill()
            p.process.wait()
            wait_until(lambda: not any(os.path.exists(f'/proc/{pid}') for pid in mine))
            with self.assertRaises(OSError):
                socket.create_connection(('127.0.0.1', p.port), 2).close()

    def test_a_second_one_on_the_same_folder_is_refused(self):
        with Pedel() as p:
            argv = [str(p.build / 'src/bin/pedeld'), '--data', str(p.data), '--listen', '127.0.0.1:0']
            done = subprocess.run(argv, capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 1, done)
            self.assertIn('INSTALLATION_BUSY', done.stderr)
            self.assertEqual(p.api('GET', '/api/v1/services')[0], 200)
            done = subprocess.run([*argv, '--db', 'mysql://x'], capture_output=True, text=True, timeout=60)
            self.assertNotEqual(done.returncode, 0)
        with Pedel(start=False) as p:
            done = subprocess.run([str(p.build / 'src/bin/pedeld'), '--data', str(p.data), '--listen', '127.0.0.1:0', '--db', 'mysql://x'],
                                  capture_output=True, text=True, timeout=60)
            self.assertIn('DB_URL_INVALID', done.stderr)

    def test_stopping_is_clean_and_waits_for_no_idle_connection(self):
        def soon(sig):
            with Pedel() as p:
                idle = socket.create_connection(('127.0.0.1', p.port))
                began = time.monotonic()
                self.assertEqual(p.stop(sig), 0)
                idle.close()
                return time.monotonic() - began < 8
        for sig in (signal.SIGTERM, signal.SIGINT):
            self.assertTrue(any(soon(sig) for _ in range(3)), 'ten seconds for an idle connection, every time')

    def test_wrong_starts(self):
        program = str(build_folder() / 'src/bin/pedeld')
        with tempfile.TemporaryDirectory() as folder, Pedel() as p, Pedel(start=False) as q:
            for argv, code, word in (
                    ([], 2, '--data'), (['--data', folder], 2, 'NOT_INITIALISED'), (['--data', folder, '--bogus'], 2, '--bogus'),
                    (['--data', folder, '--listen', '127.0.0.1:0'], 2, 'NOT_INITIALISED'),
                    (['--data', folder, '--tls-cert', 'x'], 2, 'together'),
                    (['--data', str(q.data), '--listen', f'127.0.0.1:{p.port}'], 1, 'LISTEN'),
                    (['--data', str(q.data), '--listen', 'nowhere'], 2, 'ADDRESS_INVALID'),
                    (['--data', str(q.data), '--listen', '127.0.0.1:0', '--smtp', 'nonsense'], 2, 'ADDRESS_INVALID'),
                    (['--data', str(q.data), '--listen', '127.0.0.1:0', '--smtp', '127.0.0.1:'], 2, 'ADDRESS_INVALID'),
                    (['--data', str(q.data), '--listen', '127.0.0.1:0', '--smtp', 'mail server:25'], 2, 'ADDRESS_INVALID'),
                    (['--data', str(q.data), '--listen', '127.0.0.1:0', '--smtp', ':25'], 2, 'ADDRESS_INVALID'),
                    (['--data', str(q.data), '--listen', '127.0.0.1:0', '--tls-cert', '/x', '--tls-key', '/y'], 2, 'TLS_FILES')):
                done = subprocess.run([program, *argv], capture_output=True, text=True, timeout=60)
                self.assertEqual((done.returncode, done.stdout), (code, ''), (argv, done.stderr))
                self.assertIn(word, done.stderr)

    def test_tls(self):
        with tempfile.TemporaryDirectory() as folder:
            cert, key = certificate(folder)
            context = ssl.create_default_context(cafile=cert)
            with Pedel(args=['--tls-cert', cert, '--tls-key', key]) as p:
                self.assertTrue(p.base.startswith('https://'))
                link = http.client.HTTPSConnection('127.0.0.1', p.port, context=context)
                link.request('POST', '/api/v1/customers', b'x' * 900000, {'Authorization': 'Bearer ' + p.token, 'Content-Type': 'application/json'})
                answer = link.getresponse()
                self.assertIn((answer.status, json.loads(answer.read())['error']['id']), ((400, 'JSON_INVALID'), (413, 'BODY_TOO_LARGE')))
                link.close()
                old = ssl.create_default_context(cafile=cert)
                with warnings.catch_warnings():
                    warnings.simplefilter('ignore')
                    old.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
                    old.maximum_version = ssl.TLSVersion.TLSv1_1
                with self.assertRaises(OSError):
                    old.wrap_socket(socket.create_connection(('127.0.0.1', p.port)), server_hostname='127.0.0.1')
                h2 = ssl.create_default_context(cafile=cert)
                h2.set_alpn_protocols(['h2'])
                with self.assertRaises(OSError):
                    h2.wrap_socket(socket.create_connection(('127.0.0.1', p.port)), server_hostname='127.0.0.1')
                h2.set_alpn_protocols(['h2', 'http/1.1'])
                with h2.wrap_socket(socket.create_connection(('127.0.0.1', p.port)), server_hostname='127.0.0.1') as s:
                    self.assertEqual(s.selected_alpn_protocol(), 'http/1.1')
                with socket.create_connection(('127.0.0.1', p.port)) as s:      # plain HTTP to the TLS port
                    s.sendall(b'GET / HTTP/1.1\r\nHost: a\r\n\r\n')
                    try:
                        self.assertNotIn(b'200', s.recv(1000))
                    except ConnectionResetError:
                        pass
                restart_three_times(self, p, context)

    def test_2_gb_is_refused_with_words(self):
        with Pedel() as p:
            for length in (b'Content-Length: 2147483648', b'Transfer-Encoding: chunked'):
                with socket.create_connection(('127.0.0.1', p.port), 30) as s:
                    s.sendall(b'POST /api/v1/customers HTTP/1.1\r\nHost: a\r\nAccept-Language: en\r\nAuthorization: Bearer ' +
                              p.token.encode() + b'\r\n' + length + b'\r\n\r\n')
                    part = b'x' * 65536
                    if b'chunked' in length:
                        part = b'10000\r\n' + part + b'\r\n'
                    try:
                        for _ in range(400):            # 26 MB, and the answer is there long before
                            s.sendall(part)
                    except OSError:
                        pass
                    got = b''
                    while b'\r\n\r\n' not in got or not got.endswith(b'}}'):
                        more = s.recv(65536)
                        if not more:
                            break
                        got += more
                self.assertIn(b' 413 ', got.split(b'\r\n')[0])
                error = json.loads(got.split(b'\r\n\r\n', 1)[1])['error']
                self.assertEqual((error['id'], error['kind'], error['field']), ('BODY_TOO_LARGE', 'too_large', 'body'))
            p.ok('GET', '/api/v1/services')


if __name__ == '__main__':
    unittest.main()
