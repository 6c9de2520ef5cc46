/* lang.h - the two languages a person can choose. Texts live in ui/lang; the process locale stays C.
 * Ownership: constants.  Errors: none.  Units: none.  Threads: any.  Source: own design; docs/decisions. */
#ifndef PEDEL_BASE_LANG_H
#define PEDEL_BASE_LANG_H
enum lang { LANG_DA, LANG_EN };
#define LANG__N 2
static inline const char *lang_code(enum lang l) { return l == LANG_EN ? "en" : "da"; }
#endif
