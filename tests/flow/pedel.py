"""pedel.py - a whole Pedel of its own for one flow test: temp data folder, free ports, real processes, stopped by pid.

    with Pedel() as p:                      # SQLite; Pedel(pg=True) when PEDEL_TEST_PG is set
        status, got = p.api('GET', '/api/v1/services')
        browser = p.browser(); browser.sign_in('admin', p.password)

Programs come from PEDEL_BUILD (a Meson build folder; default build/asan or build/debug).
"""
import base64
import contextlib
import copy
import html.parser
import http.client
import http.cookiejar
import json
import os
import pathlib
import random
import re
import shutil
import signal
import smtplib
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]


def build_folder():
    named = os.environ.get('PEDEL_BUILD')
    for folder in [named] if named else ['build/asan', 'build/debug', 'build/release']:
        path = (ROOT / folder).resolve()
        if (path / 'src/bin/pedeld').exists():
            return path
    raise SystemExit('no build with src/bin/pedeld: run ninja first')


def plain_build():
    """Programs without instruments, where there are any: for tests that preload something, or that look at the time."""
    for name in ('build/release', 'build/debug'):
        if 'asan' in str(build_folder()) and (ROOT / name / 'src/bin/pedeld').exists():
            os.environ['PEDEL_BUILD'] = name


def preload(name):
    """The environment that loads tests/shim/NAME.c into a program. It may come from another build than the program."""
    for folder in (build_folder(), *sorted(build_folder().parent.glob('*'))):
        library = folder / f'tests/lib{name}_shim.so'
        if library.exists():
            return {'LD_PRELOAD': str(library.resolve()), 'ASAN_OPTIONS': os.environ.get('ASAN_OPTIONS', '') + ':verify_asan_link_order=0'}
    raise unittest.SkipTest(f'no lib{name}_shim.so in any build')


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def certificate(folder):
    """(cert, key): paths of a certificate of this machine's own, for localhost and 127.0.0.1, and of its key."""
    cert, key = str(pathlib.Path(folder) / 'cert.pem'), str(pathlib.Path(folder) / 'key.pem')
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30', '-subj', '/CN=localhost',
                    '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', key, '-out', cert], check=True, capture_output=True)
    return cert, key


def steady_port():
    """A free port that no outgoing connection is ever given: for a server that goes away and comes back to it."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as s:
            with contextlib.suppress(OSError):
                s.bind(('127.0.0.1', port))
                return port


def wait_until(what, seconds=60, every=0.1):
    """The first true value of what() within seconds; AssertionError otherwise."""
    end = time.monotonic() + seconds
    while True:
        got = what()
        if got:
            return got
        if time.monotonic() > end:
            raise AssertionError(f'not true within {seconds} s: {what}')
        time.sleep(every)


def cvr(seed):
    """A company number whose check digit fits; seed 0..999999."""
    weights = (2, 7, 6, 5, 4, 3, 2)
    number = 1000000 + seed
    while True:
        digits = [int(d) for d in str(number)]
        rest = sum(w * d for w, d in zip(weights, digits)) % 11
        check = (11 - rest) % 11
        if check < 10:
            return f'{number}{check}'
        number += 1000000


class Pedel:
    password = 'en-lang-adgangskode-42'

    def __init__(self, pg=False, smtp=None, args=(), start=True, env=None, empty=False, folder=None, wrap=()):
        self.build = build_folder()
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix='pedel-flow-'))
        os.chmod(self.folder, 0o755)
        self.data = self.folder / 'data'
        self.env = {**os.environ, 'LANG': 'C.UTF-8', **(env or {})}
        self.wrap = list(wrap)
        self.smtp, self.args, self.process, self.pg_name = smtp, list(args), None, None
        self.db = []
        if pg:
            self.db = ['--db', self._fresh_pg()]
        self.port = self.lmtp = None
        self.cli('init', '--data', self.data, '--provider', 'Fjordkant IT', '--cvr', cvr(1), *self.db)
        if empty:
            return
        self.cli('admin', 'add', '--data', self.data, '--login', 'admin', '--name', 'Mette Dahl', '--password-stdin',
                 stdin=self.password + '\n')
        self.token = self.cli('token', 'add', '--data', self.data, '--login', 'admin', '--name', 'flow').strip()
        if start:
            self.start()

    def heir(self, folder, smtp, env=None):
        """Another Pedel on folder/data, which holds what this one left: same people, same database server."""
        other = copy.copy(self)
        other.folder, other.data, other.smtp = pathlib.Path(folder), pathlib.Path(folder) / 'data', smtp
        other.env = {k: v for k, v in {**self.env, **(env or {})}.items() if v is not None}
        other.port = other.lmtp = other.process = other.pg_name = None
        return other

    def _fresh_pg(self):
        url = os.environ['PEDEL_TEST_PG']
        self.pg_name = f'flow_{os.getpid()}_{time.monotonic_ns()}'
        subprocess.run(['psql', url, '-qc', f'CREATE DATABASE {self.pg_name}'], check=True)
        parts = urllib.parse.urlsplit(url)
        return f'postgresql://{parts.netloc}/{self.pg_name}?{parts.query}'      # urlunsplit drops the // of an empty host

    def cli(self, *argv, stdin=None, ok=True, seconds=120):
        """Run the pedel program; its standard output. ok=False gives (code, out, err) whatever happens."""
        done = subprocess.run([str(self.build / 'src/bin/pedel'), *map(str, argv)], input=stdin, capture_output=True, text=True,
                              env=self.env, timeout=seconds)
        if not ok:
            return done.returncode, done.stdout, done.stderr
        if done.returncode:
            raise AssertionError(f'pedel {argv}: {done.returncode}\n{done.stdout}{done.stderr}')
        return done.stdout

    def start(self, seconds=60):
        listen = f'127.0.0.1:{self.port or 0}'
        argv = [*self.wrap, str(self.build / 'src/bin/pedeld'), '--data', str(self.data), '--listen', listen, '--lmtp', f'127.0.0.1:{self.lmtp or 0}',
                *self.db, *self.args]
        if self.smtp:
            argv += ['--smtp', self.smtp]
        self.log = open(self.folder / 'pedeld.log', 'ab')
        self.process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=self.log, env=self.env)
        os.set_blocking(self.process.stdout.fileno(), False)
        seen, end = b'', time.monotonic() + seconds
        while b'\n' not in seen or b'ready at' not in seen:
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError('pedeld did not become ready:\n' + self.log_text())
            seen += self.process.stdout.read() or b''
            time.sleep(0.01)
        self.base = re.search(rb'ready at (\S+?)/?\s', seen).group(1).decode()
        self.port = urllib.parse.urlsplit(self.base).port
        self.lmtp = int(re.search(rb'LMTP at 127\.0\.0\.1:(\d+)', seen).group(1))

    def log_text(self, last=4000):
        log = self.folder / 'pedeld.log'
        return log.read_text(errors='replace')[-last:] if log.exists() else ''

    def stop(self, sig=signal.SIGTERM, seconds=60):
        if not self.process:
            return None
        self.process.send_signal(sig)
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError('pedeld did not stop:\n' + self.log_text())
        finally:
            self.process.stdout.close()
            self.log.close()
            self.process = None
        return code

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        try:
            if kind:
                print(self.log_text())
            self.stop()
        finally:
            if self.pg_name:
                subprocess.run(['psql', os.environ['PEDEL_TEST_PG'], '-qc', f'DROP DATABASE IF EXISTS {self.pg_name} WITH (FORCE)'])
            if not os.environ.get('PEDEL_KEEP'):
                shutil.rmtree(self.folder, ignore_errors=True)

    def api(self, method, path, body=None, token=None, headers=None, raw=None):
        """(status, JSON or text) of one API call."""
        send = {'Authorization': 'Bearer ' + (token if token is not None else self.token), 'Accept-Language': 'en', **(headers or {})}
        data = raw
        if body is not None:
            data = json.dumps(body).encode()
            send['Content-Type'] = 'application/json'
        link = http.client.HTTPConnection('127.0.0.1', self.port, timeout=60)
        try:
            link.request(method, path, data, send)
            answer = link.getresponse()
            text = answer.read()
        finally:
            link.close()
        kind = answer.headers.get('Content-Type', '')
        return answer.status, json.loads(text) if 'json' in kind else text.decode(errors='replace')

    def ok(self, method, path, body=None, **more):
        """The JSON of a call that must succeed."""
        status, got = self.api(method, path, body, **more)
        if status not in (200, 201):
            raise AssertionError(f'{method} {path}: {status} {got}\n{self.log_text(1500)}')
        return got

    def customer(self, seed=10, name='Advokathuset Sønderskov', domain='soenderskov.example', services=('support', 'service-agreement'),
                 terms=None, valid_from='2026-01-01'):
        """A customer with an owner and an employee and an accepted agreement: (customer, owner, employee, agreement)."""
        customer = self.ok('POST', '/api/v1/customers', {'name': name, 'cvr': cvr(seed), 'mail_domains': [domain], 'language': 'da'})
        owner = self.ok('POST', f"/api/v1/customers/{customer['id']}/contacts",
                        {'name': 'Birgitte Sønderskov', 'email': f'birgitte@{domain}', 'role': 'owner'})
        employee = self.ok('POST', f"/api/v1/customers/{customer['id']}/contacts",
                           {'name': 'Karen Holm', 'email': f'karen@{domain}', 'role': 'employee'})
        agreement = None
        if services:
            items = [{'service': s, 'terms': (terms or {}).get(s, {})} for s in services]
            agreement = self.ok('POST', '/api/v1/agreements', {'customer_id': customer['id'], 'valid_from': valid_from, 'items': items})
            self.ok('POST', f"/api/v1/agreements/{agreement['id']}/accept", {'contact_id': owner['id']})
        return customer, owner, employee, agreement

    def lmtp_send(self, sender, recipients, message):
        """Hand one raw message over by LMTP: {recipient: (code, text)}."""
        link = smtplib.LMTP('127.0.0.1', self.lmtp, timeout=60)
        try:
            link.ehlo('test.example')
            code, text = link.mail(sender)
            assert code == 250, (code, text)
            answers, taken = {}, []
            for r in recipients:
                code, text = link.rcpt(r)
                answers[r] = (code, text.decode())
                if code == 250:
                    taken.append(r)
            if taken:
                data = message if isinstance(message, bytes) else message.encode()
                link.putcmd('data')
                code, text = link.getreply()
                if code != 354:
                    return {**answers, **{r: (code, text.decode()) for r in taken}}
                body = re.sub(rb'(?m)^\.', b'..', re.sub(rb'\r?\n', b'\r\n', data))
                link.send(body + (b'' if body.endswith(b'\r\n') else b'\r\n') + b'.\r\n')
                for r in taken:
                    code, text = link.getreply()
                    answers[r] = (code, text.decode())
            return answers
        finally:
            link.close()

    def sql(self, text):
        """Rows straight from the database, every value as text: what no page or API shows."""
        if self.db:
            out = subprocess.run(['psql', self.db[1], '-qAt', '-F', '\x1f', '-R', '\x1e', '-c', text], check=True, capture_output=True, text=True).stdout
            return [tuple(row.rstrip('\n').split('\x1f')) for row in out.split('\x1e') if row.strip('\n')]
        if 'LD_PRELOAD' in self.env:            # what watches the programs must see this too
            code = 'import json,sqlite3,sys\nd=sqlite3.connect(sys.argv[1],timeout=60)\nprint(json.dumps(d.execute(sys.argv[2]).fetchall()))\nd.commit()'
            out = subprocess.run([sys.executable, '-c', code, str(self.data / 'pedel.db'), text], check=True, capture_output=True, text=True, env=self.env).stdout
            return [tuple('' if v is None else str(v) for v in row) for row in json.loads(out)]
        with contextlib.closing(sqlite3.connect(self.data / 'pedel.db', timeout=60)) as db:
            rows = [tuple('' if v is None else str(v) for v in row) for row in db.execute(text).fetchall()]
            db.commit()
            return rows

    def children(self, name):
        """Process ids of the programs that the keeper runs: 'pedel-conv', 'pedel-probe', or 'pedeld' for the server."""
        found = []
        for entry in pathlib.Path('/proc').iterdir():
            try:
                if entry.name.isdigit() and int((entry / 'stat').read_text().rsplit(')', 1)[1].split()[1]) == self.process.pid and \
                        (entry / 'cmdline').read_bytes().split(b'\0')[0].endswith(b'/' + name.encode()):
                    found.append(int(entry.name))
            except (OSError, IndexError):
                continue
        return found

    def browser(self):
        return Browser(self)


class Form(html.parser.HTMLParser):
    """The forms of a page: [{'action', 'method', 'fields': {name: value}}]."""

    def __init__(self, text):
        super().__init__()
        self.forms, self._textarea, self._select = [], None, None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        a = {k: v if v is not None else '' for k, v in attrs}
        if tag == 'form':
            self.forms.append({'action': a.get('action', ''), 'method': a.get('method', 'get').upper(), 'fields': {}})
        if not self.forms:
            return
        fields = self.forms[-1]['fields']
        if tag == 'input' and a.get('name') and a.get('type') not in ('submit', 'button', 'file'):
            if a.get('type') in ('checkbox', 'radio') and 'checked' not in a:
                return
            value, was = a.get('value', 'on' if a.get('type') == 'checkbox' else ''), fields.get(a['name'])
            more = was is not None and a.get('type') != 'radio'         # one name, several values
            fields[a['name']] = [*(was if isinstance(was, list) else [was]), value] if more else value
        elif tag == 'textarea' and a.get('name'):
            self._textarea = a['name']
            fields[self._textarea] = ''
        elif tag == 'select' and a.get('name'):
            self._select = a['name']
        elif tag == 'option' and self._select and ('selected' in a or self._select not in fields):
            fields[self._select] = a.get('value', '')

    def handle_endtag(self, tag):
        if tag == 'textarea':
            self._textarea = None
        elif tag == 'select':
            self._select = None

    def handle_data(self, data):
        if self._textarea:
            self.forms[-1]['fields'][self._textarea] += data


class Browser:
    """A person with cookies and without JavaScript."""

    def __init__(self, pedel):
        self.pedel = pedel
        self.jar = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))
        self.status, self.text, self.url = None, '', ''

    def _open(self, request):
        try:
            answer = self.opener.open(request, timeout=60)
        except urllib.error.HTTPError as error:
            answer = error
        self.status, self.url = answer.status, answer.url
        self.headers = answer.headers
        self.bytes = answer.read()
        self.text = self.bytes.decode(errors='replace')
        return self

    def get(self, path, headers=None):
        return self._open(urllib.request.Request(urllib.parse.urljoin(self.pedel.base + '/', path),
                                                 headers={'Accept-Language': 'da', **(headers or {})}))

    def post(self, path, fields, headers=None):
        """fields: {name: value | [values]}; a value that is (filename, bytes, type) makes the form multipart."""
        url = urllib.parse.urljoin(self.pedel.base + '/', path)
        send = {'Accept-Language': 'da', 'Origin': self.pedel.base, **(headers or {})}
        if any(isinstance(v, tuple) for v in fields.values()):
            edge = 'edge' + base64.b16encode(os.urandom(12)).decode()
            body = b''
            for name, v in ((n, x) for n, of in fields.items() for x in (of if isinstance(of, list) else [of])):
                head = f'--{edge}\r\nContent-Disposition: form-data; name="{name}"'
                if isinstance(v, tuple):
                    body += f'{head}; filename="{v[0]}"\r\nContent-Type: {v[2]}\r\n\r\n'.encode() + v[1] + b'\r\n'
                else:
                    body += f'{head}\r\n\r\n{v}\r\n'.encode()
            body += f'--{edge}--\r\n'.encode()
            send['Content-Type'] = f'multipart/form-data; boundary={edge}'
        else:
            body = urllib.parse.urlencode(fields, doseq=True).encode()
        return self._open(urllib.request.Request(url, body, send))

    def form(self, action):
        """The fields of the page's form whose action ends with action."""
        for f in Form(self.text).forms:
            if f['action'].split('?')[0].endswith(action):
                return dict(f['fields'])
        raise AssertionError(f'no form {action} at {self.url} ({self.status}):\n{self.text[:3000]}')

    def submit(self, action, files=None, **fields):
        form = {**self.form(action), **{k: str(v) for k, v in fields.items()}, **(files or {})}
        full = next(f['action'] for f in Form(self.text).forms if f['action'].split('?')[0].endswith(action))
        return self.post(urllib.parse.urljoin(self.url, full), form)

    def sign_in(self, login, password):
        self.get('/login')
        self.submit('/login', login=login, password=password)
        assert self.status == 200 and '/login' not in self.url, f'not signed in: {self.status} {self.url}\n{self.text[:2000]}'
        return self
