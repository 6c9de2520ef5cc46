/* The promise ledger for other programs. */
#include "base/moment.h"
#include "base/text.h"
#include "pages/promise.h"
#include "store/customer.h"
#include "web/api.h"
#include <inttypes.h>

static json_t *reasons_json(const struct proof *p)
{
	json_t *da = json_array(), *en = json_array();

	for (int i = 0; i < p->nreasons; i++) {
		json_array_append_new(da, json_string(p->reasons[i].text[LANG_DA]));
		json_array_append_new(en, json_string(p->reasons[i].text[LANG_EN]));
	}
	return json_pack("{s:o,s:o}", "da", da, "en", en);
}

static json_t *evidence_json(struct web *w, const struct proof *p)
{
	json_t *all = json_array();

	for (int i = 0; i < p->nevidence; i++) {
		const struct proof_line *l = &p->evidence[i];
		json_t *o = json_pack("{s:s,s:s}", "da", l->text[LANG_DA], "en", l->text[LANG_EN]);

		if (l->at)
			json_object_set_new(o, "at", json_string(moment_iso(w->a, l->at)));
		if (l->href)
			json_object_set_new(o, "href", json_string(l->href));
		json_array_append_new(all, o);
	}
	return all;
}

/* To the microsecond: asked again with ?at= of exactly this moment, the state is the same. */
static const char *exactly(struct web *w, int64_t at)
{
	const char *iso = moment_iso(w->a, at);

	return arena_printf(w->a, "%.19s.%06d%s", iso, moment_utc(at).micro, iso + 19);
}

static json_t *promise_json(struct web *w, const struct promise_stand *s, int64_t since_at, int64_t ticket_number)
{
	json_t *o = json_pack("{s:s,s:s,s:I,s:s,s:s,s:b,s:s,s:{s:s,s:s},s:{s:s,s:s},s:o,s:o}", "key", s->promise->key, "service", s->service->key,
		"agreement_id", (json_int_t)s->agreement_id, "party", party_name(s->promise->party), "state", promise_state_name(s->proof.state), "live", s->live,
		"since", exactly(w, since_at), "title", "da", promise_title(w->a, s->promise, LANG_DA), "en", promise_title(w->a, s->promise, LANG_EN),
		"text", "da", s->promise->text[LANG_DA], "en", s->promise->text[LANG_EN], "reasons", reasons_json(&s->proof), "evidence",
		evidence_json(w, &s->proof));

	if (s->proof.due_at)
		json_object_set_new(o, "due", json_string(moment_iso(w->a, s->proof.due_at)));
	if (ticket_number)
		json_object_set_new(o, "ticket_number", json_integer(ticket_number));
	return o;
}

/* As it was: the state told again from what was known then, since when by the ledger. */
static int list_then(struct web *w, int64_t customer_id, const char *service, int64_t at, json_t *all, struct err *e)
{
	struct promise_book b = promise_book_of(w);
	struct promise_stand *then;
	struct promise_row *rows;
	int n, nrows;

	if (promise_list_at(w->db, w->a, &b, customer_id, service, at, &then, &n, e) != 0 ||
	    store_promise_history(w->db, w->a, customer_id, NULL, at, 100000, &rows, &nrows, e) != 0)
		return -1;
	for (int i = 0; i < n; i++) {
		int64_t since = at;

		for (int r = 0; r < nrows; r++)
			if (rows[r].since_at <= at && strcmp(rows[r].promise, then[i].promise->key) == 0 &&
			    strcmp(rows[r].state, promise_state_name(then[i].proof.state)) == 0)
				since = rows[r].since_at;
		json_array_append_new(all, promise_json(w, &then[i], since, 0));
	}
	return 0;
}

static int get_promises(struct web *w, struct err *e)
{
	const char *id = web_query(w, "customer_id"), *when = web_query(w, "at"), *service = web_query(w, "service");
	struct promise_line *lines;
	struct customer c;
	int64_t customer_id, at = 0;
	json_t *all;
	int n;

	if (!id || !*id)
		return FAIL_FIELD(e, E_REQUIRED, "customer_id", "customer_id");
	if (!text_int(id, &customer_id) || customer_id < 1)
		return FAIL_FIELD(e, E_NUMBER_INVALID, "customer_id", "%.40s", id);
	if (when && moment_parse(when, "at", &at, e) != 0)
		return -1;
	if (when && at > w->now)
		return FAIL_FIELD(e, E_MOMENT_FUTURE, "at", "%.60s", when);
	if (service && !catalogue_find(w->app->catalogue, service))
		return FAIL_FIELD(e, E_SERVICE_UNKNOWN, "service", "%.60s", service);
	if (store_customer_get(w->db, w->a, customer_id, &c, e) != 0)
		return e->id == E_NOT_FOUND ? FAIL_FIELD(e, E_NOT_FOUND, "customer_id", "%lld", (long long)customer_id) : -1;
	all = json_array();
	if (when) {
		if (list_then(w, customer_id, service, at, all, e) != 0) {
			json_decref(all);
			return -1;
		}
		return web_whole(w, all, e);
	}
	if (promise_lines(w, customer_id, service, true, &lines, &n, e) != 0 || promise_lines_read(w, lines, n, e) != 0) {
		json_decref(all);
		return -1;
	}
	for (int i = 0; i < n; i++)
		json_array_append_new(all, promise_json(w, &lines[i].now, lines[i].since_at, lines[i].ticket_number));
	return web_whole(w, all, e);
}

struct attest { const struct actor *who; int64_t customer_id, expires_at, now, id; const char *key, *note; };

static int attest_job(struct db_conn *c, struct arena *a, void *arg, struct err *e)
{
	struct attest *t = arg;

	return promise_attest(c, a, t->who, t->customer_id, t->key, t->note, t->expires_at, t->now, &t->id, e);
}

static int post_attestation(struct web *w, struct err *e)
{
	static const char *const keys[] = { "customer_id", "promise", "note", "expires", NULL };
	struct attest t = { .who = &w->who, .now = w->now };
	struct promise_book b = promise_book_of(w);
	struct promise_stand s;
	struct customer c;
	const char *expires;
	int32_t day;
	json_t *o;

	if (web_body_json(w, &o, e) != 0 || json_known(o, keys, e) != 0 || json_want_int(o, "customer_id", 1, INT64_MAX, true, 0, &t.customer_id, e) != 0 ||
	    json_want_text(o, "promise", 100, true, &t.key, e) != 0 || json_want_text(o, "note", 2000, true, &t.note, e) != 0 ||
	    json_want_text(o, "expires", 10, true, &expires, e) != 0 || day_parse(expires, "expires", &day, e) != 0)
		return -1;
	if (store_customer_get(w->db, w->a, t.customer_id, &c, e) != 0)
		return e->id == E_NOT_FOUND ? FAIL_FIELD(e, E_NOT_FOUND, "customer_id", "%" PRId64, t.customer_id) : -1;
	if (promise_at(w->db, w->a, &b, t.customer_id, t.key, w->now, &s, e) != 0)
		return e->id == E_PROMISE_UNKNOWN ? FAIL_FIELD(e, E_PROMISE_UNKNOWN, "promise", "%s", t.key) : -1;
	if (s.live)
		return FAIL_FIELD(e, E_ATTEST_LIVE, "promise", "%s", t.key);
	if (day <= w->today)
		return FAIL_FIELD(e, E_ATTEST_EXPIRY, "expires", "%s", expires);
	t.expires_at = day_start(day + 1);              /* to the end of that day */
	if (web_write(w, attest_job, &t, e) != 0)       /* it calls the moment by the form's name */
		return e->id == E_ATTEST_EXPIRY ? FAIL_FIELD(e, E_ATTEST_EXPIRY, "expires", "%s", expires) : -1;
	w->app->wake(w->app->wake_arg, "promises");
	return web_json(w, 201, json_pack("{s:I,s:I,s:s,s:s,s:s,s:s,s:s}", "id", (json_int_t)t.id, "customer_id", (json_int_t)t.customer_id, "promise", t.key,
		"by", w->who.name, "at", moment_iso(w->a, w->now), "expires", day_iso(w->a, day), "note", t.note));
}

static const struct api_field promise_fields[] = {
	{ "key", "string", true }, { "service", "string", true }, { "agreement_id", "integer", true }, { "party", "string", true, "supplier|customer" },
	{ "state", "string", true, "kept|at_risk|broken|blind|attested|not_due|waiting" }, { "live", "boolean", true, NULL, "measured; otherwise attested by a person" },
	{ "since", "date-time", true }, { "due", "date-time", false, NULL, "when it breaks if nothing is done" }, { "title", "text:da,en", true },
	{ "text", "text:da,en", true }, { "reasons", "texts:da,en", true, NULL, "a list of sentences in each language" }, { "evidence", "[Evidence]", true },
	{ "ticket_number", "integer" }, { 0 } };
static const struct api_field evidence_fields[] = {
	{ "da", "string", true }, { "en", "string", true }, { "at", "date-time", false, NULL, "when it was seen" },
	{ "href", "string", false, NULL, "where a signed-in person can look at it" }, { 0 } };
static const struct api_field attestation_fields[] = {
	{ "id", "integer", true }, { "customer_id", "integer", true }, { "promise", "string", true }, { "by", "string", true }, { "at", "date-time", true },
	{ "expires", "date", true }, { "note", "string", true }, { 0 } };
static const struct api_schema schemas[] = { { "Promise", promise_fields }, { "Evidence", evidence_fields }, { "Attestation", attestation_fields }, { 0 } };
static const struct api_field list_query[] = { { "customer_id", "integer", true }, { "at", "date-time", false, NULL, "as it stood at that moment" },
	{ "service", "string" }, { "limit", "integer", false, NULL, "only the first; left out: all" }, { 0 } };
static const struct api_field attest_body[] = { { "customer_id", "integer", true }, { "promise", "string", true }, { "note", "string", true, NULL, "what was seen" },
	{ "expires", "date", true, NULL, "the last day it holds; at most 400 days ahead" }, { 0 } };
static const struct api_doc doc_list = { "listPromises", "How every promise to a customer stands, of both parties, with reasons and evidence.", "promises:read",
	list_query, NULL, 200, "[Promise]", schemas };
static const struct api_doc doc_attest = { "attestPromise", "Vouch for a promise that nothing measures.", "promises:write", NULL, attest_body, 201, "Attestation",
	NULL };

const struct web_route promise_api_routes[] = {
	{ "GET", "/api/v1/promises", ROLE_STAFF, get_promises, .doc = &doc_list },
	{ "POST", "/api/v1/attestations", ROLE_DESK, post_attestation, .doc = &doc_attest },
	{ 0 }
};
