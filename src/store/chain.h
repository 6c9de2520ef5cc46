/* chain.h - the signed heads of the event chain: every hour the last event's hash is signed with the installation's own key,
 * so that an end that was cut off, or a chain that was made anew, is found. Keep the public key and a head elsewhere.
 *
 * Ownership:  none.  Errors: E_CHAIN_BROKEN, E_SEAL_BROKEN, as db.h and os/file.h.  Units: moments in us.
 * Threads:    chain_sign only inside a db_write() job.
 * Source:     own design; Ed25519 (RFC 8032) over "pedel chain head 1\n<id>\n<at>\n<hash in hex>\n". */
#ifndef PEDEL_STORE_CHAIN_H
#define PEDEL_STORE_CHAIN_H
#include <stdint.h>
#include "os/seal.h"
#include "store/db.h"

struct chain_key { uint8_t secret[64], pub[32]; };
/* keys/chain.key (sealed with the master key) and keys/chain.pub (hex, to be read and stored by people). */
int chain_key_make(const char *keys_folder, const struct seal_key *master, struct err *e);
int chain_key_read(const char *keys_folder, const struct seal_key *master, struct chain_key *k, struct err *e);

/* Signs the last event unless it is signed already; harmless to repeat. */
int chain_sign(struct db_conn *w, struct arena *a, const struct chain_key *k, int64_t now, struct err *e);
/* E_CHAIN_BROKEN when nothing at all is signed although the first event is older than two hours: heads are made every hour. */
int chain_begun(struct db_conn *c, int64_t now, struct err *e);
/* Every head: its signature, and that its event still has that hash. Call event_verify() too: it is the chain between. */
int chain_verify(struct db_conn *c, const uint8_t pub[32], int64_t *heads, struct err *e);
#endif
