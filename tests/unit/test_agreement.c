/* Agreements: what may happen to them, in which state, and what never changes again. On both databases. */
#include "store_case.h"
#include "base/hash.h"
#include "base/moment.h"
#include "base/text.h"
#include "core/agreement_check.h"
#include "core/agreement.h"
#include "core/agreement_doc.h"
#include "core/ticket.h"
#include "core/words.h"
#include "store/catalogue.h"
#include "store/event.h"
#include "store/month_close.h"
#include "store/outbox.h"
#include "store/setting.h"

#define DAY(y, m, d) day_from((y), (m), (d))
static const struct db_sql add_customer = { "INSERT INTO customer(name,cvr,lang,created_at) VALUES(?1,?2,?3,1) RETURNING id", NULL };
static const struct db_sql add_contact = { "INSERT INTO contact(customer_id,name,email,role,created_at) VALUES(?1,?2,?3,?4,1) RETURNING id", NULL };
static const struct db_sql count_mails = { "SELECT count(*) FROM outbox WHERE kind='agreement'", NULL };
static const struct db_sql tickets = { "SELECT count(*) FROM ticket", NULL };
static const struct db_sql open_needs = { "SELECT count(*) FROM need WHERE kind='accept' AND answered_at=0", NULL };

/* One fixture per test: a customer with an owner, an approver and an employee, another customer with an owner. */
struct world {
	struct store_case *s;
	struct catalogue catalogue;
	int64_t customer, owner, approver, employee, other, other_owner, now;
	struct actor staff;
};

/* One operation, as a job. */
struct op {
	struct world *x;
	const struct actor *who;
	enum { DRAFT, CHANGE, SEND, TAKE_BACK, DECLINE, ACCEPT, SUPERSEDE, END } kind;
	int64_t id;
	struct agreement_input in;
	struct agreement_yes yes;
	const char *why;
	int32_t last_day;
	int64_t made, ticket;   /* out */
};

static int job_op(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct op *o = arg;
	struct agreement_do d = { w, a, &o->x->catalogue, o->who ? o->who : &o->x->staff, o->x->now, "https://desk.example" };
	struct agreement g = { 0 };
	int rc = -1;

	switch (o->kind) {
	case DRAFT:     rc = agreement_draft(&d, &o->in, &g, e); break;
	case CHANGE:    rc = agreement_change(&d, o->id, &o->in, &g, e); break;
	case SEND:      rc = agreement_send(&d, o->id, e); break;
	case TAKE_BACK: rc = agreement_take_back(&d, o->id, e); break;
	case DECLINE:   rc = agreement_decline(&d, o->id, o->why, &o->ticket, e); break;
	case ACCEPT:    rc = agreement_accept(&d, o->id, &o->yes, e); break;
	case SUPERSEDE: rc = agreement_supersede(&d, o->id, &g, e); break;
	case END:       rc = agreement_end(&d, o->id, o->last_day, e); break;
	}
	o->made = g.id;
	return rc;
}

/* 0, or the error's id; the field must be as said when one is expected. */
static enum err_id run(struct world *x, struct op *o, const char *field)
{
	struct err e = { 0 };

	o->x = x;
	x->now += MOMENT_MINUTE;
	if (db_write(x->s->db, job_op, o, &e) == 0)
		return E_NONE;
	if (field && strcmp(field, e.field) != 0)
		print_message("%s field \"%s\" detail \"%s\"\n", err_name(e.id), e.field, e.detail);
	if (field)
		CHECK_STR(e.field, field);
	if (e.id == E_DB || e.id == E_BUG)
		fail_msg("%s: %s", err_name(e.id), e.detail);
	return e.id;
}

static int job_people(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct world *x = arg;

	return db_id(w, &add_customer, DB(DB_TEXT("Advokathuset Sønderskov"), DB_TEXT("12345674"), DB_TEXT("da")), &x->customer, e) != 0 ||
		db_id(w, &add_customer, DB(DB_TEXT("Bageriet"), DB_TEXT("87654321"), DB_TEXT("en")), &x->other, e) != 0 ||
		db_id(w, &add_contact, DB(DB_INT(x->customer), DB_TEXT("Birgitte"), DB_TEXT("b@x.dk"), DB_TEXT("owner")), &x->owner, e) != 0 ||
		db_id(w, &add_contact, DB(DB_INT(x->customer), DB_TEXT("Anders"), DB_TEXT("a@x.dk"), DB_TEXT("approver")), &x->approver, e) != 0 ||
		db_id(w, &add_contact, DB(DB_INT(x->customer), DB_TEXT("Emil"), DB_TEXT("e@x.dk"), DB_TEXT("employee")), &x->employee, e) != 0 ||
		db_id(w, &add_contact, DB(DB_INT(x->other), DB_TEXT("Ole"), DB_TEXT("o@y.dk"), DB_TEXT("owner")), &x->other_owner, e) != 0 ? -1 : 0;
}

static struct world *world(struct store_case *s)
{
	struct world *x = ARENA_NEW(s->a, struct world);
	struct err e = { 0 };

	x->s = s;
	x->now = moment_from_local(2026, 11, 24, 9, 0, 0);
	x->staff = (struct actor){ .role = ROLE_TECHNICIAN, .person = true, .id = 1, .name = "Mette" };
	CHECK_INT(catalogue_load(s->a, NULL, &x->catalogue, &e), 0);
	CHECK_INT(db_write(s->db, job_people, x, &e), 0);
	return x;
}

static struct agreement read_one(struct world *x, int64_t id, const char **text)
{
	struct agreement g = { 0 };
	struct db_conn *c;
	struct err e = { 0 };

	CHECK_INT(db_read_begin(x->s->db, &c, &e), 0);
	if (store_agreement_get(c, x->s->a, 0, id, &g, &e) != 0)
		fail_msg("agreement %lld: %s", (long long)id, e.detail);
	if (text && *g.text_sha256)
		CHECK_INT(store_agreement_text(c, x->s->a, &g, text, &e), 0);
	db_read_end(c);
	return g;
}

static int64_t number(struct world *x, const struct db_sql *q)
{
	struct db_conn *c;
	struct err e = { 0 };
	int64_t n = -1;

	CHECK_INT(db_read_begin(x->s->db, &c, &e), 0);
	CHECK_INT(db_id(c, q, DB_NONE, &n, &e), 0);
	db_read_end(c);
	return n;
}

static struct op draft_op(struct world *x, int32_t from, int32_t to, const struct agreement_want *items, int n)
{
	return (struct op){ .x = x, .kind = DRAFT, .in = { .customer_id = x->customer, .valid_from_day = from, .valid_to_day = to, .items = items, .nitems = n } };
}

static int64_t drafted(struct world *x, int32_t from, int32_t to, const char *service)
{
	struct agreement_want items[] = { { service, NULL } };
	struct op o = draft_op(x, from, to, items, 1);

	CHECK_INT(run(x, &o, NULL), E_NONE);
	return o.made;
}

static enum err_id simply(struct world *x, int kind, int64_t id)
{
	struct op o = { .kind = kind, .id = id, .yes = { .contact_id = x->owner, .via = "paper" }, .last_day = DAY(2027, 6, 30) };

	return run(x, &o, NULL);
}

static void test_draft(void **state)
{
	struct world *x = world(*state);
	json_t *three = json_pack("{s:i}", "hours_per_month", 3), *ten = json_pack("{s:i}", "hours_per_month", 10), *odd = json_pack("{s:i}", "nonsense", 3);
	const struct {
		struct agreement_want items[2]; int n; int32_t from, to; int64_t customer; enum err_id want; const char *field;
	} rows[] = {
		{ { { "support", NULL }, { "service-agreement", ten } }, 2, DAY(2026, 12, 1), INT32_MAX, x->customer, E_NONE, NULL },
		{ { { "support", NULL } }, 0, DAY(2026, 12, 1), INT32_MAX, x->customer, E_AGREEMENT_EMPTY, "items" },
		{ { { "no-such", NULL } }, 1, DAY(2026, 12, 1), INT32_MAX, x->customer, E_SERVICE_UNKNOWN, "items[0].service" },
		{ { { NULL, NULL } }, 1, DAY(2026, 12, 1), INT32_MAX, x->customer, E_SERVICE_UNKNOWN, "items[0].service" },
		{ { { "support", NULL }, { "support", NULL } }, 2, DAY(2026, 12, 1), INT32_MAX, x->customer, E_SERVICE_TWICE, "items[1].service" },
		{ { { "support", NULL }, { "service-agreement", three } }, 2, DAY(2026, 12, 1), INT32_MAX, x->customer, E_TERM_INVALID, "items[1].terms.hours_per_month" },
		{ { { "service-agreement", odd } }, 1, DAY(2026, 12, 1), INT32_MAX, x->customer, E_TERM_UNKNOWN, "items[0].terms.nonsense" },
		{ { { "support", NULL } }, 1, DAY(2026, 12, 1), DAY(2026, 11, 30), x->customer, E_DATE_ORDER, "valid_to" },
		{ { { "support", NULL } }, 1, DAY(1999, 12, 1), INT32_MAX, x->customer, E_DATE_INVALID, "valid_from" },
		{ { { "support", NULL } }, 1, DAY(2026, 12, 1), INT32_MAX, 4711, E_NOT_FOUND, "customer_id" },
	};
	struct agreement g;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct op o = draft_op(x, rows[i].from, rows[i].to, rows[i].items, rows[i].n);

		o.in.customer_id = rows[i].customer;
		CHECK_ROW(i, run(x, &o, rows[i].field) == rows[i].want);
		if (rows[i].want != E_NONE)
			continue;
		g = read_one(x, o.made, NULL);
		CHECK_STR(g.number, "1-1");
		CHECK_STR(g.state, "draft");
		CHECK_STR(g.lang, "da");
		CHECK_INT(g.valid_to_day, INT32_MAX);
		CHECK_INT(g.nitems, 2);
		CHECK_INT(g.price_ore, 475000);
		CHECK_INT(g.items[0].catalogue_version, 3);
		CHECK(strstr(g.items[1].terms, "\"hours_per_month\":10") && strstr(g.items[1].terms, "\"driving_free_minutes\":30"));
	}
	json_decref(three);
	json_decref(ten);
	json_decref(odd);
}

static void test_life(void **state)
{
	struct world *x = world(*state);
	struct actor birgitte = { .role = ROLE_OWNER, .id = x->owner, .customer_id = x->customer }, emil = birgitte, ole = birgitte;
	int64_t id = drafted(x, DAY(2026, 12, 1), INT32_MAX, "service-agreement");
	struct agreement_want support = { "support", NULL };
	struct op change = { .kind = CHANGE, .id = id, .in = { .valid_from_day = DAY(2026, 12, 1), .valid_to_day = INT32_MAX, .items = &support, .nitems = 1,
		.version = 1, .note = "Efter mødet" } };
	struct op yes = { .kind = ACCEPT, .id = id, .who = &birgitte, .yes = { .contact_id = x->owner, .via = "portal", .name = " Birgitte S. " } };
	struct op no = { .kind = DECLINE, .id = id, .who = &birgitte, .why = "For dyrt" };
	const char *sent_text = NULL, *text = NULL;
	struct agreement g;
	int64_t first;

	emil = (struct actor){ .role = ROLE_EMPLOYEE, .id = x->employee, .customer_id = x->customer };
	ole = (struct actor){ .role = ROLE_OWNER, .id = x->other_owner, .customer_id = x->other };
	CHECK_INT(run(x, &change, NULL), E_NONE);
	CHECK_INT(run(x, &change, NULL), E_AGREEMENT_CHANGED);          /* the second of two who had it open is told */
	g = read_one(x, id, NULL);
	CHECK_INT(g.nitems, 1);
	CHECK_STR(g.note, "Efter mødet");
	CHECK_INT(run(x, &yes, NULL), E_AGREEMENT_STATE);               /* the customer cannot accept what was not sent */
	CHECK_INT(simply(x, SEND, id), E_NONE);
	CHECK_INT(number(x, &count_mails), 2);                          /* owner and approver */
	CHECK_INT(number(x, &open_needs), 1);
	CHECK_INT(simply(x, SEND, id), E_AGREEMENT_STATE);
	CHECK_INT(simply(x, END, id), E_AGREEMENT_STATE);               /* dropping is for drafts; this one is taken back first */
	change.in.version = 3;
	CHECK_INT(run(x, &change, NULL), E_AGREEMENT_STATE);
	g = read_one(x, id, &sent_text);
	CHECK(strstr(sent_text, "Generel it-support") && strstr(sent_text, "Efter mødet"));

	CHECK_INT(run(x, &no, NULL), E_NONE);
	first = no.ticket;
	CHECK_INT(run(x, &no, NULL), E_NONE);                           /* the button was pressed twice */
	CHECK_INT(no.ticket, first);
	CHECK_INT(number(x, &tickets), 1);
	CHECK_INT(number(x, &open_needs), 0);
	CHECK_INT(run(x, &yes, NULL), E_AGREEMENT_STATE);
	CHECK_INT(simply(x, SEND, id), E_NONE);
	CHECK_INT(run(x, &(struct op){ .kind = TAKE_BACK, .id = id, .who = &birgitte }, NULL), E_DENIED);
	CHECK_INT(simply(x, TAKE_BACK, id), E_NONE);
	CHECK_INT(simply(x, SEND, id), E_NONE);

	CHECK_INT(run(x, &(struct op){ .kind = ACCEPT, .id = id, .who = &ole, .yes = { .contact_id = x->other_owner, .via = "portal" } }, NULL), E_NOT_FOUND);
	CHECK_INT(run(x, &(struct op){ .kind = ACCEPT, .id = id, .who = &emil, .yes = { .contact_id = x->employee, .via = "portal" } }, "contact_id"), E_ACCEPT_ROLE);
	CHECK_INT(run(x, &(struct op){ .kind = ACCEPT, .id = id, .who = &emil, .yes = { .contact_id = x->owner, .via = "portal" } }, "contact_id"), E_ACCEPT_ROLE);
	CHECK_INT(run(x, &(struct op){ .kind = ACCEPT, .id = id, .yes = { .contact_id = x->other_owner, .via = "api" } }, "contact_id"), E_NOT_FOUND);
	CHECK_INT(run(x, &(struct op){ .kind = ACCEPT, .id = id, .yes = { .contact_id = x->owner, .via = "guess" } }, "via"), E_CHOICE_INVALID);
	CHECK_INT(run(x, &(struct op){ .kind = ACCEPT, .id = id, .yes = { .contact_id = x->owner, .via = "api", .text_sha256 = "00" } }, NULL), E_AGREEMENT_CHANGED);
	CHECK_INT(number(x, &open_needs), 1);
	CHECK_INT(run(x, &yes, NULL), E_NONE);
	CHECK_INT(number(x, &open_needs), 0);
	g = read_one(x, id, &text);
	CHECK_STR(g.state, "accepted");
	CHECK_STR(g.accepted_name, "Birgitte S. (logget ind som Birgitte)");
	CHECK_STR(g.accepted_via, "portal");
	CHECK_INT(g.accepted_contact_id, x->owner);
	CHECK_STR(text, sent_text);
	CHECK_INT(run(x, &yes, NULL), E_AGREEMENT_STATE);
	CHECK_INT(simply(x, SEND, id), E_AGREEMENT_STATE);
	change.in.version = g.version;
	CHECK_INT(run(x, &change, NULL), E_AGREEMENT_STATE);
}

static int close_october(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct month_close m = { .customer_id = ((struct world *)arg)->customer, .month = month_of_day(DAY(2026, 10, 1)), .closed_at = 1,
		.statement = "{}", .sha256 = "00" };

	(void)a;
	return store_month_close_add(w, &m, e);
}

/* A statement that is closed is not overtaken: neither by what begins before its end nor by what ends there. */
static void test_closed_months(void **state)
{
	struct world *x = world(*state);
	int64_t one = drafted(x, DAY(2026, 9, 1), INT32_MAX, "service-agreement"), back, on;
	struct op o = { .kind = SUPERSEDE };
	struct agreement_want want = { .service = "support" };
	struct op change = { .kind = CHANGE, .in = { .customer_id = x->customer, .valid_from_day = DAY(2026, 10, 31), .valid_to_day = INT32_MAX, .lang = "da",
		.note = "", .items = &want, .nitems = 1, .version = 1 } };
	struct err e;

	CHECK_INT(simply(x, ACCEPT, one), E_NONE);
	CHECK_INT(db_write(x->s->db, close_october, x, &e), 0);
	back = drafted(x, DAY(2026, 10, 1), DAY(2026, 12, 31), "support");
	CHECK_INT(run(x, &(struct op){ .kind = SEND, .id = back }, "valid_from"), E_DAY_CLOSED);
	CHECK_INT(run(x, &(struct op){ .kind = ACCEPT, .id = back, .yes = { .contact_id = x->owner, .via = "api" } }, "valid_from"), E_DAY_CLOSED);
	CHECK_STR(read_one(x, back, NULL).state, "draft");
	change.id = back;
	CHECK_INT(run(x, &change, NULL), E_NONE);
	CHECK_INT(simply(x, ACCEPT, back), E_DAY_CLOSED);       /* the last closed day is too early, the day after is not */
	on = drafted(x, DAY(2026, 11, 1), INT32_MAX, "support");
	CHECK_INT(simply(x, ACCEPT, on), E_NONE);
	CHECK_INT(run(x, &(struct op){ .kind = END, .id = one, .last_day = DAY(2026, 9, 10) }, "last_day"), E_DAY_CLOSED);
	CHECK_INT(run(x, &(struct op){ .kind = END, .id = one, .last_day = DAY(2026, 10, 30) }, "last_day"), E_DAY_CLOSED);
	o.id = one;
	CHECK_INT(run(x, &o, NULL), E_NONE);
	CHECK_INT(simply(x, END, o.made), E_NONE);              /* a draft holds nothing */
	CHECK_STR(read_one(x, one, NULL).state, "accepted");
	CHECK_INT(run(x, &(struct op){ .kind = END, .id = one, .last_day = DAY(2026, 10, 31) }, NULL), E_NONE);
}

static void test_supersede_and_end(void **state)
{
	struct world *x = world(*state);
	int64_t one = drafted(x, DAY(2026, 1, 1), INT32_MAX, "service-agreement"), two, three;
	struct op o = { .kind = SUPERSEDE, .id = one };
	struct agreement g, *all;
	struct agreement_item item;
	struct db_conn *c;
	struct err e = { 0 };
	int n;

	CHECK_INT(simply(x, SUPERSEDE, one), E_AGREEMENT_STATE);
	CHECK_INT(simply(x, ACCEPT, one), E_NONE);
	three = drafted(x, DAY(2026, 6, 1), INT32_MAX, "service-agreement");
	CHECK_INT(simply(x, ACCEPT, three), E_AGREEMENT_OVERLAP);
	CHECK_INT(simply(x, SEND, three), E_AGREEMENT_OVERLAP);
	CHECK_STR(read_one(x, three, NULL).state, "draft");
	CHECK_INT(run(x, &o, NULL), E_NONE);
	two = o.made;
	g = read_one(x, two, NULL);
	CHECK_INT(g.supersedes, one);
	CHECK_INT(g.valid_from_day, DAY(2026, 12, 1));
	CHECK_INT(run(x, &o, NULL), E_NONE);                            /* a rival, that is sent as well */
	CHECK_INT(simply(x, SEND, o.made), E_NONE);
	CHECK_INT(simply(x, SEND, two), E_NONE);
	CHECK_INT(number(x, &open_needs), 2);
	CHECK_INT(simply(x, ACCEPT, two), E_NONE);
	CHECK_STR(read_one(x, o.made, NULL).state, "draft");
	CHECK_INT(number(x, &open_needs), 0);
	CHECK_INT(simply(x, SEND, o.made), E_AGREEMENT_REPLACED);
	CHECK_INT(simply(x, END, o.made), E_NONE);
	g = read_one(x, one, NULL);
	CHECK_STR(g.state, "superseded");
	CHECK_INT(g.valid_to_day, DAY(2026, 11, 30));
	CHECK_INT(simply(x, END, one), E_AGREEMENT_STATE);

	CHECK_INT(db_read_begin(x->s->db, &c, &e), 0);
	CHECK_INT(store_agreement_in_force(c, x->s->a, x->customer, DAY(2026, 11, 30), "service-agreement", &g, &item, &e), 0);
	CHECK_INT(g.id, one);
	CHECK_INT(store_agreement_in_force(c, x->s->a, x->customer, DAY(2026, 12, 1), "service-agreement", &g, &item, &e), 0);
	CHECK_INT(g.id, two);
	CHECK_STR(item.service, "service-agreement");
	CHECK_INT(store_agreement_in_force(c, x->s->a, x->customer, DAY(2025, 12, 31), "service-agreement", &g, &item, &e), -1);
	CHECK_INT(e.id, E_NOT_FOUND);
	CHECK_INT(store_agreement_in_force(c, x->s->a, x->other, DAY(2026, 12, 1), "service-agreement", &g, &item, &e), -1);
	CHECK_INT(store_agreement_spans(c, x->s->a, x->customer, DAY(2026, 11, 1), DAY(2026, 12, 31), "service-agreement", &all, &n, &e), 0);
	CHECK(n == 2 && all[0].id == one && all[1].id == two && all[0].nitems == 1);
	CHECK_INT(store_agreement_spans(c, x->s->a, x->customer, DAY(2026, 11, 1), DAY(2026, 12, 31), "support", &all, &n, &e), 0);
	CHECK_INT(n, 0);
	CHECK_INT(store_agreement_list(c, x->s->a, x->customer, 0, 2, &all, &n, &e), 0);
	CHECK(n == 2 && all[0].id > all[1].id);
	CHECK_INT(store_agreement_list(c, x->s->a, x->customer, all[1].id, 50, &all, &n, &e), 0);
	CHECK_INT(n, 2);
	CHECK_INT(store_agreement_list(c, x->s->a, x->other, 0, 50, &all, &n, &e), 0);
	CHECK_INT(n, 0);
	db_read_end(c);

	CHECK_INT(run(x, &(struct op){ .kind = END, .id = two, .last_day = DAY(2026, 11, 29) }, "last_day"), E_DATE_ORDER);
	CHECK_INT(run(x, &(struct op){ .kind = END, .id = two, .last_day = DAY(2027, 6, 30) }, NULL), E_NONE);
	g = read_one(x, two, NULL);
	CHECK_STR(g.state, "ended");
	CHECK_INT(g.valid_to_day, DAY(2027, 6, 30));
	CHECK_INT(simply(x, END, three), E_NONE);
	CHECK_STR(read_one(x, three, NULL).state, "ended");
}

static void say_unreadable(void *arg, const char *what)
{
	(void)arg;
	fail_msg("%s", what);
}

static int job_rename(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	static const struct db_sql rename = { "UPDATE customer SET name='Et andet navn' WHERE id=?1", NULL };

	(void)a;
	return setting_set(w, "provider.name", "Ny ejer ApS", e) != 0 ? -1 : db_run(w, &rename, DB(DB_INT(*(int64_t *)arg)), NULL, e);
}

/* What happens after acceptance never reaches the text that was accepted: not an end, not a new name, not new words of the program. */
static void test_accepted_text_stays(void **state)
{
	struct world *x = world(*state);
	int64_t one = drafted(x, DAY(2026, 1, 1), INT32_MAX, "service-agreement"), checked;
	struct op o = { .kind = SUPERSEDE, .id = one };
	const char *text = NULL, *facts;
	struct agreement_doc doc;
	struct agreement g;
	struct sha256 sum;
	struct db_conn *c;
	struct err e = { 0 };

	CHECK_INT(simply(x, ACCEPT, one), E_NONE);
	CHECK_INT(run(x, &o, NULL), E_NONE);
	CHECK_INT(simply(x, SEND, o.made), E_NONE);
	CHECK_INT(simply(x, ACCEPT, o.made), E_NONE);
	CHECK_INT(db_write(x->s->db, job_rename, &x->customer, &e), 0);
	g = read_one(x, one, &text);
	CHECK_INT(g.valid_to_day, DAY(2026, 11, 30));
	CHECK_INT(db_read_begin(x->s->db, &c, &e), 0);
	CHECK_INT(agreement_doc_make(c, x->s->a, &g, &doc, &e), 0);
	CHECK_STR(agreement_doc_text(x->s->a, &doc), text);
	sum = hash_sha256(text, strlen(text));
	CHECK_STR(hash_hex(x->s->a, sum.b, sizeof sum.b), g.text_sha256);
	CHECK_INT(doc.to_day, INT32_MAX);
	CHECK(strstr(doc.validity, "indtil en anden") && strcmp(doc.customer.name, "Et andet navn") != 0);
	/* told from the facts, every part is as it was */
	facts = agreement_doc_json(x->s->a, &doc);
	CHECK_INT(agreement_doc_read(x->s->a, facts, &doc, &e), 0);
	CHECK_STR(agreement_doc_json(x->s->a, &doc), facts);
	CHECK_INT(agreement_doc_read(x->s->a, "{}", &doc, &e), -1);
	CHECK_INT(e.id, E_AGREEMENT_UNREADABLE);
	CHECK_INT(agreement_check(c, say_unreadable, NULL, &checked, &e), 0);
	CHECK_INT(checked, 2);
	db_read_end(c);
}

static int job_leave(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	static const struct db_sql leave = { "UPDATE contact SET active=0 WHERE customer_id=?1", NULL };

	return db_run(w, &leave, DB(DB_INT(*(int64_t *)arg)), NULL, e);
}

static void test_send_needs_somebody(void **state)
{
	struct world *x = world(*state);
	int64_t id = drafted(x, DAY(2026, 12, 1), INT32_MAX, "support");
	struct err e = { 0 };

	CHECK_INT(db_write(x->s->db, job_leave, &x->customer, &e), 0);
	CHECK_INT(simply(x, SEND, id), E_AGREEMENT_NOBODY);
	CHECK_STR(read_one(x, id, NULL).state, "draft");
	CHECK_INT(simply(x, ACCEPT, id), E_ACCEPT_ROLE);
}

static int job_customer_leaves(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	static const struct db_sql leave = { "UPDATE customer SET active=0 WHERE id=?1", NULL };

	return db_run(w, &leave, DB(DB_INT(*(int64_t *)arg)), NULL, e);
}

static void test_no_agreement_with_a_customer_of_before(void **state)
{
	struct world *x = world(*state);
	int64_t draft = drafted(x, DAY(2026, 12, 1), INT32_MAX, "support"), sent = drafted(x, DAY(2026, 12, 1), INT32_MAX, "backup");
	struct err e = { 0 };

	CHECK_INT(simply(x, SEND, sent), E_NONE);
	CHECK_INT(db_write(x->s->db, job_customer_leaves, &x->customer, &e), 0);
	CHECK_INT(simply(x, SEND, draft), E_CUSTOMER_INACTIVE);
	CHECK_INT(simply(x, ACCEPT, sent), E_CUSTOMER_INACTIVE);
	CHECK_INT(simply(x, ACCEPT, draft), E_CUSTOMER_INACTIVE);
}

static int job_report(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct world *x = arg;
	struct desk d = { &x->catalogue, "https://desk.example", x->now };
	struct ticket_draft f = { .customer_id = x->customer, .subject = "Huden er våd", .type = "incident", .channel = "console", .text = { .body = "Den drypper" } };
	struct ticket t;

	return ticket_create(w, a, &d, &x->staff, &f, &t, e);
}

/* What is open is due by what was agreed, from the day that it holds; and by the catalogue's own again once it has ended. */
static void test_open_tickets_are_due_by_what_was_agreed(void **state)
{
	static const struct db_sql due = { "SELECT response_due_at FROM ticket", NULL };
	struct world *x = world(*state);
	struct agreement_want items[] = { { "support", NULL } };
	struct op o = draft_op(x, DAY(2026, 1, 1), INT32_MAX, items, 1);
	struct err e = { 0 };
	json_error_t je;
	int64_t before;

	items[0].terms = json_loads("{\"response_normal_minutes\":30,\"service_hours\":\"mon-sun 00:00-24:00\"}", 0, &je);
	CHECK_INT(db_write(x->s->db, job_report, x, &e), 0);
	before = number(x, &due);
	CHECK_INT(run(x, &o, NULL), E_NONE);
	json_decref(items[0].terms);
	CHECK_INT(number(x, &due), before);
	CHECK_INT(simply(x, ACCEPT, o.made), E_NONE);
	CHECK_INT(number(x, &due), moment_from_local(2026, 11, 24, 9, 30, 0));
	CHECK_INT(run(x, &(struct op){ .kind = END, .id = o.made, .last_day = DAY(2026, 10, 31) }, NULL), E_NONE);
	CHECK_INT(number(x, &due), before);
}

static int job_keep(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	int *v = arg;
	const char *text;

	if (store_catalogue_keep(w, "demo", 1, "aa", "one", 1, &v[0], e) != 0 || store_catalogue_keep(w, "demo", 1, "bb", "two", 2, &v[1], e) != 0 ||
		store_catalogue_keep(w, "demo", 1, "aa", "one", 3, &v[2], e) != 0 || store_catalogue_keep(w, "demo", 7, "cc", "three", 4, &v[3], e) != 0 ||
		store_catalogue_keep(w, "demo", 2, "dd", "four", 5, &v[4], e) != 0 || store_catalogue_text(w, a, "demo", 2, &text, e) != 0)
		return -1;
	CHECK_STR(text, "two");
	return store_catalogue_text(w, a, "demo", 3, &text, e);
}

static void test_catalogue_versions(void **state)
{
	struct store_case *s = *state;
	struct err e = { 0 };
	int v[5];

	CHECK_INT(db_write(s->db, job_keep, v, &e), -1);
	CHECK_INT(e.id, E_SERVICE_UNKNOWN);
	CHECK_INT(v[0], 1);
	CHECK_INT(v[1], 2);             /* another text under the same number: the next free one */
	CHECK_INT(v[2], 1);             /* the same text again */
	CHECK_INT(v[3], 7);
	CHECK_INT(v[4], 8);
}

/* An accepted agreement keeps the words it was accepted with, whatever the catalogue says later. */
static void test_old_words_stay(void **state)
{
	struct world *x = world(*state);
	int64_t one = drafted(x, DAY(2026, 12, 1), INT32_MAX, "hosting"), two;
	struct catalogue_service *mine = arena_copy(x->s->a, x->catalogue.services, sizeof *mine * (size_t)x->catalogue.nservices);
	struct agreement_doc doc;
	struct agreement g;
	struct db_conn *c;
	struct err e = { 0 };
	const char *text = NULL, *again;

	CHECK_INT(simply(x, ACCEPT, one), E_NONE);
	for (int i = 0; i < x->catalogue.nservices; i++)
		if (strcmp(mine[i].key, "hosting") == 0) {
			const char *at = strstr(mine[i].text, "Webhosting");
			const char *changed = arena_printf(x->s->a, "%.*sHotel%s", (int)(at - mine[i].text), mine[i].text, at + 10);

			CHECK_INT(catalogue_parse(x->s->a, "hosting", changed, strlen(changed), &mine[i], &e), 0);
		}
	x->catalogue.services = mine;
	two = drafted(x, DAY(2026, 12, 1), INT32_MAX, "hosting");
	CHECK_INT(read_one(x, two, NULL).items[0].catalogue_version, 3);
	g = read_one(x, one, &text);
	CHECK_INT(g.items[0].catalogue_version, 2);
	CHECK_INT(db_read_begin(x->s->db, &c, &e), 0);
	CHECK_INT(agreement_doc_make(c, x->s->a, &g, &doc, &e), 0);
	again = agreement_doc_text(x->s->a, &doc);
	CHECK_STR(again, text);
	CHECK(strstr(again, "Webhosting") && !strstr(again, "Hotel"));
	db_read_end(c);
}

static int job_provider(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	return setting_set(w, "provider.name", "Fjordkant IT", e) != 0 || setting_set(w, "provider.cvr", "10150817", e) != 0 ? -1 : 0;
}

static void test_document(void **state)
{
	static const struct { const char *terms, *lang, *says; } rows[] = {
		{ "{}", "da", "I har 5 timer i hver kalendermåned" },
		{ "{\"hours_per_month\":10}", "en", "You have 10 hours in each calendar month" },
		{ "{}", "da", "De første 30 minutters kørsel koster ikke noget, pr. besøg og tekniker; turen ud og turen hjem lægges sammen." },
		{ "{\"driving_scope\":\"each_way\"}", "da", "De første 30 minutters kørsel hver vej" },
		{ "{\"driving_settle\":\"bank\"}", "en", "drawn from the month's hours" },
		{ "{}", "da", "faktureres til timeprisen, 1.050,00 kr. i timen. Den trækkes ikke fra månedens timer." },
		{ "{}", "en", "invoiced at the hourly price, DKK 1,050.00 an hour" },
		{ "{\"driving_free_minutes\":0}", "da", "Kørsel tæller fra første minut" },
		{ "{}", "da", "bortfalder ved månedens slut" },
		{ "{\"rollover_months\":2}", "da", "gemmes i op til 2 måneder, højst 10 timer i alt" },
		{ "{\"rounding_step_minutes\":6,\"rounding_min_minutes\":12,\"phone_step_minutes\":5}", "da",
			"rundes op én gang til hele 6 minutter og tæller mindst 12 minutter. Hjælp i telefonen rundes op til hele 5 minutter." },
		{ "{\"overuse\":\"stop_and_ask\"}", "en", "we stop and ask before we use more" },
		{ "{\"round_by\":\"day\"}", "en", "are added together before they are rounded" },
		{ "{\"proration\":false}", "en", "the full hours and the full amount" },
		{ "{\"late_entry\":\"current_only\"}", "da", "tæller i den åbne måned" },
		{ "{\"time_visible\":false}", "da", "månedens summer, ikke de enkelte" },
		{ "{}", "da", "Mellem Fjordkant IT, CVR 10 15 08 17 («vi») og Advokathuset Sønderskov, CVR 12 34 56 74 («I»)." },
		{ "{}", "da", "Den gælder fra 1.12.2026 til 31.12.2027, begge dage med." },
		{ "{}", "en", "It holds from 1 Dec 2026 to 31 Dec 2027" },
		{ "{}", "da", "Den faste pris er 4.750,00 kr. om måneden uden moms." },
		{ "{}", "da", "service-agreement.driving, hver måned]" },
		{ "{}", "da", "Det lover I:\n- I betaler hver måned" },
	};
	static const struct { const char *terms; bool most_kept, most_borrowed; } effects[] = {         /* what has none is not told */
		{ "{}", false, false },
		{ "{\"rollover_months\":1}", true, false },
		{ "{\"overuse\":\"stop_and_ask\"}", false, false },
		{ "{\"overuse\":\"borrow\"}", false, true },
		{ "{\"rollover_months\":3,\"overuse\":\"borrow\"}", true, true },
	};
	struct world *x = world(*state);
	struct db_conn *c;
	struct err e = { 0 };

	CHECK_INT(db_write(x->s->db, job_provider, NULL, &e), 0);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct agreement_want want = { "service-agreement", json_loads(rows[i].terms, 0, NULL) };
		struct op o = draft_op(x, DAY(2026, 12, 1), DAY(2027, 12, 31), &want, 1);
		struct agreement_doc doc;
		struct agreement g;
		const char *text;

		o.in.lang = rows[i].lang;
		CHECK_ROW(i, run(x, &o, NULL) == E_NONE);
		g = read_one(x, o.made, NULL);
		CHECK_INT(db_read_begin(x->s->db, &c, &e), 0);
		CHECK_INT(agreement_doc_make(c, x->s->a, &g, &doc, &e), 0);
		text = agreement_doc_text(x->s->a, &doc);
		if (!strstr(text, rows[i].says))
			print_message("%s\ndoes not say: %s\n", text, rows[i].says);
		CHECK_ROW(i, strstr(text, rows[i].says));
		CHECK_INT(doc.supplier_promises, 2);
		CHECK_INT(doc.customer_promises, 1);
		db_read_end(c);
		json_decref(want.terms);
	}
	for (size_t i = 0; i < sizeof effects / sizeof *effects; i++) {
		struct agreement_want want = { "service-agreement", json_loads(effects[i].terms, 0, NULL) };
		struct op o = draft_op(x, DAY(2026, 12, 1), DAY(2027, 12, 31), &want, 1);
		struct agreement_doc doc;
		struct agreement g;
		const char *text;

		CHECK_ROW(i, run(x, &o, NULL) == E_NONE);
		g = read_one(x, o.made, NULL);
		CHECK_INT(db_read_begin(x->s->db, &c, &e), 0);
		CHECK_INT(agreement_doc_make(c, x->s->a, &g, &doc, &e), 0);
		text = agreement_doc_text(x->s->a, &doc);
		CHECK_ROW(i, !!strstr(text, "Mest ubrugt tid") == effects[i].most_kept);
		CHECK_ROW(i, !!strstr(text, "Mest af næste måneds timer") == effects[i].most_borrowed);
		db_read_end(c);
		json_decref(want.terms);
	}
}

static void test_price(void **state)
{
	struct agreement_item items[] = { { .service = "a", .terms = "{\"monthly_price_ore\":475000,\"proration\":true}" },
		{ .service = "b", .terms = "{\"monthly_price_ore\":10000}" }, { .service = "c", .terms = "{}" } };
	struct agreement g = { .items = items, .nitems = 3 };

	CHECK_INT(agreement_price(&g), 485000);
	(void)state;
}

static void test_words(void **state)
{
	struct arena *a = arena_begin(8 << 20);
	struct catalogue c;
	struct err e = { 0 };

	CHECK_STR(words_money(a, LANG_DA, 123456789), "1.234.567,89 kr.");
	CHECK_STR(words_money(a, LANG_EN, -50), "−DKK 0.50");
	CHECK_STR(words_duration(a, LANG_DA, 75), "1 time 15 minutter");
	CHECK_STR(words_duration(a, LANG_EN, 600), "10 hours");
	CHECK_STR(words_duration(a, LANG_DA, 10080), "7 døgn");
	CHECK_STR(words_duration(a, LANG_DA, 0), "0 minutter");
	CHECK_STR(words_hours(a, LANG_DA, "mon-fri 08:00-16:00, sat 10:00-14:00"), "mandag til fredag 08.00 til 16.00, lørdag 10.00 til 14.00");
	CHECK_STR(words_day(a, LANG_EN, DAY(2026, 11, 4)), "4 Nov 2026");
	CHECK_STR(words_choice(a, LANG_DA, "my_own"), "my own");
	CHECK_INT(catalogue_load(a, NULL, &c, &e), 0);
	for (int i = 0; i < c.nservices; i++)
		for (int k = 0; k < c.services[i].nterms; k++) {
			const struct term *t = &c.services[i].terms[k];

			for (int n = 0; t->type == TERM_CHOICE && t->choices[n]; n++)
				if (!words_choice_known(t->choices[n]))
					fail_msg("the choice %s of %s %s has no words", t->choices[n], c.services[i].key, t->key);
			for (int l = 0; l < LANG__N; l++)
				CHECK(*words_value(a, (enum lang)l, t, NULL) && words_limits(a, (enum lang)l, t));
		}
	arena_end(a);
}

/* ---- random histories */

static uint32_t seed;
static int pick(int n)
{
	seed = seed * 1664525 + 1013904223;
	return (int)((seed >> 8) % (uint32_t)n);
}

static const char *fingerprint(struct world *x, const struct agreement *g, const char *text)
{
	const char *s = arena_printf(x->s->a, "%s|%s|%d|%lld|%s|%lld|%lld|%s|%s|%lld|%s|%s", g->number, g->lang, (int)g->valid_from_day, (long long)g->price_ore,
		g->note, (long long)g->supersedes, (long long)g->accepted_at, g->accepted_name, g->accepted_via, (long long)g->accepted_contact_id,
		g->text_sha256, text);

	for (int i = 0; i < g->nitems; i++)
		s = arena_printf(x->s->a, "%s|%lld %s %d %s", s, (long long)g->items[i].id, g->items[i].service, g->items[i].catalogue_version, g->items[i].terms);
	return s;
}

static void check_invariants(struct world *x, int64_t newest, const char **prints, int32_t *ends)
{
	struct agreement *all = ARENA_ARRAY(x->s->a, struct agreement, newest + 1);

	for (int64_t id = 1; id <= newest; id++) {
		const char *text = "", *print;

		all[id] = read_one(x, id, &text);
		if (!all[id].accepted_at)
			continue;
		print = fingerprint(x, &all[id], text);
		if (prints[id])
			CHECK_STR(print, prints[id]);
		CHECK(!prints[id] || all[id].valid_to_day <= ends[id]);
		prints[id] = print;
		ends[id] = all[id].valid_to_day;
	}
	for (int64_t i = 1; i <= newest; i++)
		for (int64_t k = i + 1; k <= newest; k++) {
			int32_t from = all[i].valid_from_day > all[k].valid_from_day ? all[i].valid_from_day : all[k].valid_from_day;
			int32_t to = all[i].valid_to_day < all[k].valid_to_day ? all[i].valid_to_day : all[k].valid_to_day;

			if (!all[i].accepted_at || !all[k].accepted_at || all[i].customer_id != all[k].customer_id || from > to)
				continue;
			for (int m = 0; m < all[i].nitems; m++)
				for (int n = 0; n < all[k].nitems; n++)
					if (strcmp(all[i].items[m].service, all[k].items[n].service) == 0)
						fail_msg("%s twice on one day: %s and %s", all[i].items[m].service, all[i].number, all[k].number);
		}
}

static void test_random_histories(void **state)
{
	static const char *const services[] = { "support", "hosting", "backup", "service-agreement" };
	static const char *prints[400];
	static int32_t ends[400];
	struct world *x = world(*state);
	int64_t newest = 0;
	int done[END + 1] = { 0 };

	memset(prints, 0, sizeof prints);
	seed = 20261124;
	for (int step = 0; step < 3000; step++) {
		struct agreement_want items[4];
		struct op o = { .kind = pick(END + 1), .id = newest ? newest - pick(pick(2) && newest > 8 ? 8 : (int)newest) : 0,
			.last_day = DAY(2026, 1, 1) + pick(500), .why = "" };
		int n = 0;

		for (int i = 0; i < 4; i++)
			if (pick(3) == 0)
				items[n++] = (struct agreement_want){ services[i], NULL };
		o.in = (struct agreement_input){ .customer_id = pick(3) ? x->customer : x->other, .valid_from_day = DAY(2026, 1, 1) + pick(400), .items = items,
			.nitems = n, .version = 1 + pick(2) };
		o.in.valid_to_day = pick(2) ? INT32_MAX : o.in.valid_from_day + pick(300) - 5;
		o.yes = (struct agreement_yes){ .contact_id = pick(4) ? x->owner : x->other_owner, .via = "paper" };
		if (o.kind == ACCEPT && o.id)
			o.yes.contact_id = read_one(x, o.id, NULL).customer_id == x->customer ? x->owner : x->other_owner;
		if ((o.kind == DRAFT || o.kind == SUPERSEDE) && newest > 200)
			continue;
		if (run(x, &o, NULL) != E_NONE)
			continue;
		done[o.kind]++;
		if (o.made > newest)
			newest = o.made;
		if (o.kind >= ACCEPT)
			check_invariants(x, newest, prints, ends);
	}
	check_invariants(x, newest, prints, ends);
	for (int i = 0; i <= END; i++)
		if (done[i] < 3)
			fail_msg("operation %d happened only %d times: the test shows too little", i, done[i]);
}

int main(void)
{
	static const struct store_test tests[] = {
		STORE_TEST(test_draft), STORE_TEST(test_life), STORE_TEST(test_closed_months), STORE_TEST(test_supersede_and_end), STORE_TEST(test_send_needs_somebody),
		STORE_TEST(test_no_agreement_with_a_customer_of_before), STORE_TEST(test_open_tickets_are_due_by_what_was_agreed),
		STORE_TEST(test_catalogue_versions), STORE_TEST(test_old_words_stay), STORE_TEST(test_document), STORE_TEST(test_price),
		STORE_TEST(test_words), STORE_TEST(test_accepted_text_stays), STORE_TEST(test_random_histories),
	};

	moment_zone();
	return store_tests_run(tests, sizeof tests / sizeof *tests);
}
