#!/usr/bin/env python3
"""fault_reach.py - which functions of the store, and of the os floor that touch files, no fault loop reaches.

usage: fault_reach.py [--list]

Builds the tests that hold loops in build/reach (not optimised; fault_hit() is wrapped by tools/fault_reach.c), runs them, and compares
what stood above each call that was made to fail with the functions that the headers offer. A function is reached when a call of its own,
or of what it calls, was made to fail. What is in REASONS need not be; anything else that is missing, or a reason that is not
needed any more, makes it end with 1. --list prints what is reached too.
"""
import bisect
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = ROOT / 'build/reach'
HEADERS = sorted((ROOT / 'src/store').glob('*.h')) + [ROOT / 'src/os' / f'{n}.h' for n in ('conf', 'file', 'password', 'random', 'seal')]
NO_CALL = 'works on what it is given'
REASONS = {
    **dict.fromkeys(['conf_get', 'conf_origin_check', 'conf_words', 'os_fail', 'password_check', 'password_stale', 'blob_path', 'store_category_find', 'chain_step',
                     'search_query', 'search_where', 'search_tokens', 'db_val_text', 'db_val_id', 'db_kind', 'db_conn_kind', 'db_seal', 'db_conn_seal', 'db_mark_same',
                     'db_is_duplicate', 'db_int', 'db_null', 'db_text', 'db_bytes', 'db_translate', 'seal_close', 'seal_open', 'password_fits',
                     'db_mark_between', 'db_trace_begin', 'db_trace_end', 'db_trace_meets', 'db_trace_each', 'db_tables_named', 'db_tables_hold', 'db_asked_of',
                     'db_wrote', 'db_log_open', 'db_log_next', 'db_log_done', 'db_log_int', 'db_log_null', 'db_log_text'], NO_CALL),
    **dict.fromkeys(['os_file_is', 'os_file_size', 'os_random', 'db_close', 'db_done', 'db_conn_close', 'db_close_cursors', 'tar_close', 'os_sweep_folder',
                     'db_notes_end', 'conf_whole'],
                    'has no error to give: it tells, or lets go'),
    **dict.fromkeys(['db_mark_now', 'db_mark_begin', 'db_mark_held', 'db_commit_begin', 'db_commit_end'], 'without an answer no page is kept: test_kept.c'),
    'os_room': 'one call of statvfs; what follows from a full disk is in flow/test_trouble.py',
    'db_reach': 'a server that is away: flow/test_pg_away.py',
    'db_writer_main': 'the loops work in the test\'s own thread; the writer\'s own is in test_db.c and the flow tests',
}


def offered(header):
    """The functions a header declares."""
    text = re.sub(r'/\*.*?\*/', '', header.read_text(), flags=re.S)
    other = dict(re.findall(r'(?m)^#define ([a-z]\w*) ([a-z]\w*)$', text))         # where a library has that name already
    text = re.sub(r'(?m)^#(.*\\\n)*.*$', '', text)
    while re.search(r'\{[^{}]*\}', text):
        text = re.sub(r'\{[^{}]*\}', '', text)
    found = [re.search(r'\b([a-z][a-z0-9_]*)\s*\(', s) for s in text.split(';') if 'typedef' not in s]
    return [other.get(m.group(1), m.group(1)) for m in found if m]


def build(tests):
    BUILD.mkdir(parents=True, exist_ok=True)
    subprocess.run(['cc', '-O1', '-g', '-c', ROOT / 'tools/fault_reach.c', '-o', BUILD / 'fault_reach.o'], check=True)
    if not (BUILD / 'build.ninja').exists():
        subprocess.run(['meson', 'setup', BUILD, '--buildtype=plain', '-Doptimization=0', '-Dwerror=false',
                        f'-Dc_link_args={BUILD}/fault_reach.o -Wl,--wrap=fault_hit'], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    subprocess.run(['nice', '-n', '5', 'ninja', '-C', BUILD, '-j2', 'src/bin/pedel-conv'] + [f'tests/test_{t}' for t in tests], check=True,
                   stdout=subprocess.DEVNULL)


def reached(test):
    program = BUILD / 'tests' / f'test_{test}'
    with tempfile.TemporaryDirectory() as folder:
        log = pathlib.Path(folder) / 'reach'
        done = subprocess.run([program], cwd=ROOT, env={**os.environ, 'PEDEL_REACH': str(log), 'PEDEL_ROUNDS': '100'}, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors='replace')
        if done.returncode:
            print(done.stdout[-3000:])
            sys.exit(f'test_{test} failed')
        at = [int(line, 16) for line in log.read_text().split()] if log.exists() else []
    names = sorted((int(line.split()[0], 16), line.split()[2]) for line in
                   subprocess.run(['nm', '--defined-only', program], capture_output=True, text=True, check=True).stdout.splitlines()
                   if line.split()[1] in 'tT')
    starts = [n[0] for n in names]
    return {names[bisect.bisect_right(starts, a - 1) - 1][1] for a in at}


def main():
    tests = sorted(f.stem[5:] for f in (ROOT / 'tests/unit').glob('test_*.c') if re.search(r'\bfault_arm(_others)?\(', f.read_text()))
    build(tests)
    got = set().union(*(reached(t) for t in tests))
    bad = count = 0
    for header in HEADERS:
        names = offered(header)
        count += len(names)
        if '--list' in sys.argv:
            print(f'{header.relative_to(ROOT / "src")}: {" ".join(n for n in names if n in got)}')
        for n in names:
            if n not in got and n not in REASONS:
                print(f'{header.relative_to(ROOT / "src")}: {n} is reached by no loop')
                bad += 1
            elif n in got and n in REASONS:
                print(f'{n} is reached, and has a reason why it is not')
                bad += 1
    print(f'{count} functions, {count - bad - len(REASONS)} reached by {len(tests)} tests, {len(REASONS)} need not be, {bad} wrong')
    return 1 if bad else 0


sys.exit(main())
