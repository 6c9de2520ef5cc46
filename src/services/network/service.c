/* network: Network. The face of the service: its promises and the terms its code reads. */
#include "services/all.h"

static const struct service_promise promises[] = {
	{ "network.operate", NULL },
	{ "network.access", NULL },
	{ "network.computers", NULL },
	{ 0 }
};
static const char *const terms[] = { NULL };

const struct service service_network = { "network", promises, terms };
