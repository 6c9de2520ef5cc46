/* live.h - who looks at which ticket right now: a small table in memory, forgotten when the server stops.
 * Ownership:  the table lives in the arena given; names are copied into and out of it.
 * Errors:     none: a full row of the table forgets the one seen longest ago.   Units: us.
 * Threads:    any.      Source: own design. */
#ifndef PEDEL_WEB_LIVE_H
#define PEDEL_WEB_LIVE_H
#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"

#define LIVE_US (30 * INT64_C(1000000))         /* a page asks again every 15 s */
#define LIVE_OTHERS 8
struct live;
struct live *live_begin(struct arena *a);
void live_seen(struct live *l, int64_t ticket_id, int64_t person_id, const char *name, int64_t now);
/* Names of the others on the ticket, in a; how many. l may be NULL. */
int live_others(struct live *l, struct arena *a, int64_t ticket_id, int64_t person_id, int64_t now, const char *names[LIVE_OTHERS]);
/* Are the others on the ticket still these? Then the person is noted as seen there, as live_seen() does. */
bool live_same(struct live *l, int64_t ticket_id, int64_t person_id, const char *name, int64_t now, const char *const *names, int n);
#endif
