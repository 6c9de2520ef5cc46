"""furnished.py - a house with customers that have one of everything, and the server's own list of its addresses.

    class Mine(House, unittest.TestCase): cls.open(); them = cls.furnish(900, 'Alfahuset', 'alfa')
    for row in routes(): row.method, row.pattern, row.roles, row.api

An address is filled with somebody's ids by ids_of(): a place that has no kind is an error, so that no route is left out in silence.
"""
import collections
import email.message
import re
import subprocess

from mailsink import with_post
from pedel import build_folder, wait_until

NOBODYS = 98765432
Route = collections.namedtuple('Route', 'method pattern roles api')
CUSTOMERS = ('owner', 'approver', 'employee')
STAFF = ('admin', 'technician', 'bookkeeper')
EVERYBODY = frozenset(('nobody',) + STAFF + CUSTOMERS)
# Which kind of id stands after a word of an address; the API counts tickets by their rows, people by their numbers.
PAGE_KIND = {w: w for w in ('customers', 'people', 'sites', 'tickets', 'tasks', 'files', 'agreements', 'agreement', 'needs', 'promises', 'time', 'purchases',
                            'staff', 'tokens', 'views', 'answers', 'html', 'passkeys')}
API_KIND = {'customers': 'customers', 'contacts': 'people', 'tickets': 'ticket rows', 'agreements': 'agreements', 'hour-purchases': 'purchases'}


def routes():
    out = subprocess.run([str(build_folder() / 'tests/routes')], capture_output=True, text=True, check=True).stdout
    rows = [Route(m, p, frozenset(r.split(',')), kind == 'api') for m, p, r, kind in (line.split(' ') for line in out.splitlines())]
    assert len(rows) > 150 and len({(r.method, r.pattern) for r in rows}) == len(rows)
    assert all(r.roles and r.roles <= EVERYBODY and r.api == r.pattern.startswith('/api/') for r in rows)
    return rows


def kinds_of(pattern):
    """The kind of each {id} of a pattern, in order."""
    words = pattern.strip('/').split('/')
    table = API_KIND if pattern.startswith('/api/') else PAGE_KIND
    for i, word in enumerate(words):
        if word == '{id}':
            assert words[i - 1] in table, f'{pattern}: say in furnished.py what kind of id stands after {words[i - 1]}/'
    return [table[words[i - 1]] for i, word in enumerate(words) if word == '{id}']


def filled(pattern, ids):
    """The address of a pattern; ids: one per {id}."""
    path = pattern
    for one in ids:
        path = path.replace('{id}', str(one), 1)
    path = path.replace('{month}', '2026-09')
    key = {'/login/link/{key}': '0' * 64, '/portal/probe/{key}': 'probe-1'}.get(pattern, 'backup.safe' if 'promises' in pattern else 'web' if 'categories' in pattern else 'support')
    path = path.replace('{key}', key)
    assert '{' not in path, pattern
    return path


class House:
    pg = False

    @classmethod
    def open(cls):
        with_post(cls)
        cls.routes = routes()
        cls.desk = cls.p.browser().sign_in('admin', cls.p.password)
        cls.people = {'nobody': cls.p.browser()}

    @classmethod
    def by_link(cls, mail):
        b = cls.p.browser().get('/login')
        b.submit('/login/mail', mail=mail)
        message = cls.sink.wait(lambda s, t, m: mail in t and '/login/link/' in m.get_body(('plain',)).get_content())
        link = re.search(r'(/login/link/[0-9a-f]+)', message.get_body(('plain',)).get_content()).group(1)
        b.get(link)
        b.submit(link)
        assert '/portal/' in b.url, b.url
        return b

    @classmethod
    def furnish(cls, seed, name, word):
        """A customer with one of everything; word is in every text of it. Its ids, by the word an address has before them."""
        p, desk = cls.p, cls.desk
        customer, owner, employee, agreement = p.customer(seed=seed, name=name, domain=f'{word}.example',
                                                          services=('support', 'service-agreement', 'webwork', 'backup'))
        c = customer['id']
        people = f'/api/v1/customers/{c}/contacts'
        for one, said in ((owner, 'owner'), (employee, 'employee')):
            p.ok('PATCH', f"{people}/{one['id']}", {'name': f'{said.capitalize()} {word.capitalize()}', 'email': f'{said}@{word}.example'})
        approver = p.ok('POST', people, {'name': f'Approver {word}', 'email': f'approver@{word}.example', 'role': 'approver'})
        ticket = p.ok('POST', '/api/v1/tickets', {'customer_id': c, 'contact_id': owner['id'], 'subject': f'Noget om {word}', 'body': f'Der er {word} i.',
                                                  'category': 'other'})
        p.ok('POST', f"/api/v1/tickets/{ticket['id']}/messages", {'body': f'Intern {word}', 'visibility': 'internal'})
        desk.get(f"/console/tickets/{ticket['number']}")
        desk.submit('/messages', body=f'Svar til {word}', kind='reply', files={'file': (f'{word}.txt', word.encode(), 'text/plain')})
        assert desk.status == 200, desk.text[:500]
        files = [f for m in p.ok('GET', f"/api/v1/tickets/{ticket['id']}/messages")['items'] for f in m['files']]
        entry = p.ok('POST', '/api/v1/time-entries', {'ticket_id': ticket['id'], 'activity': 'remote', 'started_at': '2026-09-01T08:00:00+02:00',
                                                      'minutes': 45, 'note': f'Arbejde for {word}'})
        desk.get(f'/console/customers/{c}/sites/new')
        desk.submit('/sites/new', name=f'Lager {word}', street=f'{word}vej 1', postcode='8000', city='Aarhus', drive_minutes=20)
        desk.get(f'/console/customers/{c}')
        site = int(re.search(rf'/console/customers/{c}/sites/(\d+)', desk.text).group(1))
        m = email.message.EmailMessage()
        m['From'], m['To'], m['Subject'] = f'owner@{word}.example', 'hjaelp@fjordkant.example', f"Re: [#{ticket['number']}] {word}"
        m['Message-ID'] = f'<{word}-1@{word}.example>'
        m.set_content(f'Fra {word}')
        m.add_alternative(f'<p>Fra <b>{word}</b></p>', subtype='html')
        p.lmtp_send(f'owner@{word}.example', ['hjaelp@fjordkant.example'], m.as_bytes())
        mail = wait_until(lambda: p.sql(f"SELECT t.number,m.id FROM message m JOIN ticket t ON t.id=m.ticket_id WHERE m.body_html LIKE '%{word}%'"))[0]
        assert int(mail[0]) == ticket['number'], (mail, ticket['number'])
        bought = p.ok('POST', '/api/v1/hour-purchases', {'customer_id': c, 'minutes': 60, 'price_ore': 100000, 'expires_on': '2031-01-01', 'note': f'Til {word}'})
        draft = p.ok('POST', '/api/v1/agreements', {'customer_id': c, 'valid_from': '2031-01-01', 'note': f'Kun for {word}', 'items': [{'service': 'hosting'}]})
        desk.get(f"/console/agreements/{draft['id']}")
        desk.submit(f"/console/agreements/{draft['id']}", do='send')                 # asks the deciders for an answer: a need
        need = cls.need_of(f'owner@{word}.example', word)
        return {'word': word, 'customer': customer, 'mails': {r: f'{r}@{word}.example' for r in ('owner', 'approver', 'employee')},
                'ids': {'customers': c, 'people': employee['id'], 'sites': site, 'tickets': ticket['number'], 'tasks': ticket['number'],
                        'files': files[0]['id'], 'agreements': draft['id'], 'agreement': draft['id'], 'needs': need, 'promises': c, 'time': entry['id'], 'purchases': bought['id'],
                        'ticket rows': ticket['id'], 'html': int(mail[1]), 'passkeys': cls.a_passkey(employee['id'], c, word), **cls.of_the_house()},
                'rows': {'ticket': ticket['id'], 'agreement': agreement['id'], 'contact': owner['id'], 'approver': approver['id']}}

    @classmethod
    def need_of(cls, mail, word):
        """The id of what the customer's own front page asks for."""
        b = cls.by_link(mail)
        cls.people[word + ' owner'] = b
        b.get('/portal/')
        return int(re.search(r'/portal/needs/(\d+)', b.text).group(1))

    @classmethod
    def a_passkey(cls, contact, customer, word):
        """A row of the table, so that it has an id; it opens nothing."""
        raw = (r"'\x%s'" if cls.pg else "x'%s'") % word.encode().hex()
        cls.p.sql('INSERT INTO passkey(who_kind,who_id,customer_id,name,rp_id,cred_id,handle,public_key,alg,created_at) '
                  f"VALUES('contact',{contact},{customer},'{word}','localhost',{raw},{raw},{raw},-7,1)")
        return int(cls.p.sql('SELECT max(id) FROM passkey')[0][0])

    @classmethod
    def of_the_house(cls):
        """Ids of what belongs to no customer: made once."""
        if 'made' not in cls.__dict__:
            desk, p = cls.desk, cls.p
            desk.get('/console/answers')
            desk.submit('/console/answers', name='Tak', body_da='Tak for det.', body_en='Thank you.')
            desk.get('/console/tickets')
            desk.post('/console/tickets/views', {'csrf': re.search(r'name="csrf" value="([^"]*)"', desk.text).group(1), 'name': 'Mine', 'query': 'state=open'})
            one = lambda table: int(p.sql(f'SELECT max(id) FROM {table}')[0][0])
            cls.made = {'staff': one('person'), 'tokens': one('api_token'), 'views': one('saved_view'), 'answers': one('ready_answer')}
        return cls.made
