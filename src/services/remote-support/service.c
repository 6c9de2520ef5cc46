/* remote-support: Remote help. The face of the service: its promises and the terms its code reads. */
#include "services/all.h"

static const struct service_promise promises[] = {
	{ "remote-support.ask", NULL },
	{ "remote-support.secure", NULL },
	{ 0 }
};
static const char *const terms[] = { NULL };

const struct service service_remote_support = { "remote-support", promises, terms };
