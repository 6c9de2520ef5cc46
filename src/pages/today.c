/* "Today" in the console: how all promises stand, what needs somebody, and the day's work. */
#include "pages/today.h"
#include "base/moment.h"
#include "store/setting.h"
#include <string.h>
#include "store/mail_in.h"

#define MAILS_LATE_US (2 * MOMENT_MINUTE)

static int visits(struct web *w, struct today_view *v, struct err *e)
{
	int32_t today = w->today;
	struct ticket_choice *who;
	struct today_visit *all;
	int nwho, cap = 0;

	if (store_ticket_persons(w->db, w->a, &who, &nwho, e) != 0)
		return -1;
	all = NULL;
	for (int p = 0; p < nwho; p++) {
		struct time_entry *rows;
		int n;

		if (store_time_of_person(w->db, w->a, who[p].id, today, today, &rows, &n, e) != 0)
			return -1;
		for (int i = 0; i < n; i++) {
			if (strcmp(rows[i].activity, "visit") != 0)
				continue;
			all = arena_grow(w->a, all, sizeof *all, v->nvisits, &cap);
			all[v->nvisits++] = (struct today_visit){ rows[i], who[p].name };
		}
	}
	v->visits = all;
	return 0;
}

/* Agreements that cannot be read: their customers' promises are blind. Asked only when there ever was one. */
static int unread(struct web *w, struct today_view *v, struct err *e)
{
	struct promise_unread *list;
	const struct proof_line *lines;
	const char *seen, **why;
	int n;

	if (setting_get(w->db, w->a, "promises.unread_seen", "", &seen, e) != 0)
		return -1;
	if (!*seen)
		return 0;
	if (store_promise_unread(w->db, w->a, &list, &v->nunread, e) != 0)
		return -1;
	why = ARENA_ARRAY(w->a, const char *, v->nunread + 1);
	for (int i = 0; i < v->nunread; i++) {
		if (proof_lines_read(w->a, list[i].reasons, &lines, &n, e) != 0)
			return -1;
		why[i] = n ? lines[0].text[w->lang] : "";
	}
	v->unread = list;
	v->why = why;
	return 0;
}

/* What waits longer than it should, and why. */
static int wrong(struct web *w, struct today_view *v, struct err *e)
{
	v->nwrong = health_lines(w->app->health, v->wrong);
	if (outbox_stuck(w->db, w->a, &v->stuck, e) != 0 || store_mail_in_counts(w->db, &v->mails, &v->mails_since, e) != 0)
		return -1;
	web_until(w, v->mails_since + MAILS_LATE_US);
	if (v->mails && v->mails_since > w->now - MAILS_LATE_US)
		v->mails = 0;          /* it will be read in a moment */
	return 0;
}

static int agreed(struct web *w, struct today_view *v, struct err *e)
{
	struct agreement_yes_row *list;

	if (store_agreement_said_yes(w->db, w->a, w->now - 7 * MOMENT_DAY, 5, &list, &v->nyes, e) != 0)
		return -1;
	v->yes = list;
	return 0;
}

static int answered(struct web *w, struct today_view *v, struct err *e)
{
	struct need_answer *list;

	if (store_need_answered(w->db, w->a, w->now - 7 * MOMENT_DAY, 5, &list, &v->nanswers, e) != 0)
		return -1;
	v->answers = list;
	return 0;
}

static int page_today(struct web *w, struct err *e)
{
	struct promise_filter f = { .bare = true, .states = "broken,at_risk,waiting", .limit = 31 };
	struct today_view v = { 0 };
	struct ticket_query mine = { .view = VIEW_MINE, .me = w->who.id, .now = w->now, .sort = SORT_DUE, .limit = 8, .brief = true };
	struct ticket_query none = { .view = VIEW_UNASSIGNED, .now = w->now, .sort = SORT_DUE, .limit = 8, .brief = true };
	struct promise_row *rows;
	struct ticket *tickets;
	const char *next;

	if (store_promise_count(w->db, 0, NULL, v.count, &v.customers, &v.measured_at, e) != 0 || store_promise_list(w->db, w->a, &f, &rows, &v.n, e) != 0)
		return -1;
	v.more = v.n > 30;
	v.n = v.more ? 30 : v.n;
	for (int i = 0; i < 7; i++)
		v.all += v.count[i];
	if (unread(w, &v, e) != 0 || promise_queue(w, rows, v.n, &v.rows, e) != 0 || store_ticket_list(w->db, w->a, &mine, &tickets, &v.nmine, &next, e) != 0)
		return -1;
	v.mine = tickets;
	if (store_ticket_list(w->db, w->a, &none, &tickets, &v.nnone, &next, e) != 0 || visits(w, &v, e) != 0)
		return -1;
	v.none = tickets;
	if (store_ticket_count(w->db, w->a, &mine, TODAY_COUNT + 1, &v.nmine_all, e) != 0 ||
	    store_ticket_count(w->db, w->a, &none, TODAY_COUNT + 1, &v.nnone_all, e) != 0 || agreed(w, &v, e) != 0 || answered(w, &v, e) != 0 || wrong(w, &v, e) != 0)
		return -1;
	today_page(w, &v);
	return 0;
}

static int to_today(struct web *w, struct err *e)
{
	(void)e;
	return web_redirect(w, "/console/");
}

const struct web_route today_routes[] = {
	{ "GET", "/console/", ROLE_STAFF, page_today, .keep = true },
	{ "GET", "/console", ROLE_STAFF, to_today },
	{ 0 }
};
