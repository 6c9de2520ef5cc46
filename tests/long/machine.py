"""machine.py - a Debian 12 of its own, made by debootstrap and booted with systemd by systemd-nspawn; it shares the network.

    with Machine() as m:
        m.run('apt-get', 'install', '-y', '/root/x.deb')
        m.root / 'var/lib/pedel'                        # its files, seen from here

Needs root, or sudo without a password. The base is made once, in build/package-base.tar; PEDEL_DEBIAN_MIRROR names another mirror.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BASE = ROOT / 'build/package-base.tar'
MIRROR = os.environ.get('PEDEL_DEBIAN_MIRROR', 'http://deb.debian.org/debian')
ENV = {'PATH': '/usr/sbin:/usr/bin:/sbin:/bin', 'LANG': 'C.UTF-8', 'HOME': '/root', 'DEBIAN_FRONTEND': 'noninteractive', 'SYSTEMD_COLORS': '0'}


def why_not():
    """What this machine lacks, or None."""
    for program in ('debootstrap', 'systemd-nspawn', 'nsenter', 'dpkg-buildpackage', 'lintian'):
        if not shutil.which(program, path='/usr/sbin:/usr/bin:/sbin:/bin'):
            return f'{program} is not installed'
    if os.geteuid() != 0:
        return 'only root can boot a machine'
    return None


def make_base():
    if BASE.exists():
        return
    BASE.parent.mkdir(exist_ok=True)
    folder = tempfile.mkdtemp(prefix='pedel-base-', dir='/var/tmp')
    try:
        subprocess.run(['debootstrap', '--variant=minbase', '--include=systemd,systemd-sysv,dbus,ca-certificates', 'bookworm', folder, MIRROR], check=True,
                       stdout=subprocess.DEVNULL)
        subprocess.run(['tar', '-C', folder, '-cf', f'{BASE}.new', '.'], check=True)
        os.rename(f'{BASE}.new', BASE)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Machine:
    def __init__(self):
        make_base()
        self.root = pathlib.Path(tempfile.mkdtemp(prefix='pedel-machine-', dir='/var/tmp'))
        subprocess.run(['tar', '-C', self.root, '-xf', BASE], check=True)
        self.root.chmod(0o755)
        (self.root / 'etc/apt/sources.list').write_text(f'deb {MIRROR} bookworm main\n')
        for name in ('apt-daily.timer', 'apt-daily-upgrade.timer', 'e2scrub_all.timer', 'getty.target', 'systemd-networkd.service', 'systemd-resolved.service'):
            (self.root / 'etc/systemd/system' / name).symlink_to('/dev/null')
        self.nspawn = self.leader = None

    def __enter__(self):
        self.log = open(f'{self.root}.log', 'wb')
        self.nspawn = subprocess.Popen(['systemd-nspawn', '-q', '-D', self.root, '--boot', '--register=no', '--keep-unit', '--resolv-conf=copy-host',
                                        f'--machine={self.root.name}'], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        end = time.monotonic() + 120
        while True:
            if self.nspawn.poll() is not None or time.monotonic() > end:
                said = pathlib.Path(f'{self.root}.log').read_text(errors='replace')[-1500:]
                self.__exit__(None, None, None)
                raise RuntimeError(f'systemd-nspawn does not boot here: {said}')
            children = pathlib.Path(f'/proc/{self.nspawn.pid}/task/{self.nspawn.pid}/children').read_text().split()
            if children:
                self.leader = children[0]
                done = self.run('systemctl', 'is-system-running', ok=False)
                if done.stdout.strip() in ('running', 'degraded'):
                    return self
            time.sleep(0.3)

    def __exit__(self, kind, value, trace):
        if self.nspawn.poll() is None:
            self.nspawn.terminate()
            try:
                self.nspawn.wait(40)
            except subprocess.TimeoutExpired:
                self.nspawn.kill()
                self.nspawn.wait()
        self.log.close()
        os.unlink(f'{self.root}.log')
        if not os.environ.get('PEDEL_KEEP'):
            shutil.rmtree(self.root, ignore_errors=True)

    def argv(self, *argv):
        return ['nsenter', '-t', self.leader, '-m', '-u', '-i', '-p', '-r', '-w', *map(str, argv)]

    def run(self, *argv, stdin='', ok=True, env=None, timeout=600):
        done = subprocess.run(self.argv(*argv), input=stdin, capture_output=True, text=True, env={**ENV, **(env or {})}, timeout=timeout)
        if ok and done.returncode:
            raise AssertionError(f'{argv}: {done.returncode}\n{done.stdout}{done.stderr}')
        return done

    def say(self, *argv, **more):
        return self.run(*argv, **more).stdout.strip()


if __name__ == '__main__':
    sys.exit(why_not())
