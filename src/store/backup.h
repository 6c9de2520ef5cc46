/* backup.h - a whole installation in one file, made while it works, and a file checked and taken out again.
 *
 * The file is a tar (ustar) archive: pedel.db (a SQLite snapshot, also of a PostgreSQL installation), pedel.conf, keys/,
 * catalogue/, blobs/, and last manifest.json with size and SHA-256 of each. It holds the keys: keep it as you keep them.
 * Ownership:  none.
 * Errors:     E_BACKUP_INVALID with the part at fault; E_OUT_OF_SPACE, E_OS_CALL; the database's.
 * Units:      bytes; moments in us.   Threads: any; one backup at a time per target file.
 * Source:     POSIX pax(1), ustar; sqlite.org/backup.html. */
#ifndef PEDEL_STORE_BACKUP_H
#define PEDEL_STORE_BACKUP_H
#include <stdint.h>
#include "store/blob.h"
#include "store/db.h"

struct backup_report { int64_t files, bytes, made_at; };

/* The database as it is at one moment, as a SQLite file at path, which must not be there. */
int backup_snapshot(struct db *d, const char *path, struct err *e);
/* Written to `to` + ".new", synced, renamed: a file called `to` is always a whole backup. */
int backup_write(const char *data_folder, struct db *d, const char *to, int64_t now, struct backup_report *r, struct err *e);
/* Reads it all and compares every hash; changes nothing. */
int backup_check(const char *from, struct backup_report *r, struct err *e);
/* Checks again while it writes into folder, which must be empty. pedel.conf comes last. On -1 the folder is empty again. */
int backup_extract(const char *from, const char *folder, struct backup_report *r, struct err *e);
#endif
