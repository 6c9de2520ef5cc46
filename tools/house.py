#!/usr/bin/env python3
"""Rules of docs/decisions and CONTRIBUTING that a tool can see: no writable globals outside src/bin, no banned calls hidden
from banned.h, no file named like a drawer, no package whose version is whatever is newest; and shows (does not refuse) what is longer than the aim."""
import json
import pathlib
import re
import subprocess
import sys

DRAWERS = re.compile(r'(^|_)(util|utils|misc|helper|helpers|common|manager|stuff)(_|$)')
LINES = {'function': 70, '.c': 700, '.h': 200}          # the aim of CONTRIBUTING.md
bad = []
files = sorted(p for p in pathlib.Path('src').rglob('*.[ch]'))
for path in files:
    if DRAWERS.search(path.stem):
        bad.append(f'{path}: a name that says nothing')
    text = re.sub(r'"(\\.|[^"\\\n])*"', '""', re.sub(r'/\*.*?\*/', '', path.read_text(), flags=re.S))
    if path.name != 'banned.h':
        for word in re.findall(r'\b(TODO|FIXME|XXX|HACK)\b', path.read_text()):
            bad.append(f'{path}: {word} belongs in docs/status.md or nowhere')
    for call in re.findall(r'\b(execl|execlp|execv|system|popen)\s*\(', text):
        if path.name != 'banned.h' and not (call == 'execv' and path.parts[1] in ('daemon', 'bin', 'os')) and str(path) != 'src/conv/serve.c':
            bad.append(f'{path}: {call}')

# A lock file that says "latest" of something stops fitting on the day that its next version comes out.
for lock in (p for folder in ('ui', 'tests/browser', 'tests/lighthouse') for p in pathlib.Path(folder).glob('package-lock.json')):
    held = json.loads((lock.parent / 'package.json').read_text()).get('overrides', {})
    for package in json.loads(lock.read_text())['packages'].values():
        for name, version in {**package.get('dependencies', {}), **package.get('devDependencies', {})}.items():
            if version == 'latest' and name not in held:
                bad.append(f'{lock}: {name} is {version!r} and not held by "overrides" in package.json')

tags = subprocess.run(['ctags', '--languages=C', '--kinds-C=vf', '--fields=+neSt', '--file-scope=yes', '-f', '-', *map(str, files)],
                      capture_output=True, text=True).stdout
long = []
for line in tags.splitlines():
    if line.startswith('!'):
        continue
    name, path, rest = line.split('\t', 2)
    code = rest.split('/^', 1)[-1].split('$/', 1)[0] if '/^' in rest else ''
    fields = dict(f.split(':', 1) for f in rest.split(';"', 1)[-1].split('\t') if ':' in f)
    if '\tv\t' in rest.split(';"', 1)[-1] + '\t':
        if path.startswith('src/bin/') or path == 'src/base/fault.c' or re.search(r'\bconst\b', code) or 'extern' in code:
            continue
        lines, at = pathlib.Path(path).read_text().splitlines(), int(fields['line']) - 1
        while at > 0 and (lines[at][:1] in ('}', '\t', ' ', '')):      # up to where a many-line declaration begins
            at -= 1
        if not re.search(r'\bconst\b', lines[at]):
            bad.append(f'{path}:{fields["line"]}: writable global {name}')
    elif 'end' in fields and int(fields['end']) - int(fields['line']) + 1 > LINES['function']:
        long.append((int(fields['end']) - int(fields['line']) + 1, f'{path}: {name}'))
for n, where in sorted(long, reverse=True)[:20]:
    print(f'long: {n} lines {where}')
for path in files:
    n = path.read_text().count('\n')
    if n > LINES[path.suffix]:
        print(f'long: {n} lines {path}')
print('\n'.join(bad) if bad else 'house: all good')
sys.exit(bool(bad))
