#include "daemon/mail_out.h"
#include <inttypes.h>
#include <string.h>
#include "base/log.h"
#include "base/moment.h"
#include "base/text.h"
#include "core/tell.h"
#include "core/ticket.h"
#include "daemon/mail_work.h"
#include "net/smtp.h"
#include "os/clock.h"
#include "store/blob.h"
#include "store/outbox.h"
#include "store/setting.h"
#include "wire/mail_write.h"

enum { BATCH = 20, LOOK_S = 30, SEND_MS = 60000 };
#define FIRST_PAUSE MOMENT_MINUTE
#define LONGEST_PAUSE (4 * MOMENT_HOUR)
#define GIVE_UP (5 * MOMENT_DAY)
#define FILES_MAX ((int64_t)25 << 20)
#define WORK_ARENA ((size_t)512 << 20)

/* What a sent or refused mail leaves behind. */
struct fate { struct mail_work *w; const struct outmail *m; bool sent, over; int64_t now, next_at; const char *why; };

static int settle(struct db_conn *c, struct arena *a, void *arg, struct err *e)
{
	struct fate *f = arg;
	struct desk d = { f->w->app->catalogue, f->w->app->origin, f->now };
	struct actor us = { .name = "Pedel" };
	struct ticket_answer r = { .ticket_id = f->m->ticket_id, .visibility = "internal", .channel = "system", .admitted = true };
	struct message m;

	if (f->sent)
		return outbox_sent(c, f->m->id, f->now, e);
	if (outbox_failed(c, f->m->id, f->next_at, f->over, f->why, e) != 0)
		return -1;
	if (!f->over)
		return 0;
	if (tell_event(c, a, NULL, f->now, f->m->customer_id, "mail", f->m->id, "mail.failed",
			json_pack("{s:s, s:s, s:s}", "to", f->m->recipient, "kind", f->m->kind, "why", f->why), e) != 0)
		return -1;
	if (!f->m->ticket_id)
		return 0;
	r.text.body = arena_printf(a, "Mailen til %s kunne ikke sendes: %s", f->m->recipient, f->why);
	r.text.auto_class = "bounce";
	return ticket_reply(c, a, &d, &us, &r, &m, e);
}

static int compose(struct db_conn *c, struct arena *a, const struct mail_work *w, const struct outmail *m, const char **hello,
	const char **from, struct buf *out, struct err *e)
{
	struct mail_draft d = { .to_address = m->recipient, .subject = m->subject, .message_id = m->message_id, .in_reply_to = m->in_reply_to,
		.references = m->references, .date = m->created_at, .text = m->body, .html = m->body_html, .instance = "",
		.automatic = !m->automatic ? NULL : strcmp(m->kind, "autoreply") == 0 ? "auto-replied" : "auto-generated" };
	const char *desk, *provider, *instance;
	struct outfile *f;
	struct mail_file *files;
	int64_t sum = 0;
	int n;

	if (setting_get(c, a, "desk.from", "", &desk, e) != 0 || setting_get(c, a, "provider.name", "Pedel", &provider, e) != 0 ||
		setting_get(c, a, "mail.instance", "", &instance, e) != 0 || outbox_domain(c, a, hello, e) != 0 || outbox_files(c, a, m, &f, &n, e) != 0)
		return -1;
	d.instance = instance;
	if (!mail_address_split(a, text_blank(m->sender) ? desk : m->sender, &d.from_name, &d.from_address)) {
		d.from_name = "";
		d.from_address = arena_printf(a, "desk@%s", *hello);
	}
	if (!*d.from_name)
		d.from_name = provider;
	*from = d.from_address;
	files = ARENA_ARRAY(a, struct mail_file, n + 1);
	for (int i = 0; i < n; i++) {
		char *p;
		size_t len;

		sum += f[i].bytes;
		if (sum > FILES_MAX)            /* mail servers refuse more; the portal has them all */
			break;
		if (blob_get(&w->app->blobs, a, f[i].sha256, (size_t)FILES_MAX, &p, &len, e) != 0)
			return -1;
		files[d.nfiles++] = (struct mail_file){ f[i].name, f[i].mime, p, len };
	}
	d.files = files;
	mail_write(a, out, &d);
	return out->full ? FAIL(e, E_TOO_LONG, "a mail of more than %zu bytes", out->limit) : 0;
}

static int server_of(struct mail_work *w, struct db_conn *c, struct arena *a, const char **smtp, struct err *e)
{
	*smtp = w->env->smtp;
	if (*smtp && strcmp(*smtp, "none") == 0)
		return *smtp = "", 0;
	return *smtp && **smtp ? 0 : setting_get(c, a, "mail.smtp", "", smtp, e);
}

static void send_one(struct mail_work *w, const struct outmail *m)
{
	struct arena *a = arena_begin(WORK_ARENA);
	struct fate f = { .w = w, .m = m };
	const char *hello, *from, *smtp = "";
	struct db_conn *c = NULL;
	struct buf mail;
	struct err e = { 0 }, why = { 0 };
	int64_t pause = FIRST_PAUSE;
	bool permanent = false;

	if (arena_trap(a)) {
		db_read_end(c);
		FAIL(&why, E_MEMORY_LIMIT, "mail %" PRId64, m->id);
	} else {
		buf_init(&mail, a, 64 << 20);
		if (db_read_begin(w->app->db, &c, &why) != 0 || compose(c, a, w, m, &hello, &from, &mail, &why) != 0 ||
			server_of(w, c, a, &smtp, &why) != 0) {
			db_read_end(c);
			c = NULL;
		} else {
			db_read_end(c);
			c = NULL;
			f.sent = smtp_send(smtp, hello, from, m->recipient, mail.p, mail.n, SEND_MS, &permanent, &why) == 0;
		}
	}
	arena_trap_clear(a);
	f.now = os_now_us();
	if (!f.sent) {
		for (int i = 0; i < m->tries && pause < LONGEST_PAUSE; i++)
			pause *= 2;
		f.next_at = f.now + (pause > LONGEST_PAUSE ? LONGEST_PAUSE : pause);
		f.over = permanent || f.now - m->created_at > GIVE_UP;
		f.why = why.detail;
		log_line(f.over ? LOG_ERROR : LOG_WARN, "mail not sent", "id=%" PRId64 " try=%d: %s", m->id, m->tries + 1, why.detail);
	}
	if (db_write(w->app->db, settle, &f, &e) != 0)
		log_err("outbox", &e);
	arena_end(a);
}

/* Sends what is due; how long until more is, in us. */
static int64_t round_of_sending(struct mail_work *w)
{
	struct arena *a = arena_begin(256 << 20);
	struct outmail *m = NULL;
	struct db_conn *c = NULL;
	const char *smtp = "";
	struct err e = { 0 };
	int64_t next = MOMENT_NEVER, now = os_now_us();
	int n = 0;

	if (db_read_begin(w->app->db, &c, &e) != 0 || server_of(w, c, a, &smtp, &e) != 0 ||
		(*smtp && (outbox_due(c, a, now, BATCH, &m, &n, &e) != 0 || outbox_next(c, &next, &e) != 0))) {
		log_err("outbox", &e);
		n = 0;
		next = MOMENT_NEVER;
	}
	db_read_end(c);
	for (int i = 0; i < n && !bell_stopping(&w->bell); i++)
		send_one(w, &m[i]);
	arena_end(a);
	if (n == BATCH)
		return 0;
	if (n || next == MOMENT_NEVER || next - now > LOOK_S * MOMENT_SECOND)
		return n ? MOMENT_SECOND : LOOK_S * MOMENT_SECOND;
	return next > now ? next - now : MOMENT_SECOND;
}

/* Said once, for who wonders where the mails are. */
static void say_when_nobody_takes(struct mail_work *w)
{
	struct arena *a = arena_begin(1 << 20);
	struct db_conn *c = NULL;
	const char *smtp = "";
	struct err e;

	if (db_read_begin(w->app->db, &c, &e) == 0 && server_of(w, c, a, &smtp, &e) == 0 && !*smtp)
		log_line(LOG_INFO, "mail", w->env->smtp && *w->env->smtp ? "smtp is none: no mail is sent, mails wait" : "no mail server is named (--smtp, smtp= in pedel.conf, or the settings page): mails wait");
	db_read_end(c);
	arena_end(a);
}

static void *work(void *arg)
{
	struct mail_work *w = arg;

	say_when_nobody_takes(w);
	for (int64_t pause_us = 0; bell_wait(&w->bell, pause_us, false) != BELL_STOP; )
		pause_us = round_of_sending(w);
	return NULL;
}

static int begin(const struct job_env *env, void **state, struct err *e)
{
	return smtp_begin(e) != 0 ? -1 : mail_work_begin(env, work, state, e);
}

const struct app_job mail_out_job = { .name = "outbox", .begin = begin, .wake = mail_work_wake, .end = mail_work_end };
