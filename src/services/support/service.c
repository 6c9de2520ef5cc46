/* support: General IT support. The face of the service: its promises and the terms its code reads. */
#include "services/all.h"
#include "services/support/proofs.h"

static const struct service_promise promises[] = {
	{ "support.help", support_prove_help, false },
	{ "support.report", support_prove_report, false },
	{ "support.open", support_prove_open, .probes = true, .alone = true },
	{ 0 }
};
static const char *const terms[] = {
	"response_urgent_minutes", "response_important_minutes", "response_normal_minutes", "solution_urgent_minutes",
	"solution_important_minutes", "solution_normal_minutes", "service_hours", "closed_days",
	"help_target_percent", "open_target_percent_hundredths", NULL
};

const struct service service_support = { "support", promises, terms };
