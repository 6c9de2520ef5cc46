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
	int64_t found, made;
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
	c = (struct kept_count){ k->found, k->made, (int64_t)k->bytes, k->entries };
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

static bool find(const struct web_app *app, const uint8_t key[32], const struct db_mark *mark, struct http_request *rq, struct http_response *rs)
{
	struct kept *k = app->kept;
	int64_t now = os_now_us();
	struct entry *n;

	if (wants_anew(rq))
		return false;
	pthread_mutex_lock(&k->lock);
	n = *place_of(k, key);
	if (n && (now >= n->page.until || !db_mark_same(&n->page.mark, mark))) {
		drop(k, n);
		n = NULL;
	}
	if (n && n->page.ticket_id && !live_same(app->live, n->page.ticket_id, n->page.person_id, n->page.name, now, n->page.others, n->page.nothers))
		n = NULL;
	if (n) {
		atomic_fetch_add(&n->users, 1);
		k->found++;
		if (k->newest != n) {
			age_unlink(k, n);
			age_newest(k, n);
		}
	}
	pthread_mutex_unlock(&k->lock);
	if (!n)
		return false;
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

bool kept_find(struct web *w, struct web_page *p) { return find(w->app, p->key, &p->mark, w->rq, w->rs); }

bool kept_at_once(struct http_request *rq, struct http_response *rs, void *arg)
{
	const struct web_app *app = arg;
	struct db_mark mark;
	uint8_t key[32];

	if (!app->kept || !key_of(app, rq, key))
		return false;
	db_mark_now(app->db, &mark);
	return mark.known && find(app, key, &mark, rq, rs);
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
	/* a mark does not come back, so what has another one is only in the way */
	for (was = k->oldest; was && was != n && (k->bytes > k->limit || !db_mark_same(&was->page.mark, &n->page.mark)); was = next) {
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
