#!/usr/bin/env python3
"""pedeld under a service manager (this test plays systemd), the second configuration file, the manual against --help, and
root at work on somebody else's folder."""
import http.client
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from pedel import ROOT, Pedel, build_folder, free_port

MAN = ROOT / 'docs/man'
PROGRAMS = {'pedel': 'pedel.1', 'pedeld': 'pedeld.8', 'pedel-conv': 'pedel-conv.8', 'pedel-probe': 'pedel-probe.8'}


class Manager:
    """What systemd does for Type=notify and FileDescriptorStoreMax=."""

    def __init__(self, p, *args):
        self.p, self.kept = p, {}
        self.path = p.folder / 'notify'
        self.hear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.hear.bind(str(self.path))
        self.hear.settimeout(60)
        self.argv = [str(p.build / 'src/bin/pedeld'), '--data', str(p.data), *args]

    def start(self):
        names, fds = list(self.kept), list(self.kept.values())
        env = {**self.p.env, 'NOTIFY_SOCKET': str(self.path), 'LISTEN_FDNAMES': ':'.join(names)}
        pid = os.fork()
        if pid == 0:
            top = [os.dup2(fd, 100 + i) for i, fd in enumerate(fds)]
            for i, fd in enumerate(top):
                os.dup2(fd, 3 + i)
                os.close(fd)
            log = os.open(self.p.folder / 'pedeld.log', os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.dup2(log, 1)
            os.dup2(log, 2)
            if fds:
                env.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(fds)))
            os.execve(self.argv[0], self.argv, env)
        self.pid = pid
        return self

    def until(self, line):
        """Reads what is told, keeps what is to be kept, until a message has this line."""
        while True:
            said, fds, _, _ = socket.recv_fds(self.hear, 4096, 4)
            lines = said.decode().split('\n')
            fields = dict(x.split('=', 1) for x in lines)
            if fields.get('FDSTORE'):
                os.set_inheritable(fds[0], False)
                if fields['FDNAME'] in self.kept:
                    os.close(self.kept[fields['FDNAME']])
                self.kept[fields['FDNAME']] = fds[0]
            if fields.get('FDSTOREREMOVE'):
                os.close(self.kept.pop(fields['FDNAME']))
            if line in lines:
                return fields

    def stop(self):
        os.kill(self.pid, signal.SIGTERM)
        self.until('STOPPING=1')
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def end(self):
        self.hear.close()
        for fd in self.kept.values():
            os.close(fd)


def get(port):
    link = http.client.HTTPConnection('127.0.0.1', port, timeout=60)
    link.request('GET', '/login')
    answer = link.getresponse()
    answer.read()
    link.close()
    return answer.status


class Service(unittest.TestCase):
    def setUp(self):
        self.p = Pedel(start=False)
        self.addCleanup(self.p.__exit__, None, None, None)

    def test_the_manager_is_told_and_its_sockets_are_taken_again(self):
        port, lmtp = free_port(), free_port()
        m = Manager(self.p, '--listen', f'127.0.0.1:{port}', '--lmtp', f'127.0.0.1:{lmtp}').start()
        self.addCleanup(m.end)
        self.assertIn(f'http://127.0.0.1:{port}/', m.until('READY=1')['STATUS'])
        self.assertEqual(set(m.kept), {f'listen=127.0.0.1_{port}', f'lmtp=127.0.0.1_{lmtp}'})
        self.assertEqual(get(port), 200)
        os.kill(m.pid, signal.SIGHUP)
        m.until('RELOADING=1')
        m.until('READY=1')
        self.assertEqual(m.stop(), 0)

        got = []                                # asked while nobody serves: waits, and is answered
        waiting = threading.Thread(target=lambda: got.append(get(port)))
        waiting.start()
        m.start().until('READY=1')
        waiting.join(60)
        self.assertEqual(got, [200])
        with socket.create_connection(('127.0.0.1', lmtp), 20) as mail:
            self.assertTrue(mail.recv(100).startswith(b'220'))
        self.assertEqual(m.stop(), 0)

        other = free_port()                     # another address: the old socket is given back, and closed
        m.argv = [a.replace(str(port), str(other)) for a in m.argv]
        m.start().until('READY=1')
        self.assertIn(f'listen=127.0.0.1_{other}', m.kept)
        self.assertNotIn(f'listen=127.0.0.1_{port}', m.kept)
        self.assertEqual(get(other), 200)
        self.assertRaises(OSError, get, port)
        self.assertEqual(m.stop(), 0)

    def test_a_manager_that_cannot_be_reached_is_no_hindrance(self):
        for place in ('/nowhere/at/all', 'neither', '@pedel-nobody-' + str(os.getpid()), '/' + 'x' * 200):
            with self.subTest(place):
                self.p.env['NOTIFY_SOCKET'] = place
                self.p.start()
                self.assertEqual(get(self.p.port), 200)
                self.assertEqual(self.p.stop(), 0)

    def test_sockets_of_another_process_are_left_alone(self):
        self.p.env.update(LISTEN_PID='1', LISTEN_FDS='2', LISTEN_FDNAMES='a:b')
        self.p.start()
        self.assertEqual(get(self.p.port), 200)

    def test_the_second_file_goes_before_the_first_and_the_command_line_before_both(self):
        first, second, third = free_port(), free_port(), free_port()
        conf = self.p.folder / 'etc.conf'
        (self.p.data / 'pedel.conf').write_text(f'listen=127.0.0.1:{first}\n')
        for text, args, port in [('# nothing\n', [], first), (f'listen = 127.0.0.1:{second}\norigin=https://desk.example.dk\n', [], second),
                                 (f'listen=127.0.0.1:{second}\n', ['--listen', f'127.0.0.1:{third}'], third)]:
            conf.write_text(text)
            m = Manager(self.p, '--conf', str(conf), *args).start()
            self.assertIn(f':{port}/', m.until('READY=1')['STATUS'])
            self.assertEqual(m.stop(), 0)
            m.end()
            m.path.unlink()

    def test_a_second_file_that_is_wrong_is_refused(self):
        conf = self.p.folder / 'etc.conf'
        for text, said in [('db=postgresql://x/y\n', 'CONF_KEY_ELSEWHERE'), ('no equals sign\n', 'CONF_INVALID'), (None, 'CONF_INVALID')]:
            conf.unlink(missing_ok=True)
            if text:
                conf.write_text(text)
            done = subprocess.run([self.p.build / 'src/bin/pedeld', '--data', self.p.data, '--conf', conf], capture_output=True, text=True, timeout=60)
            self.assertEqual((done.returncode, said in done.stderr), (2, True), done.stderr)

    @unittest.skipUnless(os.geteuid() == 0, 'only root can become another')
    def test_root_works_as_the_folder_s_owner(self):
        data, shelf = self.p.folder / 'theirs', self.p.folder / 'shelf'
        for folder in (data, shelf):
            folder.mkdir(mode=0o700)
            os.chown(folder, 65534, 65534)
        self.p.cli('init', '--data', data, '--provider', 'Fjordkant IT', '--cvr', '10000009')
        self.p.cli('admin', 'add', '--data', data, '--login', 'anne', '--name', 'Anne Bech', '--password-stdin', stdin='en-lang-adgangskode-42\n')
        self.p.cli('backup', '--data', data, '--to', shelf / 'one.tar')
        made = [x for x in [*data.rglob('*'), *shelf.rglob('*')]]
        self.assertGreater(len(made), 8)
        self.assertEqual({(x.stat().st_uid, x.stat().st_gid) for x in made}, {(65534, 65534)})


class Manual(unittest.TestCase):
    def test_every_option_of_help_is_in_the_manual_and_the_other_way(self):
        for program, page in PROGRAMS.items():
            with self.subTest(program):
                said = subprocess.run([build_folder() / 'src/bin' / program, '--help'], capture_output=True, text=True, timeout=60)
                self.assertEqual((said.returncode, said.stderr), (0, ''))
                text = subprocess.run(['mandoc', '-Tascii', MAN / page], capture_output=True, text=True, check=True).stdout
                text = re.sub('.\b', '', text)
                own = text.split('EXAMPLES')[0]
                options = {w: set(re.findall(r'(?<![\w-])--([a-z][a-z-]*)', t)) for w, t in (('help', said.stdout), ('page', own))}
                self.assertGreaterEqual(len(options['help']), 3)
                self.assertEqual(options['help'], options['page'])
                version = subprocess.run([build_folder() / 'src/bin' / program, '--version'], capture_output=True, text=True, timeout=60)
                self.assertRegex(version.stdout, rf'^{program} \d+\.\d+')

    def test_the_pages_are_well_formed(self):
        pages = sorted(MAN.glob('*.[158]'))
        self.assertGreaterEqual(len(pages), 5)
        for page in pages:
            with self.subTest(page.name):
                done = subprocess.run(['mandoc', '-Tlint', page], capture_output=True, text=True)
                said = [x for x in done.stdout.splitlines() + done.stderr.splitlines() if 'mandoc.db' not in x and 'referenced manual' not in x]
                self.assertEqual(said, [])
                if shutil.which('man'):
                    done = subprocess.run(['man', '--warnings=w', '-E', 'UTF-8', '-l', '-Tutf8', '-Z', page], capture_output=True, text=True,
                                          env={**os.environ, 'LC_ALL': 'C.UTF-8', 'MANWIDTH': '80'})
                    self.assertEqual((done.returncode, done.stderr), (0, ''))


if __name__ == '__main__':
    unittest.main()
