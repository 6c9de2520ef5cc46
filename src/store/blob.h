/* blob.h - files by content: DATA/blobs/ab/cdef... named by their SHA-256, written once, never changed.
 *
 * Ownership:  contents in the arena given.   Errors: E_OUT_OF_SPACE, E_OS_CALL, E_NOT_FOUND; blob_verify: E_CHAIN_BROKEN.
 * Units:      bytes.   Threads: any; two that put the same content at once both succeed.   Source: own design. */
#ifndef PEDEL_STORE_BLOB_H
#define PEDEL_STORE_BLOB_H
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/err.h"

struct blobs { const char *folder; };   /* DATA/blobs */
/* On disk, synced (file and folder) when it returns 0. sha256_hex gets 64 digits and a NUL. */
int blob_put(const struct blobs *b, const void *p, size_t n, char sha256_hex[65], struct err *e);
/* The same for a file that is moved in (same file system); path is gone after. */
int blob_put_file(const struct blobs *b, const char *path, char sha256_hex[65], int64_t *bytes, struct err *e);
char *blob_path(const struct blobs *b, struct arena *a, const char *sha256_hex);
int blob_get(const struct blobs *b, struct arena *a, const char *sha256_hex, size_t max, char **out, size_t *n, struct err *e);
/* Reads every blob again; *checked were right. */
int blob_verify(const struct blobs *b, int64_t *checked, struct err *e);
#endif
