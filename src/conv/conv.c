#include "conv/conv.h"
#include <cmark.h>
#include <errno.h>
#include <fontconfig/fontconfig.h>
#include <gmime/gmime.h>
#include <iconv.h>
#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "conv/charset.h"
#include "conv/mime.h"
#include "conv/pdf.h"

struct conv_warm { struct arena *a; iconv_t *open; int nopen; };

/* A mail that makes gmime touch everything it opens late. Nothing is drawn here: pango keeps a thread, which a child would
 * wait for in vain. */
static void rehearse(struct arena *a)
{
	static const char mail[] = "From: =?iso-8859-1?Q?J=F8rn?= <a@b.dk>\r\nSubject: x\r\nDate: Mon, 2 Nov 2026 10:00:00 +0100\r\n"
		"Content-Type: text/html; charset=iso-8859-2\r\n\r\n<p>x</p>";
	struct buf b;

	buf_init(&b, a, CONV_MAX);
	conv_run(a, CONV_MAIL, mail, sizeof mail - 1, &b);
	FcInit();
}

struct conv_warm *conv_warm(void)
{
	struct arena *a = arena_begin(CONV_ARENA), *once = arena_begin(CONV_ARENA);
	struct conv_warm *w = ARENA_NEW(a, struct conv_warm);
	const char *const *names = charset_known();
	int n = 0;

	while (names[n])
		n++;
	w->a = a;
	w->open = ARENA_ARRAY(a, iconv_t, n * 2);
	for (int i = 0; i < n; i++) {
		iconv_t in = iconv_open("UTF-8", names[i]), out = iconv_open(names[i], "UTF-8");

		if (in != (iconv_t)-1)
			w->open[w->nopen++] = in;
		if (out != (iconv_t)-1)
			w->open[w->nopen++] = out;
	}
	g_mime_init();
	xmlInitParser();
	rehearse(once);
	arena_end(once);
	return w;
}

void conv_cool(struct conv_warm *w)
{
	if (!w)
		return;
	for (int i = 0; i < w->nopen; i++)
		iconv_close(w->open[i]);
	g_mime_shutdown();
	arena_end(w->a);
}

void conv_run(struct arena *a, enum conv_kind kind, const void *p, size_t n, struct buf *answer)
{
	struct conv_mail m;
	struct err e = { 0 };
	const void *pdf;
	size_t npdf;
	char *html;

	answer->n = 0;
	switch (kind) {
	case CONV_MAIL:
		if (mime_read(a, p, n, &m, &e) == 0)
			conv_put_mail(answer, &m);
		break;
	case CONV_PDF:
		if (pdf_make(a, p, n, &pdf, &npdf, &e) == 0)
			conv_put_bytes(answer, pdf, npdf);
		break;
	case CONV_MARKDOWN:
		if (!text_valid(p, n)) {
			FAIL(&e, E_TEXT_ENCODING, "markdown");
			break;
		}
		html = cmark_markdown_to_html(p, n, CMARK_OPT_DEFAULT | CMARK_OPT_VALIDATE_UTF8);
		conv_put_bytes(answer, html, strlen(html));
		free(html);
		break;
	default:
		FAIL(&e, E_MESSAGE_INVALID, "no such kind of document");
	}
	if (e.id == E_NONE && answer->full)
		FAIL(&e, E_BODY_TOO_LARGE, "the answer passes %zu bytes", answer->limit);
	if (e.id != E_NONE) {
		answer->n = 0;
		answer->full = false;
		conv_put_error(answer, &e);
	}
}
