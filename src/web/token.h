/* token.h - API tokens and other random secrets: made, and hashed for storage.
 * Ownership: texts in the arena given.  Errors: none.  Units: bytes.  Threads: any.  Source: 256 random bits, base64url. */
#ifndef PEDEL_WEB_TOKEN_H
#define PEDEL_WEB_TOKEN_H
#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"

/* "pdl_" and 43 letters; hash is what the store keeps. */
const char *token_make(struct arena *a, uint8_t hash[32]);
bool token_hash(const char *text, uint8_t hash[32]);            /* false: not of a token's form */
/* A secret for a cookie (base64url) or a mailed link (hex, so that it fits a {key} of an address). */
const char *secret_make(struct arena *a, bool as_hex, uint8_t hash[32]);
bool secret_hash(const char *text, uint8_t hash[32]);           /* of either form */
#endif
