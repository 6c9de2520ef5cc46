/* webadmin: Website administration. The face of the service: its promises and the terms its code reads. */
#include "services/all.h"

static const struct service_promise promises[] = {
	{ "webadmin.maintain", NULL },
	{ "webadmin.cms", NULL },
	{ "webadmin.updates", NULL },
	{ "webadmin.licence", NULL },
	{ "webadmin.order", NULL },
	{ "webadmin.current", NULL },
	{ 0 }
};
static const char *const terms[] = { NULL };

const struct service service_webadmin = { "webadmin", promises, terms };
