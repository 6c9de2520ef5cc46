/* charset.h - bytes in the character sets that mails are written in, to UTF-8.
 * Ownership:  results in the arena given.   Errors: none; what cannot be read becomes U+FFFD and *damaged is set.
 * Units:      bytes.   Threads: any.   Source: RFC 2045; names after what mail programs really write (WHATWG encodings). */
#ifndef PEDEL_CONV_CHARSET_H
#define PEDEL_CONV_CHARSET_H
#include <stdbool.h>
#include <stddef.h>
#include "base/arena.h"

/* name NULL or unknown: UTF-8 when it is that, otherwise Windows-1252. Always valid text (text.h), line ends as \n. */
char *charset_text(struct arena *a, const void *p, size_t n, const char *name, bool *damaged);
/* The names iconv is asked for, NULL-terminated: opened once before the children lose their files. */
const char *const *charset_known(void);
#endif
