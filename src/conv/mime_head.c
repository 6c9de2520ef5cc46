/* The header of a mail: who, to whom, about what, in answer to what. */
#include "conv/mime_inside.h"
#include <string.h>
#include <strings.h>
#include "base/text.h"
#include "conv/words.h"

void mime_damage(struct mime_walk *w, const char *word)
{
	if (strstr(buf_text(&w->damage), word))
		return;
	if (w->damage.n)
		buf_addc(&w->damage, ' ');
	buf_adds(&w->damage, word);
}

/* A text that came from gmime: valid, one line, at most max bytes. */
char *mime_line(struct arena *a, const char *s, size_t max)
{
	char *t = text_repair(a, s ? s : "", s ? strlen(s) : 0);

	for (char *c = t; *c; c++)
		if (*c == '\n' || *c == '\r' || *c == '\t')
			*c = ' ';
	if (strlen(t) > max) {
		while (max && ((unsigned char)t[max] & 0xC0) == 0x80)
			max--;
		t[max] = 0;
	}
	return text_trim(a, t);
}

/* Every <id> of a header, without <> and without the white space that folding broke into it; one space between. */
static const char *ids(struct arena *a, const char *s)
{
	struct buf b;

	buf_init(&b, a, 20000);
	for (; s && *s; s++) {
		char id[260];
		size_t n = 0;

		if (*s != '<')
			continue;
		for (s++; *s && *s != '>' && *s != '<' && n < sizeof id - 1; s++)
			if ((unsigned char)*s > 0x20 && *s != 0x7F)
				id[n++] = *s;
		if (*s == '<')
			s--;
		if (!*s)
			break;
		if (n < 8 || n >= sizeof id - 1 || !text_valid(id, n))
			continue;
		if (b.n)
			buf_addc(&b, ' ');
		buf_add(&b, id, n);
	}
	return buf_text(&b);
}

const char *mime_id(struct arena *a, const char *s)
{
	char *all = arena_dup(a, ids(a, s));

	all[strcspn(all, " ")] = 0;
	return all;
}

const char *mime_header(GMimeObject *o, const char *name)
{
	const char *v = g_mime_object_get_header(o, name);

	return v ? v : "";
}

static struct conv_address address(struct arena *a, InternetAddress *x)
{
	struct conv_address out = { "", "" };
	const char *addr;

	if (!x || !INTERNET_ADDRESS_IS_MAILBOX(x))
		return out;
	addr = internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(x));
	out.name = mime_line(a, internet_address_get_name(x), 200);
	if (addr && strchr(addr, '@') && strchr(addr, '@') != addr && addr[strlen(addr) - 1] != '@' && strlen(addr) <= 254 &&
		!strpbrk(addr, " \t\r\n<>,;") && text_valid(addr, strlen(addr)))
		out.address = text_lower(a, addr);
	return out;
}

static void addresses(struct mime_walk *w, InternetAddressList *l, struct conv_address *to, int *n, int max)
{
	for (int i = 0; l && i < internet_address_list_length(l) && *n < max; i++) {
		InternetAddress *x = internet_address_list_get_address(l, i);

		if (INTERNET_ADDRESS_IS_GROUP(x)) {
			addresses(w, internet_address_group_get_members(INTERNET_ADDRESS_GROUP(x)), to, n, max);
			continue;
		}
		to[*n] = address(w->a, x);
		if (*to[*n].address)
			++*n;
	}
}

/* The addresses of one header, its first occurrence. */
static int parse_addresses(struct mime_walk *w, GMimeHeaderList *list, const char *name, struct conv_address *to, int *n, int max)
{
	GMimeHeader *h = g_mime_header_list_get_header(list, name);
	const char *raw = h ? g_mime_header_get_raw_value(h) : NULL;
	InternetAddressList *l;

	if (!raw)
		return *n;
	l = internet_address_list_parse(w->options, words_join(w->a, raw));
	if (l) {
		addresses(w, l, to, n, max);
		g_object_unref(l);
	}
	return *n;
}

void mime_head(struct mime_walk *w, GMimeMessage *g)
{
	GMimeObject *o = GMIME_OBJECT(g);
	GMimeHeaderList *list = g_mime_object_get_header_list(o);
	struct conv_mail *m = w->m;
	const struct { const char *name; const char **to; } words[] = {
		{ "Auto-Submitted", &m->auto_submitted }, { "Precedence", &m->precedence }, { "List-Id", &m->list_id },
		{ "X-Auto-Response-Suppress", &m->suppress }, { "X-Pedel-Instance", &m->instance },
	};
	GDateTime *date = g_mime_message_get_date(g);
	struct conv_address one[1];
	int n = 0;
	GMimeHeader *subject = g_mime_header_list_get_header(list, "Subject");

	m->subject = subject ? mime_line(w->a, words_decode(w->a, g_mime_header_get_raw_value(subject)), 1000) : "";
	m->from = m->reply_to = (struct conv_address){ "", "" };
	if (parse_addresses(w, list, "From", one, &n, 1) || (mime_damage(w, "from"), parse_addresses(w, list, "Sender", one, &n, 1)))
		m->from = one[0];
	n = 0;
	if (parse_addresses(w, list, "Reply-To", one, &n, 1))
		m->reply_to = one[0];
	m->to = ARENA_ARRAY(w->a, struct conv_address, 100);
	parse_addresses(w, list, "To", m->to, &m->nto, 100);
	parse_addresses(w, list, "Cc", m->to, &m->nto, 100);
	if (date) {
		gint64 s = g_date_time_to_unix(date);

		m->date = s > 315532800 && s < 4102444800 ? s * 1000000 : 0;
	}
	m->message_id = mime_id(w->a, mime_header(o, "Message-ID"));
	m->in_reply_to = ids(w->a, mime_header(o, "In-Reply-To"));
	m->references = ids(w->a, mime_header(o, "References"));
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		*words[i].to = text_lower(w->a, mime_line(w->a, mime_header(o, words[i].name), 200));
	m->auth = ARENA_ARRAY(w->a, const char *, 20);
	for (int i = 0; i < g_mime_header_list_get_count(list) && m->nauth < 20; i++) {
		GMimeHeader *h = g_mime_header_list_get_header_at(list, i);

		if (strcasecmp(g_mime_header_get_name(h), "Authentication-Results") == 0)
			m->auth[m->nauth++] = mime_line(w->a, g_mime_header_get_value(h), 2000);
	}
}

/* Where the header block ends; n when it never does. */
size_t mime_head_bytes(const char *p, size_t n)
{
	for (size_t i = 0; i + 1 < n; i++)
		if (p[i] == '\n' && (p[i + 1] == '\n' || (p[i + 1] == '\r' && i + 2 < n && p[i + 2] == '\n')))
			return i;
	return n;
}
