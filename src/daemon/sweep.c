/* sweep.c - the clock of the house: takes in what the probe measured, keeps the promise ledger, reminds customers, closes
 * tickets that have been solved for a while, and signs the head of the event chain. One thread. */
#include "daemon/sweep.h"
#include <pthread.h>
#include <sodium.h>
#include <unistd.h>
#include "base/log.h"
#include "base/moment.h"
#include "base/text.h"
#include "core/probe_home.h"
#include "core/promise.h"
#include "core/ticket.h"
#include "daemon/bell.h"
#include "os/clock.h"
#include "os/file.h"
#include "store/chain.h"
#include "store/probe.h"
#include "store/setting.h"

#define EVERY_US 5000000                   /* looking when nothing happened is three small reads */
#define AFTER_WAKE_US 2200000              /* just past PROMISE_SETTLE_US */
#define REST_US (5 * MOMENT_MINUTE)     /* reminders, closing */
#define PROBE_KEEP_US MOMENT_HOUR       /* test tickets are gone after that */
#define SOLVED_DAYS 7                   /* the setting desk.close_days says otherwise */
#define PROBE_FILE_MAX (64u << 20)

struct sweep {
	const struct job_env *env;
	struct promise_book book;
	struct bell bell;
	int64_t rested_us, signed_us;           /* when the slower things were done, by os_steady_us() */
};

struct intake { const char *name, *text; int64_t offset, now; int taken; };

/* One line of the probe's file; false when it is none (a power cut, a hand in the file): it is passed over. */
static bool line_read(struct arena *a, const char *p, size_t n, int64_t now, struct probe_result *out)
{
	json_t *o = json_loadb(p, n, JSON_REJECT_DUPLICATES, NULL);
	const char *probe = json_string_value(json_object_get(o, "probe")), *detail = json_string_value(json_object_get(o, "detail"));
	bool good = probe && (strcmp(probe, "portal") == 0 || strcmp(probe, "mail") == 0) && json_is_integer(json_object_get(o, "at")) &&
		json_is_boolean(json_object_get(o, "ok"));

	if (good)
		*out = (struct probe_result){ .at = json_integer_value(json_object_get(o, "at")), .stored_at = now, .probe = arena_dup(a, probe),
			.ok = json_is_true(json_object_get(o, "ok")), .took_ms = json_integer_value(json_object_get(o, "took_ms")),
			.detail = text_line(a, detail ? detail : "", 200) };
	json_decref(o);
	return good && out->at > 0 && out->at <= now;
}

static int intake_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct intake *x = arg;
	const char *p = x->text + x->offset, *end;
	struct probe_result r;

	x->taken = 0;
	for (; (end = strchr(p, '\n')); p = end + 1) {  /* what has no line feed yet is read next time */
		if (!line_read(a, p, (size_t)(end - p), x->now, &r))
			continue;
		if (store_probe_add(w, &r, e) != 0)
			return -1;
		x->taken++;
	}
	return store_probe_read_set(w, x->name, p - x->text, e);
}

int sweep_probes(struct db *d, const char *data_folder, int64_t now, int *taken, struct err *e)
{
	struct arena *a = arena_begin(PROBE_FILE_MAX * 2);
	const char *folder = arena_printf(a, "%s/run", data_folder);
	char **names;
	int n, rc = -1;

	*taken = 0;
	if (os_list_folder(a, folder, &names, &n, e) != 0)
		goto out;
	for (int i = 0; i < n; i++) {
		struct intake x = { .name = names[i], .now = now };
		const char *path = arena_printf(a, "%s/%s", folder, names[i]);
		struct db_conn *c;
		char *text;
		size_t bytes;
		int got;

		if (!text_starts(names[i], "probe-") || !text_ends(names[i], ".jsonl"))
			continue;
		if (db_read_begin(d, &c, e) != 0)
			goto out;
		got = store_probe_read(c, names[i], &x.offset, e);
		db_read_end(c);
		if (got != 0)
			goto out;
		if (os_file_size(path) <= x.offset)
			continue;
		if (os_read_file(a, path, PROBE_FILE_MAX, &text, &bytes, e) != 0)
			goto out;
		if (x.offset < 0 || (size_t)x.offset > bytes)
			x.offset = 0;
		x.text = text;
		if (!strchr(text + x.offset, '\n'))
			continue;
		if (db_write(d, intake_job, &x, e) != 0)
			goto out;
		*taken += x.taken;
	}
	rc = 0;
out:
	arena_end(a);
	return rc;
}

struct closing { struct desk desk; int64_t before; int n; };

static int close_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct closing *k = arg;

	k->n = 0;
	return ticket_close_solved(w, a, &k->desk, k->before, &k->n, e);
}

struct signing { struct chain_key key; int64_t now; };

static int sign_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct signing *k = arg;

	return chain_sign(w, a, &k->key, k->now, e);
}

static void sign(struct sweep *s, int64_t now)
{
	struct arena *a = arena_begin(1 << 20);
	const char *keys = arena_printf(a, "%s/keys", s->env->data_folder);
	struct signing k = { .now = now };
	struct seal_key master;
	struct err e;

	if (seal_key_read(arena_printf(a, "%s/master.key", keys), &master, &e) != 0 || chain_key_read(keys, &master, &k.key, &e) != 0 ||
			db_write(s->env->web->db, sign_job, &k, &e) != 0)
		log_err("chain.sign", &e);
	sodium_memzero(&master, sizeof master);
	sodium_memzero(&k, sizeof k);
	arena_end(a);
}

/* What need not be done every few seconds. */
static void rest(struct sweep *s, int64_t now)
{
	const struct web_app *web = s->env->web;
	struct closing k = { .desk = { web->catalogue, web->origin, now } };
	int64_t days = SOLVED_DAYS;
	struct db_conn *c;
	struct err e;

	int tidied;

	if (probe_home_open(web->db, s->env->data_folder, now, &e) != 0)
		log_err("probe.home", &e);
	do
		if (probe_home_tidy(web->db, &web->blobs, now - PROBE_KEEP_US, &tidied, &e) != 0) {
			log_err("probe.tidy", &e);
			break;
		}
	while (tidied == 500);
	if (promise_remind(web->db, &s->book, now, &e) != 0)
		log_err("remind", &e);
	if (db_read_begin(web->db, &c, &e) == 0) {
		if (setting_get_int(c, "desk.close_days", SOLVED_DAYS, &days, &e) != 0)
			log_err("close", &e);
		db_read_end(c);
	}
	k.before = now - days * MOMENT_DAY;
	do
		if (db_write(web->db, close_job, &k, &e) != 0) {
			log_err("close", &e);
			break;
		}
	while (k.n == 100);
}

static void sweep_once(struct sweep *s)
{
	const struct web_app *web = s->env->web;
	int64_t now = os_now_us();
	bool more = true;
	struct err e;
	int taken;

	if (sweep_probes(web->db, s->env->data_folder, now, &taken, &e) != 0)
		log_err("probe.read", &e);
	for (int i = 0; more && i < 100; i++)
		if (promise_sweep(web->db, &s->book, os_now_us() - PROMISE_SETTLE_US, &more, &e) != 0) {
			log_err("promises", &e);
			break;
		}
	if (os_steady_us() - s->rested_us >= REST_US) {
		s->rested_us = os_steady_us();
		rest(s, now);
	}
	if (!s->signed_us || os_steady_us() - s->signed_us >= MOMENT_HOUR) {
		s->signed_us = os_steady_us();
		sign(s, now);
	}
	web->wake(web->wake_arg, "outbox");     /* tickets and needs may have written mails */
}

static void *run(void *arg)
{
	struct sweep *s = arg;

	for (;;) {
		enum bell_word word = bell_wait(&s->bell, EVERY_US, false);

		if (word == BELL_RUNG)          /* what woke us must be old enough to be judged; more of it may come meanwhile */
			word = bell_wait(&s->bell, AFTER_WAKE_US, true);
		if (word == BELL_STOP)
			return NULL;
		sweep_once(s);
	}
}

static int begin(const struct job_env *env, void **state, struct err *e)
{
	struct sweep *s = calloc(1, sizeof *s);

	if (!s)
		return FAIL(e, E_MEMORY_LIMIT, "sweep");
	s->env = env;
	s->book = (struct promise_book){ env->web->catalogue, env->web->services, env->web->origin };
	if (probe_home_open(env->web->db, env->data_folder, os_now_us(), e) != 0) {
		free(s);
		return -1;
	}
	s->rested_us = os_steady_us() - REST_US + 30 * MOMENT_SECOND;
	if (bell_begin(&s->bell, run, s, e) != 0) {
		free(s);
		return -1;
	}
	*state = s;
	return 0;
}

static void wake(void *state) { bell_ring(&((struct sweep *)state)->bell); }

static void end(void *state)
{
	struct sweep *s = state;

	bell_end(&s->bell);
	free(s);
}

const struct app_job sweep_app_job = { "promises", false, begin, wake, end };
