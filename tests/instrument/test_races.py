#!/usr/bin/env python3
"""A whole Pedel built with ThreadSanitizer, while everybody works: API, forms, mail in and out, pages, search, a restart, a backup. It says nothing."""
import os
import pathlib
import shutil
import signal
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'flow'))
os.environ.setdefault('PEDEL_BUILD', 'build/tsan')

from mailsink import MailSink                               # noqa: E402
from mixed import BROKEN, Mixed                             # noqa: E402
from pedel import ROOT, Pedel, build_folder, wait_until           # noqa: E402

SECONDS = float(os.environ.get('PEDEL_SECONDS', '6'))
CONSOLE = ('/console/', '/console/tickets', '/console/tickets?q=kald', '/console/tickets?q=svar&part=1', '/console/promises', '/console/customers', '/console/billing',
           '/console/tickets/10001', '/console/tickets/10002', '/console/settings', '/profile')
PORTAL = ('/portal/', '/portal/tasks', '/portal/promises', '/portal/tasks/10001')


class Readers:
    """Staff and a customer look at pages, over and over."""

    def __init__(self, work):
        self.over, self.seen, self.broke = threading.Event(), 0, []
        self.headers = [{'Cookie': '; '.join(f'{c.name}={c.value}' for c in work.p.browser().sign_in('admin', work.p.password).jar)}, {'Cookie': work.cookie}]
        self.p = work.p
        self.threads = [threading.Thread(target=self.run, args=(pages, headers), daemon=True)
                        for pages, headers in ((CONSOLE, self.headers[0]), (CONSOLE[7:9], self.headers[0]), (CONSOLE[8:6:-1], self.headers[0]), (PORTAL, self.headers[1]))]
        for t in self.threads:
            t.start()

    def run(self, pages, headers):
        n = 0
        while not self.over.is_set():
            path, n = pages[n % len(pages)], n + 1
            try:
                b = self.p.browser().get(path, headers)
                if b.status != 200 or '/login' in b.url:
                    self.broke.append((path, b.status, b.url))
                self.seen += 1
            except BROKEN as error:
                self.broke.append((path, repr(error)))

    def end(self):
        self.over.set()
        for t in self.threads:
            t.join(90)


@unittest.skipUnless('tsan' in str(build_folder()), 'not a build with ThreadSanitizer')
class Races(unittest.TestCase):
    pg = False

    def test_everybody_works(self):
        mine = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix='pedel-races-')))
        mine.chmod(0o755)                                   # pedel-conv is another user, and may not read here
        shutil.copy(ROOT / 'tests/tsan.supp', mine)
        env = {'TSAN_OPTIONS': f'suppressions={mine}/tsan.supp:second_deadlock_stack=1', 'PEDEL_PROBE_EVERY_MS': '500'}
        with MailSink() as sink, Pedel(pg=self.pg, smtp=sink.address, env=env, args=['--confine', 'off']) as p:
            work = Mixed(p, sink)
            work.begin()
            readers, end = Readers(work), time.monotonic() + SECONDS
            code, _, err = p.cli('backup', '--data', p.data, '--to', p.folder / 'copy.tar', ok=False)
            self.assertTrue(code == 0 or 'DB_BUSY' in err, err)     # ten times as slow as it is, the server may leave it no moment; races are what is looked for here
            old = p.children('pedeld')
            p.process.send_signal(signal.SIGHUP)            # the next server takes over in the midst of it
            wait_until(lambda: (lambda now: now and not set(now) & set(old))(p.children('pedeld')), 180)
            time.sleep(max(0, end - time.monotonic()))
            had = readers.seen
            wait_until(lambda: readers.seen > had + len(CONSOLE), 180)
            readers.end()
            work.end()
            wrong = work.wrong()
            code = p.stop()
            print(f'{work.counts()}; {readers.seen} pages', flush=True)
            said = p.log_text(1 << 24)
            self.assertNotIn('ThreadSanitizer', said, said[said.find('ThreadSanitizer') - 200:][:6000])
            self.assertEqual((wrong, code, readers.broke), ([], 0, []), p.log_text())


@unittest.skipUnless(os.environ.get('PEDEL_TEST_PG'), 'no PostgreSQL')
class RacesOnPostgres(Races):
    pg = True


if __name__ == '__main__':
    unittest.main()
