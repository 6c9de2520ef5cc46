#include "conv/charset.h"
#include <errno.h>
#include <iconv.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include "base/buf.h"
#include "base/text.h"

/* What a mail says, and what is meant. NULL: guess. Latin-1 and ASCII are Windows-1252 in practice. */
static const struct { const char *says, *means; } aliases[] = {
	{ "utf-8", "UTF-8" }, { "utf8", "UTF-8" }, { "unicode-1-1-utf-8", "UTF-8" }, { "us-ascii", NULL }, { "ascii", NULL },
	{ "ansi_x3.4-1968", NULL }, { "iso-8859-1", "CP1252" }, { "iso8859-1", "CP1252" }, { "iso_8859-1", "CP1252" }, { "latin1", "CP1252" },
	{ "latin-1", "CP1252" }, { "windows-1252", "CP1252" }, { "cp1252", "CP1252" }, { "ansi", "CP1252" }, { "iso-8859-9", "CP1254" },
	{ "ks_c_5601-1987", "CP949" }, { "ks_c_5601", "CP949" }, { "euc-kr", "CP949" }, { "gb2312", "GB18030" }, { "gbk", "GB18030" },
	{ "gb18030", "GB18030" }, { "hz-gb-2312", "GB18030" }, { "iso-8859-8-i", "ISO-8859-8" }, { "unicode-1-1-utf-7", "UTF-7" },
	{ "utf-7", "UTF-7" }, { "_iso-2022-jp$esc", "ISO-2022-JP" }, { "_iso-2022-jp", "ISO-2022-JP" }, { "iso-2022-jp", "ISO-2022-JP" },
	{ "shift_jis", "CP932" }, { "shift-jis", "CP932" }, { "x-sjis", "CP932" }, { "windows-31j", "CP932" }, { "macintosh", "MACINTOSH" },
	{ "x-mac-roman", "MACINTOSH" }, { "iso-8859-15", "ISO-8859-15" }, { "latin-9", "ISO-8859-15" }, { "big5", "BIG5-HKSCS" },
	{ "big5-hkscs", "BIG5-HKSCS" }, { "tis-620", "CP874" }, { "windows-874", "CP874" }, { "utf-16", "UTF-16" }, { "utf-16le", "UTF-16LE" },
	{ "utf-16be", "UTF-16BE" }, { "x-unknown", NULL }, { "unknown-8bit", NULL }, { "default", NULL }, { "x-user-defined", NULL },
};
static const char *const known[] = {
	"ISO-8859-2", "ISO-8859-3", "ISO-8859-4", "ISO-8859-5", "ISO-8859-6", "ISO-8859-7", "ISO-8859-8", "ISO-8859-9", "ISO-8859-10",
	"ISO-8859-13", "ISO-8859-14", "ISO-8859-15", "CP1250", "CP1251", "CP1252", "CP1253", "CP1254", "CP1255", "CP1256", "CP1257",
	"CP1258", "CP437", "CP850", "CP865", "CP866", "CP874", "KOI8-R", "KOI8-U", "MACINTOSH", "ISO-8859-1", "US-ASCII", "CP949",
	"GB18030", "BIG5-HKSCS", "CP932", "ISO-2022-JP", "ISO-2022-KR", "EUC-JP", "EUC-KR", "SHIFT_JIS", "BIG5", "GB2312", "GBK", "UTF-7",
	"UTF-16", "UTF-16LE", "UTF-16BE", "UTF-8", NULL,
};

const char *const *charset_known(void) { return known; }

/* Windows-1252 without iconv: it must never fail. */
static void from_1252(struct buf *b, const unsigned char *p, size_t n, bool *damaged)
{
	static const uint16_t high[32] = { 0x20AC, 0xFFFD, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039,
		0x0152, 0xFFFD, 0x017D, 0xFFFD, 0xFFFD, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A,
		0x0153, 0xFFFD, 0x017E, 0x0178 };
	char out[4];

	for (size_t i = 0; i < n; i++) {
		uint32_t c = p[i] >= 0x80 && p[i] < 0xA0 ? high[p[i] - 0x80] : p[i];

		if (c == 0xFFFD)
			*damaged = true;
		buf_add(b, out, text_put(out, c));
	}
}

/* How many whole multi-byte characters, and how many bytes that belong to none. */
static void count_utf8(const char *s, size_t n, size_t *good, size_t *bad)
{
	for (size_t i = 0; i < n;) {
		unsigned char c = (unsigned char)s[i];
		size_t len = c < 0x80 ? 1 : c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : c >= 0xC2 ? 2 : 0, k = 1;

		while (k < len && i + k < n && ((unsigned char)s[i + k] & 0xC0) == 0x80)
			k++;
		if (len == 0 || k < len) {
			++*bad;
			i++;
			continue;
		}
		*good += len > 1;
		i += len;
	}
}

static bool by_iconv(struct buf *b, const char *p, size_t n, const char *name, bool *damaged)
{
	iconv_t cd = iconv_open("UTF-8", name);
	char out[4096], *in = (char *)(uintptr_t)p;

	if (cd == (iconv_t)-1)
		return false;
	while (n) {
		char *o = out;
		size_t left = sizeof out, rc = iconv(cd, &in, &n, &o, &left);

		buf_add(b, out, sizeof out - left);
		if (rc != (size_t)-1 || errno == E2BIG)
			continue;
		*damaged = true;
		buf_add(b, "\xEF\xBF\xBD", 3);
		if (errno == EINVAL || n == 0)
			break;
		in++;
		n--;
	}
	iconv_close(cd);
	return true;
}

/* Controls to nothing or U+FFFD, \r\n and \r to \n: what the rest of Pedel calls text. */
static char *tidy(struct arena *a, const char *p, size_t n, bool *damaged)
{
	char *s = arena_get(a, n + 1), *o = s;

	for (size_t i = 0; i < n; i++) {
		if (p[i] == '\r') {
			if (i + 1 < n && p[i + 1] == '\n')
				continue;
			*o++ = '\n';
		} else if (p[i] == '\f' || p[i] == '\v') {
			*o++ = '\n';
		} else if (p[i] != '\b' && p[i] != 0x1B && p[i] != '\a' && p[i] != 0x7F) {
			*o++ = p[i];
		}
	}
	if (o - s >= 3 && memcmp(s, "\xEF\xBB\xBF", 3) == 0)
		s += 3;
	if (text_valid(s, (size_t)(o - s)))
		return s;
	*damaged = true;
	return text_repair(a, s, (size_t)(o - s));
}

char *charset_text(struct arena *a, const void *p, size_t n, const char *name, bool *damaged)
{
	const char *means = name && *name ? name : NULL;
	struct buf b;
	size_t good = 0, bad = 0;

	for (size_t i = 0; means && i < sizeof aliases / sizeof *aliases; i++)
		if (strcasecmp(aliases[i].says, means) == 0) {
			means = aliases[i].means;
			break;
		}
	buf_init(&b, a, n * 4 + 16);
	if (means && strcmp(means, "UTF-8") != 0 && strcmp(means, "CP1252") != 0 && strlen(means) < 40) {
		if (by_iconv(&b, p, n, means, damaged))
			return tidy(a, buf_text(&b), b.n, damaged);
		*damaged = true;
	}
	/* Latin-1 is what programs write when they do not know: believe valid UTF-8 with real characters over it. */
	count_utf8(p, n, &good, &bad);
	if (bad == 0 && (good || !means || strcmp(means, "CP1252") != 0))
		return tidy(a, p, n, damaged);
	if (good > bad && (!means || strcmp(means, "UTF-8") == 0))
		return tidy(a, p, n, damaged);
	if (bad && means && strcmp(means, "UTF-8") == 0)
		*damaged = true;
	from_1252(&b, p, n, damaged);
	return tidy(a, buf_text(&b), b.n, damaged);
}
