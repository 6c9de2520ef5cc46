#include "pages/home_parts.h"
#include <stddef.h>
#include "pages/promise.h"

home_part *const home_parts[] = { home_part_needs, home_part_promises, NULL };
