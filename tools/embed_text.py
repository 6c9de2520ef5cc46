#!/usr/bin/env python3
"""Turns text files into a C table: embed_text.py OUT.c NAME HEADER FILE...

The table is `const struct embedded_text NAME[]`, ordered as given, ends with {0}; HEADER declares it."""
import pathlib
import sys


def c_string(data):
    out, line = [], ''
    for b in data:
        line += chr(b) if 32 <= b < 127 and b not in b'"\\?' else f'\\{b:03o}'
        if b == 10 or len(line) > 100:
            out.append(line)
            line = ''
    if line:
        out.append(line)
    return '\n'.join(f'\t"{piece}"' for piece in out) or '\t""'


def main(out, name, header, files):
    rows = []
    for file in map(pathlib.Path, files):
        data = file.read_bytes()
        rows.append(f'\t{{ "{file.name}", {len(data)},\n{c_string(data)} }},\n')
    pathlib.Path(out).write_text(f'#include "{header}"\n\nconst struct embedded_text {name}[] = {{\n{"".join(rows)}\t{{ 0 }}\n}};\n')


if __name__ == '__main__':
    main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:])
