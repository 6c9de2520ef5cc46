#include <fcntl.h>
#include <liboath/oath.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/hash.h"
#include "base/text.h"
#include "os/file.h"
#include "os/password.h"
#include "os/random.h"
#include "os/seal.h"
#include "web/guard.h"

enum { THREADS = 2, WAITING_MOST = 32, BUCKETS = 4096, WAYS = 4 };

struct job {
	struct job *next;
	const char *hash, *password;
	bool make;                      /* otherwise: does it fit hash, which is NULL for nobody */
	struct arena *a;
	const char *made;
	bool fits, done;
	int rc;
	struct err e;
};
struct bucket { uint64_t key; int64_t full_at; };       /* full_at: when all tries are back */

struct web_guard {
	pthread_mutex_t lock;
	pthread_cond_t work, done;
	pthread_t thread[THREADS];
	int threads, waiting;
	bool stopping;
	struct job *first, *last;
	struct arena *a;
	struct seal_key key;
	uint8_t salt[16];
	pthread_mutex_t rate;
	struct bucket bucket[BUCKETS];
};

static void *run(void *arg)
{
	struct web_guard *g = arg;

	pthread_mutex_lock(&g->lock);
	for (;;) {
		struct job *j;

		while (!g->first && !g->stopping)
			pthread_cond_wait(&g->work, &g->lock);
		j = g->first;
		if (!j)
			break;
		g->first = j->next;
		g->waiting--;
		pthread_mutex_unlock(&g->lock);
		if (!j->make)
			j->fits = password_fits(j->hash, j->password);
		else
			j->rc = password_hash(j->a, j->password, &j->made, &j->e);
		pthread_mutex_lock(&g->lock);
		j->done = true;
		pthread_cond_broadcast(&g->done);
	}
	pthread_mutex_unlock(&g->lock);
	return NULL;
}

/* The caller waits, so j may live on its stack. */
static int submit(struct web_guard *g, struct job *j, struct err *e)
{
	int rc = 0;

	pthread_mutex_lock(&g->lock);
	if (g->stopping) {
		rc = FAIL(e, E_STOPPING, "password");
	} else if (g->waiting >= WAITING_MOST) {
		rc = FAIL(e, E_TOO_MANY, "%d sign-ins are waiting", g->waiting);
	} else {
		j->next = NULL;
		if (g->first)
			g->last->next = j;
		else
			g->first = j;
		g->last = j;
		g->waiting++;
		pthread_cond_signal(&g->work);
		while (!j->done)
			pthread_cond_wait(&g->done, &g->lock);
	}
	pthread_mutex_unlock(&g->lock);
	if (rc == 0 && j->rc != 0) {
		*e = j->e;
		rc = -1;
	}
	return rc;
}

/* pedel init makes the key; an installation of tests may lack it. */
static int read_key(struct web_guard *g, const char *data_folder, struct err *e)
{
	const char *folder = arena_printf(g->a, "%s/keys", data_folder), *path = arena_printf(g->a, "%s/master.key", folder);

	if (!os_file_is(path) && (os_make_folder(folder, 0700, e) != 0 || seal_key_make(path, e) != 0))
		return -1;
	return seal_key_read(path, &g->key, e);
}

int guard_begin(struct web_guard **out, const char *data_folder, struct err *e)
{
	struct arena *a = arena_begin(1 << 20);
	struct web_guard *g = ARENA_NEW(a, struct web_guard);

	g->a = a;
	if (sodium_init() < 0) {
		arena_end(a);
		return FAIL(e, E_OS_CALL, "libsodium");
	}
	os_random(g->salt, sizeof g->salt);
	pthread_mutex_init(&g->lock, NULL);
	pthread_mutex_init(&g->rate, NULL);
	pthread_cond_init(&g->work, NULL);
	pthread_cond_init(&g->done, NULL);
	if (read_key(g, data_folder, e) != 0) {
		guard_end(g);
		return -1;
	}
	for (int i = 0; i < THREADS; i++) {
		if (pthread_create(&g->thread[i], NULL, run, g) != 0) {
			guard_end(g);
			return FAIL(e, E_OS_CALL, "pthread_create");
		}
		g->threads++;
	}
	*out = g;
	return 0;
}

void guard_end(struct web_guard *g)
{
	if (!g)
		return;
	pthread_mutex_lock(&g->lock);
	g->stopping = true;
	pthread_cond_broadcast(&g->work);
	pthread_mutex_unlock(&g->lock);
	for (int i = 0; i < g->threads; i++)
		pthread_join(g->thread[i], NULL);
	pthread_cond_destroy(&g->done);
	pthread_cond_destroy(&g->work);
	pthread_mutex_destroy(&g->rate);
	pthread_mutex_destroy(&g->lock);
	sodium_memzero(&g->key, sizeof g->key);
	arena_end(g->a);
}

int guard_password_fits(struct web_guard *g, const char *hash, const char *password, bool *fits, struct err *e)
{
	struct job j = { .hash = hash, .password = password };

	if (submit(g, &j, e) != 0)
		return -1;
	*fits = j.fits;
	return 0;
}

int guard_password_hash(struct web_guard *g, struct arena *a, const char *password, const char **hash, struct err *e)
{
	struct job j = { .a = a, .password = password, .make = true };

	if (submit(g, &j, e) != 0)
		return -1;
	*hash = j.made;
	return 0;
}

/* Token buckets in a table that never grows: a stranger with many addresses can push old ones out, not fill memory. */
static struct bucket *bucket_find(struct web_guard *g, const char *what, const char *key, int64_t now)
{
	uint8_t text[300], out[crypto_shorthash_BYTES];
	int n = snprintf((char *)text, sizeof text, "%s\n%s", what, key);
	struct bucket *b, *oldest;
	uint64_t h;

	crypto_shorthash(out, text, (size_t)(n < (int)sizeof text ? n : (int)sizeof text - 1), g->salt);
	memcpy(&h, out, sizeof h);
	h |= h == 0;
	b = oldest = &g->bucket[h % (BUCKETS / WAYS) * WAYS];
	for (int i = 0; i < WAYS; i++, b++) {
		if (b->key == h)
			return b;
		if (b->full_at < oldest->full_at)
			oldest = b;
	}
	*oldest = (struct bucket){ h, now };
	return oldest;
}

int guard_slow_down(struct web_guard *g, const char *what, const char *key, int burst, int64_t each_us, int64_t now, struct err *e)
{
	struct bucket *b;
	int rc = 0;

	pthread_mutex_lock(&g->rate);
	b = bucket_find(g, what, key, now);
	if (b->full_at < now)
		b->full_at = now;
	if (b->full_at + each_us > now + burst * each_us)
		rc = FAIL(e, E_TOO_MANY, "%s", what);
	else
		b->full_at += each_us;
	pthread_mutex_unlock(&g->rate);
	return rc;
}

void guard_forgive(struct web_guard *g, const char *what, const char *key, int64_t each_us, int64_t now)
{
	struct bucket *b;

	pthread_mutex_lock(&g->rate);
	b = bucket_find(g, what, key, now);
	if (b->full_at >= each_us)
		b->full_at -= each_us;
	pthread_mutex_unlock(&g->rate);
}

/* --- sealed secrets -------------------------------------------------------------------------------------------------- */

struct db_bytes guard_seal(struct web_guard *g, struct arena *a, const char *place, const void *p, size_t n)
{
	struct db_bytes out;

	out.p = seal_close(&g->key, a, place, p, n, &out.n);
	return out;
}

bool guard_open(struct web_guard *g, struct arena *a, const char *place, struct db_bytes sealed, struct db_bytes *out)
{
	struct err e;
	void *p;

	if (seal_open(&g->key, a, place, sealed.p, sealed.n, &p, &out->n, &e) != 0)
		return false;
	out->p = p;
	return true;
}

int64_t totp_step(const void *secret, size_t n, const char *code, int64_t now)
{
	int64_t step = now / INT64_C(30000000), found = 0;
	char want[8];

	if (strlen(code) != 6 || strspn(code, "0123456789") != 6)
		return 0;
	for (int64_t s = step - 1; s <= step + 1; s++)
		if (oath_hotp_generate(secret, n, (uint64_t)s, 6, false, OATH_HOTP_DYNAMIC_TRUNCATION, want) == OATH_OK && hash_same(want, code, 6))
			found = s;
	return found;
}

const char *totp_base32(struct arena *a, const void *secret, size_t n)
{
	char *text = NULL;
	const char *out;

	if (oath_base32_encode(secret, n, &text, NULL) != OATH_OK)
		return "";
	out = arena_dup(a, text);
	free(text);
	return out;
}

void totp_secret(uint8_t *secret, size_t n) { os_random(secret, n); }

const char *recovery_code(struct arena *a, uint8_t hash[32])
{
	uint8_t r[8];
	struct sha256 h;
	char *text;

	os_random(r, sizeof r);
	text = hash_hex(a, r, sizeof r);
	h = hash_sha256(text, strlen(text));
	memcpy(hash, h.b, 32);
	return arena_printf(a, "%.4s-%.4s-%.4s-%.4s", text, text + 4, text + 8, text + 12);
}

int guard_password_check(const char *password, const char *field, struct err *e) { return password_check(password, field, e); }
bool guard_password_stale(const char *hash) { return password_stale(hash); }
