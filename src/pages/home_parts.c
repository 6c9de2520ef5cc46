#include "pages/home_parts.h"
#include <stddef.h>

home_part *const home_parts[] = { NULL };
