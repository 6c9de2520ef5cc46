/* sla.h - the clocks of one ticket: a pure fold over what happened to it. Nothing is stored that this cannot say again.
 *
 * Response clock:  starts when the ticket came in, ends with the first public answer of a person of ours (or with solving,
 *                  which is told to the requester); it never stands still. Automatic answers do not count. A solving that is
 *                  taken back before it was told has answered nothing.
 * Solution clock:  stands still while we wait for the customer or a third party, and (terms.reopen_pauses) from solved
 *                  until reopened; ends at the last solved or closed.
 * Held:            no clock runs of what a program sent, or what came in a name nobody has proved, until a person of ours takes,
 *                  places, sorts or answers it or writes time on it, or one of the customer's writes into it: then both start, and
 *                  what came before counts not. Solved or closed while it is held, it stays so until it is opened again; a solving
 *                  that is taken back leaves it as it was.
 * Aside:           what is no request for help is held whatever happens to it.
 * Merged:          a clock that still ran in the ticket that was merged into this one goes on here: it is never set back by that.
 * Priority:        a change counts from the start, with every pause kept: the target is that of the priority at the clock's
 *                  end, or now.
 * Ownership:  plain values.   Errors: none.   Units: moments us; targets in minutes of service time, 0: none agreed.
 * Threads:    any.            Source: terms of catalogue/support.md; own design. */
#ifndef PEDEL_CORE_SLA_H
#define PEDEL_CORE_SLA_H
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"
#include "core/calendar.h"
#include "store/event.h"

enum ticket_priority { PRIORITY_NORMAL, PRIORITY_IMPORTANT, PRIORITY_URGENT };
#define PRIORITY__N 3
enum ticket_state { TICKET_NEW, TICKET_OPEN, TICKET_WAITING_CUSTOMER, TICKET_WAITING_THIRD, TICKET_SOLVED, TICKET_CLOSED };
#define TICKET_STATE__N 6
const char *ticket_priority_name(enum ticket_priority p);       /* "urgent": stored, in the API */
int ticket_priority_by_name(const char *name);                  /* -1 when there is none such; NULL too */
const char *ticket_state_name(enum ticket_state s);
int ticket_state_by_name(const char *name);

struct sla_terms {
	struct calendar calendar;
	int response_minutes[PRIORITY__N], solution_minutes[PRIORITY__N];
	bool reopen_pauses;
};
enum sla_kind { SLA_CREATED, SLA_PRIORITY, SLA_STATE, SLA_ANSWERED, SLA_HELD, SLA_BEGUN, SLA_UNDONE, SLA_WAITED, SLA_WORKED };
/* value: priority or state; of SLA_CREATED the priority; of SLA_WAITED and SLA_WORKED minutes on the clock of the one merged into it.
 * SLA_UNDONE follows the SLA_STATE that opens it again. */
struct sla_event { int64_t at; enum sla_kind kind; int value; };

enum sla_mark { SLA_NONE, SLA_RUNNING, SLA_PAUSED, SLA_OVERDUE, SLA_MET, SLA_MISSED };
struct sla_clock {
	enum sla_mark mark;
	int64_t due_at;         /* when the target is used up; MOMENT_NEVER while that is not known (paused, or no target) */
	int64_t ended_at;       /* answered or solved; 0: not yet */
	int64_t used_us;        /* service time used until ended_at or now */
	int64_t target_us;      /* 0: none */
};
/* held: both marks are SLA_NONE, without due times. start_at: when the clocks began, or would have. */
struct sla { struct sla_clock response, solution; int64_t next_due_at, start_at; enum ticket_state state; enum ticket_priority priority; bool held, aside; };

/* Events oldest first, the first SLA_CREATED; a moment that goes back counts as the one before it. Events after now are
 * not looked at. Zero events: all zero. */
void sla_fold(const struct sla_terms *t, const struct sla_event *ev, int n, int64_t now, struct sla *out);
/* When a running clock has a quarter of its time left (now, when it has less); 0 when it does not run. */
int64_t sla_warn_at(const struct calendar *cal, const struct sla_clock *c, int64_t now);
/* From terms of the service "support", checked (NULL: the catalogue's defaults as of writing). */
int sla_terms_read(const json_t *terms, struct sla_terms *out, struct err *e);
/* A ticket's stored events as clock events. */
void sla_events_read(struct arena *a, const struct event *ev, int n, struct sla_event **out, int *nout);
#endif
