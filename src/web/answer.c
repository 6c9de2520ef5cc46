#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/log.h"
#include "base/moment.h"
#include "base/text.h"
#include "core/words.h"
#include "os/random.h"
#include "web/dispatch.h"
#include "web/escape.h"
#include "web/fail.h"
#include "web/health.h"
#include "web/ui.h"

int web_redirect(struct web *w, const char *to)
{
	w->rs->type = "text/plain; charset=utf-8";
	w->rs->body = "";
	w->rs->body_bytes = 0;
	w->out.n = 0;
	if (w->hx) {
		w->rs->status = 200;
		http_add_header(w->rq, w->rs, "HX-Redirect", to);
		return 0;
	}
	w->rs->status = 303;
	http_add_header(w->rq, w->rs, "Location", to);
	return 0;
}

void web_status(struct web *w, int status) { w->rs->status = status; }

int web_json(struct web *w, int status, json_t *v)
{
	char *text = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY);

	json_decref(v);
	w->rs->status = status;
	w->rs->type = "application/json";
	w->rs->body = text ? arena_dup(w->a, text) : "null";
	w->rs->body_bytes = strlen(w->rs->body);
	free(text);
	return 0;
}

/* attachment; filename for old readers in ASCII, filename* for the real one (RFC 6266) */
static const char *disposition(struct web *w, const char *name, bool shown)
{
	struct buf b;

	buf_init(&b, w->a, 4096);
	buf_adds(&b, shown ? "inline; filename=\"" : "attachment; filename=\"");
	for (const char *s = name; *s; s++)
		buf_addc(&b, (unsigned char)*s < 0x20 || (unsigned char)*s > 0x7e || strchr("\"\\%/", *s) ? '_' : *s);
	buf_adds(&b, "\"; filename*=UTF-8''");
	esc_url_part(&b, name);
	return buf_text(&b);
}

int web_download(struct web *w, const char *path, const char *mime, const char *name, bool inline_safe)
{
	static const char *const shown[] = { "image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf", "text/plain" };
	bool show = false;

	for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
		show |= inline_safe && strcmp(mime, shown[i]) == 0;
	w->rs->file = path;
	/* What is not shown is bytes: a page of ours that is made to ask for it as script or style gets neither. */
	w->rs->type = !show ? "application/octet-stream" : strcmp(mime, "text/plain") == 0 ? "text/plain; charset=utf-8" : mime;
	http_add_header(w->rq, w->rs, "Content-Disposition", disposition(w, name, show));
	http_add_header(w->rq, w->rs, "Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox");
	http_add_header(w->rq, w->rs, "Cache-Control", "private, no-cache");
	return 0;
}

int web_refresh(struct web *w, struct err *e)
{
	w->page = NULL;                 /* another snapshot than the one its mark is of */
	if (w->db)
		db_read_end(w->db);
	w->db = NULL;
	return db_read_begin(w->app->db, &w->db, e);
}

int web_write(struct web *w, db_job *job, void *arg, struct err *e)
{
	if (db_write(w->app->db, job, arg, e) != 0)
		return -1;
	return web_refresh(w, e);
}

const char *web_asked_origin(struct web *w)
{
	return arena_printf(w->a, "%s://%s", w->rq->secure ? "https" : "http", w->rq->host ? w->rq->host : "localhost");
}

bool web_origin_fits(struct web *w)
{
	static const char *const here[] = { "localhost", "127.0.0.1", "[::1]" };
	const char *host = w->rq->host ? w->rq->host : "";

	if (!*w->app->origin || !w->app->origin_own)
		return *w->app->origin;
	for (size_t i = 0; i < sizeof here / sizeof *here; i++) {
		size_t n = strlen(here[i]);

		if (strncasecmp(host, here[i], n) == 0 && (!host[n] || host[n] == ':'))
			return true;
	}
	return false;
}

int64_t web_param_id(const struct web *w, int i)
{
	int64_t id;

	return w->param[i] && text_int(w->param[i], &id) && id > 0 ? id : 0;
}

/* --- what went wrong ----------------------------------------------------------------------------------------------- */

void web_wrong(struct web *w, const struct err *e)
{
	if (w->nerrors < (int)(sizeof w->error / sizeof *w->error))
		w->error[w->nerrors++] = (struct web_error){ arena_dup(w->a, e->field), e->id, arena_dup(w->a, e->detail) };
}

bool web_mendable(struct web *w, const struct err *e)
{
	enum err_kind k = err_kind(e->id);

	if (k != ERR_INPUT && k != ERR_CONFLICT)
		return false;
	web_wrong(w, e);
	return true;
}

int web_wrong_all(struct web *w, const struct err_list *all, struct err *e)
{
	if (err_first(all, e) != 0 && err_kind(e->id) != ERR_INPUT && err_kind(e->id) != ERR_CONFLICT)
		return -1;
	for (int i = 0; i < all->n; i++)
		web_wrong(w, &all->e[i]);
	return 0;
}

const char *web_said(struct arena *a, enum lang lang, enum err_id id, const char *detail)
{
	const char *text = err_text(id, lang), *gap = strstr(text, "%s");
	struct err none;
	int32_t day;

	if (!gap)
		return text;
	if (day_parse(detail, "", &day, &none) == 0)
		detail = words_day(a, lang, day);
	return arena_printf(a, "%.*s%s%s", (int)(gap - text), text, detail, gap + 2);
}

const char *web_wrong_text(const struct web *w, const char *field)
{
	for (int i = 0; i < w->nerrors; i++)
		if (strcmp(w->error[i].field, field) == 0)
			return web_said(w->a, w->lang, w->error[i].id, w->error[i].detail);
	return NULL;
}

static int status_of(enum err_id id)
{
	static const int status[] = { [ERR_NONE] = 200, [ERR_INPUT] = 400, [ERR_MISSING] = 404, [ERR_SIGNIN] = 401, [ERR_DENIED] = 403,
		[ERR_CONFLICT] = 409, [ERR_TOO_LARGE] = 413, [ERR_TOO_MANY] = 429, [ERR_RETRY] = 503, [ERR_BROKEN] = 500 };

	return id == E_METHOD_UNKNOWN ? 405 : id == E_BODY_TYPE ? 415 : status[err_kind(id)];
}

static void allow_header(struct web *w)
{
	static const char *const methods[] = { "GET", "POST", "PATCH", "PUT", "DELETE" };
	struct web_piece params[4];
	const char *allow = "";
	bool known;

	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
		if (web_find(w->app->match, methods[i], w->rq->path, params, &known))
			allow = arena_printf(w->a, "%s%s%s", allow, *allow ? ", " : "", methods[i]);
	http_add_header(w->rq, w->rs, "Allow", allow);
}

void web_fail(struct web *w, const struct err *e)
{
	static const char letters[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	char code[5] = "";
	const char *said;
	int status = status_of(e->id);

	health_note(w->app->health, e, w->now);
	if (err_kind(e->id) == ERR_BROKEN || err_kind(e->id) == ERR_RETRY) {
		uint8_t r[4];

		os_random(r, sizeof r);
		for (int i = 0; i < 4; i++)
			code[i] = letters[r[i] % 32];
		log_line(LOG_ERROR, "request failed", "code=%s id=%s path=%s detail=%s at=%s:%d", code, err_name(e->id), w->rq->path, e->detail, e->file, e->line);
	}
	w->rs->status = status;
	w->rs->file = NULL;
	w->rs->body = NULL;
	w->rs->nheaders = 0;
	w->out.n = 0;
	w->out.full = false;
	if (status == 405)
		allow_header(w);
	if (status == 401 && w->api)
		http_add_header(w->rq, w->rs, "WWW-Authenticate", "Bearer");
	if (status == 429 || status == 503)
		http_add_header(w->rq, w->rs, "Retry-After", status == 429 ? "30" : "5");
	if (w->api) {
		json_t *field = *e->field ? json_string(e->field) : json_null();

		web_json(w, status, json_pack("{s:{s:s,s:s,s:o,s:s}}", "error", "id", err_name(e->id), "kind", err_kind_name(err_kind(e->id)),
			"field", field, "message", status != 500 ? web_said(w->a, w->lang, e->id, e->detail) :
			arena_printf(w->a, "%s %s", err_text(e->id, w->lang), arena_printf(w->a, _("It has been written down as %s."), code))));
		return;
	}
	w->rs->type = NULL;
	w->nerrors = 0;
	said = status == 503 ? arena_printf(w->a, "%s %s", err_name(e->id), code) : status == 500 ? code : "";
	if (w->hx)
		fail_fragment(w, web_said(w->a, w->lang, e->id, e->detail), said);
	else
		fail_page(w, status, web_said(w->a, w->lang, e->id, e->detail), said);
}
