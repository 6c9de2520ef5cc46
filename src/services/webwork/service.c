/* webwork: Website work. The face of the service: its promises and the terms its code reads. */
#include "services/all.h"
#include "services/webwork/proofs.h"

static const struct service_promise promises[] = {
	{ "webwork.order", webwork_prove_order, true },
	{ "webwork.admin", NULL },
	{ "webwork.current", NULL },
	{ 0 }
};
static const char *const terms[] = { NULL };

const struct service service_webwork = { "webwork", promises, terms };
