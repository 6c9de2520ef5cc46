/* m365-safe: 365 Safe. The face of the service: its promises and the terms its code reads. */
#include "services/all.h"

static const struct service_promise promises[] = {
	{ "m365-safe.baseline", NULL },
	{ "m365-safe.watch", NULL },
	{ "m365-safe.report", NULL },
	{ 0 }
};
static const char *const terms[] = { NULL };

const struct service service_m365_safe = { "m365-safe", promises, terms };
