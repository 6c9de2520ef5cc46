/* proofs.h - the fixed amount, the hours and the driving: whether what was settled is what the entries say. The facts are read
 * once and every closed month is settled again; the judges are pure.
 * Ownership: arena given.  Errors: E_DB.  Units: minutes, øre, us.  Threads: any.  Source: services.md, section 18. */
#ifndef PEDEL_SERVICES_SERVICE_AGREEMENT_PROOFS_H
#define PEDEL_SERVICES_SERVICE_AGREEMENT_PROOFS_H
#include "core/service.h"

proof_fn service_agreement_prove_fixed, service_agreement_prove_bank, service_agreement_prove_driving;

#define SERVICE_AGREEMENT_MONTHS 12             /* closed months that are settled again each time */
#define SERVICE_AGREEMENT_CLOSE_DAYS 5          /* a month that is over is closed within so many days of the next one */

/* A closed month beside the same month settled again from the entries. */
struct account_month {
	int32_t month;
	int64_t closed_at;
	const char *sha256;
	bool text_right;                        /* the kept text still has its hash */
	int64_t granted[2], drawn[2], fee_ore[2], over_ore[2], drive_ore[2];    /* [0] kept, [1] settled again */
	int64_t drive[2], drive_free[2], drive_bill[2];
	int visits;                             /* with driving */
};
struct account {
	const struct account_month *closed; int nclosed;        /* the last first */
	int32_t first_month;                    /* of the agreement */
	int64_t granted, drawn, remaining, over;                /* the month of `at`, as it stands */
	int visits; int64_t drive, drive_free, drive_bill;
	int64_t monthly_ore, hourly_ore; int month_minutes, driving_free;
};
void account_judge_fixed(struct arena *a, const struct account *k, int64_t at, struct proof *out);
void account_judge_bank(struct arena *a, const struct account *k, int64_t at, struct proof *out);
void account_judge_driving(struct arena *a, const struct account *k, int64_t at, struct proof *out);
#endif
