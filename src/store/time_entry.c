#include "store/time_entry.h"

#define COLS "t.id,t.customer_id,t.ticket_id,t.person_id,t.activity,t.started_at,t.day,t.month,t.minutes,t.note,t.drive_out_minutes," \
	"t.drive_home_minutes,t.late,t.reported,t.created_at,t.created_by,t.removed_at,p.name,p.login,c.name,coalesce(k.subject,'')," \
	"coalesce(k.number,0),coalesce(g.service,''),t.trip_customers,t.trip_part"
#define FROM " FROM time_entry t JOIN person p ON p.id=t.person_id JOIN customer c ON c.id=t.customer_id " \
	"LEFT JOIN ticket k ON k.id=t.ticket_id LEFT JOIN category g ON g.key=k.category"

static const struct db_sql add = { "INSERT INTO time_entry(customer_id,ticket_id,person_id,activity,started_at,day,month,minutes,note,"
	"drive_out_minutes,drive_home_minutes,late,reported,created_at,created_by,trip_customers,trip_part) "
	"VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17) "
	"RETURNING id", NULL };
static const struct db_sql set = { "UPDATE time_entry SET activity=?2,started_at=?3,day=?4,month=?5,minutes=?6,note=?7,drive_out_minutes=?8,"
	"drive_home_minutes=?9,late=?10,removed_at=?11,trip_customers=?13,trip_part=?14 WHERE id=?1 AND customer_id=?12", NULL };
static const struct db_sql spent = { "UPDATE ticket SET spent_minutes=(SELECT coalesce(sum(minutes),0) FROM time_entry WHERE ticket_id=?1 "
	"AND removed_at=0) WHERE id=?1", NULL };
static const struct db_sql get = { "SELECT " COLS FROM " WHERE t.id=?1 AND t.removed_at=0", NULL };
static const struct db_sql of_customer = { "SELECT " COLS FROM " WHERE t.customer_id=?1 AND t.month>=?2 AND t.month<=?3 AND t.removed_at=0 "
	"ORDER BY t.started_at,t.id", NULL };
static const struct db_sql of_person = { "SELECT " COLS FROM " WHERE t.person_id=?1 AND t.day>=?2 AND t.day<=?3 AND t.removed_at=0 "
	"ORDER BY t.started_at,t.id", NULL };
static const struct db_sql of_ticket = { "SELECT " COLS FROM " WHERE t.ticket_id=?1 AND t.removed_at=0 ORDER BY t.started_at,t.id", NULL };
static const struct db_sql latest = { "SELECT " COLS FROM " WHERE t.id<?1 AND t.removed_at=0 AND (?2=0 OR t.customer_id=?2) "
	"AND (?3=0 OR t.ticket_id=?3) AND (?4=0 OR t.person_id=?4) ORDER BY t.id DESC LIMIT ?5", NULL };
static const struct db_sql first_month = { "SELECT month FROM time_entry WHERE customer_id=?1 AND removed_at=0 ORDER BY month LIMIT 1", NULL };
static const struct db_sql ticket = { "SELECT k.id,k.number,coalesce(k.customer_id,0),k.subject,k.channel,coalesce(c.name,'') FROM ticket k "
	"LEFT JOIN customer c ON c.id=k.customer_id WHERE k.id=(SELECT coalesce(m.merged_into,m.id) FROM ticket m WHERE m.id=?1)", NULL };
static const struct db_sql person = { "SELECT id FROM person WHERE login=?1 AND active=1", NULL };
static const struct db_sql customer = { "SELECT name,lang FROM customer WHERE id=?1", NULL };
static const struct db_sql timer_get = { "SELECT m.person_id,m.ticket_id,coalesce(m.customer_id,0),m.started_at,m.kept_minutes,m.running,"
	"coalesce(k.number,0),coalesce(k.subject,'') FROM timer m LEFT JOIN ticket k ON k.id=m.ticket_id WHERE m.person_id=?1", NULL };
static const struct db_sql timer_put = { "INSERT INTO timer(person_id,ticket_id,customer_id,started_at,kept_minutes,running) "
	"VALUES(?1,?2,?3,?4,?5,?6) ON CONFLICT(person_id) DO UPDATE SET ticket_id=excluded.ticket_id,customer_id=excluded.customer_id,"
	"started_at=excluded.started_at,kept_minutes=excluded.kept_minutes,running=excluded.running", NULL };
static const struct db_sql timer_remove = { "DELETE FROM timer WHERE person_id=?1", NULL };
static const struct db_sql items = { "SELECT g.id,g.accepted_at,g.valid_from_day,coalesce(g.valid_to_day,2147483647),i.service,i.terms,g.ended_at "
	"FROM agreement g JOIN agreement_item i ON i.agreement_id=g.id AND i.customer_id=?1 WHERE g.customer_id=?1 AND g.accepted_at>0 "
	"AND g.state IN ('accepted','superseded','ended') ORDER BY g.accepted_at DESC,g.id DESC,i.id", NULL };

static int read_rows(struct db_conn *c, struct arena *a, const struct db_sql *q, const struct db_val *v, int nv, struct time_entry **out, int *n,
	struct err *e)
{
	struct time_entry *list = NULL, *more;
	int got = 0, room = 0, rc;
	struct db_cur *cur;

	if (db_query(c, q, v, nv, &cur, e) != 0)
		return -1;
	while ((rc = db_next(cur, e)) > 0) {
		if (got == room) {
			room = room ? room * 2 : 16;
			more = ARENA_ARRAY(a, struct time_entry, room);
			if (got)
				memcpy(more, list, sizeof *list * (size_t)got);
			list = more;
		}
		list[got++] = (struct time_entry){
			.id = db_int(cur, 0), .customer_id = db_int(cur, 1), .ticket_id = db_int(cur, 2), .person_id = db_int(cur, 3),
			.activity = db_text(cur, 4, a), .started_at = db_int(cur, 5), .day = (int32_t)db_int(cur, 6), .month = (int32_t)db_int(cur, 7),
			.minutes = (int)db_int(cur, 8), .note = db_text(cur, 9, a), .drive_out_minutes = (int)db_int(cur, 10),
			.drive_home_minutes = (int)db_int(cur, 11), .late = db_int(cur, 12) != 0, .reported = db_int(cur, 13) != 0,
			.created_at = db_int(cur, 14), .created_by = db_int(cur, 15), .removed_at = db_int(cur, 16), .person_name = db_text(cur, 17, a),
			.person_login = db_text(cur, 18, a), .customer_name = db_text(cur, 19, a), .ticket_subject = db_text(cur, 20, a),
			.ticket_number = db_int(cur, 21), .category_service = db_text(cur, 22, a),
			.trip_customers = (int)db_int(cur, 23), .trip_part = (int)db_int(cur, 24),
		};
	}
	db_done(cur);
	if (rc < 0)
		return -1;
	*out = list;
	*n = got;
	return 0;
}

int store_time_add(struct db_conn *w, struct time_entry *t, struct err *e)
{
	int64_t id;

	if (db_id(w, &add, DB(DB_INT(t->customer_id), DB_ID(t->ticket_id), DB_INT(t->person_id), DB_TEXT(t->activity), DB_INT(t->started_at),
		DB_INT(t->day), DB_INT(t->month), DB_INT(t->minutes), DB_TEXT(t->note), DB_INT(t->drive_out_minutes), DB_INT(t->drive_home_minutes),
		DB_INT(t->late), DB_INT(t->reported), DB_INT(t->created_at), DB_INT(t->created_by),
		DB_INT(t->trip_customers), DB_INT(t->trip_part)), &id, e) != 0)
		return -1;
	if (t->ticket_id && db_run(w, &spent, DB(DB_INT(t->ticket_id)), NULL, e) != 0)
		return -1;
	t->id = id;
	return 0;
}

int store_time_set(struct db_conn *w, const struct time_entry *t, struct err *e)
{
	int changed;

	if (db_run(w, &set, DB(DB_INT(t->id), DB_TEXT(t->activity), DB_INT(t->started_at), DB_INT(t->day), DB_INT(t->month), DB_INT(t->minutes),
		DB_TEXT(t->note), DB_INT(t->drive_out_minutes), DB_INT(t->drive_home_minutes), DB_INT(t->late), DB_INT(t->removed_at),
		DB_INT(t->customer_id), DB_INT(t->trip_customers), DB_INT(t->trip_part)), &changed, e) != 0)
		return -1;
	if (changed == 0)
		return FAIL(e, E_NOT_FOUND, "time entry %lld", (long long)t->id);
	return t->ticket_id ? db_run(w, &spent, DB(DB_INT(t->ticket_id)), NULL, e) : 0;
}

int store_time_get(struct db_conn *c, struct arena *a, int64_t id, struct time_entry *out, struct err *e)
{
	struct time_entry *t;
	int n;

	if (read_rows(c, a, &get, DB(DB_INT(id)), &t, &n, e) != 0)
		return -1;
	if (n == 0)
		return FAIL(e, E_NOT_FOUND, "time entry %lld", (long long)id);
	*out = t[0];
	return 0;
}

int store_time_of_customer(struct db_conn *c, struct arena *a, int64_t customer_id, int32_t from_month, int32_t to_month,
	struct time_entry **out, int *n, struct err *e)
{
	return read_rows(c, a, &of_customer, DB(DB_INT(customer_id), DB_INT(from_month), DB_INT(to_month)), out, n, e);
}

int store_time_of_person(struct db_conn *c, struct arena *a, int64_t person_id, int32_t from_day, int32_t to_day,
	struct time_entry **out, int *n, struct err *e)
{
	return read_rows(c, a, &of_person, DB(DB_INT(person_id), DB_INT(from_day), DB_INT(to_day)), out, n, e);
}

int store_time_of_ticket(struct db_conn *c, struct arena *a, int64_t ticket_id, struct time_entry **out, int *n, struct err *e)
{
	return read_rows(c, a, &of_ticket, DB(DB_INT(ticket_id)), out, n, e);
}

int store_time_list(struct db_conn *c, struct arena *a, int64_t customer_id, int64_t ticket_id, int64_t person_id, int64_t before_id, int limit,
	struct time_entry **out, int *n, struct err *e)
{
	return read_rows(c, a, &latest, DB(DB_INT(before_id ? before_id : INT64_MAX), DB_INT(customer_id), DB_INT(ticket_id), DB_INT(person_id),
		DB_INT(limit)), out, n, e);
}

/* A statement that may give no row: 1 a row (cur open), 0 none, -1. */
static int one_row(struct db_conn *c, const struct db_sql *q, const struct db_val *v, int nv, struct db_cur **cur, struct err *e)
{
	int rc;

	if (db_query(c, q, v, nv, cur, e) != 0)
		return -1;
	rc = db_next(*cur, e);
	if (rc <= 0)
		db_done(*cur);
	return rc;
}

int store_time_first_month(struct db_conn *c, int64_t customer_id, int32_t *month, struct err *e)
{
	struct db_cur *cur;
	int rc = one_row(c, &first_month, DB(DB_INT(customer_id)), &cur, e);

	if (rc < 0)
		return -1;
	*month = INT32_MAX;
	if (rc == 0)
		return 0;
	*month = (int32_t)db_int(cur, 0);
	db_done(cur);
	return 0;
}

int store_time_ticket(struct db_conn *c, struct arena *a, int64_t ticket_id, struct time_ticket *out, struct err *e)
{
	struct db_cur *cur;
	int rc = one_row(c, &ticket, DB(DB_INT(ticket_id)), &cur, e);

	if (rc <= 0)
		return rc < 0 ? -1 : FAIL_FIELD(e, E_NOT_FOUND, "ticket_id", "ticket %lld", (long long)ticket_id);
	*out = (struct time_ticket){ db_int(cur, 0), db_int(cur, 1), db_int(cur, 2), db_text(cur, 3, a), db_text(cur, 4, a), db_text(cur, 5, a) };
	db_done(cur);
	return 0;
}

int store_time_person_by_login(struct db_conn *c, const char *login, int64_t *person_id, struct err *e)
{
	struct db_cur *cur;
	int rc = one_row(c, &person, DB(DB_TEXT(login)), &cur, e);

	if (rc <= 0)
		return rc < 0 ? -1 : FAIL_FIELD(e, E_NOT_FOUND, "login", "%.60s", login);
	*person_id = db_int(cur, 0);
	db_done(cur);
	return 0;
}

int store_time_customer(struct db_conn *c, struct arena *a, int64_t customer_id, const char **name, const char **lang, struct err *e)
{
	struct db_cur *cur;
	int rc = one_row(c, &customer, DB(DB_INT(customer_id)), &cur, e);

	if (rc <= 0)
		return rc < 0 ? -1 : FAIL_FIELD(e, E_NOT_FOUND, "customer_id", "customer %lld", (long long)customer_id);
	*name = db_text(cur, 0, a);
	*lang = db_text(cur, 1, a);
	db_done(cur);
	return 0;
}

int store_timer_get(struct db_conn *c, struct arena *a, int64_t person_id, struct timer *out, struct err *e)
{
	struct db_cur *cur;
	int rc = one_row(c, &timer_get, DB(DB_INT(person_id)), &cur, e);

	if (rc <= 0)
		return rc < 0 ? -1 : FAIL(e, E_NOT_FOUND, "timer of %lld", (long long)person_id);
	*out = (struct timer){ db_int(cur, 0), db_int(cur, 1), db_int(cur, 2), db_int(cur, 3), (int)db_int(cur, 4), db_int(cur, 5) != 0,
		db_int(cur, 6), db_text(cur, 7, a) };
	db_done(cur);
	return 0;
}

int store_timer_put(struct db_conn *w, const struct timer *t, struct err *e)
{
	return db_run(w, &timer_put, DB(DB_INT(t->person_id), DB_INT(t->ticket_id), DB_ID(t->customer_id), DB_INT(t->started_at),
		DB_INT(t->kept_minutes), DB_INT(t->running)), NULL, e);
}

int store_timer_remove(struct db_conn *w, int64_t person_id, struct err *e)
{
	return db_run(w, &timer_remove, DB(DB_INT(person_id)), NULL, e);
}

int store_bank_items(struct db_conn *c, struct arena *a, int64_t customer_id, struct bank_item **out, int *n, struct err *e)
{
	struct bank_item *list = NULL, *more;
	int got = 0, room = 0, rc;
	struct db_cur *cur;

	if (db_query(c, &items, DB(DB_INT(customer_id)), &cur, e) != 0)
		return -1;
	while ((rc = db_next(cur, e)) > 0) {
		if (got == room) {
			room = room ? room * 2 : 16;
			more = ARENA_ARRAY(a, struct bank_item, room);
			if (got)
				memcpy(more, list, sizeof *list * (size_t)got);
			list = more;
		}
		list[got++] = (struct bank_item){ db_int(cur, 0), db_int(cur, 1), (int32_t)db_int(cur, 2), (int32_t)db_int(cur, 3),
			db_text(cur, 4, a), db_text(cur, 5, a), db_int(cur, 6) };
	}
	db_done(cur);
	if (rc < 0)
		return -1;
	*out = list;
	*n = got;
	return 0;
}
