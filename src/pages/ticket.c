/* /console/tickets/{number} and what is done there */
#include "pages/ticket.h"
#include <inttypes.h>
#include <string.h>
#include "base/moment.h"
#include "base/text.h"
#include "core/cvr.h"
#include "pages/all.h"
#include "pages/ticket_job.h"
#include "pages/time.h"
#include "web/live.h"

static const struct ticket_scope everything = { 0, 0 };
#define UNDO_US (15 * MOMENT_SECOND)     /* the button stands for ten; the way there and back takes some */

static int load(struct web *w, struct ticket *t, struct err *e)
{
	return store_ticket_by_number(w->db, w->a, everything, web_param_id(w, 0), t, e);
}

static const char *or_empty(const char *s) { return s ? s : ""; }

static int64_t field_id(struct web *w, const char *name)
{
	const char *s = web_field(w, name);
	int64_t n;

	return s && text_int(text_trim(w->a, s), &n) ? n : 0;
}

/* One that must be a number when it is said at all: never taken for "nobody". */
static int said_id(struct web *w, const char *name, int64_t most, int64_t *out, struct err *e)
{
	const char *s = web_field(w, name);

	*out = 0;
	if (!s)
		return 0;
	if (!text_int(text_trim(w->a, s), out) || *out < 0 || *out > most)
		return FAIL_FIELD(e, E_NUMBER_INVALID, name, "%.40s", s);
	return 0;
}

static void look_around(struct web *w, struct ticket_show *v)
{
	const char **names = ARENA_ARRAY(w->a, const char *, LIVE_OTHERS);

	live_seen(w->app->live, v->t.id, w->who.id, w->who.name, w->now);
	v->nhere = live_others(w->app->live, w->a, v->t.id, w->who.id, w->now, names);
	v->here = names;
	web_kept_seat(w, v->t.id, names, v->nhere);
}

static int people(struct web *w, struct ticket_show *v, struct err *e)
{
	struct watcher *watchers;
	struct ticket_choice *owners, *customers = NULL, *contacts = NULL;

	if (store_watcher_list(w->db, w->a, v->t.id, &watchers, &v->nwatchers, e) != 0 ||
		store_ticket_persons(w->db, w->a, &owners, &v->nowners, e) != 0)
		return -1;
	if (v->t.customer_id ? store_ticket_contacts(w->db, w->a, v->t.customer_id, &contacts, &v->ncontacts, e) != 0 :
		store_ticket_customers(w->db, w->a, &customers, &v->ncustomers, e) != 0)
		return -1;
	v->unread_by_all = !strchr(v->t.contact_id ? v->t.contact_email : v->t.from_email, '@');
	for (int i = 0; i < v->nwatchers; i++) {
		bool ours = strcmp(watchers[i].kind, "person") == 0;

		v->watching |= ours && watchers[i].who_id == w->who.id;
		v->unread_by_all &= ours || !strchr(watchers[i].email, '@');
	}
	v->watchers = watchers;
	v->owners = owners;
	v->customers = customers;
	v->contacts = contacts;
	return 0;
}

static int others(struct web *w, struct ticket_show *v, struct err *e)
{
	struct ticket_query q = { .scope = { v->t.customer_id, 0 }, .view = VIEW_OPEN, .limit = 6, .now = w->now, .brief = true };
	struct ticket *t, *merged;
	const char *next;
	int n;

	if (store_ticket_merged(w->db, w->a, v->t.id, &merged, &v->nmerged, e) != 0)
		return -1;
	v->merged = merged;
	if (v->t.merged_into) {
		struct ticket into;

		if (store_ticket_get(w->db, w->a, everything, v->t.merged_into, &into, e) != 0)
			return -1;
		v->merged_number = into.number;
	}
	if (!v->t.customer_id)
		return 0;
	if (store_ticket_list(w->db, w->a, &q, &t, &n, &next, e) != 0)
		return -1;
	for (int i = 0; i < n; i++)
		if (t[i].id != v->t.id)
			t[v->nothers++] = t[i];
	v->others = t;
	return 0;
}

/* The promise the ticket is about: its words, and how it stands. */
static int promised(struct web *w, struct ticket_show *v, struct err *e)
{
	const struct promise *p;
	const char *dot;
	struct promise_row *row;
	int n, state;

	if (!*v->t.promise || !v->t.customer_id)
		return 0;
	p = catalogue_promise(w->app->catalogue, v->t.promise, NULL);
	v->promise_text = p ? p->text[w->lang] : v->t.promise;
	dot = strstr(v->promise_text, ". ");            /* its first sentence says which it is */
	if (dot)
		v->promise_text = arena_dupn(w->a, v->promise_text, (size_t)(dot - v->promise_text + 1));
	if (store_promise_list(w->db, w->a, &(struct promise_filter){ .customer_id = v->t.customer_id, .promise = v->t.promise, .limit = 1, .bare = true }, &row, &n, e) != 0)
		return -1;
	state = n ? promise_state_by_name(row->state) : -1;
	if (state >= 0) {
		v->promise = row;
		v->promise_state = (enum promise_state)state;
	}
	return 0;
}

/* Nobody tells us what was looked at. What a person can be held to have read is what stood there when they last wrote or
 * changed something here: the first message after that is the first unread. Without such a mark nothing is jumped to. */
static void find_unread(const struct web *w, struct ticket_show *v)
{
	int last = -1;

	for (int i = 0; i < v->nlines; i++)
		if (v->lines[i].person_id == w->who.id)
			last = i;
	for (int i = last + 1; last >= 0 && i < v->nlines; i++)
		if (v->lines[i].m && v->nunread++ == 0)
			v->unread = i;
}

/* What a change just replaced, as its answer's address says. Only values that can be put back, and only while it is fresh. */
static void read_undo(struct web *w, struct ticket_show *v)
{
	const char *state = web_query(w, "was_state"), *priority = web_query(w, "was_priority"), *owner = web_query(w, "was_owner");

	if (!v->done || v->t.updated_at < w->now - UNDO_US)
		return;
	web_until(w, v->t.updated_at + UNDO_US);
	v->undo.state = state && ticket_state_by_name(state) >= 0 ? state : NULL;
	v->undo.priority = priority && ticket_priority_by_name(priority) >= 0 ? priority : NULL;
	v->undo.owner = owner && text_int(owner, &v->undo.owner_id) && v->undo.owner_id >= 0;
	v->undo.any = v->undo.state || v->undo.priority || v->undo.owner;
}

/* The whole page; what the caller has put into v (typed text, a conflict) is shown with it. */
static int show_view(struct web *w, struct ticket_show *v, struct err *e)
{
	struct ticket_line *lines;
	struct event *ev;
	struct ready_answer *ready;
	struct category *categories;
	const struct category *category;
	int ncategories, nev;
	struct work_form *work = ARENA_NEW(w->a, struct work_form);

	v->may = (w->who.role & ROLE_DESK) != 0;
	v->typed.kind = or_empty(v->typed.kind);
	v->typed.body = or_empty(v->typed.body);
	v->typed.then = or_empty(v->typed.then);
	if (event_list(w->db, w->a, "ticket", v->t.id, &ev, &nev, e) != 0 ||
	    ticket_clocks_of(w->db, w->a, w->app->catalogue, &v->t, ev, nev, w->now, &v->sla, e) != 0 ||
	    ticket_lines(w, &v->t, ev, nev, false, &lines, &v->nlines, e) != 0 ||
		promised(w, v, e) != 0 || people(w, v, e) != 0 || others(w, v, e) != 0 || store_answer_list(w->db, w->a, &ready, &v->nready, e) != 0 ||
		store_category_list(w->db, w->a, &categories, &ncategories, e) != 0 ||
		work_form_load(w, v->t.customer_id, v->t.id, work, e) != 0)
		return -1;
	web_until(w, v->sla.response.due_at);
	web_until(w, v->sla.solution.due_at);
	v->lines = lines;
	find_unread(w, v);
	v->list = tickets_list_query(w);
	if (tickets_neighbours(w, v->t.id, &v->prev, &v->next, e) != 0)
		return -1;
	v->ready = ready;
	v->categories = category_choices(w, categories, ncategories, v->t.category, _("None"));
	category = store_category_find(categories, ncategories, v->t.category);
	v->category = category ? category_label(w, category) : v->t.category;
	v->work = work;
	for (int i = 0; i < v->nlines; i++) {
		if (lines[i].m && lines[i].m->id > v->last)
			v->last = lines[i].m->id;
		if (lines[i].m && strcmp(lines[i].m->visibility, "public") == 0 && lines[i].m->id > v->seen)
			v->seen = lines[i].m->id;
	}
	look_around(w, v);
	ticket_page(w, v);
	return 0;
}

static int show(struct web *w, struct err *e)
{
	struct ticket_show v = { 0 };
	const char *done = web_query(w, "done");

	if (load(w, &v.t, e) != 0)
		return -1;
	if (done)
		v.done = strcmp(done, "sent") == 0 ? _("The answer is sent.") : strcmp(done, "unsent") == 0 ? _("Saved. Nobody was mailed: the ticket has no requester with an e-mail address.") : strcmp(done, "note") == 0 ? _("The note is saved.") :
			strcmp(done, "saved") == 0 ? _("Saved.") : strcmp(done, "undone") == 0 ? _("Undone: it is as it was.") : NULL;
	read_undo(w, &v);
	return show_view(w, &v, e);
}

static int here(struct web *w, struct err *e)
{
	struct ticket_show v = { 0 };

	if (load(w, &v.t, e) != 0)
		return -1;
	look_around(w, &v);
	ticket_here(w, &v);
	return 0;
}

/* The ticket's address with what was done, and the list it was opened from. */
static const char *shown(struct web *w, int64_t number, const char *done, const char *more)
{
	const char *list = tickets_list_query(w);

	return arena_printf(w->a, "/console/tickets/%" PRId64 "%s%cdone=%s%s", number, list, *list ? '&' : '?', done, more);
}

/* ---- answering */

/* {name} and {number} in a ready answer. */
static const char *fill_in(struct web *w, const struct ticket *t, const char *text)
{
	const char *name = ticket_first_name(w, *t->contact_name ? t->contact_name : email_shown(w->a, t->from_name));
	struct buf b;

	buf_init(&b, w->a, TICKET_BODY_MAX);
	while (*text) {
		if (text_starts(text, "{name}")) {
			buf_adds(&b, name);
			text += 6;
		} else if (text_starts(text, "{number}")) {
			buf_int(&b, t->number);
			text += 8;
		} else {
			buf_addc(&b, *text++);
		}
	}
	return buf_text(&b);
}

static int put_in_ready(struct web *w, struct ticket_show *v, struct err *e)
{
	struct ready_answer *list;
	struct watcher p = { .lang = "da" };
	struct err why;
	int n;
	int64_t id = field_id(w, "ready");

	if (store_answer_list(w->db, w->a, &list, &n, e) != 0)
		return -1;
	if (v->t.contact_id && store_ticket_contact(w->db, w->a, v->t.contact_id, &p, NULL, &why) != 0)
		p.lang = "da";
	for (int i = 0; i < n; i++)
		if (list[i].id == id) {
			const char *text = strcmp(p.lang, "en") == 0 && *list[i].body_en ? list[i].body_en : list[i].body_da;

			v->typed.body = arena_printf(w->a, "%s%s%s", v->typed.body, *v->typed.body ? "\n\n" : "", fill_in(w, &v->t, text));
		}
	return show_view(w, v, e);
}

static struct ticket_typed typed_reply(struct web *w)
{
	return (struct ticket_typed){ or_empty(web_field(w, "kind")), or_empty(web_field(w, "body")), or_empty(web_field(w, "then")) };
}

static int send(struct web *w, struct err *e)
{
	struct ticket_show v = { 0 };
	struct ticket_job j = { .kind = JOB_REPLY };
	const char *what = web_field(w, "do");
	bool note, timed = false;

	if (load(w, &v.t, e) != 0 || web_form_check(w, e) != 0)
		return -1;
	v.typed = typed_reply(w);
	w->again = what && strcmp(what, "ready") == 0;
	if (w->again)
		return put_in_ready(w, &v, e);
	note = strcmp(v.typed.kind, "note") == 0;
	if (!note && strcmp(v.typed.kind, "reply") != 0)        /* never guess that something is meant for the customer */
		return FAIL_FIELD(e, E_CHOICE_INVALID, "kind", "%.40s", v.typed.kind);
	j.answer = (struct ticket_answer){ .ticket_id = v.t.id, .visibility = note ? "internal" : "public", .channel = "console",
		.text = { .body = v.typed.body }, .then = *v.typed.then ? v.typed.then : NULL, .seen = note ? 0 : field_id(w, "seen"), .last = field_id(w, "last") };
	if (people(w, &v, e) != 0)
		return -1;
	if (work_form_read(w, v.t.id, &j.work, &timed, e) == 0 && ticket_files(w, &j.answer.text.files, &j.answer.text.nfiles, e) == 0) {
		if (!timed)
			j.work = (struct work_in){ 0 };
		else if (text_blank(j.work.note))
			j.work.note = note ? "" : v.t.subject;
		if (ticket_do(w, &j, e) == 0)
			return web_redirect(w, shown(w, v.t.number, note ? "note" : v.unread_by_all ? "unsent" : "sent", arena_printf(w->a, "#m%" PRId64, j.got_message)));
		work_refused(w, e, v.t.id, 0);
	}
	if (err_kind(e->id) == ERR_BROKEN || err_kind(e->id) == ERR_MISSING)
		return -1;
	if (e->id == E_TICKET_CHANGED)
		v.conflict = arena_dup(w->a, e->detail);
	else
		web_wrong(w, e);
	web_status(w, err_kind(e->id) == ERR_CONFLICT ? 409 : 400);
	return web_refresh(w, e) != 0 ? -1 : show_view(w, &v, e);
}

/* ---- changing. What cannot be done is told on the page, as it stands now. */

static int refuse(struct web *w, const struct err *why, const char *told, struct err *e)
{
	struct ticket_show v = { .told = told, .typed = typed_reply(w) };

	*e = *why;
	w->again = true;
	if (err_kind(why->id) != ERR_INPUT && err_kind(why->id) != ERR_CONFLICT && err_kind(why->id) != ERR_MISSING)
		return -1;
	web_status(w, err_kind(why->id) == ERR_CONFLICT ? 409 : 400);
	return web_refresh(w, e) != 0 || load(w, &v.t, e) != 0 ? -1 : show_view(w, &v, e);
}

static int finish(struct web *w, int rc, const struct err *why, struct err *e)
{
	if (rc == 0)
		return web_redirect(w, shown(w, web_param_id(w, 0), "saved", ""));
	return refuse(w, why, err_text(why->id, w->lang), e);
}

/* "Jonas Kjær: waiting_customer" as words */
static const char *who_changed(struct web *w, const struct err *why)
{
	const char *colon = strstr(why->detail, ": "), *value = colon ? arena_dup(w->a, colon + 2) : "";

	if (strcmp(why->field, "state") == 0)
		value = ticket_state_word(w, value, false);
	else if (strcmp(why->field, "priority") == 0)
		value = ticket_priority_word(w, value, false);
	return arena_printf(w->a, _("%s has changed it to %s meanwhile. Nothing was saved. Look, and choose again."),
		colon ? arena_dupn(w->a, why->detail, (size_t)(colon - why->detail)) : "Pedel", *value ? value : _("none"));
}

/* The values of before, for "Undo": of those fields that the state line holds. */
static struct ticket_undo replaced(const struct ticket *was, const struct ticket *now, const struct ticket_change *c)
{
	struct ticket_undo u = { 0 };

	if (c->subject || c->category || c->type || c->set_contact)
		return u;
	u.state = strcmp(now->state, was->state) != 0 ? was->state : NULL;
	u.priority = strcmp(now->priority, was->priority) != 0 ? was->priority : NULL;
	u.owner = now->owner_id != was->owner_id;
	u.owner_id = was->owner_id;
	u.any = u.state || u.priority || u.owner;
	return u;
}

static const char *replaced_query(struct web *w, const struct ticket_undo *u)
{
	struct buf b;

	buf_init(&b, w->a, 256);
	if (u->state)
		buf_printf(&b, "&was_state=%s", u->state);
	if (u->priority)
		buf_printf(&b, "&was_priority=%s", u->priority);
	if (u->owner)
		buf_printf(&b, "&was_owner=%" PRId64, u->owner_id);
	return buf_text(&b);
}

/* Words, or time that the running timer did not fill in. */
static bool is_half_written(struct web *w, const struct ticket *t)
{
	struct work_form f;
	struct err none;

	if (!text_blank(web_field(w, "body")) || !text_blank(web_field(w, "note")))
		return true;
	return !text_blank(web_field(w, "minutes")) && work_form_load(w, t->customer_id, t->id, &f, &none) == 0 &&
		!(f.timer.person_id && f.timer.ticket_id == t->id);
}

/* The buttons beside the reply box take half an answer with them: it is here again, and not sent. */
static int half_written(struct web *w, const struct ticket *was, const struct ticket_change *c, struct err *e)
{
	struct ticket_show v = { .done = _("Saved. Your answer below is not sent yet."), .typed = typed_reply(w), .half = true };

	w->again = true;
	if (load(w, &v.t, e) != 0)
		return -1;
	v.undo = replaced(was, &v.t, c);
	return show_view(w, &v, e);
}

/* A browser does not give a chosen file back: it must not go unnoticed. */
static bool has_file(struct web *w)
{
	struct web_upload *up;
	int n = web_uploads(w, "file", &up);

	for (int i = 0; i < n; i++)
		if (up[i].bytes > 0)
			return true;
	return false;
}

static int read_change(struct web *w, struct ticket_change *c, struct err *e)
{
	int64_t version;

	*c = (struct ticket_change){ .subject = web_field(w, "subject"), .category = web_field(w, "category"), .type = web_field(w, "type"),
		.priority = web_field(w, "priority"), .state = web_field(w, "state"), .set_owner = web_field(w, "owner_id") != NULL,
		.set_contact = web_field(w, "contact_id") != NULL };
	if (said_id(w, "owner_id", INT64_MAX, &c->owner_id, e) != 0 || said_id(w, "contact_id", INT64_MAX, &c->contact_id, e) != 0 ||
		said_id(w, "version", INT32_MAX, &version, e) != 0)
		return -1;
	c->version = (int)version;
	return has_file(w) ? FAIL_FIELD(e, E_FILE_UNSENT, "file", "an answer's") : 0;
}

static int change(struct web *w, struct err *e)
{
	struct ticket_job j = { .kind = JOB_CHANGE };
	struct ticket_undo undo;
	struct ticket t, now;
	struct err why = { 0 };
	int rc;

	if (load(w, &t, e) != 0)
		return -1;
	j.id = t.id;
	rc = read_change(w, &j.change, &why);
	if (rc != 0 && why.id == E_NUMBER_INVALID)
		return refuse(w, &why, arena_printf(w->a, "%s: %s", strcmp(why.field, "owner_id") == 0 ? _("Owner") : strcmp(why.field, "contact_id") == 0 ?
			_("Reported by") : why.field, err_text(why.id, w->lang)), e);
	if (rc != 0)
		return finish(w, rc, &why, e);
	rc = ticket_do(w, &j, &why);
	if (rc != 0)
		return why.id == E_TICKET_CHANGED ? refuse(w, &why, who_changed(w, &why), e) : finish(w, rc, &why, e);
	if (is_half_written(w, &t))
		return half_written(w, &t, &j.change, e);
	if (web_field(w, "undo"))
		return web_redirect(w, shown(w, t.number, "undone", ""));
	if (load(w, &now, e) != 0)
		return -1;
	undo = replaced(&t, &now, &j.change);
	return web_redirect(w, shown(w, t.number, "saved", replaced_query(w, &undo)));
}

/* The other ticket of a merge or link, by the number typed. */
static int other_ticket(struct web *w, const char *field, struct ticket *t, struct err *why)
{
	const char *s = web_field(w, field);
	int64_t n;

	s = s ? text_trim(w->a, s) : "";
	if (!text_int(*s == '#' ? s + 1 : s, &n))
		return FAIL_FIELD(why, E_NUMBER_INVALID, field, "%.40s", s);
	return store_ticket_by_number(w->db, w->a, everything, n, t, why);
}

static int merge(struct web *w, struct err *e)
{
	struct ticket_job j = { .kind = JOB_MERGE };
	struct ticket t, into;
	struct err why = { 0 };

	if (load(w, &t, e) != 0)
		return -1;
	if (other_ticket(w, "into", &into, &why) != 0)
		return finish(w, -1, &why, e);
	j.id = t.id;
	j.other = into.id;
	return ticket_do(w, &j, &why) != 0 ? finish(w, -1, &why, e) : web_redirect(w, arena_printf(w->a, "/console/tickets/%" PRId64 "?done=saved", j.got_number));
}

static int link_to(struct web *w, struct err *e)
{
	struct ticket_job j = { .kind = JOB_LINK };
	struct ticket t, other;
	struct err why = { 0 };

	if (load(w, &t, e) != 0)
		return -1;
	if (other_ticket(w, "other", &other, &why) != 0)
		return finish(w, -1, &why, e);
	j.id = t.id;
	j.other = other.id;
	return finish(w, ticket_do(w, &j, &why), &why, e);
}

static int split(struct web *w, struct err *e)
{
	struct ticket_job j = { .kind = JOB_SPLIT, .subject = web_field(w, "subject") };
	const char *const *chosen;
	int n = web_field_all(w, "message", &chosen);
	int64_t *ids = ARENA_ARRAY(w->a, int64_t, n + 1);
	struct ticket t;
	struct err why = { 0 };

	if (load(w, &t, e) != 0)
		return -1;
	for (int i = 0; i < n; i++)
		if (text_int(chosen[i], &ids[j.nmessages]))
			j.nmessages++;
	j.id = t.id;
	j.messages = ids;
	return ticket_do(w, &j, &why) != 0 ? finish(w, -1, &why, e) : web_redirect(w, arena_printf(w->a, "/console/tickets/%" PRId64 "?done=saved", j.got_number));
}

static int watch(struct web *w, struct err *e)
{
	struct ticket_job j = { .kind = JOB_WATCH, .watcher = web_field(w, "kind"), .other = field_id(w, "who"), .email = web_field(w, "email"),
		.on = field_id(w, "on") != 0 };
	struct ticket t;
	struct err why = { 0 };

	if (load(w, &t, e) != 0)
		return -1;
	if (web_field(w, "me")) {
		j.watcher = "person";
		j.other = w->who.id;
		j.email = NULL;
		j.on = true;
	}
	j.id = t.id;
	j.watcher = or_empty(j.watcher);
	return finish(w, ticket_do(w, &j, &why), &why, e);
}

static int place(struct web *w, struct err *e)
{
	struct ticket_job j = { .kind = JOB_PLACE, .customer_id = field_id(w, "customer_id") };
	struct ticket t;
	struct err why = { 0 };
	int64_t contact, of;

	if (load(w, &t, e) != 0)
		return -1;
	j.id = t.id;
	if (*t.from_email && store_ticket_contact_by_email(w->db, w->a, t.from_email, &contact, &of, &why) == 0 && of == j.customer_id)
		j.contact_id = contact;
	return finish(w, ticket_do(w, &j, &why), &why, e);
}

static int file(struct web *w, struct err *e)
{
	struct ticket t, of;
	struct attachment f;

	if (load(w, &t, e) != 0 || store_attachment_get(w->db, w->a, 0, web_param_id(w, 1), false, &f, e) != 0 ||
		store_ticket_get(w->db, w->a, everything, f.ticket_id, &of, e) != 0)
		return -1;
	if (of.id != t.id && of.merged_into != t.id)
		return FAIL(e, E_NOT_FOUND, "file of another ticket");
	return web_download(w, blob_path(&w->app->blobs, w->a, f.sha256), f.mime, f.name, ticket_file_is_picture(f.mime));
}

/* The stored HTML was cleaned when it came (src/conv/html.c); here its pictures get their addresses. What a mail may do
 * stays with the policy: no script, no style of its own, nothing from outside. */
static const char *with_pictures(struct web *w, const struct ticket *t, const struct message *m)
{
	const char *s = m->body_html, *at;
	struct buf b;

	buf_init(&b, w->a, 2 * strlen(s) + 4096);
	while ((at = strstr(s, " src=\"cid:"))) {
		const char *cid = at + 10, *end = strchr(cid, '"');

		if (!end)
			break;
		buf_add(&b, s, (size_t)(at - s));
		for (int i = 0; i < m->nfiles; i++)
			if (strlen(m->files[i].content_id) == (size_t)(end - cid) && strncmp(m->files[i].content_id, cid, (size_t)(end - cid)) == 0) {
				buf_printf(&b, " src=\"/console/tickets/%" PRId64 "/files/%" PRId64 "\"", t->number, m->files[i].id);
				break;
			}
		s = end + 1;
	}
	buf_adds(&b, s);
	return buf_text(&b);
}

static int mail_html(struct web *w, struct err *e)
{
	struct ticket t;
	struct message *m;
	int n;

	if (load(w, &t, e) != 0 || store_message_list(w->db, w->a, t.id, true, &m, &n, e) != 0)
		return -1;
	for (int i = 0; i < n; i++)
		if (m[i].id == web_param_id(w, 1) && *m[i].body_html) {
			http_add_header(w->rq, w->rs, "Content-Security-Policy", "default-src 'none'; img-src 'self'; style-src 'self'; font-src 'self'; "
				"form-action 'none'; base-uri 'none'; frame-ancestors 'self'; sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox");
			ticket_mail_html(w, with_pictures(w, &t, &m[i]));
			return 0;
		}
	return FAIL(e, E_NOT_FOUND, "no HTML there");
}

/* What was refused is shown under the form's own address: read again, that is the ticket. */
static int back_to(struct web *w, struct err *e)
{
	return web_redirect(w, ticket_at(w, web_param_id(w, 0), "", tickets_list_query(w)));
}

const struct web_route pages_ticket[] = {
	{ "GET", "/console/tickets/{id}", ROLE_STAFF, show, .keep = true },
	{ "GET", "/console/tickets/{id}/here", ROLE_STAFF, here },
	{ "POST", "/console/tickets/{id}/messages", ROLE_DESK, send, 64 << 20, true },
	{ "POST", "/console/tickets/{id}/change", ROLE_DESK, change, 64 << 20, true },
	{ "POST", "/console/tickets/{id}/merge", ROLE_DESK, merge },
	{ "POST", "/console/tickets/{id}/link", ROLE_DESK, link_to },
	{ "POST", "/console/tickets/{id}/split", ROLE_DESK, split },
	{ "POST", "/console/tickets/{id}/watch", ROLE_DESK, watch },
	{ "POST", "/console/tickets/{id}/place", ROLE_DESK, place },
	{ "GET", "/console/tickets/{id}/messages", ROLE_STAFF, back_to },
	{ "GET", "/console/tickets/{id}/change", ROLE_STAFF, back_to },
	{ "GET", "/console/tickets/{id}/merge", ROLE_STAFF, back_to },
	{ "GET", "/console/tickets/{id}/link", ROLE_STAFF, back_to },
	{ "GET", "/console/tickets/{id}/split", ROLE_STAFF, back_to },
	{ "GET", "/console/tickets/{id}/watch", ROLE_STAFF, back_to },
	{ "GET", "/console/tickets/{id}/place", ROLE_STAFF, back_to },
	{ "GET", "/console/tickets/{id}/files/{id}", ROLE_STAFF, file },
	{ "GET", "/console/tickets/{id}/html/{id}", ROLE_STAFF, mail_html },
	{ 0 }
};
