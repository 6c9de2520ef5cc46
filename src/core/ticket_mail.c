/* The mails tickets cause. Texts stand here in both languages because the reader's language, not the writer's, decides. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "base/buf.h"
#include "base/moment.h"
#include "base/text.h"
#include "core/cvr.h"
#include "core/ticket_inner.h"
#include "store/agreement.h"
#include "store/outbox.h"
#include "store/setting.h"

enum word { W_RECEIVED, W_DUE, W_FOLLOW, W_ANSWER_BY_MAIL, W_SOLVED, W_SOLVED_TOO, W_NOT_SOLVED, W_ASSIGNED, W_WROTE, W_NOTE, W_OPEN_HERE, W_HELLO, W_HELLO_YOU, W_NOT_CONFIRMED };
static const char *const words[][LANG__N] = {
	[W_RECEIVED] = { "Vi har modtaget din opgave. Den har nummer %" PRId64 ".", "We have received your request. Its number is %" PRId64 "." },
	[W_DUE] = { "Vi svarer senest %s.", "We will answer by %s." },
	[W_FOLLOW] = { "Følg opgaven her: %s", "Follow the request here: %s" },
	[W_ANSWER_BY_MAIL] = { "Har du mere at fortælle, så svar på denne mail.", "If there is more to tell, reply to this mail." },
	[W_SOLVED] = { "Vi har sat opgaven %" PRId64 " som løst.", "We have marked request %" PRId64 " as solved." },
	[W_SOLVED_TOO] = { "Vi har sat opgaven som løst.", "We have marked the request as solved." },
	[W_NOT_SOLVED] = { "Er den ikke det, så svar på denne mail, så åbner den igen.", "If it is not, reply to this mail and it opens again." },
	[W_ASSIGNED] = { "Du har fået sag %" PRId64 ".", "Ticket %" PRId64 " is now yours." },
	[W_WROTE] = { "%s har skrevet på sag %" PRId64 ":", "%s has written on ticket %" PRId64 ":" },
	[W_NOTE] = { "%s har skrevet en intern note på sag %" PRId64 ":", "%s has written an internal note on ticket %" PRId64 ":" },
	[W_OPEN_HERE] = { "Åbn sagen: %s", "Open the ticket: %s" },
	[W_NOT_CONFIRMED] = { "Den er meldt med din mailadresse af en, der ikke var logget ind. Var det ikke dig, så svar på denne mail og fortæl os det.",
		"It was reported with your e-mail address by somebody who had not signed in. If it was not you, reply to this mail and tell us." },
	[W_HELLO] = { "Hej %s", "Hello %s" },
	[W_HELLO_YOU] = { "Hej", "Hello" },
};

struct reader { const char *kind; int64_t id; const char *name, *email; enum lang lang; };

static const char *when(struct arena *a, enum lang lang, int64_t t)
{
	struct civil c = moment_local(t);

	return lang == LANG_EN ? arena_printf(a, "%d %s at %02d:%02d", c.day, month_name(lang, c.month), c.hour, c.minute) :
		arena_printf(a, "%d. %s kl. %02d.%02d", c.day, month_name(lang, c.month), c.hour, c.minute);
}

static void line(struct buf *b, enum lang lang, enum word w, ...)
{
	char text[1200];
	va_list ap;

	va_start(ap, w);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	vsnprintf(text, sizeof text, words[w][lang], ap);       /* the table above is constant */
#pragma GCC diagnostic pop
	va_end(ap);
	buf_adds(b, text);
	buf_addc(b, '\n');
}

static const char *first_name(struct arena *a, const char *name)
{
	const char *space = strchr(name, ' ');

	return space ? arena_dupn(a, name, (size_t)(space - name)) : name;
}

/* An address is no name. */
static void hello(struct buf *b, struct arena *a, const struct reader *r)
{
	if (text_blank(r->name) || strchr(r->name, '@'))
		line(b, r->lang, W_HELLO_YOU);
	else
		line(b, r->lang, W_HELLO, first_name(a, r->name));
	buf_addc(b, '\n');
}

static const char *body_without_quote(struct arena *a, const struct message *m)
{
	return m->quoted_from >= 0 && (size_t)m->quoted_from <= strlen(m->body) ? arena_dupn(a, m->body, (size_t)m->quoted_from) : m->body;
}

static const char *write_body(const struct ticket_work *k, const struct ticket *t, enum ticket_mail what, const struct message *m,
	const struct reader *r, const char *provider)
{
	struct buf b;
	bool ours = strcmp(r->kind, "person") == 0, contact = strcmp(r->kind, "contact") == 0;

	buf_init(&b, k->a, TICKET_BODY_MAX + 8192);
	switch (what) {
	case MAIL_RECEIVED:
		hello(&b, k->a, r);
		line(&b, r->lang, W_RECEIVED, t->number);
		if (t->response_due_at && !t->responded_at)
			line(&b, r->lang, W_DUE, when(k->a, r->lang, t->response_due_at));
		if (m && m->auth && strcmp(m->auth, "none") == 0)
			line(&b, r->lang, W_NOT_CONFIRMED);
		line(&b, r->lang, W_ANSWER_BY_MAIL);
		break;
	case MAIL_ANSWER:
		buf_adds(&b, m->body);
		buf_addc(&b, '\n');
		if (strcmp(t->state, "solved") == 0) {
			buf_addc(&b, '\n');
			line(&b, r->lang, W_SOLVED_TOO);
			line(&b, r->lang, W_NOT_SOLVED);
		}
		break;
	case MAIL_SOLVED:
		hello(&b, k->a, r);
		line(&b, r->lang, W_SOLVED, t->number);
		line(&b, r->lang, W_NOT_SOLVED);
		break;
	case MAIL_ASSIGNED:
		line(&b, r->lang, W_ASSIGNED, t->number);
		buf_printf(&b, "%s\n%s\n", t->subject, t->customer_name);
		break;
	case MAIL_CUSTOMER_WROTE:
	case MAIL_NOTE:
		line(&b, r->lang, what == MAIL_NOTE ? W_NOTE : W_WROTE, email_shown(k->a, m->author_name), t->number);
		buf_addc(&b, '\n');
		buf_adds(&b, body_without_quote(k->a, m));
		buf_addc(&b, '\n');
		break;
	}
	if ((ours || contact) && k->d->origin && *k->d->origin) {
		buf_addc(&b, '\n');
		line(&b, r->lang, ours ? W_OPEN_HERE : W_FOLLOW,
			arena_printf(k->a, "%s/%s/%" PRId64, k->d->origin, ours ? "console/tickets" : "portal/tasks", t->number));
	}
	if (!ours)
		buf_printf(&b, "\n-- \n%s%s%s\n", what == MAIL_ANSWER && k->who->person ? k->who->name : "", what == MAIL_ANSWER && k->who->person ? ", " : "",
			provider);
	return buf_text(&b);
}

static enum lang lang_of(const char *code, enum lang unless)
{
	return code && strcmp(code, "en") == 0 ? LANG_EN : code && strcmp(code, "da") == 0 ? LANG_DA : unless;
}

/* Everybody who should read it, each address once, and never who did it. */
static int readers(const struct ticket_work *k, const struct ticket *t, bool ours, struct reader *r, int most, int *n, struct err *e)
{
	const char *code = "da";
	struct watcher *v, p;
	struct err why;
	enum lang usual;
	int m, got = 0;

	if (t->customer_id && store_ticket_customer_lang(k->w, k->a, t->customer_id, &code, e) != 0)
		return -1;
	usual = lang_of(code, LANG_DA);
	if (ours && t->owner_id && store_ticket_person(k->w, k->a, t->owner_id, &p, &why) == 0)
		r[got++] = (struct reader){ "person", p.who_id, p.name, p.email, lang_of(p.lang, LANG_DA) };
	if (!ours && t->contact_id && store_ticket_contact(k->w, k->a, t->contact_id, &p, NULL, &why) == 0)
		r[got++] = (struct reader){ "contact", p.who_id, p.name, p.email, lang_of(p.lang, usual) };
	else if (!ours && !t->contact_id && *t->from_email)
		r[got++] = (struct reader){ "email", 0, *t->from_name ? t->from_name : t->from_email, t->from_email, usual };
	if (store_watcher_list(k->w, k->a, t->id, &v, &m, e) != 0)
		return -1;
	for (int i = 0; i < m && got < most; i++)
		if ((strcmp(v[i].kind, "person") == 0) == ours)
			r[got++] = (struct reader){ v[i].kind, v[i].who_id, v[i].name, v[i].email, lang_of(v[i].lang, usual) };
	for (int i = 0; i < got; i++) {
		bool drop = !strchr(r[i].email, '@') || (k->who->id && r[i].id == k->who->id && k->who->person == (strcmp(r[i].kind, "person") == 0) &&
			strcmp(r[i].kind, "email") != 0);

		for (int j = 0; j < i && !drop; j++)
			drop = strcmp(r[i].email, r[j].email) == 0;
		if (drop)
			r[i--] = r[--got];
	}
	*n = got;
	return 0;
}

/* Every copy has a Message-ID of its own, so what came before is a matter of who reads. It answers the customer's newest mail. */
static int refer(const struct ticket_work *k, const struct ticket *t, struct outmail *o, struct err *e)
{
	enum { MOST = 10 };
	struct message_id *ids;
	struct buf refs;
	int n, answers = 0;

	if (store_message_ids(k->w, k->a, t->id, text_lower(k->a, o->recipient), &ids, &n, e) != 0)
		return -1;
	buf_init(&refs, k->a, 16384);
	for (int i = (n < MOST ? n : MOST) - 1; i >= 0; i--)
		buf_printf(&refs, "%s%s", refs.n ? " " : "", ids[i].id);
	while (answers < n && ids[answers].ours)
		answers++;
	o->in_reply_to = n ? ids[answers < n ? answers : 0].id : "";
	o->references = buf_text(&refs);
	return 0;
}

/* When an answer is due is told where an agreement says it: elsewhere the clock is our own. */
static int agreed(const struct ticket_work *k, const struct ticket *t, bool *is, struct err *e)
{
	struct agreement g;
	struct agreement_item item;
	struct err why = { 0 };

	*is = t->customer_id && store_agreement_in_force(k->w, k->a, t->customer_id, day_of(t->created_at), "support", &g, &item, &why) == 0;
	if (*is || !t->customer_id || why.id == E_NOT_FOUND)
		return 0;
	*e = why;
	return -1;
}

int ticket_mail(const struct ticket_work *k, const struct ticket *t, enum ticket_mail what, const struct message *m, struct err *e)
{
	static const char *const kinds[] = { "autoreply", "reply", "solved", "assigned", "notice", "notice" };
	bool waits = what == MAIL_SOLVED || (what == MAIL_ASSIGNED && !m);      /* can be undone; a fresh ticket's owner cannot */
	bool ours = what == MAIL_ASSIGNED || what == MAIL_CUSTOMER_WROTE || what == MAIL_NOTE;
	struct reader r[210];
	const char *provider, *subject;
	struct ticket told = *t;
	bool promised;
	int n;

	if (readers(k, t, ours, r, 200, &n, e) != 0 ||
		setting_get(k->w, k->a, "provider.name", "Pedel", &provider, e) != 0 || agreed(k, t, &promised, e) != 0)
		return -1;
	told.response_due_at = promised ? t->response_due_at : 0;
	/* The confirmation goes to the requester alone, also when the requester wrote it. */
	if (what == MAIL_RECEIVED) {
		struct watcher p;
		struct err why;
		const char *code = "da";

		n = 0;
		if (t->customer_id && store_ticket_customer_lang(k->w, k->a, t->customer_id, &code, e) != 0)
			return -1;
		if (t->contact_id && store_ticket_contact(k->w, k->a, t->contact_id, &p, NULL, &why) == 0)
			r[n++] = (struct reader){ "contact", p.who_id, p.name, p.email, lang_of(p.lang, lang_of(code, LANG_DA)) };
		else if (!t->contact_id && strchr(t->from_email, '@'))
			r[n++] = (struct reader){ "email", 0, *t->from_name ? t->from_name : t->from_email, t->from_email, lang_of(code, LANG_DA) };
	}
	subject = text_starts(t->subject, "Re: ") || ours || what == MAIL_RECEIVED ? arena_printf(k->a, "%s [#%" PRId64 "]", t->subject, t->number) :
		arena_printf(k->a, "Re: %s [#%" PRId64 "]", t->subject, t->number);
	for (int i = 0; i < n; i++) {
		struct outmail o = { .created_at = k->d->now, .kind = kinds[what], .customer_id = t->customer_id, .ticket_id = t->id,
			.message_row = m ? m->id : 0, .recipient = r[i].email, .subject = subject, .body = write_body(k, &told, what, m, &r[i], provider),
			.body_html = "", .automatic = what != MAIL_ANSWER, .next_at = k->d->now + (waits ? TICKET_TAKE_BACK_US : 0) };

		if (refer(k, t, &o, e) != 0 || outbox_add(k->w, k->a, &o, e) != 0)
			return -1;
	}
	return 0;
}
