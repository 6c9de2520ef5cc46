#!/usr/bin/env python3
"""Every process of pedeld is bound by seccomp and landlock: as the kernel says it, as the log says it, across restarts, and with names
and ports as an operator may choose them."""
import os
import pathlib
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest

from mailsink import MailSink
from pedel import Pedel, build_folder, wait_until
from test_daemon import children, server_of


def instrumented():
    program = (build_folder() / 'src/bin/pedeld').read_bytes()
    return b'__asan_init' in program or b'__tsan_init' in program


def state(pid):
    """seccomp mode, no-new-privileges, number of filters."""
    lines = dict(line.split(':\t', 1) for line in pathlib.Path(f'/proc/{pid}/status').read_text().splitlines() if ':\t' in line)
    return int(lines['Seccomp']), int(lines['NoNewPrivs']), int(lines['Seccomp_filters'])


def family(p):
    """Name -> pid of keeper, server, pedel-conv, pedel-probe, when all run."""
    found = {'keeper': p.process.pid}
    for pid, args in children(p.process.pid):
        name = os.path.basename(args[0]).decode()
        found['server' if b'--as-server' in args else name] = pid
    return found if len(found) == 4 else None


@unittest.skipIf(instrumented(), 'an instrumented build cannot be bound')
class Confine(unittest.TestCase):
    def test_every_process_is_bound(self):
        with Pedel() as p:
            wait_until(lambda: family(p))
            for name, filters in (('keeper', 1), ('server', 2), ('pedel-conv', 1), ('pedel-probe', 2)):
                wait_until(lambda: state(family(p)[name]) == (2, 1, filters))
            for who in ('keeper', 'server', 'probe'):
                wait_until(lambda: f'{who}: landlock: files' in p.log_text())
            self.assertNotIn('warn confined', p.log_text())

    def test_a_restarted_server_is_bound_too(self):
        with Pedel() as p:
            old = server_of(p.process.pid)
            p.process.send_signal(signal.SIGHUP)
            wait_until(lambda: server_of(p.process.pid) not in (None, old))
            self.assertEqual(state(server_of(p.process.pid)), (2, 1, 2))
            os.kill(server_of(p.process.pid), signal.SIGKILL)
            wait_until(lambda: server_of(p.process.pid))
            wait_until(lambda: state(server_of(p.process.pid)) == (2, 1, 2))

    def test_off_and_require(self):
        with Pedel(args=['--confine', 'off']) as p:
            self.assertEqual(state(server_of(p.process.pid))[0::2], (0, 0))
            self.assertIn('warn confined', p.log_text())
            p.ok('GET', '/api/v1/services')
        with Pedel(args=['--confine', 'require']) as p:
            self.assertEqual(state(server_of(p.process.pid))[0], 2)
        with Pedel(start=False) as p:
            with (p.data / 'pedel.conf').open('a') as conf:
                conf.write('confine=perhaps\n')
            with self.assertRaises(AssertionError) as refused:
                p.start()
            self.assertIn('CONF_VALUE', str(refused.exception))

    def again_with_an_etc_of_its_own(self):
        """The same test in a mount namespace: what it writes to /etc is not the machine's."""
        with tempfile.TemporaryDirectory() as top:
            for name in ('new', 'work'):
                pathlib.Path(top, name).mkdir()
            mount = ['mount', '-t', 'overlay', 'etc', '-o', f'lowerdir=/etc,upperdir={top}/new,workdir={top}/work', '/etc']
            if os.geteuid() != 0 or subprocess.run(['unshare', '-m', *mount], capture_output=True).returncode != 0:
                self.skipTest('no mount namespace with an overlay here')
            done = subprocess.run(['unshare', '-m', 'sh', '-c', '"$@" && exec "$PYTHON" "$TEST" "$NAME"', 'sh', *mount], capture_output=True, text=True, timeout=200,
                                  env={**os.environ, 'PEDEL_OWN_ETC': '1', 'PYTHON': sys.executable, 'TEST': __file__, 'NAME': self.id().split('.', 1)[1]})
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_names_that_are_replaced_reach_the_server(self):
        """/etc/resolv.conf is another file after a rename: the keeper sees it and starts a server that may read the new one."""
        if not os.environ.get('PEDEL_OWN_ETC'):
            return self.again_with_an_etc_of_its_own()
        hosts = pathlib.Path('/etc/hosts')
        with Pedel() as p:
            old = server_of(p.process.pid)
            copy = pathlib.Path('/etc/hosts.pedel-test')
            copy.write_bytes(hosts.read_bytes())
            copy.chmod(0o644)
            copy.rename(hosts)
            p.process.send_signal(signal.SIGCHLD)       # look now, not in half a minute
            wait_until(lambda: server_of(p.process.pid) not in (None, old))
            self.assertIn('another resolv.conf', p.log_text())

    def mail_comes_in(self, p):
        answers = p.lmtp_send('karen@soenderskov.example', ['support@desk.example'],
                              'From: karen@soenderskov.example\nTo: support@desk.example\nSubject: Printer\nMessage-ID: <%d@soenderskov.example>\n\nHjælp\n'
                              % time.monotonic_ns())
        self.assertEqual([code for code, _ in answers.values()], [250])

    def mail_goes_out(self, p, sink):
        """The confirmation that a customer's mail causes arrives at the mail server."""
        before = len(sink.mails)
        self.mail_comes_in(p)
        wait_until(lambda: len(sink.mails) > before)

    def test_the_mail_server_may_have_a_name_and_any_port(self):
        sink = MailSink()
        port = sink.address.rsplit(':', 1)[1]
        with Pedel(smtp=f'localhost:{port}') as p:
            p.customer()
            self.mail_goes_out(p, sink)

    def test_a_port_that_only_the_database_names_is_named_in_the_configuration(self):
        sink = MailSink()
        port = sink.address.rsplit(':', 1)[1]
        with Pedel(start=False) as p:
            with sqlite3.connect(p.data / 'pedel.db') as db:
                db.execute("INSERT INTO setting(key, value) VALUES('mail.smtp', ?)", (sink.address,))
            p.start()
            p.customer()
            self.mail_comes_in(p)
            wait_until(lambda: 'mail not sent' in p.log_text())
            p.stop()
            self.assertEqual(sink.mails, [])
            with (p.data / 'pedel.conf').open('a') as conf:
                conf.write(f'connect_ports={port}\n')
            p.start()
            self.mail_goes_out(p, sink)


if __name__ == '__main__':
    unittest.main()
