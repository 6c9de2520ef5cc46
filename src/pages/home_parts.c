#include "pages/home_parts.h"
#include <stddef.h>
#include "pages/promise.h"
#include "pages/time.h"

home_part *const home_parts[] = { home_part_needs, home_part_promises, hours_home, NULL };
