#include "store_case.h"
#include <sys/stat.h>
#include "base/fault.h"
#include "base/moment.h"
#include "os/file.h"
#include "os/password.h"
#include "os/seal.h"
#include "store/chain.h"
#include "store/event.h"

static void test_seal(void **state)
{
	struct store_case *s = *state;
	char *path = arena_printf(s->a, "%s/master.key", s->dir);
	struct seal_key k, other = { { 1 } };
	struct stat st;
	struct err e;
	uint8_t *sealed;
	size_t n, got;
	void *plain;

	CHECK(seal_key_read(path, &k, &e) == -1 && e.id == E_NOT_FOUND);
	CHECK(seal_key_make(path, &e) == 0);
	CHECK(seal_key_make(path, &e) == -1 && e.id == E_ALREADY_INITIALISED);
	CHECK(stat(path, &st) == 0 && (st.st_mode & 0777) == 0400 && st.st_size == 32);
	CHECK(seal_key_read(path, &k, &e) == 0);
	sealed = seal_close(&k, s->a, "person:1:totp", "secret", 6, &n);
	CHECK(n == 1 + 24 + 6 + 16 && memcmp(sealed + 25, "secret", 6) != 0);
	CHECK(seal_open(&k, s->a, "person:1:totp", sealed, n, &plain, &got, &e) == 0 && got == 6 && memcmp(plain, "secret", 6) == 0);
	CHECK(seal_open(&k, s->a, "person:2:totp", sealed, n, &plain, &got, &e) == -1 && e.id == E_SEAL_BROKEN);
	CHECK(seal_open(&other, s->a, "person:1:totp", sealed, n, &plain, &got, &e) == -1 && e.id == E_SEAL_BROKEN);
	for (size_t i = 0; i < n; i++) {
		sealed[i] ^= 1;
		CHECK_ROW(i, seal_open(&k, s->a, "person:1:totp", sealed, n, &plain, &got, &e) == -1 && e.id == E_SEAL_BROKEN);
		sealed[i] ^= 1;
		CHECK_ROW(i, seal_open(&k, s->a, "person:1:totp", sealed, i, &plain, &got, &e) == -1);
	}
	sealed = seal_close(&k, s->a, "x", "", 0, &n);
	CHECK(seal_open(&k, s->a, "x", sealed, n, &plain, &got, &e) == 0 && got == 0);
}

static void test_password(void **state)
{
	struct store_case *s = *state;
	static const struct { const char *word; int ok; enum err_id id; } rows[] = {
		{ NULL, 0, E_PASSWORD_WEAK }, { "", 0, E_PASSWORD_WEAK }, { "elleve tegn", 0, E_PASSWORD_WEAK }, { "tolv tegn ja", 1, E_NONE },
		{ "            ", 0, E_PASSWORD_WEAK }, { "æøåæøåæøåæø", 0, E_PASSWORD_WEAK }, { "æøåæøåæøåæøå", 1, E_NONE },
		{ "bad\xFFutf8 bytes", 0, E_TEXT_ENCODING },
	};
	const char *hash, *again;
	char long_one[1002];
	struct err e;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		CHECK_ROW(i, (password_check(rows[i].word, "password", &e) == 0) == rows[i].ok && (rows[i].ok || e.id == rows[i].id));
	memset(long_one, 'x', sizeof long_one);
	long_one[1001] = 0;
	CHECK(password_check(long_one, "password", &e) == -1 && e.id == E_TOO_LONG);
	long_one[1000] = 0;
	CHECK(password_check(long_one, "password", &e) == 0);
	if (s->kind == DB_POSTGRES)
		return;
	CHECK(password_hash(s->a, "tolv tegn ja", &hash, &e) == 0 && password_hash(s->a, "tolv tegn ja", &again, &e) == 0);
	CHECK(strcmp(hash, again) != 0 && strncmp(hash, "$argon2id$", 10) == 0);
	CHECK(password_fits(hash, "tolv tegn ja") && !password_fits(hash, "tolv tegn jA") && !password_fits(NULL, "tolv tegn ja"));
	CHECK(!password_stale(hash) && password_stale("$argon2id$v=19$m=8192,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
}

static int job_event(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	return event_add(w, a, &(struct event){ .at = 1, .actor_kind = "system", .object = "o", .kind = "k", .data = "{}" }, e);
}
static int job_sign(struct db_conn *w, struct arena *a, void *arg, struct err *e) { return chain_sign(w, a, arg, 5000, e); }
static int job_sql(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	return db_run(w, &(struct db_sql){ arg, NULL }, DB_NONE, NULL, e);
}

static int verify(struct store_case *s, const uint8_t *pub, int64_t *heads, struct err *e)
{
	struct db_conn *c;
	int rc;

	CHECK(db_read_begin(s->db, &c, e) == 0);
	rc = chain_verify(c, pub, heads, e);
	db_read_end(c);
	return rc;
}

static int begun(struct store_case *s, int64_t now, struct err *e)
{
	struct db_conn *c;
	int rc;

	CHECK(db_read_begin(s->db, &c, e) == 0);
	rc = chain_begun(c, now, e);
	db_read_end(c);
	return rc;
}

static void test_chain_heads(void **state)
{
	struct store_case *s = *state;
	static const char *const changes[] = {
		"UPDATE event SET hash=(SELECT hash FROM event WHERE id=1) WHERE id=3", "UPDATE chain_head SET at=at+1 WHERE id=3",
		"UPDATE chain_head SET signature=hash WHERE id=3", "DELETE FROM event WHERE id=3",
	};
	struct seal_key master = { { 7 } }, other = { { 8 } };
	struct chain_key k, wrong;
	struct err e;
	int64_t heads;

	CHECK(chain_key_make(s->dir, &master, &e) == 0);
	CHECK(chain_key_read(s->dir, &other, &k, &e) == -1 && e.id == E_SEAL_BROKEN);
	CHECK(chain_key_read(s->dir, &master, &k, &e) == 0);
	CHECK(db_write(s->db, job_sign, &k, &e) == 0);          /* nothing to sign yet */
	CHECK(verify(s, k.pub, &heads, &e) == 0 && heads == 0 && begun(s, MOMENT_DAY, &e) == 0);
	for (int i = 0; i < 3; i++)
		CHECK(db_write(s->db, job_event, NULL, &e) == 0);
	CHECK(begun(s, 2 * MOMENT_HOUR, &e) == 0);
	CHECK(begun(s, 2 * MOMENT_HOUR + 2, &e) == -1 && e.id == E_CHAIN_BROKEN);
	for (int twice = 0; twice < 2; twice++)
		CHECK(db_write(s->db, job_sign, &k, &e) == 0);
	CHECK(verify(s, k.pub, &heads, &e) == 0 && heads == 1 && begun(s, MOMENT_DAY, &e) == 0);
	wrong = k;
	wrong.pub[0] ^= 1;
	CHECK(verify(s, wrong.pub, &heads, &e) == -1 && e.id == E_CHAIN_BROKEN);
	for (size_t i = 0; i < 4; i++) {
		if (i == 3)             /* with everything else right again */
			CHECK(db_write(s->db, job_sql, "DELETE FROM chain_head", &e) == 0 && db_write(s->db, job_sign, &k, &e) == 0 &&
				verify(s, k.pub, &heads, &e) == 0);
		CHECK_ROW(i, db_write(s->db, job_sql, (void *)changes[i], &e) == 0);
		CHECK_ROW(i, verify(s, k.pub, &heads, &e) == -1 && e.id == E_CHAIN_BROKEN);
	}
}

int main(void)
{
	static const struct store_test tests[] = { STORE_TEST(test_seal), STORE_TEST(test_password), STORE_TEST(test_chain_heads) };
	return store_tests_run(tests, sizeof tests / sizeof *tests);
}
