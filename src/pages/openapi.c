/* The description of the API, written from the route tables: what is not described does not exist. */
#include <string.h>
#include "pages/customer.h"
#include "web/api.h"

/* {"type":"string"} and so on; a field that may be left out may also be null. */
static json_t *schema_of(struct web *w, const char *type, const char *choices, bool nullable)
{
	static const struct { const char *name, *type, *extra, *value; } plain[] = { { "string", "string" }, { "integer", "integer" }, { "boolean", "boolean" },
		{ "object", "object" }, { "date", "string", "format", "date" }, { "date-time", "string", "format", "date-time" },
		{ "month", "string", "pattern", "^[0-9]{4}-[0-9]{2}$" } };
	json_t *s, *list;

	if (*type == '[') {
		s = json_pack("{s:s,s:o}", "type", "array", "items", schema_of(w, arena_dupn(w->a, type + 1, strlen(type) - 2), NULL, false));
	} else if (strcmp(type, "text:da,en") == 0) {
		s = json_pack("{s:s,s:{s:{s:s},s:{s:s}},s:[s,s]}", "type", "object", "properties", "da", "type", "string", "en", "type", "string",
			"required", "da", "en");
	} else if (strcmp(type, "value") == 0) {       /* of a term: what its type says */
		s = json_pack("{s:[{s:s},{s:s},{s:s},{s:s,s:{s:s}}]}", "anyOf", "type", "integer", "type", "string", "type", "boolean", "type", "array",
			"items", "type", "string");
	} else if (strcmp(type, "texts:da,en") == 0) {
		s = json_pack("{s:s,s:{s:o,s:o},s:[s,s]}", "type", "object", "properties", "da", schema_of(w, "[string]", NULL, false),
			"en", schema_of(w, "[string]", NULL, false), "required", "da", "en");
	} else {
		s = NULL;
		for (size_t i = 0; i < sizeof plain / sizeof *plain && !s; i++)
			if (strcmp(plain[i].name, type) == 0) {
				s = json_pack("{s:s}", "type", plain[i].type);
				if (plain[i].extra)
					json_object_set_new(s, plain[i].extra, json_string(plain[i].value));
			}
		if (!s) {
			s = json_pack("{s:s}", "$ref", arena_printf(w->a, "#/components/schemas/%s", type));
			return nullable ? json_pack("{s:[o,{s:s}]}", "anyOf", s, "type", "null") : s;
		}
	}
	if (choices) {
		list = json_array();
		for (const char *c = choices; *c; c += strcspn(c, "|"), c += *c == '|')
			json_array_append_new(list, json_stringn(c, strcspn(c, "|")));
		if (nullable)
			json_array_append_new(list, json_null());
		json_object_set_new(s, "enum", list);
	}
	if (nullable) {
		json_t *t = json_pack("[O,s]", json_object_get(s, "type"), "null");

		json_object_set_new(s, "type", t);
	}
	return s;
}

static json_t *object_of(struct web *w, const struct api_field *f, bool closed)
{
	json_t *properties = json_object(), *required = json_array(), *o;

	for (; f && f->name; f++) {
		json_t *s = schema_of(w, f->type, f->choices, !f->required);

		if (f->about)
			json_object_set_new(s, "description", json_string(f->about));
		json_object_set_new(properties, f->name, s);
		if (f->required)
			json_array_append_new(required, json_string(f->name));
	}
	o = json_pack("{s:s,s:o,s:o}", "type", "object", "properties", properties, "required", required);
	if (closed)
		json_object_set_new(o, "additionalProperties", json_false());
	return o;
}

static json_t *reply_of(struct web *w, const char *reply)
{
	if (strncmp(reply, "list:", 5) == 0)
		return json_pack("{s:s,s:{s:{s:s,s:o},s:{s:[s,s]}},s:[s,s]}", "type", "object", "properties", "items", "type", "array",
			"items", schema_of(w, reply + 5, NULL, false), "next", "type", "string", "null", "required", "items", "next");
	return schema_of(w, reply, NULL, false);
}

static json_t *operation(struct web *w, const struct web_route *r)
{
	json_t *parameters = json_array(), *op, *content;
	int n = 0;

	for (const char *s = strchr(r->pattern, '{'); s; s = strchr(s + 1, '{')) {
		bool id = strncmp(s, "{id}", 4) == 0, month = strncmp(s, "{month}", 7) == 0;

		/* two {id} in one address need two names in the description */
		json_array_append_new(parameters, json_pack("{s:s,s:s,s:b,s:o}", "name", n == 0 ? (id ? "id" : month ? "month" : "key")
			: month ? "month" : id ? "id2" : "key2", "in", "path", "required", 1, "schema", schema_of(w, id ? "integer" : month ? "month" : "string", NULL, false)));
		n++;
	}
	for (const struct api_field *f = r->doc->query; f && f->name; f++) {
		json_t *p = json_pack("{s:s,s:s,s:b,s:o}", "name", f->name, "in", "query", "required", f->required, "schema", schema_of(w, f->type, f->choices, false));

		if (f->about)
			json_object_set_new(p, "description", json_string(f->about));
		json_array_append_new(parameters, p);
	}
	content = r->doc->reply ? json_pack("{s:{s:o}}", "application/json", "schema", reply_of(w, r->doc->reply)) : json_object();
	op = json_pack("{s:s,s:s,s:o,s:{s:{s:s,s:o},s:{s:s}}}", "operationId", r->doc->id, "summary", r->doc->about, "parameters", parameters,
		"responses", arena_printf(w->a, "%d", r->doc->status), "description", "Done", "content", content, "default", "$ref", "#/components/responses/Error");
	if (r->doc->body)
		json_object_set_new(op, "requestBody", json_pack("{s:b,s:{s:{s:o}}}", "required", 1, "content", "application/json", "schema",
			object_of(w, r->doc->body, true)));
	if (r->doc->scope)
		json_object_set_new(op, "x-scope", json_string(r->doc->scope));
	else
		json_object_set_new(op, "security", json_array());
	return op;
}

/* "/a/{id}/b/{id}" with the second parameter's own name */
static const char *path_of(struct web *w, const char *pattern)
{
	const char *first = strchr(pattern, '{'), *second = first ? strchr(first + 1, '{') : NULL;

	if (!second || strncmp(second, "{month}", 7) == 0)
		return pattern;
	return arena_printf(w->a, "%.*s%s%s", (int)(second - pattern), pattern, strncmp(second, "{id}", 4) == 0 ? "{id2}" : "{key2}", strchr(second, '}') + 1);
}

static json_t *error_schema(void)
{
	json_t *kinds = json_array();

	for (int k = ERR_NONE + 1; k <= ERR_BROKEN; k++)
		json_array_append_new(kinds, json_string(err_kind_name((enum err_kind)k)));
	return json_pack("{s:s,s:{s:{s:s,s:{s:{s:s,s:s},s:{s:s,s:o,s:s},s:{s:[s,s],s:s},s:{s:s,s:s}},s:[s,s,s,s]}},s:[s]}", "type", "object",
		"properties", "error", "type", "object", "properties",
		"id", "type", "string", "description", "Never changes; for programs",
		"kind", "type", "string", "enum", kinds, "description", "What to do about it",
		"field", "type", "string", "null", "description", "The field, parameter or place at fault",
		"message", "type", "string", "description", "For people, in the language of Accept-Language",
		"required", "id", "kind", "field", "message", "required", "error");
}

static int get_openapi(struct web *w, struct err *e)
{
	json_t *paths = json_object(), *schemas = json_object();

	for (const struct web_route *const *t = w->app->tables; *t; t++)
		for (const struct web_route *r = *t; r->method; r++) {
			const char *path;
			char method[8] = "";
			json_t *item;

			if (strncmp(r->pattern, "/api/", 5) != 0 || !r->doc)
				continue;
			path = path_of(w, r->pattern);
			item = json_object_get(paths, path);
			if (!item) {
				json_object_set_new(paths, path, json_object());
				item = json_object_get(paths, path);
			}
			for (size_t i = 0; r->method[i] && i + 1 < sizeof method; i++)
				method[i] = (char)(r->method[i] | 32);
			json_object_set_new(item, method, operation(w, r));
			for (const struct api_schema *s = r->doc->schemas; s && s->name; s++)
				if (!json_object_get(schemas, s->name))
					json_object_set_new(schemas, s->name, object_of(w, s->fields, false));
		}
	json_object_set_new(schemas, "Error", error_schema());
	return web_json(w, 200, json_pack("{s:s,s:{s:s,s:s,s:s},s:[{s:s}],s:[{s:[]}],s:o,s:{s:o,s:{s:{s:s,s:{s:{s:{s:s}}}}},s:{s:{s:s,s:s,s:s}}}}",
		"openapi", "3.1.0", "info", "title", "Pedel", "version", PEDEL_VERSION,
		"description", "Dates are ISO 8601, money is in \xc3\xb8re, durations are in minutes. Lists take limit and cursor. Messages follow Accept-Language (da, en).",
		"servers", "url", *w->app->origin ? w->app->origin : "/", "security", "token", "paths", paths,
		"components", "schemas", schemas, "responses", "Error", "description", "What went wrong", "content", "application/json", "schema", "$ref", "#/components/schemas/Error",
		"securitySchemes", "token", "type", "http", "scheme", "bearer", "description", "An API token, made in the settings or by pedel token add"));
}

static const struct api_doc doc_openapi = { "describe", "This description.", NULL, NULL, NULL, 200, "object", NULL };

const struct web_route openapi_routes[] = {
	{ "GET", "/api/v1/openapi.json", ROLE_ANYBODY, get_openapi, .doc = &doc_openapi },
	{ 0 }
};
