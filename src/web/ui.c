#include "web/ui.h"
#include <stdio.h>
#include <string.h>
#include "base/text.h"
#include "web/escape.h"
#include "web/session.h"
#include "web/static.h"

#define ADD(w, literal) buf_add(&(w)->out, (literal), sizeof(literal) - 1)

void ui_text(struct web *w, const char *s) { esc_text(&w->out, s); }

static void attr(struct web *w, const char *name, const char *value)
{
	buf_addc(&w->out, ' ');
	buf_adds(&w->out, name);
	ADD(w, "=\"");
	esc_text(&w->out, value);
	buf_addc(&w->out, '"');
}

/* Where an http(s) address in running text ends: punctuation that closes the sentence is not part of it. */
static size_t address_length(const char *s)
{
	size_t n = strcspn(s, " \t\r\n<>\"'");

	while (n && strchr(".,;:!?)]", s[n - 1]))
		n--;
	return n;
}

void ui_lines(struct web *w, const char *s)
{
	bool open = false;

	for (; s && *s; ) {
		if (*s == '\n') {
			int breaks = 0;

			while (*s == '\n' || *s == '\r')
				breaks += *s++ == '\n';
			if (*s && open && breaks == 1)
				ADD(w, "<br>");
			else if (open)
				ADD(w, "</p>"), open = false;
			continue;
		}
		if (!open)
			ADD(w, "<p>"), open = true;
		if (strncmp(s, "http://", 7) == 0 || strncmp(s, "https://", 8) == 0) {
			size_t n = address_length(s);
			const char *href = arena_dupn(w->a, s, n);

			ADD(w, "<a rel=\"noopener noreferrer\" href=\"");
			esc_url(&w->out, href);
			ADD(w, "\">");
			esc_text(&w->out, href);
			ADD(w, "</a>");
			s += n;
			continue;
		}
		{
			size_t n = strcspn(s, "\n");
			const char *link = strstr(s, "http");

			if (link && link > s && (size_t)(link - s) < n)
				n = (size_t)(link - s);
			else if (link == s)
				n = 4;
			esc_text(&w->out, arena_dupn(w->a, s, n));
			s += n;
		}
	}
	if (open)
		ADD(w, "</p>");
}

void ui_icon(struct web *w, const char *name)
{
	ADD(w, "<svg class=\"i\" aria-hidden=\"true\"><use href=\"");
	buf_adds(&w->out, static_base);
	ADD(w, "/icons.svg#");
	esc_text(&w->out, name);
	ADD(w, "\"/></svg>");
}

void ui_csrf(struct web *w)
{
	ADD(w, "<input type=\"hidden\" name=\"csrf\" value=\"");
	esc_text(&w->out, web_form_token(w));
	ADD(w, "\">");
}

/* --- states -------------------------------------------------------------------------------------------------------- */

const char *ui_state_key(enum promise_state s)
{
	static const char *const keys[] = { [PROMISE_KEPT] = "kept", [PROMISE_AT_RISK] = "risk", [PROMISE_BROKEN] = "broken",
		[PROMISE_BLIND] = "none", [PROMISE_ATTESTED] = "kept", [PROMISE_NOT_DUE] = "none", [PROMISE_WAITING] = "yours" };

	return keys[s];
}

const char *ui_state_icon(enum promise_state s)
{
	return s == PROMISE_ATTESTED ? "attest" : s == PROMISE_NOT_DUE ? "clock" : ui_state_key(s);
}

const char *ui_state_word(const struct web *w, enum promise_state s)
{
	switch (s) {
	case PROMISE_KEPT:     return _("Kept");
	case PROMISE_AT_RISK:  return _("At risk");
	case PROMISE_BROKEN:   return _("Broken");
	case PROMISE_ATTESTED: return _("Attested");
	case PROMISE_NOT_DUE:  return _("Not due yet");
	case PROMISE_WAITING:  return w->who.role & ROLE_CUSTOMER ? _("Waiting for you") : _("Waiting for the customer");
	case PROMISE_BLIND:    break;
	}
	return _("Not measured");
}

void ui_state(struct web *w, enum promise_state s, const char *variant)
{
	bool icon = variant && strcmp(variant, "icon") == 0;

	ADD(w, "<span class=\"state\"");
	attr(w, "data-s", ui_state_key(s));
	if (variant && *variant && !icon)
		attr(w, "data-v", variant);
	buf_addc(&w->out, '>');
	ui_icon(w, ui_state_icon(s));
	if (icon)
		ADD(w, "<span class=\"vh\">");
	else
		buf_addc(&w->out, ' ');
	ui_text(w, ui_state_word(w, s));
	if (icon)
		ADD(w, ": </span>");
	ADD(w, "</span>");
}

void ui_avatar(struct web *w, const char *name, const char *kind)
{
	char initials[9];
	size_t n = 0;
	const char *s = name ? name : "", *last = NULL;

	/* first letter of the first and of the last word */
	for (const char *c = s; *c; c++)
		if (*c == ' ' && c[1] && c[1] != ' ')
			last = c + 1;
	for (int i = 0; i < 2 && (i == 0 || last); i++) {
		const char *c = i ? last : s;

		if (*c)
			n += text_put(initials + n, text_next(&c));
	}
	initials[n] = 0;
	ADD(w, "<span class=\"av\"");
	if (kind && *kind)
		attr(w, "data-w", kind);
	attr(w, "title", s);
	ADD(w, "><span aria-hidden=\"true\">");
	if (!kind || strcmp(kind, "none") != 0)
		ui_text(w, initials);
	ADD(w, "</span><span class=\"vh\">");
	ui_text(w, s);
	ADD(w, "</span></span>");
}

/* --- figures: numbers as attributes, never style (the CSP forbids it) -------------------------------------------- */

static void tenths(struct web *w, int64_t v)
{
	if (v < 0) {
		buf_addc(&w->out, '-');
		v = -v;
	}
	buf_int(&w->out, v / 10);
	if (v % 10) {
		buf_addc(&w->out, '.');
		buf_int(&w->out, v % 10);
	}
}

static void figure_begin(struct web *w, const char *class, const char *box, const char *label)
{
	ADD(w, "<svg");
	attr(w, "class", class);
	attr(w, "viewBox", box);
	if (strcmp(class, "strip") != 0)
		ADD(w, " preserveAspectRatio=\"none\"");
	ADD(w, " role=\"img\"");
	attr(w, "aria-label", label);
	buf_addc(&w->out, '>');
}

void ui_meter(struct web *w, int64_t used, int64_t of, const char *label)
{
	int64_t width = of <= 0 ? (used > 0 ? 1000 : 0) : used <= 0 ? 0 : used >= of ? 1000 : used * 1000 / of;

	figure_begin(w, "meter", "0 0 100 10", label);
	ADD(w, "<rect");
	if (of > 0 && used > of)
		ADD(w, " data-s=\"risk\"");
	ADD(w, " x=\"0\" width=\"");
	tenths(w, width);
	ADD(w, "\" height=\"10\"/></svg>");
}

void ui_tally(struct web *w, const struct ui_part *parts, int n, const char *label)
{
	int64_t sum = 0, left = 1000, at = 0, big = -1;
	int64_t width[16] = { 0 };

	for (int i = 0; i < n && i < 16; i++)
		sum += parts[i].n;
	figure_begin(w, "meter", "0 0 100 10", label);
	for (int i = 0; i < n && i < 16 && sum; i++) {
		width[i] = parts[i].n ? parts[i].n * 1000 / sum : 0;
		if (parts[i].n && width[i] < 13)
			width[i] = 13;                  /* one of 1,331 is still seen */
		left -= width[i];
		if (big < 0 || width[i] > width[big])
			big = i;
	}
	if (big >= 0)
		width[big] += left;
	for (int i = 0; i < n && i < 16; i++) {
		if (width[i] <= 0)
			continue;
		ADD(w, "<rect");
		attr(w, "data-s", parts[i].s);
		ADD(w, " x=\"");
		tenths(w, at);
		ADD(w, "\" width=\"");
		tenths(w, width[i]);
		ADD(w, "\" height=\"10\"/>");
		if (at) {
			ADD(w, "<rect class=\"gap\" x=\"");
			tenths(w, at - 2);
			ADD(w, "\" width=\".4\" height=\"10\"/>");
		}
		at += width[i];
	}
	ADD(w, "</svg>");
}

void ui_strip(struct web *w, const char *const *states, int n, const char *label)
{
	static const struct { const char *s, *mark[2]; } marks[] = {
		{ "kept", { " 3h2.6v15h-2.6z" } }, { "attested", { " 3h2.6v3h-2.6z", " 8h2.6v10h-2.6z" } },
		{ "yours", { " 3h2.6v15h-2.6z" } }, { "risk", { " 9h2.6v9h-2.6z" } },
		{ "broken", { " 0h2.6v8h-2.6z", " 10h2.6v8h-2.6z" } }, { "none", { " 15h2.6v3h-2.6z" } },
		{ "", { " 16.5h2.6v1.5h-2.6z" } },              /* not promised yet: the line that the days stand on */
	};
	char box[48];

	snprintf(box, sizeof box, "0 0 %d.%d 18", n > 0 ? (n * 38 - 12) / 10 : 1, n > 0 ? (n * 38 - 12) % 10 : 0);
	figure_begin(w, "strip", box, label);
	for (size_t m = 0; m < sizeof marks / sizeof *marks; m++) {
		bool any = false;

		for (int i = 0; i < n; i++) {
			if (strcmp(states[i], marks[m].s) != 0)
				continue;
			if (!any) {
				ADD(w, "<path");
				attr(w, "data-s", *marks[m].s ? marks[m].s : "before");
				ADD(w, " d=\"");
				any = true;
			}
			for (int k = 0; k < 2 && marks[m].mark[k]; k++) {
				buf_addc(&w->out, 'M');
				tenths(w, i * 38);
				buf_adds(&w->out, marks[m].mark[k]);
			}
		}
		if (any)
			ADD(w, "\"/>");
	}
	ADD(w, "</svg>");
}

void ui_chart(struct web *w, const int64_t *values, int known, int n, int64_t cap, const char *label)
{
	int64_t top = cap;
	static const char *const class[] = { "area", "used" };

	for (int i = 0; i < known; i++)
		if (values[i] > top)
			top = values[i];
	top = top > 0 ? top + top / 5 : 1;
	figure_begin(w, "chart", "0 0 300 100", label);
	for (int p = 0; p < 2 && known > 0; p++) {
		ADD(w, "<path");
		attr(w, "class", class[p]);
		ADD(w, " d=\"M0 100");
		for (int i = 0; i < known; i++) {
			ADD(w, " V");
			tenths(w, 1000 - values[i] * 1000 / top);
			ADD(w, " H");
			tenths(w, (int64_t)(i + 1) * 3000 / n);
		}
		buf_adds(&w->out, p == 0 ? " V100 Z\"/>" : "\"/>");
	}
	ADD(w, "<path class=\"base\" d=\"M0 100 H300\"/>");
	if (cap > 0) {
		ADD(w, "<path class=\"cap\" d=\"M0 ");
		tenths(w, 1000 - cap * 1000 / top);
		ADD(w, " H300\"/>");
	}
	ADD(w, "</svg>");
}

/* --- forms --------------------------------------------------------------------------------------------------------- */

void ui_wrong_summary(struct web *w)
{
	if (!w->nerrors)
		return;
	ADD(w, "<div class=\"callout\" data-s=\"broken\" role=\"alert\" tabindex=\"-1\" id=\"errors\">");
	ui_icon(w, "broken");
	ADD(w, "<div><strong>");
	if (w->nerrors == 1 && err_kind(w->error[0].id) != ERR_INPUT)   /* nothing in the form is wrong */
		ui_text(w, _("It did not work"));
	else
		ui_text(w, arena_printf(w->a, tr_n(w->lang, "%d thing must be put right first", "%d things must be put right first", w->nerrors),
			w->nerrors));
	ADD(w, "</strong><ul class=\"dots\">");
	for (int i = 0; i < w->nerrors; i++) {
		ADD(w, "<li>");
		if (*w->error[i].field) {
			ADD(w, "<a href=\"#f-");
			esc_url_part(&w->out, w->error[i].field);
			ADD(w, "\">");
		}
		ui_text(w, web_said(w->a, w->lang, w->error[i].id, w->error[i].detail));
		if (*w->error[i].field)
			ADD(w, "</a>");
		ADD(w, "</li>");
	}
	ADD(w, "</ul></div></div>");
}

void ui_wrong(struct web *w, const char *field)
{
	const char *text = web_wrong_text(w, field);

	if (!text)
		return;
	ADD(w, "<p class=\"err\" id=\"e-");
	ui_text(w, field);
	ADD(w, "\">");
	ui_icon(w, "alert-circle");
	buf_addc(&w->out, ' ');
	ui_text(w, text);
	ADD(w, "</p>");
}

void ui_option(struct web *w, const char *value, const char *label, const char *chosen)
{
	ADD(w, "<option");
	attr(w, "value", value);
	if (text_eq(value, chosen))
		ADD(w, " selected");
	buf_addc(&w->out, '>');
	ui_text(w, label);
	ADD(w, "</option>");
}

static void field_attrs(struct web *w, const struct ui_field *f, bool wrong)
{
	attr(w, "id", arena_printf(w->a, "f-%s", f->name));
	attr(w, "name", f->name);
	if (f->autocomplete)
		attr(w, "autocomplete", f->autocomplete);
	if (wrong)
		ADD(w, " aria-invalid=\"true\"");
	if (f->hint || wrong)
		attr(w, "aria-describedby", arena_printf(w->a, "%s%s%s%s%s", f->hint ? "h-" : "", f->hint ? f->name : "",
			f->hint && wrong ? " " : "", wrong ? "e-" : "", wrong ? f->name : ""));
	if (f->required)
		ADD(w, " required");
	if (f->autofocus)
		ADD(w, " autofocus");
}

static void hint(struct web *w, const struct ui_field *f)
{
	if (!f->hint)
		return;
	ADD(w, "<p class=\"hint\"");
	attr(w, "id", arena_printf(w->a, "h-%s", f->name));
	buf_addc(&w->out, '>');
	ui_text(w, f->hint);
	ADD(w, "</p>");
}

static void label(struct web *w, const struct ui_field *f)
{
	ui_text(w, f->label);
	if (f->optional) {
		ADD(w, " <span class=\"mute\">");
		ui_text(w, _("(if you have one)"));
		ADD(w, "</span>");
	}
}

static void field_seg(struct web *w, const struct ui_field *f, const char *value)
{
	ADD(w, "<fieldset");
	attr(w, "id", arena_printf(w->a, "f-%s", f->name));
	ADD(w, " tabindex=\"-1\"><legend>");
	label(w, f);
	ADD(w, "</legend>");
	hint(w, f);
	ADD(w, "<div class=\"seg gap\">");
	for (const struct ui_choice *c = f->choices; c && c->value; c++) {
		ADD(w, "<label><input type=\"radio\"");
		attr(w, "name", f->name);
		attr(w, "value", c->value);
		if (text_eq(c->value, value))
			ADD(w, " checked");
		ADD(w, "> ");
		ui_text(w, c->label);
		ADD(w, "</label>");
	}
	ADD(w, "</div>");
	ui_wrong(w, f->name);
	ADD(w, "</fieldset>");
}

enum { NAME_MOST = 60 };

/* The summary stands before the fields and does not know what they are called: "Name: Write something here." */
static void name_in_summary(struct web *w, const char *field, const char *name)
{
	struct buf link, said;
	const char *found;
	size_t at, had = w->out.n;

	buf_init(&link, w->a, 300);
	buf_adds(&link, "<a href=\"#f-");
	esc_url_part(&link, field);
	buf_adds(&link, "\">");
	buf_init(&said, w->a, 8 * NAME_MOST);
	esc_text(&said, name);
	buf_adds(&said, text_ends(name, "?") ? " " : ": ");
	found = text_chars(name) > NAME_MOST || link.full || said.full ? NULL : strstr(buf_text(&w->out), buf_text(&link));
	if (!found)
		return;
	at = (size_t)(found - w->out.p) + link.n;
	buf_add(&w->out, said.p, said.n);
	if (w->out.full)
		return;
	memmove(w->out.p + at + said.n, w->out.p + at, had - at);
	memcpy(w->out.p + at, said.p, said.n);
}

void ui_wrong_named(struct web *w, const char *field, const char *name)
{
	if (web_wrong_text(w, field))
		name_in_summary(w, field, name);
	ui_wrong(w, field);
}

const char *ui_files_said(const struct web *w) { return _("The files are too large: 62 MB at a time is the most. Choose fewer or smaller ones."); }

void ui_field(struct web *w, const struct ui_field *f)
{
	const char *type = f->type && *f->type ? f->type : "text", *value = f->value;
	bool wrong = web_wrong_text(w, f->name) != NULL, typed = w->nerrors > 0 || w->again;

	if (wrong && strcmp(type, "check") != 0)
		name_in_summary(w, f->name, f->label);
	if (typed && strcmp(type, "password") != 0 && web_field(w, f->name))
		value = web_field(w, f->name);
	if (strcmp(type, "seg") == 0) {
		field_seg(w, f, value);
		return;
	}
	ADD(w, "<div class=\"field\">");
	if (strcmp(type, "check") == 0) {
		ADD(w, "<label class=\"flex\"><input type=\"checkbox\" value=\"1\"");
		field_attrs(w, f, wrong);
		if (typed ? web_field(w, f->name) != NULL : f->checked)
			ADD(w, " checked");
		ADD(w, "> ");
		label(w, f);
		ADD(w, "</label>");
		hint(w, f);
		ui_wrong(w, f->name);
		ADD(w, "</div>");
		return;
	}
	ADD(w, "<label");
	attr(w, "for", arena_printf(w->a, "f-%s", f->name));
	buf_addc(&w->out, '>');
	label(w, f);
	ADD(w, "</label>");
	hint(w, f);
	if (strcmp(type, "textarea") == 0) {
		ADD(w, "<textarea class=\"in\"");
		field_attrs(w, f, wrong);
		ADD(w, " rows=\"");
		buf_int(&w->out, f->rows ? f->rows : 3);
		ADD(w, "\">\n");                /* the parser drops one line end here, so that a text may begin with one */
		ui_text(w, value);
		ADD(w, "</textarea>");
	} else if (strcmp(type, "select") == 0) {
		ADD(w, "<select class=\"in\"");
		field_attrs(w, f, wrong);
		buf_addc(&w->out, '>');
		for (const struct ui_choice *c = f->choices; c && c->value; c++)
			ui_option(w, c->value, c->label, value);
		ADD(w, "</select>");
	} else {
		ADD(w, "<input class=\"in\"");
		attr(w, "type", type);
		field_attrs(w, f, wrong);
		if (f->multiple)
			ADD(w, " multiple");
		if (strcmp(type, "file") == 0) {
			attr(w, "data-most", arena_printf(w->a, "%d", UI_FILES_BYTES));
			attr(w, "data-said", ui_files_said(w));
		}
		if (value && strcmp(type, "file") != 0 && strcmp(type, "password") != 0)
			attr(w, "value", value);
		buf_addc(&w->out, '>');
	}
	ui_wrong(w, f->name);
	ADD(w, "</div>");
}

/* --- words between ------------------------------------------------------------------------------------------------- */

void ui_empty(struct web *w, const char *icon, const char *title, const char *text)
{
	ADD(w, "<div class=\"empty\">");
	ui_icon(w, icon);
	ADD(w, "<h2>");
	ui_text(w, title);
	ADD(w, "</h2>");
	if (text && *text) {
		ADD(w, "<p>");
		ui_text(w, text);
		ADD(w, "</p>");
	}
	ADD(w, "</div>");
}

void ui_done(struct web *w, const char *text)
{
	if (!text)
		return;
	ADD(w, "<div class=\"callout\" data-s=\"kept\" role=\"status\">");
	ui_icon(w, "check");
	ADD(w, "<div>");
	ui_text(w, text);
	ADD(w, "</div></div>");
}
