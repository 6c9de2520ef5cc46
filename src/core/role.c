#include "core/role.h"
#include <string.h>

static const struct { enum role role; const char *name; } roles[] = {
	{ ROLE_NOBODY, "nobody" }, { ROLE_ADMIN, "admin" }, { ROLE_TECHNICIAN, "technician" }, { ROLE_BOOKKEEPER, "bookkeeper" },
	{ ROLE_OWNER, "owner" }, { ROLE_APPROVER, "approver" }, { ROLE_EMPLOYEE, "employee" },
};

const char *role_name(enum role r)
{
	for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
		if (roles[i].role == r)
			return roles[i].name;
	return "system";
}

enum role role_by_name(const char *name)
{
	for (size_t i = 1; i < sizeof roles / sizeof *roles; i++)
		if (strcmp(roles[i].name, name) == 0)
			return roles[i].role;
	return 0;
}
