/* PostgreSQL by libpq. Results come as text (numbers of any width read alike) and whole; values go as text, bytes binary.
 * The writer's transaction begins with an advisory lock of the schema, so that several processes take turns as the threads
 * of one do: event chain and counters hold. */
#include <errno.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "store/db_driver.h"

enum { OID_INT = 20, OID_TEXT = 25, OID_BYTES = 17, COMMIT_TRIES = 10, COMMIT_PAUSE_US = 300000, OUTSIDE_MOST = 100 };

static int fail_result(struct db_conn *c, PGresult *r, const char *what, struct err *e)
{
	const char *state = r ? PQresultErrorField(r, PG_DIAG_SQLSTATE) : NULL, *say = r ? PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY) : NULL;
	char line[160];
	enum err_id id = E_DB;

	state = state ? state : "";
	snprintf(line, sizeof line, "%.150s", say ? say : PQerrorMessage(c->h));
	line[strcspn(line, "\n")] = 0;
	c->duplicate = strcmp(state, "23505") == 0;
	/* Without a code it is libpq that speaks, not the server: the connection is of no use even where PQstatus still calls it good. */
	if (!*state || PQstatus(c->h) == CONNECTION_BAD || (strncmp(state, "08", 2) == 0 && strcmp(state, "08P01") != 0) || strncmp(state, "57P", 3) == 0) {
		c->lost = true;
		id = E_DB_DOWN;
	} else if (strcmp(state, "53100") == 0) {
		id = E_OUT_OF_SPACE;
	} else if (strcmp(state, "55P03") == 0 || strncmp(state, "40", 2) == 0 || strcmp(state, "57014") == 0 || strncmp(state, "53", 2) == 0) {
		id = E_DB_BUSY;
	}
	PQclear(r);
	return FAIL(e, id, "%s (%.70s)", line, what);
}

static int ask(struct db_conn *c, const char *text, struct err *e)
{
	PGresult *r = PQexec(c->h, text);
	ExecStatusType st = PQresultStatus(r);

	if (st != PGRES_COMMAND_OK && st != PGRES_TUPLES_OK)
		return fail_result(c, r, text, e);
	PQclear(r);
	return 0;
}

static void silent(void *arg, const PGresult *r) { (void)arg, (void)r; }

static PGconn *server(const char *url)
{
	/* What the address says comes later in the list, so it wins. */
	static const char *const keys[] = { "connect_timeout", "tcp_user_timeout", "keepalives_idle", "application_name", "client_encoding", "dbname", NULL };
	const char *const values[] = { "3", "10000", "30", "pedel", "UTF8", url, NULL };
	PGconn *h = PQconnectdbParams(keys, values, 1);

	PQsetNoticeReceiver(h, silent, NULL);
	return h;
}

static void reach_ports(struct db_reach *r, const char *ports)
{
	for (const char *s = *ports ? ports : "5432"; s; s = strchr(s, ',') ? strchr(s, ',') + 1 : NULL)
		if (r->nport >= 0 && r->nport < (int)(sizeof r->port / sizeof *r->port))
			r->port[r->nport++] = *s == ',' || !*s ? 5432 : (int)strtol(s, NULL, 10);
}

static void reach_file(struct db_reach *r, struct arena *a, const char *home, const char *path)
{
	if (r->nfile < (int)(sizeof r->file / sizeof *r->file) && *path)
		r->file[r->nfile++] = home ? arena_printf(a, "%s/%s", home, path) : arena_dup(a, path);
}

int db_reach(struct arena *a, const char *url, struct db_reach *out, struct err *e)
{
	static const char *const files[] = { "passfile", "sslcert", "sslkey", "sslrootcert", "sslcrl", "sslcrldir" };
	static const char *const in_home[] = { ".pgpass", ".postgresql" };
	PQconninfoOption *given = NULL, *unless = NULL;
	const char *home = getenv("HOME"), *ports = "", *service = "";

	*out = (struct db_reach){ 0 };
	if (!url)
		return 0;
	given = PQconninfoParse(url, NULL);
	unless = PQconndefaults();              /* the environment, and what libpq was built with */
	if (!given)
		goto bad;
	for (const PQconninfoOption *o = given, *u = unless; o->keyword; o++) {
		const char *value = o->val;

		for (u = unless; !value && u && u->keyword; u++)
			if (strcmp(u->keyword, o->keyword) == 0)
				value = u->val;
		if (!value)
			continue;
		if (strcmp(o->keyword, "port") == 0)
			ports = arena_dup(a, value);
		else if (strcmp(o->keyword, "service") == 0)
			service = arena_dup(a, value);
		for (size_t i = 0; i < sizeof files / sizeof *files; i++)
			if (strcmp(o->keyword, files[i]) == 0)
				reach_file(out, a, NULL, value);
	}
	for (size_t i = 0; home && i < sizeof in_home / sizeof *in_home; i++)
		reach_file(out, a, home, in_home[i]);
	if (*service) {                         /* its file may say anything */
		out->nport = -1;
		if (home)
			reach_file(out, a, home, ".pg_service.conf");
		reach_file(out, a, NULL, getenv("PGSERVICEFILE") ? getenv("PGSERVICEFILE") : "/etc/postgresql-common/pg_service.conf");
	}
	reach_ports(out, ports);
	PQconninfoFree(given);
	PQconninfoFree(unless);
	return 0;
bad:
	PQconninfoFree(unless);
	return FAIL_FIELD(e, E_DB_URL_INVALID, "db", "not understood");
}

/* How often we wrote, how many statements of others did, and since when the server runs: a standby that takes over may know less. */
#define MARK "(SELECT n FROM write_mark),(SELECT count(*) FROM write_outside),(extract(epoch FROM pg_postmaster_start_time())*1000000)::bigint"

/* The writer is ours: what it writes it says itself, so that the triggers need not (schema/0015). */
static int writer_ready(struct db_conn *c, struct err *e)
{
	return ask(c, "SET pedel.writer='1'; PREPARE mark_move AS UPDATE write_mark SET n=n+1; PREPARE mark_begin AS "
		"SELECT pg_current_xact_id()::text," MARK, e);
}

static int pq_connect(struct db_conn *c, const struct db_config *cfg, struct err *e)
{
	char line[160];

	c->h = server(cfg->url);
	if (PQstatus(c->h) != CONNECTION_OK) {
		snprintf(line, sizeof line, "%.150s", PQerrorMessage(c->h));
		line[strcspn(line, "\n")] = 0;
		c->lost = true;
		return FAIL(e, E_DB_DOWN, "%s", line);
	}
	if (PQserverVersion(c->h) < 150000)
		return FAIL(e, E_DB_SCHEMA, "PostgreSQL 15 or newer is needed, this is %d", PQserverVersion(c->h) / 10000);
	if (ask(c, c->reader ? "SET statement_timeout='60s'; SET timezone='UTC'" :
		"SET lock_timeout='15s'; SET timezone='UTC'; SET synchronous_commit=on", e) != 0)
		return -1;
	return !c->reader && c->db->marked ? writer_ready(c, e) : 0;
}

static void pq_disconnect(struct db_conn *c)
{
	PQfinish(c->h);
	c->h = NULL;
}

/* The mark is asked after the lock was waited for, by a statement of its own: only then it is the last one's. */
#define LOCKED "BEGIN; SELECT pg_advisory_xact_lock(70315, hashtext(current_schema())); "

static int pq_begin(struct db_conn *c, struct err *e)
{
	PGresult *r;

	c->unsure = c->moves = false;
	if (c->reader)
		return ask(c, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", e);
	r = PQexec(c->h, c->db->marked ? LOCKED "EXECUTE mark_begin" : LOCKED "SELECT pg_current_xact_id()::text,NULL,NULL,NULL");
	if (PQresultStatus(r) != PGRES_TUPLES_OK)
		return fail_result(c, r, "BEGIN", e);
	snprintf(c->mark, sizeof c->mark, "%s", PQgetvalue(r, 0, 0));
	for (int i = 0; i < 3; i++)
		c->now[i] = PQgetisnull(r, 0, i + 1) ? -1 : strtoll(PQgetvalue(r, 0, i + 1), NULL, 10);
	PQclear(r);
	return 0;
}

static bool pq_in_transaction(struct db_conn *c)
{
	PGTransactionStatusType st = PQtransactionStatus(c->h);

	return st == PQTRANS_INTRANS || st == PQTRANS_INERROR;
}

/* The server went away after COMMIT was sent: it alone knows whether it heard. 0 it did; otherwise -1, and c->unsure when
 * it does not answer. */
static int commit_heard(struct db_conn *c, const struct db_config *cfg, struct err *e)
{
	const char *const v[] = { c->mark };

	for (int i = 0; i < COMMIT_TRIES; i++) {
		PGconn *h = server(cfg->url);
		PGresult *r = PQexecParams(h, "SELECT pg_xact_status($1::xid8)", 1, NULL, v, NULL, NULL, 0);
		const char *got = PQresultStatus(r) == PGRES_TUPLES_OK ? PQgetvalue(r, 0, 0) : "";
		int heard = strcmp(got, "committed") == 0 ? 1 : strcmp(got, "aborted") == 0 ? -1 : 0;

		PQclear(r);
		PQfinish(h);
		if (heard)
			return heard > 0 ? 0 : -1;
		usleep(COMMIT_PAUSE_US);
	}
	c->unsure = true;
	return FAIL(e, E_DB_DOWN, "lost while it committed; whether it did is not known");
}

/* The mark moves with what was written, in the same transaction and the same message. */
static const char *commit_text(struct db_conn *c)
{
	static const struct db_tables none = { { 0 } };

	c->moves = c->db->marked && (c->wrote_any || memcmp(&c->wrote, &none, sizeof none) != 0);
	if (!c->moves)
		return "COMMIT";
	if (c->now[1] < OUTSIDE_MOST)
		return "EXECUTE mark_move; COMMIT";
	c->wrote_any = true;                    /* what these rows stood for is known to nobody */
	return "DELETE FROM write_outside; EXECUTE mark_move; COMMIT";
}

static int pq_commit(struct db_conn *c, const struct db_config *cfg, struct err *e)
{
	PGresult *r = PQexec(c->h, commit_text(c));

	if (PQresultStatus(r) != PGRES_COMMAND_OK) {
		fail_result(c, r, "COMMIT", e);
		return c->lost ? commit_heard(c, cfg, e) : -1;
	}
	if (strcmp(PQcmdStatus(r), "COMMIT") != 0) {    /* PostgreSQL answers ROLLBACK, without an error, to a failed transaction */
		PQclear(r);
		return FAIL(e, E_DB, "the transaction had failed before COMMIT");
	}
	PQclear(r);
	return 0;
}

static void pq_rollback(struct db_conn *c)
{
	struct err ignored;

	c->failed = false;
	if (pq_in_transaction(c) && ask(c, "ROLLBACK", &ignored) != 0)
		c->lost = true;
}

static int pq_savepoint(struct db_conn *c, struct err *e) { return ask(c, "SAVEPOINT job", e); }
static int pq_keep(struct db_conn *c, struct err *e) { return ask(c, "RELEASE job", e); }
static int pq_take_back(struct db_conn *c, struct err *e) { return ask(c, "ROLLBACK TO job; RELEASE job", e); }
static int pq_script(struct db_conn *c, const char *text, struct err *e) { return ask(c, text, e); }

/* ?1 to $1, outside texts in quotes; the highest number is how many values it takes. The result is as long as text. */
static int dollars(char *to, const char *text)
{
	char quote = 0;
	int most = 0;

	for (; *text; text++, to++) {
		if (quote ? *text == quote : *text == '\'' || *text == '"')
			quote = quote ? 0 : *text;
		*to = *text;
		if (!quote && *text == '?' && text[1] >= '1' && text[1] <= '9') {
			int n = (int)strtol(text + 1, NULL, 10);

			*to = '$';
			most = n > most ? n : most;
		}
	}
	*to = 0;
	return most;
}

static int pq_prepare(struct db_conn *c, struct db_stmt *s, const struct db_val *v, int nv, struct err *e)
{
	Oid types[DB_PARAMS];
	char name[24], *text = malloc(strlen(s->text) + 1);
	PGresult *r;

	if (!text)
		return FAIL(e, E_MEMORY_LIMIT, "statement");
	s->params = dollars(text, s->text);
	for (int i = 0; i < nv; i++)    /* a NULL says nothing: the server finds its type from the statement */
		types[i] = v[i].type == DB_V_INT ? OID_INT : v[i].type == DB_V_TEXT ? OID_TEXT : v[i].type == DB_V_BYTES ? OID_BYTES : 0;
	snprintf(name, sizeof name, "p%d", s->serial);
	r = PQprepare(c->h, name, text, nv, types);
	free(text);
	if (PQresultStatus(r) != PGRES_COMMAND_OK)
		return fail_result(c, r, s->text, e);
	PQclear(r);
	return 0;
}

static void pq_forget(struct db_conn *c, struct db_stmt *s)
{
	char text[48];
	struct err ignored;

	if (c->closing || c->lost || PQtransactionStatus(c->h) == PQTRANS_INERROR)
		return;
	snprintf(text, sizeof text, "DEALLOCATE p%d", s->serial);
	ask(c, text, &ignored);
}

static int pq_start(struct db_cur *cur, const struct db_val *v, int nv, struct err *e)
{
	struct db_conn *c = cur->c;
	const char *values[DB_PARAMS];
	int lengths[DB_PARAMS], formats[DB_PARAMS];
	char numbers[DB_PARAMS][24], name[24];
	PGresult *r;

	if (nv != cur->s->params)
		return FAIL(e, E_BUG, "%d values for %d parameters: %.120s", nv, cur->s->params, cur->s->text);
	for (int i = 0; i < nv; i++) {
		formats[i] = v[i].type == DB_V_BYTES;
		lengths[i] = (int)v[i].n;
		values[i] = v[i].type == DB_V_NULL ? NULL : v[i].type == DB_V_INT ? numbers[i] : v[i].p ? v[i].p : "";
		if (v[i].n > INT32_MAX)
			return FAIL(e, E_TOO_LONG, "a value of %zu bytes", v[i].n);
		if (v[i].type == DB_V_INT)
			snprintf(numbers[i], sizeof numbers[i], "%lld", (long long)v[i].i);
	}
	snprintf(name, sizeof name, "p%d", cur->s->serial);
	r = PQexecPrepared(c->h, name, nv, values, lengths, formats, 0);
	if (PQresultStatus(r) != PGRES_COMMAND_OK && PQresultStatus(r) != PGRES_TUPLES_OK)
		return fail_result(c, r, cur->s->text, e);
	cur->res = r;
	cur->rows = PQntuples(r);
	cur->row = -1;
	c->changed = strtoll(PQcmdTuples(r), NULL, 10);
	return 0;
}

static int pq_next(struct db_cur *cur, struct err *e)
{
	if (cur->row + 1 >= cur->rows)
		return 0;
	cur->row++;
	cur->row_ready = true;
	return 1;
}

static void pq_stop(struct db_cur *cur)
{
	PQclear(cur->res);
	cur->res = NULL;
}

static bool pq_null(struct db_cur *cur, int col) { return PQgetisnull(cur->res, cur->row, col); }

static int64_t pq_int(struct db_cur *cur, int col)
{
	const char *s = PQgetvalue(cur->res, cur->row, col);

	return *s == 't' ? 1 : strtoll(s, NULL, 10);
}

static const char *pq_text(struct db_cur *cur, int col, size_t *n)
{
	*n = (size_t)PQgetlength(cur->res, cur->row, col);
	return PQgetisnull(cur->res, cur->row, col) ? NULL : PQgetvalue(cur->res, cur->row, col);
}

static int digit(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

static struct db_bytes pq_bytes(struct db_cur *cur, int col, struct arena *a)
{
	size_t n;
	const char *s = pq_text(cur, col, &n);
	char *p;

	if (n < 2 || s[0] != '\\' || s[1] != 'x')
		return (struct db_bytes){ arena_copy(a, s, n), n };
	n = (n - 2) / 2;
	p = arena_get(a, n + 1);
	for (size_t i = 0; i < n; i++)
		p[i] = (char)(digit(s[2 + i * 2]) << 4 | digit(s[3 + i * 2]));
	return (struct db_bytes){ p, n };
}

static int pq_cols(struct db_cur *cur) { return PQnfields(cur->res); }
static int pq_idle(struct db_conn *c) { return 0; }

static void mark_set(struct db_mark *out, int64_t ours, int64_t outside, int64_t server)
{
	const int64_t now[3] = { ours, outside, server };

	memset(out->b, 0, sizeof out->b);
	memcpy(out->b, now, sizeof now);
	out->known = true;
}

/* Seen in one snapshot, the same numbers are the same data. Ours is moved under the schema's lock, one commit after the other; of the others' rows a
 * later snapshot sees all that an earlier one saw, until a commit of ours takes them away. */
static void pq_mark_ask(struct db_conn *c, struct db_mark *out)
{
	static const struct db_sql q = { "SELECT " MARK, NULL };
	struct db_cur *cur;
	struct err ignored;

	if (!c->db->marked || db_query(c, &q, DB_NONE, &cur, &ignored) != 0)
		return;
	if (db_next(cur, &ignored) == 1 && !pq_null(cur, 0))
		mark_set(out, pq_int(cur, 0), pq_int(cur, 1), pq_int(cur, 2));
	db_done(cur);
}

static void pq_mark_commit(struct db_conn *c, const struct db_mark *before, struct db_mark *out)
{
	if (c->now[0] >= 0 && (!before || c->moves))
		mark_set(out, c->now[0] + (before ? 1 : 0), c->now[1], c->now[2]);
}

static void pq_mark_find(struct db *d)
{
	struct err ignored;

	d->marked = writer_ready(d->writer, &ignored) == 0;
}

const struct db_driver db_postgres = {
	.kind = DB_POSTGRES, .connect = pq_connect, .disconnect = pq_disconnect, .begin = pq_begin, .commit = pq_commit, .rollback = pq_rollback,
	.in_transaction = pq_in_transaction, .script = pq_script, .savepoint = pq_savepoint, .keep = pq_keep, .take_back = pq_take_back,
	.prepare = pq_prepare, .forget = pq_forget, .start = pq_start, .next = pq_next, .stop = pq_stop, .col_int = pq_int, .col_null = pq_null,
	.col_text = pq_text, .col_bytes = pq_bytes, .cols = pq_cols, .idle = pq_idle,
	.mark_find = pq_mark_find, .mark_ask = pq_mark_ask, .mark_commit = pq_mark_commit,
};
