/* /portal/, /portal/tasks and /report: the customer's side of tickets */
#include "pages/tasks.h"
#include <inttypes.h>
#include <string.h>
#include "base/moment.h"
#include "base/text.h"
#include "core/cvr.h"
#include "pages/all.h"
#include "pages/ticket_job.h"

enum { OVER_ROWS = 20, OPEN_ROWS = 100, HOME_ROWS = 5 };

static const char *or_empty(const char *s) { return s ? s : ""; }

static int load(struct web *w, struct ticket *t, struct err *e)
{
	return store_ticket_by_number(w->db, w->a, ticket_scope_of(&w->who), web_param_id(w, 0), t, e);
}

/* ---- lists */

static int show_list(struct web *w, struct err *e)
{
	struct tasks_view v = { .everybody = (w->who.role & ROLE_DECIDES) != 0 };
	struct ticket_query q = { .scope = ticket_scope_of(&w->who), .view = VIEW_OPEN, .sort = SORT_UPDATED, .limit = OPEN_ROWS, .now = w->now };
	struct ticket *open = NULL, *over;
	const char *next;

	if (store_ticket_list(w->db, w->a, &q, &open, &v.nopen, &next, e) != 0)
		return -1;
	q.view = VIEW_OVER;
	q.sort = SORT_SOLVED;
	q.limit = OVER_ROWS;
	q.after = web_query(w, "after");
	if (store_ticket_list(w->db, w->a, &q, &over, &v.nover, &next, e) != 0)
		return -1;
	v.open = open;
	v.over = over;
	v.next = next ? arena_printf(w->a, "/portal/tasks?after=%s", next) : NULL;
	v.done = web_query(w, "done") ? _("Sent. We have it.") : NULL;
	tasks_page(w, &v);
	return 0;
}

/* "God formiddag, Birgitte" and one sentence that says how things are. */
static int home(struct web *w, struct err *e)
{
	struct home_view v = { 0 };
	struct ticket_query q = { .scope = ticket_scope_of(&w->who), .view = VIEW_OPEN, .sort = SORT_UPDATED, .limit = OPEN_ROWS, .now = w->now };
	struct ticket *t = NULL;
	const char *next, *name = ticket_first_name(w, or_empty(w->who.name));
	int hour = moment_local(w->now).hour, waiting = 0;

	if (store_ticket_list(w->db, w->a, &q, &t, &v.ntotal, &next, e) != 0)
		return -1;
	for (int i = 0; i < v.ntotal; i++)
		waiting += strcmp(t[i].state, "waiting_customer") == 0;
	v.greeting = hour < 5 ? arena_printf(w->a, _("Hello, %s"), name) : hour < 12 ? arena_printf(w->a, _("Good morning, %s"), name) :
		hour < 18 ? arena_printf(w->a, _("Good afternoon, %s"), name) : arena_printf(w->a, _("Good evening, %s"), name);
	v.lead = waiting ? arena_printf(w->a, tr_n(w->lang, "%d request waits for your answer.", "%d requests wait for your answer.", waiting), waiting) :
		v.ntotal ? arena_printf(w->a, tr_n(w->lang, "We are working on %d request.", "We are working on %d requests.", v.ntotal), v.ntotal) :
		_("No requests are open.");
	v.tasks = t;
	v.ntasks = v.ntotal < HOME_ROWS ? v.ntotal : HOME_ROWS;
	v.done = web_query(w, "done") ? _("Sent. We have it.") : NULL;
	home_page(w, &v);
	return 0;
}

/* ---- reporting */

/* What the quick choices begin with. */
static const char *begin_with(const struct web *w, const char *kind)
{
	return strcmp(kind, "employee") == 0 ? _("We have a new colleague.\nName: \nFirst day: \nShould have the same as: ") :
		strcmp(kind, "password") == 0 ? _("I have forgotten my password to ") : strcmp(kind, "printer") == 0 ? _("The printer ") :
		strcmp(kind, "web") == 0 ? _("On our website this should be changed: ") : strcmp(kind, "call") == 0 ? _("Call me about ") : "";
}

static int show_form(struct web *w, struct err *e)
{
	struct task_form v = { .text = or_empty(web_field(w, "text")), .priority = or_empty(web_field(w, "prio")), .kind = or_empty(web_query(w, "kind")) };
	struct sla_terms terms;

	if (ticket_terms(w->db, w->a, w->app->catalogue, w->who.customer_id, w->today, &terms, e) != 0)
		return -1;
	v.kind = web_field(w, "kind") ? web_field(w, "kind") : v.kind;
	v.text = *v.text ? v.text : begin_with(w, v.kind);
	v.priority = *v.priority ? v.priority : "important";
	v.due_at = calendar_after(&terms.calendar, w->now, terms.response_minutes[PRIORITY_IMPORTANT] * MOMENT_MINUTE);
	v.due_at = v.due_at == MOMENT_NEVER ? 0 : v.due_at;
	task_new_page(w, &v);
	return 0;
}

static const char *read_urgency(struct web *w)
{
	const char *s = web_field(w, "prio");

	return !s || !*s ? "normal" : strcmp(s, "3") == 0 ? "urgent" : strcmp(s, "2") == 0 ? "important" : strcmp(s, "1") == 0 ? "normal" : s;
}

/* "12 34 56 78", with or without a country in front; anything that can be called. */
static int check_phone(const char *s, struct err *e)
{
	int digits = 0;

	for (const char *p = s; *p; p++) {
		if (*p >= '0' && *p <= '9')
			digits++;
		else if (!strchr(" +-()", *p))
			return FAIL_FIELD(e, E_PHONE_INVALID, "tel", "%.40s", s);
	}
	return digits && (digits < 8 || digits > 15) ? FAIL_FIELD(e, E_PHONE_INVALID, "tel", "%.40s", s) : 0;
}

/* The quick choice for a colleague asks for a name in its second line; the request is called after it. Who has written it all in another way may. */
static int read_colleague(struct web *w, const char *text, const char **subject, struct err *e)
{
	const char *line = strchr(begin_with(w, "employee"), '\n'), *at, *name;
	size_t n = line ? strcspn(line, ":") + 1 : 0;

	at = line ? strstr(text, arena_dupn(w->a, line, n)) : NULL;
	if (!at)
		return 0;
	name = text_trim(w->a, arena_dupn(w->a, at + n, strcspn(at + n, "\n")));
	if (text_blank(name))
		return FAIL_FIELD(e, E_NAME_MISSING, "text", "employee");
	*subject = arena_printf(w->a, "%s: %s", _("New colleague"), text_line(w->a, name, 120));
	return 0;
}

static int report(struct web *w, struct err *e)
{
	struct ticket_job j = { .kind = JOB_CREATE, .draft = { .channel = "portal" } };
	const char *text = or_empty(web_field(w, "text")), *tel = or_empty(web_field(w, "tel")), *kind = or_empty(web_field(w, "kind"));
	bool bad = false;

	if (web_form_check(w, e) != 0)
		return -1;
	if (text_check(text, "text", TICKET_BODY_MAX, true, e) != 0) {
		web_wrong(w, e);
		bad = true;
	}
	if (strcmp(kind, "employee") == 0 && read_colleague(w, text, &j.draft.subject, e) != 0) {
		web_wrong(w, e);
		bad = true;
	}
	if (check_phone(tel, e) != 0) {
		web_wrong(w, e);
		bad = true;
	}
	j.draft.priority = read_urgency(w);
	j.draft.type = strcmp(kind, "employee") == 0 || strcmp(kind, "web") == 0 ? "order" : strcmp(kind, "call") == 0 ? "request" : "incident";
	j.draft.text.body = text_blank(tel) ? text : arena_printf(w->a, "%s\n\n%s: %s", text, _("Phone"), tel);
	if (!bad && ticket_files(w, &j.draft.text.files, &j.draft.text.nfiles, e) == 0 &&
			(j.draft.dedupe_key = ticket_once(w, &j.draft)) && ticket_do(w, &j, e) == 0)
		return web_redirect(w, arena_printf(w->a, "/portal/tasks/%" PRId64 "?done=sent", j.got_number));
	if (!bad) {
		if (err_kind(e->id) != ERR_INPUT && err_kind(e->id) != ERR_TOO_LARGE)
			return -1;
		web_wrong(w, e);
	}
	web_status(w, 400);
	return show_form(w, e);
}

/* ---- one request */

static int show_view(struct web *w, struct task_view *v, struct err *e)
{
	struct ticket_line *lines;
	struct event *ev;
	int n;

	if (event_list(w->db, w->a, "ticket", v->t.id, &ev, &n, e) != 0 || ticket_lines(w, &v->t, ev, n, true, &lines, &v->nlines, e) != 0)
		return -1;
	for (int i = 0; i < n; i++)
		if (strcmp(ev[i].kind, "ticket.rated") == 0) {
			json_t *o = json_loads(ev[i].data, 0, NULL);

			v->rated = (int)json_integer_value(json_object_get(o, "score"));
			json_decref(o);
		}
	if (v->t.merged_into) {
		struct ticket into;
		struct err why;

		if (store_ticket_get(w->db, w->a, ticket_scope_of(&w->who), v->t.merged_into, &into, &why) == 0)
			v->merged_number = into.number;
	}
	v->may_rate = v->t.solved_at && !v->t.merged_into;
	v->lines = lines;
	for (int i = 0; i < v->nlines; i++)
		if (lines[i].m && lines[i].m->id > v->last)
			v->last = lines[i].m->id;
	task_page(w, v);
	return 0;
}

static int show(struct web *w, struct err *e)
{
	struct task_view v = { 0 };
	const char *done = web_query(w, "done");

	if (load(w, &v.t, e) != 0)
		return -1;
	v.done = !done ? NULL : strcmp(done, "sent") == 0 ? _("Sent. We have it.") :
		strcmp(done, "declined") == 0 ? _("We have your answer to the agreement. It is this task, and we get back to you here.") : strcmp(done, "rated") == 0 ? _("Thank you for telling us.") : NULL;
	return show_view(w, &v, e);
}

/* then: the state it is given; NULL: what follows by itself. */
static int say(struct web *w, struct task_view *v, const char *body, const char *then, struct err *e)
{
	struct ticket_job j = { .kind = JOB_REPLY };
	const char *last = web_field(w, "last");

	j.answer = (struct ticket_answer){ .ticket_id = v->t.id, .channel = "portal", .last = last && text_int(last, &v->last) ? v->last : 0, .then = then,
		.text = { .body = body } };
	if (ticket_files(w, &j.answer.text.files, &j.answer.text.nfiles, e) == 0 && ticket_do(w, &j, e) == 0)
		return web_redirect(w, arena_printf(w->a, "/portal/tasks/%" PRId64 "?done=sent#m%" PRId64, v->t.number, j.got_message));
	if (err_kind(e->id) != ERR_INPUT && err_kind(e->id) != ERR_TOO_LARGE)
		return -1;
	web_wrong(w, e);
	web_status(w, 400);
	v->typed = body;
	return show_view(w, v, e);
}

static int answer(struct web *w, struct err *e)
{
	struct task_view v = { 0 };

	if (load(w, &v.t, e) != 0 || web_form_check(w, e) != 0)
		return -1;
	return say(w, &v, or_empty(web_field(w, "body")), NULL, e);
}

/* A button beside the words: when there are any, they are said with it. */
static int set_state(struct web *w, struct err *e)
{
	struct ticket_job j = { .kind = JOB_CHANGE, .change = { .state = or_empty(web_field(w, "state")) } };
	struct task_view v = { 0 };
	const struct ticket_file *files;
	const char *body = web_field(w, "body") ? web_field(w, "body") : or_empty(web_field(w, "text"));

	int n;

	if (load(w, &v.t, e) != 0 || web_form_check(w, e) != 0 || ticket_files(w, &files, &n, e) != 0)
		return -1;
	if (!text_blank(body) || n > 0)
		return say(w, &v, body, j.change.state, e);
	j.id = v.t.id;
	return ticket_do(w, &j, e) != 0 ? -1 : web_redirect(w, arena_printf(w->a, "/portal/tasks/%" PRId64, v.t.number));
}

static int rate(struct web *w, struct err *e)
{
	struct task_view v = { 0 };
	struct ticket_job j = { .kind = JOB_RATE, .text = or_empty(web_field(w, "text")) };
	const char *score = web_field(w, "score");
	int64_t n = 0;

	if (load(w, &v.t, e) != 0)
		return -1;
	j.id = v.t.id;
	j.score = score && text_int(score, &n) && n >= 1 && n <= 3 ? (int)n : 0;
	if (ticket_do(w, &j, e) == 0)
		return web_redirect(w, arena_printf(w->a, "/portal/tasks/%" PRId64 "?done=rated", v.t.number));
	if (err_kind(e->id) != ERR_INPUT)
		return -1;
	web_wrong(w, e);
	web_status(w, 400);
	return show_view(w, &v, e);
}

/* Only what was said in public, and only of what this person may see. */
static int file(struct web *w, struct err *e)
{
	struct ticket t, of;
	struct attachment f;

	if (load(w, &t, e) != 0 || store_attachment_get(w->db, w->a, w->who.customer_id, web_param_id(w, 1), true, &f, e) != 0 ||
		store_ticket_get(w->db, w->a, (struct ticket_scope){ w->who.customer_id, 0 }, f.ticket_id, &of, e) != 0)
		return -1;
	if (of.id != t.id && of.merged_into != t.id)
		return FAIL(e, E_NOT_FOUND, "file of another ticket");
	return web_download(w, blob_path(&w->app->blobs, w->a, f.sha256), f.mime, f.name, ticket_file_is_picture(f.mime));
}

/* ---- without signing in */

static int show_report(struct web *w, struct err *e)
{
	struct report_view v = { 0 };
	const char *sent = web_query(w, "sent");

	(void)e;
	v.sent = sent && text_int(sent, &v.number);
	report_page(w, &v);
	return 0;
}

static int report_open(struct web *w, struct err *e)
{
	static const struct actor nobody = { ROLE_NOBODY, false, 0, 0, "" };
	struct actor who = nobody;
	struct ticket_job j = { .kind = JOB_CREATE, .who = &who, .draft = { .channel = "portal", .never_refused = true } };
	const char *name = text_trim(w->a, or_empty(web_field(w, "name"))), *email = email_ascii(w->a, text_lower(w->a, text_trim(w->a, or_empty(web_field(w, "email")))));
	const char *text = or_empty(web_field(w, "text")), *trap = web_field(w, "website"), *at = strchr(email, '@');
	struct err why = { 0 };
	int64_t contact;

	if (web_form_check(w, e) != 0)
		return -1;
	if (trap && *trap)
		return web_redirect(w, "/report?sent=10000");           /* a machine filled in what nobody sees */
	if (text_check(name, "name", 200, true, &why) != 0)
		web_wrong(w, &why);
	if (!at || at == email || !strchr(at, '.') || strchr(at + 1, '@') || strlen(email) > 254 || strpbrk(email, " \t\r\n,;<>\"")) {
		FAIL_FIELD(&why, E_EMAIL_INVALID, "email", "%.80s", email);
		web_wrong(w, &why);
	}
	if (text_check(text, "text", 32 << 10, true, &why) != 0)
		web_wrong(w, &why);
	if (w->nerrors) {
		web_status(w, 400);
		return show_report(w, e);
	}
	/* What was refused does not count, and what was written stays: an office, or a proxy that is not named, is one address. */
	if (web_slow_address(w, "report", 10, MOMENT_MINUTE, &why) != 0) {
		FAIL_FIELD(&why, E_TOO_MANY, "text", "report");
		web_wrong(w, &why);
		http_add_header(w->rq, w->rs, "Retry-After", "60");
		web_status(w, 429);
		return show_report(w, e);
	}
	who.name = text_line(w->a, name, 100);
	j.draft.from_name = who.name;
	j.draft.from_email = email;
	j.draft.text.body = text;
	j.draft.text.auth = "none";
	/* Anybody can write a contact's address here: it finds the customer, and gives nobody the contact's voice. */
	if (store_ticket_contact_by_email(w->db, w->a, email, &contact, &j.draft.customer_id, &why) != 0 && why.id != E_NOT_FOUND) {
		*e = why;
		return -1;
	}
	return ticket_do(w, &j, e) != 0 ? -1 : web_redirect(w, arena_printf(w->a, "/report?sent=%" PRId64, j.got_number));
}

const struct web_route pages_tasks[] = {
	{ "GET", "/portal/", ROLE_CUSTOMER, home, .keep = true },
	{ "GET", "/portal/tasks", ROLE_CUSTOMER, show_list, .keep = true },
	{ "POST", "/portal/tasks", ROLE_CUSTOMER, report, 64 << 20, true },
	{ "GET", "/portal/tasks/new", ROLE_CUSTOMER, show_form },
	{ "GET", "/portal/tasks/{id}", ROLE_CUSTOMER, show, .keep = true },
	{ "POST", "/portal/tasks/{id}/messages", ROLE_CUSTOMER, answer, 64 << 20, true },
	{ "POST", "/portal/tasks/{id}/state", ROLE_CUSTOMER, set_state, 64 << 20, true },
	{ "POST", "/portal/tasks/{id}/rating", ROLE_CUSTOMER, rate },
	{ "GET", "/portal/tasks/{id}/files/{id}", ROLE_CUSTOMER, file },
	{ "GET", "/report", ROLE_ANYBODY, show_report },
	{ "POST", "/report", ROLE_ANYBODY, report_open, 256 << 10 },
	{ 0 }
};
