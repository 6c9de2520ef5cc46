#include "web/refusal.h"
#include <string.h>
#include <strings.h>
#include "base/err.h"
#include "web/dispatch.h"
#include "web/static.h"

static enum lang first_language(const struct http_request *r)
{
	const char *s = http_header(r, "accept-language");

	for (; s && *s; s += strcspn(s, ","), s += strspn(s, ", \t")) {
		if (strncasecmp(s, "en", 2) == 0)
			return LANG_EN;
		if (strncasecmp(s, "da", 2) == 0)
			return LANG_DA;
	}
	return LANG_DA;
}

void web_refusal(const struct http_request *r, int status, struct http_response *s, void *arg)
{
	enum err_id id = status == 413 ? E_BODY_TOO_LARGE : status == 503 ? E_SERVER_BUSY : status == 507 ? E_OUT_OF_SPACE : E_REQUEST_INVALID;
	enum lang lang = first_language(r);
	static const char *const back[] = { [LANG_DA] = "<p>En besked med filer kan fylde 64 MB, alt andet 1 MB. Tryk på Tilbage i browseren: dér står det, du skrev.</p>",
		[LANG_EN] = "<p>A message with files can be 64 MB, everything else 1 MB. Press Back in the browser: what you wrote stands there.</p>" };
	const char *text = err_text(id, lang);

	if (status == 507)
		status = s->status = 503;       /* the same answer as from a page that found the disk full */
	/* Neither form needs escaping: the texts are ours and hold no quotes or angle brackets (a unit test looks). */
	if (strncmp(r->path ? r->path : r->asked ? r->asked : "", "/api/", 5) == 0) {
		s->type = "application/json";
		s->body = arena_printf(r->a, "{\"error\":{\"id\":\"%s\",\"kind\":\"%s\",\"field\":%s,\"message\":\"%s\"}}", err_name(id),
			err_kind_name(err_kind(id)), status == 413 ? "\"body\"" : "null", text);
	} else {
		s->type = "text/html; charset=utf-8";
		s->body = arena_printf(r->a, "<!doctype html><html lang=\"%s\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">"
			"<title>%d</title><link rel=\"stylesheet\" href=\"%s/pedel.css\"></head><body data-area=\"gate\"><main class=\"gate\"><h1>%s</h1>%s"
			"<p class=\"soft\">%d %s</p></main></body></html>\n", lang_code(lang), status, static_base, text, status == 413 ? back[lang] : "", status, err_name(id));
	}
	s->body_bytes = strlen(s->body);
	web_guard_headers(r, s);
}
