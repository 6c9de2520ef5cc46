/* password.h - passwords, one at a time in the caller's thread (64 MiB and about 0.1 s each). The server goes through guard
 * (signin.h), which bounds how many run at once; the pedel program calls these straight.
 * Ownership: texts in the arena given.  Errors: E_PASSWORD_WEAK, E_TOO_LONG, E_BUG.  Units: bytes.  Threads: any.
 * Source: Argon2id by libsodium, 64 MiB, two passes (foundation facts, section 5). */
#ifndef PEDEL_WEB_PASSWORD_H
#define PEDEL_WEB_PASSWORD_H
#include <stdbool.h>
#include "base/arena.h"
#include "base/err.h"

int  password_check(const char *password, const char *field, struct err *e);    /* long enough, not too long */
int  password_hash(struct arena *a, const char *password, const char **hash, struct err *e);
bool password_fits(const char *hash, const char *password);
#endif
