#include "store/db_trace.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "base/moment.h"
#include "store/db_driver.h"

enum { TABLES = 128, NAME_MOST = 63, ASKED_BUCKETS = 512, ASKED_MOST = 2048, COMMITS = 64, LOG_MOST = 256 << 10 };
enum op { OP_OPEN, OP_NEXT, OP_DONE, OP_INT, OP_NULL, OP_TEXT, OP_BYTES };
/* An integer from here on is taken for a moment: ids, minutes and money do not get there. */
#define MOMENTS_FROM (INT64_C(1000000000) * MOMENT_SECOND)

struct db_asked {
	struct db_asked *next;
	struct db_tables tables;                /* it names */
	struct db_tables wrote;                 /* it writes */
	bool writes;
	char text[];
};
struct commit { struct db_mark before, after; struct db_tables tables; };
struct db_notes {
	pthread_mutex_t lock;
	char name[TABLES][NAME_MOST + 1];       /* in order; more than there is room for share the last place */
	int ntables;
	bool many;
	struct db_asked *asked[ASKED_BUCKETS];
	int nasked;
	struct commit commit[COMMITS];
	unsigned ncommits;                      /* ever; the last COMMITS of them are held */
};

/* ---- the tables */

static void tables_add(struct db_tables *t, const struct db_tables *more)
{
	t->b[0] |= more->b[0];
	t->b[1] |= more->b[1];
}

static bool tables_meet(const struct db_tables *x, const struct db_tables *y) { return (x->b[0] & y->b[0]) || (x->b[1] & y->b[1]); }

static void name_find(const struct db_notes *o, const char *word, size_t n, struct db_tables *out)
{
	int low = 0, high = o->ntables;

	while (low < high) {
		int mid = (low + high) / 2, way = strncasecmp(o->name[mid], word, n);

		if (way == 0)
			way = o->name[mid][n] != 0;
		if (way == 0) {
			out->b[mid / 64] |= UINT64_C(1) << mid % 64;
			return;
		}
		if (way < 0)
			low = mid + 1;
		else
			high = mid;
	}
}

static struct db_tables named(const struct db_notes *o, const char *text)
{
	struct db_tables out = { { 0 } };
	size_t n;

	while (*text)
		if (isalpha((unsigned char)*text) || *text == '_') {
			for (n = 1; isalnum((unsigned char)text[n]) || text[n] == '_'; n++)
				;
			name_find(o, text, n, &out);
			text += n;
		} else {
			text++;
		}
	return out;
}

static int by_name(const void *x, const void *y) { return strcasecmp(x, y); }

static void tables_read(struct db_notes *o, struct db_conn *c)
{
	static const struct db_sql q = { "SELECT name FROM sqlite_schema WHERE type IN ('table','view')",
		"SELECT relname::text FROM pg_class WHERE relnamespace=current_schema()::regnamespace AND relkind IN ('r','p','v','m','f')" };
	struct db_cur *cur;
	struct err ignored;
	int rc = -1;
	size_t n;

	if (db_query(c, &q, DB_NONE, &cur, &ignored) == 0) {
		while ((rc = db_next(cur, &ignored)) > 0) {
			const char *s = c->drv->col_text(cur, 0, &n);

			if (!s || n > NAME_MOST || o->ntables == TABLES)
				break;
			memcpy(o->name[o->ntables++], s, n + 1);
		}
		db_done(cur);
	}
	c->failed = false;
	if (rc != 0)
		o->ntables = 0;
	qsort(o->name, (size_t)o->ntables, sizeof o->name[0], by_name);
}

void db_notes_begin(struct db *d)
{
	struct db_notes *o = calloc(1, sizeof *o);

	if (!o)
		return;
	tables_read(o, d->writer);
	if (o->ntables == 0) {          /* then nothing is known of what anybody reads or writes */
		free(o);
		return;
	}
	pthread_mutex_init(&o->lock, NULL);
	d->notes = o;
}

void db_notes_end(struct db_notes *o)
{
	if (!o)
		return;
	for (int i = 0; i < ASKED_BUCKETS; i++)
		for (struct db_asked *s = o->asked[i], *next; s; s = next) {
			next = s->next;
			free(s);
		}
	pthread_mutex_destroy(&o->lock);
	free(o);
}

void db_trace_each(struct db *d, void (*see)(void *arg, const char *text, const struct db_tables *reads, const struct db_tables *writes), void *arg)
{
	for (int i = 0; d->notes && i < ASKED_BUCKETS; i++)
		for (const struct db_asked *s = d->notes->asked[i]; s; s = s->next)
			see(arg, s->text, &s->tables, &s->wrote);
}

struct db_tables db_tables_named(struct db *d, const char *text) { return d->notes ? named(d->notes, text) : (struct db_tables){ { 0 } }; }
bool db_tables_hold(const struct db_tables *all, const struct db_tables *some) { return !(some->b[0] & ~all->b[0]) && !(some->b[1] & ~all->b[1]); }

static const char *after(const char *text, const char *word)
{
	size_t n = strlen(word);

	if (strncasecmp(text, word, n) != 0 || isalnum((unsigned char)text[n]) || text[n] == '_')
		return NULL;
	return text + n + strspn(text + n, " \t\r\n");
}

/* What only looks, or only begins and ends. */
static bool only_reads(const char *text)
{
	static const char *const words[] = { "SELECT", "BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (after(text, words[i]))
			return true;
	return false;
}

/* The one table that a plain statement writes; of any other, all it names. */
static struct db_tables written_by(const struct db_notes *o, const char *text)
{
	static const char *const words[][2] = { { "INSERT", "INTO" }, { "DELETE", "FROM" }, { "UPDATE", NULL } };
	struct db_tables out = { { 0 } };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		const char *s = after(text, words[i][0]);

		if (s && words[i][1])
			s = after(s, words[i][1]);
		if (s)
			name_find(o, s, strcspn(s, " \t\r\n("), &out);
	}
	return out.b[0] || out.b[1] ? out : named(o, text);
}

const struct db_asked *db_asked_of(struct db *d, const char *text, uint64_t hash)
{
	struct db_notes *o = d->notes;
	struct db_asked *s, **bucket;
	size_t n = strlen(text) + 1;

	if (!o)
		return NULL;
	pthread_mutex_lock(&o->lock);
	bucket = &o->asked[hash % ASKED_BUCKETS];
	for (s = *bucket; s && strcmp(s->text, text) != 0; s = s->next)
		;
	if (!s && o->nasked < ASKED_MOST && (s = malloc(sizeof *s + n))) {
		memcpy(s->text, text, n);
		s->tables = named(o, text);
		s->writes = !only_reads(text);
		s->wrote = s->writes ? written_by(o, text) : (struct db_tables){ { 0 } };
		s->next = *bucket;
		*bucket = s;
		o->nasked++;
	}
	pthread_mutex_unlock(&o->lock);
	return s;
}

/* ---- commits */

void db_wrote(struct db_conn *c, const struct db_asked *s)
{
	if (!s || (s->writes && !s->wrote.b[0] && !s->wrote.b[1]))
		c->wrote_any = true;
	else if (s->writes)
		tables_add(&c->wrote, &s->wrote);
}

void db_commit_begin(struct db_conn *c, struct db_mark *before)
{
	c->wrote = (struct db_tables){ { 0 } };
	c->wrote_any = false;
	before->known = false;
	if (c->db->notes && c->drv->mark_commit)
		c->drv->mark_commit(c, NULL, before);
}

/* The commit stands. A hole is left where it cannot be said that nothing but it lies between the two marks. */
void db_commit_end(struct db_conn *c, const struct db_mark *before)
{
	struct db_notes *o = c->db->notes;
	struct commit n = { .before = *before, .tables = c->wrote };

	if (!o || !before->known || c->wrote_any)
		return;
	c->drv->mark_commit(c, before, &n.after);
	if (!n.after.known || db_mark_same(before, &n.after))
		return;
	pthread_mutex_lock(&o->lock);
	o->commit[o->ncommits++ % COMMITS] = n;
	pthread_mutex_unlock(&o->lock);
}

bool db_mark_between(struct db *d, const struct db_mark *from, const struct db_mark *to, struct db_tables *out)
{
	struct db_notes *o = d->notes;
	struct db_mark at = *to;
	bool there;

	*out = (struct db_tables){ { 0 } };
	if (!from->known || !to->known)
		return false;
	there = db_mark_same(from, to);
	if (!o || there)
		return there;
	pthread_mutex_lock(&o->lock);
	for (unsigned i = 1, begun = 0; !there && i <= COMMITS && i <= o->ncommits; i++) {
		const struct commit *k = &o->commit[(o->ncommits - i) % COMMITS];

		if (!db_mark_same(&k->after, &at)) {
			if (begun)
				break;
			continue;               /* newer than what is asked about */
		}
		begun = 1;
		tables_add(out, &k->tables);
		at = k->before;
		there = db_mark_same(&at, from);
	}
	pthread_mutex_unlock(&o->lock);
	return there;
}

/* ---- noting */

static char *room(struct db_conn *c, size_t n)
{
	struct db_log *l = &c->log;
	char *p;

	if (l->n + n > l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 8192;

		while (cap < l->n + n)
			cap *= 2;
		p = cap <= LOG_MOST ? realloc(l->p, cap) : NULL;
		if (!p) {
			l->on = l->whole = false;
			return NULL;
		}
		l->p = p;
		l->cap = cap;
	}
	p = l->p + l->n;
	l->n += n;
	return p;
}

/* op, slot, column, one small value */
static void note(struct db_cur *cur, enum op op, int col, int small, const void *v, size_t n)
{
	char *p = room(cur->c, 4 + n);

	if (!p)
		return;
	p[0] = (char)op;
	p[1] = (char)(cur - cur->c->curs);
	p[2] = (char)col;
	p[3] = (char)small;
	if (n)
		memcpy(p + 4, v, n);
}

/* Its length, itself, and a NUL, which libpq wants behind a text. */
static void note_bytes(struct db_conn *c, const void *v, size_t n)
{
	uint32_t len = v ? (uint32_t)n : UINT32_MAX;
	char *p = n < LOG_MOST ? room(c, sizeof len + (v ? n + 1 : 0)) : NULL;

	if (!p) {
		c->log.on = c->log.whole = false;
		return;
	}
	memcpy(p, &len, sizeof len);
	if (v && n)
		memcpy(p + sizeof len, v, n);
	if (v)
		p[sizeof len + n] = 0;
}

void db_log_open(struct db_cur *cur, const struct db_val *v, int nv)
{
	const struct db_asked *s = cur->s->asked;
	struct db_log *l = &cur->c->log;
	bool dated = false;

	if (!s || s->writes || nv > INT8_MAX) {
		l->on = l->whole = false;
		return;
	}
	for (int i = 0; i < nv; i++)
		dated |= v[i].type == DB_V_INT && v[i].i >= MOMENTS_FROM && v[i].i % MOMENT_MINUTE != 0;
	tables_add(&l->tables, &s->tables);
	if (dated)
		tables_add(&l->dated, &s->tables);
	note(cur, OP_OPEN, nv, 0, &s, sizeof s);
	for (int i = 0; i < nv && l->on; i++) {
		char *p = room(cur->c, 1);

		if (!p)
			return;
		*p = (char)v[i].type;
		if (v[i].type == DB_V_INT && (p = room(cur->c, sizeof v[i].i)))
			memcpy(p, &v[i].i, sizeof v[i].i);
		else if (v[i].type == DB_V_TEXT || v[i].type == DB_V_BYTES)
			note_bytes(cur->c, v[i].p ? v[i].p : "", v[i].n);
	}
}

void db_log_next(struct db_cur *cur, int rc)
{
	if (rc < 0)
		cur->c->log.on = cur->c->log.whole = false;
	else
		note(cur, OP_NEXT, 0, rc, NULL, 0);
}

void db_log_done(struct db_cur *cur) { note(cur, OP_DONE, 0, 0, NULL, 0); }
void db_log_int(struct db_cur *cur, int col, int64_t v) { note(cur, OP_INT, col, 0, &v, sizeof v); }
void db_log_null(struct db_cur *cur, int col, bool v) { note(cur, OP_NULL, col, v, NULL, 0); }

void db_log_text(struct db_cur *cur, int col, bool bytes, const void *v, size_t n)
{
	note(cur, bytes ? OP_BYTES : OP_TEXT, col, 0, NULL, 0);
	if (cur->c->log.on)
		note_bytes(cur->c, v, n);
}

void db_trace_begin(struct db_conn *c)
{
	struct db_log *l = &c->log;

	l->n = 0;
	l->tables = l->dated = (struct db_tables){ { 0 } };
	l->on = l->whole = c->db->notes != NULL && c->reader;
}

void db_trace_end(struct db_conn *c, struct db_trace *out)
{
	struct db_log *l = &c->log;

	*out = (struct db_trace){ NULL, 0, l->tables, l->dated };
	if (l->on && l->whole && !c->failed && !c->lost) {
		out->p = l->p ? l->p : "";
		out->n = l->n;
	}
	l->on = false;
}

/* ---- asking again */

struct again {
	struct db_conn *c;
	const char *p, *end;
	struct arena *a;
	struct db_cur *cur[DB_CURSORS];
	bool skip[DB_CURSORS];
};

/* Bytes of the trace, in place. */
static const void *take(struct again *g, size_t n)
{
	const char *p = g->p;

	g->p += n;
	return p;
}

static const void *take_bytes(struct again *g, size_t *n)
{
	uint32_t len;

	memcpy(&len, take(g, sizeof len), sizeof len);
	*n = len == UINT32_MAX ? 0 : len;
	return len == UINT32_MAX ? NULL : take(g, len + 1u);
}

static bool again_open(struct again *g, int slot, int nv, const struct db_tables *written)
{
	const struct db_asked *s;
	struct db_val v[DB_PARAMS];
	struct err ignored;

	memcpy(&s, take(g, sizeof s), sizeof s);
	for (int i = 0; i < nv; i++) {
		v[i] = (struct db_val){ .type = *(const char *)take(g, 1) };
		if (v[i].type == DB_V_INT)
			memcpy(&v[i].i, take(g, sizeof v[i].i), sizeof v[i].i);
		else if (v[i].type == DB_V_TEXT || v[i].type == DB_V_BYTES)
			v[i].p = take_bytes(g, &v[i].n);
	}
	g->skip[slot] = written && !tables_meet(&s->tables, written);
	g->cur[slot] = NULL;
	return g->skip[slot] || db_query(g->c, &(struct db_sql){ s->text, NULL }, v, nv, &g->cur[slot], &ignored) == 0;
}

static bool again_text(struct again *g, struct db_cur *cur, int col, bool bytes)
{
	struct db_bytes got = { NULL, 0 };
	const void *was;
	size_t n;

	was = take_bytes(g, &n);
	if (!cur)
		return true;
	if (!bytes) {
		got.p = g->c->drv->col_text(cur, col, &got.n);
	} else if (!g->c->drv->col_null(cur, col)) {
		got = g->c->drv->col_bytes(cur, col, g->a);
	}
	return was ? got.p && got.n == n && memcmp(got.p, was, n) == 0 : !got.p;
}

static bool again_one(struct again *g, const struct db_tables *written)
{
	const unsigned char *head = take(g, 4);
	int slot = head[1], col = head[2], small = (signed char)head[3];
	struct db_cur *cur = g->cur[slot];
	struct err ignored;
	int64_t i;

	if (head[0] == OP_OPEN)
		return again_open(g, slot, col, written);
	switch ((enum op)head[0]) {
	case OP_NEXT:
		return g->skip[slot] || db_next(cur, &ignored) == small;
	case OP_DONE:
		g->cur[slot] = NULL;
		db_done(cur);
		return true;
	case OP_INT:
		memcpy(&i, take(g, sizeof i), sizeof i);
		return g->skip[slot] || g->c->drv->col_int(cur, col) == i;
	case OP_NULL:
		return g->skip[slot] || g->c->drv->col_null(cur, col) == (small != 0);
	case OP_TEXT:
		return again_text(g, cur, col, false);
	case OP_BYTES:
		return again_text(g, cur, col, true);
	case OP_OPEN:
		break;
	}
	return false;
}

bool db_trace_meets(const struct db_trace *t, const struct db_tables *written) { return tables_meet(&t->tables, written); }

bool db_trace_same(struct db_conn *c, struct arena *a, const struct db_trace *t, const struct db_tables *written)
{
	struct again g = { .c = c, .p = t->p, .end = t->p + t->n, .a = a };
	bool same = t->p && !c->log.on && (written ? !tables_meet(&t->dated, written) : !t->dated.b[0] && !t->dated.b[1]);

	while (same && g.p < g.end)
		same = again_one(&g, written);
	db_close_cursors(c);
	return same;
}
