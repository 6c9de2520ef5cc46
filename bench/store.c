/* store - how fast the store takes jobs and gives snapshots: bench/store SECONDS [postgresql://...]
 * Each thread writes one event per job (the chain's hash included) and waits for its answer, as a request does. Then each
 * thread opens a snapshot, reads one row by key and gives it back. SQLite is put where TMPDIR says (default /var/tmp): a real
 * disk, so that the sync is real. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/text.h"
#include "os/clock.h"
#include "store/event.h"
#include "store/setting.h"

enum { SAMPLES = 200000, THREADS_MOST = 64 };

struct worker { struct db *d; int64_t until_us, *took; int n, failed; int writes; };

static int job_event(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	return event_add(w, a, &(struct event){ .at = 1, .actor_kind = "system", .object = "bench", .kind = "bench.done", .data = "{}" }, e);
}

static int read_one(struct db *d, struct err *e)
{
	struct db_conn *c;
	int64_t v;
	int rc;

	if (db_read_begin(d, &c, e) != 0)
		return -1;
	rc = setting_get_int(c, "bench", 0, &v, e);
	db_read_end(c);
	return rc;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct err e;

	while (w->n < SAMPLES) {
		int64_t from = os_steady_us();

		if (from >= w->until_us)
			break;
		if ((w->writes ? db_write(w->d, job_event, NULL, &e) : read_one(w->d, &e)) != 0)
			w->failed++;
		w->took[w->n++] = os_steady_us() - from;
	}
	return NULL;
}

static int by_size(const void *x, const void *y)
{
	int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;

	return a < b ? -1 : a > b;
}

static void round_of(struct db *d, int threads, int writes, int64_t seconds)
{
	struct worker *w = calloc((size_t)threads, sizeof *w);
	int64_t *all = malloc(sizeof *all * SAMPLES * (size_t)threads), until = os_steady_us() + seconds * 1000000;
	pthread_t t[THREADS_MOST];
	int n = 0, failed = 0;

	for (int i = 0; i < threads; i++) {
		w[i] = (struct worker){ d, until, malloc(sizeof(int64_t) * SAMPLES), 0, 0, writes };
		pthread_create(&t[i], NULL, work, &w[i]);
	}
	for (int i = 0; i < threads; i++) {
		pthread_join(t[i], NULL);
		memcpy(all + n, w[i].took, sizeof *all * (size_t)w[i].n);
		n += w[i].n;
		failed += w[i].failed;
		free(w[i].took);
	}
	qsort(all, (size_t)n, sizeof *all, by_size);
	if (n)
		printf("%-6s %2d threads: %8.0f/s   p50 %6lld us   p99 %6lld us   most %7lld us   failed %d\n", writes ? "write" : "read", threads,
			(double)n / (double)seconds, (long long)all[n / 2], (long long)all[n * 99 / 100], (long long)all[n - 1], failed);
	free(all);
	free(w);
}

int main(int argc, char **argv)
{
	static const int crowds[] = { 1, 8, 32 };
	const char *tmp = getenv("TMPDIR");
	char path[400], more[420];
	struct db_config cfg = { .path = path, .url = argc > 2 ? argv[2] : NULL, .readers = 32, .create = true };
	int64_t seconds;
	struct db *d;
	struct err e;

	if (argc < 2 || !text_int(argv[1], &seconds) || seconds < 1 || seconds > 60)
		return fprintf(stderr, "bench/store SECONDS [postgresql://...]\n"), 2;
	snprintf(path, sizeof path, "%.300s/pedel-bench-%d.db", tmp ? tmp : "/var/tmp", (int)getpid());
	if (db_open(&cfg, &d, &e) != 0)
		return fprintf(stderr, "%s %s\n", err_name(e.id), e.detail), 1;
	printf("%s\n", cfg.url ? "PostgreSQL" : "SQLite");
	for (int writes = 1; writes >= 0; writes--)
		for (int i = 0; i < 3; i++)
			round_of(d, crowds[i], writes, seconds);
	db_close(d);
	if (!cfg.url)
		for (int i = 0; i < 3; i++) {
			snprintf(more, sizeof more, "%s%s", path, i == 0 ? "" : i == 1 ? "-wal" : "-shm");
			unlink(more);
		}
	return 0;
}
