/* backup: Backup. The face of the service: its promises and the terms its code reads. */
#include "services/all.h"

static const struct service_promise promises[] = {
	{ "backup.endpoint", NULL },
	{ "backup.server", NULL },
	{ "backup.safe", NULL },
	{ "backup.lawful", NULL },
	{ 0 }
};
static const char *const terms[] = { NULL };

const struct service service_backup = { "backup", promises, terms };
