/* The facts of support's promises: tickets, time, probes; judge.c says what they mean. */
#include "services/support/proofs.h"
#include "base/moment.h"
#include "core/ticket_fact.h"
#include "store/fact.h"

int support_prove_help(const struct proof_question *q, struct proof *out, struct err *e)
{
	int64_t from = month_start(month_of(q->at));
	struct fact_ticket *rows;
	struct help_ticket *t;
	struct sla_terms terms;
	int n, count = 0;

	if (from < q->valid_from_at)
		from = q->valid_from_at;
	if (sla_terms_read(q->terms, &terms, e) != 0 || store_fact_tickets(q->db, q->a, q->customer_id, from, q->at, &rows, &n, e) != 0)
		return -1;
	t = ARENA_ARRAY(q->a, struct help_ticket, n + 1);
	for (int i = 0; i < n; i++) {
		struct ticket_then then;
		struct help_ticket *k = &t[count];

		ticket_then(q->a, &rows[i], &terms, q->customer_id, q->at, &then);
		if (!then.there || then.sla.held)
			continue;
		*k = (struct help_ticket){ .number = rows[i].number, .created_at = then.since_at, .subject = rows[i].subject, .owned = then.owner_id != 0,
			.this_month = then.since_at >= from, .response = then.sla.response, .solution = then.sla.solution };
		k->response_warn_at = sla_warn_at(&terms.calendar, &k->response, q->at);
		k->solution_warn_at = sla_warn_at(&terms.calendar, &k->solution, q->at);
		count += k->this_month || then.sla.state < TICKET_SOLVED;
	}
	support_judge_help(q->a, t, count, (int)terms_int(q->terms, "help_target_percent", 95), q->at, out);
	return 0;
}

int support_prove_report(const struct proof_question *q, struct proof *out, struct err *e)
{
	int64_t entries = 0, reported = 0;
	int32_t month = month_of(q->at);
	struct fact_time *rows;
	int n;

	if (store_fact_time(q->db, q->a, q->customer_id, month, month, q->at, &rows, &n, e) != 0)
		return -1;
	for (int i = 0; i < n; i++)
		if (strcmp(rows[i].activity, "internal") != 0) {
			entries++;
			reported += rows[i].reported;
		}
	support_judge_report(q->a, entries, reported, q->at, out);
	return 0;
}

int support_prove_open(const struct proof_question *q, struct proof *out, struct err *e)
{
	(void)e;
	support_judge_open(q->a, q->probes, terms_int(q->terms, "open_target_percent_hundredths", 9950), q->at, out);
	return 0;
}
