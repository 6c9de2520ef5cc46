#include "conv/pdf.h"
#include <cairo-pdf.h>
#include <jansson.h>
#include <math.h>
#include <pango/pangocairo.h>
#include <string.h>
#include "base/buf.h"
#include "base/text.h"

/* A4 in points; margins wide enough for a hole punch. */
#define PAGE_W 595.28
#define PAGE_H 841.89
#define LEFT   62.0
#define RIGHT  56.0
#define TOP    56.0
#define BOTTOM 64.0
#define WIDE   (PAGE_W - LEFT - RIGHT)
#define FACE   "Inter, DejaVu Sans, sans-serif"

enum ink { INK_TEXT, INK_QUIET, INK_ACCENT, INK_LINE, INK_SHADE };
struct page {
	struct arena *a;
	cairo_t *c;
	json_t *doc;
	double y;
	int number, pages;              /* pages: 0 while they are counted */
};

static void ink(struct page *p, enum ink i)
{
	static const double rgb[][3] = { { 0.09, 0.11, 0.13 }, { 0.35, 0.39, 0.44 }, { 0.05, 0.32, 0.42 }, { 0.80, 0.83, 0.86 }, { 0.95, 0.96, 0.97 } };

	cairo_set_source_rgb(p->c, rgb[i][0], rgb[i][1], rgb[i][2]);
}

static const char *word(json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

/* A laid-out text: the caller unrefs it. width < 0: one line. */
static PangoLayout *lay(struct page *p, const char *s, double size, bool bold, double width, PangoAlignment align)
{
	PangoLayout *l = pango_cairo_create_layout(p->c);
	PangoFontDescription *f = pango_font_description_from_string(FACE);

	pango_font_description_set_absolute_size(f, size * PANGO_SCALE);
	pango_font_description_set_weight(f, bold ? PANGO_WEIGHT_SEMIBOLD : PANGO_WEIGHT_NORMAL);
	pango_layout_set_font_description(l, f);
	pango_font_description_free(f);
	pango_layout_set_width(l, width < 0 ? -1 : (int)(width * PANGO_SCALE));
	pango_layout_set_wrap(l, PANGO_WRAP_WORD_CHAR);
	pango_layout_set_alignment(l, align);
	pango_layout_set_line_spacing(l, 1.25f);
	pango_layout_set_text(l, s, -1);
	return l;
}

static double height(PangoLayout *l)
{
	int h;

	pango_layout_get_size(l, NULL, &h);
	return (double)h / PANGO_SCALE;
}

static void put(struct page *p, PangoLayout *l, double x, double y)
{
	cairo_move_to(p->c, x, y);
	pango_cairo_show_layout(p->c, l);
}

static void line(struct page *p, double x, double y, double w)
{
	ink(p, INK_LINE);
	cairo_set_line_width(p->c, 0.6);
	cairo_move_to(p->c, x, y);
	cairo_line_to(p->c, x + w, y);
	cairo_stroke(p->c);
}

static char *with_numbers(struct page *p, const char *form)
{
	struct buf b;

	buf_init(&b, p->a, 400);
	for (; *form; form++) {
		if (text_starts(form, "{page}")) {
			buf_int(&b, p->number);
			form += 5;
		} else if (text_starts(form, "{pages}")) {
			buf_int(&b, p->pages);
			form += 6;
		} else {
			buf_addc(&b, *form);
		}
	}
	return arena_dup(p->a, buf_text(&b));
}

static void foot(struct page *p)
{
	PangoLayout *l;
	double y = PAGE_H - BOTTOM + 22;

	line(p, LEFT, y - 6, WIDE);
	ink(p, INK_QUIET);
	l = lay(p, word(p->doc, "footer"), 8, false, WIDE * 0.75, PANGO_ALIGN_LEFT);
	put(p, l, LEFT, y);
	g_object_unref(l);
	l = lay(p, with_numbers(p, word(p->doc, "page")), 8, false, WIDE * 0.25, PANGO_ALIGN_RIGHT);
	put(p, l, LEFT + WIDE * 0.75, y);
	g_object_unref(l);
}

static void turn(struct page *p)
{
	PangoLayout *l;

	if (p->number) {
		foot(p);
		cairo_show_page(p->c);
	}
	p->number++;
	p->y = TOP;
	if (p->number > 1) {            /* a quiet running head, so that a loose sheet finds home */
		ink(p, INK_QUIET);
		l = lay(p, word(p->doc, "title"), 8, false, WIDE * 0.6, PANGO_ALIGN_LEFT);
		put(p, l, LEFT, TOP - 18);
		g_object_unref(l);
		l = lay(p, word(json_object_get(p->doc, "provider"), "name"), 8, false, WIDE * 0.4, PANGO_ALIGN_RIGHT);
		put(p, l, LEFT + WIDE * 0.6, TOP - 18);
		g_object_unref(l);
		line(p, LEFT, TOP - 4, WIDE);
		p->y = TOP + 8;
	}
}

static void room(struct page *p, double need)
{
	if (p->y + need > PAGE_H - BOTTOM)
		turn(p);
}

/* A text that may run over pages, line by line; no widow of a single line at a page's end. */
static void flow(struct page *p, PangoLayout *l, double x, enum ink color)
{
	int n = pango_layout_get_line_count(l);

	for (int i = 0; i < n; i++) {
		PangoLayoutLine *row = pango_layout_get_line_readonly(l, i);
		PangoRectangle logical;
		double h = height(l) / n, dx = 0;

		room(p, i == 0 && n > 1 ? 2 * h : h);
		pango_layout_line_get_extents(row, NULL, &logical);
		ink(p, color);
		cairo_move_to(p->c, x + dx, p->y + h * 0.78);
		pango_cairo_show_layout_line(p->c, row);
		p->y += h;
	}
}

static void head(struct page *p)
{
	json_t *provider = json_object_get(p->doc, "provider"), *lines = json_object_get(provider, "lines"), *meta = json_object_get(p->doc, "meta");
	PangoLayout *l = lay(p, word(provider, "name"), 13, true, WIDE * 0.55, PANGO_ALIGN_LEFT);
	double y = p->y, left;

	cairo_rectangle(p->c, LEFT, p->y + 1, 3, height(l));
	ink(p, INK_ACCENT);
	cairo_fill(p->c);
	ink(p, INK_TEXT);
	put(p, l, LEFT + 9, p->y);
	left = p->y + height(l);
	g_object_unref(l);
	for (size_t i = 0; i < json_array_size(lines) && i < 8; i++) {
		const char *s = json_string_value(json_array_get(lines, i));

		ink(p, INK_QUIET);
		l = lay(p, s ? s : "", 8.5, false, WIDE * 0.42, PANGO_ALIGN_RIGHT);
		put(p, l, LEFT + WIDE * 0.58, y);
		y += height(l);
		g_object_unref(l);
	}
	p->y = fmax(left, y) + 26;
	if (*word(p->doc, "title")) {
		l = lay(p, word(p->doc, "title"), 21, true, WIDE, PANGO_ALIGN_LEFT);
		flow(p, l, LEFT, INK_TEXT);
		g_object_unref(l);
	}
	if (*word(p->doc, "subtitle")) {
		l = lay(p, word(p->doc, "subtitle"), 11, false, WIDE, PANGO_ALIGN_LEFT);
		p->y += 2;
		flow(p, l, LEFT, INK_QUIET);
		g_object_unref(l);
	}
	p->y += 8;
	for (size_t i = 0; i < json_array_size(meta); i++) {     /* two columns of facts */
		json_t *pair = json_array_get(meta, i);
		const char *k = json_string_value(json_array_get(pair, 0)), *v = json_string_value(json_array_get(pair, 1));
		double x = LEFT + (i % 2) * WIDE / 2, h;

		if (i % 2 == 0)
			room(p, 32);
		ink(p, INK_QUIET);
		l = lay(p, k ? k : "", 8, false, WIDE / 2 - 12, PANGO_ALIGN_LEFT);
		put(p, l, x, p->y);
		h = height(l);
		g_object_unref(l);
		ink(p, INK_TEXT);
		l = lay(p, v ? v : "", 10, false, WIDE / 2 - 12, PANGO_ALIGN_LEFT);
		put(p, l, x, p->y + h);
		left = i % 2 ? fmax(left, h + height(l)) : h + height(l);
		g_object_unref(l);
		if (i % 2 || i + 1 == json_array_size(meta))
			p->y += left + 6;
	}
	p->y += 6;
	line(p, LEFT, p->y, WIDE);
	p->y += 12;
}

struct columns { int n; double x[16], w[16]; PangoAlignment align[16]; };

static double row_height(struct page *p, const struct columns *t, json_t *row, bool bold, PangoLayout **cells)
{
	double h = 0;

	for (int i = 0; i < t->n; i++) {
		const char *s = json_string_value(json_array_get(row, (size_t)i));

		cells[i] = lay(p, s ? s : "", 9, bold, t->w[i] - 10, t->align[i]);
		h = fmax(h, height(cells[i]));
	}
	return h + 7;
}

static void row_put(struct page *p, const struct columns *t, PangoLayout **cells, double h, enum ink color)
{
	for (int i = 0; i < t->n; i++) {
		ink(p, color);
		put(p, cells[i], t->x[i] + 5, p->y + 3.5);
		g_object_unref(cells[i]);
	}
	p->y += h;
}

static void table_head(struct page *p, const struct columns *t, json_t *titles)
{
	PangoLayout *cells[16];
	double h = row_height(p, t, titles, true, cells);

	ink(p, INK_SHADE);
	cairo_rectangle(p->c, LEFT, p->y, WIDE, h);
	cairo_fill(p->c);
	row_put(p, t, cells, h, INK_QUIET);
	line(p, LEFT, p->y, WIDE);
}

static void table(struct page *p, json_t *block)
{
	json_t *cols = json_object_get(block, "columns"), *rows = json_object_get(block, "rows"), *last = json_object_get(block, "foot");
	json_t *titles = json_array();
	struct columns t = { .n = (int)(json_array_size(cols) < 16 ? json_array_size(cols) : 16) };
	PangoLayout *cells[16];
	double sum = 0, x = LEFT;

	for (int i = 0; i < t.n; i++) {
		json_t *c = json_array_get(cols, (size_t)i);
		double w = json_number_value(json_object_get(c, "width"));
		const char *how = word(c, "align");

		t.w[i] = w > 0 && w < 1000 ? w : 1;
		sum += t.w[i];
		t.align[i] = strcmp(how, "right") == 0 ? PANGO_ALIGN_RIGHT : strcmp(how, "center") == 0 ? PANGO_ALIGN_CENTER : PANGO_ALIGN_LEFT;
		json_array_append_new(titles, json_string(word(c, "title")));
	}
	for (int i = 0; i < t.n; i++) {
		t.w[i] = t.w[i] / sum * WIDE;
		t.x[i] = x;
		x += t.w[i];
	}
	room(p, 60);
	table_head(p, &t, titles);
	for (size_t i = 0; i < json_array_size(rows) + (json_array_size(last) > 0); i++) {
		bool total = i == json_array_size(rows);
		double h = row_height(p, &t, total ? last : json_array_get(rows, i), total, cells);

		if (p->y + h > PAGE_H - BOTTOM && h < PAGE_H - TOP - BOTTOM - 60) {
			turn(p);
			table_head(p, &t, titles);
		}
		if (total) {
			ink(p, INK_TEXT);
			cairo_set_line_width(p->c, 1);
			cairo_move_to(p->c, LEFT, p->y);
			cairo_line_to(p->c, LEFT + WIDE, p->y);
			cairo_stroke(p->c);
		}
		row_put(p, &t, cells, h, INK_TEXT);
		if (!total)
			line(p, LEFT, p->y, WIDE);
	}
	json_decref(titles);
	p->y += 12;
}

static void list(struct page *p, json_t *block)
{
	json_t *items = json_object_get(block, "items");
	bool ordered = json_is_true(json_object_get(block, "ordered"));

	for (size_t i = 0; i < json_array_size(items); i++) {
		const char *s = json_string_value(json_array_get(items, i));
		PangoLayout *mark = lay(p, ordered ? arena_printf(p->a, "%zu.", i + 1) : "•", 10, false, 20, PANGO_ALIGN_LEFT);
		PangoLayout *l = lay(p, s ? s : "", 10, false, WIDE - 18, PANGO_ALIGN_LEFT);

		room(p, pango_layout_get_line_count(l) > 1 ? 2 * height(mark) : height(mark));
		ink(p, INK_QUIET);
		put(p, mark, LEFT + 2, p->y);
		flow(p, l, LEFT + 18, INK_TEXT);
		p->y += 2;
		g_object_unref(mark);
		g_object_unref(l);
	}
	p->y += 7;
}

static void pairs(struct page *p, json_t *block)
{
	json_t *rows = json_object_get(block, "rows");

	for (size_t i = 0; i < json_array_size(rows); i++) {
		const char *k = json_string_value(json_array_get(json_array_get(rows, i), 0));
		const char *v = json_string_value(json_array_get(json_array_get(rows, i), 1));
		PangoLayout *lk = lay(p, k ? k : "", 10, false, WIDE * 0.36 - 8, PANGO_ALIGN_LEFT);
		PangoLayout *lv = lay(p, v ? v : "", 10, false, WIDE * 0.64, PANGO_ALIGN_LEFT);
		double h = fmax(height(lk), height(lv)) + 5;

		if (h < PAGE_H / 2)
			room(p, h);
		ink(p, INK_QUIET);
		put(p, lk, LEFT, p->y + 2);
		ink(p, INK_TEXT);
		put(p, lv, LEFT + WIDE * 0.36, p->y + 2);
		p->y += h;
		line(p, LEFT, p->y, WIDE);
		g_object_unref(lk);
		g_object_unref(lv);
	}
	p->y += 10;
}

static void note(struct page *p, const char *s)
{
	PangoLayout *l = lay(p, s, 9, false, WIDE - 24, PANGO_ALIGN_LEFT);
	double h = height(l) + 14;

	if (h > PAGE_H / 2) {
		flow(p, l, LEFT, INK_QUIET);
	} else {
		room(p, h);
		ink(p, INK_SHADE);
		cairo_rectangle(p->c, LEFT, p->y, WIDE, h);
		cairo_fill(p->c);
		ink(p, INK_ACCENT);
		cairo_rectangle(p->c, LEFT, p->y, 2.5, h);
		cairo_fill(p->c);
		ink(p, INK_TEXT);
		put(p, l, LEFT + 12, p->y + 7);
		p->y += h;
	}
	g_object_unref(l);
	p->y += 10;
}

static void signatures(struct page *p, json_t *block)
{
	json_t *names = json_object_get(block, "names");
	size_t n = json_array_size(names) < 3 ? json_array_size(names) : 3;

	room(p, 80);
	for (size_t i = 0; i < n; i++) {
		const char *s = json_string_value(json_array_get(names, i));
		double w = WIDE / (double)n, x = LEFT + w * (double)i;
		PangoLayout *l = lay(p, s ? s : "", 9, false, w - 20, PANGO_ALIGN_LEFT);

		ink(p, INK_TEXT);
		cairo_set_line_width(p->c, 0.6);
		cairo_move_to(p->c, x, p->y + 48);
		cairo_line_to(p->c, x + w - 20, p->y + 48);
		cairo_stroke(p->c);
		ink(p, INK_QUIET);
		put(p, l, x, p->y + 52);
		g_object_unref(l);
	}
	p->y += 84;
}

static void block(struct page *p, json_t *b)
{
	const char *kind = word(b, "kind");
	PangoLayout *l;

	if (strcmp(kind, "heading") == 0) {
		bool small = json_integer_value(json_object_get(b, "level")) > 1;

		l = lay(p, word(b, "text"), small ? 11 : 14, true, WIDE, PANGO_ALIGN_LEFT);
		if (p->y > TOP + 20)
			p->y += small ? 4 : 10;
		room(p, height(l) + 44);        /* a heading never stands alone at a page's end */
		flow(p, l, LEFT, small ? INK_TEXT : INK_ACCENT);
		p->y += small ? 2 : 5;
		g_object_unref(l);
	} else if (strcmp(kind, "paragraph") == 0) {
		l = lay(p, word(b, "text"), 10, false, WIDE, PANGO_ALIGN_LEFT);
		flow(p, l, LEFT, INK_TEXT);
		p->y += 8;
		g_object_unref(l);
	} else if (strcmp(kind, "note") == 0) {
		note(p, word(b, "text"));
	} else if (strcmp(kind, "list") == 0) {
		list(p, b);
	} else if (strcmp(kind, "pairs") == 0) {
		pairs(p, b);
	} else if (strcmp(kind, "table") == 0 && json_array_size(json_object_get(b, "columns"))) {
		table(p, b);
	} else if (strcmp(kind, "space") == 0) {
		p->y += 14;
	} else if (strcmp(kind, "page") == 0) {
		turn(p);
	} else if (strcmp(kind, "signatures") == 0) {
		signatures(p, b);
	}
}

static cairo_status_t gather(void *arg, const unsigned char *p, unsigned n)
{
	struct buf *b = arg;

	buf_add(b, p, n);
	return b->full ? CAIRO_STATUS_WRITE_ERROR : CAIRO_STATUS_SUCCESS;
}

/* The whole document once; the first run counts the pages. */
static int draw(struct arena *a, json_t *doc, int *pages, struct buf *out)
{
	cairo_surface_t *s = cairo_pdf_surface_create_for_stream(gather, out, PAGE_W, PAGE_H);
	struct page p = { .a = a, .c = cairo_create(s), .doc = doc, .pages = *pages };
	json_t *blocks = json_object_get(doc, "blocks");
	bool fine;

	cairo_pdf_surface_set_metadata(s, CAIRO_PDF_METADATA_TITLE, word(doc, "title"));
	cairo_pdf_surface_set_metadata(s, CAIRO_PDF_METADATA_AUTHOR, word(json_object_get(doc, "provider"), "name"));
	cairo_pdf_surface_set_metadata(s, CAIRO_PDF_METADATA_CREATOR, "Pedel " PEDEL_VERSION);
	turn(&p);
	head(&p);
	for (size_t i = 0; i < json_array_size(blocks); i++)
		block(&p, json_array_get(blocks, i));
	foot(&p);
	cairo_show_page(p.c);
	*pages = p.number;
	cairo_surface_finish(s);
	fine = cairo_status(p.c) == CAIRO_STATUS_SUCCESS && cairo_surface_status(s) == CAIRO_STATUS_SUCCESS && !out->full;
	cairo_destroy(p.c);
	cairo_surface_destroy(s);
	return fine ? 0 : -1;
}

int pdf_make(struct arena *a, const void *json, size_t n, const void **pdf, size_t *npdf, struct err *e)
{
	json_error_t why;
	json_t *doc = json_loadb(json, n, JSON_REJECT_DUPLICATES, &why);
	struct buf b;
	int pages = 0;

	if (!json_is_object(doc)) {
		json_decref(doc);
		return FAIL(e, E_JSON_INVALID, "line %d: %s", why.line, why.text);
	}
	buf_init(&b, a, 64 << 20);
	if (draw(a, doc, &pages, &b) == 0) {
		b.n = 0;
		if (draw(a, doc, &pages, &b) == 0) {
			json_decref(doc);
			*pdf = b.p;
			*npdf = b.n;
			return 0;
		}
	}
	json_decref(doc);
	return FAIL(e, E_CONV_FAILED, "the page could not be drawn");
}
