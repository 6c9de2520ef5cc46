/* hosting: Web hosting. The face of the service: its promises and the terms its code reads. */
#include "services/all.h"

static const struct service_promise promises[] = {
	{ "hosting.account", NULL },
	{ "hosting.platform", NULL },
	{ "hosting.apps", NULL },
	{ 0 }
};
static const char *const terms[] = { NULL };

const struct service service_hosting = { "hosting", promises, terms };
