#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/log.h"
#include "base/text.h"
#include "core/probe_home.h"
#include "daemon/mail_in.h"
#include "net/lmtp.h"
#include "os/clock.h"
#include "store/blob.h"
#include "store/mail_in.h"
#include "store/setting.h"
#include "web/health.h"

struct take { const struct web_app *app; struct lmtp_server *lmtp; };

static int recipient(void *arg, const char *address)
{
	struct take *w = arg;
	struct arena *a = arena_begin(1 << 20);
	struct db_conn *c = NULL;
	const char *list, *at, *plus;
	char *copy, *save = NULL, *plain;
	struct err e = { 0 };
	int code = 451;

	if (db_read_begin(w->app->db, &c, &e) != 0 || setting_get(c, a, "mail.addresses", "", &list, &e) != 0) {
		log_err("lmtp", &e);
		goto out;
	}
	/* Nothing is listed: everything that is handed to us is ours. */
	if (text_blank(list) || strcasecmp(address, PROBE_DESK) == 0) {
		code = 250;
		goto out;
	}
	at = strrchr(address, '@');
	plus = strchr(address, '+');
	plain = at && plus && plus < at ? arena_printf(a, "%.*s%s", (int)(plus - address), address, at) : arena_dup(a, address);
	code = 550;
	copy = arena_dup(a, list);
	for (char *one = strtok_r(copy, " ,;\n\r\t", &save); one; one = strtok_r(NULL, " ,;\n\r\t", &save))
		if (strcasecmp(one, plain) == 0 || (one[0] == '@' && at && strcasecmp(one, at) == 0))
			code = 250;
out:
	db_read_end(c);
	arena_end(a);
	return code;
}

static int add_row(struct db_conn *c, struct arena *a, void *arg, struct err *e)
{
	bool again;

	if (store_mail_in_add(c, arg, &again, e) != 0)
		return -1;
	if (again)
		log_line(LOG_INFO, "mail twice", "sha256=%s", ((struct mail_in *)arg)->sha256);
	return 0;
}

static int by_text(const void *x, const void *y) { return strcmp(*(const char *const *)x, *(const char *const *)y); }

static int take(void *arg, const struct lmtp_mail *m)
{
	struct take *w = arg;
	struct arena *a = arena_begin(1 << 20);
	const char **to = ARENA_ARRAY(a, const char *, m->nrecipients);
	struct mail_in row = { .received_at = os_now_us(), .sender = m->sender };
	char sha[65];
	struct buf list;
	struct err e = { 0 };
	int64_t bytes;
	int code = 250;

	for (int i = 0; i < m->nrecipients; i++)
		to[i] = text_lower(a, m->recipients[i]);
	qsort(to, (size_t)m->nrecipients, sizeof *to, by_text);
	buf_init(&list, a, 64 << 10);
	for (int i = 0; i < m->nrecipients; i++)
		if (i == 0 || strcmp(to[i], to[i - 1]) != 0)
			buf_printf(&list, "%s%s", i ? " " : "", to[i]);
	if (blob_put_file(&w->app->blobs, m->path, sha, &bytes, &e) == 0) {
		row.sha256 = sha;
		row.recipients = buf_text(&list);
		db_write(w->app->db, add_row, &row, &e);
	}
	if (e.id != E_NONE) {
		log_err("lmtp", &e);
		health_note(w->app->health, &e, row.received_at);
		code = e.id == E_OUT_OF_SPACE ? 452 : 451;
	} else {
		w->app->wake(w->app->wake_arg, "mail");
	}
	arena_end(a);
	return code;
}

static int begin(const struct job_env *env, void **state, struct err *e)
{
	struct take *w = calloc(1, sizeof *w);
	struct lmtp_config c = { .listen_fd = env->lmtp_fd, .tmp_folder = env->tmp_folder, .recipient = recipient, .take = take, .arg = w };

	if (!w)
		return FAIL(e, E_OS_CALL, "no memory");
	w->app = env->web;
	if (env->lmtp_fd >= 0 && lmtp_start(&c, &w->lmtp, e) != 0) {
		free(w);
		return -1;
	}
	*state = w;
	return 0;
}

static void end(void *state)
{
	struct take *w = state;

	lmtp_stop(w->lmtp);
	free(w);
}

const struct app_job mail_take_job = { .name = "lmtp", .always = true, .begin = begin, .end = end };
