/* m365: Office 365. The face of the service: its promises and the terms its code reads. */
#include "services/all.h"

static const struct service_promise promises[] = {
	{ "m365.licences", NULL },
	{ "m365.advise", NULL },
	{ "m365.compliance", NULL },
	{ "m365.support", NULL },
	{ "m365.partner", NULL },
	{ 0 }
};
static const char *const terms[] = { NULL };

const struct service service_m365 = { "m365", promises, terms };
