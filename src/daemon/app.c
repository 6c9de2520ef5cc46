#include "daemon/app.h"
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include "base/log.h"
#include "base/text.h"
#include "core/catalogue_kept.h"
#include "daemon/chain_job.h"
#include "daemon/conv_client.h"
#include "daemon/job.h"
#include "daemon/mail_in.h"
#include "daemon/mail_out.h"
#include "daemon/sweep.h"
#include "daemon/watch.h"
#include "net/listen.h"
#include "os/file.h"
#include "pages/all.h"
#include "pages/rail.h"
#include "services/all.h"
#include "web/dispatch.h"
#include "web/kept.h"
#include "web/health.h"
#include "web/live.h"
#include "web/refusal.h"
#include "web/guard.h"

/* Every job there is; the order is that of starting, the opposite of stopping. */
static const struct app_job *const jobs[] = {
	&mail_out_job, &mail_in_job, &mail_take_job,
	&sweep_app_job,
	&chain_app_job,
	&watch_job,
	NULL
};
enum { JOBS_MOST = 8, READERS = 24, KEPT_MB = 16, KEPT_MB_MOST = 4096 };
_Static_assert(sizeof jobs / sizeof *jobs - 1 <= JOBS_MOST, "more jobs than places");

struct app {
	struct arena *a;
	struct conf *conf;
	struct catalogue catalogue;
	struct web_app web;
	struct job_env env;
	const char *tls_cert, *tls_key;
	const char *const *proxies;
	pthread_rwlock_t lock;                  /* jobs come and go while pages wake them */
	void *state[JOBS_MOST];
	bool runs[JOBS_MOST];
};

static void wake(void *arg, const char *what)
{
	struct app *p = arg;

	pthread_rwlock_rdlock(&p->lock);
	for (int i = 0; jobs[i]; i++)
		if (p->runs[i] && jobs[i]->wake && strcmp(jobs[i]->name, what) == 0)
			jobs[i]->wake(p->state[i]);
	pthread_rwlock_unlock(&p->lock);
}

/* The address that links in mails begin with: what the operator says, or the loopback address we listen at. Never what a request
 * calls us: anybody can write that, and a sign-in link would go to them. */
static int find_origin(struct app *p, int listen_fd, struct err *e)
{
	const char *said = text_trim(p->a, conf_get(p->conf, "origin", ""));
	char own[80];
	size_t n = strlen(said);

	if (n) {
		if (said[n - 1] == '/')
			n--;
		p->web.origin = arena_dupn(p->a, said, n);
		return conf_origin_check(p->web.origin, e);
	}
	listen_name(listen_fd, own, sizeof own);
	p->web.origin_own = strncmp(own, "127.", 4) == 0 || strncmp(own, "[::1]:", 6) == 0;
	p->web.origin = p->web.origin_own ? arena_printf(p->a, "%s://%s", p->tls_cert ? "https" : "http", own) : "";
	if (!p->web.origin_own)
		log_line(LOG_WARN, "origin", "not set in pedel.conf: mails go out without links, and nobody can sign in by mail");
	return 0;
}

static int kept_size(const struct conf *c, size_t *bytes, struct err *e)
{
	const char *text = conf_get(c, "page_cache_mb", NULL);
	int64_t mb = KEPT_MB;

	if (text && (!text_int(text, &mb) || mb < 0 || mb > KEPT_MB_MOST))
		return FAIL_FIELD(e, E_NUMBER_INVALID, "page_cache_mb", "%.40s", text);
	*bytes = (size_t)mb << 20;
	return 0;
}

static int number_services(struct app *p, struct err *e)
{
	struct db_conn *c;
	int rc;

	if (db_read_begin(p->web.db, &c, e) != 0)
		return -1;
	rc = catalogue_number(c, p->a, &p->catalogue, e);
	db_read_end(c);
	return rc;
}

static int open_all(struct app *p, const struct daemon_args *args, struct err *e)
{
	struct arena *a = p->a;
	struct db_config db = { .readers = READERS };
	const char *data = arena_dup(a, args->data);
	size_t kept = 0;

	p->tls_cert = args->tls_cert ? args->tls_cert : conf_get(p->conf, "tls_cert", NULL);
	p->tls_key = args->tls_key ? args->tls_key : conf_get(p->conf, "tls_key", NULL);
	p->proxies = conf_words(a, p->conf, "proxies");
	p->env = (struct job_env){ .web = &p->web, .conf = p->conf, .data_folder = data, .lmtp_fd = args->lmtp_fd,
		.tmp_folder = arena_printf(a, "%s/tmp", data), .conv_socket = arena_printf(a, "%s/run/conv.sock", data),
		.smtp = args->smtp ? args->smtp : conf_get(p->conf, "smtp", NULL) };
	db.url = args->db ? args->db : conf_get(p->conf, "db", NULL);
	db.path = arena_printf(a, "%s/pedel.db", data);
	if (os_make_folder(p->env.tmp_folder, 0700, e) != 0 || os_make_folder(arena_printf(a, "%s/run", data), 0700, e) != 0 ||
	    catalogue_load(a, arena_printf(a, "%s/catalogue", data), &p->catalogue, e) != 0 || db_open(&db, &p->web.db, e) != 0 || chain_job_seal(p->web.db, data, e) != 0 ||
	    number_services(p, e) != 0)
		return -1;
	p->web.blobs.folder = arena_printf(a, "%s/blobs", data);
	p->catalogue.kept = catalogue_kept_begin();
	p->web.catalogue = &p->catalogue;
	p->web.health = health_begin(a);
	p->web.rail = pages_rail;
	p->web.services = service_all;
	p->web.tables = pages_tables;
	p->web.data_folder = data;
	p->web.wake = wake;
	p->web.wake_arg = p;
	p->web.live = live_begin(a);
	p->web.make_pdf = conv_pdf;
	p->web.pdf_arg = (void *)(uintptr_t)p->env.conv_socket;
	if (find_origin(p, args->listen_fd, e) != 0 || kept_size(p->conf, &kept, e) != 0 || guard_begin(&p->web.guard, data, e) != 0)
		return -1;
	p->web.kept = kept_begin(kept);
	return web_start(&p->web, a, e);
}

int app_open(const struct daemon_args *args, struct app **out, struct err *e)
{
	struct arena *a = arena_begin(64 << 20);
	struct app *p = ARENA_NEW(a, struct app);

	p->a = a;
	pthread_rwlock_init(&p->lock, NULL);
	if (conf_read(a, args->data, args->conf, &p->conf, e) != 0 || open_all(p, args, e) != 0) {
		app_close(p);
		return -1;
	}
	*out = p;
	return 0;
}

void app_http(struct app *p, struct http_config *c)
{
	c->tls_cert = p->tls_cert;
	c->tls_key = p->tls_key;
	c->proxies = p->proxies;
	c->tmp_folder = p->env.tmp_folder;
	c->limits = web_limits;
	c->handle = web_handle;
	c->at_once = p->web.kept ? kept_at_once : NULL;
	c->encoded = kept_encoded;
	c->refusal = web_refusal;
	c->arg = &p->web;
}

int app_jobs_begin(struct app *p, bool shared_only, struct err *e)
{
	for (int i = 0; jobs[i]; i++) {
		void *state = NULL;

		if (p->runs[i] || (shared_only && !jobs[i]->always))
			continue;
		if (jobs[i]->begin(&p->env, &state, e) != 0)
			return -1;
		pthread_rwlock_wrlock(&p->lock);
		p->state[i] = state;
		p->runs[i] = true;
		pthread_rwlock_unlock(&p->lock);
	}
	return 0;
}

void app_jobs_end(struct app *p)
{
	int n = 0;

	while (jobs[n])
		n++;
	for (int i = n - 1; i >= 0; i--) {
		bool ran = p->runs[i];

		pthread_rwlock_wrlock(&p->lock);
		p->runs[i] = false;
		pthread_rwlock_unlock(&p->lock);
		if (ran)
			jobs[i]->end(p->state[i]);
	}
}

void app_close(struct app *p)
{
	if (!p)
		return;
	app_jobs_end(p);
	guard_end(p->web.guard);
	kept_end(p->web.kept);
	db_close(p->web.db);
	pthread_rwlock_destroy(&p->lock);
	catalogue_kept_end(p->catalogue.kept);
	arena_end(p->a);
}
