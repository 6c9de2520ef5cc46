/* What is done to a ticket after it came in. */
#include <inttypes.h>
#include <string.h>
#include "base/moment.h"
#include "base/text.h"
#include "core/ticket_inner.h"
#include "store/outbox.h"
#include "store/person.h"
#include "store/search.h"

enum { TERMS_PAGE = 100, TERMS_PAGES_BYTES = 256 << 20, TERMS_TICKET_BYTES = 16 << 20 };

static const struct ticket_scope anybody = { 0, 0 };

static json_t *pair(const char *before, const char *after) { return json_pack("[s,s]", before, after); }

static bool one_of(const char *s, const char *const *of)
{
	for (; *of; of++)
		if (strcmp(*of, s) == 0)
			return true;
	return false;
}

/* A contact may say that it is solved, or open it again; nothing else. */
static int allowed(const struct ticket_work *k, const struct ticket_change *c, struct err *e)
{
	if (!(k->who->role & ROLE_CUSTOMER))
		return 0;
	if (c->subject || c->category || c->type || c->priority || c->set_owner || c->set_contact ||
		(c->state && strcmp(c->state, "solved") != 0 && strcmp(c->state, "open") != 0))
		return FAIL(e, E_DENIED, "a contact's change");
	return 0;
}

static int check(const struct ticket_work *k, const struct ticket *t, const struct ticket_change *c, struct err *e)
{
	static const char *const types[] = { "incident", "request", "order", NULL };
	struct watcher p;
	int64_t of;

	if (c->subject && text_check(c->subject, "subject", TICKET_SUBJECT_MAX, true, e) != 0)
		return -1;
	if (c->category && strcmp(c->category, t->category) != 0 && ticket_category_check(k->w, k->a, c->category, e) != 0)
		return -1;
	if (c->type && !one_of(c->type, types))
		return FAIL_FIELD(e, E_CHOICE_INVALID, "type", "%.60s", c->type);
	if (c->priority && ticket_priority_by_name(c->priority) < 0)
		return FAIL_FIELD(e, E_CHOICE_INVALID, "priority", "%.60s", c->priority);
	if (c->state && ticket_state_by_name(c->state) < 0)
		return FAIL_FIELD(e, E_CHOICE_INVALID, "state", "%.60s", c->state);
	if (c->state && t->merged_into && strcmp(c->state, "closed") != 0)
		return FAIL_FIELD(e, E_TICKET_STATE, "state", "merged");
	if (c->set_owner && c->owner_id && c->owner_id != t->owner_id && store_ticket_person(k->w, k->a, c->owner_id, &p, e) != 0)
		return e->id == E_NOT_FOUND ? FAIL_FIELD(e, E_NOT_FOUND, "owner_id", "%" PRId64, c->owner_id) : -1;
	if (c->set_contact && c->contact_id && (store_ticket_contact(k->w, k->a, c->contact_id, &p, &of, e) != 0 || of != t->customer_id))
		return FAIL_FIELD(e, E_NOT_FOUND, "contact_id", "%" PRId64, c->contact_id);
	return allowed(k, c, e);
}

static void differ(json_t *o, const char *key, const char **now, const char *want)
{
	if (!want || strcmp(*now, want) == 0)
		return;
	json_object_set_new(o, key, pair(*now, want));
	*now = want;
}

int ticket_apply(const struct ticket_work *k, struct ticket *t, const struct ticket_change *c, bool *changed, struct err *e)
{
	bool was_open = ticket_is_open(t);
	json_t *o;
	struct watcher p;

	if (check(k, t, c, e) != 0)
		return -1;
	o = json_object();
	differ(o, "subject", &t->subject, c->subject ? text_line(k->a, c->subject, 200) : NULL);
	differ(o, "category", &t->category, c->category);
	differ(o, "type", &t->type, c->type);
	differ(o, "priority", &t->priority, c->priority);
	differ(o, "state", &t->state, c->state);
	if (c->set_owner && c->owner_id != t->owner_id) {
		p = (struct watcher){ .name = "" };
		if (c->owner_id && store_ticket_person(k->w, k->a, c->owner_id, &p, e) != 0) {
			json_decref(o);
			return -1;
		}
		json_object_set_new(o, "owner", pair(t->owner_name, p.name));
		json_object_set_new(o, "owner_id", json_integer(c->owner_id));
		t->owner_id = c->owner_id;
		t->owner_name = p.name;
	}
	if (c->set_contact && c->contact_id != t->contact_id) {
		p = (struct watcher){ .name = "", .email = "" };
		if (c->contact_id && store_ticket_contact(k->w, k->a, c->contact_id, &p, NULL, e) != 0) {
			json_decref(o);
			return -1;
		}
		json_object_set_new(o, "contact", pair(t->contact_name, p.name));
		t->contact_id = c->contact_id;
		t->contact_name = t->from_name = p.name;
		t->contact_email = t->from_email = p.email;
	}
	*changed = json_object_size(o) > 0;
	if (!*changed) {
		json_decref(o);
		return 0;
	}
	json_object_set_new(o, "version", json_integer(t->version + 1));
	if (!was_open && ticket_is_open(t) && outbox_withdraw(k->w, t->id, "solved", k->d->now, e) != 0) {
		json_decref(o);
		return -1;
	}
	if (!was_open && ticket_is_open(t) && k->d->now < t->solved_at + TICKET_TAKE_BACK_US)
		json_object_set_new(o, "undone", json_true());
	return ticket_event(k, t, "ticket.changed", o, e);
}

/* Somebody changed the ticket since c->version was looked at: only a conflict when it was the same field. */
static int overlap(const struct ticket_work *k, const struct ticket *t, const struct ticket_change *c, struct err *e)
{
	const struct { const char *key; bool mine; } field[] = {
		{ "subject", c->subject != NULL }, { "category", c->category != NULL }, { "type", c->type != NULL }, { "priority", c->priority != NULL },
		{ "state", c->state != NULL }, { "owner", c->set_owner }, { "contact", c->set_contact },
	};
	struct event *ev;
	int n;

	if (!c->version || c->version == t->version)
		return 0;
	if (event_list(k->w, k->a, "ticket", t->id, &ev, &n, e) != 0)
		return -1;
	for (int i = n - 1; i >= 0; i--) {
		json_t *o = strcmp(ev[i].kind, "ticket.changed") == 0 ? json_loads(ev[i].data, 0, NULL) : NULL;
		int rc = 0;

		for (size_t f = 0; rc == 0 && f < sizeof field / sizeof *field; f++)
			if (field[f].mine && json_object_get(o, field[f].key) && json_integer_value(json_object_get(o, "version")) > c->version)
				rc = FAIL_FIELD(e, E_TICKET_CHANGED, field[f].key, "%s: %s", json_string_value(json_object_get(o, "by")) ?
					json_string_value(json_object_get(o, "by")) : "Pedel",
					json_string_value(json_array_get(json_object_get(o, field[f].key), 1)));
		json_decref(o);
		if (rc != 0)
			return -1;
	}
	return 0;
}

int ticket_change(struct db_conn *w, struct arena *a, const struct desk *d, const struct actor *who, int64_t id, const struct ticket_change *c,
	struct ticket *out, struct err *e)
{
	struct ticket_work k = { w, a, d, who };
	struct ticket t;
	int64_t owner;
	bool was_open, changed;

	if (ticket_open(&k, id, &t, e) != 0 || overlap(&k, &t, c, e) != 0)
		return -1;
	was_open = ticket_is_open(&t);
	owner = t.owner_id;
	if (ticket_apply(&k, &t, c, &changed, e) != 0)
		return -1;
	if (changed && (ticket_save(&k, &t, e) != 0 || ((c->subject || c->set_contact) && ticket_index(&k, &t, e) != 0)))
		return -1;
	if (!t.probe && was_open && !ticket_is_open(&t) && !c->quiet && who->person && ticket_mail(&k, &t, MAIL_SOLVED, NULL, e) != 0)
		return -1;
	/* whoever was told in vain is not told */
	if (t.owner_id != owner && outbox_withdraw(w, t.id, "assigned", d->now, e) != 0)
		return -1;
	if (!t.probe && t.owner_id && t.owner_id != owner && ticket_mail(&k, &t, MAIL_ASSIGNED, NULL, e) != 0)
		return -1;
	*out = t;
	return 0;
}

/* Clocks of from that still run go on in into, which is as urgent as the more urgent of the two: merging sets nothing back. */
static int take_over(const struct ticket_work *k, const struct ticket *from, struct ticket *into, json_t *data, struct err *e)
{
	enum ticket_priority mine = (enum ticket_priority)ticket_priority_by_name(from->priority);
	struct ticket_change c = { .priority = from->priority };
	bool changed;
	struct sla s;

	if (ticket_clocks(k->w, k->a, k->d->catalogue, from, k->d->now, &s, e) != 0)
		return -1;
	if (!s.held && !s.response.ended_at)
		json_object_set_new(data, "waited_minutes", json_integer((s.response.used_us + MOMENT_MINUTE - 1) / MOMENT_MINUTE));
	if (!s.held && !s.solution.ended_at)
		json_object_set_new(data, "worked_minutes", json_integer((s.solution.used_us + MOMENT_MINUTE - 1) / MOMENT_MINUTE));
	if (s.held || s.solution.ended_at || !ticket_is_open(into) || (int)mine <= ticket_priority_by_name(into->priority))
		return 0;
	return ticket_apply(k, into, &c, &changed, e);
}

int ticket_merge(struct db_conn *w, struct arena *a, const struct desk *d, const struct actor *who, int64_t from, int64_t into,
	struct ticket *out, struct err *e)
{
	struct ticket_work k = { w, a, d, who };
	struct ticket_change close = { .state = "closed" };
	struct ticket f, t;
	json_t *data;
	bool changed;

	if (!actor_is_staff(who))
		return FAIL(e, E_DENIED, "merge");
	if (ticket_open(&k, from, &f, e) != 0 || store_ticket_get(w, a, anybody, into, &t, e) != 0)
		return -1;
	if (t.merged_into && store_ticket_get(w, a, anybody, t.merged_into, &t, e) != 0)
		return -1;
	if (f.id == t.id)
		return FAIL_FIELD(e, E_MERGE_SELF, "into", "%" PRId64, f.number);
	/* Two that nobody owns may be two strangers: then the one would read the other's answers. */
	if (f.customer_id != t.customer_id || (!f.customer_id && strcmp(f.from_email, t.from_email) != 0))
		return FAIL_FIELD(e, E_MERGE_CUSTOMER, "into", "%" PRId64, t.number);
	if (f.merged_into)
		return FAIL_FIELD(e, E_TICKET_STATE, "into", "%" PRId64 " is merged already", f.number);
	data = json_pack("{s:I,s:I,s:s}", "from", (json_int_t)f.number, "from_id", (json_int_t)f.id, "subject", f.subject);
	if (take_over(&k, &f, &t, data, e) != 0 || ticket_apply(&k, &f, &close, &changed, e) != 0) {
		json_decref(data);
		return -1;
	}
	f.merged_into = t.id;
	f.dedupe_key = NULL;
	if (ticket_event(&k, &t, "ticket.absorbed", data, e) != 0 ||
		ticket_event(&k, &f, "ticket.merged", json_pack("{s:I,s:I}", "into", (json_int_t)t.number, "into_id", (json_int_t)t.id), e) != 0 ||
		ticket_save(&k, &f, e) != 0 || store_ticket_repoint(w, f.id, t.id, e) != 0 || store_watcher_move(w, f.id, t.id, e) != 0)
		return -1;
	if (f.contact_id && f.contact_id != t.contact_id && store_watcher_add(w, t.id, t.customer_id, "contact", f.contact_id, "", e) != 0)
		return -1;
	if (!f.contact_id && *f.from_email && store_watcher_add(w, t.id, t.customer_id, "email", 0, f.from_email, e) != 0)
		return -1;
	if (ticket_save(&k, &t, e) != 0 || ticket_index(&k, &t, e) != 0)
		return -1;
	*out = t;
	return 0;
}

int ticket_split(struct db_conn *w, struct arena *a, const struct desk *d, const struct actor *who, int64_t id, const int64_t *messages, int n,
	const char *subject, struct ticket *out, struct err *e)
{
	struct ticket_work k = { w, a, d, who };
	struct ticket f, t;
	struct message m, *all;
	int64_t since = MOMENT_NEVER;
	int total, own = 0;

	if (!actor_is_staff(who))
		return FAIL(e, E_DENIED, "split");
	if (text_check(subject, "subject", TICKET_SUBJECT_MAX, true, e) != 0 || ticket_open(&k, id, &f, e) != 0 ||
		store_message_list(w, a, id, true, &all, &total, e) != 0)
		return -1;
	for (int i = 0; i < total; i++)
		own += all[i].ticket_id == id;
	if (n < 1 || n >= own)
		return FAIL_FIELD(e, E_REQUIRED, "message", "%d of %d messages", n, own);
	for (int i = 0; i < n; i++) {
		if (store_message_get(w, a, id, messages[i], &m, e) != 0)
			return -1;
		since = m.at < since ? m.at : since;
	}
	t = f;
	t.subject = text_line(a, subject, 200);
	t.state = "new";
	t.dedupe_key = NULL;
	t.merged_into = t.responded_at = t.solved_at = t.closed_at = t.spent_minutes = 0;
	t.next_due_at = MOMENT_NEVER;
	t.created_at = since;
	t.probe = false;
	if (store_ticket_add(w, &t, e) != 0 || ticket_event(&k, &t, "ticket.created", json_pack("{s:I,s:s,s:s,s:I,s:s,s:s,s:s,s:I,s:I,s:i}", "number",
		(json_int_t)t.number, "subject", t.subject, "type", t.type, "owner_id", (json_int_t)t.owner_id, "priority", t.priority, "state", "new", "channel", t.channel, "since", (json_int_t)since,
		"split_from", (json_int_t)f.number, "version", 1), e) != 0)
		return -1;
	for (int i = 0; i < n; i++)
		if (store_message_move(w, messages[i], f.id, t.id, e) != 0)
			return -1;
	if (ticket_event(&k, &f, "ticket.split", json_pack("{s:I,s:i}", "into", (json_int_t)t.number, "messages", n), e) != 0 ||
		ticket_save(&k, &f, e) != 0 || ticket_save(&k, &t, e) != 0 || ticket_index(&k, &f, e) != 0 || ticket_index(&k, &t, e) != 0)
		return -1;
	*out = t;
	return 0;
}

int ticket_link(struct db_conn *w, struct arena *a, const struct desk *d, const struct actor *who, int64_t id, int64_t other, struct err *e)
{
	struct ticket_work k = { w, a, d, who };
	struct ticket x, y;

	if (!actor_is_staff(who))
		return FAIL(e, E_DENIED, "link");
	if (ticket_open(&k, id, &x, e) != 0 || ticket_open(&k, other, &y, e) != 0)
		return -1;
	if (x.id == y.id)
		return FAIL_FIELD(e, E_MERGE_SELF, "other", "%" PRId64, x.number);
	if (ticket_event(&k, &x, "ticket.linked", json_pack("{s:I,s:s}", "other", (json_int_t)y.number, "subject", y.subject), e) != 0)
		return -1;
	return ticket_event(&k, &y, "ticket.linked", json_pack("{s:I,s:s}", "other", (json_int_t)x.number, "subject", x.subject), e);
}

/* An address that is somebody's we know is that person: no second line, no mail as to a stranger, and nobody of another customer. */
static int watcher_of(const struct ticket_work *k, const struct ticket *t, const char **kind, const char **email, int64_t *who_id, struct watcher *out,
	struct err *e)
{
	int64_t contact_id, customer_id;
	struct person p;
	struct err none;

	if (store_person_by_email(k->w, k->a, *email, &p, &none) == 0) {
		*kind = "person";
		*who_id = p.id;
		*email = "";
		return store_ticket_person(k->w, k->a, p.id, out, e);
	}
	if (none.id != E_NOT_FOUND)
		return *e = none, -1;
	if (store_ticket_contact_by_email(k->w, k->a, *email, &contact_id, &customer_id, &none) != 0)
		return none.id == E_NOT_FOUND ? 0 : (*e = none, -1);
	if (customer_id != t->customer_id)
		return t->customer_id ? FAIL_FIELD(e, E_WATCHER_CUSTOMER, "email", "%.80s", *email) : 0;
	*kind = "contact";
	*who_id = contact_id;
	*email = "";
	return store_ticket_contact(k->w, k->a, contact_id, out, NULL, e);
}

int ticket_watch(struct db_conn *w, struct arena *a, const struct desk *d, const struct actor *who, int64_t id, const char *kind, int64_t who_id,
	const char *email, bool on, struct err *e)
{
	struct ticket_work k = { w, a, d, who };
	struct watcher p = { .name = email ? email : "" };
	struct ticket t;
	int64_t of;

	if (!actor_is_staff(who))
		return FAIL(e, E_DENIED, "watch");
	if (ticket_open(&k, id, &t, e) != 0)
		return -1;
	email = email ? text_lower(a, text_trim(a, email)) : "";
	if (strcmp(kind, "person") == 0) {
		if (store_ticket_person(w, a, who_id, &p, e) != 0)
			return -1;
	} else if (strcmp(kind, "contact") == 0) {
		if (store_ticket_contact(w, a, who_id, &p, &of, e) != 0 || of != t.customer_id)
			return FAIL_FIELD(e, E_NOT_FOUND, "contact", "%" PRId64, who_id);
	} else if (strcmp(kind, "email") == 0) {
		const char *at = strchr(email, '@');

		if (!at || at == email || !at[1] || strchr(at + 1, '@') || strpbrk(email, " \t\r\n,;<>\"") || strlen(email) > 254)
			return FAIL_FIELD(e, E_EMAIL_INVALID, "email", "%.80s", email);
		if (on && watcher_of(&k, &t, &kind, &email, &who_id, &p, e) != 0)
			return -1;
	} else {
		return FAIL_FIELD(e, E_CHOICE_INVALID, "kind", "%.40s", kind);
	}
	if ((on ? store_watcher_add(w, id, t.customer_id, kind, who_id, email, e) : store_watcher_remove(w, id, kind, who_id, email, e)) != 0)
		return -1;
	return ticket_event(&k, &t, on ? "ticket.watched" : "ticket.unwatched", json_pack("{s:s,s:s}", "kind", kind, "name", p.name), e);
}

int ticket_place(struct db_conn *w, struct arena *a, const struct desk *d, const struct actor *who, int64_t id, int64_t customer_id,
	int64_t contact_id, struct ticket *out, struct err *e)
{
	struct ticket_work k = { w, a, d, who };
	struct watcher p;
	struct ticket t;
	int64_t of = 0;
	bool active;

	if (!actor_is_staff(who))
		return FAIL(e, E_DENIED, "place");
	if (ticket_open(&k, id, &t, e) != 0)
		return -1;
	if (t.customer_id)
		return FAIL_FIELD(e, E_TICKET_STATE, "customer_id", "%" PRId64 " has a customer", t.number);
	if (store_ticket_customer_is(w, customer_id, &active, e) != 0)
		return e->id == E_NOT_FOUND ? FAIL_FIELD(e, E_NOT_FOUND, "customer_id", "%" PRId64, customer_id) : -1;
	if (!active)
		return FAIL_FIELD(e, E_CUSTOMER_INACTIVE, "customer_id", "%" PRId64, customer_id);
	if (contact_id && (store_ticket_contact(w, a, contact_id, &p, &of, e) != 0 || of != customer_id))
		return FAIL_FIELD(e, E_NOT_FOUND, "contact_id", "%" PRId64, contact_id);
	t.customer_id = customer_id;
	t.contact_id = contact_id;
	if (store_ticket_place(w, id, customer_id, e) != 0 || ticket_event(&k, &t, "ticket.placed", json_pack("{s:I,s:I}", "customer",
		(json_int_t)customer_id, "contact", (json_int_t)contact_id), e) != 0 || ticket_save(&k, &t, e) != 0 ||
		store_ticket_get(w, a, anybody, id, &t, e) != 0 || ticket_index(&k, &t, e) != 0)
		return -1;
	*out = t;
	return 0;
}

int ticket_rate(struct db_conn *w, struct arena *a, const struct desk *d, const struct actor *who, int64_t id, int score, const char *text,
	struct err *e)
{
	struct ticket_work k = { w, a, d, who };
	struct ticket t;

	if (score < 1 || score > 3)
		return FAIL_FIELD(e, E_CHOICE_INVALID, "score", "%d", score);
	if (text_check(text, "text", 2000, false, e) != 0 || ticket_open(&k, id, &t, e) != 0)
		return -1;
	if (ticket_is_open(&t))
		return FAIL_FIELD(e, E_TICKET_STATE, "score", "%" PRId64 " is not solved", t.number);
	return ticket_event(&k, &t, "ticket.rated", json_pack("{s:i,s:s}", "score", score, "text", text ? text : ""), e);
}

int ticket_begin(struct db_conn *w, struct arena *a, const struct desk *d, const struct actor *who, int64_t id, struct err *e)
{
	struct ticket_work k = { w, a, d, who };
	struct ticket t;
	struct sla s;

	if (ticket_open(&k, id, &t, e) != 0 || ticket_clocks(w, a, d->catalogue, &t, d->now, &s, e) != 0)
		return -1;
	if (!s.held || s.aside || !ticket_is_open(&t))
		return 0;
	return ticket_event(&k, &t, "ticket.begun", json_object(), e) != 0 ? -1 : ticket_save(&k, &t, e);
}

int ticket_close_solved(struct db_conn *w, struct arena *a, const struct desk *d, int64_t before, int *n, struct err *e)
{
	static const struct actor system = { .name = "" };
	struct ticket_work k = { w, a, d, &system };
	struct ticket_change close = { .state = "closed" };
	struct ticket t;
	int64_t *ids;
	int m;
	bool changed;

	if (store_ticket_solved_before(w, a, before, 100, &ids, &m, e) != 0)
		return -1;
	for (int i = 0; i < m; i++)
		if (store_ticket_get(w, a, anybody, ids[i], &t, e) != 0 || ticket_apply(&k, &t, &close, &changed, e) != 0 || ticket_save(&k, &t, e) != 0)
			return -1;
	*n = m;
	return 0;
}

/* Are the stored times those of what was promised? Otherwise they are written; nothing was done to the ticket. */
static int due_anew(const struct ticket_work *k, int64_t id, struct err *e)
{
	struct ticket t;
	struct sla s;

	if (store_ticket_get(k->w, k->a, anybody, id, &t, e) != 0 || ticket_clocks(k->w, k->a, k->d->catalogue, &t, k->d->now, &s, e) != 0)
		return -1;
	return ticket_clocks_put(&t, &s) ? store_ticket_set(k->w, &t, e) : 0;
}

int ticket_terms_changed(struct db_conn *w, const struct desk *d, int64_t customer_id, int32_t from_day, struct err *e)
{
	struct ticket_query q = { .scope = { customer_id, 0 }, .view = VIEW_OPEN, .sort = SORT_NEWEST, .now = d->now, .limit = TERMS_PAGE };
	struct arena *list = arena_begin(TERMS_PAGES_BYTES);
	bool more = from_day <= day_of(d->now);
	struct ticket *t;
	const char *next;
	int n, rc = 0;

	while (more && rc == 0 && (rc = store_ticket_list(w, list, &q, &t, &n, &next, e)) == 0) {
		q.after = next;
		for (int i = 0; i < n && rc == 0; i++) {
			struct arena *one = arena_begin(TERMS_TICKET_BYTES);
			struct ticket_work k = { w, one, d, NULL };

			if (day_of(t[i].created_at) >= from_day)
				rc = due_anew(&k, t[i].id, e);
			arena_end(one);
		}
		more = next && n > 0 && day_of(t[n - 1].created_at) >= from_day;
	}
	arena_end(list);
	return rc;
}
