/* statement.h - a customer's month of hours, as it is shown, sent and kept: what was granted, every draw, what is invoiced.
 *
 * An open month is made from the bank's fold; a closed one is read from the text that was kept when it was closed, and never
 * made again. Both have the same form, so pages, API, CSV and PDF know only this one.
 * Ownership:  arena given.   Errors: statement_parse: E_CHAIN_BROKEN for a text that is no statement.
 * Units:      minutes, øre, days, months, us.   Threads: any.   Source: own design; docs/hours.md names every field. */
#ifndef PEDEL_CORE_STATEMENT_H
#define PEDEL_CORE_STATEMENT_H
#include <jansson.h>
#include "base/err.h"
#include "core/bank.h"
#include "store/time_entry.h"

struct statement_entry {
	int64_t id, person_id, ticket_id, ticket_number, started_at;
	const char *person, *subject, *note;
	enum activity activity;
	int32_t day;
	bool late, no_bank;             /* no_bank: no agreement that day */
	int64_t minutes, bill, drawn, over, included, internal;
	int64_t drive_whole, trip_customers, trip_part;         /* of the whole trip; drive is this customer's part */
	int64_t drive, drive_free, drive_bill, drive_drawn, drive_invoiced;
	int64_t hourly_ore, balance;
};
struct statement {
	int64_t customer_id;
	const char *customer;
	int32_t month;
	bool closed;
	int64_t closed_at, closed_by;
	const char *text, *sha256;      /* of a closed month: exactly what was kept; NULL otherwise */
	int64_t agreement_id;           /* the one in force last in the month; 0: none, then terms are bank_terms_none */
	struct bank_terms terms;
	int64_t granted, drawn, remaining, over, unagreed, to_ask, unrepaid, bought_ore, driving, fee_ore, lines_ore;
	const struct bank_grant *grants; int ngrants;
	const struct bank_line *lines; int nlines;
	/* What fee_ore consists of. Not told: closed when only the service agreement's price was counted, and kept so. */
	bool fees_told; const struct bank_fee *fees; int nfees;
	const struct statement_entry *entries; int nentries;    /* in the order they drew */
	struct bank_state after;
};
/* From the fold; rows are the month's time entries (any order), names are taken from them. */
void statement_make(struct arena *a, const struct bank_month *m, const struct time_entry *rows, int nrows, struct statement *out);
/* The text to keep: compact, keys in order, so that the same month always gives the same bytes. */
char *statement_text(struct arena *a, const struct statement *s);
int statement_parse(struct arena *a, const char *text, struct statement *out, struct err *e);
/* Only what the month left for the next (statement.after), without reading its entries. */
int statement_after(struct arena *a, const char *text, struct bank_state *out, struct err *e);
const char *bank_grant_name(enum bank_grant_kind k);    /* "month" "rolled" "late" "bought" "borrowed" */
/* What can still be used: remaining, but without bought hours that expired earlier in an open month. */
int64_t statement_left(const struct statement *s, int32_t today);
/* Minutes used by the end of each day, those beyond the bank too: month_days() values. */
void statement_days(const struct statement *s, int64_t *by_day);
#endif
