/* The promise ledger in the console: the list, and one promise with its trail. */
#include "base/hash.h"
#include "base/moment.h"
#include "base/text.h"
#include "pages/promise.h"
#include "core/promise_judge.h"
#include "store/agreement.h"
#include "store/customer.h"
#include <inttypes.h>

#define PAGE_ROWS 50

static int page_list(struct web *w, struct err *e)
{
	const char *state = web_query(w, "state"), *service = web_query(w, "service"), *from = web_query(w, "after");
	struct promise_list_view v = { .state = state ? state : "", .service = service ? service : "" };
	struct promise_filter f = { .bare = true, .states = v.state, .service = v.service, .limit = PAGE_ROWS + 1 };
	struct promise_row *rows;
	int64_t after = 0;

	if (*v.state && promise_state_by_name(v.state) < 0)
		return FAIL_FIELD(e, E_CHOICE_INVALID, "state", "%.40s", v.state);
	if (*v.service && !catalogue_find(w->app->catalogue, v.service))
		return FAIL_FIELD(e, E_SERVICE_UNKNOWN, "service", "%.60s", v.service);
	if (from && (!text_int(from, &after) || after < 0 || after > 10000000))
		return FAIL_FIELD(e, E_CURSOR_INVALID, "after", "%.40s", from);
	f.offset = (int)after;
	if (store_promise_list(w->db, w->a, &f, &rows, &v.n, e) != 0 ||
	    store_promise_count(w->db, 0, v.service, v.count, &v.customers, &v.measured_at, e) != 0)
		return -1;
	if (v.n > PAGE_ROWS) {
		v.n = PAGE_ROWS;
		v.next = arena_printf(w->a, "/console/promises?state=%s&service=%s&after=%d", v.state, v.service, f.offset + PAGE_ROWS);
	}
	if (promise_queue(w, rows, v.n, &v.rows, e) != 0)
		return -1;
	promise_list_page(w, &v);
	return 0;
}

static int page_customer(struct web *w, struct err *e)
{
	struct customer c;

	if (store_customer_get(w->db, w->a, web_param_id(w, 0), &c, e) != 0)
		return -1;
	promise_customer_page(w, c.id, c.name);
	return 0;
}

/* Changes of state and attestations, the newest first. */
static int trail_make(struct web *w, int64_t customer_id, const char *key, struct promise_view *v, struct err *e)
{
	struct promise_row *rows;
	struct promise_trail *t;
	int n, g = 0, count = 0;

	if (store_promise_history(w->db, w->a, customer_id, key, 0, 60, &rows, &n, e) != 0)
		return -1;
	t = ARENA_ARRAY(w->a, struct promise_trail, n + 2 * v->ngiven + 1);
	for (int i = 0; i < n; i++) {
		int state = promise_state_by_name(rows[i].state);
		const struct proof_line *lines;
		int nlines;

		for (; g < v->ngiven && v->given[g].at >= rows[i].since_at; g++)
			t[count++] = (struct promise_trail){ .at = v->given[g].at, .icon = "attest", .what = arena_printf(w->a, _("%s attested it until %s"),
				v->given[g].person_name, fmt_day(w, day_of(v->given[g].expires_at - 1))), .why = v->given[g].note };
		if (state < 0 || proof_lines_read(w->a, rows[i].reasons, &lines, &nlines, e) != 0)
			continue;
		t[count] = (struct promise_trail){ .at = rows[i].since_at, .icon = ui_state_icon((enum promise_state)state), .state = ui_state_key((enum promise_state)state),
			.what = ui_state_word(w, (enum promise_state)state), .why = nlines ? lines[0].text[w->lang] : "",
			.href = rows[i].ticket_number ? promise_href(w, arena_printf(w->a, "tickets/%" PRId64, rows[i].ticket_number)) : NULL };
		if (store_promise_hash(w->db, w->a, rows[i].id, &t[count].hash, e) != 0)
			return -1;
		v->marked |= t[count].hash && *t[count].hash;
		count++;
	}
	v->trail = t;
	v->ntrail = count;
	return 0;
}

/* Everything about one promise; also for the portal. */
static int shared_from(struct web *w, struct promise_view *v, struct err *e)
{
	struct promise_book b = promise_book_of(w);
	const struct promise_stand *now = &v->line.now;
	const struct service_promise *prover = judge_prover(&b, now->service->key, now->promise->key);
	struct agreement g;

	if (!prover || !prover->probes)
		return 0;
	if (store_agreement_get(w->db, w->a, v->customer_id, now->agreement_id, &g, e) != 0)
		return -1;
	v->shared_from = g.valid_from_day > month_first_day(month_of_day(w->today)) ? g.valid_from_day : 0;
	return 0;
}

int promise_show(struct web *w, int64_t customer_id, const char *key, int days, struct promise_view *v, struct err *e)
{
	const struct catalogue_service *service;
	struct promise_line *lines, *duty;
	struct attestation *given;
	const char *dot = strrchr(key, '.');
	int n;

	service = dot ? catalogue_find(w->app->catalogue, arena_dupn(w->a, key, (size_t)(dot - key))) : NULL;
	if (promise_lines(w, customer_id, service ? service->key : NULL, true, &lines, &n, e) != 0 || promise_lines_read(w, lines, n, e) != 0)
		return -1;
	duty = ARENA_ARRAY(w->a, struct promise_line, n + 1);
	v->customer_id = customer_id;
	for (int i = 0; i < n; i++) {
		if (strcmp(lines[i].now.promise->key, key) == 0)
			v->line = lines[i];
		else if (lines[i].now.promise->party == PARTY_CUSTOMER)
			duty[v->nduty++] = lines[i];
	}
	v->duty = duty;
	if (!v->line.now.promise)
		return FAIL(e, E_PROMISE_UNKNOWN, "%s of customer %" PRId64, key, customer_id);
	if (store_attestation_list(w->db, w->a, customer_id, key, w->now, &given, &v->ngiven, e) != 0)
		return -1;
	v->given = given;
	v->days = promise_days(w, customer_id, key, days, &v->days_label, e);
	if (!v->days || shared_from(w, v, e) != 0 || trail_make(w, customer_id, key, v, e) != 0)
		return -1;
	return 0;
}

/* A moment as people write it: "20.11. 9.50", "20 Nov 09:50". */
static const char *typed_moment(struct web *w, int64_t t)
{
	struct civil c = moment_local(t);

	return w->lang == LANG_EN ? arena_printf(w->a, "%d %s %02d:%02d", c.day, month_short(c.month), c.hour, c.minute) :
		arena_printf(w->a, "%d.%d. %d.%02d", c.day, c.month, c.hour, c.minute);
}

/* A day alone is how it stood when the day was over; today, how it stands now. */
static int read_when(struct web *w, const char *typed, int64_t *when, struct err *e)
{
	struct err none;
	int32_t day;

	if (read_moment(w, typed, "at", when, e) == 0)
		return 0;
	if (e->id == E_TIME_UNCLEAR || read_day(w, typed, "at", &day, &none) != 0)
		return -1;
	*when = day == w->today ? w->now : day_start(day + 1) - 1;
	return 0;
}

static int show(struct web *w, struct err *e)
{
	const char *at = web_query(w, "at"), *done = web_query(w, "done");
	int64_t customer_id = web_param_id(w, 0), when;
	struct promise_book b = promise_book_of(w);
	struct promise_view v = { .typed_at = at ? at : "", .note = "", .expires = fmt_day(w, w->today + 182) };
	struct customer c;
	struct err wrong;

	if (store_customer_get(w->db, w->a, customer_id, &c, e) != 0 || promise_show(w, customer_id, w->param[1], 90, &v, e) != 0)
		return -1;
	v.customer = c.name;
	v.example = typed_moment(w, v.line.since_at);
	v.done = !done ? NULL : strcmp(done, "attested") == 0 ? _("Attested. It holds until the day you chose.") :
		strcmp(done, "withdrawn") == 0 ? _("The attestation is withdrawn.") : NULL;
	if (at) {
		when = w->now;
		if (!text_blank(at) && read_when(w, at, &when, &wrong) != 0) {
			web_wrong(w, &wrong);
		} else if (when > w->now) {
			FAIL_FIELD(&wrong, E_MOMENT_FUTURE, "at", "%s", at);
			web_wrong(w, &wrong);
		} else {
			v.asked_at = when;
			v.then_is = promise_at(w->db, w->a, &b, customer_id, w->param[1], when, &v.then, &wrong) == 0;
			if (!v.then_is && wrong.id != E_PROMISE_UNKNOWN)
				return *e = wrong, -1;
		}
	}
	promise_page(w, &v);
	return 0;
}

struct attest { const struct actor *who; int64_t customer_id, expires_at, now, id; const char *key, *note; bool withdraw; };

static int attest_job(struct db_conn *c, struct arena *a, void *arg, struct err *e)
{
	struct attest *t = arg;

	return t->withdraw ? promise_attest_withdraw(c, a, t->who, t->customer_id, t->key, t->id, t->now, e) :
		promise_attest(c, a, t->who, t->customer_id, t->key, t->note, t->expires_at, t->now, &t->id, e);
}

static int post_attest(struct web *w, struct err *e)
{
	struct attest t = { .who = &w->who, .customer_id = web_param_id(w, 0), .key = w->param[1], .now = w->now };
	struct promise_book b = promise_book_of(w);
	struct promise_stand s;
	struct err wrong;
	int32_t day;

	if (web_form_check(w, e) != 0 || promise_at(w->db, w->a, &b, t.customer_id, t.key, w->now, &s, e) != 0)
		return -1;
	if (s.live)
		return FAIL(e, E_ATTEST_LIVE, "%s", t.key);
	t.note = web_field(w, "note") ? web_field(w, "note") : "";
	if (text_check(t.note, "note", 2000, true, &wrong) != 0)
		web_wrong(w, &wrong);
	if (read_day(w, web_field(w, "expires_at") ? web_field(w, "expires_at") : "", "expires_at", &day, &wrong) != 0)
		web_wrong(w, &wrong);
	else if (day <= w->today && FAIL_FIELD(&wrong, E_ATTEST_EXPIRY, "expires_at", "today or before"))
		web_wrong(w, &wrong);
	else
		t.expires_at = day_start(day + 1);
	if (!w->nerrors && web_write(w, attest_job, &t, &wrong) != 0) {
		if (err_kind(wrong.id) != ERR_INPUT)
			return *e = wrong, -1;
		web_wrong(w, &wrong);
	}
	if (w->nerrors) {
		web_status(w, 400);
		return show(w, e);
	}
	w->app->wake(w->app->wake_arg, "promises");
	return web_redirect(w, arena_printf(w->a, "/console/promises/%" PRId64 "/%s?done=attested", t.customer_id, t.key));
}

static int post_withdraw(struct web *w, struct err *e)
{
	struct attest t = { .who = &w->who, .customer_id = web_param_id(w, 0), .key = w->param[1], .now = w->now, .withdraw = true };
	const char *id;

	if (web_form_check(w, e) != 0)
		return -1;
	id = web_field(w, "id");
	if (!id || !text_int(id, &t.id))
		return FAIL_FIELD(e, E_NOT_FOUND, "id", "attestation");
	if (web_write(w, attest_job, &t, e) != 0)
		return -1;
	w->app->wake(w->app->wake_arg, "promises");
	return web_redirect(w, arena_printf(w->a, "/console/promises/%" PRId64 "/%s?done=withdrawn", t.customer_id, t.key));
}

const struct web_route promise_routes[] = {
	{ "GET", "/console/promises", ROLE_STAFF, page_list },
	{ "GET", "/console/promises/{id}", ROLE_STAFF, page_customer },
	{ "GET", "/console/promises/{id}/{key}", ROLE_STAFF, show },
	{ "POST", "/console/promises/{id}/{key}/attest", ROLE_DESK, post_attest },
	{ "POST", "/console/promises/{id}/{key}/withdraw", ROLE_DESK, post_withdraw },
	{ 0 }
};
