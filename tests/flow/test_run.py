#!/usr/bin/env python3
"""What ./run is made of: it says how far a build is, and shows the mails that would be sent."""
import pathlib
import smtplib
import subprocess
import tempfile
import unittest

from pedel import ROOT, Pedel, wait_until

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
                with smtplib.SMTP('127.0.0.1', int(port.read_text()), timeout=20) as s:
                    s.sendmail('desk@x.example', ['karen@y.example'], 'Subject: Log ind\r\n\r\nhttp://127.0.0.1/login/link/abc\r\n.punkt')
                said = [shower.stdout.readline().rstrip() for _ in range(4)]
                self.assertEqual(said, ['--- mail to karen@y.example: Log ind', 'http://127.0.0.1/login/link/abc', '.punkt', '---'])
            finally:
                shower.kill()
                shower.wait()
                shower.stdout.close()

    def test_demo_leaves_a_month_to_close(self):
        with Pedel(empty=True, start=False) as p:
            p.cli('demo', '--data', p.data)
            have = int(p.sql("SELECT COUNT(DISTINCT customer_id) FROM agreement_item WHERE service='service-agreement'")[0][0])
            closed = int(p.sql('SELECT COUNT(DISTINCT customer_id) FROM month_close')[0][0])
            self.assertEqual(have - closed, 1)


if __name__ == '__main__':
    unittest.main()
