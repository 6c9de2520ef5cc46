#include "core/cvr.h"
#include <ctype.h>
#include <string.h>
#include <strings.h>
#include "base/buf.h"
#include "base/text.h"

/* The digits of s without spaces, dots and hyphens; NULL when anything else is there or it does not have n of them. */
static char *only_digits(struct arena *a, const char *s, size_t n)
{
	char *out = arena_get(a, n + 1);
	size_t got = 0;

	for (; *s; s++) {
		if (*s == ' ' || *s == '.' || *s == '-')
			continue;
		if (!isdigit((unsigned char)*s) || got == n)
			return NULL;
		out[got++] = *s;
	}
	return got == n ? out : NULL;
}

int cvr_read(struct arena *a, const char *s, const char *field, const char **out, struct err *e)
{
	static const int weights[8] = { 2, 7, 6, 5, 4, 3, 2, 1 };
	const char *t = text_trim(a, s ? s : ""), *digits;
	int sum = 0;

	if (strncasecmp(t, "dk", 2) == 0)
		t += 2;
	digits = only_digits(a, t, 8);
	if (!digits)
		return FAIL_FIELD(e, E_CVR_INVALID, field, "%.40s", s ? s : "");
	for (int i = 0; i < 8; i++)
		sum += weights[i] * (digits[i] - '0');
	if (sum % 11 != 0 || digits[0] == '0')
		return FAIL_FIELD(e, E_CVR_INVALID, field, "%.40s", s);
	*out = digits;
	return 0;
}

int gln_read(struct arena *a, const char *s, const char *field, const char **out, struct err *e)
{
	const char *digits;
	int sum = 0;

	if (text_blank(s)) {
		*out = "";
		return 0;
	}
	digits = only_digits(a, text_trim(a, s), 13);
	if (!digits)
		return FAIL_FIELD(e, E_GLN_INVALID, field, "%.40s", s);
	for (int i = 0; i < 13; i++)
		sum += (i % 2 ? 3 : 1) * (digits[i] - '0');
	if (sum % 10 != 0 || strspn(digits, "0") == 13)
		return FAIL_FIELD(e, E_GLN_INVALID, field, "%.40s", s);
	*out = digits;
	return 0;
}

enum { BASE = 36, TMIN = 1, TMAX = 26, SKEW = 38, DAMP = 700 };        /* of Punycode, RFC 3492, section 5 */

static uint32_t threshold(uint32_t k, uint32_t bias) { return k <= bias ? TMIN : k >= bias + TMAX ? TMAX : k - bias; }

static uint32_t adapt(uint32_t delta, uint32_t count, bool first)
{
	uint32_t bias = 0;

	delta = first ? delta / DAMP : delta / 2;
	delta += delta / count;
	for (; delta > (BASE - TMIN) * TMAX / 2; bias += BASE)
		delta /= BASE - TMIN;
	return bias + (BASE - TMIN + 1) * delta / (delta + SKEW);
}

/* One label in Punycode (RFC 3492, section 6.3). */
static bool puny(const uint32_t *in, size_t n, struct buf *out)
{
	uint32_t c = 128, delta = 0, bias = 72;
	size_t basic = 0, done;

	buf_adds(out, "xn--");
	for (size_t i = 0; i < n; i++)
		if (in[i] < 128) {
			buf_addc(out, (char)in[i]);
			basic++;
		}
	done = basic;
	if (basic)
		buf_addc(out, '-');
	while (done < n) {
		uint32_t least = UINT32_MAX;

		for (size_t i = 0; i < n; i++)
			if (in[i] >= c && in[i] < least)
				least = in[i];
		delta += (least - c) * (uint32_t)(done + 1);     /* at most 63 letters of 21 bits: it cannot run over */
		c = least;
		for (size_t i = 0; i < n; i++) {
			uint32_t q;

			delta += in[i] < c;
			if (in[i] != c)
				continue;
			q = delta;
			for (uint32_t k = BASE;; k += BASE) {
				uint32_t t = threshold(k, bias), digit = q < t ? q : t + (q - t) % (BASE - t);

				buf_addc(out, (char)(digit < 26 ? 'a' + digit : '0' + digit - 26));
				if (q < t)
					break;
				q = (q - t) / (BASE - t);
			}
			bias = adapt(delta, (uint32_t)(done + 1), done == basic);
			delta = 0;
			done++;
		}
		delta++;
		c++;
	}
	return !out->full;
}

const char *domain_ascii(struct arena *a, const char *d)
{
	uint32_t label[64], c;
	struct buf b;
	size_t n = 0, at;
	bool beyond = false;

	buf_init(&b, a, 1024);
	for (at = 0;; ) {
		c = text_next(&d);
		if (c && c != '.') {
			if (n == 63)
				return NULL;
			beyond |= c >= 128;
			label[n++] = c;
			continue;
		}
		if (beyond && !puny(label, n, &b))
			return NULL;
		for (size_t i = 0; i < n && !beyond; i++)
			buf_addc(&b, (char)label[i]);
		if (b.n - at > 63)
			return NULL;
		if (!c)
			return b.full ? NULL : arena_dup(a, buf_text(&b));
		buf_addc(&b, '.');
		at = b.n;
		n = 0;
		beyond = false;
	}
}

const char *email_ascii(struct arena *a, const char *email)
{
	const char *at = strrchr(email, '@'), *domain = at ? domain_ascii(a, at + 1) : NULL;

	return domain ? arena_printf(a, "%.*s%s", (int)(at + 1 - email), email, domain) : email;
}

/* Letters of European names. Elsewhere (and for the dotless i and the kra) one letter passes for another. */
static bool plain_letter(uint32_t c)
{
	return c < 128 || (c >= 0xdf && c < 0x180 && c != 0xf7 && c != 0x131 && c != 0x138 && c != 0x149 && c != 0x17f);
}

/* What stands after xn--, up to n bytes (RFC 3492, section 6.2); false when it is not right, or not to be shown. */
static bool unpuny(const char *s, size_t n, struct buf *out)
{
	uint32_t got[64], c = 128, i = 0, bias = 72;
	size_t count = 0, at = 0;
	char bytes[4];

	for (size_t k = 0; k < n; k++)
		at = s[k] == '-' ? k : at;
	if (n > 59)
		return false;
	for (; count < at; count++)
		got[count] = (unsigned char)s[count];
	for (at += at > 0; at < n; i++) {
		uint32_t was = i, w = 1;

		for (uint32_t k = BASE;; k += BASE) {
			uint32_t t = threshold(k, bias), digit;

			if (at == n)
				return false;
			digit = isdigit((unsigned char)s[at]) ? (uint32_t)(s[at] - '0') + 26 : islower((unsigned char)s[at]) ? (uint32_t)(s[at] - 'a') : BASE;
			at++;
			if (digit >= BASE || digit > (UINT32_MAX - i) / w)
				return false;
			i += digit * w;
			if (digit < t)
				break;
			if (w > UINT32_MAX / (BASE - t))
				return false;
			w *= BASE - t;
		}
		bias = adapt(i - was, (uint32_t)count + 1, was == 0);
		c += i / (uint32_t)(count + 1);
		i %= (uint32_t)(count + 1);
		if (count == 63 || !plain_letter(c))
			return false;
		memmove(got + i + 1, got + i, (count - i) * sizeof *got);
		got[i] = c;
		count++;
	}
	for (size_t k = 0; k < count; k++)
		buf_add(out, bytes, text_put(bytes, got[k]));
	return count > 0;
}

const char *domain_shown(struct arena *a, const char *d)
{
	struct buf b, label;
	const char *back;

	if (strncmp(d, "xn--", 4) != 0 && !strstr(d, ".xn--"))
		return d;
	buf_init(&b, a, 2048);
	for (size_t n; *d; d += n + (d[n] == '.')) {
		n = strcspn(d, ".");
		buf_init(&label, a, 512);
		/* only what would be written the same again: two addresses never look alike because of us */
		if (n > 4 && strncmp(d, "xn--", 4) == 0 && unpuny(d + 4, n - 4, &label) && (back = domain_ascii(a, buf_text(&label))) &&
				strlen(back) == n && memcmp(back, d, n) == 0)
			buf_adds(&b, buf_text(&label));
		else
			buf_add(&b, d, n);
		if (d[n])
			buf_addc(&b, '.');
	}
	return b.full ? d : arena_dup(a, buf_text(&b));
}

const char *email_shown(struct arena *a, const char *email)
{
	const char *at = email ? strrchr(email, '@') : NULL;

	return at && strstr(at, "xn--") ? arena_printf(a, "%.*s%s", (int)(at + 1 - email), email, domain_shown(a, at + 1)) : email;
}

bool domain_public(const char *domain)
{
	static const char *const all[] = { "gmail.com", "googlemail.com", "hotmail.com", "hotmail.dk", "outlook.com", "outlook.dk", "live.com", "live.dk",
		"msn.com", "yahoo.com", "yahoo.dk", "ymail.com", "icloud.com", "me.com", "mac.com", "aol.com", "gmx.com", "gmx.net", "gmx.de", "web.de", "mail.com",
		"proton.me", "protonmail.com", "pm.me", "tutanota.com", "tuta.com", "fastmail.com", "zoho.com", "yandex.com", "mail.ru", "mail.dk", "jubii.dk",
		"ofir.dk", "forum.dk", "stofanet.dk", "youmail.dk", "privat.dk", "post.tele.dk", "tdcadsl.dk", "webspeed.dk" };

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (strcmp(domain, all[i]) == 0)
			return true;
	return false;
}

static bool domain_ok(const char *d)
{
	size_t label = 0, n = strlen(d);
	bool dot = false, letter = false;

	if (n < 3 || n > 253)
		return false;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)d[i];

		if (c == '.') {
			if (label == 0 || d[i - 1] == '-')
				return false;
			label = 0;
			dot = true;
			letter = false;
			continue;
		}
		letter |= !isdigit(c);          /* a last label of digits alone is an IP address */
		if (!(isalnum(c) || c >= 0x80 || (c == '-' && label > 0)) || ++label > 63)
			return false;
	}
	return dot && letter && label > 0 && d[n - 1] != '-';
}

int email_read(struct arena *a, const char *s, const char *field, const char **out, struct err *e)
{
	char *t = text_lower(a, text_trim(a, s ? s : "")), *at = strrchr(t, '@');

	if (!at || at == t || at - t > 64 || strlen(t) > 254 || !text_valid(t, strlen(t)) || !domain_ok(at + 1))
		return FAIL_FIELD(e, E_EMAIL_INVALID, field, "%.80s", s ? s : "");
	for (char *c = t; c < at; c++)
		if ((unsigned char)*c <= ' ' || *c == 0x7f || strchr("<>()[],;:\\\"@", *c) || (*c == '.' && (c == t || c[1] == '.' || c + 1 == at)))
			return FAIL_FIELD(e, E_EMAIL_INVALID, field, "%.80s", s);
	*out = email_ascii(a, t);
	if (!domain_ascii(a, at + 1))
		return FAIL_FIELD(e, E_EMAIL_INVALID, field, "%.80s", s);
	return 0;
}

int phone_read(struct arena *a, const char *s, const char *field, const char **out, struct err *e)
{
	const char *t = text_trim(a, s ? s : "");
	char *p = arena_get(a, strlen(t) + 1);
	size_t n = 0, digits = 0;

	for (const char *c = t; *c; c++) {
		if (isdigit((unsigned char)*c)) {
			p[n++] = *c;
			digits++;
		} else if (*c == '+' && n == 0) {
			p[n++] = *c;
		} else if (!strchr(" -.()/", *c)) {
			return FAIL_FIELD(e, E_PHONE_INVALID, field, "%.40s", s);
		}
	}
	if (n && (digits < 8 || digits > 15))
		return FAIL_FIELD(e, E_PHONE_INVALID, field, "%.40s", s);
	*out = p;
	return 0;
}

int domain_read(struct arena *a, const char *s, const char *field, const char **out, struct err *e)
{
	char *t = text_lower(a, text_trim(a, s ? s : ""));

	if (*t == '@')
		t++;
	if (!text_valid(t, strlen(t)) || !domain_ok(t))
		return FAIL_FIELD(e, E_DOMAIN_INVALID, field, "%.80s", s ? s : "");
	*out = domain_ascii(a, t);
	if (!*out)
		return FAIL_FIELD(e, E_DOMAIN_INVALID, field, "%.80s", s);
	return 0;
}
