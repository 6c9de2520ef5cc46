#!/usr/bin/env python3
"""desk.py - what the desk costs: CPU per request of ticket pages, beside nginx serving the same bytes and Fossil's tickets.

    bench/desk.py [--tickets 5000,50000] [--seconds 4] [--no-fossil] [--json FILE]

Needs build/release, wrk, nginx and fossil (tools/packages.sh long). CPU is user+system time of the server's processes from
/proc, divided by the requests that wrk counted; medians of three rounds. Figures go to docs/benchmarks.md with date.
"""
import argparse
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
        temps = ' '.join(f'{kind}_temp_path {self.folder}/{kind};' for kind in ('client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'))
        (self.folder / 'nginx.conf').write_text(f'''
daemon off; master_process off; pid {self.folder}/pid; error_log {self.folder}/err; worker_processes 1;
events {{ worker_connections 512; }}
http {{ access_log off; default_type text/html; keepalive_requests 10000000; {temps}
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


def demo(tickets):
    p = Pedel(start=False)
    shutil.rmtree(p.data)
    p.cli('init', '--data', p.data, '--provider', 'Fjordkant IT', '--cvr', '10000009')
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
            ours = load(pid, p.base + path, seconds, 1, ['Cookie: ' + cookie])
            many = load(pid, p.base + path, seconds, 16, ['Cookie: ' + cookie])
            theirs = load(nginx.process.pid, f'http://127.0.0.1:{nginx.port}/{name}', seconds, 1)
            out[name] = {'bytes': len(bodies[name]), 'cpu_ms': ours[0], 'rps': ours[1], 'p50_ms': ours[2], 'p99_ms': ours[3], 'bad': ours[4],
                         'cpu_ms_16': many[0], 'rps_16': many[1], 'nginx_cpu_ms': theirs[0], 'nginx_rps': theirs[1],
                         'ratio': ours[0] / theirs[0] if theirs[0] else None}
            print(name, {k: round(v, 3) if isinstance(v, float) else v for k, v in out[name].items()}, flush=True)
    finally:
        nginx.stop()


def measure(tickets, seconds, out):
    p = demo(tickets)
    try:
        began = time.monotonic()
        p.start()
        out['start_ms'] = (time.monotonic() - began) * 1000
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
        out['loaded_kb'] = resident_kb(p.process.pid)
    finally:
        p.__exit__(None, None, None)


def main():
    ask = argparse.ArgumentParser()
    ask.add_argument('--tickets', default='5000,50000')
    ask.add_argument('--seconds', type=int, default=4)
    ask.add_argument('--json')
    ask.add_argument('--no-fossil', action='store_true')
    opt = ask.parse_args()
    sizes, got = [int(n) for n in opt.tickets.split(',')], {}
    for n in sizes:
        got[n] = {}
        measure(n, opt.seconds, got[n])
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
