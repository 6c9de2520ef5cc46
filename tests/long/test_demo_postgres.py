#!/usr/bin/env python3
"""pedel init --db, demo and verify on PostgreSQL: the whole invented month is told and judged there too."""
import os
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'flow'))
from pedel import Pedel, plain_build        # noqa: E402

plain_build()


@unittest.skipUnless(os.environ.get('PEDEL_TEST_PG'), 'no PostgreSQL')
class DemoOnPostgres(unittest.TestCase):
    def test_demo(self):
        with Pedel(pg=True, empty=True, start=False) as p:
            p.cli('demo', '--data', p.data, seconds=900)
            p.cli('verify', '--data', p.data, seconds=300)
            self.assertEqual(p.sql('SELECT state, COUNT(*) > 50 FROM outbox GROUP BY state'), [('sent', 't')])
            self.assertEqual(len(p.sql('SELECT DISTINCT state FROM promise_state')), 7)


if __name__ == '__main__':
    unittest.main()
