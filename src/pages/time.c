/* /console/time, /console/timer/..., and the time part of a ticket's page */
#include "pages/time.h"
#include <stdlib.h>
#include "base/log.h"
#include "base/moment.h"
#include "base/text.h"
#include "core/ticket.h"
#include "store/ticket.h"
#include "web/ui.h"

const char *work_activity(const struct web *w, enum activity v)
{
	static const char *const words[ACTIVITY__N] = { N_("Visit"), N_("Remote help"), N_("Phone support"), N_("Small task"), N_("Teaching"),
		N_("Website"), N_("Internal") };

	return tr(w->lang, words[v]);
}

const char *work_asked(const struct web *w, enum bank_yes v)
{
	static const char *const words[] = {
		N_("The agreement says: when the hours are used up, stop and ask first."),
		N_("The customer has been asked. Until the yes, no more than the hours can be written."),
		N_("The customer has said yes to more time this month."),
		N_("The customer was asked and has not said yes. No more than the hours can be written."),
	};

	return tr(w->lang, words[v]);
}

/* ---- the part of a ticket's page ---- */

int work_form_load(struct web *w, int64_t customer_id, int64_t ticket_id, struct work_form *f, struct err *e)
{
	struct time_entry *list;

	*f = (struct work_form){ .ticket_id = ticket_id, .placed = customer_id != 0 };
	if (store_timer_get(w->db, w->a, w->who.id, &f->timer, e) == 0) {
		f->timer_minutes = work_timer_minutes(&f->timer, w->now);
		web_until(w, work_timer_turns_at(&f->timer, w->now));
	} else if (e->id != E_NOT_FOUND)
		return -1;
	if (ticket_id && store_time_of_ticket(w->db, w->a, ticket_id, &list, &f->nentries, e) != 0)
		return -1;
	f->entries = ticket_id ? list : NULL;
	for (int i = 0; i < f->nentries; i++)
		f->spent += f->entries[i].minutes;
	if (!customer_id)
		return 0;
	return work_statement(w->db, w->a, customer_id, month_of(w->now), &f->bank, e) != 0 ||
		bank_yes_read(w->db, w->a, customer_id, month_of(w->now), &f->yes, e) != 0 ? -1 : 0;
}

/* A small whole number that may be left out. */
static int read_count(struct web *w, const char *name, int64_t *out, struct err *e)
{
	const char *s = web_field(w, name);

	*out = 0;
	if (text_blank(s))
		return 0;
	if (!text_int(text_trim(w->a, s), out))
		return FAIL_FIELD(e, E_NUMBER_INVALID, name, "%.40s", s);
	return *out > 0 ? 0 : FAIL_FIELD(e, E_NUMBER_RANGE, name, "%.40s", s);
}

static int read_minutes(struct web *w, const char *name, int64_t *out, struct err *e)
{
	const char *s = web_field(w, name);
	int minutes = 0;

	*out = 0;
	if (text_blank(s))
		return 0;
	if (strchr(s, '-'))             /* said as a range, not as "that is no duration" */
		return FAIL_FIELD(e, text_starts(name, "drive") ? E_DRIVE_RANGE : E_DURATION_RANGE, name, "%.40s", s);
	if (read_duration(s, name, &minutes, e) != 0)
		return -1;
	*out = minutes;
	return 0;
}

/* Is something wrong with a field that is folded away? */
bool work_more_wrong(const struct web *w)
{
	static const char *const folded[] = { "drive_out_minutes", "drive_home_minutes", "trip_customers", "trip_part", "note", "started_at" };

	for (size_t i = 0; i < sizeof folded / sizeof *folded; i++)
		if (web_wrong_text(w, folded[i]))
			return true;
	return false;
}

int work_form_read(struct web *w, int64_t ticket_id, struct work_in *in, bool *given, struct err *e)
{
	const char *when = web_field(w, "started_at"), *typed = web_field(w, "minutes");

	*in = (struct work_in){ .ticket_id = ticket_id, .activity = web_field(w, "activity"), .note = web_field(w, "note"),
		.late = web_field(w, "late") != NULL, .stop_timer = true, .origin = w->app->origin };
	*given = !text_blank(typed) || !text_blank(web_field(w, "drive_out_minutes")) || !text_blank(web_field(w, "drive_home_minutes")) || !text_blank(in->note) ||
		!text_blank(when);
	if (!*given)
		return 0;
	if (text_blank(typed))          /* driving, a note or a time alone: what was typed is never thrown away */
		return FAIL_FIELD(e, E_REQUIRED, "minutes", "work without minutes");
	if (read_minutes(w, "minutes", &in->minutes, e) != 0 || read_minutes(w, "drive_out_minutes", &in->drive_out, e) != 0 ||
	    read_minutes(w, "drive_home_minutes", &in->drive_home, e) != 0 || read_count(w, "trip_customers", &in->trip_customers, e) != 0 ||
	    read_count(w, "trip_part", &in->trip_part, e) != 0)
		return -1;
	in->started_at = w->now - in->minutes * MOMENT_MINUTE;          /* just finished */
	if (!text_blank(when) && read_moment(w, when, "started_at", &in->started_at, e) != 0)
		return -1;
	return 0;
}

/* ---- jobs ---- */

struct time_job {
	enum { JOB_LOG, JOB_CHANGE, JOB_REMOVE, JOB_START, JOB_PAUSE, JOB_DROP } what;
	const struct actor *who;
	struct work_in in;
	int64_t id, now;
	struct desk desk;
};

static int log_it(struct db_conn *c, struct arena *a, const struct time_job *j, struct err *e)
{
	struct time_entry t;

	if (work_log(c, a, j->who, &j->in, j->now, &t, e) != 0)
		return -1;
	return t.ticket_id ? ticket_begin(c, a, &j->desk, j->who, t.ticket_id, e) : 0;
}

static int time_job(struct db_conn *c, struct arena *a, void *arg, struct err *e)
{
	const struct time_job *j = arg;
	struct time_entry t;

	switch (j->what) {
	case JOB_LOG: return log_it(c, a, j, e);
	case JOB_CHANGE: return work_change(c, a, j->who, j->id, &j->in, j->now, &t, e);
	case JOB_REMOVE: return work_remove(c, a, j->who, j->id, j->now, e);
	case JOB_START: return work_timer_start(c, a, j->who, j->id, j->now, e);
	case JOB_PAUSE: return work_timer_pause(c, a, j->who, j->now, e);
	case JOB_DROP: return work_timer_drop(c, a, j->who, j->now, e);
	}
	return FAIL(e, E_BUG, "time job");
}

struct ask_job { struct web *w; const struct err *why; int64_t ticket_id, entry_id; };

static int ask_job(struct db_conn *c, struct arena *a, void *arg, struct err *e)
{
	const struct ask_job *j = arg;

	return work_ask(c, a, &j->w->who, j->ticket_id, j->entry_id, j->why, j->w->app->origin, j->w->now, e);
}

void work_refused(struct web *w, const struct err *why, int64_t ticket_id, int64_t entry_id)
{
	struct ask_job j = { w, why, ticket_id, entry_id };
	struct err e;

	if (why->id != E_HOURS_USED_UP)
		return;
	if (web_write(w, ask_job, &j, &e) == 0)
		w->app->wake(w->app->wake_arg, "outbox");
	else
		log_err("customer not asked", &e);
}

static int run_job(struct web *w, struct time_job *j, struct err *e)
{
	j->who = &w->who;
	j->now = w->now;
	j->desk = (struct desk){ w->app->catalogue, w->app->origin, w->now };
	if (web_write(w, time_job, j, e) != 0) {
		work_refused(w, e, j->in.ticket_id, j->what == JOB_CHANGE ? j->id : 0);
		return -1;
	}
	w->app->wake(w->app->wake_arg, "outbox");
	return 0;
}

/* Something the person can mend: show the form again, with what was typed. */
static bool mendable(struct web *w, const struct err *e)
{
	enum err_kind k = err_kind(e->id);
	struct err shown = *e;

	if (k != ERR_INPUT && k != ERR_CONFLICT && !(k == ERR_MISSING && *e->field))
		return false;
	if (text_eq(shown.field, "ticket_id"))
		snprintf(shown.field, sizeof shown.field, "ticket");
	web_wrong(w, &shown);
	web_status(w, k == ERR_CONFLICT ? 409 : k == ERR_MISSING ? 404 : 400);
	return true;
}

/* ---- my week ---- */

static int week_show(struct web *w, struct err *e)
{
	const char *day = web_query(w, "week"), *login = web_query(w, "login"), *ticket = web_query(w, "ticket");
	struct week_view v = { .person = w->who.name, .login = "", .ticket = ticket ? ticket : "" };
	int64_t person_id = w->who.id;
	struct time_entry *list;
	int32_t on = w->today;
	int n, at = 0;

	if (day && *day && day_parse(day, "week", &on, e) != 0)
		return -1;
	if (login && *login && (w->who.role & ROLE_BOOKS)) {
		if (store_time_person_by_login(w->db, login, &person_id, e) != 0)
			return -1;
		v.person = v.login = login;
	}
	v.monday = on - day_civil(on).weekday + 1;
	v.prev = day_iso(w->a, v.monday - 7);
	v.next = v.monday + 7 <= w->today ? day_iso(w->a, v.monday + 7) : NULL;
	v.done = web_query(w, "done") ? _("It is written down.") : NULL;
	if (store_time_of_person(w->db, w->a, person_id, v.monday, v.monday + 6, &list, &n, e) != 0 ||
	    work_form_load(w, 0, 0, &v.form, e) != 0)
		return -1;
	for (int d = 0; d < 7; d++) {
		v.days[d] = (struct week_day){ .day = v.monday + d, .entries = n ? list + at : NULL };
		for (; at < n && list[at].day == v.monday + d; at++) {
			v.days[d].n++;
			v.days[d].minutes += list[at].minutes;
			v.minutes += list[at].minutes;
			v.driving += list[at].drive_out_minutes + list[at].drive_home_minutes;
			v.internal += activity_by_name(list[at].activity) == ACTIVITY_INTERNAL ? list[at].minutes : 0;
		}
	}
	if (!*v.ticket && v.form.timer.person_id)
		v.ticket = arena_printf(w->a, "%lld", (long long)v.form.timer.ticket_number);
	week_page(w, &v);
	return 0;
}

/* "10482" or "#10482" -> the ticket's id. */
static int ticket_read(struct web *w, int64_t *id, struct err *e)
{
	const char *s = web_field(w, "ticket");
	struct ticket t;
	int64_t number;

	if (text_blank(s))
		return FAIL_FIELD(e, E_REQUIRED, "ticket", "ticket");
	s = text_trim(w->a, s);
	if (!text_int(*s == '#' ? s + 1 : s, &number))
		return FAIL_FIELD(e, E_NUMBER_INVALID, "ticket", "%.40s", s);
	if (store_ticket_by_number(w->db, w->a, (struct ticket_scope){ 0, 0 }, number, &t, e) != 0)
		return e->id == E_NOT_FOUND ? FAIL_FIELD(e, E_NOT_FOUND, "ticket", "%lld", (long long)number) : -1;
	*id = t.id;
	return 0;
}

static int week_post(struct web *w, struct err *e)
{
	struct time_job j = { .what = JOB_LOG };
	int64_t ticket_id = 0;
	bool given = true;

	if (web_form_check(w, e) != 0)
		return -1;
	if (ticket_read(w, &ticket_id, e) == 0 && work_form_read(w, ticket_id, &j.in, &given, e) == 0 &&
	    (given || FAIL_FIELD(e, E_REQUIRED, "minutes", "minutes") == 0) && run_job(w, &j, e) == 0)
		return web_redirect(w, arena_printf(w->a, "/console/time?week=%s&done=1", day_iso(w->a, day_of(j.in.started_at))));
	return mendable(w, e) ? week_show(w, e) : -1;
}

/* ---- one entry ---- */

static int entry_show(struct web *w, struct err *e)
{
	struct entry_view v = { 0 };

	if (store_time_get(w->db, w->a, web_param_id(w, 0), &v.t, e) != 0)
		return -1;
	entry_page(w, &v);
	return 0;
}

static int entry_post(struct web *w, struct err *e)
{
	struct time_job j = { .what = JOB_CHANGE, .id = web_param_id(w, 0) };
	bool given = true;

	if (web_form_check(w, e) != 0)
		return -1;
	if (work_form_read(w, 0, &j.in, &given, e) == 0 && (given || FAIL_FIELD(e, E_REQUIRED, "minutes", "minutes") == 0) &&
	    run_job(w, &j, e) == 0)
		return web_redirect(w, arena_printf(w->a, "/console/time?week=%s&done=1", day_iso(w->a, day_of(j.in.started_at))));
	return mendable(w, e) ? entry_show(w, e) : -1;
}

static int entry_remove(struct web *w, struct err *e)
{
	struct time_job j = { .what = JOB_REMOVE, .id = web_param_id(w, 0) };

	if (web_form_check(w, e) != 0 || run_job(w, &j, e) != 0)
		return -1;
	return web_redirect(w, "/console/time");
}

/* ---- the stopwatch ---- */

static int timer_post(struct web *w, int what, struct err *e)
{
	struct time_job j = { .what = what };
	struct timer t;
	int64_t back = 0;

	if (web_form_check(w, e) != 0)
		return -1;
	if (what == JOB_START && !text_int(web_field(w, "ticket_id") ? web_field(w, "ticket_id") : "", &j.id))
		return FAIL_FIELD(e, E_REQUIRED, "ticket_id", "ticket");
	/* back to the ticket: it is known before dropping, and after starting */
	back = what != JOB_START && store_timer_get(w->db, w->a, w->who.id, &t, e) == 0 ? t.ticket_number : 0;
	if (run_job(w, &j, e) != 0 || web_refresh(w, e) != 0)
		return -1;
	if (what == JOB_START && store_timer_get(w->db, w->a, w->who.id, &t, e) == 0)
		back = t.ticket_number;
	if (text_eq(web_field(w, "back"), "week") || !back)
		return web_redirect(w, "/console/time");
	return web_redirect(w, arena_printf(w->a, "/console/tickets/%lld", (long long)back));
}

static int timer_start(struct web *w, struct err *e) { return timer_post(w, JOB_START, e); }
static int timer_pause(struct web *w, struct err *e) { return timer_post(w, JOB_PAUSE, e); }
static int timer_drop(struct web *w, struct err *e) { return timer_post(w, JOB_DROP, e); }

const struct web_route time_routes[] = {
	{ "GET", "/console/time", ROLE_STAFF, week_show },
	{ "POST", "/console/time", ROLE_STAFF, week_post },
	{ "GET", "/console/time/{id}", ROLE_STAFF, entry_show },
	{ "POST", "/console/time/{id}", ROLE_STAFF, entry_post },
	{ "POST", "/console/time/{id}/remove", ROLE_STAFF, entry_remove },
	{ "POST", "/console/timer/start", ROLE_STAFF, timer_start },
	{ "POST", "/console/timer/pause", ROLE_STAFF, timer_pause },
	{ "POST", "/console/timer/drop", ROLE_STAFF, timer_drop },
	{ 0 }
};
