/* mail_write.h - a mail of ours as bytes: headers encoded and folded, text and HTML, files.
 *
 * Ownership:  written into the caller's buf.   Errors: the buf's own limit.   Units: bytes; moments in us.
 * Threads:    any.   Source: RFC 5322, 2045-2047, 2231, 3834. Nothing that is given can add a header or end a part: line
 *             ends in headers become spaces, and boundaries hold characters that encoded bodies never do. */
#ifndef PEDEL_WIRE_MAIL_WRITE_H
#define PEDEL_WIRE_MAIL_WRITE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/buf.h"

struct mail_file { const char *name, *mime; const void *p; size_t n; };
struct mail_draft {
	const char *from_name, *from_address, *to_address;      /* name may be "" */
	const char *subject, *message_id, *in_reply_to, *references;    /* ids without <>; "" when there are none */
	const char *instance;                                   /* X-Pedel-Instance; "" none */
	const char *automatic;                                  /* "auto-replied", "auto-generated"; NULL: a person wrote it */
	int64_t date;
	const char *text, *html;                                /* html NULL: made from the text */
	const struct mail_file *files; int nfiles;
};
void mail_write(struct arena *a, struct buf *b, const struct mail_draft *m);    /* CR LF line ends */
char *mail_html_of(struct arena *a, const char *text);  /* a whole HTML document saying what the text says */
/* "Name <a@b>", "a@b" -> the two parts; false when there is no address in it. */
bool mail_address_split(struct arena *a, const char *s, const char **name, const char **address);
#endif
