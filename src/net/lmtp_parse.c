#include "net/lmtp_parse.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "base/text.h"

static const char *const syntax = "501 5.5.4 That is not how this command is written";

/* <[@route:]local@domain>, or <> where null is allowed. Gives what follows, NULL when it is no path. */
static const char *path(const char *s, bool null, char *out)
{
	const char *end, *at = NULL;
	bool quoted = false;
	size_t n;

	if (*s++ != '<')
		return NULL;
	if (*s == '@') {                        /* a source route: allowed, and ignored */
		s += strcspn(s, ":>");
		if (*s++ != ':')
			return NULL;
	}
	for (end = s; *end && (quoted || *end != '>'); end++) {
		if (*end == '\\' && quoted && end[1])
			end++;
		else if (*end == '"')
			quoted = !quoted;
		else if (*end == '@' && !quoted)
			at = end;
		else if (!quoted && (*end == ' ' || *end == '<' || *end == ',' || *end == ';'))
			return NULL;
	}
	n = (size_t)(end - s);
	if (*end != '>' || n >= LMTP_ADDRESS || (n == 0 && !null) || !text_valid(s, n) || memchr(s, '\t', n))
		return NULL;
	if (n && (!at || at == s || at + 1 == end) && !(n == 10 && strncasecmp(s, "postmaster", 10) == 0))
		return NULL;
	memcpy(out, s, n);
	out[n] = 0;
	for (char *c = at ? out + (at - s) : out + n; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return end + 1;
}

static bool parameters(const char *s, struct lmtp_command *c)
{
	while (*s) {
		char word[80];
		size_t n;
		int64_t v;

		if (*s++ != ' ')
			return false;
		n = strcspn(s, " ");
		if (n == 0 || n >= sizeof word) {
			c->reply = n ? "555 5.5.4 I do not know that parameter" : syntax;
			return false;
		}
		memcpy(word, s, n);
		word[n] = 0;
		s += n;
		if (strncasecmp(word, "SIZE=", 5) == 0 && text_int(word + 5, &v) && v >= 0) {
			c->size = v;
		} else if (strcasecmp(word, "BODY=7BIT") != 0 && strcasecmp(word, "BODY=8BITMIME") != 0 && strcasecmp(word, "SMTPUTF8") != 0) {
			c->reply = "555 5.5.4 I do not know that parameter";
			return false;
		}
	}
	return true;
}

void lmtp_command_read(const char *line, size_t n, struct lmtp_command *out)
{
	static const struct { const char *word; enum lmtp_verb verb; bool bare; } verbs[] = {
		{ "LHLO", LMTP_LHLO, false }, { "MAIL FROM:", LMTP_MAIL, false }, { "RCPT TO:", LMTP_RCPT, false }, { "DATA", LMTP_DATA, true },
		{ "RSET", LMTP_RSET, true }, { "NOOP", LMTP_NOOP, false }, { "QUIT", LMTP_QUIT, true }, { "VRFY", LMTP_VRFY, false },
	};
	char s[LMTP_LINE + 1];
	const char *rest;

	*out = (struct lmtp_command){ .verb = LMTP_BAD, .reply = "500 5.5.2 I do not know that command" };
	if (n > LMTP_LINE || memchr(line, 0, n) || memchr(line, '\r', n) || memchr(line, '\n', n))
		return;
	memcpy(s, line, n);
	s[n] = 0;
	while (n && s[n - 1] == ' ')
		s[--n] = 0;
	if (strncasecmp(s, "EHLO", 4) == 0 || strncasecmp(s, "HELO", 4) == 0) {
		out->reply = "500 5.5.1 This is LMTP: say LHLO";
		return;
	}
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
		size_t len = strlen(verbs[i].word);

		if (strncasecmp(s, verbs[i].word, len) != 0 || (s[len] && s[len] != ' ' && s[len - 1] != ':'))
			continue;
		out->reply = syntax;
		rest = s + len;
		if (verbs[i].bare && *rest)
			return;
		if (verbs[i].verb == LMTP_LHLO && (rest[0] != ' ' || !rest[1] || !text_valid(rest, strlen(rest))))
			return;
		if (verbs[i].verb == LMTP_MAIL || verbs[i].verb == LMTP_RCPT) {
			rest += strspn(rest, " ");
			rest = path(rest, verbs[i].verb == LMTP_MAIL, out->address);
			if (!rest || !parameters(rest, out))
				return;
		}
		out->verb = verbs[i].verb;
		return;
	}
}

enum { LINE, MIDDLE, CR, DOT, DOT_CR };

size_t lmtp_data_read(struct lmtp_data *d, const char *in, size_t n, char *out, size_t *nout)
{
	char *o = out;
	size_t i = 0;

	while (i < n && !d->done) {
		char c = in[i];

		switch (d->state) {
		case LINE:
			if (c == '.') {
				d->state = DOT;
				i++;
				continue;
			}
			break;
		case DOT:
			if (c == '\r') {
				d->state = DOT_CR;
				i++;
				continue;
			}
			break;                  /* the dot was stuffed: it goes */
		case DOT_CR:
			if (c == '\n') {
				d->done = true;
				i++;
				continue;
			}
			*o++ = '\r';            /* a dot and a lone CR: text after all */
			d->state = CR;
			continue;
		default:
			break;
		}
		d->state = c == '\r' ? CR : c == '\n' && d->state == CR ? LINE : MIDDLE;
		*o++ = c;
		i++;
	}
	*nout = (size_t)(o - out);
	return i;
}
