/* cli.h - what the commands of `pedel` share: their arguments, an opened installation, and how they speak.
 *
 * Ownership:  everything lives in the arena of struct cli until main ends; cli_home_close() closes the database.
 * Errors:     a command returns 0 or -1 with e; main prints it and chooses the exit code (1, or 2 for wrong input).
 * Units:      none.   Threads: one.   Source: the words of docs/man/pedel.1. */
#ifndef PEDEL_BIN_CLI_H
#define PEDEL_BIN_CLI_H
#include <stdbool.h>
#include "base/arena.h"
#include "base/err.h"
#include "base/lang.h"
#include "os/conf.h"
#include "os/seal.h"
#include "store/blob.h"
#include "store/chain.h"
#include "store/db.h"

struct cli {
	struct arena *a;
	enum lang lang;
	bool password_stdin;
	bool filling, was_there;        /* between cli_fill_begin() and cli_fill_end() */
	int mark_fd;
	const char *above;              /* the topmost folder over --data that was made for it; NULL: none */
	const char *data, *provider, *cvr, *db, *origin, *login, *name, *to, *from, *tickets;    /* NULL: not given */
};
struct cli_home {
	const char *folder, *keys;
	const char *db_url, *db_path;   /* url NULL: SQLite */
	struct conf *conf;
	struct db *db;
	struct blobs blobs;
	struct seal_key master;
	struct chain_key key;           /* signs and seals the event chain */
};
/* The installation in --data. The database is opened without a writer thread, and seals its events. */
int  cli_home_open(struct cli *c, struct cli_home *h, struct err *e);
void cli_home_close(struct cli_home *h);
/* A whole installation in --data for --provider with --cvr; afterwards cli_fill_end(). E_ALREADY_INITIALISED, and as cli_fill_begin(). */
int  cli_make(struct cli *c, struct err *e);
/* A write job: signs the chain as it stands, so that there is a head from the first moment. arg: struct chain_key. */
int cli_job_sign(struct db_conn *w, struct arena *a, void *arg, struct err *e);
/* --data is made and may be filled: it is not there, is empty, or holds what somebody left who was stopped while filling it; that is
 * thrown away. Folders over it that are not there are made, and named. E_FOLDER_NOT_EMPTY, E_FILE_THERE, E_FOLDER_FILLING. _end(): it is an installation (rc 0), or as it was. Returns rc. */
int  cli_fill_begin(struct cli *c, struct err *e);
int  cli_fill_end(struct cli *c, int rc, struct err *e);
bool cli_fill_left(struct cli *c);              /* somebody began on --data and was stopped */
/* One line on standard output, in the person's language. */
void cli_say(const struct cli *c, const char *en, const char *da, ...) __attribute__((format(printf, 2, 4), format(printf, 3, 4)));

int cli_init(struct cli *c, struct err *e);
int cli_admin_add(struct cli *c, struct err *e);
int cli_token_add(struct cli *c, struct err *e);
int cli_verify(struct cli *c, struct err *e);
int cli_backup(struct cli *c, struct err *e);
int cli_restore(struct cli *c, struct err *e);
int cli_move_db(struct cli *c, struct err *e);
int cli_demo(struct cli *c, struct err *e);
#endif
