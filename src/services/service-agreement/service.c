/* service-agreement: Service agreement. The face of the service: its promises and the terms its code reads. */
#include "services/all.h"
#include "services/service-agreement/proofs.h"

static const struct service_promise promises[] = {
	{ "service-agreement.fixed", service_agreement_prove_fixed, false },
	{ "service-agreement.bank", service_agreement_prove_bank, false },
	{ "service-agreement.driving", service_agreement_prove_driving, false },
	{ 0 }
};
static const char *const terms[] = {
	"hours_per_month", "monthly_price_ore", "hourly_price_ore", "rounding_step_minutes", "rounding_min_minutes", "round_by",
	"phone_step_minutes", "rollover_months", "rollover_max_minutes", "driving_free_minutes", "driving_scope",
	"driving_settle", "proration", "overuse", "borrow_max_percent", "late_entry", "time_visible", NULL
};

const struct service service_service_agreement = { "service-agreement", promises, terms };
