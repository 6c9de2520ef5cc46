#include "conv/quote.h"
#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

static size_t line_length(const char *s) { return strcspn(s, "\n"); }

static const char *next_line(const char *s)
{
	s += line_length(s);
	return *s ? s + 1 : s;
}

static bool begins(const char *s, const char *with) { return strncasecmp(s, with, strlen(with)) == 0; }

static bool blank(const char *s)
{
	for (; *s && *s != '\n'; s++)
		if (!isspace((unsigned char)*s) && (unsigned char)*s != 0xC2 && (unsigned char)*s != 0xA0)
			return false;
	return true;
}

static bool holds(const char *s, size_t n, const char *what) { return memmem(s, n, what, strlen(what)) != NULL; }

/* "On Tue ... wrote:" and its kin, which programs break over up to three lines. A digit must be there: a date. */
static bool attribution(const char *s)
{
	static const struct { const char *begin, *verb; } forms[] = {
		{ "Den ", "skrev" }, { "On ", "wrote" }, { "Am ", "schrieb" }, { "Le ", "écrit" }, { "P\xC3\xA5 ", "skrev" },
		{ "", "skrev" }, { "", "wrote" }, { "", "schrieb" },
	};
	char joined[400];
	size_t n = 0, digits = 0;

	for (int line = 0; line < 3 && *s && !blank(s); line++, s = next_line(s)) {
		size_t len = line_length(s);

		if (line && (*s == '>' || n + len + 2 > sizeof joined))
			break;
		if (n + len + 2 > sizeof joined)
			return false;
		if (line)
			joined[n++] = ' ';
		memcpy(joined + n, s, len);
		n += len;
		while (n && isspace((unsigned char)joined[n - 1]))
			n--;
		joined[n] = 0;
		if (n && joined[n - 1] == ':')
			break;
	}
	if (n < 12 || joined[n - 1] != ':' || strchr("-*", joined[0]))
		return false;
	for (size_t i = 0; i < n; i++)
		digits += isdigit((unsigned char)joined[i]) != 0;
	if (digits < 3)
		return false;
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		const char *verb;
		size_t back;

		if (!begins(joined, forms[i].begin) || !(verb = strcasestr(joined, forms[i].verb)))
			continue;
		/* without a known beginning it must start with a date, or end in the verb, or hold an address in <> */
		back = n - (size_t)(verb - joined);
		if (*forms[i].begin || isdigit((unsigned char)joined[0]) || back <= strlen(forms[i].verb) + 2 || holds(joined, n, "@"))
			return true;
	}
	return false;
}

/* Outlook's block: From, then Sent or Date, then To or Subject, within a few lines. */
static bool header_block(const char *s)
{
	static const char *const from[] = { "Fra:", "From:", "Von:", "Fr\xC3\xA5n:", "De:", NULL };
	static const char *const sent[] = { "Sendt:", "Dato:", "Sent:", "Date:", "Gesendet:", "Datum:", "Skickat:", NULL };
	static const char *const rest[] = { "Til:", "Emne:", "To:", "Subject:", "An:", "Betreff:", "Till:", "\xC3\x84mne:", "Cc:", NULL };
	const char *const *const all[] = { from, sent, rest };
	int at = 0;

	for (int line = 0; line < 8 && *s; line++, s = next_line(s)) {
		const char *p = s;
		bool hit = false;

		while (*p == '*' || *p == ' ')
			p++;
		for (int i = 0; all[at][i]; i++)
			hit = hit || begins(p, all[at][i]);
		if (hit && ++at == 3)
			return true;
		if (!hit && line == 0)
			return false;
	}
	return false;
}

static bool divider(const char *s)
{
	static const char *const words[] = { "Original Message", "Oprindelig meddelelse", "Oprindelig besked", "Original besked",
		"Urspr\xC3\xBCngliche Nachricht", "Ursprungligt meddelande", "Opprinnelig melding", "Original Appointment",
		"Oprindelig aftale", NULL };
	const char *p = s;
	size_t n;

	if (holds(s, line_length(s), QUOTE_LINE_DA) || holds(s, line_length(s), QUOTE_LINE_EN))
		return true;
	while (*p == '-' || *p == ' ')
		p++;
	if (p - s >= 2)
		for (int i = 0; words[i]; i++)
			if (begins(p, words[i]))
				return true;
	for (n = 0; s[n] == '_'; n++)
		;
	if (n >= 20 && (blank(s + n) || s[n] == 0)) {
		const char *after = next_line(s);

		while (*after && blank(after))
			after = next_line(after);
		return header_block(after);
	}
	return false;
}

/* From here on: is there a '>' line, and is there own text after one? */
static void shape(const char *s, bool *quoted, bool *answered)
{
	bool signature = false;

	*quoted = *answered = false;
	for (; *s; s = next_line(s)) {
		if (*s == '>')
			*quoted = true;
		else if (strncmp(s, "-- \n", 4) == 0 || strncmp(s, "--\n", 3) == 0)
			signature = true;
		else if (*quoted && !blank(s) && !signature)
			*answered = true;
	}
}

int64_t quote_tail(const char *text)
{
	bool own = false, was_blank = true, quoted, answered;

	for (const char *s = text; *s; s = next_line(s)) {
		bool tail = false;

		if (strncmp(s, "-- \n", 4) == 0 || strcmp(s, "-- ") == 0) {
			tail = true;
		} else if (divider(s) || header_block(s)) {
			tail = true;
		} else if (*s == '>' || (was_blank && attribution(s)) || (attribution(s) && own)) {
			const char *after = s;

			if (*s != '>')
				while (*after && *after != '>' && !(after != s && blank(after)))
					after = next_line(after);
			shape(after, &quoted, &answered);
			if (quoted && answered)
				return -1;
			tail = true;
		}
		if (tail)
			return own ? s - text : -1;
		own = own || !blank(s);
		was_blank = blank(s);
	}
	return -1;
}
