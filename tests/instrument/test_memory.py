#!/usr/bin/env python3
"""A whole Pedel under valgrind: a few of everything is asked of it, and it ends. Nothing is read that was not written, nothing is lost."""
import os
import pathlib
import shutil
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'flow'))
os.environ.setdefault('PEDEL_BUILD', 'build/valgrind')

from mailsink import MailSink                   # noqa: E402
from mixed import Mixed                         # noqa: E402
from pedel import Pedel                         # noqa: E402
from test_races import CONSOLE, PORTAL          # noqa: E402


@unittest.skipUnless(shutil.which('valgrind'), 'no valgrind')
class Memory(unittest.TestCase):
    pg = False

    def test_a_few_of_everything(self):
        said = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix='pedel-memory-')))
        said.chmod(0o1777)
        wrap = ['valgrind', '--quiet', '--trace-children=yes', '--trace-children-skip=*/pedel-conv', f'--log-file={said}/said.%p', '--error-exitcode=9', '--leak-check=full',
                '--show-leak-kinds=definite', '--errors-for-leak-kinds=definite', '--num-callers=30']
        with MailSink() as sink, Pedel(pg=self.pg, smtp=sink.address, wrap=wrap, args=['--confine', 'off'], start=False) as p:
            p.start(300)
            work = Mixed(p, sink, pause=0.5)
            work.begin()
            b = p.browser().sign_in('admin', p.password)
            for path in CONSOLE:
                self.assertEqual(b.get(path).status, 200, path)
            for path in PORTAL:
                self.assertEqual(p.browser().get(path, {'Cookie': work.cookie}).status, 200, path)
            work.end()
            wrong = work.wrong(seconds=300)
            code = p.stop(seconds=300)
            print(work.counts(), flush=True)
            lines = [line for f in sorted(said.iterdir()) for line in f.read_text(errors='replace').splitlines() if not line.startswith('--')]   # a call it does not know
            self.assertFalse(lines, '\n'.join(lines)[:6000])
            self.assertEqual((wrong, code), ([], 0), p.log_text())


if __name__ == '__main__':
    unittest.main()
