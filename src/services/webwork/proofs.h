/* proofs.h - whether work on the website is done when it is ordered. The judge (judge.c) is pure; proofs.c reads the facts.
 * Ownership: arena given.  Errors: E_DB.  Units: us.  Threads: any.  Source: services.md, section 9. */
#ifndef PEDEL_SERVICES_WEBWORK_PROOFS_H
#define PEDEL_SERVICES_WEBWORK_PROOFS_H
#include "core/service.h"
#include "core/sla.h"
#include "store/probe.h"

proof_fn webwork_prove_order;

/* An order of this month, as it was at the moment asked. */
struct webwork_order { int64_t number, created_at; const char *subject; struct sla_clock response; int64_t warn_at; };  /* warn_at 0: not running */
void webwork_judge_order(struct arena *a, const struct webwork_order *t, int n, const struct probe_month *doors, int64_t at, struct proof *out);
#endif
