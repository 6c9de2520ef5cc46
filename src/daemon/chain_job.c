#include "daemon/chain_job.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "base/moment.h"
#include "daemon/bell.h"
#include "os/clock.h"
#include "os/seal.h"
#include "store/chain.h"

enum { SIGN_EVERY = 60 };               /* a note a minute, a signed row in the database an hour */

struct chain_work {
	struct db *db;
	struct chain_key key;
	char *data_folder;
	struct bell bell;
	bool told;                      /* that the note does not fit: once is enough */
};

static int job_sign(struct db_conn *w, struct arena *a, void *arg, struct err *e) { return chain_sign(w, a, arg, os_now_us(), e); }

static void sign(struct chain_work *w)
{
	struct err e;

	if (db_write(w->db, job_sign, &w->key, &e) != 0)
		log_err("chain not signed", &e);
}

static void note(struct chain_work *w)
{
	struct err e;
	bool failed = chain_note_write(w->db, w->data_folder, &w->key, os_now_us(), &e) != 0;

	if (failed && !w->told)
		log_err("chain not noted", &e);
	w->told = failed;
}

static void *work(void *arg)
{
	struct chain_work *w = arg;

	for (unsigned round = 0; bell_wait(&w->bell, round ? MOMENT_MINUTE : 0, true) != BELL_STOP; round++) {
		if (round % SIGN_EVERY == 0)
			sign(w);
		note(w);
	}
	sign(w);
	note(w);
	return NULL;
}

static void finish(struct chain_work *w)
{
	sodium_memzero(&w->key, sizeof w->key);
	free(w->data_folder);
	free(w);
}

static int key_read(const char *data_folder, struct chain_key *key, struct err *e)
{
	struct arena *a = arena_begin(64 << 10);
	const char *keys = arena_printf(a, "%s/keys", data_folder);
	struct seal_key master;
	int rc = seal_key_read(arena_printf(a, "%s/master.key", keys), &master, e) != 0 || chain_key_read(keys, &master, key, e) != 0 ? -1 : 0;

	sodium_memzero(&master, sizeof master);
	arena_end(a);
	return rc;
}

int chain_job_seal(struct db *d, const char *data_folder, struct err *e)
{
	struct chain_key key;
	int rc = key_read(data_folder, &key, e);

	if (rc == 0)
		rc = chain_open(d, data_folder, &key, e);
	sodium_memzero(&key, sizeof key);
	return rc;
}

static int begin(const struct job_env *env, void **state, struct err *e)
{
	struct chain_work *w = calloc(1, sizeof *w);

	if (!w || !(w->data_folder = strdup(env->data_folder))) {
		free(w);
		return FAIL(e, E_OS_CALL, "no memory");
	}
	w->db = env->web->db;
	if (key_read(env->data_folder, &w->key, e) != 0 || bell_begin(&w->bell, work, w, e) != 0) {
		finish(w);
		return -1;
	}
	*state = w;
	return 0;
}

static void end(void *state)
{
	struct chain_work *w = state;

	bell_end(&w->bell);
	finish(w);
}

const struct app_job chain_app_job = { .name = "chain", .begin = begin, .end = end };
