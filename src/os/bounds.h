/* bounds.h - a process gives up, for good, what its part does not need: landlock (fence.h) and seccomp (calls.h) together.
 * Ownership:  none.      Errors: E_CONFINE under BOUNDS_REQUIRE; under BOUNDS_TRY what the kernel lacks is left out and said.
 * Units:      none.      Threads: call it before there are others.      Source: docs/decisions/0005-confinement.md. */
#ifndef PEDEL_OS_BOUNDS_H
#define PEDEL_OS_BOUNDS_H
#include <stdbool.h>
#include "os/calls.h"
#include "os/fence.h"

enum bounds_how { BOUNDS_OFF, BOUNDS_TRY, BOUNDS_REQUIRE };
struct bounds_said { bool whole; char text[200]; };             /* for the log: what holds now, or what is missing */
bool bounds_how(const char *word, enum bounds_how *out);        /* off, try, require */
int  bounds_set(enum bounds_how how, const struct fence *f, enum calls_of whose, struct bounds_said *said, struct err *e);
#endif
