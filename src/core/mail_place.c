/* Who wrote a mail, as far as we believe it, and what becomes of it. */
#include "core/mail_place.h"
#include <string.h>
#include "base/moment.h"
#include "base/text.h"
#include "core/cvr.h"
#include "core/mail_class.h"
#include "core/mail_thread.h"
#include "core/tell.h"
#include "store/contact.h"
#include "store/customer.h"
#include "store/outbox.h"
#include "store/person.h"
#include "store/setting.h"

#define SAME_DATED_US (7 * MOMENT_DAY)          /* a mail host tries for five days */
#define SAME_BARE_US (2 * MOMENT_HOUR)

/* Who wrote it, as far as we believe it. */
struct writer {
	struct actor who;
	const char *class, *auth, *address, *name;
	int64_t customer_id, contact_id;
	bool staff, doubted;
};

static int writer_find(struct db_conn *c, struct arena *a, const struct mail_arrival *in, struct writer *x, struct err *e)
{
	const char *authserv, *instance, *at;
	int64_t probe;
	struct contact k;
	struct person p;
	struct err why = { 0 };

	*x = (struct writer){ .class = "auto", .auth = "", .address = text_lower(a, in->row->sender), .name = "" };
	if (setting_get(c, a, "mail.authserv_id", "", &authserv, e) != 0 || setting_get_int(c, "probe.customer_id", 0, &probe, e) != 0 ||
		outbox_instance(c, a, &instance, e) != 0)
		return -1;
	if (in->m) {
		x->class = mail_class(in->m, in->row->sender, instance);
		x->auth = mail_auth(a, in->m, authserv);
		x->address = *in->m->from.address ? in->m->from.address : x->address;
		x->name = text_plain(a, in->m->from.name);
	}
	x->address = email_ascii(a, x->address);
	x->doubted = strcmp(x->auth, "fail") == 0;
	if (!*x->name)
		x->name = *x->address ? x->address : "?";
	x->who = (struct actor){ .role = ROLE_NOBODY, .name = x->name };
	if (!*x->address)
		return 0;
	if (store_person_by_email(c, a, x->address, &p, &why) == 0) {
		x->staff = strcmp(x->auth, "pass") == 0;        /* to speak as one of us takes proof */
		x->doubted = !x->staff;
		if (x->staff)
			x->who = (struct actor){ .role = role_by_name(p.role), .person = true, .id = p.id, .name = p.name };
		return 0;
	}
	if (why.id != E_NOT_FOUND)
		goto bad;
	if (store_contact_by_email(c, a, x->address, &k, &why) == 0 && k.active) {
		x->customer_id = k.customer_id;
		x->contact_id = k.id;
		x->name = k.name;
		if (probe && k.customer_id == probe)    /* it comes straight to us, past the mail host that would vouch for it */
			x->doubted = false;
		if (!x->doubted)
			x->who = (struct actor){ .role = role_by_name(k.role), .id = k.id, .customer_id = k.customer_id, .name = k.name };
		return 0;
	}
	if (why.id != E_NONE && why.id != E_NOT_FOUND)
		goto bad;
	at = strrchr(x->address, '@');
	why = (struct err){ 0 };
	if (at && store_customer_by_domain(c, at + 1, &x->customer_id, &why) != 0) {
		x->customer_id = 0;
		if (why.id != E_NOT_FOUND)
			goto bad;
	}
	return 0;
bad:
	*e = why;
	return -1;
}

/* Ids of ours in a bounce that has no report: t.NUMBER... anywhere in its text. */
static const char *tokens_in(struct arena *a, const char *text)
{
	struct buf b;
	int n = 0;

	buf_init(&b, a, 8192);
	for (const char *s = text; n < 10 && (s = strstr(s, "<t.")); s++, n++)
		buf_printf(&b, "%s%.*s", b.n ? " " : "", (int)(strcspn(s + 1, "> \n") < 300 ? strcspn(s + 1, "> \n") : 300), s + 1);
	return buf_text(&b);
}

static int bounced(struct db_conn *c, struct arena *a, const struct mail_arrival *in, const struct ticket *t, struct err *e)
{
	struct contact k;
	struct err why = { 0 };

	if (strcmp(in->m->report_action, "failed") != 0 || store_contact_by_email(c, a, in->m->report_recipient, &k, &why) != 0)
		return why.id == E_NONE || why.id == E_NOT_FOUND ? 0 : (*e = why, -1);
	if (k.customer_id != t->customer_id)
		return 0;
	if (store_contact_bounced(c, k.customer_id, k.id, in->now, e) != 0)
		return -1;
	return tell_event(c, a, NULL, in->now, k.customer_id, "contact", k.id, "contact.bounced",
		json_pack("{s:s, s:s}", "status", in->m->report_status, "why", in->m->report_why), e);
}

static int remember(struct db_conn *c, struct arena *a, const struct mail_arrival *in, const struct ticket *t, int64_t message, struct err *e)
{
	char *save = NULL, *refs = arena_printf(a, "%s %s", in->m->in_reply_to, in->m->references), *last = refs + strlen(refs);
	int64_t number;
	int n = 0;

	for (int left = 12; last > refs && left > 0; left -= *last == ' ')      /* the nearest mails stand last */
		last--;

	if (*in->m->message_id && store_mail_ref_add(c, in->m->message_id, t->customer_id, t->id, message, e) != 0)
		return -1;
	for (char *id = strtok_r(last, " ", &save); id && n < 12; id = strtok_r(NULL, " ", &save), n++)
		if (outbox_token_read(c, a, id, &number, e) != 0 || (!number && store_mail_ref_add(c, id, t->customer_id, t->id, 0, e) != 0))
			return -1;
	return 0;
}

static struct ticket_text text_of(struct arena *a, const struct mail_arrival *in, const struct writer *x)
{
	struct ticket_text t = { .auto_class = in->m && *x->class ? x->class : NULL, .auth = x->doubted && strcmp(x->auth, "fail") != 0 ? "none" : x->auth, .raw_sha256 = in->row->sha256, .files = in->files,
		.nfiles = in->nfiles, .body = err_text(E_MAIL_UNREADABLE, LANG_DA) };
	size_t n;

	if (!in->m)
		return t;
	t.body = in->m->text;
	t.body_html = *in->m->html && strlen(in->m->html) < 4 * TICKET_BODY_MAX ? in->m->html : NULL;
	t.has_quote = in->m->quoted_from >= 0;
	t.quoted_from = in->m->quoted_from;
	t.message_id = in->m->message_id;
	n = strlen(t.body);
	if (n > TICKET_BODY_MAX - 16) {         /* the whole of it is on the raw mail, which is attached */
		for (n = TICKET_BODY_MAX - 16; n && ((unsigned char)t.body[n] & 0xC0) == 0x80; n--)
			;
		t.body = arena_printf(a, "%.*s\n[…]", (int)n, t.body);
		t.has_quote = t.has_quote && t.quoted_from < (int64_t)n;
	}
	return t;
}

static const char *subject_of(struct arena *a, const struct mail_arrival *in)
{
	const char *s = in->m ? in->m->subject : "Mail, der ikke kunne læses";
	size_t n;

	if (text_blank(s))
		s = "(uden emne)";
	n = strlen(s);
	if (n > 280) {
		for (n = 280; n && ((unsigned char)s[n] & 0xC0) == 0x80; n--)
			;
		s = arena_printf(a, "%.*s…", (int)n, s);
	}
	return s;
}

static int thread_of(struct db_conn *c, struct arena *a, const struct mail_arrival *in, const struct writer *x, enum mail_thread_verdict *v, int64_t *ticket,
	struct err *e)
{
	struct mail_thread_question q = { .also = "", .in_reply_to = "", .references = "", .subject = "", .sender = x->address,
		.who = { x->customer_id, x->staff }, .now = in->now };

	*v = THREAD_FRESH;
	*ticket = 0;
	if (!in->m)
		return 0;
	if (strcmp(x->class, "bounce") == 0) {  /* only what it says it bounced; the mail server is no customer */
		q.also = *in->m->report_message_id ? in->m->report_message_id : tokens_in(a, in->m->text);
		q.in_reply_to = in->m->in_reply_to;
		q.who.staff = true;
	} else {
		q.in_reply_to = in->m->in_reply_to;
		q.references = in->m->references;
		q.also = strcmp(x->class, "receipt") == 0 ? in->m->report_message_id : "";
		q.subject = in->m->subject;
	}
	return mail_thread(c, a, &q, v, ticket, e);
}

/* aside: the writer has no voice here. The technicians see it and who sent it; nobody else does, and nothing follows of it. */
static int append(struct db_conn *c, struct arena *a, const struct mail_arrival *in, const struct writer *x, const struct desk *d, bool aside,
	struct ticket *t, int64_t *message, struct err *e)
{
	bool quiet = *x->class || x->doubted || aside;
	struct ticket_answer r = { .ticket_id = t->id, .visibility = quiet ? "internal" : "public", .channel = "mail", .text = text_of(a, in, x),
		.admitted = true };
	struct actor who = x->who;
	struct message m;

	if (quiet && who.id == 0 && !who.person)
		who.role = ROLE_NOBODY;
	if (aside)
		who = (struct actor){ .role = ROLE_NOBODY, .name = strcmp(x->name, x->address) == 0 ? x->name :
			arena_printf(a, "%s <%s>", x->name, x->address) };
	if (ticket_reply(c, a, d, &who, &r, &m, e) != 0 || store_ticket_get(c, a, (struct ticket_scope){ 0, 0 }, m.ticket_id, t, e) != 0)
		return -1;
	*message = m.id;
	return strcmp(x->class, "bounce") == 0 ? bounced(c, a, in, t, e) : 0;
}

static int fresh(struct db_conn *c, struct arena *a, const struct mail_arrival *in, const struct writer *x, const struct desk *d, int64_t follows,
	struct ticket *t, struct err *e)
{
	struct ticket_draft f = { .customer_id = x->customer_id, .contact_id = x->doubted ? 0 : x->contact_id, .from_name = x->name,
		.from_email = x->address, .never_refused = true, .subject = subject_of(a, in), .channel = "mail", .quiet = *x->class || x->doubted || x->staff || !in->m,
		.text = text_of(a, in, x) };

	if (ticket_create(c, a, d, &x->who, &f, t, e) != 0)
		return -1;
	return follows ? ticket_link(c, a, d, &(struct actor){ .name = "Pedel" }, t->id, follows, e) : 0;
}

/* How long the same content of the same sender is the same mail. Its id, or the second it was written, tells it from another; a
 * device that sets neither may mean it when it says the same again. */
static int64_t same_since(const struct mail_arrival *in)
{
	if (in->m && *in->m->message_id)
		return 0;
	return in->row->received_at - (in->m && in->m->date ? SAME_DATED_US : SAME_BARE_US);
}

int mail_place(struct db_conn *c, struct arena *a, const struct mail_arrival *in, bool *probe, struct err *e)
{
	struct desk d = { in->catalogue, in->origin, in->now };
	struct mail_in row = *in->row;
	struct ticket t = { 0 };
	struct writer x;
	enum mail_thread_verdict v;
	int64_t old, message = 0;
	bool waits, twice = false;

	*probe = false;
	if (store_mail_in_waits(c, row.id, &waits, e) != 0)
		return -1;
	if (!waits)                             /* the job ran before, and its commit was lost on the way back */
		return 0;
	row.state = "done";
	row.note = in->m ? in->m->damage : "unreadable";
	row.content_sha256 = in->content;
	if (store_mail_in_same(c, row.id, in->content, row.sender, same_since(in), &twice, e) != 0)
		return -1;
	if (twice) {
		row.state = "duplicate";
		row.note = "the same mail by another way";
		return store_mail_in_set(c, &row, e);
	}
	if (writer_find(c, a, in, &x, e) != 0 || thread_of(c, a, in, &x, &v, &old, e) != 0)
		return -1;
	if (strcmp(x.class, "own") == 0 || (v == THREAD_FRESH && (strcmp(x.class, "bounce") == 0 || strcmp(x.class, "receipt") == 0))) {
		row.note = arena_printf(a, "%s, of nothing we know", x.class);
		return store_mail_in_set(c, &row, e);
	}
	if (v == THREAD_APPEND || v == THREAD_ASIDE) {
		if (store_ticket_get(c, a, (struct ticket_scope){ 0, 0 }, old, &t, e) != 0 ||
			append(c, a, in, &x, &d, v == THREAD_ASIDE, &t, &message, e) != 0)
			return -1;
	} else if (fresh(c, a, in, &x, &d, old, &t, e) != 0) {
		return -1;
	}
	*probe = t.probe;
	if (t.probe)
		return store_mail_in_drop(c, row.id, e);
	/* an id that a stranger names must not lead the customer's next mail astray */
	if (in->m && strcmp(x.class, "bounce") != 0 && v != THREAD_ASIDE && remember(c, a, in, &t, message, e) != 0)
		return -1;
	row.ticket_id = t.id;
	row.message_id = message;
	return store_mail_in_set(c, &row, e);
}
