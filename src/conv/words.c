#include "conv/words.h"
#include <sodium.h>
#include <string.h>
#include <strings.h>
#include "base/buf.h"
#include "base/hash.h"
#include "base/text.h"
#include "conv/charset.h"

struct word { const char *charset; size_t ncharset; char how; const char *text; size_t ntext; const char *end; };

/* =?charset?Q?text?= at s. */
static bool word_at(const char *s, struct word *w)
{
	const char *p;

	if (s[0] != '=' || s[1] != '?')
		return false;
	w->charset = s + 2;
	w->ncharset = strcspn(w->charset, "? \t\r\n");
	p = w->charset + w->ncharset;
	if (w->ncharset == 0 || w->ncharset > 60 || p[0] != '?' || !p[1] || !strchr("QqBb", p[1]) || p[2] != '?')
		return false;
	w->how = p[1] & ~32;
	w->text = p + 3;
	for (p = w->text; *p && !(p[0] == '?' && p[1] == '='); p++)
		if (*p == '\n' && p[1] != ' ' && p[1] != '\t')
			return false;
	if (!*p)
		return false;
	w->ntext = (size_t)(p - w->text);
	w->end = p + 2;
	return true;
}

static int digit(char c) { return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1; }

static void bytes_of(struct buf *b, struct arena *a, const struct word *w)
{
	if (w->how == 'B') {
		unsigned char *out = arena_get(a, w->ntext + 4);
		const char *end = NULL;
		size_t n = 0, len = w->ntext;

		while (len && w->text[len - 1] == '=')
			len--;
		/* padded or not, dirty or not: what decodes is taken */
		if (sodium_base642bin(out, w->ntext + 4, w->text, len, " \t\r\n", &n, &end, sodium_base64_VARIANT_ORIGINAL_NO_PADDING) != 0 && n == 0 &&
			len > 1)
			sodium_base642bin(out, w->ntext + 4, w->text, len - len % 4, " \t\r\n", &n, &end, sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
		buf_add(b, out, n);
		return;
	}
	for (size_t i = 0; i < w->ntext; i++) {
		char c = w->text[i];

		if (c == '=' && i + 2 < w->ntext && digit(w->text[i + 1]) >= 0 && digit(w->text[i + 2]) >= 0) {
			buf_addc(b, (char)(digit(w->text[i + 1]) << 4 | digit(w->text[i + 2])));
			i += 2;
		} else {
			buf_addc(b, c == '_' ? ' ' : c);
		}
	}
}

static char *run(struct arena *a, const char *raw, bool join)
{
	struct buf out, plain;
	bool broken = false;

	buf_init(&out, a, strlen(raw) * 12 + 100);
	buf_init(&plain, a, strlen(raw) + 1);
	for (const char *s = raw; *s;) {
		struct word w, next;
		struct buf bytes;
		char *text;

		if (!word_at(s, &w)) {
			if (*s != '\r' && *s != '\n')
				buf_addc(&plain, *s);
			s++;
			continue;
		}
		if (plain.n)
			buf_adds(&out, charset_text(a, plain.p, plain.n, NULL, &broken));
		plain.n = 0;
		buf_init(&bytes, a, strlen(raw) + 10);
		for (;;) {
			const char *gap;

			bytes_of(&bytes, a, &w);
			gap = w.end + strspn(w.end, " \t\r\n");
			if (!word_at(gap, &next))
				break;
			s = gap;
			if (next.ncharset != w.ncharset || strncasecmp(next.charset, w.charset, w.ncharset) != 0) {
				text = charset_text(a, buf_text(&bytes), bytes.n, arena_dupn(a, w.charset, strcspn(arena_dupn(a, w.charset, w.ncharset), "*")), &broken);
				buf_adds(&out, join ? arena_printf(a, "=?utf-8?B?%s?= ", hash_base64(a, text, strlen(text))) : text);
				bytes.n = 0;
			}
			w = next;
		}
		text = charset_text(a, buf_text(&bytes), bytes.n, arena_dupn(a, w.charset, strcspn(arena_dupn(a, w.charset, w.ncharset), "*")), &broken);
		buf_adds(&out, join ? arena_printf(a, "=?utf-8?B?%s?=", hash_base64(a, text, strlen(text))) : text);
		s = w.end;
	}
	if (plain.n)
		buf_adds(&out, charset_text(a, plain.p, plain.n, NULL, &broken));
	return text_trim(a, buf_text(&out));
}

char *words_decode(struct arena *a, const char *raw) { return run(a, raw, false); }
char *words_join(struct arena *a, const char *raw) { return run(a, raw, true); }
