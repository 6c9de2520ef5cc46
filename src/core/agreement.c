#include "core/agreement.h"
#include "base/hash.h"
#include "base/moment.h"
#include "base/text.h"
#include "core/agreement_doc.h"
#include "core/agreement_tell.h"
#include "core/tell.h"
#include "core/ticket.h"
#include "core/words.h"
#include "store/catalogue.h"
#include "store/event.h"
#include "store/month_close.h"
#include "store/outbox.h"
#include <stdlib.h>
#include <string.h>

#define ITEMS_MOST 200

static bool is_state(const struct agreement *g, const char *state)
{
	return strcmp(g->state, state) == 0;
}

static bool danish(const struct agreement *g)
{
	return strcmp(g->lang, "en") != 0;
}

static int note_event(struct agreement_do *d, const struct agreement *g, const char *kind, json_t *data, struct err *e)
{
	return tell_event(d->w, d->a, d->who, d->now, g->customer_id, "agreement", g->id, kind, data, e);
}

enum { AGREEMENTS_MOST = 1000 };        /* of one customer, that are looked through */

static int find(struct agreement_do *d, int64_t id, struct agreement *g, struct err *e)
{
	return store_agreement_get(d->w, d->a, actor_is_staff(d->who) || d->who->id == 0 ? 0 : d->who->customer_id, id, g, e);
}

static int64_t item_int(const struct agreement_item *item, const char *key, int64_t fallback)
{
	json_t *terms = json_loads(item->terms, 0, NULL);
	int64_t v = terms_int(terms, key, fallback);

	json_decref(terms);
	return v;
}

int64_t agreement_price(const struct agreement *g)
{
	int64_t sum = 0;

	for (int i = 0; i < g->nitems; i++)
		sum += item_int(&g->items[i], "monthly_price_ore", 0);
	return sum;
}

/* From that day on other terms hold: the customer's open tickets are due by those. */
static int terms_from(struct agreement_do *d, const struct agreement *g, int32_t day, struct err *e)
{
	struct desk desk = { d->catalogue, d->origin, d->now };

	return ticket_terms_changed(d->w, &desk, g->customer_id, day, e);
}

/* ---- drafts */

static int take_item(struct agreement_do *d, int i, const struct agreement_want *want, struct agreement *g, struct err *e)
{
	const struct catalogue_service *s = catalogue_find(d->catalogue, want->service);
	const char *field = arena_printf(d->a, "items[%d].service", i);
	struct agreement_item *item = &g->items[i];
	json_t *full;
	struct err inner;
	char *text;

	if (!s)
		return FAIL_FIELD(e, E_SERVICE_UNKNOWN, field, "%s", want->service ? want->service : "");
	for (int k = 0; k < i; k++)
		if (strcmp(g->items[k].service, s->key) == 0)
			return FAIL_FIELD(e, E_SERVICE_TWICE, field, "%s", s->key);
	if (terms_check(d->a, s, want->terms, &full, &inner) != 0)
		return FAIL_FIELD(e, inner.id, arena_printf(d->a, "items[%d].terms%s%s", i, *inner.field ? "." : "", inner.field), "%s", inner.detail);
	text = json_dumps(full, JSON_COMPACT);
	json_decref(full);
	*item = (struct agreement_item){ .service = s->key, .terms = arena_dup(d->a, text ? text : "{}") };
	free(text);
	return store_catalogue_keep(d->w, s->key, s->version, s->sha256, s->text, d->now, &item->catalogue_version, e);
}

static int take_input(struct agreement_do *d, const struct agreement_input *in, struct agreement *g, struct err *e)
{
	int32_t soonest = day_from(2000, 1, 1), latest = day_from(2100, 1, 1);

	if (in->nitems == 0)
		return FAIL_FIELD(e, E_AGREEMENT_EMPTY, "items", "no services");
	if (in->nitems > ITEMS_MOST)
		return FAIL_FIELD(e, E_TOO_LONG, "items", "%d services", in->nitems);
	if (in->valid_from_day < soonest || in->valid_from_day > latest)
		return FAIL_FIELD(e, E_DATE_INVALID, "valid_from", "2000 - 2100");
	if (in->valid_to_day != INT32_MAX && in->valid_to_day > latest)
		return FAIL_FIELD(e, E_DATE_INVALID, "valid_to", "2000 - 2100");
	if (in->valid_to_day < in->valid_from_day)
		return FAIL_FIELD(e, E_DATE_ORDER, "valid_to", "before valid_from");
	if (text_check(in->note, "note", 4000, false, e) != 0)
		return -1;
	if (in->lang && strcmp(in->lang, "da") != 0 && strcmp(in->lang, "en") != 0)
		return FAIL_FIELD(e, E_CHOICE_INVALID, "lang", "da, en");
	g->valid_from_day = in->valid_from_day;
	g->valid_to_day = in->valid_to_day;
	g->note = in->note ? in->note : "";
	if (in->lang)
		g->lang = in->lang;
	g->items = ARENA_ARRAY(d->a, struct agreement_item, in->nitems);
	g->nitems = in->nitems;
	for (int i = 0; i < in->nitems; i++)
		if (take_item(d, i, &in->items[i], g, e) != 0)
			return -1;
	g->price_ore = agreement_price(g);
	return 0;
}

static int add_draft(struct agreement_do *d, const struct agreement_input *in, int64_t supersedes, struct agreement *out, struct err *e)
{
	struct agreement_customer c;
	struct agreement g = { .customer_id = in->customer_id, .state = "draft", .period = "month", .supersedes = supersedes, .created_at = d->now,
		.created_by = d->who->id, .accepted_name = "", .accepted_via = "", .text_sha256 = "" };

	if (!actor_sees(d->who, in->customer_id) && d->who->id != 0)
		return FAIL_FIELD(e, E_NOT_FOUND, "customer_id", "customer %lld", (long long)in->customer_id);
	if (store_agreement_customer(d->w, d->a, in->customer_id, &c, e) != 0)
		return -1;
	if (!c.active)
		return FAIL_FIELD(e, E_CUSTOMER_INACTIVE, "customer_id", "%lld", (long long)in->customer_id);
	g.lang = lang_code(c.lang);
	g.customer_name = c.name;
	if (take_input(d, in, &g, e) != 0 || store_agreement_add(d->w, d->a, &g, e) != 0)
		return -1;
	*out = g;
	return note_event(d, &g, "agreement.drafted", json_pack("{s:s,s:i,s:I}", "number", g.number, "services", g.nitems, "supersedes",
		(json_int_t)supersedes), e);
}

/* Only one that holds can be replaced. */
static int replaceable(const struct agreement *old, struct err *e)
{
	if (is_state(old, "accepted"))
		return 0;
	return FAIL_FIELD(e, is_state(old, "draft") || is_state(old, "sent") ? E_AGREEMENT_STATE : E_AGREEMENT_REPLACED, "supersedes", "%s is %s",
		old->number, old->state);
}

int agreement_draft(struct agreement_do *d, const struct agreement_input *in, struct agreement *out, struct err *e)
{
	struct agreement g;

	if (!in->supersedes)
		return add_draft(d, in, 0, out, e);
	if (find(d, in->supersedes, &g, e) != 0)
		return e->id == E_NOT_FOUND ? FAIL_FIELD(e, E_NOT_FOUND, "supersedes", "agreement %lld", (long long)in->supersedes) : -1;
	if (g.customer_id != in->customer_id)
		return FAIL_FIELD(e, E_NOT_FOUND, "supersedes", "another customer's agreement");
	return replaceable(&g, e) != 0 ? -1 : add_draft(d, in, g.id, out, e);
}

static bool same_draft(const struct agreement *g, const struct agreement *o)
{
	if (g->valid_from_day != o->valid_from_day || g->valid_to_day != o->valid_to_day || strcmp(g->lang, o->lang) != 0 || strcmp(g->note, o->note) != 0 ||
			g->nitems != o->nitems)
		return false;
	for (int i = 0; i < g->nitems; i++)
		if (strcmp(g->items[i].service, o->items[i].service) != 0 || strcmp(g->items[i].terms, o->items[i].terms) != 0 ||
				g->items[i].catalogue_version != o->items[i].catalogue_version)
			return false;
	return true;
}

int agreement_change(struct agreement_do *d, int64_t id, const struct agreement_input *in, struct agreement *out, struct err *e)
{
	struct agreement g, before;

	if (find(d, id, &g, e) != 0)
		return -1;
	if (!is_state(&g, "draft"))
		return FAIL(e, E_AGREEMENT_STATE, "%s is %s", g.number, g.state);
	if (in->version != g.version)
		return FAIL(e, E_AGREEMENT_CHANGED, "%s", g.number);
	before = g;
	g.text_sha256 = "";
	if (take_input(d, in, &g, e) != 0)
		return -1;
	if (same_draft(&before, &g)) {          /* looked at, or sent as it stood: no change to tell of */
		*out = before;
		return 0;
	}
	if (store_agreement_set(d->w, &g, true, e) != 0)
		return -1;
	*out = g;
	return note_event(d, &g, "agreement.changed", json_pack("{s:i,s:I}", "services", g.nitems, "price_ore", (json_int_t)g.price_ore), e);
}

/* ---- sending and answering */

/* Another accepted agreement holds one of the services on a day of this one's. */
static int check_overlap(struct agreement_do *d, const struct agreement *g, bool but_superseded, struct err *e)
{
	struct agreement *others;
	int n;

	if (store_agreement_spans(d->w, d->a, g->customer_id, g->valid_from_day, g->valid_to_day, NULL, &others, &n, e) != 0)
		return -1;
	for (int i = 0; i < n; i++) {
		if (others[i].id == g->id || (but_superseded && others[i].id == g->supersedes))
			continue;
		for (int k = 0; k < others[i].nitems; k++)
			for (int m = 0; m < g->nitems; m++)
				if (strcmp(others[i].items[k].service, g->items[m].service) == 0)
					return FAIL_FIELD(e, E_AGREEMENT_OVERLAP, arena_printf(d->a, "items[%d].service", m), "%s: %s",
						g->items[m].service, others[i].number);
	}
	return 0;
}

/* Statements that were closed hold what was agreed when they were closed: what changes agreements begins after them.
 * offset 0 for a first day, -1 for a last one. The first day that would do stands in the detail. */
static int check_closed(struct agreement_do *d, const struct agreement *g, int32_t day, int offset, const char *field, struct err *e)
{
	int32_t closed, first;

	if (store_month_closed_through(d->w, g->customer_id, &closed, e) != 0)
		return -1;
	first = closed == INT32_MIN ? INT32_MIN : month_first_day(closed + 1) + offset;
	return day < first ? FAIL_FIELD(e, E_DAY_CLOSED, field, "%s", day_iso(d->a, first)) : 0;
}

static int fix_text(struct agreement_do *d, struct agreement *g, struct agreement_doc *doc, struct err *e)
{
	struct sha256 sum;
	const char *text;

	if (agreement_doc_make(d->w, d->a, g, doc, e) != 0)
		return -1;
	text = agreement_doc_text(d->a, doc);
	sum = hash_sha256(text, strlen(text));
	g->text_sha256 = hash_hex(d->a, sum.b, sizeof sum.b);
	if (store_agreement_keep_text(d->w, g, g->text_sha256, text, d->now, e) != 0)
		return -1;
	return store_agreement_keep_doc(d->w, g, g->text_sha256, agreement_doc_json(d->a, doc), d->now, e);
}

/* Without an address that may be sent on, words for the way. */
static const char *link_to(struct agreement_do *d, const struct agreement *g, enum lang lang)
{
	if (!d->origin || !*d->origin)
		return lang == LANG_EN ? "Sign in with us; it is under Agreement." : "Log ind hos os; den står under Aftale.";
	return arena_printf(d->a, "%s/portal/agreement/%lld", d->origin, (long long)g->id);
}

static int mail_one(struct agreement_do *d, const struct agreement *g, const struct agreement_decider *to, const char *subject, const char *body,
	struct err *e)
{
	struct outmail m = { .kind = "agreement", .created_at = d->now, .customer_id = g->customer_id, .recipient = to->email, .subject = subject,
		.body = body, .body_html = "", .in_reply_to = "", .references = "", .automatic = true, .next_at = d->now, .error = "" };

	return outbox_add(d->w, d->a, &m, e);
}

static int mail_deciders(struct agreement_do *d, const struct agreement *g, const struct agreement_doc *doc, const struct agreement_decider *to, int n,
	struct err *e)
{
	for (int i = 0; i < n; i++) {
		bool en = to[i].lang == LANG_EN;
		const char *subject = arena_printf(d->a, en ? "Agreement %s from %s" : "Aftale %s fra %s", g->number, doc->provider);
		const char *body = arena_printf(d->a, en ?
			"Dear %s\n\nWe have made agreement %s ready for you. It holds %d services, with what we promise and what you promise.\n\n"
			"Read it, and accept or decline it here:\n%s\n\nNothing begins before you have accepted it.\n\n%s\n" :
			"Kære %s\n\nVi har gjort aftale %s klar til jer. Den rummer %d ydelser, med det vi lover, og det I lover.\n\n"
			"Læs den, og sig ja eller nej her:\n%s\n\nIntet begynder, før I har sagt ja.\n\n%s\n",
			to[i].name, g->number, g->nitems, link_to(d, g, to[i].lang), doc->provider);

		if (mail_one(d, g, &to[i], subject, body, e) != 0)
			return -1;
	}
	return 0;
}

static int check_customer(struct agreement_do *d, const struct agreement *g, struct err *e)
{
	struct agreement_customer c;

	if (store_agreement_customer(d->w, d->a, g->customer_id, &c, e) != 0)
		return -1;
	return c.active ? 0 : FAIL_FIELD(e, E_CUSTOMER_INACTIVE, "customer_id", "%lld", (long long)g->customer_id);
}

int agreement_send(struct agreement_do *d, int64_t id, struct err *e)
{
	struct agreement_decider *to;
	struct agreement_doc doc;
	struct agreement g, old;
	int n;

	if (find(d, id, &g, e) != 0)
		return -1;
	if (!is_state(&g, "draft"))
		return FAIL(e, E_AGREEMENT_STATE, "%s is %s", g.number, g.state);
	if (check_customer(d, &g, e) != 0)
		return -1;
	if (g.supersedes && (store_agreement_get(d->w, d->a, g.customer_id, g.supersedes, &old, e) != 0 || replaceable(&old, e) != 0))
		return -1;
	if (g.nitems == 0)
		return FAIL_FIELD(e, E_AGREEMENT_EMPTY, "items", "no services");
	if (store_agreement_deciders(d->w, d->a, g.customer_id, &to, &n, e) != 0)
		return -1;
	if (n == 0)
		return FAIL(e, E_AGREEMENT_NOBODY, "%s", g.customer_name);
	if (check_closed(d, &g, g.valid_from_day, 0, "valid_from", e) != 0 || check_overlap(d, &g, true, e) != 0 || fix_text(d, &g, &doc, e) != 0)
		return -1;
	g.state = "sent";
	g.sent_at = d->now;
	if (store_agreement_set(d->w, &g, false, e) != 0 || mail_deciders(d, &g, &doc, to, n, e) != 0 ||
		store_agreement_ask(d->w, &g, arena_printf(d->a, danish(&g) ? "Sig ja eller nej til aftale %s" : "Accept or decline agreement %s", g.number),
			arena_printf(d->a, danish(&g) ? "Vi har gjort aftalen klar. Intet begynder, før I har sagt ja." :
			"We have made the agreement ready. Nothing begins before you have accepted it."), d->now, d->who->person ? d->who->id : 0, e) != 0)
		return -1;
	return note_event(d, &g, "agreement.sent", json_pack("{s:s,s:i}", "text_sha256", g.text_sha256, "to", n), e) != 0 ? -1 :
		agreement_tell_ticket(d, &g, AGREEMENT_SENT_AGAIN, e);
}

static int back_to_draft(struct agreement_do *d, struct agreement *g, const char *answer, struct err *e)
{
	if (!is_state(g, "sent"))
		return FAIL(e, E_AGREEMENT_STATE, "%s is %s", g->number, g->state);
	g->state = "draft";
	g->sent_at = 0;
	g->text_sha256 = "";
	return store_agreement_set(d->w, g, false, e) != 0 ? -1 : store_agreement_answer(d->w, g, answer, d->now, d->who->id, e);
}

int agreement_take_back(struct agreement_do *d, int64_t id, struct err *e)
{
	struct agreement g;

	if (!actor_is_staff(d->who))
		return FAIL(e, E_DENIED, "take back");
	if (find(d, id, &g, e) != 0 || back_to_draft(d, &g, "withdrawn", e) != 0)
		return -1;
	return note_event(d, &g, "agreement.taken_back", json_pack("{s:s}", "why", ""), e) != 0 ? -1 : agreement_tell_ticket(d, &g, AGREEMENT_TAKEN_BACK, e);
}

int agreement_decline(struct agreement_do *d, int64_t id, const char *why, int64_t *ticket, struct err *e)
{
	struct agreement g;
	int64_t number = 0;
	bool again;

	why = why ? why : "";
	if (text_check(why, "why", 2000, false, e) != 0 || find(d, id, &g, e) != 0 || agreement_no_again(d, &g, why, &again, &number, e) != 0)
		return -1;
	if (!again && (back_to_draft(d, &g, "declined", e) != 0 || agreement_tell_no(d, &g, why, &number, e) != 0 ||
			note_event(d, &g, "agreement.declined", json_pack("{s:s,s:s,s:I}", "why", why, "name", d->who->name ? d->who->name : "", "ticket",
			(json_int_t)number), e) != 0))
		return -1;
	*ticket = number;
	return 0;
}

static int check_contact(struct agreement_do *d, const struct agreement *g, const struct agreement_yes *yes, struct agreement_decider *c, struct err *e)
{
	static const char *const ways[] = { "portal", "paper", "phone", "mail", "api", NULL };
	int i = 0;

	while (ways[i] && strcmp(ways[i], yes->via) != 0)
		i++;
	if (!ways[i])
		return FAIL_FIELD(e, E_CHOICE_INVALID, "via", "%s", yes->via);
	if (!actor_is_staff(d->who) && d->who->id != yes->contact_id && d->who->id != 0)
		return FAIL_FIELD(e, E_ACCEPT_ROLE, "contact_id", "not the one signed in");
	if (text_check(yes->name, "name", 200, false, e) != 0 || store_agreement_contact(d->w, d->a, g->customer_id, yes->contact_id, c, e) != 0)
		return -1;
	if (!c->active || !(role_by_name(c->role) & ROLE_DECIDES))
		return FAIL_FIELD(e, E_ACCEPT_ROLE, "contact_id", "%s", c->role);
	return 0;
}

/* Whoever else waits for a yes to take the place of old waits in vain: back to draft, and no longer asked for. accepted: NULL when it ended. */
static int take_back_others(struct agreement_do *d, const struct agreement *old, const struct agreement *accepted, struct err *e)
{
	struct agreement *list;
	int n;

	if (store_agreement_list(d->w, d->a, old->customer_id, 0, AGREEMENTS_MOST, &list, &n, e) != 0)
		return -1;
	for (int i = 0; i < n; i++) {
		if (list[i].supersedes != old->id || !is_state(&list[i], "sent") || (accepted && list[i].id == accepted->id))
			continue;
		if (back_to_draft(d, &list[i], "withdrawn", e) != 0 || note_event(d, &list[i], "agreement.taken_back", json_pack("{s:s,s:s}", "why", "",
				"number", accepted ? accepted->number : ""), e) != 0 || agreement_tell_ticket(d, &list[i], AGREEMENT_TAKEN_BACK, e) != 0)
			return -1;
	}
	return 0;
}

/* The one it takes the place of ends the day before it begins. */
static int close_superseded(struct agreement_do *d, const struct agreement *g, struct err *e)
{
	struct agreement old;
	int32_t last = g->valid_from_day - 1;

	if (store_agreement_get(d->w, d->a, g->customer_id, g->supersedes, &old, e) != 0 || replaceable(&old, e) != 0)
		return -1;
	if (g->valid_from_day < old.valid_from_day)
		return FAIL_FIELD(e, E_DATE_ORDER, "valid_from", "%s begins later", old.number);
	if (last > old.valid_to_day)
		last = old.valid_to_day;
	if (store_agreement_close(d->w, &old, "superseded", last, d->now, e) != 0 || take_back_others(d, &old, g, e) != 0)
		return -1;
	return note_event(d, &old, "agreement.superseded", json_pack("{s:I,s:s,s:s}", "by", (json_int_t)g->id, "number", g->number, "last_day",
		day_iso(d->a, last)), e);
}

static int mail_thanks(struct agreement_do *d, const struct agreement *g, const struct agreement_doc *doc, const struct agreement_decider *c, struct err *e)
{
	bool en = c->lang == LANG_EN;

	return mail_one(d, g, c, arena_printf(d->a, en ? "Agreement %s is accepted" : "Aftale %s er accepteret", g->number), arena_printf(d->a, en ?
		"Dear %s\n\nThank you. Agreement %s holds from %s.\n\nYou can always read and fetch it here:\n%s\n\n"
		"The mark of the text you accepted (SHA-256):\n%s\n\n%s\n" :
		"Kære %s\n\nTak. Aftale %s gælder fra %s.\n\nI kan altid læse og hente den her:\n%s\n\n"
		"Mærket på den tekst, I sagde ja til (SHA-256):\n%s\n\n%s\n", c->name, g->number, words_day(d->a, c->lang, g->valid_from_day), link_to(d, g, c->lang),
		words_mark(d->a, g->text_sha256), doc->provider), e);
}

/* The name that was written, and whose login it was written from when it is somebody else's. */
static const char *signed_by(struct agreement_do *d, const struct agreement *g, const struct agreement_yes *yes, const struct agreement_decider *c)
{
	const char *name = text_blank(yes->name) ? c->name : text_plain(d->a, yes->name);

	if (actor_is_staff(d->who) || strcmp(yes->via, "portal") != 0 || text_eq(text_lower(d->a, name), text_lower(d->a, text_plain(d->a, c->name))))
		return name;
	return arena_printf(d->a, danish(g) ? "%s (logget ind som %s)" : "%s (signed in as %s)", name, c->name);
}

int agreement_accept(struct agreement_do *d, int64_t id, const struct agreement_yes *yes, struct err *e)
{
	struct agreement_decider c;
	struct agreement_doc doc;
	struct agreement g;

	if (find(d, id, &g, e) != 0)
		return -1;
	if (!is_state(&g, "sent") && !(is_state(&g, "draft") && actor_is_staff(d->who)))
		return FAIL(e, E_AGREEMENT_STATE, "%s is %s", g.number, g.state);
	if (check_customer(d, &g, e) != 0 || check_contact(d, &g, yes, &c, e) != 0)
		return -1;
	if (g.nitems == 0)
		return FAIL_FIELD(e, E_AGREEMENT_EMPTY, "items", "no services");
	/* What was sent is what is accepted, even if a name has been mended since: its text is kept and is not made again. */
	if (is_state(&g, "sent") ? agreement_doc_make(d->w, d->a, &g, &doc, e) != 0 : fix_text(d, &g, &doc, e) != 0)
		return -1;
	if (yes->text_sha256 && strcmp(yes->text_sha256, g.text_sha256) != 0)
		return FAIL(e, E_AGREEMENT_CHANGED, "%s", g.number);
	if (check_closed(d, &g, g.valid_from_day, 0, "valid_from", e) != 0 || (g.supersedes && close_superseded(d, &g, e) != 0) || check_overlap(d, &g, false, e) != 0)
		return -1;
	g.state = "accepted";
	g.accepted_at = d->now;
	g.accepted_contact_id = c.id;
	g.accepted_name = signed_by(d, &g, yes, &c);
	g.accepted_via = yes->via;
	if (store_agreement_set(d->w, &g, false, e) != 0 || store_agreement_answer(d->w, &g, "accepted", d->now, c.id, e) != 0 ||
		mail_thanks(d, &g, &doc, &c, e) != 0 || agreement_tell_yes(d, &g, e) != 0 ||
		agreement_tell_ticket(d, &g, AGREEMENT_ACCEPTED, e) != 0 || terms_from(d, &g, g.valid_from_day, e) != 0)
		return -1;
	return note_event(d, &g, "agreement.accepted", json_pack("{s:I,s:s,s:s,s:s,s:s}", "contact_id", (json_int_t)c.id, "name", g.accepted_name,
		"via", g.accepted_via, "text_sha256", g.text_sha256, "valid_from", day_iso(d->a, g.valid_from_day)), e);
}

/* ---- after acceptance */

/* The old item's terms that the catalogue of today still takes, one by one. */
static json_t *terms_that_fit(struct agreement_do *d, const struct catalogue_service *s, const char *stored)
{
	json_t *old = json_loads(stored, 0, NULL), *fit = json_object(), *v;
	const char *key;

	json_object_foreach(old, key, v) {
		json_t *one = json_pack("{s:O}", key, v), *full;
		struct err none;

		if (terms_check(d->a, s, one, &full, &none) == 0) {
			json_decref(full);
			json_object_set(fit, key, v);
		}
		json_decref(one);
	}
	json_decref(old);
	return fit;
}

int agreement_supersede(struct agreement_do *d, int64_t id, struct agreement *out, struct err *e)
{
	struct agreement g;
	struct agreement_want *items;
	struct agreement_input in = { 0 };
	int rc;

	if (find(d, id, &g, e) != 0)
		return -1;
	if (!is_state(&g, "accepted"))
		return FAIL(e, E_AGREEMENT_STATE, "%s is %s", g.number, g.state);
	items = ARENA_ARRAY(d->a, struct agreement_want, g.nitems);
	in = (struct agreement_input){ .customer_id = g.customer_id, .valid_from_day = month_first_day(month_of(d->now) + 1), .valid_to_day = g.valid_to_day,
		.lang = g.lang, .note = g.note, .items = items };
	if (in.valid_from_day < g.valid_from_day)
		in.valid_from_day = g.valid_from_day;
	if (in.valid_to_day < in.valid_from_day)
		in.valid_to_day = INT32_MAX;
	for (int i = 0; i < g.nitems; i++) {
		const struct catalogue_service *s = catalogue_find(d->catalogue, g.items[i].service);

		if (s)          /* a service that the provider no longer has is left out; the page shows what changed */
			items[in.nitems++] = (struct agreement_want){ s->key, terms_that_fit(d, s, g.items[i].terms) };
	}
	rc = add_draft(d, &in, g.id, out, e);
	for (int i = 0; i < in.nitems; i++)
		json_decref(items[i].terms);
	return rc;
}

int agreement_end(struct agreement_do *d, int64_t id, int32_t last_day, struct err *e)
{
	struct agreement g;

	if (find(d, id, &g, e) != 0)
		return -1;
	/* What is sent may be before the customer's eyes: it is taken back first, as its own step in the history. */
	if (is_state(&g, "draft")) {
		g.state = "ended";
		g.ended_at = d->now;
		if (store_agreement_set(d->w, &g, false, e) != 0 || store_agreement_answer(d->w, &g, "withdrawn", d->now, d->who->id, e) != 0)
			return -1;
		return note_event(d, &g, "agreement.dropped", json_object(), e) != 0 ? -1 : agreement_tell_ticket(d, &g, AGREEMENT_DROPPED, e);
	}
	if (!is_state(&g, "accepted"))
		return FAIL(e, E_AGREEMENT_STATE, "%s is %s", g.number, g.state);
	if (last_day < g.valid_from_day - 1 || last_day > g.valid_to_day)
		return FAIL_FIELD(e, E_DATE_ORDER, "last_day", "%s - %s", day_iso(d->a, g.valid_from_day),
			g.valid_to_day == INT32_MAX ? "" : day_iso(d->a, g.valid_to_day));
	if (check_closed(d, &g, last_day, -1, "last_day", e) != 0 || store_agreement_close(d->w, &g, "ended", last_day, d->now, e) != 0 ||
			take_back_others(d, &g, NULL, e) != 0 || terms_from(d, &g, last_day + 1, e) != 0)
		return -1;
	return note_event(d, &g, "agreement.ended", json_pack("{s:s}", "last_day", day_iso(d->a, last_day)), e);
}
