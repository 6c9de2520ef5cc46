#include "store/backup.h"
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/fault.h"
#include "os/conf.h"
#include "os/file.h"
#include "store/copy.h"
#include "store/db_driver.h"
#include "store/tar.h"

enum { MANIFEST_MOST = 128 << 20, LIST_BYTES = 64 << 20 };
static const char form[] = "pedel-backup-1";

/* ---- the database as a SQLite file */

static int job_copy(struct db_conn *w, struct arena *a, void *from, struct err *e)
{
	struct copy_report r;

	return copy_all(from, w, &r, e);
}

int backup_snapshot(struct db *d, const char *path, struct err *e)
{
	struct db_config cfg = { .path = path, .readers = 1, .create = true, .solo = true };
	struct db_conn *c;
	struct db *lite = NULL;
	int rc;

	if (db_read_begin(d, &c, e) != 0)
		return -1;
	if (db_kind(d) == DB_SQLITE) {
		rc = db_sqlite_snapshot(c, path, e);
	} else {
		rc = db_open(&cfg, &lite, e);
		if (rc == 0)
			rc = db_write(lite, job_copy, c, e);
		db_close(lite);
	}
	db_read_end(c);
	return rc;
}

/* ---- writing */

struct out { struct tar t; json_t *files; struct backup_report r; };

static int add(struct out *o, const char *name, const char *path, struct err *e)
{
	char hex[65];
	int64_t n;

	if (tar_write_file(&o->t, name, path, hex, &n, e) != 0)
		return -1;
	if (json_object_set_new(o->files, name, json_pack("{s:I,s:s}", "bytes", (json_int_t)n, "sha256", hex)) != 0)
		return FAIL(e, E_MEMORY_LIMIT, "manifest");
	o->r.files++;
	o->r.bytes += n;
	return 0;
}

/* The plain files of one folder; those that begin with a dot are being written and belong to nobody yet. */
static int add_folder(struct out *o, const char *data, const char *name, struct err *e)
{
	struct arena *a = arena_begin(LIST_BYTES);
	const char *folder = arena_printf(a, "%s/%s", data, name);
	char **names;
	int n = 0, rc = os_file_is(folder) ? os_list_folder(a, folder, &names, &n, e) : 0;

	for (int i = 0; rc == 0 && i < n; i++)
		if (names[i][0] != '.' && strlen(names[i]) < 80)
			rc = add(o, arena_printf(a, "%s/%s", name, names[i]), arena_printf(a, "%s/%s", folder, names[i]), e);
	arena_end(a);
	return rc;
}

static int add_blobs(struct out *o, const char *data, struct err *e)
{
	char name[16], path[PATH_MAX];

	for (int i = 0; i < 256; i++) {
		snprintf(name, sizeof name, "blobs/%02x", (unsigned)i & 255);
		snprintf(path, sizeof path, "%.3900s/%s", data, name);
		if (os_file_is(path) && add_folder(o, data, name, e) != 0)
			return -1;
	}
	return 0;
}

static int add_manifest(struct out *o, int64_t now, struct err *e)
{
	json_t *m = json_pack("{s:s,s:s,s:I,s:O}", "form", form, "version", PEDEL_VERSION, "made_at", (json_int_t)now, "files", o->files);
	char *text = m ? json_dumps(m, JSON_SORT_KEYS | JSON_INDENT(1)) : NULL;
	int rc = text ? tar_write_bytes(&o->t, "manifest.json", text, strlen(text), e) : FAIL(e, E_MEMORY_LIMIT, "manifest");

	free(text);
	json_decref(m);
	o->r.made_at = now;
	return rc;
}

int backup_write(const char *data, struct db *d, const char *to, int64_t now, struct backup_report *r, struct err *e)
{
	struct arena *a = arena_begin(1 << 20);
	const char *part = arena_printf(a, "%s.new", to), *snap = arena_printf(a, "%s/tmp/backup-%d.db", data, (int)getpid());
	struct out o = { .files = json_object() };
	struct err ignored;
	int rc = -1;

	unlink(snap);
	if (os_make_folder(arena_printf(a, "%s/tmp", data), 0700, e) != 0 || backup_snapshot(d, snap, e) != 0 ||
		tar_write_begin(&o.t, part, e) != 0)
		goto out;
	/* The database first: every file its rows name was on disk before the row, so it comes along. */
	if (add(&o, "pedel.db", snap, e) != 0 || add_blobs(&o, data, e) != 0 || add_folder(&o, data, "keys", e) != 0 ||
		add_folder(&o, data, "catalogue", e) != 0 || add(&o, "pedel.conf", arena_printf(a, "%s/pedel.conf", data), e) != 0 ||
		add_manifest(&o, now, e) != 0 || tar_write_end(&o.t, e) != 0)
		goto out;
	if (fault_hit("rename") ? (errno = EXDEV, 1) : rename(part, to) != 0) {
		FAIL(e, E_OS_CALL, "rename %s: %s", to, strerror(errno));
		goto out;
	}
	rc = os_sync_folder(strrchr(to, '/') ? arena_dupn(a, to, (size_t)(strrchr(to, '/') - to) + (strrchr(to, '/') == to)) : ".", e);
	*r = o.r;
out:
	tar_close(&o.t);
	if (rc != 0)
		unlink(part);
	os_remove_file(snap, &ignored);
	unlink(arena_printf(a, "%s-wal", snap));
	unlink(arena_printf(a, "%s-shm", snap));
	json_decref(o.files);
	arena_end(a);
	return rc;
}

/* ---- reading */

static bool plain(const char *s)
{
	return *s && *s != '.' && strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == strlen(s);
}

/* Only what backup_write makes, so that an archive of somebody else's cannot put a file anywhere. */
static bool name_ok(const char *s)
{
	static const char hex[] = "0123456789abcdef";

	if (strcmp(s, "pedel.db") == 0 || strcmp(s, "pedel.conf") == 0 || strcmp(s, "manifest.json") == 0)
		return true;
	if (strncmp(s, "keys/", 5) == 0)
		return plain(s + 5);
	if (strncmp(s, "catalogue/", 10) == 0)
		return plain(s + 10);
	return strncmp(s, "blobs/", 6) == 0 && strlen(s) == 6 + 2 + 1 + 62 && strspn(s + 6, hex) == 2 && s[8] == '/' && strspn(s + 9, hex) == 62;
}

static int file_make(const char *folder, const char *name, struct err *e)
{
	char path[PATH_MAX], dir[PATH_MAX];
	int fd;

	snprintf(path, sizeof path, "%.3900s/%s", folder, name);
	snprintf(dir, sizeof dir, "%.*s", (int)(strrchr(path, '/') - path), path);
	if (os_make_folder(dir, 0700, e) != 0)
		return -1;
	fd = fault_hit("open") ? (errno = EACCES, -1) : open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, strncmp(name, "keys/", 5) == 0 ? 0400 : 0600);
	return fd < 0 ? FAIL(e, errno == ENOSPC ? E_OUT_OF_SPACE : E_OS_CALL, "create %s: %s", path, strerror(errno)) : fd;
}

static int entry(struct tar *t, const struct tar_entry *x, const char *folder, json_t *seen, char **manifest, struct backup_report *r,
	struct err *e)
{
	bool is_manifest = strcmp(x->name, "manifest.json") == 0, blob = strncmp(x->name, "blobs/", 6) == 0;
	char hex[65], named[65];
	int fd = -1, rc;

	if (!name_ok(x->name) || json_object_get(seen, x->name) || *manifest || (is_manifest && x->bytes > MANIFEST_MOST))
		return FAIL(e, E_BACKUP_INVALID, "%s does not belong there", x->name);
	if (is_manifest) {
		*manifest = calloc(1, (size_t)x->bytes + 1);
		return *manifest ? tar_read_content(t, x, -1, *manifest, (size_t)x->bytes, hex, e) : FAIL(e, E_MEMORY_LIMIT, "manifest");
	}
	if (folder && (fd = file_make(folder, x->name, e)) < 0)
		return -1;
	rc = tar_read_content(t, x, fd, NULL, 0, hex, e);
	if (rc == 0 && fd >= 0 && (fault_hit("fsync") ? (errno = EIO, 1) : fsync(fd) != 0))
		rc = FAIL(e, E_OS_CALL, "sync %s: %s", x->name, strerror(errno));
	if (fd >= 0)
		close(fd);
	if (rc != 0)
		return -1;
	snprintf(named, sizeof named, "%.2s%.62s", x->name + 6, x->name + 9);
	if (blob && strcmp(named, hex) != 0)
		return FAIL(e, E_BACKUP_INVALID, "%s is not what it was", x->name);
	r->files++;
	r->bytes += x->bytes;
	return json_object_set_new(seen, x->name, json_pack("{s:I,s:s}", "bytes", (json_int_t)x->bytes, "sha256", hex)) == 0 ? 0 :
		FAIL(e, E_MEMORY_LIMIT, "list of files");
}

/* What was read must be exactly what the manifest says. */
static int compare(const char *manifest, json_t *seen, struct backup_report *r, struct err *e)
{
	json_t *m = manifest ? json_loads(manifest, JSON_REJECT_DUPLICATES, NULL) : NULL, *files = json_object_get(m, "files");
	const char *is = json_string_value(json_object_get(m, "form")), *name;
	json_t *value;
	int rc = 0;

	if (!m || !is || strcmp(is, form) != 0 || !json_is_object(files))
		rc = FAIL(e, E_BACKUP_INVALID, manifest ? "its manifest cannot be read" : "it has no manifest");
	json_object_foreach(files, name, value)
		if (rc == 0 && !json_equal(value, json_object_get(seen, name)))
			rc = FAIL(e, E_BACKUP_INVALID, "%.120s is %s", name, json_object_get(seen, name) ? "not what it was" : "missing");
	json_object_foreach(seen, name, value)
		if (rc == 0 && !json_object_get(files, name))
			rc = FAIL(e, E_BACKUP_INVALID, "%.120s is not in its manifest", name);
	if (rc == 0 && (!json_object_get(seen, "pedel.db") || !json_object_get(seen, "pedel.conf")))
		rc = FAIL(e, E_BACKUP_INVALID, "it holds no installation");
	r->made_at = json_integer_value(json_object_get(m, "made_at"));
	json_decref(m);
	return rc;
}

static int walk(const char *from, const char *folder, struct backup_report *r, struct err *e)
{
	struct backup_report got = { 0 };
	json_t *seen = json_object();
	char *manifest = NULL;
	struct tar_entry x;
	struct tar t;
	int rc;

	if (tar_read_begin(&t, from, e) != 0) {
		json_decref(seen);
		return -1;
	}
	while ((rc = tar_read_next(&t, &x, e)) > 0)
		if ((rc = entry(&t, &x, folder, seen, &manifest, &got, e)) != 0)
			break;
	tar_close(&t);
	if (rc == 0)
		rc = compare(manifest, seen, &got, e);
	free(manifest);
	json_decref(seen);
	if (rc == 0)
		*r = got;
	return rc;
}

int backup_check(const char *from, struct backup_report *r, struct err *e) { return walk(from, NULL, r, e); }

/* Names are safe when their folder is synced; nftw takes no argument, so the first trouble is told by its return. */
static int sync_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	struct err ignored;

	return kind == FTW_DP && os_sync_folder(path, &ignored) != 0 ? -1 : 0;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	return where->level ? remove(path) : 0;
}

int backup_extract(const char *from, const char *folder, struct backup_report *r, struct err *e)
{
	char **names;
	struct arena *a = arena_begin(LIST_BYTES);
	int n, rc = os_list_folder(a, folder, &names, &n, e);

	rc = rc == 0 && (n > 1 || (n == 1 && strcmp(names[0], CONF_UNFINISHED) != 0)) ? FAIL(e, E_FOLDER_NOT_EMPTY, "%s", folder) : rc;
	arena_end(a);
	if (rc != 0)
		return -1;
	rc = walk(from, folder, r, e);
	if (rc == 0 && nftw(folder, sync_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
		rc = FAIL(e, E_OS_CALL, "sync %s: %s", folder, strerror(errno));
	if (rc != 0)
		nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return rc;
}
