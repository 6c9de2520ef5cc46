#include "web/token.h"
#include <string.h>
#include "base/hash.h"
#include "os/random.h"

enum { BASE64_LENGTH = 43 };
static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void hash_of(const char *text, uint8_t hash[32])
{
	struct sha256 h = hash_sha256(text, strlen(text));

	memcpy(hash, h.b, 32);
}

const char *token_make(struct arena *a, uint8_t hash[32])
{
	uint8_t r[32];
	const char *text;

	os_random(r, sizeof r);
	text = arena_printf(a, "pdl_%s", hash_base64url(a, r, sizeof r));
	hash_of(text, hash);
	return text;
}

bool token_hash(const char *text, uint8_t hash[32])
{
	if (strncmp(text, "pdl_", 4) != 0 || strlen(text) != 4 + BASE64_LENGTH || strspn(text + 4, letters) != BASE64_LENGTH)
		return false;
	hash_of(text, hash);
	return true;
}

const char *secret_make(struct arena *a, bool as_hex, uint8_t hash[32])
{
	uint8_t r[32];
	const char *text;

	os_random(r, sizeof r);
	text = as_hex ? hash_hex(a, r, sizeof r) : hash_base64url(a, r, sizeof r);
	hash_of(text, hash);
	return text;
}

bool secret_hash(const char *text, uint8_t hash[32])
{
	size_t n = strlen(text);

	if ((n != BASE64_LENGTH && n != 64) || strspn(text, letters) != n)
		return false;
	hash_of(text, hash);
	return true;
}
