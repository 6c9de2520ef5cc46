/* probe_home.h - the hidden customer that the probe is: its one contact, the secret pedel-probe signs in with, and taking
 * away what it left behind. Its tickets are probes (ticket.probe): no list, mail, event or statistic knows them.
 *
 * Ownership:  arena given.   Errors: E_DB and kin, E_OS_CALL.   Units: us.
 * Threads:    probe_home_open() when the server starts; probe_home_tidy() now and then.   Source: services.md, section 1. */
#ifndef PEDEL_CORE_PROBE_HOME_H
#define PEDEL_CORE_PROBE_HOME_H
#include "store/blob.h"
#include "store/db.h"

#define PROBE_LOGIN "probe@pedel.invalid"
#define PROBE_DESK "desk@pedel.invalid" /* where its mails go: taken whatever addresses the provider lists as its own */
/* Makes the customer, its contact and DATA/keys/probe.json (login, password, PROBE_DESK) where they are missing.
 * Safe to repeat. */
int probe_home_open(struct db *d, const char *data_folder, int64_t now, struct err *e);
/* Takes away test tickets and sign-ins from before a moment, with the mails they came by; at most 500 at a time. *n: how many. */
int probe_home_tidy(struct db *d, const struct blobs *b, int64_t before, int *n, struct err *e);
#endif
