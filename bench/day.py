#!/usr/bin/env python3
"""day.py - a day's work on one server: memory at rest, while 200,000 mixed requests go through it, and at the end.

    bench/day.py [--requests 200000] [--every 25] [--demo FOLDER] [--idle 120]         PEDEL_BUILD=build/release; needs wrk

Eight connections ask for the list, tickets, search, today and the customer's front page, half of them as new (Cache-Control:
no-cache); every 25th request (--every; 0: none) makes a ticket by API (the customers in turn), with its events, words for the search and the confirmation mail
in the queue, which ends all kept pages. Memory is taken from /proc: RssAnon is what only this process has; the rest of the resident
memory is the database file mapped into it, which the kernel takes back when it likes. Flat means: the second half adds nothing
but what grows with the tickets made. --idle: then nobody asks for so many seconds, and commits are counted.
"""
import argparse
import json
import pathlib
import re
import sqlite3
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import desk                                                         # noqa: E402

ROUNDS = 10
MIX = '''
local pages, bodies, token, n = {pages}, {bodies}, "{token}", 0
request = function()
  n = n + 1
  if n % {every} == 0 then
    return wrk.format("POST", "/api/v1/tickets", {{ ["Authorization"] = "Bearer " .. token, ["Content-Type"] = "application/json" }}, bodies[n / {every} % #bodies + 1])
  end
  local p = pages[n % #pages + 1]
  local head = {{ ["Cookie"] = p[2] }}
  if n % 2 == 0 then head["Cache-Control"] = "no-cache" end
  return wrk.format("GET", p[1], head)
end
'''


def memory_kb(pid):
    """{'anon', 'all'} of a process family."""
    total = {'anon': 0, 'all': 0}
    for one in desk.family(pid):
        try:
            text = pathlib.Path(f'/proc/{one}/status').read_text()
            total['anon'] += int(re.search(r'RssAnon:\s+(\d+)', text).group(1))
            total['all'] += int(re.search(r'VmRSS:\s+(\d+)', text).group(1))
        except (OSError, AttributeError):
            continue
    return total


def commits(p, seconds):
    """How often the database changed while nobody asked for anything."""
    link = sqlite3.connect(f'file:{p.data}/pedel.db?mode=ro', uri=True)
    seen, n, end = None, -1, time.monotonic() + seconds
    while time.monotonic() < end:
        now = link.execute('PRAGMA data_version').fetchone()[0]
        n, seen = n + (now != seen), now
        time.sleep(0.2)
    link.close()
    return n


def main():
    ask = argparse.ArgumentParser()
    ask.add_argument('--requests', type=int, default=200000)
    ask.add_argument('--every', type=int, default=25)
    ask.add_argument('--demo')
    ask.add_argument('--tickets', type=int, default=5000)
    ask.add_argument('--idle', type=int, default=120)
    opt = ask.parse_args()
    p = desk.demo(opt.tickets, opt.demo)
    try:
        p.start()
        time.sleep(20)                  # the ledger catches up with the days since the demo was made
        staff, owner = desk.cookie_of(p, 'mette'), desk.cookie_of(p, 'birgitte@soenderskov.example')
        numbers = [t['number'] for t in p.ok('GET', '/api/v1/tickets?limit=5')['items']]
        pages = [('/console/tickets?view=open', staff), ('/console/', staff), ('/portal/', owner), ('/console/tickets?view=all&q=printer', staff),
                 *((f'/console/tickets/{n}', staff) for n in numbers)]
        bodies = [json.dumps({'customer_id': c['id'], 'subject': 'Måling', 'body': 'Printeren virker ikke'})
                  for c in p.ok('GET', '/api/v1/customers?limit=50')['items']]
        script = p.folder / 'mix.lua'
        script.write_text(MIX.format(token=p.token, every=opt.every or 1 << 40, bodies='{' + ','.join(map(json.dumps, bodies)) + '}',
                                     pages='{' + ','.join('{%s,%s}' % (json.dumps(a), json.dumps(b)) for a, b in pages) + '}'))
        print('at rest', memory_kb(p.process.pid), flush=True)
        done, bad, began, cpu = 0, 0, time.monotonic(), desk.cpu(p.process.pid)
        for i in range(ROUNDS):
            while done < opt.requests * (i + 1) / ROUNDS:
                out = subprocess.run(['wrk', '-t1', '-c8', '-d2s', '-s', str(script), p.base], capture_output=True, text=True, check=True).stdout
                done += int(re.search(r'(\d+) requests in', out).group(1))
                found = re.search(r'Non-2xx or 3xx responses: (\d+)', out)
                bad += int(found.group(1)) if found else 0
            print(f'{done} requests', memory_kb(p.process.pid), flush=True)
        print(f'{done / (time.monotonic() - began):.0f} a second, {(desk.cpu(p.process.pid) - cpu) * 1000 / done:.2f} ms CPU each, {bad} failed')
        time.sleep(20)
        print('at rest again', memory_kb(p.process.pid), flush=True)
        if opt.idle:
            print(f'idle: {commits(p, opt.idle)} commits in {opt.idle} s')
    finally:
        p.__exit__(None, None, None)


if __name__ == '__main__':
    main()
