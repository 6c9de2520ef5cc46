/* random.h - unguessable bytes. Errors: none (the kernel's generator does not fail once started).  Threads: any. */
#ifndef PEDEL_OS_RANDOM_H
#define PEDEL_OS_RANDOM_H
#include <stddef.h>
void os_random(void *p, size_t n);
#endif
