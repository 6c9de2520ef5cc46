#include "core/statement.h"
#include <stdlib.h>
#include "base/moment.h"
#include "base/text.h"

#define VERSION 1
static const char *const grant_names[] = { "month", "rolled", "late", "bought", "borrowed" };

const char *bank_grant_name(enum bank_grant_kind k) { return grant_names[k]; }

void statement_make(struct arena *a, const struct bank_month *m, const struct time_entry *rows, int nrows, struct statement *s)
{
	struct statement_entry *list = ARENA_ARRAY(a, struct statement_entry, m->nsettled + 1);

	s->month = m->month;
	s->granted = m->granted;
	s->drawn = m->drawn;
	s->remaining = m->remaining;
	s->over = m->over;
	s->unagreed = m->unagreed;
	s->to_ask = m->to_ask;
	s->unrepaid = m->unrepaid;
	s->bought_ore = m->bought_ore;
	s->driving = m->driving;
	s->fee_ore = m->fee_ore;
	s->lines_ore = m->lines_ore;
	s->grants = m->grants;
	s->ngrants = m->ngrants;
	s->lines = m->lines;
	s->nlines = m->nlines;
	s->fees_told = true;
	s->fees = m->fees;
	s->nfees = m->nfees;
	s->after = m->after;
	for (int i = 0; i < m->nsettled; i++) {
		const struct bank_settled *b = &m->settled[i];
		const struct time_entry *t = NULL;

		for (int j = 0; j < nrows && !t; j++)
			if (rows[j].id == b->entry->id)
				t = &rows[j];
		list[i] = (struct statement_entry){
			.id = b->entry->id, .person_id = b->entry->person_id, .ticket_id = b->entry->ticket_id, .started_at = b->entry->started_at,
			.ticket_number = t ? t->ticket_number : 0, .person = t ? t->person_name : "", .subject = t ? t->ticket_subject : "",
			.note = t ? t->note : "", .activity = b->entry->activity, .day = b->entry->day, .late = b->entry->late,
			.no_bank = !b->span,
			.trip_customers = b->entry->trip_customers, .trip_part = b->entry->trip_part, .drive_whole = b->drive_whole,
			.minutes = b->entry->minutes, .bill = b->bill, .drawn = b->drawn, .over = b->over, .included = b->included,
			.internal = b->internal, .drive = b->drive, .drive_free = b->drive_free, .drive_bill = b->drive_bill,
			.drive_drawn = b->drive_drawn, .drive_invoiced = b->drive_invoiced, .hourly_ore = b->hourly_ore, .balance = b->balance,
		};
	}
	s->entries = list;
	s->nentries = m->nsettled;
}

static void put(json_t *o, const char *key, int64_t v) { json_object_set_new(o, key, json_integer(v)); }
static void put_text(json_t *o, const char *key, const char *v) { json_object_set_new(o, key, json_string(v ? v : "")); }

static json_t *debt_json(const struct bank_state *s)
{
	json_t *list = json_array();

	for (int i = 0; i < s->ndebt; i++)
		json_array_append_new(list, json_pack("{s:I,s:I}", "minutes", (json_int_t)s->debt[i].minutes, "hourly_ore", (json_int_t)s->debt[i].hourly_ore));
	return list;
}

static json_t *kept_json(const struct bank_kept *k, int n)
{
	json_t *list = json_array();

	for (int i = 0; i < n; i++) {
		json_t *o = json_object();

		put(o, "origin_month", k[i].origin_month);
		put(o, "expires_month", k[i].expires_month);
		put(o, "from_day", k[i].from_day);
		put(o, "to_day", k[i].to_day);
		put(o, "purchase_id", k[i].purchase_id);
		put(o, "minutes", k[i].minutes);
		json_array_append_new(list, o);
	}
	return list;
}

/* Every number of an entry by name, once, for writing and reading alike. */
static const struct { const char *key; size_t at; } entry_numbers[] = {
#define N(f) { #f, offsetof(struct statement_entry, f) }
	N(id), N(person_id), N(ticket_id), N(ticket_number), N(started_at), N(minutes), N(bill), N(drawn), N(over), N(included), N(internal), N(drive),
	N(drive_whole), N(trip_customers), N(trip_part), N(drive_free), N(drive_bill), N(drive_drawn), N(drive_invoiced), N(hourly_ore), N(balance),
#undef N
};
static const struct { const char *key; size_t at; } head_numbers[] = {
#define N(f) { #f, offsetof(struct statement, f) }
	N(customer_id), N(agreement_id), N(granted), N(drawn), N(remaining), N(over), N(unagreed), N(to_ask), N(unrepaid), N(bought_ore), N(driving), N(fee_ore), N(lines_ore),
#undef N
};
#define COUNT(list) (sizeof (list) / sizeof *(list))

static json_t *terms_json(const struct bank_terms *t)
{
	return json_pack("{s:i,s:I,s:I,s:i,s:i,s:i,s:i,s:i,s:i,s:b,s:b,s:b,s:b,s:b,s:b,s:b,s:i}", "month_minutes", t->month_minutes, "monthly_ore",
		(json_int_t)t->monthly_ore, "hourly_ore", (json_int_t)t->hourly_ore, "step", t->step, "min", t->min, "phone_step", t->phone_step,
		"rollover_months", t->rollover_months, "rollover_max", t->rollover_max, "driving_free", t->driving_free,
		"driving_each_way", t->driving_each_way, "driving_from_bank", t->driving_from_bank, "proration", t->proration,
		"stop_and_ask", t->stop_and_ask, "late_current_only", t->late_current_only, "time_visible", t->time_visible,
		"join_day", t->join_day, "borrow_percent", t->borrow_percent);
}

char *statement_text(struct arena *a, const struct statement *s)
{
	json_t *o = json_object(), *list, *v;
	char *text, *kept;

	put(o, "version", VERSION);
	put_text(o, "month", month_iso(a, s->month));
	put_text(o, "customer", s->customer);
	for (size_t i = 0; i < COUNT(head_numbers); i++)
		put(o, head_numbers[i].key, *(const int64_t *)((const char *)s + head_numbers[i].at));
	json_object_set_new(o, "terms", terms_json(&s->terms));
	json_object_set_new(o, "grants", list = json_array());
	for (int i = 0; i < s->ngrants; i++) {
		json_array_append_new(list, v = json_object());
		put_text(v, "kind", grant_names[s->grants[i].kind]);
		put(v, "origin_month", s->grants[i].origin_month);
		put(v, "expires_month", s->grants[i].expires_month);
		put(v, "from_day", s->grants[i].from_day);
		put(v, "to_day", s->grants[i].to_day);
		put(v, "purchase_id", s->grants[i].purchase_id);
		put(v, "price_ore", s->grants[i].price_ore);
		put(v, "repaid", s->grants[i].repaid);
		put(v, "granted", s->grants[i].granted);
		put(v, "drawn", s->grants[i].drawn);
		put(v, "expired", s->grants[i].expired);
		put(v, "left", s->grants[i].left);
	}
	json_object_set_new(o, "lines", list = json_array());
	for (int i = 0; i < s->nlines; i++) {
		json_array_append_new(list, v = json_object());
		put_text(v, "kind", bank_line_name(s->lines[i].kind));
		put_text(v, "why", bank_why_name(s->lines[i].why));
		put(v, "hourly_ore", s->lines[i].hourly_ore);
		put(v, "minutes", s->lines[i].minutes);
		put(v, "amount_ore", s->lines[i].amount_ore);
	}
	if (s->fees_told)
		json_object_set_new(o, "fees", list = json_array());
	for (int i = 0; s->fees_told && i < s->nfees; i++)
		json_array_append_new(list, json_pack("{s:s,s:I}", "service", s->fees[i].service, "amount_ore", (json_int_t)s->fees[i].amount_ore));
	json_object_set_new(o, "entries", list = json_array());
	for (int i = 0; i < s->nentries; i++) {
		const struct statement_entry *n = &s->entries[i];

		json_array_append_new(list, v = json_object());
		for (size_t j = 0; j < COUNT(entry_numbers); j++)
			put(v, entry_numbers[j].key, *(const int64_t *)((const char *)n + entry_numbers[j].at));
		put(v, "day", n->day);
		put_text(v, "activity", activity_name(n->activity));
		put_text(v, "person", n->person);
		put_text(v, "subject", n->subject);
		put_text(v, "note", n->note);
		json_object_set_new(v, "late", json_boolean(n->late));
		json_object_set_new(v, "no_bank", json_boolean(n->no_bank));
	}
	json_object_set_new(o, "rolled", kept_json(s->after.rolled, s->after.nrolled));
	json_object_set_new(o, "lapsed", kept_json(s->after.lapsed, s->after.nlapsed));
	json_object_set_new(o, "debt", debt_json(&s->after));
	text = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS);
	kept = arena_dup(a, text ? text : "{}");
	free(text);
	json_decref(o);
	return kept;
}

static int64_t number(const json_t *o, const char *key) { return json_integer_value(json_object_get(o, key)); }
/* What was kept before a field existed is read as what it meant then. */
static int64_t number_or(const json_t *o, const char *key, int64_t then) { return json_object_get(o, key) ? number(o, key) : then; }
static bool flag(const json_t *o, const char *key) { return json_is_true(json_object_get(o, key)); }

static const char *text_of(struct arena *a, const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? arena_dup(a, s) : "";
}

static const struct bank_kept *kept_of(struct arena *a, const json_t *list, int *n)
{
	struct bank_kept *k = ARENA_ARRAY(a, struct bank_kept, json_array_size(list) + 1);

	*n = (int)json_array_size(list);
	for (int i = 0; i < *n; i++) {
		const json_t *o = json_array_get(list, (size_t)i);

		k[i] = (struct bank_kept){ .origin_month = (int32_t)number(o, "origin_month"), .expires_month = (int32_t)number(o, "expires_month"),
			.purchase_id = number(o, "purchase_id"), .minutes = number(o, "minutes") };
		k[i].from_day = (int32_t)number_or(o, "from_day", month_first_day(k[i].origin_month));
		k[i].to_day = (int32_t)number_or(o, "to_day", month_first_day(k[i].expires_month + 1) - 1);
	}
	return k;
}

static const struct bank_debt *debt_of(struct arena *a, const json_t *list, int *n)
{
	struct bank_debt *d = ARENA_ARRAY(a, struct bank_debt, json_array_size(list) + 1);

	*n = (int)json_array_size(list);
	for (int i = 0; i < *n; i++)
		d[i] = (struct bank_debt){ number(json_array_get(list, (size_t)i), "minutes"), number(json_array_get(list, (size_t)i), "hourly_ore") };
	return d;
}

static void terms_of(const json_t *o, struct bank_terms *t)
{
	*t = (struct bank_terms){
		.month_minutes = (int)number(o, "month_minutes"), .monthly_ore = number(o, "monthly_ore"), .hourly_ore = number(o, "hourly_ore"),
		.step = (int)number(o, "step"), .min = (int)number(o, "min"), .phone_step = (int)number(o, "phone_step"),
		.rollover_months = (int)number(o, "rollover_months"), .rollover_max = (int)number(o, "rollover_max"),
		.driving_free = (int)number(o, "driving_free"), .driving_each_way = flag(o, "driving_each_way"),
		.driving_from_bank = flag(o, "driving_from_bank"), .proration = flag(o, "proration"), .stop_and_ask = flag(o, "stop_and_ask"),
		.late_current_only = flag(o, "late_current_only"), .time_visible = flag(o, "time_visible"), .join_day = flag(o, "join_day"),
		.borrow_percent = (int)number(o, "borrow_percent"),
	};
}

static void entries_of(struct arena *a, const json_t *list, struct statement *s)
{
	struct statement_entry *n = ARENA_ARRAY(a, struct statement_entry, json_array_size(list) + 1);

	s->nentries = (int)json_array_size(list);
	s->entries = n;
	for (int i = 0; i < s->nentries; i++) {
		const json_t *o = json_array_get(list, (size_t)i);
		int v = activity_by_name(json_string_value(json_object_get(o, "activity")));

		for (size_t j = 0; j < COUNT(entry_numbers); j++)
			*(int64_t *)((char *)&n[i] + entry_numbers[j].at) = number(o, entry_numbers[j].key);
		n[i].drive_whole = number_or(o, "drive_whole", n[i].drive);
		n[i].trip_customers = number_or(o, "trip_customers", 1);
		n[i].trip_part = number_or(o, "trip_part", 1);
		n[i].day = (int32_t)number(o, "day");
		n[i].activity = v < 0 ? ACTIVITY_TASK : (enum activity)v;
		n[i].person = text_of(a, o, "person");
		n[i].subject = text_of(a, o, "subject");
		n[i].note = text_of(a, o, "note");
		n[i].late = flag(o, "late");
		n[i].no_bank = json_object_get(o, "no_bank") ? flag(o, "no_bank") : s->agreement_id == 0;
	}
}

static void grants_of(struct arena *a, const json_t *o, struct statement *s)
{
	const json_t *grants = json_object_get(o, "grants"), *lines = json_object_get(o, "lines"), *v;
	struct bank_grant *g = ARENA_ARRAY(a, struct bank_grant, json_array_size(grants) + 1);
	struct bank_line *l = ARENA_ARRAY(a, struct bank_line, json_array_size(lines) + 1);

	s->grants = g;
	s->ngrants = (int)json_array_size(grants);
	for (int i = 0; i < s->ngrants; i++) {
		const char *kind;

		v = json_array_get(grants, (size_t)i);
		kind = json_string_value(json_object_get(v, "kind"));
		g[i] = (struct bank_grant){ .origin_month = (int32_t)number(v, "origin_month"), .expires_month = (int32_t)number(v, "expires_month"),
			.from_day = (int32_t)number(v, "from_day"), .purchase_id = number(v, "purchase_id"), .price_ore = number(v, "price_ore"),
			.repaid = number(v, "repaid"), .granted = number(v, "granted"), .drawn = number(v, "drawn"), .expired = number(v, "expired"),
			.left = number(v, "left") };
		if (!json_object_get(v, "to_day") && text_eq(kind, "rolled"))
			g[i].from_day = month_first_day(g[i].origin_month);
		g[i].to_day = (int32_t)number_or(v, "to_day", month_first_day(g[i].expires_month + 1) - 1);
		for (int k = 0; k < BANK_GRANT__N; k++)
			if (text_eq(kind, grant_names[k]))
				g[i].kind = (enum bank_grant_kind)k;
	}
	s->lines = l;
	s->nlines = (int)json_array_size(lines);
	for (int i = 0; i < s->nlines; i++) {
		v = json_array_get(lines, (size_t)i);
		l[i] = (struct bank_line){ .hourly_ore = number(v, "hourly_ore"), .minutes = number(v, "minutes"), .amount_ore = number(v, "amount_ore") };
		l[i].kind = text_eq(json_string_value(json_object_get(v, "kind")), "driving") ? BANK_LINE_DRIVING : BANK_LINE_OVERUSE;
		l[i].why = l[i].kind == BANK_LINE_DRIVING ? BANK_WHY_DRIVING : number(o, "agreement_id") ? BANK_WHY_USED_UP : BANK_WHY_NO_BANK;
		for (int k = 0; k < BANK_WHY__N; k++)           /* what was kept before a line said why has no such word */
			if (text_eq(json_string_value(json_object_get(v, "why")), bank_why_name((enum bank_why)k)))
				l[i].why = (enum bank_why)k;
	}
}

static void fees_of(struct arena *a, const json_t *list, struct statement *s)
{
	struct bank_fee *f = ARENA_ARRAY(a, struct bank_fee, json_array_size(list) + 1);

	s->fees_told = json_is_array(list);
	s->fees = f;
	s->nfees = (int)json_array_size(list);
	for (int i = 0; i < s->nfees; i++)
		f[i] = (struct bank_fee){ text_of(a, json_array_get(list, (size_t)i), "service"), number(json_array_get(list, (size_t)i), "amount_ore") };
}

int statement_parse(struct arena *a, const char *text, struct statement *s, struct err *e)
{
	json_error_t je;
	json_t *o = json_loads(text, JSON_REJECT_DUPLICATES, &je);
	const char *month = json_string_value(json_object_get(o, "month"));
	struct statement got = { 0 };
	int rc = -1;

	if (number(o, "version") != VERSION || !month || month_parse(month, "month", &got.month, e) != 0) {
		FAIL(e, E_CHAIN_BROKEN, "a closed month's statement cannot be read: %.80s", o ? "its version or month" : je.text);
		goto out;
	}
	got.customer = text_of(a, o, "customer");
	for (size_t i = 0; i < COUNT(head_numbers); i++)
		*(int64_t *)((char *)&got + head_numbers[i].at) = number(o, head_numbers[i].key);
	terms_of(json_object_get(o, "terms"), &got.terms);
	got.unagreed = number_or(o, "unagreed", got.agreement_id ? 0 : got.over);
	got.to_ask = number_or(o, "to_ask", got.terms.stop_and_ask ? got.over : 0);
	grants_of(a, o, &got);
	fees_of(a, json_object_get(o, "fees"), &got);
	entries_of(a, json_object_get(o, "entries"), &got);
	got.after.rolled = kept_of(a, json_object_get(o, "rolled"), &got.after.nrolled);
	got.after.debt = debt_of(a, json_object_get(o, "debt"), &got.after.ndebt);
	got.after.lapsed = kept_of(a, json_object_get(o, "lapsed"), &got.after.nlapsed);
	*s = got;
	rc = 0;
out:
	json_decref(o);
	return rc;
}

/* Past one value of JSON; NULL when it does not end. What is inside it is not looked at. */
static const char *value_end(const char *s)
{
	int depth = 0;

	for (; *s; s++) {
		if (*s == '"') {
			for (s++; *s && *s != '"'; s++)
				if (*s == '\\' && s[1])
					s++;
			if (!*s)
				return NULL;
			if (depth == 0)
				return s + 1;
		} else if (*s == '{' || *s == '[') {
			depth++;
		} else if (depth && (*s == '}' || *s == ']')) {
			if (--depth == 0)
				return s + 1;
		} else if (depth == 0 && strchr(",}] \t\r\n", *s)) {
			return s;               /* a number or a word */
		}
	}
	return NULL;
}

/* Reads the members of the outermost object that are asked for, each alone. False: it is no whole object. */
static bool members(const char *s, const char *const *keys, json_t **out, int n)
{
	static const char blank[] = " \t\r\n";
	const char *name, *end;

	s += strspn(s, blank);
	do {
		if (*s != '{' && *s != ',')
			return false;
		s++;
		s += strspn(s, blank);
		name = s;
		end = *s == '"' ? value_end(s) : NULL;
		if (!end)
			return false;
		s = end + strspn(end, blank);
		if (*s++ != ':')
			return false;
		s += strspn(s, blank);
		end = value_end(s);
		if (!end)
			return false;
		for (int i = 0; i < n; i++)
			if (!out[i] && strncmp(name + 1, keys[i], strlen(keys[i])) == 0 && name[strlen(keys[i]) + 1] == '"')
				out[i] = json_loadb(s, (size_t)(end - s), JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
		s = end + strspn(end, blank);
	} while (*s != '}');
	s++;
	return !s[strspn(s, blank)];
}

int statement_after(struct arena *a, const char *text, struct bank_state *out, struct err *e)
{
	static const char *const keys[] = { "version", "rolled", "lapsed", "debt" };
	json_t *v[COUNT(keys)] = { NULL };
	int rc = -1;

	if (!members(text, keys, v, COUNT(keys)) || json_integer_value(v[0]) != VERSION) {
		FAIL(e, E_CHAIN_BROKEN, "a closed month's statement cannot be read");
	} else {
		out->rolled = kept_of(a, v[1], &out->nrolled);
		out->lapsed = kept_of(a, v[2], &out->nlapsed);
		out->debt = debt_of(a, v[3], &out->ndebt);
		rc = 0;
	}
	for (size_t i = 0; i < COUNT(keys); i++)
		json_decref(v[i]);
	return rc;
}

int64_t statement_left(const struct statement *s, int32_t today)
{
	int64_t left = s->remaining;

	for (int i = 0; i < s->ngrants && !s->closed && today <= month_first_day(s->month + 1) - 1; i++)
		if (s->grants[i].to_day < today)
			left -= s->grants[i].granted - s->grants[i].drawn;
	return left;
}

void statement_days(const struct statement *s, int64_t *by_day)
{
	int32_t first = month_first_day(s->month);
	int days = month_days(s->month);

	for (int d = 0; d < days; d++) {
		by_day[d] = 0;
		for (int i = 0; i < s->nentries; i++) {
			int32_t day = s->entries[i].late ? first : s->entries[i].day;   /* late time was there from the start */

			if (day <= first + d)
				by_day[d] += s->entries[i].drawn + s->entries[i].drive_drawn + s->entries[i].over;
		}
	}
}
