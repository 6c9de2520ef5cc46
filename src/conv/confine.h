/* confine.h - gives up this process's rights for good. Errors: E_CONV_FAILED when the kernel does not play along.
 * Ownership: none.  Units: bytes.  Threads: the calling one; call it before there are others.  Source: seccomp(2), landlock(7). */
#ifndef PEDEL_CONV_CONFINE_H
#define PEDEL_CONV_CONFINE_H
#include <stdbool.h>
#include "base/err.h"
int confine(bool fonts, struct err *e);                 /* fonts: may still read files, and only below the font folders */
#endif
