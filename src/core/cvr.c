#include "core/cvr.h"
#include <ctype.h>
#include <string.h>
#include <strings.h>
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
	if (sum % 10 != 0)
		return FAIL_FIELD(e, E_GLN_INVALID, field, "%.40s", s);
	*out = digits;
	return 0;
}

static bool domain_ok(const char *d)
{
	size_t label = 0, n = strlen(d);
	bool dot = false;

	if (n < 3 || n > 253)
		return false;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)d[i];

		if (c == '.') {
			if (label == 0 || d[i - 1] == '-')
				return false;
			label = 0;
			dot = true;
			continue;
		}
		if (!(isalnum(c) || c >= 0x80 || (c == '-' && label > 0)) || ++label > 63)
			return false;
	}
	return dot && label > 0 && d[n - 1] != '-';
}

int email_read(struct arena *a, const char *s, const char *field, const char **out, struct err *e)
{
	char *t = text_lower(a, text_trim(a, s ? s : "")), *at = strrchr(t, '@');

	if (!at || at == t || at - t > 64 || strlen(t) > 254 || !text_valid(t, strlen(t)) || !domain_ok(at + 1))
		return FAIL_FIELD(e, E_EMAIL_INVALID, field, "%.80s", s ? s : "");
	for (char *c = t; c < at; c++)
		if ((unsigned char)*c <= ' ' || *c == 0x7f || strchr("<>()[],;:\\\"@", *c) || (*c == '.' && (c == t || c[1] == '.' || c + 1 == at)))
			return FAIL_FIELD(e, E_EMAIL_INVALID, field, "%.80s", s);
	*out = t;
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
	*out = t;
	return 0;
}
