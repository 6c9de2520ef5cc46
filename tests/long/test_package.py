#!/usr/bin/env python3
"""The Debian packages in a booted Debian 12: installed, set up, upgraded to a version with another schema, removed, purged."""
import http.client
import json
import os
import pathlib
import re
import sqlite3
import subprocess
import sys
import threading
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / 'flow')]
from machine import ROOT, Machine, why_not
from pedel import Browser, Pedel, free_port, wait_until

OUT = ROOT / 'build/deb-out'
NEXT = '0.1.0+next1'
MAIL = 'From: Karen <karen@soenderskov.example>\r\nTo: desk@fjordkant.example\r\nSubject: {}\r\nMessage-ID: <{}@x>\r\n\r\nHej\r\n'


def next_version(folder):
    """A patch that adds a step to the schema, as a later version would."""
    listed = (ROOT / 'src/store/meson.build').read_text()
    last = re.findall(r"    'schema/(\d{4})_\w+\.sql',\n", listed)[-1]
    number = int(last) + 1
    line = re.search(rf"    'schema/{last}_\w+\.sql',\n", listed).group()
    at = listed[:listed.index(line)].count('\n') + 1
    patch = folder / 'next.patch'
    patch.write_text(f"--- a/src/store/meson.build\n+++ b/src/store/meson.build\n@@ -{at},1 +{at},2 @@\n {line}+    'schema/{number:04}_next.sql',\n"
                     f'--- /dev/null\n+++ b/src/store/schema/{number:04}_next.sql\n@@ -0,0 +1 @@\n+CREATE TABLE next_version(id INTEGER PRIMARY KEY);\n')
    return patch, number


class Load:
    """New connections without pause: none may be refused, none may be answered with an error of ours."""

    def __init__(self, port):
        self.port, self.stop, self.count, self.failed = port, threading.Event(), 0, []
        self.slowest = 0
        self.threads = [threading.Thread(target=self.go) for _ in range(3)]
        for t in self.threads:
            t.start()

    def go(self):
        while not self.stop.is_set():
            link, began = http.client.HTTPConnection('127.0.0.1', self.port, timeout=60), time.monotonic()
            try:
                link.request('GET', '/login', headers={'Connection': 'close'})
                if link.getresponse().status != 200:
                    self.failed.append('not 200')
                self.count += 1
            except OSError as error:
                self.failed.append(repr(error))
            link.close()
            self.slowest = max(self.slowest, time.monotonic() - began)
            time.sleep(0.01)

    def end(self):
        self.stop.set()
        for t in self.threads:
            t.join()
        return self.failed


class Installed(Pedel):
    """The installation in the machine, spoken to as the flow tests speak to theirs."""

    def __init__(self, m, port, lmtp):
        self.m, self.port, self.lmtp, self.base, self.db = m, port, lmtp, f'http://127.0.0.1:{port}', []
        self.data, self.process = m.root / 'var/lib/pedel', None

    def log_text(self, last=4000):
        return self.m.say('journalctl', '-u', 'pedel', '--no-pager')[-last:]


@unittest.skipIf(why_not(), why_not())
class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        OUT.mkdir(parents=True, exist_ok=True)
        patch, cls.schema = next_version(OUT)
        if not os.environ.get('PEDEL_DEBS_ARE_BUILT'):
            cls.build(patch)
        cls.m = Machine()
        cls.m.__enter__()
        cls.addClassCleanup(cls.m.__exit__, None, None, None)
        for deb in [*OUT.glob('pedel_*.deb'), *(OUT / 'next').glob('pedel_*.deb')]:
            (cls.m.root / 'root' / deb.name).write_bytes(deb.read_bytes())
        cls.first = next(OUT.glob('pedel_*.deb')).name
        cls.second = next((OUT / 'next').glob('pedel_*.deb')).name

    @classmethod
    def build(cls, patch):
        for old in OUT.rglob('*.deb'):
            old.unlink()
        subprocess.run([ROOT / 'tools/deb.sh', '--out', OUT], check=True, stdout=subprocess.DEVNULL)
        subprocess.run([ROOT / 'tools/deb.sh', '--out', OUT / 'next', '--next', NEXT, '--patch', patch], check=True, stdout=subprocess.DEVNULL)

    def apt(self, *argv, **more):
        done = self.m.run('apt-get', '-y', '-q', '--no-install-recommends', *argv, **more)
        return done.stdout + done.stderr

    def active(self):
        return self.m.run('systemctl', 'is-active', 'pedel', ok=False).stdout.strip()

    def rows(self, sql):
        with sqlite3.connect(f'file:{self.m.root}/var/lib/pedel/pedel.db?mode=ro', uri=True) as db:
            return db.execute(sql).fetchall()

    def test_lintian_says_nothing_that_is_not_explained(self):
        for changes in [*OUT.glob('*.changes'), *(OUT / 'next').glob('*.changes')]:
            done = subprocess.run(['lintian', '--tag-display-limit', '0', '--allow-root', '--fail-on', 'error,warning', '-I', changes], capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stdout), (0, ''))

    def test_a_life(self):
        self.install()
        self.set_up()
        self.reload_and_restart_refuse_nobody()
        self.a_wrong_configuration_does_not_start()
        self.backup_at_night()
        self.an_upgrade_without_room_for_its_backup_does_not_happen()
        self.upgrade()
        self.remove_keeps_all()
        self.purge_keeps_the_data_until_somebody_says_so()

    def install(self):
        m = self.m
        m.run('apt-get', 'update', '-q')
        said = self.apt('install', f'/root/{self.first}')
        self.assertIn('pedel init --data /var/lib/pedel', said)
        self.assertEqual(m.say('systemctl', 'is-enabled', 'pedel'), 'enabled')
        self.assertEqual(m.say('systemctl', 'is-enabled', 'pedel-backup.timer'), 'enabled')
        self.assertEqual((self.active(), m.say('systemctl', '--failed', '--no-legend')), ('inactive', ''))      # nothing to serve, and no failure
        self.assertEqual(m.say('stat', '-c', '%U %a', '/var/lib/pedel', '/var/backups/pedel').split('\n'), ['pedel 700'] * 2)
        self.assertRegex(m.say('getent', 'passwd', 'pedel'), r':/usr/sbin/nologin$')
        self.assertEqual(m.run('systemd-analyze', 'verify', 'pedel.service', 'pedel-backup.service', 'pedel-backup.timer', '--man=no').stderr.strip(), '')
        figure = re.search(r'exposure level for pedel.service: ([\d.]+)', m.say('systemd-analyze', 'security', '--no-pager', 'pedel.service'))
        self.assertLess(float(figure.group(1)), 2.0)
        print(f'systemd-analyze security pedel.service: {figure.group(1)}')

    def set_up(self):
        m, self.port, self.lmtp = self.m, free_port(), free_port()
        conf = m.root / 'etc/pedel/pedel.conf'
        conf.write_text(conf.read_text().replace('listen=127.0.0.1:8080', f'listen=127.0.0.1:{self.port}\nlmtp=127.0.0.1:{self.lmtp}'))
        m.run('pedel', 'init', '--data', '/var/lib/pedel', '--provider', 'Fjordkant IT', '--cvr', '10000009')
        m.run('pedel', 'admin', 'add', '--data', '/var/lib/pedel', '--login', 'admin', '--name', 'Peter Højlund', '--password-stdin', stdin=Pedel.password + '\n')
        m.run('systemctl', 'start', 'pedel')
        self.assertEqual(self.active(), 'active')
        self.assertIn(f'serves http://127.0.0.1:{self.port}/', m.say('systemctl', 'show', '-p', 'StatusText', 'pedel'))
        p = self.p = Installed(m, self.port, self.lmtp)
        p.token = m.say('pedel', 'token', 'add', '--data', '/var/lib/pedel', '--login', 'admin', '--name', 'test')
        self.work_is_done('one')
        users = m.say('ps', '-e', '-o', 'user:20,comm') if m.run('sh', '-c', 'command -v ps', ok=False).returncode == 0 else ''
        self.assertNotRegex(users, r'root +pedel')
        found = m.say('find', '/var/lib/pedel', '!', '-user', 'pedel')
        self.assertEqual(found, '')

    def work_is_done(self, word):
        """Pages, mail in (read by pedel-conv), a PDF, the probe: all of it under the unit's restrictions."""
        p = self.p
        if not p.ok('GET', '/api/v1/customers')['items']:
            p.customer()
        b = Browser(p).sign_in('admin', Pedel.password)
        self.assertEqual(b.get('/console/').status, 200)
        p.lmtp_send('karen@soenderskov.example', ['desk@fjordkant.example'], MAIL.format(f'mail {word}', word))
        wait_until(lambda: [t for t in p.ok('GET', f'/api/v1/tickets?q={word}')['items'] if t['subject'] == f'mail {word}'], 60)
        agreement = self.rows('SELECT id FROM agreement')[0][0]
        b.get(f'/console/agreements/{agreement}/pdf')
        self.assertEqual((b.status, b.bytes[:5]), (200, b'%PDF-'))
        lines = [json.loads(x) for f in p.data.glob('run/probe-*.jsonl') for x in f.read_text().splitlines()]
        wait_until(lambda: {('portal', True), ('mail', True)} <= {(x['probe'], x['ok']) for f in p.data.glob('run/probe-*.jsonl')
                                                                 for x in map(json.loads, f.read_text().splitlines())}, 150)
        self.assertFalse([x for x in lines if not x['ok']])

    def reload_and_restart_refuse_nobody(self):
        for verb in ('reload', 'restart'):
            load = Load(self.port)
            time.sleep(1)
            before = self.m.say('systemctl', 'show', '-p', 'MainPID', 'pedel')
            self.m.run('systemctl', verb, 'pedel')
            time.sleep(2)
            self.assertEqual(load.end(), [], verb)
            self.assertGreater(load.count, 20)
            print(f'{verb}: {load.count} requests, none refused, the slowest {load.slowest:.2f} s')
            self.assertEqual((before == self.m.say('systemctl', 'show', '-p', 'MainPID', 'pedel'), self.active()), (verb == 'reload', 'active'))

    def a_wrong_configuration_does_not_start(self):
        conf = self.m.root / 'etc/pedel/pedel.conf'
        good = conf.read_text()
        conf.write_text(good + 'no equals sign\n')
        self.m.run('systemctl', 'reload', 'pedel')
        time.sleep(1)
        self.assertEqual(self.active(), 'active')               # the old server goes on
        self.assertNotEqual(self.m.run('systemctl', 'restart', 'pedel', ok=False).returncode, 0)
        self.assertEqual(self.active(), 'failed')               # and is not tried again and again
        self.assertIn('CONF_INVALID', self.p.log_text())
        conf.write_text(good)
        self.m.run('systemctl', 'start', 'pedel')
        self.assertEqual(self.active(), 'active')

    def backup_at_night(self):
        self.m.run('systemctl', 'start', 'pedel-backup.service')
        made = list((self.m.root / 'var/backups/pedel').glob('nightly-*.tar'))
        self.assertEqual(len(made), 1)
        self.m.run('pedel', 'restore', '--data', '/tmp/restored', '--from', f'/var/backups/pedel/{made[0].name}')
        self.m.run('pedel', 'verify', '--data', '/tmp/restored')

    def an_upgrade_without_room_for_its_backup_does_not_happen(self):
        self.m.run('chmod', '500', '/var/backups/pedel')
        done = self.m.run('dpkg', '-i', f'/root/{self.second}', ok=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn('nothing is upgraded', done.stderr)
        self.m.run('chmod', '700', '/var/backups/pedel')
        self.assertEqual((self.active(), self.m.say('dpkg-query', '-W', '-f', '${Version} ${Status}', 'pedel')), ('active', '0.1.0 install ok installed'))

    def upgrade(self):
        m = self.m
        before = self.rows('SELECT count(*) FROM ticket'), self.rows('SELECT max(number) FROM schema_version')
        load = Load(self.port)
        self.apt('install', f'/root/{self.second}')
        wait_until(lambda: self.active() == 'active', 60)
        time.sleep(1)
        self.assertEqual(load.end(), [])
        print(f'upgrade: {load.count} requests, none refused, the slowest {load.slowest:.2f} s')
        self.assertEqual(m.say('dpkg-query', '-W', '-f', '${Version}', 'pedel'), NEXT)
        self.assertIn(f'listen=127.0.0.1:{self.port}', (m.root / 'etc/pedel/pedel.conf').read_text())
        self.assertEqual(self.rows('SELECT max(number) FROM schema_version'), [(self.schema,)])
        self.assertNotEqual(before[1], [(self.schema,)])
        self.assertGreaterEqual(self.rows('SELECT count(*) FROM ticket'), before[0])
        made = list((m.root / 'var/backups/pedel').glob('upgrade-*.tar'))
        self.assertEqual(len(made), 1)
        m.run('pedel', 'verify', '--from', f'/var/backups/pedel/{made[0].name}')
        m.run('pedel', 'verify', '--data', '/var/lib/pedel')
        self.work_is_done('two')
        self.assertEqual(m.say('systemctl', 'show', '-p', 'NRestarts', '--value', 'pedel'), '0')

    def remove_keeps_all(self):
        tickets = self.rows('SELECT count(*) FROM ticket')
        self.apt('remove', 'pedel')
        self.assertNotEqual(self.active(), 'active')
        self.assertRaises(OSError, http.client.HTTPConnection('127.0.0.1', self.port, timeout=20).request, 'GET', '/login')
        self.assertFalse((self.m.root / 'usr/sbin/pedeld').exists())
        self.assertTrue((self.m.root / 'etc/pedel/pedel.conf').exists())
        self.assertGreaterEqual(self.rows('SELECT count(*) FROM ticket'), tickets)
        self.apt('install', f'/root/{self.second}')
        wait_until(lambda: self.active() == 'active', 60)
        self.assertEqual(Browser(self.p).sign_in('admin', Pedel.password).get('/console/').status, 200)

    def purge_keeps_the_data_until_somebody_says_so(self):
        m = self.m
        self.assertIn('are kept', self.apt('purge', 'pedel'))
        self.assertFalse((m.root / 'etc/pedel').exists())
        self.assertTrue((m.root / 'var/lib/pedel/pedel.db').exists())
        self.assertEqual(m.say('systemctl', 'list-unit-files', '--no-legend', 'pedel*', ok=False), '')
        self.apt('install', f'/root/{self.second}')
        m.run('debconf-set-selections', stdin='pedel pedel/purge-data boolean true\n')
        self.apt('purge', 'pedel')
        self.assertFalse((m.root / 'var/lib/pedel').exists() or (m.root / 'var/backups/pedel').exists())
        self.assertEqual(m.say('systemctl', '--failed', '--no-legend'), '')


if __name__ == '__main__':
    unittest.main(verbosity=2)
