/* How promises stand now, from the ledger's rows. The sweep keeps a row exact up to its check_at as long as nothing
 * happened to the customer, so the row is the answer; only what the sweep has yet to look at is judged here. */
#include "base/text.h"
#include "core/promise_judge.h"
#include "core/proof.h"

static const struct promise_row *row_of(const struct promise_row *rows, int n, const char *promise)
{
	for (int i = 0; i < n; i++)
		if (strcmp(rows[i].promise, promise) == 0)
			return &rows[i];
	return NULL;
}

static int stand_of(struct judge *j, struct judge_item *item, const struct promise *p, const struct promise_row *row, bool stirred, int64_t now,
	struct promise_stand *out, struct err *e)
{
	int state = row ? promise_state_by_name(row->state) : -1;
	const struct service_promise *prover;

	if (stirred || state < 0 || row->check_at <= now || row->agreement_id != item->row.agreement_id) {
		if (judge_promise(j, item, p, now, out, e) != 0)
			return -1;
		out->held = row;
		return 0;
	}
	prover = judge_prover(j->book, item->row.service, p->key);
	*out = (struct promise_stand){ .customer_id = j->customer_id, .agreement_id = item->row.agreement_id, .agreement_number = item->row.number,
		.service = item->text, .promise = p, .live = prover && prover->prove, .held = row, .unread = true,
		.proof = { .state = (enum promise_state)state, .due_at = row->due_at, .check_at = row->check_at } };
	return 0;
}

int promise_list_now(struct db_conn *c, struct arena *a, const struct promise_book *b, int64_t customer_id, const char *service, bool evidence,
	int64_t now, struct promise_stand **out, int *n, struct err *e)
{
	struct promise_stand *all;
	struct promise_row *rows;
	struct judge_item **items;
	int nitems, nrows, count = 0, rc;
	bool stirred;
	struct judge j;

	if (store_promise_held(c, a, customer_id, evidence, &rows, &nrows, e) != 0 || store_promise_waits(c, customer_id, &stirred, e) != 0)
		return -1;
	judge_begin(&j, c, a, a, a, b);
	rc = judge_agreed(&j, customer_id, service, now, &items, &nitems, &all, e);
	for (int i = 0; rc == 0 && i < nitems; i++)
		for (int k = 0; rc == 0 && k < items[i]->text->npromises; k++) {
			const struct promise *p = &items[i]->text->promises[k];

			rc = stand_of(&j, items[i], p, row_of(rows, nrows, p->key), stirred, now, &all[count++], e);
		}
	judge_end(&j);
	if (rc != 0)
		return -1;
	*out = all;
	*n = count;
	return 0;
}

int promise_stand_read(struct arena *a, struct promise_stand *s, struct err *e)
{
	if (!s->unread)
		return 0;
	if (proof_lines_read(a, s->held->reasons, &s->proof.reasons, &s->proof.nreasons, e) != 0 ||
	    (s->held->evidence && proof_lines_read(a, s->held->evidence, &s->proof.evidence, &s->proof.nevidence, e) != 0))
		return -1;
	s->unread = false;
	return 0;
}
