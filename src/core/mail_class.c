#include "core/mail_class.h"
#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include "base/text.h"

const char *mail_class(const struct conv_mail *m, const char *envelope_sender, const char *instance)
{
	static const char *const machines[] = { "mailer-daemon@", "postmaster@", "mail-daemon@" };
	bool machine = false;

	if (*instance && strcasecmp(m->instance, instance) == 0)
		return "own";
	for (size_t i = 0; i < sizeof machines / sizeof *machines; i++)
		machine = machine || text_starts(m->from.address, machines[i]);
	if (strcmp(m->report, "delivery-status") == 0 || (!*envelope_sender && machine))
		return "bounce";
	if (strcmp(m->report, "disposition-notification") == 0)
		return "receipt";
	if (*m->list_id || strcmp(m->precedence, "list") == 0 || strcmp(m->precedence, "bulk") == 0 || strcmp(m->precedence, "junk") == 0)
		return "list";
	if (!*envelope_sender || (*m->auto_submitted && strncmp(m->auto_submitted, "no", 2) != 0) || strcmp(m->precedence, "auto_reply") == 0 ||
		*m->suppress || *m->report)
		return "auto";
	return "";
}

/* Are two domains the same organisation's? The same, or one below the other (relaxed alignment, RFC 7489). */
static bool aligned(const char *x, size_t n, const char *y)
{
	size_t m = strlen(y);

	if (n == 0 || m == 0)
		return false;
	if (n == m)
		return strncasecmp(x, y, n) == 0;
	if (n > m)
		return x[n - m - 1] == '.' && strchr(y, '.') && strncasecmp(x + n - m, y, m) == 0;
	return y[m - n - 1] == '.' && memchr(x, '.', n) && strncasecmp(y + m - n, x, n) == 0;
}

/* "dkim=pass ... header.d=x.dk": method says pass, and its property's domain stands with the sender's. */
static bool passed(const char *result, const char *method, const char *property, const char *domain)
{
	size_t n = strlen(method);
	const char *at, *v;

	while (*result == ' ')
		result++;
	if (strncasecmp(result, method, n) != 0 || strncasecmp(result + n, "=pass", 5) != 0 || isalnum((unsigned char)result[n + 5]))
		return false;
	if (!property)
		return true;
	at = strcasestr(result, property);
	if (!at)
		return false;
	v = at + strlen(property);
	n = strcspn(v, " ;");
	at = memchr(v, '@', n);
	if (at) {
		n -= (size_t)(at + 1 - v);
		v = at + 1;
	}
	return aligned(v, n, domain);
}

/* Comments may hold anything, also what looks like a result: they go before anything is believed. */
static char *without_comments(struct arena *a, const char *s)
{
	char *out = arena_get(a, strlen(s) + 1), *o = out;
	bool quoted = false;
	int depth = 0;

	for (; *s; s++) {
		if (*s == '\\' && s[1] && (quoted || depth)) {
			s++;
			continue;
		}
		if (*s == '"' && !depth)
			quoted = !quoted;
		else if (*s == '(' && !quoted)
			depth++;
		else if (*s == ')' && depth)
			depth--;
		else if (!depth)
			*o++ = *s == ';' && quoted ? '_' : *s;
	}
	return out;
}

const char *mail_auth(struct arena *a, const struct conv_mail *m, const char *authserv)
{
	const char *at = strrchr(m->from.address, '@');
	char *s, *save = NULL, *part;
	size_t n;

	if (text_blank(authserv))
		return "";
	if (!m->nauth || !at)
		return "fail";
	s = without_comments(a, m->auth[0]);
	part = strtok_r(s, ";", &save);
	if (!part)
		return "fail";
	part = text_trim(a, part);
	n = strcspn(part, " ");
	if (n != strlen(authserv) || strncasecmp(part, authserv, n) != 0)
		return "fail";
	while ((part = strtok_r(NULL, ";", &save)))
		if (passed(part, "dmarc", NULL, at + 1) || passed(part, "dkim", "header.d=", at + 1) || passed(part, "dkim", "header.i=", at + 1) ||
			passed(part, "spf", "smtp.mailfrom=", at + 1))
			return "pass";
	return "fail";
}

int mail_tags(const char *subject, int64_t *numbers, int max)
{
	int n = 0;

	for (const char *s = subject; n < max && (s = strstr(s, "[#")); s++) {
		char digits[20];
		size_t k = strspn(s + 2, "0123456789");

		if (k == 0 || k > 15 || s[2 + k] != ']')
			continue;
		memcpy(digits, s + 2, k);
		digits[k] = 0;
		if (text_int(digits, &numbers[n]))
			n++;
	}
	return n;
}
