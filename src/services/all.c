#include "services/all.h"

const struct service *const service_all[] = {
	&service_support,
	&service_telephony,
	&service_m365,
	&service_operations,
	&service_remote_control,
	&service_patching,
	&service_m365_safe,
	&service_hosting,
	&service_webwork,
	&service_remote_support,
	&service_backup,
	&service_m365_backup,
	&service_network,
	&service_antivirus,
	&service_signature,
	&service_mailhost,
	&service_webadmin,
	&service_service_agreement,
	NULL
};
