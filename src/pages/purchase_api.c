/* /api/v1/hour-purchases */
#include "base/moment.h"
#include "base/text.h"
#include "pages/purchase.h"
#include "store/customer.h"
#include "web/api.h"

static const struct api_field purchase_fields[] = {
	{ "id", "integer", true }, { "customer_id", "integer", true }, { "minutes", "integer", true }, { "price_ore", "integer", true, NULL, "in all, without VAT" },
	{ "bought_on", "date", true }, { "expires_on", "date", true, NULL, "the last day they can be used" }, { "note", "string", true },
	{ "left_minutes", "integer", true, NULL, "today; 0 when they have expired" }, { 0 } };
static const struct api_schema schemas[] = { { "HourPurchase", purchase_fields }, { 0 } };

static json_t *purchase_json(struct web *w, const struct purchase_row *r)
{
	return json_pack("{s:I,s:I,s:I,s:I,s:s,s:s,s:s,s:I}", "id", (json_int_t)r->p.id, "customer_id", (json_int_t)r->p.customer_id,
		"minutes", (json_int_t)r->p.minutes, "price_ore", (json_int_t)r->p.price_ore, "bought_on", day_iso(w->a, r->p.bought_day),
		"expires_on", day_iso(w->a, r->p.expires_day), "note", r->p.note, "left_minutes", (json_int_t)r->left);
}

static int body_read(struct web *w, json_t *o, struct hour_purchase *p, struct err *e)
{
	static const char *const keys[] = { "customer_id", "minutes", "price_ore", "bought_on", "expires_on", "note", NULL };
	const char *bought = NULL, *expires = NULL;

	*p = (struct hour_purchase){ .bought_day = w->today };
	if (json_known(o, keys, e) != 0 || json_want_int(o, "customer_id", 1, INT64_MAX, true, 0, &p->customer_id, e) != 0 ||
	    json_want_int(o, "minutes", INT64_MIN, INT64_MAX, true, 0, &p->minutes, e) != 0 ||
	    json_want_int(o, "price_ore", INT64_MIN, INT64_MAX, true, 0, &p->price_ore, e) != 0 ||
	    json_want_text(o, "bought_on", 20, false, &bought, e) != 0 || json_want_text(o, "expires_on", 20, true, &expires, e) != 0 ||
	    json_want_text(o, "note", 200, false, &p->note, e) != 0)
		return -1;
	if (bought && *bought && day_parse(bought, "bought_on", &p->bought_day, e) != 0)
		return -1;
	return day_parse(expires, "expires_on", &p->expires_day, e);
}

static int post_purchase(struct web *w, struct err *e)
{
	struct purchase_job j = { .who = &w->who, .now = w->now };
	struct purchase_row *rows;
	json_t *o;
	int n;

	if (web_body_json(w, &o, e) != 0 || body_read(w, o, &j.p, e) != 0 || web_write(w, purchase_job, &j, e) != 0 || web_refresh(w, e) != 0 ||
	    purchases_load(w, j.p.customer_id, &rows, &n, e) != 0)
		return -1;
	for (int i = 0; i < n; i++)
		if (rows[i].p.id == j.id)
			return web_json(w, 201, purchase_json(w, &rows[i]));
	return FAIL(e, E_NOT_FOUND, "purchase %lld", (long long)j.id);
}

static int list_purchases(struct web *w, struct err *e)
{
	const char *id = web_query(w, "customer_id"), *cursor;
	struct purchase_row *rows;
	int64_t customer_id, from = 0;
	struct customer c;
	json_t *o, *items;
	int limit, n;

	if (!id || !*id)
		return FAIL_FIELD(e, E_REQUIRED, "customer_id", "customer_id");
	if (!text_int(id, &customer_id))
		return FAIL_FIELD(e, E_NUMBER_INVALID, "customer_id", "%.40s", id);
	if (customer_id <= 0)
		return FAIL_FIELD(e, E_NUMBER_RANGE, "customer_id", "%.40s", id);
	if (web_page(w, &limit, &cursor, e) != 0 || store_customer_get(w->db, w->a, customer_id, &c, e) != 0 ||
	    purchases_load(w, customer_id, &rows, &n, e) != 0)
		return -1;
	if (cursor && (!text_int(cursor, &from) || from <= 0))
		return FAIL_FIELD(e, E_CURSOR_INVALID, "cursor", "%.40s", cursor);
	o = json_object();
	json_object_set_new(o, "items", items = json_array());
	for (int64_t i = from; i < n && i < from + limit; i++)
		json_array_append_new(items, purchase_json(w, &rows[i]));
	json_object_set_new(o, "next", from + limit < n ? json_string(arena_printf(w->a, "%lld", (long long)from + limit)) : json_null());
	return web_json(w, 200, o);
}

static int post_remove(struct web *w, struct err *e)
{
	struct purchase_job j = { .who = &w->who, .now = w->now, .remove = true, .id = web_param_id(w, 0) };
	struct purchase_row was = { .removable = false };

	if (store_purchase_get(w->db, w->a, j.id, &was.p, e) != 0 || web_write(w, purchase_job, &j, e) != 0)
		return -1;
	return web_json(w, 200, purchase_json(w, &was));
}

static const struct api_field body[] = {
	{ "customer_id", "integer", true }, { "minutes", "integer", true, NULL, "1 to 60000" }, { "price_ore", "integer", true, NULL, "in all, without VAT" },
	{ "bought_on", "date", false, NULL, "today when left out; not in a closed month" },
	{ "expires_on", "date", true, NULL, "the last day they can be used; at most 10 years later" },
	{ "note", "string", false, NULL, "the customer can read it" }, { 0 } };
static const struct api_field query[] = { { "customer_id", "integer", true }, { "limit", "integer" }, { "cursor", "string" }, { 0 } };

static const struct api_doc doc_post = { "createHourPurchase", "Put hours that a customer has bought into its bank; what expires first is used first.",
	"time:write", NULL, body, 201, "HourPurchase", schemas };
static const struct api_doc doc_list = { "listHourPurchases", "Hours a customer has bought, the latest first.", "time:read", query, NULL, 200,
	"list:HourPurchase", NULL };
static const struct api_doc doc_remove = { "removeHourPurchase", "Take bought hours out again, as long as their month is open.", "time:write", NULL, NULL, 200,
	"HourPurchase", NULL };

const struct web_route purchase_api_routes[] = {
	{ "POST", "/api/v1/hour-purchases", ROLE_BOOKS, post_purchase, .doc = &doc_post },
	{ "GET", "/api/v1/hour-purchases", ROLE_STAFF, list_purchases, .doc = &doc_list },
	{ "POST", "/api/v1/hour-purchases/{id}/remove", ROLE_BOOKS, post_remove, .doc = &doc_remove },
	{ 0 }
};
