#!/usr/bin/env python3
"""Mail through a real Postfix and a real Dovecot: a task by mail, its answers, and everything that goes wrong with mail."""
import email.message
import email.utils
import os
import pathlib
import signal
import sqlite3
import subprocess
import time
import unittest

from mailhost import MailHost, usable
from pedel import Pedel, cvr, wait_until

DESK = 'support@desk.example'


def mail(sender, subject, text, to=DESK, **headers):
    m = email.message.EmailMessage()
    m['From'], m['To'], m['Subject'], m['Date'] = sender, to, subject, email.utils.formatdate(localtime=True)
    m['Message-ID'] = headers.pop('message_id', None) or email.utils.make_msgid(domain='kunde.example')
    for name, value in headers.items():
        m[name.replace('_', '-')] = value
    m.set_content(text)
    return m.as_bytes()


@unittest.skipUnless(usable(), 'needs root, Postfix and Dovecot')
class Mail(unittest.TestCase):
    pg = False

    @classmethod
    def setUpClass(cls):
        cls.p = Pedel(pg=cls.pg, start=False)
        cls.addClassCleanup(cls.p.__exit__, None, None, None)
        from pedel import free_port
        cls.p.lmtp = free_port()
        cls.host = MailHost(cls.p.lmtp, ['karen@kunde.example', 'birgitte@kunde.example', 'hans@nabo.example'], lost=['gone@kunde.example'])
        cls.host.__enter__()
        cls.addClassCleanup(cls.host.__exit__, None, None, None)
        cls.p.smtp = cls.host.smtp
        cls.sql("INSERT INTO setting(key,value) VALUES('desk.from','Fjordkant IT Support <support@desk.example>')")
        cls.p.start()
        cls.kunde, _, cls.karen, _ = cls.p.customer(seed=11, name='Kunde ApS', domain='kunde.example')
        cls.nabo, _, _, _ = cls.p.customer(seed=12, name='Nabo ApS', domain='nabo.example')

    @classmethod
    def sql(cls, text):
        """Straight at the database: what no page or API shows."""
        if cls.pg:
            url = cls.p.db[1]
            out = subprocess.run(['psql', url, '-qAtc', text], check=True, capture_output=True, text=True).stdout
            return [tuple(line.split('|')) for line in out.splitlines()]
        with sqlite3.connect(cls.p.data / 'pedel.db', timeout=60) as db:
            return [tuple('' if v is None else str(v) for v in row) for row in db.execute(text).fetchall()]

    def tickets(self, subject):
        return [t for t in self.p.ok('GET', '/api/v1/tickets?limit=200')['items'] if t['subject'] == subject]

    def ticket(self, subject):
        return wait_until(lambda: self.tickets(subject))[0]

    def messages(self, ticket):
        return self.p.ok('GET', f"/api/v1/tickets/{ticket['id']}/messages")['items']

    def grown(self, ticket, n):
        """The ticket's messages, once there are n."""
        got = wait_until(lambda: (lambda m: m if len(m) >= n else None)(self.messages(ticket)))
        self.assertEqual(len(got), n, [m['body'] for m in got])
        return got

    def settled(self):
        wait_until(lambda: self.sql("SELECT COUNT(*) FROM mail_in WHERE state='waiting'")[0][0] == '0')

    def opened(self, subject, sender='karen@kunde.example', text='Den skriver kun hvide sider.'):
        self.host.send(sender, [DESK], mail(f'Karen Holm <{sender}>', subject, text))
        return self.ticket(subject)

    def test_a_task_by_mail_is_answered_and_the_answer_answered(self):
        first = mail('Karen Holm <karen@kunde.example>', 'Printeren på lageret', 'Den skriver kun hvide sider.\n\nKaren', message_id='<first-1@kunde.example>')
        self.host.send('karen@kunde.example', [DESK], first)
        t = self.ticket('Printeren på lageret')
        self.assertEqual(t['customer_id'], self.kunde['id'])
        self.assertEqual(t['contact_id'], self.karen['id'])
        self.assertEqual(t['channel'], 'mail')
        hello = self.host.wait('karen@kunde.example', lambda m: m['In-Reply-To'] == '<first-1@kunde.example>')
        self.assertEqual(hello['Auto-Submitted'], 'auto-replied')
        self.assertIn(f"[#{t['number']}]", hello['Subject'])
        self.assertIn(str(t['number']), hello.get_body(('plain',)).get_content())
        self.assertEqual(email.utils.parseaddr(hello['From']), ('Fjordkant IT Support', DESK))

        self.p.ok('POST', f"/api/v1/tickets/{t['id']}/messages", {'body': 'Prøv at skifte tromlen – og ring på 12 34 56 78.', 'visibility': 'public'})
        self.p.ok('POST', f"/api/v1/tickets/{t['id']}/messages", {'body': 'Tromlen er 6 år gammel.', 'visibility': 'internal'})
        answer = self.host.wait('karen@kunde.example', lambda m: 'skifte tromlen' in m.get_body(('plain',)).get_content())
        self.assertIsNone(answer['Auto-Submitted'])
        self.assertEqual(answer['References'], '<first-1@kunde.example> ' + hello['Message-ID'])
        self.assertEqual(answer['In-Reply-To'], '<first-1@kunde.example>')
        self.assertEqual(answer['Thread-Topic'], 'Printeren på lageret')
        self.assertIn('Prøv at skifte tromlen – og ring', answer.get_body(('html',)).get_content())
        self.assertTrue(answer['Message-ID'].startswith(f"<t.{t['number']}."))

        # she answers; a colleague, who was only copied in, answers the very first mail; both come to the same place
        self.host.send('karen@kunde.example', [DESK], mail('karen@kunde.example', 'SV: helt andet emne',
                       'Det virker!\n\nDen man. 16. nov. 2026 kl. 10.02 skrev Support:\n> Prøv at skifte', In_Reply_To=answer['Message-ID']))
        self.grown(t, 4)
        self.host.send('birgitte@kunde.example', [DESK], mail('birgitte@kunde.example', 'SV: Printeren på lageret', 'Også hos mig.',
                       In_Reply_To='<first-1@kunde.example>'))
        got = self.grown(t, 5)
        self.assertEqual([m['visibility'] for m in got], ['public', 'public', 'internal', 'public', 'public'])
        self.assertTrue(got[3]['body'].startswith('Det virker!'))
        self.assertEqual(self.tickets('SV: helt andet emne'), [])
        self.assertFalse([m for m in self.host.mailbox('karen@kunde.example') if '6 år gammel' in m.as_string()])

    def test_another_customer_reaches_nothing_by_number_or_by_id(self):
        t = self.opened('Hemmeligt')
        hello = self.host.wait('karen@kunde.example', lambda m: f"[#{t['number']}]" in m['Subject'])
        self.host.send('hans@nabo.example', [DESK], mail('hans@nabo.example', f"SV: [#{t['number']}] nysgerrig", 'Hvad står der?'))
        self.host.send('hans@nabo.example', [DESK], mail('hans@nabo.example', 'SV: Hemmeligt nysgerrig', 'Og her?', In_Reply_To=hello['Message-ID'],
                       References=hello['In-Reply-To'] + ' ' + hello['Message-ID']))
        for subject in (f"SV: [#{t['number']}] nysgerrig", 'SV: Hemmeligt nysgerrig'):
            self.assertEqual(self.ticket(subject)['customer_id'], self.nabo['id'])
        self.assertEqual(len(self.messages(t)), 1)

    def test_somebody_unknown_becomes_a_ticket_without_customer(self):
        self.host.send('nn@fremmed.example', [DESK], mail('N. N. <nn@fremmed.example>', 'Tilbud på drift?', 'Hvad koster det?'))
        t = self.ticket('Tilbud på drift?')
        self.assertIsNone(t.get('customer_id'))
        refused = self.grown(t, 2)[1]           # Postfix takes nothing for fremmed.example: told on the ticket, and never tried again
        self.assertEqual(refused['visibility'], 'internal')
        self.assertIn('nn@fremmed.example', refused['body'])
        self.assertEqual(self.sql(f"SELECT state,tries FROM outbox WHERE ticket_id={t['id']}"), [('failed', '1')])

    def test_the_same_mail_twice_is_one_ticket(self):
        raw = mail('karen@kunde.example', 'Dobbelt', 'Kom den to gange?')
        self.host.send('karen@kunde.example', [DESK], raw)
        self.ticket('Dobbelt')
        self.host.send('karen@kunde.example', [DESK], raw)                              # by another way: other Received lines
        self.host.send('karen@kunde.example', ['helpdesk@desk.example'], raw)           # to another address of ours
        self.p.lmtp_send('karen@kunde.example', [DESK], raw)
        self.p.lmtp_send('karen@kunde.example', [DESK], raw)                            # the very same bytes
        wait_until(lambda: int(self.sql("SELECT COUNT(*) FROM mail_in WHERE state='duplicate'")[0][0]) >= 3)
        self.settled()
        self.assertEqual(len(self.tickets('Dobbelt')), 1)
        self.assertEqual(len(self.messages(self.ticket('Dobbelt'))), 1)

    def test_the_same_mail_twice_without_a_usable_id_is_one_ticket(self):
        def raw(n, *head, text='Kom den to gange?'):
            return '\r\n'.join(['Received: from a by b; %d' % n, 'From: karen@kunde.example', 'To: ' + DESK, *head, '', text, '']).encode()
        date = 'Date: Mon, 16 Nov 2026 10:00:00 +0100'
        kinds = {'Uden id': (date,), 'For kort': (date, 'Message-ID: <abc1>'), 'Uden domaene': (date, 'Message-ID: <dup1@n>'),
                 'Uden id og dato': (), 'Ikke et id': (date, 'Message-ID: 20261116.abcdefghij')}
        for subject, head in kinds.items():
            for n in range(3):
                self.assertEqual(self.p.lmtp_send('karen@kunde.example', [DESK], raw(n, f'Subject: {subject}', *head))[DESK][0], 250)
        # the same poor id on another mail is another mail; so is the same mail of somebody else
        self.p.lmtp_send('karen@kunde.example', [DESK], raw(1, 'Subject: For kort', date, 'Message-ID: <abc1>', text='Noget andet'))
        self.p.lmtp_send('hans@nabo.example', [DESK], raw(9, 'Subject: Uden id', date))
        wait_until(lambda: self.tickets('Uden id'))
        self.settled()
        self.assertEqual({s: len(self.tickets(s)) for s in kinds}, {'Uden id': 2, 'For kort': 2, 'Uden domaene': 1, 'Uden id og dato': 1, 'Ikke et id': 1})
        # a device that says the same with no date of its own says it again, when long enough has gone
        self.sql("UPDATE mail_in SET received_at=received_at-11000000000 WHERE state='done'")
        for subject in ('Uden id og dato', 'Uden domaene'):
            self.p.lmtp_send('karen@kunde.example', [DESK], raw(7, f'Subject: {subject}', *kinds[subject]))
        wait_until(lambda: len(self.tickets('Uden id og dato')) == 2)
        self.settled()
        self.assertEqual(len(self.tickets('Uden domaene')), 1)

    def test_the_same_bytes_of_two_senders_are_two_and_come_again_later(self):
        """Neither says who or when it is: what was answered with 250 is there, and a retry is the same mail."""
        raw = b'Subject: Ens besked\r\n\r\nDer er papirstop.\r\n'

        def send(sender):
            self.assertEqual(self.p.lmtp_send(sender, [DESK], raw)[DESK][0], 250)
        send('karen@kunde.example')
        send('hans@nabo.example')
        wait_until(lambda: len(self.tickets('Ens besked')) == 2)
        send('karen@kunde.example')
        self.settled()
        self.assertEqual(sorted(t['customer_id'] for t in self.tickets('Ens besked')), sorted([self.kunde['id'], self.nabo['id']]))
        self.sql("UPDATE mail_in SET received_at=received_at-11000000000 WHERE state='done'")
        send('karen@kunde.example')
        wait_until(lambda: len(self.tickets('Ens besked')) == 3)

    def test_automatic_answers_are_kept_and_never_answered(self):
        t = self.opened('Ferie')
        hello = self.host.wait('karen@kunde.example', lambda m: f"[#{t['number']}]" in m['Subject'])
        before = self.sql('SELECT COUNT(*) FROM outbox')
        for i in range(3):
            self.host.send('karen@kunde.example', [DESK], mail('karen@kunde.example', f"Autosvar: Ferie [#{t['number']}]", f'Jeg er på ferie {i}.',
                           Auto_Submitted='auto-replied', In_Reply_To=hello['Message-ID']))
        got = self.grown(t, 4)
        self.assertEqual([m['visibility'] for m in got], ['public'] + ['internal'] * 3)
        self.assertEqual(self.sql('SELECT COUNT(*) FROM outbox'), before)
        self.assertEqual(self.p.ok('GET', f"/api/v1/tickets/{t['id']}")['state'], 'new')

    def test_what_a_program_sent_starts_no_clock_before_somebody_takes_it(self):
        self.host.send('karen@kunde.example', [DESK], mail('karen@kunde.example', 'Scanneren: toner lav', 'Sendt af scanneren.', Auto_Submitted='auto-generated'))
        t = self.ticket('Scanneren: toner lav')
        self.assertFalse(t.get('response_due_at') or t.get('solution_due_at'), t)
        t = self.p.ok('PATCH', f"/api/v1/tickets/{t['id']}", {'priority': 'important'})
        self.assertTrue(t['response_due_at'] and t['solution_due_at'], t)
        work = {'activity': 'remote', 'started_at': time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(time.time() - 3600)), 'minutes': 5}
        desk = self.p.browser().sign_in('admin', self.p.password)
        handled = [('slags', lambda t: self.p.ok('PATCH', f"/api/v1/tickets/{t['id']}", {'type': 'request'}), True),
                   ('kategori', lambda t: self.p.ok('PATCH', f"/api/v1/tickets/{t['id']}", {'category': 'mail'}), True),
                   ('tid', lambda t: self.p.ok('POST', '/api/v1/time-entries', {'ticket_id': t['id'], **work}), True),
                   ('tid på siden', lambda t: desk.get(f"/console/tickets/{t['number']}").submit(
                       f"/console/tickets/{t['number']}/messages", kind='note', body='Set på den', minutes='0:05', activity='remote'), True),
                   ('note', lambda t: self.p.ok('POST', f"/api/v1/tickets/{t['id']}/messages", {'visibility': 'internal', 'body': 'Er det spam?'}), False),
                   ('emne', lambda t: self.p.ok('PATCH', f"/api/v1/tickets/{t['id']}", {'subject': t['subject'] + '!'}), False),
                   ('løst og fortrudt', lambda t: [self.p.ok('PATCH', f"/api/v1/tickets/{t['id']}", {'state': s}) for s in ('solved', 'new')], False)]
        for word, do, starts in handled:
            self.host.send('karen@kunde.example', [DESK], mail('karen@kunde.example', f'Scanneren: {word}', 'Sendt af den.', Auto_Submitted='auto-generated'))
        for word, do, starts in handled:
            with self.subTest(word=word):
                t = self.ticket(f'Scanneren: {word}')
                do(t)
                t = self.p.ok('GET', f"/api/v1/tickets/{t['id']}")
                self.assertEqual([bool(t.get('response_due_at')), bool(t.get('solution_due_at'))], [starts, starts], t)

    def test_a_mail_from_a_customer_that_has_ended_waits_to_be_placed(self):
        gone, who, _, _ = self.p.customer(seed=870, name='Forbi ApS', domain='forbi.example')
        self.p.ok('PATCH', f"/api/v1/customers/{gone['id']}", {'active': False, 'version': self.p.ok('GET', f"/api/v1/customers/{gone['id']}")['version']})
        for sender, subject in ((who['email'], 'Vores data'), ('ukendt@forbi.example', 'Og mine')):
            self.assertEqual(self.p.lmtp_send(sender, [DESK], mail(sender, subject, 'Hvor er de?'))[DESK][0], 250)
            t = self.ticket(subject)
            self.assertEqual((t.get('customer_id'), t['from_email']), (None, sender))
            self.assertEqual(self.sql(f"SELECT COUNT(*) FROM event WHERE kind='ticket.unplaced' AND object='ticket' AND object_id={t['id']}"), [('1',)])

    def test_a_bounce_is_attached_to_what_bounced(self):
        gone = self.p.ok('POST', f"/api/v1/customers/{self.kunde['id']}/contacts", {'name': 'Gone', 'email': 'gone@kunde.example', 'role': 'employee'})
        t = self.opened('Fra en der er væk', sender='gone@kunde.example')
        got = self.grown(t, 2)          # the confirmation came back
        self.assertEqual(got[1]['visibility'], 'internal')
        self.assertTrue(got[1]['files'] if 'files' in got[1] else True)
        self.assertNotEqual(self.sql(f"SELECT bounced_at FROM contact WHERE id={gone['id']}")[0][0], '0')
        self.assertEqual(int(self.sql("SELECT COUNT(*) FROM ticket WHERE from_email LIKE 'mailer-daemon%'")[0][0]), 0)

    def test_what_cannot_be_read_becomes_a_ticket_with_the_raw_mail(self):
        broken = (b'From: karen@kunde.example\r\nTo: support@desk.example\r\nSubject: =?utf-8?B?zzzz?= br\xe6kket\r\nMessage-ID: <broken-1@kunde.example>\r\n'
                  b'Content-Type: multipart/mixed; boundary="x"\r\n\r\n--x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nBl\xe5b\xe6r \xff\xfe\r\n--y\r\n')
        self.host.send('karen@kunde.example', [DESK], broken)
        t = wait_until(lambda: [t for t in self.p.ok('GET', '/api/v1/tickets?limit=200')['items'] if 'brækket' in t['subject']])[0]
        self.assertIn('Blåbær', self.messages(t)[0]['body'])
        huge = b'From: karen@kunde.example\r\nSubject: x\r\n' + b'X-Junk: ' + b'a' * 900 + b'\r\n' * 1 + (b'X-More: ' + b'b' * 900 + b'\r\n') * 400 + b'\r\nx\r\n'
        self.assertEqual(self.p.lmtp_send('karen@kunde.example', [DESK], huge)[DESK][0], 250)
        t = self.ticket('Mail, der ikke kunne læses')
        files = self.sql(f"SELECT name,sha256 FROM attachment WHERE ticket_id={t['id']}")
        self.assertEqual(files[0][0], 'mail.eml')
        kept = (self.p.data / 'blobs' / files[0][1][:2] / files[0][1][2:])
        self.assertEqual(kept.read_bytes(), huge)

    def test_attachments_go_both_ways(self):
        m = email.message.EmailMessage()
        m['From'], m['To'], m['Subject'], m['Message-ID'] = 'karen@kunde.example', DESK, 'Med bilag', '<bilag-1@kunde.example>'
        m.set_content('Se bilaget.')
        m.add_attachment(os.urandom(3 << 20), maintype='application', subtype='pdf', filename='Årsrapport 2026.pdf')
        self.host.send('karen@kunde.example', [DESK], m.as_bytes())
        t = self.ticket('Med bilag')
        self.assertEqual(self.sql(f"SELECT name,bytes FROM attachment WHERE ticket_id={t['id']}"), [('Årsrapport 2026.pdf', str(3 << 20))])

    def test_nothing_acknowledged_is_lost_when_the_server_is_killed(self):
        subjects = [f'Lige før strømmen gik {i}' for i in range(10)]
        for s in subjects:
            self.assertEqual(self.p.lmtp_send('karen@kunde.example', [DESK], mail('karen@kunde.example', s, 'x'))[DESK][0], 250)
        self.p.stop(signal.SIGKILL)
        time.sleep(1)                   # the kernel ends the rest
        self.p.start()
        for s in subjects:
            self.ticket(s)
            self.assertEqual(len(self.tickets(s)), 1)

    def test_only_listed_addresses_are_refused_others_never(self):
        self.assertEqual(self.p.lmtp_send('a@b.example', ['hvem-som-helst@desk.example'], mail('a@b.example', 'Til hvem som helst', 'x'))
                         ['hvem-som-helst@desk.example'][0], 250)
        self.sql("INSERT INTO setting(key,value) VALUES('mail.addresses','support@desk.example, @drift.example')")
        try:
            for address, code in (('support@desk.example', 250), ('SUPPORT+123@desk.example', 250), ('alt@drift.example', 250), ('salg@desk.example', 550)):
                self.assertEqual(self.p.lmtp_send('a@b.example', [address], mail('a@b.example', f'Til {address}', 'x'))[address][0], code, address)
        finally:
            self.sql("DELETE FROM setting WHERE key='mail.addresses'")

    def test_the_probe_leaves_nothing(self):
        p = self.p.ok('POST', '/api/v1/customers', {'name': 'Probe', 'cvr': cvr(13), 'mail_domains': ['probe.example'], 'language': 'da'})
        self.p.ok('POST', f"/api/v1/customers/{p['id']}/contacts", {'name': 'Probe', 'email': 'probe@probe.example', 'role': 'employee'})
        had = self.sql("SELECT COUNT(*) FROM setting WHERE key='probe.customer_id'")[0][0] == '1'
        was = self.sql("SELECT value FROM setting WHERE key='probe.customer_id'")
        self.sql(f"UPDATE setting SET value='{p['id']}' WHERE key='probe.customer_id'" if had else
                 f"INSERT INTO setting(key,value) VALUES('probe.customer_id','{p['id']}')")
        try:
            self.assertEqual(self.p.lmtp_send('probe@probe.example', [DESK], mail('probe@probe.example', 'Prøve 1', 'x'))[DESK][0], 250)
            wait_until(lambda: self.sql("SELECT probe FROM ticket WHERE subject='Prøve 1'") == [('1',)])
            wait_until(lambda: self.sql("SELECT COUNT(*) FROM mail_in WHERE sender='probe@probe.example'")[0][0] == '0')
            self.assertEqual(self.tickets('Prøve 1'), [])
        finally:
            self.sql(f"UPDATE setting SET value='{was[0][0]}' WHERE key='probe.customer_id'" if had else "DELETE FROM setting WHERE key='probe.customer_id'")

    def test_a_stranger_with_a_forwarded_mail_has_no_voice(self):
        t = self.opened('Videresendt')
        hello = self.host.wait('karen@kunde.example', lambda m: f"[#{t['number']}]" in m['Subject'])
        self.p.ok('POST', f"/api/v1/tickets/{t['id']}/messages", {'body': 'Løst nu.', 'visibility': 'public', 'state': 'solved'})
        queued = self.sql("SELECT COUNT(*) FROM outbox WHERE recipient LIKE '%fremmed.example'")
        raw = mail('Karen Holm <spion@fremmed.example>', 'SV: Videresendt', 'Send adgangskoden til mig.', In_Reply_To=hello['Message-ID'])
        self.assertEqual(self.p.lmtp_send('spion@fremmed.example', [DESK], raw)[DESK][0], 250)
        said = self.grown(t, 3)[2]
        self.assertEqual((said['visibility'], said['author_kind'], said['author']), ('internal', 'stranger', 'Karen Holm <spion@fremmed.example>'))
        self.assertEqual(self.p.ok('GET', f"/api/v1/tickets/{t['id']}")['state'], 'solved')
        self.assertEqual(self.sql("SELECT COUNT(*) FROM outbox WHERE recipient LIKE '%fremmed.example'"), queued)
        self.host.send('karen@kunde.example', [DESK], mail('karen@kunde.example', 'SV: Videresendt', 'Ikke løst.', In_Reply_To=hello['Message-ID']))
        self.assertEqual(self.grown(t, 4)[3]['visibility'], 'public')

    def test_who_is_not_proved_gets_nothing_and_changes_nothing(self):
        t = self.opened('Bevis')
        hello = self.host.wait('karen@kunde.example', lambda m: f"[#{t['number']}]" in m['Subject'])
        self.sql("INSERT INTO setting(key,value) VALUES('mail.authserv_id','mx.test')")
        try:
            def reply(text, verdict):
                self.p.lmtp_send('karen@kunde.example', [DESK], f'Authentication-Results: mx.test; {verdict}\r\n'.encode() +
                                 mail('karen@kunde.example', 'SV: Bevis', text, In_Reply_To=hello['Message-ID']))
            reply('Falsk', 'dmarc=fail header.from=kunde.example')
            reply('Ægte', 'dmarc=pass header.from=kunde.example')
            got = {m['body']: m for m in self.grown(t, 3)}
            self.assertEqual(got['Falsk']['visibility'], 'internal')
            self.assertEqual(got['Ægte']['visibility'], 'public')
        finally:
            self.sql("DELETE FROM setting WHERE key='mail.authserv_id'")


@unittest.skipUnless(usable() and os.environ.get('PEDEL_TEST_PG'), 'needs root, Postfix, Dovecot and a PostgreSQL (tests/with_postgres.py)')
class MailOnPostgres(Mail):
    pg = True


if __name__ == '__main__':
    unittest.main(verbosity=2)
