/* The one writer: takes all waiting jobs into one transaction, a savepoint each, and wakes them when it is on disk. */
#include <string.h>
#include "base/fault.h"
#include "os/clock.h"
#include "os/wait.h"
#include "store/db.h"
#include "store/db_driver.h"

enum { BATCH = 256, BATCH_US = 5000, IDLE_US = 200000, LOST_TRIES = 2 };

struct batch {
	struct db_job_row *jobs[BATCH];
	int n;
};

static struct db_job_row *job_take(struct db *d)
{
	struct db_job_row *j;

	pthread_mutex_lock(&d->lock);
	j = d->first;
	if (j) {
		d->first = j->next;
		if (!d->first)
			d->last = &d->first;
	}
	pthread_mutex_unlock(&d->lock);
	return j;
}

/* A function of its own, so that no local of the caller stands between setjmp and the jump. */
static int job_call(struct db_conn *w, struct arena *a, struct db_job_row *j)
{
	int rc;

	if (arena_trap(a))
		rc = FAIL(&j->err, E_MEMORY_LIMIT, "a write job");
	else
		rc = j->run(w, a, j->arg, &j->err);
	arena_trap_clear(a);
	return rc;
}

/* -1: the whole transaction is gone, e says why. A job's own failure is in j. */
static int job_run(struct db *d, struct db_job_row *j, struct err *e)
{
	struct db_conn *w = d->writer;
	struct db_tables wrote = w->wrote;
	bool any = w->wrote_any;

	memset(&j->err, 0, sizeof j->err);
	w->failed = w->duplicate = false;
	if (w->drv->savepoint(w, e) != 0)
		return -1;
	j->rc = job_call(w, d->job_arena, j);
	db_close_cursors(w);
	arena_reset(d->job_arena);
	if (j->rc == 0 && w->failed)
		j->rc = FAIL(&j->err, E_DB, "the job went on after a statement had failed");
	w->failed = false;
	if (w->lost || !w->drv->in_transaction(w)) {
		*e = j->err;
		if (e->id == E_NONE || w->lost)
			FAIL(e, w->lost ? E_DB_DOWN : E_DB, "the transaction was lost");
		return -1;
	}
	if (j->rc == 0)
		return w->drv->keep(w, e);
	w->wrote = wrote;               /* what is taken back was not written */
	w->wrote_any = any;
	return w->drv->take_back(w, e);
}

static int batch_run(struct db *d, struct batch *b, bool take, struct err *e)
{
	int64_t until = os_steady_us() + BATCH_US;
	struct db_mark before;
	struct db_conn *w;
	struct db_job_row *j;

	if (d->writer && d->writer->lost) {
		db_conn_close(d->writer);
		d->writer = NULL;
	}
	if (!d->writer && db_conn_open(d, false, &d->writer, e) != 0)
		return -1;
	w = d->writer;
	w->failed = false;
	if ((fault_hit("db begin") ? FAIL(e, E_DB_BUSY, "begin: test fault") : w->drv->begin(w, e)) != 0)
		return -1;
	db_commit_begin(w, &before);
	for (int i = 0; i < b->n; i++)
		if (job_run(d, b->jobs[i], e) != 0)
			goto fail;
	while (take && b->n < BATCH && os_steady_us() < until && (j = job_take(d))) {
		b->jobs[b->n++] = j;
		if (job_run(d, j, e) != 0)
			goto fail;
	}
	if ((fault_hit("db commit") ? FAIL(e, E_OUT_OF_SPACE, "commit: test fault") : w->drv->commit(w, &d->cfg, e)) == 0) {
		db_commit_end(w, &before);
		return 0;
	}
fail:
	w->failed = false;
	if (!w->lost)
		w->drv->rollback(w);
	return -1;
}

/* A lost server is asked again with the same jobs: what was not committed is gone there, so nothing happens twice. */
static void batch_do(struct db *d, struct batch *b, bool take)
{
	struct err e;
	int rc = batch_run(d, b, take, &e);

	for (int i = 0; i < LOST_TRIES && rc != 0 && d->writer && d->writer->lost && !d->writer->unsure; i++)
		rc = batch_run(d, b, false, &e);
	for (int i = 0; i < b->n; i++)
		if (rc != 0 && !(b->jobs[i]->rc != 0 && b->jobs[i]->err.id != E_NONE && err_kind(b->jobs[i]->err.id) != ERR_RETRY)) {
			b->jobs[i]->rc = -1;
			b->jobs[i]->err = e;
		}
}

void *db_writer_main(void *arg)
{
	struct db *d = arg;
	struct batch b;
	bool untidy = true;

	pthread_mutex_lock(&d->lock);
	for (;;) {
		while (!d->first && !d->stopping) {
			if (!untidy) {
				pthread_cond_wait(&d->work, &d->lock);
				continue;
			}
			if (!os_cond_wait(&d->work, &d->lock, os_steady_us() + IDLE_US) && d->writer) {
				pthread_mutex_unlock(&d->lock);
				untidy = d->writer->drv->idle(d->writer) != 0;
				pthread_mutex_lock(&d->lock);
			}
		}
		if (!d->first)
			break;
		b.n = 1;
		b.jobs[0] = d->first;
		d->first = d->first->next;
		if (!d->first)
			d->last = &d->first;
		pthread_mutex_unlock(&d->lock);
		batch_do(d, &b, true);
		untidy = true;
		pthread_mutex_lock(&d->lock);
		for (int i = 0; i < b.n; i++) {
			b.jobs[i]->done = true;
			pthread_cond_signal(&b.jobs[i]->woken);
		}
	}
	pthread_mutex_unlock(&d->lock);
	return NULL;
}

int db_write(struct db *d, db_job *job, void *arg, struct err *e)
{
	struct db_job_row j = { .run = job, .arg = arg };
	struct batch one = { .jobs = { &j }, .n = 1 };

	if (d->threaded && pthread_equal(pthread_self(), d->thread))
		return FAIL(e, E_BUG, "db_write() inside a write job");
	if (d->cfg.solo) {
		pthread_mutex_lock(&d->solo);
		batch_do(d, &one, false);
		pthread_mutex_unlock(&d->solo);
	} else {
		pthread_cond_init(&j.woken, NULL);
		pthread_mutex_lock(&d->lock);
		if (d->stopping) {
			pthread_mutex_unlock(&d->lock);
			pthread_cond_destroy(&j.woken);
			return FAIL(e, E_STOPPING, "database");
		}
		d->inside++;
		*d->last = &j;
		d->last = &j.next;
		pthread_cond_signal(&d->work);
		while (!j.done)
			pthread_cond_wait(&j.woken, &d->lock);
		if (--d->inside == 0)
			pthread_cond_signal(&d->left);
		pthread_mutex_unlock(&d->lock);
		pthread_cond_destroy(&j.woken);
	}
	if (j.rc != 0)
		*e = j.err;
	return j.rc;
}
