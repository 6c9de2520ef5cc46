#!/usr/bin/env python3
"""desk.py - what the desk costs: CPU per request of ticket pages, beside nginx serving the same bytes and Fossil's tickets.

    bench/desk.py [--tickets 5000,50000] [--seconds 4] [--no-fossil] [--json FILE] [--demo FOLDER,FOLDER] [--pg]

Needs build/release, wrk, nginx, strace and fossil (tools/packages.sh long). CPU is user+system time of the server's processes
from /proc, divided by the requests that wrk counted; medians of three rounds. Each page is measured three ways: as it comes
again (kept: nothing was written since), made anew (Cache-Control: no-cache, what the first view after a write costs), and
compressed; nginx sends the same bytes from a file, the compressed ones from a .gz beside it. --demo: folders made before by
`pedel init` and `pedel demo`, one for each number, instead of making them. --pg: in a database of its own on the server of
PEDEL_TEST_PG (tests/with_postgres.py bench/desk.py --pg ...), a demo made before is moved there; what PostgreSQL's own processes
use of the CPU is said apart (pg_ms). Figures go to docs/benchmarks.md with date.
"""
import argparse
import concurrent.futures
import email.message
import gzip
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / 'tests/flow'))
os.environ.setdefault('PEDEL_BUILD', str(ROOT / 'build/release'))
from pedel import Browser, Pedel, free_port, wait_until          # noqa: E402

TICK = os.sysconf('SC_CLK_TCK')
ROUNDS = 3


def family(pid):
    """pid and all its descendants."""
    kids = {}
    for path in pathlib.Path('/proc').glob('[0-9]*/stat'):
        try:
            kids.setdefault(int(path.read_text().rsplit(')', 1)[1].split()[1]), []).append(int(path.parent.name))
        except OSError:
            continue
    out, todo = [], [pid]
    while todo:
        one = todo.pop()
        out.append(one)
        todo += kids.get(one, [])
    return out


def cpu(pid):
    """Seconds of CPU of a process family, ended children included."""
    total = 0
    for one in family(pid):
        try:
            total += sum(int(x) for x in pathlib.Path(f'/proc/{one}/stat').read_text().rsplit(')', 1)[1].split()[11:15])
        except OSError:
            continue
    return total / TICK


def postmaster(p):
    """The process of the PostgreSQL server that p's database is on; None with SQLite."""
    return int(pathlib.Path(p.sql('SHOW data_directory')[0][0], 'postmaster.pid').read_text().split()[0]) if p.db else None


def resident_kb(pid):
    total = 0
    for one in family(pid):
        try:
            total += int(re.search(r'VmRSS:\s+(\d+)', pathlib.Path(f'/proc/{one}/status').read_text()).group(1))
        except (OSError, AttributeError):
            continue
    return total


def load(pid, url, seconds, clients=1, headers=(), script=None):
    """CPU ms per request, requests a second, p50 ms, p99 ms, answers that were no 2xx or 3xx: medians of the rounds."""
    argv = ['wrk', '-t1', f'-c{clients}', f'-d{seconds}s', '--latency', *(x for h in headers for x in ('-H', h))]
    argv += ['-s', str(script)] if script else []
    rows = []
    for _ in range(ROUNDS):
        before = cpu(pid)
        out = subprocess.run([*argv, url], capture_output=True, text=True, check=True).stdout
        used = cpu(pid) - before
        n = int(re.search(r'(\d+) requests in', out).group(1))
        bad = re.search(r'Non-2xx or 3xx responses: (\d+)', out)

        def ms(name):
            value, unit = re.search(name + r'%\s+([\d.]+)(us|ms|s)', out).groups()
            return float(value) * {'us': 0.001, 'ms': 1, 's': 1000}[unit]
        rows.append((used * 1000 / max(n, 1), n / seconds, ms('50'), ms('99'), int(bad.group(1)) if bad else 0))
    return tuple(statistics.median(r[i] for r in rows) for i in range(5))


class Nginx:
    def __init__(self, bodies):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='pedel-bench-nginx-'))
        os.chmod(self.folder, 0o755)
        self.port = free_port()
        for name, body in bodies.items():
            (self.folder / name).write_bytes(body)
            (self.folder / (name + '.gz')).write_bytes(gzip.compress(body, 1))
        temps = ' '.join(f'{kind}_temp_path {self.folder}/{kind};' for kind in ('client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'))
        (self.folder / 'nginx.conf').write_text(f'''
daemon off; master_process off; pid {self.folder}/pid; error_log {self.folder}/err; worker_processes 1;
events {{ worker_connections 512; }}
http {{ access_log off; default_type text/html; keepalive_requests 10000000; gzip_static on; {temps}
  server {{ listen 127.0.0.1:{self.port}; root {self.folder}; }} }}''')
        self.process = subprocess.Popen(['/usr/sbin/nginx', '-c', str(self.folder / 'nginx.conf')], stderr=subprocess.DEVNULL)
        time.sleep(0.5)

    def stop(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder)


class Fossil:
    """A repository with n tickets made by SQL, served the usual way (one process per request)."""

    def __init__(self, n):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='pedel-bench-fossil-'))
        env = dict(os.environ, HOME=str(self.folder), USER='root')
        repo = str(self.folder / 'tk.fossil')
        subprocess.run(['fossil', 'new', repo], env=env, check=True, capture_output=True)
        rows = [f"INSERT INTO ticket(tkt_uuid,tkt_mtime,tkt_ctime,type,status,private_contact,title,comment) VALUES(lower(hex(randomblob(20))),"
                f"julianday('now')-{i}/1000.0,julianday('now'),'Incident','Open','kunde{i % 400}@firma.example','Sag {i} printer virker ikke',"
                f"'Det begyndte i går. Vi har prøvet at slukke og tænde. Nummer {i}.');" for i in range(n)]
        report = ("INSERT INTO reportfmt(rn,owner,title,mtime,cols,sqlcode) VALUES(9,'root','Active 50',1,'','SELECT tkt_id AS _x,"
                  " substr(tkt_uuid,1,10) AS ''#'', datetime(tkt_mtime) AS mtime, type, status, title, private_contact FROM ticket"
                  " WHERE status=''Open'' ORDER BY tkt_mtime DESC LIMIT 50');")
        caps = "UPDATE user SET cap='rwnmt' WHERE login='nobody';"
        script = 'BEGIN;\n' + '\n'.join(rows) + report + caps + 'COMMIT;\n'
        subprocess.run(['fossil', 'sql', '-R', repo], input=script, env=env, check=True, text=True, capture_output=True)
        uuid = subprocess.run(['fossil', 'sql', '-R', repo, 'SELECT tkt_uuid FROM ticket LIMIT 1'], env=env, check=True, text=True,
                              capture_output=True).stdout.strip().strip("'")
        self.port = free_port()
        self.process = subprocess.Popen(['fossil', 'server', repo, '--port', str(self.port), '--localhost', '--nojail'], env=env,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.list, self.view = f'http://127.0.0.1:{self.port}/rptview/9', f'http://127.0.0.1:{self.port}/tktview/{uuid}'
        wait_until(self._answers, 20)

    def _answers(self):
        try:
            return urllib.request.urlopen(self.list, timeout=5).status == 200
        except OSError:
            return False

    def stop(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder)


def demo(tickets, made, pg=False):
    p = Pedel(start=False, pg=pg, empty=True)
    if made:
        shutil.rmtree(p.data)
        shutil.copytree(made, p.data)
        if pg:
            p.sql('DROP SCHEMA public CASCADE; CREATE SCHEMA public')
            p.cli('move-db', '--data', p.data, '--to', p.db[1], seconds=3600)
    else:
        began = time.monotonic()
        subprocess.run([p.build / 'src/bin/pedel', 'demo', '--data', p.data, '--tickets', str(tickets)], check=True, capture_output=True, timeout=3600)
        print(f'demo with {tickets} tickets made in {time.monotonic() - began:.0f} s', flush=True)
    p.token = p.cli('token', 'add', '--data', p.data, '--login', 'mette', '--name', 'bench').strip()
    return p


def cookie_of(p, login, password='pedel-demo-2026'):
    b = Browser(p).sign_in(login, password)
    return '; '.join(f'{c.name}={c.value}' for c in b.jar)


def measure_pages(p, seconds, out):
    pid = p.process.pid
    staff, owner = cookie_of(p, 'mette'), cookie_of(p, 'birgitte@soenderskov.example')
    number = p.ok('GET', '/api/v1/tickets?limit=1')['items'][0]['number']
    pages = {'list': ('/console/tickets?view=open', staff), 'view': (f'/console/tickets/{number}', staff),
             'search': ('/console/tickets?view=all&q=printer', staff), 'today': ('/console/', staff), 'portal': ('/portal/', owner)}
    bodies = {name: urllib.request.urlopen(urllib.request.Request(p.base + path, headers={'Cookie': cookie}), timeout=30).read()
              for name, (path, cookie) in pages.items()}
    nginx = Nginx(bodies)
    try:
        for name, (path, cookie) in pages.items():
            head, packed = ['Cookie: ' + cookie], ['Accept-Encoding: gzip']
            there = f'http://127.0.0.1:{nginx.port}/{name}'
            kept = load(pid, p.base + path, seconds, 1, head)
            server = postmaster(p)
            used = cpu(server) if server else 0
            anew = load(pid, p.base + path, seconds, 1, [*head, 'Cache-Control: no-cache'])
            used = (cpu(server) - used) * 1000 / (anew[1] * seconds * ROUNDS) if server else 0
            many = load(pid, p.base + path, seconds, 16, [*head, 'Cache-Control: no-cache'])
            file = load(nginx.process.pid, there, seconds, 1)
            kept_gz = load(pid, p.base + path, seconds, 1, [*head, *packed])
            anew_gz = load(pid, p.base + path, seconds, 1, [*head, *packed, 'Cache-Control: no-cache'])
            file_gz = load(nginx.process.pid, there, seconds, 1, packed)
            out[name] = {'bytes': len(bodies[name]), 'kept_ms': kept[0], 'anew_ms': anew[0], 'anew_16_ms': many[0], 'nginx_ms': file[0],
                         'kept_ratio': kept[0] / file[0], 'anew_ratio': anew[0] / file[0], 'kept_gz_ms': kept_gz[0], 'anew_gz_ms': anew_gz[0],
                         'nginx_gz_ms': file_gz[0], 'kept_gz_ratio': kept_gz[0] / file_gz[0], 'kept_rps': kept[1], 'anew_rps': anew[1],
                         'pg_ms': used, 'anew_p50_ms': anew[2], 'anew_p99_ms': anew[3], 'bad': kept[4] + anew[4] + many[4] + kept_gz[4] + anew_gz[4]}
            print(name, {k: round(v, 3) if isinstance(v, float) else v for k, v in out[name].items()}, flush=True)
    finally:
        nginx.stop()
    out['weight'] = weight(p, pages['list'][0], staff)
    out['calls'] = {'kept': calls(p, pages['list'][0], staff, []), 'anew': calls(p, pages['list'][0], staff, ['Cache-Control: no-cache'])}
    print(out['weight'], out['calls'], flush=True)


def weight(p, path, cookie):
    """Bytes of a page and of everything it brings, as a browser fetches them."""
    def fetch(at):
        ask = urllib.request.Request(p.base + at, headers={'Cookie': cookie, 'Accept-Encoding': 'gzip, br'})
        with urllib.request.urlopen(ask, timeout=30) as answer:
            return answer.read(), answer.headers.get('Content-Encoding')
    body, coding = fetch(path)
    plain = gzip.decompress(body) if coding == 'gzip' else body
    parts = sorted(set(re.findall(r'"(/s/[^"#]+)', plain.decode())))
    return {'html': len(plain), 'html_sent': len(body), 'all_sent': len(body) + sum(len(fetch(x)[0]) for x in parts), 'files': len(parts)}


def calls(p, path, cookie, more):
    """System calls of the server for each request, futex and the rest counted apart."""
    if not shutil.which('strace'):
        return None
    log = p.folder / 'strace'
    pids = [x for pid in family(p.process.pid)[1:] for x in ('-p', str(pid))]
    trace = subprocess.Popen(['strace', '-f', '-qq', '-c', '-o', str(log), *pids], stderr=subprocess.DEVNULL)
    time.sleep(1)
    argv = ['wrk', '-t1', '-c1', '-d2s', *(x for h in ['Cookie: ' + cookie, *more] for x in ('-H', h)), p.base + path]
    n = int(re.search(r'(\d+) requests in', subprocess.run(argv, capture_output=True, text=True, check=True).stdout).group(1))
    trace.terminate()
    trace.wait()
    rows = re.findall(r'^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$', log.read_text(), re.M)
    return {name: round(int(count) / n, 2) for count, name in rows if name != 'total' and int(count) / n >= 0.02}


def measure_sign_in(p, out):
    """CPU of a sign-in with a password, page and form included; most of it is the password's hash, on purpose. Few: the door counts."""
    n, before, began = 6, cpu(p.process.pid), time.monotonic()
    for _ in range(n):
        Browser(p).sign_in('mette', 'pedel-demo-2026')
    out['sign_in'] = {'cpu_ms': (cpu(p.process.pid) - before) * 1000 / n, 'ms': (time.monotonic() - began) * 1000 / n}
    print('sign in', out['sign_in'], flush=True)


def measure_mail(p, out, n=400, clients=8):
    """Mails handed over by LMTP, each on disk when it is answered; then until the last has become a ticket."""
    def send(i):
        m = email.message.EmailMessage()
        m['From'], m['To'], m['Subject'], m['Message-ID'] = 'karen@kunde.example', 'support@fjordkant.example', f'Maaling {i}', f'<bench-{os.getpid()}-{i}@kunde.example>'
        m.set_content('Printeren virker ikke.\n' * 20)
        return p.lmtp_send('karen@kunde.example', ['support@fjordkant.example'], m.as_bytes())

    def tickets():
        return max(t['number'] for t in p.ok('GET', '/api/v1/tickets?limit=5')['items'])
    first, before, began = tickets(), cpu(p.process.pid), time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
        taken = sum(all(code == 250 for code, _ in r.values()) for r in pool.map(send, range(n)))
    handed = time.monotonic() - began
    wait_until(lambda: tickets() >= first + taken, 300)
    done = time.monotonic() - began
    out['mail'] = {'taken': taken, 'handed_over_a_second': taken / handed, 'tickets_a_second': taken / done, 'cpu_ms': (cpu(p.process.pid) - before) * 1000 / max(taken, 1)}
    print('mail', out['mail'], flush=True)


def start_ms(p):
    """From the start of the program to the first page, the best of three: a loaded machine only adds."""
    best = None
    for _ in range(3):
        began = time.monotonic()
        p.start()
        urllib.request.urlopen(p.base + '/login', timeout=30).read()
        took = (time.monotonic() - began) * 1000
        best = took if best is None else min(best, took)
        p.stop()
    return best


def measure(tickets, made, seconds, out, pg):
    p = demo(tickets, made, pg)
    try:
        p.start()                       # the first start after an upgrade brings the schema up to date
        p.stop()
        out['start_ms'] = start_ms(p)
        p.start()
        time.sleep(2)
        out['rest_kb'] = resident_kb(p.process.pid)
        measure_pages(p, seconds, out)
        customer = p.ok('GET', '/api/v1/customers?limit=1')['items'][0]['id']
        script = p.folder / 'create.lua'
        body = json.dumps({'customer_id': customer, 'subject': 'Måling', 'body': 'Printeren virker ikke'})
        script.write_text(f'wrk.method="POST"\nwrk.headers["Content-Type"]="application/json"\n'
                          f'wrk.headers["Authorization"]="Bearer {p.token}"\nwrk.body={json.dumps(body)}\n')
        for clients in (1, 16):
            got = load(p.process.pid, p.base + '/api/v1/tickets', seconds, clients, script=script)
            out[f'create_{clients}'] = dict(zip(('cpu_ms', 'rps', 'p50_ms', 'p99_ms', 'refused'), got))
            print(f'create at {clients}', out[f'create_{clients}'], flush=True)
        measure_sign_in(p, out)
        measure_mail(p, out)
        out['loaded_kb'] = resident_kb(p.process.pid)
        print({k: round(out[k]) for k in ('start_ms', 'rest_kb', 'loaded_kb')}, flush=True)
    finally:
        p.__exit__(None, None, None)


def main():
    ask = argparse.ArgumentParser()
    ask.add_argument('--tickets', default='5000,50000')
    ask.add_argument('--seconds', type=int, default=4)
    ask.add_argument('--json')
    ask.add_argument('--demo', default='')
    ask.add_argument('--no-fossil', action='store_true')
    ask.add_argument('--pg', action='store_true')
    opt = ask.parse_args()
    sizes, got = [int(n) for n in opt.tickets.split(',')], {}
    made = opt.demo.split(',') if opt.demo else []
    for i, n in enumerate(sizes):
        got[n] = {}
        measure(n, made[i] if i < len(made) else None, opt.seconds, got[n], opt.pg)
    if not opt.no_fossil and shutil.which('fossil'):
        f = Fossil(min(sizes))
        try:
            for name, url in (('list', f.list), ('view', f.view)):
                r = load(f.process.pid, url, opt.seconds)
                got.setdefault('fossil', {})[name] = {'cpu_ms': r[0], 'rps': r[1]}
        finally:
            f.stop()
        print('fossil', got['fossil'])
    text = json.dumps(got, indent=1)
    if opt.json:
        pathlib.Path(opt.json).write_text(text)
    print(text)


if __name__ == '__main__':
    main()
