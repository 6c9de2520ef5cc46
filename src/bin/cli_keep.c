/* Looking after an installation: verify, backup, restore, move-db. */
#include <stdio.h>
#include <string.h>
#include "base/hash.h"
#include "bin/cli.h"
#include "os/file.h"
#include "store/chain.h"
#include "store/check.h"
#include "store/event.h"

/* Every check is made, also after one has failed: an operator wants the whole picture. */
int cli_verify(struct cli *c, struct err *e)
{
	static const struct { const char *en, *da; } names[] = {
		{ "database", "database" }, { "events", "hændelser" }, { "signed heads", "underskrifter" }, { "files", "filer" },
		{ "files in use", "filer i brug" },
	};
	struct cli_home h;
	struct db_conn *r;
	struct chain_key key;
	struct err first = { 0 };

	if (cli_home_open(c, &h, e) != 0)
		return -1;
	if (chain_key_read(h.keys, &h.master, &key, e) != 0 || db_read_begin(h.db, &r, e) != 0) {
		cli_home_close(&h);
		return -1;
	}
	for (int i = 0; i < 5; i++) {
		const char *name = c->lang == LANG_DA ? names[i].da : names[i].en;
		int64_t n = 0;
		int rc = i == 0 ? check_database(r, &n, e) : i == 1 ? event_verify(r, &n, e) : i == 2 ? chain_verify(r, key.pub, &n, e) :
			i == 3 ? blob_verify(&h.blobs, &n, e) : check_blobs_used(r, &h.blobs, &n, e);

		if (rc == 0) {
			cli_say(c, "%s: right, %lld checked", "%s: i orden, %lld efterset", name, (long long)n);
			continue;
		}
		cli_say(c, "%s: WRONG, %s (%s)", "%s: FEJL, %s (%s)", name, e->detail, err_name(e->id));
		if (first.id == E_NONE)
			first = *e;
	}
	db_read_end(r);
	cli_home_close(&h);
	*e = first;
	return first.id == E_NONE ? 0 : -1;
}

int cli_backup(struct cli *c, struct err *e) { return FAIL(e, E_BUG, "not yet"); }
int cli_restore(struct cli *c, struct err *e) { return FAIL(e, E_BUG, "not yet"); }
int cli_move_db(struct cli *c, struct err *e) { return FAIL(e, E_BUG, "not yet"); }
