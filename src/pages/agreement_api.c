/* The catalogue and the agreements for other programs. */
#include "base/moment.h"
#include "base/text.h"
#include "pages/agreement.h"
#include "store/customer.h"
#include "web/api.h"
#include <string.h>

#define ITEMS_MOST 200

static json_t *both(const char *const text[LANG__N])
{
	return text[LANG_DA] ? json_pack("{s:s,s:s}", "da", text[LANG_DA], "en", text[LANG_EN]) : NULL;
}

static json_t *term_json(struct web *w, const struct term *t)
{
	bool numeric = t->type == TERM_INTEGER || t->type == TERM_MINUTES || t->type == TERM_MONEY_ORE || t->type == TERM_MEGABYTES;
	json_t *o = json_pack("{s:s,s:s,s:o}", "key", t->key, "type", term_type_name(t->type), "default", term_fallback(w->a, t));

	if (t->unit)
		json_object_set_new(o, "unit", json_string(t->unit));
	if (numeric)
		json_object_set_new(o, "min", json_integer(t->min));
	if (numeric || t->type == TERM_TEXT || t->type == TERM_LIST)
		json_object_set_new(o, "max", json_integer(t->max));
	if (t->choices) {
		json_t *list = json_array();

		for (int i = 0; t->choices[i]; i++)
			json_array_append_new(list, json_string(t->choices[i]));
		json_object_set_new(o, "choices", list);
	}
	json_object_set_new(o, "label", both(t->label));
	if (t->hint[LANG_DA])
		json_object_set_new(o, "hint", both(t->hint));
	return o;
}

static json_t *service_json(struct web *w, const struct catalogue_service *s)
{
	json_t *terms = json_array(), *promises = json_array();

	for (int i = 0; i < s->nterms; i++)
		json_array_append_new(terms, term_json(w, &s->terms[i]));
	for (int i = 0; i < s->npromises; i++) {
		const struct promise *p = &s->promises[i];
		json_t *o = json_pack("{s:s,s:s,s:o,s:s,s:s}", "key", p->key, "party", party_name(p->party), "text", both(p->text), "period",
			period_name(p->period), "proof", p->live ? "live" : "attest");

		if (p->title[LANG_DA])
			json_object_set_new(o, "title", both(p->title));
		json_array_append_new(promises, o);
	}
	return json_pack("{s:s,s:i,s:i,s:o,s:o,s:o,s:o}", "key", s->key, "number", s->number, "version", s->version, "name", both(s->name), "about",
		both(s->about), "terms", terms, "promises", promises);
}

static int get_services(struct web *w, struct err *e)
{
	json_t *list = json_array();

	for (int i = 0; i < w->app->catalogue->nservices; i++)
		json_array_append_new(list, service_json(w, &w->app->catalogue->services[i]));
	return web_whole(w, list, e);
}

static json_t *agreement_json(struct web *w, const struct agreement *g)
{
	json_t *items = json_array(), *o;
	/* The one that takes its place may begin later: until then this one is what holds. */
	bool still = strcmp(g->state, "superseded") == 0 && w->today <= g->valid_to_day;

	for (int i = 0; i < g->nitems; i++) {
		json_t *terms = json_loads(g->items[i].terms, 0, NULL);

		json_array_append_new(items, json_pack("{s:s,s:i,s:o}", "service", g->items[i].service, "catalogue_version", g->items[i].catalogue_version,
			"terms", terms ? terms : json_object()));
	}
	o = json_pack("{s:I,s:s,s:I,s:s,s:s,s:s,s:I,s:s,s:s,s:o,s:s}", "id", (json_int_t)g->id, "number", g->number, "customer_id",
		(json_int_t)g->customer_id, "state", still ? "accepted" : g->state, "language", g->lang, "valid_from", day_iso(w->a, g->valid_from_day), "price_ore",
		(json_int_t)g->price_ore, "period", g->period, "note", g->note, "items", items, "created_at", moment_iso(w->a, g->created_at));
	if (g->valid_to_day != INT32_MAX)
		json_object_set_new(o, "valid_to", json_string(day_iso(w->a, g->valid_to_day)));
	if (g->supersedes)
		json_object_set_new(o, "supersedes", json_integer(g->supersedes));
	if (g->sent_at)
		json_object_set_new(o, "sent_at", json_string(moment_iso(w->a, g->sent_at)));
	if (g->accepted_at) {
		json_object_set_new(o, "accepted_at", json_string(moment_iso(w->a, g->accepted_at)));
		json_object_set_new(o, "accepted_contact_id", json_integer(g->accepted_contact_id));
		json_object_set_new(o, "accepted_name", json_string(g->accepted_name));
		json_object_set_new(o, "accepted_via", json_string(g->accepted_via));
	}
	if (*g->text_sha256)
		json_object_set_new(o, "text_sha256", json_string(g->text_sha256));
	return o;
}

static int answer(struct web *w, int status, int64_t id, struct err *e)
{
	struct agreement g;

	if (store_agreement_get(w->db, w->a, 0, id, &g, e) != 0)
		return -1;
	return web_json(w, status, agreement_json(w, &g));
}

static int read_items(struct web *w, json_t *list, struct agreement_input *in, struct err *e)
{
	static const char *const known[] = { "service", "terms", NULL };
	struct agreement_want *items;
	json_t *item;
	size_t i;

	if (list && !json_is_array(list))
		return FAIL_FIELD(e, E_FIELD_TYPE, "items", "list");
	if (json_array_size(list) > ITEMS_MOST)
		return FAIL_FIELD(e, E_TOO_LONG, "items", "%zu services", json_array_size(list));
	in->items = items = ARENA_ARRAY(w->a, struct agreement_want, json_array_size(list) + 1);
	json_array_foreach(list, i, item) {
		const char *at = arena_printf(w->a, "items[%zu]", i);
		struct err inner;

		if (!json_is_object(item))
			return FAIL_FIELD(e, E_FIELD_TYPE, at, "object");
		if (json_known(item, known, &inner) != 0 || json_want_text(item, "service", 100, true, &items[i].service, &inner) != 0)
			return FAIL_FIELD(e, inner.id, arena_printf(w->a, "%s.%s", at, inner.field), "%s", inner.detail);
		items[i].terms = json_object_get(item, "terms");
		in->nitems++;
	}
	return 0;
}

static int post_agreement(struct web *w, struct err *e)
{
	static const char *const known[] = { "customer_id", "valid_from", "valid_to", "language", "note", "items", "supersedes", NULL };
	struct agreement_work k = { .step = AGREEMENT_DRAFT };
	const char *from, *to;
	json_t *o;

	if (web_body_json(w, &o, e) != 0 || json_known(o, known, e) != 0 ||
		json_want_int(o, "customer_id", 1, INT64_MAX, true, 0, &k.in.customer_id, e) != 0 ||
		json_want_int(o, "supersedes", 1, INT64_MAX, false, 0, &k.in.supersedes, e) != 0 ||
		json_want_text(o, "valid_from", 10, true, &from, e) != 0 || json_want_text(o, "valid_to", 10, false, &to, e) != 0 ||
		json_want_text(o, "language", 10, false, &k.in.lang, e) != 0 || json_want_text(o, "note", 4000, false, &k.in.note, e) != 0 ||
		day_parse(from, "valid_from", &k.in.valid_from_day, e) != 0)
		return -1;
	k.in.valid_to_day = INT32_MAX;
	if (to && *to && day_parse(to, "valid_to", &k.in.valid_to_day, e) != 0)
		return -1;
	if (k.in.lang && !*k.in.lang)
		k.in.lang = NULL;
	if (k.in.lang && strcmp(k.in.lang, "da") != 0 && strcmp(k.in.lang, "en") != 0)
		return FAIL_FIELD(e, E_CHOICE_INVALID, "language", "%.10s", k.in.lang);
	if (read_items(w, json_object_get(o, "items"), &k.in, e) != 0 || agreement_work(w, &k, e) != 0)
		return -1;
	return answer(w, 201, k.made, e);
}

static int get_agreements(struct web *w, struct err *e)
{
	const char *cursor, *of = web_query(w, "customer_id");
	int64_t customer_id = 0, before = 0;
	struct customer c;
	struct agreement *list;
	json_t *items, *o;
	int limit, n;

	if (web_page(w, &limit, &cursor, e) != 0)
		return -1;
	if (cursor && (!text_int(cursor, &before) || before < 1))
		return FAIL_FIELD(e, E_CURSOR_INVALID, "cursor", "%.40s", cursor);
	if (of && (!text_int(of, &customer_id) || customer_id < 1))
		return FAIL_FIELD(e, E_NUMBER_INVALID, "customer_id", "%.40s", of);
	if (customer_id && store_customer_get(w->db, w->a, customer_id, &c, e) != 0)
		return -1;
	if (store_agreement_list(w->db, w->a, customer_id, before, limit + 1, &list, &n, e) != 0)
		return -1;
	items = json_array();
	for (int i = 0; i < n && i < limit; i++)
		json_array_append_new(items, agreement_json(w, &list[i]));
	o = json_pack("{s:o}", "items", items);
	json_object_set_new(o, "next", n > limit ? json_string(arena_printf(w->a, "%lld", (long long)list[limit - 1].id)) : json_null());
	return web_json(w, 200, o);
}

static int get_agreement(struct web *w, struct err *e)
{
	return answer(w, 200, web_param_id(w, 0), e);
}

static int post_accept(struct web *w, struct err *e)
{
	static const char *const known[] = { "contact_id", "name", NULL };
	struct agreement_work k = { .step = AGREEMENT_ACCEPT, .id = web_param_id(w, 0), .yes = { .via = "api" } };
	json_t *o;

	if (web_body_json(w, &o, e) != 0 || json_known(o, known, e) != 0 ||
		json_want_int(o, "contact_id", 1, INT64_MAX, true, 0, &k.yes.contact_id, e) != 0 ||
		json_want_text(o, "name", 200, false, &k.yes.name, e) != 0 || agreement_work(w, &k, e) != 0)
		return -1;
	return answer(w, 200, k.id, e);
}

/* ---- what openapi.json says */

static const struct api_field term_fields[] = {
	{ "key", "string", true, NULL, "Name of the term in an agreement's terms" },
	{ "type", "string", true, "integer|minutes|money_ore|megabytes|choice|text|boolean|list", "Numbers are JSON integers, a list is an array of strings" },
	{ "unit", "string", false, NULL, "What a number counts" }, { "default", "value", true, NULL, "The value when it is left out" },
	{ "min", "integer", false, NULL, "Smallest number allowed" }, { "max", "integer", false, NULL, "Largest number; bytes of a text; names of a list" },
	{ "choices", "[string]", false, NULL, "The only values allowed" }, { "label", "text:da,en", true, NULL, "What a form calls it" },
	{ "hint", "text:da,en", false, NULL, "What to write" }, { 0 } };
static const struct api_field promise_fields[] = {
	{ "key", "string", true, NULL, "Never changes once released" }, { "party", "string", true, "supplier|customer", "Who is bound" },
	{ "title", "text:da,en", false, NULL, "The promise in a few words" }, { "text", "text:da,en", true, NULL, "The promise" },
	{ "period", "string", true, "always|minute|day|week|month|quarter|year|event", "How often its proof is due" },
	{ "proof", "string", true, "live|attest", "Measured, or confirmed by a named person" }, { 0 } };
static const struct api_field service_fields[] = {
	{ "key", "string", true, NULL, "Name of the service" }, { "number", "integer", true, NULL, "Place in the catalogue" },
	{ "version", "integer", true, NULL, "Raised when a word changes" }, { "name", "text:da,en", true, NULL, "Name for people" },
	{ "about", "text:da,en", true, NULL, "What it is" }, { "terms", "[Term]", true, NULL, "What an agreement fixes" },
	{ "promises", "[ServicePromise]", true, NULL, "What both parties promise" }, { 0 } };
static const struct api_schema service_schemas[] = { { "Term", term_fields }, { "ServicePromise", promise_fields }, { "Service", service_fields }, { 0 } };

static const struct api_field item_fields[] = {
	{ "service", "string", true, NULL, "Key of the service" }, { "catalogue_version", "integer", true, NULL, "Version of the text it is bound to" },
	{ "terms", "object", true, NULL, "All terms, defaults filled in" }, { 0 } };
static const struct api_field new_item_fields[] = {
	{ "service", "string", true, NULL, "Key of the service" }, { "terms", "object", false, NULL, "Terms left out take the catalogue's defaults" }, { 0 } };
static const struct api_field agreement_fields[] = {
	{ "id", "integer", true, NULL, "Id" }, { "number", "string", true, NULL, "Number for people" }, { "customer_id", "integer", true, NULL, "Customer" },
	{ "state", "string", true, "draft|sent|accepted|superseded|ended", "superseded: another has taken its place; accepted until that day. Whether it holds today is told by its days" },
	{ "language", "string", true, "da|en", "Language of its text" }, { "valid_from", "date", true, NULL, "First day" },
	{ "valid_to", "date", false, NULL, "Last day; absent: open" }, { "price_ore", "integer", true, NULL, "Fixed price, without VAT" },
	{ "period", "string", true, "month", "What the price is for" }, { "note", "string", true, NULL, "The parties' own words" },
	{ "items", "[AgreementItem]", true, NULL, "Services" }, { "supersedes", "integer", false, NULL, "The agreement it takes the place of" },
	{ "created_at", "date-time", true, NULL, "When it was drafted" }, { "sent_at", "date-time", false, NULL, "When it was sent" },
	{ "accepted_at", "date-time", false, NULL, "When it was accepted" }, { "accepted_contact_id", "integer", false, NULL, "By which contact" },
	{ "accepted_name", "string", false, NULL, "By whom, as signed; in the portal also whose login it was, when the name is another" }, { "accepted_via", "string", false, "portal|paper|phone|mail|api", "How" },
	{ "text_sha256", "string", false, NULL, "SHA-256 of the whole text that was sent or accepted" }, { 0 } };
static const struct api_schema agreement_schemas[] = {
	{ "AgreementItem", item_fields }, { "AgreementNewItem", new_item_fields }, { "Agreement", agreement_fields }, { 0 } };

static const struct api_field draft_body[] = {
	{ "customer_id", "integer", true, NULL, "Customer" }, { "valid_from", "date", true, NULL, "First day" },
	{ "valid_to", "date", false, NULL, "Last day; left out: open" }, { "language", "string", false, "da|en", "Left out: the customer's" },
	{ "note", "string", false, NULL, "The parties' own words" }, { "items", "[AgreementNewItem]", true, NULL, "At least one service" },
	{ "supersedes", "integer", false, NULL, "The accepted agreement it takes the place of, once it is accepted itself" }, { 0 } };
static const struct api_field accept_body[] = {
	{ "contact_id", "integer", true, NULL, "The owner or approver who accepts" }, { "name", "string", false, NULL, "As signed; left out: the contact's name" }, { 0 } };
static const struct api_field list_query[] = { { "customer_id", "integer", false, NULL, "Only this customer's" }, { "limit", "integer" }, { "cursor", "string" }, { 0 } };

static const struct api_field whole_query[] = { { "limit", "integer", false, NULL, "Only the first; left out: all" }, { 0 } };
static const struct api_doc doc_services = { .id = "listServices", .about = "The catalogue: every service with its terms and promises.", .scope = "agreements:read",
	.query = whole_query, .status = 200, .reply = "[Service]", .schemas = service_schemas };
static const struct api_doc doc_draft = { .id = "draftAgreement", .about = "Make a draft of an agreement.", .scope = "agreements:write", .body = draft_body,
	.status = 201, .reply = "Agreement", .schemas = agreement_schemas };
static const struct api_doc doc_list = { .id = "listAgreements", .about = "Agreements, newest first.", .scope = "agreements:read", .query = list_query,
	.status = 200, .reply = "list:Agreement" };
static const struct api_doc doc_get = { .id = "getAgreement", .about = "One agreement.", .scope = "agreements:read", .status = 200, .reply = "Agreement" };
static const struct api_doc doc_accept = { .id = "acceptAgreement", .about = "Record that the customer has accepted a draft or a sent agreement.",
	.scope = "agreements:write", .body = accept_body, .status = 200, .reply = "Agreement" };

const struct web_route agreement_api_routes[] = {
	{ "GET", "/api/v1/services", ROLE_STAFF, get_services, .doc = &doc_services },
	{ "GET", "/api/v1/agreements", ROLE_STAFF, get_agreements, .doc = &doc_list },
	{ "POST", "/api/v1/agreements", ROLE_DESK, post_agreement, .doc = &doc_draft },
	{ "GET", "/api/v1/agreements/{id}", ROLE_STAFF, get_agreement, .doc = &doc_get },
	{ "POST", "/api/v1/agreements/{id}/accept", ROLE_DESK, post_accept, .doc = &doc_accept },
	{ 0 }
};
