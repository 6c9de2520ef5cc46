#include "services/webwork/proofs.h"
#include "base/moment.h"
#include "core/promise.h"
#include "core/proof.h"
#include "core/ticket_fact.h"
#include "store/fact.h"
#include <inttypes.h>

enum door { DOOR_OPEN, DOOR_SHUT, DOOR_UNSEEN };

static enum door door_of(struct arena *a, const struct probe_door *d, const char *da, const char *en, int64_t at, struct proof *out)
{
	int bad = 0;

	if (d->nrecent == 0 || at - d->recent[0].at > WEBWORK_PROBE_SILENT_US) {
		proof_reason(out, a, arena_printf(a, "Vi kan ikke se, om %s er åben: den er ikke prøvet de sidste fem minutter.", da),
			arena_printf(a, "We cannot see whether %s is open: it has not been tried in the last five minutes.", en));
		return DOOR_UNSEEN;
	}
	proof_check(out, d->recent[0].at + WEBWORK_PROBE_SILENT_US + 1);
	while (bad < d->nrecent && !d->recent[bad].ok)
		bad++;
	if (bad < WEBWORK_PROBE_FAILS)
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

int webwork_prove_order(const struct proof_question *q, struct proof *out, struct err *e)
{
	int64_t from = month_start(month_of(q->at));
	struct fact_ticket *rows;
	struct webwork_order *t;
	struct sla_terms terms;
	json_t *agreed = NULL;
	int n, count = 0, rc;

	/* The times are those of support, as for every ticket. */
	if (promise_terms(q->db, q->a, q->customer_id, "support", q->at, &agreed, e) != 0)
		return -1;
	rc = sla_terms_read(agreed, &terms, e);
	json_decref(agreed);
	if (from < q->valid_from_at)
		from = q->valid_from_at;
	if (rc != 0 || store_fact_tickets(q->db, q->a, q->customer_id, from, q->at, &rows, &n, e) != 0)
		return -1;
	t = ARENA_ARRAY(q->a, struct webwork_order, n + 1);
	for (int i = 0; i < n; i++) {
		struct ticket_then then;

		ticket_then(q->a, &rows[i], &terms, q->customer_id, q->at, &then);
		if (!then.there || strcmp(then.type, "order") != 0 || rows[i].created_at < from)
			continue;
		t[count] = (struct webwork_order){ .number = rows[i].number, .created_at = then.since_at, .subject = rows[i].subject, .response = then.sla.response };
		if (then.sla.response.mark == SLA_RUNNING) {
			int64_t left = then.sla.response.target_us * 3 / 4 - then.sla.response.used_us;

			t[count].warn_at = left <= 0 ? q->at : calendar_after(&terms.calendar, q->at, left);
		}
		count++;
	}
	webwork_judge_order(q->a, t, count, q->probes, q->at, out);
	return 0;
}
