#include "t.h"
#include "base/hash.h"
#include "wire/cbor.h"

/* RFC 8949, appendix A, and what of it we refuse: "" in `why` means taken. */
static void heads_are_the_shortest_and_no_others_are_read(void **state)
{
	static const struct { const char *hex, *why; enum cbor_type type; int64_t v; } rows[] = {
		{ "00", "", CBOR_INT, 0 }, { "17", "", CBOR_INT, 23 }, { "1818", "", CBOR_INT, 24 }, { "1903e8", "", CBOR_INT, 1000 },
		{ "1a000f4240", "", CBOR_INT, 1000000 }, { "1b000000e8d4a51000", "", CBOR_INT, 1000000000000 },
		{ "1b7fffffffffffffff", "", CBOR_INT, INT64_MAX }, { "3b7fffffffffffffff", "", CBOR_INT, INT64_MIN },
		{ "20", "", CBOR_INT, -1 }, { "3903e7", "", CBOR_INT, -1000 }, { "f4", "", CBOR_BOOL, 0 }, { "f5", "", CBOR_BOOL, 1 },
		{ "1817", "longer", CBOR_NONE, 0 }, { "190017", "longer", CBOR_NONE, 0 }, { "1b8000000000000000", "range", CBOR_NONE, 0 },
		{ "1b00000000ffffffff", "longer", CBOR_NONE, 0 }, { "18", "cut off", CBOR_NONE, 0 }, { "", "cut off", CBOR_NONE, 0 },
		{ "f90000", "kind", CBOR_NONE, 0 }, { "f7", "kind", CBOR_NONE, 0 }, { "c001", "kind", CBOR_NONE, 0 },
		{ "1f", "kind", CBOR_NONE, 0 }, { "9fff", "kind", CBOR_NONE, 0 }, { "1c", "kind", CBOR_NONE, 0 },
		{ "0000", "more bytes", CBOR_INT, 0 },
	};
	struct arena *a = arena_begin(1 << 20);

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint8_t in[16];
		size_t n = strlen(rows[i].hex) / 2;
		struct cbor_in r;
		struct err e = { 0 };
		struct buf b;
		int64_t v;

		CHECK_ROW(i, hash_unhex(rows[i].hex, in, n));
		cbor_begin(&r, in, n);
		CHECK_ROW(i, cbor_peek(&r) == rows[i].type);
		v = rows[i].type == CBOR_BOOL ? cbor_get_bool(&r) : cbor_get_int(&r);
		CHECK_ROW(i, v == rows[i].v);
		if (*rows[i].why) {
			CHECK_ROW(i, cbor_done(&r, &e) == -1 && e.id == E_MESSAGE_INVALID && strstr(e.detail, rows[i].why));
			continue;
		}
		CHECK_ROW(i, cbor_done(&r, &e) == 0);
		buf_init(&b, a, 100);
		if (rows[i].type == CBOR_BOOL)
			cbor_put_bool(&b, v);
		else
			cbor_put_int(&b, v);
		CHECK_ROW(i, b.n == n && memcmp(b.p, in, n) == 0);
	}
	arena_end(a);
}

static void structures_that_lie_are_refused(void **state)
{
	static const struct { const char *hex, *why; } rows[] = {
		{ "8301026103", "" }, { "80", "" }, { "a0", "" }, { "a2616101616202", "" }, { "a261620162616102", "" },
		{ "83010203ff", "more bytes" }, { "830102", "past the end" }, { "9a7fffffff00", "past the end" }, { "a10", "" },
		{ "a2616201616102", "out of order" }, { "a2616101616102", "out of order" }, { "a262616101616202", "out of order" },
		{ "a10102", "not text" }, { "5b7fffffffffffffff00", "cut off" }, { "4401", "cut off" }, { "a16161", "cut off" },
		{ "8181818181818181818181818181818100", "" }, { "818181818181818181818181818181818100", "too deep" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint8_t in[32];
		size_t n = strlen(rows[i].hex) / 2;
		struct cbor_in r;
		struct err e = { 0 };

		if (strlen(rows[i].hex) % 2)
			continue;
		CHECK_ROW(i, hash_unhex(rows[i].hex, in, n));
		cbor_begin(&r, in, n);
		cbor_skip(&r);
		CHECK_ROW(i, cbor_done(&r, &e) == (*rows[i].why ? -1 : 0));
		CHECK_ROW(i, strstr(e.detail, rows[i].why));
	}
}

static void a_message_comes_back_as_it_was_put(void **state)
{
	struct arena *a = arena_begin(1 << 20);
	struct buf b;
	struct cbor_in r;
	struct err e = { 0 };
	char key[8];
	size_t n;

	buf_init(&b, a, 1000);
	cbor_put_map(&b, 3);
	cbor_put_text(&b, "a");
	cbor_put_array(&b, 3);
	cbor_put_text(&b, "blåbær");
	cbor_put_bytes(&b, "\0\1", 2);
	cbor_put_text(&b, NULL);
	cbor_put_text(&b, "b");
	cbor_put_map(&b, 0);
	cbor_put_text(&b, "aa");
	cbor_put_int(&b, -7);

	cbor_begin(&r, b.p, b.n);
	CHECK_INT(cbor_enter_map(&r), 3);
	CHECK(cbor_get_key(&r, key, sizeof key));
	CHECK_STR(key, "a");
	CHECK_INT(cbor_enter_array(&r), 3);
	CHECK_STR(cbor_get_text(&r, a), "blåbær");
	CHECK(memcmp(cbor_get_bytes(&r, &n), "\0\1", 2) == 0 && n == 2);
	CHECK(cbor_get_text(&r, a) == NULL);
	CHECK_INT(cbor_peek(&r), CBOR_NONE);
	cbor_leave(&r);
	CHECK(cbor_get_key(&r, key, sizeof key));
	cbor_skip(&r);
	CHECK(cbor_get_key(&r, key, sizeof key));
	CHECK_STR(key, "aa");
	CHECK_INT(cbor_get_int(&r), -7);
	CHECK(!cbor_get_key(&r, key, sizeof key));
	cbor_leave(&r);
	CHECK(cbor_done(&r, &e) == 0);

	/* every shortening of it is refused, and nothing is read past its end */
	for (size_t cut = 0; cut < b.n; cut++) {
		uint8_t *copy = arena_copy(a, b.p, cut);

		cbor_begin(&r, copy, cut);
		cbor_skip(&r);
		CHECK_ROW(cut, cbor_done(&r, &e) == -1);
	}
	/* text that is not UTF-8 is an error, and the error stays */
	cbor_begin(&r, "\x62\xff\xff", 3);
	CHECK_STR(cbor_get_text(&r, a), "");
	CHECK_INT(cbor_get_int(&r), 0);
	CHECK(cbor_done(&r, &e) == -1);
	arena_end(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heads_are_the_shortest_and_no_others_are_read),
		cmocka_unit_test(structures_that_lie_are_refused),
		cmocka_unit_test(a_message_comes_back_as_it_was_put),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
