/* Any text put into a page: nothing of it is markup, and what a browser makes of it is the text again. Components that write
 * people's words (lines with links, a form's field) hold only the tags that are theirs. */
#define FUZZ_WEB
#include <ctype.h>
#include "fuzz.h"
#include "web/escape.h"
#include "web/ui.h"

/* What a browser shows for escaped text. */
static char *shown(struct arena *a, const char *s)
{
	static const struct { const char *as, c; } back[] = { { "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' }, { "&quot;", '"' }, { "&#39;", '\'' } };
	char *out = arena_get(a, strlen(s) + 1), *o = out;

	while (*s) {
		size_t i = 0;

		if (*s != '&') {
			*o++ = *s++;
			continue;
		}
		while (i < 5 && strncmp(s, back[i].as, strlen(back[i].as)) != 0)
			i++;
		MUST(i < 5);
		*o++ = back[i].c;
		s += strlen(back[i].as);
	}
	return out;
}

/* Tags of these names only, every attribute in quotes, none that runs anything. */
static void only(const char *html, const char *const *tags)
{
	for (const char *s = html; *s; s++) {
		size_t n, i = 0;

		MUST(*s != '"' || s == html || true);
		if (*s != '<')
			continue;
		s += s[1] == '/' ? 2 : 1;
		n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789");
		while (tags[i] && (strlen(tags[i]) != n || strncmp(tags[i], s, n) != 0))
			i++;
		MUST(n && tags[i]);
		for (s += n; *s == ' '; ) {
			s++;
			n = strspn(s, "abcdefghijklmnopqrstuvwxyz-");
			MUST(n && strncmp(s, "on", 2) != 0 && strncmp(s, "style", 5) != 0);
			if (strncmp(s, "href=\"", 6) == 0)
				MUST(strncasecmp(s + 6, "http://", 7) == 0 || strncasecmp(s + 6, "https://", 8) == 0 || s[6] == '#');
			s += n;
			if (*s != '=')
				continue;
			MUST(s[1] == '"');
			s += 2 + strcspn(s + 2, "\"<>");
			MUST(*s == '"');
			s++;
		}
		MUST(*s == '>');
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const char *const lines[] = { "p", "br", "a", NULL };
	static const char *const field[] = { "div", "label", "input", "textarea", "p", "span", "select", "option", "svg", "use", NULL };
	struct arena *a = arena_begin(64 << 20);
	char *text = text_repair(a, (const char *)p, n < 20000 ? n : 20000);
	struct web *w = fuzz_web(a, LANG_DA);
	const char *types[] = { "text", "textarea", "select", "check", "email" };
	struct ui_choice choices[] = { { text, text }, { "x", "y" }, { 0 } };
	struct buf b;

	buf_init(&b, a, 1 << 20);
	esc_text(&b, text);
	MUST(!strpbrk(buf_text(&b), "<>\"'") && strcmp(shown(a, buf_text(&b)), text) == 0);
	b.n = 0;
	esc_url(&b, text);
	MUST(!strpbrk(buf_text(&b), "<>\"'\n\r\t") && (strcmp(shown(a, buf_text(&b)), text) == 0 || strcmp(buf_text(&b), "#") == 0));
	if (strcmp(buf_text(&b), "#") != 0) {   /* a scheme, if it has one, is one of four */
		size_t k = strcspn(text, ":/?#");

		if (text[k] == ':')
			MUST(strncasecmp(text, "http:", 5) == 0 || strncasecmp(text, "https:", 6) == 0 || strncasecmp(text, "mailto:", 7) == 0 ||
				strncasecmp(text, "tel:", 4) == 0);
	}
	b.n = 0;
	esc_url_path(&b, text);
	MUST(strspn(buf_text(&b), "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~/%") == b.n);
	ui_lines(w, text);
	only(buf_text(&w->out), lines);
	w->out.n = 0;
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		UI_FIELD(w, .name = "x", .label = text, .hint = text, .value = text, .type = types[i], .choices = choices);
	only(buf_text(&w->out), field);
	MUST(!w->out.full);
	arena_end(a);
	return 0;
}
