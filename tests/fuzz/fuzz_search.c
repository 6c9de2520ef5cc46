/* Any text as what is indexed and as what is asked: a token is a kind and a word and cannot hurt the database's own language,
 * none stands twice; and a text is found by its own words. */
#include "fuzz.h"
#include <unistd.h>
#include "store/search.h"

struct question { const char *text; };
static char folder[] = "/tmp/pedel-fuzz-XXXXXX";
static struct db *db;

static void tidy(void)
{
	char path[64];

	db_close(db);
	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "%s/t.db%s", folder, i == 0 ? "" : i == 1 ? "-wal" : "-shm");
		unlink(path);
	}
	rmdir(folder);
}

static int job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	const struct question *q = arg;
	const char *ask = search_query(a, DB_SQLITE, q->text);
	const struct db_sql find = { "SELECT count(*) FROM (SELECT 7 AS id) WHERE id IN (SELECT rowid FROM ticket_search WHERE ticket_search MATCH ?1)", NULL };
	int64_t n = -1;

	MUST(search_put(w, a, 7, q->text, e) == 0);
	if (ask) {
		if (db_id(w, &find, DB(DB_TEXT(ask)), &n, e) != 0) {
			fprintf(stderr, "%s: %s\n", ask, e->detail);
			abort();
		}
		MUST(n == 1);
	}
	return FAIL(e, E_NOT_FOUND, "taken back");
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena *a = arena_begin(64 << 20);
	struct err e = { 0 };
	const char *text = text_repair(a, (const char *)p, n < 5000 ? n : 5000), *before = "", *save = NULL;
	char *tokens = search_tokens(a, text), *t, *at = NULL;
	const char *pg = search_query(a, DB_POSTGRES, text);

	if (!db) {
		char path[64];

		MUST(mkdtemp(folder));
		snprintf(path, sizeof path, "%s/t.db", folder);
		MUST(db_open(&(struct db_config){ .path = path, .readers = 1, .create = true, .solo = true }, &db, &e) == 0);
		atexit(tidy);
	}
	(void)save;
	MUST(text_valid(tokens, strlen(tokens)) && !strpbrk(tokens, "\"'\\\t\r\n") && !strstr(tokens, "  "));
	for (t = strtok_r(arena_dup(a, tokens), " ", &at); t; before = t, t = strtok_r(NULL, " ", &at))
		MUST(strchr("wde", *t) && t[1] && strcmp(before, t) < 0);
	MUST((*tokens != 0) == (pg != NULL));
	if (pg) {
		int quotes = 0, open = 0;

		for (const char *s = pg; *s; s++) {
			quotes += *s == '\'';
			if (quotes % 2 == 0)
				open += *s == '(' ? 1 : *s == ')' ? -1 : 0;
			MUST(open >= 0 && (quotes % 2 == 1 || strchr("()&|:* '", *s)));
		}
		MUST(quotes % 2 == 0 && open == 0);
	}
	db_write(db, job, &(struct question){ text }, &e);
	arena_end(a);
	return 0;
}
