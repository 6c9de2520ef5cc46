#include "core/agreement_tell.h"
#include <string.h>
#include "base/text.h"
#include "core/ticket_inner.h"
#include "core/words.h"
#include "store/event.h"
#include "store/need.h"
#include "store/outbox.h"
#include "store/person.h"

enum { AGREEMENTS_MOST = 1000 };        /* of one customer, that are looked through */

static const struct actor pedel = { .role = ROLE_ADMIN, .name = "Pedel" };

/* p->id is 0 when it was sent by nobody who is still here. */
static int sender(struct agreement_do *d, const struct agreement *g, struct person *p, struct err *e)
{
	struct need *asked;
	struct err none;
	int n;

	*p = (struct person){ 0 };
	if (store_need_about(d->w, d->a, g->customer_id, "", "agreement", g->id, &asked, &n, e) != 0)
		return -1;
	if (n == 0 || !asked[0].asked_by)
		return 0;
	if (store_person_get(d->w, d->a, asked[0].asked_by, p, &none) != 0)
		return none.id == E_NOT_FOUND ? 0 : (*e = none, -1);
	if (!p->active)
		*p = (struct person){ 0 };
	return 0;
}

static const char *console_link(struct agreement_do *d, const struct agreement *g)
{
	return d->origin && *d->origin ? arena_printf(d->a, "\n%s/console/agreements/%lld", d->origin, (long long)g->id) : "";
}

int agreement_tell_no(struct agreement_do *d, const struct agreement *g, const char *why, int64_t *number, struct err *e)
{
	struct desk desk = { d->catalogue, d->origin, d->now };
	struct ticket_work k = { d->w, d->a, &desk, &pedel };
	struct ticket_draft f = { .customer_id = g->customer_id, .type = "request", .channel = actor_is_staff(d->who) ? "console" : "portal",
		.aside = true };
	struct ticket_text note = { 0 };
	bool en = strcmp(g->lang, "en") == 0;
	struct agreement_decider c;
	struct person p;
	struct message m;
	struct ticket t;

	if (!actor_is_staff(d->who)) {
		if (store_agreement_contact(d->w, d->a, g->customer_id, d->who->id, &c, e) != 0)
			return -1;
		en = c.lang == LANG_EN;
	}
	if (sender(d, g, &p, e) != 0)
		return -1;
	f.owner_id = p.id && role_by_name(p.role) & ROLE_DESK ? p.id : 0;
	f.subject = arena_printf(d->a, en ? "Agreement %s declined" : "Aftale %s afvist", g->number);
	f.text.body = arena_printf(d->a, en ? "We say no to agreement %s.%s%s" : "Vi siger nej til aftale %s.%s%s", g->number, text_blank(why) ? "" : "\n\n",
		text_blank(why) ? "" : why);
	note.body = arena_printf(d->a, en ? "With this no, agreement %s became a draft again, to be changed and sent anew, or dropped.%s" :
		"Med det nej blev aftale %s en kladde igen, til at rette og sende på ny eller kassere.%s", g->number, console_link(d, g));
	if (ticket_create(d->w, d->a, &desk, d->who, &f, &t, e) != 0 || ticket_message(&k, &t, "internal", "system", false, &note, &m, e) != 0 ||
			ticket_index(&k, &t, e) != 0)
		return -1;
	*number = t.number;
	return 0;
}

int agreement_no_again(struct agreement_do *d, const struct agreement *g, const char *why, bool *again, int64_t *number, struct err *e)
{
	struct event *list, *last;
	json_t *data;
	int n;

	*again = false;
	if (strcmp(g->state, "draft") != 0)
		return 0;
	if (event_list(d->w, d->a, "agreement", g->id, &list, &n, e) != 0)
		return -1;
	last = n ? &list[n - 1] : NULL;
	if (!last || strcmp(last->kind, "agreement.declined") != 0 || strcmp(last->actor_kind, d->who->person ? "person" : "contact") != 0 ||
			last->actor_id != d->who->id)
		return 0;
	data = json_loads(last->data, 0, NULL);
	if (json_is_string(json_object_get(data, "why")) && strcmp(json_string_value(json_object_get(data, "why")), why) == 0) {
		*again = true;
		*number = json_integer_value(json_object_get(data, "ticket"));
	}
	json_decref(data);
	return 0;
}

/* The number of the ticket that the latest no made; 0: none. */
static int ticket_of_no(struct agreement_do *d, const struct agreement *g, int64_t *number, struct err *e)
{
	struct event *list;
	int n;

	*number = 0;
	if (event_list(d->w, d->a, "agreement", g->id, &list, &n, e) != 0)
		return -1;
	while (n-- && !*number) {
		json_t *data = strcmp(list[n].kind, "agreement.declined") == 0 ? json_loads(list[n].data, 0, NULL) : NULL;

		*number = json_integer_value(json_object_get(data, "ticket"));
		json_decref(data);
	}
	return 0;
}

static const char *const news[][2] = {
	[AGREEMENT_SENT_AGAIN] = { "er sendt til kunden igen.", "was sent to the customer again." },
	[AGREEMENT_TAKEN_BACK] = { "er taget tilbage og er en kladde igen.", "was taken back and is a draft again." },
	[AGREEMENT_ACCEPTED] = { "er accepteret af kunden.", "was accepted by the customer." },
	[AGREEMENT_DROPPED] = { "blev ikke til noget: kladden er kasseret.", "came to nothing: the draft was dropped." } };

/* The ticket of the latest no to `no` learns what became of g. A yes settles it: there is nothing left to do, and whoever said yes has a mail of it. */
static int tell_ticket_of(struct agreement_do *d, const struct agreement *no, const struct agreement *g, enum agreement_news what, struct err *e)
{
	struct desk desk = { d->catalogue, d->origin, d->now };
	struct ticket_work k = { d->w, d->a, &desk, &pedel };
	const struct ticket_change solved = { .state = "solved" };
	const struct ticket_scope anybody = { 0, 0 };
	bool en = strcmp(g->lang, "en") == 0, changed;
	struct ticket_text note = { 0 };
	struct message m;
	struct ticket t;
	int64_t number;

	if (ticket_of_no(d, no, &number, e) != 0)
		return -1;
	if (!number)
		return 0;
	if (store_ticket_by_number(d->w, d->a, anybody, number, &t, e) != 0)
		return -1;
	while (t.merged_into)
		if (store_ticket_get(d->w, d->a, anybody, t.merged_into, &t, e) != 0)
			return -1;
	if (no != g && !ticket_is_open(&t))
		return 0;
	note.body = arena_printf(d->a, "%s %s %s%s", en ? "Agreement" : "Aftale", g->number, news[what][en], console_link(d, g));
	if (ticket_message(&k, &t, "internal", "system", false, &note, &m, e) != 0)
		return -1;
	/* Merged into another, it is about more than this. */
	if (what == AGREEMENT_ACCEPTED && ticket_is_open(&t) && t.number == number && ticket_apply(&k, &t, &solved, &changed, e) != 0)
		return -1;
	return ticket_save(&k, &t, e) != 0 ? -1 : ticket_index(&k, &t, e);
}

int agreement_tell_ticket(struct agreement_do *d, const struct agreement *g, enum agreement_news what, struct err *e)
{
	struct agreement *list;
	int n;

	if (tell_ticket_of(d, g, g, what, e) != 0)
		return -1;
	if (what != AGREEMENT_ACCEPTED || !g->supersedes)
		return 0;
	if (store_agreement_list(d->w, d->a, g->customer_id, 0, AGREEMENTS_MOST, &list, &n, e) != 0)
		return -1;
	for (int i = 0; i < n; i++)
		if (list[i].id != g->id && (list[i].id == g->supersedes || list[i].supersedes == g->supersedes) && tell_ticket_of(d, &list[i], g, what, e) != 0)
			return -1;
	return 0;
}

int agreement_tell_yes(struct agreement_do *d, const struct agreement *g, struct err *e)
{
	struct outmail m = { .kind = "notice", .created_at = d->now, .customer_id = g->customer_id, .body_html = "", .in_reply_to = "", .references = "",
		.automatic = true, .next_at = d->now, .error = "" };
	struct person p;
	const char *from;
	bool en;

	if (sender(d, g, &p, e) != 0)
		return -1;
	if (!p.id || !strchr(p.email, '@') || (d->who->person && d->who->id == p.id))
		return 0;
	en = strcmp(p.lang, "en") == 0;
	from = words_day(d->a, en ? LANG_EN : LANG_DA, g->valid_from_day);
	m.recipient = p.email;
	m.subject = arena_printf(d->a, en ? "Agreement %s is accepted: %s" : "Aftale %s er accepteret: %s", g->number, g->customer_name);
	m.body = arena_printf(d->a, en ? "%s has accepted agreement %s for %s.\nIt holds from %s.\n%s\n" :
		"%s har sagt ja til aftale %s for %s.\nDen gælder fra %s.\n%s\n", g->accepted_name, g->number, g->customer_name, from, console_link(d, g));
	return outbox_add(d->w, d->a, &m, e);
}
