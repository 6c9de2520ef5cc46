/* m365-backup: Office 365 backup. The face of the service: its promises and the terms its code reads. */
#include "services/all.h"

static const struct service_promise promises[] = {
	{ "m365-backup.cover", NULL },
	{ "m365-backup.restore", NULL },
	{ "m365-backup.safe", NULL },
	{ 0 }
};
static const char *const terms[] = { NULL };

const struct service service_m365_backup = { "m365-backup", promises, terms };
