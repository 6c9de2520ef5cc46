/* Customers, contacts, staff, sessions and tokens: what is checked, what is refused, what is written down. */
#include "store_case.h"
#include "base/text.h"
#include "core/customer.h"
#include "core/cvr.h"
#include "store/event.h"
#include "store/person.h"
#include "store/session.h"
#include "store/setting.h"

static const struct actor mette = { .role = ROLE_ADMIN, .person = true, .id = 1, .name = "Mette" };
#define NOW INT64_C(1790000000000000)
#define N(a) (int)(sizeof(a) / sizeof *(a))

static int add_customer(struct db_conn *w, struct arena *a, void *arg, struct err *e) { return customer_add(w, a, &mette, NOW, arg, e); }
static int change_customer(struct db_conn *w, struct arena *a, void *arg, struct err *e) { return customer_change(w, a, &mette, NOW + 1, arg, e); }
static int add_contact(struct db_conn *w, struct arena *a, void *arg, struct err *e) { return contact_add(w, a, &mette, NOW, arg, e); }
static int add_person(struct db_conn *w, struct arena *a, void *arg, struct err *e) { return store_person_add(w, arg, e); }

static void test_forms(void **state)
{
	static const struct { int (*read)(struct arena *, const char *, const char *, const char **, struct err *); const char *in, *out; } rows[] = {
		{ cvr_read, "10000009", "10000009" }, { cvr_read, " DK 10 00 00 09 ", "10000009" }, { cvr_read, "10000008", NULL },
		{ cvr_read, "1000000", NULL }, { cvr_read, "100000090", NULL }, { cvr_read, "00000000", NULL }, { cvr_read, "", NULL },
		{ cvr_read, NULL, NULL }, { cvr_read, "1000000x", NULL },
		{ gln_read, "5790000000005", "5790000000005" }, { gln_read, "", "" }, { gln_read, NULL, "" }, { gln_read, "5790000000006", NULL },
		{ gln_read, "579000000000", NULL },
		{ email_read, " Anna@Firma.DK ", "anna@firma.dk" }, { email_read, "a@b", NULL }, { email_read, "@b.dk", NULL }, { email_read, "a b@c.dk", NULL },
		{ email_read, "a@c..dk", NULL }, { email_read, "a..b@c.dk", NULL }, { email_read, "a@b@c.dk", NULL }, { email_read, "<a@c.dk>", NULL },
		{ email_read, "a@-c.dk", NULL }, { email_read, "a@c.dk\nBcc: x@y.dk", NULL }, { email_read, "åse@blåbær.dk", "åse@xn--blbr-roah.dk" },
		{ email_read, "a@1.2.3.4", NULL }, { gln_read, "0000000000000", NULL },
		{ phone_read, "+45 12 34 56 78", "+4512345678" }, { phone_read, "", "" }, { phone_read, "1234567", NULL }, { phone_read, "12x45678", NULL },
		{ domain_read, "@Firma.dk", "firma.dk" }, { domain_read, "firma", NULL }, { domain_read, "fir ma.dk", NULL }, { domain_read, "firma.dk.", NULL },
		{ domain_read, "ÆRØ.dk", "xn--r-3fa9c.dk" }, { domain_read, "Mail.München-Ärzte.De", "mail.xn--mnchen-rzte-r8a91a.de" }, { domain_read, "日本語.jp", "xn--wgv71a119e.jp" }, { domain_read, "å.dk", "xn--5ca.dk" }, { domain_read, "1.2.3.4", NULL },
		{ domain_read, "ååååååååååååååååååååååååååååååååååååååååååååååååååååååååååååååå.dk", NULL },
	};
	struct arena *a = arena_begin(1 << 20);

	for (int i = 0; i < N(rows); i++) {
		const char *out = "untouched";
		struct err e;
		int rc = rows[i].read(a, rows[i].in, "f", &out, &e);

		CHECK_ROW(i, rows[i].out ? rc == 0 && strcmp(out, rows[i].out) == 0 : rc == -1 && strcmp(out, "untouched") == 0 && strcmp(e.field, "f") == 0);
	}
	arena_end(a);
}

/* Shown as people write them, when nobody can be fooled by it: what is shown is stored as the same again. */
static void test_shown(void **state)
{
	static const struct { const char *stored, *shown; } rows[] = {
		{ "firma.dk", "firma.dk" }, { "xn--stersn-9xaf.dk", "østersøn.dk" }, { "xn--r-3fa9c.dk", "ærø.dk" }, { "xn--5ca.dk", "å.dk" },
		{ "mail.xn--mnchen-rzte-r8a91a.de", "mail.münchen-ärzte.de" }, { "xn--blbr-roah.xn--s-5ga.example", "blåbær.sø.example" },
		{ "xn--pple-43d.com", NULL }, { "xn--wgv71a119e.jp", NULL }, { "xn--", NULL }, { "xn--.dk", NULL }, { "xn---.dk", NULL }, { "xn--a.dk", NULL },
		{ "xn--99999999.dk", NULL }, { "xn--stersn-9xaf!.dk", NULL }, { "xn--STERSN-9XAF.dk", NULL }, { "xn--r-3fa9c.", "ærø." }, { "", "" },
		{ "xn--aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.dk", NULL }, { "xn--firma-.dk", NULL },
		{ "xn--ggle-55da.com", NULL }, { "xn--9999999999999999999999999999999999999999999999999999999.dk", NULL },
	};
	struct arena *a = arena_begin(1 << 20);

	for (int i = 0; i < N(rows); i++) {
		const char *want = rows[i].shown ? rows[i].shown : rows[i].stored, *got = domain_shown(a, rows[i].stored), *back = domain_ascii(a, got);

		CHECK_ROW(i, strcmp(got, want) == 0 && (!back || strcmp(back, rows[i].stored) == 0));
		CHECK_ROW(i, strcmp(email_shown(a, arena_printf(a, "bjørn@%s", rows[i].stored)), arena_printf(a, "bjørn@%s", want)) == 0);
	}
	CHECK(strcmp(email_shown(a, "Mette xn--stersn-9xaf.dk"), "Mette xn--stersn-9xaf.dk") == 0 && email_shown(a, NULL) == NULL);
	arena_end(a);
}

static void test_customers(void **state)
{
	struct store_case *s = *state;
	const char *const domains[] = { "B.example", "a.example", "b.example" };
	struct customer c = { .name = " Bageriet Egely ", .cvr = "10 00 00 09", .lang = "da", .domains = domains, .ndomains = 3 }, got, *list;
	struct customer other = { .name = "Ærø Købmand", .cvr = "10000034", .domains = domains, .ndomains = 1 };
	struct db_conn *r;
	struct event *ev;
	struct err e;
	int64_t id;
	int n;

	CHECK(db_write(s->db, add_customer, &c, &e) == 0);
	CHECK(db_write(s->db, add_customer, &(struct customer){ .name = "Anden", .cvr = "10000009" }, &e) == -1 && e.id == E_CUSTOMER_TAKEN);
	CHECK_STR(e.field, "cvr");
	CHECK(db_write(s->db, add_customer, &other, &e) == -1);         /* 10000034 has no such check digit */
	CHECK_INT(e.id, E_CVR_INVALID);
	other.cvr = "10000025";
	CHECK(db_write(s->db, add_customer, &other, &e) == -1 && e.id == E_DOMAIN_TAKEN);
	other.ndomains = 0;
	CHECK(db_write(s->db, add_customer, &other, &e) == 0);          /* the failed try left nothing behind */
	CHECK(db_read_begin(s->db, &r, &e) == 0);
	CHECK(store_customer_get(r, s->a, c.id, &got, &e) == 0);
	CHECK_STR(got.name, "Bageriet Egely");
	CHECK_INT(got.ndomains, 2);
	CHECK_STR(got.domains[0], "a.example");
	CHECK(store_customer_by_domain(r, "b.example", &id, &e) == 0 && id == c.id);
	CHECK(store_customer_list(r, s->a, "", 0, 10, &list, &n, &e) == 0 && n == 2);
	CHECK(store_customer_list(r, s->a, "ærø", 0, 10, &list, &n, &e) == 0 && n == 1 && list[0].id == other.id);
	CHECK(store_customer_list(r, s->a, "EGELY 10000009", 0, 10, &list, &n, &e) == 0 && n == 1 && list[0].id == c.id);
	CHECK(store_customer_list(r, s->a, "a.example", 0, 10, &list, &n, &e) == 0 && n == 1);
	CHECK(store_customer_list(r, s->a, NULL, c.id, 10, &list, &n, &e) == 0 && n == 1 && list[0].id == other.id);
	CHECK(store_customer_get(r, s->a, 999, &got, &e) == -1 && e.id == E_NOT_FOUND);
	CHECK(event_list(r, s->a, "customer", c.id, &ev, &n, &e) == 0 && n == 1);
	CHECK_STR(ev[0].kind, "customer.created");
	db_read_end(r);
	got.id = c.id;
	got.name = "Egely";
	got.cvr = "10000009";
	got.gln = got.phone = got.note = "";
	got.lang = "en";
	got.domains = NULL;
	got.ndomains = 0;
	got.version = 1;
	got.active = true;
	CHECK(db_write(s->db, change_customer, &got, &e) == 0);
	got.version = 1;
	CHECK(db_write(s->db, change_customer, &got, &e) == -1 && e.id == E_CHANGED);
}

static void test_contacts(void **state)
{
	struct store_case *s = *state;
	struct customer c = { .name = "Egely", .cvr = "10000009", .lang = "en" }, d = { .name = "Kolding", .cvr = "10000025" };
	struct contact k = { .name = "Karen", .email = "Karen@Egely.example", .role = "owner" }, got;
	struct db_conn *r;
	struct err e;

	CHECK(db_write(s->db, add_customer, &c, &e) == 0 && db_write(s->db, add_customer, &d, &e) == 0);
	k.customer_id = c.id;
	CHECK(db_write(s->db, add_contact, &k, &e) == 0);
	CHECK(db_write(s->db, add_contact, &(struct contact){ .customer_id = d.id, .name = "X", .email = "karen@egely.example" }, &e) == -1 && e.id == E_EMAIL_TAKEN);
	CHECK(db_write(s->db, add_contact, &(struct contact){ .customer_id = d.id, .name = "X", .email = "x@y.example", .role = "admin" }, &e) == -1);
	CHECK_INT(e.id, E_CHOICE_INVALID);
	CHECK(db_write(s->db, add_contact, &(struct contact){ .customer_id = 77, .name = "X", .email = "x@y.example" }, &e) == -1 && e.id == E_NOT_FOUND);
	CHECK(db_read_begin(s->db, &r, &e) == 0);
	CHECK(store_contact_get(r, s->a, c.id, k.id, &got, &e) == 0);
	CHECK_STR(got.email, "karen@egely.example");
	CHECK_STR(got.lang, "en");              /* the customer's, when nothing is said */
	CHECK(store_contact_get(r, s->a, d.id, k.id, &got, &e) == -1 && e.id == E_NOT_FOUND);   /* another customer's */
	CHECK(store_contact_get(r, s->a, 0, k.id, &got, &e) == 0);
	db_read_end(r);
}

static int our_addresses(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct person p = { .login = "mette", .name = "Mette", .email = "mette@msp.example", .role = "technician", .active = true };

	(void)arg;
	return setting_set(w, "desk.from", "desk@msp.example", e) != 0 || setting_set(w, "mail.addresses", "help@msp.example drift@stue.example", e) != 0 ||
		store_person_add(w, &p, e) != 0 ? -1 : 0;
}

/* Who a mail speaks for is looked up in these: nobody may be entered as somebody else. */
static void test_addresses_that_are_not_a_customers(void **state)
{
	static const struct { const char *name, *domain, *email; enum err_id want; const char *field; } rows[] = {
		{ "Egely", "gmail.com", NULL, E_DOMAIN_PUBLIC, "mail_domains" }, { "Egely", "@Hotmail.DK", NULL, E_DOMAIN_PUBLIC, "mail_domains" },
		{ "Egely", "msp.example", NULL, E_DOMAIN_OURS, "mail_domains" }, { "Egely", "stue.example", NULL, E_DOMAIN_OURS, "mail_domains" },
		{ "Egely", "1.2.3.4", NULL, E_DOMAIN_INVALID, "mail_domains" }, { "\xE2\x80\xAE\xE2\x80\x8B", "a.example", NULL, E_REQUIRED, "name" },
		{ "Karen", NULL, "desk@msp.example", E_EMAIL_OURS, "email" }, { "Karen", NULL, "Drift@stue.example", E_EMAIL_OURS, "email" },
		{ "Karen", NULL, "mette@msp.example", E_EMAIL_OURS, "email" }, { "\xE2\x80\x8B \xC2\xA0", NULL, "karen@egely.example", E_REQUIRED, "name" },
		{ "Karen", NULL, "karen@msp.example", E_NONE, NULL }, { "Egely", "sp.example", NULL, E_NONE, NULL },
	};
	struct store_case *s = *state;
	struct customer c = { .name = "Egely", .cvr = "10000009" };
	struct err e;

	CHECK(db_write(s->db, add_customer, &c, &e) == 0 && db_write(s->db, our_addresses, NULL, &e) == 0);
	for (int i = 0; i < N(rows); i++) {
		struct customer other = { .name = rows[i].name, .cvr = "10000025", .domains = &rows[i].domain, .ndomains = 1 };
		struct contact k = { .customer_id = c.id, .name = rows[i].name, .email = rows[i].email };
		int rc;

		e = (struct err){ 0 };
		rc = rows[i].email ? db_write(s->db, add_contact, &k, &e) : db_write(s->db, add_customer, &other, &e);
		CHECK_ROW(i, rc == (rows[i].want ? -1 : 0) && (rc == 0 || (e.id == rows[i].want && strcmp(e.field, rows[i].field) == 0)));
	}
}

struct session_job { struct session s; uint8_t link[32]; int64_t customer, contact, id; bool fresh; int step; };

static int session_work(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct session_job *j = arg;

	switch (j->step) {
	case 0: return session_add(w, &j->s, e);
	case 1: return signin_link_add(w, j->link, j->customer, j->contact, NOW, NOW + 100, e);
	case 2: return signin_link_use(w, j->link, NOW + 50, &j->customer, &j->contact, e);
	case 3: return token_add(w, 1, "flow", j->link, "*", NOW, &j->id, e);
	case 4: return token_revoke(w, j->id, NOW, e);
	case 5: return store_person_use_totp(w, 1, 100, &j->fresh, e);
	case 6: return session_drop_all(w, "person", 1, NULL, e);
	}
	return -1;
}

static void test_sessions(void **state)
{
	struct store_case *s = *state;
	struct person p = { .login = "mette", .name = "Mette", .role = "admin", .created_at = NOW };
	struct session_job j = { .s = { .hash = { 1, 2, 3 }, .who_kind = "person", .csrf = "c", .created_at = NOW, .seen_at = NOW, .expires_at = NOW + 1000,
		.address = "127.0.0.1", .agent = "x" }, .link = { 9 } };
	struct session got;
	struct session_who who;
	struct api_token t;
	struct db_conn *r;
	struct err e;

	CHECK(db_write(s->db, add_person, &p, &e) == 0);
	CHECK(db_write(s->db, add_person, &(struct person){ .login = "mette", .name = "M", .role = "admin" }, &e) == -1 && e.id == E_LOGIN_TAKEN);
	j.s.who_id = p.id;
	CHECK(db_write(s->db, session_work, &j, &e) == 0);
	CHECK(db_read_begin(s->db, &r, &e) == 0);
	CHECK(session_find(r, s->a, j.s.hash, NOW + 10, 100, 100, &got, &who, &e) == 0 && who.id == p.id && who.person);
	CHECK(session_find(r, s->a, j.s.hash, NOW + 101, 100, 100, &got, &who, &e) == -1 && e.id == E_NOT_FOUND);       /* idle */
	CHECK(session_find(r, s->a, j.s.hash, NOW + 1001, 10000, 10000, &got, &who, &e) == -1);         /* over */
	CHECK(session_find(r, s->a, j.link, NOW, 100, 100, &got, &who, &e) == -1);
	db_read_end(r);
	for (j.step = 3; j.step <= 3; j.step++)
		CHECK(db_write(s->db, session_work, &j, &e) == 0);
	CHECK(db_read_begin(s->db, &r, &e) == 0);
	CHECK(token_find(r, s->a, j.link, &t, &who, &e) == 0 && strcmp(who.role, "admin") == 0);
	db_read_end(r);
	j.step = 4;
	CHECK(db_write(s->db, session_work, &j, &e) == 0);
	CHECK(db_write(s->db, session_work, &j, &e) == -1 && e.id == E_NOT_FOUND);
	CHECK(db_read_begin(s->db, &r, &e) == 0);
	CHECK(token_find(r, s->a, j.link, &t, &who, &e) == -1 && e.id == E_TOKEN_INVALID);
	db_read_end(r);
	j.step = 5;
	CHECK(db_write(s->db, session_work, &j, &e) == 0 && j.fresh);
	CHECK(db_write(s->db, session_work, &j, &e) == 0 && !j.fresh);          /* a code works once */
	j.step = 1;
	CHECK(db_write(s->db, session_work, &j, &e) == 0);
	j.step = 2;
	CHECK(db_write(s->db, session_work, &j, &e) == 0);
	CHECK(db_write(s->db, session_work, &j, &e) == -1 && e.id == E_LINK_SPENT);
	j.step = 6;
	CHECK(db_write(s->db, session_work, &j, &e) == 0);
	CHECK(db_read_begin(s->db, &r, &e) == 0);
	CHECK(session_find(r, s->a, j.s.hash, NOW, 100, 100, &got, &who, &e) == -1);
	db_read_end(r);
}

int main(void)
{
	static const struct store_test tests[] = { STORE_TEST(test_forms), STORE_TEST(test_shown), STORE_TEST(test_customers), STORE_TEST(test_contacts), STORE_TEST(test_addresses_that_are_not_a_customers), STORE_TEST(test_sessions) };

	return store_tests_run(tests, N(tests));
}
