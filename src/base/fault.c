#include "base/fault.h"

#ifdef PEDEL_TEST
static _Thread_local int left = -1, keep, fired;        /* test builds only */

void fault_arm(int nth, int keep_failing) { left = nth; keep = keep_failing; fired = 0; }
int fault_fired(void) { return fired; }

int fault_hit(const char *point)
{
	(void)point;
	if (left < 0)
		return 0;
	if (left > 1) {
		left--;
		return 0;
	}
	left = keep ? 1 : -1;
	fired = 1;
	return 1;
}
#else
typedef int fault_c_is_not_empty;
#endif
