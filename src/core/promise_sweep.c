/* The sweep: from what happened since the last one to rows of promise_state. Reading and judging is done on a snapshot;
 * only the changes of one customer at a time go to the writer. */
#include "base/moment.h"
#include "base/text.h"
#include "core/promise_judge.h"
#include "core/proof.h"
#include <inttypes.h>

#define SWEEP_EVENTS 200000             /* most events looked at in one sweep: what is left then counts as come late */
#define SWEEP_MOMENTS 100000            /* most questions about one customer in one sweep: past it is a bug */
#define SCRATCH_BYTES (256u << 20)

/* One promise on its way through the moments of a sweep. */
struct held {
	struct promise_row stored, row;         /* as it was before the sweep (id 0: not at all); as it is by now */
	bool on, touched, seen;
	int turns;
	const struct catalogue_service *service;
	const struct promise *promise;          /* NULL: no longer in force */
};
struct turn { int held; struct promise_row row; };      /* row.state NULL: ends */
struct look { int64_t at; bool probes; };               /* probes: only those that read the probes */
struct walk {
	struct judge j;
	struct held *held; int nheld, held_cap;
	struct turn *turns; int nturns, turns_cap;
};

static struct held *held_get(struct walk *k, const char *promise)
{
	for (int i = 0; i < k->nheld; i++)
		if (strcmp(k->held[i].row.promise, promise) == 0)
			return &k->held[i];
	k->held = arena_grow(k->j.a, k->held, sizeof *k->held, k->nheld, &k->held_cap);
	k->held[k->nheld] = (struct held){ .row = { .customer_id = k->j.customer_id, .promise = arena_dup(k->j.a, promise), .check_at = MOMENT_NEVER } };
	return &k->held[k->nheld++];
}

static void turn_add(struct walk *k, struct held *h)
{
	k->turns = arena_grow(k->j.a, k->turns, sizeof *k->turns, k->nturns, &k->turns_cap);
	k->turns[k->nturns++] = (struct turn){ (int)(h - k->held), h->row };
	h->turns++;
}

/* What was found at t against what held until then. */
static void found(struct walk *k, struct held *h, const struct promise_stand *s, int64_t t)
{
	struct arena *a = k->j.a;
	const char *state = promise_state_name(s->proof.state);
	const char *reasons = proof_lines_text(k->j.s, s->proof.reasons, s->proof.nreasons);
	bool turned = !h->on || strcmp(h->row.state, state) != 0;

	h->seen = true;
	h->service = s->service;
	h->promise = s->promise;
	if (!turned && h->row.due_at == s->proof.due_at && h->row.check_at == s->proof.check_at && h->row.agreement_id == s->agreement_id &&
			strcmp(h->row.reasons, reasons) == 0)
		return;
	h->row.measured_at = t;
	h->row.due_at = s->proof.due_at;
	h->row.check_at = s->proof.check_at;
	h->row.agreement_id = s->agreement_id;
	h->row.reasons = arena_dup(a, reasons);
	h->row.evidence = arena_dup(a, proof_lines_text(k->j.s, s->proof.evidence, s->proof.nevidence));
	h->touched = true;
	if (!turned)
		return;
	h->on = true;
	h->row.state = state;
	h->row.since_at = t;
	h->row.service = arena_dup(a, s->service->key);
	h->row.party = party_name(s->promise->party);
	turn_add(k, h);
}

static int look_at(struct walk *k, int64_t t, bool all, bool probes, struct err *e)
{
	struct judge_item *items;
	int nitems, rc = -1;

	arena_reset(k->j.s);
	k->j.probes.at = 0;                             /* its texts were in the scratch arena */
	if (judge_items(&k->j, t, &items, &nitems, e) != 0)
		return -1;
	for (int i = 0; i < k->nheld; i++)
		k->held[i].seen = false;
	for (int i = 0; i < nitems; i++)
		for (int p = 0; p < items[i].text->npromises; p++) {
			const struct promise *promise = &items[i].text->promises[p];
			const struct service_promise *prover = judge_prover(k->j.book, items[i].row.service, promise->key);
			struct held *h = held_get(k, promise->key);
			struct promise_stand s;

			h->seen = true;
			if (!all && h->row.check_at > t && !(probes && prover && prover->probes))
				continue;
			if (judge_promise(&k->j, &items[i], promise, t, &s, e) != 0)
				goto out;
			found(k, h, &s, t);
		}
	for (int i = 0; i < k->nheld; i++) {
		struct held *h = &k->held[i];

		if (h->seen || !h->on)
			continue;
		h->on = false;
		h->row.state = NULL;
		h->row.since_at = t;
		h->row.check_at = MOMENT_NEVER;
		h->promise = NULL;
		turn_add(k, h);
	}
	rc = 0;
out:
	judge_items_end(items, nitems);
	return rc;
}

static int walk_customer(struct walk *k, const struct look *looks, int n, int64_t swept_at, int64_t at, struct err *e)
{
	struct promise_filter f = { .customer_id = k->j.customer_id };
	struct promise_row *rows;
	int nrows, i = 0, turns = 0;

	if (judge_customer(&k->j, k->j.customer_id, e) != 0 || store_promise_list(k->j.c, k->j.a, &f, &rows, &nrows, e) != 0)
		return -1;
	for (int r = 0; r < nrows; r++) {
		struct held *h = held_get(k, rows[r].promise);

		h->stored = h->row = rows[r];
		h->on = true;
	}
	if (nrows == 0)
		swept_at = 0;                           /* nothing is written down yet: begin at the beginning */
	for (;;) {
		int64_t t = MOMENT_NEVER, now;
		bool all = false, probes = false;

		if (i < n)
			t = looks[i].at;
		for (int h = 0; h < k->nheld; h++)
			if (k->held[h].on && k->held[h].row.check_at < t)
				t = k->held[h].row.check_at;
		if (t > at)
			return 0;
		if (turns++ == SWEEP_MOMENTS)
			return FAIL(e, E_BUG, "the promises of customer %" PRId64 " do not come to rest", k->j.customer_id);
		for (; i < n && looks[i].at <= t; i++) {
			all |= !looks[i].probes;
			probes |= looks[i].probes;
		}
		now = t > swept_at ? t : swept_at + 1;  /* what came late counts from when it was known */
		if (now > at)
			return 0;
		for (; i < n && looks[i].at <= now; i++) {
			all |= !looks[i].probes;
			probes |= looks[i].probes;
		}
		if (look_at(k, now, all, probes, e) != 0)
			return -1;
	}
}

struct kept { struct walk *k; int64_t at; bool raced; };

static int keep_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct kept *x = arg;
	struct walk *k = x->k;
	int64_t *ids = ARENA_ARRAY(a, int64_t, k->nheld + 1);
	const char **states = ARENA_ARRAY(a, const char *, k->nheld + 1);
	bool done;

	x->raced = false;
	for (int i = 0; i < k->nheld; i++) {
		ids[i] = k->held[i].stored.id;
		states[i] = k->held[i].stored.state;
	}
	for (int i = 0; i < k->nturns; i++) {
		struct promise_row r = k->turns[i].row;
		int h = k->turns[i].held;

		if (store_promise_turn(w, ids[h], &r, &done, e) != 0)
			return -1;
		if ((x->raced = !done))                 /* another server's sweep was first: it wrote the same */
			return FAIL(e, E_DB_BUSY, "promise %s of customer %" PRId64, r.promise, r.customer_id);
		if (promise_event(w, a, NULL, r.customer_id, "promise.state", r.state ? r.id : ids[h], r.since_at,
				json_pack("{s:s,s:s?,s:s?,s:o*}", "promise", r.promise, "from", states[h], "to", r.state, "reasons",
					r.state ? json_loads(r.reasons, 0, NULL) : NULL), e) != 0)
			return -1;
		ids[h] = r.state ? r.id : 0;
		states[h] = r.state;
	}
	for (int i = 0; i < k->nheld; i++) {
		struct held *h = &k->held[i];
		struct promise_row r = h->row;

		r.id = ids[i];
		if (h->touched && h->on && store_promise_touch(w, &r, e) != 0)
			return -1;
		if (h->turns && promise_follow(w, a, k->j.book, h->on ? &r : &h->stored, h->stored.id ? &h->stored : NULL, h->service,
				h->on ? h->promise : NULL, x->at, e) != 0)
			return -1;
	}
	return 0;
}

static int by_customer(const void *x, const void *y)
{
	const struct promise_stir *p = x, *q = y;

	if (p->customer_id != q->customer_id)
		return p->customer_id < q->customer_id ? -1 : 1;
	return p->at < q->at ? -1 : p->at > q->at;
}

static int by_id(const void *x, const void *y)
{
	int64_t p = *(const int64_t *)x, q = *(const int64_t *)y;

	return p < q ? -1 : p > q;
}

/* The probes spoke: everybody whose promise rests on them, and who comes to have one in this very sweep. A negative moment
 * marks such a look. */
static int probes_stir(struct db_conn *c, struct arena *a, const struct promise_book *b, int64_t after, int64_t at, struct promise_stir **stirs, int *n,
	struct err *e)
{
	int64_t *moments, *ids = NULL;
	int nmoments, nids = 0, ids_cap = 0, cap = *n;

	if (store_probe_moments(c, a, after, at, 10000, &moments, &nmoments, e) != 0)
		return -1;
	if (nmoments == 0)
		return 0;
	for (int i = 0; i < *n; i++) {
		ids = arena_grow(a, ids, sizeof *ids, nids, &ids_cap);
		ids[nids++] = (*stirs)[i].customer_id;
	}
	for (const struct service *const *s = b->services; *s; s++)
		for (const struct service_promise *p = (*s)->promises; p->key; p++) {
			int64_t *more;
			int nmore;

			if (!p->probes || !p->prove)
				continue;
			if (store_promise_holders(c, a, p->key, &more, &nmore, e) != 0)
				return -1;
			for (int i = 0; i < nmore; i++) {
				ids = arena_grow(a, ids, sizeof *ids, nids, &ids_cap);
				ids[nids++] = more[i];
			}
		}
	if (nids)
		qsort(ids, (size_t)nids, sizeof *ids, by_id);
	for (int i = 0; i < nids; i++)
		for (int m = 0; m < nmoments && (i == 0 || ids[i] != ids[i - 1]); m++) {
			*stirs = arena_grow(a, *stirs, sizeof **stirs, *n, &cap);
			(*stirs)[(*n)++] = (struct promise_stir){ ids[i], -moments[m] };
		}
	return 0;
}

struct mark { int64_t at, event_id; };

static int mark_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct mark *m = arg;

	(void)a;
	return store_promise_mark_set(w, m->at, m->event_id, e);
}

static int by_moment(const void *x, const void *y)
{
	const struct look *p = x, *q = y;

	return p->at < q->at ? -1 : p->at > q->at;
}

static int sweep_customer(struct db *d, struct db_conn *c, struct arena *a, struct arena *scratch, const struct promise_book *b,
	const struct promise_stir *stirs, int n, int64_t swept_at, int64_t at, struct err *e)
{
	struct walk *k = ARENA_NEW(a, struct walk);
	struct look *looks = ARENA_ARRAY(a, struct look, n + 1);
	struct kept x = { k, at, false };
	bool write = false;
	int rc;

	judge_begin(&k->j, c, a, scratch, b);
	k->j.customer_id = stirs[0].customer_id;
	for (int i = 0; i < n; i++)
		looks[i] = stirs[i].at < 0 ? (struct look){ -stirs[i].at, true } : (struct look){ stirs[i].at, false };
	qsort(looks, (size_t)n, sizeof *looks, by_moment);
	if (walk_customer(k, looks, n, swept_at, at, e) != 0)
		return -1;
	for (int i = 0; i < k->nheld; i++)
		write |= k->held[i].touched || k->held[i].turns;
	if (!write)
		return 0;
	rc = db_write(d, keep_job, &x, e);
	return rc != 0 && x.raced ? 0 : rc;
}

int promise_sweep(struct db *d, const struct promise_book *b, int64_t at, bool *more, struct err *e)
{
	struct arena *list = arena_begin(SCRATCH_BYTES), *a = arena_begin(SCRATCH_BYTES), *scratch = arena_begin(SCRATCH_BYTES);
	struct promise_stir *stirs = NULL;
	struct db_conn *c = NULL;
	struct mark mark;
	int64_t swept_at, first;
	int n = 0, rc = -1;

	if (db_read_begin(d, &c, e) != 0 || store_promise_mark(c, &swept_at, &mark.event_id, e) != 0)
		goto out;
	mark.at = at;
	first = mark.event_id;
	if (at <= swept_at) {
		*more = false;
		rc = 0;
		goto out;
	}
	if (store_promise_stirred(c, list, &mark.event_id, swept_at, at, SWEEP_EVENTS, &stirs, &n, e) != 0 ||
			probes_stir(c, list, b, swept_at, at, &stirs, &n, e) != 0)
		goto out;
	*more = mark.event_id - first >= SWEEP_EVENTS;
	if (n)
		qsort(stirs, (size_t)n, sizeof *stirs, by_customer);
	for (int i = 0, k; i < n; i = k) {
		for (k = i; k < n && stirs[k].customer_id == stirs[i].customer_id; k++)
			;
		arena_reset(a);
		if (sweep_customer(d, c, a, scratch, b, stirs + i, k - i, swept_at, at, e) != 0)
			goto out;
	}
	db_read_end(c);
	c = NULL;
	/* Nothing happened: the old mark is as good, and saves a write every few seconds. */
	rc = n == 0 && at - swept_at < MOMENT_MINUTE ? 0 : db_write(d, mark_job, &mark, e);
out:
	db_read_end(c);
	arena_end(list);
	arena_end(a);
	arena_end(scratch);
	return rc;
}
