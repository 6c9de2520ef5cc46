/* disk.c - writes down every change that a program makes below one folder, and every sync, in the order in which they
 * happened; tests/flow/powercut.py makes of it what a disk may hold after a power cut at any moment. Preloaded:
 *
 *	LD_PRELOAD=libdisk_shim.so PEDEL_DISK_ROOT=/folder PEDEL_DISK_LOG=/elsewhere/log pedeld ...
 *
 * A record: struct record, then name, then name2, then data. Mapped memory is not seen: SQLite's -shm is left out, because it is
 * made afresh. What stdio writes is seen at the sync of its file.
 *
 * Threads: any, and several processes with one log: changing and writing down happen under one lock. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* W write, T truncate, B a sync begins, S it has ended, C a name is new, R renamed, U a name is gone */
struct record { uint32_t kind, flags; uint64_t ino, dir, dir2, at, bytes; uint32_t name, name2; };
enum { IS_FOLDER = 1, OPAQUE = 64 };

static const char *root;
static size_t root_n;
static int log_fd = -1;
static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;
static uint64_t opaque[OPAQUE];
static int nopaque;

#define REAL(name) ((__typeof__(name) *)real_(#name))
static void *real_(const char *name)
{
	void *p = dlsym(RTLD_NEXT, name);

	if (!p)
		abort();
	return p;
}

__attribute__((constructor)) static void begin(void)
{
	const char *log = getenv("PEDEL_DISK_LOG");

	root = getenv("PEDEL_DISK_ROOT");
	if (!root || !log)
		return;
	root_n = strlen(root);
	log_fd = REAL(open)(log, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (log_fd < 0)
		abort();
	log_fd = fcntl(log_fd, F_DUPFD_CLOEXEC, 900);           /* out of the way of fixed numbers */
}

static void lock(void)
{
	pthread_mutex_lock(&one);
	while (flock(log_fd, LOCK_EX) != 0)
		;
}

static void unlock(void)
{
	int was = errno;

	flock(log_fd, LOCK_UN);
	pthread_mutex_unlock(&one);
	errno = was;
}

static bool watched(const char *path)
{
	size_t n = path ? strlen(path) : 0;

	return log_fd >= 0 && n > root_n && strncmp(path, root, root_n) == 0 && path[root_n] == '/' && (n < 4 || strcmp(path + n - 4, "-shm") != 0);
}

/* The file behind a descriptor; false when it is none of ours. */
static bool file_of(int fd, struct stat *st)
{
	char link[40], path[PATH_MAX];
	ssize_t n;

	if (log_fd < 0 || fd == log_fd || fstat(fd, st) != 0 || (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode)))
		return false;
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof path - 1);
	if (n <= 0)
		return false;
	path[n] = 0;
	return watched(path) || (S_ISDIR(st->st_mode) && strcmp(path, root) == 0);
}

static const char *split(const char *path, uint64_t *dir)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX];
	struct stat st;

	snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
	*dir = stat(folder, &st) == 0 ? st.st_ino : 0;
	return slash + 1;
}

static void put(struct record *r, const char *name, const char *name2, const void *data)
{
	struct iovec v[4] = { { r, sizeof *r }, { (char *)(uintptr_t)name, name ? strlen(name) : 0 },
		{ (char *)(uintptr_t)name2, name2 ? strlen(name2) : 0 }, { (void *)(uintptr_t)data, data ? r->bytes : 0 } };
	ssize_t want;
	int was = errno;

	r->name = (uint32_t)v[1].iov_len;
	r->name2 = (uint32_t)v[2].iov_len;
	want = (ssize_t)(v[0].iov_len + v[1].iov_len + v[2].iov_len + v[3].iov_len);
	if (REAL(writev)(log_fd, v, 4) != want)
		abort();
	errno = was;
}

/* ---- contents */

static void wrote(const struct stat *st, uint64_t at, const void *p, ssize_t n)
{
	struct record r = { .kind = 'W', .ino = st->st_ino, .at = at, .bytes = (uint64_t)n };

	if (n > 0)
		put(&r, NULL, NULL, p);
}

ssize_t write(int fd, const void *p, size_t n)
{
	struct stat st;
	ssize_t got;
	int flags;

	if (!file_of(fd, &st))
		return REAL(write)(fd, p, n);
	lock();
	flags = fcntl(fd, F_GETFL);
	fstat(fd, &st);
	off_t at = flags & O_APPEND ? st.st_size : lseek(fd, 0, SEEK_CUR);
	got = REAL(write)(fd, p, n);
	wrote(&st, (uint64_t)at, p, got);
	unlock();
	return got;
}

static ssize_t pwrite_any(ssize_t (*real)(int, const void *, size_t, off_t), int fd, const void *p, size_t n, off_t at)
{
	struct stat st;
	ssize_t got;

	if (!file_of(fd, &st))
		return real(fd, p, n, at);
	lock();
	got = real(fd, p, n, at);
	wrote(&st, (uint64_t)at, p, got);
	unlock();
	return got;
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at) { return pwrite_any(REAL(pwrite), fd, p, n, at); }
ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at) { return pwrite_any(REAL(pwrite64), fd, p, n, at); }

static int truncate_any(int (*real)(int, off_t), int fd, off_t size)
{
	struct stat st;
	int rc;

	if (!file_of(fd, &st))
		return real(fd, size);
	lock();
	rc = real(fd, size);
	if (rc == 0)
		put(&(struct record){ .kind = 'T', .ino = st.st_ino, .at = (uint64_t)size }, NULL, NULL, NULL);
	unlock();
	return rc;
}

int ftruncate(int fd, off_t size) { return truncate_any(REAL(ftruncate), fd, size); }
int ftruncate64(int fd, off64_t size) { return truncate_any(REAL(ftruncate64), fd, size); }

/* stdio writes behind our back: the whole file is taken when it is synced. */
FILE *fdopen(int fd, const char *mode)
{
	struct stat st;

	if (strchr("wa", *mode) && file_of(fd, &st)) {
		lock();
		opaque[nopaque++ % OPAQUE] = st.st_ino;
		unlock();
	}
	return REAL(fdopen)(fd, mode);
}

static void take_whole(int fd, const struct stat *st)
{
	static char part[1 << 20];
	ssize_t n;

	for (int i = 0; i < OPAQUE; i++)
		if (opaque[i] && opaque[i] == st->st_ino) {
			char path[40];
			int again;

			snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
			again = REAL(open)(path, O_RDONLY | O_CLOEXEC);
			for (off_t at = 0; again >= 0 && (n = pread(again, part, sizeof part, at)) > 0; at += n)
				wrote(st, (uint64_t)at, part, n);
			close(again);
			return;
		}
}

static int sync_any(int (*real)(int), int fd)
{
	struct record r = { .kind = 'B' };
	struct stat st;
	int rc;

	if (!file_of(fd, &st))
		return real(fd);
	r.ino = st.st_ino;
	lock();
	take_whole(fd, &st);
	r.at = (uint64_t)lseek(log_fd, 0, SEEK_END);
	put(&r, NULL, NULL, NULL);
	unlock();
	rc = real(fd);
	if (rc == 0) {
		lock();
		r.kind = 'S';
		put(&r, NULL, NULL, NULL);
		unlock();
	}
	return rc;
}

int fsync(int fd) { return sync_any(REAL(fsync), fd); }
int fdatasync(int fd) { return sync_any(REAL(fdatasync), fd); }

/* ---- names */

static void named(const char *path, uint64_t ino, uint32_t flags)
{
	struct record r = { .kind = 'C', .ino = ino, .flags = flags };
	const char *name = split(path, &r.dir);

	put(&r, name, NULL, NULL);
}

static int open_any(int (*real)(const char *, int, ...), const char *path, int flags, unsigned mode)
{
	struct stat was, st;
	bool there;
	int fd;

	if (!(flags & (O_CREAT | O_TRUNC)) || !watched(path))
		return real(path, flags, mode);
	lock();
	there = stat(path, &was) == 0;
	fd = real(path, flags, mode);
	if (fd >= 0 && fstat(fd, &st) == 0) {
		if (!there)
			named(path, st.st_ino, 0);
		else if (flags & O_TRUNC)
			put(&(struct record){ .kind = 'T', .ino = st.st_ino }, NULL, NULL, NULL);
	}
	unlock();
	return fd;
}

#define MODE(flags) \
	unsigned mode = 0; \
	if ((flags) & O_CREAT) { \
		va_list ap; \
		va_start(ap, flags); \
		mode = va_arg(ap, unsigned); \
		va_end(ap); \
	}
int open(const char *path, int flags, ...)
{
	MODE(flags)
	return open_any(REAL(open), path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
	MODE(flags)
	return open_any(REAL(open64), path, flags, mode);
}

int mkostemp(char *path, int flags)
{
	struct stat st;
	int fd;

	if (!watched(path))
		return REAL(mkostemp)(path, flags);
	lock();
	fd = REAL(mkostemp)(path, flags);
	if (fd >= 0 && fstat(fd, &st) == 0)
		named(path, st.st_ino, 0);
	unlock();
	return fd;
}

int mkostemp64(char *path, int flags) { return mkostemp(path, flags); }

int mkdir(const char *path, mode_t mode)
{
	struct stat st;
	int rc;

	if (!watched(path))
		return REAL(mkdir)(path, mode);
	lock();
	rc = REAL(mkdir)(path, mode);
	if (rc == 0 && stat(path, &st) == 0)
		named(path, st.st_ino, IS_FOLDER);
	unlock();
	return rc;
}

int rename(const char *from, const char *to)
{
	struct record r = { .kind = 'R' };
	const char *a, *b;
	struct stat st;
	int rc;

	if (!watched(from) || !watched(to) || stat(from, &st) != 0)
		return REAL(rename)(from, to);
	lock();
	a = split(from, &r.dir);
	b = split(to, &r.dir2);
	r.ino = st.st_ino;
	rc = REAL(rename)(from, to);
	if (rc == 0)
		put(&r, a, b, NULL);
	unlock();
	return rc;
}

static int gone(int (*real)(const char *), const char *path)
{
	struct record r = { .kind = 'U' };
	const char *name;
	int rc;

	if (!watched(path))
		return real(path);
	lock();
	name = split(path, &r.dir);
	rc = real(path);
	if (rc == 0)
		put(&r, name, NULL, NULL);
	unlock();
	return rc;
}

int unlink(const char *path) { return gone(REAL(unlink), path); }
int rmdir(const char *path) { return gone(REAL(rmdir), path); }
int remove(const char *path) { return gone(REAL(remove), path); }
