/* signature: E-mail signatures. The face of the service: its promises and the terms its code reads. */
#include "services/all.h"

static const struct service_promise promises[] = {
	{ "signature.deliver", NULL },
	{ "signature.admin", NULL },
	{ "signature.maintain", NULL },
	{ "signature.lawful", NULL },
	{ "signature.report", NULL },
	{ 0 }
};
static const char *const terms[] = { NULL };

const struct service service_signature = { "signature", promises, terms };
