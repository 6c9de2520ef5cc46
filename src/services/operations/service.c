/* operations: IT operations. The face of the service: its promises and the terms its code reads. */
#include "services/all.h"

static const struct service_promise promises[] = {
	{ "operations.run", NULL },
	{ "operations.access", NULL },
	{ "operations.maintain", NULL },
	{ "operations.lawful", NULL },
	{ "operations.advise", NULL },
	{ 0 }
};
static const char *const terms[] = { NULL };

const struct service service_operations = { "operations", promises, terms };
