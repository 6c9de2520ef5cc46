#!/usr/bin/env python3
"""People at the desk and in the portal, without JavaScript: what the pages offer can be done."""
import re
import unittest

from pedel import Form, Pedel


class People(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.p = Pedel()
        cls.addClassCleanup(cls.p.__exit__, None, None, None)
        cls.customer, cls.owner, cls.employee, cls.agreement = cls.p.customer()
        cls.staff = cls.p.browser().sign_in('admin', cls.p.password)

    def ticket(self, subject):
        return self.p.ok('POST', '/api/v1/tickets', {'customer_id': self.customer['id'], 'contact_id': self.employee['id'], 'subject': subject, 'body': 'x'})

    def test_a_ticket_is_taken_from_the_first_page(self):
        made = self.ticket('Ingen har den')
        b = self.staff.get('/console/')
        self.assertEqual(b.status, 200)
        me = re.search(r'name="owner_id" value="(\d+)"', b.text).group(1)
        b.submit(f"/console/tickets/{made['number']}/change", owner_id=me)
        self.assertEqual(b.status, 200, b.text[:500])
        self.assertTrue(self.p.ok('GET', f"/api/v1/tickets/{made['id']}")['owner_id'])

    def test_words_without_a_kind_reach_nobody(self):
        made = self.ticket('Til hvem')
        b = self.staff.get(f"/console/tickets/{made['number']}")
        form = b.form(f"/console/tickets/{made['number']}/messages")
        for kind in ('', 'zzz'):
            b.post(f"/console/tickets/{made['number']}/messages", {**form, 'kind': kind, 'body': 'hemmeligt'})
            self.assertEqual(b.status, 400)
        got = self.p.ok('GET', f"/api/v1/tickets/{made['id']}/messages")
        self.assertNotIn('hemmeligt', str(got))

    def test_every_form_on_the_pages_leads_somewhere(self):
        made = self.ticket('Alle knapper')
        pages = ['/console/', '/console/tickets', '/console/tickets/new', f"/console/tickets/{made['number']}", '/console/customers',
                 f"/console/customers/{self.customer['id']}", f"/console/customers/{self.customer['id']}/edit", f"/console/agreements/{self.agreement['id']}",
                 '/console/agreements', '/console/catalogue', '/console/promises', f"/console/promises/{self.customer['id']}/support.help", '/console/time',
                 '/console/billing/2026-10', '/console/settings', '/profile', '/console/find?q=x', '/console/answers']
        seen = set()
        for page in pages:
            b = self.staff.get(page)
            self.assertEqual(b.status, 200, page)
            for form in Form(b.text).forms:
                action = form['action'] or page
                if form['method'] == 'POST' and action not in seen and not action.endswith('/logout'):
                    seen.add(action)
                    b.post(action, {'nothing': '1'}, headers={'Origin': 'https://other.example'})
                    self.assertEqual(b.status, 403, f'{action} on {page}')
                elif form['method'] == 'GET' and action not in seen:
                    seen.add(action)
                    self.assertEqual(b.get(action).status, 200, f'{action} on {page}')
        self.assertGreater(len(seen), 15)


if __name__ == '__main__':
    unittest.main()
