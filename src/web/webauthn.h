/* webauthn.h - checks what a browser says for a passkey: when one is made, and when somebody signs in with it.
 *
 * Everything in struct webauthn_said comes from outside. The user must have been verified by the device (fingerprint, face, PIN), so a
 * passkey stands for password and second step together. Attestation is not asked for: any maker's device will do.
 * The challenge is the caller's: webauthn_challenge() first checks purpose and origin and gives back what was signed.
 * Ownership:  results are in the arena given.
 * Errors:     E_PASSKEY_WRONG; the detail says why, for the log.
 * Units:      bytes.     Threads: any; about 0.1 ms of processor each.
 * Source:     W3C Web Authentication Level 2, 7.1 and 7.2; libfido2 checks structure, rp id, flags and signature. */
#ifndef PEDEL_WEB_WEBAUTHN_H
#define PEDEL_WEB_WEBAUTHN_H
#include "store/db.h"

enum { WEBAUTHN_CLIENT_MOST = 4096, WEBAUTHN_AUTH_MOST = 4096, WEBAUTHN_SIG_MOST = 1024, WEBAUTHN_ID_MOST = 1023 };
struct webauthn_said { struct db_bytes client_data, auth_data, sig; };          /* sig: empty when a passkey is made */
struct webauthn_key { struct db_bytes id, key; int alg; uint32_t count; };      /* alg: COSE -7, -8, -257; key: as libfido2 keeps it */

/* client_data is a JSON of the right purpose and of this origin, not made inside another site's frame. */
int webauthn_challenge(struct arena *a, const struct webauthn_said *said, bool making, const char *origin, struct db_bytes *challenge, struct err *e);
int webauthn_made(struct arena *a, const struct webauthn_said *said, const char *rp_id, struct webauthn_key *out, struct err *e);
/* The signature is by this key; *count is the device's counter, 0 when it keeps none. */
int webauthn_signed(const struct webauthn_said *said, const char *rp_id, const struct webauthn_key *key, uint32_t *count, struct err *e);
/* The rp id of an origin: its host name. NULL where browsers allow no passkeys: an IP address, or plain HTTP that is not localhost. */
const char *webauthn_rp_id(struct arena *a, const char *origin);
#endif
