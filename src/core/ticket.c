/* Coming in and being answered; ticket_change.c has what is done to a ticket afterwards. */
#include "core/ticket.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/moment.h"
#include "base/text.h"
#include "core/tell.h"
#include "core/ticket_inner.h"
#include "store/agreement.h"
#include "store/category.h"
#include "store/search.h"
#include "store/setting.h"

enum { SEARCH_BYTES = 200 << 10, FILE_NAME_MOST = 200 };

static const char *const types[] = { "incident", "request", "order", NULL };
static const char *const channels[] = { "portal", "mail", "api", "phone", "system", "console", NULL };
static const char *const visibilities[] = { "public", "internal", NULL };

static int choose(const char *s, const char *const *of, const char *unless, const char *field, const char **out, struct err *e)
{
	if (!s) {
		*out = unless;
		return 0;
	}
	for (; *of; of++)
		if (strcmp(*of, s) == 0) {
			*out = *of;
			return 0;
		}
	return FAIL_FIELD(e, E_CHOICE_INVALID, field, "%.60s", s);
}

struct ticket_scope ticket_scope_of(const struct actor *who)
{
	if (actor_is_staff(who) || (who->role == 0 && who->id == 0))
		return (struct ticket_scope){ 0, 0 };
	if (!(who->role & ROLE_CUSTOMER) || !who->customer_id)
		return (struct ticket_scope){ -1, -1 };
	return (struct ticket_scope){ who->customer_id, who->role & ROLE_DECIDES ? 0 : who->id };
}

bool ticket_is_open(const struct ticket *t) { return ticket_state_by_name(t->state) < TICKET_SOLVED; }

static const char *author_kind(const struct actor *who)
{
	return who->person ? "person" : who->id ? "contact" : who->role == ROLE_NOBODY ? "stranger" : "system";
}

int ticket_event(const struct ticket_work *k, const struct ticket *t, const char *kind, json_t *data, struct err *e)
{
	if (t->probe) {         /* thousands a day that say nothing: the chain is for what happened */
		json_decref(data);
		return 0;
	}
	if (!data)              /* its clocks are read from it: not without */
		return FAIL(e, E_BUG, "event %s", kind);
	if (k->who->name && *k->who->name)
		json_object_set_new(data, "by", json_string(k->who->name));
	return tell_event(k->w, k->a, k->who, k->d->now, t->customer_id, "ticket", t->id, kind, data, e);
}

int ticket_terms(struct db_conn *c, struct arena *a, const struct catalogue *k, int64_t customer_id, int32_t day, struct sla_terms *out,
	struct err *e)
{
	const struct catalogue_service *s = k ? catalogue_find(k, "support") : NULL;
	struct agreement g;
	struct agreement_item item;
	json_t *given = NULL, *full = NULL;
	struct err why = { 0 };
	int rc;

	if (customer_id && store_agreement_in_force(c, a, customer_id, day, "support", &g, &item, &why) == 0)
		given = json_loads(item.terms, 0, NULL);
	else if (customer_id && why.id != E_NOT_FOUND) {
		*e = why;
		return -1;
	}
	/* Terms were checked when they were agreed; a catalogue that has changed since must not stop tickets. */
	if (s && terms_check(a, s, given, &full, &why) != 0)
		full = NULL;
	rc = sla_terms_read(full ? full : given, out, &why);
	if (rc != 0) {                  /* only what cannot be read falls back; the ledger says that it cannot */
		json_object_del(full ? full : given, why.id == E_CLOSED_DAY_INVALID ? "closed_days" : "service_hours");
		rc = sla_terms_read(full ? full : given, out, &why);
	}
	if (rc != 0)
		rc = sla_terms_read(NULL, out, e);
	json_decref(full);
	json_decref(given);
	return rc;
}

int ticket_clocks_of(struct db_conn *c, struct arena *a, const struct catalogue *k, const struct ticket *t, const struct event *ev, int n, int64_t now,
	struct sla *out, struct err *e)
{
	struct sla_terms terms;
	struct sla_event *v;
	int m;

	if (ticket_terms(c, a, k, t->customer_id, day_of(t->created_at), &terms, e) != 0)
		return -1;
	sla_events_read(a, ev, n, &v, &m);
	sla_fold(&terms, v, m, now, out);
	return 0;
}

int ticket_clocks(struct db_conn *c, struct arena *a, const struct catalogue *k, const struct ticket *t, int64_t now, struct sla *out,
	struct err *e)
{
	struct event *ev;
	int n;

	if (event_list(c, a, "ticket", t->id, &ev, &n, e) != 0)
		return -1;
	return ticket_clocks_of(c, a, k, t, ev, n, now, out, e);
}

static int64_t known(int64_t due) { return due == MOMENT_NEVER ? 0 : due; }

bool ticket_clocks_put(struct ticket *t, const struct sla *s)
{
	int64_t response = known(s->response.due_at), solution = known(s->solution.due_at);
	bool other = t->response_due_at != response || t->solution_due_at != solution || t->next_due_at != s->next_due_at;

	t->response_due_at = response;
	t->solution_due_at = solution;
	t->next_due_at = s->next_due_at;
	t->responded_at = s->response.ended_at;
	t->solved_at = s->solution.ended_at;
	return other;
}

int ticket_save(const struct ticket_work *k, struct ticket *t, struct err *e)
{
	struct sla s;

	if (ticket_clocks(k->w, k->a, k->d->catalogue, t, k->d->now, &s, e) != 0)
		return -1;
	ticket_clocks_put(t, &s);
	t->closed_at = strcmp(t->state, "closed") != 0 ? 0 : t->closed_at ? t->closed_at : k->d->now;
	t->updated_at = k->d->now;
	return store_ticket_set(k->w, t, e);
}

int ticket_category_check(struct db_conn *c, struct arena *a, const char *category, struct err *e)
{
	struct category *all;
	const struct category *k;
	int n;

	if (!category || !*category)
		return 0;
	if (store_category_list(c, a, &all, &n, e) != 0)
		return -1;
	k = store_category_find(all, n, category);
	if (!k)
		return FAIL_FIELD(e, E_CHOICE_INVALID, "category", "%.60s", category);
	return k->retired_at ? FAIL_FIELD(e, E_CATEGORY_RETIRED, "category", "%.60s", category) : 0;
}

int ticket_index(const struct ticket_work *k, const struct ticket *t, struct err *e)
{
	struct message *m;
	struct buf b;
	int n;

	if (t->probe)
		return 0;
	if (store_message_list(k->w, k->a, t->id, true, &m, &n, e) != 0)
		return -1;
	buf_init(&b, k->a, SEARCH_BYTES);
	buf_printf(&b, "%" PRId64 "\n%s\n%s\n%s\n%s\n%s\n%s\n", t->number, t->subject, t->from_name, t->from_email, t->customer_name, t->contact_name,
		t->contact_email);
	for (int i = 0; i < n && !b.full; i++) {
		size_t room = SEARCH_BYTES > b.n ? SEARCH_BYTES - b.n : 0, len = m[i].quoted_from >= 0 ? (size_t)m[i].quoted_from : strlen(m[i].body);

		buf_add(&b, m[i].body, len + 1 < room ? len : room > 1 ? room - 1 : 0);
		buf_addc(&b, '\n');
		for (int f = 0; f < m[i].nfiles; f++) {
			buf_adds(&b, m[i].files[f].name);
			buf_addc(&b, '\n');
		}
	}
	return search_put(k->w, k->a, t->id, text_repair(k->a, buf_text(&b), strlen(buf_text(&b))), e);
}

int ticket_open(const struct ticket_work *k, int64_t id, struct ticket *t, struct err *e)
{
	return store_ticket_get(k->w, k->a, ticket_scope_of(k->who), id, t, e);
}

int ticket_text_check(const struct ticket_text *x, bool may_be_empty, struct err *e)
{
	if (text_check(x->body, "body", TICKET_BODY_MAX, !may_be_empty && x->nfiles == 0, e) != 0)
		return -1;
	return x->body_html && strlen(x->body_html) > 4 * TICKET_BODY_MAX ? FAIL_FIELD(e, E_TOO_LONG, "body", "html") : 0;
}

/* What came in, told by whoever types it: the message is the requester's own, and answers nothing. */
static void by_requester(const struct ticket *t, struct message *m)
{
	if (!t->contact_id && !*t->from_name && !*t->from_email)
		return;
	m->author_kind = t->contact_id ? "contact" : "stranger";
	m->author_id = t->contact_id;
	m->author_name = *t->from_name ? t->from_name : t->from_email;
}

int ticket_message(const struct ticket_work *k, const struct ticket *t, const char *visibility, const char *channel, bool first,
	const struct ticket_text *x, struct message *out, struct err *e)
{
	struct message m = { .customer_id = t->customer_id, .ticket_id = t->id, .at = k->d->now, .author_kind = author_kind(k->who),
		.author_id = k->who->id, .author_name = k->who->name ? k->who->name : "", .visibility = visibility, .channel = channel,
		.body = x->body ? x->body : "", .body_html = x->body_html, .quoted_from = x->has_quote ? x->quoted_from : -1, .message_id = x->message_id,
		.auto_class = x->auto_class, .auth = x->auth, .raw_sha256 = t->probe ? NULL : x->raw_sha256 };
	bool answers = !first && k->who->person && strcmp(visibility, "public") == 0 && text_blank(x->auto_class);

	if (first)
		by_requester(t, &m);
	if (store_message_add(k->w, &m, e) != 0)
		return -1;
	for (int i = 0; i < x->nfiles; i++) {
		struct attachment f = { .customer_id = t->customer_id, .ticket_id = t->id, .message_id = m.id,
			.name = text_file_name(k->a, x->files[i].name, FILE_NAME_MOST),
			.mime = x->files[i].mime, .bytes = x->files[i].bytes, .sha256 = x->files[i].sha256, .content_id = x->files[i].content_id };

		if (store_attachment_add(k->w, &f, e) != 0)
			return -1;
	}
	if (ticket_event(k, t, "message.added", json_pack("{s:I, s:s, s:s, s:b}", "message", (json_int_t)m.id, "visibility", visibility, "channel",
		channel, "answers", answers), e) != 0)
		return -1;
	*out = m;
	return 0;
}

/* A contact makes tickets for itself alone; names and addresses of the row are those of the contact as it is now. */
static int requester(const struct ticket_work *k, const struct ticket_draft *f, struct ticket *t, int64_t *left, struct err *e)
{
	struct watcher p;
	int64_t of = 0, probe;
	bool active = true;

	t->customer_id = f->customer_id;
	t->contact_id = f->contact_id;
	if (k->who->role & ROLE_CUSTOMER) {
		t->customer_id = k->who->customer_id;
		t->contact_id = k->who->id;
	}
	if (t->contact_id) {
		if (store_ticket_contact(k->w, k->a, t->contact_id, &p, &of, e) != 0 || (t->customer_id && t->customer_id != of))
			return FAIL_FIELD(e, E_NOT_FOUND, "contact_id", "%" PRId64, t->contact_id);
		t->customer_id = of;
		t->from_name = p.name;
		t->from_email = p.email;
	} else {
		t->from_name = f->from_name ? text_line(k->a, f->from_name, 200) : "";
		t->from_email = f->from_email ? f->from_email : "";
	}
	if (t->customer_id && store_ticket_customer_is(k->w, t->customer_id, &active, e) != 0)
		return e->id == E_NOT_FOUND ? FAIL_FIELD(e, E_NOT_FOUND, "customer_id", "%" PRId64, t->customer_id) : -1;
	if (!active && !f->never_refused && strcmp(t->channel, "system") != 0)
		return FAIL_FIELD(e, E_CUSTOMER_INACTIVE, "customer_id", "%" PRId64, t->customer_id);
	if (!active && f->never_refused) {
		*left = t->customer_id;
		t->customer_id = t->contact_id = 0;
	}
	/* What the probe's own customer files is a measurement, not work. */
	if (setting_get_int(k->w, "probe.customer_id", 0, &probe, e) != 0)
		return -1;
	t->probe |= probe && t->customer_id == probe;
	return 0;
}

/* In a name that nobody has shown to be theirs: spam, or a form without a login. */
static bool unproven(const char *auth) { return auth && (strcmp(auth, "none") == 0 || strcmp(auth, "fail") == 0); }

/* A subject of several lines as one: nothing of it is lost. */
static const char *joined(struct arena *a, const char *s)
{
	char *out = arena_dup(a, s), *put = out;

	for (; *s; s++)
		if (*s != '\r' && *s != '\n')
			*put++ = *s;
		else if (put > out && put[-1] != ' ')
			*put++ = ' ';
	*put = 0;
	return out;
}

int ticket_create(struct db_conn *w, struct arena *a, const struct desk *d, const struct actor *who, const struct ticket_draft *f,
	struct ticket *out, struct err *e)
{
	struct ticket_work k = { w, a, d, who };
	struct ticket t = { .probe = f->probe, .dedupe_key = f->dedupe_key, .owner_id = f->owner_id, .state = "new", .next_due_at = MOMENT_NEVER,
		.created_at = d->now, .updated_at = d->now, .category = f->category ? f->category : "", .promise = f->promise ? f->promise : "" };
	struct watcher owner;
	struct message m;
	struct err why;
	int64_t left = 0;
	bool answered, held;
	json_t *made;

	if (f->dedupe_key && store_ticket_by_dedupe(w, a, f->dedupe_key, out, &why) == 0) {
		if (ticket_is_open(out))
			return 0;
		out->dedupe_key = NULL;         /* the old one is over: the key is free */
		if (store_ticket_set(w, out, e) != 0)
			return -1;
	}
	t.subject = f->subject && !text_blank(f->subject) ? text_line(a, joined(a, text_trim(a, f->subject)), 200) : text_line(a, f->text.body ? f->text.body : "", 90);
	if (text_check(f->subject, "subject", TICKET_SUBJECT_MAX, false, e) != 0 ||
		ticket_text_check(&f->text, f->channel && strcmp(f->channel, "mail") == 0, e) != 0 ||
		choose(f->type, types, "incident", "type", &t.type, e) != 0 || choose(f->channel, channels, "api", "channel", &t.channel, e) != 0 ||
		ticket_category_check(w, a, t.category, e) != 0)
		return -1;
	if (f->priority && ticket_priority_by_name(f->priority) < 0)
		return FAIL_FIELD(e, E_CHOICE_INVALID, "priority", "%.60s", f->priority);
	t.priority = f->priority ? f->priority : "normal";
	if (requester(&k, f, &t, &left, e) != 0)
		return -1;
	if (t.owner_id && store_ticket_person(w, a, t.owner_id, &owner, e) != 0)
		return FAIL_FIELD(e, E_NOT_FOUND, "owner_id", "%" PRId64, t.owner_id);
	/* Somebody of ours who writes down a call has spoken with the person. */
	answered = who->person && strcmp(t.channel, "phone") == 0;
	held = !who->person && !t.owner_id && (!text_blank(f->text.auto_class) || (!t.contact_id && unproven(f->text.auth)));
	if (store_ticket_add(w, &t, e) != 0)
		return -1;
	made = json_pack("{s:I, s:s, s:s, s:s, s:I, s:s, s:s, s:b, s:b, s:i, s:I}", "number", (json_int_t)t.number,
		"subject", t.subject, "type", t.type, "priority", t.priority, "owner_id", (json_int_t)t.owner_id, "state", t.state, "channel", t.channel, "answered", answered,
		"held", held, "version", 1, "contact",
		(json_int_t)t.contact_id);
	if (made && f->aside)
		json_object_set_new(made, "aside", json_true());
	if (ticket_event(&k, &t, "ticket.created", made, e) != 0)
		return -1;
	if (left && ticket_event(&k, &t, "ticket.unplaced", json_pack("{s:I}", "customer", (json_int_t)left), e) != 0)
		return -1;
	if (ticket_message(&k, &t, "public", t.channel, true, &f->text, &m, e) != 0 || ticket_save(&k, &t, e) != 0 ||
		store_ticket_get(w, a, (struct ticket_scope){ 0, 0 }, t.id, &t, e) != 0 || ticket_index(&k, &t, e) != 0)
		return -1;
	if (!t.probe && !f->quiet && text_blank(f->text.auto_class) && strcmp(t.channel, "system") != 0 &&
		ticket_mail(&k, &t, MAIL_RECEIVED, &m, e) != 0)
		return -1;
	if (!t.probe && t.owner_id && ticket_mail(&k, &t, MAIL_ASSIGNED, &m, e) != 0)
		return -1;
	*out = t;
	return 0;
}

/* What a message does to the state by itself. */
static const char *state_after(const struct ticket_work *k, const struct ticket *t, const struct ticket_answer *r, bool public)
{
	if (r->then)
		return r->then;
	if (!public || !text_blank(r->text.auto_class))
		return NULL;
	if (k->who->person)
		return strcmp(t->state, "new") == 0 ? "open" : NULL;
	return strcmp(t->state, "waiting_customer") == 0 || !ticket_is_open(t) ? "open" : NULL;
}

static bool same_files(const struct message *m, const struct ticket_text *t)
{
	if (m->nfiles != t->nfiles)
		return false;
	for (int i = 0; i < m->nfiles; i++)
		if (strcmp(m->files[i].sha256, t->files[i].sha256) != 0 || strcmp(m->files[i].name, t->files[i].name) != 0)
			return false;
	return true;
}

int ticket_reply_again(struct db_conn *w, struct arena *a, const struct actor *who, const struct ticket_answer *r, struct message *out, bool *again,
	struct err *e)
{
	const char *visibility = r->visibility ? r->visibility : "public";
	struct message *m;
	struct ticket t;
	int n;

	*again = false;
	if (!r->last)
		return 0;
	if (store_ticket_get(w, a, ticket_scope_of(who), r->ticket_id, &t, e) != 0 ||
		store_message_list(w, a, t.merged_into ? t.merged_into : t.id, true, &m, &n, e) != 0)
		return -1;
	if (r->then && strcmp(r->then, t.state) != 0)
		return 0;
	for (int i = 0; i < n && !*again; i++)
		if (m[i].id > r->last && strcmp(m[i].author_kind, author_kind(who)) == 0 && m[i].author_id == who->id && same_files(&m[i], &r->text) &&
			strcmp(m[i].visibility, visibility) == 0 && strcmp(m[i].body, r->text.body ? r->text.body : "") == 0) {
			*again = true;
			*out = m[i];
		}
	return 0;
}

/* Has somebody else answered since the author looked? */
static int still_seen(const struct ticket_work *k, const struct ticket *t, int64_t seen, struct err *e)
{
	struct message *m;
	int n;

	if (!seen)
		return 0;
	if (store_message_list(k->w, k->a, t->id, false, &m, &n, e) != 0)
		return -1;
	for (int i = 0; i < n; i++)
		if (m[i].id > seen && !(strcmp(m[i].author_kind, author_kind(k->who)) == 0 && m[i].author_id == k->who->id))
			return FAIL_FIELD(e, E_TICKET_CHANGED, "body", "%s", m[i].author_name);
	return 0;
}

/* Solved is told once: with the answer when there is one. */
static int reply_mails(const struct ticket_work *k, const struct ticket *t, const struct message *m, bool public, struct err *e)
{
	if (k->who->person && public)
		return ticket_mail(k, t, MAIL_ANSWER, m, e);
	return ticket_mail(k, t, k->who->person ? MAIL_NOTE : MAIL_CUSTOMER_WROTE, m, e);
}

int ticket_reply(struct db_conn *w, struct arena *a, const struct desk *d, const struct actor *who, const struct ticket_answer *r,
	struct message *out, struct err *e)
{
	struct ticket_work k = { w, a, d, who };
	struct ticket_change c = { .quiet = true };
	struct ticket t;
	const char *visibility = "", *channel = "";
	bool public, changed;

	if (choose(r->visibility, visibilities, "public", "visibility", &visibility, e) != 0 ||
		choose(r->channel, channels, "api", "channel", &channel, e) != 0 || ticket_text_check(&r->text, strcmp(channel, "mail") == 0, e) != 0)
		return -1;
	if (r->then && ticket_state_by_name(r->then) < 0)
		return FAIL_FIELD(e, E_CHOICE_INVALID, "then", "%.60s", r->then);
	public = strcmp(visibility, "public") == 0;
	if ((who->role & ROLE_CUSTOMER) && !public && text_blank(r->text.auto_class))
		return FAIL(e, E_DENIED, "internal note by a contact");
	if ((who->role & ROLE_CUSTOMER) && r->then && strcmp(r->then, "solved") != 0 && strcmp(r->then, "open") != 0)
		return FAIL(e, E_DENIED, "a contact's change");
	if (store_ticket_get(w, a, r->admitted ? (struct ticket_scope){ 0, 0 } : ticket_scope_of(who), r->ticket_id, &t, e) != 0)
		return -1;
	if (t.merged_into && store_ticket_get(w, a, (struct ticket_scope){ 0, 0 }, t.merged_into, &t, e) != 0)
		return -1;
	if (still_seen(&k, &t, r->seen, e) != 0 || ticket_message(&k, &t, visibility, channel, false, &r->text, out, e) != 0)
		return -1;
	c.state = state_after(&k, &t, r, public);
	if (who->person && public && !t.owner_id && strcmp(t.state, "new") == 0) {
		c.set_owner = true;             /* who answers first has it */
		c.owner_id = who->id;
	}
	if (ticket_apply(&k, &t, &c, &changed, e) != 0)
		return -1;
	if (who->id && !who->person && who->id != t.contact_id && who->customer_id == t.customer_id &&
		store_watcher_add(w, t.id, t.customer_id, "contact", who->id, "", e) != 0)
		return -1;
	if (ticket_save(&k, &t, e) != 0 || ticket_index(&k, &t, e) != 0)
		return -1;
	return t.probe || !text_blank(r->text.auto_class) ? 0 : reply_mails(&k, &t, out, public, e);
}
