/* words.h - RFC 2047 encoded words in headers, also where they are cut in the middle of a character or padded one by one.
 * Ownership:  results in the arena given.   Errors: none; what is no encoded word stays as it is.
 * Units:      bytes.   Threads: any.   Source: RFC 2047; gmime joins base64 words before decoding and loses what follows a padding. */
#ifndef PEDEL_CONV_WORDS_H
#define PEDEL_CONV_WORDS_H
#include "base/arena.h"

char *words_decode(struct arena *a, const char *raw);   /* to UTF-8, unfolded; raw 8-bit bytes as UTF-8 or Windows-1252 */
/* The same header with every run of encoded words as one word in UTF-8, so that an address parser may follow. */
char *words_join(struct arena *a, const char *raw);
#endif
