#!/usr/bin/env python3
"""with_postgres.py COMMAND... - runs COMMAND with a private PostgreSQL of its own, from Debian's package: no port, a socket
in a temporary folder, nothing synced to disk. COMMAND finds it as PEDEL_TEST_PG=postgresql://... . Gives COMMAND's status.
PEDEL_TEST_PG_CTL names a program that takes stop, start or restart."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

BIN = sorted(pathlib.Path('/usr/lib/postgresql').glob('*/bin'), key=lambda p: int(p.parent.name))


def main():
    args = sys.argv[1:]
    if not args:
        sys.exit(__doc__)
    if not BIN:
        sys.exit('with_postgres.py: PostgreSQL is not installed (apt install postgresql-15)')
    bin_dir, as_user = BIN[-1], {}
    if os.getuid() == 0:
        as_user = {'user': 'postgres', 'group': 'postgres', 'extra_groups': [], 'cwd': '/tmp'}
    top = pathlib.Path(tempfile.mkdtemp(prefix='pedel-pg-'))
    try:
        os.chmod(top, 0o755)
        data, sock = top / 'data', top / 'sock'
        data.mkdir(0o700)
        sock.mkdir(0o777)
        os.chmod(sock, 0o777)
        if as_user:
            for p in (top, data, sock):
                shutil.chown(p, 'postgres', 'postgres')
        quiet = {'stdout': subprocess.DEVNULL, 'stderr': subprocess.PIPE}
        subprocess.run([bin_dir / 'initdb', '-D', data, '-U', 'pedel', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
                       check=True, **quiet, **as_user)
        with open(data / 'postgresql.conf', 'a') as f:
            f.write(f"listen_addresses=''\nunix_socket_directories='{sock}'\nfsync=off\nfull_page_writes=off\n"
                    "max_connections=200\nshared_buffers=32MB\nlogging_collector=off\n")
        ctl = [str(bin_dir / 'pg_ctl'), '-D', str(data), '-l', str(data / 'log'), '-w', '-t', '60', '-m', 'immediate']
        script = top / 'ctl'
        script.write_text('#!/bin/sh\ncd /tmp\n'
                          + ('exec setpriv --reuid=postgres --regid=postgres --clear-groups ' if as_user else 'exec ')
                          + ' '.join(c for c in ctl if c not in ('-m', 'immediate'))
                          + ' $( [ "$1" = start ] || echo -m immediate ) "$1" >/dev/null\n')
        script.chmod(0o755)
        env = dict(os.environ, PEDEL_TEST_PG=f'postgresql:///postgres?host={sock}&user=pedel', PEDEL_TEST_PG_CTL=str(script))
        subprocess.run([script, 'start'], check=True)
        try:
            return subprocess.run(args, env=env).returncode
        finally:
            subprocess.run([script, 'stop'], check=False, stderr=subprocess.DEVNULL)
    finally:
        shutil.rmtree(top, ignore_errors=True)


sys.exit(main())
