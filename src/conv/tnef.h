/* tnef.h - Outlook's winmail.dat: the files in it.
 * Ownership:  arena given.   Errors: -1 when it cannot be read (then the file is kept as it came).
 * Units: bytes.   Threads: one.     Source: MS-OXTNEF. */
#ifndef PEDEL_CONV_TNEF_H
#define PEDEL_CONV_TNEF_H
#include "wire/conv.h"
int tnef_read(struct arena *a, const void *p, size_t n, struct conv_part *parts, int max, int *nparts, const char **text);
#endif
