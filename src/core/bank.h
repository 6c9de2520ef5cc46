/* bank.h - the hour bank: from agreements, time and driving to draws, overuse and invoice lines. A pure fold.
 *
 * One month is a function of (spans of the agreement, the month's entries, what the month before left). The order in which
 * entries were typed does not matter: they are replayed by (day, start, then their own content). A closed month is never
 * computed again; what it left is read from its statement.
 * Ownership:  results in the arena given; they point at the entries and spans they were made of.
 * Errors:     none: input is checked before (core/work.h).
 * Units:      minutes, øre, days since 1970, months since 1970-01 (moment.h).
 * Threads:    pure.
 * Source:     service description, "Serviceaftale": 2, 5 or 10 hours a month for visits, remote help, phone, small tasks,
 *             teaching and website corrections; driving past 30 minutes at the normal hourly price. Interpretations are
 *             terms of the agreement (catalogue/service-agreement.md). */
#ifndef PEDEL_CORE_BANK_H
#define PEDEL_CORE_BANK_H
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"

enum activity { ACTIVITY_VISIT, ACTIVITY_REMOTE, ACTIVITY_PHONE, ACTIVITY_TASK, ACTIVITY_TEACH, ACTIVITY_WEB, ACTIVITY_INTERNAL, ACTIVITY__N };
const char *activity_name(enum activity v);             /* "visit": stored, in the API */
int activity_by_name(const char *name);                 /* -1 when there is none such (or NULL) */

struct bank_terms {
	int month_minutes;              /* granted each month */
	int64_t monthly_ore, hourly_ore;
	int step, min, phone_step;      /* rounding of one entry */
	bool join_day;                  /* the same person's, ticket's, day's and kind's entries are rounded as one */
	int rollover_months, rollover_max;
	int driving_free;
	bool driving_each_way;          /* the free minutes hold each way, not for out and home together */
	bool driving_from_bank;         /* the rest is drawn from the bank, not invoiced */
	bool proration;
	bool stop_and_ask;              /* nothing is invoiced before the customer has said yes: core/work.h; the sums only count it */
	int borrow_percent;             /* of the next month's hours that may be used before it begins; 0: none */
	bool late_current_only;         /* late time never uses what was left in its own month */
	bool time_visible;
};
/* The catalogue's defaults with no hours: what holds when a customer has no service agreement. */
extern const struct bank_terms bank_terms_none;
void bank_terms_read(const json_t *terms, struct bank_terms *out);      /* checked terms; a missing one takes its default */

/* The service agreement as it stood on some days. Spans are in order and do not overlap. */
struct bank_span { int32_t from_day, to_day; int64_t agreement_id; struct bank_terms terms; };

/* What another service costs a month, as it was agreed for some days. One service's stand together, in order, and do not overlap. */
struct bank_price { const char *service; int32_t from_day, to_day; int64_t monthly_ore; bool proration; };

enum bank_cover { BANK_DRAWN, BANK_INCLUDED };          /* included: another agreement of the customer pays for it */
struct bank_entry {
	int64_t id, person_id, ticket_id, started_at;
	enum activity activity;
	enum bank_cover cover;
	int32_t day, month;             /* day of the work; month it is settled in */
	int minutes, drive_out, drive_home;             /* driving: of the whole trip */
	int trip_customers, trip_part;  /* the trip served so many customers, of which this is number 1, 2 ...; 0 and 1: only this one */
	bool late;                      /* typed after its own month was closed: month is a later one */
};

/* Hours bought apart (klippekort): usable from the day they were bought to to_day, with or without an agreement. */
struct bank_purchase { int64_t id; int32_t from_day, to_day; int64_t minutes, price_ore; };
/* Everything of one customer that is settled. */
struct bank_book {
	const struct bank_span *spans; int nspans;
	const struct bank_entry *entries; int nentries;         /* those of other months are passed over */
	const struct bank_purchase *bought; int nbought;        /* likewise: a month's own are those bought in it; earlier ones come with the state */
	const struct bank_price *prices; int nprices;           /* of all services but the service agreement, whose price its spans have */
};

/* Minutes kept from one month for later: rolled on or bought, until to_day; or lapsed then (late time may still use those, when
 * its own day lies from from_day to to_day). */
struct bank_kept { int32_t origin_month, expires_month, from_day, to_day; int64_t purchase_id, minutes; };      /* purchase_id 0: not bought */
/* Minutes of this month's hours that the month before has used already, at the price they cost when they are not repaid. */
struct bank_debt { int64_t minutes, hourly_ore; };
struct bank_state {
	const struct bank_kept *rolled; int nrolled; const struct bank_kept *lapsed; int nlapsed;
	const struct bank_debt *debt; int ndebt;                /* in the order they were borrowed */
};

enum bank_grant_kind { BANK_GRANT_MONTH, BANK_GRANT_ROLLED, BANK_GRANT_LATE, BANK_GRANT_BOUGHT, BANK_GRANT_BORROWED, BANK_GRANT__N };
struct bank_grant {
	enum bank_grant_kind kind;
	int32_t origin_month, expires_month, from_day, to_day;  /* from_day: also of an earlier month; BORROWED: origin is the month they are taken from */
	int64_t purchase_id, price_ore; /* BOUGHT; the price only in the month it was bought */
	int64_t repaid;                 /* MONTH: what the month before had borrowed; granted is without it */
	int64_t granted, drawn;
	int64_t expired, left;          /* at the month's end: granted = drawn + expired + left (left goes on to the next month) */
};
struct bank_draw { int grant; int64_t minutes; };
struct bank_settled {
	const struct bank_entry *entry;
	const struct bank_span *span;   /* NULL: no agreement that day */
	int64_t hourly_ore;
	int64_t bill;                   /* work after rounding = drawn + over + included + internal. Of joined entries: what this one adds */
	int64_t drawn, over, included, internal;
	int64_t drive_whole;            /* of the whole trip */
	int64_t drive, drive_free;      /* driven for this customer; of those without payment */
	int64_t drive_bill;             /* the rest after rounding = drive_drawn + drive_invoiced */
	int64_t drive_drawn, drive_invoiced;
	const struct bank_draw *draws; int ndraws;      /* sum: drawn + drive_drawn */
	int64_t balance;                /* left in the bank after this entry */
};
/* What one service adds to the month's fixed amount. */
#define BANK_SERVICE "service-agreement"
struct bank_fee { const char *service; int64_t amount_ore; };
enum bank_line_kind { BANK_LINE_OVERUSE, BANK_LINE_DRIVING };
const char *bank_line_name(enum bank_line_kind k);      /* "overuse" */
/* Why it is invoiced: the hours were used up; no agreement gave any that day; hours were borrowed of a month that has none to give. */
enum bank_why { BANK_WHY_USED_UP, BANK_WHY_NO_BANK, BANK_WHY_NOT_REPAID, BANK_WHY_DRIVING, BANK_WHY__N };
const char *bank_why_name(enum bank_why v);             /* "used_up" */
struct bank_line { enum bank_line_kind kind; enum bank_why why; int64_t hourly_ore, minutes, amount_ore; };     /* one per kind, why and price */

struct bank_month {
	int32_t month;
	const struct bank_grant *grants; int ngrants;
	const struct bank_settled *settled; int nsettled;       /* in the order of the replay */
	const struct bank_line *lines; int nlines;
	int64_t granted, drawn, remaining, over, driving;       /* driving: invoiced minutes */
	int64_t unagreed;               /* of over: on days without an agreement */
	int64_t to_ask;                 /* invoiced though the agreement says to ask first */
	int64_t unrepaid;               /* borrowed before, invoiced now: no entry's */
	int64_t bought_ore;             /* hours bought in the month */
	const struct bank_fee *fees; int nfees; /* none of nothing; the service agreement first, then in the order of the prices; sum: fee_ore */
	int64_t fee_ore, lines_ore;
	struct bank_state after;
};

/* Settle one month. before NULL: nothing was kept. */
void bank_settle(struct arena *a, int32_t month, const struct bank_book *book, const struct bank_state *before, struct bank_month *out);
const struct bank_span *bank_span_on(const struct bank_span *spans, int nspans, int32_t day);   /* NULL: none */

/* The rules one by one (also used by forms that show what an entry will cost). */
int64_t bank_round(int64_t minutes, int step, int min);         /* 0 stays 0 */
int64_t bank_work_minutes(const struct bank_terms *t, enum activity v, int64_t minutes);
int64_t bank_drive_minutes(const struct bank_terms *t, bool agreed, int64_t out, int64_t home, int64_t *without_payment);
/* Part 1 .. customers of a leg's minutes: the parts differ by at most one and always add up to the whole. */
int64_t bank_trip_share(int64_t minutes, int customers, int part);
int64_t bank_prorate_minutes(int64_t minutes, int days, int of_days);   /* to the nearest quarter of an hour, half up */
int64_t bank_share_ore(int64_t ore, int64_t part, int64_t whole);       /* ore * part / whole, half away from zero */
static inline int64_t bank_money(int64_t minutes, int64_t hourly_ore) { return bank_share_ore(hourly_ore, minutes, 60); }
/* The month an entry of this day is settled in, closed_through being the last closed month (INT32_MIN: none). */
static inline int32_t bank_month_for(int32_t own_month, int32_t closed_through)
{
	return own_month > closed_through ? own_month : closed_through + 1;
}
#endif
