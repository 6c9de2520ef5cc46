#!/usr/bin/env python3
"""The power fails: whatever was not synced is gone, or half there. Then it starts again, and all that was acknowledged is there.

One recording holds init, people, work of all kinds, a kill -9 and a start, a backup and a restore. Cuts are made at many moments of
it, each in another way (powercut.py). PEDEL_CUTS is their number."""
import os
import pathlib
import random
import shutil
import signal
import tempfile
import time
import unittest

from mailsink import MailSink
from mixed import Mixed
from pedel import Pedel, plain_build, preload
from powercut import VARIANTS, Disk

CUTS = int(os.environ.get('PEDEL_CUTS', '6'))


class Cut(unittest.TestCase):
    pg = False
    maxDiff = None

    def setUp(self):
        seed = int(os.environ.get('PEDEL_SEED', random.randrange(1 << 30)))
        print(f'seed {seed}', flush=True)
        self.random = random.Random(seed)
        self.top = pathlib.Path(tempfile.mkdtemp(prefix='pedel-cut-'))
        self.addCleanup(lambda: os.environ.get('PEDEL_KEEP') or shutil.rmtree(self.top, ignore_errors=True))

    def begin(self):
        """A Pedel whose folder is recorded from its first file on, its sink, and the record."""
        root = self.top / 'first'
        root.mkdir()
        disk = Disk(root, self.top / 'log')
        sink = self.enterContext(MailSink())
        p = Pedel(pg=self.pg, smtp=sink.address, folder=root, start=False, args=['--confine', 'off'],
                  env={**preload('disk'), 'PEDEL_DISK_ROOT': str(root), 'PEDEL_DISK_LOG': str(disk.log)})
        disk.note('init')
        self.addCleanup(p.__exit__, None, None, None)
        p.start()
        sink.noted = lambda number: disk.note(f'sent {number}')
        work = Mixed(p, sink, pause=0.02)
        disk.note('begun')
        work.noted = lambda kind, key: disk.note(f'ack {kind} {key}')
        return p, sink, disk, work

    def look(self, p, work, notes, sink, folder, what):
        """Starts on a folder after the cut and says what is wrong there."""
        acked = {}
        for note in notes:
            if note.startswith('ack '):
                acked.setdefault(note.split()[1], []).append(note.split()[2])
        before = [sink.raw()[int(n.split()[1])] for n in notes if n.startswith('sent ')]
        with MailSink() as after:
            q = p.heir(folder, after.address, {'LD_PRELOAD': None})
            try:
                began = time.monotonic()
                q.start()
                self.took.append(time.monotonic() - began)
                bad = work.wrong(acked, q, lambda: before + after.raw()) if 'begun' in notes else []
                q.stop()
                code, out, err = q.cli('verify', '--data', q.data, ok=False)
                if code:
                    bad.append(out + err)
            except AssertionError as error:
                bad = [str(error)]
                if q.process:
                    q.stop(signal.SIGKILL)
        return [f'{what}: {b}' for b in bad]


class Sqlite(Cut):
    def test_any_moment(self):
        self.took = []
        p, sink, disk, work = self.begin()
        work.begin()
        time.sleep(1.5)
        p.stop(signal.SIGKILL)
        p.start()                                       # what is left by kill -9 is read and tidied under the record too
        time.sleep(0.7)
        copy, again = p.folder / 'copy.tar', p.folder / 'again'
        p.cli('backup', '--data', p.data, '--to', copy)
        disk.note('backup')
        p.cli('restore', '--data', again, '--from', copy)
        disk.note('restore')
        time.sleep(0.5)
        work.end()
        p.stop(signal.SIGKILL)
        disk.read()
        self.assertGreater(len(disk.places), 3 * len(disk.notes), 'the library that writes down was not loaded')
        first = next(at for at, text in disk.notes if text == 'init')
        moments = [at for at in disk.places if at > first]
        marks = [at for at, _ in disk.notes if at > first]
        # half of them just after something was acknowledged, which is when it hurts; and always just after a command said that it was done
        cuts = [((self.random.choice(marks) if n % 2 else self.random.choice(moments)) + 1, VARIANTS[n % len(VARIANTS)]) for n in range(CUTS)]
        cuts += [(at + 1, 'lost') for at, text in disk.notes if text in ('begun', 'backup', 'restore')]
        bad = []
        for n, (end, variant) in enumerate(cuts):
            folder = self.top / f'cut{n}'
            disk.write(end, variant, self.random, folder)
            notes = disk.noted(end)
            what = f'cut {n} at {end} of {len(disk.raw)}, {variant}'
            bad += self.look(p, work, notes, sink, folder, what)
            for mark, argv in (('backup', ['verify', '--from', folder / 'copy.tar']), ('restore', ['verify', '--data', folder / 'again'])):
                if mark in notes:
                    code, out, err = p.heir(folder, None, {'LD_PRELOAD': None}).cli(*argv, ok=False)
                    if code:
                        bad.append(f'{what}: {mark} {out}{err}')
            if not os.environ.get('PEDEL_KEEP'):
                shutil.rmtree(folder)
        print(f'{len(cuts)} cuts of a record of {len(disk.places)} steps and {len(marks)} acknowledgements; starts: longest {max(self.took, default=0):.2f} s', flush=True)
        self.assertEqual(bad, [])


@unittest.skipUnless(os.environ.get('PEDEL_TEST_PG'), 'no PostgreSQL')
class Postgres(Cut):
    """Rows are PostgreSQL's to keep; files, keys and the mail that is being taken are ours. Each cut goes on where the last one ended."""
    pg = True

    def test_files_follow_rows(self):
        self.took, bad = [], []
        p, sink, disk, work = self.begin()
        rounds = max(3, CUTS // 5)
        for n in range(rounds):
            work.begin()
            time.sleep(self.random.uniform(0.3, 1.2))
            p.stop(signal.SIGKILL)
            work.end()
            disk.read()
            variant = VARIANTS[n % len(VARIANTS)]
            folder = self.top / f'cut{n}'
            disk.write(len(disk.raw), variant, self.random, folder)
            disk = Disk(folder, self.top / f'log{n}')
            work.p = p = p.heir(folder, sink.address, {'PEDEL_DISK_ROOT': str(folder), 'PEDEL_DISK_LOG': str(disk.log)})
            began = time.monotonic()
            p.start()
            self.took.append(time.monotonic() - began)
            bad += [f'cut {n}, {variant}: {b}' for b in work.wrong(seconds=60)]
            code, out, err = p.cli('verify', '--data', p.data, ok=False)
            if code:
                bad.append(f'cut {n}, {variant}: {out}{err}')
        p.stop()
        print(f'{rounds} cuts, one after the other; {work.counts()}; starts: longest {max(self.took):.2f} s', flush=True)
        self.assertEqual(bad, [])


plain_build()

if __name__ == '__main__':
    unittest.main()
