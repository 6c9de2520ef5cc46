/* /console/tickets, /console/tickets/new, /console/find, /console/answers */
#include "pages/tickets.h"
#include <inttypes.h>
#include <string.h>
#include "base/moment.h"
#include "base/text.h"
#include "core/promise.h"
#include "pages/all.h"
#include "pages/ticket_job.h"
#include "store/customer.h"
#include "store/person.h"

enum { ROWS = 50, COUNT_MOST = 500, BULK_MOST = 200, NEAR_ROWS = 200, NEAR_PAGES = 5 };

const char *ticket_state_word(const struct web *w, const char *state, bool portal)
{
	static const char *const ours[] = { N_("New"), N_("In progress"), N_("Waiting for the customer"), N_("Waiting for others"), N_("Solved"), N_("Closed") };
	static const char *const theirs[] = { N_("Received"), N_("We are working on it"), N_("Waiting for you"), N_("Waiting for others"), N_("Solved"),
		N_("Finished") };
	int s = ticket_state_by_name(state);

	return s < 0 ? state : tr(w->lang, (portal ? theirs : ours)[s]);
}

const char *ticket_priority_word(const struct web *w, const char *priority, bool portal)
{
	static const char *const ours[] = { N_("Normal"), N_("Important"), N_("Urgent") };
	static const char *const theirs[] = { N_("It can wait"), N_("It is a nuisance"), N_("I cannot work") };
	int p = ticket_priority_by_name(priority);

	return p < 0 ? priority : tr(w->lang, (portal ? theirs : ours)[p]);
}

const char *ticket_type_word(const struct web *w, const char *type)
{
	return strcmp(type, "order") == 0 ? _("Order") : strcmp(type, "request") == 0 ? _("Request") : _("Incident");
}

const char *ticket_channel_word(const struct web *w, const char *channel)
{
	static const char *const words[][2] = { { "portal", N_("the portal") }, { "mail", N_("mail") }, { "api", N_("the API") }, { "phone", N_("phone") },
		{ "console", N_("the console") }, { "system", N_("Pedel itself") } };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(words[i][0], channel) == 0)
			return tr(w->lang, words[i][1]);
	return channel;
}

const char *ticket_href(const struct web *w, const struct ticket *t) { return arena_printf(w->a, "/console/tickets/%" PRId64, t->number); }

const char *ticket_at(const struct web *w, int64_t number, const char *what, const char *list)
{
	return arena_printf(w->a, "/console/tickets/%" PRId64 "%s%s", number, what, list);
}

const char *ticket_first_name(const struct web *w, const char *name)
{
	const char *space = strchr(name, ' ');

	return space ? arena_dupn(w->a, name, (size_t)(space - name)) : name;
}

/* ---- the list */

static const char *const view_keys[VIEW__N] = { "open", "mine", "unassigned", "today", "waiting", "solved", "unplaced", "all", "over" };

static const char *query_or(struct web *w, const char *name, const char *unless)
{
	const char *s = web_query(w, name);

	return s && *s ? text_line(w->a, s, 200) : unless;
}

static void add_pair(struct buf *b, const char *name, const char *value)
{
	if (!*value)
		return;
	buf_printf(b, "%s%s=", b->n ? "&" : "", name);
	for (const char *p = value; *p; p++)
		if ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || strchr("-._~", *p))
			buf_addc(b, *p);
		else
			buf_printf(b, "%%%02X", (unsigned char)*p);
}

/* The list's own query, without the place in it. */
static const char *query_text(struct web *w, const struct tickets_view *v)
{
	struct buf b;

	buf_init(&b, w->a, 4096);
	add_pair(&b, "view", v->view);
	add_pair(&b, "q", v->q);
	add_pair(&b, "customer", v->customer);
	add_pair(&b, "owner", v->owner);
	add_pair(&b, "category", v->category);
	add_pair(&b, "promise", v->promise);
	if (strcmp(v->sort, "due") != 0)
		add_pair(&b, "sort", v->sort);
	return buf_text(&b);
}

static struct ticket_query read_query(struct web *w, struct tickets_view *v)
{
	struct ticket_query q = { .view = VIEW_OPEN, .me = w->who.id, .now = w->now, .today_end = day_start(w->today + 1), .limit = ROWS,
		.brief = true };
	const char *saved = web_query(w, "saved");
	int64_t n;

	v->view = query_or(w, "view", "open");
	v->q = query_or(w, "q", "");
	v->customer = query_or(w, "customer", "");
	v->owner = query_or(w, "owner", "");
	v->category = query_or(w, "category", "");
	v->promise = query_or(w, "promise", "");
	v->sort = query_or(w, "sort", "due");
	for (int i = 0; i < VIEW__N; i++)
		if (strcmp(v->view, view_keys[i]) == 0)
			q.view = (enum ticket_view)i;
	v->view = view_keys[q.view];
	q.q = v->q;
	q.scope.customer_id = text_int(v->customer, &n) ? n : 0;
	q.owner_id = strcmp(v->owner, "none") == 0 ? -1 : text_int(v->owner, &n) ? n : 0;
	q.category = !*v->category ? NULL : strcmp(v->category, "none") == 0 ? "" : v->category;
	q.promise = *v->promise ? v->promise : NULL;
	q.sort = strcmp(v->sort, "updated") == 0 ? SORT_UPDATED : strcmp(v->sort, "newest") == 0 ? SORT_NEWEST : SORT_DUE;
	v->sort = q.sort == SORT_DUE ? "due" : v->sort;
	q.after = web_query(w, "after");
	v->saved_id = saved && text_int(saved, &n) ? n : 0;
	return q;
}

const char *tickets_list_query(struct web *w)
{
	struct tickets_view v = { 0 };

	if (!web_query(w, "view"))
		return "";
	read_query(w, &v);
	return arena_printf(w->a, "?%s", query_text(w, &v));
}

int tickets_neighbours(struct web *w, int64_t id, int64_t *prev, int64_t *next, struct err *e)
{
	struct tickets_view v = { 0 };
	struct ticket_query q = read_query(w, &v);
	int64_t before = 0, first = 0;

	*prev = *next = 0;
	if (!web_query(w, "view"))
		return 0;
	q.after = NULL;
	q.limit = NEAR_ROWS;
	for (int page = 0; page < NEAR_PAGES; page++) {
		struct ticket *rows;
		const char *more;
		int n;

		if (store_ticket_list(w->db, w->a, &q, &rows, &n, &more, e) != 0)
			return -1;
		for (int i = 0; i < n; i++) {
			if (before == -1) {
				*next = rows[i].number;
				return 0;
			}
			if (rows[i].id == id) {
				*prev = i || page ? before : 0;
				before = -1;
				continue;
			}
			before = rows[i].number;
			first = first ? first : before;
		}
		if (!more) {
			*next = before == -1 ? 0 : first;
			return 0;
		}
		q.after = more;
	}
	return 0;
}

static int count_tabs(struct web *w, struct tickets_view *v, enum ticket_view current, struct err *e)
{
	static const struct { enum ticket_view view; const char *label; } tabs[] = { { VIEW_MINE, N_("Mine") }, { VIEW_UNASSIGNED, N_("Not assigned") },
		{ VIEW_TODAY, N_("Due today") }, { VIEW_WAITING, N_("Waiting for the customer") }, { VIEW_OPEN, N_("All open") },
		{ VIEW_SOLVED, N_("Solved, not closed") }, { VIEW_UNPLACED, N_("Not placed") }, { VIEW_ALL, N_("All") } };
	enum { N = sizeof tabs / sizeof *tabs };
	struct tickets_tab *t = ARENA_ARRAY(w->a, struct tickets_tab, N);
	int m = 0;

	for (int i = 0; i < N; i++) {
		struct ticket_query q = { .view = tabs[i].view, .me = w->who.id, .today_end = day_start(w->today + 1), .now = w->now };
		int n = 0;

		if (q.view != VIEW_ALL && store_ticket_count(w->db, w->a, &q, COUNT_MOST + 1, &n, e) != 0)
			return -1;
		if (q.view == VIEW_UNPLACED && n == 0 && current != VIEW_UNPLACED)
			continue;
		t[m++] = (struct tickets_tab){ view_keys[q.view], tr(w->lang, tabs[i].label), n > COUNT_MOST ? COUNT_MOST : n, n > COUNT_MOST,
			arena_printf(w->a, "/console/tickets?view=%s", view_keys[q.view]), q.view == current && !v->saved_id };
	}
	v->tabs = t;
	v->ntabs = m;
	return 0;
}

static const char *done_text(struct web *w)
{
	const char *n = web_query(w, "done");
	int64_t k;

	return n && text_int(n, &k) && k > 0 && k <= BULK_MOST ? arena_printf(w->a, tr_n(w->lang, "%d ticket saved", "%d tickets saved", k), (int)k) : NULL;
}

/* ---- the filters: what can be chosen, and what an address asks for that is not there */

static const char *choice_label(struct web *w, const struct ticket_choice *k, const char *former)
{
	return k->former ? arena_printf(w->a, "%s (%s)", k->name, former) : k->name;
}

/* Is the value one of them? "" is. */
static bool one_of(const struct ticket_choice *k, int n, const char *value)
{
	int64_t id;

	if (*value && !text_int(value, &id))
		return false;
	for (int i = 0; *value && i < n; i++)
		if (k[i].id == id)
			return true;
	return !*value;
}

static void wrong(struct tickets_view *v, bool is, const char *label, const char **value, const char *instead)
{
	if (!is)
		return;
	v->wrong[v->nwrong++] = (struct tickets_wrong){ label, *value };
	*value = instead;
}

/* Some words of the address may have no meaning. To list as if they were not there would be to list something else. */
static void wrong_find(struct web *w, struct tickets_view *v, const struct category *k, int nk)
{
	const char *view = query_or(w, "view", ""), *sort = query_or(w, "sort", "");
	struct tickets_view right = *v;
	bool listed = !*view;

	for (int i = 0; i < VIEW__N; i++)
		listed = listed || strcmp(view, view_keys[i]) == 0;
	wrong(&right, !listed, _("View"), &view, "open");
	wrong(&right, !one_of(v->customers, v->ncustomers, v->customer), _("Customer"), &right.customer, "");
	wrong(&right, strcmp(v->owner, "none") != 0 && !one_of(v->all_owners, v->nall_owners, v->owner), _("Owner"), &right.owner, "");
	wrong(&right, *v->category && strcmp(v->category, "none") != 0 && !store_category_find(k, nk, v->category), _("Category"), &right.category, "");
	wrong(&right, *v->promise && strcmp(v->promise, "broken") != 0 && strcmp(v->promise, "at_risk") != 0 &&
		!catalogue_promise(w->app->catalogue, v->promise, NULL), _("Promise"), &right.promise, "");
	wrong(&right, *sort && strcmp(sort, "due") != 0 && strcmp(sort, v->sort) != 0, _("Sequence"), &sort, "due");
	memcpy(v->wrong, right.wrong, sizeof v->wrong);
	v->nwrong = right.nwrong;
	v->without = arena_printf(w->a, "/console/tickets?%s", query_text(w, &right));
}

static const struct ui_choice *promise_choices(struct web *w, const char *now)
{
	const struct promise *p = catalogue_promise(w->app->catalogue, now, NULL);
	struct ui_choice *c = ARENA_ARRAY(w->a, struct ui_choice, 5);

	c[0] = (struct ui_choice){ "", _("All promises") };
	c[1] = (struct ui_choice){ "broken", _("Broken promise") };
	c[2] = (struct ui_choice){ "at_risk", _("Promise at risk") };
	if (p)
		c[3] = (struct ui_choice){ now, promise_title(w->a, p, w->lang) };
	return c;
}

/* Who is not offered, but is there, can be asked for: a customer's own page leads here whatever it is. */
static struct ticket_choice *with_named(struct web *w, struct ticket_choice *k, int *n, int64_t id, const char *name, bool former)
{
	struct ticket_choice *more = ARENA_ARRAY(w->a, struct ticket_choice, *n + 1);

	for (int i = 0; i < *n; i++)
		more[i] = k[i];
	more[(*n)++] = (struct ticket_choice){ id, name, former };
	return more;
}

static int filters_load(struct web *w, struct tickets_view *v, struct err *e)
{
	struct ticket_choice *customers, *owners, *all;
	struct category *k;
	struct ui_choice *c;
	const struct ui_choice *list;
	struct customer customer;
	struct person person;
	struct err why;
	int64_t id;
	int nk, n = 0;

	if (store_ticket_customers_all(w->db, w->a, &customers, &v->ncustomers, e) != 0 || store_ticket_persons(w->db, w->a, &owners, &v->nowners, e) != 0 ||
		store_ticket_owners_all(w->db, w->a, &all, &v->nall_owners, e) != 0 || store_category_list(w->db, w->a, &k, &nk, e) != 0)
		return -1;
	if (!one_of(customers, v->ncustomers, v->customer) && text_int(v->customer, &id) && store_customer_get(w->db, w->a, id, &customer, &why) == 0)
		customers = with_named(w, customers, &v->ncustomers, id, customer.name, !customer.active);
	if (strcmp(v->owner, "none") != 0 && !one_of(all, v->nall_owners, v->owner) && text_int(v->owner, &id) && store_person_get(w->db, w->a, id, &person, &why) == 0)
		all = with_named(w, all, &v->nall_owners, id, person.name, !person.active);
	for (int i = 0; i < v->ncustomers; i++)
		customers[i].name = choice_label(w, &customers[i], _("no longer a customer"));
	for (int i = 0; i < v->nall_owners; i++)
		all[i].name = choice_label(w, &all[i], _("has left"));
	v->customers = customers;
	v->owners = owners;
	v->all_owners = all;
	v->promises = promise_choices(w, v->promise);
	list = category_choices(w, k, nk, strcmp(v->category, "none") == 0 ? "" : v->category, _("All categories"));
	c = ARENA_ARRAY(w->a, struct ui_choice, nk + 5);
	for (int i = 0; list[i].value; i++) {
		c[n++] = list[i];
		if (i == 0)
			c[n++] = (struct ui_choice){ "none", _("No category") };
	}
	v->categories = c;
	wrong_find(w, v, k, nk);
	return 0;
}

static int show_list(struct web *w, struct err *e)
{
	struct tickets_view v = { 0 };
	struct ticket_query q = read_query(w, &v);
	struct saved_view *saved;
	struct ticket *rows = NULL;
	const char *next = NULL;
	int64_t number;
	bool part = w->hx && (strcmp(w->hx_target, "list") == 0 || strcmp(w->hx_target, "more") == 0);

	/* a piece of the list without filters has nothing to look them up for */
	if ((!part || *v.customer || *v.owner || *v.category || *v.promise) && filters_load(w, &v, e) != 0)
		return -1;
	if (!v.nwrong && store_ticket_list(w->db, w->a, &q, &rows, &v.nrows, &next, e) != 0)
		return -1;
	v.rows = rows;
	/* A number is the ticket itself, in front of what else holds it. */
	if (!v.nwrong && !q.after && text_int(text_trim(w->a, v.q), &number)) {
		struct ticket t;
		struct err why;
		int n = 1;

		if (store_ticket_by_number(w->db, w->a, (struct ticket_scope){ 0, 0 }, number, &t, &why) == 0) {
			rows = ARENA_ARRAY(w->a, struct ticket, v.nrows + 1);
			rows[0] = t;
			for (int i = 0; i < v.nrows; i++)
				if (v.rows[i].id != t.id)
					rows[n++] = v.rows[i];
			v.rows = rows;
			v.nrows = n;
		}
	}
	v.query = query_text(w, &v);
	v.back = arena_printf(w->a, "/console/tickets?%s", v.query);
	v.next = next ? arena_printf(w->a, "/console/tickets?%s&after=%s", v.query, next) : NULL;
	if (part) {
		tickets_list(w, &v);
		return 0;
	}
	if (count_tabs(w, &v, q.view, e) != 0 || store_view_list(w->db, w->a, w->who.id, &saved, &v.nsaved, e) != 0)
		return -1;
	for (int i = 0; i < v.nsaved; i++)
		saved[i].query = arena_printf(w->a, "/console/tickets?%s&saved=%" PRId64, saved[i].query, saved[i].id);
	v.saved = saved;
	v.done = done_text(w);
	if (v.nwrong)
		web_status(w, 404);
	tickets_page(w, &v);
	return 0;
}

/* Several at once, each as its own change: one that cannot be done does not stop the others. */
static int save_bulk(struct web *w, struct err *e)
{
	const char *const *numbers, *what = web_field(w, "do"), *owner = web_field(w, "owner"), *state = web_field(w, "state"), *back = web_field(w, "back");
	int n = web_field_all(w, "t", &numbers), done = 0;
	int64_t id;

	back = back && text_starts(back, "/console/tickets?") && !strpbrk(back, "\r\n") ? back : "/console/tickets?";
	for (int i = 0; i < n && i < BULK_MOST; i++) {
		struct ticket_job j = { .kind = JOB_CHANGE };
		struct ticket t;
		struct err why;
		int64_t number;

		if (!text_int(numbers[i], &number) || store_ticket_by_number(w->db, w->a, (struct ticket_scope){ 0, 0 }, number, &t, &why) != 0)
			continue;
		j.id = t.id;
		if (what && strcmp(what, "take") == 0) {
			j.change.set_owner = true;
			j.change.owner_id = w->who.id;
		} else if (owner && text_int(owner, &id)) {
			j.change.set_owner = true;
			j.change.owner_id = id;
		}
		j.change.state = state && *state && !(what && strcmp(what, "take") == 0) ? state : NULL;
		if (!j.change.set_owner && !j.change.state)
			break;
		if (ticket_do(w, &j, &why) == 0)
			done++;
		else if (err_kind(why.id) == ERR_BROKEN || err_kind(why.id) == ERR_RETRY) {
			*e = why;
			return -1;
		}
	}
	return web_redirect(w, arena_printf(w->a, "%s&done=%d", back, done));
}

static int save_view(struct web *w, struct err *e)
{
	struct ticket_job j = { .kind = JOB_VIEW_ADD, .subject = text_plain(w->a, web_field(w, "name")), .text = web_field(w, "query") };
	const char *q = j.text ? j.text : "";

	if (text_check(q, "query", 1000, false, e) != 0)
		return -1;
	if (q[strspn(q, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~=&%")])
		return FAIL_FIELD(e, E_CHOICE_INVALID, "query", "%.40s", q);
	j.text = q;
	if (text_check(j.subject, "name", 60, true, e) == 0 && ticket_do(w, &j, e) == 0)
		return web_redirect(w, arena_printf(w->a, "/console/tickets?%s", q));
	return web_mendable(w, e) ? show_list(w, e) : -1;       /* its filters stand in the form's address */
}

static int remove_view(struct web *w, struct err *e)
{
	struct ticket_job j = { .kind = JOB_VIEW_REMOVE, .id = web_param_id(w, 0) };

	return ticket_do(w, &j, e) != 0 ? -1 : web_redirect(w, "/console/tickets");
}

/* ---- a fresh one */

static struct ui_choice *choices(struct web *w, const struct ticket_choice *from, int n, const char *none)
{
	struct ui_choice *c = ARENA_ARRAY(w->a, struct ui_choice, n + 2);

	c[0] = (struct ui_choice){ "", none };
	for (int i = 0; i < n; i++)
		c[i + 1] = (struct ui_choice){ arena_printf(w->a, "%" PRId64, from[i].id), from[i].name };
	return c;
}

static int64_t field_id(struct web *w, const char *name)
{
	const char *s = web_field(w, name);
	int64_t n;

	return s && text_int(s, &n) ? n : 0;
}

static int show_new(struct web *w, struct err *e)
{
	struct ticket_form v = { 0 };
	struct ticket_choice *customers, *owners, *contacts = NULL;
	struct category *k;
	int nc, no, np = 0, nk;
	int64_t customer = field_id(w, "customer_id");
	const char *asked = web_query(w, "customer_id") ? web_query(w, "customer_id") : web_query(w, "customer");

	if (!customer && asked && !text_int(asked, &customer))
		customer = 0;
	if (store_ticket_customers(w->db, w->a, &customers, &nc, e) != 0 || store_ticket_persons(w->db, w->a, &owners, &no, e) != 0 ||
		(customer && store_ticket_contacts(w->db, w->a, customer, &contacts, &np, e) != 0) || store_category_list(w->db, w->a, &k, &nk, e) != 0)
		return -1;
	v.customers = choices(w, customers, nc, _("Nobody yet"));
	v.contacts = choices(w, contacts, np, customer ? _("Nobody in particular") : _("Choose the customer first"));
	v.owners = choices(w, owners, no, _("Nobody"));
	v.categories = category_choices(w, k, nk, NULL, _("None"));
	v.customer = customer ? arena_printf(w->a, "%" PRId64, customer) : "";
	v.types = (struct ui_choice[]){ { "incident", _("Incident") }, { "request", _("Request") }, { "order", _("Order") }, { NULL, NULL } };
	v.priorities = (struct ui_choice[]){ { "normal", _("Normal") }, { "important", _("Important") }, { "urgent", _("Urgent") }, { NULL, NULL } };
	v.channels = (struct ui_choice[]){ { "phone", _("Phone") }, { "console", _("We saw it ourselves") }, { NULL, NULL } };
	ticket_new_page(w, &v);
	return 0;
}

static const char *or_null(const char *s) { return s && *s ? s : NULL; }

static int save_new(struct web *w, struct err *e)
{
	struct ticket_job j = { .kind = JOB_CREATE, .draft = { .customer_id = field_id(w, "customer_id"), .contact_id = field_id(w, "contact_id"),
		.owner_id = field_id(w, "owner_id"), .subject = web_field(w, "subject"), .priority = or_null(web_field(w, "priority")),
		.type = or_null(web_field(w, "type")), .category = or_null(web_field(w, "category")), .channel = or_null(web_field(w, "channel")),
		.text = { .body = web_field(w, "body") } } };
	const char *what = web_field(w, "do");

	if (web_form_check(w, e) != 0)
		return -1;
	w->again = what && strcmp(what, "contacts") == 0;
	if (w->again)
		return show_new(w, e);
	if (ticket_files(w, &j.draft.text.files, &j.draft.text.nfiles, e) == 0 &&
			(j.draft.dedupe_key = ticket_once(w, &j.draft)) && ticket_do(w, &j, e) == 0)
		return web_redirect(w, arena_printf(w->a, "/console/tickets/%" PRId64, j.got_number));
	if (err_kind(e->id) != ERR_INPUT && err_kind(e->id) != ERR_MISSING && err_kind(e->id) != ERR_CONFLICT)
		return -1;
	web_wrong(w, e);
	web_status(w, err_kind(e->id) == ERR_CONFLICT ? 409 : 400);
	return show_new(w, e);
}

/* ---- ready answers */

static int show_answers(struct web *w, struct err *e)
{
	struct ready_page v = { 0 };
	struct ready_answer *list;
	const char *edit = web_query(w, "edit");
	int64_t id;

	if (store_answer_list(w->db, w->a, &list, &v.n, e) != 0)
		return -1;
	v.list = list;
	for (int i = 0; i < v.n; i++)
		if (edit && text_int(edit, &id) && list[i].id == id)
			v.edit = &list[i];
	ready_answers_page(w, &v);
	return 0;
}

static int save_answer(struct web *w, struct err *e)
{
	struct ticket_job j = { .kind = JOB_ANSWER_PUT, .ready = { field_id(w, "id"), text_plain(w->a, web_field(w, "name")), web_field(w, "body_da"), web_field(w, "body_en") } };

	struct err_list all = { .n = 0 };

	j.ready.body_en = j.ready.body_en ? j.ready.body_en : "";
	err_note(&all, text_check(j.ready.name, "name", 80, true, &all.now));
	err_note(&all, text_check(j.ready.body_da, "body_da", 16000, true, &all.now));
	err_note(&all, text_check(j.ready.body_en, "body_en", 16000, false, &all.now));
	if (web_wrong_all(w, &all, e) != 0)
		return -1;
	if (w->nerrors) {
		web_status(w, 400);
		return show_answers(w, e);
	}
	return ticket_do(w, &j, e) != 0 ? -1 : web_redirect(w, "/console/answers");
}

static int remove_answer(struct web *w, struct err *e)
{
	struct ticket_job j = { .kind = JOB_ANSWER_REMOVE, .id = web_param_id(w, 0) };

	return ticket_do(w, &j, e) != 0 ? -1 : web_redirect(w, "/console/answers");
}

/* ---- find or go to */

static int find(struct web *w, struct err *e)
{
	struct find_view v = { .q = text_trim(w->a, query_or(w, "q", "")) };
	struct ticket_query q = { .view = VIEW_ALL, .q = v.q, .sort = SORT_UPDATED, .limit = 20, .now = w->now, .brief = true };
	struct ticket *rows, t;
	struct ticket_choice *customers, *people;
	int64_t number, *of;
	const char *next, *digits = v.q[0] == '#' ? v.q + 1 : v.q;
	struct err why;
	struct buf b;

	if (text_int(digits, &number) && store_ticket_by_number(w->db, w->a, (struct ticket_scope){ 0, 0 }, number, &t, &why) == 0)
		return web_redirect(w, ticket_href(w, &t));
	if (*v.q && (store_ticket_list(w->db, w->a, &q, &rows, &v.ntickets, &next, e) != 0 || store_ticket_find_people(w->db, w->a, v.q, 10, &customers,
		&v.ncustomers, &people, &of, &v.npeople, e) != 0))
		return -1;
	if (*v.q) {
		v.tickets = rows;
		v.customers = customers;
		v.people = people;
		v.people_of = of;
	}
	buf_init(&b, w->a, 2048);
	add_pair(&b, "view", "all");
	add_pair(&b, "q", v.q);
	v.all = arena_printf(w->a, "/console/tickets?%s", buf_text(&b));
	find_page(w, &v);
	return 0;
}

const struct web_route pages_tickets[] = {
	{ "GET", "/console/tickets", ROLE_STAFF, show_list, .keep = true },
	{ "POST", "/console/tickets", ROLE_DESK, save_new, 64 << 20, true },
	{ "GET", "/console/tickets/new", ROLE_DESK, show_new },
	{ "POST", "/console/tickets/bulk", ROLE_DESK, save_bulk },
	{ "GET", "/console/tickets/views", ROLE_STAFF, show_list },     /* the address of a refused save, loaded again */
	{ "POST", "/console/tickets/views", ROLE_STAFF, save_view },
	{ "POST", "/console/tickets/views/{id}/remove", ROLE_STAFF, remove_view },
	{ "GET", "/console/answers", ROLE_DESK, show_answers },
	{ "POST", "/console/answers", ROLE_DESK, save_answer },
	{ "POST", "/console/answers/{id}/remove", ROLE_DESK, remove_answer },
	{ "GET", "/console/find", ROLE_STAFF, find },
	{ 0 }
};
