#include "daemon/watch.h"
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/log.h"
#include "base/moment.h"
#include "base/text.h"
#include "daemon/bell.h"
#include "daemon/conv_client.h"
#include "os/clock.h"
#include "os/file.h"
#include "store/setting.h"
#include "web/health.h"

#define EVERY_US (5 * MOMENT_SECOND)
#define CONV_EVERY_US (30 * MOMENT_SECOND)      /* it costs a process */
#define CLOCK_SLACK_US (30 * MOMENT_SECOND)     /* a clock that is set right slowly never jumps so far */
#define CLOCK_TOLD_US MOMENT_HOUR
#define ROOM_BYTES ((int64_t)100 << 20)
#define SILENT_LEAST_US (10 * MOMENT_SECOND)
enum { PROBE_MS = 60000, TRIES_MISSED = 5, CONV_MS = 5000, TRIAL_BYTES = 64 << 10, ROOM_PERCENT = 5 };

struct watch {
	const struct job_env *env;
	struct health *health;
	struct db *db;
	struct bell bell;
	int64_t conv_at_us, offset_us, clock_until_us;  /* steady; offset: what the wall clock is ahead of it */
	int64_t probe_us, probe_bytes, silent_us;       /* when the probe's files last grew, and how long they need not */
};

/* A real write: what a full disk or a folder of another owner says to the first mail, it says to us. */
static int disk_trial(struct watch *w, struct arena *a, struct err *e)
{
	static const char zero[TRIAL_BYTES];
	const char *path = arena_printf(a, "%s/watch", w->env->tmp_folder);
	int64_t free_bytes, all_bytes;
	int rc, fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0)
		return os_fail(e, "create", path);
	rc = write(fd, zero, sizeof zero) == (ssize_t)sizeof zero ? 0 : os_fail(e, "write", path);
	close(fd);
	unlink(path);
	if (rc != 0 || os_room(w->env->data_folder, &free_bytes, &all_bytes, e) != 0)
		return -1;
	return free_bytes < ROOM_BYTES && free_bytes < all_bytes / 100 * ROOM_PERCENT ?
		FAIL(e, E_OUT_OF_SPACE, "%" PRId64 " kB free", free_bytes >> 10) : 0;
}

/* Changes nothing, but must get through. */
static int write_trial(struct db_conn *c, struct arena *a, void *arg, struct err *e)
{
	const char *name;

	(void)arg;
	return setting_get(c, a, "provider.name", "", &name, e) != 0 ? -1 : setting_set(c, "provider.name", name, e);
}

static int db_trial(struct watch *w, struct arena *a, bool writing, struct err *e)
{
	struct db_conn *c = NULL;
	const char *name;
	int rc = db_read_begin(w->db, &c, e);

	if (rc == 0)
		rc = setting_get(c, a, "provider.name", "", &name, e);
	db_read_end(c);
	return rc == 0 && writing ? db_write(w->db, write_trial, NULL, e) : rc;
}

/* The probe writes a line a try, whatever it saw. One that runs on another machine has its files brought here. */
static int probe_trial(struct watch *w, struct arena *a, int64_t steady_us, struct err *e)
{
	const char *folder = arena_printf(a, "%s/run", w->env->data_folder);
	int64_t bytes = 0;
	char **names;
	int n;

	if (os_list_folder(a, folder, &names, &n, e) != 0)
		return -1;
	for (int i = 0; i < n; i++)
		if (text_starts(names[i], "probe-") && text_ends(names[i], ".jsonl"))
			bytes += os_file_size(arena_printf(a, "%s/%s", folder, names[i]));
	if (bytes != w->probe_bytes)
		w->probe_us = steady_us;
	w->probe_bytes = bytes;
	return steady_us - w->probe_us > w->silent_us ?
		FAIL(e, E_PROBE_SILENT, "%" PRId64 " s", (steady_us - w->probe_us) / MOMENT_SECOND) : 0;
}

static void verdict(struct watch *w, enum health_kind kind, int rc, const struct err *e)
{
	static const char *const names[HEALTH__N] = { "disk", "database", "pedel-conv", "clock", "pedel-probe" };
	bool was = health_is_bad(w->health, kind);

	if (rc == 0)
		health_good(w->health, kind);
	else
		health_bad(w->health, kind, e, os_now_us());
	if (was && rc == 0)
		log_line(LOG_INFO, "well again", "%s", names[kind]);
	else if (!was && rc != 0)
		log_err("not well", e);
}

static void look_at_clock(struct watch *w, int64_t steady_us)
{
	int64_t offset_us = os_now_us() - steady_us, moved_us = offset_us - w->offset_us;
	struct err e;

	w->offset_us = offset_us;
	if (moved_us > CLOCK_SLACK_US || moved_us < -CLOCK_SLACK_US) {
		FAIL(&e, E_CLOCK_SET, "%+" PRId64 " s", moved_us / MOMENT_SECOND);
		health_good(w->health, HEALTH_CLOCK);           /* this time is the one to tell */
		verdict(w, HEALTH_CLOCK, -1, &e);
		w->clock_until_us = steady_us + CLOCK_TOLD_US;
	} else if (w->clock_until_us && steady_us > w->clock_until_us) {
		health_good(w->health, HEALTH_CLOCK);
		w->clock_until_us = 0;
	}
}

static void look(struct watch *w)
{
	struct arena *a = arena_begin(1 << 20);
	int64_t now_us = os_steady_us();
	bool trouble = health_is_bad(w->health, HEALTH_DB) || health_is_bad(w->health, HEALTH_DISK);
	struct err e;

	look_at_clock(w, now_us);
	verdict(w, HEALTH_DISK, disk_trial(w, a, &e), &e);
	verdict(w, HEALTH_DB, db_trial(w, a, trouble, &e), &e);
	verdict(w, HEALTH_PROBE, probe_trial(w, a, now_us, &e), &e);
	if (health_is_bad(w->health, HEALTH_CONV) || now_us >= w->conv_at_us) {
		verdict(w, HEALTH_CONV, conv_try(w->env->conv_socket, a, CONV_MS, &e), &e);
		w->conv_at_us = os_steady_us() + CONV_EVERY_US;
	}
	arena_end(a);
}

static void *run(void *arg)
{
	struct watch *w = arg;

	while (bell_wait(&w->bell, EVERY_US, true) != BELL_STOP)
		look(w);
	return NULL;
}

static int begin(const struct job_env *env, void **state, struct err *e)
{
	struct watch *w = calloc(1, sizeof *w);
	const char *every = getenv("PEDEL_PROBE_EVERY_MS");     /* as the probe itself reads it */
	int64_t every_ms = PROBE_MS;

	if (!w)
		return FAIL(e, E_OS_CALL, "no memory");
	w->env = env;
	w->health = env->web->health;
	w->db = env->web->db;
	w->offset_us = os_now_us() - os_steady_us();
	w->probe_us = os_steady_us();
	if (every && !text_int(every, &every_ms))
		every_ms = PROBE_MS;
	w->silent_us = every_ms * 1000 * TRIES_MISSED > SILENT_LEAST_US ? every_ms * 1000 * TRIES_MISSED : SILENT_LEAST_US;
	if (bell_begin(&w->bell, run, w, e) != 0) {
		free(w);
		return -1;
	}
	*state = w;
	return 0;
}

static void end(void *state)
{
	struct watch *w = state;

	bell_end(&w->bell);
	free(w);
}

const struct app_job watch_job = { .name = "watch", .always = true, .begin = begin, .end = end };
