#!/usr/bin/env python3
"""with_demo.py SCRIPT.mjs - a Pedel with the demo's provider in it; runs SCRIPT.mjs BASE PASSWORD DATA against it."""
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'flow'))
from pedel import Pedel  # noqa: E402


def main():
    with Pedel(start=False, empty=True) as p:
        p.cli('demo', '--data', p.data)
        p.start()
        told = (p.data / 'demo.txt').read_text()
        password = re.search(r'\S*-\S*-\S*(?=:)|(?<=adgangskoden )\S+(?=:)', told).group(0)
        return subprocess.run(['node', sys.argv[1], p.base, password, p.data]).returncode


if __name__ == '__main__':
    sys.exit(main())
