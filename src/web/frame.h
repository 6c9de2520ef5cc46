/* frame.h - the halves of frame.html that ui_frame.c puts together.  
 * Ownership: none.  Errors: none.  Units: none.  Threads: the request's.  Source: ui.md, section 3. */
#ifndef PEDEL_WEB_FRAME_H
#define PEDEL_WEB_FRAME_H
#include "web/web.h"

struct frame_link { const char *key, *href, *icon, *label; unsigned roles; int64_t count; const char *count_word; bool alarm; };
struct frame {
	const char *title, *current, *area, *parent_href, *parent, *beside;
	const struct frame_link *links; int nlinks;
	const struct frame_link *more; int nmore;
	const struct frame_link *books; int nbooks;
};
void frame_nav(struct web *w, const struct frame *f, const struct frame_link *l, int n);
void frame_head(struct web *w, const struct frame *f);
void frame_console(struct web *w, const struct frame *f);
void frame_console_foot(struct web *w, const struct frame *f);
void frame_portal(struct web *w, const struct frame *f);
void frame_portal_foot(struct web *w, const struct frame *f);
void frame_gate(struct web *w, const struct frame *f);
void frame_gate_foot(struct web *w, const char *other);        /* other: where the page stands in the other language */
void frame_paper(struct web *w, const struct frame *f);
void frame_paper_foot(struct web *w);
#endif
