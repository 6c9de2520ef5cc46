/* telephony: Telephony. The face of the service: its promises and the terms its code reads. */
#include "services/all.h"

static const struct service_promise promises[] = {
	{ "telephony.deliver", NULL },
	{ "telephony.operate", NULL },
	{ "telephony.advise", NULL },
	{ 0 }
};
static const char *const terms[] = { NULL };

const struct service service_telephony = { "telephony", promises, terms };
