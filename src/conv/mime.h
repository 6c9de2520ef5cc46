/* mime.h - a raw mail to struct conv_mail, over gmime.
 * Ownership:  everything in the arena given.   Errors: E_MAIL_UNREADABLE past a limit of wire/conv.h, or when it is no mail at all.
 * Units:      bytes.   Threads: one.   Source: RFC 5322, 2045-2047, 2231, 3464, 3676; wire/conv.h. */
#ifndef PEDEL_CONV_MIME_H
#define PEDEL_CONV_MIME_H
#include "wire/conv.h"
int mime_read(struct arena *a, const void *raw, size_t n, struct conv_mail *out, struct err *e);
#endif
