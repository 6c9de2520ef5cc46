/* /api/v1/time-entries, /api/v1/hour-banks, /api/v1/customers/{id}/months/{month}/close */
#include "base/moment.h"
#include "base/text.h"
#include "core/ticket.h"
#include "core/work.h"
#include "pages/time.h"
#include "store/customer.h"
#include "web/api.h"
#include "web/web.h"

#define ACTIVITIES "visit|remote|phone|task|teach|web|internal"

static const struct api_field entry_fields[] = {
	{ "id", "integer", true }, { "ticket_id", "integer", true, NULL, "0 when there is none" }, { "customer_id", "integer", true },
	{ "login", "string", true, NULL, "who worked" }, { "person", "string", true }, { "activity", "string", true, ACTIVITIES },
	{ "started_at", "date-time", true }, { "minutes", "integer", true }, { "drive_out_minutes", "integer", true },
	{ "drive_home_minutes", "integer", true }, { "trip_customers", "integer", true }, { "trip_part", "integer", true },
	{ "note", "string", true }, { "month", "month", true, NULL, "the month it is settled in" },
	{ "late", "boolean", true, NULL, "written after its own month was closed" }, { 0 } };
static const struct api_field line_fields[] = {
	{ "kind", "string", true, "overuse|driving", "overuse: time that no bank paid for" },
	{ "reason", "string", true, "used_up|no_bank|not_repaid|driving", "used_up: the hours were used up; no_bank: time by the hour, without an agreement; "
		"not_repaid: used in advance of a month that had too few hours" },
	{ "minutes", "integer", true }, { "hourly_price_ore", "integer", true },
	{ "amount_ore", "integer", true }, { 0 } };
static const struct api_field grant_fields[] = {
	{ "kind", "string", true, "month|rolled|late|bought|borrowed", "borrowed: used in advance of the next month" },
	{ "month", "month", true, NULL, "the month the hours were given for, or bought in" },
	{ "expires", "month", true, NULL, "the last month they can be used in" }, { "expires_on", "date", true, NULL, "the last day" },
	{ "purchase_id", "integer", true, NULL, "0 when they were not bought" },
	{ "repaid_minutes", "integer", true, NULL, "of a month's hours: used in advance the month before; granted is without them" },
	{ "granted_minutes", "integer", true },
	{ "drawn_minutes", "integer", true }, { 0 } };
static const struct api_field draw_fields[] = {
	{ "id", "integer", true }, { "ticket_id", "integer", true }, { "ticket_number", "integer", true }, { "subject", "string", true },
	{ "person", "string", true }, { "activity", "string", true, ACTIVITIES }, { "started_at", "date-time", true },
	{ "minutes", "integer", true, NULL, "as written" }, { "bill_minutes", "integer", true, NULL, "after rounding" },
	{ "drawn_minutes", "integer", true }, { "overuse_minutes", "integer", true },
	{ "no_bank", "boolean", true, NULL, "there was no agreement that day" }, { "included_minutes", "integer", true },
	{ "internal_minutes", "integer", true }, { "drive_minutes", "integer", true, NULL, "this customer's part" },
	{ "drive_whole_minutes", "integer", true, NULL, "of the whole trip" }, { "trip_customers", "integer", true }, { "trip_part", "integer", true },
	{ "drive_free_minutes", "integer", true },
	{ "drive_drawn_minutes", "integer", true }, { "drive_invoiced_minutes", "integer", true },
	{ "balance_minutes", "integer", true, NULL, "left in the bank after it" }, { "note", "string", true }, { "late", "boolean", true }, { 0 } };
#define BANK_FIELDS \
	{ "customer_id", "integer", true }, { "month", "month", true }, { "closed", "boolean", true }, \
	{ "sha256", "string", true, NULL, "of a closed month's statement; otherwise empty" }, \
	{ "granted_minutes", "integer", true }, { "drawn_minutes", "integer", true }, { "remaining_minutes", "integer", true }, \
	{ "asks_first", "boolean", true, NULL, "the agreement says: stop and ask; time past the hours is refused with HOURS_USED_UP until the customer says yes in the portal" }, \
	{ "more_time", "string", true, "not_asked|asked|accepted|refused", "what the customer has said to time past the hours of this month" }, \
	{ "overuse_minutes", "integer", true }, { "driving_minutes", "integer", true }, { "fixed_ore", "integer", true, NULL, "the month's fixed amount, of all services" }, \
	{ "fixed", "[FixedAmount]", true, NULL, "what each service adds to it; empty in a month closed before that was counted" }, \
	{ "bought_ore", "integer", true, NULL, "hours bought in the month; not among the invoice lines" }, \
	{ "invoice_lines", "[InvoiceLine]", true }, { "grants", "[HourGrant]", true }, { "entries", "[HourDraw]", true }

static const struct api_field fee_fields[] = { { "service", "string", true }, { "amount_ore", "integer", true }, { 0 } };
static const struct api_field bank_fields[] = { BANK_FIELDS, { 0 } };
static const struct api_field closed_fields[] = {
	BANK_FIELDS, { "months_closed", "[month]", true, NULL, "what this call locked, the first month first: earlier open months too" }, { 0 } };
static const struct api_schema schemas[] = {
	{ "TimeEntry", entry_fields }, { "FixedAmount", fee_fields }, { "InvoiceLine", line_fields }, { "HourGrant", grant_fields }, { "HourDraw", draw_fields },
	{ "HourBank", bank_fields }, { "ClosedMonth", closed_fields }, { 0 } };

static void put(json_t *o, const char *key, int64_t v) { json_object_set_new(o, key, json_integer(v)); }
static void put_text(json_t *o, const char *key, const char *v) { json_object_set_new(o, key, json_string(v ? v : "")); }

static json_t *entry_json(struct web *w, const struct time_entry *t)
{
	json_t *o = json_object();

	put(o, "id", t->id);
	put(o, "ticket_id", t->ticket_id);
	put(o, "customer_id", t->customer_id);
	put_text(o, "login", t->person_login);
	put_text(o, "person", t->person_name);
	put_text(o, "activity", t->activity);
	put_text(o, "started_at", moment_iso(w->a, t->started_at));
	put(o, "minutes", t->minutes);
	put(o, "drive_out_minutes", t->drive_out_minutes);
	put(o, "drive_home_minutes", t->drive_home_minutes);
	put(o, "trip_customers", t->trip_customers);
	put(o, "trip_part", t->trip_part);
	put_text(o, "note", t->note);
	put_text(o, "month", month_iso(w->a, t->month));
	json_object_set_new(o, "late", json_boolean(t->late));
	return o;
}

static json_t *draw_json(struct web *w, const struct statement_entry *n)
{
	json_t *o = json_object();

	put(o, "id", n->id);
	put(o, "ticket_id", n->ticket_id);
	put(o, "ticket_number", n->ticket_number);
	put_text(o, "subject", n->subject);
	put_text(o, "person", n->person);
	put_text(o, "activity", activity_name(n->activity));
	put_text(o, "started_at", moment_iso(w->a, n->started_at));
	put(o, "minutes", n->minutes);
	put(o, "bill_minutes", n->bill);
	put(o, "drawn_minutes", n->drawn);
	put(o, "overuse_minutes", n->over);
	json_object_set_new(o, "no_bank", json_boolean(n->no_bank));
	put(o, "included_minutes", n->included);
	put(o, "internal_minutes", n->internal);
	put(o, "drive_minutes", n->drive);
	put(o, "drive_whole_minutes", n->drive_whole);
	put(o, "trip_customers", n->trip_customers);
	put(o, "trip_part", n->trip_part);
	put(o, "drive_free_minutes", n->drive_free);
	put(o, "drive_drawn_minutes", n->drive_drawn);
	put(o, "drive_invoiced_minutes", n->drive_invoiced);
	put(o, "balance_minutes", n->balance);
	put_text(o, "note", n->note);
	json_object_set_new(o, "late", json_boolean(n->late));
	return o;
}

static json_t *bank_json(struct web *w, const struct statement *s, enum bank_yes yes)
{
	json_t *o = json_object(), *lines = json_array(), *grants = json_array(), *entries = json_array(), *fees, *v;

	put(o, "customer_id", s->customer_id);
	put_text(o, "month", month_iso(w->a, s->month));
	json_object_set_new(o, "closed", json_boolean(s->closed));
	put_text(o, "sha256", s->sha256);
	put(o, "granted_minutes", s->granted);
	put(o, "drawn_minutes", s->drawn);
	put(o, "remaining_minutes", statement_left(s, w->today));
	json_object_set_new(o, "asks_first", json_boolean(s->terms.stop_and_ask));
	put_text(o, "more_time", bank_yes_name(yes));
	put(o, "overuse_minutes", s->over);
	put(o, "driving_minutes", s->driving);
	put(o, "fixed_ore", s->fee_ore);
	json_object_set_new(o, "fixed", fees = json_array());
	for (int i = 0; i < s->nfees; i++)
		json_array_append_new(fees, json_pack("{s:s,s:I}", "service", s->fees[i].service, "amount_ore", (json_int_t)s->fees[i].amount_ore));
	put(o, "bought_ore", s->bought_ore);
	for (int i = 0; i < s->nlines; i++) {
		json_array_append_new(lines, v = json_object());
		put_text(v, "kind", bank_line_name(s->lines[i].kind));
		put_text(v, "reason", bank_why_name(s->lines[i].why));
		put(v, "minutes", s->lines[i].minutes);
		put(v, "hourly_price_ore", s->lines[i].hourly_ore);
		put(v, "amount_ore", s->lines[i].amount_ore);
	}
	for (int i = 0; i < s->ngrants; i++) {
		json_array_append_new(grants, v = json_object());
		put_text(v, "kind", bank_grant_name(s->grants[i].kind));
		put_text(v, "month", month_iso(w->a, s->grants[i].origin_month));
		put_text(v, "expires", month_iso(w->a, s->grants[i].expires_month));
		put_text(v, "expires_on", day_iso(w->a, s->grants[i].to_day));
		put(v, "purchase_id", s->grants[i].purchase_id);
		put(v, "repaid_minutes", s->grants[i].repaid);
		put(v, "granted_minutes", s->grants[i].granted);
		put(v, "drawn_minutes", s->grants[i].drawn);
	}
	for (int i = 0; i < s->nentries; i++)
		json_array_append_new(entries, draw_json(w, &s->entries[i]));
	json_object_set_new(o, "invoice_lines", lines);
	json_object_set_new(o, "grants", grants);
	json_object_set_new(o, "entries", entries);
	return o;
}

/* ---- POST and GET /api/v1/time-entries ---- */

struct log_job { const struct actor *who; struct work_in in; int64_t now, id; struct desk desk; };

static int log_job(struct db_conn *c, struct arena *a, void *arg, struct err *e)
{
	struct log_job *j = arg;
	struct time_entry t;

	if (work_log(c, a, j->who, &j->in, j->now, &t, e) != 0)
		return -1;
	j->id = t.id;
	return t.ticket_id ? ticket_begin(c, a, &j->desk, j->who, t.ticket_id, e) : 0;
}

static int want_minutes(json_t *o, const char *key, bool required, int64_t *out, struct err *e)
{
	if (json_want_int(o, key, INT64_MIN, INT64_MAX, required, 0, out, e) != 0)
		return -1;
	return *out < 0 || *out > 24 * 60 ? FAIL_FIELD(e, text_starts(key, "drive") ? E_DRIVE_RANGE : E_DURATION_RANGE, key, "%lld", (long long)*out) : 0;
}

static int entry_read(struct web *w, json_t *o, struct work_in *in, struct err *e)
{
	static const char *const keys[] = { "ticket_id", "activity", "started_at", "minutes", "note", "drive_out_minutes", "drive_home_minutes",
		"trip_customers", "trip_part", "login", "late", NULL };
	const char *login = NULL, *started = NULL;
	json_t *late = json_object_get(o, "late");

	if (json_known(o, keys, e) != 0 || json_want_int(o, "ticket_id", 1, INT64_MAX, true, 0, &in->ticket_id, e) != 0 ||
	    json_want_text(o, "activity", 40, true, &in->activity, e) != 0 || json_want_text(o, "started_at", 60, true, &started, e) != 0 ||
	    want_minutes(o, "minutes", true, &in->minutes, e) != 0 || json_want_text(o, "note", 4000, false, &in->note, e) != 0 ||
	    want_minutes(o, "drive_out_minutes", false, &in->drive_out, e) != 0 ||
	    want_minutes(o, "drive_home_minutes", false, &in->drive_home, e) != 0 ||
	    json_want_int(o, "trip_customers", 1, WORK_TRIP_CUSTOMERS, false, 1, &in->trip_customers, e) != 0 ||
	    json_want_int(o, "trip_part", 1, WORK_TRIP_CUSTOMERS, false, 0, &in->trip_part, e) != 0 || json_want_text(o, "login", 60, false, &login, e) != 0)
		return -1;
	if (activity_by_name(in->activity) < 0)
		return FAIL_FIELD(e, E_CHOICE_INVALID, "activity", "%.40s", in->activity);
	if (moment_parse(started, "started_at", &in->started_at, e) != 0)
		return e->id == E_DATE_INVALID ? FAIL_FIELD(e, E_TIME_INVALID, "started_at", "%.60s", started) : -1;
	if (late && !json_is_null(late) && !json_is_boolean(late))
		return FAIL_FIELD(e, E_FIELD_TYPE, "late", "boolean");
	in->late = json_is_true(late);
	in->origin = w->app->origin;
	return login && *login ? store_time_person_by_login(w->db, login, &in->person_id, e) : 0;
}

static int post_entry(struct web *w, struct err *e)
{
	struct log_job j = { .who = &w->who, .now = w->now, .desk = { w->app->catalogue, w->app->origin, w->now } };
	struct time_entry t;
	json_t *o;

	if (web_body_json(w, &o, e) != 0 || entry_read(w, o, &j.in, e) != 0)
		return -1;
	if (web_write(w, log_job, &j, e) != 0) {
		work_refused(w, e, j.in.ticket_id, 0);
		return -1;
	}
	if (web_refresh(w, e) != 0 || store_time_get(w->db, w->a, j.id, &t, e) != 0)
		return -1;
	w->app->wake(w->app->wake_arg, "outbox");
	return web_json(w, 201, entry_json(w, &t));
}

static int query_id(struct web *w, const char *name, bool required, int64_t *out, struct err *e)
{
	const char *s = web_query(w, name);

	*out = 0;
	if (!s || !*s)
		return required ? FAIL_FIELD(e, E_REQUIRED, name, "%s", name) : 0;
	if (!text_int(s, out))
		return FAIL_FIELD(e, E_NUMBER_INVALID, name, "%.40s", s);
	return *out > 0 ? 0 : FAIL_FIELD(e, E_NUMBER_RANGE, name, "%.40s", s);
}

static int list_entries(struct web *w, struct err *e)
{
	int64_t customer_id, ticket_id, person_id = 0, before = 0;
	const char *login = web_query(w, "login"), *cursor;
	struct time_entry *t;
	struct customer c;
	json_t *o, *items;
	int limit, n;

	if (query_id(w, "customer_id", false, &customer_id, e) != 0 || query_id(w, "ticket_id", false, &ticket_id, e) != 0 ||
	    web_page(w, &limit, &cursor, e) != 0)
		return -1;
	if (customer_id && store_customer_get(w->db, w->a, customer_id, &c, e) != 0)
		return -1;
	if (login && *login && store_time_person_by_login(w->db, login, &person_id, e) != 0)
		return -1;
	if (cursor && (!text_int(cursor, &before) || before <= 0))
		return FAIL_FIELD(e, E_CURSOR_INVALID, "cursor", "%.40s", cursor);
	if (store_time_list(w->db, w->a, customer_id, ticket_id, person_id, before, limit + 1, &t, &n, e) != 0)
		return -1;
	o = json_object();
	json_object_set_new(o, "items", items = json_array());
	for (int i = 0; i < n && i < limit; i++)
		json_array_append_new(items, entry_json(w, &t[i]));
	json_object_set_new(o, "next", n > limit ? json_string(arena_printf(w->a, "%lld", (long long)t[limit - 1].id)) : json_null());
	return web_json(w, 200, o);
}

/* ---- GET /api/v1/hour-banks, POST .../close ---- */

static int get_bank(struct web *w, struct err *e)
{
	const char *month = web_query(w, "month");
	int32_t m = month_of(w->now);
	enum bank_yes yes;
	struct statement s;
	int64_t customer_id;

	if (query_id(w, "customer_id", true, &customer_id, e) != 0 || (month && month_parse(month, "month", &m, e) != 0) ||
	    work_statement(w->db, w->a, customer_id, m, &s, e) != 0 || bank_yes_read(w->db, w->a, customer_id, m, &yes, e) != 0)
		return -1;
	return web_json(w, 200, bank_json(w, &s, yes));
}

static int post_close(struct web *w, struct err *e)
{
	enum bank_yes yes;
	struct statement s;
	int32_t month;
	json_t *o, *names;
	int closed;

	if (month_parse(w->param[1], "month", &month, e) != 0 || hours_close(w, web_param_id(w, 0), month, &closed, e) != 0 ||
	    work_statement(w->db, w->a, web_param_id(w, 0), month, &s, e) != 0 || bank_yes_read(w->db, w->a, web_param_id(w, 0), month, &yes, e) != 0)
		return -1;
	o = bank_json(w, &s, yes);
	json_object_set_new(o, "months_closed", names = json_array());
	for (int32_t m = month - closed + 1; m <= month; m++)
		json_array_append_new(names, json_string(month_iso(w->a, m)));
	return web_json(w, 200, o);
}

static const struct api_field entry_body[] = {
	{ "ticket_id", "integer", true }, { "activity", "string", true, ACTIVITIES }, { "started_at", "date-time", true },
	{ "minutes", "integer", true, NULL, "1 to 1440" }, { "note", "string", false, NULL, "the customer may read it" },
	{ "drive_out_minutes", "integer", false, NULL, "only with visit" }, { "drive_home_minutes", "integer", false, NULL, "only with visit" },
	{ "trip_customers", "integer", false, NULL, "the trip went to so many customers, 1 to 20; driving is written for the whole trip and divided" },
	{ "trip_part", "integer", false, NULL, "needed with trip_customers: this customer is number 1 to trip_customers; the parts add up to the whole" },
	{ "login", "string", false, NULL, "who worked; the token's person when left out" },
	{ "late", "boolean", false, NULL, "true: for a closed month, settled in the first open one" }, { 0 } };
static const struct api_field entry_query[] = { { "customer_id", "integer" }, { "ticket_id", "integer" }, { "login", "string" }, { "limit", "integer" },
	{ "cursor", "string" }, { 0 } };
static const struct api_field bank_query[] = { { "customer_id", "integer", true }, { "month", "month", false, NULL, "this month when left out" }, { 0 } };

static const struct api_doc doc_post = { "createTimeEntry", "Write down time on a ticket; it draws from the customer's hour bank.", "time:write", NULL,
	entry_body, 201, "TimeEntry", schemas };
static const struct api_doc doc_list = { "listTimeEntries", "Time that was written down, the latest first.", "time:read", entry_query, NULL, 200,
	"list:TimeEntry", NULL };
static const struct api_doc doc_bank = { "getHourBank", "A customer's hours in a month: granted, drawn, left, and what is invoiced.", "time:read",
	bank_query, NULL, 200, "HourBank", NULL };
static const struct api_doc doc_close = { "closeMonth", "Lock a month that is over, and every open month before it.", "time:write", NULL, NULL, 200,
	"ClosedMonth", NULL };

const struct web_route time_api_routes[] = {
	{ "POST", "/api/v1/time-entries", ROLE_STAFF, post_entry, .doc = &doc_post },
	{ "GET", "/api/v1/time-entries", ROLE_STAFF, list_entries, .doc = &doc_list },
	{ "GET", "/api/v1/hour-banks", ROLE_STAFF, get_bank, .doc = &doc_bank },
	{ "POST", "/api/v1/customers/{id}/months/{month}/close", ROLE_BOOKS, post_close, .doc = &doc_close },
	{ 0 }
};
