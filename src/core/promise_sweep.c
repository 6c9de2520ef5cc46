/* The sweep: from what happened since the last one to rows of promise_state. Reading and judging is done on a snapshot;
 * only the changes of one customer at a time go to the writer. */
#include "base/moment.h"
#include "base/text.h"
#include "core/promise_judge.h"
#include "core/proof.h"
#include "store/setting.h"
#include <inttypes.h>

#define SWEEP_EVENTS 200000             /* most events looked at in one sweep: what is left then counts as come late */
#define SWEEP_MOMENTS 100000            /* most questions about one customer in one sweep: past it is a bug */
#define SWEEP_PROBES 12000              /* most moments of the probes in one sweep: past it the sweep ends early, and another follows */
#define SCRATCH_BYTES (256u << 20)
#define BATCH 64                        /* customers whose changes are written at once, */
#define BATCH_BYTES (32u << 20)         /* and the most they may take while they wait */

struct held_text { char *p; size_t cap; };      /* written over again and again */
/* One promise on its way through the moments of a sweep. */
struct held {
	struct promise_row stored, row;         /* as it was before the sweep (id 0: not at all); as it is by now */
	struct held_text reasons, evidence;
	bool on, touched, seen;
	bool bare;                              /* row.evidence is still that of an earlier moment */
	int turns;
	const struct catalogue_service *service;
	const struct promise *promise;          /* NULL: no longer in force */
};
struct turn { int held; struct promise_row row; };      /* row.state NULL: ends */
struct look { int64_t at; bool probes; };               /* probes: only those that read the probes */
struct walk {
	struct judge *j;
	int64_t customer_id;
	struct arena *a;                        /* what lasts until the changes are written */
	bool last;                              /* no look is known to follow: evidence is written at once */
	struct err broken;                      /* id not E_NONE: this customer could not be judged, and is put down as blind */
	bool narrow;                            /* only promises that read the probes are looked at: nothing else happened */
	struct held *held; int nheld, held_cap;
	struct turn *turns; int nturns, turns_cap;
};

static struct held *held_get(struct walk *k, const char *promise)
{
	for (int i = 0; i < k->nheld; i++)
		if (strcmp(k->held[i].row.promise, promise) == 0)
			return &k->held[i];
	k->held = arena_grow(k->a, k->held, sizeof *k->held, k->nheld, &k->held_cap);
	k->held[k->nheld] = (struct held){ .row = { .customer_id = k->customer_id, .promise = arena_dup(k->a, promise), .check_at = MOMENT_NEVER } };
	return &k->held[k->nheld++];
}

static void turn_add(struct walk *k, struct held *h)
{
	struct promise_row row = h->row;

	row.reasons = arena_dup(k->a, row.reasons);     /* h's will be written over */
	row.evidence = arena_dup(k->a, row.evidence);
	k->turns = arena_grow(k->a, k->turns, sizeof *k->turns, k->nturns, &k->turns_cap);
	k->turns[k->nturns++] = (struct turn){ (int)(h - k->held), row };
	h->turns++;
}

static const char *text_keep(struct arena *a, struct held_text *t, const char *text)
{
	size_t n = strlen(text) + 1;

	if (n > t->cap) {
		t->cap = n * 2;
		t->p = arena_get(a, t->cap);
	}
	return memcpy(t->p, text, n);
}

/* What was found at t against what held until then. */
static void found(struct walk *k, struct held *h, const struct promise_stand *s, int64_t t)
{
	struct arena *a = k->a;
	const char *state = promise_state_name(s->proof.state);
	const struct proof_kept *same = k->j->same;
	const char *reasons = same ? same->reasons : proof_lines_text(k->j->s, s->proof.reasons, s->proof.nreasons);
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
	h->row.reasons = text_keep(a, &h->reasons, reasons);
	h->touched = true;
	h->bare = !turned && !k->last;                  /* most proofs are followed by another before anybody reads them */
	if (!h->bare)
		h->row.evidence = text_keep(a, &h->evidence, same ? same->evidence :
			proof_lines_text(k->j->s, s->proof.evidence, s->proof.nevidence));
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
	struct judge_item **items;
	int nitems;

	arena_reset(k->j->s);
	k->j->probes.at = 0;                            /* its texts were in the scratch arena */
	if (judge_items(k->j, t, &items, &nitems, e) != 0)
		return -1;
	for (int i = 0; i < k->nheld; i++)
		k->held[i].seen = false;
	for (int i = 0; i < nitems; i++)
		for (int p = 0; p < items[i]->text->npromises; p++) {
			const struct promise *promise = &items[i]->text->promises[p];
			const struct service_promise *prover = judge_prover(k->j->book, items[i]->row.service, promise->key);
			bool reads = prover && prover->probes;
			struct promise_stand s;
			struct held *h;

			if (k->narrow && !reads)
				continue;
			h = held_get(k, promise->key);
			h->seen = true;
			if (!all && h->row.check_at > t && !(probes && reads))
				continue;
			if (judge_promise(k->j, items[i], promise, t, &s, e) != 0)
				return -1;
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
	return 0;
}

/* Evidence that was put off, asked for again at the moment it belongs to: the same question has the same answer. */
static int evidence_fill(struct walk *k, struct held *h, struct err *e)
{
	struct judge_item **items;
	struct promise_stand s;
	int n;

	arena_reset(k->j->s);
	k->j->probes.at = 0;
	if (judge_items(k->j, h->row.measured_at, &items, &n, e) != 0)
		return -1;
	for (int i = 0; i < n; i++)
		for (int p = 0; p < items[i]->text->npromises; p++) {
			if (strcmp(items[i]->text->promises[p].key, h->row.promise) != 0)
				continue;
			if (judge_promise(k->j, items[i], &items[i]->text->promises[p], h->row.measured_at, &s, e) != 0)
				return -1;
			h->row.evidence = text_keep(k->a, &h->evidence, proof_lines_text(k->j->s, s.proof.evidence, s.proof.nevidence));
			h->bare = false;
			return 0;
		}
	return FAIL(e, E_BUG, "promise %s of customer %" PRId64 " is gone", h->row.promise, k->customer_id);
}

static int walk_customer(struct walk *k, struct promise_row *rows, int nrows, const struct look *looks, int n, int64_t swept_at, int64_t at, struct err *e)
{
	struct promise_filter f = { .customer_id = k->customer_id };
	int64_t reached = 0;
	int i = 0, turns = 0;

	if (judge_customer(k->j, k->customer_id, e) != 0 || (!k->narrow && (store_promise_list(k->j->c, k->a, &f, &rows, &nrows, e) != 0 ||
			store_promise_ended(k->j->c, k->customer_id, &reached, e) != 0)))
		return -1;
	k->j->broken = k->broken;
	for (int r = 0; r < nrows; r++) {
		struct held *h = held_get(k, rows[r].promise);

		h->stored = h->row = rows[r];
		h->on = true;
		reached = rows[r].measured_at > reached ? rows[r].measured_at : reached;
	}
	if (reached > swept_at)
		swept_at = reached;                     /* a sweep fell after it wrote this customer, and before its mark: go on from there */
	else if (nrows == 0)
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
			return FAIL(e, E_BUG, "the promises of customer %" PRId64 " do not come to rest", k->customer_id);
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
		k->last = i == n;
		if (look_at(k, now, all, probes, e) != 0)
			return -1;
	}
}

/* How far the sweep has come. Written with the last of what it found, so that nothing is found again after a fall in between. */
struct mark { int64_t at, event_id; const struct probe_month *probes; bool set; };

static int mark_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct mark *m = arg;

	(void)a;
	return m->probes && store_probe_month_mark(w, m->probes, e) != 0 ? -1 : store_promise_mark_set(w, m->at, m->event_id, e);
}

struct kept { struct walk **walks; int n; int64_t at; bool raced, quiet; struct mark *mark; };     /* quiet: nothing follows from it */

/* The front page asks which agreements cannot be read only once one was ever seen. */
static int unread_note(struct db_conn *w, const struct promise_row *r, struct err *e)
{
	return r->evidence && strstr(r->evidence, "\"" PROMISE_UNREAD) ? setting_set(w, "promises.unread_seen", "1", e) : 0;
}

static int keep_walk(struct db_conn *w, struct arena *a, struct kept *x, const struct walk *k, struct err *e)
{
	int64_t *ids = ARENA_ARRAY(a, int64_t, k->nheld + 1);
	const char **states = ARENA_ARRAY(a, const char *, k->nheld + 1);
	bool done;

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
		if (h->touched && h->on && (store_promise_touch(w, &r, e) != 0 || unread_note(w, &r, e) != 0))
			return -1;
		if (h->turns && !x->quiet && promise_follow(w, a, k->j->book, h->on ? &r : &h->stored, h->stored.id ? &h->stored : NULL, h->service,
				h->on ? h->promise : NULL, x->at, e) != 0)
			return -1;
	}
	return 0;
}

static int keep_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct kept *x = arg;

	x->raced = false;
	for (int i = 0; i < x->n; i++)
		if (keep_walk(w, a, x, x->walks[i], e) != 0)
			return -1;
	return x->mark ? mark_job(w, a, x->mark, e) : 0;
}

/* Many customers at once; one by one when another server was first with one of them, or one of them will not be written. That one is
 * written without its tickets and mails, or not at all: the others' promises do not wait for it. */
static int keep(struct db *d, struct walk **walks, int n, int64_t at, struct mark *mark, struct err *e)
{
	struct kept x = { walks, n, at, false, false, mark };

	if (n == 0)
		return 0;
	if (db_write(d, keep_job, &x, e) == 0) {
		if (mark)
			mark->set = true;
		return 0;
	}
	if (!x.raced && judge_stops(e))
		return -1;
	for (int i = 0; i < n; i++) {
		x = (struct kept){ walks + i, 1, at, false, false, NULL };
		if (db_write(d, keep_job, &x, e) == 0 || x.raced)
			continue;
		if (judge_stops(e))
			return -1;
		x = (struct kept){ walks + i, 1, at, false, true, NULL };
		if (db_write(d, keep_job, &x, e) != 0 && !x.raced && judge_stops(e))
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

static int by_holder(const void *x, const void *y)
{
	const struct promise_row *p = x, *q = y;

	return (p->customer_id > q->customer_id) - (p->customer_id < q->customer_id);
}

static int by_id(const void *x, const void *y)
{
	int64_t p = *(const int64_t *)x, q = *(const int64_t *)y;

	return p < q ? -1 : p > q;
}

/* One sweep: what stirred whom, and what all customers share. */
struct sweep {
	struct db_conn *c;
	struct arena *a;
	struct promise_stir *stirs; int n;
	struct promise_row *holders; int nholders;      /* what holds of the promises that read the probes, by customer */
	struct probe_month *known; int nknown;
};

/* The probes spoke: everybody whose promise rests on them, and who comes to have one in this very sweep. A negative moment
 * marks such a look. */
static int probes_stir(struct sweep *s, const struct promise_book *b, const int64_t *moments, int nmoments, struct err *e)
{
	int64_t *ids = NULL;
	int nids = 0, ids_cap = 0, cap = s->n, holders_cap = 0;

	if (nmoments == 0)
		return 0;
	for (int i = 0; i < s->n; i++) {
		ids = arena_grow(s->a, ids, sizeof *ids, nids, &ids_cap);
		ids[nids++] = s->stirs[i].customer_id;
	}
	for (const struct service *const *v = b->services; *v; v++)
		for (const struct service_promise *p = (*v)->promises; p->key; p++) {
			struct promise_row *more;
			int nmore;

			if (!p->probes || !p->prove)
				continue;
			if (store_promise_holders(s->c, s->a, p->key, &more, &nmore, e) != 0)
				return -1;
			for (int i = 0; i < nmore; i++) {
				ids = arena_grow(s->a, ids, sizeof *ids, nids, &ids_cap);
				ids[nids++] = more[i].customer_id;
				s->holders = arena_grow(s->a, s->holders, sizeof *s->holders, s->nholders, &holders_cap);
				s->holders[s->nholders++] = more[i];
			}
		}
	if (nids == 0)
		return 0;
	if (s->nholders)
		qsort(s->holders, (size_t)s->nholders, sizeof *s->holders, by_holder);
	qsort(ids, (size_t)nids, sizeof *ids, by_id);
	for (int i = 0; i < nids; i++)
		for (int m = 0; m < nmoments && (i == 0 || ids[i] != ids[i - 1]); m++) {
			s->stirs = arena_grow(s->a, s->stirs, sizeof *s->stirs, s->n, &cap);
			s->stirs[s->n++] = (struct promise_stir){ ids[i], -moments[m] };
		}
	s->known = ARENA_ARRAY(s->a, struct probe_month, nmoments);
	for (int m = 0; m < nmoments; m++) {
		if (m)
			s->known[m] = s->known[m - 1];
		if (store_probe_month_next(s->c, s->a, moments[m], &s->known[m], e) != 0)
			return -1;
	}
	s->nknown = nmoments;
	return 0;
}

static int by_moment(const void *x, const void *y)
{
	const struct look *p = x, *q = y;

	return p->at < q->at ? -1 : p->at > q->at;
}

/* k is begun; *write: it has changes to write down. */
static int sweep_customer(struct walk *k, const struct sweep *s, const struct promise_stir *stirs, int n, int64_t swept_at, int64_t at, bool *write,
	struct err *e)
{
	struct look *looks = ARENA_ARRAY(k->a, struct look, n + 1);
	int from = 0, to = s->nholders;

	k->narrow = true;
	for (int i = 0; i < n; i++) {
		looks[i] = stirs[i].at < 0 ? (struct look){ -stirs[i].at, k->broken.id == E_NONE } : (struct look){ stirs[i].at, false };
		k->narrow &= looks[i].probes;
	}
	qsort(looks, (size_t)n, sizeof *looks, by_moment);
	while (from < to) {
		int mid = (from + to) / 2;

		if (s->holders[mid].customer_id < k->customer_id)
			from = mid + 1;
		else
			to = mid;
	}
	while (to < s->nholders && s->holders[to].customer_id == k->customer_id)
		to++;
	if (walk_customer(k, s->holders + from, to - from, looks, n, swept_at, at, e) != 0)
		return -1;
	*write = false;
	for (int i = 0; i < k->nheld; i++) {
		if (k->held[i].on && k->held[i].bare && evidence_fill(k, &k->held[i], e) != 0)
			return -1;
		*write |= k->held[i].touched || k->held[i].turns;
	}
	return 0;
}

/* One customer, who is put down as blind when it cannot be judged: one bad agreement never stops the promises of the others. */
static int sweep_one(struct judge *j, struct walk **out, const struct sweep *s, const struct promise_stir *stirs, int n, int64_t swept_at, int64_t at,
	bool *write, struct err *e)
{
	struct err broken = { .id = E_NONE };

	for (;;) {
		struct walk *w = *out = ARENA_NEW(j->a, struct walk);

		*w = (struct walk){ .j = j, .a = j->a, .customer_id = stirs[0].customer_id, .broken = broken };
		if (sweep_customer(w, s, stirs, n, swept_at, at, write, e) == 0)
			return 0;
		if (judge_stops(e))
			return -1;
		*write = false;
		if (broken.id != E_NONE)
			return 0;
		broken = *e;
	}
}

static int sweep_all(struct db *d, const struct sweep *s, struct judge *j, int64_t swept_at, struct mark *mark, struct err *e)
{
	struct walk *batch[BATCH];
	int64_t at = mark->at;
	int nbatch = 0;

	for (int i = 0, k; i < s->n; i = k) {
		struct walk *w;
		bool write;

		for (k = i; k < s->n && s->stirs[k].customer_id == s->stirs[i].customer_id; k++)
			;
		if (sweep_one(j, &w, s, s->stirs + i, k - i, swept_at, at, &write, e) != 0)
			return -1;
		if (write)
			batch[nbatch++] = w;
		if (nbatch < BATCH && arena_used(j->a) < BATCH_BYTES && k < s->n)
			continue;
		if (keep(d, batch, nbatch, at, k == s->n ? mark : NULL, e) != 0)
			return -1;
		nbatch = 0;
		judge_end(j);
		arena_reset(j->a);
	}
	return 0;
}

int promise_sweep(struct db *d, const struct promise_book *b, int64_t at, bool *more, struct err *e)
{
	struct arena *list = arena_begin(SCRATCH_BYTES), *a = arena_begin(SCRATCH_BYTES), *scratch = arena_begin(SCRATCH_BYTES);
	struct sweep s = { .a = list };
	struct judge j = { .naccepted = 0 };
	struct mark mark;
	int64_t swept_at, first, *moments;
	int nmoments, rc = -1;

	if (db_read_begin(d, &s.c, e) != 0 || store_promise_mark(s.c, &swept_at, &mark.event_id, e) != 0)
		goto out;
	first = mark.event_id;
	*more = false;
	if (at <= swept_at) {
		rc = 0;
		goto out;
	}
	if (store_probe_moments(s.c, list, swept_at, at, SWEEP_PROBES, &moments, &nmoments, e) != 0)
		goto out;
	if (nmoments == SWEEP_PROBES && moments[nmoments - 1] < at) {
		at = moments[nmoments - 1];
		*more = true;
	}
	mark.at = at;
	mark.probes = NULL;
	mark.set = false;
	if (store_promise_stirred(s.c, list, &mark.event_id, swept_at, at, SWEEP_EVENTS, &s.stirs, &s.n, e) != 0 ||
			probes_stir(&s, b, moments, nmoments, e) != 0)
		goto out;
	*more |= mark.event_id - first >= SWEEP_EVENTS;
	if (s.n)
		qsort(s.stirs, (size_t)s.n, sizeof *s.stirs, by_customer);
	judge_begin(&j, s.c, list, a, scratch, b);
	j.known = s.known;
	j.nknown = s.nknown;
	if (s.nknown)
		mark.probes = &s.known[s.nknown - 1];
	if (sweep_all(d, &s, &j, swept_at, &mark, e) != 0)
		goto out;
	db_read_end(s.c);
	s.c = NULL;
	/* Nothing happened: the old mark is as good, and saves a write every few seconds. */
	rc = mark.set || (s.n == 0 && at - swept_at < MOMENT_MINUTE) ? 0 : db_write(d, mark_job, &mark, e);
out:
	judge_end(&j);
	db_read_end(s.c);
	arena_end(list);
	arena_end(a);
	arena_end(scratch);
	return rc;
}
