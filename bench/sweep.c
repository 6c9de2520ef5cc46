/* sweep - what the promise ledger costs when the probes speak: bench/sweep [CUSTOMERS [MINUTES]]
 * Customers with support, backup and a service agreement, every fifth with webwork as well; a month of probe results, one a
 * minute; then MINUTES sweeps with one new result each, and one sweep that has to catch up with a day of 12 customers.
 * CPU of the whole process, in ms a sweep. The catalogue is read from ./catalogue. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/moment.h"
#include "base/text.h"
#include "core/catalogue.h"
#include "core/promise.h"
#include "services/all.h"
#include "store/event.h"
#include "store/probe.h"

struct house { struct db *db; struct promise_book book; struct catalogue catalogue; int customers; int64_t from, to, began; };

static void die(const char *what, const struct err *e)
{
	fprintf(stderr, "sweep: %s: %s (%s:%d)\n", what, e->detail, e->file, e->line);
	exit(1);
}

static double cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int add_customers(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	static const struct db_sql customer = { "INSERT INTO customer(name,cvr,created_at) VALUES(?1,?2,1) RETURNING id" };
	static const struct db_sql agreement = { "INSERT INTO agreement(customer_id,number,state,lang,valid_from_day,created_at,created_by,accepted_at) "
		"VALUES(?1,?2,'accepted','da',?3,1,1,?4) RETURNING id" };
	static const struct db_sql item = { "INSERT INTO agreement_item(customer_id,agreement_id,service,catalogue_version,terms) VALUES(?1,?2,?3,1,?4)" };
	static const char *const services[] = { "support", "backup", "service-agreement", "webwork" };
	struct house *h = arg;

	for (int i = 0; i < h->customers; i++) {
		const char *number = arena_printf(a, "%d-1", i + 1);
		int64_t id, agreed;
		struct event ev = { .at = h->began, .actor_kind = "system", .object = "agreement", .object_id = 1, .kind = "agreement.accepted", .data = "{}" };

		if (db_id(w, &customer, DB(DB_TEXT(arena_printf(a, "Kunde %d A/S", i)), DB_TEXT(arena_printf(a, "%08d", 10000001 + i))), &id, e) != 0 ||
				db_id(w, &agreement, DB(DB_INT(id), DB_TEXT(number), DB_INT(day_of(h->began)), DB_INT(h->began)), &agreed, e) != 0)
			return -1;
		for (int s = 0; s < (i % 5 ? 3 : 4); s++)
			if (db_run(w, &item, DB(DB_INT(id), DB_INT(agreed), DB_TEXT(services[s]), DB_TEXT(s == 2 ?
					"{\"hours_per_month\":2,\"hourly_price_ore\":105000,\"monthly_price_ore\":190000}" : "{}")), NULL, e) != 0)
				return -1;
		ev.customer_id = id;
		if (event_add(w, a, &ev, e) != 0)
			return -1;
	}
	return 0;
}

static int add_probes(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct house *h = arg;

	(void)a;
	for (int64_t at = h->from; at < h->to; at += MOMENT_MINUTE)
		for (int k = 0; k < 2; k++) {
			struct probe_result r = { at, at + MOMENT_SECOND, k ? "mail" : "portal", at / MOMENT_MINUTE % 997 != 0, 120, "" };

			if (store_probe_add(w, &r, e) != 0)
				return -1;
		}
	return 0;
}

static void probe(struct house *h, int64_t from, int64_t to)
{
	struct err e;

	h->from = from;
	h->to = to;
	if (db_write(h->db, add_probes, h, &e) != 0)
		die("probes", &e);
}

static void sweep(struct house *h, int64_t at)
{
	struct err e;
	bool more = true;

	while (more)
		if (promise_sweep(h->db, &h->book, at, &more, &e) != 0)
			die("sweep", &e);
}

static void begin(struct house *h, struct arena *a, const char *path, int customers)
{
	struct db_config c = { .path = path, .readers = 4, .create = true };
	struct err e;

	*h = (struct house){ .customers = customers, .began = moment_from_local(2026, 10, 30, 9, 0, 0) };
	if (catalogue_load(a, "catalogue", &h->catalogue, &e) != 0 || db_open(&c, &h->db, &e) != 0)
		die("begin", &e);
	h->book = (struct promise_book){ &h->catalogue, service_all, "" };
	if (db_write(h->db, add_customers, h, &e) != 0)
		die("customers", &e);
}

int main(int argc, char **argv)
{
	int64_t customers = 500, minutes = 20;
	int64_t month = moment_from_local(2026, 11, 1, 0, 0, 0), late = moment_from_local(2026, 11, 28, 9, 0, 0);
	const char *tmp = getenv("TMPDIR") ? getenv("TMPDIR") : "/var/tmp";
	struct arena *a = arena_begin(64 << 20);
	char *folder = arena_printf(a, "%s/pedel-sweep-XXXXXX", tmp);
	struct house h;
	double from;

	if ((argc > 1 && !text_int(argv[1], &customers)) || (argc > 2 && !text_int(argv[2], &minutes)) || customers < 1 || minutes < 1) {
		fprintf(stderr, "sweep [CUSTOMERS [MINUTES]]\n");
		return 2;
	}
	if (!mkdtemp(folder))
		return 1;
	begin(&h, a, arena_printf(a, "%s/a.db", folder), (int)customers);
	sweep(&h, late);
	probe(&h, month, late - MOMENT_MINUTE);         /* swept already: read, but not walked through */
	from = 0;
	for (int m = 0; m < minutes; m++) {
		double then;

		probe(&h, late + m * MOMENT_MINUTE, late + m * MOMENT_MINUTE + 1);
		then = cpu_ms();
		sweep(&h, late + m * MOMENT_MINUTE + 5 * MOMENT_SECOND);
		from += cpu_ms() - then;
	}
	printf("%" PRId64 " customers, one result: %.1f ms a sweep\n", customers, from / (double)minutes);
	db_close(h.db);
	begin(&h, a, arena_printf(a, "%s/b.db", folder), 12);
	probe(&h, month, late);
	sweep(&h, month + 20 * MOMENT_DAY);
	from = cpu_ms();
	sweep(&h, month + 21 * MOMENT_DAY);
	printf("12 customers, a day of results at once (1440 moments): %.0f ms\n", cpu_ms() - from);
	db_close(h.db);
	for (int i = 0; i < 6; i++)
		unlink(arena_printf(a, "%s/%c.db%s", folder, "ab"[i % 2], (const char *[]){ "", "-wal", "-shm" }[i / 2]));
	rmdir(folder);
	arena_end(a);
	return 0;
}
