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

/* The folder over that one; NULL over "/" and over a plain name. */
static const char *over(struct cli *c, const char *path)
{
	size_t n = strlen(path);

	while (n > 1 && path[n - 1] == '/')
		n--;
	while (n && path[n - 1] != '/')
		n--;
	while (n > 1 && path[n - 1] == '/')
		n--;
	return n > 1 ? arena_dupn(c->a, path, n) : NULL;
}

static int make_folders(struct cli *c, struct err *e)
{
	const char *nearest = over(c, c->data);

	c->above = NULL;
	for (const char *p = nearest; p && !os_file_is(p); p = over(c, p))
		c->above = p;
	if (os_make_folder(c->data, 0700, e) != 0)
		return -1;
	if (c->above)           /* a misspelt address must not go unseen */
		cli_say(c, "%s was not there, and is made.", "%s fandtes ikke og er lavet.", nearest);
	return 0;
}

/* The folder and those made over it, as far as nobody else has put something there. */
static void remove_folders(struct cli *c)
{
	const char *last = c->above ? c->above : c->data;

	for (const char *p = c->data; p && rmdir(p) == 0 && strcmp(p, last) != 0; p = over(c, p))
		;
}

int cli_fill_begin(struct cli *c, struct err *e)
{
	if (look(c, e) != 0 || make_folders(c, e) != 0)
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

/* The mark goes last, and for good: a power cut must not bring it back to what was said to be done, nor leave rubbish without it. */
static int unmark(struct cli *c, struct err *e)
{
	if (os_sync_folder(c->data, e) != 0 || os_remove_file(mark_of(c), e) != 0)
		return -1;
	return os_sync_folder(c->data, e);
}

int cli_fill_end(struct cli *c, int rc, struct err *e)
{
	if (rc == 0)
		rc = unmark(c, e);
	if (rc != 0) {
		struct err ignored;

		empty(c->data);
		unmark(c, &ignored);
		if (!c->was_there)
			remove_folders(c);
	}
	close(c->mark_fd);
	c->filling = false;
	return rc;
}
