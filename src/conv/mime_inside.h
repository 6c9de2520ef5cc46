/* mime_inside.h - what mime.c (bodies and parts) and mime_head.c (the header) share; nobody else includes it.
 * Ownership:  results in the walk's arena; options are mime_read()'s.   Errors: none: what had to be repaired is noted.
 * Units:      bytes.   Threads: one.   Source: as mime.h. */
#ifndef PEDEL_CONV_MIME_INSIDE_H
#define PEDEL_CONV_MIME_INSIDE_H
#include <gmime/gmime.h>
#include "conv/mime.h"

struct mime_walk {
	struct arena *a;
	struct conv_mail *m;
	struct buf damage;
	int seen;                       /* MIME parts of any kind */
	GMimeParserOptions *options;
};
void mime_damage(struct mime_walk *w, const char *word);        /* each word once, for conv_mail.damage */
char *mime_line(struct arena *a, const char *s, size_t max);    /* a text from gmime: valid, one line, at most max bytes */
const char *mime_header(GMimeObject *o, const char *name);      /* "" when absent */
const char *mime_id(struct arena *a, const char *s);             /* the first <id> in s, without <>; "" when there is none */
size_t mime_head_bytes(const char *p, size_t n);                /* where the header block ends; n when it never does */
void mime_head(struct mime_walk *w, GMimeMessage *g);           /* everything of conv_mail that the header says */
#endif
