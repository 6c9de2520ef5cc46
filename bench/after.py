#!/usr/bin/env python3
"""after.py - what the first view of a page costs after somebody wrote something: CPU of the server for that one request.

    bench/after.py [--demo FOLDER] [--rounds 60] [--pg]        needs build/release and nginx

For each page: as it comes again when nothing was written; after an answer on another customer's ticket; after one on a ticket of
the same customer; after one on that ticket itself; and made anew after each of these (Cache-Control: no-cache). nginx sends the same
bytes from a file, asked in the same way. CPU in microseconds from the scheduler's own account of each thread
(/proc/PID/task/*/schedstat); middle of the rounds, one request each, on a connection that stays. Between the write and the view it is
waited until the server's own work after the write (mail, search) is done, so that it is not counted.
"""
import argparse
import http.client
import os
import pathlib
import shutil
import statistics
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / 'bench'))
from desk import Nginx, cookie_of, demo, family          # noqa: E402


def cpu_us(pid):
    total = 0
    for one in family(pid):
        for task in pathlib.Path(f'/proc/{one}/task').glob('*/schedstat'):
            try:
                total += int(task.read_text().split()[0])
            except OSError:
                continue
    return total / 1000


def calm(pid):
    """Until nothing ran in two looks of 15 ms."""
    last, still = cpu_us(pid), 0
    for _ in range(200):
        time.sleep(0.015)
        now = cpu_us(pid)
        still = still + 1 if now - last < 30 else 0
        if still == 2:
            return
        last = now


class One:
    """A connection that stays."""

    def __init__(self, port, path, headers):
        self.c, self.path, self.headers = http.client.HTTPConnection('127.0.0.1', port), path, headers

    def ask(self, pid, more=None):
        before = cpu_us(pid)
        self.c.request('GET', self.path, headers={**self.headers, **(more or {})})
        answer = self.c.getresponse()
        body = answer.read()
        assert answer.status == 200, answer.status
        for _ in range(5):                      # the last thread may still be on its way to sleep
            time.sleep(0.002)
            now = cpu_us(pid)
        return now - before, body


def main():
    ask = argparse.ArgumentParser()
    ask.add_argument('--demo')
    ask.add_argument('--tickets', type=int, default=5000)
    ask.add_argument('--rounds', type=int, default=60)
    ask.add_argument('--pg', action='store_true')
    opt = ask.parse_args()
    p = demo(opt.tickets, opt.demo, opt.pg)
    try:
        p.start()
        port, pid = int(p.base.rsplit(':', 1)[1]), p.process.pid
        staff, owner = cookie_of(p, 'mette'), cookie_of(p, 'birgitte@soenderskov.example')
        items = p.ok('GET', '/api/v1/tickets?limit=200')['items']
        front = One(port, '/portal/', {'Cookie': owner})
        mine = next(t for t in items if str(t['number']).encode() in front.ask(pid)[1]) if items else None
        theirs = [t for t in items if t['customer_id'] == mine['customer_id'] and t['number'] != mine['number']][0]
        other = [t for t in items if t['customer_id'] != mine['customer_id']][0]
        writes = {'elsewhere': other, 'same customer': theirs, 'itself': mine}
        pages = {'list': ('/console/tickets?view=open', staff), 'view': (f"/console/tickets/{mine['number']}", staff),
                 'search': ('/console/tickets?view=all&q=printer', staff), 'today': ('/console/', staff), 'portal': ('/portal/', owner)}
        print('load', open('/proc/loadavg').read().split()[0], time.strftime('%FT%TZ', time.gmtime()))
        for name, (path, cookie) in pages.items():
            here = One(port, path, {'Cookie': cookie})
            body = here.ask(pid)[1]
            nginx = Nginx({name: body})
            try:
                there = One(nginx.port, f'/{name}', {})
                got = {'nginx': statistics.median(there.ask(nginx.process.pid)[0] for _ in range(opt.rounds)),
                       'again': statistics.median(here.ask(pid)[0] for _ in range(opt.rounds))}
                for what, ticket in writes.items():
                    kept, anew = [], []
                    for i in range(opt.rounds):
                        here.ask(pid)
                        p.ok('POST', f"/api/v1/tickets/{ticket['id']}/messages", {'body': f'Besked {i}', 'visibility': 'internal'})
                        calm(pid)
                        (kept if i % 2 else anew).append(here.ask(pid, None if i % 2 else {'Cache-Control': 'no-cache'})[0])
                    got[what], got[what + ', anew'] = statistics.median(kept), statistics.median(anew)
            finally:
                nginx.stop()
            print(f'{name:8}', ' | '.join(f"{k} {v:.0f} us ({v / got['nginx']:.1f})" for k, v in got.items()), flush=True)
        print('load', open('/proc/loadavg').read().split()[0])
    finally:
        p.__exit__(None, None, None)
        shutil.rmtree(p.folder, ignore_errors=True)


if __name__ == '__main__':
    main()
