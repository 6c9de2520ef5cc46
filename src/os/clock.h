/* clock.h - what time it is. Ownership: none.  Units: microseconds.  Errors: none.  Threads: any.
 * Source: clock_gettime(2). */
#ifndef PEDEL_OS_CLOCK_H
#define PEDEL_OS_CLOCK_H
#include <stdint.h>
int64_t os_now_us(void);                /* since 1970 UTC; may jump when the machine's clock is set */
int64_t os_steady_us(void);             /* since an unknown start; never goes back: for timeouts */
#endif
