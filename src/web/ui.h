/* ui.h - the components of ui.md section 4 and the formats of section 9, written into w->out. Pages use these and no
 * free-hand markup for them. Texts given are already in w->lang; everything is escaped here.
 * Ownership: none.  Errors: none.  Units: moments us, money øre, durations minutes.  Threads: the request's.
 * Source: ui.md, sections 3 to 5 and 9. */
#ifndef PEDEL_WEB_UI_H
#define PEDEL_WEB_UI_H
#include "web/web.h"

/* page frames: begin writes everything up to and into <main>, end the rest. title is shown and in <title>. After
 * console_begin() comes <div class="pad"> or <div class="cols">, <nav class="tabs">, <form class="filters"> of the page. */
void console_begin(struct web *w, const char *title, const char *current);      /* "today" "tickets" "promises" "customers" "catalogue" "time" "settings" */
/* The same with a path back: "Customers > Advokathuset". The page then writes its own h1 (class "title"). */
void console_begin_day(struct web *w, const char *title, const char *current);  /* with today's date and week beside the title */
void console_begin_under(struct web *w, const char *title, const char *current, const char *parent_href, const char *parent);
void console_end(struct web *w);
void portal_begin(struct web *w, const char *title, const char *current);      /* "home" "tasks" "promises" "hours" "agreement" "people" "more" */
void portal_end(struct web *w);
void gate_begin(struct web *w, const char *title);
void gate_end(struct web *w);
void paper_begin(struct web *w, const char *title);
void paper_end(struct web *w);

void ui_text(struct web *w, const char *s);             /* escaped */
void ui_lines(struct web *w, const char *s);            /* paragraphs and line breaks, links made of http(s) addresses */
void ui_icon(struct web *w, const char *name);
void ui_csrf(struct web *w);                            /* the hidden field every POST form needs */
void ui_state(struct web *w, enum promise_state s, const char *variant);        /* icon and word; variant "" | "chip" | "icon" (word hidden) */
const char *ui_state_word(const struct web *w, enum promise_state s);
const char *ui_state_key(enum promise_state s);         /* data-s: kept risk broken none yours (attested is kept's colour) */
const char *ui_state_icon(enum promise_state s);        /* kept risk broken none attest clock yours */
void ui_done(struct web *w, const char *text);          /* role=status line: what was done; NULL writes nothing */
void ui_avatar(struct web *w, const char *name, const char *kind);              /* kind "" | "cust" | "none" */
void ui_meter(struct web *w, int64_t used, int64_t of, const char *label);
struct ui_part { const char *s; int64_t n; };           /* data-s and how many */
void ui_tally(struct web *w, const struct ui_part *parts, int n, const char *label);     /* the stacked meter */
void ui_strip(struct web *w, const char *const *states, int n, const char *label);      /* one data-s per day, oldest first; "": nothing */
/* One value for each of n days; the line ends after the first `known` of them, for the rest are still to come. cap 0: no line of what is agreed. */
void ui_chart(struct web *w, const int64_t *values, int known, int n, int64_t cap, const char *label);
void ui_wrong_summary(struct web *w);                   /* role=alert list of w->error; nothing when there is none */
void ui_wrong(struct web *w, const char *field);        /* <p class=err id=field-err> under the field */
void ui_wrong_named(struct web *w, const char *field, const char *name);        /* and it has that name in the summary above */
#define UI_FILES_BYTES (62 << 20)                       /* of a message's 64 MB: room for its words */
const char *ui_files_said(const struct web *w);         /* what the script says to more: <input type=file data-most data-said> */
/* A whole field: label, hint, input, what is wrong with it. What was typed wins over value when the form is shown again.
 * The input's id is f-<name>. {{ call UI_FIELD(w, .name = "cvr", .label = _("CVR number"), .value = v->cvr) }} */
struct ui_choice { const char *value, *label; };
struct ui_field {
	const char *name, *label, *hint, *value;
	const char *type;                       /* "" or NULL: text; "email" "tel" "password" "search" "number" "date" "file" "textarea" "select" "check" "seg" */
	const char *autocomplete;
	const struct ui_choice *choices;        /* select and seg (radio pills): ends with {0} */
	bool optional;                          /* says "(if you have one)" after the label */
	bool required, checked, multiple, autofocus;
	int rows;                               /* textarea: 0 is 3 */
};
void ui_field(struct web *w, const struct ui_field *f);
#define UI_FIELD(w, ...) ui_field((w), &(const struct ui_field){ __VA_ARGS__ })
void ui_option(struct web *w, const char *value, const char *label, const char *chosen);
void ui_empty(struct web *w, const char *icon, const char *title, const char *text);

/* formats: return text in w->a; ui_time writes <time datetime title> */
void ui_time(struct web *w, int64_t t);                 /* near form: "i dag 09.24" */
const char *fmt_moment(const struct web *w, int64_t t); /* near form as text */
const char *fmt_moment_full(const struct web *w, int64_t t);
const char *fmt_left(const struct web *w, int64_t until);       /* "om 18 min." / "43 min. siden" */
const char *fmt_week(const struct web *w, int32_t day);         /* tirsdag den 24. november, uge 48 */
const char *fmt_day(const struct web *w, int32_t day);          /* 24.11.2026 */
const char *fmt_month(const struct web *w, int32_t month);      /* november 2026 */
const char *fmt_minutes(const struct web *w, int64_t minutes);  /* 1:15 */
const char *fmt_duration(const struct web *w, int64_t minutes); /* 1 time 15 min. */
const char *fmt_sentence(const struct web *w, const char *s);            /* what ended in "15 min." and got its full stop too has one */
const char *fmt_money(const struct web *w, int64_t ore);        /* 1.050,00 kr. */
const char *fmt_number(const struct web *w, int64_t n);
const char *fmt_bytes(const struct web *w, int64_t bytes);
const char *fmt_percent(const struct web *w, int64_t part, int64_t whole);      /* cut to one decimal, never up */
const char *fmt_phone(const struct web *w, const char *phone);

/* reading what people type (forgiving, ui.md section 5) */
int read_duration(const char *s, const char *field, int *minutes, struct err *e);       /* 90, 1:30, 1,5, 75m */
int read_money(const char *s, const char *field, int64_t *ore, struct err *e);          /* 1050; 1.050,00 */
int read_day(const struct web *w, const char *s, const char *field, int32_t *day, struct err *e);   /* 1.12, 1/12-26, i morgen, 2026-12-01 */
int read_moment(const struct web *w, const char *s, const char *field, int64_t *t, struct err *e);  /* 1.12. 9.30, ISO, 09:30 (today) */
#endif
