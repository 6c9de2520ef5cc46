/* What the pages of promises share: lines measured now, groups by service, days of a strip. */
#include "base/moment.h"
#include "base/text.h"
#include "core/proof.h"
#include "pages/promise.h"
#include <inttypes.h>

struct promise_book promise_book_of(const struct web *w)
{
	return (struct promise_book){ w->app->catalogue, w->app->services, w->app->origin };
}

int promise_rank(enum promise_state s)
{
	static const int ranks[] = { [PROMISE_BROKEN] = 0, [PROMISE_AT_RISK] = 1, [PROMISE_WAITING] = 2, [PROMISE_BLIND] = 3, [PROMISE_NOT_DUE] = 4,
		[PROMISE_ATTESTED] = 5, [PROMISE_KEPT] = 6 };

	return ranks[s];
}

/* A customer's employee sees no hours: those are for who decides. */
static bool hidden(const struct web *w, const char *service)
{
	return w->who.role == ROLE_EMPLOYEE && strcmp(service, "service-agreement") == 0;
}

int promise_lines(struct web *w, int64_t customer_id, const char *service, bool evidence, struct promise_line **out, int *n, struct err *e)
{
	struct promise_book b = promise_book_of(w);
	struct promise_stand *now;
	struct promise_line *all;
	int count, kept = 0;

	if (promise_list_now(w->db, w->a, &b, customer_id, service, evidence, w->now, &now, &count, e) != 0)
		return -1;
	all = ARENA_ARRAY(w->a, struct promise_line, count + 1);
	for (int i = 0; i < count; i++) {
		const struct promise_row *held = now[i].held;
		struct promise_line *l = &all[kept];

		if (hidden(w, now[i].service->key))
			continue;
		*l = (struct promise_line){ .now = now[i], .since_at = w->now, .owner_name = "", .reason = "" };
		web_until(w, now[i].proof.check_at);
		if (!held)
			web_until(w, w->now + 1);
		if (held) {
			if (strcmp(held->state, promise_state_name(now[i].proof.state)) == 0)
				l->since_at = held->since_at;
			else
				web_until(w, w->now + 1);
			l->ticket_number = held->ticket_number;
			l->owner_name = held->owner_name ? held->owner_name : "";
		}
		kept++;
	}
	*out = all;
	*n = kept;
	return 0;
}

int promise_lines_read(struct web *w, struct promise_line *lines, int n, struct err *e)
{
	for (int i = 0; i < n; i++) {
		struct promise_line *l = &lines[i];

		if (promise_stand_read(w->a, &l->now, e) != 0)
			return -1;
		l->title = promise_title(w->a, l->now.promise, w->lang);
		l->reason = l->now.proof.nreasons ? l->now.proof.reasons[0].text[w->lang] : "";
	}
	return 0;
}

/* Worst last: what a day cannot make good again, after what only its end decides. */
static int day_rank(const char *s)
{
	static const char *const rank[] = { "none", "kept", "attested", "yours", "risk", "broken" };

	for (int i = 0; i < 6; i++)
		if (text_eq(rank[i], s))
			return i;
	return -1;
}

void promise_days_of(struct arena *a, const char **days, int n, int32_t first_day, const struct promise_row *rows, int nrows, const char *key)
{
	int64_t *begun = ARENA_ARRAY(a, int64_t, n + 1);        /* when the state that ends the day so far began */

	for (int r = 0; r < nrows; r++) {
		int from = day_of(rows[r].since_at) - first_day, to = rows[r].until_at == MOMENT_NEVER ? n - 1 : day_of(rows[r].until_at - 1) - first_day;
		int state = promise_state_by_name(rows[r].state);
		const char *s;

		if (state < 0 || (key && strcmp(rows[r].promise, key) != 0))
			continue;
		s = state == PROMISE_ATTESTED ? "attested" : ui_state_key((enum promise_state)state);
		for (int d = from < 0 ? 0 : from; d <= to && d < n; d++) {
			bool stays = day_rank(s) >= day_rank("yours"), stayed = day_rank(days[d]) >= day_rank("yours");

			if (stays ? day_rank(s) > day_rank(days[d]) : !stayed && (!days[d] || rows[r].since_at >= begun[d])) {
				days[d] = s;
				begun[d] = rows[r].since_at;
			}
		}
	}
}

/* A service's day is the worst of its promises'; one that nothing measures does not hide the others. */
static void days_join(const char **days, const char *const *more, int n)
{
	for (int d = 0; d < n; d++)
		if (day_rank(more[d]) > day_rank(days[d]))
			days[d] = more[d];
}

/* "27 days: 20 attested, 7 broken": only those on which the promise was there. Days before it are drawn as nothing. */
static const char *days_words(struct web *w, const char **days, int n)
{
	const struct { const char *s, *word; } kinds[] = { { "kept", _("kept") }, { "attested", _("attested") }, { "risk", _("at risk") },
		{ "broken", text_lower(w->a, _("Broken")) }, { "yours", w->who.role & ROLE_CUSTOMER ? _("waiting for you") : _("waiting for the customer") },
		{ "none", _("without a measurement") } };
	int count[6] = { 0 }, all = 0;
	const char *words = "";

	for (int d = 0; d < n; d++) {
		days[d] = days[d] ? days[d] : "";
		for (int k = 0; k < 6; k++)
			count[k] += strcmp(days[d], kinds[k].s) == 0;
		all += *days[d] != 0;
	}
	for (int k = 0; k < 6; k++)
		if (count[k])
			words = arena_printf(w->a, "%s%s%d %s", words, *words ? ", " : "", count[k], kinds[k].word);
	if (all == 0)
		return _("No day yet");
	return arena_printf(w->a, all == 1 ? _("%d day: %s") : _("%d days: %s"), all, words);
}

const char *const *promise_days(struct web *w, int64_t customer_id, const char *key, int n, const char **label, struct err *e)
{
	const char **days = ARENA_ARRAY(w->a, const char *, n + 1);
	struct promise_row *rows;
	int nrows;

	if (store_promise_history(w->db, w->a, customer_id, key, day_start(w->today - n + 1), 10000, &rows, &nrows, e) != 0)
		return NULL;
	promise_days_of(w->a, days, n, w->today - n + 1, rows, nrows, NULL);
	*label = days_words(w, days, n);
	return days;
}

static int by_worst(const void *x, const void *y)
{
	const struct promise_group *p = x, *q = y;

	return p->worst != q->worst ? p->worst - q->worst : p->service->number - q->service->number;
}

int promise_groups(struct web *w, int64_t customer_id, bool strips, const struct promise_group **out, int *n, int64_t count[7], struct err *e)
{
	struct promise_line *lines;
	struct promise_row *rows = NULL;
	struct promise_group *all;
	int nlines, nrows = 0, groups = 0;

	memset(count, 0, 7 * sizeof *count);
	if (promise_lines(w, customer_id, NULL, false, &lines, &nlines, e) != 0 || promise_lines_read(w, lines, nlines, e) != 0)
		return -1;
	if (strips && store_promise_history(w->db, w->a, customer_id, NULL, day_start(w->today - 29), 20000, &rows, &nrows, e) != 0)
		return -1;
	all = ARENA_ARRAY(w->a, struct promise_group, nlines + 1);
	for (int i = 0; i < nlines; i++) {
		struct promise_group *g = groups ? &all[groups - 1] : NULL;
		enum promise_state s = lines[i].now.proof.state;

		if (!g || g->service != lines[i].now.service) {
			g = &all[groups++];
			*g = (struct promise_group){ .service = lines[i].now.service, .lines = &lines[i], .worst = 6 };
		}
		g->nlines++;
		g->count[s]++;
		count[s]++;
		if (promise_rank(s) < g->worst)
			g->worst = promise_rank(s);
	}
	for (int g = 0; strips && g < groups; g++) {
		const char **days = ARENA_ARRAY(w->a, const char *, 30);

		for (int i = 0; i < all[g].nlines; i++) {
			const char **one = ARENA_ARRAY(w->a, const char *, 30);

			promise_days_of(w->a, one, 30, w->today - 29, rows, nrows, all[g].lines[i].now.promise->key);
			days_join(days, one, 30);
		}
		all[g].strip = days;
		all[g].nstrip = 30;
		all[g].strip_label = days_words(w, days, 30);
	}
	qsort(all, (size_t)groups, sizeof *all, by_worst);
	*out = all;
	*n = groups;
	return 0;
}

static const enum promise_state worst_first[] = { PROMISE_BROKEN, PROMISE_AT_RISK, PROMISE_WAITING, PROMISE_BLIND, PROMISE_NOT_DUE, PROMISE_ATTESTED,
	PROMISE_KEPT };

static const char *small_word(const struct web *w, enum promise_state s)
{
	return text_lower(w->a, ui_state_word(w, s));
}

const char *promise_legend(struct web *w, const int64_t count[7])
{
	const char *all = "";

	for (size_t i = 0; i < 7; i++)
		if (count[worst_first[i]])
			all = arena_printf(w->a, "%s%s%" PRId64 " %s", all, *all ? ", " : "", count[worst_first[i]], small_word(w, worst_first[i]));
	return all;
}

void promise_tally(struct web *w, const int64_t count[7], const char *href)
{
	struct ui_part parts[7];
	struct buf *b = &w->out;

	for (int i = 0; i < 7; i++)
		parts[i] = (struct ui_part){ ui_state_key(worst_first[i]), count[worst_first[i]] };
	ui_tally(w, parts, 7, promise_legend(w, count));
	buf_adds(b, "<ul class=\"legend\">");
	for (int i = 0; i < 7; i++) {
		enum promise_state s = worst_first[i];

		if (!count[s])
			continue;
		buf_adds(b, "<li>");
		if (href) {
			buf_adds(b, "<a href=\"");
			ui_text(w, href);
			buf_printf(b, "state=%s\">", promise_state_name(s));
		}
		buf_printf(b, "<span class=\"state\" data-s=\"%s\">", ui_state_key(s));
		ui_icon(w, ui_state_icon(s));
		buf_printf(b, " <b>%s</b> ", fmt_number(w, count[s]));
		ui_text(w, small_word(w, s));
		buf_adds(b, href ? "</span></a></li>" : "</span></li>");
	}
	buf_adds(b, "</ul>");
}

const char *promise_href(struct web *w, const char *href)
{
	bool staff = actor_is_staff(&w->who);

	if (!href)
		return NULL;
	if (text_starts(href, "tickets/"))
		return staff ? arena_printf(w->a, "/console/%s", href) : w->who.role == ROLE_EMPLOYEE ? NULL : arena_printf(w->a, "/portal/tasks/%s", href + 8);
	if (text_starts(href, PROMISE_UNREAD))
		return !staff && w->who.role == ROLE_EMPLOYEE ? NULL :
			arena_printf(w->a, staff ? "/console/agreements/%s" : "/portal/agreement/%s", href + strlen(PROMISE_UNREAD));
	if (text_starts(href, "hours/"))
		return staff ? NULL : w->who.role == ROLE_EMPLOYEE ? NULL : arena_printf(w->a, "/portal/%s", href);
	return NULL;
}

bool promise_evidence_seen(struct web *w, const struct proof_line *l)
{
	return !l->href || w->who.role != ROLE_EMPLOYEE || promise_href(w, l->href);
}

bool promise_evidence_any(struct web *w, const struct proof *p)
{
	for (int i = 0; i < p->nevidence; i++)
		if (promise_evidence_seen(w, &p->evidence[i]))
			return true;
	return false;
}

int promise_queue(struct web *w, const struct promise_row *rows, int n, const struct promise_queued **out, struct err *e)
{
	struct promise_queued *all = ARENA_ARRAY(w->a, struct promise_queued, n + 1);

	for (int i = 0; i < n; i++) {
		const struct catalogue_service *of;
		const struct promise *p = catalogue_promise(w->app->catalogue, rows[i].promise, &of);
		const struct proof_line *lines;
		int nlines;

		if (proof_lines_read(w->a, rows[i].reasons, &lines, &nlines, e) != 0)
			return -1;
		all[i] = (struct promise_queued){ &rows[i], p ? promise_title(w->a, p, w->lang) : rows[i].promise, nlines ? lines[0].text[w->lang] : "",
			nlines && lines[0].href && text_starts(lines[0].href, "tickets/") ? lines[0].href + strlen("tickets/") : NULL };
	}
	*out = all;
	return 0;
}

void promise_ledger(struct web *w, int64_t customer_id)
{
	struct promise_portal_view v = { 0 };
	struct err e;

	if (promise_groups(w, customer_id, true, &v.groups, &v.n, v.count, &e) == 0)
		promise_ledger_section(w, &v, customer_id);
}

void promise_duties(struct web *w, int64_t customer_id)
{
	struct promise_line *all, *own;
	struct err e;
	int n, count = 0;

	if (promise_lines(w, customer_id, NULL, false, &all, &n, &e) != 0)
		return;
	own = ARENA_ARRAY(w->a, struct promise_line, n + 1);
	for (int i = 0; i < n; i++)
		if (all[i].now.promise->party == PARTY_CUSTOMER)
			own[count++] = all[i];
	if (count && promise_lines_read(w, own, count, &e) == 0)
		promise_duties_section(w, own, count, customer_id);
}
