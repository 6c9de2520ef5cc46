/* What core and store do with passkeys: whose they are, how many, a challenge that counts once, a device that was copied. */
#include "store_case.h"
#include "base/hash.h"
#include "base/moment.h"
#include "core/passkey.h"

enum { NOW = 1000000000, LATER = NOW + 60 * 1000000 };
static const struct actor mette = { ROLE_TECHNICIAN, true, 1, 0, "Mette" }, jonas = { ROLE_TECHNICIAN, true, 2, 0, "Jonas" };
static const struct actor anna = { ROLE_OWNER, false, 1, 1, "Anna" };

struct op { const struct actor *who, *of; const char *cred; int64_t id, count, now; uint8_t challenge; bool use, back; };

static int op_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct op *o = arg;
	struct passkey p = { .name = "Nøgle", .rp_id = "desk.example", .cred_id = { o->cred, strlen(o->cred ? o->cred : "") }, .handle = { "h", 1 }, .key = { "k", 1 },
		.alg = -7, .count = o->count };
	uint8_t spent[32] = { o->challenge };

	if (!o->cred)
		return passkey_remove(w, a, o->who, o->of ? o->of : o->who, o->now, o->id, e);
	if (o->use)
		return passkey_use(w, a, &p, o->count, o->now, spent, LATER, &o->back, e);
	if (passkey_add(w, a, o->who, o->now, &p, spent, LATER, "", e) != 0)
		return -1;
	o->id = p.id;
	return 0;
}

static enum err_id did(struct store_case *s, struct op *o)
{
	struct err e = { 0 };

	if (!o->now)
		o->now = NOW;
	return db_write(s->db, op_job, o, &e) == 0 ? E_NONE : e.id;
}

static int people_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	static const char *const rows[] = {
		"INSERT INTO setting(key,value) VALUES('desk.from','Desk <desk@desk.example>')",
		"INSERT INTO customer(name,cvr,created_at) VALUES('Alpha','10000009',1)",
		"INSERT INTO person(login,name,email,role,created_at) VALUES('mette','Mette','mette@desk.example','technician',1)",
		"INSERT INTO person(login,name,email,role,created_at) VALUES('jonas','Jonas','jonas@desk.example','technician',1)",
		"INSERT INTO contact(customer_id,name,email,role,created_at) VALUES(1,'Anna','anna@alpha.example','owner',1)" };

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (db_run(w, &(struct db_sql){ rows[i], NULL }, DB_NONE, NULL, e) != 0)
			return -1;
	return 0;
}

static void people(struct store_case *s)
{
	struct err e = { 0 };

	if (db_write(s->db, people_job, NULL, &e) != 0)
		fail_msg("%s", e.detail);
}

static int held(struct store_case *s, const struct actor *who)
{
	struct passkey *all;
	struct db_conn *c;
	struct err e = { 0 };
	int n = -1;

	CHECK_INT(db_read_begin(s->db, &c, &e), 0);
	CHECK_INT(store_passkey_list(c, s->a, who->person ? "person" : "contact", who->id, &all, &n, &e), 0);
	db_read_end(c);
	return n;
}

static void test_everybody_has_their_own(void **state)
{
	struct store_case *s = *state;
	struct op mine = { .who = &mette, .cred = "a", .challenge = 1 }, again = { .who = &jonas, .cred = "a", .challenge = 2 };
	struct op theirs = { .who = &anna, .cred = "b", .challenge = 3 };

	people(s);
	CHECK_INT(did(s, &mine), E_NONE);
	CHECK_INT(did(s, &again), E_PASSKEY_TAKEN);             /* one credential is one person's */
	CHECK_INT(did(s, &theirs), E_NONE);
	CHECK(held(s, &mette) == 1 && held(s, &jonas) == 0 && held(s, &anna) == 1);
	CHECK_INT(did(s, &(struct op){ .who = &jonas, .id = mine.id }), E_NOT_FOUND);
	CHECK_INT(did(s, &(struct op){ .who = &anna, .id = mine.id }), E_NOT_FOUND);     /* the contact of the same number */
	CHECK_INT(held(s, &mette), 1);
	CHECK_INT(did(s, &(struct op){ .who = &mette, .id = mine.id }), E_NONE);
	CHECK(held(s, &mette) == 0 && held(s, &anna) == 1);
	for (int i = 0; i <= PASSKEYS_MOST; i++)
		CHECK_ROW(i, did(s, &(struct op){ .who = &jonas, .cred = arena_printf(s->a, "c%d", i), .challenge = (uint8_t)(10 + i) }) ==
			(i < PASSKEYS_MOST ? E_NONE : E_PASSKEY_MANY));
	CHECK_INT(held(s, &jonas), PASSKEYS_MOST);
}

static void test_a_challenge_counts_once(void **state)
{
	struct store_case *s = *state;

	people(s);
	CHECK_INT(did(s, &(struct op){ .who = &mette, .cred = "a", .challenge = 1 }), E_NONE);
	CHECK_INT(did(s, &(struct op){ .who = &mette, .cred = "b", .challenge = 1 }), E_PASSKEY_SPENT);
	CHECK_INT(did(s, &(struct op){ .use = true, .cred = "a", .challenge = 1 }), E_PASSKEY_SPENT);
	CHECK_INT(did(s, &(struct op){ .use = true, .cred = "a", .challenge = 2 }), E_NONE);
	CHECK_INT(did(s, &(struct op){ .use = true, .cred = "a", .challenge = 2, .now = LATER }), E_PASSKEY_SPENT);      /* as long as it lives */
	CHECK_INT(did(s, &(struct op){ .use = true, .cred = "nobody", .challenge = 3 }), E_NOT_FOUND);
	CHECK_INT(did(s, &(struct op){ .use = true, .cred = "a", .challenge = 3 }), E_NONE);             /* what failed spent nothing */
}

/* Devices that count go on counting; those that do not say 0 for ever. */
static void test_a_copied_device_is_noticed(void **state)
{
	static const struct { int64_t count; bool back; } rows[] = { { 6, false }, { 7, false }, { 7, true }, { 3, true }, { 0, true }, { 8, false } };
	struct store_case *s = *state;

	people(s);
	CHECK_INT(did(s, &(struct op){ .who = &mette, .cred = "a", .challenge = 1, .count = 5 }), E_NONE);
	CHECK_INT(did(s, &(struct op){ .who = &mette, .cred = "b", .challenge = 2 }), E_NONE);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct op o = { .use = true, .cred = "a", .challenge = (uint8_t)(10 + i), .count = rows[i].count };

		CHECK_INT(did(s, &o), E_NONE);
		CHECK_ROW(i, o.back == rows[i].back);
		o = (struct op){ .use = true, .cred = "b", .challenge = (uint8_t)(100 + i) };
		CHECK_INT(did(s, &o), E_NONE);
		CHECK_ROW(i, !o.back);
	}
}

int main(void)
{
	static const struct store_test tests[] = { STORE_TEST(test_everybody_has_their_own), STORE_TEST(test_a_challenge_counts_once),
		STORE_TEST(test_a_copied_device_is_noticed) };

	moment_zone();
	return store_tests_run(tests, sizeof tests / sizeof *tests);
}
