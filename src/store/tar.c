#include "store/tar.h"
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/fault.h"
#include "os/file.h"

enum { BLOCK = 512, PART = 64 << 10, NAME_AT = 0, MODE_AT = 100, UID_AT = 108, GID_AT = 116, SIZE_AT = 124, MTIME_AT = 136, SUM_AT = 148,
	TYPE_AT = 156, MAGIC_AT = 257 };

static int put(struct tar *t, const void *p, size_t n, struct err *e)
{
	if (fault_hit("write") ? (errno = ENOSPC, 1) : fwrite(p, 1, n, t->f) != n)
		return os_fail(e, "write", t->path);
	return 0;
}

static unsigned checksum(const unsigned char *h)
{
	unsigned sum = 0;

	for (int i = 0; i < BLOCK; i++)
		sum += i >= SUM_AT && i < SUM_AT + 8 ? ' ' : h[i];
	return sum;
}

static int put_header(struct tar *t, const char *name, int64_t size, struct err *e)
{
	unsigned char h[BLOCK] = { 0 };

	if (strlen(name) > 100)
		return FAIL(e, E_BUG, "name too long: %.120s", name);
	memcpy(h + NAME_AT, name, strlen(name));
	snprintf((char *)h + MODE_AT, 8, "%07o", 0600);
	snprintf((char *)h + UID_AT, 8, "%07o", 0);
	snprintf((char *)h + GID_AT, 8, "%07o", 0);
	snprintf((char *)h + MTIME_AT, 12, "%011o", 0);
	if (size < 077777777777) {
		snprintf((char *)h + SIZE_AT, 12, "%011llo", (unsigned long long)size);
	} else {
		h[SIZE_AT] = 0x80;
		for (int i = 0; i < 8; i++)
			h[SIZE_AT + 11 - i] = (unsigned char)(size >> (8 * i));
	}
	h[TYPE_AT] = '0';
	memcpy(h + MAGIC_AT, "ustar\00000", 8);
	snprintf((char *)h + SUM_AT, 8, "%06o", checksum(h));
	return put(t, h, sizeof h, e);
}

static int put_padding(struct tar *t, int64_t size, struct err *e)
{
	static const char zero[BLOCK];

	return size % BLOCK ? put(t, zero, (size_t)(BLOCK - size % BLOCK), e) : 0;
}

int tar_write_begin(struct tar *t, const char *path, struct err *e)
{
	int fd = fault_hit("open") ? (errno = EACCES, -1) : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	*t = (struct tar){ .path = path };
	if (fd < 0)
		return os_fail(e, "create", path);
	t->f = fdopen(fd, "wb");
	if (!t->f) {
		close(fd);
		return FAIL(e, E_OS_CALL, "fdopen %s", path);
	}
	return 0;
}

int tar_write_bytes(struct tar *t, const char *name, const void *p, size_t n, struct err *e)
{
	return put_header(t, name, (int64_t)n, e) != 0 || put(t, p, n, e) != 0 ? -1 : put_padding(t, (int64_t)n, e);
}

int tar_write_file(struct tar *t, const char *name, const char *path, char hex[65], int64_t *bytes, struct err *e)
{
	crypto_hash_sha256_state st;
	unsigned char part[PART], h[32];
	struct stat file;
	int64_t done = 0;
	int fd = fault_hit("open") ? (errno = EACCES, -1) : open(path, O_RDONLY | O_CLOEXEC), rc = -1;

	if (fd < 0)
		return os_fail(e, "open", path);
	if (fstat(fd, &file) != 0) {
		os_fail(e, "stat", path);
		goto out;
	}
	if (put_header(t, name, file.st_size, e) != 0)
		goto out;
	crypto_hash_sha256_init(&st);
	while (done < file.st_size) {
		int64_t want = file.st_size - done < PART ? file.st_size - done : PART;
		ssize_t k = fault_hit("read") ? (errno = EIO, -1) : read(fd, part, (size_t)want);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0) {
			if (k == 0)
				errno = EIO;    /* it became shorter while we read */
			os_fail(e, "read", path);
			goto out;
		}
		crypto_hash_sha256_update(&st, part, (unsigned long long)k);
		if (put(t, part, (size_t)k, e) != 0)
			goto out;
		done += k;
	}
	if (put_padding(t, done, e) != 0)
		goto out;
	crypto_hash_sha256_final(&st, h);
	sodium_bin2hex(hex, 65, h, sizeof h);
	*bytes = done;
	rc = 0;
out:
	close(fd);
	return rc;
}

int tar_write_end(struct tar *t, struct err *e)
{
	static const char zero[BLOCK * 2];
	int rc = put(t, zero, sizeof zero, e);

	if (rc == 0 && (fault_hit("fsync") ? (errno = EIO, 1) : fflush(t->f) != 0 || fsync(fileno(t->f)) != 0))
		rc = os_fail(e, "sync", t->path);
	tar_close(t);
	return rc;
}

void tar_close(struct tar *t)
{
	if (t->f)
		fclose(t->f);
	t->f = NULL;
}

/* ---- reading */

int tar_read_begin(struct tar *t, const char *path, struct err *e)
{
	*t = (struct tar){ .path = path };
	t->f = fault_hit("open") ? (errno = EACCES, NULL) : fopen(path, "rbe");
	return t->f ? 0 : os_fail(e, "open", path);
}

static int take(struct tar *t, void *p, size_t n, struct err *e)
{
	if (fault_hit("read"))
		return FAIL(e, E_OS_CALL, "read %s: test fault", t->path);
	if (fread(p, 1, n, t->f) == n)
		return 0;
	return ferror(t->f) ? os_fail(e, "read", t->path) : FAIL(e, E_BACKUP_INVALID, "%s ends too early", t->path);
}

static int number(const unsigned char *h, int64_t *out)
{
	uint64_t v = 0;

	if (h[0] == 0x80) {
		for (int i = 1; i < 12; i++) {
			if (i < 4 && h[i])
				return -1;
			v = v << 8 | h[i];
		}
	} else {
		for (int i = 0; i < 11; i++) {
			if (h[i] < '0' || h[i] > '7')
				return -1;
			v = v << 3 | (uint64_t)(h[i] - '0');
		}
	}
	if (v > INT64_MAX / 2)
		return -1;
	*out = (int64_t)v;
	return 0;
}

int tar_read_next(struct tar *t, struct tar_entry *out, struct err *e)
{
	static const unsigned char zero[BLOCK];
	unsigned char h[BLOCK];
	char sum[8];

	if (take(t, h, sizeof h, e) != 0)
		return -1;
	if (memcmp(h, zero, BLOCK) == 0) {
		if (take(t, h, sizeof h, e) != 0)
			return -1;
		return memcmp(h, zero, BLOCK) == 0 && fgetc(t->f) == EOF ? 0 : FAIL(e, E_BACKUP_INVALID, "%s: something after its end", t->path);
	}
	snprintf(sum, sizeof sum, "%06o", checksum(h));
	*out = (struct tar_entry){ 0 };
	memcpy(out->name, h + NAME_AT, 100);
	if (memcmp(sum, h + SUM_AT, 7) != 0 || memcmp(h + MAGIC_AT, "ustar", 6) != 0 || h[TYPE_AT] != '0' || h[345] || !*out->name ||
		number(h + SIZE_AT, &out->bytes) != 0)
		return FAIL(e, E_BACKUP_INVALID, "%s: a header is not right", t->path);
	return 1;
}

int tar_read_content(struct tar *t, const struct tar_entry *x, int fd, char *keep, size_t keep_most, char hex[65], struct err *e)
{
	crypto_hash_sha256_state st;
	unsigned char part[PART], h[32];
	int64_t done = 0;

	crypto_hash_sha256_init(&st);
	while (done < x->bytes) {
		size_t want = x->bytes - done < PART ? (size_t)(x->bytes - done) : PART;

		if (take(t, part, want, e) != 0)
			return -1;
		crypto_hash_sha256_update(&st, part, want);
		if ((uint64_t)done + want <= keep_most)
			memcpy(keep + done, part, want);
		for (size_t at = 0; fd >= 0 && at < want;) {
			ssize_t k = fault_hit("write") ? (errno = ENOSPC, -1) : write(fd, part + at, want - at);

			if (k < 0 && errno == EINTR)
				continue;
			if (k <= 0)
				return os_fail(e, "write", x->name);
			at += (size_t)k;
		}
		done += (int64_t)want;
	}
	if (x->bytes % BLOCK && take(t, part, (size_t)(BLOCK - x->bytes % BLOCK), e) != 0)
		return -1;
	crypto_hash_sha256_final(&st, h);
	sodium_bin2hex(hex, 65, h, sizeof h);
	return 0;
}
