/* demo.h - fills a fresh installation with the story of demo_story.h, through the same core functions as everybody else: a provider,
 * a dozen customers with accepted agreements, a month of tickets and hours, attestations, needs, and the states that follow.
 *
 * Ownership:  borrows everything.   Errors: those of core; E_ALREADY_INITIALISED when there are customers already.
 * Units:      us.     Threads: one, with the database to itself.   Source: demo_story.c. */
#ifndef PEDEL_BIN_DEMO_H
#define PEDEL_BIN_DEMO_H
#include <stdint.h>
#include "core/catalogue.h"
#include "core/service.h"
#include "store/db.h"

struct demo {
	struct db *db;
	const struct catalogue *catalogue;
	const struct service *const *services;
	const char *password_hash;      /* everybody's: of DEMO_PASSWORD */
	int tickets;                    /* this many more, made up, for measuring */
	int probe_minutes;              /* between two results of the probe: each is a moment of the ledger to be worked out */
	int64_t now;
	void (*say)(const char *what, int done, int of);        /* progress; NULL: none */
};
int demo_fill(const struct demo *d, struct err *e);
#endif
