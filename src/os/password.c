#include "os/password.h"
#include <sodium.h>
#include <string.h>
#include "base/fault.h"
#include "base/text.h"

enum { CHARS_LEAST = 12, BYTES_MOST = 1000, PASSES = 2 };
static const size_t memory_bytes = 64 << 20;

int password_check(const char *password, const char *field, struct err *e)
{
	if (password && strlen(password) > BYTES_MOST)
		return FAIL_FIELD(e, E_TOO_LONG, field, "%d bytes at most", BYTES_MOST);
	if (password && !text_valid(password, strlen(password)))
		return FAIL_FIELD(e, E_TEXT_ENCODING, field, "password");
	if (!password || text_blank(password) || text_chars(password) < CHARS_LEAST)
		return FAIL_FIELD(e, E_PASSWORD_WEAK, field, "%d characters at least", CHARS_LEAST);
	return 0;
}

int password_hash(struct arena *a, const char *password, const char **hash, struct err *e)
{
	char *out = arena_get(a, crypto_pwhash_STRBYTES);

	if (fault_hit("pwhash") || crypto_pwhash_str_alg(out, password, strlen(password), PASSES, memory_bytes, crypto_pwhash_ALG_ARGON2ID13) != 0)
		return FAIL(e, E_MEMORY_LIMIT, "password");
	*hash = out;
	return 0;
}

bool password_fits(const char *hash, const char *password)
{
	/* Of a password nobody has: that an account is not there must not show in the time the answer takes. */
	static const char nobody[] = "$argon2id$v=19$m=65536,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
	bool fits = crypto_pwhash_str_verify(hash ? hash : nobody, password, strlen(password)) == 0;

	return hash && fits;
}

bool password_stale(const char *hash) { return crypto_pwhash_str_needs_rehash(hash, PASSES, memory_bytes) != 0; }
