#include "daemon/mail_in.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/hash.h"
#include "base/log.h"
#include "base/moment.h"
#include "base/text.h"
#include "core/cvr.h"
#include "core/mail_class.h"
#include "core/mail_thread.h"
#include "core/ticket.h"
#include "daemon/bell.h"
#include "daemon/conv_client.h"
#include "os/clock.h"
#include "os/file.h"
#include "store/blob.h"
#include "store/contact.h"
#include "store/customer.h"
#include "store/event.h"
#include "store/mail_in.h"
#include "store/outbox.h"
#include "store/person.h"
#include "store/setting.h"
#include "web/health.h"

enum { BATCH = 20, TRIES = 3, PAUSE_US = 3000000, LOOK_US = 20000000, FILES_MAX = 200 };
#define RAW_MAX ((size_t)96 << 20)
#define WORK_ARENA ((size_t)768 << 20)

struct mail_in_work {
	const struct job_env *env;
	const struct web_app *app;
	struct bell bell;
};

/* A mail on its way into the store: everything a job needs, which it only reads. */
struct intake {
	struct mail_in_work *w;
	const struct mail_in *row;
	const struct conv_mail *m;              /* NULL: nobody could read it */
	const char *content;                    /* hash of what does not change on the way */
	struct ticket_file *files; int nfiles;
	int64_t now;
	bool probe;                             /* set by the job: it was a measurement, and leaves nothing */
};
/* Who wrote it, as far as we believe it. */
struct writer {
	struct actor who;
	const char *class, *auth, *address, *name;
	int64_t customer_id, contact_id;
	bool staff, doubted;
};

/* The mail without the marks of its way: headers that hosts add are left out. */
static char *content_hash(struct arena *a, const char *raw, size_t n)
{
	static const char *const way[] = { "received:", "delivered-to:", "return-path:", "x-original-to:", "authentication-results:", "dkim-signature:",
		"arc-", "x-received:", "x-spam", "x-rspamd", "received-spf:", "envelope-to:", "x-virus", "x-google", "x-gm-" };
	struct buf b;
	struct sha256 h;
	const char *p = raw, *end = raw + n;
	bool skip = false;

	buf_init(&b, a, n + 1);
	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t len = nl ? (size_t)(nl - p) + 1 : (size_t)(end - p);

		if (*p == '\n' || (*p == '\r' && len == 2))
			break;
		if (*p != ' ' && *p != '\t') {
			skip = false;
			for (size_t i = 0; i < sizeof way / sizeof *way; i++)
				skip = skip || (len > strlen(way[i]) && strncasecmp(p, way[i], strlen(way[i])) == 0);
		}
		if (!skip)
			buf_add(&b, p, len);
		p += len;
	}
	buf_add(&b, p, (size_t)(end - p));
	h = hash_sha256(buf_text(&b), b.n);
	return hash_hex(a, h.b, sizeof h.b);
}

static int writer_find(struct db_conn *c, struct arena *a, const struct intake *in, struct writer *x, struct err *e)
{
	const char *authserv, *instance, *at;
	int64_t probe;
	struct contact k;
	struct person p;
	struct err why = { 0 };

	*x = (struct writer){ .class = "auto", .auth = "", .address = text_lower(a, in->row->sender), .name = "" };
	if (setting_get(c, a, "mail.authserv_id", "", &authserv, e) != 0 || setting_get_int(c, "probe.customer_id", 0, &probe, e) != 0 ||
		outbox_instance(c, a, &instance, e) != 0)
		return -1;
	if (in->m) {
		x->class = mail_class(in->m, in->row->sender, instance);
		x->auth = mail_auth(a, in->m, authserv);
		x->address = *in->m->from.address ? in->m->from.address : x->address;
		x->name = in->m->from.name;
	}
	x->address = email_ascii(a, x->address);
	x->doubted = strcmp(x->auth, "fail") == 0;
	if (!*x->name)
		x->name = *x->address ? x->address : "?";
	x->who = (struct actor){ .role = ROLE_NOBODY, .name = x->name };
	if (!*x->address)
		return 0;
	if (store_person_by_email(c, a, x->address, &p, &why) == 0) {
		x->staff = strcmp(x->auth, "pass") == 0;        /* to speak as one of us takes proof */
		x->doubted = !x->staff;
		if (x->staff)
			x->who = (struct actor){ .role = role_by_name(p.role), .person = true, .id = p.id, .name = p.name };
		return 0;
	}
	if (why.id != E_NOT_FOUND)
		goto bad;
	if (store_contact_by_email(c, a, x->address, &k, &why) == 0 && k.active) {
		x->customer_id = k.customer_id;
		x->contact_id = k.id;
		x->name = k.name;
		if (probe && k.customer_id == probe)    /* it comes straight to us, past the mail host that would vouch for it */
			x->doubted = false;
		if (!x->doubted)
			x->who = (struct actor){ .role = role_by_name(k.role), .id = k.id, .customer_id = k.customer_id, .name = k.name };
		return 0;
	}
	if (why.id != E_NONE && why.id != E_NOT_FOUND)
		goto bad;
	at = strrchr(x->address, '@');
	why = (struct err){ 0 };
	if (at && store_customer_by_domain(c, at + 1, &x->customer_id, &why) != 0) {
		x->customer_id = 0;
		if (why.id != E_NOT_FOUND)
			goto bad;
	}
	return 0;
bad:
	*e = why;
	return -1;
}

/* Ids of ours in a bounce that has no report: t.NUMBER... anywhere in its text. */
static const char *tokens_in(struct arena *a, const char *text)
{
	struct buf b;
	int n = 0;

	buf_init(&b, a, 8192);
	for (const char *s = text; n < 10 && (s = strstr(s, "<t.")); s++, n++)
		buf_printf(&b, "%s%.*s", b.n ? " " : "", (int)(strcspn(s + 1, "> \n") < 300 ? strcspn(s + 1, "> \n") : 300), s + 1);
	return buf_text(&b);
}

static int bounced(struct db_conn *c, struct arena *a, const struct intake *in, const struct ticket *t, struct err *e)
{
	struct contact k;
	struct err why = { 0 };
	struct event ev = { .at = in->now, .actor_kind = "system", .object = "contact", .kind = "contact.bounced" };
	json_t *data;
	char *s;

	if (strcmp(in->m->report_action, "failed") != 0 || store_contact_by_email(c, a, in->m->report_recipient, &k, &why) != 0)
		return why.id == E_NONE || why.id == E_NOT_FOUND ? 0 : (*e = why, -1);
	if (k.customer_id != t->customer_id)
		return 0;
	data = json_pack("{s:s, s:s}", "status", in->m->report_status, "why", in->m->report_why);
	s = json_dumps(data, JSON_COMPACT);
	json_decref(data);
	ev.data = arena_dup(a, s ? s : "{}");
	free(s);
	ev.customer_id = k.customer_id;
	ev.object_id = k.id;
	return store_contact_bounced(c, k.customer_id, k.id, in->now, e) != 0 ? -1 : event_add(c, a, &ev, e);
}

static int remember(struct db_conn *c, struct arena *a, const struct intake *in, const struct ticket *t, int64_t message, struct err *e)
{
	char *save = NULL, *refs = arena_printf(a, "%s %s", in->m->in_reply_to, in->m->references), *last = refs + strlen(refs);
	int64_t number;
	int n = 0;

	for (int left = 12; last > refs && left > 0; left -= *last == ' ')      /* the nearest mails stand last */
		last--;

	if (*in->m->message_id && store_mail_ref_add(c, in->m->message_id, t->customer_id, t->id, message, e) != 0)
		return -1;
	for (char *id = strtok_r(last, " ", &save); id && n < 12; id = strtok_r(NULL, " ", &save), n++)
		if (outbox_token_read(c, a, id, &number, e) != 0 || (!number && store_mail_ref_add(c, id, t->customer_id, t->id, 0, e) != 0))
			return -1;
	return 0;
}

static struct ticket_text text_of(struct arena *a, const struct intake *in, const struct writer *x)
{
	struct ticket_text t = { .auto_class = *x->class ? x->class : NULL, .auth = x->doubted && strcmp(x->auth, "fail") != 0 ? "none" : x->auth, .raw_sha256 = in->row->sha256, .files = in->files,
		.nfiles = in->nfiles, .body = err_text(E_MAIL_UNREADABLE, LANG_DA) };
	size_t n;

	if (!in->m)
		return t;
	t.body = in->m->text;
	t.body_html = *in->m->html && strlen(in->m->html) < 4 * TICKET_BODY_MAX ? in->m->html : NULL;
	t.has_quote = in->m->quoted_from >= 0;
	t.quoted_from = in->m->quoted_from;
	t.message_id = in->m->message_id;
	n = strlen(t.body);
	if (n > TICKET_BODY_MAX - 16) {         /* the whole of it is on the raw mail, which is attached */
		for (n = TICKET_BODY_MAX - 16; n && ((unsigned char)t.body[n] & 0xC0) == 0x80; n--)
			;
		t.body = arena_printf(a, "%.*s\n[…]", (int)n, t.body);
		t.has_quote = t.has_quote && t.quoted_from < (int64_t)n;
	}
	return t;
}

static const char *subject_of(struct arena *a, const struct intake *in)
{
	const char *s = in->m ? in->m->subject : "Mail, der ikke kunne læses";
	size_t n;

	if (text_blank(s))
		s = "(uden emne)";
	n = strlen(s);
	if (n > 280) {
		for (n = 280; n && ((unsigned char)s[n] & 0xC0) == 0x80; n--)
			;
		s = arena_printf(a, "%.*s…", (int)n, s);
	}
	return s;
}

static int thread_of(struct db_conn *c, struct arena *a, const struct intake *in, const struct writer *x, enum mail_thread_verdict *v, int64_t *ticket,
	struct err *e)
{
	struct mail_thread_question q = { .also = "", .in_reply_to = "", .references = "", .subject = "", .sender = x->address,
		.who = { x->customer_id, x->staff }, .now = in->now };

	*v = THREAD_FRESH;
	*ticket = 0;
	if (!in->m)
		return 0;
	if (strcmp(x->class, "bounce") == 0) {  /* only what it says it bounced; the mail server is no customer */
		q.also = *in->m->report_message_id ? in->m->report_message_id : tokens_in(a, in->m->text);
		q.in_reply_to = in->m->in_reply_to;
		q.who.staff = true;
	} else {
		q.in_reply_to = in->m->in_reply_to;
		q.references = in->m->references;
		q.also = strcmp(x->class, "receipt") == 0 ? in->m->report_message_id : "";
		q.subject = in->m->subject;
	}
	return mail_thread(c, a, &q, v, ticket, e);
}

/* aside: the writer has no voice here. The technicians see it and who sent it; nobody else does, and nothing follows of it. */
static int append(struct db_conn *c, struct arena *a, const struct intake *in, const struct writer *x, const struct desk *d, bool aside,
	struct ticket *t, int64_t *message, struct err *e)
{
	bool quiet = *x->class || x->doubted || aside;
	struct ticket_answer r = { .ticket_id = t->id, .visibility = quiet ? "internal" : "public", .channel = "mail", .text = text_of(a, in, x),
		.admitted = true };
	struct actor who = x->who;
	struct message m;

	if (quiet && who.id == 0 && !who.person)
		who.role = ROLE_NOBODY;
	if (aside)
		who = (struct actor){ .role = ROLE_NOBODY, .name = strcmp(x->name, x->address) == 0 ? x->name :
			arena_printf(a, "%s <%s>", x->name, x->address) };
	if (ticket_reply(c, a, d, &who, &r, &m, e) != 0 || store_ticket_get(c, a, (struct ticket_scope){ 0, 0 }, m.ticket_id, t, e) != 0)
		return -1;
	*message = m.id;
	return strcmp(x->class, "bounce") == 0 ? bounced(c, a, in, t, e) : 0;
}

static int fresh(struct db_conn *c, struct arena *a, const struct intake *in, const struct writer *x, const struct desk *d, int64_t follows,
	struct ticket *t, struct err *e)
{
	struct ticket_draft f = { .customer_id = x->customer_id, .contact_id = x->doubted ? 0 : x->contact_id, .from_name = x->name,
		.from_email = x->address, .subject = subject_of(a, in), .channel = "mail", .quiet = *x->class || x->doubted || x->staff || !in->m,
		.text = text_of(a, in, x) };

	if (ticket_create(c, a, d, &x->who, &f, t, e) != 0)
		return -1;
	return follows ? ticket_link(c, a, d, &(struct actor){ .name = "Pedel" }, t->id, follows, e) : 0;
}

/* The whole of one mail, in one transaction. */
static int store_it(struct db_conn *c, struct arena *a, void *arg, struct err *e)
{
	struct intake *in = arg;
	struct desk d = { in->w->app->catalogue, in->w->app->origin, in->now };
	struct mail_in row = *in->row;
	struct ticket t = { 0 };
	struct writer x;
	enum mail_thread_verdict v;
	int64_t old, message = 0;
	bool waits, twice = false;

	in->probe = false;
	if (store_mail_in_waits(c, row.id, &waits, e) != 0)
		return -1;
	if (!waits)                             /* the job ran before, and its commit was lost on the way back */
		return 0;
	row.state = "done";
	row.note = in->m ? in->m->damage : "unreadable";
	row.content_sha256 = in->content;
	if (in->m && *in->m->message_id && store_mail_in_same(c, row.id, in->content, row.sender, &twice, e) != 0)
		return -1;
	if (twice) {
		row.state = "duplicate";
		row.note = "the same mail by another way";
		return store_mail_in_set(c, &row, e);
	}
	if (writer_find(c, a, in, &x, e) != 0 || thread_of(c, a, in, &x, &v, &old, e) != 0)
		return -1;
	if (strcmp(x.class, "own") == 0 || (v == THREAD_FRESH && (strcmp(x.class, "bounce") == 0 || strcmp(x.class, "receipt") == 0))) {
		row.note = arena_printf(a, "%s, of nothing we know", x.class);
		return store_mail_in_set(c, &row, e);
	}
	if (v == THREAD_APPEND || v == THREAD_ASIDE) {
		if (store_ticket_get(c, a, (struct ticket_scope){ 0, 0 }, old, &t, e) != 0 ||
			append(c, a, in, &x, &d, v == THREAD_ASIDE, &t, &message, e) != 0)
			return -1;
	} else if (fresh(c, a, in, &x, &d, old, &t, e) != 0) {
		return -1;
	}
	in->probe = t.probe;
	if (t.probe)
		return store_mail_in_drop(c, row.id, e);
	/* an id that a stranger names must not lead the customer's next mail astray */
	if (in->m && strcmp(x.class, "bounce") != 0 && v != THREAD_ASIDE && remember(c, a, in, &t, message, e) != 0)
		return -1;
	row.ticket_id = t.id;
	row.message_id = message;
	return store_mail_in_set(c, &row, e);
}

/* Attachments into blobs, before the transaction; with the raw mail when something of it could not be shown. */
static int keep_files(struct arena *a, struct intake *in, size_t raw_bytes, struct err *e)
{
	int n = in->m ? in->m->nparts : 0;

	in->files = ARENA_ARRAY(a, struct ticket_file, n + 1);
	for (int i = 0; i < n && in->nfiles < FILES_MAX; i++) {
		const struct conv_part *p = &in->m->parts[i];
		char *sha = arena_get(a, 65);

		if (blob_put(&in->w->app->blobs, p->p, p->n, sha, e) != 0)
			return -1;
		in->files[in->nfiles++] = (struct ticket_file){ p->name, p->mime, sha, p->content_id, (int64_t)p->n };
	}
	if (!in->m || strstr(in->m->damage, "long") || strstr(in->m->damage, "parts") || strstr(in->m->damage, "depth") || n > FILES_MAX ||
		strlen(in->m->text) > TICKET_BODY_MAX - 16)
		in->files[in->nfiles++] = (struct ticket_file){ "mail.eml", "message/rfc822", in->row->sha256, "", (int64_t)raw_bytes };
	return 0;
}

static int note_try(struct db_conn *c, struct arena *a, void *arg, struct err *e)
{
	struct mail_in *row = arg;

	return store_mail_in_tried(c, row->id, row->note, e);
}

/* 0: done with it. -1 not this time; *others false: nor would it go better with the next one. */
static int process(struct mail_in_work *w, const struct mail_in *row, bool *others)
{
	struct arena *a = arena_begin(WORK_ARENA);
	struct intake in = { .w = w, .row = row, .now = os_now_us() };
	struct mail_in tried = *row;
	struct conv_mail *m = ARENA_NEW(a, struct conv_mail);
	struct err e = { 0 }, ignored;
	size_t n = 0;
	char *raw;

	if (arena_trap(a)) {
		FAIL(&e, E_MEMORY_LIMIT, "mail %" PRId64, row->id);
	} else if (blob_get(&w->app->blobs, a, row->sha256, RAW_MAX, &raw, &n, &e) == 0 || e.id == E_BODY_TOO_LARGE) {
		bool given_up = row->tries >= TRIES || e.id == E_BODY_TOO_LARGE;

		e = (struct err){ 0 };
		in.content = n ? content_hash(a, raw, n) : row->sha256;
		if (!given_up && conv_mail(w->env->conv_socket, a, raw, n, m, &e) == 0)
			in.m = m;
		if (e.id == E_MAIL_UNREADABLE || e.id == E_MESSAGE_INVALID || e.id == E_BODY_TOO_LARGE)
			e = (struct err){ 0 };
		if (e.id == E_NONE && keep_files(a, &in, n ? n : 0, &e) == 0)
			db_write(w->app->db, store_it, &in, &e);
		if (e.id == E_NONE && in.probe && os_remove_file(blob_path(&w->app->blobs, a, row->sha256), &ignored) != 0)
			log_err("mail in", &ignored);
	}
	arena_trap_clear(a);
	if (e.id != E_NONE) {
		log_err("mail in", &e);
		health_note(w->app->health, &e, in.now);
		tried.note = arena_printf(a, "%s: %s", err_name(e.id), e.detail);
		/* trouble of the machine's own is no fault of the mail's, and is never counted against it */
		*others = e.id == E_CONV_FAILED || e.id == E_MEMORY_LIMIT || (err_kind(e.id) != ERR_RETRY && e.id != E_OS_CALL);
		if (*others)
			db_write(w->app->db, note_try, &tried, &ignored);
	}
	arena_end(a);
	return e.id == E_NONE ? 0 : -1;
}

static void *work(void *arg)
{
	struct mail_in_work *w = arg;
	bool trouble = false, full = false;

	for (;;) {
		struct arena *a;
		struct mail_in *rows = NULL;
		struct db_conn *c = NULL;
		struct err e = { 0 };
		int n = 0;

		if (bell_wait(&w->bell, full ? 0 : trouble ? PAUSE_US : LOOK_US, trouble) == BELL_STOP)
			return NULL;
		trouble = false;
		a = arena_begin(16 << 20);
		if (db_read_begin(w->app->db, &c, &e) != 0 || store_mail_in_waiting(c, a, BATCH, &rows, &n, &e) != 0) {
			log_err("mail in", &e);
			health_note(w->app->health, &e, os_now_us());
			trouble = true;
		}
		db_read_end(c);
		for (int i = 0; i < n; i++) {
			bool others = true;

			if (bell_stopping(&w->bell))
				break;
			if (process(w, &rows[i], &others) != 0)
				trouble = true;
			if (!others)
				break;
			w->app->wake(w->app->wake_arg, "outbox");
		}
		full = n == BATCH && !trouble;
		arena_end(a);
	}
}

static int begin(const struct job_env *env, void **state, struct err *e)
{
	struct mail_in_work *w = calloc(1, sizeof *w);

	if (!w)
		return FAIL(e, E_OS_CALL, "no memory");
	w->env = env;
	w->app = env->web;
	if (bell_begin(&w->bell, work, w, e) != 0) {
		free(w);
		return -1;
	}
	*state = w;
	return 0;
}

static void rouse(void *state) { bell_ring(&((struct mail_in_work *)state)->bell); }

static void end(void *state)
{
	struct mail_in_work *w = state;

	bell_end(&w->bell);
	free(w);
}

const struct app_job mail_in_job = { .name = "mail", .begin = begin, .wake = rouse, .end = end };
