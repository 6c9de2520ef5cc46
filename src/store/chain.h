/* chain.h - what the event chain alone cannot show: that it was cut off at the end, or made anew. Three means:
 *  - the seal: with every event, in the same transaction, one row (chain_end) takes in the event's hash under a key that is not in
 *    the database. Only the last value is kept, so whoever removes the last events cannot know what it was before them;
 *  - signed heads: every hour and at start, stop and backup the last event's hash is signed with the installation's own key;
 *  - the note: the newest signed head in a file beside the database, so that a database put back to how it was is found.
 * docs/backup.md says what none of them can find.
 *
 * Ownership:  none.  Errors: E_CHAIN_BROKEN, E_SEAL_BROKEN, as db.h and os/file.h.  Units: moments in us.
 * Threads:    chain_sign only inside a db_write() job; chain_open before anybody writes.
 * Source:     own design; Ed25519 (RFC 8032) over "pedel chain head 1\n<id>\n<at>\n<hash in hex>\n"; the seal is
 *             HMAC-SHA256(key, seal before || hash), from 32 zero bytes, with a key made from the signing key. */
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

/* Gives d the key for sealing. Events of before there were seals are taken in, once, when no note says that there were some. */
int chain_open(struct db *d, const char *data_folder, const struct chain_key *k, struct err *e);
/* seal becomes the one that has taken in this hash too. */
void chain_step(const uint8_t key[32], uint8_t seal[32], const uint8_t hash[32]);
/* The seal made again from every event is the one that was kept, and the last event is the one it names. *last: its number. */
int chain_end_verify(struct db_conn *c, const struct chain_key *k, int64_t *last, struct err *e);

/* The note, DATA/chain.last. Read it before the snapshot it is held against; without the file id is 0. */
struct chain_note { int64_t id, at; uint8_t hash[32]; };
int chain_note_read(const char *data_folder, const uint8_t pub[32], struct chain_note *n, struct err *e);
int chain_note_verify(struct db_conn *c, const struct chain_note *n, struct err *e);
/* Notes the last event, unless the old note says something else of the chain: then E_CHAIN_BROKEN, and the old one stays. */
int chain_note_write(struct db *d, const char *data_folder, const struct chain_key *k, int64_t now, struct err *e);
#endif
