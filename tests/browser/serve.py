#!/usr/bin/env python3
"""serve.py [OUT] - a Pedel with the demo's provider in it; runs run.mjs over pages.json against it.

The names in {} in the paths stand for rows of the demo, or for what is made here because the demo has none of it:
a draft and a sent agreement, a mail with HTML, an address, a saved view, a token.
"""
import datetime
import email.message
import json
import pathlib
import re
import sqlite3
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'flow'))
from pedel import Pedel, wait_until  # noqa: E402

DESK = 'hjaelp@fjordkant.example'
PIXEL = bytes.fromhex('89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082')


def html_mail():
    m = email.message.EmailMessage()
    m['From'], m['To'], m['Subject'] = 'Karen Holm <karen@soenderskov.example>', DESK, 'Skærmbillede af fejlen'
    m['Message-ID'] = '<skaerm-1@soenderskov.example>'
    m.set_content('Hej\n\nSe billedet.\n')
    m.add_alternative('<p>Hej</p><p>Se <b>billedet</b>.</p><img src="cid:skaerm@x" alt="fejlen" width="40" height="40"><table><tr><td>a</td></tr></table>',
                      subtype='html')
    m.get_payload()[1].add_related(PIXEL, 'image', 'png', cid='<skaerm@x>', filename='fejl.png')
    return m.as_bytes()


def make(p):
    """What the demo lacks; the ids for the paths."""
    def row(sql, *args):
        db = sqlite3.connect(p.data / 'pedel.db', timeout=20)
        try:
            return db.execute(sql, args).fetchone()
        finally:
            db.close()

    ids = {'customer': 1, 'contact': 2, 'staff': 2, 'month': datetime.date.today().strftime('%Y-%m'), 'agreement': row('SELECT min(id) FROM agreement')[0],
           'entry': row('SELECT max(id) FROM time_entry WHERE person_id=(SELECT id FROM person WHERE login=?)', 'mette')[0]}
    ids['past'] = (datetime.date.today().replace(day=1) - datetime.timedelta(days=1)).strftime('%Y-%m')
    ids['ticket'] = row("SELECT number FROM ticket WHERE customer_id=1 AND state='open' ORDER BY id LIMIT 1")[0]
    ids['task'] = row('SELECT number FROM ticket WHERE contact_id=2 ORDER BY id DESC LIMIT 1')[0]
    item = [{'service': 'webwork', 'terms': {}}]
    ids['draft'] = p.ok('POST', '/api/v1/agreements', {'customer_id': 3, 'valid_from': '2027-01-01', 'items': item})['id']
    ids['sent'] = p.ok('POST', '/api/v1/agreements', {'customer_id': 1, 'valid_from': '2027-01-01', 'items': item})['id']
    admin = p.browser().sign_in('peter', p.password)
    admin.get(f"/console/agreements/{ids['sent']}")
    admin.submit(f"/console/agreements/{ids['sent']}", do='send')
    ids['need'] = row('SELECT max(id) FROM need WHERE customer_id=1')[0]
    admin.get('/console/customers/1/sites/new')
    admin.submit('/sites/new', name='Lageret', street='Havnegade 4', postcode='6000', city='Kolding', drive_minutes='18')
    ids['site'] = row('SELECT max(id) FROM site WHERE customer_id=1')[0]
    p.lmtp_send('karen@soenderskov.example', [DESK], html_mail())
    ids['mail'], ids['message'] = wait_until(lambda: row("SELECT t.number,m.id FROM message m JOIN ticket t ON t.id=m.ticket_id WHERE m.body_html<>''"), 30)
    return ids


def main():
    with Pedel(start=False, empty=True) as p:
        p.cli('demo', '--data', p.data)
        p.password = 'pedel-demo-2026'
        p.token = p.cli('token', 'add', '--data', p.data, '--login', 'peter', '--name', 'sider').strip()
        p.start()
        ids = make(p)
        spec = json.loads((HERE / 'pages.json').read_text())
        for page in spec['pages']:
            page['path'] = re.sub(r'\{(\w+)\}', lambda m: str(ids[m.group(1)]), page['path'])
        spec['people'] = {who: {'login': login, 'password': p.password} for who, login in (
            ('admin', 'peter'), ('technician', 'mette'), ('books', 'lone'), ('owner', 'birgitte@soenderskov.example'), ('employee', 'karen@soenderskov.example'))}
        filled = p.folder / 'pages.json'
        filled.write_text(json.dumps(spec))
        time.sleep(0.2)
        return subprocess.run(['node', HERE / 'run.mjs', p.base, filled, *sys.argv[1:]]).returncode


if __name__ == '__main__':
    sys.exit(main())
