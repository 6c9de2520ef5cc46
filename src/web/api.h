/* api.h - what openapi.json says of an API route: data beside the route, so that text and code are one.
 *
 * GET /api/v1/openapi.json is written from the route tables; a test sends every documented call and checks every answer
 * against it, and that no other /api/ route exists.
 * Ownership: constants.  Errors: none; what is wrong in a table the tests of openapi.json find.  Units: as each field's name says.
 * Threads: any.  Source: OpenAPI 3.1. */
#ifndef PEDEL_WEB_API_H
#define PEDEL_WEB_API_H
#include <stdbool.h>

/* type: "string" "integer" "boolean" "date" "date-time" "month" "text:da,en" (an object of both languages),
 * "texts:da,en" (a list of texts in each), "object", a named schema "Ticket", or a list of any of these: "[Ticket]".
 * A name means one schema, whichever table brings it. choices: "new|open|..." or NULL. */
struct api_field { const char *name, *type; bool required; const char *choices, *about; };
struct api_schema { const char *name; const struct api_field *fields; };        /* fields end with {0} */
struct api_doc {
	const char *id, *about;                         /* "createTicket", one sentence */
	const char *scope;                              /* "tickets:read" "tickets:write" ...; a token must have it */
	const struct api_field *query, *body;           /* end with {0}; NULL: none */
	int status;                                     /* of success: 200 or 201 */
	const char *reply;                              /* type as above, or "list:Ticket" for {"items":[...],"next":...} */
	const struct api_schema *schemas;               /* named schemas this table brings; ends with {0}; NULL */
};
#endif
