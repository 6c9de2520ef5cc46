/* proof.h - writing proofs: states by name, reasons in both languages with figures, and proofs as stored JSON.
 *
 * Ownership:  everything in the arena given.   Errors: E_DB when a stored text is not what was written.
 * Units:      us, minutes, øre.   Threads: any.   Source: architecture, section 6; ui.md, section 9. */
#ifndef PEDEL_CORE_PROOF_H
#define PEDEL_CORE_PROOF_H
#include "core/service.h"

#define PROOF_LINES 20                                  /* most reasons, and most evidence: more is dropped */

void proof_begin(struct proof *p, enum promise_state state);    /* no lines, check_at MOMENT_NEVER */
void proof_reason(struct proof *p, struct arena *a, const char *da, const char *en);
void proof_reason_ticket(struct proof *p, struct arena *a, int64_t number);    /* the reason just given is about that ticket first of all */
/* href: "tickets/10482", "hours/2026-11": each area puts its own beginning before it; NULL: none. at 0: no moment. */
void proof_evidence(struct proof *p, struct arena *a, int64_t at, const char *href, const char *da, const char *en);
void proof_check(struct proof *p, int64_t at);          /* check_at is at most this */
void proof_due(struct proof *p, int64_t at);            /* due_at is at most this; 0 is ignored */

/* Figures, exact and never relative to now, so that a proof of a past moment reads the same for ever. */
const char *proof_percent(struct arena *a, enum lang l, int64_t part, int64_t whole, int decimals);     /* cut, never up; 0-2 */
const char *proof_moment(struct arena *a, enum lang l, int64_t at);     /* 24.11.2026 kl. 09.24 / 24 Nov 2026 09:24 */
const char *proof_month(struct arena *a, enum lang l, int32_t month);   /* november 2026 / November 2026 */
const char *proof_minutes(struct arena *a, int64_t minutes);            /* 1:15 */
const char *proof_money(struct arena *a, enum lang l, int64_t ore);     /* 1.050,00 kr. / DKK 1,050.00 */

/* [{"da":..,"en":..,"href":..,"at":..}]: stored, and the API's shape. */
json_t *proof_lines_json(const struct proof_line *lines, int n);
char *proof_lines_text(struct arena *a, const struct proof_line *lines, int n);
int proof_lines_read(struct arena *a, const char *text, const struct proof_line **lines, int *n, struct err *e);
#endif
