#include "store/chain.h"
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "base/hash.h"
#include "base/moment.h"
#include "os/file.h"

enum { STATEMENT = 256 };
static const char place[] = "keys:chain.key:secret";

static int paths(const char *folder, char key[PATH_MAX], char pub[PATH_MAX], struct err *e)
{
	if (snprintf(key, PATH_MAX, "%s/chain.key", folder) >= PATH_MAX)
		return FAIL(e, E_OS_CALL, "path too long: %.80s", folder);
	snprintf(pub, PATH_MAX, "%s/chain.pub", folder);
	return 0;
}

int chain_key_make(const char *folder, const struct seal_key *master, struct err *e)
{
	char key[PATH_MAX], pub[PATH_MAX];
	struct arena *a = arena_begin(64 << 10);
	struct chain_key k;
	size_t n;
	void *sealed;
	int rc = -1;

	if (paths(folder, key, pub, e) != 0)
		goto out;
	crypto_sign_keypair(k.pub, k.secret);
	sealed = seal_close(master, a, place, k.secret, sizeof k.secret, &n);
	if (os_replace_file(key, sealed, n, 0400, e) == 0)
		rc = os_replace_file(pub, arena_printf(a, "%s\n", hash_hex(a, k.pub, sizeof k.pub)), 65, 0444, e);
	sodium_memzero(&k, sizeof k);
out:
	arena_end(a);
	return rc;
}

int chain_key_read(const char *folder, const struct seal_key *master, struct chain_key *k, struct err *e)
{
	char key[PATH_MAX], pub[PATH_MAX], *sealed;
	struct arena *a = arena_begin(64 << 10);
	size_t n, got;
	void *secret;
	int rc = -1;

	if (paths(folder, key, pub, e) != 0 || os_read_file(a, key, 1000, &sealed, &n, e) != 0 ||
		seal_open(master, a, place, sealed, n, &secret, &got, e) != 0)
		goto out;
	if (got != sizeof k->secret) {
		FAIL(e, E_SEAL_BROKEN, "%s", key);
		goto out;
	}
	memcpy(k->secret, secret, sizeof k->secret);
	crypto_sign_ed25519_sk_to_pk(k->pub, k->secret);
	sodium_memzero(secret, got);
	rc = 0;
out:
	arena_end(a);
	return rc;
}

static size_t statement(char text[STATEMENT], int64_t id, int64_t at, const void *hash)
{
	char hex[65];

	sodium_bin2hex(hex, sizeof hex, hash, 32);
	return (size_t)snprintf(text, STATEMENT, "pedel chain head 1\n%lld\n%lld\n%s\n", (long long)id, (long long)at, hex);
}

int chain_sign(struct db_conn *w, struct arena *a, const struct chain_key *k, int64_t now, struct err *e)
{
	static const struct db_sql last = { "SELECT id,hash FROM event WHERE id>coalesce((SELECT max(id) FROM chain_head),0) ORDER BY id DESC LIMIT 1", NULL };
	static const struct db_sql add = { "INSERT INTO chain_head(id,at,hash,signature) VALUES(?1,?2,?3,?4)", NULL };
	unsigned char sig[crypto_sign_BYTES];
	char text[STATEMENT];
	struct db_cur *cur;
	struct db_bytes h = { 0 };
	int64_t id = 0;
	int rc;

	if (db_query(w, &last, DB_NONE, &cur, e) != 0)
		return -1;
	rc = db_next(cur, e);
	if (rc > 0) {
		id = db_int(cur, 0);
		h = db_bytes(cur, 1, a);
	}
	db_done(cur);
	if (rc <= 0)
		return rc;
	if (h.n != 32)
		return FAIL(e, E_CHAIN_BROKEN, "event %lld", (long long)id);
	crypto_sign_detached(sig, NULL, (const unsigned char *)text, statement(text, id, now, h.p), k->secret);
	return db_run(w, &add, DB(DB_INT(id), DB_INT(now), DB_BYTES(h.p, h.n), DB_BYTES(sig, sizeof sig)), NULL, e);
}

int chain_verify(struct db_conn *c, const uint8_t pub[32], int64_t *heads, struct err *e)
{
	static const struct db_sql all = { "SELECT h.id,h.at,h.hash,h.signature,v.hash FROM chain_head h LEFT JOIN event v ON v.id=h.id ORDER BY h.id", NULL };
	struct arena *a = arena_begin(1 << 20);
	struct db_cur *cur;
	int64_t n = 0;
	int rc;

	if (db_query(c, &all, DB_NONE, &cur, e) != 0) {
		arena_end(a);
		return -1;
	}
	while ((rc = db_next(cur, e)) > 0) {
		struct db_bytes kept = db_bytes(cur, 2, a), sig = db_bytes(cur, 3, a), now = db_bytes(cur, 4, a);
		char text[STATEMENT];

		if (kept.n != 32 || sig.n != crypto_sign_BYTES || now.n != 32 || memcmp(kept.p, now.p, 32) != 0 ||
			crypto_sign_verify_detached(sig.p, (const unsigned char *)text, statement(text, db_int(cur, 0), db_int(cur, 1), kept.p), pub) != 0) {
			rc = FAIL(e, E_CHAIN_BROKEN, "signed head at event %lld", (long long)db_int(cur, 0));
			break;
		}
		n++;
		arena_reset(a);
	}
	db_done(cur);
	arena_end(a);
	if (rc == 0)
		*heads = n;
	return rc;
}

int chain_begun(struct db_conn *c, int64_t now, struct err *e)
{
	static const struct db_sql old = { "SELECT count(*) FROM event WHERE id=(SELECT min(id) FROM event) AND at<?1 "
		"AND NOT EXISTS(SELECT 1 FROM chain_head)", NULL };
	int64_t n;

	if (db_id(c, &old, DB(DB_INT(now - 2 * MOMENT_HOUR)), &n, e) != 0)
		return -1;
	return n == 0 ? 0 : FAIL(e, E_CHAIN_BROKEN, "no signed head, and the first event is older than two hours");
}
