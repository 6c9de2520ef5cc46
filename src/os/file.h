/* file.h - files and folders: whole or not at all.
 *
 * Ownership:  contents are in the arena given; descriptors are the caller's.
 * Errors:     E_OUT_OF_SPACE, E_ACCESS_REFUSED, E_OS_CALL (with path and reason), E_NOT_FOUND where it says so, E_BODY_TOO_LARGE past max.
 * Units:      bytes.     Threads: any.     Source: POSIX; rename and fsync as ext4 and SQLite's documents tell them. */
#ifndef PEDEL_OS_FILE_H
#define PEDEL_OS_FILE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/err.h"

/* Replace path's content in one step: a reader, or a power cut, finds old or new, never a mixture. On -1 the old
 * content stands and nothing is left behind. The folder is synced too. */
int os_replace_file(const char *path, const void *data, size_t n, unsigned mode, struct err *e);
/* Add at the end and sync. Not atomic: a power cut may leave part of data; readers of such files skip a last broken line. */
int os_append_file(const char *path, const void *data, size_t n, struct err *e);
/* Whole content with a NUL after it; E_NOT_FOUND when it is not there. */
int os_read_file(struct arena *a, const char *path, size_t max, char **out, size_t *n, struct err *e);
int os_remove_file(const char *path, struct err *e);                    /* not there is success */
int os_make_folder(const char *path, unsigned mode, struct err *e);     /* with parents, each synced; there already is success */
int os_sync_folder(const char *path, struct err *e);
bool os_file_is(const char *path);
int64_t os_file_size(const char *path);                                 /* -1 when it is not there */
int os_room(const char *path, int64_t *free_bytes, int64_t *all_bytes, struct err *e);   /* of the disk that holds path */
/* What errno means, as an error of ours: "create", path. Always -1. */
int os_fail(struct err *e, const char *what, const char *path);
/* Files of a process that was killed: those that begin with prefix and that nobody has locked any more (flock) are removed. */
void os_sweep_folder(const char *path, const char *prefix);
/* Names in a folder, sorted, without . and .. */
int os_list_folder(struct arena *a, const char *path, char ***names, int *n, struct err *e);
#endif
