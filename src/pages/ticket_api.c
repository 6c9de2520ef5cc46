/* /api/v1/tickets. {id} is the row's id; the number people use is given beside it. */
#include <inttypes.h>
#include <string.h>
#include "base/moment.h"
#include "base/text.h"
#include "pages/all.h"
#include "pages/ticket_job.h"
#include "pages/tickets.h"
#include "store/category.h"
#include "store/customer.h"
#include "web/api.h"

static const struct ticket_scope everything = { 0, 0 };

#define STATES "new|open|waiting_customer|waiting_third|solved|closed"
#define PRIORITIES "normal|important|urgent"
#define TYPES "incident|request|order"

static void put_time(struct web *w, json_t *o, const char *key, int64_t t)
{
	if (t && t != MOMENT_NEVER)
		json_object_set_new(o, key, json_string(moment_iso(w->a, t)));
}

static void put_id(json_t *o, const char *key, int64_t id)
{
	if (id)
		json_object_set_new(o, key, json_integer(id));
}

static json_t *ticket_json(struct web *w, const struct ticket *t)
{
	json_t *o = json_pack("{s:I,s:I,s:s,s:s,s:s,s:s,s:s,s:i,s:i}", "id", (json_int_t)t->id, "number", (json_int_t)t->number, "subject", t->subject,
		"type", t->type, "priority", t->priority, "state", t->state, "channel", t->channel, "spent_minutes", t->spent_minutes, "version", t->version);

	put_id(o, "customer_id", t->customer_id);
	put_id(o, "contact_id", t->contact_id);
	put_id(o, "owner_id", t->owner_id);
	put_id(o, "merged_into", t->merged_into);
	if (*t->category)
		json_object_set_new(o, "category", json_string(t->category));
	if (*t->promise)
		json_object_set_new(o, "promise", json_string(t->promise));
	if (*t->from_name)
		json_object_set_new(o, "from_name", json_string(t->from_name));
	if (*t->from_email)
		json_object_set_new(o, "from_email", json_string(t->from_email));
	put_time(w, o, "created_at", t->created_at);
	put_time(w, o, "updated_at", t->updated_at);
	put_time(w, o, "response_due_at", t->response_due_at);
	put_time(w, o, "solution_due_at", t->solution_due_at);
	put_time(w, o, "responded_at", t->responded_at);
	put_time(w, o, "solved_at", t->solved_at);
	put_time(w, o, "closed_at", t->closed_at);
	return o;
}

static json_t *message_json(struct web *w, const struct message *m)
{
	json_t *o = json_pack("{s:I,s:I,s:s,s:s,s:s,s:s,s:s}", "id", (json_int_t)m->id, "ticket_id", (json_int_t)m->ticket_id, "author", m->author_name,
		"author_kind", m->author_kind, "visibility", m->visibility, "channel", m->channel, "body", m->body);
	json_t *files = json_array();

	put_time(w, o, "at", m->at);
	for (int i = 0; i < m->nfiles; i++)
		json_array_append_new(files, json_pack("{s:I,s:s,s:s,s:I,s:s}", "id", (json_int_t)m->files[i].id, "name", m->files[i].name, "mime",
			m->files[i].mime, "bytes", (json_int_t)m->files[i].bytes, "sha256", m->files[i].sha256));
	json_object_set_new(o, "files", files);
	return o;
}

static int answer_ticket(struct web *w, int status, int64_t id, struct err *e)
{
	struct ticket t;

	return store_ticket_get(w->db, w->a, everything, id, &t, e) != 0 ? -1 : web_json(w, status, ticket_json(w, &t));
}

static int create(struct web *w, struct err *e)
{
	static const char *const known[] = { "customer_id", "contact_id", "subject", "body", "type", "priority", "category", "owner_id", NULL };
	struct ticket_job j = { .kind = JOB_CREATE };
	struct ticket_draft *d = &j.draft;
	json_t *o;

	d->channel = "api";
	if (web_body_json(w, &o, e) != 0 || json_known(o, known, e) != 0 || json_want_int(o, "customer_id", 1, INT64_MAX, true, 0, &d->customer_id, e) != 0 ||
		json_want_int(o, "contact_id", 1, INT64_MAX, false, 0, &d->contact_id, e) != 0 ||
		json_want_int(o, "owner_id", 1, INT64_MAX, false, 0, &d->owner_id, e) != 0 ||
		json_want_text(o, "subject", TICKET_SUBJECT_MAX, true, &d->subject, e) != 0 ||
		json_want_text(o, "body", TICKET_BODY_MAX, true, &d->text.body, e) != 0 || json_want_text(o, "type", 20, false, &d->type, e) != 0 ||
		json_want_text(o, "priority", 20, false, &d->priority, e) != 0 || json_want_text(o, "category", 60, false, &d->category, e) != 0)
		return -1;
	return ticket_do(w, &j, e) != 0 ? -1 : answer_ticket(w, 201, j.got_id, e);
}

static int query_id(struct web *w, const char *name, int64_t *id, struct err *e)
{
	const char *s = web_query(w, name);

	*id = 0;
	return s && (!text_int(s, id) || *id < 1) ? FAIL_FIELD(e, E_NUMBER_INVALID, name, "%.40s", s) : 0;
}

static int list(struct web *w, struct err *e)
{
	struct ticket_query q = { .view = VIEW_ALL, .sort = SORT_NEWEST, .now = w->now };
	struct customer c;
	struct category *categories;
	struct ticket *rows;
	json_t *items;
	const char *next;
	int n;

	if (web_page(w, &q.limit, &q.after, e) != 0 || query_id(w, "customer_id", &q.scope.customer_id, e) != 0)
		return -1;
	if (q.scope.customer_id && store_customer_get(w->db, w->a, q.scope.customer_id, &c, e) != 0)
		return e->id == E_NOT_FOUND ? FAIL_FIELD(e, E_NOT_FOUND, "customer_id", "%lld", (long long)q.scope.customer_id) : -1;
	q.state = web_query(w, "state");
	if (q.state && ticket_state_by_name(q.state) < 0)
		return FAIL_FIELD(e, E_CHOICE_INVALID, "state", "%.40s", q.state);
	q.q = web_query(w, "q");
	q.category = web_query(w, "category");
	if (q.category && store_category_list(w->db, w->a, &categories, &n, e) != 0)
		return -1;
	if (q.category && !store_category_find(categories, n, q.category))
		return FAIL_FIELD(e, E_CHOICE_INVALID, "category", "%.60s", q.category);
	if (store_ticket_list(w->db, w->a, &q, &rows, &n, &next, e) != 0)
		return -1;
	items = json_array();
	for (int i = 0; i < n; i++)
		json_array_append_new(items, ticket_json(w, &rows[i]));
	return web_json(w, 200, json_pack("{s:o,s:s?}", "items", items, "next", next));
}

static int get(struct web *w, struct err *e) { return answer_ticket(w, 200, web_param_id(w, 0), e); }

static int patch(struct web *w, struct err *e)
{
	static const char *const known[] = { "subject", "type", "priority", "state", "category", "owner_id", "contact_id", "version", NULL };
	struct ticket_job j = { .kind = JOB_CHANGE, .id = web_param_id(w, 0) };
	struct ticket_change *c = &j.change;
	int64_t version;
	json_t *o;

	if (web_body_json(w, &o, e) != 0 || json_known(o, known, e) != 0 || json_want_text(o, "subject", TICKET_SUBJECT_MAX, false, &c->subject, e) != 0 ||
		json_want_text(o, "type", 20, false, &c->type, e) != 0 || json_want_text(o, "priority", 20, false, &c->priority, e) != 0 ||
		json_want_text(o, "state", 20, false, &c->state, e) != 0 || json_want_text(o, "category", 60, false, &c->category, e) != 0 ||
		json_want_int(o, "owner_id", 0, INT64_MAX, false, 0, &c->owner_id, e) != 0 ||
		json_want_int(o, "contact_id", 0, INT64_MAX, false, 0, &c->contact_id, e) != 0 ||
		json_want_int(o, "version", 1, INT32_MAX, false, 0, &version, e) != 0)
		return -1;
	c->version = (int)version;
	c->set_owner = json_object_get(o, "owner_id") != NULL;
	c->set_contact = json_object_get(o, "contact_id") != NULL;
	return ticket_do(w, &j, e) != 0 ? -1 : answer_ticket(w, 200, j.id, e);
}

static int say(struct web *w, struct err *e)
{
	static const char *const known[] = { "body", "visibility", "state", NULL };
	struct ticket_job j = { .kind = JOB_REPLY, .answer = { .ticket_id = web_param_id(w, 0), .channel = "api" } };
	struct message *m;
	json_t *o;
	int n;

	if (web_body_json(w, &o, e) != 0 || json_known(o, known, e) != 0 || json_want_text(o, "body", TICKET_BODY_MAX, true, &j.answer.text.body, e) != 0 ||
		json_want_text(o, "visibility", 20, false, &j.answer.visibility, e) != 0 || json_want_text(o, "state", 20, false, &j.answer.then, e) != 0)
		return -1;
	if (j.answer.then && ticket_state_by_name(j.answer.then) < 0)
		return FAIL_FIELD(e, E_CHOICE_INVALID, "state", "%.40s", j.answer.then);
	if (ticket_do(w, &j, e) != 0 || store_message_list(w->db, w->a, j.got_id, true, &m, &n, e) != 0)
		return -1;
	for (int i = n - 1; i >= 0; i--)
		if (m[i].id == j.got_message)
			return web_json(w, 201, message_json(w, &m[i]));
	return FAIL(e, E_BUG, "message %" PRId64, j.got_message);
}

static int messages(struct web *w, struct err *e)
{
	struct ticket t;
	struct message *m;
	json_t *items;
	const char *cursor;
	int64_t after = 0;
	int n, limit, given = 0;

	if (web_page(w, &limit, &cursor, e) != 0 || store_ticket_get(w->db, w->a, everything, web_param_id(w, 0), &t, e) != 0)
		return -1;
	if (cursor && (!text_int(cursor, &after) || after < 1))
		return FAIL_FIELD(e, E_CURSOR_INVALID, "cursor", "%.40s", cursor);
	if (store_message_list(w->db, w->a, t.id, true, &m, &n, e) != 0)
		return -1;
	items = json_array();
	for (int i = 0; i < n; i++) {
		if (after) {
			after = m[i].id == after ? 0 : after;
			continue;
		}
		if (given++ == limit)
			return web_json(w, 200, json_pack("{s:o,s:s}", "items", items, "next", arena_printf(w->a, "%" PRId64, m[i - 1].id)));
		json_array_append_new(items, message_json(w, &m[i]));
	}
	return web_json(w, 200, json_pack("{s:o,s:n}", "items", items, "next"));
}

/* ---- what openapi.json says */

static const struct api_field ticket_fields[] = {
	{ "id", "integer", true, NULL, "Of the row; {id} in addresses" }, { "number", "integer", true, NULL, "What people call it by" },
	{ "customer_id", "integer", false, NULL, "Left out until the ticket is placed" }, { "contact_id", "integer" },
	{ "owner_id", "integer", false, NULL, "The person who has it" }, { "merged_into", "integer", false, NULL, "The id of the ticket that goes on" },
	{ "subject", "string", true }, { "type", "string", true, TYPES }, { "priority", "string", true, PRIORITIES }, { "state", "string", true, STATES },
	{ "channel", "string", true, "portal|mail|api|phone|system|console" }, { "category", "string" }, { "promise", "string", false, NULL, "The promise it is about" },
	{ "from_name", "string" }, { "from_email", "string" }, { "created_at", "date-time", true }, { "updated_at", "date-time", true },
	{ "response_due_at", "date-time" }, { "solution_due_at", "date-time", false, NULL, "Left out while the clock stands still" },
	{ "responded_at", "date-time" }, { "solved_at", "date-time" }, { "closed_at", "date-time" }, { "spent_minutes", "integer", true },
	{ "version", "integer", true, NULL, "Send it back with a change to be told of other people's" }, { 0 } };
static const struct api_field file_fields[] = { { "id", "integer", true }, { "name", "string", true }, { "mime", "string", true }, { "bytes", "integer", true },
	{ "sha256", "string", true }, { 0 } };
static const struct api_field message_fields[] = { { "id", "integer", true }, { "ticket_id", "integer", true }, { "at", "date-time", true },
	{ "author", "string", true }, { "author_kind", "string", true, "person|contact|stranger|system" },
	{ "visibility", "string", true, "public|internal" }, { "channel", "string", true, "portal|mail|api|phone|system|console" },
	{ "body", "string", true }, { "files", "[File]", true }, { 0 } };
static const struct api_schema schemas[] = { { "Ticket", ticket_fields }, { "File", file_fields }, { "Message", message_fields }, { 0 } };
static const struct api_field list_query[] = { { "customer_id", "integer" }, { "state", "string", false, STATES },
	{ "category", "string", false, NULL, "A key of GET /api/v1/categories" }, { "q", "string", false, NULL, "Words that must all be there; the last may be a beginning" }, { "limit", "integer" }, { "cursor", "string" }, { 0 } };
static const struct api_field page_query[] = { { "limit", "integer" }, { "cursor", "string" }, { 0 } };
static const struct api_field create_body[] = { { "customer_id", "integer", true }, { "contact_id", "integer" }, { "subject", "string", true },
	{ "body", "string", true }, { "type", "string", false, TYPES }, { "priority", "string", false, PRIORITIES },
	{ "category", "string", false, NULL, "A key of GET /api/v1/categories that is not retired" }, { "owner_id", "integer" }, { 0 } };
static const struct api_field patch_body[] = { { "subject", "string" }, { "type", "string", false, TYPES }, { "priority", "string", false, PRIORITIES },
	{ "state", "string", false, STATES }, { "category", "string", false, NULL, "As in createTicket, or what the ticket has; \"\": none" },
	{ "owner_id", "integer", false, NULL, "0: nobody" },
	{ "contact_id", "integer", false, NULL, "0: nobody in particular" },
	{ "version", "integer", false, NULL, "Refused with TICKET_CHANGED when somebody else has changed the same field since" }, { 0 } };
static const struct api_field say_body[] = { { "body", "string", true }, { "visibility", "string", false, "public|internal" },
	{ "state", "string", false, STATES, "What the ticket becomes" }, { 0 } };

static const struct api_doc doc_create = { "createTicket", "Report a ticket for a customer.", "tickets:write", NULL, create_body, 201, "Ticket", schemas };
static const struct api_doc doc_list = { "listTickets", "Tickets, newest first.", "tickets:read", list_query, NULL, 200, "list:Ticket", NULL };
static const struct api_doc doc_get = { "getTicket", "One ticket.", "tickets:read", NULL, NULL, 200, "Ticket", NULL };
static const struct api_doc doc_patch = { "changeTicket", "Change what is given, leave the rest.", "tickets:write", NULL, patch_body, 200, "Ticket", NULL };
static const struct api_doc doc_say = { "addMessage", "Answer the requester, or write an internal note.", "tickets:write", NULL, say_body, 201, "Message", NULL };
static const struct api_doc doc_messages = { "listMessages", "The conversation, oldest first.", "tickets:read", page_query, NULL, 200, "list:Message", NULL };

const struct web_route pages_ticket_api[] = {
	{ "GET", "/api/v1/tickets", ROLE_STAFF, list, .doc = &doc_list },
	{ "POST", "/api/v1/tickets", ROLE_DESK, create, .doc = &doc_create },
	{ "GET", "/api/v1/tickets/{id}", ROLE_STAFF, get, .doc = &doc_get },
	{ "PATCH", "/api/v1/tickets/{id}", ROLE_DESK, patch, .doc = &doc_patch },
	{ "GET", "/api/v1/tickets/{id}/messages", ROLE_STAFF, messages, .doc = &doc_messages },
	{ "POST", "/api/v1/tickets/{id}/messages", ROLE_DESK, say, .doc = &doc_say },
	{ 0 }
};
