#!/usr/bin/env python3
"""tour_check.py - every file that a page of docs/ names exists; links between pages lead somewhere.

A name is text in backquotes that begins with one of our folders, or the target of a link.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
FOLDERS = ('src/', 'docs/', 'tools/', 'tests/', 'catalogue/', 'ui/')
SHAPES = re.compile(r'[<*{]|\.\.\.|000N')       # catalogue/<key>.md names no one file
EXAMPLES = {'docs/how-to/add-a-page.md': 'heartbeat', 'docs/how-to/add-a-table.md': 'heartbeat', 'docs/how-to/add-a-service.md': 'printing',
            'docs/how-to/add-a-promise.md': 'services/backup/'}


def wrong_in(page):
    text = page.read_text()
    example = EXAMPLES.get(str(page.relative_to(ROOT)), '\n')      # files that the reader is to make
    for at, line in enumerate(text.splitlines(), 1):
        for name in re.findall(r'`([^`\s]+)`', line):
            name = name.split(':')[0]
            if name.startswith(FOLDERS) and not SHAPES.search(name) and example not in name and not (ROOT / name).exists():
                yield f'{page.relative_to(ROOT)}:{at}: no file {name}'
        for link in re.findall(r'\]\(([^)\s]+)\)', line):
            to = link.split('#')[0]
            if to and not re.match(r'[a-z]+:', to) and not (page.parent / to).exists():
                yield f'{page.relative_to(ROOT)}:{at}: link to nothing: {link}'


def main():
    pages = [p for p in sorted(ROOT.glob('docs/**/*.md')) + sorted(ROOT.glob('*.md'))]
    named = re.findall(r'`(src/[^`\s]+)`', (ROOT / 'docs/tour.md').read_text())
    wrong = [w for p in pages for w in wrong_in(p)]
    if len(named) < 30:
        wrong.append(f'docs/tour.md names only {len(named)} files: is it still a tour?')
    print('\n'.join(wrong) if wrong else f'{len(pages)} pages, every file they name is there; the tour names {len(set(named))}')
    return 1 if wrong else 0


sys.exit(main())
