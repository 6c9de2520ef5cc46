"""mailsink.py - an SMTP server that keeps what it gets; can be told to refuse for a while."""
import contextlib
import email
import email.policy
import socketserver
import threading
import time

from pedel import Pedel


class MailSink:
    def __init__(self):
        self.mails, self.refuse, self.lock = [], False, threading.Lock()
        self.noted = lambda number: None        # called for each mail before it is acknowledged
        sink = self

        class Talk(socketserver.StreamRequestHandler):
            disable_nagle_algorithm = True

            def handle(self):
                with contextlib.suppress(OSError):      # whoever talks to us may be killed in the middle
                    self.talk()

            def talk(self):
                def say(text):
                    self.wfile.write(text.encode() + b'\r\n')
                    self.wfile.flush()
                say('220 sink ESMTP')
                sender, to = '', []
                while True:
                    line = self.rfile.readline()
                    if not line:
                        return
                    word = line.strip().upper()
                    if word.startswith((b'EHLO', b'HELO')):
                        say('250-sink')
                        say('250-8BITMIME')
                        say('250 SMTPUTF8')
                    elif word.startswith(b'MAIL'):
                        sender, to = line.decode(errors='replace').split('<', 1)[1].split('>')[0], []
                        say('451 4.3.0 not now' if sink.refuse else '250 ok')
                    elif word.startswith(b'RCPT'):
                        to.append(line.decode(errors='replace').split('<', 1)[1].split('>')[0])
                        say('250 ok')
                    elif word.startswith(b'DATA'):
                        say('354 go on')
                        data = b''
                        while True:
                            part = self.rfile.readline()
                            if not part:            # cut off in the middle: not taken
                                return
                            if part == b'.\r\n':
                                break
                            data += part[1:] if part.startswith(b'..') else part
                        with sink.lock:
                            sink.mails.append((sender, to, data))
                            sink.noted(len(sink.mails) - 1)
                        say('250 taken')
                    elif word.startswith(b'QUIT'):
                        say('221 bye')
                        return
                    else:
                        say('250 ok')

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        self.server = Server(('127.0.0.1', 0), Talk)
        self.address = '127.0.0.1:%d' % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def raw(self):
        with self.lock:
            return [data for _, _, data in self.mails]

    def parsed(self):
        with self.lock:
            return [(s, t, email.message_from_bytes(d, policy=email.policy.default)) for s, t, d in self.mails]

    def wait(self, want, seconds=60):
        """The first mail for which want(sender, recipients, message) holds."""
        end = time.monotonic() + seconds
        while True:
            for sender, to, message in self.parsed():
                if want(sender, to, message):
                    return message
            if time.monotonic() > end:
                raise AssertionError('no such mail; have: ' + repr([(t, m['Subject']) for _, t, m in self.parsed()]))
            time.sleep(0.1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def with_post(cls):
    """In setUpClass: cls.p is a Pedel (on PostgreSQL when cls.pg says so) whose mails go to cls.sink; both end with the class."""
    cls.sink = MailSink()
    cls.addClassCleanup(cls.sink.__exit__, None, None, None)
    cls.p = Pedel(pg=cls.pg, smtp=cls.sink.address)
    cls.addClassCleanup(cls.p.__exit__, None, None, None)
