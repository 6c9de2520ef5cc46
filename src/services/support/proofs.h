/* proofs.h - the three promises of general IT support, and how they are judged. The judges are pure; proofs.c reads the facts.
 *
 * Ownership:  arena given.   Errors: E_DB.   Units: us.   Threads: any.   Source: services.md, section 1. */
#ifndef PEDEL_SERVICES_SUPPORT_PROOFS_H
#define PEDEL_SERVICES_SUPPORT_PROOFS_H
#include "core/service.h"
#include "core/sla.h"
#include "store/probe.h"

proof_fn support_prove_help, support_prove_report, support_prove_open;

#define SUPPORT_RISK_POINTS 2           /* percent points above the target that still are "at risk" */
#define SUPPORT_REPORT_PERCENT 80       /* less than this, and two or more: the customer is asked to report here */

/* A ticket as its clocks say it was at the moment asked. */
struct help_ticket {
	int64_t number, created_at;
	const char *subject;
	bool owned;                             /* a person of the provider is responsible for it */
	bool this_month;                        /* it came in this month: counts in the share. Others count while open */
	struct sla_clock response, solution;
	int64_t response_warn_at, solution_warn_at;     /* when a running clock is within 25 % of its due; 0: not running */
};
void support_judge_help(struct arena *a, const struct help_ticket *t, int n, int target_percent, int64_t at, struct proof *out);
/* Time entries of the month: how many, and how many of work that was reported in the system. */
void support_judge_report(struct arena *a, int64_t entries, int64_t reported, int64_t at, struct proof *out);
/* Two doors, portal and mail; both must be open. */
void support_judge_open(struct arena *a, const struct probe_month *m, int64_t target_hundredths, int64_t at, struct proof *out);
#endif
