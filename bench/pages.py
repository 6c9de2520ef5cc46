#!/usr/bin/env python3
"""CPU per request of real pages, beside nginx serving the same bytes from a file; one run, one machine: read the ratio.

    PEDEL_BUILD=build/release bench/pages.py [address ...]        needs wrk and nginx
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'tests/flow'))
from pedel import Pedel, free_port  # noqa: E402

TICK = os.sysconf('SC_CLK_TCK')
PAGES = sys.argv[1:] or ['/console/tickets', '/api/v1/tickets?limit=50']


def cpu_s(pid):
    fields = pathlib.Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def server_of(keeper):
    for entry in pathlib.Path('/proc').iterdir():
        try:
            if entry.name.isdigit() and b'--as-server' in (entry / 'cmdline').read_bytes() and \
                    (entry / 'stat').read_text().rsplit(')', 1)[1].split()[1] == str(keeper):
                return int(entry.name)
        except OSError:         # it ended while we looked
            continue
    raise SystemExit('no server')


def us_per_request(pid, url, header=None):
    more = ['-H', header] if header else []
    subprocess.run(['wrk', '-t1', '-c16', '-d1', *more, url], capture_output=True, check=True)
    before = cpu_s(pid)
    out = subprocess.run(['wrk', '-t1', '-c16', '-d4', *more, url], capture_output=True, text=True, check=True).stdout
    if 'Non-2xx' in out:
        raise SystemExit(f'{url}: {out}')
    return (cpu_s(pid) - before) * 1e6 / int(re.search(r'(\d+) requests in', out).group(1))


def nginx_us(body):
    folder, port = tempfile.mkdtemp(prefix='pedel-bench-'), free_port()
    os.chmod(folder, 0o755)
    pathlib.Path(folder, 'page.html').write_bytes(body)
    temps = ' '.join(f'{k}_temp_path {folder}/{k};' for k in ('client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'))
    pathlib.Path(folder, 'nginx.conf').write_text(
        f'daemon off; master_process off; pid {folder}/pid; error_log {folder}/error; events {{}} http {{ access_log off; sendfile on; {temps} '
        f'keepalive_requests 100000000; server {{ listen 127.0.0.1:{port}; root {folder}; }} }}')
    nginx = subprocess.Popen(['nginx', '-c', folder + '/nginx.conf', '-p', folder], stderr=subprocess.DEVNULL)
    try:
        time.sleep(0.5)
        return us_per_request(nginx.pid, f'http://127.0.0.1:{port}/page.html')
    finally:
        nginx.terminate()
        nginx.wait()
        shutil.rmtree(folder)


with Pedel() as p:
    customer = p.customer()[0]
    for i in range(60):
        p.ok('POST', '/api/v1/tickets', {'customer_id': customer['id'], 'subject': f'Printer {i} virker ikke', 'body': 'Den siger papirstop.\n' * 10})
    browser = p.browser()
    browser.sign_in('admin', p.password)
    jar = next(v for v in vars(browser).values() if hasattr(v, 'make_cookies'))
    cookies = 'Cookie: ' + '; '.join(f'{c.name}={c.value}' for c in jar)
    server = server_of(p.process.pid)
    for page in PAGES:
        header = 'Authorization: Bearer ' + p.token if page.startswith('/api/') else cookies
        with urllib.request.urlopen(urllib.request.Request(p.base + page, headers=dict([header.split(': ', 1)]))) as answer:
            bytes_ = answer.read()
        theirs, ours = nginx_us(bytes_), us_per_request(server, p.base + page, header)
        print(f'{page:40} {len(bytes_):7} bytes   nginx {theirs:7.1f} us   pedel {ours:7.1f} us   ratio {ours / theirs:.1f}')
