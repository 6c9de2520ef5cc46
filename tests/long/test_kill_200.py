#!/usr/bin/env python3
"""The flow test of kill -9, 200 rounds on each database, on the build without instruments where there is one."""
import os
import pathlib
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'tests/flow'))
os.environ.setdefault('PEDEL_KILLS', '200')
if (ROOT / 'build/release/src/bin/pedeld').exists():
    os.environ['PEDEL_BUILD'] = 'build/release'

from test_kill import Kill, KillOnPostgres      # noqa: E402,F401

if __name__ == '__main__':
    unittest.main()
