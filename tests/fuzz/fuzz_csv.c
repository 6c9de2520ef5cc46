/* Any text as a subject, a name and a note in the month's CSV: a spreadsheet's reader gets them back as they were, or with
 * a ' before what would be a formula; and a kept statement that is any text is refused or is written out as it was. */
#define FUZZ_WEB
#include "fuzz.h"
#include "pages/time.h"

/* The cell at row, col, as a Danish spreadsheet reads it. */
static char *cell(struct arena *a, const char *s, int row, int col)
{
	char *out = arena_get(a, strlen(s) + 1), *o = out;
	int r = 0, c = 0;

	for (; *s; s++) {
		if (*s == '"') {
			for (s++; *s && (*s != '"' || s[1] == '"'); s++) {
				s += *s == '"';
				if (r == row && c == col)
					*o++ = *s;
			}
			MUST(*s == '"');
		} else if (*s == ';') {
			c++;
		} else if (s[0] == '\r' && s[1] == '\n') {
			r++;
			c = 0;
			s++;
		} else if (r == row && c == col) {
			*o++ = *s;
		}
	}
	MUST(row < r);
	return out;
}

static void same(const char *got, const char *text)
{
	bool risky = *text && strchr("=+-@\t\r", *text);

	MUST(!risky || *got == '\'');
	MUST(strcmp(risky ? got + 1 : got, text) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena *a = arena_begin(64 << 20);
	struct web *w = fuzz_web(a, LANG_DA);
	struct statement s = { .customer_id = 1, .customer = "x", .month = month_from(2026, 11), .nentries = 1 }, read;
	struct statement_entry t = { .day = day_from(2026, 11, 3), .ticket_number = 10001, .minutes = 15 };
	const uint8_t *all = p;
	size_t nall = n, ncsv;
	struct err e = { 0 };
	const char *x, *csv;

	if (n < 32 << 10) {
		x = fuzz_line(a, &p, &n);
		t.subject = text_repair(a, x, strlen(x));
		x = fuzz_line(a, &p, &n);
		t.person = text_repair(a, x, strlen(x));
		t.note = text_repair(a, (const char *)p, n);
		s.entries = &t;
		csv = hours_csv(w, &s, &ncsv);
		MUST(strlen(csv) == ncsv);
		same(cell(a, csv, 1, 3), t.subject);
		same(cell(a, csv, 1, 4), t.person);
		same(cell(a, csv, 1, 14), t.note);
		if (statement_parse(a, arena_dupn(a, (const char *)all, nall), &read, &e) == 0) {
			const char *once = statement_text(a, &read);
			struct statement again;

			MUST(statement_parse(a, once, &again, &e) == 0 && strcmp(statement_text(a, &again), once) == 0);
		} else {
			MUST(e.id == E_CHAIN_BROKEN);
		}
	}
	arena_end(a);
	return 0;
}
