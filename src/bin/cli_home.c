/* init, and opening what it made. pedel.conf is written last: a folder that has it is a whole installation. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/text.h"
#include "bin/cli.h"
#include "core/cvr.h"
#include "os/clock.h"
#include "os/file.h"
#include "store/category.h"
#include "store/chain.h"
#include "store/event.h"
#include "store/setting.h"

enum { NAME_MOST = 120, READERS = 2 };
static const char *const folders[] = { "keys", "blobs", "tmp", "run", "catalogue" };

void cli_say(const struct cli *c, const char *en, const char *da, ...)
{
	va_list ap;

	va_start(ap, da);
	vprintf(c->lang == LANG_DA ? da : en, ap);
	va_end(ap);
	putchar('\n');
}

int cli_home_open(struct cli *c, struct cli_home *h, struct err *e)
{
	struct db_config cfg = { .readers = READERS, .solo = true };

	*h = (struct cli_home){ .folder = c->data };
	if ((!c->filling && conf_whole(c->a, c->data, e) != 0) || conf_read(c->a, c->data, NULL, &h->conf, e) != 0)
		return -1;
	h->keys = arena_printf(c->a, "%s/keys", c->data);
	h->blobs.folder = arena_printf(c->a, "%s/blobs", c->data);
	h->db_url = conf_get(h->conf, "db", NULL);
	h->db_path = arena_printf(c->a, "%s/pedel.db", c->data);
	cfg.url = h->db_url;
	cfg.path = h->db_path;
	if (seal_key_read(arena_printf(c->a, "%s/master.key", h->keys), &h->master, e) != 0 ||
		chain_key_read(h->keys, &h->master, &h->key, e) != 0 || db_open(&cfg, &h->db, e) != 0)
		return -1;
	if (chain_open(h->db, c->data, &h->key, e) == 0)
		return 0;
	cli_home_close(h);
	return -1;
}

void cli_home_close(struct cli_home *h)
{
	db_close(h->db);
	h->db = NULL;
}

struct start { const char *provider, *cvr; };

static int job_start(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	const struct start *s = arg;
	struct event ev = { .at = os_now_us(), .actor_kind = "system", .object = "installation", .kind = "installation.made", .data = "{}" };
	const char *there;

	if (setting_get(w, a, "provider.cvr", NULL, &there, e) != 0)
		return -1;
	if (there)
		return FAIL(e, E_DB_USED, "%s", there);
	return setting_set(w, "provider.name", s->provider, e) || setting_set(w, "provider.cvr", s->cvr, e) || store_category_first(w, e) || event_add(w, a, &ev, e) ? -1 : 0;
}

int cli_job_sign(struct db_conn *w, struct arena *a, void *arg, struct err *e) { return chain_sign(w, a, arg, os_now_us(), e); }

static int make(struct cli *c, const struct start *s, struct err *e)
{
	const char *keys = arena_printf(c->a, "%s/keys", c->data), *conf;
	struct db_config cfg = { .path = arena_printf(c->a, "%s/pedel.db", c->data), .url = c->db, .readers = 1, .create = true, .solo = true };
	struct seal_key master;
	struct chain_key key;
	struct db *d = NULL;
	int rc;

	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		if (os_make_folder(arena_printf(c->a, "%s/%s", c->data, folders[i]), 0700, e) != 0)
			return -1;
	if (seal_key_make(arena_printf(c->a, "%s/master.key", keys), e) != 0 ||
		seal_key_read(arena_printf(c->a, "%s/master.key", keys), &master, e) != 0 || chain_key_make(keys, &master, e) != 0)
		return -1;
	if (db_open(&cfg, &d, e) != 0)
		return -1;
	rc = chain_key_read(keys, &master, &key, e);
	if (rc == 0)
		rc = chain_open(d, c->data, &key, e);
	if (rc == 0)
		rc = db_write(d, job_start, (void *)s, e);
	if (rc == 0)
		rc = db_write(d, cli_job_sign, &key, e);
	db_close(d);
	if (rc != 0)
		return -1;
	conf = arena_printf(c->a, "# Pedel's configuration: key=value. What the command line of pedeld says wins. See docs/settings.md.\n"
		"%slisten=127.0.0.1:8080\n%s", c->db ? arena_printf(c->a, "db=%s\n", c->db) : "# db=postgresql://user@host/name     (left out: SQLite in this folder)\n",
		c->origin ? arena_printf(c->a, "origin=%s\n", c->origin) :
		"# origin=https://desk.example.dk     (the address people use: links in mails. Left out: the one listened at, when it is loopback)\n");
	return os_replace_file(arena_printf(c->a, "%s/pedel.conf", c->data), conf, strlen(conf), 0600, e);
}

int cli_make(struct cli *c, struct err *e)
{
	struct start s = { 0 };

	if (text_check(c->provider, "provider", NAME_MOST, true, e) != 0 || cvr_read(c->a, c->cvr, "cvr", &s.cvr, e) != 0)
		return -1;
	s.provider = text_plain(c->a, c->provider);
	if (!cli_fill_left(c) && os_file_is(arena_printf(c->a, "%s/pedel.conf", c->data)))
		return FAIL(e, E_ALREADY_INITIALISED, "%s", c->data);
	if (c->db && strncmp(c->db, "postgresql://", 13) != 0 && strncmp(c->db, "postgres://", 11) != 0)
		return FAIL_FIELD(e, E_CHOICE_INVALID, "db", "postgresql://...");
	if (c->origin && conf_origin_check(c->origin, e) != 0)
		return -1;
	if (cli_fill_begin(c, e) != 0)
		return -1;
	return make(c, &s, e) == 0 ? 0 : cli_fill_end(c, -1, e);
}

int cli_init(struct cli *c, struct err *e)
{
	if (cli_make(c, e) != 0 || cli_fill_end(c, 0, e) != 0)
		return -1;
	cli_say(c, "Made %s for %s. Next: pedel admin add --data %s --login NAME --name 'FULL NAME' --password-stdin",
		"%s er klar til %s. Næste: pedel admin add --data %s --login NAVN --name 'FULDT NAVN' --password-stdin", c->data, text_trim(c->a, c->provider), c->data);
	return 0;
}
