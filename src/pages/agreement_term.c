/* The terms of an agreement as fields of its draft: how each is written for people, and read back from what they typed. */
#include "base/buf.h"
#include "base/text.h"
#include "core/words.h"
#include "pages/agreement.h"
#include <string.h>
#include <strings.h>

/* Service hours and closed days are kept in one form; in the form they stand as the reader writes them. */
static const char *edit_hours(struct web *w, const char *kept)
{
	static const char *const days[][2] = { { "mon", "man" }, { "tue", "tir" }, { "wed", "ons" }, { "thu", "tor" }, { "fri", "fre" }, { "sat", "lør" },
		{ "sun", "søn" } };
	struct buf b;

	buf_init(&b, w->a, 4096);
	while (*kept) {
		size_t d = 0;

		while (d < 7 && (w->lang != LANG_DA || !text_starts(kept, days[d][0])))
			d++;
		if (d < 7)
			buf_adds(&b, days[d][1]);
		else
			buf_addc(&b, *kept);
		kept += d < 7 ? 3 : 1;
	}
	return buf_text(&b);
}

static const char *edit_minutes(struct web *w, int64_t n)
{
	if (n % 60 == 0 && n)
		return arena_printf(w->a, tr_n(w->lang, "%d hour", "%d hours", (int)(n / 60)), (int)(n / 60));
	return n < 60 ? arena_printf(w->a, _("%d min."), (int)n) : arena_printf(w->a, "%d:%02d", (int)(n / 60), (int)(n % 60));
}

static const char *edit_megabytes(struct web *w, int64_t n)
{
	return n && n % 1024 == 0 ? arena_printf(w->a, "%lld GB", (long long)(n / 1024)) : arena_printf(w->a, "%lld MB", (long long)n);
}

static const char *edit_text(struct web *w, const struct term *t, const json_t *v)
{
	const char *s = "";
	int64_t n = json_integer_value(v);

	switch (t->type) {
	case TERM_BOOLEAN:
		return json_is_true(v) ? "true" : "false";
	case TERM_LIST:
		if (term_is_days(t) || term_is_plan(t))
			return json_array_size(v) ? words_value(w->a, w->lang, t, v) : "";
		for (size_t i = 0; i < json_array_size(v); i++)
			s = arena_printf(w->a, "%s%s%s", s, i ? ", " : "", json_string_value(json_array_get(v, i)));
		return s;
	case TERM_CHOICE: case TERM_TEXT:
		s = json_string_value(v) ? arena_dup(w->a, json_string_value(v)) : "";
		return term_is_hours(t) ? edit_hours(w, s) : s;
	case TERM_MINUTES:
		return edit_minutes(w, n);
	case TERM_MEGABYTES:
		return edit_megabytes(w, n);
	default:
		break;
	}
	if (t->type == TERM_MONEY_ORE || (t->unit && strcmp(t->unit, "percent_hundredths") == 0))
		return arena_printf(w->a, w->lang == LANG_EN ? "%lld.%02d" : "%lld,%02d", (long long)(n / 100), (int)(n % 100));
	return arena_printf(w->a, "%lld", (long long)n);
}

static const char *term_field(struct web *w, const char *service, const char *term)
{
	return arena_printf(w->a, "t.%s.%s", service, term);
}

struct unit_word { const char *word; int64_t worth; };

/* "1 time 30 min", "500 GB", "5 dage": numbers, each with one of the words; a number alone is worth 1, and "1:30" is hours. */
static bool read_units(const char *s, const struct unit_word *words, bool clock, int64_t *out)
{
	int64_t sum = 0;

	for (bool any = false;; any = true) {
		const struct unit_word *u = words;
		int64_t n = 0, part = 0, of = 1;
		int digits = 0;
		size_t len;

		s += strspn(s, " ");
		if (!*s) {
			*out = sum;
			return any;
		}
		for (; *s >= '0' && *s <= '9' && digits < 9; s++, digits++)
			n = n * 10 + *s - '0';
		if (digits == 0)
			return false;
		if (clock && !any && *s == ':' && s[1] >= '0' && s[1] <= '5' && s[2] >= '0' && s[2] <= '9' && !s[3]) {
			*out = n * 60 + (s[1] - '0') * 10 + s[2] - '0';
			return true;
		}
		if ((*s == ',' || *s == '.') && s[1] >= '0' && s[1] <= '9')
			for (s++; *s >= '0' && *s <= '9' && of < 1000; s++, of *= 10)
				part = part * 10 + *s - '0';
		s += strspn(s, " ");
		for (len = 0; s[len] && !strchr(" 0123456789", s[len]); )
			len++;
		if (len == 0 && (any || *s || of > 1))
			return false;
		if (len == 0) {
			sum = n;
			continue;
		}
		while (u->word && !(strlen(u->word) == len - (s[len - 1] == '.') && strncasecmp(u->word, s, strlen(u->word)) == 0))
			u++;
		if (!u->word || (part * u->worth) % of)
			return false;
		sum += n * u->worth + part * u->worth / of;
		s += len;
	}
}

static bool read_number(const struct term *t, const char *typed, int64_t *n)
{
	static const struct unit_word minutes[] = { { "t", 60 }, { "time", 60 }, { "timer", 60 }, { "h", 60 }, { "hour", 60 }, { "hours", 60 }, { "m", 1 },
		{ "min", 1 }, { "minut", 1 }, { "minutter", 1 }, { "minute", 1 }, { "minutes", 1 }, { NULL, 0 } };
	static const struct unit_word megabytes[] = { { "TB", 1048576 }, { "GB", 1024 }, { "MB", 1 }, { NULL, 0 } };
	static const struct { const char *unit; struct unit_word words[8]; } plain[] = {
		{ "hours", { { "t", 1 }, { "time", 1 }, { "timer", 1 }, { "h", 1 }, { "hour", 1 }, { "hours", 1 }, { NULL, 0 } } },
		{ "days", { { "dag", 1 }, { "dage", 1 }, { "day", 1 }, { "days", 1 }, { NULL, 0 } } },
		{ "months", { { "md", 1 }, { "mdr", 1 }, { "måned", 1 }, { "måneder", 1 }, { "month", 1 }, { "months", 1 }, { NULL, 0 } } },
		{ "percent", { { "%", 1 }, { "pct", 1 }, { "procent", 1 }, { "percent", 1 }, { NULL, 0 } } },
	};

	if (text_int(typed, n))
		return true;
	if (t->type == TERM_MINUTES)
		return read_units(typed, minutes, true, n);
	if (t->type == TERM_MEGABYTES)
		return read_units(typed, megabytes, false, n);
	for (size_t i = 0; t->unit && i < sizeof plain / sizeof *plain; i++)
		if (strcmp(plain[i].unit, t->unit) == 0)
			return read_units(typed, plain[i].words, false, n);
	return false;
}

/* What was typed into a term's field, as JSON; NULL (and noted as wrong) when it cannot be read. */
static json_t *read_term(struct web *w, const struct term *t, const char *field, const char *typed)
{
	struct err e;
	json_t *list;
	int64_t n;

	switch (t->type) {
	case TERM_BOOLEAN:
		return json_boolean(strcmp(typed, "true") == 0);
	case TERM_CHOICE:
		return json_string(typed);
	case TERM_TEXT:
		return json_string(text_trim(w->a, typed));
	case TERM_LIST:
		list = json_array();
		for (const char *s = typed; *s; s += *s != '\0') {
			size_t len = strcspn(s, ",\n");
			const char *item = text_trim(w->a, arena_dupn(w->a, s, len));

			if (*item)
				json_array_append_new(list, json_string(item));
			s += len;
		}
		return list;
	default:
		break;
	}
	if (t->type == TERM_MONEY_ORE || (t->unit && strcmp(t->unit, "percent_hundredths") == 0)) {
		if (read_money(typed, field, &n, &e) == 0)
			return json_integer(n);
	} else if (read_number(t, text_trim(w->a, typed), &n)) {
		return json_integer(n);
	} else {
		FAIL_FIELD(&e, text_blank(typed) ? E_REQUIRED : t->type == TERM_MINUTES ? E_TERM_MINUTES : t->type == TERM_MEGABYTES ? E_TERM_MEGABYTES :
			E_NUMBER_INVALID, field, "%.60s", typed);
	}
	web_wrong(w, &e);
	return NULL;
}

json_t *agreement_terms_read(struct web *w, const struct catalogue_service *s)
{
	json_t *terms = json_object();

	for (int i = 0; i < s->nterms; i++) {
		const struct term *t = &s->terms[i];
		const char *field = term_field(w, s->key, t->key), *typed = web_field(w, field);
		json_t *v = typed ? read_term(w, t, field, typed) : NULL, *one, *full;
		struct err e, at_field;

		if (!v)
			continue;
		one = json_pack("{s:O}", t->key, v);
		if (terms_check(w->a, s, one, &full, &e) == 0) {
			json_decref(full);
			json_object_set(terms, t->key, v);
		} else {
			FAIL_FIELD(&at_field, e.id, field, "%s", e.detail);
			web_wrong(w, &at_field);
		}
		json_decref(one);
		json_decref(v);
	}
	return terms;
}

static const struct ui_choice *term_choices(struct web *w, const struct term *t)
{
	static const char *const yes_no[] = { "true", "false", NULL };
	const char *const *list = t->type == TERM_BOOLEAN ? yes_no : t->choices;
	struct ui_choice *out;
	int n = 0;

	while (list && list[n])
		n++;
	out = ARENA_ARRAY(w->a, struct ui_choice, n + 1);
	for (int i = 0; i < n; i++)
		out[i] = (struct ui_choice){ list[i], t->type == TERM_BOOLEAN ? i == 0 ? _("yes") : _("no") :
			t->type == TERM_INTEGER ? arena_printf(w->a, "%s %s", list[i], words_unit(t, w->lang)) : words_choice(w->a, w->lang, list[i]) };
	return n ? out : NULL;
}

void agreement_term_fields(struct web *w, const struct catalogue_service *s, const json_t *terms, struct agreement_item_view *out)
{
	*out = (struct agreement_item_view){ .s = s, .terms = ARENA_ARRAY(w->a, struct agreement_term_view, s->nterms ? s->nterms : 1), .nterms = s->nterms,
		.price_ore = terms_int(terms, "monthly_price_ore", 0) };
	for (int i = 0; i < s->npromises; i++)
		++*(s->promises[i].party == PARTY_SUPPLIER ? &out->supplier : &out->customer);
	for (int i = 0; i < s->nterms; i++) {
		const struct term *t = &s->terms[i];
		const char *limits = words_limits(w->a, w->lang, t), *hint = t->hint[w->lang], *unit = words_unit(t, w->lang);
		const struct ui_choice *choices = term_choices(w, t);

		if (choices)
			limits = "";
		else if (t->type == TERM_MINUTES || t->type == TERM_MEGABYTES) {
			bool time = t->type == TERM_MINUTES;

			limits = arena_printf(w->a, _("%s to %s"), time ? edit_minutes(w, t->min) : edit_megabytes(w, t->min),
				time ? edit_minutes(w, t->max) : edit_megabytes(w, t->max));
			unit = "";              /* the value has it */
		}
		if (t->unit && strcmp(t->unit, "percent_hundredths") == 0)
			hint = NULL;            /* it tells how a program writes the number; here it is typed as percent */
		out->terms[i] = (struct agreement_term_view){ .name = term_field(w, s->key, t->key), .value = edit_text(w, t, json_object_get(terms, t->key)),
			.label = *unit && !choices ? arena_printf(w->a, "%s (%s)", t->label[w->lang], unit) : t->label[w->lang], .choices = choices,
			.type = choices ? "select" : "",
			.hint = hint && *limits ? arena_printf(w->a, "%s (%s)", hint, limits) : hint ? hint : *limits ? limits : NULL };
	}
}
