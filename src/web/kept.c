#include "web/kept.h"
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include "base/moment.h"
#include "os/clock.h"
#include "web/dispatch.h"
#include "web/health.h"

enum { BUCKETS = 2048, ENTRY_MOST = 512 << 10, HEADERS_MOST = 24 };

struct entry {
	struct entry *next;                     /* in its bucket */
	struct entry *newer, *older;            /* by last use */
	atomic_int users;                       /* the table, and every answer on its way */
	struct web_page page;                   /* texts below belong to this block */
	struct http_header headers[HEADERS_MOST];
	int nheaders;
	const char *type;
	const void *body;
	size_t body_bytes, bytes;
	char room[];
};
struct kept {
	pthread_mutex_t lock;
	size_t limit, bytes;
	struct entry *bucket[BUCKETS], *newest, *oldest;
	int entries;
	int64_t found, again, made;
	uint8_t secret[crypto_generichash_KEYBYTES];    /* keys say nothing of cookies, even to who reads the table */
};

struct kept *kept_begin(size_t bytes)
{
	struct kept *k = bytes ? calloc(1, sizeof *k) : NULL;

	if (!k || sodium_init() < 0) {
		free(k);
		return NULL;
	}
	pthread_mutex_init(&k->lock, NULL);
	k->limit = bytes;
	randombytes_buf(k->secret, sizeof k->secret);
	return k;
}

/* ---- the table; all under its lock */

static void let_go(void *arg)
{
	struct entry *n = arg;

	if (atomic_fetch_sub(&n->users, 1) == 1)
		free(n);
}

static struct entry **place_of(struct kept *k, const uint8_t key[32])
{
	struct entry **at;
	uint32_t h;

	memcpy(&h, key, sizeof h);
	for (at = &k->bucket[h % BUCKETS]; *at && memcmp((*at)->page.key, key, 32) != 0; at = &(*at)->next)
		;
	return at;
}

static void age_unlink(struct kept *k, struct entry *n)
{
	*(n->newer ? &n->newer->older : &k->newest) = n->older;
	*(n->older ? &n->older->newer : &k->oldest) = n->newer;
}

static void age_newest(struct kept *k, struct entry *n)
{
	n->newer = NULL;
	n->older = k->newest;
	*(k->newest ? &k->newest->newer : &k->oldest) = n;
	k->newest = n;
}

static void drop(struct kept *k, struct entry *n)
{
	*place_of(k, n->page.key) = n->next;
	age_unlink(k, n);
	k->bytes -= n->bytes;
	k->entries--;
	let_go(n);
}

void kept_end(struct kept *k)
{
	if (!k)
		return;
	while (k->newest)
		drop(k, k->newest);
	pthread_mutex_destroy(&k->lock);
	free(k);
}

struct kept_count kept_count(struct kept *k)
{
	struct kept_count c;

	pthread_mutex_lock(&k->lock);
	c = (struct kept_count){ k->found, k->again, k->made, (int64_t)k->bytes, k->entries };
	pthread_mutex_unlock(&k->lock);
	return c;
}

/* ---- asking */

static void mix(crypto_generichash_state *h, const char *s)
{
	uint32_t n = s ? (uint32_t)strlen(s) : UINT32_MAX;

	crypto_generichash_update(h, (const uint8_t *)&n, sizeof n);
	if (s)
		crypto_generichash_update(h, (const uint8_t *)s, n);
}

/* false: this request's answer is nobody's to keep. */
static bool key_of(const struct web_app *app, const struct http_request *rq, uint8_t key[32])
{
	static const char *const heads[] = { "cookie", "accept-language", "accept-encoding", "hx-request", "hx-boosted", "hx-target" };
	uint64_t turn = health_turn(app->health);
	crypto_generichash_state h;

	if (rq->head || strcmp(rq->method, "GET") != 0 || !http_header(rq, "cookie") || http_header(rq, "authorization") || http_header(rq, "range"))
		return false;
	crypto_generichash_init(&h, app->kept->secret, sizeof app->kept->secret, 32);
	mix(&h, rq->secure ? "s" : "");
	mix(&h, rq->host);
	mix(&h, rq->path);
	mix(&h, rq->query);
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
		mix(&h, http_header(rq, heads[i]));
	crypto_generichash_update(&h, (const uint8_t *)&turn, sizeof turn);
	crypto_generichash_final(&h, key, 32);
	return true;
}

static bool wants_anew(const struct http_request *rq)
{
	const char *s = http_header(rq, "cache-control");

	return s && strstr(s, "no-cache");
}

struct web_page *kept_ask(struct web *w)
{
	struct web_page p = { .until = INT64_MAX };

	if (!w->app->kept || !key_of(w->app, w->rq, p.key))
		return NULL;
	return arena_copy(w->a, &p, sizeof p);
}

/* The page by this key, if nothing but the database could have changed it; held for the caller. Under the lock. */
static struct entry *look(const struct web_app *app, const uint8_t key[32], int64_t now)
{
	struct kept *k = app->kept;
	struct entry *n = *place_of(k, key);

	if (n && now >= n->page.until) {
		drop(k, n);
		n = NULL;
	}
	if (n && n->page.ticket_id && !live_same(app->live, n->page.ticket_id, n->page.person_id, n->page.name, now, n->page.others, n->page.nothers))
		n = NULL;
	if (n)
		atomic_fetch_add(&n->users, 1);
	return n;
}

/* Under the lock: n is sent once more. mark: the database it is known to be right for. */
static void used(struct kept *k, struct entry *n, const struct db_mark *mark)
{
	if (mark)
		n->page.mark = *mark;
	k->found++;
	if (k->newest != n && *place_of(k, n->page.key) == n) {
		age_unlink(k, n);
		age_newest(k, n);
	}
}

static bool give(struct entry *n, struct http_response *rs)
{
	rs->status = 200;
	rs->type = n->type;
	rs->body = n->body;
	rs->body_bytes = n->body_bytes;
	memcpy(rs->headers, n->headers, (size_t)n->nheaders * sizeof *n->headers);
	rs->nheaders = n->nheaders;
	rs->no_compress = true;                 /* it is as it was sent */
	rs->release = let_go;
	rs->release_arg = n;
	return true;
}

/* Without asking: the same mark, or only tables written that the page never read. */
static bool untouched(struct db *db, const struct web_page *p, const struct db_mark *mark)
{
	struct db_tables written;

	return db_mark_same(&p->mark, mark) || (p->trace.p && db_mark_between(db, &p->mark, mark, &written) && !db_trace_meets(&p->trace, &written));
}

bool kept_at_once(struct http_request *rq, struct http_response *rs, void *arg)
{
	const struct web_app *app = arg;
	struct db_mark mark;
	struct entry *n;
	uint8_t key[32];

	if (!app->kept || !key_of(app, rq, key) || wants_anew(rq))
		return false;
	db_mark_now(app->db, &mark);
	if (!mark.known)
		return false;
	pthread_mutex_lock(&app->kept->lock);
	n = look(app, key, os_now_us());
	if (n && !untouched(app->db, &n->page, &mark)) {
		let_go(n);                      /* a worker can ask again */
		n = NULL;
	}
	if (n)
		used(app->kept, n, &mark);
	pthread_mutex_unlock(&app->kept->lock);
	return n && give(n, rs);
}

bool kept_find(struct web *w, struct web_page *p)
{
	struct kept *k = w->app->kept;
	struct db_tables written;
	struct db_mark was;
	struct entry *n;
	bool same, known;

	if (wants_anew(w->rq))
		return false;
	pthread_mutex_lock(&k->lock);
	n = look(w->app, p->key, w->now);
	if (n)
		was = n->page.mark;
	pthread_mutex_unlock(&k->lock);
	if (!n)
		return false;
	same = db_mark_same(&was, &p->mark);
	if (!same) {
		known = db_mark_between(w->app->db, &was, &p->mark, &written);
		same = db_trace_same(w->db, w->a, &n->page.trace, known ? &written : NULL);
	}
	known = same && db_mark_held(w->db, &p->mark);  /* otherwise its snapshot may be a later one: right to send, not to note */
	pthread_mutex_lock(&k->lock);
	if (same) {
		k->again += !db_mark_same(&was, &p->mark);
		used(k, n, known ? &p->mark : NULL);
	} else if (*place_of(k, p->key) == n) {
		drop(k, n);
	}
	pthread_mutex_unlock(&k->lock);
	if (same)
		return give(n, w->rs);
	let_go(n);
	return false;
}

/* ---- keeping */

void web_until(const struct web *w, int64_t at)
{
	if (w->page && at > w->now && at < w->page->until)
		w->page->until = at;
}

void web_kept_seat(struct web *w, int64_t ticket_id, const char *const *others, int n)
{
	if (!w->page)
		return;
	w->page->ticket_id = ticket_id;
	w->page->person_id = w->who.id;
	w->page->name = w->who.name;
	w->page->others = (const char **)(uintptr_t)others;
	w->page->nothers = n;
}

void kept_offer(struct web *w)
{
	struct web_page *p = w->page;

	if (!p || !w->own->session || w->rs->status != 200 || w->rs->body != w->out.p || w->out.n == 0 || w->nerrors || w->rs->file || w->rs->etag ||
	    w->rs->type || !w->db || !db_mark_held(w->db, &p->mark))
		return;
	for (int i = 0; i < w->rs->nheaders; i++)
		if (strcasecmp(w->rs->headers[i].name, "set-cookie") == 0)
			return;
	web_until(w, w->now - w->now % MOMENT_MINUTE + MOMENT_MINUTE);
	db_trace_end(w->db, &p->trace);
	if (p->trace.p)                         /* it is the connection's, which others get now */
		p->trace.p = arena_copy(w->a, p->trace.p, p->trace.n);
	w->rs->keep = p;
}

/* Puts a text into the block; its first pass (to NULL) only counts. */
static const char *put(char **to, size_t *n, const char *s)
{
	size_t len = s ? strlen(s) + 1 : 0;
	char *at = *to;

	*n += len;
	if (!at || !s)
		return NULL;
	memcpy(at, s, len);
	*to += len;
	return at;
}

static void fill(struct entry *n, char *to, size_t *bytes, const struct web_page *p, const struct http_response *rs)
{
	const char **others = NULL, *text;

	*bytes = 0;
	if (to) {
		others = (const char **)(void *)to;
		to += sizeof *others * (size_t)p->nothers;
	}
	*bytes += sizeof *others * (size_t)p->nothers;
	for (int i = 0; i < p->nothers; i++) {
		text = put(&to, bytes, p->others[i]);
		if (to)
			others[i] = text;
	}
	for (int i = 0; i < rs->nheaders; i++) {
		const char *name = put(&to, bytes, rs->headers[i].name), *value = put(&to, bytes, rs->headers[i].value);

		if (to)
			n->headers[i] = (struct http_header){ name, value };
	}
	if (to && p->trace.p) {
		n->page.trace.p = memcpy(to, p->trace.p, p->trace.n);
		to += p->trace.n;
	}
	*bytes += p->trace.n;
	text = put(&to, bytes, p->name);
	if (to) {
		n->page.others = others;
		n->page.name = text;
		n->type = put(&to, bytes, rs->type);
		n->body = memcpy(to, rs->body, rs->body_bytes);
	} else {
		put(&to, bytes, rs->type);
	}
	*bytes += rs->body_bytes;
}

static void insert(struct kept *k, struct entry *n)
{
	int64_t now = os_now_us();
	struct entry *was, *next;

	pthread_mutex_lock(&k->lock);
	was = *place_of(k, n->page.key);
	if (was)
		drop(k, was);
	n->next = NULL;
	*place_of(k, n->page.key) = n;
	age_newest(k, n);
	k->bytes += n->bytes;
	k->entries++;
	k->made++;
	for (was = k->oldest; was && was != n && (k->bytes > k->limit || was->page.until <= now); was = next) {
		next = was->newer;
		drop(k, was);
	}
	pthread_mutex_unlock(&k->lock);
}

void kept_encoded(struct http_request *rq, struct http_response *rs, void *arg)
{
	const struct web_app *app = arg;
	const struct web_page *p = rs->keep;
	size_t bytes;
	struct entry *n;

	if (rs->status != 200 || !rs->body)
		return;
	fill(NULL, NULL, &bytes, p, rs);
	bytes += sizeof *n;
	n = bytes <= ENTRY_MOST && bytes <= app->kept->limit ? malloc(bytes) : NULL;
	if (!n)
		return;
	memset(n, 0, sizeof *n);
	n->page = *p;
	n->bytes = bytes;
	n->nheaders = rs->nheaders;
	n->body_bytes = rs->body_bytes;
	atomic_init(&n->users, 1);
	fill(n, n->room, &bytes, p, rs);
	insert(app->kept, n);
}
