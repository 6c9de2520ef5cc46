#include "t.h"
#include "base/fault.h"
#include "os/conf.h"
#include "os/file.h"
#include <stdlib.h>
#include <unistd.h>

static char folder[] = "/tmp/pedel-test-XXXXXX";

/* Fail each call to the outside world in turn - once, then from there on - and demand: the file is exactly as before or
 * exactly as wished, the error says so, and no descriptor or half-written file is left. */
static void replace_survives_every_fault(void **state)
{
	char path[300], *now;
	size_t n;
	int nth, rc, fds = t_entries("/proc/self/fd"), files;

	snprintf(path, sizeof path, "%s/a.conf", folder);
	for (int keep = 0; keep <= 1; keep++)
		for (nth = 1, rc = -1; rc != 0 && nth < 100; nth++) {
			struct arena *a = arena_begin(1 << 20);
			struct err e = { 0 };

			fault_arm(-1, 0);
			CHECK(os_replace_file(path, "old", 3, 0640, &e) == 0);
			files = t_entries(folder);
			fault_arm(nth, keep);
			rc = os_replace_file(path, "new", 3, 0640, &e);
			CHECK(rc == 0 ? !fault_fired() : e.id != E_NONE && e.detail[0]);
			fault_arm(-1, 0);
			CHECK(os_read_file(a, path, 100, &now, &n, &e) == 0 && n == 3);
			/* once renamed, only the folder's own sync can fail: then it is new, and not promised */
			CHECK_STR(now, rc == 0 || nth >= 5 ? "new" : "old");
			CHECK(t_entries("/proc/self/fd") == fds && t_entries(folder) == files);
			arena_end(a);
		}
	CHECK_INT(nth, 8);
}

static void folders_and_lists(void **state)
{
	struct arena *a = arena_begin(1 << 20);
	struct err e = { 0 };
	char path[300], **names, *text;
	int n;

	snprintf(path, sizeof path, "%s/x/y/z", folder);
	CHECK(os_make_folder(path, 0750, &e) == 0 && os_make_folder(path, 0750, &e) == 0);
	snprintf(path, sizeof path, "%s/x/y/z/b", folder);
	CHECK(os_append_file(path, "1", 1, &e) == 0 && os_append_file(path, "2", 1, &e) == 0);
	CHECK_INT(os_file_size(path), 2);
	CHECK(os_read_file(a, path, 1, &text, NULL, &e) == -1 && e.id == E_BODY_TOO_LARGE);
	CHECK(os_read_file(a, "/nonexistent/x", 1, &text, NULL, &e) == -1 && e.id == E_NOT_FOUND);
	snprintf(path, sizeof path, "%s/x/y/z", folder);
	CHECK(os_list_folder(a, path, &names, &n, &e) == 0 && n == 1);
	CHECK_STR(names[0], "b");
	snprintf(path, sizeof path, "%s/x/y/z/b", folder);
	CHECK(os_remove_file(path, &e) == 0 && os_remove_file(path, &e) == 0);
	arena_end(a);
}

/* pedel.conf: the last line of a key counts, a second file goes before, and writing one key keeps the others. */
static void a_conf_is_read_and_written(void **state)
{
	static const char text[] = "# a comment = 1\nlisten = 127.0.0.1:1\norigin=http://a\n  origin = http://b  \nempty=\nlisten=[::1]:2, 127.0.0.1:3\n";
	static const char *const bad[] = { "no equals\n", "=x\n", "a=\xff\n" };
	struct arena *a = arena_begin(4 << 20);
	const char *const *words;
	struct err e = { 0 };
	struct conf *c;
	char path[300], over[300];

	snprintf(path, sizeof path, "%s/pedel.conf", folder);
	snprintf(over, sizeof over, "%s/over.conf", folder);
	CHECK(conf_read(a, folder, NULL, &c, &e) == -1 && e.id == E_NOT_INITIALISED);
	CHECK(os_replace_file(path, text, sizeof text - 1, 0600, &e) == 0 && os_replace_file(over, "origin=https://c\n", 17, 0600, &e) == 0);
	CHECK(conf_read(a, folder, NULL, &c, &e) == 0);
	CHECK_STR(conf_get(c, "origin", ""), "http://b");
	CHECK_STR(conf_get(c, "empty", "unless"), "unless");
	words = conf_words(a, c, "listen");
	CHECK(words[0] && words[1] && !words[2]);
	CHECK_STR(words[1], "127.0.0.1:3");
	CHECK(conf_read(a, folder, over, &c, &e) == 0);
	CHECK_STR(conf_get(c, "origin", ""), "https://c");
	CHECK(conf_set(a, folder, "origin", "https://d", &e) == 0 && conf_read(a, folder, NULL, &c, &e) == 0);
	CHECK_STR(conf_get(c, "origin", ""), "https://d");
	CHECK_STR(conf_get(c, "listen", ""), "[::1]:2, 127.0.0.1:3");
	CHECK(os_replace_file(over, "db=postgresql://x\n", 18, 0600, &e) == 0);
	CHECK(conf_read(a, folder, over, &c, &e) == -1 && e.id == E_CONF_KEY_ELSEWHERE);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		CHECK(os_replace_file(path, bad[i], strlen(bad[i]), 0600, &e) == 0);
		CHECK_ROW(i, conf_read(a, folder, NULL, &c, &e) == -1 && e.id == E_CONF_INVALID);
	}
	CHECK(os_remove_file(path, &e) == 0 && os_remove_file(over, &e) == 0);
	arena_end(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replace_survives_every_fault),
		cmocka_unit_test(folders_and_lists),
		cmocka_unit_test(a_conf_is_read_and_written),
	};
	char path[300];
	int rc;

	if (!mkdtemp(folder))
		return 1;
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	snprintf(path, sizeof path, "%s/a.conf", folder);
	unlink(path);
	return rc;
}
