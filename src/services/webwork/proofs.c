/* The facts of webwork's promise: orders and their clocks, probes; judge.c says what they mean. */
#include "services/webwork/proofs.h"
#include "base/moment.h"
#include "core/promise.h"
#include "core/ticket_fact.h"
#include "store/fact.h"

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
		if (!then.there || then.sla.held || strcmp(then.type, "order") != 0 || then.since_at < from)
			continue;
		t[count] = (struct webwork_order){ .number = rows[i].number, .created_at = then.since_at, .subject = rows[i].subject, .response = then.sla.response,
			.warn_at = sla_warn_at(&terms.calendar, &then.sla.response, q->at) };
		count++;
	}
	webwork_judge_order(q->a, t, count, q->probes, q->at, out);
	return 0;
}
