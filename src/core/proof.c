#include "core/proof.h"
#include "base/moment.h"
#include "base/text.h"
#include <inttypes.h>

static const char *const state_names[] = {
	[PROMISE_KEPT] = "kept", [PROMISE_AT_RISK] = "at_risk", [PROMISE_BROKEN] = "broken", [PROMISE_BLIND] = "blind",
	[PROMISE_ATTESTED] = "attested", [PROMISE_NOT_DUE] = "not_due", [PROMISE_WAITING] = "waiting",
};

const char *promise_state_name(enum promise_state s)
{
	return state_names[s];
}

int promise_state_by_name(const char *name)
{
	for (size_t i = 0; name && i < sizeof state_names / sizeof *state_names; i++)
		if (strcmp(state_names[i], name) == 0)
			return (int)i;
	return -1;
}

void proof_begin(struct proof *p, enum promise_state state)
{
	*p = (struct proof){ .state = state, .check_at = MOMENT_NEVER };
}

static void line_add(const struct proof_line **lines, int *n, struct arena *a, struct proof_line l)
{
	struct proof_line *all = (struct proof_line *)*lines;

	if (*n == PROOF_LINES)
		return;
	if (!all)
		*lines = all = ARENA_ARRAY(a, struct proof_line, PROOF_LINES);
	all[(*n)++] = l;
}

void proof_reason(struct proof *p, struct arena *a, const char *da, const char *en)
{
	line_add(&p->reasons, &p->nreasons, a, (struct proof_line){ .text = { [LANG_DA] = da, [LANG_EN] = en } });
}

void proof_reason_ticket(struct proof *p, struct arena *a, int64_t number)
{
	((struct proof_line *)p->reasons)[p->nreasons - 1].href = arena_printf(a, "tickets/%" PRId64, number);
}

void proof_evidence(struct proof *p, struct arena *a, int64_t at, const char *href, const char *da, const char *en)
{
	line_add(&p->evidence, &p->nevidence, a, (struct proof_line){ .text = { [LANG_DA] = da, [LANG_EN] = en }, .href = href, .at = at });
}

void proof_check(struct proof *p, int64_t at)
{
	if (at < p->check_at)
		p->check_at = at;
}

void proof_due(struct proof *p, int64_t at)
{
	if (at && (!p->due_at || at < p->due_at))
		p->due_at = at;
}

const char *proof_percent(struct arena *a, enum lang l, int64_t part, int64_t whole, int decimals)
{
	static const int scale[] = { 1, 10, 100 };
	int64_t v = whole > 0 ? part * 100 * scale[decimals] / whole : 0;

	if (decimals == 0)
		return arena_printf(a, "%" PRId64 "\u00a0%%", v);
	return arena_printf(a, "%" PRId64 "%c%0*" PRId64 "\u00a0%%", v / scale[decimals], l == LANG_DA ? ',' : '.', decimals, v % scale[decimals]);
}

const char *proof_moment(struct arena *a, enum lang l, int64_t at)
{
	struct civil c = moment_local(at);

	if (l == LANG_DA)
		return arena_printf(a, "%d.%d.%d kl. %02d.%02d", c.day, c.month, c.year, c.hour, c.minute);
	return arena_printf(a, "%d %s %d %02d:%02d", c.day, month_short(c.month), c.year, c.hour, c.minute);
}

const char *proof_month(struct arena *a, enum lang l, int32_t month)
{
	struct civil c = day_civil(month_first_day(month));

	return arena_printf(a, "%s %d", month_name(l, c.month), c.year);
}

const char *proof_minutes(struct arena *a, int64_t minutes)
{
	return arena_printf(a, "%s%" PRId64 ":%02" PRId64, minutes < 0 ? "\u2212" : "", (minutes < 0 ? -minutes : minutes) / 60,
		(minutes < 0 ? -minutes : minutes) % 60);
}

const char *proof_money(struct arena *a, enum lang l, int64_t ore)
{
	int64_t v = ore < 0 ? -ore : ore, kr = v / 100;
	char digits[24], grouped[32];
	int n = snprintf(digits, sizeof digits, "%" PRId64, kr), at = 0;

	for (int i = 0; i < n; i++) {
		if (i && (n - i) % 3 == 0)
			grouped[at++] = l == LANG_DA ? '.' : ',';
		grouped[at++] = digits[i];
	}
	grouped[at] = '\0';
	if (l == LANG_DA)
		return arena_printf(a, "%s%s,%02d kr.", ore < 0 ? "\u2212" : "", grouped, (int)(v % 100));
	return arena_printf(a, "%sDKK %s.%02d", ore < 0 ? "\u2212" : "", grouped, (int)(v % 100));
}

json_t *proof_lines_json(const struct proof_line *lines, int n)
{
	json_t *all = json_array();

	for (int i = 0; i < n; i++) {
		json_t *o = json_object();

		json_object_set_new(o, "da", json_string(lines[i].text[LANG_DA]));
		json_object_set_new(o, "en", json_string(lines[i].text[LANG_EN]));
		if (lines[i].href)
			json_object_set_new(o, "href", json_string(lines[i].href));
		if (lines[i].at)
			json_object_set_new(o, "at", json_integer(lines[i].at));
		json_array_append_new(all, o);
	}
	return all;
}

char *proof_lines_text(struct arena *a, const struct proof_line *lines, int n)
{
	json_t *all = proof_lines_json(lines, n);
	size_t bytes = json_dumpb(all, NULL, 0, JSON_COMPACT);
	char *out = arena_get(a, bytes + 1);

	json_dumpb(all, out, bytes, JSON_COMPACT);
	json_decref(all);
	return out;
}

/* ---- reading them: a page reads dozens, so exactly what proof_lines_text() writes is read, without a tree in between */

struct reading { const char *s; char *to; };    /* what is left, and where the next text goes */

static bool take(struct reading *r, char c) { return *r->s == c ? r->s++, true : false; }

static bool take_escaped(struct reading *r)
{
	static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
	const char *at = *r->s ? strchr(from, *r->s) : NULL;
	uint32_t c = 0;

	if (at) {
		*r->to++ = into[at - from];
		r->s++;
		return true;
	}
	if (!take(r, 'u'))
		return false;
	for (int i = 0; i < 4; i++, r->s++) {
		static const char hex[] = "0123456789abcdef";   /* the 0x20 makes small letters of capitals and leaves digits */
		const char *digit = *r->s ? strchr(hex, *r->s | 0x20) : NULL;

		if (!digit)
			return false;
		c = c * 16 + (uint32_t)(digit - hex);
	}
	if (c == 0 || (c >= 0xD800 && c <= 0xDFFF))
		return false;
	r->to += text_put(r->to, c);
	return true;
}

static const char *take_text(struct reading *r)
{
	const char *out = r->to;

	if (!take(r, '"'))
		return NULL;
	for (;;) {
		size_t n = strcspn(r->s, "\"\\");

		memcpy(r->to, r->s, n);
		r->to += n;
		r->s += n;
		if (!take(r, '\\'))
			break;
		if (!take_escaped(r))
			return NULL;
	}
	*r->to++ = 0;
	return take(r, '"') ? out : NULL;
}

static bool take_line(struct reading *r, struct proof_line *l)
{
	if (!take(r, '{'))
		return false;
	do {
		const char *key = take_text(r), *text;
		char *end;

		if (!key || !take(r, ':'))
			return false;
		if (strcmp(key, "at") == 0) {
			l->at = strtoll(r->s, &end, 10);
			if (end == r->s)
				return false;
			r->s = end;
			continue;
		}
		if (!(text = take_text(r)))
			return false;
		if (strcmp(key, "da") == 0)
			l->text[LANG_DA] = text;
		else if (strcmp(key, "en") == 0)
			l->text[LANG_EN] = text;
		else if (strcmp(key, "href") == 0)
			l->href = text;
	} while (take(r, ','));
	return take(r, '}');
}

int proof_lines_read(struct arena *a, const char *text, const struct proof_line **lines, int *n, struct err *e)
{
	struct reading r = { text ? text : "", arena_room(a, text ? strlen(text) + 1 : 1) };    /* no text is longer than it is written */
	struct proof_line *out = ARENA_ARRAY(a, struct proof_line, PROOF_LINES);
	int count = 0;

	if (!take(&r, '['))
		goto bad;
	if (*r.s != ']')
		do {
			if (count == PROOF_LINES)
				goto bad;
			out[count].text[LANG_DA] = out[count].text[LANG_EN] = "";
			if (!take_line(&r, &out[count++]))
				goto bad;
		} while (take(&r, ','));
	if (!take(&r, ']') || *r.s)
		goto bad;
	*lines = out;
	*n = count;
	return 0;
bad:
	return FAIL(e, E_DB, "proof lines: %.80s", text ? text : "");
}
