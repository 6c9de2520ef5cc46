#!/usr/bin/env python3
"""check.py - builds and runs every test of Pedel, and ends with one line: N passed, N failed, N skipped.

Called by ./check, which installs what is needed first. --long adds the slow parts; --only NAME,NAME runs some parts.
"""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILDS = {
    # a fuzzer, a sanitizer or a compiler each; -Werror in all
    'release': ['--buildtype=release', '-Dfaults=false'],
    'asan': ['-Db_sanitize=address,undefined', '-Doptimization=1', '-Db_lundef=false'],
    'tsan': ['-Db_sanitize=thread', '-Doptimization=1', '-Db_lundef=false'],
    'clang': ['-Dbuildtype=debugoptimized'],
    'valgrind': ['-Dbuildtype=debugoptimized'],         # gcc: Debian's valgrind cannot read clang's debug information
}


BOUND = ['test_confine', 'test_daemon', 'test_mail', 'test_agreements', 'test_signin', 'test_promises']


class Check:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.wrong, self.last, self.began = [], '', time.monotonic()

    def say(self, text):
        print(f'[{time.monotonic() - self.began:6.0f} s] {text}', flush=True)

    def count(self, part, passed, failed, skipped=0, detail=''):
        self.passed += passed
        self.failed += failed
        self.skipped += skipped
        self.say(f'{part}: {passed} passed, {failed} failed, {skipped} skipped')
        if failed:
            self.wrong.append(part)
            print(detail[-6000:], flush=True)

    def run(self, argv, env=None, timeout=1800):
        try:
            done = subprocess.run([str(a) for a in argv], cwd=ROOT, env={**os.environ, **(env or {})}, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, errors='replace', timeout=timeout, stdin=subprocess.DEVNULL)
            return done.returncode, done.stdout
        except subprocess.TimeoutExpired as late:
            return 124, (late.stdout or b'').decode(errors='replace') + f'\nstopped after {timeout} s'

    def step(self, part, argv, **more):
        """A tool that is right or wrong as a whole."""
        code, out = self.run(argv, **more)
        self.last = out
        self.count(part, int(code == 0), int(code != 0), 0, out)
        return code == 0


def build(c, name):
    folder = ROOT / 'build' / name
    env = {'CC': 'clang'} if name == 'clang' else {}
    if not (folder / 'build.ninja').exists():
        code, out = c.run(['meson', 'setup', folder, *BUILDS[name]], env=env)
        if code:
            c.count(f'build {name}', 0, 1, 0, out)
            return False
    return c.step(f'build {name}', ['ninja', '-C', folder], env=env)


def unit(c, name, wrap=None, only=None, env=None, rounds=None):
    """The unit tests of one build. PostgreSQL is started around them."""
    folder = ROOT / 'build' / name
    argv = ['python3', 'tests/with_postgres.py', 'meson', 'test', '-C', folder, '--suite', 'unit', '--no-rebuild', '--num-processes', '2',
            '--timeout-multiplier', '6']
    if wrap:
        argv += ['--wrap', wrap]
    argv += only or []
    log = folder / ('meson-logs/testlog-valgrind.json' if wrap else 'meson-logs/testlog.json')
    log.unlink(missing_ok=True)
    more = dict(env or {})
    if rounds:
        more['PEDEL_ROUNDS'] = str(rounds)
    code, out = c.run(argv, env=more, timeout=2400)
    passed = failed = skipped = 0
    detail = ''
    if log.exists():
        for line in log.read_text().splitlines():
            test = json.loads(line)
            lines = test.get('stdout', '').splitlines()
            skip = sum(bool(re.match(r'(not )?ok .*# SKIP', x, re.I)) for x in lines)        # cmocka: "not ok 1 # SKIP"
            bad = sum(x.startswith('not ok') and not re.search('# SKIP', x, re.I) for x in lines)
            good = sum(x.startswith('ok') and not re.search('# SKIP', x, re.I) for x in lines)
            if test['result'] not in ('OK', 'EXPECTEDFAIL', 'SKIP') and bad == 0:
                bad = 1
            if bad:
                detail += f"--- {test['name']}\n{test.get('stdout', '')[-2500:]}{test.get('stderr', '')[-2500:]}\n"
            passed, failed, skipped = passed + good, failed + bad, skipped + skip
    if code and not failed:
        failed, detail = 1, out
    c.count(f'unit tests, {name}' + (f' ({wrap.split()[0]})' if wrap else ''), passed, failed, skipped, detail)


def programs(c, part, files, env=None, timeout=1200, postgres=False):
    """Test programs in Python (unittest) or JavaScript (TAP)."""
    for path in files:
        argv = (['python3', 'tests/with_postgres.py'] if postgres else []) + ([sys.executable] if path.suffix == '.py' else ['node']) + [path]
        code, out = c.run(argv, env=env, timeout=timeout)
        ran = re.search(r'^Ran (\d+) tests?', out, re.M)
        if ran:
            bad = sum(int(n) for n in re.findall(r'(?:failures|errors|unexpected successes)=(\d+)', out.splitlines()[-1]))
            skip = sum(int(n) for n in re.findall(r'skipped=(\d+)', out.splitlines()[-1]))
            good = int(ran.group(1)) - bad - skip
        else:
            bad = len(re.findall(r'^not ok', out, re.M))
            skip = len(re.findall(r'^ok .*# SKIP', out, re.M))
            good = len(re.findall(r'^ok', out, re.M)) - skip
        if code and not bad:
            bad = 1
        c.count(f'{part} {path.stem}', good, bad, skip, out)


def tidy(c):
    """Rules of the house that need no build."""
    for name, argv in [
            ('floors', ['python3', 'tools/floors.py']),
            ('catalogue', ['python3', 'tools/catalogue_check.py']),
            ('messages', ['python3', 'tools/messages.py', 'check']),
            ('headers alone', ['python3', 'tools/headers.py']),
            ('globals and bans', ['python3', 'tools/house.py']),
            ('names in the docs', ['python3', 'tools/tour_check.py']),
            ('docs and code', ['python3', 'tools/docs_check.py']),
            ('spelling', ['codespell', '-q', '3', '-I', 'tools/codespell.txt', 'README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGES.md', 'docs', 'src',
                          '--skip', '*.po,*.html,docs/da,docs/errors.md,*.da.md,*.def,*.c'])]:
        if all((ROOT / a).exists() for a in argv[1:] if '/' in a and a.endswith('.py')):
            c.step(name, argv)


def main():
    ask = argparse.ArgumentParser()
    ask.add_argument('--long', action='store_true')
    ask.add_argument('--only', default='')
    opt = ask.parse_args()
    only = set(filter(None, opt.only.split(',')))
    c = Check()

    def wanted(part):
        return not only or part in only

    flow = sorted((ROOT / 'tests/flow').glob('test_*.py'))
    if wanted('tidy'):
        tidy(c)
    if wanted('release'):
        build(c, 'release')
    if wanted('asan') and build(c, 'asan'):
        unit(c, 'asan')
    if wanted('clang') and build(c, 'clang'):
        unit(c, 'clang')
    if wanted('tsan') and build(c, 'tsan'):
        unit(c, 'tsan', only=['store', 'http', 'ws', 'web'], env={'TSAN_OPTIONS': 'halt_on_error=1:second_deadlock_stack=1'})
        programs(c, 'tsan', [ROOT / 'tests/instrument/test_races.py'], env={'PEDEL_BUILD': 'build/tsan', **({'PEDEL_SECONDS': '60'} if opt.long else {})}, postgres=True)
    if wanted('valgrind') and build(c, 'valgrind'):
        unit(c, 'valgrind', wrap='valgrind --error-exitcode=9 --leak-check=full --quiet', only=['base', 'store', 'ticket'], rounds=200)
        programs(c, 'valgrind', [ROOT / 'tests/instrument/test_memory.py'], env={'PEDEL_BUILD': 'build/valgrind'})
    if wanted('flow'):
        programs(c, 'flow', flow, env={'PEDEL_BUILD': 'build/asan'}, postgres=True)
    if wanted('confined') and build(c, 'clang'):        # sanitizers cannot be bound, so the flows run in bounds too
        bound = [f for f in flow if opt.long or f.stem in BOUND]
        programs(c, 'confined', bound, env={'PEDEL_BUILD': 'build/clang'}, postgres=True)
    if wanted('browser'):
        programs(c, 'browser', sorted((ROOT / 'tests/browser').glob('test_*.mjs')), env={'PEDEL_BUILD': 'build/release', **({'PEDEL_LONG': '1'} if opt.long else {})})
    if opt.long and wanted('fuzz'):
        for name in sorted(f.stem[5:] for f in (ROOT / 'tests/fuzz').glob('fuzz_*.c')):
            ok = c.step(f'fuzz {name}', [sys.executable, 'tools/fuzz.py', name], timeout=int(os.environ.get('PEDEL_FUZZ_SECONDS', '600')) + 1800)
            c.say(c.last.strip().splitlines()[1] if ok else 'see above')
    if opt.long and wanted('reach'):
        c.step('fault loops reach everything', [sys.executable, 'tools/fault_reach.py'])
    if opt.long and wanted('planted'):
        code, out = c.run([sys.executable, 'tools/planted.py'], timeout=7200)
        lines = out.splitlines()
        bad = sum(x.startswith('not ok') for x in lines)
        c.count('planted defects', sum(x.startswith('ok') for x in lines), bad or int(code != 0), 0, out)
        print(out, flush=True)
    if opt.long and wanted('long'):
        programs(c, 'scan', sorted((ROOT / 'tests/scan').glob('test_*.py')), env={'PEDEL_BUILD': 'build/release'}, timeout=3600)
        programs(c, 'long', sorted((ROOT / 'tests/long').glob('test_*.py')), env={'PEDEL_BUILD': 'build/asan'}, timeout=3600, postgres=True)
    if c.wrong:
        print('failed: ' + ', '.join(c.wrong))
    print(f'{c.passed} passed, {c.failed} failed, {c.skipped} skipped', flush=True)
    return 1 if c.failed or not c.passed else 0


sys.exit(main())
