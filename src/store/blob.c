#include "store/blob.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/fault.h"
#include "base/hash.h"
#include "os/file.h"
#include "os/random.h"

static bool is_sha256(const char *s)
{
	return s && strlen(s) == 64 && strspn(s, "0123456789abcdef") == 64;
}

/* The places of a blob: its folder and its file. */
static int places(const struct blobs *b, const char *hex, char dir[PATH_MAX], char path[PATH_MAX], struct err *e)
{
	if (!is_sha256(hex))
		return FAIL(e, E_NOT_FOUND, "blob %.70s", hex ? hex : "");
	if (snprintf(dir, PATH_MAX, "%s/%.2s", b->folder, hex) >= PATH_MAX - 80)
		return FAIL(e, E_OS_CALL, "path too long: %.80s", b->folder);
	snprintf(path, PATH_MAX, "%s/%s", dir, hex + 2);
	return 0;
}

char *blob_path(const struct blobs *b, struct arena *a, const char *hex)
{
	return is_sha256(hex) ? arena_printf(a, "%s/%.2s/%s", b->folder, hex, hex + 2) : arena_printf(a, "%s/none", b->folder);
}

/* Whoever relies on a blob that is there already must not rely on a name that only memory holds: the one who made it may not have
 * come to its sync yet, or may have been killed before it. */
static int sync_name(const struct blobs *b, const char *dir, struct err *e)
{
	return os_sync_folder(dir, e) != 0 ? -1 : os_sync_folder(b->folder, e);
}

/* Moves a synced file to its place. Whoever comes second finds the same bytes there. */
static int settle(const struct blobs *b, const char *tmp, const char *hex, struct err *e)
{
	char dir[PATH_MAX], path[PATH_MAX];

	if (places(b, hex, dir, path, e) != 0 || os_make_folder(dir, 0700, e) != 0)
		return -1;
	if (fault_hit("rename") ? (errno = EXDEV, 1) : rename(tmp, path) != 0)
		return os_fail(e, "rename", path);
	return sync_name(b, dir, e);
}

int blob_put(const struct blobs *b, const void *p, size_t n, char sha256_hex[65], struct err *e)
{
	char dir[PATH_MAX], path[PATH_MAX], tmp[PATH_MAX], hex[65];
	struct sha256 h = hash_sha256(p, n);
	uint64_t mark;
	int fd, rc = -1;

	sodium_bin2hex(hex, sizeof hex, h.b, sizeof h.b);
	if (places(b, hex, dir, path, e) != 0)
		return -1;
	if (os_file_size(path) == (int64_t)n) {
		if (sync_name(b, dir, e) != 0)
			return -1;
		memcpy(sha256_hex, hex, 65);
		return 0;
	}
	if (os_make_folder(dir, 0700, e) != 0)
		return -1;
	os_random(&mark, sizeof mark);
	snprintf(tmp, sizeof tmp, "%.3900s/.new-%016llx", dir, (unsigned long long)mark);
	fd = fault_hit("open") ? (errno = EACCES, -1) : open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return os_fail(e, "create", tmp);
	for (size_t done = 0; done < n;) {
		ssize_t k = fault_hit("write") ? (errno = ENOSPC, -1) : write(fd, (const char *)p + done, n - done);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0) {
			os_fail(e, "write", tmp);
			goto out;
		}
		done += (size_t)k;
	}
	if (fault_hit("fsync") ? (errno = EIO, 1) : fsync(fd) != 0) {
		os_fail(e, "sync", tmp);
		goto out;
	}
	rc = settle(b, tmp, hex, e);
	if (rc == 0)
		memcpy(sha256_hex, hex, 65);
out:
	close(fd);
	if (rc != 0)
		unlink(tmp);
	return rc;
}

static int file_hash(const char *path, char hex[65], int64_t *bytes, bool sync, struct err *e)
{
	crypto_hash_sha256_state st;
	unsigned char part[65536], h[32];
	int64_t total = 0;
	ssize_t k;
	int fd = fault_hit("open") ? (errno = EACCES, -1) : open(path, O_RDONLY | O_CLOEXEC), rc = 0;

	if (fd < 0)
		return os_fail(e, "open", path);
	crypto_hash_sha256_init(&st);
	while ((k = fault_hit("read") ? (errno = EIO, -1) : read(fd, part, sizeof part)) != 0) {
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0) {
			rc = os_fail(e, "read", path);
			break;
		}
		crypto_hash_sha256_update(&st, part, (unsigned long long)k);
		total += k;
	}
	if (rc == 0 && sync && (fault_hit("fsync") ? (errno = EIO, 1) : fsync(fd) != 0))
		rc = os_fail(e, "sync", path);
	close(fd);
	crypto_hash_sha256_final(&st, h);
	if (rc == 0) {
		sodium_bin2hex(hex, 65, h, sizeof h);
		*bytes = total;
	}
	return rc;
}

int blob_put_file(const struct blobs *b, const char *path, char sha256_hex[65], int64_t *bytes, struct err *e)
{
	char dir[PATH_MAX], there[PATH_MAX], hex[65];
	int64_t n;

	if (file_hash(path, hex, &n, true, e) != 0 || places(b, hex, dir, there, e) != 0)
		return -1;
	if (os_file_size(there) == n ? sync_name(b, dir, e) != 0 || os_remove_file(path, e) != 0 : settle(b, path, hex, e) != 0)
		return -1;
	memcpy(sha256_hex, hex, 65);
	*bytes = n;
	return 0;
}

int blob_get(const struct blobs *b, struct arena *a, const char *hex, size_t max, char **out, size_t *n, struct err *e)
{
	char dir[PATH_MAX], path[PATH_MAX];

	return places(b, hex, dir, path, e) != 0 ? -1 : os_read_file(a, path, max, out, n, e);
}

static int verify_folder(const struct blobs *b, struct arena *a, const char *two, int64_t *checked, struct err *e)
{
	char path[PATH_MAX], want[65], hex[65];
	char **names;
	int64_t bytes;
	int n;

	snprintf(path, sizeof path, "%.3900s/%s", b->folder, two);
	if (os_list_folder(a, path, &names, &n, e) != 0)
		return -1;
	for (int i = 0; i < n; i++) {
		if (names[i][0] == '.')         /* one that is being written, or that a power cut left */
			continue;
		snprintf(path, sizeof path, "%.3900s/%s/%.128s", b->folder, two, names[i]);
		snprintf(want, sizeof want, "%.2s%.62s", two, names[i]);
		if (file_hash(path, hex, &bytes, false, e) != 0)
			return -1;
		if (strlen(names[i]) != 62 || strcmp(want, hex) != 0)
			return FAIL(e, E_CHAIN_BROKEN, "blob %s%s is not what it was", two, names[i]);
		++*checked;
	}
	return 0;
}

int blob_verify(const struct blobs *b, int64_t *checked, struct err *e)
{
	struct arena *a = arena_begin(64 << 20), *each = arena_begin(256 << 20);
	int64_t right = 0;
	char **names;
	int n, rc = os_list_folder(a, b->folder, &names, &n, e);

	for (int i = 0; rc == 0 && i < n; i++) {
		if (strlen(names[i]) != 2 || strspn(names[i], "0123456789abcdef") != 2)
			continue;
		rc = verify_folder(b, each, names[i], &right, e);
		arena_reset(each);
	}
	arena_end(each);
	arena_end(a);
	if (rc == 0)
		*checked = right;
	return rc;
}
