#include "pages/all.h"

const struct web_route *const pages_tables[] = {
	NULL
};
