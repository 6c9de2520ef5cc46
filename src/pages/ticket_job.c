#include "pages/ticket_job.h"
#include <inttypes.h>
#include <string.h>
#include "base/hash.h"
#include "base/moment.h"
#include "base/text.h"

enum { FILES_MOST = 20, NAME_MOST = 200 };
#define SENT_AGAIN_US (60 * MOMENT_MINUTE)       /* the same words within this time are the same form */

/* Is the time that came with an answer written already, since it was said? Then the form is the same. */
static int time_again(struct db_conn *w, struct arena *a, const struct ticket_job *j, const struct message *m, bool *again, struct err *e)
{
	struct time_entry *t;
	int n;

	if (store_time_of_ticket(w, a, m->ticket_id, &t, &n, e) != 0)
		return -1;
	*again = false;
	for (int i = 0; i < n; i++)
		*again |= t[i].created_at >= m->at && t[i].created_by == j->who->id && t[i].minutes == j->work.minutes &&
			strcmp(t[i].activity, j->work.activity) == 0 && t[i].drive_out_minutes == j->work.drive_out && t[i].drive_home_minutes == j->work.drive_home;
	return 0;
}

static int reply(struct db_conn *w, struct arena *a, struct ticket_job *j, struct message *m, struct err *e)
{
	struct time_entry t;
	bool again;

	if (ticket_reply_again(w, a, j->who, &j->answer, m, &again, e) != 0)
		return -1;
	if (again && j->work.minutes > 0 && time_again(w, a, j, m, &again, e) != 0)
		return -1;
	if (again)
		return 0;
	if (ticket_reply(w, a, &j->desk, j->who, &j->answer, m, e) != 0)
		return -1;
	if (j->work.minutes <= 0)
		return 0;
	j->work.ticket_id = m->ticket_id;
	return work_log(w, a, j->who, &j->work, j->now, &t, e) != 0 ? -1 : ticket_begin(w, a, &j->desk, j->who, t.ticket_id, e);
}

/* Names differ by more than large and small letters: they stand beside one another as tabs. */
static int view_add(struct db_conn *w, struct arena *a, const struct ticket_job *j, struct err *e)
{
	struct saved_view *mine;
	int n;

	if (store_view_list(w, a, j->who->id, &mine, &n, e) != 0)
		return -1;
	for (int i = 0; i < n; i++)
		if (strcmp(text_lower(a, mine[i].name), text_lower(a, j->subject)) == 0)
			return FAIL_FIELD(e, E_VIEW_TAKEN, "name", "%s", mine[i].name);
	return store_view_add(w, j->who->id, j->subject, j->text, e);
}

static int run(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct ticket_job *j = arg;
	struct ticket t = { 0 };
	struct message m = { 0 };
	struct ready_answer r = j->ready;
	int rc = -1;

	switch (j->kind) {
	case JOB_CREATE: rc = ticket_create(w, a, &j->desk, j->who, &j->draft, &t, e); break;
	case JOB_REPLY: rc = reply(w, a, j, &m, e); break;
	case JOB_CHANGE: rc = ticket_change(w, a, &j->desk, j->who, j->id, &j->change, &t, e); break;
	case JOB_MERGE: rc = ticket_merge(w, a, &j->desk, j->who, j->id, j->other, &t, e); break;
	case JOB_SPLIT: rc = ticket_split(w, a, &j->desk, j->who, j->id, j->messages, j->nmessages, j->subject, &t, e); break;
	case JOB_LINK: rc = ticket_link(w, a, &j->desk, j->who, j->id, j->other, e); break;
	case JOB_WATCH: rc = ticket_watch(w, a, &j->desk, j->who, j->id, j->watcher, j->other, j->email, j->on, e); break;
	case JOB_PLACE: rc = ticket_place(w, a, &j->desk, j->who, j->id, j->customer_id, j->contact_id, &t, e); break;
	case JOB_RATE: rc = ticket_rate(w, a, &j->desk, j->who, j->id, j->score, j->text, e); break;
	case JOB_VIEW_ADD: rc = view_add(w, a, j, e); break;
	case JOB_VIEW_REMOVE: rc = store_view_remove(w, j->who->id, j->id, e); break;
	case JOB_ANSWER_PUT: rc = store_answer_put(w, &r, e); break;
	case JOB_ANSWER_REMOVE: rc = store_answer_remove(w, j->id, e); break;
	}
	if (rc != 0)
		return -1;
	j->got_id = j->kind == JOB_REPLY ? m.ticket_id : t.id;
	j->got_number = t.number;
	j->got_message = m.id;
	return 0;
}

int ticket_do(struct web *w, struct ticket_job *j, struct err *e)
{
	j->who = j->who ? j->who : &w->who;
	j->now = w->now;
	j->desk = (struct desk){ w->app->catalogue, w->app->origin, w->now };
	if (web_write(w, run, j, e) != 0)
		return -1;
	w->app->wake(w->app->wake_arg, "outbox");
	return web_refresh(w, e);
}

static const char *part(struct web *w, const char *all, const char *one)
{
	return arena_printf(w->a, "%s%zu:%s\n", all, one ? strlen(one) : 0, one ? one : "");
}

const char *ticket_once(struct web *w, const struct ticket_draft *f)
{
	const char *const said[] = { f->subject, f->category, f->type, f->priority, f->channel, f->text.body };
	const char *all = arena_printf(w->a, "%d:%" PRId64 ":%" PRId64 ":%" PRId64 ":%" PRId64 "\n", w->who.person, w->who.id, f->customer_id, f->contact_id,
		f->owner_id), *key;
	struct sha256 sum;
	struct ticket before;
	struct err why;

	for (size_t i = 0; i < sizeof said / sizeof *said; i++)
		all = part(w, all, said[i]);
	for (int i = 0; i < f->text.nfiles; i++)
		all = part(w, part(w, all, f->text.files[i].name), f->text.files[i].sha256);
	sum = hash_sha256(all, strlen(all));
	key = arena_printf(w->a, "form:%s", hash_hex(w->a, sum.b, sizeof sum.b));
	if (store_ticket_by_dedupe(w->db, w->a, key, &before, &why) == 0 && before.created_at < w->now - SENT_AGAIN_US)
		key = arena_printf(w->a, "%s:%" PRId64, key, w->now);   /* said again later: another ticket */
	return key;
}

bool ticket_file_is_picture(const char *mime)
{
	return strcmp(mime, "image/png") == 0 || strcmp(mime, "image/jpeg") == 0 || strcmp(mime, "image/gif") == 0 || strcmp(mime, "image/webp") == 0;
}

/* Only what a type may be made of; anything else is bytes. */
static const char *plain_type(const char *mime)
{
	size_t n = mime ? strspn(mime, "abcdefghijklmnopqrstuvwxyz0123456789/.+-") : 0;

	return mime && n > 2 && n < 100 && !mime[n] && strchr(mime, '/') ? mime : "application/octet-stream";
}

static const char *plain_name(struct web *w, const char *name)
{
	return text_blank(name) ? "fil" : text_line(w->a, name, NAME_MOST);
}

int ticket_files(struct web *w, const struct ticket_file **out, int *n, struct err *e)
{
	struct web_upload *up;
	int found = web_uploads(w, "file", &up), m = 0;
	struct ticket_file *f;

	if (found > FILES_MOST)
		return FAIL_FIELD(e, E_FILES_MANY, "file", "%d files", found);
	f = ARENA_ARRAY(w->a, struct ticket_file, found + 1);
	for (int i = 0; i < found; i++) {
		char hex[65];

		if (up[i].bytes == 0)
			continue;               /* an empty file field is sent as an empty file */
		if (blob_put(&w->app->blobs, up[i].p, (size_t)up[i].bytes, hex, e) != 0)
			return -1;
		f[m++] = (struct ticket_file){ .name = plain_name(w, up[i].name), .mime = plain_type(up[i].mime), .sha256 = arena_dup(w->a, hex),
			.bytes = up[i].bytes, .content_id = "" };
	}
	*out = f;
	*n = m;
	return 0;
}
