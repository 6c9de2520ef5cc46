#include "web/webauthn.h"
#include <arpa/inet.h>
#include <fido.h>
#include <fido/eddsa.h>
#include <fido/es256.h>
#include <fido/rs256.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <string.h>
#include "base/hash.h"
#include "base/text.h"

enum { HASH_BYTES = 32, HEAD_BYTES = HASH_BYTES + 1 + 4, FLAG_PRESENT = 1, FLAG_VERIFIED = 4, FLAG_KEY = 64, CHALLENGE_MOST = 256, AAGUID_BYTES = 16, CBOR_DEEPEST = 4 };
static const int algs[] = { COSE_ES256, COSE_EDDSA, COSE_RS256 };

static int wrong(struct err *e, const char *why) { return FAIL(e, E_PASSKEY_WRONG, "%s", why); }

int webauthn_challenge(struct arena *a, const struct webauthn_said *said, bool making, const char *origin, struct db_bytes *challenge, struct err *e)
{
	const char *type, *from, *text;
	struct db_bytes got = { NULL, 0 };
	json_t *o;
	int rc = -1;

	if (said->client_data.n == 0 || said->client_data.n > WEBAUTHN_CLIENT_MOST)
		return wrong(e, "client data of a wrong size");
	o = json_loadb(said->client_data.p, said->client_data.n, JSON_REJECT_DUPLICATES, NULL);
	type = json_string_value(json_object_get(o, "type"));
	from = json_string_value(json_object_get(o, "origin"));
	text = json_string_value(json_object_get(o, "challenge"));
	if (!type || strcmp(type, making ? "webauthn.create" : "webauthn.get") != 0)
		wrong(e, "client data of another purpose");
	else if (!from || strcmp(from, origin) != 0)
		FAIL(e, E_PASSKEY_WRONG, "origin %.100s", from ? from : "none");
	else if (json_is_true(json_object_get(o, "crossOrigin")) || json_object_get(o, "topOrigin"))
		wrong(e, "inside another site's frame");
	else if (!text || !(got.p = hash_unbase64url(a, text, CHALLENGE_MOST, &got.n)) || got.n == 0)
		wrong(e, "no challenge");
	else
		rc = 0;
	if (rc == 0)
		*challenge = got;
	json_decref(o);
	return rc;
}

/* Hash of the rp id, flags and counter stand at fixed places before anything of variable length. */
static int head(const struct db_bytes *auth, const char *rp_id, int flags, struct err *e)
{
	const uint8_t *p = auth->p;
	struct sha256 h = hash_sha256(rp_id, strlen(rp_id));

	if (auth->n < HEAD_BYTES || auth->n > WEBAUTHN_AUTH_MOST)
		return wrong(e, "authenticator data of a wrong size");
	if (!hash_same(p, h.b, HASH_BYTES))
		return wrong(e, "made for another site");
	if ((p[HASH_BYTES] & flags) != flags)
		return wrong(e, p[HASH_BYTES] & FLAG_VERIFIED ? "nobody was there" : "the person was not verified");
	return 0;
}

/* The end of one CBOR item, NULL when it is not whole or not of the form that authenticators write (CTAP2: definite, no tags, four deep). */
static const uint8_t *item_end(const uint8_t *p, const uint8_t *end, int deeper)
{
	uint64_t v;
	int major;

	if (p == end)
		return NULL;
	major = *p >> 5;
	v = *p++ & 31;
	if (major == 6 || v > 27)
		return NULL;
	if (v >= 24) {
		int more = 1 << (v - 24);

		if (end - p < more)
			return NULL;
		for (v = 0; more > 0; more--)
			v = v << 8 | *p++;
	}
	if (major == 2 || major == 3)
		return v <= (uint64_t)(end - p) ? p + v : NULL;
	if (major != 4 && major != 5)
		return p;
	if (deeper == 0 || v > (uint64_t)(end - p))
		return NULL;
	for (v *= major == 5 ? 2 : 1; v > 0 && p; v--)
		p = item_end(p, end, deeper - 1);
	return p;
}

/* libcbor takes memory for as many items as an array says it has, before it looks whether they are there: twenty gigabytes for nine bytes.
 * So what libfido2 is given is walked here first. */
static int items_whole(const struct db_bytes *auth, bool key, struct err *e)
{
	const uint8_t *p = auth->p, *end = p + auth->n;
	size_t at = HEAD_BYTES;

	if (key && auth->n < HEAD_BYTES + AAGUID_BYTES + 2)
		return wrong(e, "authenticator data of a wrong size");
	if (key)
		at += AAGUID_BYTES + 2 + (size_t)(p[HEAD_BYTES + AAGUID_BYTES] << 8 | p[HEAD_BYTES + AAGUID_BYTES + 1]);
	if (at > auth->n)
		return wrong(e, "authenticator data of a wrong size");
	for (p += at; p != end; )
		if (!(p = item_end(p, end, CBOR_DEEPEST)))
			return wrong(e, "authenticator data that is none");
	return 0;
}

static uint32_t counter(const struct db_bytes *auth)
{
	const uint8_t *p = (const uint8_t *)auth->p + HASH_BYTES + 1;

	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

union public_key { es256_pk_t *es; rs256_pk_t *rs; eddsa_pk_t *ed; };

static void key_free(int alg, union public_key *k)
{
	if (alg == COSE_ES256)
		es256_pk_free(&k->es);
	else if (alg == COSE_RS256)
		rs256_pk_free(&k->rs);
	else
		eddsa_pk_free(&k->ed);
}

/* NULL: not a key (a point off the curve, a length that does not fit). Freed with key_free(). */
static const void *key_read(int alg, const struct db_bytes *raw, union public_key *k)
{
	EVP_PKEY *openssl = NULL;
	const void *got = NULL;

	k->es = NULL;
	if (alg == COSE_ES256 && (k->es = es256_pk_new()) && es256_pk_from_ptr(k->es, raw->p, raw->n) == FIDO_OK) {
		openssl = es256_pk_to_EVP_PKEY(k->es);
		got = k->es;
	} else if (alg == COSE_RS256 && (k->rs = rs256_pk_new()) && rs256_pk_from_ptr(k->rs, raw->p, raw->n) == FIDO_OK) {
		openssl = rs256_pk_to_EVP_PKEY(k->rs);
		got = k->rs;
	} else if (alg == COSE_EDDSA && (k->ed = eddsa_pk_new()) && eddsa_pk_from_ptr(k->ed, raw->p, raw->n) == FIDO_OK) {
		openssl = eddsa_pk_to_EVP_PKEY(k->ed);
		got = k->ed;
	}
	if (!openssl)
		got = NULL;
	EVP_PKEY_free(openssl);
	return got;
}

int webauthn_made(struct arena *a, const struct webauthn_said *said, const char *rp_id, struct webauthn_key *out, struct err *e)
{
	struct webauthn_key got = { .count = 0 };
	union public_key k;
	fido_cred_t *c = NULL;
	bool good;

	if (head(&said->auth_data, rp_id, FLAG_PRESENT | FLAG_VERIFIED | FLAG_KEY, e) != 0 || items_whole(&said->auth_data, true, e) != 0)
		return -1;
	fido_init(FIDO_DISABLE_U2F_FALLBACK);
	got.count = counter(&said->auth_data);
	for (size_t i = 0; i < sizeof algs / sizeof *algs && !got.alg; i++) {
		fido_cred_free(&c);
		c = fido_cred_new();
		if (c && fido_cred_set_type(c, algs[i]) == FIDO_OK && fido_cred_set_rp(c, rp_id, NULL) == FIDO_OK &&
		    fido_cred_set_authdata_raw(c, said->auth_data.p, said->auth_data.n) == FIDO_OK)
			got.alg = algs[i];
	}
	if (got.alg) {
		got.id = (struct db_bytes){ arena_copy(a, fido_cred_id_ptr(c), fido_cred_id_len(c)), fido_cred_id_len(c) };
		got.key = (struct db_bytes){ arena_copy(a, fido_cred_pubkey_ptr(c), fido_cred_pubkey_len(c)), fido_cred_pubkey_len(c) };
	}
	fido_cred_free(&c);
	if (!got.alg || got.id.n == 0 || got.id.n > WEBAUTHN_ID_MOST)
		return wrong(e, "authenticator data that is none");
	good = key_read(got.alg, &got.key, &k) != NULL;
	key_free(got.alg, &k);
	if (!good)
		return wrong(e, "a key that is none");
	*out = got;
	return 0;
}

int webauthn_signed(const struct webauthn_said *said, const char *rp_id, const struct webauthn_key *key, uint32_t *count, struct err *e)
{
	fido_assert_t *f = fido_assert_new();
	union public_key k;
	const void *pk;
	int rc = -1;

	if (head(&said->auth_data, rp_id, FLAG_PRESENT | FLAG_VERIFIED, e) != 0 || items_whole(&said->auth_data, false, e) != 0) {
		fido_assert_free(&f);
		return -1;
	}
	fido_init(FIDO_DISABLE_U2F_FALLBACK);
	pk = key_read(key->alg, &key->key, &k);
	if (!f || !pk || said->sig.n == 0 || said->sig.n > WEBAUTHN_SIG_MOST)
		wrong(e, "no key or no signature");
	else if (fido_assert_set_clientdata(f, said->client_data.p, said->client_data.n) != FIDO_OK || fido_assert_set_rp(f, rp_id) != FIDO_OK ||
		 fido_assert_set_up(f, FIDO_OPT_TRUE) != FIDO_OK || fido_assert_set_uv(f, FIDO_OPT_TRUE) != FIDO_OK || fido_assert_set_count(f, 1) != FIDO_OK ||
		 fido_assert_set_authdata_raw(f, 0, said->auth_data.p, said->auth_data.n) != FIDO_OK || fido_assert_set_sig(f, 0, said->sig.p, said->sig.n) != FIDO_OK)
		wrong(e, "authenticator data that is none");
	else if (fido_assert_verify(f, 0, key->alg, pk) != FIDO_OK)
		wrong(e, "the signature does not fit");
	else
		rc = 0;
	if (rc == 0)
		*count = counter(&said->auth_data);
	key_free(key->alg, &k);
	fido_assert_free(&f);
	return rc;
}

const char *webauthn_rp_id(struct arena *a, const char *origin)
{
	bool secure = text_starts(origin, "https://");
	const char *host = secure ? origin + 8 : text_starts(origin, "http://") ? origin + 7 : "";
	const char *name = text_lower(a, arena_dupn(a, host, strcspn(host, ":/")));
	struct in_addr ignored;

	if (!*name || *host == '[' || inet_pton(AF_INET, name, &ignored) == 1)
		return NULL;
	return secure || strcmp(name, "localhost") == 0 || text_ends(name, ".localhost") ? name : NULL;
}
