#!/usr/bin/env python3
"""move-db to PostgreSQL and back with the demo at 50,000 tickets; every row of every table compared here, by other means than the
program's own. PEDEL_MOVE_TICKETS is the number."""
import hashlib
import os
import pathlib
import sqlite3
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'flow'))
from pedel import Pedel, plain_build        # noqa: E402

TICKETS = int(os.environ.get('PEDEL_MOVE_TICKETS', '50000'))
plain_build()


def lite(path):
    """table: (rows, hash of all its rows in order)."""
    db = sqlite3.connect(path)
    db.text_factory = bytes
    found = {}
    for table, in db.execute("SELECT name FROM sqlite_schema WHERE type='table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'ticket_search%'").fetchall():
        table = table.decode()
        columns = sorted(c[1].decode() for c in db.execute(f'PRAGMA table_info({table})'))
        lines = sorted('\x1f'.join('N' if v is None else str(v) if isinstance(v, int) else v.hex() for v in row)
                       for row in db.execute(f'SELECT {",".join(columns)} FROM {table}'))
        found[table] = (len(lines), hashlib.sha256('\n'.join(lines).encode()).hexdigest())
    db.close()
    return found


def postgres(url):
    def ask(sql):
        return subprocess.run(['psql', url, '-qAt', '-c', sql], check=True, capture_output=True, text=True).stdout
    found = {}
    for table in ask("SELECT tablename FROM pg_tables WHERE schemaname=current_schema() AND tablename NOT LIKE 'ticket_search%' "
                     "AND tablename NOT IN ('write_mark','write_outside')").split():
        parts = []
        for line in ask(f"SELECT column_name,data_type FROM information_schema.columns WHERE table_name='{table}' AND table_schema=current_schema() "
                        'ORDER BY column_name COLLATE "C"').splitlines():
            name, kind = line.split('|')
            value = {'bytea': f"encode({name},'hex')", 'text': f"encode(convert_to({name},'UTF8'),'hex')"}.get(kind, f'{name}::text')
            parts.append(f"coalesce({value},'N')")
        lines = sorted(ask(f"SELECT concat_ws(E'\\x1f',{','.join(parts)}) FROM {table}").splitlines())
        found[table] = (len(lines), hashlib.sha256('\n'.join(lines).encode()).hexdigest())
    return found


@unittest.skipUnless(os.environ.get('PEDEL_TEST_PG'), 'no PostgreSQL')
class Move(unittest.TestCase):
    maxDiff = None

    def run_pedel(self, p, *argv):
        began = time.monotonic()
        out = subprocess.run([p.build / 'src/bin/pedel', *map(str, argv)], capture_output=True, text=True, timeout=3500, env=p.env)
        self.assertEqual(out.returncode, 0, out.stdout + out.stderr)
        print(f'{argv[0]}: {time.monotonic() - began:.1f} s. {out.stdout.strip().splitlines()[-1]}', flush=True)

    def test_there_and_back(self):
        with Pedel(start=False, empty=True) as p:
            self.run_pedel(p, 'demo', '--data', p.data, '--tickets', TICKETS)
            url = p._fresh_pg()
            before = lite(p.data / 'pedel.db')
            self.run_pedel(p, 'move-db', '--data', p.data, '--to', url)
            for found in (before, after := postgres(url)):
                found.pop('schema_version')             # when each step was taken is each database's own
            self.assertEqual(after, before)
            self.run_pedel(p, 'verify', '--data', p.data)
            between = postgres(url)                     # verify may have sealed
            self.run_pedel(p, 'move-db', '--data', p.data, '--to', 'sqlite')
            for found in (between, again := lite(p.data / 'pedel.db')):
                found.pop('schema_version')
            self.assertEqual(again, between)
            self.run_pedel(p, 'verify', '--data', p.data)
            print(f'{len(before)} tables, {sum(n for n, _ in before.values())} rows the same on both sides, '
                  f'{before["ticket"][0]} tickets, {(p.data / "pedel.db").stat().st_size >> 20} MB', flush=True)


if __name__ == '__main__':
    unittest.main()
