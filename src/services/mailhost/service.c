/* mailhost: Mail hosting. The face of the service: its promises and the terms its code reads. */
#include "services/all.h"

static const struct service_promise promises[] = {
	{ "mailhost.platform", NULL },
	{ "mailhost.space", NULL },
	{ "mailhost.run", NULL },
	{ "mailhost.ownuse", NULL },
	{ "mailhost.protect", NULL },
	{ 0 }
};
static const char *const terms[] = { NULL };

const struct service service_mailhost = { "mailhost", promises, terms };
