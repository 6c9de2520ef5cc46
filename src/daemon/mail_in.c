#include "daemon/mail_in.h"
#include <inttypes.h>
#include <string.h>
#include <strings.h>
#include "base/hash.h"
#include "base/log.h"
#include "base/moment.h"
#include "base/text.h"
#include "core/mail_place.h"
#include "daemon/conv_client.h"
#include "daemon/mail_work.h"
#include "os/clock.h"
#include "os/file.h"
#include "store/blob.h"
#include "store/mail_in.h"
#include "web/health.h"

enum { BATCH = 20, TRIES = 3, PAUSE_US = 3000000, LOOK_US = 20000000, FILES_MAX = 200 };
#define RAW_MAX ((size_t)96 << 20)
#define WORK_ARENA ((size_t)768 << 20)

/* A mail on its way into the store; probe is set by the job. */
struct intake { struct mail_work *w; struct mail_arrival mail; bool probe; };

/* The mail without the marks of its way: headers that hosts add are left out. */
static char *content_hash(struct arena *a, const char *raw, size_t n)
{
	static const char *const way[] = { "received:", "delivered-to:", "return-path:", "x-original-to:", "authentication-results:", "dkim-signature:",
		"arc-", "x-received:", "x-spam", "x-rspamd", "received-spf:", "envelope-to:", "x-virus", "x-google", "x-gm-" };
	struct buf b;
	struct sha256 h;
	const char *p = raw, *end = raw + n;
	bool skip = false;

	buf_init(&b, a, n + 1);
	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t len = nl ? (size_t)(nl - p) + 1 : (size_t)(end - p);

		if (*p == '\n' || (*p == '\r' && len == 2))
			break;
		if (*p != ' ' && *p != '\t') {
			skip = false;
			for (size_t i = 0; i < sizeof way / sizeof *way; i++)
				skip = skip || (len > strlen(way[i]) && strncasecmp(p, way[i], strlen(way[i])) == 0);
		}
		if (!skip)
			buf_add(&b, p, len);
		p += len;
	}
	buf_add(&b, p, (size_t)(end - p));
	h = hash_sha256(buf_text(&b), b.n);
	return hash_hex(a, h.b, sizeof h.b);
}

static int place(struct db_conn *c, struct arena *a, void *arg, struct err *e)
{
	struct intake *in = arg;

	return mail_place(c, a, &in->mail, &in->probe, e);
}

/* Attachments into blobs, before the transaction; with the raw mail when something of it could not be shown. */
static int keep_files(struct arena *a, struct intake *in, size_t raw_bytes, struct err *e)
{
	int n = in->mail.m ? in->mail.m->nparts : 0;

	in->mail.files = ARENA_ARRAY(a, struct ticket_file, n + 1);
	for (int i = 0; i < n && in->mail.nfiles < FILES_MAX; i++) {
		const struct conv_part *p = &in->mail.m->parts[i];
		char *sha = arena_get(a, 65);

		if (blob_put(&in->w->app->blobs, p->p, p->n, sha, e) != 0)
			return -1;
		in->mail.files[in->mail.nfiles++] = (struct ticket_file){ p->name, p->mime, sha, p->content_id, (int64_t)p->n };
	}
	if (!in->mail.m || strstr(in->mail.m->damage, "long") || strstr(in->mail.m->damage, "parts") || strstr(in->mail.m->damage, "depth") || n > FILES_MAX ||
		strlen(in->mail.m->text) > TICKET_BODY_MAX - 16)
		in->mail.files[in->mail.nfiles++] = (struct ticket_file){ "mail.eml", "message/rfc822", in->mail.row->sha256, "", (int64_t)raw_bytes };
	return 0;
}

static int note_try(struct db_conn *c, struct arena *a, void *arg, struct err *e)
{
	struct mail_in *row = arg;

	return store_mail_in_tried(c, row->id, row->note, e);
}

/* 0: done with it. -1 not this time; *others false: nor would it go better with the next one. */
static int process(struct mail_work *w, const struct mail_in *row, bool *others)
{
	struct arena *a = arena_begin(WORK_ARENA);
	struct intake in = { .w = w, .mail = { .catalogue = w->app->catalogue, .origin = w->app->origin, .row = row, .now = os_now_us() } };
	struct mail_in tried = *row;
	struct conv_mail *m = ARENA_NEW(a, struct conv_mail);
	struct err e = { 0 }, ignored;
	size_t n = 0;
	char *raw;

	if (arena_trap(a)) {
		FAIL(&e, E_MEMORY_LIMIT, "mail %" PRId64, row->id);
	} else if (blob_get(&w->app->blobs, a, row->sha256, RAW_MAX, &raw, &n, &e) == 0 || e.id == E_BODY_TOO_LARGE) {
		bool given_up = row->tries >= TRIES || e.id == E_BODY_TOO_LARGE;

		e = (struct err){ 0 };
		in.mail.content = n ? content_hash(a, raw, n) : row->sha256;
		if (!given_up && conv_mail(w->env->conv_socket, a, raw, n, m, &e) == 0)
			in.mail.m = m;
		if (e.id == E_MAIL_UNREADABLE || e.id == E_MESSAGE_INVALID || e.id == E_BODY_TOO_LARGE)
			e = (struct err){ 0 };
		if (e.id == E_NONE && keep_files(a, &in, n ? n : 0, &e) == 0)
			db_write(w->app->db, place, &in, &e);
		if (e.id == E_NONE && in.probe && os_remove_file(blob_path(&w->app->blobs, a, row->sha256), &ignored) != 0)
			log_err("mail in", &ignored);
	}
	arena_trap_clear(a);
	if (e.id != E_NONE) {
		log_err("mail in", &e);
		health_note(w->app->health, &e, in.mail.now);
		tried.note = arena_printf(a, "%s: %s", err_name(e.id), e.detail);
		/* trouble of the machine's own is no fault of the mail's, and is never counted against it */
		*others = e.id == E_CONV_FAILED || e.id == E_MEMORY_LIMIT || (err_kind(e.id) != ERR_RETRY && e.id != E_OS_CALL);
		if (*others)
			db_write(w->app->db, note_try, &tried, &ignored);
	}
	arena_end(a);
	return e.id == E_NONE ? 0 : -1;
}

static void *work(void *arg)
{
	struct mail_work *w = arg;
	bool trouble = false, full = false;

	for (;;) {
		struct arena *a;
		struct mail_in *rows = NULL;
		struct db_conn *c = NULL;
		struct err e = { 0 };
		int n = 0;

		if (bell_wait(&w->bell, full ? 0 : trouble ? PAUSE_US : LOOK_US, trouble) == BELL_STOP)
			return NULL;
		trouble = false;
		a = arena_begin(16 << 20);
		if (db_read_begin(w->app->db, &c, &e) != 0 || store_mail_in_waiting(c, a, BATCH, &rows, &n, &e) != 0) {
			log_err("mail in", &e);
			health_note(w->app->health, &e, os_now_us());
			trouble = true;
		}
		db_read_end(c);
		for (int i = 0; i < n; i++) {
			bool others = true;

			if (bell_stopping(&w->bell))
				break;
			if (process(w, &rows[i], &others) != 0)
				trouble = true;
			if (!others)
				break;
			w->app->wake(w->app->wake_arg, "outbox");
		}
		full = n == BATCH && !trouble;
		arena_end(a);
	}
}

static int begin(const struct job_env *env, void **state, struct err *e) { return mail_work_begin(env, work, state, e); }

const struct app_job mail_in_job = { .name = "mail", .begin = begin, .wake = mail_work_wake, .end = mail_work_end };
