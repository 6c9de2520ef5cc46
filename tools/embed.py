#!/usr/bin/env python3
"""embed.py OUT.c NAME=FILE... - static files as C: plain, gzip -9 and brotli, one hash of them all for their address.

icons.svg=LIST makes the sprite: each line of LIST is "symbol tabler-name [filled]" (or "symbol = file.svg" of our own).
"""
import gzip
import hashlib
import pathlib
import re
import subprocess
import sys

TYPES = {'.css': 'text/css; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.svg': 'image/svg+xml', '.woff2': 'font/woff2',
         '.png': 'image/png'}
ICONS = pathlib.Path('ui/node_modules/@tabler/icons/icons')


def sprite(path):
    out = ['<svg xmlns="http://www.w3.org/2000/svg">']
    for line in path.read_text().splitlines():
        words = line.split('#')[0].split()
        if not words:
            continue
        if len(words) == 3 and words[1] == '=':
            svg = (path.parent / words[2]).read_text()
            attrs = ''
        else:
            filled = len(words) > 2 and words[2] == 'filled'
            svg = (path.parents[2] / ICONS / ('filled' if filled else 'outline') / (words[1] + '.svg')).read_text()
            attrs = ' fill="currentColor"' if filled else \
                ' fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round"'
        svg = re.sub(r'<!--.*?-->', '', svg, flags=re.S)
        inner = re.search(r'<svg[^>]*>(.*)</svg>', svg, re.S).group(1)
        inner = re.sub(r'\s+', ' ', re.sub(r'<path stroke="none" d="M0 0h24v24H0z" fill="none"\s*/>', '', inner)).strip()
        out.append('<symbol id="%s" viewBox="0 0 24 24"%s>%s</symbol>' % (words[0], attrs, inner))
    return ('\n'.join(out) + '\n</svg>\n').encode()


def literal(data):
    out = []
    for i in range(0, len(data), 64):
        out.append('\t"' + ''.join('\\%03o' % b for b in data[i:i + 64]) + '"')
    return '\n'.join(out) or '\t""'


def main():
    files = []
    for arg in sys.argv[2:]:
        name, _, path = arg.partition('=')
        path = pathlib.Path(path)
        data = sprite(path) if name == 'icons.svg' else path.read_bytes()
        files.append((name, data))
    whole = hashlib.sha256()
    for name, data in files:
        whole.update(name.encode() + b'\0' + hashlib.sha256(data).digest())
    tag = whole.hexdigest()[:12]
    c = ['/* made by tools/embed.py */', '#include "web/static.h"', 'const char static_base[] = "/s/%s";' % tag]
    rows = []
    for i, (name, data) in enumerate(files):
        packed = {}
        if not name.endswith('.woff2'):
            packed['gz'] = gzip.compress(data, 9, mtime=0)
            try:
                packed['br'] = subprocess.run(['brotli', '-q', '11', '-c'], input=data, stdout=subprocess.PIPE, check=True).stdout
            except FileNotFoundError:
                pass
        for kind, content in [('raw', data)] + sorted(packed.items()):
            c.append('static const char f%d_%s[] =\n%s;' % (i, kind, literal(content)))
        cell = lambda k: '{ f%d_%s, %d }' % (i, k, len(packed[k])) if k in packed else '{ 0 }'
        rows.append('\t{ "%s", "%s", { f%d_raw, %d }, %s, %s },' % (name, TYPES[pathlib.Path(name).suffix], i, len(data), cell('gz'), cell('br')))
    c += ['const struct static_file static_files[] = {'] + rows + ['\t{ 0 }', '};']
    pathlib.Path(sys.argv[1]).write_text('\n'.join(c) + '\n')


if __name__ == '__main__':
    main()
