#include "daemon/app.h"
#include <stdbool.h>
#include "base/log.h"
#include "os/conf.h"
#include "os/file.h"
#include "pages/all.h"
#include "services/all.h"
#include "store/blob.h"
#include "store/db.h"
#include "web/web.h"

struct app {
	struct arena *a;
	struct conf *conf;
	struct web_app web;
	const char *tmp, *tls_cert, *tls_key;
	const char *const *proxies;
	bool working;
};

static void wake(void *arg, const char *what) { }

int app_open(const struct daemon_args *args, struct app **out, struct err *e)
{
	struct arena *a = arena_begin(64 << 20);
	struct app *p = ARENA_NEW(a, struct app);
	struct db_config db = { .readers = 16 };

	p->a = a;
	if (conf_read(a, args->data, &p->conf, e) != 0)
		goto bad;
	p->tmp = arena_printf(a, "%s/tmp", args->data);
	p->tls_cert = args->tls_cert ? args->tls_cert : conf_get(p->conf, "tls_cert", NULL);
	p->tls_key = args->tls_key ? args->tls_key : conf_get(p->conf, "tls_key", NULL);
	p->proxies = conf_words(a, p->conf, "proxies");
	db.url = args->db ? args->db : conf_get(p->conf, "db", NULL);
	db.path = arena_printf(a, "%s/pedel.db", args->data);
	if (os_make_folder(p->tmp, 0700, e) != 0 || os_make_folder(arena_printf(a, "%s/run", args->data), 0700, e) != 0 ||
	    db_open(&db, &p->web.db, e) != 0)
		goto bad;
	p->web.blobs.folder = arena_printf(a, "%s/blobs", args->data);
	p->web.services = service_all;
	p->web.tables = pages_tables;
	p->web.data_folder = arena_dup(a, args->data);
	p->web.origin = conf_get(p->conf, "origin", "");
	p->web.wake = wake;
	p->web.wake_arg = p;
	*out = p;
	return 0;
bad:
	arena_end(a);
	return -1;
}

static void handle(struct http_request *r, struct http_response *s, void *arg)
{
	s->status = 503;
	s->type = "text/plain; charset=utf-8";
	s->body = "The pages are not here yet.\n";
	s->body_bytes = strlen(s->body);
}

void app_http(struct app *p, struct http_config *c)
{
	c->tls_cert = p->tls_cert;
	c->tls_key = p->tls_key;
	c->proxies = p->proxies;
	c->tmp_folder = p->tmp;
	c->handle = handle;
	c->arg = &p->web;
}

int app_jobs_begin(struct app *p, struct err *e)
{
	p->working = true;
	return 0;
}

void app_jobs_end(struct app *p) { p->working = false; }

void app_close(struct app *p)
{
	if (!p)
		return;
	app_jobs_end(p);
	db_close(p->web.db);
	arena_end(p->a);
}
