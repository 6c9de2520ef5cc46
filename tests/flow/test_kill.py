#!/usr/bin/env python3
"""kill -9 of server, keeper and pedel-conv at random moments under mixed load: what was acknowledged is there, once; every
mail is sent, and one that is sent again is the same mail; the next start serves within a second.

PEDEL_KILLS is the number of rounds; ./check --long makes 200 on each database."""
import os
import random
import signal
import statistics
import time
import unittest

from mailsink import MailSink
from mixed import Mixed
from pedel import Pedel, steady_port, wait_until

ROUNDS = int(os.environ.get('PEDEL_KILLS', '6'))
IN_A_ROW = 2            # a server that dies often waits longer before it is started again; that is not what is tested here


class Kill(unittest.TestCase):
    pg = False

    def answers(self, p):
        try:
            return p.api('GET', '/api/v1/services')[0] == 200
        except OSError:
            return False

    def kill(self, p, what):
        """Kills one, brings it back where that is not the keeper's work; how long until it serves, in seconds."""
        pid = p.process.pid if what == 'keeper' else (p.children('pedeld' if what == 'server' else 'pedel-conv') or [0])[0]
        if not pid:
            return None
        os.kill(pid, signal.SIGKILL)
        if what == 'keeper':
            p.process.wait()
            p.process.stdout.close()
            p.log.close()
            p.process = None
            began = time.monotonic()
            p.start()
            return time.monotonic() - began
        if what == 'server':
            began = time.monotonic()
            wait_until(lambda: p.children('pedeld') not in ([], [pid]) and self.answers(p), 60, 0.01)
            return time.monotonic() - began
        return None

    def test_acknowledged_work_survives(self):
        seed = int(os.environ.get('PEDEL_SEED', random.randrange(1 << 30)))
        print(f'seed {seed}', flush=True)
        choice = random.Random(seed)
        took, killed, row = {'keeper': [], 'server': []}, {'keeper': 0, 'server': 0, 'conv': 0}, 0
        with MailSink() as sink, Pedel(pg=self.pg, smtp=sink.address, start=False) as p:
            p.port, p.lmtp = steady_port(), steady_port()
            p.start()
            work = Mixed(p, sink)
            work.begin()
            for turn in range(ROUNDS):
                time.sleep(choice.uniform(0.2, 1.2))
                what = 'keeper' if row >= IN_A_ROW else ('server', 'keeper', 'conv')[turn % 3] if ROUNDS < 10 else choice.choice(['server', 'keeper', 'conv'])
                row = 0 if what == 'keeper' else row + 1
                seconds = self.kill(p, what)
                killed[what] += 1
                if seconds is not None:
                    took[what].append(seconds)
                if turn % 20 == 19:
                    print(f'{turn + 1} rounds', flush=True)
            work.end()
            work.check(self, 120 + ROUNDS)
            p.stop()
            p.cli('verify', '--data', p.data)
        print(f'{ROUNDS} rounds {killed}: acknowledged and there once: {work.counts()}')
        print(f'calls without an answer: {dict(work.refused)}')
        for what, times in took.items():
            if times:
                print(f'{what}: serves again after {statistics.median(times):.2f} s (middle), {max(times):.2f} s (longest of {len(times)})', flush=True)
        if ROUNDS >= 100 and 'asan' not in str(p.build):       # a few on a machine that does much else say nothing of how long it takes
            self.assertLess(statistics.median(took['keeper']), 1)


@unittest.skipUnless(os.environ.get('PEDEL_TEST_PG'), 'no PostgreSQL')
class KillOnPostgres(Kill):
    pg = True


if __name__ == '__main__':
    unittest.main()
