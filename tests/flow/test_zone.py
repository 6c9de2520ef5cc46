#!/usr/bin/env python3
"""The machine's time zone means nothing: every program reckons in Europe/Copenhagen, whatever TZ says."""
import datetime
import re
import unittest
import zoneinfo

from pedel import Pedel

COPENHAGEN = zoneinfo.ZoneInfo('Europe/Copenhagen')


def local(us):
    return datetime.datetime.fromtimestamp(int(us) / 1e6, COPENHAGEN)


def demo_told(zone):
    """What the demo and the server say of the same moments on a machine in that zone."""
    with Pedel(empty=True, start=False, env={'TZ': zone}) as p:
        p.cli('demo', '--data', p.data)
        broken = p.sql("SELECT s.since_at,m.body FROM promise_state s JOIN ticket t ON t.id=s.ticket_id "
                       "JOIN message m ON m.ticket_id=t.id WHERE s.state='broken' AND m.body LIKE '%Brudt siden:%'")
        # those that the story puts at a minute of the clock; the others lie so much service time before the demo was made
        opened = [f'{local(at):%H.%M}' for (at,) in p.sql("SELECT created_at FROM ticket WHERE channel='portal' AND created_at%60000000=0 ORDER BY created_at,id")]
        p.cli('verify', '--data', p.data)
        p.start()
        b = p.browser()
        b.sign_in('mette', 'pedel-demo-2026')
        number, due = p.sql("SELECT number,response_due_at FROM ticket WHERE channel='system' AND state NOT IN('solved','closed') ORDER BY number LIMIT 1")[0]
        page, row = b.get(f'/console/tickets/{number}').text, b.get('/console/tickets').text
        return broken, opened, number, due, page, row


class Zone(unittest.TestCase):
    def test_demo_and_server(self):
        hours = {}
        for zone in ('UTC', 'America/New_York', 'Europe/Copenhagen'):
            with self.subTest(zone=zone):
                broken, opened, number, due, page, row = demo_told(zone)
                self.assertTrue(broken)
                for since, text in broken:
                    t = local(since)
                    self.assertIn(f'Brudt siden: {t.day}.{t.month}.{t.year} kl. {t:%H.%M}', text)
                self.assertGreater(len(opened), 5)
                hours[zone] = opened
                # the due time in the list, on the ticket's own page, and as it stands in the database
                due = f'{local(due):%H.%M}'
                self.assertIn(due, page)
                self.assertRegex(row, re.compile(rf'/console/tickets/{number}\b.*?{re.escape(due)}', re.S))
        self.assertEqual(hours['UTC'], hours['Europe/Copenhagen'])
        self.assertEqual(hours['America/New_York'], hours['Europe/Copenhagen'])


if __name__ == '__main__':
    unittest.main()
