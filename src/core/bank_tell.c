#include "core/bank_tell.h"
#include <jansson.h>
#include <inttypes.h>
#include "base/moment.h"
#include "base/text.h"
#include "core/proof.h"
#include "core/tell.h"
#include "core/work.h"
#include "store/month_close.h"
#include "store/need.h"
#include "store/outbox.h"
#include "store/time_entry.h"

static const char promise[] = "service-agreement.bank";

/* ---- the words ---- */

static void notice_words(struct arena *a, const struct statement *s, int64_t left_now, int percent, const struct notice_person *to, struct outmail *m)
{
	enum lang lang = text_eq(to->lang, "en") ? LANG_EN : LANG_DA;
	const char *month = proof_month(a, lang, s->month), *drawn = proof_minutes(a, s->drawn), *granted = proof_minutes(a, s->drawn + left_now);
	const char *left = proof_minutes(a, left_now), *price = proof_money(a, lang, s->terms.hourly_ore);

	if (lang == LANG_EN) {
		m->subject = percent == 100 ? arena_printf(a, "The hours of %s are used up", month)
			: arena_printf(a, "%d %% of the hours of %s are used", percent, month);
		m->body = arena_printf(a, "Hello %s\n\n%s of the %s hours you have in %s are used. %s are left.\n\n%s\n\n"
			"Every entry is in the portal under Hours.\n", to->name, drawn, granted, month, left, s->terms.stop_and_ask
			? arena_printf(a, "When the hours are used up, we ask you before we go on. More time costs %s an hour without VAT.", price)
			: arena_printf(a, "Time beyond the hours is invoiced at %s an hour without VAT, as agreed.", price));
	} else {
		m->subject = percent == 100 ? arena_printf(a, "Timerne i %s er brugt", month)
			: arena_printf(a, "%d %% af timerne i %s er brugt", percent, month);
		m->body = arena_printf(a, "Hej %s\n\n%s af de %s timer, I har i %s, er brugt. Der er %s tilbage.\n\n%s\n\n"
			"I kan se hver registrering på portalen under Timer.\n", to->name, drawn, granted, month, left, s->terms.stop_and_ask
			? arena_printf(a, "Når timerne er brugt, spørger vi jer, før vi går videre. Mere tid koster %s i timen uden moms.", price)
			: arena_printf(a, "Tid ud over timerne faktureres til %s i timen uden moms, som aftalt.", price));
	}
}

static void ask_words(struct arena *a, const struct statement *s, enum lang lang, bool all_used, const char **title, const char **body)
{
	const char *month = proof_month(a, lang, s->month), *price = proof_money(a, lang, s->terms.hourly_ore);

	if (lang == LANG_EN) {
		*title = arena_printf(a, all_used ? "The hours of %s are used up. Shall we go on?" : "The hours of %s are nearly used up. Shall we go on?", month);
		*body = arena_printf(a, "More time in %s costs %s an hour without VAT. The agreement says that we ask first, so no more than the hours "
			"is written down before one of you has said yes.", month, price);
	} else {
		*title = arena_printf(a, all_used ? "Timerne i %s er brugt. Skal vi fortsætte?" : "Timerne i %s er næsten brugt. Skal vi fortsætte?", month);
		*body = arena_printf(a, "Mere tid i %s koster %s i timen uden moms. Aftalen siger, at vi spørger først, så der bliver ikke skrevet mere "
			"end timerne, før en af jer har sagt ja.", month, price);
	}
}

/* ---- asking ---- */

const char *bank_yes_name(enum bank_yes v)
{
	static const char *const names[] = { "not_asked", "asked", "accepted", "refused" };

	return names[v];
}

static int asked_about(struct db_conn *c, struct arena *a, int64_t customer_id, int32_t month, enum bank_yes *out, struct need *open, struct err *e)
{
	enum bank_yes v = BANK_YES_NOT_ASKED;
	struct need *list;
	int n;

	if (store_need_about(c, a, customer_id, promise, "month", month, &list, &n, e) != 0)
		return -1;
	for (int i = 0; i < n && v != BANK_YES_ACCEPTED; i++) {
		if (text_eq(list[i].answer, "yes"))
			v = BANK_YES_ACCEPTED;
		else if (!list[i].answered_at)
			v = BANK_YES_ASKED;
		else if (v == BANK_YES_NOT_ASKED)
			v = BANK_YES_REFUSED;
		if (open && !list[i].answered_at)
			*open = list[i];
	}
	*out = v;
	return 0;
}

int bank_yes_read(struct db_conn *c, struct arena *a, int64_t customer_id, int32_t month, enum bank_yes *out, struct err *e)
{
	return asked_about(c, a, customer_id, month, out, NULL, e);
}

static int need_of(struct db_conn *w, struct arena *a, const struct actor *who, const struct statement *s, int64_t now, struct need *out, struct err *e)
{
	struct need need = { .customer_id = s->customer_id, .promise = promise, .kind = "decision", .object = "month", .object_id = s->month,
		.asked_at = now, .asked_by = who->person ? who->id : 0, .answer = "" };
	const char *name, *code;

	if (store_time_customer(w, a, s->customer_id, &name, &code, e) != 0)
		return -1;
	ask_words(a, s, text_eq(code, "en") ? LANG_EN : LANG_DA, statement_left(s, day_of(now)) == 0, &need.title, &need.body);
	if (store_need_add(w, &need, e) != 0)
		return -1;
	*out = need;
	return 0;
}

static int ask_mails(struct db_conn *w, struct arena *a, const struct statement *s, const struct need *need, const char *origin, int64_t now, struct err *e)
{
	struct notice_person *people;
	int n;

	if (store_notice_people(w, a, s->customer_id, &people, &n, e) != 0)
		return -1;
	for (int i = 0; i < n; i++) {
		enum lang lang = text_eq(people[i].lang, "en") ? LANG_EN : LANG_DA;
		struct outmail m = { .created_at = now, .kind = "need", .customer_id = s->customer_id, .recipient = people[i].email, .body_html = "",
			.in_reply_to = "", .references = "", .automatic = true };
		const char *body;

		ask_words(a, s, lang, statement_left(s, day_of(now)) == 0, &m.subject, &body);
		m.body = arena_printf(a, lang == LANG_EN ? "Hello %s\n\n%s\n\n%s\n" : "Hej %s\n\n%s\n\n%s\n", people[i].name, body,
			!origin || !*origin ? lang == LANG_EN ? "You can answer in the portal, under Hours." : "I kan svare på portalen under Timer."
			: arena_printf(a, lang == LANG_EN ? "Answer here: %s/portal/needs/%" PRId64 : "Svar her: %s/portal/needs/%" PRId64, origin, need->id));
		if (outbox_add(w, a, &m, e) != 0)
			return -1;
	}
	return 0;
}

static int ask(struct db_conn *w, struct arena *a, const struct actor *who, const struct statement *s, const char *origin, int64_t now, struct err *e)
{
	enum bank_yes v;
	struct need need;

	if (asked_about(w, a, s->customer_id, s->month, &v, NULL, e) != 0)
		return -1;
	if (v != BANK_YES_NOT_ASKED)
		return 0;
	if (need_of(w, a, who, s, now, &need, e) != 0 || ask_mails(w, a, s, &need, origin, now, e) != 0)
		return -1;
	return tell_event(w, a, who, now, s->customer_id, "need", need.id, "bank.asked", json_pack("{s:s}", "month", month_iso(a, s->month)), e);
}

int bank_ask(struct db_conn *w, struct arena *a, const struct actor *who, int64_t customer_id, int32_t month, const char *origin, int64_t now,
	struct err *e)
{
	struct statement s;

	if (!actor_is_staff(who))
		return FAIL(e, E_DENIED, "the provider asks");
	if (work_statement(w, a, customer_id, month, &s, e) != 0)
		return -1;
	return s.closed || !s.terms.stop_and_ask ? 0 : ask(w, a, who, &s, origin, now, e);
}

int bank_accept(struct db_conn *w, struct arena *a, const struct actor *who, int32_t month, int64_t now, struct err *e)
{
	struct need need = { .id = 0 };
	enum bank_yes v;
	struct statement s;

	if (!(who->role & ROLE_DECIDES) || !who->customer_id)
		return FAIL(e, E_DENIED, "the customer's owners and approvers say yes");
	if (work_statement(w, a, who->customer_id, month, &s, e) != 0 || asked_about(w, a, who->customer_id, month, &v, &need, e) != 0)
		return -1;
	if (s.closed)
		return FAIL_FIELD(e, E_MONTH_CLOSED, "month", "%s", month_iso(a, month));
	if (!s.terms.stop_and_ask || month > month_of(now))
		return FAIL_FIELD(e, E_NOT_FOUND, "month", "nothing to say yes to in %s", month_iso(a, month));
	if (v == BANK_YES_ACCEPTED)
		return 0;
	if (!need.id && need_of(w, a, who, &s, now, &need, e) != 0)
		return -1;
	if (store_need_answer(w, who->customer_id, need.id, "yes", who->id, now, e) != 0)
		return -1;
	return tell_event(w, a, who, now, who->customer_id, "need", need.id, "need.answered", json_pack("{s:s,s:s}", "answer", "yes", "promise", promise), e);
}

/* ---- notices when the bank runs low ---- */

/* Each step is noted once per month; when one entry passes several, only the highest is told. */
int bank_notices(struct db_conn *w, struct arena *a, const struct actor *who, int64_t customer_id, int32_t month, const char *origin, int64_t now,
	struct err *e)
{
	static const int steps[] = { 100, 95, 80 };
	struct notice_person *people;
	struct statement s;
	int64_t left;
	int n, told = 0;

	if (work_statement(w, a, customer_id, month, &s, e) != 0 || store_notice_people(w, a, customer_id, &people, &n, e) != 0)
		return -1;
	left = statement_left(&s, day_of(now));
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		bool first;

		if (s.granted == 0 || s.drawn * 100 < (s.drawn + left) * steps[i])
			continue;
		if (store_bank_notice_add(w, customer_id, month, steps[i], now, &first, e) != 0)
			return -1;
		if (!first || told++)
			continue;
		for (int p = 0; p < n && !(steps[i] == 100 && s.terms.stop_and_ask); p++) {     /* then they are asked instead */
			struct outmail m = { .created_at = now, .kind = "bank", .customer_id = customer_id, .recipient = people[p].email, .body_html = "",
				.in_reply_to = "", .references = "", .automatic = true };

			notice_words(a, &s, left, steps[i], &people[p], &m);
			if (outbox_add(w, a, &m, e) != 0)
				return -1;
		}
		if (tell_event(w, a, who, now, customer_id, "month", month, "bank.notice", json_pack("{s:i,s:s,s:I,s:I,s:i}", "percent", steps[i],
			"month", month_iso(a, month), "drawn", (json_int_t)s.drawn, "granted", (json_int_t)s.granted, "people", n), e) != 0)
			return -1;
	}
	return s.terms.stop_and_ask && s.granted > 0 && left == 0 ? ask(w, a, who, &s, origin, now, e) : 0;
}
