#include "store_case.h"
#include <pthread.h>
#include <sys/stat.h>
#include "base/fault.h"
#include "os/file.h"
#include "store/backup.h"
#include "store/copy.h"
#include "store/event.h"

struct home { struct store_case *s; char *data, *to, *out; struct blobs blobs; };

static int job_event(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	return event_add(w, a, &(struct event){ .at = 1, .actor_kind = "system", .object = "o", .kind = "k", .data = "{}" }, e);
}

static struct home home_make(struct store_case *s)
{
	struct home h = { s, arena_printf(s->a, "%s/data", s->dir), arena_printf(s->a, "%s/b.tar", s->dir), arena_printf(s->a, "%s/out", s->dir), { NULL } };
	char hex[65], *big = arena_get(s->a, 200001);
	struct err e;

	memset(big, 'q', 200001);
	h.blobs.folder = arena_printf(s->a, "%s/blobs", h.data);
	CHECK(os_make_folder(h.blobs.folder, 0700, &e) == 0 && os_make_folder(arena_printf(s->a, "%s/keys", h.data), 0700, &e) == 0);
	CHECK(os_make_folder(h.out, 0700, &e) == 0);
	CHECK(os_replace_file(arena_printf(s->a, "%s/pedel.conf", h.data), "listen=x\n", 9, 0600, &e) == 0);
	CHECK(os_replace_file(arena_printf(s->a, "%s/keys/master.key", h.data), "k", 1, 0400, &e) == 0);
	CHECK(blob_put(&h.blobs, "one", 3, hex, &e) == 0 && blob_put(&h.blobs, "", 0, hex, &e) == 0 && blob_put(&h.blobs, big, 200001, hex, &e) == 0);
	for (int i = 0; i < 5; i++)
		CHECK(db_write(s->db, job_event, NULL, &e) == 0);
	return h;
}

static void same_as(struct home *h)
{
	struct db_config cfg = { .path = arena_printf(h->s->a, "%s/pedel.db", h->out), .readers = 1, .solo = true };
	struct blobs blobs = { arena_printf(h->s->a, "%s/blobs", h->out) };
	struct copy_report r;
	struct db_conn *x = NULL, *y = NULL;
	struct db *d;
	struct err e = { 0 };
	int64_t n;

	CHECK(blob_verify(&blobs, &n, &e) == 0 && n == 3);
	CHECK(db_open(&cfg, &d, &e) == 0);
	CHECK(db_read_begin(d, &x, &e) == 0 && db_read_begin(h->s->db, &y, &e) == 0);
	CHECK(copy_same(x, y, &r, &e) == 0 && r.rows >= 5);
	CHECK(event_verify(x, &n, &e) == 0 && n == 5);
	db_read_end(x);
	db_read_end(y);
	db_close(d);
}

static void test_there_and_back(void **state)
{
	struct home h = home_make(*state);
	struct backup_report r, q;
	struct stat st;
	struct err e = { 0 };

	CHECK(backup_write(h.data, h.s->db, h.to, 77, &r, &e) == 0);
	CHECK(r.files == 6 && t_entries(arena_printf(h.s->a, "%s/tmp", h.data)) == 2);
	CHECK(stat(h.to, &st) == 0 && (st.st_mode & 0777) == 0600);
	CHECK(backup_check(h.to, &q, &e) == 0 && q.files == r.files && q.bytes == r.bytes && q.made_at == 77);
	CHECK(backup_extract(h.to, h.out, &q, &e) == 0);
	same_as(&h);
	CHECK(backup_extract(h.to, h.out, &q, &e) == -1 && e.id == E_FOLDER_NOT_EMPTY);
	CHECK(backup_write(h.data, h.s->db, h.to, 78, &r, &e) == 0);    /* over the old one */
	CHECK(backup_check(h.to, &q, &e) == 0 && q.made_at == 78);
	CHECK(backup_check("/tmp/pedel-no-such-file", &q, &e) == -1 && e.id == E_NOT_FOUND);
}

/* Cut at any block, and any byte changed (in steps): refused, and the folder stays empty. */
static void test_broken_files(void **state)
{
	struct home h = home_make(*state);
	struct backup_report r;
	char *all, *bad = arena_printf(h.s->a, "%s/bad.tar", h.s->dir);
	struct err e = { 0 };
	size_t n;

	CHECK(backup_write(h.data, h.s->db, h.to, 77, &r, &e) == 0);
	CHECK(os_read_file(h.s->a, h.to, 64 << 20, &all, &n, &e) == 0);
	for (size_t cut = 0; cut < n; cut += cut < 4096 ? 256 : n / 40) {
		CHECK(os_replace_file(bad, all, cut, 0600, &e) == 0);
		CHECK_ROW(cut, backup_check(bad, &r, &e) == -1 && e.id == E_BACKUP_INVALID);
		CHECK_ROW(cut, backup_extract(bad, h.out, &r, &e) == -1 && t_entries(h.out) == 2);
	}
	for (size_t at = 3; at < n; at += at < 2048 ? 37 : n / 60) {
		bool tail;

		all[at] ^= 1;
		CHECK(os_replace_file(bad, all, n, 0600, &e) == 0);
		/* padding is nobody's content: a change there may pass */
		tail = backup_check(bad, &r, &e) == 0;
		if (tail)
			CHECK_ROW(at, all[at] == 1);
		else
			CHECK_ROW(at, e.id == E_BACKUP_INVALID);
		all[at] ^= 1;
	}
	CHECK(os_replace_file(bad, arena_printf(h.s->a, "%.*sx", 0, ""), 1, 0600, &e) == 0);
	CHECK(backup_check(bad, &r, &e) == -1 && e.id == E_BACKUP_INVALID);
}

static void test_faults(void **state)
{
	struct home h = home_make(*state);
	int nth, rc = -1, fds;
	struct backup_report r;
	struct err e = { 0 };

	if (h.s->kind == DB_POSTGRES)
		return;         /* the files are what is tested here */
	CHECK(backup_write(h.data, h.s->db, h.to, 1, &r, &e) == 0);
	fds = t_entries("/proc/self/fd");       /* a read connection is open now, and may be closed by a fault */
	for (int keep = 0; keep <= 1; keep++) {
		for (nth = 1, rc = -1; rc != 0 && nth < 400; nth++) {
			fault_arm(nth, keep);
			rc = backup_write(h.data, h.s->db, h.to, 2, &r, &e);
			CHECK_ROW(nth, rc == 0 || (fault_fired() && e.id != E_NONE));
			fault_arm(-1, 0);
			CHECK_ROW(nth, backup_check(h.to, &r, &e) == 0);        /* the old one or the new one, always whole */
			CHECK_ROW(nth, t_entries("/proc/self/fd") <= fds && !os_file_is(arena_printf(h.s->a, "%s.new", h.to)));
		}
		CHECK(rc == 0 && nth > 10);
		for (nth = 1, rc = -1; rc != 0 && nth < 400; nth++) {
			fault_arm(nth, keep);
			rc = backup_extract(h.to, h.out, &r, &e);
			CHECK_ROW(nth, rc == 0 || (fault_fired() && e.id != E_NONE));
			fault_arm(-1, 0);
			CHECK_ROW(nth, rc == 0 || t_entries(h.out) == 2);
			CHECK_ROW(nth, t_entries("/proc/self/fd") <= fds);
		}
		CHECK(rc == 0 && nth > 10);
		same_as(&h);
		nftw(h.out, store_case_remove, 8, FTW_DEPTH | FTW_PHYS);
		CHECK(os_make_folder(h.out, 0700, &e) == 0);
	}
}

struct load { struct db *d; int stop, wrote; };

static void *load_main(void *arg)
{
	struct load *l = arg;
	struct err e;

	while (!__atomic_load_n(&l->stop, __ATOMIC_ACQUIRE))
		l->wrote += db_write(l->d, job_event, NULL, &e) == 0;
	return NULL;
}

/* Made while others write: what is in it is one moment, and nobody was refused. */
static void test_under_load(void **state)
{
	struct home h = home_make(*state);
	struct db_config cfg;
	struct load l = { 0 };
	struct backup_report r;
	struct db_conn *c;
	struct db *d;
	pthread_t t;
	struct err e = { 0 };
	int64_t n;

	db_close(h.s->db);
	h.s->cfg.solo = false;
	CHECK(db_open(&h.s->cfg, &h.s->db, &e) == 0);
	l.d = h.s->db;
	CHECK(pthread_create(&t, NULL, load_main, &l) == 0);
	for (int i = 0; i < 3; i++) {
		CHECK(backup_write(h.data, h.s->db, h.to, 1, &r, &e) == 0);
		CHECK(backup_extract(h.to, h.out, &r, &e) == 0);
		cfg = (struct db_config){ .path = arena_printf(h.s->a, "%s/pedel.db", h.out), .readers = 1, .solo = true };
		CHECK(db_open(&cfg, &d, &e) == 0 && db_read_begin(d, &c, &e) == 0);
		CHECK(event_verify(c, &n, &e) == 0 && n >= 5);
		db_read_end(c);
		db_close(d);
		nftw(h.out, store_case_remove, 8, FTW_DEPTH | FTW_PHYS);
		CHECK(os_make_folder(h.out, 0700, &e) == 0);
	}
	__atomic_store_n(&l.stop, 1, __ATOMIC_RELEASE);
	pthread_join(t, NULL);
	CHECK(l.wrote > 0);
}

int main(void)
{
	static const struct store_test tests[] = {
		STORE_TEST(test_there_and_back), STORE_TEST(test_broken_files), STORE_TEST(test_faults), STORE_TEST(test_under_load),
	};
	return store_tests_run(tests, sizeof tests / sizeof *tests);
}
