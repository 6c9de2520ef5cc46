#!/usr/bin/env python3
"""The template compiler refuses what could become script, and says where; what it takes is escaped for its place. TAP."""
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = '{%% page p(const char *x) %%}\n%s\n{%% end %%}\n'

REFUSED = [     # body, line of the error, words in it
    ('<a onclick="x()">y</a>', 2, 'inline script'),
    ('<a\nONCLICK="x()">y</a>', 3, 'inline script'),
    ('<p hx-on:click="x()">y</p>', 2, 'inline script'),
    ('<p style="color:red">y</p>', 2, 'not allowed'),
    ('<style>p{}</style>', 2, 'inline style'),
    ('<script>alert(1)</script>', 2, 'inline script'),
    ('<script src="/s/x.js">alert(1)</script>', 2, 'inline script'),
    ('<script src="/s/x.js">{{ x }}</script>', 2, 'in a script'),
    ('<a href={{ x }}>y</a>', 2, 'quotes'),
    ('<a href=/x>y</a>', 2, 'quotes'),
    ('<a {{ x }}>y</a>', 2, 'in a tag'),
    ('<a data-{{ x }}="1">y</a>', 2, 'in a tag'),
    ('<{{ x }}>y</p>', 2, 'begins no tag'),
    ('<h{{ x }}>y</h1>', 2, 'tag name'),
    ('<!-- {{ x }} -->', 2, 'comment'),
    ('<a href="javascript:alert(1)">y</a>', 2, 'not an address'),
    ('<a href=" jAvAscript:alert(1)">y</a>', 2, 'not an address'),
    ('<form action="data:text/html,x">y</form>', 2, 'not an address'),
    ('<p>{{ call ui_icon(w, "x") }}</p><b title="{{ call ui_icon(w, "x") }}">y</b>', 2, 'only between tags'),
    ('<p>a < b</p>', 2, '&lt;'),
    ('<p>a</b></p>', 2, 'ends nothing'),
    ('<div><p>a</p>', 3, 'inside <div>'),
    ('<p>\n{% if (x) { %}\n<b>\n{% } %}\n</b></p>', 5, 'does not leave the place'),
    ('<p title="{% if (x) { %}a">{% } %}</p>', 2, 'does not leave the place'),
    ('{% if (x) { %}<b>y</b>', 3, 'not closed'),
    ('<p>{{ }}</p>', 2, 'empty expression'),
    ('<p>{{ _ text }}</p>', 2, 'takes a string'),
    ('<iframe srcdoc="x"></iframe>', 2, 'not allowed'),
    ('<img srcset="{{ x }}">', 2, 'no expressions'),
    ('<p hx-trigger="keyup[ctrlKey]">y</p>', 2, 'eval'),
    ('<p hx-vals="js:{a:1}">y</p>', 2, 'JSON'),
    ('<p hx-vals="{{ x }}">y</p>', 2, 'no expressions'),
    ('<input {? onclick x ?}>', 2, 'inline script'),
    ('<p>{? checked x ?}</p>', 2, 'inside a tag'),
    ('<p>{{ x </p>', 2, 'without its end'),
    ('<textarea>{{ call ui_icon(w, x) }}</textarea>', 2, 'only between tags'),
]
TAKEN = [       # body, what must stand in the C
    ('<p>{{ x }}</p>', ['esc_text(&w->out, x);']),
    ('<p title="{{ x }}">y</p>', ['esc_text(&w->out, x);']),
    ('<a href="{{ x }}">y</a>', ['esc_url(&w->out, x);']),
    ('<a hx-get="/t/{{ x }}/y">y</a>', ['esc_url_path(&w->out, x);']),
    ('<a href="/t?q={{ x }}&amp;a=1">y</a>', ['esc_url_part(&w->out, x);']),
    ('<p>{{ i 3 + 4 }}</p>', ['buf_int(&w->out, (long long)(3 + 4));']),
    ('<p>{{ _ "Kept" }}</p>', ['esc_text(&w->out, tr(w->lang, "Kept"));']),
    ('<p>{{ _ "%d of %d", 1, 2 }}</p>', ['arena_printf(w->a, tr(w->lang, "%d of %d"), 1, 2)']),
    ('<input type="checkbox" {? checked x ?}>', ['if (x) buf_adds(&w->out, " checked");']),
    ('<a{% if (x) { %} aria-current="page"{% } %}>y</a>', ['if (x) {']),
    ('<ul>{% for (int i = 0; i < 3; i++) { %}<li>{{ x }}{% } %}</ul>', None),
    ('<ul>\n{% for (int i = 0; i < 3; i++) { %}\n<li>{{ x }}</li>\n{% } %}\n</ul>', ['"<ul>\\n"', '"<li>"']),
    ('{# nothing of this is sent: <b> {{ x }} #}<p>y</p>', ['<p>y</p>']),
    ('<pre>\n  a\n    b</pre>', ['  a\\n', '    b']),
    ('<p>"q" \\ ?? æ</p>', ['\\"q\\" \\\\ \\?\\? \\303\\246']),
    ('<svg><use href="/s/icons.svg#x"/></svg>', ['<use href=']),
]


def compile_page(text, folder):
    page, out = folder / 'page.html', folder / 'page.c'
    out.unlink(missing_ok=True)
    page.write_text(text)
    done = subprocess.run([sys.executable, ROOT / 'tools/template.py', page, out], capture_output=True, text=True)
    return done.returncode, done.stderr, out.read_text() if out.exists() else ''


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix='template-'))
    n = bad = 0

    def ok(right, what):
        nonlocal n, bad
        n += 1
        bad += not right
        print('%sok %d - %s' % ('' if right else 'not ', n, what.replace('\n', ' ').replace('#', ' ')))

    for body, line, words in REFUSED:
        code, err, out = compile_page(PAGE % body, folder)
        ok(code == 1 and not out and (':%d: error:' % line) in err and words in err, 'refused: %s (%s)' % (body, err.strip()[-60:] if code != 1 else ''))
        if code != 1 or (':%d: error:' % line) not in err or words not in err:
            print('# ' + err.strip().replace('\n', '\n# '))
    for body, wants in TAKEN:
        code, err, out = compile_page(PAGE % body, folder)
        right = code != 0 if wants is None else code == 0 and all(w in out for w in wants)
        ok(right, ('taken: ' if wants is not None else 'refused: ') + body)
        if not right:
            print('# ' + (err or out).strip().replace('\n', '\n# '))
    code, err, out = compile_page('{% use "a.h" %}\ntext\n{% page p(void) %}{% end %}', folder)
    ok(code == 1 and 'outside a page' in err, 'text outside a page')
    code, err, out = compile_page('{% page p(void) %}\n<p>a</p>\n', folder)
    ok(code == 1 and 'is missing' in err, 'a page without its end')
    code, err, out = compile_page('{% page p(int n) %}\n<p>\n{{ nothing }}</p>\n{% end %}\n', folder)
    done = subprocess.run(['cc', '-fsyntax-only', '-Isrc', '-std=gnu11', folder / 'page.c'], cwd=ROOT, capture_output=True, text=True)
    ok('page.html:3:' in done.stderr, 'the C compiler names the template and its line')
    for name in ('page.html', 'page.c'):
        (folder / name).unlink(missing_ok=True)
    folder.rmdir()
    print('1..%d' % n)
    return 0        # TAP says which failed


if __name__ == '__main__':
    sys.exit(main())
