"""mailhost.py - a real mail host for one test: Postfix and Dovecot from Debian's packages, in a temp folder, on free ports.

    with MailHost(desk=pedel.lmtp, boxes=['karen@kunde.example'], lost=['gone@kunde.example']) as host:
        host.send('karen@kunde.example', ['support@desk.example'], message)
        host.wait('karen@kunde.example', lambda m: ...)

Mail for desk.example goes to the LMTP port given; boxes are Dovecot mailboxes; lost are addresses that Postfix believes in and
Dovecot refuses, so that they bounce. Needs root, as both do."""
import email
import email.policy
import grp
import imaplib
import os
import pathlib
import pwd
import re
import shutil
import smtplib
import socket
import subprocess
import tempfile
import time

from pedel import free_port

MASTER = """127.0.0.1:{smtp} inet n - n - - smtpd
pickup    unix n - n 60 1 pickup
cleanup   unix n - n - 0 cleanup
qmgr      unix n - n 300 1 qmgr
rewrite   unix - - n - - trivial-rewrite
bounce    unix - - n - 0 bounce
defer     unix - - n - 0 bounce
trace     unix - - n - 0 bounce
verify    unix - - n - 1 verify
flush     unix n - n 1000? 0 flush
proxymap  unix - - n - - proxymap
smtp      unix - - n - - smtp
relay     unix - - n - - smtp
showq     unix n - n - - showq
error     unix - - n - - error
retry     unix - - n - - error
discard   unix - - n - - discard
local     unix - n n - - local
virtual   unix - n n - - virtual
lmtp      unix - - n - - lmtp
anvil     unix - - n - 1 anvil
scache    unix - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
"""
MAIN = """compatibility_level = 3.6
queue_directory = {dir}/spool
data_directory = {dir}/lib
maillog_file = {dir}/log/postfix.log
maillog_file_prefixes = {dir}/log
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.test
mydestination =
mynetworks = 127.0.0.0/8
local_recipient_maps =
alias_maps =
smtputf8_enable = yes
virtual_mailbox_domains = kunde.example nabo.example desk.example
virtual_mailbox_maps = texthash:{dir}/etc/boxes
virtual_transport = lmtp:inet:127.0.0.1:{dovecot}
transport_maps = texthash:{dir}/etc/transport
default_transport = error:nothing leaves this machine
relay_transport = error:nothing leaves this machine
minimal_backoff_time = 2s
maximal_backoff_time = 5s
queue_run_delay = 2s
message_size_limit = 52428800
biff = no
append_dot_mydomain = no
"""
DOVECOT = """base_dir = {dir}/run
state_dir = {dir}/state
instance_name = {name}
log_path = {dir}/log/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
mail_location = maildir:{dir}/mail/%u
mail_uid = {uid}
mail_gid = {gid}
first_valid_uid = 1
first_valid_gid = 1
auth_mechanisms = plain
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {dir}/etc/users
}}
userdb {{
  driver = passwd-file
  args = username_format=%u {dir}/etc/users
}}
protocol lmtp {{
  postmaster_address = postmaster@mx.test
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {dovecot}
  }}
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
"""


def usable():
    return os.geteuid() == 0 and all(shutil.which(p, path='/usr/sbin:/usr/bin') for p in ('postfix', 'dovecot', 'doveadm'))


class MailHost:
    def __init__(self, desk, boxes, lost=()):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix='pedel-mailhost-'))
        os.chmod(self.dir, 0o755)
        self.boxes = list(boxes)
        self.smtp_port, self.imap_port, dovecot = free_port(), free_port(), free_port()
        self.smtp = f'127.0.0.1:{self.smtp_port}'
        mail = pwd.getpwnam('mail')
        for name in ('etc', 'log', 'lib', 'spool', 'run', 'state', 'mail'):
            (self.dir / name).mkdir()
        os.chown(self.dir / 'lib', pwd.getpwnam('postfix').pw_uid, grp.getgrnam('postfix').gr_gid)
        os.chown(self.dir / 'mail', mail.pw_uid, mail.pw_gid)
        facts = dict(dir=self.dir, smtp=self.smtp_port, imap=self.imap_port, dovecot=dovecot, uid=mail.pw_uid, gid=mail.pw_gid, name=self.dir.name)
        self._write('etc/master.cf', MASTER.format(**facts))
        self._write('etc/main.cf', MAIN.format(**facts))
        self._write('etc/dovecot.conf', DOVECOT.format(**facts))
        self._write('etc/boxes', ''.join(f'{b} x\n' for b in [*boxes, *lost]) + '@desk.example x\n')
        self._write('etc/transport', f'desk.example lmtp:inet:127.0.0.1:{desk}\n')
        self._write('etc/users', ''.join(f'{b}:hemmelig:{mail.pw_uid}:{mail.pw_gid}::{self.dir}/mail/{b}::\n' for b in boxes))

    def _write(self, name, text):
        (self.dir / name).write_text(text)

    def _run(self, *argv, check=True):
        with open(self.dir / 'log/commands.log', 'ab') as out:          # a file: the daemons keep what they were given
            done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out, timeout=60,
                                  env={**os.environ, 'PATH': '/usr/sbin:/usr/bin:/sbin:/bin'})
        if check and done.returncode:
            raise AssertionError(f'{argv}: {done.returncode}\n{self.log_text()}')

    def log_text(self):
        return ''.join(f'--- {p.name}\n{p.read_text(errors="replace")[-4000:]}' for p in sorted((self.dir / 'log').glob('*.log')))

    def __enter__(self):
        try:
            self._run('dovecot', '-c', str(self.dir / 'etc/dovecot.conf'))
            self._run('postfix', '-c', str(self.dir / 'etc'), 'start')
            end = time.monotonic() + 60
            for port in (self.smtp_port, self.imap_port):
                while True:
                    try:
                        socket.create_connection(('127.0.0.1', port), 1).close()
                        break
                    except OSError:
                        if time.monotonic() > end:
                            raise AssertionError('the mail host does not answer\n' + self.log_text())
                        time.sleep(0.1)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, kind, value, trace):
        if kind:
            print(self.log_text())
        self._run('postfix', '-c', str(self.dir / 'etc'), 'stop', check=False)
        self._run('doveadm', '-c', str(self.dir / 'etc/dovecot.conf'), 'stop', check=False)
        shutil.rmtree(self.dir, ignore_errors=True)

    def send(self, sender, recipients, message):
        """As a mail program of the customer would: over SMTP to Postfix."""
        data = message if isinstance(message, bytes) else message.encode()
        with smtplib.SMTP('127.0.0.1', self.smtp_port, timeout=60) as link:
            link.ehlo('pc-17.kunde.example')
            link.mail(sender, ['BODY=8BITMIME'])
            for r in recipients:
                code, text = link.rcpt(r)
                assert code == 250, (code, text)
            code, text = link.data(re.sub(rb'\r?\n', b'\r\n', data))
            assert code == 250, (code, text)

    def mailbox(self, box):
        """What Dovecot's IMAP shows: parsed mails in the order they came."""
        link = imaplib.IMAP4('127.0.0.1', self.imap_port)
        try:
            link.login(box, 'hemmelig')
            link.select('INBOX')
            found = link.search(None, 'ALL')[1][0].split()
            raw = [link.fetch(n, '(RFC822)')[1][0][1] for n in found]
        finally:
            link.logout()
        return [email.message_from_bytes(r, policy=email.policy.default) for r in raw]

    def wait(self, box, want, seconds=60):
        end = time.monotonic() + seconds
        while True:
            mails = self.mailbox(box)
            for m in mails:
                if want(m):
                    return m
            if time.monotonic() > end:
                raise AssertionError(f'no such mail at {box}; there are {[m["Subject"] for m in mails]}\n' + self.log_text())
            time.sleep(0.2)
