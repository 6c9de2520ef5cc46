#include "store/chain.h"
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "base/hash.h"
#include "base/moment.h"
#include "os/file.h"

enum { STATEMENT = 256, NOTE_MOST = 600, FOLD_STEP = 1000 };
static const char place[] = "keys:chain.key:secret", note_name[] = "chain.last";

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

/* ---- the seal */

static void seal_key_of(const struct chain_key *k, uint8_t key[32])
{
	static const char use[] = "pedel chain seal 1";
	crypto_auth_hmacsha256_state st;

	crypto_auth_hmacsha256_init(&st, k->secret, sizeof k->secret);
	crypto_auth_hmacsha256_update(&st, (const unsigned char *)use, sizeof use - 1);
	crypto_auth_hmacsha256_final(&st, key);
}

void chain_step(const uint8_t key[32], uint8_t seal[32], const uint8_t hash[32])
{
	crypto_auth_hmacsha256_state st;

	crypto_auth_hmacsha256_init(&st, key, 32);
	crypto_auth_hmacsha256_update(&st, seal, 32);
	crypto_auth_hmacsha256_update(&st, hash, 32);
	crypto_auth_hmacsha256_final(&st, seal);
}

/* The seal of all events as they stand. */
static int fold(struct db_conn *c, const uint8_t key[32], uint8_t seal[32], int64_t *last, struct err *e)
{
	static const struct db_sql part = { "SELECT id,hash FROM event WHERE id>?1 ORDER BY id LIMIT ?2", NULL };
	struct arena *a = arena_begin(1 << 20);
	int64_t id = 0;
	int rows, rc;

	memset(seal, 0, 32);
	do {
		struct db_cur *cur = NULL;

		rows = 0;
		rc = db_query(c, &part, DB(DB_INT(id), DB_INT(FOLD_STEP)), &cur, e);
		while (rc == 0 && (rc = db_next(cur, e)) > 0) {
			struct db_bytes h = db_bytes(cur, 1, a);

			id = db_int(cur, 0);
			rows++;
			if (h.n == 32)
				chain_step(key, seal, h.p);
			rc = h.n == 32 ? 0 : FAIL(e, E_CHAIN_BROKEN, "event %lld", (long long)id);
		}
		db_done(cur);
		arena_reset(a);
	} while (rc == 0 && rows == FOLD_STEP);
	arena_end(a);
	*last = id;
	return rc;
}

struct end { int64_t id; uint8_t seal[32]; bool there, whole; };

static int end_read(struct db_conn *c, struct end *n, struct err *e)
{
	static const struct db_sql get = { "SELECT id,seal FROM chain_end WHERE one=1", NULL };
	struct arena *a = arena_begin(4 << 10);
	struct db_cur *cur;
	int rc;

	*n = (struct end){ 0 };
	rc = db_query(c, &get, DB_NONE, &cur, e);
	if (rc == 0) {
		if ((rc = db_next(cur, e)) > 0) {
			struct db_bytes b = db_bytes(cur, 1, a);

			n->id = db_int(cur, 0);
			n->there = true;
			n->whole = b.n == sizeof n->seal;
			if (n->whole)
				memcpy(n->seal, b.p, sizeof n->seal);
		}
		db_done(cur);
	}
	arena_end(a);
	return rc < 0 ? -1 : 0;
}

/* Events of a version that had no seals. */
static int job_adopt(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	static const struct db_sql put = { "UPDATE chain_end SET id=?1,seal=?2 WHERE one=1 AND id=0", NULL };
	uint8_t seal[32];
	int64_t last;

	if (fold(w, arg, seal, &last, e) != 0)
		return -1;
	return last ? db_run(w, &put, DB(DB_INT(last), DB_BYTES(seal, sizeof seal)), NULL, e) : 0;
}

static char *note_path(struct arena *a, const char *folder) { return arena_printf(a, "%s/%s", folder, note_name); }

int chain_open(struct db *d, const char *folder, const struct chain_key *k, struct err *e)
{
	struct arena *a = arena_begin(64 << 10);
	bool noted = os_file_is(note_path(a, folder));
	struct db_conn *c;
	uint8_t key[32];
	struct end n;
	int rc = -1;

	arena_end(a);
	seal_key_of(k, key);
	if (db_read_begin(d, &c, e) == 0) {
		rc = end_read(c, &n, e);
		db_read_end(c);
	}
	if (rc == 0) {
		db_seal(d, key);
		if (n.there && n.id == 0 && !noted)
			rc = db_write(d, job_adopt, key, e);
	}
	sodium_memzero(key, sizeof key);
	return rc;
}

int chain_end_verify(struct db_conn *c, const struct chain_key *k, int64_t *last, struct err *e)
{
	uint8_t key[32], seal[32];
	struct end n;
	int64_t id;
	int rc;

	seal_key_of(k, key);
	rc = end_read(c, &n, e) || fold(c, key, seal, &id, e) ? -1 : 0;
	sodium_memzero(key, sizeof key);
	if (rc != 0)
		return -1;
	if (!n.there || (n.id == 0 && id > 0))
		return FAIL(e, E_CHAIN_BROKEN, "the seal of the chain's end was taken away");
	if (n.id > id)
		return FAIL(e, E_CHAIN_BROKEN, "events %lld to %lld were cut off", (long long)id + 1, (long long)n.id);
	if (n.id < id || !n.whole || sodium_memcmp(seal, n.seal, sizeof seal) != 0)
		return FAIL(e, E_CHAIN_BROKEN, "the chain up to event %lld is not the one that was sealed", (long long)id);
	*last = id;
	return 0;
}

/* ---- the note */

int chain_note_read(const char *folder, const uint8_t pub[32], struct chain_note *n, struct err *e)
{
	struct arena *a = arena_begin(64 << 10);
	char text[STATEMENT], hex[65], sig_hex[2 * crypto_sign_BYTES + 1], *got;
	const char *path = note_path(a, folder);
	unsigned char sig[crypto_sign_BYTES];
	struct chain_note m = { 0 };
	long long id, at;
	size_t len;
	int rc = 0;

	*n = m;
	if (!os_file_is(path))
		goto out;
	rc = os_read_file(a, path, NOTE_MOST, &got, &len, e);
	if (rc != 0)
		goto out;
	if (sscanf(got, "pedel chain head 1\n%lld\n%lld\n%64[0-9a-f]\n%128[0-9a-f]\n", &id, &at, hex, sig_hex) != 4 || id < 1 ||
		sodium_hex2bin(m.hash, sizeof m.hash, hex, strlen(hex), NULL, &len, NULL) != 0 || len != sizeof m.hash ||
		sodium_hex2bin(sig, sizeof sig, sig_hex, strlen(sig_hex), NULL, &len, NULL) != 0 || len != sizeof sig ||
		crypto_sign_verify_detached(sig, (const unsigned char *)text, statement(text, id, at, m.hash), pub) != 0) {
		rc = FAIL(e, E_CHAIN_BROKEN, "%s is not this installation's note", path);
		goto out;
	}
	m.id = id;
	m.at = at;
	*n = m;
out:
	arena_end(a);
	return rc;
}

/* The hash of an event. 1 there, 0 none such, -1. id 0: the last one, whose number *id becomes. */
static int hash_of(struct db_conn *c, int64_t *id, uint8_t hash[32], struct err *e)
{
	static const struct db_sql one = { "SELECT id,hash FROM event WHERE id=?1", NULL };
	static const struct db_sql newest = { "SELECT id,hash FROM event ORDER BY id DESC LIMIT 1", NULL };
	struct arena *a = arena_begin(4 << 10);
	struct db_cur *cur;
	int rc = *id ? db_query(c, &one, DB(DB_INT(*id)), &cur, e) : db_query(c, &newest, DB_NONE, &cur, e);

	if (rc == 0) {
		if ((rc = db_next(cur, e)) > 0) {
			struct db_bytes h = db_bytes(cur, 1, a);

			*id = db_int(cur, 0);
			if (h.n == 32)
				memcpy(hash, h.p, 32);
			else
				rc = FAIL(e, E_CHAIN_BROKEN, "event %lld", (long long)*id);
		}
		db_done(cur);
	}
	arena_end(a);
	return rc;
}

int chain_note_verify(struct db_conn *c, const struct chain_note *n, struct err *e)
{
	int64_t id = n->id;
	uint8_t hash[32];
	int rc = id ? hash_of(c, &id, hash, e) : 1;

	if (rc < 0)
		return -1;
	if (rc == 0)
		return FAIL(e, E_CHAIN_BROKEN, "event %lld was noted beside the database, and is not in it", (long long)n->id);
	return n->id && memcmp(hash, n->hash, sizeof hash) != 0 ?
		FAIL(e, E_CHAIN_BROKEN, "event %lld is not the one that was noted beside the database", (long long)n->id) : 0;
}

int chain_note_write(struct db *d, const char *folder, const struct chain_key *k, int64_t now, struct err *e)
{
	struct arena *a = arena_begin(64 << 10);
	unsigned char sig[crypto_sign_BYTES];
	char text[STATEMENT];
	struct chain_note old;
	struct db_conn *c = NULL;
	uint8_t hash[32];
	int64_t id = 0;
	int rc = chain_note_read(folder, k->pub, &old, e);

	if (rc == 0 && (rc = db_read_begin(d, &c, e)) == 0) {
		rc = chain_note_verify(c, &old, e);
		if (rc == 0 && (rc = hash_of(c, &id, hash, e)) > 0)
			rc = 0;
		db_read_end(c);
	}
	if (rc == 0 && id > old.id) {
		const char *all;

		crypto_sign_detached(sig, NULL, (const unsigned char *)text, statement(text, id, now, hash), k->secret);
		all = arena_printf(a, "%s%s\n", text, hash_hex(a, sig, sizeof sig));
		rc = os_replace_file(note_path(a, folder), all, strlen(all), 0600, e);
	}
	arena_end(a);
	return rc;
}
