#include "store_case.h"
#include "base/fault.h"
#include "store/search.h"

/* Tickets 1, 2, 3 ... by their place here. */
static const char *const texts[] = {
	"Printeren i receptionen virker ikke. Mvh Anna Sørensen, anna@firma.dk",                          /* 1 */
	"The printers on the second floor are offline",                                                   /* 2 */
	"Ny bærbar til Åse: serienummer 5CG-1234.X9, IP 192.168.1.10",                                    /* 3 */
	"Backup fejlede på SRV-01.intern.firma.dk kl. 23:15",                                             /* 4 */
	"Fakturaer kan ikke åbnes; PDF'er fejler",                                                        /* 5 */
	"",                                                                                               /* 6 */
	"A\xCC\x8A" "rsmøde og a\xCC\x8A" "rsregnskab — ØL & \"citat\" 'quote' \\ ; DROP TABLE ticket; --", /* 7 */
	"Ordrenummer 4711 og 47110",                                                                      /* 8 */
	"Русский текст и 日本語",                                                                            /* 9 */
	"svar på jeres mail om medarbejderne og adgangskoder",                                            /* 10 */
};

static int job_put(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	static const struct db_sql ticket = { "INSERT INTO ticket(id,number,subject,channel,created_at,updated_at) VALUES(?1,?1,'x','api',1,1)", NULL };

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		for (int twice = 0; twice < 2; twice++) {       /* the second replaces the first */
			if (twice == 0 && db_run(w, &ticket, DB(DB_INT((int64_t)i + 1)), NULL, e) != 0)
				return -1;
			if (search_put(w, a, (int64_t)i + 1, twice ? texts[i] : "oldtext", e) != 0)
				return -1;
		}
	return 0;
}

/* The hits as "1 2 "; "-" when the query holds no word. */
static const char *found(struct store_case *s, const char *query, bool common)
{
	char sql[256], *out = arena_get(s->a, 256);
	const char *q = search_query(s->a, s->kind, query);
	struct db_conn *c;
	struct db_cur *cur;
	struct err e = { 0 };
	size_t n = 0;
	int rc;

	if (!q)
		return "-";
	snprintf(sql, sizeof sql, "SELECT t.id FROM ticket t WHERE t.probe=0%s ORDER BY t.id", search_where(s->kind, 1, common));
	CHECK(db_read_begin(s->db, &c, &e) == 0);
	if (db_query(c, &(struct db_sql){ sql, NULL }, DB(DB_TEXT(q)), &cur, &e) != 0) {
		print_message("%s\n", e.detail);
		fail();
	}
	while ((rc = db_next(cur, &e)) > 0)
		n += (size_t)snprintf(out + n, 256 - n, "%d ", (int)db_int(cur, 0));
	CHECK(rc == 0);
	db_done(cur);
	db_read_end(c);
	return out;
}

/* However they are looked up. */
static const char *hits(struct store_case *s, const char *query)
{
	const char *out = found(s, query, false);

	CHECK_STR(found(s, query, true), out);
	return out;
}

static void test_hits(void **state)
{
	struct store_case *s = *state;
	static const struct { const char *query, *want; } rows[] = {
		{ "printer", "1 2 " }, { "PRINTEREN", "1 2 " }, { "printere virker", "1 " }, { "prin", "1 2 " }, { "prin virker", "" },
		{ "virker prin", "1 " }, { "offline printer", "2 " }, { "sørensen", "1 " }, { "SØRENSEN", "1 " }, { "sorensen", "" }, { "sør", "1 " },
		{ "anna@firma.dk", "1 " }, { "anna@fir", "1 " }, { "firma.dk", "1 4 " }, { "firma", "1 4 " }, { "anna firma", "1 " },
		{ "5CG-1234.X9", "3 " }, { "5cg-1234", "3 " }, { "192.168.1.10", "3 " }, { "192.168", "3 " }, { "168.192", "" }, { "10.1.168.192", "" },
		{ "srv-01", "4 " }, { "SRV", "4 " }, { "srv-01.intern.firma.dk", "4 " }, { "23:15", "4 " }, { "åse", "3 " }, { "ase", "" },
		{ "faktura", "5 " }, { "fakturaerne", "5 " }, { "fejl", "4 5 " }, { "fejler faktura", "5 " }, { "pdf", "5 " },
		{ "årsmøde", "7 " }, { "a\xCC\x8Arsmøder", "7 " }, { "øl", "7 " }, { "citat quote", "7 " }, { "4711", "8 " }, { "47110", "8 " }, { "47", "8 " },
		{ "4711 ordre", "8 " }, { "Русский", "9 " }, { "тек", "9 " }, { "РУ", "" }, { "medarbejder", "10 " }, { "adgangskode", "10 " }, { "mails", "10 " },
		{ "oldtext", "" }, { "findesikke", "" },
		/* nothing to look for, and hostile ones */
		{ "", "-" }, { "   ", "-" }, { "\"", "-" }, { "'", "-" }, { "* OR *", "8 " }, { "--;", "-" }, { "NOT printer", "" }, { "printer OR faktura", "" },
		{ "printer*", "1 2 " }, { "\"printer", "1 2 " }, { "printer'", "1 2 " }, { "(printer", "1 2 " }, { "printer) OR (1=1", "" }, { "tokens:printer", "" },
		{ "printer & !virker", "1 " }, { "virker:*", "1 " }, { "^printer", "1 2 " }, { "\\printer\\", "1 2 " }, { "{printer}", "1 2 " },
		{ "printer\xFF\xFEvirker", "1 " }, { "DROP TABLE", "7 " }, { "\x01\x02printer", "1 2 " },
	};
	struct err e;

	CHECK(db_write(s->db, job_put, NULL, &e) == 0);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strcmp(hits(s, rows[i].query), rows[i].want) != 0) {
			print_message("'%s': got '%s', want '%s'\n", rows[i].query, hits(s, rows[i].query), rows[i].want);
			fail();
		}
}

static int job_one(struct db_conn *w, struct arena *a, void *arg, struct err *e) { return search_put(w, a, 1, arg, e); }

/* Long and strange texts are taken, and what is looked for in them is found. */
static void test_long(void **state)
{
	struct store_case *s = *state;
	struct err e;
	char *big = arena_get(s->a, (1 << 20) + 1);
	static const char *const fills[] = { "x", "a.b.c.d.e.f.g.h ", "æøå", "word ", "\"'\\", "x1@", "\xC3", "- . ", "日" };

	CHECK(db_write(s->db, job_put, NULL, &e) == 0);
	for (size_t i = 0; i < sizeof fills / sizeof *fills; i++) {
		for (size_t n = 0, k = strlen(fills[i]); n + k < 1 << 20; n += k)
			memcpy(big + n, fills[i], k);
		CHECK_ROW(i, db_write(s->db, job_one, big, &e) == 0);
		hits(s, big);                   /* a query of a megabyte */
		memcpy(big, "needle in it ", 13);
		CHECK_ROW(i, db_write(s->db, job_one, big, &e) == 0);
		CHECK_STR(hits(s, "needle"), "1 ");
	}
	for (unsigned r = 1, round = 0; round < 40; round++) {          /* noise */
		for (int n = 0; n < 2000; n++)
			big[n] = (char)((r = r * 1103515245 + 12345) >> 16 | 1);
		big[2000] = 0;
		CHECK_ROW(round, db_write(s->db, job_one, big, &e) == 0);
		big[200] = 0;
		hits(s, big);
	}
}

static void test_tokens(void **state)
{
	struct store_case *s = *state;
	static const struct { const char *text, *want; } rows[] = {
		{ "", "" }, { "Å", "då eå wå" }, { "husene huse", "dhus ehuse ehusen whuse whusene" }, { "a1", "wa1" },
		{ "a@b.dk", "da db ddk ea eb edk wa wa@b wa@b.dk wb wb.dk wdk" }, { ".a.", "da ea wa" }, { "a..b", "da db ea eb wa wb" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		CHECK_STR(search_tokens(s->a, rows[i].text), rows[i].want);
	/* short words joined give the most tokens for their length: the last is still there */
	for (int many = 1; many < 400; many += many / 3 + 1) {
		const char *text = "", *tokens;

		for (int i = 0; i < many; i++)
			text = arena_printf(s->a, "%s%c.b.%c.d.e.f.g.h ", text, 'a' + i % 26, 'a' + i / 26 % 26);
		tokens = search_tokens(s->a, arena_printf(s->a, "%snål", text));
		CHECK_ROW(many, strstr(tokens, " wnål"));
	}
}

/* 3000 tickets of forty words each, and what PostgreSQL would do for a search then, once and for all and for these words: it
 * never reads all of ticket_search. */
static void test_index(void **state)
{
	static const char *const modes[] = { "force_generic_plan", "force_custom_plan" };
	struct store_case *s = *state;
	char sql[1024], plan[1 << 14];
	PGconn *c;
	PGresult *r;

	if (s->kind == DB_SQLITE)
		return;
	snprintf(sql, sizeof sql, "SET search_path=%s; INSERT INTO ticket(number,subject,channel,created_at,updated_at) SELECT i,'x','api',i,i FROM generate_series(1,3000) i;"
		"INSERT INTO ticket_search SELECT id,(SELECT array_to_tsvector(array_agg('wtoken'||(id*k)%%5000)) FROM generate_series(1,40) k) FROM ticket", s->pg_schema);
	store_case_pg(sql);
	c = PQconnectdb(getenv("PEDEL_TEST_PG"));
	for (int common = 0; common < 2; common++) {
		snprintf(sql, sizeof sql, "SET search_path=%s; PREPARE look%d(text,bigint) AS SELECT t.id FROM ticket t WHERE t.probe=0%s ORDER BY t.updated_at DESC,t.id DESC LIMIT $2",
			s->pg_schema, common, search_where(s->kind, 1, common));
		*strchr(sql, '?') = '$';
		PQclear(PQexec(c, sql));
		for (int m = 0; m < 2; m++) {
			snprintf(sql, sizeof sql, "SET plan_cache_mode=%s; EXPLAIN EXECUTE look%d('%s',51)", modes[m], common, "''wtoken17'':* | ''dtoken17''");
			r = PQexec(c, sql);
			CHECK_ROW(common, PQresultStatus(r) == PGRES_TUPLES_OK);
			*plan = 0;
			for (int i = 0; i < PQntuples(r); i++)
				strncat(strncat(plan, PQgetvalue(r, i, 0), sizeof plan - strlen(plan) - 2), "\n", 2);
			PQclear(r);
			if (strstr(plan, "Seq Scan on ticket_search") || !strstr(plan, common ? "ticket_search_pkey" : "ticket_search_tokens")) {
				print_message("%s, common %d:\n%s", modes[m], common, plan);
				fail();
			}
		}
	}
	PQfinish(c);
}

int main(void)
{
	static const struct store_test tests[] = { STORE_TEST(test_hits), STORE_TEST(test_long), STORE_TEST(test_tokens), STORE_TEST(test_index) };
	return store_tests_run(tests, sizeof tests / sizeof *tests);
}
