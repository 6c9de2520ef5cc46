#!/usr/bin/env python3
"""CPU per request of Pedel's HTTP server beside nginx serving the same 8 kB from a file; one run, one machine: read the ratio.

    bench/http/run.py build/release [seconds] [--tls]        needs wrk and nginx
"""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

BUILD, SECONDS = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 and sys.argv[2].isdigit() else 5
TLS = '--tls' in sys.argv
TICK = os.sysconf('SC_CLK_TCK')


def cpu_s(pids):
    total = 0
    for pid in pids:
        fields = pathlib.Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICK


def family(pid):
    kids = [int(p.name) for p in pathlib.Path('/proc').iterdir() if p.name.isdigit() and (p / 'stat').exists() and
            (p / 'stat').read_text().rsplit(')', 1)[1].split()[1] == str(pid)]
    return [pid] + kids


def measure(name, pid, url, connections):
    pids = family(pid)
    subprocess.run(['wrk', '-t1', '-c', str(connections), '-d1', url], capture_output=True, check=True)
    before = cpu_s(pids)
    out = subprocess.run(['wrk', '-t1', '-c', str(connections), f'-d{SECONDS}', '--latency', url], capture_output=True, text=True, check=True).stdout
    used = cpu_s(pids) - before
    requests = int(re.search(r'(\d+) requests in', out).group(1))
    bad = re.search(r'Non-2xx.*: (\d+)', out)
    p99 = re.search(r'99%\s+(\S+)', out).group(1)
    us = used * 1e6 / requests
    print(f'{name:8} c={connections:<4} {requests / SECONDS:9.0f} req/s   {us:6.2f} us CPU/request   p99 {p99}' + (f'   BAD {bad.group(1)}' if bad else ''))
    return us


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix='pedel-bench-'))
    os.chmod(folder, 0o755)
    scheme, pair = 'http', []
    if TLS:
        scheme, pair = 'https', [str(folder / 'c.pem'), str(folder / 'k.pem')]
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', pair[1], '-out', pair[0],
                        '-days', '2', '-subj', '/CN=localhost'], check=True, capture_output=True)
    ours = subprocess.Popen([f'{BUILD}/bench/page_server', *pair], stdout=subprocess.PIPE, text=True)
    port = int(ours.stdout.readline())
    (folder / 'page.html').write_bytes(b'x' * 8192)
    other = port + 1 if port < 65000 else port - 1
    tls_lines = f'ssl_certificate {pair[0]}; ssl_certificate_key {pair[1]};' if TLS else ''
    (folder / 'nginx.conf').write_text(f'''
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000; default_type text/html; client_body_temp_path {folder}/b;
 proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
 server {{ listen 127.0.0.1:{other} {'ssl' if TLS else ''}; {tls_lines} root {folder}; }} }}
''')
    nginx = subprocess.Popen(['nginx', '-c', str(folder / 'nginx.conf'), '-p', str(folder)], stderr=subprocess.DEVNULL)
    try:
        time.sleep(0.5)
        for connections in (1, 16, 64):
            theirs = measure('nginx', nginx.pid, f'{scheme}://127.0.0.1:{other}/page.html', connections)
            mine = measure('pedel', ours.pid, f'{scheme}://127.0.0.1:{port}/page.html', connections)
            print(f'ratio    c={connections:<4} {mine / theirs:.2f}')
    finally:
        for p in (ours, nginx):
            p.send_signal(signal.SIGTERM)
            p.wait()
        shutil.rmtree(folder)


main()
