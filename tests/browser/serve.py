#!/usr/bin/env python3
"""serve.py [OUT] - a Pedel with an administrator, a customer and its people; runs run.mjs over pages.json against it.

{customer}, {contact}, {staff}, {site}, {ticket}, {agreement} and {month} in the paths stand for what is made here.
"""
import datetime
import json
import pathlib
import re
import sqlite3
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'flow'))
from pedel import Pedel  # noqa: E402


def contact_cookie(p, mail):
    """Sign in as a customer's person by the mailed link, as it waits in the outbox."""
    b = p.browser().get('/login')
    b.submit('/login/mail', mail=mail)
    assert b.status == 200, b.text
    db = sqlite3.connect(p.data / 'pedel.db', timeout=20)
    body = db.execute("SELECT body FROM outbox WHERE kind='signin' AND recipient LIKE ? ORDER BY id DESC LIMIT 1", ('%' + mail + '%',)).fetchone()[0]
    db.close()
    b.get(re.search(r'https?://[^/\s]+(/login/link/[0-9a-f]{64})', body).group(1))
    b.submit(b.url[b.url.index('/login/link/'):])
    assert '/login' not in b.url, b.text
    return next(c.value for c in b.jar if c.name == 'pedel')


def main():
    with Pedel() as p:
        customer, owner, employee, agreement = p.customer()
        ticket = p.ok('POST', '/api/v1/tickets', {'customer_id': customer['id'], 'contact_id': employee['id'], 'subject': 'Printeren trækker to ark',
                                                 'body': 'Den har gjort det siden i går.\n\nSe https://example.dk/hjælp.'})
        admin = p.browser().sign_in('admin', p.password)
        admin.get(f"/console/customers/{customer['id']}/sites/new")
        admin.submit('/sites/new', name='Kontoret', street='Havnegade 4', postcode='6000', city='Kolding', drive_minutes='18')
        admin.get('/console/settings/staff/new')
        admin.submit('/staff/new', login='peter', name='Peter Højlund', role='technician', password=p.password)
        ids = {'customer': customer['id'], 'contact': owner['id'], 'staff': 1, 'site': 1, 'ticket': ticket['number'], 'agreement': agreement['id'],
               'month': datetime.date.today().strftime('%Y-%m')}
        spec = json.loads((HERE / 'pages.json').read_text())
        for page in spec['pages']:
            page['path'] = re.sub(r'\{(\w+)\}', lambda m: str(ids[m.group(1)]), page['path'])
        spec['people'] = {'admin': {'login': 'admin', 'password': p.password}, 'technician': {'login': 'peter', 'password': p.password},
                          'owner': {'cookie': contact_cookie(p, owner['email'])}, 'employee': {'cookie': contact_cookie(p, employee['email'])}}
        filled = p.folder / 'pages.json'
        filled.write_text(json.dumps(spec))
        time.sleep(0.2)
        return subprocess.run(['node', HERE / 'run.mjs', p.base, filled, *sys.argv[1:]]).returncode


if __name__ == '__main__':
    sys.exit(main())
