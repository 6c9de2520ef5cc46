#include "web/password.h"
#include <sodium.h>
#include <string.h>
#include "base/text.h"

enum { LEAST_CHARS = 12, MOST_BYTES = 1024, MEMORY_BYTES = 64 << 20, PASSES = 2 };

int password_check(const char *password, const char *field, struct err *e)
{
	if (!password || text_chars(password) < LEAST_CHARS)
		return FAIL_FIELD(e, E_PASSWORD_WEAK, field, "too short");
	if (strlen(password) > MOST_BYTES)
		return FAIL_FIELD(e, E_TOO_LONG, field, "too long");
	return 0;
}

int password_hash(struct arena *a, const char *password, const char **hash, struct err *e)
{
	char out[crypto_pwhash_STRBYTES];

	if (sodium_init() < 0 || crypto_pwhash_str(out, password, strlen(password), PASSES, MEMORY_BYTES) != 0)
		return FAIL(e, E_MEMORY_LIMIT, "password hash");
	*hash = arena_dup(a, out);
	return 0;
}

bool password_fits(const char *hash, const char *password)
{
	return sodium_init() >= 0 && crypto_pwhash_str_verify(hash, password, strlen(password)) == 0;
}
