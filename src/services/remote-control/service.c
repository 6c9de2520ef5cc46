/* remote-control: Remote control. The face of the service: its promises and the terms its code reads. */
#include "services/all.h"

static const struct service_promise promises[] = {
	{ "remote-control.reach", NULL },
	{ "remote-control.dedicated", NULL },
	{ "remote-control.noapproval", NULL },
	{ "remote-control.secure", NULL },
	{ 0 }
};
static const char *const terms[] = { NULL };

const struct service service_remote_control = { "remote-control", promises, terms };
