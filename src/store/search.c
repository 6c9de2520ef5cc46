/* A word becomes up to three tokens: itself (w...), its Danish stem (d...) and its English stem (e...). Words that hang
 * together by . @ - _ + / (addresses, host names, serial numbers) are also kept whole, and every stretch of them. A token
 * holds no blank and no quote, and the databases are told not to cut it, so both hold exactly the same set. */
#include "store/search.h"
#include <libstemmer.h>
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/text.h"

/* Hits. SQLite: a look-up costs about 2 us, a row of the list in its own order 0.1 us. PostgreSQL: 3 us either way, and to count to it 2 ms. */
enum { COMMON = 1000 };
/* POOL_TIMES: eight words of a letter each, joined, are 16 bytes with their blank, and give 324 bytes of tokens. */
enum { TEXT_MOST = 200 << 10, POOL_TIMES = 21, POOL_MOST = 900 << 10, WORD_MOST = 64, PARTS_MOST = 8, QUERY_WORDS = 32, QUERY_BYTES = 4096 };

struct part { const char *s; size_t n; };
struct run { struct part parts[PARTS_MOST]; int n; bool loose; };    /* loose: joined by - and / only, as ordinary words are */

/* A letter or digit of any script; what is left out is punctuation, symbols and blanks. */
static bool word_char(uint32_t c)
{
	if (c < 0x80)
		return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
	if (c < 0xC0)
		return c == 0xAA || c == 0xB5 || c == 0xBA;
	return c != 0xD7 && c != 0xF7 && c != 0xFFFD && c != 0xFEFF && !(c >= 0x2000 && c <= 0x2BFF) && !(c >= 0x3000 && c <= 0x303F) &&
		!(c >= 0xE000 && c <= 0xF8FF) && !(c >= 0xFE00 && c <= 0xFE6F) && !(c >= 0x1F000 && c <= 0x1FAFF);
}

static bool joins(char c) { return c && strchr(".@-_+/", c); }

/* The next run of words in lower-case text; false at its end. */
static bool run_next(const char **text, struct run *r)
{
	const char *s = *text, *at;
	uint32_t c;

	*r = (struct run){ .loose = true };
	for (at = s; (c = text_next(&s)) && !word_char(c); at = s)
		;
	if (!c) {
		*text = at;
		return false;
	}
	r->parts[0].s = at;
	for (;;) {
		const char *end = s, *peek;

		c = text_next(&s);
		if (c && word_char(c))
			continue;
		r->parts[r->n].n = (size_t)(end - r->parts[r->n].s);
		r->n++;
		peek = s;
		if (!c || r->n == PARTS_MOST || c >= 0x80 || !joins((char)c) || !word_char(text_next(&peek))) {
			*text = c ? s : end;
			return true;
		}
		r->loose &= c == '-' || c == '/';
		r->parts[r->n].s = s;
		s = peek;
	}
}

/* At most WORD_MOST bytes, whole characters. */
static size_t cut(const char *s, size_t n)
{
	if (n <= WORD_MOST)
		return n;
	for (n = WORD_MOST; n && ((unsigned char)s[n] & 0xC0) == 0x80; n--)
		;
	return n;
}

static bool has_digit(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] >= '0' && s[i] <= '9')
			return true;
	return false;
}

struct pool {
	char *p;
	size_t n, cap;
	uint32_t *at;
	size_t count;
	struct sb_stemmer *da, *en;
};

static void pool_put(struct pool *o, char kind, const char *s, size_t n)
{
	n = cut(s, n);
	if (n == 0 || o->n + n + 2 > o->cap)
		return;
	o->at[o->count++] = (uint32_t)o->n;
	o->p[o->n] = kind;
	memcpy(o->p + o->n + 1, s, n);
	o->p[o->n + 1 + n] = 0;
	o->n += n + 2;
}

static void pool_word(struct pool *o, const char *s, size_t n)
{
	const sb_symbol *t;

	n = cut(s, n);
	pool_put(o, 'w', s, n);
	if (has_digit(s, n))
		return;
	t = o->da ? sb_stemmer_stem(o->da, (const sb_symbol *)s, (int)n) : NULL;
	if (t)
		pool_put(o, 'd', (const char *)t, (size_t)sb_stemmer_length(o->da));
	t = o->en ? sb_stemmer_stem(o->en, (const sb_symbol *)s, (int)n) : NULL;
	if (t)
		pool_put(o, 'e', (const char *)t, (size_t)sb_stemmer_length(o->en));
}

static void pool_run(struct pool *o, const struct run *r)
{
	for (int i = 0; i < r->n; i++) {
		pool_word(o, r->parts[i].s, r->parts[i].n);
		for (int k = i + 1; k < r->n; k++)
			pool_put(o, 'w', r->parts[i].s, (size_t)(r->parts[k].s + r->parts[k].n - r->parts[i].s));
	}
}

static int by_text(const void *x, const void *y, void *pool)
{
	const char *p = pool;

	return strcmp(p + *(const uint32_t *)x, p + *(const uint32_t *)y);
}

/* Some programs write å as a and a ring; the index knows one form. */
static const char *prepared(struct arena *a, const char *text, size_t most)
{
	size_t n = strlen(text);
	char *s, *to;

	if (n > most)
		for (n = most; n && ((unsigned char)text[n] & 0xC0) == 0x80; n--)
			;
	s = to = text_lower(a, arena_dupn(a, text, n));
	for (const char *from = s; *from; from++)
		if (from[0] == 'a' && (unsigned char)from[1] == 0xCC && (unsigned char)from[2] == 0x8A) {
			*to++ = (char)0xC3;
			*to++ = (char)0xA5;
			from += 2;
		} else {
			*to++ = *from;
		}
	*to = 0;
	return s;
}

char *search_tokens(struct arena *a, const char *given)
{
	const char *text = prepared(a, given, TEXT_MOST);
	struct pool o = { .cap = strlen(text) * POOL_TIMES + 64 };
	struct buf out;
	struct run r;

	if (o.cap > POOL_MOST)
		o.cap = POOL_MOST;
	o.p = arena_get(a, o.cap);
	o.at = ARENA_ARRAY(a, uint32_t, o.cap / 3 + 1);
	buf_init(&out, a, o.cap);
	o.da = sb_stemmer_new("danish", "UTF_8");       /* no jump out of here while they live: all memory is taken above */
	o.en = sb_stemmer_new("english", "UTF_8");
	while (run_next(&text, &r))
		pool_run(&o, &r);
	sb_stemmer_delete(o.da);
	sb_stemmer_delete(o.en);
	qsort_r(o.at, o.count, sizeof *o.at, by_text, o.p);
	for (size_t i = 0; i < o.count; i++) {
		if (i && strcmp(o.p + o.at[i], o.p + o.at[i - 1]) == 0)
			continue;
		if (out.n)
			buf_addc(&out, ' ');
		buf_adds(&out, o.p + o.at[i]);
	}
	return out.p ? out.p : arena_dup(a, "");
}

/* ---- asking */

struct asking { struct buf *b; enum db_kind kind; int words; struct sb_stemmer *da, *en; };

static void ask_token(struct asking *q, char kind, const char *s, size_t n, bool beginning)
{
	const char *mark = q->kind == DB_SQLITE ? "\"" : "'";

	buf_adds(q->b, mark);
	buf_addc(q->b, kind);
	buf_add(q->b, s, n);
	buf_adds(q->b, mark);
	if (beginning)
		buf_adds(q->b, q->kind == DB_SQLITE ? " *" : ":*");
}

static void ask_word(struct asking *q, const char *s, size_t n, bool whole, bool last)
{
	const char *or = q->kind == DB_SQLITE ? " OR " : " | ";
	const sb_symbol *t;

	n = cut(s, n);
	if (q->words++)
		buf_adds(q->b, q->kind == DB_SQLITE ? " AND " : " & ");
	buf_addc(q->b, '(');
	ask_token(q, 'w', s, n, last);
	if (!whole && !has_digit(s, n)) {
		t = q->da ? sb_stemmer_stem(q->da, (const sb_symbol *)s, (int)n) : NULL;
		if (t) {
			buf_adds(q->b, or);
			ask_token(q, 'd', (const char *)t, (size_t)sb_stemmer_length(q->da), false);
		}
		t = q->en ? sb_stemmer_stem(q->en, (const sb_symbol *)s, (int)n) : NULL;
		if (t) {
			buf_adds(q->b, or);
			ask_token(q, 'e', (const char *)t, (size_t)sb_stemmer_length(q->en), false);
		}
	}
	buf_addc(q->b, ')');
}

const char *search_query(struct arena *a, enum db_kind kind, const char *given)
{
	const char *text = prepared(a, given, QUERY_BYTES);
	struct run runs[QUERY_WORDS];
	struct buf b;
	struct asking q = { .b = &b, .kind = kind };
	int n = 0;

	while (n < QUERY_WORDS && run_next(&text, &runs[n]))
		n++;
	if (n == 0)
		return NULL;
	buf_init(&b, a, 128 << 10);
	buf_add(&b, "", 0);
	q.da = sb_stemmer_new("danish", "UTF_8");
	q.en = sb_stemmer_new("english", "UTF_8");
	for (int i = 0; i < n; i++) {
		const struct run *r = &runs[i];

		if (!r->loose)
			ask_word(&q, r->parts[0].s, (size_t)(r->parts[r->n - 1].s + r->parts[r->n - 1].n - r->parts[0].s), true, i == n - 1);
		for (int k = 0; r->loose && k < r->n; k++)
			ask_word(&q, r->parts[k].s, r->parts[k].n, false, i == n - 1 && k == r->n - 1);
	}
	sb_stemmer_delete(q.da);
	sb_stemmer_delete(q.en);
	return b.full ? NULL : buf_text(&b);
}

/* The plus keeps SQLite from beginning with the words. PostgreSQL plans a statement once for all words, and must not guess how many hold them: an
 * array is made first and looked up by number; a value read by number is no condition that its guesses speak of, so the list keeps its order. */
const char *search_where(enum db_kind kind, int n, bool common)
{
#define WHERE(n) { { " AND t.id IN (SELECT rowid FROM ticket_search WHERE ticket_search MATCH ?" #n ")", \
	" AND +t.id IN (SELECT rowid FROM ticket_search WHERE ticket_search MATCH ?" #n ")" }, \
	{ " AND t.id=ANY(ARRAY(SELECT ticket_id FROM ticket_search WHERE tokens @@ (SELECT (?" #n ")::tsquery)))", \
	" AND (SELECT s.tokens @@ (?" #n ")::tsquery FROM ticket_search s WHERE s.ticket_id=t.id)" } }
	static const char *const where[][2][2] = { WHERE(1), WHERE(2), WHERE(3), WHERE(4), WHERE(5), WHERE(6), WHERE(7), WHERE(8), WHERE(9) };

	return where[(n < 1 ? 1 : n > 9 ? 9 : n) - 1][kind == DB_SQLITE ? 0 : 1][common];
}

int search_common(struct db_conn *c, const char *words, bool *common, struct err *e)
{
	static const struct db_sql q = { "SELECT count(*) FROM (SELECT rowid FROM ticket_search WHERE ticket_search MATCH ?1 LIMIT ?2) x",
		"SELECT count(*) FROM (SELECT 1 FROM ticket_search WHERE tokens @@ (SELECT (?1)::tsquery) LIMIT ?2) x" };
	int64_t n;

	if (db_id(c, &q, DB(DB_TEXT(words), DB_INT(COMMON)), &n, e) != 0)
		return -1;
	*common = n == COMMON;
	return 0;
}

int search_put(struct db_conn *w, struct arena *a, int64_t ticket_id, const char *text, struct err *e)
{
	static const struct db_sql forget = { "DELETE FROM ticket_search WHERE rowid=?1", "DELETE FROM ticket_search WHERE ticket_id=?1" };
	static const struct db_sql put = { "INSERT INTO ticket_search(rowid,tokens) VALUES(?1,?2)",
		"INSERT INTO ticket_search(ticket_id,tokens) VALUES(?1,array_to_tsvector(array_remove(string_to_array(?2,' '),'')))" };

	if (db_run(w, &forget, DB(DB_INT(ticket_id)), NULL, e) != 0)
		return -1;
	return db_run(w, &put, DB(DB_INT(ticket_id), DB_TEXT(search_tokens(a, text))), NULL, e);
}
