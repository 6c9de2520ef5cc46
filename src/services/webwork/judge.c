/* How an order of website work is judged: figures in, state and reasons out. */
#include "services/webwork/proofs.h"
#include "base/moment.h"
#include "core/proof.h"
#include <inttypes.h>

enum door { DOOR_OPEN, DOOR_SHUT, DOOR_UNSEEN };

static enum door door_of(const struct probe_door *d, int64_t at, struct proof *out)
{
	int bad = 0;

	if (d->nrecent == 0 || at - d->recent[0].at > PROBE_SILENT_US)
		return DOOR_UNSEEN;
	proof_check(out, d->recent[0].at + PROBE_SILENT_US + 1);
	while (bad < d->nrecent && !d->recent[bad].ok)
		bad++;
	return bad < PROBE_FAILS ? DOOR_OPEN : DOOR_SHUT;
}

static void door_reason(struct proof *p, struct arena *a, enum door d, const char *da, const char *en)
{
	if (d == DOOR_SHUT)
		proof_reason(p, a, arena_printf(a, "Der kan ikke bestilles: %s er lukket.", da), arena_printf(a, "Nothing can be ordered: %s is shut.", en));
	else if (d == DOOR_UNSEEN)
		proof_reason(p, a, arena_printf(a, "Vi kan ikke se, om %s er åben: den er ikke prøvet de sidste fem minutter.", da),
			arena_printf(a, "We cannot see whether %s is open: it has not been tried in the last five minutes.", en));
}

struct order_count { int n, missed, near; int64_t missed_first, near_first; enum door portal, mail; };  /* _first: a ticket's number */

static void share_reason(struct proof *p, struct arena *a, const struct order_count *k, int64_t at)
{
	const char *da = proof_month(a, LANG_DA, month_of(at)), *en = proof_month(a, LANG_EN, month_of(at));

	if (k->n)
		proof_reason(p, a, arena_printf(a, "%d af %d bestillinger i %s er besvaret i tide eller har tid endnu.", k->n - k->missed, k->n, da),
			arena_printf(a, "%d of %d orders in %s are answered in time or have time left.", k->n - k->missed, k->n, en));
	else
		proof_reason(p, a, arena_printf(a, "Ingen bestillinger i %s endnu.", da), arena_printf(a, "No orders in %s yet.", en));
}

/* What decides comes first: lists, the history and the front page show one line. */
static void order_reasons(struct proof *p, struct arena *a, const struct order_count *k, int64_t at)
{
	bool shut = k->portal == DOOR_SHUT || k->mail == DOOR_SHUT, share_first = k->missed || (k->n == 0 && !shut);

	if (share_first)
		share_reason(p, a, k, at);
	if (k->missed)
		proof_reason_ticket(p, a, k->missed_first);
	for (enum door d = DOOR_SHUT; d <= DOOR_UNSEEN; d++) {
		if (k->portal == d)
			door_reason(p, a, d, "portalen", "the portal");
		if (k->mail == d)
			door_reason(p, a, d, "mailadressen", "the mail address");
	}
	if (k->near) {
		proof_reason(p, a, arena_printf(a, k->near == 1 ? "%d bestilling er tæt på sin frist." : "%d bestillinger er tæt på deres frist.", k->near),
			arena_printf(a, k->near == 1 ? "%d order is close to its deadline." : "%d orders are close to their deadlines.", k->near));
		proof_reason_ticket(p, a, k->near_first);
	}
	if (!share_first)
		share_reason(p, a, k, at);
}

void webwork_judge_order(struct arena *a, const struct webwork_order *t, int n, const struct probe_month *doors, int64_t at, struct proof *out)
{
	struct order_count c = { .n = n };
	int64_t soonest = MOMENT_NEVER;

	proof_begin(out, n ? PROMISE_KEPT : PROMISE_NOT_DUE);
	proof_check(out, month_start(month_of(at) + 1));
	for (int i = 0; i < n; i++) {
		const struct webwork_order *k = &t[i];
		bool late = k->response.mark == SLA_MISSED || k->response.mark == SLA_OVERDUE, near = k->warn_at && k->warn_at <= at;

		if (late && !c.missed++)
			c.missed_first = k->number;
		if (near && (!c.near++ || k->response.due_at < soonest)) {
			c.near_first = k->number;
			soonest = k->response.due_at;
		}
		if (near)
			proof_due(out, k->response.due_at);
		else if (k->warn_at)
			proof_check(out, k->warn_at);
		if (k->response.mark == SLA_RUNNING && k->response.due_at != MOMENT_NEVER)
			proof_check(out, k->response.due_at);
		proof_evidence(out, a, k->created_at, arena_printf(a, "tickets/%" PRId64, k->number),
			arena_printf(a, "%" PRId64 " \u00ab%s\u00bb: %s", k->number, k->subject, late ? "ikke besvaret i tide" : near ? "tæt på sin frist" : "inden for tiden"),
			arena_printf(a, "%" PRId64 " \"%s\": %s", k->number, k->subject, late ? "not answered in time" : near ? "close to its deadline" : "within its time"));
	}
	c.portal = door_of(&doors->portal, at, out);
	c.mail = door_of(&doors->mail, at, out);
	order_reasons(out, a, &c, at);
	if (c.missed || c.portal == DOOR_SHUT || c.mail == DOOR_SHUT)
		out->state = PROMISE_BROKEN;
	else if (n && (c.portal == DOOR_UNSEEN || c.mail == DOOR_UNSEEN))
		out->state = PROMISE_BLIND;
	else if (c.near)
		out->state = PROMISE_AT_RISK;
	if (out->state != PROMISE_AT_RISK)
		out->due_at = 0;
}
