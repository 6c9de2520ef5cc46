/* Looking after an installation: verify, backup, restore, move-db. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "base/moment.h"
#include "bin/cli.h"
#include "core/agreement_check.h"
#include "core/month_check.h"
#include "os/clock.h"
#include "os/file.h"
#include "store/backup.h"
#include "store/chain.h"
#include "store/check.h"
#include "store/copy.h"
#include "store/event.h"

static void say_missing(void *arg, const char *sha256)
{
	cli_say(arg, "missing file: %s", "manglende fil: %s", sha256);
}

static void say_unreadable(void *arg, const char *what)
{
	cli_say(arg, "cannot be read: %s", "kan ikke læses: %s", what);
}

/* Every check is made, also after one has failed: an operator wants the whole picture. */
static int verify_home(struct cli *c, struct err *e)
{
	static const struct { const char *en, *da; } names[] = {
		{ "database", "database" }, { "events", "hændelser" }, { "signed heads", "underskrifter" }, { "end of the events", "hændelsernes ende" },
		{ "files", "filer" }, { "files in use", "filer i brug" }, { "closed months", "lukkede måneder" }, { "promises", "løfter" },
		{ "agreements", "aftaler" },
	};
	struct cli_home h;
	struct db_conn *r;
	struct chain_note note;
	struct err first = { 0 };

	if (cli_home_open(c, &h, e) != 0)
		return -1;
	/* The note before the snapshot: a server that runs goes on noting. */
	if (chain_note_read(c->data, h.key.pub, &note, &first) != 0)
		cli_say(c, "the note beside the database: WRONG, %s (%s)", "noten ved siden af databasen: FEJL, %s (%s)", first.detail, err_name(first.id));
	if (db_read_begin(h.db, &r, e) != 0) {
		cli_home_close(&h);
		return -1;
	}
	for (int i = 0; i < 9; i++) {
		const char *name = c->lang == LANG_DA ? names[i].da : names[i].en;
		int64_t n = 0;
		int rc = i == 0 ? check_database(r, &n, e) : i == 1 ? event_verify(r, &n, e) : i == 2 ? chain_verify(r, h.key.pub, &n, e) :
			i == 3 ? chain_end_verify(r, &h.key, &n, e) : i == 4 ? blob_verify(&h.blobs, &n, e) :
			i == 5 ? check_blobs_used(r, &h.blobs, say_missing, c, &n, e) : i == 6 ? month_check(r, &n, e) :
			i == 7 ? check_promises(r, &n, e) : agreement_check(r, say_unreadable, c, &n, e);

		if (rc == 0 && i == 2)
			rc = chain_begun(r, os_now_us(), e);
		if (rc == 0 && i == 3)
			rc = chain_note_verify(r, &note, e);

		if (rc == 0) {
			cli_say(c, "%s: right, %lld checked", "%s: i orden, %lld efterset", name, (long long)n);
			continue;
		}
		cli_say(c, "%s: WRONG, %s (%s)", "%s: FEJL, %s (%s)", name, e->detail, err_name(e->id));
		if (first.id == E_NONE)
			first = *e;
	}
	db_read_end(r);
	cli_home_close(&h);
	*e = first;
	return first.id == E_NONE ? 0 : -1;
}

static int backup_there(const char *path, struct err *e)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return FAIL_FIELD(e, E_BACKUP_MISSING, "from", "%s", path);
	return S_ISREG(st.st_mode) ? 0 : FAIL_FIELD(e, E_BACKUP_INVALID, "from", "%s", path);
}

/* Only a file: nothing of an installation is touched. */
static int verify_file(struct cli *c, struct err *e)
{
	struct backup_report r;

	if (backup_there(c->from, e) != 0 || backup_check(c->from, &r, e) != 0)
		return -1;
	cli_say(c, "%s: right, %lld files, %lld bytes, made %s", "%s: i orden, %lld filer, %lld byte, lavet %s", c->from, (long long)r.files,
		(long long)r.bytes, moment_iso(c->a, r.made_at));
	return 0;
}

int cli_verify(struct cli *c, struct err *e)
{
	if (!c->from == !c->data)
		return FAIL_FIELD(e, E_REQUIRED, "data", "--data or --from");
	return c->from ? verify_file(c, e) : verify_home(c, e);
}

int cli_backup(struct cli *c, struct err *e)
{
	struct backup_report r;
	struct cli_home h;
	const char *slash = strrchr(c->to, '/'), *folder = slash ? arena_dupn(c->a, c->to, (size_t)(slash - c->to) + (slash == c->to)) : ".";
	int rc;

	if (!os_file_is(folder))
		return FAIL_FIELD(e, E_FOLDER_MISSING, "to", "%s", folder);
	if (os_file_is(c->to))
		return FAIL_FIELD(e, E_FILE_THERE, "to", "%s", c->to);
	if (cli_home_open(c, &h, e) != 0)
		return -1;
	/* A backup ends in a signed head. A chain that is wrong is no reason to have no backup. */
	if (db_write(h.db, cli_job_sign, &h.key, e) != 0 || chain_note_write(h.db, h.folder, &h.key, os_now_us(), e) != 0)
		cli_say(c, "the chain could not be signed: %s (%s). Run pedel verify.", "kæden kunne ikke underskrives: %s (%s). Kør pedel verify.", e->detail,
			err_name(e->id));
	rc = backup_write(h.folder, h.db, c->to, os_now_us(), &r, e);
	cli_home_close(&h);
	if (rc == 0)
		cli_say(c, "%s: %lld files, %lld bytes. It holds the keys: keep it safe.", "%s: %lld filer, %lld byte. Nøglerne er med: pas godt på den.",
			c->to, (long long)r.files, (long long)r.bytes);
	return rc;
}

struct across { struct db *other; struct db_conn *from; struct copy_report r; };

static int job_copy(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct across *x = arg;

	return copy_all(x->from, w, &x->r, e);
}

/* Runs as a write job of the old database, so that nothing is written there meanwhile. */
static int job_move(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct across *x = arg;

	x->from = w;
	return db_write(x->other, job_copy, x, e);
}

static bool is_url(const char *s) { return strncmp(s, "postgresql://", 13) == 0 || strncmp(s, "postgres://", 11) == 0; }

/* The restored SQLite file into an empty PostgreSQL; the file goes. */
static int restore_into(struct cli *c, const char *path, struct err *e)
{
	struct db_config from = { .path = path, .readers = 1, .solo = true }, to = { .url = c->db, .readers = 1, .create = true, .solo = true };
	struct across x = { 0 };
	struct db *d = NULL;
	int rc = db_open(&from, &d, e);

	if (rc == 0)
		rc = db_open(&to, &x.other, e);
	if (rc == 0)
		rc = db_write(d, job_move, &x, e);
	db_close(x.other);
	db_close(d);
	return rc == 0 ? os_remove_file(path, e) : -1;
}

static int restore(struct cli *c, struct backup_report *r, struct err *e)
{
	const char *path = arena_printf(c->a, "%s/pedel.db", c->data);
	struct db_config lite = { .path = path, .readers = 1, .solo = true };
	struct db *d = NULL;

	if (backup_there(c->from, e) != 0 || backup_check(c->from, r, e) != 0 || backup_extract(c->from, c->data, r, e) != 0)
		return -1;
	for (size_t i = 0; i < 3; i++)
		if (os_make_folder(arena_printf(c->a, "%s/%s", c->data, i == 0 ? "tmp" : i == 1 ? "run" : "blobs"), 0700, e) != 0)
			return -1;
	/* An older backup's schema is brought up to this program's before anything else reads it. */
	if (db_open(&lite, &d, e) != 0)
		return -1;
	db_close(d);
	if (c->db && restore_into(c, path, e) != 0)
		return -1;
	return conf_set(c->a, c->data, "db", c->db, e);
}

int cli_restore(struct cli *c, struct err *e)
{
	struct backup_report r;

	if (c->db && !is_url(c->db))
		return FAIL_FIELD(e, E_CHOICE_INVALID, "db", "postgresql://...");
	if (cli_fill_begin(c, e) != 0 || cli_fill_end(c, restore(c, &r, e), e) != 0)
		return -1;
	cli_say(c, "%s: %lld files of %s. The database is %s.", "%s: %lld filer fra %s. Databasen er %s.", c->data, (long long)r.files,
		moment_iso(c->a, r.made_at), c->db ? "PostgreSQL" : "SQLite");
	return 0;
}

/* Is a server at work on this installation? SQLite's log stays as long as somebody has the file open. */
static int refuse_running(struct cli *c, struct err *e)
{
	struct cli_home h;
	struct db_conn *r;
	bool alone = true;

	if (cli_home_open(c, &h, e) != 0)
		return -1;
	if (h.db_url) {
		if (db_read_begin(h.db, &r, e) != 0 || check_alone(r, 2, &alone, e) != 0)
			alone = false;
		else
			db_read_end(r);
	}
	cli_home_close(&h);
	if (!h.db_url)
		alone = !os_file_is(arena_printf(c->a, "%s-wal", h.db_path));
	return alone ? 0 : FAIL(e, E_RUNNING, "%s", c->data);
}

int cli_move_db(struct cli *c, struct err *e)
{
	struct db_config to = { .readers = 1, .create = true, .solo = true };
	struct across x = { 0 };
	struct cli_home h;
	bool lite = strcmp(c->to, "sqlite") == 0;
	const char *old;
	int rc = -1;

	if (!lite && !is_url(c->to))
		return FAIL_FIELD(e, E_CHOICE_INVALID, "to", "postgresql://... or sqlite");
	if (refuse_running(c, e) != 0 || cli_home_open(c, &h, e) != 0)
		return -1;
	old = arena_printf(c->a, "%s/pedel.db.before-move", c->data);
	if (lite == !h.db_url)
		FAIL_FIELD(e, lite || strcmp(c->to, h.db_url) == 0 ? E_MOVE_THERE : E_MOVE_BY_SQLITE, "to", "%s", lite ? h.db_path : c->to);
	else if (lite && os_file_is(h.db_path))
		FAIL(e, E_MOVE_TARGET_USED, "%s", h.db_path);
	else
		rc = 0;
	to.path = h.db_path;
	to.url = lite ? NULL : c->to;
	if (rc == 0 && (rc = db_open(&to, &x.other, e)) == 0)
		rc = db_write(h.db, job_move, &x, e);
	db_close(x.other);
	cli_home_close(&h);
	if (rc == 0)
		rc = conf_set(c->a, c->data, "db", to.url, e);
	if (rc != 0) {
		if (lite && h.db_url && e->id != E_MOVE_TARGET_USED)
			remove(h.db_path);
		return -1;
	}
	/* A later move back must not find a file with yesterday's rows. */
	if (!lite && rename(h.db_path, old) != 0)
		return FAIL(e, E_OS_CALL, "rename %s", h.db_path);
	if (!lite && os_sync_folder(c->data, e) != 0)
		return -1;
	cli_say(c, "%d tables, %lld rows: the same on both sides. %s", "%d tabeller, %lld rækker: ens på begge sider. %s", x.r.tables, (long long)x.r.rows,
		lite ? h.db_path : old);
	return 0;
}
