/* What follows when a promise changes state and stays there: a ticket for us, a request to the customer. */
#include "base/moment.h"
#include "core/promise_judge.h"
#include "core/proof.h"
#include "core/ticket.h"
#include "store/month_close.h"
#include "store/need.h"
#include "store/outbox.h"
#include <inttypes.h>

static const struct actor pedel = { .role = ROLE_ADMIN, .name = "Pedel" };

static bool is(const struct promise_row *r, enum promise_state s)
{
	return r && r->state && strcmp(r->state, promise_state_name(s)) == 0;
}

static int customer_lang(struct db_conn *w, struct arena *a, int64_t customer_id, enum lang *out, struct err *e)
{
	const char *code;

	if (store_ticket_customer_lang(w, a, customer_id, &code, e) != 0)
		return -1;
	*out = strcmp(code, "en") == 0 ? LANG_EN : LANG_DA;
	return 0;
}

static const char *reasons_text(struct arena *a, const char *json, enum lang l)
{
	const struct proof_line *lines;
	struct err none;
	const char *all = "";
	int n;

	if (proof_lines_read(a, json, &lines, &n, &none) != 0)
		return "";
	for (int i = 0; i < n; i++)
		all = arena_printf(a, "%s%s%s", all, i ? "\n" : "", lines[i].text[l]);
	return all;
}

static int ticket_open_for(struct db_conn *w, struct arena *a, const char *key, struct ticket *t, bool *open, struct err *e)
{
	struct err none;

	*open = false;
	if (store_ticket_by_dedupe(w, a, key, t, &none) == 0)
		*open = ticket_state_by_name(t->state) < TICKET_SOLVED && !t->merged_into;
	else if (none.id != E_NOT_FOUND)
		return *e = none, -1;
	return 0;
}

static int broke(struct db_conn *w, struct arena *a, const struct desk *d, const struct promise_row *row, const struct catalogue_service *s,
	const struct promise *p, const char *key, struct err *e)
{
	struct ticket_draft f = { .customer_id = row->customer_id, .type = "incident", .priority = "important", .channel = "system", .promise = row->promise,
		.dedupe_key = key, .quiet = true };
	struct ticket t;
	enum lang l;

	if (customer_lang(w, a, row->customer_id, &l, e) != 0 || store_promise_owner(w, row->customer_id, &f.owner_id, e) != 0)
		return -1;
	f.subject = arena_printf(a, l == LANG_DA ? "Brudt løfte: %s" : "Broken promise: %s", promise_title(a, p, l));
	f.text.body = arena_printf(a, l == LANG_DA ? "%s\n\nYdelse: %s (%s)\nBrudt siden: %s\n\n%s" : "%s\n\nService: %s (%s)\nBroken since: %s\n\n%s", p->text[l],
		s->name[l], row->promise, proof_moment(a, l, row->since_at), reasons_text(a, row->reasons, l));
	if (ticket_create(w, a, d, &pedel, &f, &t, e) != 0)
		return -1;
	return store_promise_ticket(w, row->id, t.id, e);
}

static int mended(struct db_conn *w, struct arena *a, const struct desk *d, const struct promise_row *row, bool in_force, const char *key, struct err *e)
{
	struct ticket_answer r = { .visibility = "public", .channel = "system", .then = "closed" };
	struct message m;
	struct ticket t;
	bool open;
	enum lang l;

	if (ticket_open_for(w, a, key, &t, &open, e) != 0 || customer_lang(w, a, row->customer_id, &l, e) != 0)
		return -1;
	if (!open)
		return 0;
	r.ticket_id = t.id;
	r.text.body = !in_force ? (l == LANG_DA ? "Løftet gælder ikke længere: ydelsen er ude af aftalen." : "The promise is no longer in force: the service has left the agreement.") :
		arena_printf(a, l == LANG_DA ? "Løftet er ikke længere brudt, siden %s.\n\n%s" : "The promise is no longer broken, since %s.\n\n%s",
			proof_moment(a, l, row->since_at), reasons_text(a, row->reasons, l));
	return ticket_reply(w, a, d, &pedel, &r, &m, e);
}

/* To everybody of the customer's who decides, each in their own language. */
static int need_mail(struct db_conn *w, struct arena *a, const char *origin, const struct need *n, bool again, int64_t now, struct err *e)
{
	struct notice_person *who;
	int count;

	if (store_notice_people(w, a, n->customer_id, &who, &count, e) != 0)
		return -1;
	for (int i = 0; i < count; i++) {
		bool en = strcmp(who[i].lang, "en") == 0;
		struct outmail m = { .created_at = now, .next_at = now, .kind = "need", .customer_id = n->customer_id, .recipient = who[i].email, .body_html = "",
			.in_reply_to = "", .references = "", .automatic = true };

		m.subject = arena_printf(a, again ? (en ? "Reminder: %s" : "Påmindelse: %s") : "%s", n->title);
		m.body = arena_printf(a, en ? "Dear %s\n\nWe need something from you:\n\n%s\n\n%s\n%s" :
			"Kære %s\n\nVi har brug for noget fra jer:\n\n%s\n\n%s\n%s", who[i].name, n->title, n->body,
			!origin || !*origin ? "" : arena_printf(a, en ? "\nAnswer here: %s/portal/needs/%" PRId64 "\n" : "\nSvar her: %s/portal/needs/%" PRId64 "\n", origin, n->id));
		if (outbox_add(w, a, &m, e) != 0)
			return -1;
	}
	return 0;
}

static int waits(struct db_conn *w, struct arena *a, const struct promise_book *b, const struct promise_row *row, const struct promise *p, int64_t now, struct err *e)
{
	struct need n = { .customer_id = row->customer_id, .promise = row->promise, .kind = "duty", .asked_at = now };
	struct err none;
	enum lang l;

	if (store_need_for(w, a, row->customer_id, row->promise, &n, &none) == 0)
		return 0;
	if (none.id != E_NOT_FOUND)
		return *e = none, -1;
	if (customer_lang(w, a, row->customer_id, &l, e) != 0)
		return -1;
	n.title = promise_title(a, p, l);
	n.body = reasons_text(a, row->reasons, l);
	if (store_need_add(w, &n, e) != 0 || need_mail(w, a, b->origin, &n, false, now, e) != 0)
		return -1;
	return promise_event(w, a, NULL, row->customer_id, "need.asked", n.id, now, json_pack("{s:s,s:s}", "promise", row->promise, "title", n.title), e);
}

static int done(struct db_conn *w, struct arena *a, const struct promise_row *row, int64_t now, struct err *e)
{
	struct err none;
	struct need n;

	if (store_need_for(w, a, row->customer_id, row->promise, &n, &none) != 0)
		return none.id == E_NOT_FOUND ? 0 : (*e = none, -1);
	if (strcmp(n.kind, "duty") != 0)
		return 0;
	if (store_need_answer(w, row->customer_id, n.id, "done", 0, now, e) != 0)
		return -1;
	return promise_event(w, a, NULL, row->customer_id, "need.answered", n.id, now, json_pack("{s:s,s:s}", "answer", "done", "promise", row->promise), e);
}

int promise_follow(struct db_conn *w, struct arena *a, const struct promise_book *b, const struct promise_row *row, const struct promise_row *before,
	const struct catalogue_service *s, const struct promise *p, int64_t now, struct err *e)
{
	struct desk d = { b->catalogue, b->origin ? b->origin : "", now };
	const char *key = arena_printf(a, "promise:%" PRId64 ":%s", row->customer_id, row->promise);
	bool unseen = is(row, PROMISE_BLIND) || is(row, PROMISE_WAITING);       /* we cannot say that it is mended */

	if (p && is(row, PROMISE_BROKEN))
		return is(before, PROMISE_BROKEN) ? 0 : broke(w, a, &d, row, s, p, key, e);
	if (p && unseen && before && before->ticket_id && store_promise_ticket(w, row->id, before->ticket_id, e) != 0)
		return -1;
	if ((!p || !unseen) && before && (is(before, PROMISE_BROKEN) || before->ticket_id) && mended(w, a, &d, row, p != NULL, key, e) != 0)
		return -1;
	if (p && is(row, PROMISE_WAITING))
		return waits(w, a, b, row, p, now, e);
	if (is(before, PROMISE_WAITING) && !(p && is(row, PROMISE_BLIND)))
		return done(w, a, row, now, e);
	return 0;
}

struct remind { const struct promise_book *b; int64_t now; };

static int remind_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct remind *r = arg;
	struct need *all;
	int n;

	if (store_need_stale(w, a, r->now - PROMISE_REMIND_DAYS * MOMENT_DAY, &all, &n, e) != 0)
		return -1;
	for (int i = 0; i < n; i++)
		if (need_mail(w, a, r->b->origin, &all[i], true, r->now, e) != 0 || store_need_remind(w, all[i].customer_id, all[i].id, r->now, e) != 0 ||
				promise_event(w, a, NULL, all[i].customer_id, "need.reminded", all[i].id, r->now, json_pack("{s:s}", "promise", all[i].promise), e) != 0)
			return -1;
	return 0;
}

int promise_remind(struct db *d, const struct promise_book *b, int64_t now, struct err *e)
{
	struct arena *a = arena_begin(1 << 20);
	struct remind r = { b, now };
	struct db_conn *c = NULL;
	struct need *all;
	int n, rc = -1;

	if (db_read_begin(d, &c, e) == 0 && store_need_stale(c, a, now - PROMISE_REMIND_DAYS * MOMENT_DAY, &all, &n, e) == 0)
		rc = 0;
	db_read_end(c);
	if (rc == 0 && n > 0)
		rc = db_write(d, remind_job, &r, e);
	arena_end(a);
	return rc;
}
