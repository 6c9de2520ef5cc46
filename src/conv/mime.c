#include "conv/mime_inside.h"
#include <ctype.h>
#include <string.h>
#include <strings.h>
#include "base/text.h"
#include "conv/charset.h"
#include "conv/html.h"
#include "conv/quote.h"
#include "conv/tnef.h"
#include "conv/words.h"

/* What a part gives for reading: either may be NULL. from: where a quote marked in the HTML starts in read. */
struct body { char *plain, *html, *read; int64_t from; };

static void add_part(struct mime_walk *w, const char *name, const char *mime, const char *cid, bool is_inline, const void *p, size_t n)
{
	struct conv_part *x;
	const char *cut = name;
	char *s, *ext;

	if (w->m->nparts == CONV_PARTS_MAX) {
		mime_damage(w, "parts");
		return;
	}
	/* a plain file name: no folders, no leading dots, nothing a file system or a page would mind */
	for (const char *c = name; c && *c; c++)
		if (*c == '/' || *c == '\\')
			cut = c + 1;
	s = mime_line(w->a, cut, 200);
	for (char *c = s; *c; c++)
		if (strchr("<>:\"|?*\\/", *c) || (unsigned char)*c < 0x20)
			*c = '_';
	while (*s == '.' || *s == ' ')
		s++;
	if (!*s) {
		static const char *const ends[][2] = { { "text/plain", ".txt" }, { "text/html", ".html" }, { "message/rfc822", ".eml" },
			{ "image/png", ".png" }, { "image/jpeg", ".jpg" }, { "image/gif", ".gif" }, { "application/pdf", ".pdf" },
			{ "text/calendar", ".ics" }, { "application/pgp-signature", ".asc" }, { "application/pkcs7-signature", ".p7s" } };

		ext = arena_dup(w->a, ".bin");
		for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
			if (strcasecmp(mime, ends[i][0]) == 0)
				ext = arena_dup(w->a, ends[i][1]);
		s = arena_printf(w->a, "part-%d%s", w->m->nparts + 1, ext);
	}
	x = &w->m->parts[w->m->nparts++];
	x->name = s;
	x->mime = mime_line(w->a, mime, 100);
	x->content_id = mime_line(w->a, cid, 200);
	x->is_inline = is_inline;
	x->p = p;
	x->n = n;
}

/* Decoded content of a leaf, copied into the arena. */
static void *content(struct mime_walk *w, GMimePart *part, size_t *n)
{
	GMimeDataWrapper *d = g_mime_part_get_content(part);
	GMimeStream *s = g_mime_stream_mem_new();
	GByteArray *bytes;
	void *p;

	if (d)
		g_mime_data_wrapper_write_to_stream(d, s);
	bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(s));
	*n = bytes->len;
	p = arena_copy(w->a, bytes->data, bytes->len);
	g_object_unref(s);
	return p;
}

static void *written(struct mime_walk *w, GMimeObject *o, size_t *n)
{
	GMimeStream *s = g_mime_stream_mem_new();
	GByteArray *bytes;
	void *p;

	g_mime_object_write_to_stream(o, NULL, s);
	bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(s));
	*n = bytes->len;
	p = arena_copy(w->a, bytes->data, bytes->len);
	g_object_unref(s);
	return p;
}

/* RFC 3676: lines that end in a space go on; a stuffed space at the beginning goes; quote depths never mix. */
static char *unflow(struct arena *a, const char *s, bool delsp)
{
	struct buf b;
	int depth = -1;
	bool open = false;

	buf_init(&b, a, strlen(s) * 2 + 100);
	while (*s) {
		size_t n = strcspn(s, "\n");
		const char *p = s, *next = s[n] ? s + n + 1 : s + n;
		int q = 0;

		while (q < (int)n && p[q] == '>')
			q++;
		p += q;
		n -= (size_t)q;
		if (n && *p == ' ') {
			p++;
			n--;
		}
		if (!(open && q == depth)) {
			if (depth >= 0)
				buf_addc(&b, '\n');
			for (int i = 0; i < q; i++)
				buf_addc(&b, '>');
			if (q)
				buf_addc(&b, ' ');
		}
		open = n && p[n - 1] == ' ' && !(n == 3 && memcmp(p, "-- ", 3) == 0);
		buf_add(&b, p, open && delsp ? n - 1 : n);
		depth = q;
		s = next;
	}
	buf_addc(&b, '\n');
	return arena_dup(a, buf_text(&b));
}

/* Files that were pasted into the text the old way: taken out, and put among the parts. */
static void take_uuencoded(struct mime_walk *w, char *s)
{
	for (char *p = s; (p = strstr(p, "begin ")); p++) {
		char *line = p + strcspn(p, "\n"), *end, *name, *out;
		size_t n = 0;

		if ((p != s && p[-1] != '\n') || !isdigit((unsigned char)p[6]) || !isdigit((unsigned char)p[7]) || !isdigit((unsigned char)p[8]) ||
			p[9] != ' ' || !*line || !(end = strstr(line, "\nend")))
			continue;
		name = arena_dupn(w->a, p + 10, (size_t)(line - p) - 10);
		out = arena_get(w->a, (size_t)(end - line) + 3);
		for (line++; line < end; line += strcspn(line, "\n") + 1) {
			int len = (*line - 32) & 63;
			size_t have = strcspn(line, "\n");

			for (int i = 0, k = 1; i < len && (size_t)k + 3 < have + 1; i += 3, k += 4) {
				int v = ((line[k] - 32) & 63) << 18 | ((line[k + 1] - 32) & 63) << 12 | ((line[k + 2] - 32) & 63) << 6 |
					((line[k + 3] - 32) & 63);

				for (int j = 0; j < 3 && i + j < len; j++)
					out[n++] = (char)(v >> (16 - 8 * j));
			}
		}
		end += 4;
		end += *end == '\n';
		add_part(w, name, "application/octet-stream", "", false, out, n);
		memmove(p, end, strlen(end) + 1);
	}
}

static const char *charset_of(struct mime_walk *w, GMimeObject *o, const char *mime, const char *bytes, size_t n)
{
	const char *name = g_mime_object_get_content_type_parameter(o, "charset");
	const char *at;
	size_t len;

	if ((name && *name) || strcmp(mime, "text/html") != 0)
		return name;
	at = memmem(bytes, n < 1024 ? n : 1024, "charset=", 8);
	if (!at)
		return NULL;
	at += 8;
	at += *at == '"' || *at == '\'';
	len = strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");
	return len && len < 40 ? arena_dupn(w->a, at, len) : NULL;
}

static struct body text_part(struct mime_walk *w, GMimePart *part, const char *mime)
{
	struct body b = { .from = -1 };
	const char *format = g_mime_object_get_content_type_parameter(GMIME_OBJECT(part), "format");
	const char *delsp = g_mime_object_get_content_type_parameter(GMIME_OBJECT(part), "delsp");
	bool broken = false;
	size_t n;
	char *raw = content(w, part, &n), *s;

	if (n > 4 * CONV_TEXT_MAX) {
		n = 4 * CONV_TEXT_MAX;
		mime_damage(w, "long");
	}
	s = charset_text(w->a, raw, n, charset_of(w, GMIME_OBJECT(part), mime, raw, n), &broken);
	if (broken)
		mime_damage(w, "charset");
	if (strcmp(mime, "text/html") == 0) {
		html_read(w->a, s, strlen(s), &b.html, &b.read, &b.from);
		return b;
	}
	if (format && strcasecmp(format, "flowed") == 0)
		s = unflow(w->a, s, delsp && strcasecmp(delsp, "yes") == 0);
	take_uuencoded(w, s);
	b.plain = s;
	return b;
}

/* Fields of the first recipient of a delivery-status (RFC 3464), or of a disposition notification (RFC 8098). */
static void report_fields(struct mime_walk *w, GMimePart *part)
{
	struct { const char *name; const char **to; } fields[] = {
		{ "Final-Recipient:", &w->m->report_recipient }, { "Original-Recipient:", &w->m->report_recipient },
		{ "Action:", &w->m->report_action }, { "Disposition:", &w->m->report_action }, { "Status:", &w->m->report_status },
		{ "Diagnostic-Code:", &w->m->report_why }, { "Original-Message-ID:", &w->m->report_message_id },
	};
	bool broken = false;
	size_t n;
	char *raw = content(w, part, &n), *s = charset_text(w->a, raw, n < 65536 ? n : 65536, NULL, &broken);

	while (*s) {
		size_t len = strcspn(s, "\n");
		char *next = s[len] ? s + len + 1 : s + len;

		while (*next == ' ' || *next == '\t') {         /* folded */
			next[-1] = ' ';
			len = (size_t)(next - s) + strcspn(next, "\n");
			next = s[len] ? s + len + 1 : s + len;
		}
		for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
			const char *v = s + strlen(fields[i].name);
			const char *semi;

			if (strncasecmp(s, fields[i].name, strlen(fields[i].name)) != 0 || **fields[i].to)
				continue;
			v = mime_line(w->a, arena_dupn(w->a, v, len - strlen(fields[i].name)), 1000);
			if (fields[i].to != &w->m->report_action && fields[i].to != &w->m->report_message_id && (semi = strchr(v, ';')))
				v = text_trim(w->a, semi + 1);
			if (fields[i].to == &w->m->report_recipient || fields[i].to == &w->m->report_action)
				v = text_lower(w->a, v);
			*fields[i].to = v;
		}
		s = next;
	}
}

static struct body body_of(struct mime_walk *w, GMimeObject *o, int depth);

static struct body read_of(struct mime_walk *w, struct body b)
{
	if (b.plain && text_blank(b.plain))
		b.plain = NULL;
	if (b.html && !*b.html)
		b.html = NULL;
	return b;
}

/* What is to be read of a part: its own plain text, unless that is only a word to programs that show no HTML. */
static const char *reading(const struct body *b)
{
	if (!b->plain)
		return b->read;
	if (!b->read || strlen(b->plain) * 5 >= strlen(b->read) || strlen(b->read) < 300)
		return b->plain;
	return b->read;
}

static char *as_html(struct arena *a, const char *s)
{
	struct buf b;

	buf_init(&b, a, strlen(s) * 7 + 100);
	buf_adds(&b, "<div>");
	for (; *s; s++) {
		const char *as = *s == '&' ? "&amp;" : *s == '<' ? "&lt;" : *s == '>' ? "&gt;" : *s == '\n' ? "<br>\n" : NULL;

		if (as)
			buf_adds(&b, as);
		else
			buf_addc(&b, *s);
	}
	buf_adds(&b, "</div>");
	return arena_dup(a, buf_text(&b));
}

/* Two bodies one after the other. */
static struct body join(struct mime_walk *w, struct body x, struct body y)
{
	struct body b = { .from = -1 };
	const char *rx, *ry;

	x = read_of(w, x);
	y = read_of(w, y);
	if (!x.plain && !x.html && !x.read)
		return y;
	if (!y.plain && !y.html && !y.read)
		return x;
	rx = reading(&x);
	ry = reading(&y);
	b.plain = arena_printf(w->a, "%s%s%s", rx ? rx : "", rx && ry && !text_ends(rx, "\n") ? "\n" : "", ry ? ry : "");
	if (x.html || y.html)
		b.html = arena_printf(w->a, "%s\n%s", x.html ? x.html : as_html(w->a, rx ? rx : ""), y.html ? y.html : as_html(w->a, ry ? ry : ""));
	return b;
}

static struct body multipart(struct mime_walk *w, GMimeMultipart *mp, const char *mime, int depth)
{
	int n = g_mime_multipart_get_count(mp);
	struct body b = { .from = -1 };
	const char *stray;
	bool broken = false;

	if (n == 0) {           /* the boundary never came: what stands there is the text */
		mime_damage(w, "boundary");
		stray = g_mime_multipart_get_prologue(mp);
		if (!stray || text_blank(stray))
			stray = g_mime_multipart_get_epilogue(mp);
		if (stray)
			b.plain = charset_text(w->a, stray, strlen(stray), NULL, &broken);
		return b;
	}
	for (int i = 0; i < n; i++) {
		GMimeObject *child = g_mime_multipart_get_part(mp, i);
		struct body x;

		if (strcmp(mime, "multipart/report") == 0 && i > 0 && w->m->nparts < CONV_PARTS_MAX && GMIME_IS_TEXT_PART(child) &&
			g_mime_content_type_is_type(g_mime_object_get_content_type(child), "text", "rfc822-headers")) {
			size_t len;
			char *raw = content(w, GMIME_PART(child), &len), *at = strcasestr(raw, "message-id:");

			if (at && !*w->m->report_message_id)
				w->m->report_message_id = mime_id(w->a, arena_dupn(w->a, at, strcspn(at, ">") + 1));
			add_part(w, "headers.txt", "text/rfc822-headers", "", false, raw, len);
			continue;
		}
		x = read_of(w, body_of(w, child, depth + 1));
		if (strcmp(mime, "multipart/alternative") == 0) {
			if (!b.plain)
				b.plain = x.plain;
			if (x.html || (x.read && !b.read)) {
				b.html = x.html;
				b.read = x.read ? x.read : b.read;
				b.from = x.from;
			}
		} else {
			b = join(w, b, x);
		}
	}
	return b;
}

static struct body inner_message(struct mime_walk *w, GMimeMessage *inner)
{
	struct body b = { .from = -1 };
	const char *subject;
	size_t n;
	void *p;

	if (!inner)
		return b;
	p = written(w, GMIME_OBJECT(inner), &n);
	subject = mime_line(w->a, g_mime_message_get_subject(inner), 100);
	if (*w->m->report && !*w->m->report_message_id)
		w->m->report_message_id = mime_id(w->a, mime_header(GMIME_OBJECT(inner), "Message-ID"));
	add_part(w, arena_printf(w->a, "%s.eml", *subject ? subject : "mail"), "message/rfc822", "", false, p, n);
	return b;
}

/* An invitation says in words what it is about. */
static char *calendar_text(struct mime_walk *w, const char *p, size_t n)
{
	static const char *const names[] = { "SUMMARY", "DTSTART", "DTEND", "LOCATION", "ORGANIZER" };
	bool broken = false;
	char *s = charset_text(w->a, p, n < 65536 ? n : 65536, NULL, &broken);
	struct buf b;

	buf_init(&b, w->a, 4000);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char *event = strstr(s, "BEGIN:VEVENT"), *at = event ? strstr(event, arena_printf(w->a, "\n%s", names[i])) : NULL;
		char *colon = at ? strpbrk(at + 1, ":\n") : NULL;

		if (colon && *colon == ':')
			buf_printf(&b, "%c%s: %.*s\n", names[i][0], text_lower(w->a, names[i] + 1), (int)strcspn(colon + 1, "\n"), colon + 1);
	}
	return arena_dup(w->a, buf_text(&b));
}

/* name="=?utf-8?B?...?= =?utf-8?B?...?=" as many programs write it, in either header; NULL when it is not so. */
static const char *encoded_name(struct mime_walk *w, GMimeObject *o)
{
	static const char *const where[][2] = { { "Content-Disposition", "filename=" }, { "Content-Type", "name=" } };

	for (size_t i = 0; i < 2; i++) {
		GMimeHeader *h = g_mime_header_list_get_header(g_mime_object_get_header_list(o), where[i][0]);
		const char *raw = h ? g_mime_header_get_raw_value(h) : NULL, *at = raw ? strcasestr(raw, where[i][1]) : NULL;

		if (!at)
			continue;
		at += strlen(where[i][1]);
		if (strncmp(at, "\"=?", 3) == 0 && strchr(at + 1, '"'))
			return words_decode(w->a, arena_dupn(w->a, at + 1, strcspn(at + 1, "\"")));
	}
	return NULL;
}

static struct body leaf(struct mime_walk *w, GMimePart *part, const char *mime)
{
	GMimeObject *o = GMIME_OBJECT(part);
	const char *name = g_mime_part_get_filename(part), *how = g_mime_object_get_disposition(o), *cid = g_mime_object_get_content_id(o);
	bool attached = how && strcasecmp(how, "attachment") == 0;
	struct body b = { .from = -1 };
	const char *text = "", *decoded = encoded_name(w, o);
	size_t n;
	void *p;

	if (decoded)
		name = decoded;
	if (strcmp(mime, "message/delivery-status") == 0 || strcmp(mime, "message/disposition-notification") == 0 ||
		strcmp(mime, "message/global-delivery-status") == 0)
		report_fields(w, part);
	if ((strcmp(mime, "text/plain") == 0 || strcmp(mime, "text/html") == 0) && !attached && !(name && how))
		return text_part(w, part, mime);
	p = content(w, part, &n);
	if (strcmp(mime, "application/octet-stream") == 0 && !name && !how && w->seen == 1 && text_valid(p, n))
		return text_part(w, part, "text/plain");        /* a Content-Type that nobody can read */
	if (strcmp(mime, "text/calendar") == 0 && !attached)
		b.plain = calendar_text(w, p, n);
	if (strcmp(mime, "application/ms-tnef") == 0 || strcmp(mime, "application/vnd.ms-tnef") == 0 ||
		(name && strcasecmp(name, "winmail.dat") == 0)) {
		struct conv_part *in = ARENA_ARRAY(w->a, struct conv_part, 100);
		int found = 0;

		if (tnef_read(w->a, p, n, in, 100, &found, &text) == 0) {
			for (int i = 0; i < found; i++)
				add_part(w, in[i].name, in[i].mime, in[i].content_id, false, in[i].p, in[i].n);
			if (!text_blank(text))
				b.plain = arena_dup(w->a, text);
			return b;
		}
		mime_damage(w, "tnef");
	}
	if (strcmp(mime, "message/delivery-status") == 0 && !name)
		name = "delivery-status.txt";
	add_part(w, name, mime, cid ? cid : "", cid && *cid && !attached && strncmp(mime, "image/", 6) == 0, p, n);
	return b;
}

static struct body body_of(struct mime_walk *w, GMimeObject *o, int depth)
{
	struct body none = { .from = -1 };
	GMimeContentType *type = g_mime_object_get_content_type(o);
	char *mime, *given;
	size_t n;
	void *p;

	if (++w->seen > CONV_PARTS_MAX || depth > CONV_DEPTH_MAX) {
		if (depth > CONV_DEPTH_MAX && w->seen <= CONV_PARTS_MAX) {
			p = written(w, o, &n);
			add_part(w, "deep.eml", "message/rfc822", "", false, p, n);
		}
		mime_damage(w, depth > CONV_DEPTH_MAX ? "depth" : "parts");
		return none;
	}
	given = type ? g_mime_content_type_get_mime_type(type) : NULL;
	mime = text_lower(w->a, given ? given : "text/plain");
	g_free(given);
	if (GMIME_IS_MESSAGE_PART(o))
		return inner_message(w, g_mime_message_part_get_message(GMIME_MESSAGE_PART(o)));
	if (GMIME_IS_MULTIPART(o))
		return multipart(w, GMIME_MULTIPART(o), mime, depth);
	return GMIME_IS_PART(o) ? leaf(w, GMIME_PART(o), mime) : none;
}

/* What is to be read, without blank ends, and where the quoted tail starts in it. */
static void take_text(struct mime_walk *w, const struct body *b)
{
	const char *read = reading(b), *text = read ? read : "";
	size_t k;
	int64_t at;
	struct conv_mail *m = w->m;

	k = strspn(text, " \t\n");
	while (k && text[k - 1] != '\n')
		k--;
	if (text == b->read && b->from >= (int64_t)k)
		m->quoted_from = b->from - (int64_t)k;
	text += k;
	k = strlen(text);
	if (k > CONV_TEXT_MAX) {
		for (k = CONV_TEXT_MAX; k && ((unsigned char)text[k] & 0xC0) == 0x80; k--)
			;
		mime_damage(w, "long");
	}
	while (k && isspace((unsigned char)text[k - 1]))
		k--;
	m->text = text_repair(w->a, text, k);
	at = quote_tail(m->text);
	if (m->quoted_from <= 0 || m->quoted_from >= (int64_t)strlen(m->text) || (at >= 0 && at < m->quoted_from))
		m->quoted_from = at;
	else                    /* to the start of its line */
		while (m->text[m->quoted_from] == '\n')
			m->quoted_from++;
}

int mime_read(struct arena *a, const void *raw, size_t n, struct conv_mail *out, struct err *e)
{
	static const char *const fallback[] = { "utf-8", "windows-1252", NULL };
	struct conv_mail m = { .message_id = "", .quoted_from = -1 };
	const char **const empty[] = { &m.subject, &m.in_reply_to, &m.references, &m.auto_submitted, &m.precedence, &m.list_id, &m.suppress,
		&m.instance, &m.text, &m.html, &m.report, &m.report_recipient, &m.report_action, &m.report_status, &m.report_why,
		&m.report_message_id, &m.damage };
	struct mime_walk w = { .a = a, .m = &m };
	GMimeStream *stream;
	GMimeParser *parser;
	GMimeMessage *g;
	GMimeContentType *type;
	struct body b;
	size_t head = mime_head_bytes(raw, n);

	if (n == 0 || (head == n && n > CONV_HEADERS_MAX) || head > CONV_HEADERS_MAX)
		return FAIL(e, E_MAIL_UNREADABLE, n ? "a header of %zu bytes" : "empty", head);
	for (size_t i = 0; i < sizeof empty / sizeof *empty; i++)
		*empty[i] = "";
	buf_init(&w.damage, a, 200);
	m.parts = ARENA_ARRAY(a, struct conv_part, CONV_PARTS_MAX);
	w.options = g_mime_parser_options_new();
	g_mime_parser_options_set_fallback_charsets(w.options, (const char **)(uintptr_t)fallback);
	stream = g_mime_stream_mem_new_with_buffer(raw, n);
	parser = g_mime_parser_new_with_stream(stream);
	g = g_mime_parser_construct_message(parser, w.options);
	g_object_unref(parser);
	g_object_unref(stream);
	if (!g) {
		g_mime_parser_options_free(w.options);
		return FAIL(e, E_MAIL_UNREADABLE, "no headers");
	}
	mime_head(&w, g);
	type = g_mime_message_get_mime_part(g) ? g_mime_object_get_content_type(g_mime_message_get_mime_part(g)) : NULL;
	if (type && g_mime_content_type_is_type(type, "multipart", "report")) {
		const char *kind = g_mime_content_type_get_parameter(type, "report-type");

		m.report = kind && *kind ? text_lower(a, mime_line(a, kind, 60)) : "unknown";
	}
	b = (struct body){ .from = -1 };
	if (g_mime_message_get_mime_part(g))
		b = read_of(&w, body_of(&w, g_mime_message_get_mime_part(g), 0));
	take_text(&w, &b);
	m.html = b.html ? b.html : "";
	m.damage = arena_dup(a, buf_text(&w.damage));
	g_object_unref(g);
	g_mime_parser_options_free(w.options);
	*out = m;
	return 0;
}
