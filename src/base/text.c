#include "base/text.h"
#include "base/buf.h"
#include <errno.h>
#include <string.h>

/* Length of the sequence at s (at most n bytes), its code point in *c; 0 when it is not UTF-8. */
static size_t sequence(const unsigned char *s, size_t n, uint32_t *c)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len;

	if (s[0] < 0x80) {
		*c = s[0];
		return 1;
	}
	len = s[0] >= 0xF0 && s[0] < 0xF5 ? 4 : s[0] >= 0xE0 && s[0] < 0xF0 ? 3 : s[0] >= 0xC2 && s[0] < 0xE0 ? 2 : 0;
	if (len == 0 || len > n)
		return 0;
	*c = s[0] & (0x7Fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xC0) != 0x80)
			return 0;
		*c = *c << 6 | (s[i] & 0x3Fu);
	}
	if (*c < least[len] || *c > 0x10FFFF || (*c >= 0xD800 && *c <= 0xDFFF))
		return 0;
	return len;
}

static bool printable(uint32_t c)
{
	return c >= 0x20 ? c != 0x7F : c == '\t' || c == '\n' || c == '\r';
}

bool text_valid(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;
	uint32_t c;

	while (n) {
		size_t len = sequence(p, n, &c);

		if (len == 0 || !printable(c))
			return false;
		p += len;
		n -= len;
	}
	return true;
}

int text_check(const char *s, const char *field, size_t max, bool required, struct err *e)
{
	size_t n = s ? strlen(s) : 0;

	if (required && text_blank(s))
		return FAIL_FIELD(e, E_REQUIRED, field, "%s", field);
	if (n > max)
		return FAIL_FIELD(e, E_TOO_LONG, field, "%zu of %zu bytes", n, max);
	if (n && !text_valid(s, n))
		return FAIL_FIELD(e, E_TEXT_ENCODING, field, "%s", field);
	return 0;
}

char *text_repair(struct arena *a, const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;
	struct buf b;
	uint32_t c;

	buf_init(&b, a, n * 3 + 1);
	while (n) {
		size_t len = sequence(p, n, &c);

		if (len && printable(c))
			buf_add(&b, p, len);
		else
			buf_add(&b, "\xEF\xBF\xBD", 3);
		if (len == 0)
			len = 1;
		p += len;
		n -= len;
	}
	return b.p ? b.p : arena_dup(a, "");
}

static bool space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

char *text_trim(struct arena *a, const char *s)
{
	size_t n;

	if (!s)
		return arena_dup(a, "");
	while (space(*s))
		s++;
	n = strlen(s);
	while (n && space(s[n - 1]))
		n--;
	return arena_dupn(a, s, n);
}

static uint32_t lower(uint32_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c + 32;
	if ((c >= 0xC0 && c <= 0xDE && c != 0xD7))
		return c + 32;
	if ((c >= 0x100 && c <= 0x137) || (c >= 0x14A && c <= 0x177))
		return c | 1;
	if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E))
		return c & 1 ? c + 1 : c;
	return c;
}

char *text_lower(struct arena *a, const char *s)
{
	size_t n = strlen(s);
	char *out = arena_get(a, n * 3 + 1), *o = out;   /* a bad byte becomes the three of U+FFFD */
	uint32_t c;

	while ((c = text_next(&s)))
		o += text_put(o, lower(c));
	return out;
}

/* Blanks of other scripts, and marks that leave nothing on paper: zero width, joiners, direction. */
static bool unseen(uint32_t c)
{
	static const struct { uint32_t from, to; } all[] = { { 0xA0, 0xA0 }, { 0xAD, 0xAD }, { 0x34F, 0x34F }, { 0x61C, 0x61C }, { 0x115F, 0x1160 },
		{ 0x17B4, 0x17B5 }, { 0x180B, 0x180E }, { 0x2000, 0x200F }, { 0x2028, 0x202F }, { 0x205F, 0x206F }, { 0x2800, 0x2800 }, { 0x3000, 0x3000 },
		{ 0x3164, 0x3164 }, { 0xFE00, 0xFE0F }, { 0xFEFF, 0xFEFF }, { 0xFFA0, 0xFFA0 }, { 0xE0000, 0xE0FFF } };

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (c >= all[i].from && c <= all[i].to)
			return true;
	return false;
}

/* What nobody sees and nobody types: control codes, direction, zero width, marks inside the line. 200C, 200D and FE0F join letters
 * and emoji, and are meant. */
static bool hidden(uint32_t c)
{
	static const struct { uint32_t from, to; } all[] = { { 0x7F, 0x9F }, { 0xAD, 0xAD }, { 0x34F, 0x34F }, { 0x61C, 0x61C }, { 0x180E, 0x180E },
		{ 0x200B, 0x200B }, { 0x200E, 0x200F }, { 0x2028, 0x202E }, { 0x2060, 0x206F }, { 0xFEFF, 0xFEFF }, { 0xFFF9, 0xFFFB }, { 0xE0000, 0xE007F } };

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (c >= all[i].from && c <= all[i].to)
			return true;
	return false;
}

char *text_plain(struct arena *a, const char *s)
{
	char *out = arena_get(a, (s ? strlen(s) : 0) + 1), *o = out;

	while (s && *s) {
		const char *from = s;

		if (hidden(text_next(&s)))
			continue;
		memcpy(o, from, (size_t)(s - from));
		o += s - from;
	}
	*o = 0;
	return text_trim(a, out);
}

bool text_blank(const char *s)
{
	while (s && *s) {
		if (space(*s)) {
			s++;
		} else {
			uint32_t c = (unsigned char)*s < 0x80 ? 0 : text_next(&s);

			if (!unseen(c))
				return false;
		}
	}
	return true;
}

bool text_eq(const char *a, const char *b) { return a && b ? strcmp(a, b) == 0 : a == b; }
bool text_starts(const char *s, const char *with) { return strncmp(s, with, strlen(with)) == 0; }

bool text_ends(const char *s, const char *with)
{
	size_t n = strlen(s), m = strlen(with);

	return n >= m && memcmp(s + n - m, with, m) == 0;
}

size_t text_chars(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += (*s & 0xC0) != 0x80;
	return n;
}

char *text_line(struct arena *a, const char *s, size_t max_chars)
{
	const char *p, *end;
	size_t n = 0;

	s = text_plain(a, s);
	for (p = end = s; *p && *p != '\n' && *p != '\r'; n++) {
		text_next(&p);
		if (n + 1 < max_chars)
			end = p;
	}
	return n > max_chars ? arena_printf(a, "%.*s…", (int)(end - s), s) : arena_dupn(a, s, (size_t)(p - s));
}

char *text_file_name(struct arena *a, const char *s, size_t max_chars)
{
	const char *slash = strrchr(s, '/'), *back = strrchr(s, '\\'), *last = back > slash ? back + 1 : slash ? slash + 1 : s;
	char *out = arena_get(a, strlen(last) + 1), *o = out;

	while (*last) {
		const char *from = last;
		uint32_t c = text_next(&last);

		if (c < 0x20 || hidden(c)) {
			*o++ = '_';
			continue;
		}
		memcpy(o, from, (size_t)(last - from));
		o += last - from;
	}
	*o = 0;
	return strcmp(out, ".") == 0 || strcmp(out, "..") == 0 ? arena_dup(a, "_") : text_line(a, out, max_chars);
}

uint32_t text_next(const char **p)
{
	uint32_t c;
	size_t len;

	if (!**p)
		return 0;
	len = sequence((const unsigned char *)*p, strnlen(*p, 4), &c);
	*p += len ? len : 1;
	return len ? c : 0xFFFD;
}

size_t text_put(char out[4], uint32_t c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xC0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3F));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xE0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3F));
		out[2] = (char)(0x80 | (c & 0x3F));
		return 3;
	}
	out[0] = (char)(0xF0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3F));
	out[2] = (char)(0x80 | (c >> 6 & 0x3F));
	out[3] = (char)(0x80 | (c & 0x3F));
	return 4;
}

bool text_int(const char *s, int64_t *out)
{
	char *end;
	long long v;

	if (!s || !(*s == '-' || (*s >= '0' && *s <= '9')))
		return false;
	errno = 0;
	v = strtoll(s, &end, 10);
	if (errno || end == s || *end)
		return false;
	*out = v;
	return true;
}
