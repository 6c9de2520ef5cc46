/* purchase.h - pages and API of hours that are bought apart (klippekort): /console/customers/{id}/purchases, /api/v1/hour-purchases.
 * Ownership: the request's arena.  Errors: as core/purchase.h.  Units: minutes, øre, days.  Threads: the request's.  Source: docs/hours.md. */
#ifndef PEDEL_PAGES_PURCHASE_H
#define PEDEL_PAGES_PURCHASE_H
#include "core/purchase.h"
#include "core/statement.h"
#include "pages/customer.h"
#include "web/web.h"

extern const struct web_route purchase_routes[], purchase_api_routes[];

struct purchase_row { struct hour_purchase p; int64_t left; bool removable; };   /* left: of it, today; 0 when it has expired */
struct purchases_view {
	const struct customer *of;
	const struct purchase_row *rows; int n;         /* the latest first */
	int32_t today;
	bool may_write;
	const char *done;
};
void purchases_page(struct web *w, const struct purchases_view *v);
/* Everything the customer has bought, with what is left of it today. */
int purchases_load(struct web *w, int64_t customer_id, struct purchase_row **out, int *n, struct err *e);
/* For the page of hours and the portal: what was bought, as it stands in this month; nothing when nothing was. */
void purchases_part(struct web *w, const struct statement *s);
bool purchases_any(const struct statement *s);

/* The jobs, for page and API. */
struct purchase_job { const struct actor *who; struct hour_purchase p; int64_t id, customer_id, now; bool remove; };
int purchase_job(struct db_conn *w, struct arena *a, void *arg, struct err *e);
#endif
