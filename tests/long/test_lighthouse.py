#!/usr/bin/env python3
"""Lighthouse's own scores of the pages most people see, on the demo: tests/lighthouse/lighthouse.mjs."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'tests/flow'))
if (ROOT / 'build/release/src/bin/pedeld').exists():
    os.environ['PEDEL_BUILD'] = 'build/release'         # what is measured is not an instrumented build
from pedel import Pedel, free_port  # noqa: E402

PLACE = ROOT / 'tests/lighthouse'


class Lighthouse(unittest.TestCase):
    def test_every_score_is_at_least_95(self):
        if not (PLACE / 'node_modules').exists():
            subprocess.run(['npm', 'ci', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'], cwd=PLACE, check=True)
        with Pedel(start=False, empty=True) as p, tempfile.TemporaryDirectory() as profile:
            p.cli('demo', '--data', p.data)
            p.start()
            password = re.search(r'\S*-\S*-\S*(?=:)|(?<=adgangskoden )\S+(?=:)', (p.data / 'demo.txt').read_text()).group(0)
            done = subprocess.run(['node', PLACE / 'lighthouse.mjs', p.base, password, str(free_port()), profile], capture_output=True, text=True, timeout=1500)
        print(done.stdout)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr[-3000:])
        self.assertEqual(done.stdout.count('\nok ') + done.stdout.startswith('ok '), 30, done.stdout)


if __name__ == '__main__':
    unittest.main()
