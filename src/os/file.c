#include "os/file.h"
#include "base/fault.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

int os_fail(struct err *e, const char *what, const char *path)
{
	int why = errno;

	return FAIL(e, why == ENOSPC || why == EDQUOT ? E_OUT_OF_SPACE : why == EACCES || why == EPERM || why == EROFS ? E_ACCESS_REFUSED :
		why == ENOENT ? E_NOT_FOUND : E_OS_CALL, "%s %s: %s", what, path, strerror(why));
}

int os_room(const char *path, int64_t *free_bytes, int64_t *all_bytes, struct err *e)
{
	struct statvfs s;

	if (statvfs(path, &s) != 0)
		return os_fail(e, "look at", path);
	*free_bytes = (int64_t)s.f_bavail * (int64_t)s.f_frsize;
	*all_bytes = (int64_t)s.f_blocks * (int64_t)s.f_frsize;
	return 0;
}

static int write_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t k = fault_hit("write") ? (errno = ENOSPC, -1) : write(fd, p, n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return -1;
		p += k;
		n -= (size_t)k;
	}
	return 0;
}

static int sync_parent(const char *path, struct err *e)
{
	char dir[PATH_MAX];
	const char *slash = strrchr(path, '/');

	snprintf(dir, sizeof dir, "%.*s", slash ? (int)(slash - path + (slash == path)) : 1, slash ? path : ".");
	return os_sync_folder(dir, e);
}

int os_replace_file(const char *path, const void *data, size_t n, unsigned mode, struct err *e)
{
	char tmp[PATH_MAX];
	int fd = -1, rc = -1;

	if (snprintf(tmp, sizeof tmp, "%s.new", path) >= (int)sizeof tmp)
		return FAIL(e, E_OS_CALL, "path too long: %.80s", path);
	fd = fault_hit("open") ? (errno = EACCES, -1) : open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	if (fd < 0) {
		os_fail(e, "create", tmp);
		goto out;
	}
	if (write_all(fd, data, n) != 0) {
		os_fail(e, "write", tmp);
		goto out;
	}
	if (fault_hit("fsync") ? (errno = EIO, 1) : fsync(fd) != 0) {
		os_fail(e, "sync", tmp);
		goto out;
	}
	if (fault_hit("rename") ? (errno = EXDEV, 1) : rename(tmp, path) != 0) {
		os_fail(e, "rename", path);
		goto out;
	}
	rc = sync_parent(path, e);
out:
	if (fd >= 0)
		close(fd);
	if (rc != 0)
		unlink(tmp);
	return rc;
}

int os_append_file(const char *path, const void *data, size_t n, struct err *e)
{
	int fd, rc = -1;

	fd = fault_hit("open") ? (errno = EACCES, -1) : open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	if (fd < 0)
		return os_fail(e, "open", path);
	if (write_all(fd, data, n) != 0)
		os_fail(e, "write", path);
	else if (fault_hit("fsync") ? (errno = EIO, 1) : fdatasync(fd) != 0)
		os_fail(e, "sync", path);
	else
		rc = 0;
	close(fd);
	return rc;
}

int os_read_file(struct arena *a, const char *path, size_t max, char **out, size_t *n, struct err *e)
{
	struct stat st;
	size_t got = 0;
	ssize_t k;
	int fd, rc = -1;
	char *s;

	fd = fault_hit("open") ? (errno = EACCES, -1) : open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return os_fail(e, "open", path);
	if (fstat(fd, &st) != 0) {
		os_fail(e, "stat", path);
		goto out;
	}
	if ((uint64_t)st.st_size > max) {
		FAIL(e, E_BODY_TOO_LARGE, "%s is larger than %zu bytes", path, max);
		goto out;
	}
	s = arena_get(a, (size_t)st.st_size + 1);
	while (got < (size_t)st.st_size) {
		k = fault_hit("read") ? (errno = EIO, -1) : read(fd, s + got, (size_t)st.st_size - got);
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0) {
			os_fail(e, "read", path);
			goto out;
		}
		if (k == 0)
			break;
		got += (size_t)k;
	}
	*out = s;
	if (n)
		*n = got;
	rc = 0;
out:
	close(fd);
	return rc;
}

int os_remove_file(const char *path, struct err *e)
{
	if (fault_hit("unlink")) {
		errno = EACCES;
		return os_fail(e, "remove", path);
	}
	return unlink(path) == 0 || errno == ENOENT ? 0 : os_fail(e, "remove", path);
}

int os_make_folder(const char *path, unsigned mode, struct err *e)
{
	char part[PATH_MAX];
	size_t n = strlen(path);

	if (n == 0 || n >= sizeof part)
		return FAIL(e, E_OS_CALL, "path too long: %.80s", path);
	for (size_t i = 1; i <= n; i++) {
		if (path[i] != '/' && path[i] != 0)
			continue;
		snprintf(part, sizeof part, "%.*s", (int)i, path);
		if (fault_hit("mkdir") ? (errno = EACCES, 1) : mkdir(part, mode) != 0) {
			if (errno != EEXIST)
				return os_fail(e, "make folder", part);
		} else if (sync_parent(part, e) != 0) {
			return -1;
		}
	}
	return 0;
}

int os_sync_folder(const char *path, struct err *e)
{
	int fd, rc;

	fd = fault_hit("open") ? (errno = EACCES, -1) : open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return os_fail(e, "open", path);
	rc = fault_hit("fsync") ? (errno = EIO, -1) : fsync(fd);
	if (rc != 0)
		os_fail(e, "sync", path);
	close(fd);
	return rc;
}

bool os_file_is(const char *path) { return access(path, F_OK) == 0; }

int64_t os_file_size(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (int64_t)st.st_size : -1;
}

static int by_name(const void *x, const void *y) { return strcmp(*(char *const *)x, *(char *const *)y); }

int os_list_folder(struct arena *a, const char *path, char ***names, int *n, struct err *e)
{
	struct dirent *d;
	DIR *h = fault_hit("opendir") ? (errno = EACCES, NULL) : opendir(path);
	int count = 0, cap = 16;
	char **list = ARENA_ARRAY(a, char *, cap);

	if (!h)
		return os_fail(e, "open folder", path);
	while ((d = readdir(h))) {
		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		if (count == cap) {
			char **more = ARENA_ARRAY(a, char *, cap * 2);

			memcpy(more, list, sizeof *list * (size_t)cap);
			list = more;
			cap *= 2;
		}
		list[count++] = arena_dup(a, d->d_name);
	}
	closedir(h);
	qsort(list, (size_t)count, sizeof *list, by_name);
	*names = list;
	*n = count;
	return 0;
}

/* A lock goes with its process. (Asking kill(2) is not for a server that is bound: it would end us.) */
void os_sweep_folder(const char *folder, const char *prefix)
{
	DIR *h = opendir(folder);
	struct dirent *d;
	char path[1000];
	int fd;

	while (h && (d = readdir(h)) != NULL) {
		if (strncmp(d->d_name, prefix, strlen(prefix)) != 0 || snprintf(path, sizeof path, "%s/%s", folder, d->d_name) >= (int)sizeof path)
			continue;
		fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
		if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
			unlink(path);
		if (fd >= 0)
			close(fd);
	}
	if (h)
		closedir(h);
}
