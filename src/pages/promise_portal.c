/* The promise ledger for the customer: what was promised, the proof, what is needed from them. */
#include "base/text.h"
#include "core/ticket.h"
#include "pages/promise.h"
#include "store/contact.h"
#include "store/probe.h"
#include "store/setting.h"
#include <string.h>

static int page_list(struct web *w, struct err *e)
{
	struct promise_portal_view v = { 0 };

	if (promise_groups(w, w->who.customer_id, false, &v.groups, &v.n, v.count, e) != 0)
		return -1;
	promise_portal_list_page(w, &v);
	return 0;
}

static int page_one(struct web *w, struct err *e)
{
	struct promise_view v = { 0 };

	if (promise_show(w, w->who.customer_id, w->param[0], 90, &v, e) != 0)
		return -1;
	promise_portal_page(w, &v);
	return 0;
}

const char *need_answer_word(const struct web *w, const char *answer)
{
	return strcmp(answer, "yes") == 0 ? _("Yes please") : strcmp(answer, "no") == 0 ? _("No thank you") : strcmp(answer, "call") == 0 ? _("Call me first") :
		_("It is done");
}

static int page_need(struct web *w, struct err *e)
{
	struct need_view v = { .done = web_query(w, "done") ? _("Thank you. We have your answer.") : NULL };
	struct contact by;
	struct err none;

	if (store_need_get(w->db, w->a, w->who.customer_id, web_param_id(w, 0), &v.n, e) != 0)
		return -1;
	if (v.n.answered_by && strcmp(v.n.kind, "accept") != 0) {
		if (store_contact_get(w->db, w->a, w->who.customer_id, v.n.answered_by, &by, &none) == 0)
			v.by = by.name;
		else if (none.id != E_NOT_FOUND)
			return *e = none, -1;
	}
	need_page(w, &v);
	return 0;
}

struct answer { const struct desk *desk; const struct actor *who; int64_t id; const char *answer; };

static int answer_job(struct db_conn *c, struct arena *a, void *arg, struct err *e)
{
	struct answer *x = arg;

	return promise_answer_need(c, a, x->desk, x->who, x->id, x->answer, e);
}

static int post_need(struct web *w, struct err *e)
{
	struct desk desk = { w->app->catalogue, w->app->origin, w->now };
	struct answer x = { .desk = &desk, .who = &w->who, .id = web_param_id(w, 0) };

	if (web_form_check(w, e) != 0)
		return -1;
	x.answer = web_field(w, "answer") ? web_field(w, "answer") : "";
	if (web_write(w, answer_job, &x, e) != 0)
		return -1;
	w->app->wake(w->app->wake_arg, "promises");
	return web_redirect(w, arena_printf(w->a, "/portal/needs/%lld?done=1", (long long)x.id));
}

/* Where the probe's own mail became a ticket. For nobody else: a probe's subject holds what only it knows. */
static int probe_ticket(struct web *w, struct err *e)
{
	int64_t probe, number;

	if (setting_get_int(w->db, "probe.customer_id", 0, &probe, e) != 0)
		return -1;
	if (!probe || w->who.customer_id != probe)
		return FAIL(e, E_NOT_FOUND, "probe");
	if (store_probe_ticket(w->db, probe, w->param[0], &number, e) != 0)
		return -1;
	return web_redirect(w, arena_printf(w->a, "/portal/tasks/%lld", (long long)number));
}

void home_part_needs(struct web *w)
{
	struct need *all;
	struct err e;
	int n;

	if ((w->who.role & ROLE_DECIDES) && store_need_open(w->db, w->a, w->who.customer_id, &all, &n, &e) == 0 && n)
		need_home_section(w, all, n < 3 ? n : 3);
}

void home_part_promises(struct web *w)
{
	struct promise_line *lines, *some;
	struct home_promises v = { 0 };
	struct err e;
	int n;

	if (promise_lines(w, w->who.customer_id, NULL, false, &lines, &n, &e) != 0 || n == 0)
		return;
	some = ARENA_ARRAY(w->a, struct promise_line, 6);
	/* What goes wrong first, then what is measured and kept, then the rest. */
	for (int pass = 0; pass < 3; pass++)
		for (int i = 0; i < n && v.n < 6; i++) {
			int rank = promise_rank(lines[i].now.proof.state);
			int group = rank <= 2 ? 0 : lines[i].now.live && lines[i].now.promise->party == PARTY_SUPPLIER ? 1 : 2;

			if (group == pass)
				some[v.n++] = lines[i];
		}
	v.lines = some;
	v.all = n;
	if (promise_lines_read(w, some, v.n, &e) == 0)
		promise_home_section(w, &v);
}

const struct web_route promise_portal_routes[] = {
	{ "GET", "/portal/promises", ROLE_CUSTOMER, page_list },
	{ "GET", "/portal/promises/{key}", ROLE_CUSTOMER, page_one },
	{ "GET", "/portal/needs/{id}", ROLE_DECIDES, page_need },
	{ "POST", "/portal/needs/{id}", ROLE_DECIDES, post_need },
	{ "GET", "/portal/probe/{key}", ROLE_CUSTOMER, probe_ticket },
	{ 0 }
};
