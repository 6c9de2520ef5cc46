/* A browser and its device made here: keys by OpenSSL, CBOR by hand. What is right is taken, and each thing that is altered is refused. */
#include "t.h"
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include "base/hash.h"
#include "web/webauthn.h"

#define ORIGIN "https://desk.example"
#define RP "desk.example"
static struct arena *a;
struct device { EVP_PKEY *pk; int alg; };

static void put(uint8_t *to, size_t *n, const void *p, size_t k) { memcpy(to + *n, p, k); *n += k; }
#define PUT(s) put(to, &n, s, sizeof(s) - 1)

static struct device device(int alg)
{
	return (struct device){ alg == -7 ? EVP_EC_gen("P-256") : alg == -8 ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519") : EVP_RSA_gen(2048), alg };
}

static size_t number(const struct device *d, const char *name, uint8_t *to, size_t n)
{
	BIGNUM *b = NULL;

	CHECK(EVP_PKEY_get_bn_param(d->pk, name, &b) == 1 && BN_bn2binpad(b, to, (int)n) == (int)n);
	BN_free(b);
	return n;
}

static struct db_bytes cose(const struct device *d)
{
	uint8_t *to = arena_get(a, 600), raw[300];
	size_t n = 0, k = 32;

	if (d->alg == -7) {
		PUT("\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20");
		put(to, &n, raw, number(d, OSSL_PKEY_PARAM_EC_PUB_X, raw, 32));
		PUT("\x22\x58\x20");
		put(to, &n, raw, number(d, OSSL_PKEY_PARAM_EC_PUB_Y, raw, 32));
	} else if (d->alg == -8) {
		PUT("\xa4\x01\x01\x03\x27\x20\x06\x21\x58\x20");
		CHECK(EVP_PKEY_get_raw_public_key(d->pk, raw, &k) == 1);
		put(to, &n, raw, k);
	} else {
		PUT("\xa4\x01\x03\x03\x39\x01\x00\x20\x59\x01\x00");
		put(to, &n, raw, number(d, OSSL_PKEY_PARAM_RSA_N, raw, 256));
		PUT("\x21\x43");
		put(to, &n, raw, number(d, OSSL_PKEY_PARAM_RSA_E, raw, 3));
	}
	return (struct db_bytes){ to, n };
}

static struct db_bytes client(const char *type, const char *origin, const char *more)
{
	const char *s = arena_printf(a, "{\"type\":\"%s\",\"challenge\":\"AQIDBA\",\"origin\":\"%s\",\"crossOrigin\":false%s}", type, origin, more);

	return (struct db_bytes){ s, strlen(s) };
}

static struct db_bytes auth(const char *rp, int flags, uint32_t count, const struct device *d)
{
	struct sha256 h = hash_sha256(rp, strlen(rp));
	uint8_t *to = arena_get(a, 1000), tail[5] = { (uint8_t)flags, 0, 0, (uint8_t)(count >> 8), (uint8_t)count };
	struct db_bytes key;
	size_t n = 0;

	put(to, &n, h.b, 32);
	put(to, &n, tail, 5);
	if (d) {
		PUT("0123456789abcdef\0\x05" "cred1");
		key = cose(d);
		put(to, &n, key.p, key.n);
	}
	return (struct db_bytes){ to, n };
}

static struct db_bytes sign(const struct device *d, struct db_bytes auth_data, struct db_bytes client_data)
{
	struct sha256 h = hash_sha256(client_data.p, client_data.n);
	uint8_t *m = arena_get(a, auth_data.n + 32), *sig = arena_get(a, 600);
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	size_t n = 600;

	memcpy(m, auth_data.p, auth_data.n);
	memcpy(m + auth_data.n, h.b, 32);
	CHECK(EVP_DigestSignInit(c, NULL, d->alg == -8 ? NULL : EVP_sha256(), NULL, d->pk) == 1 && EVP_DigestSign(c, sig, &n, m, auth_data.n + 32) == 1);
	EVP_MD_CTX_free(c);
	return (struct db_bytes){ sig, n };
}

/* For tests/fuzz/corpus/webauthn: PEDEL_SEEDS=folder test_webauthn */
static void seed(const char *name, int alg, const struct webauthn_said *s)
{
	const char *folder = getenv("PEDEL_SEEDS");
	FILE *f = folder ? fopen(arena_printf(a, "%s/%s%d", folder, name, -alg), "w") : NULL;

	if (!f)
		return;
	fwrite(s->client_data.p, 1, s->client_data.n, f);
	fputc(0, f);
	fwrite(s->auth_data.p, 1, s->auth_data.n, f);
	fwrite("\xff\0\xff\0", 1, 4, f);
	fwrite(s->sig.n ? s->sig.p : "", 1, s->sig.n, f);
	fclose(f);
}

static void what_is_right_is_taken(void **state)
{
	static const int algs[] = { -7, -8, -257 };

	for (size_t i = 0; i < 3; i++) {
		struct device d = device(algs[i]);
		struct webauthn_said made = { client("webauthn.create", ORIGIN, ",\"other\":1"), auth(RP, 0x45, 7, &d), { NULL, 0 } }, used;
		struct webauthn_key key;
		struct db_bytes challenge;
		uint32_t count;
		struct err e = { 0 };

		CHECK(webauthn_challenge(a, &made, true, ORIGIN, &challenge, &e) == 0 && challenge.n == 4 && memcmp(challenge.p, "\1\2\3\4", 4) == 0);
		CHECK_ROW(i, webauthn_made(a, &made, RP, &key, &e) == 0);
		CHECK(key.alg == algs[i] && key.count == 7 && key.id.n == 5 && memcmp(key.id.p, "cred1", 5) == 0);
		used = (struct webauthn_said){ client("webauthn.get", ORIGIN, ""), auth(RP, 5, 300, NULL), { NULL, 0 } };
		used.sig = sign(&d, used.auth_data, used.client_data);
		CHECK(webauthn_challenge(a, &used, false, ORIGIN, &challenge, &e) == 0);
		CHECK_ROW(i, webauthn_signed(&used, RP, &key, &count, &e) == 0);
		CHECK_INT(count, 300);
		seed("made", algs[i], &made);
		seed("used", algs[i], &used);
		/* every single byte of all three parts */
		for (int part = 0; part < 3; part++) {
			struct db_bytes *b = part == 0 ? &used.client_data : part == 1 ? &used.auth_data : &used.sig;
			struct db_bytes was = *b;

			for (size_t at = 0; at < was.n; at++) {
				uint8_t *copy = arena_copy(a, was.p, was.n);

				copy[at] ^= 1;
				b->p = copy;
				CHECK_ROW(at, webauthn_signed(&used, RP, &key, &count, &e) == -1 && e.id == E_PASSKEY_WRONG && count == 300);
			}
			for (size_t cut = 0; cut < was.n; cut++) {
				*b = (struct db_bytes){ was.p, cut };
				CHECK_ROW(cut, webauthn_signed(&used, RP, &key, &count, &e) == -1);
			}
			*b = was;
		}
		for (size_t cut = 0; cut < made.auth_data.n; cut++) {
			struct webauthn_said short_one = made;

			short_one.auth_data.n = cut;
			CHECK_ROW(cut, webauthn_made(a, &short_one, RP, &key, &e) == -1 && e.id == E_PASSKEY_WRONG);
		}
		EVP_PKEY_free(d.pk);
	}
}

static void what_is_wrong_is_refused(void **state)
{
	struct device d = device(-7), other = device(-7);
	struct webauthn_key key;
	struct err e = { 0 };
	uint32_t count;
	static const struct { const char *rp; int flags; bool other; } rows[] = {
		{ "evil.example", 0x05, false }, { RP, 0x01, false }, { RP, 0x04, false }, { RP, 0, false }, { RP, 0x05, true },
	};

	CHECK(webauthn_made(a, &(struct webauthn_said){ .auth_data = auth(RP, 0x45, 0, &d) }, RP, &key, &e) == 0);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct webauthn_said used = { client("webauthn.get", ORIGIN, ""), auth(rows[i].rp, rows[i].flags, 1, NULL), { NULL, 0 } };

		used.sig = sign(rows[i].other ? &other : &d, used.auth_data, used.client_data);
		CHECK_ROW(i, webauthn_signed(&used, RP, &key, &count, &e) == -1 && e.id == E_PASSKEY_WRONG);
		CHECK_ROW(i, rows[i].other || webauthn_made(a, &(struct webauthn_said){ .auth_data = auth(rows[i].rp, rows[i].flags | 0x40, 0, &d) }, RP, &key, &e) == -1);
	}
	/* a point that is not on the curve */
	{
		struct db_bytes x = auth(RP, 0x45, 0, &d);
		uint8_t *copy = arena_copy(a, x.p, x.n);

		memset(copy + x.n - 32, 0x11, 32);
		x.p = copy;
		CHECK(webauthn_made(a, &(struct webauthn_said){ .auth_data = x }, RP, &key, &e) == -1);
	}
	EVP_PKEY_free(d.pk);
	EVP_PKEY_free(other.pk);
}

/* The most memory this program ever had, in KiB of addresses: what is asked for counts, touched or not. */
static int64_t most_kib(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[200];
	int64_t kib = -1;

	CHECK(f);
	while (fgets(line, sizeof line, f))
		if (strncmp(line, "VmPeak:", 7) == 0)
			kib = strtoll(line + 7, NULL, 10);
	fclose(f);
	CHECK(kib > 0);
	return kib;
}

/* What stands behind the key, or behind the counter: extensions, which libfido2 reads with libcbor. */
static void what_says_it_is_long_is_not_believed(void **state)
{
	static const struct { const char *what, *cbor; size_t n; bool right; } rows[] = {
		{ "nothing at all", "\xa0", 1, true },
		{ "something unknown", "\xa1\x61x\xf5", 4, true },
		{ "four deep", "\xa1\x61x\x81\x81\x81\x01", 7, true },
		{ "five deep", "\xa1\x61x\x81\x81\x81\x81\x01", 8, false },
		{ "an array of a hundred million", "\x9a\x05\xf5\xe1\x00\x01", 6, false },
		{ "and inside what is right", "\xa1\x61x\x9a\x05\xf5\xe1\x00\x01", 9, false },
		{ "a map of a hundred million", "\xba\x05\xf5\xe1\x00\x01", 6, false },
		{ "pairs of which one lacks its half", "\xa1\x61x", 3, false },
		{ "a text past the end", "\xa1\x61x\x7a\xff\xff\xff\xff!", 9, false },
		{ "bytes of 2^64-1", "\xa1\x61x\x5b\xff\xff\xff\xff\xff\xff\xff\xff", 12, false },
		{ "a number cut off", "\xa1\x61x\x1a\0\0", 6, false },
		{ "a length that is not said", "\xbf\x61x\xf5\xff", 5, false },
		{ "a tag", "\xa1\x61x\xc0\x01", 5, false },
	};
	struct device d = device(-8);
	struct webauthn_key key;
	struct err e = { 0 };
	uint32_t count;

	CHECK(webauthn_made(a, &(struct webauthn_said){ .auth_data = auth(RP, 0x45, 0, &d) }, RP, &key, &e) == 0);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int64_t before = most_kib();

		for (int making = 0; making <= 1; making++) {
			struct webauthn_said said = { client("webauthn.get", ORIGIN, ""), auth(RP, making ? 0xC5 : 0x85, 1, making ? &d : NULL), { NULL, 0 } };
			uint8_t *to = arena_get(a, said.auth_data.n + rows[i].n);
			int rc;

			memcpy(to, said.auth_data.p, said.auth_data.n);
			memcpy(to + said.auth_data.n, rows[i].cbor, rows[i].n);
			said.auth_data = (struct db_bytes){ to, said.auth_data.n + rows[i].n };
			said.sig = sign(&d, said.auth_data, said.client_data);
			rc = making ? webauthn_made(a, &said, RP, &key, &e) : webauthn_signed(&said, RP, &key, &count, &e);
			if (rc != (rows[i].right ? 0 : -1) || (rc != 0 && e.id != E_PASSKEY_WRONG))
				fail_msg("%s, %d: %d %s", rows[i].what, making, rc, e.detail);
		}
		CHECK_ROW(i, most_kib() - before < 400 * 1024);
	}
	EVP_PKEY_free(d.pk);
}

static void client_data(void **state)
{
	static const struct { const char *json; bool right; } rows[] = {
		{ "{\"type\":\"webauthn.get\",\"challenge\":\"AQIDBA\",\"origin\":\"" ORIGIN "\"}", true },
		{ "{\"type\":\"webauthn.get\",\"challenge\":\"AQIDBA\",\"origin\":\"" ORIGIN "\",\"crossOrigin\":false}", true },
		{ "{\"type\":\"webauthn.get\",\"challenge\":\"AQIDBA\",\"origin\":\"" ORIGIN "\",\"crossOrigin\":true}", false },
		{ "{\"type\":\"webauthn.get\",\"challenge\":\"AQIDBA\",\"origin\":\"" ORIGIN "\",\"topOrigin\":\"https://evil.example\"}", false },
		{ "{\"type\":\"webauthn.create\",\"challenge\":\"AQIDBA\",\"origin\":\"" ORIGIN "\"}", false },
		{ "{\"type\":\"webauthn.get\",\"challenge\":\"\",\"origin\":\"" ORIGIN "\"}", false },
		{ "{\"type\":\"webauthn.get\",\"challenge\":\"AQIDBA\",\"origin\":\"" ORIGIN ".evil.example\"}", false },
		{ "{\"type\":\"webauthn.get\",\"challenge\":\"AQIDBA\",\"origin\":\"http://desk.example\"}", false },
		{ "{\"type\":\"webauthn.get\",\"challenge\":\"AQIDBA\",\"origin\":\"" ORIGIN "/\"}", false },
		{ "{\"type\":\"webauthn.get\",\"challenge\":\"AQ ID\",\"origin\":\"" ORIGIN "\"}", false },
		{ "{\"type\":\"webauthn.get\",\"challenge\":7,\"origin\":\"" ORIGIN "\"}", false },
		{ "{\"type\":\"webauthn.get\",\"origin\":\"" ORIGIN "\"}", false },
		{ "{\"type\":\"webauthn.get\",\"type\":\"webauthn.get\",\"challenge\":\"AQIDBA\",\"origin\":\"" ORIGIN "\"}", false },
		{ "[]", false }, { "{", false }, { "", false }, { "null", false },
	};
	struct db_bytes challenge;
	struct err e;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		CHECK_ROW(i, (webauthn_challenge(a, &(struct webauthn_said){ .client_data = { rows[i].json, strlen(rows[i].json) } }, false, ORIGIN, &challenge, &e) == 0)
			== rows[i].right);
}

static void where_passkeys_are_allowed(void **state)
{
	static const struct { const char *origin, *rp; } rows[] = {
		{ "https://desk.example.dk", "desk.example.dk" }, { "https://Desk.example.dk:8443", "desk.example.dk" }, { "http://localhost:8080", "localhost" },
		{ "http://pedel.localhost", "pedel.localhost" }, { "http://desk.example.dk", NULL }, { "https://127.0.0.1:8080", NULL }, { "http://127.0.0.1", NULL },
		{ "https://[::1]:8080", NULL }, { "", NULL }, { "ftp://desk.example.dk", NULL }, { "https://", NULL },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *rp = webauthn_rp_id(a, rows[i].origin);

		CHECK_ROW(i, rp && rows[i].rp ? strcmp(rp, rows[i].rp) == 0 : rp == rows[i].rp);
	}
}

static int begin(void **state) { a = arena_begin(256 << 20); return 0; }
static int end(void **state) { arena_end(a); return 0; }

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_right_is_taken), cmocka_unit_test(what_is_wrong_is_refused), cmocka_unit_test(client_data),
		cmocka_unit_test(what_says_it_is_long_is_not_believed), cmocka_unit_test(where_passkeys_are_allowed),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
