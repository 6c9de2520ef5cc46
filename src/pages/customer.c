#include "pages/customer.h"
#include <inttypes.h>
#include <string.h>
#include "base/text.h"
#include "core/customer.h"
#include "core/cvr.h"
#include "core/ticket.h"
#include "web/ui.h"

enum { LIST = 50, PEOPLE_MOST = 200, DOMAINS_MOST = 51, AGREEMENTS_SHOWN = 50 };

void customer_begin(struct web *w, const struct customer *c, const char *tab)
{
	console_begin_under(w, c->name, "customers", "/console/customers", _("Customers"));
	customer_head(w, c, tab);
}

void customer_end(struct web *w) { console_end(w); }

const char *contact_role_word(const struct web *w, const char *role)
{
	return strcmp(role, "owner") == 0 ? _("Company owner") : strcmp(role, "approver") == 0 ? _("Approver") : _("Employee");
}

static const char *customer_event_word(const struct web *w, const char *kind)
{
	static const struct { const char *kind, *text; } words[] = { { "customer.created", N_("Became a customer") }, { "customer.changed", N_("Facts changed") },
		{ "contact.created", N_("A person was added") }, { "contact.changed", N_("A person was changed") }, { "site.created", N_("An address was added") },
		{ "site.changed", N_("An address was changed") }, { "site.dropped", N_("An address was removed") }, { "ticket.created", N_("A ticket was made") },
		{ "agreement.accepted", N_("An agreement was accepted") }, { "agreement.sent", N_("An agreement was sent") },
		{ "agreement.declined", N_("An agreement was declined") }, { "agreement.ended", N_("An agreement was ended") },
		{ "agreement.drafted", N_("An agreement was drafted") }, { "month.closed", N_("A month was closed") } };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(words[i].kind, kind) == 0)
			return tr(w->lang, words[i].text);
	return NULL;
}

const char *customer_address(struct web *w, const struct site *s)
{
	return arena_printf(w->a, "%s%s%s%s%s", s->street, *s->street && (*s->postcode || *s->city) ? ", " : "", s->postcode, *s->postcode && *s->city ? " " : "", s->city);
}

static int list_get(struct web *w, struct err *e)
{
	const char *q = web_query(w, "q"), *after = web_query(w, "after");
	struct customers_view v = { .q = q ? q : "" };
	struct customer *c;
	int64_t from = 0;
	int n;

	if (after && !text_int(after, &from))
		from = 0;
	if (store_customer_list(w->db, w->a, v.q, from, LIST + 1, &c, &n, e) != 0 || store_customer_count(w->db, &v.all, e) != 0)
		return -1;
	v.c = c;
	v.n = n > LIST ? LIST : n;
	v.next = n > LIST ? c[LIST - 1].id : 0;
	customers_page(w, &v);
	return 0;
}

/* The number of a ticket or an agreement, the name of a person or a place, the month that was closed. */
static struct customer_event event_told(struct web *w, const struct event *ev)
{
	struct customer_event out = { customer_event_word(w, ev->kind), "", NULL, ev->at };
	json_t *data = json_loads(ev->data, 0, NULL);
	const char *name = json_string_value(json_object_get(data, "name"));
	int64_t number = json_integer_value(json_object_get(data, "number"));

	if (strcmp(ev->kind, "ticket.created") == 0 && number) {
		const char *subject = json_string_value(json_object_get(data, "subject"));

		out.which = arena_printf(w->a, "%" PRId64 "%s%s", number, subject && *subject ? " " : "", subject ? subject : "");
		out.href = arena_printf(w->a, "/console/tickets/%" PRId64, number);
	} else if (text_starts(ev->kind, "agreement.")) {
		out.which = _("Agreement");
		out.href = arena_printf(w->a, "/console/agreements/%" PRId64, ev->object_id);
	} else if (strcmp(ev->kind, "month.closed") == 0) {
		out.which = fmt_month(w, (int32_t)ev->object_id);
		out.href = arena_printf(w->a, "/console/customers/%" PRId64 "/hours/%s", ev->customer_id, month_iso(w->a, (int32_t)ev->object_id));
	} else if (name && (text_starts(ev->kind, "contact.") || text_starts(ev->kind, "site."))) {
		out.which = arena_dup(w->a, name);
	}
	json_decref(data);
	return out;
}

/* Everything a customer's own pages show. */
static int load(struct web *w, int64_t id, struct customer_view *v, struct err *e)
{
	struct customer *c = ARENA_NEW(w->a, struct customer);
	struct site *sites;
	struct contact *people;
	struct customer_event *told;
	struct event *all;
	int n, put = 0;

	if (store_customer_get(w->db, w->a, id, c, e) != 0 || store_site_list(w->db, w->a, id, &sites, &v->nsites, e) != 0 ||
	    store_contact_list(w->db, w->a, id, 0, PEOPLE_MOST, &people, &v->npeople, e) != 0 ||
	    store_contact_count(w->db, id, &v->npeople_all, e) != 0 || event_list_story(w->db, w->a, id, 60, &all, &n, e) != 0)
		return -1;
	told = ARENA_ARRAY(w->a, struct customer_event, n + 1);
	for (int i = 0; i < n && put < 15; i++)
		if (customer_event_word(w, all[i].kind))
			told[put++] = event_told(w, &all[i]);
	v->c = c;
	v->sites = sites;
	v->people = people;
	v->events = told;
	v->nevents = put;
	return 0;
}

static const char *done_text(struct web *w)
{
	const char *done = web_query(w, "done");

	return !done ? NULL : strcmp(done, "new") == 0 ? _("The customer is made. Add people and an agreement next.") : _("Saved.");
}

/* Ending a customer ends no agreement: it would be billed and judged, and nobody would think of it. */
static int holding(struct web *w, struct customer_view *v, struct err *e)
{
	struct agreement *all, *kept;
	int n;

	if (v->c->active)
		return 0;
	if (store_agreement_list(w->db, w->a, v->c->id, 0, AGREEMENTS_SHOWN, &all, &n, e) != 0)
		return -1;
	kept = ARENA_ARRAY(w->a, struct agreement, n + 1);
	for (int i = 0; i < n; i++)
		if (strcmp(all[i].state, "accepted") == 0 && all[i].valid_to_day >= w->today)
			kept[v->nholding++] = all[i];
	v->holding = kept;
	return 0;
}

static int customer_get(struct web *w, struct err *e)
{
	struct customer_view v = { .done = done_text(w) };

	if (load(w, web_param_id(w, 0), &v, e) != 0 || holding(w, &v, e) != 0)
		return -1;
	if (v.npeople > 8)
		v.npeople = 8;
	customer_page(w, &v);
	return 0;
}

/* --- a customer's facts -------------------------------------------------------------------------------------------------- */

struct job { struct actor who; int64_t now; struct customer c; struct contact k; struct site s; const char *origin; const struct catalogue *catalogue; int64_t ticket; };

static int customer_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct job *j = arg;

	return j->c.id ? customer_change(w, a, &j->who, j->now, &j->c, e) : customer_add(w, a, &j->who, j->now, &j->c, e);
}

static const char *lines(struct web *w, const char *const *list, int n)
{
	struct buf b;

	buf_init(&b, w->a, 64 << 10);
	for (int i = 0; i < n; i++) {
		buf_adds(&b, domain_shown(w->a, list[i]));
		buf_addc(&b, '\n');
	}
	return buf_text(&b);
}

/* Words between blanks, commas and line ends. */
static int words(struct web *w, const char *text, const char *const **out)
{
	const char **list = ARENA_ARRAY(w->a, const char *, DOMAINS_MOST);
	int n = 0;

	for (const char *s = text ? text : ""; *s && n < DOMAINS_MOST; ) {
		size_t len = strcspn(s, " ,;\n\t");

		if (len)
			list[n++] = arena_dupn(w->a, s, len);
		s += len + (s[len] != 0);
	}
	*out = list;
	return n;
}

static const char *field(struct web *w, const char *name)
{
	const char *s = web_field(w, name);

	return s ? s : "";
}

static void read_customer(struct web *w, struct customer *c)
{
	c->name = field(w, "name");
	c->cvr = field(w, "cvr");
	c->gln = field(w, "gln");
	c->phone = field(w, "phone");
	c->lang = field(w, "language");
	c->note = field(w, "note");
	c->ndomains = words(w, field(w, "mail_domains"), &c->domains);
	if (c->id) {
		c->active = web_field(w, "active") != NULL;
		if (!text_int(field(w, "version"), &c->version))
			c->version = 0;
	}
}

static int customer_form(struct web *w, const struct customer *c)
{
	struct customer_form v = { .c = c, .domains = lines(w, c->domains, c->ndomains) };

	customer_form_page(w, &v);
	return 0;
}

static int new_get(struct web *w, struct err *e)
{
	struct customer c = { .name = "", .cvr = "", .gln = "", .phone = "", .note = "", .lang = "da", .active = true };

	return customer_form(w, &c);
}

/* Stored, or shown again with everything that is wrong with it. */
static int customer_save(struct web *w, struct job *j, const char *done, struct err *e)
{
	struct err_list all = { .n = 0 };

	read_customer(w, &j->c);
	customer_check(w->db, w->a, &j->c, &all);
	if (web_wrong_all(w, &all, e) != 0)
		return -1;
	if (w->nerrors)
		return customer_form(w, &j->c);
	if (web_write(w, customer_job, j, e) != 0)
		return web_mendable(w, e) ? customer_form(w, &j->c) : -1;
	return web_redirect(w, arena_printf(w->a, "/console/customers/%lld?done=%s", (long long)j->c.id, done));
}

static int new_post(struct web *w, struct err *e)
{
	struct job j = { .who = w->who, .now = w->now, .c = { .active = true } };

	return customer_save(w, &j, "new", e);
}

static int edit_get(struct web *w, struct err *e)
{
	struct customer c;

	return store_customer_get(w->db, w->a, web_param_id(w, 0), &c, e) != 0 ? -1 : customer_form(w, &c);
}

static int edit_post(struct web *w, struct err *e)
{
	struct job j = { .who = w->who, .now = w->now };

	if (store_customer_get(w->db, w->a, web_param_id(w, 0), &j.c, e) != 0)
		return -1;
	return customer_save(w, &j, "saved", e);
}

/* --- addresses ------------------------------------------------------------------------------------------------------------ */

static int site_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct job *j = arg;

	return customer_site_put(w, a, &j->who, j->now, &j->s, e);
}

static int site_drop_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct job *j = arg;

	return customer_site_drop(w, a, &j->who, j->now, j->s.customer_id, j->s.id, e);
}

static int site_find(struct web *w, struct customer *c, struct site *s, struct err *e)
{
	struct site *list;
	int n;

	if (store_customer_get(w->db, w->a, web_param_id(w, 0), c, e) != 0 || store_site_list(w->db, w->a, c->id, &list, &n, e) != 0)
		return -1;
	*s = (struct site){ .customer_id = c->id };
	if (!w->param[1])
		return 0;
	for (int i = 0; i < n; i++)
		if (list[i].id == web_param_id(w, 1)) {
			*s = list[i];
			return 0;
		}
	return FAIL(e, E_NOT_FOUND, "site");
}

static int site_get(struct web *w, struct err *e)
{
	struct customer c;
	struct site s;

	if (site_find(w, &c, &s, e) != 0)
		return -1;
	site_form_page(w, &(struct site_form){ &c, &s });
	return 0;
}

static int site_post(struct web *w, struct err *e)
{
	struct job j = { .who = w->who, .now = w->now };
	struct customer c;
	struct err_list all = { .n = 0 };
	int64_t minutes = 0;

	if (site_find(w, &c, &j.s, e) != 0)
		return -1;
	j.s.name = field(w, "name");
	j.s.street = field(w, "street");
	j.s.postcode = field(w, "postcode");
	j.s.city = field(w, "city");
	j.s.drive_minutes = 0;
	customer_site_check(&j.s, &all);
	if (!text_int(text_trim(w->a, field(w, "drive_minutes")), &minutes) || minutes < 0 || minutes > 600)
		err_note(&all, FAIL_FIELD(&all.now, E_NUMBER_INVALID, "drive_minutes", "%.20s", field(w, "drive_minutes")));
	j.s.drive_minutes = (int)minutes;
	if (web_wrong_all(w, &all, e) != 0)
		return -1;
	if (w->nerrors || web_write(w, site_job, &j, e) != 0) {
		if (!w->nerrors && !web_mendable(w, e))
			return -1;
		site_form_page(w, &(struct site_form){ &c, &j.s });
		return 0;
	}
	return web_redirect(w, arena_printf(w->a, "/console/customers/%lld?done=saved", (long long)c.id));
}

static int site_drop_post(struct web *w, struct err *e)
{
	struct job j = { .who = w->who, .now = w->now };
	struct customer c;

	if (site_find(w, &c, &j.s, e) != 0 || web_write(w, site_drop_job, &j, e) != 0)
		return -1;
	return web_redirect(w, arena_printf(w->a, "/console/customers/%lld?done=saved", (long long)c.id));
}

/* --- people: the same form for staff and for the customer's owner -------------------------------------------------------- */

/* The person wrote a ticket before being known: it is theirs now. */
static int reported(struct db_conn *w, struct arena *a, const struct job *j, const struct contact *k, struct err *e)
{
	struct ticket_change c = { .set_contact = true, .contact_id = k->id };
	struct ticket t;

	if (store_ticket_by_number(w, a, (struct ticket_scope){ k->customer_id, 0 }, j->ticket, &t, e) != 0)
		return -1;
	return t.contact_id ? 0 : ticket_change(w, a, &(struct desk){ j->catalogue, j->origin, j->now }, &j->who, t.id, &c, &t, e);
}

static int person_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct job *j = arg;

	struct contact k = j->k;        /* the job may be run again */

	if (k.id)
		return contact_change(w, a, &j->who, j->now, &k, e);
	if (contact_add(w, a, &j->who, j->now, &k, e) != 0 || (j->ticket && reported(w, a, j, &k, e) != 0))
		return -1;
	return *j->origin ? contact_welcome(w, a, j->now, j->origin, &k, e) : 0;
}

static bool portal(const struct web *w) { return (w->who.role & ROLE_CUSTOMER) != 0; }
static int64_t customer_of(const struct web *w) { return portal(w) ? w->who.customer_id : web_param_id(w, 0); }

static int people_get(struct web *w, struct err *e)
{
	struct customer_view v = { .done = done_text(w) };

	if (load(w, customer_of(w), &v, e) != 0)
		return -1;
	if (portal(w))
		portal_people_page(w, &v);
	else
		people_page(w, &v);
	return 0;
}

static int person_find(struct web *w, struct customer *c, struct contact *k, struct err *e)
{
	const char *id = w->param[portal(w) ? 0 : 1];

	if (store_customer_get(w->db, w->a, customer_of(w), c, e) != 0)
		return -1;
	*k = (struct contact){ .customer_id = c->id, .name = "", .email = "", .phone = "", .role = "employee", .lang = c->lang, .active = true };
	if (!id) {
		k->name = portal(w) || !web_query(w, "name") ? "" : text_line(w->a, web_query(w, "name"), 120);
		k->email = portal(w) || !web_query(w, "email") ? "" : text_line(w->a, web_query(w, "email"), 254);
		return 0;
	}
	return store_contact_get(w->db, w->a, c->id, web_param_id(w, portal(w) ? 0 : 1), k, e);
}

/* The ticket that the person reported, by its number; 0: none. */
static int64_t of_ticket(struct web *w)
{
	const char *s = web_field(w, "ticket") ? web_field(w, "ticket") : web_query(w, "ticket");
	int64_t n;

	return !portal(w) && s && text_int(s, &n) && n > 0 ? n : 0;
}

static int person_form(struct web *w, const struct customer *c, const struct contact *k, struct err *e)
{
	const char *base = portal(w) ? "/portal/people" : arena_printf(w->a, "/console/customers/%lld/people", (long long)c->id);
	struct person_form v = { c, k, k->id ? arena_printf(w->a, "%s/%lld", base, (long long)k->id) : arena_printf(w->a, "%s/new", base), base };
	struct passkey *keys = NULL;

	if (k->id && w->who.role == ROLE_ADMIN && store_passkey_list(w->db, w->a, "contact", k->id, &keys, &v.nkeys, e) != 0)
		return -1;
	v.keys = keys;
	v.ticket = of_ticket(w);
	v.done = text_eq(web_query(w, "done"), "nokey") && !w->nerrors ? _("The passkey is removed.") : NULL;
	if (portal(w))
		portal_person_page(w, &v);
	else
		person_form_page(w, &v);
	return 0;
}

static int person_get(struct web *w, struct err *e)
{
	struct customer c;
	struct contact k;

	return person_find(w, &c, &k, e) != 0 ? -1 : person_form(w, &c, &k, e);
}

static int person_post(struct web *w, struct err *e)
{
	struct job j = { .who = w->who, .now = w->now };
	struct err_list all = { .n = 0 };
	struct customer c;

	if (person_find(w, &c, &j.k, e) != 0)
		return -1;
	j.k.name = field(w, "name");
	j.k.email = field(w, "email");
	j.k.phone = field(w, "phone");
	j.k.role = field(w, "role");
	j.k.lang = field(w, "language");
	if (j.k.id) {
		j.k.active = web_field(w, "active") != NULL;
		if (!text_int(field(w, "version"), &j.k.version))
			j.k.version = 0;
		/* an owner cannot lock themselves out */
		if (portal(w) && j.k.id == w->who.id && (!j.k.active || strcmp(j.k.role, "owner") != 0))
			err_note(&all, FAIL_FIELD(&all.now, E_OWN_ROLE, "role", "own"));
	}
	contact_check(w->db, w->a, &j.k, &all);
	if (web_wrong_all(w, &all, e) != 0)
		return -1;
	if (w->nerrors)
		return person_form(w, &c, &j.k, e);
	j.origin = web_origin_fits(w) ? w->app->origin : "";
	j.catalogue = w->app->catalogue;
	j.ticket = j.k.id ? 0 : of_ticket(w);
	if (web_write(w, person_job, &j, e) != 0)
		return web_mendable(w, e) ? person_form(w, &c, &j.k, e) : -1;
	w->app->wake(w->app->wake_arg, "outbox");
	if (j.ticket)
		return web_redirect(w, arena_printf(w->a, "/console/tickets/%lld?done=saved", (long long)j.ticket));
	return web_redirect(w, portal(w) ? "/portal/people?done=saved" : arena_printf(w->a, "/console/customers/%lld/people?done=saved", (long long)c.id));
}

const struct web_route customer_routes[] = {
	{ "GET", "/console/customers", ROLE_STAFF, list_get },
	{ "GET", "/console/customers/new", ROLE_DESK, new_get },
	{ "POST", "/console/customers/new", ROLE_DESK, new_post },
	{ "GET", "/console/customers/{id}", ROLE_STAFF, customer_get },
	{ "GET", "/console/customers/{id}/edit", ROLE_DESK, edit_get },
	{ "POST", "/console/customers/{id}/edit", ROLE_DESK, edit_post },
	{ "GET", "/console/customers/{id}/people", ROLE_STAFF, people_get },
	{ "GET", "/console/customers/{id}/people/new", ROLE_DESK, person_get },
	{ "POST", "/console/customers/{id}/people/new", ROLE_DESK, person_post },
	{ "GET", "/console/customers/{id}/people/{id}", ROLE_DESK, person_get },
	{ "POST", "/console/customers/{id}/people/{id}", ROLE_DESK, person_post },
	{ "GET", "/console/customers/{id}/sites/new", ROLE_DESK, site_get },
	{ "POST", "/console/customers/{id}/sites/new", ROLE_DESK, site_post },
	{ "GET", "/console/customers/{id}/sites/{id}", ROLE_DESK, site_get },
	{ "POST", "/console/customers/{id}/sites/{id}", ROLE_DESK, site_post },
	{ "POST", "/console/customers/{id}/sites/{id}/drop", ROLE_DESK, site_drop_post },
	{ "GET", "/portal/people", ROLE_OWNER, people_get },
	{ "GET", "/portal/people/new", ROLE_OWNER, person_get },
	{ "POST", "/portal/people/new", ROLE_OWNER, person_post },
	{ "GET", "/portal/people/{id}", ROLE_OWNER, person_get },
	{ "POST", "/portal/people/{id}", ROLE_OWNER, person_post },
	{ 0 }
};
