/* Any bytes as what a browser says of a passkey: first two bytes the length of the client data, then the authenticator's data.
 * What is taken says our origin and has a key of a kind we know; a signature by nobody is never taken. */
#define FUZZ_WEB
#include "fuzz.h"
#include "web/webauthn.h"

static void whole(struct arena *a, struct webauthn_said *said, const char *text)
{
	struct db_bytes challenge = { NULL, 0 };
	struct err e = { 0 };

	if (webauthn_challenge(a, said, true, "https://desk.example", &challenge, &e) == 0)
		MUST(strstr(text, "desk.example") && strstr(text, "create") && challenge.p && challenge.n > 0);
	else
		MUST(e.id == E_PASSKEY_WRONG && e.detail[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const char client[] = "{\"type\":\"webauthn.create\",\"challenge\":\"AQIDBA\",\"origin\":\"https://desk.example\",\"crossOrigin\":false}";
	struct arena *a = arena_begin(16 << 20);
	struct webauthn_said said = { 0 };
	struct webauthn_key key = { .alg = -99 };
	struct err e = { 0 };
	uint32_t count = 77;
	size_t k;

	if (n >= 2) {
		k = ((size_t)p[0] << 8 | p[1]) % (n - 1);
		said.client_data = (struct db_bytes){ arena_dupn(a, (const char *)p + 2, k), k };
		said.auth_data = (struct db_bytes){ p + 2 + k, n - 2 - k };
		whole(a, &said, said.client_data.p);
		said.client_data = (struct db_bytes){ client, sizeof client - 1 };
		if (webauthn_made(a, &said, "desk.example", &key, &e) == 0) {
			MUST((key.alg == -7 || key.alg == -8 || key.alg == -257) && key.id.n > 0 && key.id.n <= WEBAUTHN_ID_MOST && key.key.n > 0);
			said.sig = (struct db_bytes){ "0123456789012345678901234567890123456789012345678901234567890123", 64 };
			MUST(webauthn_signed(&said, "desk.example", &key, &count, &e) != 0 && e.id == E_PASSKEY_WRONG && count == 77);
		} else {
			MUST(e.id == E_PASSKEY_WRONG && e.detail[0] && key.alg == -99);
		}
	}
	arena_end(a);
	return 0;
}
