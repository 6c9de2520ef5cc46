#!/usr/bin/env python3
"""Categories: the list that an administrator keeps, what is refused there, and what a retired one still is."""
import json
import os
import re
import threading
import unittest

from pedel import cvr, Pedel

PAGE = '/console/settings/categories'


class Categories(unittest.TestCase):
    pg = False

    @classmethod
    def setUpClass(cls):
        cls.p = Pedel(pg=cls.pg).__enter__()
        cls.addClassCleanup(cls.p.__exit__, None, None, None)
        cls.customer, cls.owner, cls.employee, _ = cls.p.customer(seed=3100, services=('support', 'service-agreement', 'network'),
                                                                  terms={'service-agreement': {'hours_per_month': 5}})
        cls.p.cli('admin', 'add', '--data', cls.p.data, '--login', 'grete', '--name', 'Grete Holm', '--password-stdin', stdin=cls.p.password + '\n')
        cls.me = cls.p.browser().sign_in('admin', cls.p.password)
        cls.other = cls.p.browser().sign_in('grete', cls.p.password)

    def list(self):
        return {c['key']: c for c in self.p.ok('GET', '/api/v1/categories?limit=200')['items']}

    def add(self, name_da, name_en='', service='', who=None):
        b = who or self.me
        b.get(PAGE)
        return b.submit(PAGE, name_da=name_da, name_en=name_en, service=service)

    def act(self, key, what, who=None):
        b = who or self.me
        b.get(f'{PAGE}/{key}')
        return b.submit(f'{key}/{what}')

    def ticket(self, **more):
        return self.p.ok('POST', '/api/v1/tickets', {'customer_id': self.customer['id'], 'subject': 'x', 'body': 'x', **more})

    def wrong(self, b, field, words):
        self.assertEqual(b.status, 409 if field is None or 'allerede' in words or 'tag den i brug' in words else 422, b.text[:400])
        self.assertIn(words, b.text)
        if field:
            self.assertRegex(b.text, rf'id="f-{field}"[^>]*aria-invalid="true"')

    def test_a_moved_one_keeps_the_focus(self):
        """On its own row, on the same button; at the end of the list on the other one."""
        self.me.get(PAGE)
        first, second = re.findall(rf'action="{PAGE}/([\w-]+)/move"', self.me.text)[:2]
        focus = lambda: re.findall(rf'action="{PAGE}/([\w-]+)/move">(?:(?!</form>).)*?value="(up|down)"(?: +disabled)? +autofocus', self.me.text)
        self.assertEqual(focus(), [])
        for key, to, button in [(first, 'down', 'down'), (first, 'up', 'down'), (second, 'up', 'down'), (second, 'down', 'down')]:
            self.me.submit(f'/{key}/move', to=to)
            self.assertEqual(focus(), [(key, button)], (key, to))

    def test_all_that_is_wrong_with_one(self):
        self.add('To fejl', 'Two faults')
        for path in (PAGE, f'{PAGE}/to-fejl'):
            self.me.get(path)
            self.me.submit(path, name_da='', name_en='x' * 61)
            self.assertEqual(set(re.findall(r'<a href="#f-([\w]+)', self.me.text)), {'name_da', 'name_en'})
        self.act('to-fejl', 'retire')

    def test_a_category_is_born_used_and_retired(self):
        self.add('Æbler & pærer på ø', 'Apples & pears')
        self.assertIn('done=added', self.me.url)
        c = self.list()['aebler-paerer-paa-oe']
        self.assertEqual((c['name'], c['retired']), ({'da': 'Æbler & pærer på ø', 'en': 'Apples & pears'}, False))
        t = self.ticket(category=c['key'])
        at = f"/console/tickets/{t['number']}"
        self.assertIn('<dd>Æbler &amp; pærer på ø</dd>', self.me.get(at).text)
        self.me.get(PAGE)
        self.assertIn(f"category={c['key']}", self.me.text)
        self.assertIn('Æbler &amp; pærer på ø: 1 åben sag', self.me.text)
        # a view that names it is saved
        self.me.get(f"/console/tickets?view=open&category={c['key']}")
        self.assertIn(f"/console/tickets/{t['number']}?", self.me.text)
        self.me.submit('/tickets/views', name='Frugt')
        view = re.search(r'<a href="([^"]*)"[^>]*>Frugt</a>', self.me.get('/console/tickets').text).group(1).replace('&amp;', '&')

        self.act(c['key'], 'retire')
        self.assertIn('done=retired', self.me.url)
        self.assertTrue(self.list()[c['key']]['retired'])
        # it stays where it was, is shown, and a save of the rest keeps it
        self.assertIn('Æbler &amp; pærer på ø (ikke i brug mere)', self.me.get(at).text)
        self.me.submit('/change', subject='Et andet emne', type='request', category=c['key'])
        got = self.p.ok('GET', f"/api/v1/tickets/{t['id']}")
        self.assertEqual((got['subject'], got['category']), ('Et andet emne', c['key']))
        self.assertEqual(self.p.ok('PATCH', f"/api/v1/tickets/{t['id']}", {'category': c['key'], 'priority': 'urgent'})['category'], c['key'])
        self.assertEqual(self.me.get(view).status, 200)
        self.assertIn(f"/console/tickets/{t['number']}?", self.me.text)
        self.assertRegex(self.me.text, rf'<option value="{c["key"]}" selected')
        self.assertEqual([x['id'] for x in self.p.ok('GET', f"/api/v1/tickets?category={c['key']}")['items']], [t['id']])
        # ... and nowhere else
        self.assertNotIn(f'value="{c["key"]}"', self.me.get('/console/tickets/new').text)
        self.assertNotIn(f'value="{c["key"]}"', self.me.get('/console/tickets?view=open').text)
        plain = self.ticket()
        self.assertNotIn(f'value="{c["key"]}"', self.me.get(f"/console/tickets/{plain['number']}").text)
        for method, path in (('POST', '/api/v1/tickets'), ('PATCH', f"/api/v1/tickets/{plain['id']}")):
            body = {'category': c['key'], **({'customer_id': self.customer['id'], 'subject': 'x', 'body': 'x'} if method == 'POST' else {})}
            status, said = self.p.api(method, path, body)
            self.assertEqual((status, said['error']['id'], said['error']['field']), (400, 'CATEGORY_RETIRED', 'category'))
        self.me.get('/console/tickets/new')
        self.me.submit('/tickets', files={'file': ('', b'', 'application/octet-stream')}, subject='y', body='y', category=c['key'])
        self.assertEqual(self.me.status, 400)
        self.assertIn('ikke i brug mere', self.me.text)

        self.act(c['key'], 'return')
        self.assertFalse(self.list()[c['key']]['retired'])
        self.ticket(category=c['key'])
        page = self.me.get(f"{PAGE}/{c['key']}").text
        for said in ('tilføjede den', 'tog den ud af brug', 'tog den i brug igen'):
            self.assertIn(f'Mette Dahl {said}', page)
        kinds = [k for k, d in self.p.sql("SELECT kind,data FROM event WHERE object='category' ORDER BY id") if json.loads(d)['category'] == c['key']]
        self.assertEqual(kinds, ['category.added', 'category.retired', 'category.returned'])

    def test_renaming_keeps_the_key(self):
        self.add('Skærmen', 'Screen')
        t = self.ticket(category='skaermen')
        self.me.get(f'{PAGE}/skaermen')
        self.me.submit('/skaermen', name_da='Skærme og projektorer', name_en='')
        self.assertIn('done=saved', self.me.url)
        self.assertEqual(self.list()['skaermen']['name'], {'da': 'Skærme og projektorer', 'en': 'Skærme og projektorer'})
        self.assertIn('<dd>Skærme og projektorer</dd>', self.me.get(f"/console/tickets/{t['number']}").text)
        self.p.ok('PATCH', f"/api/v1/tickets/{t['id']}", {'category': 'printer'})
        self.assertIn('Kategori: Printer', self.me.get(f"/console/tickets/{t['number']}").text)
        self.assertIn('Navn på dansk: Skærme og projektorer', self.me.get(f'{PAGE}/skaermen').text)

    def test_what_is_refused(self):
        before = self.list()
        for given, field, words in (
                ({'name_da': ''}, 'name_da', 'Skriv noget her'),
                ({'name_da': '\u200b\u202e'}, 'name_da', 'Skriv noget her'),
                ({'name_da': 'x' * 61}, 'name_da', 'Det er for langt'),
                ({'name_da': 'Godt', 'name_en': 'å' * 61}, 'name_en', 'Det er for langt'),
                ({'name_da': 'x' * 100000}, 'name_da', 'Det er for langt'),
                ({'name_da': 'to\nlinjer'}, 'name_da', 'på én linje'),
                ({'name_da': 'tab\tulator'}, 'name_da', 'på én linje'),
                ({'name_da': 'PRINTER'}, 'name_da', 'Der er allerede en kategori'),
                ({'name_da': 'mail  og KALENDER'}, 'name_da', 'Der er allerede en kategori'),
                ({'name_da': 'Trykkeri', 'name_en': 'printer'}, 'name_en', 'Der er allerede en kategori'),
                ({'name_da': 'Godt', 'service': 'backup'}, 'service', 'Vælg en af værdierne'),
                ({'name_da': 'Godt', 'service': 'vrøvl'}, 'service', 'Vælg en af værdierne')):
            with self.subTest(given):
                self.wrong(self.add(**given), field, words)
                label = {'name_da': 'Navn på dansk', 'name_en': 'Navn på engelsk', 'service': 'Dækket af'}[field]
                self.assertRegex(self.me.text, f'<a href="#f-{field}">{label}: [^<]*{words}')       # the summary says where
                if 'name_en' in given:
                    self.assertIn(f'value="{given["name_da"]}"', self.me.text)      # what was typed is kept
        # bytes that are not UTF-8, and other controls, become the sign for "not a letter"
        self.me.get(PAGE)
        csrf = self.me.form(PAGE)['csrf']
        self.me.post(PAGE, {'csrf': csrf, 'name_da': b'\xff\xfe\x01\x07x'})
        self.assertEqual(self.list().keys() - before.keys(), {'x'})
        self.assertEqual(self.list()['x']['name']['da'], '\ufffd\ufffd\ufffd\ufffdx')
        self.act('x', 'retire')
        self.wrong(self.add('\ufffd\ufffd\ufffd\ufffdX'), 'name_da', 'tag den i brug igen')        # a retired one has its name still

    def test_signs_that_cannot_be_seen_are_taken_out(self):
        turned = '\u202egnipytemoS\u202c \u200bskjult\u2066'
        self.add(turned, '\u200e' + 'Hidden')
        self.assertEqual(self.list()['gnipytemos-skjult']['name'], {'da': 'gnipytemoS skjult', 'en': 'Hidden'})
        self.wrong(self.add('gnipytemoS skj\u00adult'), 'name_da', 'Der er allerede en kategori')
        t = self.ticket(subject='\u202eEmne\u202c')
        customer = self.p.ok('POST', '/api/v1/customers', {'name': '\u202eVendt ApS', 'cvr': cvr(3190)})
        contact = self.p.ok('POST', f"/api/v1/customers/{customer['id']}/contacts", {'name': 'K\u200baren\u202e', 'email': 'k@vendt.example', 'role': 'owner'})
        self.assertEqual((t['subject'], customer['name'], contact['name']), ('Emne', 'Vendt ApS', 'Karen'))
        self.assertEqual(self.p.ok('PATCH', f"/api/v1/tickets/{t['id']}", {'subject': 'Et\u2067 andet'})['subject'], 'Et andet')

    def test_one_without_tickets_can_be_deleted(self):
        self.add('Fejltagelse')
        self.assertIn('/fejltagelse/remove', self.me.get(f'{PAGE}/fejltagelse').text)
        self.other.get(f'{PAGE}/fejltagelse')
        t = self.ticket(category='fejltagelse')
        self.other.submit('/fejltagelse/remove')                        # somebody used it meanwhile
        self.wrong(self.other, None, 'så den kan ikke slettes')
        self.assertNotIn('/fejltagelse/remove', self.me.get(f'{PAGE}/fejltagelse').text)
        self.p.ok('PATCH', f"/api/v1/tickets/{t['id']}", {'category': ''})
        self.act('fejltagelse', 'remove')
        self.assertIn('done=removed', self.me.url)
        self.assertNotIn('fejltagelse', self.list())
        self.assertEqual(self.me.get(f'{PAGE}/fejltagelse').status, 404)
        self.assertEqual(self.p.api('PATCH', f"/api/v1/tickets/{t['id']}", {'category': 'fejltagelse'})[0], 400)
        self.add('Fejltagelse')                                         # and made again
        self.assertIn('fejltagelse', self.list())

    def test_keys_are_never_used_twice(self):
        for name in ('C++', 'C#', '日本', '中文', 'new', 'Édition Größe', 'None'):
            self.add(name)
            self.assertIn('done=added', self.me.url)
        mine = {k: c['name']['da'] for k, c in self.list().items()}
        self.assertEqual([mine[k] for k in ('c', 'c-2', 'category', 'category-2', 'new')], ['C++', 'C#', '日本', '中文', 'new'])
        self.assertEqual((mine['edition-groesse'], mine['none-2']), ('Édition Größe', 'None'))
        self.assertEqual(self.me.get(f'{PAGE}/category-2').status, 200)
        self.assertEqual(self.me.get(f'{PAGE}/findes-ikke').status, 404)

    def test_two_administrators_at_once(self):
        self.add('Begges')
        self.me.get(f'{PAGE}/begges')
        self.other.get(f'{PAGE}/begges')
        self.other.submit('/begges', name_da='Gretes', name_en='Grete')
        self.me.submit('/begges', name_da='Mit navn', name_en='Mine')
        self.wrong(self.me, None, 'En anden har ændret det imens')
        self.assertIn('Gretes / Grete', self.me.text)                   # what it is now
        self.assertIn('value="Mit navn"', self.me.text)                 # and what was typed
        self.assertEqual(self.list()['begges']['name']['da'], 'Gretes')
        self.me.submit('/begges')                                       # looked at, and saved again
        self.assertEqual(self.list()['begges']['name']['da'], 'Mit navn')
        self.me.get(f'{PAGE}/begges')
        self.other.get(f'{PAGE}/begges')
        self.me.submit('/begges/retire')
        self.other.submit('/begges', name_da='For sent')
        self.wrong(self.other, None, 'En anden har ændret det imens')
        self.assertIn('ikke i brug mere', self.other.text)
        self.other.get(f'{PAGE}/begges')
        self.assertIn('/begges/return', self.other.text)
        # really at once: one of them gets through
        self.act('begges', 'return')
        self.me.get(f'{PAGE}/begges')
        self.other.get(f'{PAGE}/begges')
        at = [threading.Thread(target=b.submit, args=('/begges',), kwargs={'name_da': name}) for b, name in ((self.me, 'Ene'), (self.other, 'Anden'))]
        for t in at:
            t.start()
        for t in at:
            t.join()
        self.assertEqual(sorted((self.me.status, self.other.status)), [200, 409])
        # two that add the same name: one of them is told
        self.me.get(PAGE)
        self.other.get(PAGE)
        at = [threading.Thread(target=b.submit, args=(PAGE,), kwargs={'name_da': 'Samtidig'}) for b in (self.me, self.other)]
        for t in at:
            t.start()
        for t in at:
            t.join()
        self.assertEqual(sorted((self.me.status, self.other.status)), [200, 409])

    def test_the_order_is_the_providers(self):
        def order():
            return [k for k, c in self.list().items() if not c['retired']]
        self.add('Sidst A')
        self.add('Sidst B')
        self.assertEqual(order()[-2:], ['sidst-a', 'sidst-b'])
        move = f'{PAGE}/sidst-b/move'
        csrf = self.me.get(PAGE).form(PAGE)['csrf']
        for to, want in (('up', ['sidst-b', 'sidst-a']), ('down', ['sidst-a', 'sidst-b']), ('down', ['sidst-a', 'sidst-b'])):
            self.me.post(move, {'csrf': csrf, 'to': to})
            self.assertIn('done=moved', self.me.url)
            self.assertEqual(order()[-2:], want)
        self.act('sidst-a', 'retire')
        third = order()[-2]
        self.me.post(move, {'csrf': csrf, 'to': 'up'})                  # past the retired one
        self.assertEqual(order()[-2:], ['sidst-b', third])
        offered = re.findall(r'<option value="([^"]+)"', re.search(r'name="category".*?</select>', self.me.get('/console/tickets/new').text, re.S).group(0))
        self.assertEqual(offered, order())

    def test_one_must_stay_in_use(self):
        keys = [k for k, c in self.list().items() if not c['retired']]
        for k in keys[:-1]:
            self.act(k, 'retire')
        self.act(keys[-1], 'retire')
        self.wrong(self.me, None, 'Én kategori skal være i brug')
        self.assertFalse(self.list()[keys[-1]]['retired'])
        for k in keys[:-1]:
            self.act(k, 'return')

    def test_only_what_covers_is_said_to_cover(self):
        covering = set(re.findall(r'<option value="([^"]+)"', re.search(r'name="service".*?</select>', self.me.get(PAGE).text, re.S).group(0)))
        self.assertEqual(covering, {'operations', 'network'})
        self.assertLessEqual({c.get('service') for c in self.list().values()}, covering | {None})
        # the kind of work that the service agreement lists, on a website: drawn
        t = self.ticket(category='web')
        self.p.ok('POST', '/api/v1/time-entries', {'ticket_id': t['id'], 'activity': 'web', 'started_at': '2026-07-06T08:00:00+02:00', 'minutes': 60, 'note': 'x'})
        self.assertEqual(self.p.ok('GET', f"/api/v1/hour-banks?customer_id={self.customer['id']}&month=2026-07")['drawn_minutes'], 60)

    def test_covered_time_costs_no_hours(self):
        self.add('Firewall', service='network')
        self.assertEqual(self.list()['firewall']['service'], 'network')
        t = self.ticket(category='firewall')
        entry = {'activity': 'remote', 'started_at': '2026-08-03T08:00:00+02:00', 'minutes': 60, 'note': 'x'}
        self.p.ok('POST', '/api/v1/time-entries', {'ticket_id': t['id'], **entry})
        bank = f"/api/v1/hour-banks?customer_id={self.customer['id']}&month=2026-08"
        self.assertEqual(self.p.ok('GET', bank)['drawn_minutes'], 0)
        self.me.get(f'{PAGE}/firewall')
        self.me.submit('/firewall', service='')
        self.assertEqual(self.p.ok('GET', bank)['drawn_minutes'], 60)

    def test_the_list_in_pages(self):
        whole = list(self.list())
        got, path = [], '/api/v1/categories?limit=4'
        while path:
            page = self.p.ok('GET', path)
            got += [c['key'] for c in page['items']]
            path = page['next'] and f"/api/v1/categories?limit=4&cursor={page['next']}"
        self.assertEqual(got, whole)
        self.assertEqual(self.p.api('GET', '/api/v1/categories?cursor=vr%C3%B8vl')[1]['error']['id'], 'CURSOR_INVALID')
        self.assertEqual(self.p.api('GET', '/api/v1/tickets?category=vr%C3%B8vl')[1]['error']['id'], 'CHOICE_INVALID')


@unittest.skipUnless(os.environ.get('PEDEL_TEST_PG'), 'no PostgreSQL')
class OnPostgres(Categories):
    pg = True


if __name__ == '__main__':
    unittest.main()
