/* antivirus: Antivirus. The face of the service: its promises and the terms its code reads. */
#include "services/all.h"

static const struct service_promise promises[] = {
	{ "antivirus.deliver", NULL },
	{ "antivirus.admin", NULL },
	{ "antivirus.maintain", NULL },
	{ "antivirus.lawful", NULL },
	{ "antivirus.report", NULL },
	{ 0 }
};
static const char *const terms[] = { NULL };

const struct service service_antivirus = { "antivirus", promises, terms };
