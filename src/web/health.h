/* health.h - what is wrong with the machine around us right now: the disk, the database, pedel-conv, the clock, the probe. Whoever meets
 * trouble notes it; the watch (daemon/watch.c) looks whether it is over. People see it on the console's front page.
 *
 * Ownership:  the table lives in the arena given; lines are copied out.
 * Errors:     none: it is kept in memory and forgotten when the server stops, which looks again when it starts.
 * Units:      us.     Threads: any.     Source: own design. */
#ifndef PEDEL_WEB_HEALTH_H
#define PEDEL_WEB_HEALTH_H
#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/err.h"

enum health_kind { HEALTH_DISK, HEALTH_DB, HEALTH_CONV, HEALTH_CLOCK, HEALTH_PROBE, HEALTH__N };
struct health_line {
	enum health_kind kind;
	int64_t since;
	enum err_id id;
	char detail[240];               /* for who looks after the machine; "" none */
};
struct health;
struct health *health_begin(struct arena *a);
/* h may be NULL in all of these. */
void health_bad(struct health *h, enum health_kind kind, const struct err *e, int64_t now);     /* since stays when it was bad already */
void health_good(struct health *h, enum health_kind kind);
void health_note(struct health *h, const struct err *e, int64_t now);   /* health_bad() of the kind that e tells of; else nothing */
bool health_is_bad(struct health *h, enum health_kind kind);
uint64_t health_turn(struct health *h);          /* another number whenever something became bad or good: kept pages end then */
int  health_lines(struct health *h, struct health_line out[HEALTH__N]); /* how many are bad */
#endif
