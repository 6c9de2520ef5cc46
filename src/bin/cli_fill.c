/* A folder that is being filled carries a mark, locked by who fills it, until what is in it is whole. */
#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "bin/cli.h"
#include "os/file.h"

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	return where->level == 0 || (where->level == 1 && strcmp(path + where->base, CONF_UNFINISHED) == 0) ? 0 : remove(path);
}

static const char *mark_of(const struct cli *c) { return arena_printf(c->a, "%s/" CONF_UNFINISHED, c->data); }

static void empty(const char *folder) { nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS); }

bool cli_fill_left(struct cli *c) { return os_file_is(mark_of(c)); }

/* The folder is not there, is empty, or holds what somebody who was stopped left. */
static int look(struct cli *c, struct err *e)
{
	struct stat st;
	char **names;
	int n = 0;

	c->was_there = stat(c->data, &st) == 0;
	if (c->was_there && !S_ISDIR(st.st_mode))
		return FAIL(e, E_FILE_THERE, "%s", c->data);
	if (c->was_there && os_list_folder(c->a, c->data, &names, &n, e) != 0)
		return -1;
	return n && !cli_fill_left(c) ? FAIL(e, E_FOLDER_NOT_EMPTY, "%s", c->data) : 0;
}

/* Locked by us, and still there: whoever had it may have finished and taken it away since it was opened. */
static bool ours(const struct cli *c)
{
	struct stat held, there;

	return flock(c->mark_fd, LOCK_EX | LOCK_NB) == 0 && fstat(c->mark_fd, &held) == 0 && stat(mark_of(c), &there) == 0 &&
		held.st_ino == there.st_ino && held.st_dev == there.st_dev;
}

int cli_fill_begin(struct cli *c, struct err *e)
{
	if (look(c, e) != 0 || os_make_folder(c->data, 0700, e) != 0)
		return -1;
	c->mark_fd = open(mark_of(c), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (c->mark_fd < 0)
		return os_fail(e, "create", mark_of(c));
	if (!ours(c)) {
		close(c->mark_fd);
		return FAIL(e, E_FOLDER_FILLING, "%s", c->data);
	}
	c->filling = true;
	empty(c->data);
	return os_sync_folder(c->data, e);
}

int cli_fill_end(struct cli *c, int rc, struct err *e)
{
	if (rc == 0)
		rc = os_remove_file(mark_of(c), e);
	if (rc != 0) {
		empty(c->data);
		unlink(mark_of(c));
		if (!c->was_there)
			rmdir(c->data);
	}
	close(c->mark_fd);
	c->filling = false;
	return rc;
}
