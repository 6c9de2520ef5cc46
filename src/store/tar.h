/* tar.h - just enough of ustar for backups: plain files, one after the other, streamed and hashed on the way.
 *
 * Ownership:  tar_write_end and tar_read_end close what was opened.
 * Errors:     E_OUT_OF_SPACE, E_OS_CALL; reading: E_BACKUP_INVALID for what is not a header of ours, or ends too early.
 * Units:      bytes.   Threads: one per archive.   Source: POSIX pax(1); sizes over 8 GB in base 256 as GNU tar writes them. */
#ifndef PEDEL_STORE_TAR_H
#define PEDEL_STORE_TAR_H
#include <stdint.h>
#include <stdio.h>
#include "base/err.h"

struct tar { FILE *f; const char *path; int64_t left; };       /* left: of the entry being read, with its padding */
struct tar_entry { char name[101]; int64_t bytes; };

int tar_write_begin(struct tar *t, const char *path, struct err *e);
int tar_write_bytes(struct tar *t, const char *name, const void *p, size_t n, struct err *e);
int tar_write_file(struct tar *t, const char *name, const char *path, char sha256_hex[65], int64_t *bytes, struct err *e);
int tar_write_end(struct tar *t, struct err *e);        /* the two empty blocks, and on disk; also closes on -1 */
void tar_close(struct tar *t);                          /* giving up; harmless to repeat */

int tar_read_begin(struct tar *t, const char *path, struct err *e);
int tar_read_next(struct tar *t, struct tar_entry *out, struct err *e);        /* 1 an entry, 0 the end, -1 */
/* The entry's content to fd (-1: nowhere) and, when it is at most keep_most bytes, to keep. */
int tar_read_content(struct tar *t, const struct tar_entry *x, int fd, char *keep, size_t keep_most, char sha256_hex[65], struct err *e);
#endif
