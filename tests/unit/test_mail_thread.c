#include "store_case.h"
#include "base/moment.h"
#include "base/text.h"
#include "core/mail_class.h"
#include "core/mail_thread.h"
#include "store/mail_in.h"
#include "store/outbox.h"

static struct conv_mail plain_mail(void)
{
	return (struct conv_mail){ .from = { "", "karen@x.dk" }, .auto_submitted = "", .precedence = "", .list_id = "", .suppress = "", .instance = "",
		.report = "" };
}

static void kinds_of_mail(void **state)
{
	enum field { NONE, AUTO, FROM, REPORT, PRECEDENCE, LIST, SUPPRESS, INSTANCE };
	static const struct { enum field field; const char *value, *sender, *want; } rows[] = {
		{ NONE, "", "karen@x.dk", "" }, { AUTO, "no", "karen@x.dk", "" }, { AUTO, "auto-replied", "karen@x.dk", "auto" },
		{ AUTO, "auto-generated; type=x", "karen@x.dk", "auto" }, { NONE, "", "", "auto" },     /* the null sender */
		{ FROM, "mailer-daemon@mx.dk", "", "bounce" }, { FROM, "mailer-daemon@mx.dk", "a@mx.dk", "" },
		{ REPORT, "delivery-status", "a@mx.dk", "bounce" }, { REPORT, "disposition-notification", "a@mx.dk", "receipt" },
		{ PRECEDENCE, "bulk", "a@x.dk", "list" }, { PRECEDENCE, "junk", "a@x.dk", "list" }, { PRECEDENCE, "auto_reply", "a@x.dk", "auto" },
		{ PRECEDENCE, "first-class", "a@x.dk", "" }, { LIST, "<nyt.x.dk>", "a@x.dk", "list" }, { SUPPRESS, "oof", "a@x.dk", "auto" },
		{ INSTANCE, "f00d", "a@x.dk", "own" }, { INSTANCE, "beef", "a@x.dk", "" },              /* another Pedel's: its people write too */
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct conv_mail m = plain_mail();
		const char **const to[] = { [AUTO] = &m.auto_submitted, [FROM] = &m.from.address, [REPORT] = &m.report, [PRECEDENCE] = &m.precedence,
			[LIST] = &m.list_id, [SUPPRESS] = &m.suppress, [INSTANCE] = &m.instance };

		if (rows[i].field != NONE)
			*to[rows[i].field] = rows[i].value;
		CHECK_ROW(i, strcmp(mail_class(&m, rows[i].sender, "f00d"), rows[i].want) == 0);
	}
}

static void who_is_believed(void **state)
{
	static const struct { const char *top, *authserv, *want; } rows[] = {
		{ "mx.f.dk; dmarc=pass header.from=x.dk", "", "" }, { NULL, "", "" }, { NULL, "mx.f.dk", "fail" },
		{ "mx.f.dk; dmarc=pass header.from=x.dk", "mx.f.dk", "pass" }, { "MX.F.DK; dmarc=PASS", "mx.f.dk", "pass" },
		{ "mx.f.dk 1; dmarc=pass", "mx.f.dk", "pass" }, { "evil.dk; dmarc=pass", "mx.f.dk", "fail" },
		{ "mx.f.dk.evil.dk; dmarc=pass", "mx.f.dk", "fail" }, { "mx.f.dk; dmarc=fail; dkim=pass header.d=other.dk", "mx.f.dk", "fail" },
		{ "mx.f.dk; dkim=pass header.d=x.dk header.s=s", "mx.f.dk", "pass" }, { "mx.f.dk; dkim=pass header.i=@mail.x.dk", "mx.f.dk", "pass" },
		{ "mx.f.dk; spf=pass smtp.mailfrom=karen@x.dk", "mx.f.dk", "pass" }, { "mx.f.dk; spf=pass smtp.mailfrom=bounce.x.dk", "mx.f.dk", "pass" },
		{ "mx.f.dk; spf=pass smtp.mailfrom=notx.dk", "mx.f.dk", "fail" }, { "mx.f.dk; spf=softfail smtp.mailfrom=x.dk", "mx.f.dk", "fail" },
		{ "mx.f.dk; spf=pass smtp.mailfrom=dk", "mx.f.dk", "fail" },
		{ "mx.f.dk; none", "mx.f.dk", "fail" }, { "mx.f.dk (dmarc=pass; dmarc=pass); dmarc=fail", "mx.f.dk", "fail" },
		{ "mx.f.dk; dmarc=fail (p=none; dmarc=pass)", "mx.f.dk", "fail" }, { "mx.f.dk; x=\"; dmarc=pass\"", "mx.f.dk", "fail" },
		{ "mx.f.dk; dmarc=passed", "mx.f.dk", "fail" }, { "", "mx.f.dk", "fail" },
	};
	struct store_case *s = *state;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *auth[2] = { rows[i].top, "mx.f.dk; dmarc=pass" };   /* the one below is never believed */
		struct conv_mail m = plain_mail();

		m.auth = auth;
		m.nauth = rows[i].top ? 2 : 0;
		CHECK_ROW(i, strcmp(mail_auth(s->a, &m, rows[i].authserv), rows[i].want) == 0);
	}
}

static void numbers_in_subjects(void **state)
{
	static const struct { const char *subject; int n; int64_t first; } rows[] = {
		{ "SV: Printer [#10482]", 1, 10482 }, { "[#1][#2]", 2, 1 }, { "[#]", 0, 0 }, { "[#10482", 0, 0 }, { "[#-5]", 0, 0 }, { "#10482", 0, 0 },
		{ "[#12a]", 0, 0 }, { "[#99999999999999999999999]", 0, 0 }, { "", 0, 0 }, { "[#[#7]]", 1, 7 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int64_t got[5] = { 0 };

		CHECK_ROW(i, mail_tags(rows[i].subject, got, 5) == rows[i].n && got[0] == rows[i].first);
	}
}

/* Customers 1 and 2; 0 is nobody's. Every combination that matters: who writes, by what, to whose ticket. */
static void never_across_customers(void **state)
{
	enum { NO, YES, ASIDE };
	static const enum mail_thread_verdict verdict[] = { [NO] = THREAD_FRESH, [YES] = THREAD_APPEND, [ASIDE] = THREAD_ASIDE };
	static const struct { struct mail_thread_sender s; struct mail_thread_ticket t; int may; } rows[] = {
		{ { 1, false }, { THREAD_TOKEN, 7, 1, false, 0 }, YES },   { { 1, false }, { THREAD_TOKEN, 7, 2, false, 0 }, NO },
		{ { 1, false }, { THREAD_TOKEN, 7, 2, true, 0 }, NO },   { { 1, false }, { THREAD_TOKEN, 7, 0, false, 0 }, ASIDE },
		{ { 0, false }, { THREAD_TOKEN, 7, 1, false, 0 }, ASIDE },  { { 0, false }, { THREAD_TOKEN, 7, 0, false, 0 }, ASIDE },
		{ { 0, false }, { THREAD_TOKEN, 7, 1, true, 0 }, YES },    { { 0, false }, { THREAD_TOKEN, 7, 0, true, 0 }, YES },
		{ { 0, true }, { THREAD_TOKEN, 7, 1, false, 0 }, YES },
		{ { 1, false }, { THREAD_KNOWN_ID, 7, 1, false, 0 }, YES }, { { 1, false }, { THREAD_KNOWN_ID, 7, 2, false, 0 }, NO },
		{ { 1, false }, { THREAD_KNOWN_ID, 7, 2, true, 0 }, NO }, { { 1, false }, { THREAD_KNOWN_ID, 7, 0, false, 0 }, NO },
		{ { 1, false }, { THREAD_KNOWN_ID, 7, 0, true, 0 }, YES },  { { 0, false }, { THREAD_KNOWN_ID, 7, 1, false, 0 }, NO },
		{ { 0, false }, { THREAD_KNOWN_ID, 7, 1, true, 0 }, YES },  { { 0, false }, { THREAD_KNOWN_ID, 7, 0, false, 0 }, NO },
		{ { 0, false }, { THREAD_KNOWN_ID, 7, 0, true, 0 }, YES },  { { 1, false }, { THREAD_TAG, 7, 1, false, 0 }, YES },
		{ { 1, false }, { THREAD_TAG, 7, 2, false, 0 }, NO },     { { 1, false }, { THREAD_TAG, 7, 2, true, 0 }, NO },
		{ { 0, false }, { THREAD_TAG, 7, 1, false, 0 }, NO },     { { 0, false }, { THREAD_TAG, 7, 1, true, 0 }, YES },
		{ { 0, false }, { THREAD_TAG, 7, 0, false, 0 }, NO },     { { 0, true }, { THREAD_TAG, 7, 2, false, 0 }, YES },
	};
	struct mail_thread_ticket two[2] = { { THREAD_TOKEN, 1, 2, false, 0 }, { THREAD_TAG, 2, 1, false, 0 } };
	struct mail_thread_sender one = { 1, false };
	int which;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		CHECK_ROW(i, mail_thread_pick(&rows[i].s, &rows[i].t, 1, MOMENT_DAY * 100, &which) == verdict[rows[i].may]);
		CHECK_ROW(i, which == (rows[i].may ? 0 : -1));
	}
	/* what does not fit is passed over, not the end of it */
	CHECK(mail_thread_pick(&one, two, 2, MOMENT_DAY * 100, &which) == THREAD_APPEND && which == 1);
	two[1].closed_at = MOMENT_DAY * 71;
	CHECK(mail_thread_pick(&one, two, 2, MOMENT_DAY * 100, &which) == THREAD_APPEND);
	two[1].closed_at = MOMENT_DAY * 69;
	CHECK(mail_thread_pick(&one, two, 2, MOMENT_DAY * 100, &which) == THREAD_FOLLOW && which == 1);
	CHECK(mail_thread_pick(&one, NULL, 0, 1, &which) == THREAD_FRESH && which == -1);
}

static const struct db_sql make_customer = { "INSERT INTO customer(id,name,cvr,created_at) VALUES(?1,?2,?2,1)", NULL };
static const struct db_sql make_ticket = { "INSERT INTO ticket(number,customer_id,from_email,subject,channel,created_at,updated_at,state,closed_at,merged_into) "
	"VALUES(?1,?2,?3,'x','mail',1,1,?4,?5,?6) RETURNING id", NULL };

struct made { int64_t first, closed, merged, other, unplaced; const char *token, *other_token; };

static int make(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct made *m = arg;

	return db_run(w, &make_customer, DB(DB_INT(1), DB_TEXT("a")), NULL, e) != 0 || db_run(w, &make_customer, DB(DB_INT(2), DB_TEXT("b")), NULL, e) != 0 ||
		db_id(w, &make_ticket, DB(DB_INT(101), DB_INT(1), DB_TEXT("karen@a.dk"), DB_TEXT("open"), DB_INT(0), DB_NULL), &m->first, e) != 0 ||
		db_id(w, &make_ticket, DB(DB_INT(102), DB_INT(1), DB_TEXT(""), DB_TEXT("closed"), DB_INT(1), DB_NULL), &m->closed, e) != 0 ||
		db_id(w, &make_ticket, DB(DB_INT(103), DB_INT(1), DB_TEXT(""), DB_TEXT("closed"), DB_INT(1), DB_INT(m->first)), &m->merged, e) != 0 ||
		db_id(w, &make_ticket, DB(DB_INT(104), DB_INT(2), DB_TEXT(""), DB_TEXT("open"), DB_INT(0), DB_NULL), &m->other, e) != 0 ||
		db_id(w, &make_ticket, DB(DB_INT(105), DB_NULL, DB_TEXT("nn@c.dk"), DB_TEXT("open"), DB_INT(0), DB_NULL), &m->unplaced, e) != 0 ||
		store_mail_ref_add(w, "known-id@a.dk", 1, m->first, 0, e) != 0 || store_mail_ref_add(w, "other-id@b.dk", 2, m->other, 0, e) != 0 ||
		store_mail_ref_add(w, "free-id@c.dk", 0, m->unplaced, 0, e) != 0 || outbox_token(w, a, 103, &m->token, e) != 0 ||
		outbox_token(w, a, 104, &m->other_token, e) != 0 ? -1 :
		(m->token = strdup(m->token), m->other_token = strdup(m->other_token), 0);
}

static void mails_find_their_ticket(void **state)
{
	struct store_case *s = *state;
	struct made m = { 0 };
	struct err e = { 0 };
	struct db_conn *c;

	CHECK(db_write(s->db, make, &m, &e) == 0);
	CHECK(db_read_begin(s->db, &c, &e) == 0);
	const char *token = arena_printf(s->a, "%s@desk.dk", m.token), *other = arena_printf(s->a, "%s@desk.dk", m.other_token);
	const char *forged = arena_printf(s->a, "t.104.9.%.20s@desk.dk", strrchr(m.token, '.') + 1);
	const char *long_ago = "";

	for (int i = 0; i < 300; i++)
		long_ago = arena_printf(s->a, "%sancient-%03d@old.dk ", long_ago, i);
	const struct { const char *reply, *refs, *subject, *sender; int64_t customer; enum mail_thread_verdict want; int64_t ticket; } rows[] = {
		{ "", "", "Ny sag", "karen@a.dk", 1, THREAD_FRESH, 0 },
		{ token, "", "", "karen@a.dk", 1, THREAD_APPEND, m.first },                     /* merged: follows to where it went */
		{ "", arena_printf(s->a, "%s unknown@x.dk", token), "", "bo@a.dk", 1, THREAD_APPEND, m.first },
		{ "", arena_printf(s->a, "%s%s", long_ago, token), "", "bo@a.dk", 1, THREAD_APPEND, m.first },      /* the nearest stands last */
		{ token, "", "", "spy@evil.dk", 0, THREAD_ASIDE, m.first },                       /* a forwarded mail carries the proof */
		{ token, "", "", "karen@a.dk", 0, THREAD_APPEND, m.first },
		{ other, "", "", "karen@a.dk", 1, THREAD_FRESH, 0 },                            /* a proof, but of another customer's ticket */
		{ other, "", "Re: [#101]", "karen@a.dk", 1, THREAD_APPEND, m.first },
		{ forged, "", "", "hans@b.dk", 2, THREAD_FRESH, 0 },
		{ "known-id@a.dk", "", "", "bo@a.dk", 1, THREAD_APPEND, m.first },
		{ "known-id@a.dk", "", "", "hans@b.dk", 2, THREAD_FRESH, 0 },
		{ "known-id@a.dk", "", "", "nn@c.dk", 0, THREAD_FRESH, 0 },
		{ "known-id@a.dk", "", "", "KAREN@a.dk", 0, THREAD_APPEND, m.first },           /* takes part */
		{ "", "other-id@b.dk known-id@a.dk", "", "hans@b.dk", 2, THREAD_APPEND, m.other },
		{ "free-id@c.dk", "", "", "nn@c.dk", 0, THREAD_APPEND, m.unplaced },
		{ "free-id@c.dk", "", "", "mm@c.dk", 0, THREAD_FRESH, 0 },
		{ "", "", "SV: x [#101]", "bo@a.dk", 1, THREAD_APPEND, m.first },
		{ "", "", "SV: x [#101]", "hans@b.dk", 2, THREAD_FRESH, 0 },
		{ "", "", "SV: x [#101]", "spy@evil.dk", 0, THREAD_FRESH, 0 },
		{ "", "", "SV: x [#102]", "bo@a.dk", 1, THREAD_FOLLOW, m.closed },
		{ "", "", "SV: x [#103]", "bo@a.dk", 1, THREAD_APPEND, m.first },
		{ "", "", "[#999]", "bo@a.dk", 1, THREAD_FRESH, 0 },
		{ "<>", "a", "", "bo@a.dk", 1, THREAD_FRESH, 0 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct mail_thread_question q = { .in_reply_to = rows[i].reply, .references = rows[i].refs, .subject = rows[i].subject, .also = "",
			.sender = rows[i].sender, .who = { rows[i].customer, false }, .now = MOMENT_DAY * 365 };
		enum mail_thread_verdict v;
		int64_t ticket;

		CHECK_ROW(i, mail_thread(c, s->a, &q, &v, &ticket, &e) == 0);
		if (v != rows[i].want || ticket != rows[i].ticket)
			print_message("row %zu: verdict %d ticket %lld\n", i, (int)v, (long long)ticket);
		CHECK_ROW(i, v == rows[i].want && ticket == rows[i].ticket);
	}
	db_read_end(c);
	free((char *)(uintptr_t)m.token);
	free((char *)(uintptr_t)m.other_token);
}

int main(void)
{
	static const struct store_test tests[] = {
		STORE_TEST(kinds_of_mail), STORE_TEST(who_is_believed), STORE_TEST(numbers_in_subjects), STORE_TEST(never_across_customers),
		STORE_TEST(mails_find_their_ticket),
	};
	return store_tests_run(tests, sizeof tests / sizeof *tests);
}
