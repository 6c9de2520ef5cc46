"""mixed.py - everybody works at once, and keeps book of what Pedel acknowledged; afterwards all of it must be there, once.

    with MailSink() as sink, Pedel(smtp=sink.address) as p:
        work = Mixed(p, sink)
        work.begin(); ... kill what you like, start it again ...; work.end()
        work.check(test)

A mail is handed over again until it is accepted, as a mail server does; every other call is made once.
"""
import collections
import email
import email.policy
import http.client
import json
import random
import re
import smtplib
import threading
import time

from pedel import wait_until

BROKEN = (OSError, EOFError, http.client.HTTPException, json.JSONDecodeError, smtplib.SMTPException, AssertionError)
LOST = 'the last answer did not come'
KINDS = 'ticket', 'message', 'time', 'form', 'mail'


class Mixed:
    def __init__(self, p, sink, pause=0.01):
        self.p, self.sink, self.pause = p, sink, pause
        self.customer, self.owner, self.employee, _ = p.customer()
        p.sql("INSERT INTO setting(key,value) VALUES('desk.from','desk@test.example')")
        self.tickets = [p.ok('POST', '/api/v1/tickets', {'customer_id': self.customer['id'], 'contact_id': self.employee['id'],
                                                         'subject': f'grund {n}', 'body': 'x'})['id'] for n in range(4)]
        self.acked = collections.defaultdict(list)      # kind: what was acknowledged
        self.refused = collections.Counter()
        self.running = False
        self.noted = lambda kind, key: None             # called as soon as something is acknowledged
        self.cookie, self.fields = self.portal()

    def portal(self):
        b = self.p.browser()
        b.get('/login')
        b.submit('/login/mail', mail=self.employee['email'])
        link = re.search(r'/login/link/[0-9a-f]{64}', wait_until(lambda: self.p.sql("SELECT body FROM outbox WHERE kind='signin'"))[0][0]).group()
        b.get(link)
        b.submit(link)
        b.get('/portal/tasks/new')
        return '; '.join(f'{c.name}={c.value}' for c in b.jar), b.form('/portal/tasks')

    def note(self, kind, key):
        self.acked[kind].append(key)
        self.noted(kind, key)

    def call(self, kind, key, path, body):
        status, got = self.p.api('POST', path, {**body})
        if status == 201:
            self.note(kind, key)
        else:
            self.refused[f"{kind} {got['error']['id'] if isinstance(got, dict) else status}"] += 1

    def do_ticket(self, key):
        self.call('ticket', key, '/api/v1/tickets', {'customer_id': self.customer['id'], 'subject': f'kald {key}', 'body': 'x'})

    def do_message(self, key):
        self.call('message', key, f'/api/v1/tickets/{random.choice(self.tickets)}/messages', {'body': f'svar {key}', 'visibility': 'public'})

    def do_time(self, key):
        self.call('time', key, '/api/v1/time-entries', {'ticket_id': random.choice(self.tickets), 'activity': 'remote', 'minutes': 5,
                                                        'started_at': '2026-05-04T09:00:00+02:00', 'note': f'tid {key}'})

    def do_form(self, key):
        edge = 'edge' + key
        parts = {**self.fields, 'text': f'portal {key}'}
        body = ''.join(f'--{edge}\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in parts.items() if n != 'file')
        body += f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{key}.txt"\r\nContent-Type: text/plain\r\n\r\n{key * 40}\r\n--{edge}--\r\n'
        link = http.client.HTTPConnection('127.0.0.1', self.p.port, timeout=60)
        try:
            link.request('POST', '/portal/tasks', body.encode(), {'Cookie': self.cookie, 'Origin': self.p.base,
                                                                  'Content-Type': f'multipart/form-data; boundary={edge}'})
            answer = link.getresponse()
            answer.read()
        finally:
            link.close()
        if answer.status == 303 and 'done=sent' in answer.headers['Location']:
            self.note('form', key)
        else:
            self.refused[f'form {answer.status}'] += 1

    def do_mail(self, key):
        text = (f'From: Karen <karen@soenderskov.example>\nTo: desk@test.example\nSubject: brev {key}\nMessage-ID: <{key}@soenderskov.example>\n'
                f'Date: Mon, 16 Nov 2026 09:00:00 +0100\n\nHej {key}\n')
        while self.running:
            try:
                got = self.p.lmtp_send('karen@soenderskov.example', ['desk@test.example'], text)['desk@test.example']
                if got[0] == 250:
                    return self.note('mail', key)
                self.refused[f'mail {got[0]}'] += 1
                if got[0] // 100 != 4:
                    return None
            except BROKEN:
                self.refused['mail ' + LOST] += 1
            time.sleep(0.05)

    def run(self, do):
        while self.running:
            try:
                do(f'{random.randrange(1 << 48):012x}')
            except BROKEN:
                self.refused[f'{do.__name__[3:]} {LOST}'] += 1
                time.sleep(0.02)
            time.sleep(random.random() * 2 * self.pause)

    def begin(self):
        self.running = True
        self.threads = [threading.Thread(target=self.run, args=(do,), daemon=True)
                        for do in (self.do_ticket, self.do_message, self.do_time, self.do_form, self.do_mail, self.do_mail)]
        for t in self.threads:
            t.start()
        self.of_each()

    def of_each(self):
        """Waits until something of each kind was acknowledged."""
        wait_until(lambda: all(self.acked[kind] for kind in KINDS))

    def end(self):
        self.running = False
        for t in self.threads:
            t.join(90)

    def settled(self, p):
        """Nothing waits any more, neither in nor out."""
        waits = p.sql("SELECT (SELECT count(*) FROM mail_in WHERE state='waiting'),(SELECT count(*) FROM outbox WHERE state='waiting')")[0]
        return waits == ('0', '0')

    def wrong(self, acked=None, p=None, mails=None, seconds=120):
        """What is not as it was acknowledged, in words; [] is right. Waits until the queues are empty. Another Pedel p that goes on
        with the same data is asked instead of the first one when it is given, and mails() is all that was sent by then."""
        acked = self.acked if acked is None else acked
        p = p or self.p
        bad = []
        try:
            wait_until(lambda: self.settled(p), seconds, 0.1)
        except AssertionError:
            bad.append('queues do not empty: ' + repr(p.sql("SELECT id,tries,note FROM mail_in WHERE state='waiting'")
                                                      + p.sql("SELECT id,tries,error FROM outbox WHERE state='waiting'"))[:500])
        have = {
            'ticket': collections.Counter(r[0] for r in p.sql("SELECT substr(subject,6) FROM ticket WHERE subject LIKE 'kald %'")),
            'message': collections.Counter(r[0] for r in p.sql("SELECT substr(body,6) FROM message WHERE body LIKE 'svar %'")),
            'time': collections.Counter(r[0] for r in p.sql("SELECT substr(note,5) FROM time_entry WHERE note LIKE 'tid %'")),
            'form': collections.Counter(r[0] for r in p.sql("SELECT substr(subject,8) FROM ticket WHERE subject LIKE 'portal %'")),
            'mail': collections.Counter(r[0] for r in p.sql("SELECT substr(subject,6) FROM ticket WHERE subject LIKE 'brev %'")),
        }
        for kind, keys in acked.items():
            missing = [k for k in keys if have[kind][k] == 0]
            if missing:
                bad.append(f'{len(missing)} of {len(keys)} acknowledged are gone ({kind}): {missing[:3]}')
        for kind, found in have.items():
            twice = [k for k, n in found.items() if n > 1]
            if twice:
                bad.append(f'{len(twice)} are there twice ({kind}): {twice[:3]}')
        return bad + self.wrong_mails(p, mails() if mails else self.sink.raw(), have['message'])

    def wrong_mails(self, p, raw, answers):
        """Every mail that was queued reached the mail server; one that came twice came as the same mail."""
        by_id, bodies, bad = {}, set(), []
        self.repeats = 0
        for data in raw:
            mid = re.search(rb'(?im)^Message-ID:\s*<([^>]+)>', data).group(1).decode()
            if mid in by_id:
                self.repeats += 1
                if by_id[mid] != data:
                    bad.append(f'{mid} was sent twice, and not the same')
                continue
            by_id[mid] = data
            text = email.message_from_bytes(data, policy=email.policy.default).get_body(('plain',)).get_content()
            bodies.update(re.findall(r'svar ([0-9a-f]{12})', text))
        self.sent = len(by_id)
        missing = [m for m, in p.sql("SELECT message_id FROM outbox WHERE state='sent'") if m not in by_id]
        if missing:
            bad.append(f'{len(missing)} mails are called sent and were not: {missing[:3]}')
        missing = [k for k in answers if k not in bodies]
        if missing:
            bad.append(f'{len(missing)} answers stand in the desk, their mails were never sent: {missing[:3]}')
        failed = p.sql("SELECT id,error FROM outbox WHERE state NOT IN ('sent','waiting','held')")
        return bad + ([f'mails given up: {failed[:3]}'] if failed else [])

    def check(self, test, seconds=120):
        test.assertEqual(self.wrong(seconds=seconds), [])
        for kind in KINDS:
            test.assertTrue(self.acked[kind], f'nothing of kind {kind} was acknowledged: {dict(self.refused)}')

    def counts(self):
        return ', '.join(f'{len(v)} {k}' for k, v in sorted(self.acked.items())) + f'; {self.sent} mails sent, {self.repeats} of them again'
