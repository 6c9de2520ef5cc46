/* Any bytes as a browser's answer: client data, NUL, authenticator data, FF 00 FF 00, signature, as a passkey that is made and as one that is used.
 * Only what is whole is taken, and what is taken as made has a key that can be asked. */
#include <stdlib.h>
#include <string.h>
#include "web/webauthn.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena *a = arena_begin(16 << 20);
	struct webauthn_said said = { 0 };
	struct webauthn_key key;
	struct db_bytes challenge;
	const uint8_t *nul = n ? memchr(p, 0, n) : NULL, *marks;
	uint32_t count = 0;
	struct err e;

	said.client_data = (struct db_bytes){ p, nul ? (size_t)(nul - p) : n };
	if (nul) {
		p = nul + 1;
		n -= said.client_data.n + 1;
		marks = memmem(p, n, "\xff\0\xff\0", 4);
		said.auth_data = (struct db_bytes){ p, marks ? (size_t)(marks - p) : n };
		if (marks)
			said.sig = (struct db_bytes){ marks + 4, n - said.auth_data.n - 4 };
	}
	if (webauthn_challenge(a, &said, true, "https://desk.example", &challenge, &e) == 0 && challenge.n > WEBAUTHN_CLIENT_MOST)
		abort();
	webauthn_challenge(a, &said, false, "https://desk.example", &challenge, &e);
	if (webauthn_made(a, &said, "desk.example", &key, &e) == 0) {
		if (!key.id.n || key.id.n > WEBAUTHN_ID_MOST || !key.key.n)
			abort();
		webauthn_signed(&said, "desk.example", &key, &count, &e);
	}
	arena_end(a);
	return 0;
}
