/* probe.h - what the probe saw: one row per attempt to file, see and withdraw a test ticket from outside.
 *
 * Ownership:  arena given.   Errors: E_DB.   Units: us, _ms.
 * Threads:    store_probe_add only inside a db_write() job.   Source: services.md, section 1. */
#ifndef PEDEL_STORE_PROBE_H
#define PEDEL_STORE_PROBE_H
#include <stdbool.h>
#include <stdint.h>
#include "store/db.h"

#define PROBE_RECENT 20
#define PROBE_SILENT_US (5 * 60 * INT64_C(1000000))     /* no try for longer than this: nobody can say how the door stands */
#define PROBE_FAILS 3                                   /* this many in a row and it is shut; fewer in a month never break a promise */
struct probe_result {
	int64_t at, stored_at;          /* when it was measured; when the server came to know */
	const char *probe;              /* "portal" | "mail" */
	bool ok;
	int64_t took_ms;
	const char *detail;             /* what went wrong, "" when nothing did */
};
/* The same attempt (probe and moment) a second time is no second row. */
int store_probe_add(struct db_conn *w, const struct probe_result *r, struct err *e);

/* The hidden customer (demo 2) and its one contact; made when they are missing. */
int store_probe_customer(struct db_conn *w, const char *login, int64_t now, int64_t *customer_id, int64_t *contact_id, struct err *e);
/* The probe's ticket of a subject; E_NOT_FOUND. customer_id must be the probe's. */
int store_probe_ticket(struct db_conn *c, int64_t customer_id, const char *subject, int64_t *number, struct err *e);
/* Takes away its tickets and sign-ins from before a moment, at most 500; *sha256: the raw mails that nothing knows any more. */
int store_probe_tidy(struct db_conn *w, struct arena *a, int64_t before, int *n, const char ***sha256, int *nsha, struct err *e);

/* How many bytes of the probe's file of that name have been taken in; 0 to begin with. */
int store_probe_read(struct db_conn *c, const char *file, int64_t *offset_bytes, struct err *e);
int store_probe_read_set(struct db_conn *w, const char *file, int64_t offset_bytes, struct err *e);

/* One door over the local month of `at`, from rows stored at or before `at`. */
struct probe_door {
	const char *probe;
	int64_t tries, good;
	struct probe_result recent[PROBE_RECENT]; int nrecent;  /* newest first, also from the month before */
};
struct probe_month { int64_t at; struct probe_door portal, mail; };
int store_probe_month(struct db_conn *c, struct arena *a, int64_t at, struct probe_month *out, struct err *e);
/* From a month as it was at an earlier moment (m->at) to the same as store_probe_month() gives at `at`, reading only what came
 * between. Its texts must live as long as a. */
int store_probe_month_next(struct db_conn *c, struct arena *a, int64_t at, struct probe_month *m, struct err *e);
/* Write down a month's counts, so that the next count begins there. Nothing stored at or before m->at may come after this:
 * only the promise sweep knows that. Inside a db_write() job. */
int store_probe_month_mark(struct db_conn *w, const struct probe_month *m, struct err *e);
/* Moments (stored_at) at which results came in, after `after` and up to `to`, oldest first. */
int store_probe_moments(struct db_conn *c, struct arena *a, int64_t after, int64_t to, int limit, int64_t **out, int *n, struct err *e);
#endif
