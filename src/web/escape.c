#include "web/escape.h"
#include <string.h>
#include <strings.h>

void esc_text(struct buf *b, const char *s)
{
	static const char *const said[256] = { ['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;", ['\''] = "&#39;" };
	const char *from = s, *put;

	if (!s)
		return;
	for (; *s; s++) {
		put = said[(unsigned char)*s];
		if (!put)
			continue;
		buf_add(b, from, (size_t)(s - from));
		buf_adds(b, put);
		from = s + 1;
	}
	buf_add(b, from, (size_t)(s - from));
}

bool esc_url_ok(const char *s)
{
	static const char *const schemes[] = { "http://", "https://", "mailto:", "tel:" };
	const char *c;

	/* Browsers drop tabs, line ends and leading controls before they look for the scheme: refuse them all. */
	for (c = s; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f || *c == '\\')
			return false;
	if (*s == ' ')
		return false;
	if (*s == '/')                                  /* a path of our own, or another host's by the same scheme */
		return true;
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
		if (strncasecmp(s, schemes[i], strlen(schemes[i])) == 0)
			return true;
	return s[strcspn(s, ":/?#")] != ':';            /* no other scheme: what has a colon first is not a path */
}

void esc_url(struct buf *b, const char *s)
{
	if (s)
		esc_text(b, esc_url_ok(s) ? s : "#");
}

static void percent(struct buf *b, const char *s, const char *keep)
{
	static const char hex[] = "0123456789ABCDEF";

	for (; s && *s; s++) {
		unsigned char c = (unsigned char)*s;

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr(keep, c)) {
			buf_addc(b, (char)c);
		} else {
			char e[3] = { '%', hex[c >> 4], hex[c & 15] };

			buf_add(b, e, 3);
		}
	}
}

void esc_url_path(struct buf *b, const char *s) { percent(b, s, "-_.~/"); }
void esc_url_part(struct buf *b, const char *s) { percent(b, s, "-_.~"); }
