#include <string.h>
#include "base/moment.h"
#include "base/text.h"
#include "core/customer.h"
#include "pages/customer.h"
#include "web/api.h"

enum { NOTE_MOST = 4000 };

static json_t *customer_json(struct web *w, const struct customer *c)
{
	json_t *domains = json_array();

	for (int i = 0; i < c->ndomains; i++)
		json_array_append_new(domains, json_string(c->domains[i]));
	return json_pack("{s:I,s:s,s:s,s:s,s:o,s:s,s:s,s:s,s:b,s:s,s:I}", "id", (json_int_t)c->id, "name", c->name, "cvr", c->cvr, "gln", c->gln,
		"mail_domains", domains, "language", c->lang, "phone", c->phone, "note", c->note, "active", c->active, "created_at", moment_iso(w->a, c->created_at),
		"version", (json_int_t)c->version);
}

static json_t *contact_json(struct web *w, const struct contact *k)
{
	return json_pack("{s:I,s:I,s:s,s:s,s:s,s:s,s:s,s:b,s:s,s:I}", "id", (json_int_t)k->id, "customer_id", (json_int_t)k->customer_id, "name", k->name,
		"email", k->email, "phone", k->phone, "role", k->role, "language", k->lang, "active", k->active, "created_at", moment_iso(w->a, k->created_at),
		"version", (json_int_t)k->version);
}

/* What the body says over what is there; absent keys change nothing. */
static int read_domains(struct web *w, json_t *o, struct customer *c, struct err *e)
{
	json_t *list = json_object_get(o, "mail_domains");
	const char **d;

	if (!list || json_is_null(list))
		return 0;
	if (!json_is_array(list))
		return FAIL_FIELD(e, E_FIELD_TYPE, "mail_domains", "not a list");
	if (json_array_size(list) > 50)
		return FAIL_FIELD(e, E_TOO_LONG, "mail_domains", "%zu", json_array_size(list));
	d = ARENA_ARRAY(w->a, const char *, json_array_size(list) + 1);
	for (size_t i = 0; i < json_array_size(list); i++) {
		d[i] = json_string_value(json_array_get(list, i));
		if (!d[i])
			return FAIL_FIELD(e, E_FIELD_TYPE, "mail_domains", "not a text");
	}
	c->domains = d;
	c->ndomains = (int)json_array_size(list);
	return 0;
}

static int read_bool(json_t *o, const char *key, bool *out, struct err *e)
{
	json_t *v = json_object_get(o, key);

	if (!v || json_is_null(v))
		return 0;
	if (!json_is_boolean(v))
		return FAIL_FIELD(e, E_FIELD_TYPE, key, "not true or false");
	*out = json_is_true(v);
	return 0;
}

static int read_customer(struct web *w, struct customer *c, bool patch, struct err *e)
{
	static const char *const add[] = { "name", "cvr", "gln", "mail_domains", "language", "phone", "note", NULL };
	static const char *const change[] = { "name", "cvr", "gln", "mail_domains", "language", "phone", "note", "active", "version", NULL };
	const char *s;
	json_t *o;

	if (web_body_json(w, &o, e) != 0 || json_known(o, patch ? change : add, e) != 0)
		return -1;
	struct { const char *key, **to; size_t max; bool need; } texts[] = { { "name", &c->name, 120, !patch }, { "cvr", &c->cvr, 40, false },
		{ "gln", &c->gln, 40, false }, { "language", &c->lang, 10, false }, { "phone", &c->phone, 40, false }, { "note", &c->note, NOTE_MOST, false } };

	/* a company number looks like a number, and never begins with 0 */
	if (json_is_integer(json_object_get(o, "cvr")))
		json_object_set_new(o, "cvr", json_string(arena_printf(w->a, "%lld", (long long)json_integer_value(json_object_get(o, "cvr")))));
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		if (json_want_text(o, texts[i].key, texts[i].max, texts[i].need, &s, e) != 0)
			return -1;
		if (s)
			*texts[i].to = s;
	}
	if (json_want_int(o, "version", 1, INT64_MAX, false, c->version, &c->version, e) != 0)
		return -1;
	return read_domains(w, o, c, e) != 0 || read_bool(o, "active", &c->active, e) != 0 ? -1 : 0;
}

struct customer_job { struct actor who; int64_t now; struct customer c; struct contact k; };

static int add_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct customer_job *j = arg;

	return customer_add(w, a, &j->who, j->now, &j->c, e);
}

static int change_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct customer_job *j = arg;

	return customer_change(w, a, &j->who, j->now, &j->c, e);
}

static int answer_customer(struct web *w, int64_t id, int status, struct err *e)
{
	struct customer c;

	if (store_customer_get(w->db, w->a, id, &c, e) != 0)
		return -1;
	return web_json(w, status, customer_json(w, &c));
}

static int post_customer(struct web *w, struct err *e)
{
	struct customer_job j = { .who = w->who, .now = w->now, .c = { .lang = "da", .active = true, .version = 1 } };

	if (read_customer(w, &j.c, false, e) != 0 || web_write(w, add_job, &j, e) != 0)
		return -1;
	return answer_customer(w, j.c.id, 201, e);
}

static int patch_customer(struct web *w, struct err *e)
{
	struct customer_job j = { .who = w->who, .now = w->now };

	if (store_customer_get(w->db, w->a, web_param_id(w, 0), &j.c, e) != 0 || read_customer(w, &j.c, true, e) != 0 || web_write(w, change_job, &j, e) != 0)
		return -1;
	return answer_customer(w, j.c.id, 200, e);
}

static int get_customer(struct web *w, struct err *e) { return answer_customer(w, web_param_id(w, 0), 200, e); }

static int read_cursor(const char *cursor, int64_t *after, struct err *e)
{
	*after = 0;
	if (cursor && (!text_int(cursor, after) || *after <= 0))
		return FAIL_FIELD(e, E_CURSOR_INVALID, "cursor", "%.60s", cursor);
	return 0;
}

static json_t *list_json(struct web *w, json_t *items, bool more, int64_t last)
{
	return json_pack("{s:o,s:o}", "items", items, "next", more ? json_string(arena_printf(w->a, "%lld", (long long)last)) : json_null());
}

static int get_customers(struct web *w, struct err *e)
{
	json_t *items = json_array();
	struct customer *c;
	const char *cursor;
	int64_t after;
	int limit, n;

	if (web_page(w, &limit, &cursor, e) != 0 || read_cursor(cursor, &after, e) != 0 ||
	    store_customer_list(w->db, w->a, web_query(w, "q"), after, limit + 1, &c, &n, e) != 0) {
		json_decref(items);
		return -1;
	}
	for (int i = 0; i < n && i < limit; i++)
		json_array_append_new(items, customer_json(w, &c[i]));
	return web_json(w, 200, list_json(w, items, n > limit, n ? c[n > limit ? limit - 1 : n - 1].id : 0));
}

/* --- people ------------------------------------------------------------------------------------------------------------ */

static int read_contact(struct web *w, struct contact *k, bool patch, struct err *e)
{
	static const char *const add[] = { "name", "email", "phone", "role", "language", NULL };
	static const char *const change[] = { "name", "email", "phone", "role", "language", "active", "version", NULL };
	struct { const char *key, **to; size_t max; bool need; } texts[] = { { "name", &k->name, 120, !patch }, { "email", &k->email, 254, false },
		{ "phone", &k->phone, 40, false }, { "role", &k->role, 40, false }, { "language", &k->lang, 10, false } };
	const char *s;
	json_t *o;

	if (web_body_json(w, &o, e) != 0 || json_known(o, patch ? change : add, e) != 0)
		return -1;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		if (json_want_text(o, texts[i].key, texts[i].max, texts[i].need, &s, e) != 0)
			return -1;
		if (s)
			*texts[i].to = s;
	}
	if (json_want_int(o, "version", 1, INT64_MAX, false, k->version, &k->version, e) != 0)
		return -1;
	return read_bool(o, "active", &k->active, e);
}

static int contact_add_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct customer_job *j = arg;

	return contact_add(w, a, &j->who, j->now, &j->k, e);
}

static int contact_change_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct customer_job *j = arg;

	return contact_change(w, a, &j->who, j->now, &j->k, e);
}

/* Customer 0 would mean anybody's: an address without a customer finds nothing. */
static int find_contact(struct web *w, int64_t customer_id, int64_t id, struct contact *k, struct err *e)
{
	return customer_id == 0 ? FAIL(e, E_NOT_FOUND, "customer") : store_contact_get(w->db, w->a, customer_id, id, k, e);
}

static int answer_contact(struct web *w, int64_t customer_id, int64_t id, int status, struct err *e)
{
	struct contact k;

	if (find_contact(w, customer_id, id, &k, e) != 0)
		return -1;
	return web_json(w, status, contact_json(w, &k));
}

static int post_contact(struct web *w, struct err *e)
{
	struct customer_job j = { .who = w->who, .now = w->now, .k = { .customer_id = web_param_id(w, 0), .active = true, .version = 1 } };
	struct customer c;

	if (store_customer_get(w->db, w->a, j.k.customer_id, &c, e) != 0 || read_contact(w, &j.k, false, e) != 0 || web_write(w, contact_add_job, &j, e) != 0)
		return -1;
	return answer_contact(w, j.k.customer_id, j.k.id, 201, e);
}

static int get_contact(struct web *w, struct err *e) { return answer_contact(w, web_param_id(w, 0), web_param_id(w, 1), 200, e); }

static int patch_contact(struct web *w, struct err *e)
{
	struct customer_job j = { .who = w->who, .now = w->now };

	if (find_contact(w, web_param_id(w, 0), web_param_id(w, 1), &j.k, e) != 0 || read_contact(w, &j.k, true, e) != 0 ||
	    web_write(w, contact_change_job, &j, e) != 0)
		return -1;
	return answer_contact(w, j.k.customer_id, j.k.id, 200, e);
}

static int get_contacts(struct web *w, struct err *e)
{
	json_t *items = json_array();
	struct contact *k;
	struct customer c;
	const char *cursor;
	int64_t after;
	int limit, n;

	if (store_customer_get(w->db, w->a, web_param_id(w, 0), &c, e) != 0 || web_page(w, &limit, &cursor, e) != 0 || read_cursor(cursor, &after, e) != 0 ||
	    store_contact_list(w->db, w->a, c.id, after, limit + 1, &k, &n, e) != 0) {
		json_decref(items);
		return -1;
	}
	for (int i = 0; i < n && i < limit; i++)
		json_array_append_new(items, contact_json(w, &k[i]));
	return web_json(w, 200, list_json(w, items, n > limit, n ? k[n > limit ? limit - 1 : n - 1].id : 0));
}

#define ROLES "owner|approver|employee"
#define LANGUAGES "da|en"
static const struct api_field customer_fields[] = { { "id", "integer", true }, { "name", "string", true }, { "cvr", "string", true, NULL, "8 digits" },
	{ "gln", "string", true, NULL, "13 digits, or empty" }, { "mail_domains", "[string]", true }, { "language", "string", true, LANGUAGES },
	{ "phone", "string", true }, { "note", "string", true }, { "active", "boolean", true }, { "created_at", "date-time", true },
	{ "version", "integer", true, NULL, "Send it with a change to be told when somebody else was first" }, { 0 } };
static const struct api_field contact_fields[] = { { "id", "integer", true }, { "customer_id", "integer", true }, { "name", "string", true },
	{ "email", "string", true }, { "phone", "string", true }, { "role", "string", true, ROLES }, { "language", "string", true, LANGUAGES },
	{ "active", "boolean", true }, { "created_at", "date-time", true }, { "version", "integer", true }, { 0 } };
static const struct api_schema schemas[] = { { "Customer", customer_fields }, { "Contact", contact_fields }, { 0 } };
static const struct api_field add_body[] = { { "name", "string", true }, { "cvr", "string", true, NULL, "The check digit must fit" }, { "gln", "string" },
	{ "mail_domains", "[string]" }, { "language", "string", false, LANGUAGES, "da when left out" }, { "phone", "string" }, { "note", "string" }, { 0 } };
static const struct api_field patch_body[] = { { "name", "string" }, { "cvr", "string" }, { "gln", "string" }, { "mail_domains", "[string]", false, NULL, "Replaces all" },
	{ "language", "string", false, LANGUAGES }, { "phone", "string" }, { "note", "string" }, { "active", "boolean" }, { "version", "integer" }, { 0 } };
static const struct api_field contact_body[] = { { "name", "string", true }, { "email", "string", true }, { "phone", "string" }, { "role", "string", false, ROLES, "employee when left out" },
	{ "language", "string", false, LANGUAGES, "The customer's when left out" }, { 0 } };
static const struct api_field contact_patch[] = { { "name", "string" }, { "email", "string" }, { "phone", "string" }, { "role", "string", false, ROLES },
	{ "language", "string", false, LANGUAGES }, { "active", "boolean" }, { "version", "integer" }, { 0 } };
static const struct api_field list_query[] = { { "q", "string", false, NULL, "Words that name, CVR or mail domain must hold" }, { "limit", "integer" }, { "cursor", "string" }, { 0 } };
static const struct api_field page_query[] = { { "limit", "integer" }, { "cursor", "string" }, { 0 } };

static const struct api_doc doc_add = { "createCustomer", "Create a customer.", "customers:write", NULL, add_body, 201, "Customer", schemas };
static const struct api_doc doc_list = { "listCustomers", "Customers by name.", "customers:read", list_query, NULL, 200, "list:Customer", NULL };
static const struct api_doc doc_get = { "getCustomer", "One customer.", "customers:read", NULL, NULL, 200, "Customer", NULL };
static const struct api_doc doc_patch = { "changeCustomer", "Change what is given, leave the rest.", "customers:write", NULL, patch_body, 200, "Customer", NULL };
static const struct api_doc doc_contact_add = { "createContact", "Add one of the customer's people.", "customers:write", NULL, contact_body, 201, "Contact", NULL };
static const struct api_doc doc_contact_list = { "listContacts", "The customer's people, oldest first.", "customers:read", page_query, NULL, 200, "list:Contact", NULL };
static const struct api_doc doc_contact_get = { "getContact", "One of the customer's people.", "customers:read", NULL, NULL, 200, "Contact", NULL };
static const struct api_doc doc_contact_patch = { "changeContact", "Change what is given, leave the rest.", "customers:write", NULL, contact_patch, 200, "Contact", NULL };

const struct web_route customer_api_routes[] = {
	{ "GET", "/api/v1/customers", ROLE_STAFF, get_customers, .doc = &doc_list },
	{ "POST", "/api/v1/customers", ROLE_DESK, post_customer, .doc = &doc_add },
	{ "GET", "/api/v1/customers/{id}", ROLE_STAFF, get_customer, .doc = &doc_get },
	{ "PATCH", "/api/v1/customers/{id}", ROLE_DESK, patch_customer, .doc = &doc_patch },
	{ "GET", "/api/v1/customers/{id}/contacts", ROLE_STAFF, get_contacts, .doc = &doc_contact_list },
	{ "POST", "/api/v1/customers/{id}/contacts", ROLE_DESK, post_contact, .doc = &doc_contact_add },
	{ "GET", "/api/v1/customers/{id}/contacts/{id}", ROLE_STAFF, get_contact, .doc = &doc_contact_get },
	{ "PATCH", "/api/v1/customers/{id}/contacts/{id}", ROLE_DESK, patch_contact, .doc = &doc_contact_patch },
	{ 0 }
};
