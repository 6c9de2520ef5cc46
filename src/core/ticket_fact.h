/* ticket_fact.h - a ticket as it was at a moment, told by its events alone. Pure.
 * Ownership: arena given.  Errors: none.  Units: us.  Threads: any.  Source: architecture, section 6. */
#ifndef PEDEL_CORE_TICKET_FACT_H
#define PEDEL_CORE_TICKET_FACT_H
#include "core/sla.h"
#include "store/fact.h"

struct ticket_then {
	bool there;                     /* it existed, belonged to this customer, and was not merged into another */
	const char *type;               /* incident | request | order */
	int64_t owner_id;               /* 0: nobody */
	int64_t since_at;               /* when it came in; of one that was held, when its clocks began */
	struct sla sla;                 /* sla.held: nobody has looked at what a program sent; it is no evidence */
};
void ticket_then(struct arena *a, const struct fact_ticket *t, const struct sla_terms *terms, int64_t customer_id, int64_t at, struct ticket_then *out);
#endif
