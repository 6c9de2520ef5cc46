#include "conv/html.h"
#include <ctype.h>
#include <libxml/HTMLparser.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include "base/buf.h"
#include "base/text.h"

enum { DEPTH = 200, HTML_MAX = 2 << 20, TEXT_MAX = 2 << 20 };
enum { KEEP = 1, BLOCK = 2, EMPTY = 4, GONE = 8, CELL = 16 };

/* What an element becomes. Not on the list: its content stays, its tag goes. GONE: content goes too. */
static const struct { const char *name; int how; } elements[] = {
	{ "a", KEEP }, { "abbr", KEEP }, { "b", KEEP }, { "blockquote", KEEP | BLOCK }, { "br", KEEP | EMPTY }, { "caption", KEEP | BLOCK },
	{ "code", KEEP }, { "dd", KEEP | BLOCK }, { "del", KEEP }, { "div", KEEP | BLOCK }, { "dl", KEEP | BLOCK }, { "dt", KEEP | BLOCK },
	{ "em", KEEP }, { "h1", KEEP | BLOCK }, { "h2", KEEP | BLOCK }, { "h3", KEEP | BLOCK }, { "h4", KEEP | BLOCK }, { "h5", KEEP | BLOCK },
	{ "h6", KEEP | BLOCK }, { "hr", KEEP | BLOCK | EMPTY }, { "i", KEEP }, { "img", KEEP | EMPTY }, { "ins", KEEP }, { "li", KEEP | BLOCK },
	{ "ol", KEEP | BLOCK }, { "p", KEEP | BLOCK }, { "pre", KEEP | BLOCK }, { "s", KEEP }, { "small", KEEP }, { "span", KEEP },
	{ "strike", KEEP }, { "strong", KEEP }, { "sub", KEEP }, { "sup", KEEP }, { "table", KEEP | BLOCK }, { "tbody", KEEP },
	{ "td", KEEP | CELL }, { "tfoot", KEEP }, { "th", KEEP | CELL }, { "thead", KEEP }, { "tr", KEEP | BLOCK }, { "tt", KEEP }, { "u", KEEP },
	{ "ul", KEEP | BLOCK }, { "address", BLOCK }, { "article", BLOCK }, { "section", BLOCK }, { "header", BLOCK }, { "footer", BLOCK },
	{ "center", BLOCK }, { "form", BLOCK }, { "fieldset", BLOCK }, { "main", BLOCK },
	{ "applet", GONE }, { "audio", GONE }, { "base", GONE }, { "embed", GONE }, { "frame", GONE }, { "frameset", GONE }, { "head", GONE },
	{ "iframe", GONE }, { "link", GONE }, { "math", GONE }, { "meta", GONE }, { "noembed", GONE }, { "noframes", GONE },
	{ "noscript", GONE }, { "object", GONE }, { "option", GONE }, { "script", GONE }, { "select", GONE }, { "style", GONE }, { "svg", GONE },
	{ "template", GONE }, { "textarea", GONE }, { "title", GONE }, { "video", GONE }, { "xml", GONE }, { "xmp", GONE }, { "plaintext", GONE },
};

static int how(const char *name)
{
	for (size_t i = 0; i < sizeof elements / sizeof *elements; i++)
		if (strcasecmp(elements[i].name, name) == 0)
			return elements[i].how;
	return 0;
}

static const char *attribute(const xmlNode *x, const char *name)
{
	for (const xmlAttr *t = x->properties; t; t = t->next)
		if (strcasecmp((const char *)t->name, name) == 0)
			return t->children && t->children->content ? (const char *)t->children->content : "";
	return NULL;
}

static void escape(struct buf *b, const char *s)
{
	for (; *s; s++) {
		const char *as = *s == '&' ? "&amp;" : *s == '<' ? "&lt;" : *s == '>' ? "&gt;" : *s == '"' ? "&quot;" : *s == '\'' ? "&#39;" : NULL;

		if (as)
			buf_adds(b, as);
		else if ((unsigned char)*s >= 0x20 || *s == '\n' || *s == '\t')
			buf_addc(b, *s);
	}
}

/* A link we let through, without white space and controls inside that browsers would skip; NULL otherwise. */
static const char *safe_link(struct arena *a, const char *href)
{
	static const char *const schemes[] = { "http://", "https://", "mailto:", "tel:" };
	char *s, *o;

	if (!href || strlen(href) > 4000)
		return NULL;
	s = o = arena_get(a, strlen(href) + 1);
	for (; *href; href++)
		if ((unsigned char)*href > 0x20 && *href != 0x7F)
			*o++ = *href;
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
		if (strncasecmp(s, schemes[i], strlen(schemes[i])) == 0 && s[strlen(schemes[i])])
			return s;
	return NULL;
}

static void attributes(struct buf *b, struct arena *a, const xmlNode *x, const char *name)
{
	static const char *const numbers[] = { "colspan", "rowspan", "start" };
	const char *v;

	if (strcmp(name, "a") == 0 && (v = safe_link(a, attribute(x, "href")))) {
		buf_adds(b, " href=\"");
		escape(b, v);
		buf_adds(b, "\" rel=\"noopener noreferrer nofollow\" target=\"_blank\"");
	}
	if (strcmp(name, "img") == 0) {
		buf_adds(b, " src=\"cid:");
		escape(b, attribute(x, "src") + 4);
		buf_adds(b, "\" alt=\"");
		escape(b, (v = attribute(x, "alt")) ? v : "");
		buf_adds(b, "\"");
	}
	for (size_t i = 0; i < 3; i++) {
		int64_t k;

		if ((v = attribute(x, numbers[i])) && text_int(v, &k) && k >= 1 && k <= 1000)
			buf_printf(b, " %s=\"%d\"", numbers[i], (int)k);
	}
}

static void clean(struct buf *b, struct arena *a, const xmlNode *x, int depth)
{
	for (; x && !b->full; x = x->next) {
		const char *name = (const char *)x->name, *src;
		char low[12];
		int h;

		if (x->type == XML_TEXT_NODE || x->type == XML_CDATA_SECTION_NODE) {
			escape(b, (const char *)x->content);
			continue;
		}
		if (x->type != XML_ELEMENT_NODE || depth == DEPTH || (h = how(name)) & GONE)
			continue;
		src = strcasecmp(name, "img") == 0 ? attribute(x, "src") : NULL;
		if (!(h & KEEP) || (strcasecmp(name, "img") == 0 && (!src || strncasecmp(src, "cid:", 4) != 0))) {
			clean(b, a, x->children, depth + 1);
			continue;
		}
		snprintf(low, sizeof low, "%s", name);
		for (char *c = low; *c; c++)
			*c = (char)tolower((unsigned char)*c);
		buf_printf(b, "<%s", low);
		attributes(b, a, x, low);
		buf_addc(b, '>');
		if (h & EMPTY)
			continue;
		clean(b, a, x->children, depth + 1);
		buf_printf(b, "</%s>", low);
	}
}

struct plain { struct buf *b; int breaks, quote; bool space, fresh; int64_t quoted_from; };     /* fresh: at a line's start */

static void flush(struct plain *p)
{
	if (p->b->n == 0)
		p->breaks = 0;
	if (p->breaks) {
		for (int i = 0; i < p->breaks; i++) {
			buf_addc(p->b, '\n');
			for (int q = 0; q < p->quote && i + 1 < p->breaks; q++)
				buf_addc(p->b, '>');
		}
		p->breaks = 0;
		p->fresh = true;
	}
	if (p->fresh || p->b->n == 0) {
		for (int q = 0; q < p->quote; q++)
			buf_adds(p->b, q + 1 == p->quote ? "> " : ">");
		p->space = false;
	}
	if (p->space)
		buf_addc(p->b, ' ');
	p->space = p->fresh = false;
}

static void want_break(struct plain *p, int n)
{
	if (p->breaks < n)
		p->breaks = n;
	p->space = false;
}

static void words(struct plain *p, const char *s, bool pre)
{
	for (; *s; s++) {
		if (pre && *s == '\n') {
			p->breaks++;
			p->space = false;
		} else if (!pre && (isspace((unsigned char)*s) || ((unsigned char)*s == 0xC2 && (unsigned char)s[1] == 0xA0))) {
			s += (unsigned char)*s == 0xC2;
			p->space = p->breaks == 0 && p->b->n > 0;
		} else if ((unsigned char)*s == 0xE2 && (unsigned char)s[1] == 0x80 && ((unsigned char)s[2] == 0x8B || (unsigned char)s[2] == 0x8C)) {
			s += 2;         /* zero width space and non-joiner: what newsletters pad their previews with */
		} else {
			flush(p);
			buf_addc(p->b, *s);
		}
	}
}

/* Where mail programs say in the HTML itself that a quote begins. */
static bool marks_quote(const xmlNode *x)
{
	static const char *const names[] = { "gmail_quote", "divRplyFwdMsg", "appendonsend", "yahoo_quoted", "moz-cite-prefix",
		"protonmail_quote", "OLK_SRC_BODY_SECTION" };
	const char *id = attribute(x, "id"), *class = attribute(x, "class"), *type = attribute(x, "type");

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if ((id && strstr(id, names[i])) || (class && strstr(class, names[i])))
			return true;
	return strcasecmp((const char *)x->name, "blockquote") == 0 && type && strcasecmp(type, "cite") == 0;
}

static void plain(struct plain *p, struct arena *a, const xmlNode *x, int depth, bool pre)
{
	for (; x && !p->b->full; x = x->next) {
		const char *name = (const char *)x->name, *href;
		bool quote;
		size_t from;
		int h;

		if (x->type == XML_TEXT_NODE || x->type == XML_CDATA_SECTION_NODE) {
			words(p, (const char *)x->content, pre);
			continue;
		}
		if (x->type != XML_ELEMENT_NODE || depth == DEPTH || (h = how(name)) & GONE)
			continue;
		if (p->quoted_from < 0 && marks_quote(x) && p->b->n) {
			p->quoted_from = (int64_t)p->b->n;
			want_break(p, 1);       /* an element that stands in a line may be marked too */
		}
		if (strcasecmp(name, "br") == 0) {
			p->breaks++;
			p->space = false;
			continue;
		}
		if (h & BLOCK)
			want_break(p, strcasecmp(name, "p") == 0 || (name[0] | 32) == 'h' ? 2 : 1);
		if (strcasecmp(name, "hr") == 0) {
			words(p, "________________________________", false);
			want_break(p, 1);
			continue;
		}
		if ((h & CELL) && x->prev)
			p->space = p->breaks == 0 && p->b->n > 0;
		quote = strcasecmp(name, "blockquote") == 0 && p->quote < 5 && depth < 60;
		if (quote) {
			if (p->b->n == 0)
				p->fresh = true;
			p->quote++;
		}
		if (strcasecmp(name, "li") == 0)
			words(p, "- ", true);
		from = p->b->n;
		plain(p, a, x->children, depth + 1, pre || strcasecmp(name, "pre") == 0);
		if (strcasecmp(name, "a") == 0 && (href = safe_link(a, attribute(x, "href"))) && strncasecmp(href, "http", 4) == 0 &&
			p->b->n > from && !strstr(buf_text(p->b) + from, href + (strncasecmp(href, "https", 5) == 0 ? 8 : 7))) {
			p->space = true;
			words(p, arena_printf(a, "<%s>", href), true);
		}
		if (quote) {
			if (p->breaks == 0)
				p->breaks = 1;
			p->quote--;
		}
		if (h & BLOCK)
			want_break(p, strcasecmp(name, "p") == 0 || (name[0] | 32) == 'h' ? 2 : 1);
	}
}

static void quiet(void *arg, const char *format, ...) { }

void html_read(struct arena *a, const char *html, size_t n, char **out_clean, char **text, int64_t *quoted_from)
{
	struct buf c, t;
	struct plain p = { .b = &t, .quoted_from = -1 };
	htmlDocPtr d;

	*out_clean = *text = arena_dup(a, "");
	*quoted_from = -1;
	if (n > HTML_MAX)
		n = HTML_MAX;
	xmlSetGenericErrorFunc(NULL, quiet);
	d = htmlReadMemory(html, (int)n, NULL, "UTF-8", HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET |
		HTML_PARSE_COMPACT);
	if (!d)
		return;
	buf_init(&c, a, HTML_MAX * 2);
	clean(&c, a, d->children, 0);
	buf_init(&t, a, TEXT_MAX);
	plain(&p, a, d->children, 0, false);
	xmlFreeDoc(d);
	if (!c.full)
		*out_clean = text_repair(a, buf_text(&c), c.n);
	*text = text_repair(a, buf_text(&t), t.n);
	if (strlen(*text) == t.n)
		*quoted_from = p.quoted_from;
}
