/* The judges of support and webwork as tables: figures in, state out. */
#include "t.h"
#include <inttypes.h>
#include "base/moment.h"
#include "core/proof.h"
#include "services/support/proofs.h"
#include "services/webwork/proofs.h"

#define NEVER MOMENT_NEVER

static int64_t at(int day, int hour, int minute) { return moment_from_local(2026, 11, day, hour, minute, 0); }

/* A clock by one letter: k met, m missed, o overdue, r running far from due, w running close to due, p paused. */
static struct sla_clock clock_of(char c, int64_t due)
{
	static const char letters[] = "kmorwp";
	static const enum sla_mark marks[] = { SLA_MET, SLA_MISSED, SLA_OVERDUE, SLA_RUNNING, SLA_RUNNING, SLA_PAUSED };

	return (struct sla_clock){ .mark = marks[strchr(letters, c) - letters], .due_at = c == 'p' ? NEVER : due, .target_us = MOMENT_HOUR };
}

static int help_of(struct arena *a, const char *tickets, int64_t now, struct help_ticket **out)
{
	struct help_ticket *t = ARENA_ARRAY(a, struct help_ticket, 400);
	int n = 0;

	/* "2xkk" twice a ticket with response and solution met; a "-" after: nobody owns it; a "<": from the month before */
	for (const char *p = tickets; *p; ) {
		int times = 0;

		for (; *p >= '0' && *p <= '9'; p++)
			times = times * 10 + *p - '0';
		p += *p == 'x';
		for (int i = 0; i < (times ? times : 1); i++) {
			struct help_ticket *k = &t[n];

			*k = (struct help_ticket){ .number = 10001 + n, .subject = "Printer", .created_at = now - MOMENT_HOUR, .owned = true, .this_month = true,
				.response = clock_of(p[0], now + 10 * MOMENT_MINUTE), .solution = clock_of(p[1], now + 60 * MOMENT_MINUTE) };
			for (const char *q = p + 2; *q == '-' || *q == '<'; q++)
				*(*q == '-' ? &k->owned : &k->this_month) = false;
			k->response_warn_at = p[0] == 'w' ? now : p[0] == 'r' ? now + 5 * MOMENT_MINUTE : 0;
			k->solution_warn_at = p[1] == 'w' ? now - 1 : p[1] == 'r' ? now + 30 * MOMENT_MINUTE : 0;
			n++;
		}
		for (p += 2; *p == '-' || *p == '<' || *p == ' '; p++)
			;
	}
	*out = t;
	return n;
}

/* Newest first: '+' good, '-' failed, a minute apart; age: minutes since the newest; tries and good of the month. */
static struct probe_door door(const char *name, const char *recent, int age, int64_t tries, int64_t good, int64_t now)
{
	struct probe_door d = { .probe = name, .tries = tries, .good = good };

	for (; *recent; recent++, d.nrecent++)
		d.recent[d.nrecent] = (struct probe_result){ .at = now - (age + d.nrecent) * MOMENT_MINUTE, .probe = name, .ok = *recent == '+', .took_ms = 12,
			.detail = *recent == '+' ? "" : "HTTP 500" };
	return d;
}

static struct webwork_order order_room[16];       /* what orders_of() fills */

static int orders_of(const char *s, int64_t now, struct webwork_order *t)
{
	int n = 0;

	for (const char *c = s; *c; c++, n++)
		t[n] = (struct webwork_order){ .number = 10001 + n, .subject = "Ret forsiden", .created_at = now - MOMENT_HOUR,
			.response = clock_of(*c, now + 10 * MOMENT_MINUTE), .warn_at = *c == 'w' ? now : *c == 'r' ? now + MOMENT_MINUTE : 0 };
	return n;
}

static void test_help(void **state)
{
	static const struct { const char *tickets; int target; enum promise_state want; int due_min, check_min; const char *says; } rows[] = {
		/* due_min, check_min: minutes from now; -1: none; check -2: the month's end */
		{ "", 95, PROMISE_NOT_DUE, -1, -2, "Ingen opgaver i november 2026" },
		{ "kk", 95, PROMISE_KEPT, -1, -2, "1 af 1 opgaver" },
		{ "kr", 95, PROMISE_KEPT, -1, 30, "1 af 1" },
		{ "rr", 95, PROMISE_KEPT, -1, 5, "1 af 1" },
		{ "wr", 95, PROMISE_AT_RISK, 10, 10, "tæt på sin frist" },
		{ "kw", 95, PROMISE_AT_RISK, 60, 60, "tæt på sin frist" },
		{ "kw wr", 95, PROMISE_AT_RISK, 10, 10, "2 opgaver er tæt på" },
		{ "kp", 95, PROMISE_KEPT, -1, -2, "1 af 1" },
		{ "mk", 95, PROMISE_BROKEN, -1, -2, "0 af 1" },
		{ "km", 95, PROMISE_BROKEN, -1, -2, "0 af 1" },
		{ "or", 95, PROMISE_BROKEN, -1, 30, "0 af 1" },                 /* its solution may still come: watched */
		{ "19xkk mk", 95, PROMISE_AT_RISK, -1, -2, "19 af 20" },        /* 95 % is just enough, and within two points */
		{ "18xkk mk", 95, PROMISE_BROKEN, -1, -2, "18 af 19" },         /* 94.7 % is not */
		{ "49xkk mk", 95, PROMISE_KEPT, -1, -2, "49 af 50" },           /* 98 % is out of danger */
		{ "32xkk mk", 95, PROMISE_AT_RISK, -1, -2, "32 af 33" },        /* 96.97 % */
		{ "2xkk mk", 0, PROMISE_KEPT, -1, -2, "2 af 3" },               /* nothing agreed, nothing broken */
		{ "kk", 100, PROMISE_KEPT, -1, -2, "1 af 1" },
		{ "199xkk mk", 100, PROMISE_BROKEN, -1, -2, "199 af 200" },
		{ "99xkk ok-", 95, PROMISE_BROKEN, -1, -2, "ingen har taget den" },     /* one nobody owns is one too many */
		{ "99xkk ok", 95, PROMISE_KEPT, -1, -2, "99 af 100" },
		{ "99xkk rr-", 95, PROMISE_KEPT, -1, 5, "100 af 100" },         /* nobody yet, and there is time */
		{ "mm<", 95, PROMISE_NOT_DUE, -1, -2, "Ingen opgaver" },        /* last month's miss was last month's */
		{ "or-<", 95, PROMISE_BROKEN, -1, 30, "ingen har taget den" },  /* but nobody may leave it lying */
		{ "kw<", 95, PROMISE_AT_RISK, 60, 60, "tæt på" },
	};
	struct arena *a = arena_begin(16 << 20);
	int64_t now = at(24, 10, 0);

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct help_ticket *t;
		int n = help_of(a, rows[i].tickets, now, &t), said = 0;
		struct proof p;

		support_judge_help(a, t, n, rows[i].target, now, &p);
		CHECK_ROW(i, p.state == rows[i].want);
		CHECK_ROW(i, p.due_at == (rows[i].due_min < 0 ? 0 : now + rows[i].due_min * MOMENT_MINUTE));
		CHECK_ROW(i, p.check_at == (rows[i].check_min == -2 ? moment_from_local(2026, 12, 1, 0, 0, 0) : now + rows[i].check_min * MOMENT_MINUTE));
		CHECK_ROW(i, p.nreasons >= 1 && p.nevidence <= PROOF_LINES);
		for (int k = 0; k < p.nreasons; k++) {
			said += strstr(p.reasons[k].text[LANG_DA], rows[i].says) != NULL;
			CHECK_ROW(i, p.reasons[k].text[LANG_EN][0] && strcmp(p.reasons[k].text[LANG_EN], p.reasons[k].text[LANG_DA]) != 0);
		}
		CHECK_ROW(i, said == 1);
	}
	arena_end(a);
	(void)state;
}

/* The first reason is the one that decided: lists, history and I dag show it alone. */
static void test_what_decides_speaks_first(void **state)
{
	static const struct { const char *tickets, *first; } help[] = {
		{ "mk wr", "1 af 2 opgaver" }, { "mk kk wr", "2 af 3 opgaver" },        /* broken by the share, not by what is near */
		{ "99xkk wr", "1 opgave er tæt på" }, { "mk wr ok-", "ingen har taget den" }, { "19xkk mk", "19 af 20" }, { "19xkk mk wr", "1 opgave er tæt på" },
	};
	static const struct { const char *orders, *portal, *mail, *first; } order[] = {
		{ "k", "+", "---", "mailadressen er lukket" }, { "kk", "", "+", "om portalen er åben" }, { "kk", "", "---", "mailadressen er lukket" },
		{ "kw", "+", "+", "1 bestilling er tæt på" }, { "ko", "---", "+", "1 af 2 bestillinger" }, { "mw", "+", "+", "1 af 2 bestillinger" },
		{ "kk", "+", "+", "2 af 2 bestillinger" }, { "", "", "", "Ingen bestillinger" },
	};
	static const struct { const char *portal, *mail, *first; } open[] = {
		{ "---", "+++", "Portalen har svigtet 3" }, { "+++", "-++", "Mailadressen svigtede ved den seneste prøve" }, { "+++", "--+", "Mailadressen svigtede ved de seneste 2" },
		{ "-++", "", "Mailadressen er ikke prøvet" }, { "+++", "+++", "Portalen var åben" },
	};
	struct arena *a = arena_begin(16 << 20);
	int64_t now = at(24, 10, 0);
	struct help_ticket *t;
	struct proof p;
	int n;

	for (size_t i = 0; i < sizeof help / sizeof *help; i++) {
		n = help_of(a, help[i].tickets, now, &t);
		support_judge_help(a, t, n, 95, now, &p);
		CHECK_ROW(i, strstr(p.reasons[0].text[LANG_DA], help[i].first));
	}
	for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
		struct probe_month m = { .portal = door("portal", order[i].portal, 0, 10, 10, now), .mail = door("mail", order[i].mail, 0, 10, 10, now) };

		n = orders_of(order[i].orders, now, order_room);
		webwork_judge_order(a, order_room, n, &m, now, &p);
		CHECK_ROW(i, strstr(p.reasons[0].text[LANG_DA], order[i].first));
		for (int k = 0; k < p.nreasons; k++)
			CHECK_ROW(i, p.reasons[k].text[LANG_EN][0]);
	}
	for (size_t i = 0; i < sizeof open / sizeof *open; i++) {
		struct probe_month m = { .at = now, .portal = door("portal", open[i].portal, 0, 1000, 999, now), .mail = door("mail", open[i].mail, 0, 1000, 999, now) };

		support_judge_open(a, &m, 9950, now, &p);
		CHECK_ROW(i, strstr(p.reasons[0].text[LANG_DA], open[i].first));
	}
	arena_end(a);
	(void)state;
}

/* The first reason leads to the ticket it is about: the one that is due first of those that are near, or the one that decided. */
static void test_the_reason_leads_to_its_ticket(void **state)
{
	static const struct { const char *tickets, *href; } help[] = {
		{ "kk kw", "tickets/10002" }, { "kw wr kw", "tickets/10002" }, { "kk ok-", "tickets/10002" }, { "kk mk", "tickets/10002" }, { "kk", NULL },
		{ "49xkk mk kw", "tickets/10051" },
	};
	static const struct { const char *orders, *href; } order[] = { { "kw", "tickets/10002" }, { "kom", "tickets/10002" }, { "kk", NULL } };
	struct arena *a = arena_begin(16 << 20);
	int64_t now = at(24, 10, 0);
	struct probe_month m = { .portal = door("portal", "+", 0, 10, 10, now), .mail = door("mail", "+", 0, 10, 10, now) };
	struct help_ticket *t;
	struct proof p;
	int n;

	for (size_t i = 0; i < sizeof help / sizeof *help; i++) {
		n = help_of(a, help[i].tickets, now, &t);
		support_judge_help(a, t, n, 95, now, &p);
		CHECK_ROW(i, !p.reasons[0].href == !help[i].href && (!help[i].href || strcmp(p.reasons[0].href, help[i].href) == 0));
	}
	for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
		n = orders_of(order[i].orders, now, order_room);
		webwork_judge_order(a, order_room, n, &m, now, &p);
		CHECK_ROW(i, !p.reasons[0].href == !order[i].href && (!order[i].href || strcmp(p.reasons[0].href, order[i].href) == 0));
	}
	arena_end(a);
	(void)state;
}

static void test_help_shows_what_went_wrong_first(void **state)
{
	struct arena *a = arena_begin(16 << 20);
	struct help_ticket *t;
	struct proof p;
	int n = help_of(a, "30xkk wr mk", at(24, 10, 0), &t);

	support_judge_help(a, t, n, 95, at(24, 10, 0), &p);
	CHECK_INT(p.nevidence, PROOF_LINES);
	CHECK_STR(p.evidence[0].href, "tickets/10032");
	CHECK(strstr(p.evidence[0].text[LANG_DA], "ikke besvaret i tide"));
	CHECK_STR(p.evidence[1].href, "tickets/10031");
	CHECK(strstr(p.evidence[2].text[LANG_EN], "within its time"));
	arena_end(a);
	(void)state;
}

static void test_report(void **state)
{
	static const struct { int64_t entries, reported; enum promise_state want; } rows[] = {
		{ 0, 0, PROMISE_NOT_DUE }, { 1, 1, PROMISE_KEPT }, { 29, 27, PROMISE_KEPT }, { 10, 8, PROMISE_KEPT }, { 100, 80, PROMISE_KEPT },
		{ 10, 7, PROMISE_WAITING }, { 100, 79, PROMISE_WAITING }, { 2, 0, PROMISE_WAITING },
		{ 1, 0, PROMISE_KEPT }, { 3, 2, PROMISE_KEPT },                 /* one slip is not held against anybody */
	};
	struct arena *a = arena_begin(1 << 20);
	struct proof p;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		support_judge_report(a, rows[i].entries, rows[i].reported, at(24, 10, 0), &p);
		CHECK_ROW(i, p.state == rows[i].want && p.nreasons == 1 + (p.state == PROMISE_WAITING));
		CHECK_ROW(i, p.check_at == moment_from_local(2026, 12, 1, 0, 0, 0));
		/* a promise that holds is not said to hold with none or half of it done */
		if (p.state == PROMISE_KEPT && rows[i].reported * 100 < 80 * rows[i].entries)
			CHECK_ROW(i, strstr(p.reasons[0].text[LANG_DA], "uden en melding i systemet; en enkelt er i orden") &&
				strstr(p.reasons[0].text[LANG_EN], "without a report in the system; a single one is allowed") && !strchr(p.reasons[0].text[LANG_DA], '%'));
	}
	arena_end(a);
	(void)state;
}

static void test_open(void **state)
{
	static const struct { const char *portal; int age; int64_t tries, good; const char *mail; int64_t target; enum promise_state want; int check_min; } rows[] = {
		{ "", 0, 0, 0, "", 9950, PROMISE_BLIND, -1 },
		{ "+", 0, 1, 1, "", 9950, PROMISE_BLIND, 5 },           /* the mail's door was never tried */
		{ "+++", 0, 1000, 1000, "+++", 9950, PROMISE_KEPT, 5 },
		{ "+++", 4, 1000, 1000, "+++", 9950, PROMISE_KEPT, 1 },
		{ "+++", 5, 1000, 1000, "+++", 9950, PROMISE_KEPT, 0 },
		{ "+++", 6, 1000, 1000, "+++", 9950, PROMISE_BLIND, 5 },        /* silence is never green */
		{ "-++", 0, 1000, 999, "+++", 9950, PROMISE_AT_RISK, 5 },
		{ "--+", 0, 1000, 998, "+++", 9950, PROMISE_AT_RISK, 5 },
		{ "---", 0, 10000, 9997, "+++", 9950, PROMISE_BROKEN, 5 },      /* shut now */
		{ "+++", 0, 10000, 10000, "---", 9950, PROMISE_BROKEN, 5 },
		{ "---", 6, 10000, 9997, "+++", 9950, PROMISE_BLIND, 5 },       /* it was shut; now we do not know */
		{ "+++", 0, 1000, 995, "+++", 9950, PROMISE_KEPT, 5 },          /* exactly the target */
		{ "+++", 0, 1000, 994, "+++", 9950, PROMISE_BROKEN, 5 },
		{ "+-", 0, 2, 1, "+++", 9950, PROMISE_AT_RISK, 5 },             /* one slip in the month's first minutes */
		{ "+--", 0, 3, 1, "+++", 9950, PROMISE_AT_RISK, 5 },
		{ "+", 0, 0, 0, "+", 9950, PROMISE_KEPT, 5 },                   /* the month is a moment old */
		{ "---", 0, 3, 0, "+++", 0, PROMISE_BROKEN, 5 },                /* no share agreed, and yet shut is shut */
	};
	struct arena *a = arena_begin(1 << 20);
	int64_t now = at(24, 10, 0);
	struct proof p;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct probe_month m = { .at = now, .portal = door("portal", rows[i].portal, rows[i].age, rows[i].tries, rows[i].good, now),
			.mail = door("mail", rows[i].mail, 0, 1000, 1000, now) };

		support_judge_open(a, &m, rows[i].target, now, &p);
		CHECK_ROW(i, p.state == rows[i].want);
		CHECK_ROW(i, p.check_at == (rows[i].check_min < 0 ? moment_from_local(2026, 12, 1, 0, 0, 0) : now + rows[i].check_min * MOMENT_MINUTE + 1));
		CHECK_ROW(i, p.nreasons >= 1 && p.nevidence <= PROOF_LINES);
	}
	arena_end(a);
	(void)state;
}

static void test_open_cuts_percentages_and_never_rounds_up(void **state)
{
	struct arena *a = arena_begin(1 << 20);

	CHECK_STR(proof_percent(a, LANG_DA, 9999, 10000, 1), "99,9\u00a0%");
	CHECK_STR(proof_percent(a, LANG_EN, 9999, 10000, 2), "99.99\u00a0%");
	CHECK_STR(proof_percent(a, LANG_DA, 999999, 1000000, 2), "99,99\u00a0%");
	CHECK_STR(proof_percent(a, LANG_DA, 2, 3, 0), "66\u00a0%");
	CHECK_STR(proof_percent(a, LANG_DA, 1, 1, 2), "100,00\u00a0%");
	CHECK_STR(proof_percent(a, LANG_DA, 0, 0, 1), "0,0\u00a0%");
	CHECK_STR(proof_money(a, LANG_DA, 123456789), "1.234.567,89 kr.");
	CHECK_STR(proof_money(a, LANG_EN, -105000), "\u2212DKK 1,050.00");
	CHECK_STR(proof_money(a, LANG_DA, 5), "0,05 kr.");
	CHECK_STR(proof_minutes(a, 75), "1:15");
	CHECK_STR(proof_moment(a, LANG_DA, at(4, 9, 5)), "4.11.2026 kl. 09.05");
	CHECK_STR(proof_month(a, LANG_EN, month_from(2026, 11)), "November 2026");
	arena_end(a);
	(void)state;
}

static void test_orders(void **state)
{
	static const struct { const char *orders, *portal, *mail; enum promise_state want; } rows[] = {
		{ "", "+", "+", PROMISE_NOT_DUE }, { "", "", "", PROMISE_NOT_DUE }, { "", "---", "+", PROMISE_BROKEN },
		{ "k", "+", "+", PROMISE_KEPT }, { "kr", "+", "+", PROMISE_KEPT }, { "kw", "+", "+", PROMISE_AT_RISK }, { "ko", "+", "+", PROMISE_BROKEN },
		{ "kkkkkkkkkm", "+", "+", PROMISE_BROKEN },     /* every order, not a share of them */
		{ "k", "", "+", PROMISE_BLIND }, { "k", "+", "", PROMISE_BLIND }, { "k", "+", "---", PROMISE_BROKEN }, { "k", "--", "--", PROMISE_KEPT },
		{ "w", "", "", PROMISE_BLIND }, { "m", "", "", PROMISE_BROKEN },
	};
	struct arena *a = arena_begin(1 << 20);
	int64_t now = at(24, 10, 0);
	struct proof p;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct probe_month m = { .portal = door("portal", rows[i].portal, 0, 10, 10, now), .mail = door("mail", rows[i].mail, 0, 10, 10, now) };
		int n = orders_of(rows[i].orders, now, order_room);

		webwork_judge_order(a, order_room, n, &m, now, &p);
		CHECK_ROW(i, p.state == rows[i].want && p.nreasons >= 1);
		CHECK_ROW(i, p.due_at == (p.state == PROMISE_AT_RISK ? now + 10 * MOMENT_MINUTE : 0));
		CHECK_ROW(i, p.check_at > now);
	}
	arena_end(a);
	(void)state;
}

static void test_lines_survive_storing(void **state)
{
	struct arena *a = arena_begin(1 << 20);
	const struct proof_line *got;
	struct err e = { 0 };
	struct proof p;
	int n;

	proof_begin(&p, PROMISE_KEPT);
	for (int i = 0; i < PROOF_LINES + 5; i++)
		proof_evidence(&p, a, i, i % 2 ? "tickets/10001" : NULL, "\u00abPrøve\u00bb \"1\"\n", "Test \\ <b>");
	CHECK_INT(p.nevidence, PROOF_LINES);
	CHECK_INT(proof_lines_read(a, proof_lines_text(a, p.evidence, p.nevidence), &got, &n, &e), 0);
	CHECK_INT(n, PROOF_LINES);
	for (int i = 0; i < n; i++) {
		CHECK_STR(got[i].text[LANG_DA], p.evidence[i].text[LANG_DA]);
		CHECK_STR(got[i].text[LANG_EN], p.evidence[i].text[LANG_EN]);
		CHECK(got[i].at == i && (i % 2 ? strcmp(got[i].href, "tickets/10001") == 0 : got[i].href == NULL));
	}
	CHECK_INT(proof_lines_read(a, "[]", &got, &n, &e), 0);
	CHECK_INT(n, 0);
	CHECK_INT(proof_lines_read(a, "nonsense", &got, &n, &e), -1);
	CHECK_INT(proof_lines_read(a, "{}", &got, &n, &e), -1);
	CHECK_INT(proof_lines_read(a, NULL, &got, &n, &e), -1);
	for (int s = PROMISE_KEPT; s <= PROMISE_WAITING; s++)
		CHECK_INT(promise_state_by_name(promise_state_name(s)), s);
	CHECK_INT(promise_state_by_name("green"), -1);
	CHECK_INT(promise_state_by_name(NULL), -1);
	arena_end(a);
	(void)state;
}

/* What is written is read; what is cut or changed is refused, or says something else, and never reads past its end. */
static void lines_are_read_as_written(void **state)
{
	struct arena *a = arena_begin(64 << 20);
	static const char *const texts[] = { "", "plain", "æøå – 5 %", "a \"quote\" \\ and / and \x01\x1f\x7f\n\r\t\b\f", "[{\"da\":\"x\"}]", "\xF0\x9F\x98\x80", "\\u0041" };
	struct proof_line in[PROOF_LINES] = { 0 };
	const struct proof_line *out;
	struct err e;
	int n;

	for (int count = 0; count <= PROOF_LINES; count++) {
		char *text;

		for (int i = 0; i < count; i++)
			in[i] = (struct proof_line){ .text = { [LANG_DA] = texts[i % 7], [LANG_EN] = texts[(i + count) % 7] }, .href = i % 3 ? texts[i % 5] : NULL,
				.at = i % 2 ? i * 1000000007LL - 3 : 0 };
		text = proof_lines_text(a, in, count);
		CHECK(proof_lines_read(a, text, &out, &n, &e) == 0 && n == count);
		for (int i = 0; i < count; i++) {
			CHECK_STR(out[i].text[LANG_DA], in[i].text[LANG_DA]);
			CHECK_STR(out[i].text[LANG_EN], in[i].text[LANG_EN]);
			CHECK(in[i].href ? out[i].href && strcmp(out[i].href, in[i].href) == 0 : !out[i].href);
			CHECK_INT(out[i].at, in[i].at);
		}
		for (size_t cut = 0; count < 4 && text[cut]; cut++) {
			char *less = arena_dupn(a, text, cut);

			CHECK(proof_lines_read(a, less, &out, &n, &e) != 0 && e.id == E_DB);
			for (int c = 1; c < 256; c += count ? 1 : 255) {        /* any byte changed: refused or read, within its bounds (ASan looks) */
				char *other = arena_dup(a, text);

				other[cut] = (char)c;
				if (proof_lines_read(a, other, &out, &n, &e) != 0)
					CHECK(e.id == E_DB);
			}
			arena_reset(a);
			text = proof_lines_text(a, in, count);
		}
	}
	CHECK(proof_lines_read(a, NULL, &out, &n, &e) != 0);
	CHECK(proof_lines_read(a, "[{\"da\":\"x\",\"en\":1}]", &out, &n, &e) != 0);
	CHECK(proof_lines_read(a, "[{\"da\":\"\\ud83d\"}]", &out, &n, &e) != 0);
	CHECK(proof_lines_read(a, "[{\"da\":\"\\u0000\"}]", &out, &n, &e) != 0);
	CHECK(proof_lines_read(a, "[{\"da\":\"x\"},]", &out, &n, &e) != 0);
	CHECK(proof_lines_read(a, "[{\"da\":\"x\"}] ", &out, &n, &e) != 0);
	arena_end(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_help), cmocka_unit_test(test_help_shows_what_went_wrong_first), cmocka_unit_test(test_what_decides_speaks_first), cmocka_unit_test(test_the_reason_leads_to_its_ticket), cmocka_unit_test(test_report),
		cmocka_unit_test(test_open), cmocka_unit_test(test_open_cuts_percentages_and_never_rounds_up), cmocka_unit_test(test_orders),
		cmocka_unit_test(test_lines_survive_storing), cmocka_unit_test(lines_are_read_as_written),
	};

	moment_zone();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
