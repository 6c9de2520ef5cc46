#include "t.h"
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/fault.h"
#include "base/text.h"
#include "os/file.h"
#include "store/blob.h"

struct folder { char dir[64]; struct blobs b; struct arena *a; };

static int setup(void **state)
{
	struct folder *f = calloc(1, sizeof *f);

	snprintf(f->dir, sizeof f->dir, "/tmp/pedel-blob-XXXXXX");
	CHECK(mkdtemp(f->dir));
	f->b.folder = f->dir;
	f->a = arena_begin(64 << 20);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct folder *f = *state;

	for (int i = 0; i < 256; i++) {
		char two[80];
		char **names;
		struct err e;
		int n;

		snprintf(two, sizeof two, "%s/%02x", f->dir, (unsigned)i & 255);
		if (!os_file_is(two) || os_list_folder(f->a, two, &names, &n, &e) != 0)
			continue;
		for (int k = 0; k < n; k++)
			remove(arena_printf(f->a, "%s/%s", two, names[k]));
		rmdir(two);
	}
	rmdir(f->dir);
	arena_end(f->a);
	free(f);
	return 0;
}

static void test_put_and_get(void **state)
{
	struct folder *f = *state;
	static const struct { const char *p; size_t n; const char *sha; } rows[] = {
		{ "", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "a\0b", 3, "e0ab4cb15d8d51ec47eb9df0de5a1be33b49ff2c1c47d6ba41d5f2dd6b1bf6a9" },
	};
	struct err e;
	char hex[65], *out;
	size_t n;
	int64_t checked;

	for (size_t i = 0; i < 3; i++)
		for (int twice = 0; twice < 2; twice++) {
			CHECK_ROW(i, blob_put(&f->b, rows[i].p, rows[i].n, hex, &e) == 0);
			if (i < 2)
				CHECK_STR(hex, rows[i].sha);
			CHECK_ROW(i, blob_get(&f->b, f->a, hex, 10, &out, &n, &e) == 0 && n == rows[i].n && memcmp(out, rows[i].p, n) == 0);
		}
	CHECK(blob_verify(&f->b, &checked, &e) == 0 && checked == 3);
	CHECK(blob_get(&f->b, f->a, "../../etc/passwd", 10, &out, &n, &e) == -1 && e.id == E_NOT_FOUND);
	CHECK(blob_get(&f->b, f->a, NULL, 10, &out, &n, &e) == -1 && e.id == E_NOT_FOUND);
	CHECK(blob_get(&f->b, f->a, "00000000000000000000000000000000000000000000000000000000000000aa", 10, &out, &n, &e) == -1 && e.id == E_NOT_FOUND);
	CHECK(blob_get(&f->b, f->a, rows[1].sha, 2, &out, &n, &e) == -1 && e.id == E_BODY_TOO_LARGE);
	CHECK_STR(strrchr(blob_path(&f->b, f->a, "../x"), '/'), "/none");
}

static void test_put_file(void **state)
{
	struct folder *f = *state;
	char *path = arena_printf(f->a, "%s/upload", f->dir), hex[65], *out;
	struct err e;
	int64_t bytes;
	size_t n;

	for (int twice = 0; twice < 2; twice++) {
		CHECK(os_replace_file(path, "hello", 5, 0600, &e) == 0);
		CHECK(blob_put_file(&f->b, path, hex, &bytes, &e) == 0 && bytes == 5 && !os_file_is(path));
		CHECK(blob_get(&f->b, f->a, hex, 10, &out, &n, &e) == 0 && n == 5);
	}
	CHECK(blob_put_file(&f->b, path, hex, &bytes, &e) == -1 && e.id == E_NOT_FOUND);
}

static void test_one_changed_byte(void **state)
{
	struct folder *f = *state;
	char hex[65];
	struct err e;
	int64_t checked;
	FILE *h;

	CHECK(blob_put(&f->b, "some content", 12, hex, &e) == 0);
	h = fopen(blob_path(&f->b, f->a, hex), "r+");
	CHECK(h && fputc('S', h) == 'S' && fclose(h) == 0);
	CHECK(blob_verify(&f->b, &checked, &e) == -1 && e.id == E_CHAIN_BROKEN && strstr(e.detail, hex));
}

static void test_faults(void **state)
{
	struct folder *f = *state;
	int nth, rc = -1, fds = t_entries("/proc/self/fd");
	char text[16], hex[65], *out;
	struct err e = { 0 };
	size_t n;
	int64_t checked;

	for (int keep = 0; keep <= 1; keep++)
		for (nth = 1, rc = -1; rc != 0 && nth < 60; nth++) {
			char *path = arena_printf(f->a, "%s/upload", f->dir);
			int64_t bytes;

			snprintf(text, sizeof text, "text %d %d", keep, nth);
			fault_arm(nth, keep);
			rc = blob_put(&f->b, text, strlen(text), hex, &e);
			CHECK_ROW(nth, rc == 0 ? !fault_fired() : e.id != E_NONE && e.detail[0]);
			fault_arm(-1, 0);
			CHECK_ROW(nth, blob_put(&f->b, text, strlen(text), hex, &e) == 0);
			CHECK_ROW(nth, blob_get(&f->b, f->a, hex, 100, &out, &n, &e) == 0);
			CHECK_STR(out, text);
			CHECK_ROW(nth, t_entries("/proc/self/fd") == fds);
			snprintf(text, sizeof text, "file %d %d", keep, nth);
			CHECK(os_replace_file(path, text, strlen(text), 0600, &e) == 0);
			fault_arm(nth, keep);
			CHECK_ROW(nth, blob_put_file(&f->b, path, hex, &bytes, &e) == 0 || fault_fired());
			fault_arm(-1, 0);
			CHECK_ROW(nth, blob_put(&f->b, text, strlen(text), hex, &e) == 0);
			remove(path);
			CHECK_ROW(nth, t_entries("/proc/self/fd") == fds);
		}
	CHECK(rc == 0 && nth > 8);
	CHECK(blob_verify(&f->b, &checked, &e) == 0 && checked > 20);
}

/* On disk before it has its name, and the name on disk before anybody is told: also of a blob that is there already. */
static void test_synced_in_order(void **state)
{
	struct folder *f = *state;
	char hex[65];
	struct err e;

	CHECK(blob_put(&f->b, "first", 5, hex, &e) == 0);
	fault_arm(1000, 0);
	CHECK(blob_put(&f->b, "second", 6, hex, &e) == 0);
	CHECK(strstr(fault_points(), "open write fsync "));
	CHECK(text_ends(fault_points(), " rename open fsync open fsync"));
	fault_arm(1000, 0);
	CHECK(blob_put(&f->b, "second", 6, hex, &e) == 0);
	CHECK_STR(fault_points(), "open fsync open fsync");
	fault_arm(-1, 0);
}

static void *same_main(void *arg)
{
	struct folder *f = arg;
	static const char content[100000];
	char hex[65];
	struct err e;

	for (int i = 0; i < 20; i++)
		if (blob_put(&f->b, content, sizeof content - (size_t)i, hex, &e) != 0)
			return arg;
	return NULL;
}

static void test_same_at_once(void **state)
{
	struct folder *f = *state;
	pthread_t t[4];
	void *bad;
	int64_t checked;
	struct err e;

	for (int i = 0; i < 4; i++)
		CHECK(pthread_create(&t[i], NULL, same_main, f) == 0);
	for (int i = 0; i < 4; i++) {
		pthread_join(t[i], &bad);
		CHECK(!bad);
	}
	CHECK(blob_verify(&f->b, &checked, &e) == 0 && checked == 20);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_put_and_get, setup, teardown), cmocka_unit_test_setup_teardown(test_put_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_one_changed_byte, setup, teardown), cmocka_unit_test_setup_teardown(test_faults, setup, teardown),
		cmocka_unit_test_setup_teardown(test_same_at_once, setup, teardown), cmocka_unit_test_setup_teardown(test_synced_in_order, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
