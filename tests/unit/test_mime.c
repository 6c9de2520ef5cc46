#include "t.h"
#include <ctype.h>
#include <stdlib.h>
#include "base/text.h"
#include "conv/conv.h"
#include "os/file.h"

static struct conv_warm *warm;

/* fontconfig keeps its caches until the process ends, and cannot be told to let them go while pango holds a font. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) { return "leak:libfontconfig\n"; }

static int begin(void **state)
{
	warm = conv_warm();
	return 0;
}

static int end(void **state)
{
	conv_cool(warm);
	return 0;
}

/* One "key: value" against the mail: NULL when it holds, else what is there instead. */
static const char *compare(struct arena *a, const struct conv_mail *m, const char *key, const char *want)
{
	const struct { const char *key, *is; } whole[] = {
		{ "subject", m->subject }, { "from", m->from.address }, { "name", m->from.name }, { "reply-to", m->reply_to.address },
		{ "message-id", m->message_id }, { "in-reply-to", m->in_reply_to }, { "references", m->references }, { "auto", m->auto_submitted },
		{ "report", m->report }, { "recipient", m->report_recipient }, { "action", m->report_action }, { "status", m->report_status },
		{ "original", m->report_message_id }, { "text", m->text }, { "damage", m->damage },
		{ "parts", arena_printf(a, "%d", m->nparts) },
	};
	const char *own = m->quoted_from < 0 ? m->text : text_trim(a, arena_dupn(a, m->text, (size_t)m->quoted_from));
	char *v = arena_dup(a, want), *o = v;

	for (const char *c = want; *c; c++)
		*o++ = c[0] == '\\' && c[1] == 'n' ? c++, '\n' : *c;
	*o = 0;
	for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
		if (strcmp(key, whole[i].key) == 0)
			return strcmp(v, whole[i].is) == 0 ? NULL : whole[i].is;
	if (strcmp(key, "own") == 0)
		return strcmp(v, own) == 0 && m->quoted_from >= 0 ? NULL : own;
	if (strcmp(key, "quoted") == 0)
		return (strcmp(v, "-") == 0 ? m->quoted_from < 0 : m->quoted_from >= 0 && text_starts(m->text + m->quoted_from, v)) ? NULL :
			m->quoted_from < 0 ? "nothing quoted" : m->text + m->quoted_from;
	if (strcmp(key, "has") == 0)
		return strstr(m->text, v) ? NULL : m->text;
	if (strcmp(key, "not") == 0)
		return strstr(m->text, v) ? m->text : NULL;
	if (strcmp(key, "html-has") == 0)
		return strstr(m->html, v) ? NULL : m->html;
	if (strcmp(key, "html-not") == 0)
		return strcasestr(m->html, v) ? m->html : NULL;
	if (strcmp(key, "part") == 0) {
		char *all = arena_dup(a, "");

		for (int i = 0; i < m->nparts; i++) {
			const struct conv_part *p = &m->parts[i];
			char *with = arena_printf(a, "%s|%s|%zu|%s", p->name, p->mime, p->n, p->is_inline ? "inline" : "file");
			char *without = arena_printf(a, "%s|%s|-|%s", p->name, p->mime, p->is_inline ? "inline" : "file");

			if (strcmp(v, with) == 0 || strcmp(v, without) == 0)
				return NULL;
			all = arena_printf(a, "%s %s", all, with);
		}
		return all;
	}
	return "an unknown key";
}

static void every_hard_mail_is_read_as_expected(void **state)
{
	struct arena *names = arena_begin(4 << 20);
	struct err e = { 0 };
	char **list;
	int n, wrong = 0, seen = 0;

	CHECK(os_list_folder(names, MAIL_DATA, &list, &n, &e) == 0);
	for (int i = 0; i < n; i++) {
		struct arena *a = arena_begin(CONV_ARENA);
		char *raw, *expect, *line, *save = NULL;
		struct conv_mail m = { 0 };
		struct buf answer;
		size_t len;

		if (text_ends(list[i], ".eml")) {
			seen++;
			CHECK(os_read_file(a, arena_printf(a, MAIL_DATA "/%s", list[i]), 64 << 20, &raw, &len, &e) == 0);
			CHECK(os_read_file(a, arena_printf(a, MAIL_DATA "/%.*s.expect", (int)strlen(list[i]) - 4, list[i]), 1 << 20, &expect, NULL, &e) == 0);
			buf_init(&answer, a, CONV_MAX);
			conv_run(a, CONV_MAIL, raw, len, &answer);
			e = (struct err){ 0 };
			conv_get_mail(a, answer.p, answer.n, &m, &e);
			for (line = strtok_r(expect, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
				char *value = strchr(line, ':');
				const char *is;

				CHECK(value);
				*value++ = 0;
				value += *value == ' ';
				if (strcmp(line, "error") == 0)
					is = strcmp(err_name(e.id), value) == 0 ? NULL : err_name(e.id);
				else
					is = e.id ? arena_printf(a, "error %s: %s", err_name(e.id), e.detail) : compare(a, &m, line, value);
				if (is) {
					print_message("%s: %s should be <%s>, is <%.600s>\n", list[i], line, value, is);
					wrong++;
				}
			}
		}
		arena_end(a);
	}
	arena_end(names);
	CHECK(seen >= 60);
	CHECK_INT(wrong, 0);
}

/* Every prefix of a rich mail, and every byte of it turned over: an answer always comes, and it can be read. */
static void no_broken_mail_breaks_the_reader(void **state)
{
	static const char *const files[] = { "tnef.eml", "report-dsn.eml", "html-attribute-break.eml", "multi-2231-name.eml" };
	struct err e = { 0 };

	for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
		struct arena *a = arena_begin(CONV_ARENA), *b;
		char *raw;
		size_t n;

		CHECK(os_read_file(a, arena_printf(a, MAIL_DATA "/%s", files[f]), 1 << 20, &raw, &n, &e) == 0);
		for (size_t i = 1; i < n; i += 1 + n / 400) {
			for (int how = 0; how < 2; how++) {
				struct conv_mail m;
				struct buf answer;
				char keep = raw[i];

				b = arena_begin(CONV_ARENA);
				buf_init(&answer, b, CONV_MAX);
				if (how)
					raw[i] = (char)(keep ^ 0x55);
				conv_run(b, CONV_MAIL, raw, how ? n : i, &answer);
				raw[i] = keep;
				e = (struct err){ 0 };
				CHECK_ROW(i, conv_get_mail(b, answer.p, answer.n, &m, &e) == 0 || e.id == E_MAIL_UNREADABLE);
				arena_end(b);
			}
		}
		arena_end(a);
	}
}

static void markdown_is_safe_html(void **state)
{
	struct arena *a = arena_begin(CONV_ARENA);
	static const char text[] = "# Æble\n\n<script>x</script>\n\n[a](javascript:alert(1)) **fed**\n";
	const void *html;
	struct buf b;
	struct err e = { 0 };
	size_t n;

	buf_init(&b, a, CONV_MAX);
	conv_run(a, CONV_MARKDOWN, text, sizeof text - 1, &b);
	CHECK(conv_get_bytes(a, b.p, b.n, &html, &n, &e) == 0);
	CHECK(strstr(arena_dupn(a, html, n), "<h1>Æble</h1>") && strstr(arena_dupn(a, html, n), "<strong>fed</strong>"));
	CHECK(!strstr(arena_dupn(a, html, n), "<script") && !strstr(arena_dupn(a, html, n), "javascript"));
	conv_run(a, CONV_MARKDOWN, "\xff", 1, &b);
	CHECK(conv_get_bytes(a, b.p, b.n, &html, &n, &e) == -1 && e.id == E_TEXT_ENCODING);
	arena_end(a);
}

static void a_document_becomes_pages(void **state)
{
	static const char *const bad[] = { "", "[]", "{\"a\":1,\"a\":2}", "{\"title\":", "null" };
	struct arena *a = arena_begin(CONV_ARENA);
	struct buf b, doc;
	const void *pdf;
	struct err e = { 0 };
	size_t n;

	buf_init(&b, a, CONV_MAX);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		conv_run(a, CONV_PDF, bad[i], strlen(bad[i]), &b);
		CHECK_ROW(i, conv_get_bytes(a, b.p, b.n, &pdf, &n, &e) == -1 && e.id == E_JSON_INVALID);
	}
	/* blocks of the wrong type or with things missing are drawn as nothing */
	buf_init(&doc, a, 1 << 20);
	buf_adds(&doc, "{\"title\":\"Aftale\",\"page\":\"{page}/{pages}\",\"meta\":[[1],\"x\"],\"blocks\":[1,{},{\"kind\":\"table\"},"
		"{\"kind\":\"table\",\"columns\":[{\"title\":\"a\",\"width\":-1}],\"rows\":[[],1,[\"x\",\"y\"]]},{\"kind\":\"list\",\"items\":[{}]}");
	for (int i = 0; i < 300; i++)
		buf_adds(&doc, ",{\"kind\":\"paragraph\",\"text\":\"Blåbærgrød med fløde på en regnvejrsdag.\"}");
	buf_adds(&doc, "]}");
	conv_run(a, CONV_PDF, doc.p, doc.n, &b);
	CHECK(conv_get_bytes(a, b.p, b.n, &pdf, &n, &e) == 0);
	CHECK(n > 5000 && memcmp(pdf, "%PDF-", 5) == 0);
	arena_end(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_hard_mail_is_read_as_expected),
		cmocka_unit_test(no_broken_mail_breaks_the_reader),
		cmocka_unit_test(markdown_is_safe_html),
		cmocka_unit_test(a_document_becomes_pages),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
