#include "wire/mail_write.h"
#include <ctype.h>
#include <string.h>
#include <strings.h>
#include "base/hash.h"
#include "base/moment.h"
#include "base/text.h"

enum { FOLD = 76 };

static bool ascii(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || (unsigned char)*s >= 0x7F)
			return false;
	return true;
}

/* A header value on one line: what could begin another is a space. */
static char *one_line(struct arena *a, const char *s)
{
	char *t = text_repair(a, s, strlen(s));

	for (char *c = t; *c; c++)
		if ((unsigned char)*c < 0x20)
			*c = ' ';
	return t;
}

/* RFC 2047, B encoding, whole characters in each word, folded. */
static void words(struct buf *b, struct arena *a, const char *s)
{
	bool first = true;

	while (*s) {
		const char *p = s;
		size_t n = 0;

		while (*p) {
			const char *after = p;

			text_next(&after);
			if ((size_t)(after - s) > 42)
				break;
			p = after;
			n = (size_t)(p - s);
		}
		buf_printf(b, "%s=?utf-8?B?%s?=", first ? "" : "\r\n ", hash_base64(a, s, n));
		first = false;
		s = p;
	}
}

static void text_header(struct buf *b, struct arena *a, const char *name, const char *value)
{
	const char *s = one_line(a, value);
	size_t at = strlen(name) + 2;

	buf_printf(b, "%s: ", name);
	if (!ascii(s) || strstr(s, "=?")) {
		words(b, a, s);
	} else {
		while (*s) {                    /* fold before the word that would pass the limit */
			size_t n = strcspn(s + 1, " ") + 1;

			if (at + n > FOLD && *s == ' ' && at > 1) {
				buf_adds(b, "\r\n");
				at = 0;
			}
			buf_add(b, s, n);
			at += n;
			s += n;
		}
	}
	buf_adds(b, "\r\n");
}

static void id_header(struct buf *b, struct arena *a, const char *name, const char *ids)
{
	char *list = one_line(a, ids), *save = NULL;
	const char *lead = " ";

	if (text_blank(list))
		return;
	buf_printf(b, "%s:", name);
	for (char *id = strtok_r(list, " ", &save); id; id = strtok_r(NULL, " ", &save)) {
		if (!ascii(id) || strpbrk(id, "<>"))
			continue;
		buf_printf(b, "%s<%s>", lead, id);
		lead = "\r\n ";
	}
	buf_adds(b, "\r\n");
}

static void address_header(struct buf *b, struct arena *a, const char *name, const char *who, const char *address)
{
	const char *s = one_line(a, who);

	buf_printf(b, "%s: ", name);
	if (!ascii(s)) {
		words(b, a, s);
		buf_adds(b, "\r\n ");
	} else if (*s) {
		buf_addc(b, '"');
		for (; *s; s++) {
			if (*s == '"' || *s == '\\')
				buf_addc(b, '\\');
			buf_addc(b, *s);
		}
		buf_adds(b, "\" ");
	}
	buf_printf(b, "<%s>\r\n", one_line(a, address));
}

static void quoted_printable(struct buf *b, const char *s)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t at = 0;

	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		bool last = s[1] == '\n' || s[1] == 0, plain = (c > 0x20 && c < 0x7F && c != '=') || ((c == ' ' || c == '\t') && !last);

		if (c == '\r')
			continue;
		if (c == '\n') {
			buf_adds(b, "\r\n");
			at = 0;
			continue;
		}
		if (at + (plain ? 1 : 3) > FOLD - 1) {
			buf_adds(b, "=\r\n");
			at = 0;
		}
		if (plain && !(at == 0 && (c == '.' || c == 'F'))) {     /* no dot or From at a line's start: some relays change them */
			buf_addc(b, (char)c);
			at++;
		} else {
			buf_addc(b, '=');
			buf_addc(b, hex[c >> 4]);
			buf_addc(b, hex[c & 15]);
			at += 3;
		}
	}
	buf_adds(b, "\r\n");
}

static void base64(struct buf *b, struct arena *a, const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i += 57) {
		buf_adds(b, hash_base64(a, p + i, n - i < 57 ? n - i : 57));
		buf_adds(b, "\r\n");
	}
}

static void text_part(struct buf *b, const char *mime, const char *s)
{
	buf_printf(b, "Content-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n", mime);
	quoted_printable(b, s);
}

static void file_name(struct buf *b, struct arena *a, const char *name)
{
	static const char hex[] = "0123456789ABCDEF";
	const char *s = one_line(a, name);

	if (ascii(s) && !strpbrk(s, "\"\\") && strlen(s) < 60) {
		buf_printf(b, " filename=\"%s\"", s);
		return;
	}
	buf_adds(b, " filename*=utf-8''");
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (isalnum(c) || c == '.' || c == '-' || c == '_') {
			buf_addc(b, (char)c);
		} else {
			buf_addc(b, '%');
			buf_addc(b, hex[c >> 4]);
			buf_addc(b, hex[c & 15]);
		}
	}
}

char *mail_html_of(struct arena *a, const char *text)
{
	struct buf b;

	buf_init(&b, a, strlen(text) * 8 + 1000);
	buf_adds(&b, "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"></head>\n<body style=\"font-family: Inter, 'Segoe UI', Arial, sans-serif; "
		"font-size: 15px; line-height: 1.5; color: #16191d; max-width: 640px\">\n<p>");
	for (const char *s = text; *s;) {
		size_t n = strspn(s, "\n");

		if (n) {
			buf_adds(&b, n > 1 ? "</p>\n<p>" : "<br>\n");
			s += n;
			continue;
		}
		if (text_starts(s, "-- \n")) {
			buf_adds(&b, "</p>\n<hr style=\"border: 0; border-top: 1px solid #ccd3d9\">\n<p style=\"color: #59636e\">");
			s += 4;
			continue;
		}
		if (text_starts(s, "https://") || text_starts(s, "http://")) {
			n = strcspn(s, " \t\n<>\"'()");
			while (n && strchr(".,;:!?", s[n - 1]))
				n--;
			buf_printf(&b, "<a href=\"%.*s\">%.*s</a>", (int)n, s, (int)n, s);
			s += n;
			continue;
		}
		if (*s == '&' || *s == '<' || *s == '>' || *s == '"')
			buf_adds(&b, *s == '&' ? "&amp;" : *s == '<' ? "&lt;" : *s == '>' ? "&gt;" : "&quot;");
		else
			buf_addc(&b, *s);
		s++;
	}
	buf_adds(&b, "</p>\n</body></html>\n");
	return arena_dup(a, buf_text(&b));
}

/* A subject without its answers and tags: what Outlook groups by. */
static const char *topic(struct arena *a, const char *subject)
{
	static const char *const prefixes[] = { "re:", "sv:", "vs:", "aw:", "fw:", "fwd:", "vs:" };
	const char *s = one_line(a, subject), *tag;
	bool again = true;

	while (again) {
		again = false;
		while (*s == ' ')
			s++;
		for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
			if (strncasecmp(s, prefixes[i], strlen(prefixes[i])) == 0) {
				s += strlen(prefixes[i]);
				again = true;
			}
	}
	tag = strstr(s, " [#");
	return tag ? arena_dupn(a, s, (size_t)(tag - s)) : s;
}

void mail_write(struct arena *a, struct buf *b, const struct mail_draft *m)
{
	struct sha256 h = hash_sha256(m->message_id, strlen(m->message_id));
	char *mark = hash_hex(a, h.b, 12);
	char *html = m->html && *m->html ? arena_dup(a, m->html) : mail_html_of(a, m->text);

	buf_printf(b, "Date: %s\r\n", moment_rfc5322(a, m->date));
	address_header(b, a, "From", m->from_name, m->from_address);
	address_header(b, a, "To", "", m->to_address);
	text_header(b, a, "Subject", m->subject);
	id_header(b, a, "Message-ID", m->message_id);
	id_header(b, a, "In-Reply-To", m->in_reply_to);
	id_header(b, a, "References", m->references);
	text_header(b, a, "Thread-Topic", topic(a, m->subject));
	if (m->automatic)
		buf_printf(b, "Auto-Submitted: %s\r\nX-Auto-Response-Suppress: All\r\n", m->automatic);
	if (*m->instance)
		text_header(b, a, "X-Pedel-Instance", m->instance);
	buf_adds(b, "MIME-Version: 1.0\r\n");
	if (m->nfiles)
		buf_printf(b, "Content-Type: multipart/mixed; boundary=\"=_m_%s\"\r\n\r\n--=_m_%s\r\n", mark, mark);
	buf_printf(b, "Content-Type: multipart/alternative; boundary=\"=_a_%s\"\r\n\r\n--=_a_%s\r\n", mark, mark);
	text_part(b, "text/plain", m->text);
	buf_printf(b, "--=_a_%s\r\n", mark);
	text_part(b, "text/html", html);
	buf_printf(b, "--=_a_%s--\r\n", mark);
	for (int i = 0; i < m->nfiles; i++) {
		const struct mail_file *f = &m->files[i];

		buf_printf(b, "--=_m_%s\r\nContent-Type: %s\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment;", mark,
			ascii(f->mime) && strchr(f->mime, '/') && !strpbrk(f->mime, ";\" ") ? f->mime : "application/octet-stream");
		file_name(b, a, f->name);
		buf_adds(b, "\r\n\r\n");
		base64(b, a, f->p, f->n);
	}
	if (m->nfiles)
		buf_printf(b, "--=_m_%s--\r\n", mark);
}

bool mail_address_split(struct arena *a, const char *s, const char **name, const char **address)
{
	const char *open = strrchr(s, '<'), *close = open ? strchr(open, '>') : NULL;
	char *n;

	if (!open) {
		*name = "";
		*address = text_trim(a, s);
	} else {
		if (!close)
			return false;
		n = text_trim(a, arena_dupn(a, s, (size_t)(open - s)));
		if (*n == '"' && n[1] && n[strlen(n) - 1] == '"') {
			n[strlen(n) - 1] = 0;
			n++;
		}
		*name = n;
		*address = text_trim(a, arena_dupn(a, open + 1, (size_t)(close - open) - 1));
	}
	return strchr(*address, '@') && !strpbrk(*address, " \t\r\n<>\"") && **address != '@';
}
