#include "t.h"
#include "base/buf.h"
#include "base/hash.h"
#include "base/moment.h"
#include "base/text.h"

static void arena_gives_zeroed_memory_and_stops_at_its_limit(void **state)
{
	struct arena *a = arena_begin(100000);
	char *p = arena_get(a, 50000);
	volatile int jumped = 0;

	for (int i = 0; i < 50000; i++)
		CHECK(p[i] == 0);
	if (arena_trap(a)) {
		jumped = 1;
	} else {
		for (int i = 0; i < 10; i++)
			arena_get(a, 10000);
		fail();
	}
	CHECK(jumped);
	arena_end(a);
}

static void buf_keeps_its_limit(void **state)
{
	struct arena *a = arena_begin(1 << 20);
	struct buf b;

	buf_init(&b, a, 10);
	buf_adds(&b, "12345");
	buf_int(&b, -42);
	CHECK_STR(buf_text(&b), "12345-42");
	buf_printf(&b, "%s", "toolong");
	CHECK(b.full);
	CHECK_STR(buf_text(&b), "12345-42");
	arena_end(a);
}

static void text_knows_utf8(void **state)
{
	static const struct { const char *s; int valid; } rows[] = {
		{ "abc", 1 }, { "æøå", 1 }, { "\xC0\x80", 0 }, { "\xED\xA0\x80", 0 }, { "\xF4\x90\x80\x80", 0 }, { "\xE2\x82", 0 }, { "a\x01", 0 },
		{ "a\tb\nc", 1 }, { "\xF0\x9F\x98\x80", 1 }, { "\x80", 0 },
	};
	struct arena *a = arena_begin(1 << 20);

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		CHECK_ROW(i, text_valid(rows[i].s, strlen(rows[i].s)) == rows[i].valid);
		char *mended = text_repair(a, rows[i].s, strlen(rows[i].s));
		CHECK_ROW(i, text_valid(mended, strlen(mended)));
	}
	CHECK_STR(text_lower(a, "ÆØÅ ABC Éß"), "æøå abc éß");
	CHECK_STR(text_line(a, " Hej æøå verden\nmere", 8), "Hej æøå…");
	CHECK_STR(text_line(a, "kort", 8), "kort");
	static const struct { const char *said, *plain; } lines[] = {
		{ " Printer ", "Printer" }, { "\xe2\x80\xae" "retnirP", "retnirP" }, { "a\xe2\x80\x8b" "b\xc2\xad" "c", "abc" }, { "\xe2\x80\xad+45 12\xe2\x80\xac", "+45 12" },
		{ "x\xe2\x81\xa6y\xe2\x81\xa9", "xy" }, { "\xef\xbb\xbf" "Navn", "Navn" }, { "a\xc2\x85" "b", "ab" }, { "\xf3\xa0\x81\xa1" "a", "a" }, { "", "" },
		{ "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb", "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb" },            /* one emoji of three signs */
		{ "\xe2\x9d\xa4\xef\xb8\x8f", "\xe2\x9d\xa4\xef\xb8\x8f" }, { "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d", "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d" },
	};
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		CHECK_STR(text_plain(a, lines[i].said), lines[i].plain);
		CHECK_STR(text_line(a, lines[i].said, 100), lines[i].plain);
	}
	CHECK_STR(text_plain(a, NULL), "");
	static const struct { const char *said, *kept; } names[] = {
		{ "tilbud.pdf", "tilbud.pdf" }, { "årsregnskab 2026.xlsx", "årsregnskab 2026.xlsx" }, { "../../etc/passwd", "passwd" }, { "C:\\x\\y.exe", "y.exe" },
		{ "a/b\\c", "c" }, { "..", "_" }, { ".", "_" }, { "", "" }, { "a/", "" }, { "a\r\nSet-Cookie: x", "a__Set-Cookie: x" }, { "a\tb\x7f", "a_b_" },
		{ "faktura\xe2\x80\xae" "fdp.exe", "faktura_fdp.exe" }, { "a\xe2\x81\xa6" "b\xe2\x80\x8f.txt", "a_b_.txt" }, { "a\xc2\x9b" "b", "a_b" },
		{ "\xef\xbb\xbf" "a", "_a" }, { "a\xe2\x80\xa9" "b", "a_b" },
	};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		CHECK_STR(text_file_name(a, names[i].said, 200), names[i].kept);
	arena_end(a);
}

static void moment_follows_the_zone(void **state)
{
	static const struct { const char *in, *out; } rows[] = {
		{ "2026-11-24T09:24:00+01:00", "2026-11-24T09:24:00+01:00" },
		{ "2026-11-24T08:24Z", "2026-11-24T09:24:00+01:00" },
		{ "2026-06-01T12:00", "2026-06-01T12:00:00+02:00" },
		{ "2026-03-29T02:30:00", "2026-03-29T03:30:00+02:00" },         /* does not exist */
		{ "2026-10-25T02:30:00", "2026-10-25T02:30:00+02:00" },         /* is twice: the first */
		{ "2026-10-25T01:30:00Z", "2026-10-25T02:30:00+01:00" },
		{ "2024-02-29T00:00:00Z", "2024-02-29T01:00:00+01:00" },
	};
	static const char *const bad[] = { "", "2026-13-01T00:00", "2026-02-29T00:00", "2026-01-01", "2026-01-01T24:00", "2026-01-01T10:00x",
		"2026-01-01T10:00+1:00", "igår", "2026-01-01T10:00:00." };
	struct arena *a = arena_begin(1 << 20);
	struct err e = { 0 };
	int64_t t;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		CHECK_ROW(i, moment_parse(rows[i].in, "at", &t, &e) == 0);
		CHECK_STR(moment_iso(a, t), rows[i].out);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		e.id = E_NONE;
		CHECK_ROW(i, moment_parse(bad[i], "at", &t, &e) == -1 && e.id == E_TIME_INVALID && strcmp(e.field, "at") == 0);
	}
	for (int32_t d = day_from(1899, 1, 1); d < day_from(2101, 1, 1); d++) {
		struct civil c = day_civil(d);
		CHECK_INT(day_from(c.year, c.month, c.day), d);
		CHECK_INT(c.weekday, ((d + 3) % 7 + 7) % 7 + 1);
	}
	CHECK_INT(day_week(day_from(2026, 11, 24)), 48);
	CHECK_INT(day_week(day_from(2027, 1, 1)), 53);
	CHECK_INT(day_week(day_from(2025, 12, 29)), 1);
	CHECK_STR(moment_http(a, 784111777 * MOMENT_SECOND), "Sun, 06 Nov 1994 08:49:37 GMT");
	arena_end(a);
}

static void hash_and_hex(void **state)
{
	struct arena *a = arena_begin(1 << 20);
	struct sha256 h = hash_sha256("abc", 3), back;
	const char *hex = hash_hex(a, h.b, 32);

	CHECK_STR(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	CHECK(hash_unhex(hex, back.b, 32) && hash_same(h.b, back.b, 32));
	CHECK(!hash_unhex("zz", back.b, 1) && !hash_unhex("aabb", back.b, 1));
	arena_end(a);
}

static void every_error_has_both_texts_and_finds_its_name(void **state)
{
	for (int i = 1; i < E__MAX; i++) {
		CHECK(err_text(i, LANG_DA)[0] && err_text(i, LANG_EN)[0]);
		CHECK(err_kind(i) != ERR_NONE);
		CHECK_INT(err_by_name(err_name(i)), i);
	}
	CHECK_INT(err_by_name("NO_SUCH"), E_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arena_gives_zeroed_memory_and_stops_at_its_limit),
		cmocka_unit_test(buf_keeps_its_limit),
		cmocka_unit_test(text_knows_utf8),
		cmocka_unit_test(moment_follows_the_zone),
		cmocka_unit_test(hash_and_hex),
		cmocka_unit_test(every_error_has_both_texts_and_finds_its_name),
	};

	moment_zone();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
