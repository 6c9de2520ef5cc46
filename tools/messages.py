#!/usr/bin/env python3
"""The texts people read: ui/lang/<area>.da.po and <area>.en.po.

    messages.py table OUT.c     both languages as one sorted C table (the build does this)
    messages.py check           every text used in src/ stands in both languages, none is left over, placeholders agree
    messages.py missing [FILE]  .po entries for texts of FILE (or all) that no .da.po has, ready to be filled in
    messages.py add AREA        reads lines "English | Dansk" (plural: "one || many | en || flere") and puts them into both files
    messages.py en [AREA]       completes <area>.en.po: each msgid of <area>.da.po that is missing there, with itself as text

Used texts are _("..."), N_("...") and tr(x, "..."), tr_n(x, "one", "many", n) in C, and {{ _ "..." }} in templates.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LANG = ROOT / 'ui/lang'
STRING = r'"(?:[^"\\]|\\.)*"'
STRINGS = r'(%s(?:\s*%s)*)' % (STRING, STRING)
ESCAPES = {'n': '\n', 't': '\t', 'r': '\r', '"': '"', '\\': '\\', "'": "'", '?': '?', '0': '\0'}
problems = []


def problem(where, what):
    problems.append('%s: %s' % (where, what))


def unquote(text):
    out = ''
    for piece in re.findall(STRING, text):
        out += re.sub(r'\\(x[0-9a-fA-F]{2}|.)', lambda m: ESCAPES.get(m.group(1), m.group(1)), piece[1:-1])
    return out


def quote_po(s):
    return '"%s"' % s.replace('\\', '\\\\').replace('"', '\\"').replace('\n', '\\n').replace('\t', '\\t')


def quote_c(s):
    out = ''
    for b in s.encode():
        c = chr(b)
        out += {'\n': '\\n', '\t': '\\t', '"': '\\"', '\\': '\\\\', '?': '\\?'}.get(c) or (c if 32 <= b < 127 else '\\%03o' % b)
    return '"%s"' % out


def read_po(path):
    """[(msgid, plural or None, [texts], line)]; the header (msgid "") is left out."""
    entries, now, key, fuzzy, obsolete = [], None, None, False, False
    for number, line in enumerate(path.read_text(encoding='utf-8').splitlines() + [''], 1):
        line = line.strip()
        where = '%s:%d' % (path.relative_to(ROOT), number)
        if line.startswith('#,') and 'fuzzy' in line:
            problem(where, 'a fuzzy text: settle it')
        if line.startswith('#'):
            continue
        m = re.match(r'(msgctxt|msgid_plural|msgid|msgstr(?:\[(\d)\])?)\s+(".*")$', line)
        if m:
            key = m.group(1)
            if key == 'msgctxt':
                problem(where, 'msgctxt is not used here: give the English another wording')
            if key == 'msgid':
                now = {'id': '', 'plural': None, 'texts': {}, 'line': number}
                entries.append(now)
            if now is None:
                problem(where, '%s before any msgid' % key)
                continue
            text = m.group(3)
        elif line.startswith('"') and now is not None:
            text = line
        elif not line:
            continue
        else:
            problem(where, 'not understood: %s' % line)
            continue
        if not re.fullmatch(STRING, text):
            problem(where, 'a string that does not end: %s' % line)
            continue
        text = unquote(text)
        if key == 'msgid':
            now['id'] += text
        elif key == 'msgid_plural':
            now['plural'] = (now['plural'] or '') + text
        elif key.startswith('msgstr'):
            n = int(m.group(2) or 0) if m and m.group(1) == key else last
            last = n
            now['texts'][n] = now['texts'].get(n, '') + text
    out = []
    for e in entries:
        if e['id']:
            out.append((e['id'], e['plural'], [e['texts'].get(i, '') for i in range(2 if e['plural'] is not None else 1)],
                        '%s:%d' % (path.relative_to(ROOT), e['line'])))
    return out


def load():
    tables = {'da': {}, 'en': {}}
    for lang, table in tables.items():
        for path in sorted(LANG.glob('*.%s.po' % lang)):
            for msgid, plural, texts, where in read_po(path):
                old = table.get(msgid)
                if old and (old[0], old[1]) != (plural, texts) and not (old[0] is None) ^ (plural is None):
                    problem(where, 'another text for "%s" than %s has' % (msgid, old[2]))
                if old and plural is None:
                    continue
                table[msgid] = (plural, texts, where)
    return tables


def used(paths=None):
    """{msgid: (plural or None, where)}"""
    found = {}
    if paths is None:
        paths = sorted(p for ext in ('c', 'h', 'html') for p in (ROOT / 'src').rglob('*.' + ext))
    for path in paths:
        text = path.read_text(encoding='utf-8')
        if path.suffix != '.html':
            text = re.sub(r'/\*.*?\*/|^[ \t]*#define.*$', lambda m: '\n' * m.group().count('\n'), text, flags=re.S | re.M) \
                if path.suffix == '.h' else re.sub(r'^[ \t]*/\*.*?\*/', lambda m: '\n' * m.group().count('\n'), text, flags=re.S | re.M)

        def add(m, one, many=None):
            where = '%s:%d' % (path.relative_to(ROOT), text.count('\n', 0, m.start()) + 1)
            found.setdefault(unquote(one), (unquote(many) if many else None, where))
            if many and found[unquote(one)][0] is None:
                found[unquote(one)] = (unquote(many), where)
        for m in re.finditer(r'(?<![A-Za-z0-9_])N?_\(\s*' + STRINGS, text):
            add(m, m.group(1))
        for m in re.finditer(r'\btr\([^,()]+(?:\([^()]*\))?[^,()]*,\s*' + STRINGS, text):
            add(m, m.group(1))
        for m in re.finditer(r'\btr_n\([^,()]+,\s*' + STRINGS + r'\s*,\s*' + STRINGS, text):
            add(m, m.group(1), m.group(2))
        if path.suffix == '.html':
            for m in re.finditer(r'\{\{\s*_\s*' + STRINGS, text):
                add(m, m.group(1))
    return found


def placeholders(s):
    return re.findall(r'%(?:\d+\$)?[-+0 #]*\d*(?:\.\d+)?(?:ll|l|z)?[a-zA-Z]', s.replace('%%', ''))


def check(tables):
    want = used()
    for msgid, (plural, where) in sorted(want.items()):
        for lang in ('da', 'en'):
            have = tables[lang].get(msgid)
            if not have:
                problem(where, '"%s" has no %s text' % (msgid, lang))
            elif plural is not None and have[0] != plural:
                problem(where, '"%s": %s needs msgid_plural "%s"' % (msgid, have[2], plural))
    for lang in ('da', 'en'):
        for msgid, (plural, texts, where) in tables[lang].items():
            if msgid not in want:
                problem(where, '"%s" is used nowhere' % msgid)
            for i, t in enumerate(texts):
                if not t.strip():
                    problem(where, '"%s" is not translated' % msgid)
                elif placeholders(t) != placeholders(plural if i and plural else msgid) and not (plural and i == 0 and not placeholders(t)):
                    problem(where, 'the placeholders differ: "%s" and "%s"' % (msgid, t))
    other = {'da': tables['en'], 'en': tables['da']}
    for lang in ('da', 'en'):
        for msgid, (_, _, where) in tables[lang].items():
            if msgid not in other[lang] and msgid in want:
                problem(where, 'only in %s' % lang)


def hashed(text):
    """FNV-1a, 32 bits; src/web/tr.c looks up by the same."""
    h = 2166136261
    for b in text:
        h = (h ^ b) * 16777619 & 0xffffffff
    return h


def table(tables, out):
    rows = []
    order = sorted(set(tables['da']) | set(tables['en']), key=lambda s: s.encode())
    for msgid in order:
        texts = []
        for lang in ('da', 'en'):
            plural, t, _ = tables[lang].get(msgid) or (None, [''], '')
            t = t + t[-1:] if len(t) == 1 else t
            texts.append('{ %s, %s }' % (quote_c(t[0] or msgid), quote_c(t[1] or t[0] or msgid)))
        rows.append('\t{ %s, { %s } },' % (quote_c(msgid), ', '.join(texts)))
    slots = 1
    while slots < 4 * len(rows):
        slots *= 2
    place = [-1] * slots
    for i, msgid in enumerate(order):
        at = hashed(msgid.encode()) % slots
        while place[at] >= 0:
            at = (at + 1) % slots
        place[at] = i
    out.write_text('/* made by tools/messages.py from ui/lang */\n#include "web/messages.h"\n\nconst struct message messages[] = {\n%s\n'
                   '\t{ 0 }\n};\nconst int messages_slots = %d;\nconst int16_t messages_at[] = {\n%s\n};\n'
                   % ('\n'.join(rows), slots, '\n'.join('\t' + ', '.join(map(str, place[i:i + 24])) + ',' for i in range(0, slots, 24))))


HEAD = 'msgid ""\nmsgstr ""\n"Language: %s\\n"\n"Content-Type: text/plain; charset=UTF-8\\n"\n"Content-Transfer-Encoding: 8bit\\n"\n' \
       '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n'


def entry(msgid, plural, texts):
    s = '\nmsgid %s\n' % quote_po(msgid)
    if plural is None:
        return s + 'msgstr %s\n' % quote_po(texts[0])
    return s + 'msgid_plural %s\nmsgstr[0] %s\nmsgstr[1] %s\n' % (quote_po(plural), quote_po(texts[0]), quote_po(texts[1]))


def main():
    verb = sys.argv[1] if len(sys.argv) > 1 else 'check'
    tables = load()
    if verb == 'table':
        table(tables, pathlib.Path(sys.argv[2]))
    elif verb == 'check':
        check(tables)
    elif verb == 'missing':
        for msgid, (plural, _) in used([pathlib.Path(p).resolve() for p in sys.argv[2:]] or None).items():
            if msgid not in tables['da']:
                print(entry(msgid, plural, ['', '']), end='')
        return 0
    elif verb == 'add':
        area = sys.argv[2]
        files = {lang: LANG / ('%s.%s.po' % (area, lang)) for lang in ('da', 'en')}
        text = {lang: f.read_text(encoding='utf-8') if f.exists() else HEAD % lang for lang, f in files.items()}
        for line in sys.stdin.read().splitlines():
            if not line.strip():
                continue
            english, danish = re.split(r' \| ', line)
            english, danish = english.replace('\\n', '\n'), danish.replace('\\n', '\n')
            one, _, many = english.partition(' || ')
            if one in tables['da'] and (tables['da'][one][0] or not many):
                continue
            tables['da'][one] = (many or None, [], '')
            text['da'] += entry(one, many or None, danish.split(' || '))
            text['en'] += entry(one, many or None, [one, many])
        for lang, f in files.items():
            f.write_text(text[lang], encoding='utf-8')
        return 0
    elif verb == 'en':
        for path in sorted(LANG.glob('%s.da.po' % (sys.argv[2] if len(sys.argv) > 2 else '*'))):
            to = path.with_name(path.name.replace('.da.po', '.en.po'))
            have = {m for m, _, _, _ in read_po(to)} if to.exists() else set()
            text = to.read_text(encoding='utf-8') if to.exists() else HEAD % 'en'
            for msgid, plural, _, _ in read_po(path):
                if msgid not in have:
                    text += entry(msgid, plural, [msgid, plural])
            to.write_text(text, encoding='utf-8')
    else:
        print(__doc__)
        return 2
    for p in problems:
        print(p, file=sys.stderr)
    if any(' has no ' in p for p in problems):
        print('write them with: echo "English | Dansk" | tools/messages.py add AREA   (AREA: the file of ui/lang it belongs to, say web)', file=sys.stderr)
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(main())
