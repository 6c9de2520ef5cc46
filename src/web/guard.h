/* guard.h - what stands between strangers and our secrets: bounded password work, rate limits, sealed secrets, second steps.
 *
 * Ownership:  the guard is made once and ended after the server has stopped; texts in the arena given.
 * Errors:     E_TOO_MANY, E_STOPPING, E_OS_CALL, E_PASSWORD_WEAK where it says so.
 * Units:      us, bytes.   Threads: any; password work runs on two threads of the guard's own, at most 32 wait.
 * Source:     foundation facts, section 5; RFC 6238; libsodium. */
#ifndef PEDEL_WEB_GUARD_H
#define PEDEL_WEB_GUARD_H
#include "web/web.h"

struct web_guard;
int  guard_begin(struct web_guard **out, const char *data_folder, struct err *e);       /* reads DATA/keys/master.key */
void guard_end(struct web_guard *g);                    /* NULL is allowed */
/* hash NULL: nobody of that name; takes just as long and does not fit. */
int  guard_password_fits(struct web_guard *g, const char *hash, const char *password, bool *fits, struct err *e);
int  guard_password_hash(struct web_guard *g, struct arena *a, const char *password, const char **hash, struct err *e);
int  guard_password_check(const char *password, const char *field, struct err *e);      /* may it be chosen: E_PASSWORD_WEAK, E_TOO_LONG, E_TEXT_ENCODING */
bool guard_password_stale(const char *hash);            /* made with other costs: hash it again */
int  guard_slow_down(struct web_guard *g, const char *what, const char *key, int burst, int64_t each_us, int64_t now, struct err *e);
void guard_forgive(struct web_guard *g, const char *what, const char *key, int64_t each_us, int64_t now);   /* the latest one does not count */
/* Secrets at rest: XChaCha20-Poly1305 with the installation's key; `place` ("person:7:totp_sealed") is bound to it. */
struct db_bytes guard_seal(struct web_guard *g, struct arena *a, const char *place, const void *p, size_t n);
bool guard_open(struct web_guard *g, struct arena *a, const char *place, struct db_bytes sealed, struct db_bytes *out);

/* TOTP (RFC 6238, SHA-1, 6 digits, 30 s): the time step a code fits, allowing one step either side; 0 when none. */
int64_t totp_step(const void *secret, size_t n, const char *code, int64_t now);
void totp_secret(uint8_t *secret, size_t n);            /* a new one */
/* A code on paper, "1a2b-3c4d-..."; hash is of its form without hyphens. */
const char *recovery_code(struct arena *a, uint8_t hash[32]);
const char *totp_base32(struct arena *a, const void *secret, size_t n);
#endif
