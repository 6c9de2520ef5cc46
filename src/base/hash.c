#include "base/hash.h"
#include <sodium.h>
#include <string.h>

struct sha256 hash_sha256(const void *p, size_t n)
{
	struct sha256 h;

	crypto_hash_sha256(h.b, p, n);
	return h;
}

struct sha256 hash_hmac(const void *key, size_t nkey, const void *p, size_t n)
{
	crypto_auth_hmacsha256_state s;
	struct sha256 h;

	crypto_auth_hmacsha256_init(&s, key, nkey);
	crypto_auth_hmacsha256_update(&s, p, n);
	crypto_auth_hmacsha256_final(&s, h.b);
	return h;
}

char *hash_hex(struct arena *a, const void *p, size_t n)
{
	char *out = arena_get(a, n * 2 + 1);

	return sodium_bin2hex(out, n * 2 + 1, p, n);
}

bool hash_unhex(const char *hex, void *out, size_t n)
{
	size_t got;
	const char *end;

	return strlen(hex) == n * 2 && sodium_hex2bin(out, n, hex, n * 2, NULL, &got, &end) == 0 && got == n && *end == 0;
}

char *hash_base64url(struct arena *a, const void *p, size_t n)
{
	size_t cap = sodium_base64_ENCODED_LEN(n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);

	return sodium_bin2base64(arena_get(a, cap), cap, p, n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

uint8_t *hash_unbase64url(struct arena *a, const char *text, size_t max, size_t *n)
{
	size_t length = strlen(text);
	uint8_t *out;

	if (length / 4 * 3 > max)
		return NULL;
	out = arena_get(a, length / 4 * 3 + 4);
	return sodium_base642bin(out, length / 4 * 3 + 3, text, length, NULL, n, NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0 && *n <= max ? out : NULL;
}

char *hash_base64(struct arena *a, const void *p, size_t n)
{
	size_t cap = sodium_base64_ENCODED_LEN(n, sodium_base64_VARIANT_ORIGINAL);

	return sodium_bin2base64(arena_get(a, cap), cap, p, n, sodium_base64_VARIANT_ORIGINAL);
}

bool hash_same(const void *a, const void *b, size_t n) { return sodium_memcmp(a, b, n) == 0; }
