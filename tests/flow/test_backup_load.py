#!/usr/bin/env python3
"""pedel backup while everybody works: the copy is whole, holds all that was acknowledged before it began, and goes on living."""
import os
import shutil
import subprocess
import time
import unittest

from mailsink import MailSink
from mixed import Mixed
from pedel import Pedel


class Backup(unittest.TestCase):
    pg = False

    def test_under_load(self):
        with MailSink() as sink, Pedel(pg=self.pg, smtp=sink.address) as p:
            work = Mixed(p, sink)
            work.begin()
            copies = []
            for n in range(3):
                time.sleep(0.7)
                acked = {kind: list(keys) for kind, keys in work.acked.items()}
                copy = p.folder / f'copy{n}.tar'
                p.cli('backup', '--data', p.data, '--to', copy)
                copies.append((acked, copy))
            work.end()
            work.check(self)
            for n, (acked, copy) in enumerate(copies):
                p.cli('verify', '--from', copy)
                home = p.folder / f'again{n}'
                home.mkdir()
                name = f'{p.pg_name}_{n}'
                if self.pg:
                    subprocess.run(['psql', os.environ['PEDEL_TEST_PG'], '-qc', f'CREATE DATABASE {name}'], check=True)
                into = [p.db[0], p.db[1].replace(p.pg_name, name)] if self.pg else []
                p.cli('restore', '--data', home / 'data', '--from', copy, *into)
                p.cli('verify', '--data', home / 'data')
                with MailSink() as after:
                    q = p.heir(home, after.address)
                    q.db = into
                    q.start()
                    try:
                        # the first one went on from the same moment, and numbered its mails alike
                        bad = [b for b in work.wrong(acked, q, lambda: sink.raw() + after.raw()) if 'not the same' not in b]
                        self.assertEqual(bad, [])
                    finally:
                        q.stop()
                p.cli('verify', '--data', home / 'data')
                shutil.rmtree(home)
                if self.pg:
                    subprocess.run(['psql', os.environ['PEDEL_TEST_PG'], '-qc', f'DROP DATABASE {name} WITH (FORCE)'], check=True)
            print(f'{len(copies)} copies made while {work.counts()}', flush=True)


@unittest.skipUnless(os.environ.get('PEDEL_TEST_PG'), 'no PostgreSQL')
class BackupPostgres(Backup):
    pg = True


if __name__ == '__main__':
    unittest.main()
