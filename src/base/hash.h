/* hash.h - SHA-256 and the texts of bytes. Over libsodium.
 * Ownership: results are in the caller's memory or arena.  Errors: none.  Units: bytes.  Threads: any.  Source: FIPS 180-4, RFC 4648. */
#ifndef PEDEL_BASE_HASH_H
#define PEDEL_BASE_HASH_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"

struct sha256 { uint8_t b[32]; };
struct sha256 hash_sha256(const void *p, size_t n);
struct sha256 hash_hmac(const void *key, size_t nkey, const void *p, size_t n);         /* HMAC-SHA-256, RFC 2104 */
char *hash_hex(struct arena *a, const void *p, size_t n);               /* lower case */
bool  hash_unhex(const char *hex, void *out, size_t n);                 /* exactly 2n digits, or false */
char *hash_base64url(struct arena *a, const void *p, size_t n);         /* without padding */
/* NULL when it is not base64url, or more than max bytes. */
uint8_t *hash_unbase64url(struct arena *a, const char *text, size_t max, size_t *n);
char *hash_base64(struct arena *a, const void *p, size_t n);            /* with padding, one line */
bool  hash_same(const void *a, const void *b, size_t n);                /* in constant time */
#endif
