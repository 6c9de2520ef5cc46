/* password.h - passwords as Argon2id texts (64 MB, two passes: about a tenth of a second of one core). Slow on purpose:
 * call it outside db_write() jobs, and from few threads at once.
 *
 * Ownership:  results in the arena given.  Errors: E_PASSWORD_WEAK, E_TOO_LONG, E_TEXT_ENCODING, E_MEMORY_LIMIT.  Units: none.
 * Threads:    any.   Source: libsodium crypto_pwhash_str; foundation facts, section 5. */
#ifndef PEDEL_OS_PASSWORD_H
#define PEDEL_OS_PASSWORD_H
#include <stdbool.h>
#include "base/arena.h"
#include "base/err.h"

int  password_check(const char *password, const char *field, struct err *e);    /* may it be chosen? at least 12 characters */
int  password_hash(struct arena *a, const char *password, const char **hash, struct err *e);
bool password_fits(const char *hash, const char *password);     /* hash NULL: takes as long, and never fits */
bool password_stale(const char *hash);                          /* made with other costs: hash it again at the next sign-in */
#endif
