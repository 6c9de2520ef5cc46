#!/usr/bin/env python3
"""Every header compiles alone, and says in its first lines what it is."""
import concurrent.futures
import pathlib
import subprocess
import sys

FLAGS = ['-std=gnu11', '-D_GNU_SOURCE', '-Wall', '-Wextra', '-Wno-unused-parameter', '-Werror', '-fsyntax-only', '-Isrc', '-DPEDEL_TEST']


def packages():
    out = subprocess.run(['pkg-config', '--cflags', 'jansson', 'libevent', 'openssl', 'sqlite3', 'libpq', 'libcurl', 'libsodium'],
                         capture_output=True, text=True)
    return out.stdout.split() + ['-isystem', '/usr/share/include/llhttp']


def one(path):
    text = path.read_text()
    wrong = []
    if not text.startswith(f'/* {path.name} - '):
        wrong.append(f'{path}: does not begin with "/* {path.name} - what it is"')
    done = subprocess.run(['gcc', *FLAGS, *EXTRA, '-include', 'src/base/banned.h', '-x', 'c', str(path)], capture_output=True, text=True)
    if done.returncode:
        wrong.append(f'{path}: does not compile alone\n{done.stderr[:800]}')
    return wrong


EXTRA = packages()
with concurrent.futures.ThreadPoolExecutor(2) as pool:
    bad = [w for ws in pool.map(one, sorted(pathlib.Path('src').rglob('*.h'))) for w in ws]
print('\n'.join(bad) if bad else 'headers: all good')
sys.exit(bool(bad))
