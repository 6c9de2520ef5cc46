#include "pages/all.h"
#include "pages/time.h"

const struct web_route *const pages_tables[] = {
	hours_routes,
	time_api_routes,
	time_routes,
	NULL
};
