/* all.h - the services this program knows: one line here and one in all.c per folder of src/services.
 * Ownership: constants.  Errors: none.  Units: none.  Threads: any.  Source: architecture, section 5. */
#ifndef PEDEL_SERVICES_ALL_H
#define PEDEL_SERVICES_ALL_H
#include "core/service.h"

extern const struct service service_support, service_telephony, service_m365, service_operations, service_remote_control,
	service_patching, service_m365_safe, service_hosting, service_webwork, service_remote_support,
	service_backup, service_m365_backup, service_network, service_antivirus, service_signature,
	service_mailhost, service_webadmin, service_service_agreement;

extern const struct service *const service_all[];        /* in the catalogue's order; NULL-terminated */
#endif
