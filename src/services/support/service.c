/* support: General IT support. The face of the service: its promises and the terms its code reads. */
#include "services/all.h"

static const struct service_promise promises[] = {
	{ "support.help", NULL },
	{ "support.report", NULL },
	{ "support.open", NULL },
	{ 0 }
};
static const char *const terms[] = {
	"response_urgent_minutes", "response_important_minutes", "response_normal_minutes", "solution_urgent_minutes",
	"solution_important_minutes", "solution_normal_minutes", "service_hours", "closed_days",
	"help_target_percent", "open_target_percent_hundredths", NULL
};

const struct service service_support = { "support", promises, terms };
