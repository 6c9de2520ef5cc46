/* What the probe leaves: its file taken in line by line, its tickets apart from everybody's and soon gone. */
#include "store_case.h"
#include <inttypes.h>
#include <sys/stat.h>
#include "base/moment.h"
#include "core/probe_home.h"
#include "core/ticket.h"
#include "daemon/sweep.h"
#include "os/file.h"
#include "store/probe.h"

static struct catalogue catalogue;

static int take(struct store_case *s, int64_t now)
{
	struct err e = { 0 };
	int n = -1;

	if (sweep_probes(s->db, s->dir, now, &n, &e) != 0)
		fail_msg("%s %s", err_name(e.id), e.detail);
	return n;
}

static void test_lines_are_taken_in_once(void **state)
{
	static const struct { const char *text; int taken; } parts[] = {
		{ "", 0 },
		{ "{\"at\":1000,\"probe\":\"portal\",\"ok\":true,\"took_ms\":12,\"detail\":\"\"}\n", 1 },
		{ "{\"at\":2000,\"probe\":\"mail\",\"ok\":false,\"took_ms\":12,\"detail\":\"LMTP: 451\"}\n{\"at\":3000,\"pro", 1 },   /* a line still being written */
		{ "be\":\"portal\",\"ok\":true}\n", 1 },
		{ "not a line\n\n[]\n{\"at\":\"x\",\"probe\":\"portal\",\"ok\":true}\n{\"at\":5000,\"probe\":\"ftp\",\"ok\":true}\n{\"at\":5000,\"probe\":\"mail\",\"ok\":1}\n", 0 },
		{ "{\"at\":-5,\"probe\":\"mail\",\"ok\":true}\n{\"at\":99999999999999999,\"probe\":\"mail\",\"ok\":true}\n", 0 },     /* before time; to come */
		{ "{\"at\":1000,\"probe\":\"portal\",\"ok\":false}\n", 1 },    /* told twice: read, and no second row */
		{ "{\"at\":6000,\"probe\":\"mail\",\"ok\":true,\"detail\":\"\\u0000\"}\n{\"at\":7000,\"probe\":\"mail\",\"ok\":true}\n", 1 },
	};
	struct store_case *s = *state;
	struct err e = { 0 };
	char path[200];
	int64_t now = 1000000;

	snprintf(path, sizeof path, "%s/run", s->dir);
	CHECK_INT(mkdir(path, 0700), 0);
	snprintf(path, sizeof path, "%s/run/probe-2026-11.jsonl", s->dir);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		CHECK_INT(os_append_file(path, parts[i].text, strlen(parts[i].text), &e), 0);
		CHECK_ROW(i, take(s, now + (int64_t)i) == parts[i].taken);
		CHECK_ROW(i, take(s, now + (int64_t)i) == 0);
	}
	CHECK_INT(store_case_count(s, "SELECT COUNT(*) FROM probe_result"), 4);
	CHECK_INT(store_case_count(s, "SELECT SUM(ok) FROM probe_result"), 3);
	CHECK_INT(store_case_count(s, "SELECT stored_at FROM probe_result WHERE at=3000"), now + 3);
	/* the next month's file begins at its own beginning; a file that is not the probe's is left alone */
	snprintf(path, sizeof path, "%s/run/probe-2026-12.jsonl", s->dir);
	CHECK_INT(os_append_file(path, "{\"at\":8000,\"probe\":\"mail\",\"ok\":true}\n", 38, &e), 0);
	snprintf(path, sizeof path, "%s/run/other.jsonl", s->dir);
	CHECK_INT(os_append_file(path, "{\"at\":9000,\"probe\":\"mail\",\"ok\":true}\n", 38, &e), 0);
	CHECK_INT(take(s, now + 100), 1);
	CHECK_INT(take(s, now + 100), 0);
}

struct filed { int64_t customer, contact, now, number; };

static int file_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct filed *f = arg;
	struct desk d = { &catalogue, "", f->now };
	struct actor who = { ROLE_EMPLOYEE, false, f->contact, f->customer, "Pedel probe" };
	struct ticket_draft draft = { .subject = "pedel-probe-1", .channel = "portal", .text = { .body = "pedel-probe-1" } };
	struct ticket t;

	if (ticket_create(w, a, &d, &who, &draft, &t, e) != 0)
		return -1;
	f->number = t.number;
	return ticket_change(w, a, &d, &who, t.id, &(struct ticket_change){ .state = "solved" }, &t, e);
}

static void test_the_probe_is_nobodys_customer(void **state)
{
	struct store_case *s = *state;
	struct blobs blobs = { s->dir };
	int64_t now = moment_from_local(2026, 11, 24, 10, 0, 0);
	struct filed f = { .now = now };
	struct err e = { 0 };
	char path[200], *text, *again;
	struct stat st;
	size_t n;
	int gone;

	snprintf(path, sizeof path, "%s/keys", s->dir);
	CHECK_INT(mkdir(path, 0700), 0);
	CHECK_INT(probe_home_open(s->db, s->dir, now, &e), 0);
	snprintf(path, sizeof path, "%s/keys/probe.json", s->dir);
	CHECK(stat(path, &st) == 0 && (st.st_mode & 0777) == 0400);
	CHECK_INT(os_read_file(s->a, path, 4096, &text, &n, &e), 0);
	CHECK(strstr(text, "desk@pedel.invalid"));
	CHECK_INT(probe_home_open(s->db, s->dir, now, &e), 0);         /* again: the same secret, the same one customer */
	CHECK_INT(os_read_file(s->a, path, 4096, &again, &n, &e), 0);
	CHECK_STR(text, again);
	CHECK_INT(store_case_count(s, "SELECT COUNT(*) FROM customer"), 1);
	CHECK_INT(store_case_count(s, "SELECT COUNT(*) FROM contact WHERE password_hash IS NOT NULL"), 1);
	f.customer = store_case_count(s, "SELECT id FROM customer");
	f.contact = store_case_count(s, "SELECT id FROM contact");
	CHECK_INT(db_write(s->db, file_job, &f, &e), 0);
	CHECK(f.number > INT64_C(9000000000));
	CHECK_INT(store_case_count(s, "SELECT COUNT(*) FROM ticket WHERE probe=1 AND state='solved'"), 1);
	CHECK_INT(store_case_count(s, "SELECT COUNT(*) FROM event"), 0);
	CHECK_INT(store_case_count(s, "SELECT COUNT(*) FROM outbox"), 0);
	CHECK_INT(probe_home_tidy(s->db, &blobs, now, &gone, &e), 0);
	CHECK_INT(gone, 0);
	CHECK_INT(probe_home_tidy(s->db, &blobs, now + 1, &gone, &e), 0);
	CHECK_INT(gone, 1);
	CHECK_INT(store_case_count(s, "SELECT COUNT(*) FROM ticket"), 0);
	CHECK_INT(store_case_count(s, "SELECT COUNT(*) FROM message"), 0);
}

int main(void)
{
	static const struct store_test tests[] = { STORE_TEST(test_lines_are_taken_in_once), STORE_TEST(test_the_probe_is_nobodys_customer) };
	struct arena *a = arena_begin(16 << 20);
	struct err e = { 0 };
	int rc;

	moment_zone();
	if (catalogue_load(a, NULL, &catalogue, &e) != 0)
		return 1;
	rc = store_tests_run(tests, sizeof tests / sizeof *tests);
	arena_end(a);
	return rc;
}
