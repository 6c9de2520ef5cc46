#!/usr/bin/env python3
"""show_mail.py PORTFILE - a mail server for trying things out: takes every mail and prints it, passes none on. Ends with its parent.

Its port is chosen by the kernel and written into PORTFILE."""
import email
import email.policy
import os
import pathlib
import socketserver
import sys
import threading
import time


class Taker(socketserver.StreamRequestHandler):
    def say(self, text):
        self.wfile.write(text.encode() + b'\r\n')

    def handle(self):
        self.say('220 show_mail')
        to = []
        while line := self.rfile.readline(2000):
            word = line.strip().decode(errors='replace')
            verb = word.upper()
            if verb.startswith('RCPT TO:'):
                to.append(word[8:].split('>')[0].strip(' <'))
                self.say('250 OK')
            elif verb == 'DATA':
                self.say('354 go on')
                body = b''
                while (line := self.rfile.readline(100000)) and line != b'.\r\n':
                    body += line[1:] if line.startswith(b'..') else line
                show(to, body)
                to = []
                self.say('250 taken')
            elif verb == 'QUIT':
                self.say('221 bye')
                return
            else:
                self.say('250 OK')


def show(to, raw):
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    part = mail.get_body(('plain',))
    text = part.get_content() if part else ''
    lines = [f'--- mail to {", ".join(to)}: {mail["Subject"]}', *text.rstrip().splitlines(), '---']
    print('\n'.join(lines), flush=True)


def main():
    parent = os.getppid()
    with socketserver.ThreadingTCPServer(('127.0.0.1', 0), Taker) as server:
        server.daemon_threads = True
        pathlib.Path(sys.argv[1]).write_text(str(server.server_address[1]))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        while os.getppid() == parent:
            time.sleep(0.5)
    pathlib.Path(sys.argv[1]).unlink(missing_ok=True)


if __name__ == '__main__':
    main()
