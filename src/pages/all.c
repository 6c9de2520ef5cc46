#include "pages/all.h"
#include "pages/agreement.h"
#include "pages/category.h"
#include "pages/customer.h"
#include "pages/passkey.h"
#include "pages/profile.h"
#include "pages/purchase.h"
#include "pages/signin.h"
#include "pages/staff.h"
#include "pages/promise.h"
#include "pages/time.h"

const struct web_route *const pages_tables[] = {
	agreement_api_routes,
	agreement_portal_routes,
	agreement_routes,
	catalogue_routes,
	category_routes,
	customer_api_routes,
	customer_routes,
	hours_routes,
	openapi_routes,
	passkey_routes,
	profile_routes,
	purchase_api_routes,
	purchase_routes,
	signin_routes,
	staff_routes,
	promise_api_routes,
	promise_portal_routes,
	promise_routes,
	time_api_routes,
	time_routes,
	today_routes,
	pages_tasks,
	pages_ticket,
	pages_ticket_api,
	pages_tickets,
	NULL
};
