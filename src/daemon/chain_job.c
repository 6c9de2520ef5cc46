#include "daemon/chain_job.h"
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include "base/log.h"
#include "base/moment.h"
#include "net/loop.h"
#include "os/clock.h"
#include "os/seal.h"
#include "os/wait.h"
#include "store/chain.h"

struct chain_work {
	struct db *db;
	struct chain_key key;
	unsigned long thread;
	pthread_mutex_t lock;
	pthread_cond_t more;
	bool stopping;
};

static int job_sign(struct db_conn *w, struct arena *a, void *arg, struct err *e) { return chain_sign(w, a, arg, os_now_us(), e); }

static void *work(void *arg)
{
	struct chain_work *w = arg;
	int64_t until_us;
	struct err e;

	pthread_mutex_lock(&w->lock);
	while (!w->stopping) {
		pthread_mutex_unlock(&w->lock);
		if (db_write(w->db, job_sign, &w->key, &e) != 0)
			log_err("chain not signed", &e);
		pthread_mutex_lock(&w->lock);
		until_us = os_steady_us() + MOMENT_HOUR;
		while (!w->stopping && os_cond_wait(&w->more, &w->lock, until_us))
			;
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

static void finish(struct chain_work *w)
{
	pthread_mutex_destroy(&w->lock);
	pthread_cond_destroy(&w->more);
	sodium_memzero(&w->key, sizeof w->key);
	free(w);
}

static int begin(const struct job_env *env, void **state, struct err *e)
{
	struct arena *a = arena_begin(64 << 10);
	const char *keys = arena_printf(a, "%s/keys", env->data_folder);
	struct seal_key master;
	struct chain_work *w = calloc(1, sizeof *w);
	struct err why;
	bool have;

	if (!w) {
		arena_end(a);
		return FAIL(e, E_OS_CALL, "no memory");
	}
	w->db = env->web->db;
	pthread_mutex_init(&w->lock, NULL);
	os_cond_begin(&w->more);
	have = seal_key_read(arena_printf(a, "%s/master.key", keys), &master, &why) == 0 && chain_key_read(keys, &master, &w->key, &why) == 0;
	sodium_memzero(&master, sizeof master);
	arena_end(a);
	if (!have)
		log_err("no key to sign the chain with", &why);
	else if (loop_thread(&w->thread, work, w, e) != 0) {
		finish(w);
		return -1;
	}
	*state = w;
	return 0;
}

static void end(void *state)
{
	struct chain_work *w = state;

	pthread_mutex_lock(&w->lock);
	w->stopping = true;
	pthread_cond_signal(&w->more);
	pthread_mutex_unlock(&w->lock);
	if (w->thread)
		pthread_join((pthread_t)w->thread, NULL);
	finish(w);
}

const struct app_job chain_app_job = { .name = "chain", .begin = begin, .end = end };
