#include "pages/rail.h"
#include "core/service.h"
#include "core/work.h"
#include "store/need.h"
#include "store/promise.h"
#include "store/ticket.h"

enum { TICKETS_MOST = 99 };

void pages_rail(struct web *w)
{
	struct ticket_query q = { .view = VIEW_MINE, .me = w->who.id, .now = w->now };
	struct timer t;
	struct need *needs;
	struct err why;
	int64_t broken;
	int n;

	if (!w->db)
		return;
	if (!actor_is_staff(&w->who)) {
		if (w->who.customer_id && store_need_open(w->db, w->a, w->who.customer_id, &needs, &n, &why) == 0)
			w->rail.needs = n;
		return;
	}
	if (store_ticket_count(w->db, w->a, &q, TICKETS_MOST, &n, &why) == 0)
		w->rail.tickets = n;
	if (store_promise_broken(w->db, &broken, &why) == 0)
		w->rail.broken = broken;
	if (store_timer_get(w->db, w->a, w->who.id, &t, &why) == 0 && t.running) {
		w->rail.timer_ticket = t.ticket_number;
		w->rail.timer_minutes = work_timer_minutes(&t, w->now);
		web_until(w, work_timer_turns_at(&t, w->now));
	}
}
