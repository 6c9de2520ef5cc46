/* How an order of website work is judged: figures in, state and reasons out. */
#include "services/webwork/proofs.h"
#include "base/moment.h"
#include "core/proof.h"
#include <inttypes.h>

enum door { DOOR_OPEN, DOOR_SHUT, DOOR_UNSEEN };

static enum door door_of(struct arena *a, const struct probe_door *d, const char *da, const char *en, int64_t at, struct proof *out)
{
	int bad = 0;

	if (d->nrecent == 0 || at - d->recent[0].at > PROBE_SILENT_US) {
		proof_reason(out, a, arena_printf(a, "Vi kan ikke se, om %s er åben: den er ikke prøvet de sidste fem minutter.", da),
			arena_printf(a, "We cannot see whether %s is open: it has not been tried in the last five minutes.", en));
		return DOOR_UNSEEN;
	}
	proof_check(out, d->recent[0].at + PROBE_SILENT_US + 1);
	while (bad < d->nrecent && !d->recent[bad].ok)
		bad++;
	if (bad < PROBE_FAILS)
		return DOOR_OPEN;
	proof_reason(out, a, arena_printf(a, "Der kan ikke bestilles: %s er lukket.", da), arena_printf(a, "Nothing can be ordered: %s is shut.", en));
	return DOOR_SHUT;
}

void webwork_judge_order(struct arena *a, const struct webwork_order *t, int n, const struct probe_month *doors, int64_t at, struct proof *out)
{
	int missed = 0, near_n = 0;
	enum door portal, mail;

	proof_begin(out, n ? PROMISE_KEPT : PROMISE_NOT_DUE);
	proof_check(out, month_start(month_of(at) + 1));
	for (int i = 0; i < n; i++) {
		const struct webwork_order *k = &t[i];
		bool late = k->response.mark == SLA_MISSED || k->response.mark == SLA_OVERDUE, near = k->warn_at && k->warn_at <= at;

		missed += late;
		near_n += near;
		if (near)
			proof_due(out, k->response.due_at);
		else if (k->warn_at)
			proof_check(out, k->warn_at);
		if (k->response.mark == SLA_RUNNING && k->response.due_at != MOMENT_NEVER)
			proof_check(out, k->response.due_at > at ? k->response.due_at : at + 1);
		proof_evidence(out, a, k->created_at, arena_printf(a, "tickets/%" PRId64, k->number),
			arena_printf(a, "%" PRId64 " \u00ab%s\u00bb: %s", k->number, k->subject, late ? "ikke besvaret i tide" : near ? "tæt på sin frist" : "inden for tiden"),
			arena_printf(a, "%" PRId64 " \"%s\": %s", k->number, k->subject, late ? "not answered in time" : near ? "close to its deadline" : "within its time"));
	}
	if (n)
		proof_reason(out, a, arena_printf(a, "%d af %d bestillinger i %s er besvaret i tide eller har tid endnu.", n - missed, n,
			proof_month(a, LANG_DA, month_of(at))), arena_printf(a, "%d of %d orders in %s are answered in time or have time left.", n - missed, n,
			proof_month(a, LANG_EN, month_of(at))));
	else
		proof_reason(out, a, arena_printf(a, "Ingen bestillinger i %s endnu.", proof_month(a, LANG_DA, month_of(at))),
			arena_printf(a, "No orders in %s yet.", proof_month(a, LANG_EN, month_of(at))));
	portal = door_of(a, &doors->portal, "portalen", "the portal", at, out);
	mail = door_of(a, &doors->mail, "mailadressen", "the mail address", at, out);
	if (missed || portal == DOOR_SHUT || mail == DOOR_SHUT)
		out->state = PROMISE_BROKEN;
	else if (n && (portal == DOOR_UNSEEN || mail == DOOR_UNSEEN))
		out->state = PROMISE_BLIND;
	else if (near_n)
		out->state = PROMISE_AT_RISK;
	if (out->state != PROMISE_AT_RISK)
		out->due_at = 0;
}
