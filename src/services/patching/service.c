/* patching: Patching. The face of the service: its promises and the terms its code reads. */
#include "services/all.h"

static const struct service_promise promises[] = {
	{ "patching.maintain", NULL },
	{ "patching.exclude", NULL },
	{ "patching.weekly", NULL },
	{ 0 }
};
static const char *const terms[] = { NULL };

const struct service service_patching = { "patching", promises, terms };
