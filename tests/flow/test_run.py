#!/usr/bin/env python3
"""What ./run is made of: it says how far a build is, and shows the mails that would be sent."""
import os
import pathlib
import shutil
import signal
import smtplib
import subprocess
import tempfile
import unittest

from pedel import ROOT, Pedel, build_folder, wait_until

TOOLS = ROOT / 'tools'


class Run(unittest.TestCase):
    def test_progress(self):
        with tempfile.TemporaryDirectory() as top:
            for counts, code, said in ((range(1, 31), 0, 11), (range(1, 31), 3, 11), ((), 0, 0)):
                script = ''.join(f'echo "[{n}/30] x";' for n in counts) + f'exit {code}'
                done = subprocess.run([TOOLS / 'progress.sh', 'building', 'a while', f'{top}/log', 'sh', '-c', script], capture_output=True, text=True)
                self.assertEqual((done.returncode, len(done.stderr.splitlines())), (code, said), done.stderr)
                if said:
                    self.assertIn('pedel: building, 30 of 30', done.stderr)
                    self.assertEqual(len(pathlib.Path(f'{top}/log').read_text().splitlines()), 30)

    def test_show_mail(self):
        with tempfile.TemporaryDirectory() as top:
            port = pathlib.Path(top) / 'port'
            shower = subprocess.Popen([TOOLS / 'show_mail.py', port], stdout=subprocess.PIPE, text=True)
            try:
                wait_until(lambda: port.exists() and port.read_text())
                with smtplib.SMTP('127.0.0.1', int(port.read_text()), timeout=60) as s:
                    s.sendmail('desk@x.example', ['karen@y.example'], 'Subject: Log ind\r\n\r\nhttp://127.0.0.1/login/link/abc\r\n.punkt')
                said = [shower.stdout.readline().rstrip() for _ in range(4)]
                self.assertEqual(said, ['--- mail to karen@y.example: Log ind', 'http://127.0.0.1/login/link/abc', '.punkt', '---'])
            finally:
                shower.kill()
                shower.wait()
                shower.stdout.close()

    def test_stopped_and_started_again(self):
        """The script itself, on programs that are built already: killed while the demo is made, started again, and once more."""
        with tempfile.TemporaryDirectory() as top:
            top = pathlib.Path(top)
            (top / 'tools').mkdir()
            (top / 'build/release/src').mkdir(parents=True)
            (top / 'build/release/build.ninja').touch()
            (top / 'build/release/src/bin').symlink_to(build_folder().resolve() / 'src/bin')
            for name in ('install.sh', 'ui.sh', 'progress.sh'):
                (top / 'tools' / name).write_text('#!/bin/sh\n')
                (top / 'tools' / name).chmod(0o755)
            shutil.copy(ROOT / 'run', top / 'run')
            data = top / 'data of mine'
            argv = [top / 'run', '--port', '0', '--data', f'{data}/']
            first = self.begin(argv)
            wait_until(lambda: (data / 'pedel.conf').exists() or first.poll() is not None, 60, 0.001)
            os.killpg(first.pid, signal.SIGKILL)
            first.communicate()
            for _ in range(2):                      # made, and told again
                again = self.begin(argv)
                try:
                    lines = []
                    while not lines or 'pedel: ready at http://127.0.0.1:' not in lines[-1]:
                        lines.append(again.stdout.readline())
                        self.assertNotEqual(lines[-1], '', lines)
                    self.assertIn('Demo sign-ins', ''.join(lines))
                finally:
                    os.killpg(again.pid, signal.SIGTERM)
                    again.communicate(timeout=60)
                self.assertFalse((data / '.pedel-unfinished').exists())

    def begin(self, argv):
        return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True, env={**os.environ, 'LANG': 'C.UTF-8'})

    def test_demo_leaves_a_month_to_close(self):
        with Pedel(empty=True, start=False) as p:
            p.cli('demo', '--data', p.data)
            have = int(p.sql("SELECT COUNT(DISTINCT customer_id) FROM agreement_item WHERE service='service-agreement'")[0][0])
            closed = int(p.sql('SELECT COUNT(DISTINCT customer_id) FROM month_close')[0][0])
            self.assertEqual(have - closed, 1)


if __name__ == '__main__':
    unittest.main()
