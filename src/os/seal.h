/* seal.h - secrets at rest: sealed with the installation's master key, bound to the place they belong to.
 *
 * Ownership:  results in the arena given; wipe them with sodium_memzero when they matter.
 * Errors:     E_SEAL_BROKEN: another key, another place, or changed bytes. As os_read_file.
 * Units:      bytes.   Threads: any; a key is read once and only read after.
 * Source:     libsodium XChaCha20-Poly1305; the place ("table:row:column") is the additional data. */
#ifndef PEDEL_OS_SEAL_H
#define PEDEL_OS_SEAL_H
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/err.h"

struct seal_key { uint8_t b[32]; };
int seal_key_make(const char *path, struct err *e);     /* readable by its owner only; E_ALREADY_INITIALISED when it is there */
int seal_key_read(const char *path, struct seal_key *k, struct err *e);

void *seal_close(const struct seal_key *k, struct arena *a, const char *place, const void *plain, size_t n, size_t *sealed_n);
int   seal_open(const struct seal_key *k, struct arena *a, const char *place, const void *sealed, size_t n, void **plain, size_t *plain_n,
	struct err *e);
#endif
