#!/usr/bin/env python3
"""Every text stands in both languages (tools/messages.py check), and msgfmt takes every .po. TAP."""
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
done = subprocess.run([sys.executable, ROOT / 'tools/messages.py', 'check'], capture_output=True, text=True)
print('%sok 1 - both languages are complete' % ('' if done.returncode == 0 else 'not '))
for line in done.stderr.splitlines():
    print('# ' + line)
files = sorted((ROOT / 'ui/lang').glob('*.po'))
if shutil.which('msgfmt'):
    for n, po in enumerate(files, 2):
        done = subprocess.run(['msgfmt', '--check-format', '--check-domain', '-o', '/dev/null', po], capture_output=True, text=True)
        print('%sok %d - msgfmt takes %s' % ('' if done.returncode == 0 else 'not ', n, po.name))
        if done.returncode:
            print('# ' + done.stderr.replace('\n', '\n# '))
else:
    for n, po in enumerate(files, 2):
        print('ok %d - %s # SKIP no msgfmt' % (n, po.name))
print('1..%d' % (len(files) + 1))
