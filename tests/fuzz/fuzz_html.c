/* Any bytes as a mail's HTML: what comes out holds only tags and attributes of the list, links that lead to a web page, a
 * mail or a phone, pictures of the mail itself; and a text. The same for a provider's Markdown. */
#include "fuzz.h"
#include <strings.h>
#include "conv/conv.h"
#include "conv/html.h"

static bool in(const char *const *list, const char *s, size_t n)
{
	for (; *list; list++)
		if (strlen(*list) == n && strncmp(*list, s, n) == 0)
			return true;
	return false;
}

static void harmless(const char *html, const char *const *tags, const char *const *attributes, bool strict)
{
	for (const char *s = html; *s; s++) {
		size_t n;

		if (*s != '<')
			continue;
		if (strncmp(s, "<!-- raw HTML omitted -->", 25) == 0) {
			s += 24;
			continue;
		}
		s += s[1] == '/' ? 2 : 1;
		n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789");
		MUST(in(tags, s, n));
		for (s += n; *s == ' ' && s[1] != '/'; ) {
			const char *v;

			s++;
			n = strspn(s, "abcdefghijklmnopqrstuvwxyz-");
			MUST(in(attributes, s, n) && s[n] == '=' && s[n + 1] == '"');
			v = s + n + 2;
			if (strncmp(s, "href", 4) == 0)
				MUST(strict ? strncasecmp(v, "http", 4) == 0 || strncasecmp(v, "mailto:", 7) == 0 || strncasecmp(v, "tel:", 4) == 0 :
					strncasecmp(v, "javascript:", 11) != 0 && strncasecmp(v, "vbscript:", 9) != 0 && strncasecmp(v, "file:", 5) != 0);
			s = v + strcspn(v, "\"<>");
			MUST(*s == '"');
			s++;
		}
		s += *s == ' ' ? 2 : 0;
		MUST(*s == '>');
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const char *const tags[] = { "a", "abbr", "b", "blockquote", "br", "caption", "code", "dd", "del", "div", "dl", "dt", "em", "h1", "h2", "h3",
		"h4", "h5", "h6", "hr", "i", "img", "ins", "li", "ol", "p", "pre", "s", "small", "span", "strike", "strong", "sub", "sup", "table",
		"tbody", "td", "tfoot", "th", "thead", "tr", "tt", "u", "ul", NULL };
	static const char *const attributes[] = { "href", "rel", "target", "src", "alt", "colspan", "rowspan", "start", NULL };
	static const char *const md_attributes[] = { "href", "title", "src", "alt", "start", "class", NULL };
	struct arena *a = arena_begin(256 << 20);
	char *raw, *clean, *text, *clean2, *text2;
	int64_t quoted;
	struct buf b;

	if (n < 32 << 10) {
		raw = text_repair(a, (const char *)p, n);
		html_read(a, raw, strlen(raw), &clean, &text, &quoted);
		harmless(clean, tags, attributes, true);
		for (const char *s = clean; (s = strstr(s, "<img src=\"")); s += 10)
			MUST(strncmp(s + 10, "cid:", 4) == 0);
		MUST(text_valid(text, strlen(text)) && text_valid(clean, strlen(clean)));
		MUST(quoted >= -1 && quoted <= (int64_t)strlen(text));
		html_read(a, clean, strlen(clean), &clean2, &text2, &quoted);
		harmless(clean2, tags, attributes, true);
		buf_init(&b, a, 64 << 20);
		conv_run(a, CONV_MARKDOWN, raw, strlen(raw), &b);
		{
			struct err e = { 0 };
			const void *out;
			size_t nout;

			if (conv_get_bytes(a, b.p, b.n, &out, &nout, &e) == 0)
				harmless(arena_dupn(a, out, nout), tags, md_attributes, false);
			else
				MUST(e.id == E_TEXT_ENCODING);
		}
	}
	arena_end(a);
	return 0;
}
