/* text.h - small questions about UTF-8 text. Text in Pedel is a NUL-terminated `const char *`, valid UTF-8.
 * Ownership:  results are in the arena given.   Errors: text_check says E_TEXT_ENCODING / E_TOO_LONG / E_REQUIRED.
 * Units:      bytes, unless it says chars.      Threads: any.   Source: RFC 3629. */
#ifndef PEDEL_BASE_TEXT_H
#define PEDEL_BASE_TEXT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/err.h"

bool text_valid(const char *s, size_t n);               /* UTF-8, no NUL, no control but \t \n \r */
/* What came from outside as a field: valid, at most max bytes, and not blank when required. NULL counts as blank. */
int  text_check(const char *s, const char *field, size_t max, bool required, struct err *e);
char *text_repair(struct arena *a, const char *s, size_t n);    /* bad bytes and NULs become U+FFFD; always valid */
char *text_trim(struct arena *a, const char *s);        /* without white space at both ends */
/* For what stands on one line (names, subjects, labels): trimmed, and without signs that cannot be seen or that turn the
 * direction of reading (U+202E and its kin). Joiners and the marks of emoji stay. */
char *text_plain(struct arena *a, const char *s);
char *text_lower(struct arena *a, const char *s);       /* A-Z, Latin-1 and Latin Extended-A (ÆØÅ included) */
bool text_blank(const char *s);                         /* NULL, empty or nothing that can be seen */
bool text_eq(const char *a, const char *b);             /* NULL equals NULL only */
bool text_starts(const char *s, const char *with);
bool text_ends(const char *s, const char *with);
size_t text_chars(const char *s);                       /* code points */
/* First line of s as text_plain() has it, at most max chars, "..." when cut. For subjects and lists. */
char *text_line(struct arena *a, const char *s, size_t max_chars);
char *text_file_name(struct arena *a, const char *s, size_t max_chars);  /* no folders, controls, or signs that turn the reading direction */
/* Next code point at *p (moves it); 0xFFFD for a bad byte; 0 at the NUL. */
uint32_t text_next(const char **p);
size_t text_put(char out[4], uint32_t c);               /* bytes written */
/* A whole decimal number, an optional minus, nothing else. false when it is not, or does not fit. */
bool text_int(const char *s, int64_t *out);
#endif
