#!/usr/bin/env python3
"""Every header compiles alone, and says in its first lines what it is and what a caller must know."""
import concurrent.futures
import pathlib
import subprocess
import sys

SAYS = ['Ownership', 'Errors', 'Units', 'Threads', 'Source']
FLAGS = ['-std=gnu11', '-D_GNU_SOURCE', '-Wall', '-Wextra', '-Wno-unused-parameter', '-Werror', '-fsyntax-only', '-Isrc', '-DPEDEL_TEST']


def packages():
    out = subprocess.run(['pkg-config', '--cflags', 'jansson', 'libevent', 'openssl', 'sqlite3', 'libpq', 'libcurl', 'libsodium', 'gmime-3.0'],
                         capture_output=True, text=True)
    return out.stdout.split() + ['-isystem', '/usr/share/include/llhttp']


def one(path):
    text = path.read_text()
    wrong = []
    if not text.startswith(f'/* {path.name} - '):
        wrong.append(f'{path}: does not begin with "/* {path.name} - what it is"')
    head = text[:text.find('*/')]
    wrong += [f'{path}: its first comment does not say "{word}:" ("none" is an answer)' for word in SAYS if f'{word}:' not in head]
    done = subprocess.run(['gcc', *FLAGS, *EXTRA, '-include', 'src/base/banned.h', '-x', 'c', str(path)], capture_output=True, text=True)
    if done.returncode:
        wrong.append(f'{path}: does not compile alone\n{done.stderr[:800]}')
    return wrong


EXTRA = packages()
with concurrent.futures.ThreadPoolExecutor(2) as pool:
    bad = [w for ws in pool.map(one, sorted(pathlib.Path('src').rglob('*.h'))) for w in ws]
print('\n'.join(bad) if bad else 'headers: all good')
sys.exit(bool(bad))
