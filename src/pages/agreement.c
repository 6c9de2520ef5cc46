#include "pages/agreement.h"
#include "base/moment.h"
#include "base/text.h"
#include "web/ui.h"
#include <stdlib.h>
#include <string.h>

#define LIST 50
#define SERVICES_MOST 200

static const char *done_text(struct web *w)
{
	static const struct { const char *key, *text; } done[] = {
		{ "drafted", N_("The draft is made. Look at the terms, then send it.") }, { "saved", N_("Saved.") }, { "hours", N_("Saved.") },
		{ "added", N_("The service is added. Its terms are the usual ones.") }, { "dropped-service", N_("The service is taken out.") },
		{ "sent", N_("Sent. The customer's owner and approvers have it in their mail.") }, { "back", N_("Taken back. You can change it again.") },
		{ "accepted", N_("Accepted. It holds from its first day.") }, { "ended", N_("The last day is set.") }, { "dropped", N_("The draft is dropped.") },
	};
	const char *key = web_query(w, "done");

	for (size_t i = 0; key && i < sizeof done / sizeof *done; i++)
		if (strcmp(done[i].key, key) == 0)
			return tr(w->lang, done[i].text);
	return NULL;
}

static int go(struct web *w, int64_t id, const char *done)
{
	return web_redirect(w, arena_printf(w->a, "/console/agreements/%lld?done=%s", (long long)id, done));
}

/* ---- lists */

static int show_list(struct web *w, int64_t customer_id, struct err *e)
{
	struct agreement_list_view v = { .customer_id = customer_id, .done = done_text(w) };
	struct customer c;
	struct agreement *list;
	int64_t before = 0;

	text_int(web_query(w, "after") ? web_query(w, "after") : "", &before);
	if (customer_id && store_customer_get(w->db, w->a, customer_id, &c, e) != 0)
		return -1;
	if (store_agreement_list(w->db, w->a, customer_id, before, LIST + 1, &list, &v.n, e) != 0)
		return -1;
	v.of = customer_id ? &c : NULL;
	v.list = list;
	if (v.n > LIST) {
		v.n = LIST;
		v.more_before = list[LIST - 1].id;
	}
	agreement_list_page(w, &v);
	return 0;
}

static int page_list(struct web *w, struct err *e)
{
	return show_list(w, 0, e);
}

static int page_customer(struct web *w, struct err *e)
{
	int64_t id = web_param_id(w, 0);

	return id ? show_list(w, id, e) : FAIL(e, E_NOT_FOUND, "customer");
}

/* ---- what has happened to it */

static const char *data_text(struct web *w, const json_t *data, const char *key)
{
	const char *s = json_string_value(json_object_get(data, key));

	return s ? arena_dup(w->a, s) : "";
}

static struct agreement_event_view event_line(struct web *w, const struct event *ev)
{
	struct agreement_event_view v = { .icon = "history", .text = ev->kind, .at = ev->at };
	json_t *data = json_loads(ev->data, 0, NULL);
	const char *why = data_text(w, data, "why"), *name = data_text(w, data, "name"), *number = data_text(w, data, "number");
	int32_t last = 0;
	struct err none;

	if (*data_text(w, data, "last_day"))
		day_parse(data_text(w, data, "last_day"), "", &last, &none);
	v.ticket = json_integer_value(json_object_get(data, "ticket"));
	json_decref(data);
	if (strcmp(ev->kind, "agreement.drafted") == 0)
		v.icon = "edit", v.text = _("Drafted");
	else if (strcmp(ev->kind, "agreement.changed") == 0)
		v.icon = "edit", v.text = _("Changed");
	else if (strcmp(ev->kind, "agreement.sent") == 0)
		v.icon = "send", v.text = _("Sent to the customer");
	else if (strcmp(ev->kind, "agreement.taken_back") == 0)
		v.text = *number ? arena_printf(w->a, _("Taken back, because %s was accepted"), number) : _("Taken back");
	else if (strcmp(ev->kind, "agreement.declined") == 0)
		v.icon = "yours", v.who = name, v.why = why, v.text = *name && *why ? arena_printf(w->a, _("Declined by %s: %s"), name, why) :
			*name ? arena_printf(w->a, _("Declined by %s"), name) : *why ? arena_printf(w->a, _("Declined: %s"), why) : _("Declined");
	else if (strcmp(ev->kind, "agreement.accepted") == 0)
		v.icon = "check", v.text = arena_printf(w->a, _("Accepted by %s"), name);
	else if (strcmp(ev->kind, "agreement.superseded") == 0)
		v.text = arena_printf(w->a, _("Replaced by %s, last day %s"), number, fmt_day(w, last));
	else if (strcmp(ev->kind, "agreement.ended") == 0)
		v.text = arena_printf(w->a, _("Ended, last day %s"), fmt_day(w, last));
	else if (strcmp(ev->kind, "agreement.dropped") == 0)
		v.icon = "trash", v.text = _("Dropped");
	return v;
}

/* *no: the customer's answer to it as it was last sent, when that was a no; NULL. */
static int view_events(struct web *w, const struct agreement *g, struct agreement_event_view **out, int *n,
	const struct agreement_event_view **no, struct err *e)
{
	struct event *list;

	if (event_list(w->db, w->a, "agreement", g->id, &list, n, e) != 0)
		return -1;
	*out = ARENA_ARRAY(w->a, struct agreement_event_view, *n + 1);
	*no = NULL;
	for (int i = 0; i < *n; i++) {
		(*out)[i] = event_line(w, &list[i]);
		if ((*out)[i].why)
			*no = &(*out)[i];
		else if (strcmp(list[i].kind, "agreement.sent") == 0)
			*no = NULL;
	}
	return 0;
}

int agreement_no(struct web *w, const struct agreement *g, const struct agreement_event_view **no, struct err *e)
{
	struct agreement_event_view *events;
	int n;

	return view_events(w, g, &events, &n, no, e);
}

/* ---- the draft form */

static bool on_it(const struct agreement *g, const char *key)
{
	for (int i = 0; g && i < g->nitems; i++)
		if (strcmp(g->items[i].service, key) == 0)
			return true;
	return false;
}

/* Services that another accepted agreement holds in the period: sending would be refused, so it is said while it is a draft. */
static int view_clash(struct web *w, const struct agreement *g, struct agreement_draft_view *v, struct err *e)
{
	struct agreement *others;
	int n, k = 0;

	v->clash = ARENA_ARRAY(w->a, struct ui_choice, SERVICES_MOST + 1);
	if (store_agreement_spans(w->db, w->a, g->customer_id, g->valid_from_day, g->valid_to_day, NULL, &others, &n, e) != 0)
		return -1;
	for (int i = 0; i < n; i++)
		for (int m = 0; m < others[i].nitems && others[i].id != g->supersedes && k < SERVICES_MOST; m++) {
			if (on_it(g, others[i].items[m].service))
				v->clash[k++] = (struct ui_choice){ agreement_service_name(w, &others[i].items[m]), others[i].number };
		}
	return 0;
}

static int show_draft(struct web *w, const struct agreement *g, struct err *e)
{
	const struct catalogue *all = w->app->catalogue;
	struct agreement_draft_view v = { .g = g, .catalogue = all, .valid_from = fmt_day(w, g->valid_from_day), .note = g->note, .lang = g->lang,
		.valid_to = g->valid_to_day == INT32_MAX ? "" : fmt_day(w, g->valid_to_day), .done = w->nerrors ? NULL : done_text(w),
		.items = ARENA_ARRAY(w->a, struct agreement_item_view, g->nitems + 1), .addable = ARENA_ARRAY(w->a, struct ui_choice, all->nservices + 2) };
	struct agreement_decider *deciders;
	struct agreement_customer c;
	int k = 0;

	if (store_agreement_customer(w->db, w->a, g->customer_id, &c, e) != 0 ||
		store_agreement_deciders(w->db, w->a, g->customer_id, &deciders, &v.deciders, e) != 0 || view_clash(w, g, &v, e) != 0 ||
		view_events(w, g, &v.events, &v.nevents, &v.no, e) != 0 || agreement_price_hint(w, g, &v.price_hint, e) != 0)
		return -1;
	if (!v.price_hint && v.done && text_eq(web_query(w, "done"), "hours"))
		v.price_hint = _("The number of hours is another, and the fixed amount is as before.");
	v.customer = &c;
	for (int i = 0; i < g->nitems; i++) {
		const struct catalogue_service *s = catalogue_find(all, g->items[i].service);
		json_t *terms = json_loads(g->items[i].terms, 0, NULL);

		if (s)
			agreement_term_fields(w, s, terms, &v.items[v.nitems++]);
		else
			v.gone = arena_printf(w->a, "%s%s%s", v.gone ? v.gone : "", v.gone ? ", " : "", agreement_service_name(w, &g->items[i]));
		json_decref(terms);
	}
	for (int i = 0; i < all->nservices; i++)
		if (!on_it(g, all->services[i].key))
			v.addable[k++] = (struct ui_choice){ all->services[i].key, all->services[i].name[w->lang] };
	agreement_draft_page(w, &v);
	return 0;
}

static int read_dates(struct web *w, struct agreement_input *in)
{
	struct err e;

	in->valid_to_day = INT32_MAX;
	if (read_day(w, web_field(w, "valid_from"), "valid_from", &in->valid_from_day, &e) != 0)
		web_wrong(w, &e);
	if (!text_blank(web_field(w, "valid_to")) && read_day(w, web_field(w, "valid_to"), "valid_to", &in->valid_to_day, &e) != 0)
		web_wrong(w, &e);
	in->lang = web_field(w, "lang");
	in->note = web_field(w, "note") ? text_trim(w->a, web_field(w, "note")) : "";
	return w->nerrors;
}

/* What could be read of the form; a term that could not counts as it was. */
static struct agreement_item typed_item(struct web *w, const struct agreement_item *was, int n, const struct agreement_want *typed)
{
	json_t *terms = NULL;
	char *text;
	const char *kept;

	for (int i = 0; i < n && !terms; i++)
		if (strcmp(was[i].service, typed->service) == 0)
			terms = json_loads(was[i].terms, 0, NULL);
	if (!terms)
		terms = json_object();
	if (typed->terms)
		json_object_update(terms, typed->terms);
	text = json_dumps(terms, JSON_COMPACT);
	kept = arena_dup(w->a, text ? text : "{}");
	free(text);
	json_decref(terms);
	return (struct agreement_item){ .service = typed->service, .terms = kept };
}

/* A draft as the form has it, so that it can be shown again with what was typed. */
static void as_typed(struct web *w, struct agreement *g, const struct agreement_input *in)
{
	const struct agreement_item *was = g->items;
	int nwas = g->nitems;

	g->items = ARENA_ARRAY(w->a, struct agreement_item, in->nitems + 1);
	g->nitems = in->nitems;
	for (int i = 0; i < in->nitems; i++)
		g->items[i] = typed_item(w, was, nwas, &in->items[i]);
	g->price_ore = agreement_price(g);
}

static void note_wrong(struct web *w, const struct err *e)
{
	struct err shown = *e;

	if (text_starts(e->field, "items"))
		FAIL_FIELD(&shown, e->id, "add", "%s", e->detail);
	web_wrong(w, &shown);
}

/* ---- a fresh one */

static int show_fresh(struct web *w, int64_t customer_id, struct err *e)
{
	struct agreement_draft_view v = { .catalogue = w->app->catalogue, .valid_from = fmt_day(w, month_first_day(month_of(w->now) + 1)), .valid_to = "",
		.note = "" };
	struct agreement_decider *deciders;
	struct agreement_customer c;

	if (store_agreement_customer(w->db, w->a, customer_id, &c, e) != 0 ||
		store_agreement_deciders(w->db, w->a, customer_id, &deciders, &v.deciders, e) != 0)
		return -1;
	v.customer = &c;
	v.lang = lang_code(c.lang);
	agreement_fresh_page(w, &v);
	return 0;
}

static int64_t number_of(const char *s)
{
	int64_t n = 0;

	return s && text_int(s, &n) ? n : 0;
}

static int page_fresh(struct web *w, struct err *e)
{
	return show_fresh(w, number_of(web_query(w, "customer")), e);
}

static int post_fresh(struct web *w, struct err *e)
{
	struct agreement_work k = { .step = AGREEMENT_DRAFT };
	struct agreement_want *items;
	const char *const *keys;
	int n;

	if (web_form_check(w, e) != 0)
		return -1;
	k.in.customer_id = number_of(web_field(w, "customer"));
	n = web_field_all(w, "service", &keys);
	items = ARENA_ARRAY(w->a, struct agreement_want, n + 1);
	for (int i = 0; i < n && i < SERVICES_MOST; i++)
		items[k.in.nitems++] = (struct agreement_want){ keys[i], NULL };
	k.in.items = items;
	if (read_dates(w, &k.in) == 0) {
		if (agreement_work(w, &k, e) == 0)
			return go(w, k.made, "drafted");
		if (err_kind(e->id) != ERR_INPUT)
			return -1;
		web_wrong(w, e);
	}
	return show_fresh(w, k.in.customer_id, e);
}

/* ---- one that is not a draft */

static int show_view(struct web *w, const struct agreement *g, struct err *e)
{
	struct agreement_view v = { .g = g, .done = w->nerrors ? NULL : done_text(w),
		.pdf = w->app->make_pdf ? arena_printf(w->a, "/console/agreements/%lld/pdf", (long long)g->id) : NULL };
	const struct agreement_event_view *no;
	struct agreement_decider *deciders;
	struct agreement_doc doc;
	struct agreement before;
	int n;

	if (agreement_doc_make(w->db, w->a, g, &doc, e) != 0 || view_events(w, g, &v.events, &v.nevents, &no, e) != 0 ||
		store_agreement_deciders(w->db, w->a, g->customer_id, &deciders, &n, e) != 0)
		return -1;
	if (g->supersedes) {
		if (store_agreement_get(w->db, w->a, g->customer_id, g->supersedes, &before, e) != 0)
			return -1;
		v.before = &before;
	}
	v.doc = &doc;
	v.deciders = ARENA_ARRAY(w->a, struct ui_choice, n + 1);
	for (int i = 0; i < n; i++)
		v.deciders[i] = (struct ui_choice){ arena_printf(w->a, "%lld", (long long)deciders[i].id), arena_printf(w->a, "%s (%s)", deciders[i].name,
			strcmp(deciders[i].role, "owner") == 0 ? _("company owner") : _("approver")) };
	agreement_view_page(w, &v);
	return 0;
}

/* The form as it was sent: what cannot be read is noted by its field. drop: a service that is left out; add: one more, NULL: none. */
static void read_draft(struct web *w, const char *drop, const char *add, struct agreement_input *in)
{
	const char *const *keys;
	struct agreement_want *items;
	int64_t version = 0;
	int n = web_field_all(w, "service", &keys);

	items = ARENA_ARRAY(w->a, struct agreement_want, n + 1);
	in->items = items;
	text_int(web_field(w, "version") ? web_field(w, "version") : "", &version);
	in->version = (int)version;
	read_dates(w, in);
	for (int i = 0; i < n && i < SERVICES_MOST; i++) {
		const struct catalogue_service *s = catalogue_find(w->app->catalogue, keys[i]);

		if (s && strcmp(s->key, drop) != 0)
			items[in->nitems++] = (struct agreement_want){ s->key, agreement_terms_read(w, s) };
	}
	if (!text_blank(add))
		items[in->nitems++] = (struct agreement_want){ add, NULL };
}

/* It could not be done: the page again, with what was typed. */
static int draft_again(struct web *w, struct agreement *g, const struct agreement_input *in, const struct err *why, struct err *e)
{
	bool changed = why->id == E_AGREEMENT_CHANGED;

	if (!w->nerrors && err_kind(why->id) != ERR_INPUT && err_kind(why->id) != ERR_CONFLICT)
		return *e = *why, -1;
	if (!w->nerrors) {
		note_wrong(w, why);
		if (web_refresh(w, e) != 0 || agreement_of_request(w, g, e) != 0)
			return -1;
	}
	if (strcmp(g->state, "draft") != 0)             /* somebody else has sent or dropped it */
		return show_view(w, g, e);
	as_typed(w, g, in);
	if (!changed)           /* two had it open: what was typed stays, and saving again goes over what the other one saved */
		g->version = in->version;
	return show_draft(w, g, e);
}

/* One form whose buttons save, and then do what they say: nothing typed is left behind. */
static int post_draft(struct web *w, struct err *e)
{
	const char *sent = web_field(w, "do"), *todo = sent ? sent : "", *drop = sent && text_starts(sent, "drop:") ? sent + 5 : "";
	bool add = strcmp(todo, "add") == 0, send = strcmp(todo, "send") == 0;
	struct agreement_work k = { .step = send ? AGREEMENT_CHANGE_SEND : AGREEMENT_CHANGE };
	struct agreement g;
	struct err why = { 0 };
	int rc = -1;

	if (web_form_check(w, e) != 0 || agreement_of_request(w, &g, e) != 0)
		return -1;
	k.id = g.id;
	read_draft(w, drop, add ? web_field(w, "add") : NULL, &k.in);
	if (add && text_blank(web_field(w, "add"))) {
		FAIL_FIELD(&why, E_SERVICE_CHOOSE, "add", "none chosen");
		web_wrong(w, &why);
	}
	if (!w->nerrors)
		rc = agreement_work(w, &k, &why);
	if (rc != 0)
		rc = draft_again(w, &g, &k.in, &why, e);
	else if (strcmp(todo, "preview") == 0)
		rc = web_redirect(w, arena_printf(w->a, "/console/agreements/%lld/print", (long long)g.id));
	else
		rc = go(w, g.id, *drop ? "dropped-service" : add ? "added" : send ? "sent" : agreement_only_hours(&g, &k.in) ? "hours" : "saved");
	for (int i = 0; i < k.in.nitems; i++)
		json_decref(k.in.items[i].terms);
	return rc;
}

static int page_one(struct web *w, struct err *e)
{
	struct agreement g;

	if (agreement_of_request(w, &g, e) != 0)
		return -1;
	return strcmp(g.state, "draft") == 0 && (w->who.role & ROLE_DESK) ? show_draft(w, &g, e) : show_view(w, &g, e);
}

/* Do one step; what the person can mend is shown on the page, the rest is answered as an error. */
static int post_step(struct web *w, struct agreement_work *k, const char *done, struct err *e)
{
	struct agreement g;

	if (agreement_of_request(w, &g, e) != 0)
		return -1;
	k->id = g.id;
	if (!w->nerrors) {
		if (agreement_work(w, k, e) == 0)
			return go(w, k->made ? k->made : g.id, done);
		if (err_kind(e->id) != ERR_INPUT && err_kind(e->id) != ERR_CONFLICT)
			return -1;
		note_wrong(w, e);
	}
	return strcmp(g.state, "draft") == 0 ? show_draft(w, &g, e) : show_view(w, &g, e);
}

static int post_take_back(struct web *w, struct err *e)
{
	return post_step(w, &(struct agreement_work){ .step = AGREEMENT_TAKE_BACK }, "back", e);
}

static int post_supersede(struct web *w, struct err *e)
{
	return post_step(w, &(struct agreement_work){ .step = AGREEMENT_SUPERSEDE }, "drafted", e);
}

static int post_drop(struct web *w, struct err *e)
{
	return post_step(w, &(struct agreement_work){ .step = AGREEMENT_END, .last_day = INT32_MIN }, "dropped", e);
}

static int post_accept(struct web *w, struct err *e)
{
	struct agreement_work k = { .step = AGREEMENT_ACCEPT };

	if (web_form_check(w, e) != 0)
		return -1;
	k.yes = (struct agreement_yes){ .contact_id = number_of(web_field(w, "contact")), .name = web_field(w, "name"),
		.via = web_field(w, "via") ? web_field(w, "via") : "" };
	return post_step(w, &k, "accepted", e);
}

static int post_end(struct web *w, struct err *e)
{
	struct agreement_work k = { .step = AGREEMENT_END };
	struct err wrong;

	if (web_form_check(w, e) != 0)
		return -1;
	if (read_day(w, web_field(w, "last_day"), "last_day", &k.last_day, &wrong) != 0)
		web_wrong(w, &wrong);
	return post_step(w, &k, "ended", e);
}

static int page_print(struct web *w, struct err *e)
{
	return agreement_answer_paper(w, arena_printf(w->a, "/console/agreements/%s/pdf", w->param[0]), e);
}

const struct web_route agreement_routes[] = {
	{ "GET", "/console/agreements", ROLE_STAFF, page_list },
	{ "GET", "/console/customers/{id}/agreements", ROLE_STAFF, page_customer },
	{ "GET", "/console/agreements/new", ROLE_DESK, page_fresh },
	{ "POST", "/console/agreements/new", ROLE_DESK, post_fresh },
	{ "GET", "/console/agreements/{id}", ROLE_STAFF, page_one },
	{ "POST", "/console/agreements/{id}", ROLE_DESK, post_draft },
	{ "POST", "/console/agreements/{id}/take-back", ROLE_DESK, post_take_back },
	{ "POST", "/console/agreements/{id}/accept", ROLE_DESK, post_accept },
	{ "POST", "/console/agreements/{id}/supersede", ROLE_DESK, post_supersede },
	{ "POST", "/console/agreements/{id}/end", ROLE_DESK, post_end },
	{ "POST", "/console/agreements/{id}/drop", ROLE_DESK, post_drop },
	{ "GET", "/console/agreements/{id}/print", ROLE_STAFF, page_print },
	{ "GET", "/console/agreements/{id}/pdf", ROLE_STAFF, agreement_answer_pdf },
	{ 0 }
};
