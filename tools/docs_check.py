#!/usr/bin/env python3
"""docs_check.py - the reference pages say what the code says: every event kind, setting, pedel.conf key and option, both ways;
docs/errors.md is made from src/base/err_ids.def; the libraries of the package are those of tools/packages.sh. What the people's pages (docs/da, docs/en) set in bold is a word of the screen: it stands in ui/lang.

  tools/docs_check.py            compares; every difference on a line of its own
  tools/docs_check.py --write    makes docs/errors.md anew
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
STATUS = {'ERR_INPUT': 400, 'ERR_MISSING': 404, 'ERR_SIGNIN': 401, 'ERR_DENIED': 403, 'ERR_CONFLICT': 409, 'ERR_TOO_LARGE': 413,
          'ERR_TOO_MANY': 429, 'ERR_RETRY': 503, 'ERR_BROKEN': 500}
HEAD = """# Errors

Made by `tools/docs_check.py --write` from `src/base/err_ids.def`; do not edit here.

An error has an id that never changes, a kind, and a sentence that says what to do. Pages show the sentence beside the field it is about
and answer 409 when nothing but conflicts is wrong with a form, otherwise 422 or 400; the API answers
`{"error": {"id", "kind", "field", "message"}}` (`field` may be null) with the status of the kind; programs on the command line print sentence,
detail and id, and end with 2 for `input`, else 1.

| kind | status | what it means for who called |
|---|---|---|
| input | 400 | mend what the field says, then ask again |
| missing | 404 | it does not exist, or it is not yours: the same answer for both |
| signin | 401 | sign in |
| denied | 403 | the role may not |
| conflict | 409 | look at how things are now, then decide |
| too_large | 413 | send less |
| too_many | 429 | wait as long as `Retry-After` says |
| retry | 503 | the same again a little later |
| broken | 500 | ours to mend; the log has more under the same id |

`METHOD_UNKNOWN` is answered with 405.
"""


def sources(*but):
    for p in sorted((ROOT / 'src').rglob('*.c')):
        if str(p.relative_to(ROOT)) not in but:
            yield p, p.read_text()


def errors():
    """The page, from the lines and section comments of err_ids.def."""
    out, wrong = [HEAD], []
    for line in (ROOT / 'src/base/err_ids.def').read_text().splitlines():
        section = re.fullmatch(r'/\* ([^/]+?) \*/', line)
        entry = re.match(r'X\((\w+),\s*(\w+),\s*"((?:[^"\\]|\\.)*)",\s*"((?:[^"\\]|\\.)*)"\)', line)
        if section and 'kind' not in line:
            out.append(f'\n## {section.group(1)[0].upper()}{section.group(1)[1:]}\n\n| id | kind | English | Danish |\n|---|---|---|---|\n')
        elif entry:
            name, kind, en, da = entry.groups()
            if kind not in STATUS:
                wrong.append(f'err_ids.def: {name}: kind {kind} is not known to docs_check.py')
            out.append(f'| `{name}` | {kind[4:].lower()} | {en} | {da} |\n')
        elif line.startswith('X('):
            wrong.append(f'err_ids.def: cannot read {line[:60]}')
    return ''.join(out), wrong


WRITERS = r'\b(?:ticket_event|note_event|tell_event|promise_event|tell|job_event|token_event|back_to_draft)\s*\(([^;]*?)(?:json_|;)'


def events_of_code():
    kinds = set()
    for _, text in sources():
        for call in re.findall(WRITERS, text):
            kinds |= set(re.findall(r'"([a-z_]+\.[a-z_]+)"', call))
        kinds |= set(re.findall(r'\.kind = "([a-z_]+\.[a-z_]+)"', text))
    return kinds


def settings_of_page():
    return set(re.findall(r'^\t\{ "([a-z_]+\.[a-z_]+)", "[a-z_]+", N_\(', (ROOT / 'src/pages/staff.c').read_text(), re.M))


def settings_of_code():
    keys = settings_of_page()
    for _, text in sources():
        keys |= set(re.findall(r'\bsetting_(?:get|get_int|set)\([^";]*?"([a-z_.]+)"', text))
        keys |= set(re.findall(r'\bsecret\([^";]*?"([a-z_.]+)"', text))
        keys |= set(re.findall(r"\bkey='([a-z_]+\.[a-z_]+)'", text))
    return keys


def conf_of_code():
    keys = set()
    for _, text in sources('src/os/conf.c'):
        keys |= set(re.findall(r'\bconf_(?:get|words|set)\([^";]*?"([a-z_]+)"', text))
    return keys


def proved():
    """The promises that the catalogue calls measured."""
    return {key for path in (ROOT / 'catalogue').glob('*.md') if path.name != 'README.md'
            for key in re.findall(r'^## promise (\S+)\n\nparty: \w+\nperiod: \w+\nproof: live$', path.read_text(), re.M)}


def options_of(path, pattern):
    return set(re.findall(pattern, (ROOT / path).read_text()))


def first_column(page, section=None):
    """Names in the first column of tables; of the given sections only."""
    found, here = [], section is None
    for line in (ROOT / page).read_text().splitlines():
        if line.startswith('## '):
            here = section is None or line[3:] in section
        cell = re.match(r'\| `([^`]+)` \|', line)
        if here and cell:
            found.append(cell.group(1))
    return found


def differ(what, code, page, documented):
    wrong = [f'{page}: {what} {x} is in the code and not here: write a row for it' for x in sorted(code - set(documented))]
    wrong += [f'{page}: {what} {x} is not in the code: take its row away' for x in sorted(set(documented) - code)]
    wrong += [f'{page}: {what} {x} stands twice' for x in sorted({x for x in documented if documented.count(x) > 1})]
    if not code:
        wrong.append(f'{page}: no {what} found in the code: docs_check.py does not see them any more')
    return wrong


def man_options(page):
    """The options of a manual page: mdoc writes --data as Fl -data."""
    return sorted(set(re.findall(r'\bFl -([a-z][a-z-]*)', (ROOT / page).read_text())))


def screen_words(lang):
    words = set()
    for path in (ROOT / 'ui/lang').glob(f'*.{lang}.po'):
        for msgid, said in re.findall(r'^msgid "((?:[^"\\]|\\.)*)"\nmsgstr(?:\[0\])? "((?:[^"\\]|\\.)*)"', path.read_text(), re.M):
            words.add(said or msgid)
    return words


def bold_words(lang):
    known, wrong = screen_words(lang), []
    for path in sorted((ROOT / 'docs' / lang).glob('*.md')):
        bold = [' '.join(b.split()) for b in re.findall(r'\*\*([^*]+)\*\*', path.read_text())]
        wrong += [f'{path.relative_to(ROOT)}: "{b}" is in bold and on no page' for b in bold if b not in known]
        if len(bold) < 5:
            wrong.append(f'{path.relative_to(ROOT)}: only {len(bold)} words of the screen')
    return wrong


def main():
    page, wrong = errors()
    at = ROOT / 'docs/errors.md'
    if '--write' in sys.argv[1:]:
        at.write_text(page)
    elif not at.exists() or at.read_text() != page:
        wrong.append('docs/errors.md is not what src/base/err_ids.def says: run tools/docs_check.py --write')
    wrong += differ('event', events_of_code(), 'docs/events.md', first_column('docs/events.md'))
    wrong += differ('setting', settings_of_code(), 'docs/settings.md', first_column('docs/settings.md', ('On the page', 'Without a page', 'Pedel\'s own')))
    wrong += differ('setting of the page', settings_of_page(), 'docs/settings.md', first_column('docs/settings.md', ('On the page',)))
    wrong += differ('measured promise', proved(), 'docs/promises.md', first_column('docs/promises.md', ('What is measured',)))
    conf = conf_of_code()
    wrong += differ('pedel.conf key', conf, 'docs/settings.md', first_column('docs/settings.md', ('pedel.conf',)))
    keys = re.findall(r'\bVa ([a-z_]+)', (ROOT / 'docs/man/pedel.conf.5').read_text())
    wrong += differ('key', conf, 'docs/man/pedel.conf.5', sorted(set(keys)))
    wrong += differ('option --', options_of('src/bin/pedeld.c', r'\{ "([a-z-]+)", [01], NULL') - {'as-server', 'second'}, 'docs/man/pedeld.8',
                    man_options('docs/man/pedeld.8'))
    cli = (ROOT / 'src/bin/pedel.c').read_text()
    table = re.search(r'commands\[\] = \{(.*?)\n\};', cli, re.S).group(1)
    wrong += differ('option --', set(re.findall(r'--([a-z-]+)', table)) | {'help', 'version'}, 'docs/man/pedel.1', man_options('docs/man/pedel.1'))
    commands = set(re.findall(r'^\t\{ "([a-z -]+)"', table, re.M))
    wrong += differ('command', commands, 'docs/man/pedel.1',
                    [c.replace('\\-', '-') for c in re.findall(r'^\.It Cm ([a-z -]+)$', (ROOT / 'docs/man/pedel.1').read_text(), re.M)])
    run = re.search(r'^run="([^"]+)"', (ROOT / 'tools/packages.sh').read_text(), re.M).group(1)
    needs = re.search(r'^Build-Depends: (.*?)\n\n', (ROOT / 'debian/control').read_text(), re.M | re.S).group(1)
    wrong += differ('library', {x for x in run.split() if x.endswith('-dev')} - {'libc6-dev'}, 'debian/control', re.findall(r'[\w.+-]+-dev\b', needs))
    wrong += bold_words('da') + bold_words('en')
    print('\n'.join(wrong) if wrong else f'events, settings, measured promises, pedel.conf, options, commands, libraries, words of the screen and {page.count(chr(10) + "| `")} errors: pages and code agree')
    return 1 if wrong else 0


sys.exit(main())
