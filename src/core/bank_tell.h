/* bank_tell.h - what a customer is told about its hours, and asked: notices as the bank runs low, and "shall we go on?".
 *
 * With "stop and ask first" nothing is invoiced for a month before an owner or approver of the customer has said yes to it in the
 * portal (work_log() refuses it). The question is a need of kind decision about the month; a yes, once given, holds for the month.
 * Ownership:  arena given.   Errors: E_DENIED, E_MONTH_CLOSED, E_NOT_FOUND, E_DB.   Units: months since 1970-01, us.
 * Threads:    changing functions inside a db_write() job.   Source: facts of the desk, 5.2, rule 7. */
#ifndef PEDEL_CORE_BANK_TELL_H
#define PEDEL_CORE_BANK_TELL_H
#include "core/role.h"
#include "core/statement.h"
#include "store/db.h"

enum bank_yes { BANK_YES_NOT_ASKED, BANK_YES_ASKED, BANK_YES_ACCEPTED, BANK_YES_REFUSED };
const char *bank_yes_name(enum bank_yes v);             /* "accepted": in the API */
int bank_yes_read(struct db_conn *c, struct arena *a, int64_t customer_id, int32_t month, enum bank_yes *out, struct err *e);

/* After time was written down: 80, 95 and 100 %, each told once a month; with "stop and ask first" the customer is asked when nothing is
 * left. origin: for links in mails, NULL or "": there are none. */
int bank_notices(struct db_conn *w, struct arena *a, const struct actor *who, int64_t customer_id, int32_t month, const char *origin, int64_t now,
	struct err *e);
/* Ask the customer's people by mail and in the portal; not again when they have been asked about this month. */
int bank_ask(struct db_conn *w, struct arena *a, const struct actor *who, int64_t customer_id, int32_t month, const char *origin, int64_t now,
	struct err *e);
/* The customer says yes to more time in an open month, asked or not, also after a no. Owners and approvers. */
int bank_accept(struct db_conn *w, struct arena *a, const struct actor *who, int32_t month, int64_t now, struct err *e);
#endif
