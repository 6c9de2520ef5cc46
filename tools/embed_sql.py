#!/usr/bin/env python3
"""embed_sql.py OUT.c NNNN_name.sql... - the schema's numbered changes as C texts, in order, for db_migrate.c."""
import pathlib
import re
import sys

rows, seen = [], {}
for name in sys.argv[2:]:
    path = pathlib.Path(name)
    m = re.fullmatch(r'(\d{4})_([a-z0-9_]+)\.sql', path.name)
    if not m:
        sys.exit(f'{name}: a schema file is named NNNN_what_it_does.sql')
    number = int(m[1])
    if number in seen:
        sys.exit(f'{name}: number {number:04} is taken by {seen[number]}')
    seen[number] = path.name
    text = path.read_text(encoding='utf-8')
    lines = ''.join('\n\t\t"' + ''.join(c if 32 <= ord(c) < 127 and c not in '"\\?' else ''.join(f'\\{b:03o}' for b in c.encode())
                                      for c in line) + '"' for line in text.splitlines(keepends=True))
    rows.append((number, path.stem, lines))
rows.sort()
if [r[0] for r in rows] != list(range(1, len(rows) + 1)):
    sys.exit('schema: the numbers must be 0001, 0002 ... without a hole')
with open(sys.argv[1], 'w', encoding='utf-8') as out:
    out.write('#include "store/db_driver.h"\n\nconst struct db_migration db_migrations[] = {\n')
    for number, stem, lines in rows:
        out.write(f'\t{{ {number}, "{stem}",{lines} }},\n')
    out.write(f'\t{{ 0, NULL, NULL }}\n}};\nconst int db_migrations_n = {len(rows)};\n')
