#include "core/mail_thread.h"
#include <string.h>
#include "base/moment.h"
#include "base/text.h"
#include "core/mail_class.h"
#include "store/mail_in.h"
#include "store/outbox.h"
#include "store/ticket.h"

enum { IDS = 40, TICKETS = 60 };

/* May this sender's mail land there? */
static bool fits(const struct mail_thread_sender *s, const struct mail_thread_ticket *t)
{
	bool same = s->customer_id != 0 && s->customer_id == t->customer_id;

	if (s->staff || t->participant)
		return s->staff || s->customer_id == 0 || t->customer_id == 0 || same;
	if (s->customer_id && t->customer_id)
		return same;
	/* one of the two is not placed: only our own proof is enough to come near it */
	return t->how == THREAD_TOKEN;
}

/* A forwarded mail carries our proof to anybody, so having it is not taking part. */
static bool speaks(const struct mail_thread_sender *s, const struct mail_thread_ticket *t)
{
	return s->staff || t->participant || (s->customer_id != 0 && s->customer_id == t->customer_id);
}

enum mail_thread_verdict mail_thread_pick(const struct mail_thread_sender *s, const struct mail_thread_ticket *t, int n, int64_t now, int *which)
{
	for (int i = 0; i < n; i++) {
		if (!fits(s, &t[i]))
			continue;
		*which = i;
		return t[i].closed_at && t[i].closed_at < now - MAIL_THREAD_CLOSED_DAYS * MOMENT_DAY ? THREAD_FOLLOW :
			speaks(s, &t[i]) ? THREAD_APPEND : THREAD_ASIDE;
	}
	*which = -1;
	return THREAD_FRESH;
}

/* The last max of them, in their order: the nearest mail stands last. */
static int split(struct arena *a, const char *list, const char **out, int max)
{
	char *text = arena_dup(a, list), *end = text + strlen(text);
	int n = 0;

	while (end > text && n < max) {
		char *id = end;

		while (id > text && id[-1] != ' ')
			id--;
		*end = '\0';
		if (end - id >= 8)
			out[n++] = id;
		end = id > text ? id - 1 : text;
	}
	for (int i = 0; i < n / 2; i++) {
		const char *kept = out[i];

		out[i] = out[n - 1 - i];
		out[n - 1 - i] = kept;
	}
	return n;
}

struct found { struct mail_thread_ticket t[TICKETS]; int n; };

static int participant(struct db_conn *c, struct arena *a, const struct ticket *t, const char *sender, bool *is, struct err *e)
{
	struct watcher *v;
	int n;

	*is = *sender && (strcasecmp(t->from_email, sender) == 0 || strcasecmp(t->contact_email, sender) == 0);
	if (*is || !*sender)
		return 0;
	if (store_watcher_list(c, a, t->id, &v, &n, e) != 0)
		return -1;
	for (int i = 0; i < n; i++)
		*is = *is || strcasecmp(v[i].email, sender) == 0;
	return 0;
}

/* Adds a ticket, or where it was merged to; one that is gone or is there already adds nothing. */
static int add(struct db_conn *c, struct arena *a, const struct mail_thread_question *q, enum mail_thread_how how, struct ticket *t,
	struct found *f, struct err *e)
{
	struct err why = { 0 };
	bool part;

	for (int steps = 0; t->merged_into && steps < 5; steps++) {
		if (store_ticket_get(c, a, (struct ticket_scope){ 0, 0 }, t->merged_into, t, &why) != 0)
			return why.id == E_NOT_FOUND ? 0 : (*e = why, -1);
	}
	if (f->n == TICKETS)
		return 0;
	for (int i = 0; i < f->n; i++)
		if (f->t[i].ticket_id == t->id)
			return 0;
	if (participant(c, a, t, q->sender, &part, e) != 0)
		return -1;
	f->t[f->n++] = (struct mail_thread_ticket){ how, t->id, t->customer_id, part, strcmp(t->state, "closed") == 0 ? t->closed_at : 0 };
	return 0;
}

static int by_number(struct db_conn *c, struct arena *a, const struct mail_thread_question *q, enum mail_thread_how how, int64_t number,
	struct found *f, struct err *e)
{
	struct err why = { 0 };
	struct ticket t;

	if (store_ticket_by_number(c, a, (struct ticket_scope){ 0, 0 }, number, &t, &why) != 0)
		return why.id == E_NOT_FOUND ? 0 : (*e = why, -1);
	return add(c, a, q, how, &t, f, e);
}

static int known(struct db_conn *c, struct arena *a, const struct mail_thread_question *q, const char *id, struct found *f, struct err *e)
{
	struct mail_ref *r;
	struct err why = { 0 };
	int n;

	if (store_mail_ref_find(c, a, id, &r, &n, e) != 0)
		return -1;
	for (int i = 0; i < n; i++) {
		struct ticket t;

		if (store_ticket_get(c, a, (struct ticket_scope){ 0, 0 }, r[i].ticket_id, &t, &why) != 0) {
			if (why.id != E_NOT_FOUND) {
				*e = why;
				return -1;
			}
			continue;
		}
		if (add(c, a, q, THREAD_KNOWN_ID, &t, f, e) != 0)
			return -1;
	}
	return 0;
}

int mail_thread(struct db_conn *c, struct arena *a, const struct mail_thread_question *q, enum mail_thread_verdict *verdict, int64_t *ticket_id,
	struct err *e)
{
	const char *ids[IDS * 2], *refs[IDS * 4];
	struct found *f = ARENA_NEW(a, struct found);
	int64_t numbers[5], number;
	int n, nrefs, which;

	n = split(a, q->also, ids, 10);
	n += split(a, q->in_reply_to, ids + n, IDS - n);
	nrefs = split(a, q->references, refs, IDS * 4);
	for (int i = nrefs - 1; i >= 0 && n < IDS * 2; i--)     /* the nearest is the last */
		ids[n++] = refs[i];
	for (int i = 0; i < n; i++)
		if (outbox_token_read(c, a, ids[i], &number, e) != 0 || (number && by_number(c, a, q, THREAD_TOKEN, number, f, e) != 0))
			return -1;
	for (int i = 0; i < n; i++)
		if (known(c, a, q, ids[i], f, e) != 0)
			return -1;
	n = mail_tags(q->subject, numbers, 5);
	for (int i = 0; i < n; i++)
		if (by_number(c, a, q, THREAD_TAG, numbers[i], f, e) != 0)
			return -1;
	*verdict = mail_thread_pick(&q->who, f->t, f->n, q->now, &which);
	*ticket_id = which < 0 ? 0 : f->t[which].ticket_id;
	return 0;
}
