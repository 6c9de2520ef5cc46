#!/usr/bin/env python3
"""The flow test of kill -9, 200 rounds on each database, on the build without instruments where there is one."""
import os
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'flow'))
os.environ.setdefault('PEDEL_KILLS', '200')

from pedel import plain_build           # noqa: E402

plain_build()

from test_kill import Kill, KillOnPostgres    # noqa: E402,F401

if __name__ == '__main__':
    unittest.main()
