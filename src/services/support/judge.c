/* How the promises of support are judged: figures in, state and reasons out. */
#include "base/moment.h"
#include "core/proof.h"
#include "core/words.h"
#include "services/support/proofs.h"
#include <inttypes.h>

static int64_t month_end(int64_t at)
{
	return month_start(month_of(at) + 1);
}

static bool clock_missed(const struct sla_clock *c)
{
	return c->mark == SLA_MISSED || c->mark == SLA_OVERDUE;
}

static void clock_watch(struct proof *p, const struct sla_clock *c, int64_t warn_at, int64_t at, bool *near)
{
	if (c->mark != SLA_RUNNING)
		return;
	if (warn_at && warn_at <= at) {
		*near = true;
		proof_due(p, c->due_at);
	} else if (warn_at) {
		proof_check(p, warn_at);
	}
	if (c->due_at != MOMENT_NEVER)
		proof_check(p, c->due_at);
}

static void ticket_line(struct proof *p, struct arena *a, const struct help_ticket *t, const char *da, const char *en)
{
	proof_evidence(p, a, t->created_at, arena_printf(a, "tickets/%" PRId64, t->number),
		arena_printf(a, "%" PRId64 " \u00ab%s\u00bb: %s", t->number, t->subject, da),
		arena_printf(a, "%" PRId64 " \"%s\": %s", t->number, t->subject, en));
}

struct help_count { int64_t all, missed, near, unowned, near_first, unowned_first, missed_first; int target_percent; bool short_of; };   /* _first: a ticket's number */

static void share_reason(struct proof *p, struct arena *a, const struct help_count *k, int64_t at)
{
	int64_t good = k->all - k->missed;

	proof_reason(p, a, arena_printf(a, "%" PRId64 " af %" PRId64 " opgaver i %s er inden for tiden (%s); aftalt er %d\u00a0%%.", good, k->all,
		proof_month(a, LANG_DA, month_of(at)), proof_percent(a, LANG_DA, good, k->all, 1), k->target_percent),
		arena_printf(a, "%" PRId64 " of %" PRId64 " requests in %s are within their times (%s); agreed is %d\u00a0%%.", good, k->all,
		proof_month(a, LANG_EN, month_of(at)), proof_percent(a, LANG_EN, good, k->all, 1), k->target_percent));
}

/* What decides comes first: lists, the history and the front page show one line. */
static void help_reasons(struct proof *p, struct arena *a, const struct help_count *k, int64_t at)
{
	if (k->unowned) {
		proof_reason(p, a, arena_printf(a, k->unowned == 1 ? "%" PRId64 " opgave er over sin svartid, og ingen har taget den." :
			"%" PRId64 " opgaver er over deres svartid, og ingen har taget dem.", k->unowned),
			arena_printf(a, k->unowned == 1 ? "%" PRId64 " request is past its response time and nobody has taken it." :
			"%" PRId64 " requests are past their response time and nobody has taken them.", k->unowned));
		proof_reason_ticket(p, a, k->unowned_first);
	}
	if (k->short_of) {
		share_reason(p, a, k, at);
		proof_reason_ticket(p, a, k->missed_first);
	}
	if (k->near) {
		proof_reason(p, a, arena_printf(a, k->near == 1 ? "%" PRId64 " opgave er tæt på sin frist." : "%" PRId64 " opgaver er tæt på deres frist.", k->near),
			arena_printf(a, k->near == 1 ? "%" PRId64 " request is close to its deadline." : "%" PRId64 " requests are close to their deadlines.", k->near));
		proof_reason_ticket(p, a, k->near_first);
	}
	if (k->all && !k->short_of)
		share_reason(p, a, k, at);
	if (!k->all)
		proof_reason(p, a, arena_printf(a, "Ingen opgaver i %s endnu.", proof_month(a, LANG_DA, month_of(at))),
			arena_printf(a, "No requests in %s yet.", proof_month(a, LANG_EN, month_of(at))));
}

void support_judge_help(struct arena *a, const struct help_ticket *t, int n, int target_percent, int64_t at, struct proof *out)
{
	struct help_count c = { .target_percent = target_percent };
	int64_t soonest = MOMENT_NEVER;
	enum promise_state state;

	proof_begin(out, PROMISE_NOT_DUE);
	proof_check(out, month_end(at));
	for (int pass = 0; pass < 3; pass++)            /* evidence: what went wrong first, then what is near, then the rest */
		for (int i = 0; i < n; i++) {
			const struct help_ticket *k = &t[i];
			bool wrong = k->this_month && (clock_missed(&k->response) || clock_missed(&k->solution)), near = false;
			bool alone = !k->owned && k->response.mark == SLA_OVERDUE;

			if (pass == 0) {
				int64_t due;

				c.all += k->this_month;
				if (wrong && !c.missed++)
					c.missed_first = k->number;
				if (alone && !c.unowned++)
					c.unowned_first = k->number;
				clock_watch(out, &k->response, k->response_warn_at, at, &near);
				clock_watch(out, &k->solution, k->solution_warn_at, at, &near);
				c.near += near && !wrong;
				due = k->response.mark == SLA_RUNNING ? k->response.due_at : k->solution.due_at;
				if (near && !wrong && (c.near == 1 || due < soonest)) {
					soonest = due;
					c.near_first = k->number;
				}
				if (wrong || alone)
					ticket_line(out, a, k, alone ? "ingen har taget den, og svartiden er gået" :
						clock_missed(&k->response) ? "ikke besvaret i tide" : "ikke løst i tide",
						alone ? "nobody has taken it, and the response time has passed" :
						clock_missed(&k->response) ? "not answered in time" : "not solved in time");
				continue;
			}
			if (wrong || alone)
				continue;
			near = (k->response_warn_at && k->response_warn_at <= at) || (k->solution_warn_at && k->solution_warn_at <= at);
			if (pass == 1 && near)
				ticket_line(out, a, k, "tæt på sin frist", "close to its deadline");
			else if (pass == 2 && !near && k->this_month)
				ticket_line(out, a, k, "inden for tiden", "within its time");
		}
	c.short_of = c.all && (c.all - c.missed) * 100 < (int64_t)target_percent * c.all;
	if (c.unowned || c.short_of)
		state = PROMISE_BROKEN;
	else if (c.near || (c.all && c.missed && (c.all - c.missed) * 100 < (int64_t)(target_percent + SUPPORT_RISK_POINTS) * c.all))
		state = PROMISE_AT_RISK;
	else
		state = c.all ? PROMISE_KEPT : PROMISE_NOT_DUE;
	out->state = state;
	help_reasons(out, a, &c, at);
	if (state != PROMISE_AT_RISK)
		out->due_at = 0;
}

void support_judge_report(struct arena *a, int64_t entries, int64_t reported, int64_t at, struct proof *out)
{
	bool wait = entries - reported >= 2 && reported * 100 < SUPPORT_REPORT_PERCENT * entries;
	const char *da = proof_month(a, LANG_DA, month_of(at)), *en = proof_month(a, LANG_EN, month_of(at));

	proof_begin(out, entries == 0 ? PROMISE_NOT_DUE : wait ? PROMISE_WAITING : PROMISE_KEPT);
	proof_check(out, month_end(at));
	if (entries == 0) {
		proof_reason(out, a, arena_printf(a, "Intet arbejde i %s endnu.", da), arena_printf(a, "No work in %s yet.", en));
		return;
	}
	if (!wait && reported * 100 < SUPPORT_REPORT_PERCENT * entries) {       /* one alone, of few: a share would speak against the state */
		proof_reason(out, a,
			arena_printf(a, "1 af %" PRId64 " opgaver i %s begyndte uden en melding i systemet; en enkelt er i orden.", entries, da),
			arena_printf(a, "1 of %" PRId64 " pieces of work in %s began without a report in the system; a single one is allowed.", entries, en));
		return;
	}
	proof_reason(out, a,
		arena_printf(a, "%" PRId64 " af %" PRId64 " opgaver i %s begyndte med en melding i systemet (%s).", reported, entries, da,
			proof_percent(a, LANG_DA, reported, entries, 0)),
		arena_printf(a, "%" PRId64 " of %" PRId64 " pieces of work in %s began with a report in the system (%s).", reported, entries, en,
			proof_percent(a, LANG_EN, reported, entries, 0)));
	if (wait)
		proof_reason(out, a, "Det skal være mindst 80\u00a0%: meld opgaverne på portalen eller med en mail.",
			"It should be at least 80\u00a0%: report requests in the portal or by e-mail.");
}

/* "af 7 prøver", "af mindst 2.000 prøver": rounded down to one figure, so that the sentence stays the same from minute to minute. */
static const char *tries_text(struct arena *a, enum lang l, int64_t tries)
{
	int64_t step = 1;

	while (tries / step >= 10)
		step *= 10;
	return arena_printf(a, l == LANG_EN ? "of %s%s %s" : "af %s%s %s", step == 1 ? "" : l == LANG_EN ? "at least " : "mindst ",
		words_number(a, l, tries / step * step), l == LANG_EN ? tries == 1 ? "try" : "tries" : tries == 1 ? "prøve" : "prøver");
}

static void open_reason(struct proof *p, struct arena *a, const struct probe_door *d, const char *da, const char *en, int64_t target, int64_t at)
{
	proof_reason(p, a,
		arena_printf(a, "%s var åben i %s %s i %s; aftalt er %s.", da, proof_percent(a, LANG_DA, d->good, d->tries, 2), tries_text(a, LANG_DA, d->tries),
			proof_month(a, LANG_DA, month_of(at)), proof_percent(a, LANG_DA, target, 10000, 2)),
		arena_printf(a, "%s was open in %s %s in %s; agreed is %s.", en, proof_percent(a, LANG_EN, d->good, d->tries, 2), tries_text(a, LANG_EN, d->tries),
			proof_month(a, LANG_EN, month_of(at)), proof_percent(a, LANG_EN, target, 10000, 2)));
}

/* bad: how many of the latest tries failed. */
static void failed_reason(struct proof *p, struct arena *a, const char *detail, int bad, const char *da, const char *en)
{
	if (bad >= PROBE_FAILS)
		proof_reason(p, a, arena_printf(a, "%s har svigtet %s%d gange i træk: %s", da, bad == PROBE_RECENT ? "mindst " : "", bad, detail),
			arena_printf(a, "%s has failed %s%d times in a row: %s", en, bad == PROBE_RECENT ? "at least " : "", bad, detail));
	else if (bad == 1)
		proof_reason(p, a, arena_printf(a, "%s svigtede ved den seneste prøve: %s", da, detail), arena_printf(a, "%s failed at the latest try: %s", en, detail));
	else if (bad)
		proof_reason(p, a, arena_printf(a, "%s svigtede ved de seneste %d prøver: %s", da, bad, detail),
			arena_printf(a, "%s failed at the latest %d tries: %s", en, bad, detail));
}

/* One door's reasons, what decided first; returns its state. */
static enum promise_state door_judge(struct arena *a, const struct probe_door *d, const char *da, const char *en, int64_t target, int64_t at,
	struct proof *out)
{
	bool below = d->good * 10000 < target * d->tries, short_of;
	int bad = 0;

	if (d->nrecent == 0) {
		proof_reason(out, a, arena_printf(a, "%s er ikke prøvet endnu.", da), arena_printf(a, "%s has not been tried yet.", en));
		return PROMISE_BLIND;
	}
	if (at - d->recent[0].at > PROBE_SILENT_US) {
		proof_reason(out, a, arena_printf(a, "%s er ikke prøvet siden %s.", da, proof_moment(a, LANG_DA, d->recent[0].at)),
			arena_printf(a, "%s has not been tried since %s.", en, proof_moment(a, LANG_EN, d->recent[0].at)));
		return PROMISE_BLIND;
	}
	proof_check(out, d->recent[0].at + PROBE_SILENT_US + 1);
	while (bad < d->nrecent && !d->recent[bad].ok)
		bad++;
	/* A single slip in the first hours of a month is a large share of few tries: it takes as many as make a shut door. */
	short_of = below && d->tries - d->good >= PROBE_FAILS;
	if (short_of && bad < PROBE_FAILS)
		open_reason(out, a, d, da, en, target, at);
	failed_reason(out, a, d->recent[0].detail, bad, da, en);
	if (d->tries && !(short_of && bad < PROBE_FAILS))
		open_reason(out, a, d, da, en, target, at);
	if (bad >= PROBE_FAILS || short_of)
		return PROMISE_BROKEN;
	return bad > 0 || below ? PROMISE_AT_RISK : PROMISE_KEPT;
}

static int door_weight(enum promise_state s)
{
	return s == PROMISE_BROKEN ? 3 : s == PROMISE_BLIND ? 2 : s == PROMISE_AT_RISK ? 1 : 0;
}

void support_judge_open(struct arena *a, const struct probe_month *m, int64_t target_hundredths, int64_t at, struct proof *out)
{
	enum promise_state portal, mail;
	struct proof one, two;
	int p = 0, q = 0;

	proof_begin(out, PROMISE_KEPT);
	proof_check(out, month_end(at));
	proof_begin(&one, PROMISE_KEPT);
	proof_begin(&two, PROMISE_KEPT);
	portal = door_judge(a, &m->portal, "Portalen", "The portal", target_hundredths, at, &one);
	mail = door_judge(a, &m->mail, "Mailadressen", "The mail address", target_hundredths, at, &two);
	proof_check(out, one.check_at < two.check_at ? one.check_at : two.check_at);
	for (int i = 0; i < 2; i++) {                   /* the door that decides speaks first */
		const struct proof *door = (i == 0) == (door_weight(mail) > door_weight(portal)) ? &two : &one;

		for (int k = 0; k < door->nreasons; k++)
			proof_reason(out, a, door->reasons[k].text[LANG_DA], door->reasons[k].text[LANG_EN]);
	}
	out->state = portal == PROMISE_BROKEN || mail == PROMISE_BROKEN ? PROMISE_BROKEN :
		portal == PROMISE_BLIND || mail == PROMISE_BLIND ? PROMISE_BLIND :
		portal == PROMISE_AT_RISK || mail == PROMISE_AT_RISK ? PROMISE_AT_RISK : PROMISE_KEPT;
	while (out->nevidence < PROOF_LINES && (p < m->portal.nrecent || q < m->mail.nrecent)) {
		bool door = q >= m->mail.nrecent || (p < m->portal.nrecent && m->portal.recent[p].at >= m->mail.recent[q].at);
		const struct probe_result *r = door ? &m->portal.recent[p++] : &m->mail.recent[q++];

		proof_evidence(out, a, r->at, NULL,
			arena_printf(a, "%s: %s, %" PRId64 " ms%s%s", door ? "Prøveopgave på portalen" : "Prøveopgave med mail", r->ok ? "kom ind og blev taget tilbage" : "svigtede",
				r->took_ms, r->detail[0] ? ": " : "", r->detail),
			arena_printf(a, "%s: %s, %" PRId64 " ms%s%s", door ? "Test request in the portal" : "Test request by mail", r->ok ? "filed and withdrawn" : "failed",
				r->took_ms, r->detail[0] ? ": " : "", r->detail));
	}
}
