#include "os/random.h"
#include <sodium.h>

void os_random(void *p, size_t n) { randombytes_buf(p, n); }
