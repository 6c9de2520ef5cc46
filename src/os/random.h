/* random.h - unguessable bytes. Ownership: none.  Units: bytes.  Threads: any.
 * Errors: none (the kernel's generator does not fail once started).  Source: getrandom(2), over libsodium. */
#ifndef PEDEL_OS_RANDOM_H
#define PEDEL_OS_RANDOM_H
#include <stddef.h>
void os_random(void *p, size_t n);
#endif
