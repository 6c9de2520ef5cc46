/* What the accounts of hours say about the three promises: figures in, state and reasons out. */
#include "base/moment.h"
#include "core/proof.h"
#include "services/service-agreement/proofs.h"
#include <inttypes.h>

static bool differs(const int64_t v[2])
{
	return v[0] != v[1];
}

static const char *short_hash(struct arena *a, const char *sha256)
{
	return arena_printf(a, "%.4s %.4s", sha256, sha256 + 4);
}

static void month_line(struct proof *p, struct arena *a, const struct account_month *m, const char *da, const char *en)
{
	proof_evidence(p, a, m->closed_at, arena_printf(a, "hours/%s", month_iso(a, m->month)),
		arena_printf(a, "Opgørelsen for %s: %s (%s)", proof_month(a, LANG_DA, m->month), da, short_hash(a, m->sha256)),
		arena_printf(a, "The statement for %s: %s (%s)", proof_month(a, LANG_EN, m->month), en, short_hash(a, m->sha256)));
}

/* One reason for each closed month that does not add up; how many. */
static int wrong_months(struct proof *p, struct arena *a, const struct account *k, bool (*wrong)(const struct account_month *m))
{
	int n = 0;

	for (int i = 0; i < k->nclosed; i++) {
		const struct account_month *m = &k->closed[i];
		bool bad = !m->text_right || wrong(m);

		n += bad;
		if (bad)
			proof_reason(p, a, arena_printf(a, !m->text_right ? "Opgørelsen for %s er ændret, efter at den blev lukket." :
				"Opgørelsen for %s stemmer ikke, når den regnes igen.", proof_month(a, LANG_DA, m->month)),
				arena_printf(a, !m->text_right ? "The statement for %s was changed after it was closed." :
				"The statement for %s does not add up when it is settled again.", proof_month(a, LANG_EN, m->month)));
		month_line(p, a, m, bad ? "stemmer ikke" : "stemmer, regnet igen", bad ? "does not add up" : "adds up, settled again");
	}
	return n;
}

static bool fee_wrong(const struct account_month *m) { return differs(m->fee_ore); }
static bool bank_wrong(const struct account_month *m) { return differs(m->granted) || differs(m->drawn) || differs(m->over_ore); }
static bool drive_wrong(const struct account_month *m)
{
	return differs(m->drive) || differs(m->drive_free) || differs(m->drive_bill) || differs(m->drive_ore);
}

void account_judge_fixed(struct arena *a, const struct account *k, int64_t at, struct proof *out)
{
	int32_t now = month_of(at), last = k->nclosed ? k->closed[0].month : k->first_month - 1;
	int64_t close_by = day_start(month_first_day(now) + SERVICE_AGREEMENT_CLOSE_DAYS);
	int wrong;

	proof_begin(out, PROMISE_KEPT);
	proof_check(out, month_start(now + 1));
	wrong = wrong_months(out, a, k, fee_wrong);
	if (wrong) {
		out->state = PROMISE_BROKEN;
	} else if (last < now - 1 && (at >= close_by || last < now - 2)) {
		out->state = PROMISE_BLIND;
		proof_reason(out, a, arena_printf(a, "%s er slut, men ikke lukket, så beløbet er ikke opgjort.", proof_month(a, LANG_DA, last + 1)),
			arena_printf(a, "%s is over but not closed, so the amount has not been settled.", proof_month(a, LANG_EN, last + 1)));
	} else {
		if (last < now - 1)
			proof_check(out, close_by);
		if (k->nclosed == 0)
			out->state = PROMISE_NOT_DUE;
	}
	if (k->nclosed)
		proof_reason(out, a, arena_printf(a, "Det faste beløb er %s om måneden. %d af %d lukkede opgørelser har netop det beløb, som aftalen siger.",
			proof_money(a, LANG_DA, k->monthly_ore), k->nclosed - wrong, k->nclosed), arena_printf(a,
			"The fixed amount is %s a month. %d of %d closed statements have exactly the amount the agreement says.", proof_money(a, LANG_EN, k->monthly_ore),
			k->nclosed - wrong, k->nclosed));
	else
		proof_reason(out, a, arena_printf(a, "Det faste beløb er %s om måneden. Ingen måned er opgjort endnu.", proof_money(a, LANG_DA, k->monthly_ore)),
			arena_printf(a, "The fixed amount is %s a month. No month has been settled yet.", proof_money(a, LANG_EN, k->monthly_ore)));
	proof_reason(out, a, "Selve betalingen måles ikke her; der måles på de lukkede opgørelser.",
		"The payment itself is not measured here; the closed statements are.");
}

void account_judge_bank(struct arena *a, const struct account *k, int64_t at, struct proof *out)
{
	int32_t now = month_of(at);
	int wrong;

	proof_begin(out, PROMISE_KEPT);
	proof_check(out, month_start(now + 1));
	wrong = wrong_months(out, a, k, bank_wrong);
	if (wrong)
		out->state = PROMISE_BROKEN;
	else if (k->granted == 0)
		out->state = PROMISE_NOT_DUE;
	proof_reason(out, a, arena_printf(a, "%s: %s timer til rådighed, %s brugt, %s tilbage%s%s.", proof_month(a, LANG_DA, now), proof_minutes(a, k->granted),
		proof_minutes(a, k->drawn), proof_minutes(a, k->remaining), k->over ? ", ud over timerne " : "", k->over ? proof_minutes(a, k->over) : ""),
		arena_printf(a, "%s: %s hours at your disposal, %s used, %s left%s%s.", proof_month(a, LANG_EN, now), proof_minutes(a, k->granted),
		proof_minutes(a, k->drawn), proof_minutes(a, k->remaining), k->over ? ", beyond the hours " : "", k->over ? proof_minutes(a, k->over) : ""));
	if (k->nclosed)
		proof_reason(out, a, arena_printf(a, "%d af %d lukkede opgørelser giver det samme, når de regnes igen fra registreringerne.", k->nclosed - wrong, k->nclosed),
			arena_printf(a, "%d of %d closed statements give the same when settled again from the entries.", k->nclosed - wrong, k->nclosed));
}

void account_judge_driving(struct arena *a, const struct account *k, int64_t at, struct proof *out)
{
	int32_t now = month_of(at);
	int visits = k->visits, wrong;

	proof_begin(out, PROMISE_KEPT);
	proof_check(out, month_start(now + 1));
	wrong = wrong_months(out, a, k, drive_wrong);
	for (int i = 0; i < k->nclosed; i++)
		visits += k->closed[i].visits;
	if (wrong)
		out->state = PROMISE_BROKEN;
	else if (visits == 0)
		out->state = PROMISE_NOT_DUE;
	proof_reason(out, a, k->visits ? arena_printf(a, "%d besøg med kørsel i %s: %s kørt, %s uden betaling, %s til timeprisen.", k->visits,
		proof_month(a, LANG_DA, now), proof_minutes(a, k->drive), proof_minutes(a, k->drive_free), proof_minutes(a, k->drive_bill)) :
		arena_printf(a, "Ingen besøg med kørsel i %s.", proof_month(a, LANG_DA, now)),
		k->visits ? arena_printf(a, "%d %s with driving in %s: %s driven, %s free, %s at the hourly price.", k->visits, k->visits == 1 ? "visit" : "visits",
		proof_month(a, LANG_EN, now), proof_minutes(a, k->drive), proof_minutes(a, k->drive_free), proof_minutes(a, k->drive_bill)) :
		arena_printf(a, "No visits with driving in %s.", proof_month(a, LANG_EN, now)));
	proof_reason(out, a, arena_printf(a, "Aftalt: de første %d minutter koster ikke noget; resten koster %s i timen.", k->driving_free,
		proof_money(a, LANG_DA, k->hourly_ore)), arena_printf(a, "Agreed: the first %d minutes cost nothing; the rest costs %s an hour.", k->driving_free,
		proof_money(a, LANG_EN, k->hourly_ore)));
}
