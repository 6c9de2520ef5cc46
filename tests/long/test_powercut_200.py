#!/usr/bin/env python3
"""The flow test of the power cut, 200 cuts of one record."""
import os
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'flow'))
os.environ.setdefault('PEDEL_CUTS', '200')

from test_powercut import Postgres, Sqlite      # noqa: E402,F401

if __name__ == '__main__':
    unittest.main()
