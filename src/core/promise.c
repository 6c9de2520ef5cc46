#include "core/promise.h"
#include "base/moment.h"
#include "base/text.h"
#include "core/need_tell.h"
#include "core/promise_judge.h"
#include "core/proof.h"
#include "core/tell.h"
#include "store/need.h"
#include <inttypes.h>

int promise_list_at(struct db_conn *c, struct arena *a, const struct promise_book *b, int64_t customer_id, const char *service, int64_t at,
	struct promise_stand **out, int *n, struct err *e)
{
	struct promise_stand *all;
	struct judge_item **items;
	int nitems, count = 0, rc;
	struct judge j;

	judge_begin(&j, c, a, a, a, b);
	rc = judge_agreed(&j, customer_id, service, at, &items, &nitems, &all, e);
	for (int i = 0; rc == 0 && i < nitems; i++)
		for (int k = 0; rc == 0 && k < items[i]->text->npromises; k++)
			rc = judge_promise(&j, items[i], &items[i]->text->promises[k], at, &all[count++], e);
	judge_end(&j);
	if (rc != 0)
		return -1;
	*out = all;
	*n = count;
	return 0;
}

int promise_terms(struct db_conn *c, struct arena *a, int64_t customer_id, const char *service, int64_t at, json_t **out, struct err *e)
{
	struct promise_item *rows;
	int n;

	*out = NULL;
	if (store_promise_items(c, a, customer_id, at, day_of(at), &rows, &n, e) != 0)
		return -1;
	for (int i = 0; i < n; i++)
		if (strcmp(rows[i].service, service) == 0 && (rows[i].valid_to_day >= day_of(at) || rows[i].changed_at > at)) {
			*out = json_loads(rows[i].terms, 0, NULL);
			return 0;
		}
	return 0;
}

int promise_at(struct db_conn *c, struct arena *a, const struct promise_book *b, int64_t customer_id, const char *key, int64_t at,
	struct promise_stand *out, struct err *e)
{
	struct judge_item **items;
	struct judge j;
	int nitems = 0, rc = 1;

	judge_begin(&j, c, a, a, a, b);
	if (judge_customer(&j, customer_id, e) != 0 || judge_items(&j, at, &items, &nitems, e) != 0)
		rc = -1;
	for (int i = 0; i < nitems && rc == 1; i++)
		for (int k = 0; k < items[i]->text->npromises && rc == 1; k++)
			if (strcmp(items[i]->text->promises[k].key, key) == 0)
				rc = judge_promise(&j, items[i], &items[i]->text->promises[k], at, out, e);
	judge_end(&j);
	return rc == 1 ? FAIL(e, E_PROMISE_UNKNOWN, "%s of customer %" PRId64, key, customer_id) : rc;
}

const char *promise_title(struct arena *a, const struct promise *p, enum lang lang)
{
	const char *t = p->text[lang], *end = t;
	char *line;
	size_t chars = 0, n;

	if (p->title[lang])
		return p->title[lang];
	while (*end && !((*end == '.' || *end == ':') && (end[1] == ' ' || end[1] == '\0')))
		end++;
	line = arena_dupn(a, t, (size_t)(end - t));
	if (text_chars(line) <= 90)
		return line;
	for (n = 0; line[n] && chars < 88; n++)         /* whole words only */
		chars += ((unsigned char)line[n] & 0xc0) != 0x80;
	while (n > 0 && line[n] != ' ')
		n--;
	while (n > 0 && strchr(" ,;", line[n - 1]))
		n--;
	return arena_printf(a, "%.*s\u2026", (int)n, line);
}

/* What happened to a promise of a customer, in the chain. */
int promise_event(struct db_conn *w, struct arena *a, const struct actor *who, int64_t customer_id, const char *kind, int64_t object_id, int64_t at,
	json_t *data, struct err *e)
{
	/* "promise" is the ledger's own word for what it found: everything else makes the sweep look again. */
	const char *object = strcmp(kind, "promise.state") == 0 ? "promise" : text_starts(kind, "need.") ? "need" : "attestation";

	return tell_event(w, a, who, at, customer_id, object, object_id, kind, data, e);
}

int promise_attest(struct db_conn *w, struct arena *a, const struct actor *who, int64_t customer_id, const char *key, const char *note,
	int64_t expires_at, int64_t now, int64_t *id, struct err *e)
{
	struct attestation t = { .customer_id = customer_id, .promise = key, .person_id = who->id, .person_name = who->name ? who->name : "", .at = now,
		.expires_at = expires_at, .note = note };

	if (text_check(note, "note", 2000, true, e) != 0)
		return -1;
	if (expires_at <= now)
		return FAIL_FIELD(e, E_ATTEST_EXPIRY, "expires_at", "past");
	if (expires_at > now + PROMISE_ATTEST_MAX_DAYS * MOMENT_DAY)
		return FAIL_FIELD(e, E_ATTEST_EXPIRY, "expires_at", "more than %d days", PROMISE_ATTEST_MAX_DAYS);
	if (store_attestation_add(w, &t, e) != 0)
		return -1;
	*id = t.id;
	return promise_event(w, a, who, customer_id, "attestation.given", t.id, now, json_pack("{s:s,s:I,s:s}", "promise", key, "expires_at",
		(json_int_t)expires_at, "note", note), e);
}

int promise_attest_withdraw(struct db_conn *w, struct arena *a, const struct actor *who, int64_t customer_id, const char *key, int64_t id,
	int64_t now, struct err *e)
{
	if (store_attestation_withdraw(w, customer_id, id, now, e) != 0)
		return -1;
	return promise_event(w, a, who, customer_id, "attestation.withdrawn", id, now, json_pack("{s:s}", "promise", key), e);
}

int promise_answer_need(struct db_conn *w, struct arena *a, const struct desk *d, const struct actor *who, int64_t need_id, const char *answer, struct err *e)
{
	struct need n;

	if (store_need_get(w, a, who->customer_id, need_id, &n, e) != 0)
		return -1;
	if (strcmp(n.kind, "accept") == 0)
		return FAIL_FIELD(e, E_CHOICE_INVALID, "answer", "an agreement is accepted on its own page");
	if (strcmp(n.kind, "duty") == 0 ? strcmp(answer, "done") != 0 && strcmp(answer, "call") != 0 :
			strcmp(answer, "yes") != 0 && strcmp(answer, "no") != 0 && strcmp(answer, "call") != 0)
		return FAIL_FIELD(e, E_CHOICE_INVALID, "answer", "%s", answer);
	if (store_need_answer(w, who->customer_id, need_id, answer, who->id, d->now, e) != 0 || need_tell(w, a, d, who, &n, answer, e) != 0)
		return -1;
	return promise_event(w, a, who, who->customer_id, "need.answered", need_id, d->now, json_pack("{s:s,s:s}", "answer", answer, "promise", n.promise), e);
}
