#include "os/seal.h"
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>
#include "base/fault.h"
#include "os/file.h"
#include "os/random.h"

enum { FORM = 1, NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, TAG = crypto_aead_xchacha20poly1305_ietf_ABYTES };

int seal_key_make(const char *path, struct err *e)
{
	struct seal_key k;
	int rc;

	if (os_file_is(path))
		return FAIL(e, E_ALREADY_INITIALISED, "%s is there", path);
	os_random(k.b, sizeof k.b);
	rc = os_replace_file(path, k.b, sizeof k.b, 0400, e);
	sodium_memzero(&k, sizeof k);
	return rc;
}

int seal_key_read(const char *path, struct seal_key *k, struct err *e)
{
	uint8_t more[sizeof k->b + 1];
	int fd = fault_hit("open") ? (errno = EACCES, -1) : open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return FAIL(e, errno == ENOENT ? E_NOT_FOUND : E_OS_CALL, "open %s: %s", path, strerror(errno));
	n = read(fd, more, sizeof more);
	close(fd);
	if (n != sizeof k->b)
		return FAIL(e, E_SEAL_BROKEN, "%s does not hold a key", path);
	memcpy(k->b, more, sizeof k->b);
	sodium_memzero(more, sizeof more);
	return 0;
}

/* form (1), nonce (24), what is sealed, tag (16) */
void *seal_close(const struct seal_key *k, struct arena *a, const char *place, const void *plain, size_t n, size_t *sealed_n)
{
	uint8_t *out = arena_get(a, 1 + NONCE + n + TAG);

	out[0] = FORM;
	os_random(out + 1, NONCE);
	crypto_aead_xchacha20poly1305_ietf_encrypt(out + 1 + NONCE, NULL, plain, n, (const uint8_t *)place, strlen(place), NULL, out + 1, k->b);
	*sealed_n = 1 + NONCE + n + TAG;
	return out;
}

int seal_open(const struct seal_key *k, struct arena *a, const char *place, const void *sealed, size_t n, void **plain, size_t *plain_n,
	struct err *e)
{
	const uint8_t *in = sealed;
	uint8_t *out;

	if (n < 1 + NONCE + TAG || in[0] != FORM)
		return FAIL(e, E_SEAL_BROKEN, "%s", place);
	out = arena_get(a, n - 1 - NONCE - TAG + 1);
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL, in + 1 + NONCE, n - 1 - NONCE, (const uint8_t *)place, strlen(place), in + 1,
		k->b) != 0)
		return FAIL(e, E_SEAL_BROKEN, "%s", place);
	*plain = out;
	*plain_n = n - 1 - NONCE - TAG;
	return 0;
}
