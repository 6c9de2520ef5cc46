/* The accounts of hours as they were at a moment: the closed months beside the same months settled again. */
#include "services/service-agreement/proofs.h"
#include "base/hash.h"
#include "base/moment.h"
#include "core/statement.h"
#include "core/work.h"
#include "store/fact.h"
#include "store/promise.h"

#define OPEN_MONTHS 24                  /* months in a row that nobody closed: further back is not looked at */

/* What was agreed as it was known at a moment. prices false: of the service agreement alone. */
static int spans_read(const struct proof_question *q, int64_t at, bool prices, struct bank_book *b, struct err *e)
{
	struct promise_item *rows;
	struct bank_item *items;
	int nrows, count = 0;

	if (store_promise_items(q->db, q->a, q->customer_id, at, INT32_MAX, &rows, &nrows, e) != 0)
		return -1;
	items = ARENA_ARRAY(q->a, struct bank_item, nrows + 1);
	for (int i = 0; i < nrows; i++)         /* the newest acceptance first within the service: as work_spans() asks */
		items[count++] = (struct bank_item){ rows[i].agreement_id, rows[i].accepted_at, rows[i].valid_from_day,
			rows[i].changed_at > at ? INT32_MAX : rows[i].valid_to_day, rows[i].service, rows[i].terms };
	work_spans(q->a, items, count, &b->spans, &b->nspans);
	if (prices)
		work_prices(q->a, items, count, &b->prices, &b->nprices);
	return 0;
}

static int bought_read(const struct proof_question *q, int64_t at, struct bank_book *b, struct err *e)
{
	struct hour_purchase *rows;

	if (store_purchases_of(q->db, q->a, q->customer_id, at, &rows, &b->nbought, e) != 0)
		return -1;
	b->bought = work_purchases(q->a, rows, b->nbought);
	return 0;
}

static int entries_read(const struct proof_question *q, int32_t from, int32_t to, int64_t at, const struct statement *s, struct bank_book *b,
	struct err *e)
{
	struct bank_entry *out;
	struct fact_time *rows;
	int *n = &b->nentries;

	if (store_fact_time(q->db, q->a, q->customer_id, from, to, at, &rows, n, e) != 0)
		return -1;
	b->entries = out = ARENA_ARRAY(q->a, struct bank_entry, *n + 1);
	for (int i = 0; i < *n; i++) {
		const struct fact_time *t = &rows[i];
		int v = activity_by_name(t->activity);

		out[i] = (struct bank_entry){ t->id, t->person_id, t->ticket_id, t->started_at, v < 0 ? ACTIVITY_TASK : (enum activity)v, BANK_DRAWN, t->day,
			t->month, t->minutes, t->drive_out_minutes, t->drive_home_minutes, t->trip_customers, t->trip_part, t->late };
		/* Whether another agreement covers it was settled when the month was closed. */
		for (int k = 0; s && k < s->nentries; k++)
			if (s->entries[k].id == t->id && s->entries[k].included)
				out[i].cover = BANK_INCLUDED;
	}
	return 0;
}

static void sum_lines(const struct bank_line *lines, int n, int64_t *over, int64_t *drive)
{
	for (int i = 0; i < n; i++)
		*(lines[i].kind == BANK_LINE_DRIVING ? drive : over) += lines[i].amount_ore;
}

static int month_again(const struct proof_question *q, const struct fact_close *c, const struct bank_state *before, const struct statement *kept,
	struct account_month *out, struct err *e)
{
	struct sha256 h = hash_sha256(c->statement, strlen(c->statement));
	struct account_month m = { .month = c->month, .closed_at = c->closed_at, .sha256 = c->sha256 };
	struct bank_month again;
	struct bank_book b = { 0 };

	if (spans_read(q, c->closed_at, kept->fees_told, &b, e) != 0 || bought_read(q, c->closed_at, &b, e) != 0 ||
	    entries_read(q, c->month, c->month, c->closed_at, kept, &b, e) != 0)
		return -1;
	bank_settle(q->a, c->month, &b, before, &again);
	m.text_right = strcmp(hash_hex(q->a, h.b, sizeof h.b), c->sha256) == 0;
	m.granted[0] = kept->granted;
	m.granted[1] = again.granted;
	m.drawn[0] = kept->drawn;
	m.drawn[1] = again.drawn;
	m.fee_ore[0] = kept->fee_ore;
	m.fee_ore[1] = again.fee_ore;
	sum_lines(kept->lines, kept->nlines, &m.over_ore[0], &m.drive_ore[0]);
	sum_lines(again.lines, again.nlines, &m.over_ore[1], &m.drive_ore[1]);
	for (int i = 0; i < kept->nentries; i++) {
		m.drive[0] += kept->entries[i].drive;
		m.drive_free[0] += kept->entries[i].drive_free;
		m.drive_bill[0] += kept->entries[i].drive_bill;
	}
	for (int i = 0; i < again.nsettled; i++) {
		m.drive[1] += again.settled[i].drive;
		m.drive_free[1] += again.settled[i].drive_free;
		m.drive_bill[1] += again.settled[i].drive_bill;
		m.visits += again.settled[i].drive > 0;
	}
	*out = m;
	return 0;
}

static int account_read(const struct proof_question *q, struct account *out, struct err *e)
{
	struct account k = { .first_month = month_of(q->valid_from_at) };
	struct account_month *closed = ARENA_ARRAY(q->a, struct account_month, SERVICE_AGREEMENT_MONTHS);
	struct statement *kept = ARENA_ARRAY(q->a, struct statement, SERVICE_AGREEMENT_MONTHS + 1);
	struct bank_state before = { 0 };
	int32_t now = month_of(q->at), from = k.first_month;
	struct bank_terms terms;
	struct bank_book b = { 0 };
	struct bank_month m = { 0 };
	struct fact_close *rows;
	int nrows;

	bank_terms_read(q->terms, &terms);
	k.monthly_ore = terms.monthly_ore;
	k.hourly_ore = terms.hourly_ore;
	k.month_minutes = terms.month_minutes;
	k.driving_free = terms.driving_free;
	/* One more than is settled again: each month begins with what the one before left. */
	if (store_fact_closes(q->db, q->a, q->customer_id, q->at, SERVICE_AGREEMENT_MONTHS + 1, &rows, &nrows, e) != 0)
		return -1;
	for (int i = 0; i < nrows; i++)
		if (statement_parse(q->a, rows[i].statement, &kept[i], e) != 0)
			kept[i] = (struct statement){ 0 };      /* not a statement any more: its hash says so too */
	for (int i = 0; i < nrows && i < SERVICE_AGREEMENT_MONTHS && rows[i].month >= k.first_month; i++) {
		bool has_before = i + 1 < nrows && rows[i + 1].month == rows[i].month - 1;

		if (month_again(q, &rows[i], has_before ? &kept[i + 1].after : NULL, &kept[i], &closed[k.nclosed], e) != 0)
			return -1;
		k.nclosed++;
	}
	k.closed = closed;
	if (spans_read(q, q->at, true, &b, e) != 0 || bought_read(q, q->at, &b, e) != 0)
		return -1;
	k.monthly_ore += work_prices_on(b.prices, b.nprices, day_of(q->at));
	if (nrows) {
		before = kept[0].after;
		from = rows[0].month + 1;
	} else if (b.nbought && month_of_day(b.bought[0].from_day) < from) {
		from = month_of_day(b.bought[0].from_day);
	}
	if (from < now - OPEN_MONTHS)
		from = now - OPEN_MONTHS;
	if (entries_read(q, from, now, q->at, NULL, &b, e) != 0)
		return -1;
	for (int32_t month = from; month <= now; month++) {
		bank_settle(q->a, month, &b, &before, &m);
		before = m.after;
	}
	k.granted = m.granted;
	k.drawn = m.drawn;
	k.remaining = m.remaining;
	k.over = m.over - m.unagreed;
	for (int i = 0; i < m.nsettled; i++) {
		k.drive += m.settled[i].drive;
		k.drive_free += m.settled[i].drive_free;
		k.drive_bill += m.settled[i].drive_bill;
		k.visits += m.settled[i].drive > 0;
	}
	*out = k;
	return 0;
}

static int prove(const struct proof_question *q, void (*judge)(struct arena *, const struct account *, int64_t, struct proof *), struct proof *out, struct err *e)
{
	struct account k;

	if (account_read(q, &k, e) != 0)
		return -1;
	judge(q->a, &k, q->at, out);
	return 0;
}

int service_agreement_prove_fixed(const struct proof_question *q, struct proof *out, struct err *e) { return prove(q, account_judge_fixed, out, e); }
int service_agreement_prove_bank(const struct proof_question *q, struct proof *out, struct err *e) { return prove(q, account_judge_bank, out, e); }
int service_agreement_prove_driving(const struct proof_question *q, struct proof *out, struct err *e) { return prove(q, account_judge_driving, out, e); }
