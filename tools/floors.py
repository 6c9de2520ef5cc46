#!/usr/bin/env python3
"""Fails when a file includes what its floor may not (tools/floors.txt), or speaks SQL outside src/store."""
import pathlib
import re
import sys

may = {}
for line in open('tools/floors.txt'):
    key, colon, value = line.split('#')[0].partition(':')
    if colon:
        may[key.strip()] = value.split()


def floor(path):
    return '/'.join(path.split('/')[:-1][:2])


def allowed(mine, theirs):
    rule = may.get(mine)
    if rule is None:
        rule = may.get(mine.split('/')[0] + '/*', [])
    return mine == theirs or any(theirs == m or (m.endswith('/*') and theirs.startswith(m[:-1])) for m in rule)


bad = 0
for path in sorted(pathlib.Path('src').rglob('*.[ch]')):
    me, text = str(path)[4:], path.read_text()
    if not floor(me):
        continue
    for inc in re.findall(r'^\s*#\s*include\s*"([^"]+)"', text, re.M):
        if '/' in inc and floor(inc) and not allowed(floor(me), floor(inc)):
            print(f'{path}: floor {floor(me)} may not include {inc}')
            bad = 1
    if floor(me) != 'store' and re.search(r'\bsqlite3_|\bPQ[a-z]+\(|"(SELECT|INSERT|UPDATE|DELETE) ', text):
        print(f'{path}: SQL belongs in src/store')
        bad = 1
sys.exit(bad)
