#!/usr/bin/env python3
"""fuzz.py - runs the libFuzzer programs, one after the other, and tells what each did.

usage: fuzz.py [--seconds N] [--keep] [NAME ...]     (PEDEL_FUZZ_SECONDS says the same; 600)

Builds them in build/fuzz (clang, -Dfuzzers=true). Each begins with tests/fuzz/corpus/NAME and what earlier runs found in
build/fuzz/found/NAME; what crashes it is left in build/fuzz/crashes and belongs into the corpus once it is mended. The last
line counts them as ./check does. --keep writes back a minimised corpus of at most 60 files (new ones are named by content).
"""
import argparse
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = ROOT / 'build/fuzz'
CORPUS = ROOT / 'tests/fuzz/corpus'
MOST = 60
LONGEST = {'http': 65536, 'mime': 40000, 'ws': 70000, 'tar': 20000, 'site': 4000, 'search': 2000, 'escape': 1000, 'form': 4000}
ENV = {**os.environ, 'UBSAN_OPTIONS': 'halt_on_error=1:print_stacktrace=1', 'ASAN_OPTIONS': 'detect_leaks=1:allocator_may_return_null=1',
       'LSAN_OPTIONS': f'suppressions={ROOT}/tests/fuzz/leaks.txt:print_suppressions=0'}


def names():
    return sorted(f.stem[5:] for f in (ROOT / 'tests/fuzz').glob('fuzz_*.c'))


def build(wanted):
    if not (BUILD / 'build.ninja').exists():
        subprocess.run(['meson', 'setup', BUILD, '-Dfuzzers=true', '-Db_lundef=false', '--buildtype=debugoptimized'], env={**os.environ, 'CC': 'clang'},
                       check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    subprocess.run(['nice', '-n', '15', 'ninja', '-C', str(BUILD), '-j2'] + [f'tests/fuzz_{n}' for n in wanted], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)


def run(name, seconds):
    """(executions, a second, edges covered, files found, trouble)"""
    found, crashes = BUILD / 'found' / name, BUILD / 'crashes'
    found.mkdir(parents=True, exist_ok=True)
    crashes.mkdir(exist_ok=True)
    words = ROOT / 'tests/fuzz' / f'{name}.dict'
    argv = [BUILD / 'tests' / f'fuzz_{name}', f'-max_total_time={seconds}', '-timeout=20', '-rss_limit_mb=3000', '-print_final_stats=1',
            f'-max_len={LONGEST.get(name, 2000)}', f'-artifact_prefix={crashes}/{name}-', '-use_value_profile=0', found]
    argv += [f'-dict={words}'] if words.exists() else []
    argv += [CORPUS / name] if (CORPUS / name).is_dir() else []
    done = subprocess.run([str(a) for a in argv], env=ENV, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors='replace')
    count = re.search(r'stat::number_of_executed_units:\s*(\d+)', done.stdout)
    edges = re.findall(r'cov: (\d+)', done.stdout)
    n = int(count.group(1)) if count else 0
    return n, n // max(seconds, 1), int(edges[-1]) if edges else 0, len(list(found.iterdir())), done.stdout[-5000:] if done.returncode else ''


def keep(name):
    """The corpus again: its own files, then the smallest of those that add coverage, at most MOST."""
    merged = BUILD / 'merged' / name
    shutil.rmtree(merged, ignore_errors=True)
    merged.mkdir(parents=True)
    folder = CORPUS / name
    folder.mkdir(parents=True, exist_ok=True)
    argv = [BUILD / 'tests' / f'fuzz_{name}', '-merge=1', '-timeout=20', '-rss_limit_mb=3000', merged, folder, BUILD / 'found' / name]
    subprocess.run([str(a) for a in argv], env=ENV, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    own = {f.read_bytes() for f in folder.iterdir()}
    for f in sorted(merged.iterdir(), key=lambda f: f.stat().st_size):
        data = f.read_bytes()
        if len(own) >= MOST:
            break
        if data not in own and len(data) <= 4000:
            own.add(data)
            (folder / ('found-' + hashlib.sha256(data).hexdigest()[:10])).write_bytes(data)


def main():
    ask = argparse.ArgumentParser()
    ask.add_argument('--seconds', type=int, default=int(os.environ.get('PEDEL_FUZZ_SECONDS', '600')))
    ask.add_argument('--keep', action='store_true')
    ask.add_argument('name', nargs='*')
    opt = ask.parse_args()
    wanted = opt.name or names()
    build(wanted)
    bad = 0
    print(f'{"fuzzer":12} {"seconds":>7} {"executions":>11} {"a second":>9} {"edges":>6} {"files":>6}')
    for name in wanted:
        n, rate, edges, files, trouble = run(name, opt.seconds)
        print(f'{name:12} {opt.seconds:7} {n:11} {rate:9} {edges:6} {files:6}{"   FOUND SOMETHING" if trouble else ""}', flush=True)
        if trouble:
            bad += 1
            print(trouble, flush=True)
        if opt.keep:
            keep(name)
    print(f'{"not " if bad else ""}ok fuzz: {len(wanted) - bad} of {len(wanted)} found nothing')
    return 1 if bad else 0


sys.exit(main())
