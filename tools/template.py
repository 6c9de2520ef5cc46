#!/usr/bin/env python3
"""template.py IN.html OUT.c - turns a page template into C that writes the page into w->out.

    {% use "pages/tickets.h" %}                                 #include
    {% page tickets_page(const struct tickets_view *v) %} ... {% end %}     void tickets_page(struct web *w, const struct tickets_view *v)
    {% part name(args) %} ... {% end %}                         the same for half of a frame: tags may stay open, or close what another opened
    {{ v->subject }}            const char *, escaped for where it stands; NULL writes nothing
    {{ i v->n }}                an integer
    {{ _ "English msgid" }}     translated and escaped; {{ _ "Ticket %s", v->n }} takes values as printf does
    {{ call ui_icon(w, "mail") }}       something that writes markup itself; only between tags
    {% if (x) { %} ... {% } else { %} ... {% } %}       lines of C
    <input {? checked v->on ?}> an attribute that is there or not
    {# a note that is not sent #}

Escaping follows the place: between tags and inside quoted attributes the five characters; in an attribute that holds an
address (href, src, action, hx-get ...) a value at the start must be a path or http, https, mailto, tel (anything else
becomes "#"), one that comes later is percent-encoded. Refused, at the template's own line: inline script and style,
on*= and hx-on, style=, unquoted attribute values, expressions in tag or attribute names, comments, script and style,
a branch that leaves another place than it began in. Static text is merged; lines lose their indentation.
"""
import re
import sys

URL_ATTRS = {'href', 'src', 'action', 'formaction', 'poster', 'cite', 'data', 'xlink:href', 'hx-get', 'hx-post', 'hx-put',
             'hx-patch', 'hx-delete', 'hx-push-url', 'hx-replace-url'}
NO_VALUE_ATTRS = {'srcset', 'hx-vals', 'hx-vars', 'hx-headers', 'hx-trigger', 'hx-request', 'hx-ext', 'content', 'http-equiv'}
VOID = {'area', 'base', 'br', 'col', 'embed', 'hr', 'img', 'input', 'link', 'meta', 'source', 'track', 'wbr'}
OPTIONAL_END = {'li', 'p', 'dt', 'dd', 'tr', 'td', 'th', 'option', 'tbody', 'thead', 'html', 'body', 'head'}
SAFE_URL = re.compile(r'^(?:[/#?.]|https?:|mailto:|tel:|$|[a-z0-9_-]+(?:[/?#.]|$))', re.I)
TOKEN = re.compile(r'\{\{(.*?)\}\}|\{%(.*?)%\}|\{\?(.*?)\?\}|\{#.*?#\}', re.S)


class Bad(Exception):
    pass


def c_string(data):
    out, line = [], ''
    for b in data.encode():
        ch = chr(b)
        if ch == '\n':
            piece = '\\n'
        elif ch in '"\\':
            piece = '\\' + ch
        elif ch == '?':
            piece = '\\?'
        elif 32 <= b < 127:
            piece = ch
        else:
            piece = '\\%03o' % b
        line += piece
        if ch == '\n' and len(line) > 60 or len(line) > 150:
            out.append(line)
            line = ''
    if line or not out:
        out.append(line)
    return '\n\t\t'.join('"%s"' % x for x in out)


class Html:
    """Where in the HTML we are. Fed static text piece by piece."""

    def __init__(self):
        self.state = 'text'         # text | tag | attr | before | value | comment | raw
        self.tag = self.attr = self.quote = self.raw = ''
        self.value = ''             # static beginning of the current attribute value; None once an expression stood in it
        self.mixed = False
        self.attrs = set()
        self.closing = False
        self.pre = 0
        self.stack = []
        self.part = False

    def place(self):
        if self.state == 'value':
            return ('value', self.tag, self.attr, self.quote)
        return (self.state, self.tag if self.state != 'text' else '', self.raw, tuple(self.stack))

    def feed(self, text):
        i, n = 0, len(text)
        while i < n:
            self.i = i
            c = text[i]
            s = self.state
            if s == 'text':
                if text.startswith('<!--', i):
                    self.state = 'comment'
                    i += 4
                    continue
                if c == '<':
                    m = re.compile(r'<(/?)([a-zA-Z][a-zA-Z0-9-]*)|<!doctype html>', re.I).match(text, i)
                    if not m:
                        raise Bad('a < that begins no tag: write &lt;')
                    if m.group(2) is None:
                        i = m.end()
                        continue
                    self.closing, self.tag = bool(m.group(1)), m.group(2).lower()
                    if self.tag == 'style':
                        raise Bad('inline style: put it in ui/pedel.css')
                    if m.end() == n:
                        self.state = 'tag'
                        self.attrs = set()
                        i = n
                        self.cut_tag = True
                        continue
                    self.state, self.attrs = 'tag', set()
                    i = m.end()
                    continue
                i += 1
            elif s == 'comment':
                j = text.find('-->', i)
                if j < 0:
                    return
                self.state = 'text'
                i = j + 3
            elif s == 'raw':            # inside <script>: nothing but white space until its end
                m = re.compile(r'\s*</' + self.raw + r'\s*>', re.I).match(text, i)
                if not m:
                    raise Bad('inline script: put it in ui/pedel.js')
                self.state, self.raw = 'text', ''
                i = m.end()
            elif s == 'tag':
                if c in ' \t\n\r/':
                    i += 1
                elif c == '>':
                    self.end_tag(text[i - 1] == '/')
                    i += 1
                else:
                    m = re.compile(r'[^\s=>/"\'<]+').match(text, i)
                    if not m:
                        raise Bad('what is %r doing in a tag?' % c)
                    if i == 0 and getattr(self, 'cut_tag', False):
                        raise Bad('an expression in a tag name')
                    self.attr = m.group().lower()
                    if self.attr.startswith('on') or self.attr.startswith('hx-on'):
                        raise Bad('%s= is inline script: put it in ui/pedel.js' % self.attr)
                    if self.attr in ('style', 'srcdoc', 'hx-vars'):
                        raise Bad('%s= is not allowed' % self.attr)
                    if self.attr in self.attrs and not self.branch:
                        raise Bad('%s= stands twice' % self.attr)
                    self.attrs.add(self.attr)
                    i = m.end()
                    if i == n:
                        self.state = 'attr'
                    elif text[i] == '=':
                        self.state = 'before'
                        i += 1
            elif s == 'attr':
                self.state = 'before' if c == '=' else 'tag'
                i += 1 if c == '=' else 0
            elif s == 'before':
                if c not in '"\'':
                    raise Bad('the value of %s= needs quotes' % self.attr)
                self.quote, self.value, self.mixed, self.state = c, '', False, 'value'
                i += 1
            elif s == 'value':
                j = text.find(self.quote, i)
                part = text[i:] if j < 0 else text[i:j]
                self.value += part
                if j < 0:
                    return
                self.check_value()
                self.state = 'tag'
                i = j + 1
            self.cut_tag = False

    branch = 0

    def check_value(self):
        v = self.value.strip()
        if self.attr in URL_ATTRS and not self.mixed and not SAFE_URL.match(v):
            raise Bad('%s="%s" is not an address we allow' % (self.attr, v))
        if self.attr == 'hx-trigger' and '[' in v:
            raise Bad('hx-trigger with a [filter] needs eval, which is off')
        if self.attr in ('hx-vals', 'hx-headers') and v and not v.startswith('{'):
            raise Bad('%s must be plain JSON' % self.attr)

    def end_tag(self, selfclosed):
        self.state = 'text'
        t = self.tag
        if self.closing:
            if t in VOID:
                raise Bad('</%s> does not exist' % t)
            if t in ('pre', 'textarea'):
                self.pre -= 1
            while self.stack and self.stack[-1] != t and self.stack[-1] in OPTIONAL_END:
                self.stack.pop()
            if not self.stack and self.part:
                return
            if not self.stack or self.stack[-1] != t:
                raise Bad('</%s> ends nothing; open is %s' % (t, '<%s>' % self.stack[-1] if self.stack else 'nothing'))
            self.stack.pop()
            return
        if t == 'script':
            if 'src' not in self.attrs:
                raise Bad('inline script: put it in ui/pedel.js')
            self.state, self.raw = 'raw', 'script'
            return
        if t in VOID or selfclosed:
            return
        if t in ('pre', 'textarea'):
            self.pre += 1
        if t in OPTIONAL_END and self.stack and self.stack[-1] == t:
            self.stack.pop()
        self.stack.append(t)


class Page:
    def __init__(self, path):
        self.path = path
        self.text = open(path, encoding='utf-8').read()
        self.out = ['/* made by tools/template.py from %s */' % path, '#include "web/escape.h"', '#include "web/ui.h"', '#include "web/web.h"']
        self.static = ''
        self.static_line = 0
        self.html = None
        self.braces = []

    def line(self, pos):
        return self.text.count('\n', 0, pos) + 1

    def emit(self, code, pos):
        self.flush()
        self.out.append('#line %d "%s"' % (self.line(pos), self.path))
        self.out.append('\t' + code)

    def flush(self):
        if self.static:
            self.out.append('#line %d "%s"' % (self.static_line, self.path))
            self.out.append('\tbuf_add(&w->out, %s, %d);' % (c_string(self.static), len(self.static.encode())))
            self.static = ''

    def add_static(self, text, pos):
        if not text:
            return
        if self.html is None:
            if text.strip():
                raise Bad('text outside a page')
            return
        h = self.html
        squeeze = h.state in ('text', 'tag') and not h.pre and not re.search(r'<(pre|textarea)\b', text)
        h.branch = len(self.braces)
        lost = re.search(r'\{[{%?]', text)
        if lost:
            self.at = pos + lost.start()
            raise Bad('an opening without its end')
        try:
            h.feed(text)
        except Bad:
            self.at = pos + h.i
            raise
        if squeeze:
            text = re.sub(r'\n\s*', '\n', text)
            if self.static.endswith('\n') and text.startswith('\n'):
                text = text[1:]
        if not self.static:
            self.static_line = self.line(pos)
        self.static += text

    def expression(self, body, pos):
        h = self.html
        if h is None:
            raise Bad('an expression outside a page')
        body = body.strip()
        if getattr(h, 'cut_tag', False):
            raise Bad('an expression in a tag name')
        if h.state == 'comment':
            raise Bad('an expression in a comment')
        if h.state == 'raw':
            raise Bad('an expression in a script')
        if h.state == 'before':
            raise Bad('the value of %s= needs quotes' % h.attr)
        if h.state not in ('text', 'value'):
            raise Bad('an expression in a tag: only in quoted values; use {? name condition ?} for attributes that may be absent')
        if body.startswith('call ') or body.startswith('call\t'):
            if h.state != 'text' or (h.stack and h.stack[-1] in ('title', 'textarea', 'option')):
                raise Bad('{{ call }} writes markup: only between tags')
            self.emit(body[5:].strip().rstrip(';') + ';', pos)
            return
        writer = 'esc_text'
        if h.state == 'value':
            if h.attr in NO_VALUE_ATTRS:
                raise Bad('no expressions in %s=' % h.attr)
            if h.attr in URL_ATTRS:
                if h.value.strip() == '' and not h.mixed:
                    writer = 'esc_url'
                elif '?' in h.value or '#' in h.value:
                    writer = 'esc_url_part'
                else:
                    writer = 'esc_url_path'
            h.mixed = True
        if body.startswith('i ') or body.startswith('i\t') or body.startswith('i('):
            self.emit('buf_int(&w->out, (long long)(%s));' % body[1:].strip(), pos)
        elif body.startswith('_'):
            m = re.match(r'_\s*((?:"(?:[^"\\]|\\.)*"\s*)+)(,.*)?$', body, re.S)
            if not m:
                if re.match(r'_\s*\(', body):
                    self.emit('%s(&w->out, %s);' % (writer, body), pos)
                    return
                raise Bad('{{ _ "text" }} takes a string')
            value = 'tr(w->lang, %s)' % m.group(1).strip()
            if m.group(2):
                value = 'arena_printf(w->a, %s%s)' % (value, m.group(2))
            self.emit('%s(&w->out, %s);' % (writer, value), pos)
        elif not body:
            raise Bad('an empty expression')
        else:
            self.emit('%s(&w->out, %s);' % (writer, body), pos)

    def code(self, body, pos):
        body = body.strip()
        m = re.match(r'use\s+("[^"]+"|<[^>]+>)$', body)
        if m:
            if self.html is not None:
                raise Bad('{% use %} stands before the pages')
            self.out += ['#line %d "%s"' % (self.line(pos), self.path), '#include ' + m.group(1)]
            return
        m = re.match(r'(page|part)\s+(\w+)\s*\((.*)\)$', body, re.S)
        if m:
            if self.html is not None:
                raise Bad('a page in a page: {% end %} is missing')
            args = m.group(3).strip()
            self.html, self.braces, self.static = Html(), [], ''
            self.html.part = m.group(1) == 'part'
            self.out += ['', '#line %d "%s"' % (self.line(pos), self.path),
                         'void %s(struct web *w%s)' % (m.group(2), ', ' + args if args and args != 'void' else ''), '{']
            return
        if self.html is None:
            raise Bad('code outside a page')
        if body == 'end':
            h = self.html
            while h.stack and h.stack[-1] in OPTIONAL_END:
                h.stack.pop()
            if self.braces:
                raise Bad('a branch is not closed')
            if h.state != 'text' or (h.stack and not h.part):
                raise Bad('the page ends inside <%s>' % (h.stack[-1] if h.stack else h.tag))
            self.flush()
            self.out.append('}')
            self.html = None
            return
        bare = re.sub(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'', '', body)
        for ch in bare:
            if ch == '{':
                self.braces.append(self.html.place())
            elif ch == '}':
                if not self.braces:
                    raise Bad('a } without its {')
                if self.braces.pop() != self.html.place():
                    raise Bad('the branch that ends here does not leave the place in the HTML where it began')
        self.emit(body, pos)

    def run(self):
        pos = 0
        for m in TOKEN.finditer(self.text):
            start, end = pos, m.start()
            self.at = start
            static = self.text[start:end]
            alone = False
            if m.group(2) is not None or m.group().startswith('{#'):
                line_start = self.text.rfind('\n', 0, m.start()) + 1
                rest = re.compile(r'[ \t]*\n').match(self.text, m.end())
                alone = bool(rest) and not self.text[line_start:m.start()].strip()
                if alone and line_start >= start:
                    static = self.text[start:line_start]
            self.add_static(static, start)
            self.at = m.start()
            pos = m.end()
            if m.group(1) is not None:
                self.expression(m.group(1), m.start())
            elif m.group(2) is not None:
                self.code(m.group(2), m.start())
            elif m.group(3) is not None:
                self.maybe(m.group(3), m.start())
            if alone:
                pos = rest.end()
        self.at = pos
        rest = self.text[pos:]
        if re.search(r'\{[{%?]', rest):
            raise Bad('an opening without its end')
        self.add_static(rest, pos)
        if self.html is not None:
            raise Bad('{% end %} is missing')
        return '\n'.join(self.out) + '\n'

    def maybe(self, body, pos):
        m = re.match(r'\s*([a-zA-Z][a-zA-Z-]*)\s+(.+?)\s*$', body, re.S)
        if not m:
            raise Bad('{? name condition ?}')
        if self.html is None or self.html.state != 'tag' or self.html.closing:
            raise Bad('{? ?} stands inside a tag')
        if m.group(1).lower().startswith(('on', 'hx-on')):
            raise Bad('inline script')
        self.html.cut_tag = False
        self.emit('if (%s) buf_adds(&w->out, " %s");' % (m.group(2), m.group(1)), pos)


def main():
    page = Page(sys.argv[1])
    try:
        text = page.run()
    except Bad as why:
        print('%s:%d: error: %s' % (sys.argv[1], page.line(page.at), why), file=sys.stderr)
        return 1
    with open(sys.argv[2], 'w', encoding='utf-8') as out:
        out.write(text)
    return 0


if __name__ == '__main__':
    sys.exit(main())
