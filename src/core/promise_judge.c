/* One customer's promises, asked one by one: which text and terms were accepted, what attests or proves each, and what is said when
 * an agreement cannot be read. */
#include "core/promise_judge.h"
#include "base/moment.h"
#include "base/text.h"
#include "core/catalogue_kept.h"
#include "core/proof.h"
#include "core/words.h"
#include <inttypes.h>

struct text_kept { const char *service; int version; const struct catalogue_service *text; };

void judge_begin(struct judge *j, struct db_conn *c, struct arena *t, struct arena *a, struct arena *s, const struct promise_book *b)
{
	*j = (struct judge){ .c = c, .t = t, .a = a, .s = s, .book = b };
	j->texts = ARENA_ARRAY(t, struct text_kept, JUDGE_TEXTS);
	j->proofs = ARENA_ARRAY(t, struct proof_kept, JUDGE_PROOFS);
}

void judge_end(struct judge *j)
{
	for (int i = 0; i < j->naccepted; i++)
		json_decref(j->accepted[i].terms);
	j->naccepted = 0;
}

/* The text that was accepted; the catalogue's of today when that version was never stored. */
static int text_find(struct judge *j, const char *service, int version, const struct catalogue_service **out, struct err *e)
{
	const struct catalogue_service *found = catalogue_find(j->book->catalogue, service);
	const char *text;
	struct err none = { 0 };

	for (int i = 0; i < j->ntexts; i++)
		if (j->texts[i].version == version && strcmp(j->texts[i].service, service) == 0)
			return *out = j->texts[i].text, 0;
	if (store_promise_text(j->c, j->t, service, version, &text, &none) == 0) {
		if ((!found || strcmp(found->text, text) != 0) && catalogue_kept_parse(j->book->catalogue->kept, j->t, service, text, &found, e) != 0)
			return -1;
	} else if (none.id != E_NOT_FOUND) {
		*e = none;
		return -1;
	}
	if (!found)
		return FAIL(e, E_SERVICE_UNKNOWN, "%s version %d", service, version);
	if (j->ntexts < JUDGE_TEXTS)
		j->texts[j->ntexts++] = (struct text_kept){ arena_dup(j->t, service), version, found };
	*out = found;
	return 0;
}

const struct service_promise *judge_prover(const struct promise_book *b, const char *service, const char *key)
{
	for (const struct service *const *s = b->services; *s; s++)
		if (strcmp((*s)->key, service) == 0)
			for (const struct service_promise *p = (*s)->promises; p->key; p++)
				if (strcmp(p->key, key) == 0)
					return p;
	return NULL;
}

bool judge_stops(const struct err *e)
{
	return err_kind(e->id) == ERR_RETRY || e->id == E_DB || e->id == E_DB_SCHEMA || e->id == E_OS_CALL;
}

/* The text of an item. One that cannot be read leaves its promises blind under the words of today's catalogue; a service that is in
 * neither has no words to say what was promised, and is passed over (`pedel verify` names it). */
static int item_text(struct judge *j, struct judge_item *t, struct err *e)
{
	struct err why;

	if (t->text || text_find(j, t->row.service, t->row.catalogue_version, &t->text, &why) == 0)
		return 0;
	if (judge_stops(&why))
		return *e = why, -1;
	t->trouble = why;
	t->text = catalogue_find(j->book->catalogue, t->row.service);
	return 0;
}

int judge_customer(struct judge *j, int64_t customer_id, struct err *e)
{
	struct promise_item *rows;
	int n;

	judge_end(j);
	j->customer_id = customer_id;
	j->attested_read = false;
	j->broken = (struct err){ .id = E_NONE };
	if (store_promise_items(j->c, j->a, customer_id, MOMENT_NEVER, INT32_MAX, &rows, &n, e) != 0)
		return -1;
	j->accepted = ARENA_ARRAY(j->a, struct judge_item, n + 1);
	for (int i = 0; i < n; i++)
		j->accepted[i].row = rows[i];
	j->naccepted = n;
	return 0;
}

/* When an attestation ends, as people set it: a whole day and how it is led up to, or else the moment. */
static const char *end_of(struct arena *a, enum lang l, int64_t t, const char *before_day, const char *before_moment)
{
	bool whole = t == day_start(day_of(t));

	return arena_printf(a, "%s%s", whole ? before_day : before_moment, whole ? words_day(a, l, day_of(t - 1)) : proof_moment(a, l, t));
}

static int attestation_judge(struct judge *j, const char *key, int64_t at, struct proof *out, struct err *e)
{
	const struct attestation *last = NULL;

	if (!j->attested_read && store_attestation_list(j->c, j->a, j->customer_id, NULL, MOMENT_NEVER, &j->attested, &j->nattested, e) != 0)
		return -1;
	j->attested_read = true;

	for (int i = 0; i < j->nattested; i++) {
		const struct attestation *t = &j->attested[i];

		if (t->at > at || strcmp(t->promise, key) != 0)
			continue;
		if (!last)
			last = t;
		if (t->expires_at <= at || (t->withdrawn_at && t->withdrawn_at <= at))
			continue;
		proof_begin(out, PROMISE_ATTESTED);
		proof_check(out, t->expires_at);
		out->due_at = t->expires_at;
		proof_reason(out, j->s, arena_printf(j->s, "%s har bekræftet det; det gælder %s.", t->person_name, end_of(j->s, LANG_DA, t->expires_at, "til og med ", "til ")),
			arena_printf(j->s, "%s has attested it; it holds %s.", t->person_name, end_of(j->s, LANG_EN, t->expires_at, "through ", "until ")));
		proof_evidence(out, j->s, t->at, NULL, arena_printf(j->s, "%s: %s", t->person_name, t->note), arena_printf(j->s, "%s: %s", t->person_name, t->note));
		return 0;
	}
	proof_begin(out, PROMISE_BLIND);
	if (!last)
		proof_reason(out, j->s, "Ingen har bekræftet det endnu, og ingen måling viser det.", "Nobody has attested it yet, and nothing measures it.");
	else if (last->withdrawn_at && last->withdrawn_at <= at)
		proof_reason(out, j->s, arena_printf(j->s, "Bekræftelsen fra %s blev taget tilbage %s.", last->person_name, proof_moment(j->s, LANG_DA, last->withdrawn_at)),
			arena_printf(j->s, "The attestation by %s was withdrawn %s.", last->person_name, proof_moment(j->s, LANG_EN, last->withdrawn_at)));
	else
		proof_reason(out, j->s, arena_printf(j->s, "Bekræftelsen fra %s udløb %s.", last->person_name, end_of(j->s, LANG_DA, last->expires_at, "med ", "")),
			arena_printf(j->s, "The attestation by %s ran out %s.", last->person_name, end_of(j->s, LANG_EN, last->expires_at, "with ", "")));
	return 0;
}

int judge_items(struct judge *j, int64_t at, struct judge_item ***out, int *n, struct err *e)
{
	int32_t day = day_of(at);
	struct judge_item **all = ARENA_ARRAY(j->s, struct judge_item *, j->naccepted + 1);
	int count = 0;

	for (int i = 0; i < j->naccepted; i++) {
		struct judge_item *t = &j->accepted[i];
		const struct promise_item *r = &t->row;

		if (r->accepted_at > at || r->valid_from_day > day)
			continue;
		/* Its end was written before this moment, and it has passed. An end written later had not happened yet. */
		if (r->valid_to_day < day && r->changed_at <= at)
			continue;
		if (count && strcmp(all[count - 1]->row.service, r->service) == 0)
			continue;
		if (item_text(j, t, e) != 0)
			return -1;
		if (t->text)
			all[count++] = t;
	}
	*out = all;
	*n = count;
	return 0;
}

/* The probes as they were known at a moment: from the nearest one known before it, if any. */
static int probes_read(struct judge *j, int64_t at, const struct probe_month **out, struct err *e)
{
	int from = 0, to = j->nknown;

	while (from < to) {
		int mid = (from + to) / 2;

		if (j->known[mid].at <= at)
			from = mid + 1;
		else
			to = mid;
	}
	if (from && j->known[from - 1].at == at)
		return *out = &j->known[from - 1], 0;
	*out = &j->probes;
	if (j->probes.at == at)
		return 0;
	if (from == 0)
		return store_probe_month(j->c, j->s, at, &j->probes, e);
	j->probes = j->known[from - 1];
	return store_probe_month_next(j->c, j->s, at, &j->probes, e);
}

static struct proof_kept *proof_find(struct judge *j, const struct service_promise *prover, const char *terms, int64_t at)
{
	for (int i = 0; i < j->nproofs; i++)
		if (j->proofs[i].prover == prover && j->proofs[i].at == at && strcmp(j->proofs[i].terms, terms) == 0)
			return &j->proofs[i];
	return NULL;
}

static int proof_make(struct judge *j, const struct service_promise *prover, struct proof_question *q, struct proof *out, struct err *e)
{
	if (prover->prove(q, out, e) != 0)
		return -1;
	if (out->check_at <= q->at)                     /* a proof that forgets to look ahead must not stop the sweep */
		out->check_at = q->at + 1;
	return 0;
}

/* Asks the promise's proof. */
static int live_judge(struct judge *j, struct judge_item *item, const struct service_promise *prover, int64_t at, struct promise_stand *out, struct err *e)
{
	struct proof_question q;
	struct proof_kept *kept;

	if (prover->alone && (kept = proof_find(j, prover, item->row.terms, at))) {
		out->proof = kept->proof;
		j->same = kept;
		return 0;
	}
	if (!item->terms && !(item->terms = json_loads(item->row.terms, 0, NULL)))
		return FAIL(e, E_TERM_INVALID, "%.60s", item->row.terms);
	q = (struct proof_question){ .a = j->s, .db = j->c, .customer_id = j->customer_id, .agreement_id = item->row.agreement_id, .at = at,
		.valid_from_at = day_start(item->row.valid_from_day), .terms = item->terms, .probes = &j->probes };
	if (prover->probes && probes_read(j, at, &q.probes, e) != 0)
		return -1;
	if (!prover->alone || j->nproofs == JUDGE_PROOFS || q.probes == &j->probes)
		return proof_make(j, prover, &q, &out->proof, e);
	q.a = j->t;
	if (proof_make(j, prover, &q, &out->proof, e) != 0)
		return -1;
	kept = &j->proofs[j->nproofs++];
	*kept = (struct proof_kept){ prover, at, arena_dup(j->t, item->row.terms), out->proof,
		proof_lines_text(j->t, out->proof.reasons, out->proof.nreasons), proof_lines_text(j->t, out->proof.evidence, out->proof.nevidence) };
	j->same = kept;
	return 0;
}

/* It cannot be judged, and why; asked again a day later, when the program may be another. */
static void blind_judge(struct judge *j, const struct judge_item *item, const struct err *why, int64_t at, struct proof *out)
{
	struct arena *s = j->s;
	const char *href = arena_printf(s, PROMISE_UNREAD "%" PRId64, item->row.agreement_id);
	const struct term *t = NULL;

	for (int i = 0; i < item->text->nterms && *why->field; i++)
		if (strcmp(item->text->terms[i].key, why->field) == 0)
			t = &item->text->terms[i];
	proof_begin(out, PROMISE_BLIND);
	proof_check(out, at + MOMENT_DAY);
	if (t)
		proof_reason(out, s, arena_printf(s, "Aftale %s kan ikke læses, så løftet kan ikke måles: under %s står «%s».", item->row.number, t->label[LANG_DA], why->detail),
			arena_printf(s, "Agreement %s cannot be read, so the promise cannot be measured: %s says “%s”.", item->row.number, t->label[LANG_EN], why->detail));
	else
		proof_reason(out, s, arena_printf(s, "Aftale %s kan ikke læses, så løftet kan ikke måles (%s).", item->row.number, err_name(why->id)),
			arena_printf(s, "Agreement %s cannot be read, so the promise cannot be measured (%s).", item->row.number, err_name(why->id)));
	proof_evidence(out, s, 0, href, arena_printf(s, "Aftale %s", item->row.number), arena_printf(s, "Agreement %s", item->row.number));
}

int judge_promise(struct judge *j, struct judge_item *item, const struct promise *p, int64_t at, struct promise_stand *out, struct err *e)
{
	const struct service_promise *prover = judge_prover(j->book, item->row.service, p->key);
	const struct err *known = j->broken.id != E_NONE ? &j->broken : item->trouble.id != E_NONE ? &item->trouble : NULL;
	struct err why;

	j->same = NULL;
	*out = (struct promise_stand){ .customer_id = j->customer_id, .agreement_id = item->row.agreement_id, .agreement_number = item->row.number,
		.service = item->text, .promise = p, .live = prover && prover->prove };
	if (known) {
		blind_judge(j, item, known, at, &out->proof);
		return 0;
	}
	if (!out->live)
		return attestation_judge(j, p->key, at, &out->proof, e);
	if (live_judge(j, item, prover, at, out, &why) == 0)
		return 0;
	if (judge_stops(&why))
		return *e = why, -1;
	j->same = NULL;
	blind_judge(j, item, &why, at, &out->proof);
	return 0;
}

static int by_number(const void *x, const void *y)
{
	return (*(struct judge_item *const *)x)->text->number - (*(struct judge_item *const *)y)->text->number;
}

int judge_agreed(struct judge *j, int64_t customer_id, const char *service, int64_t at, struct judge_item ***out, int *n, struct promise_stand **room,
	struct err *e)
{
	int all, count = 0, promises = 0;
	struct judge_item **items;

	if (judge_customer(j, customer_id, e) != 0 || judge_items(j, at, &items, &all, e) != 0)
		return -1;
	for (int i = 0; i < all; i++)
		if (!service || strcmp(service, items[i]->row.service) == 0) {
			promises += items[i]->text->npromises;
			items[count++] = items[i];
		}
	qsort(items, (size_t)count, sizeof *items, by_number);
	*room = ARENA_ARRAY(j->a, struct promise_stand, promises + 1);
	*out = items;
	*n = count;
	return 0;
}
