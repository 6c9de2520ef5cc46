/* routes - prints every row of the server's own tables: METHOD PATTERN ROLES api|page. For tests that must leave none out. */
#include <stdio.h>
#include "core/role.h"
#include "pages/all.h"

int main(void)
{
	for (const struct web_route *const *t = pages_tables; *t; t++)
		for (const struct web_route *r = *t; r->method; r++) {
			const char *comma = "";

			printf("%s %s ", r->method, r->pattern);
			for (unsigned bit = ROLE_NOBODY; bit <= ROLE_EMPLOYEE; bit <<= 1)
				if (r->roles & bit) {
					printf("%s%s", comma, bit == ROLE_NOBODY ? "nobody" : role_name(bit));
					comma = ",";
				}
			puts(r->doc ? " api" : " page");
		}
	return 0;
}
