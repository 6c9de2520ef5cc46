/* plan.h - one task of a maintenance plan: how often it is done, and what. Kept as "monthly-health-check", written and read by people as
 * "every month: health check" or "hver måned: eftersyn".
 * Ownership:  arena given.   Errors: none.   Units: none.   Threads: any.   Source: own design; catalogue/operations.md. */
#ifndef PEDEL_CORE_PLAN_H
#define PEDEL_CORE_PLAN_H
#include "base/arena.h"
#include "core/catalogue.h"

/* As it is kept, from either language or from what is kept; NULL when it does not begin with how often, or says no task. */
const char *plan_task(struct arena *a, const char *typed);
const char *plan_words(struct arena *a, enum lang l, const char *task);         /* what is no such task stands as it is */
#endif
