#include <arpa/inet.h>
#include <strings.h>
#include "net/http_inside.h"

/* Whose address it really is. Only a peer that the configuration names is believed, and only for what it added itself:
 * the list is read from its right end, past proxies that are ours too, to the first address that is not. */

static bool named(const char *const *proxies, const char *address)
{
	for (; proxies && *proxies; proxies++)
		if (strcmp(*proxies, address) == 0)
			return true;
	return false;
}

/* "1.2.3.4", "1.2.3.4:567", "[2001:db8::1]:567", "2001:db8::1", quoted or not -> the address as the kernel writes it. */
static bool clean(const char *p, size_t n, char to[48])
{
	char text[80], *s = text, *end;
	struct in6_addr six;
	struct in_addr four;

	for (; n > 0 && (*p == ' ' || *p == '\t' || *p == '"'); p++, n--)
		;
	for (; n > 0 && (p[n - 1] == ' ' || p[n - 1] == '\t' || p[n - 1] == '"'); n--)
		;
	if (n == 0 || n >= sizeof text)
		return false;
	memcpy(text, p, n);
	text[n] = 0;
	if (*s == '[') {
		s++;
		end = strchr(s, ']');
		if (!end)
			return false;
		*end = 0;
	} else if ((end = strchr(s, ':')) && end == strrchr(s, ':')) {
		*end = 0;
	}
	if (inet_pton(AF_INET, s, &four) == 1)
		return inet_ntop(AF_INET, &four, to, 48) != NULL;
	if (inet_pton(AF_INET6, s, &six) != 1)
		return false;
	if (IN6_IS_ADDR_V4MAPPED(&six))
		return inet_ntop(AF_INET, six.s6_addr + 12, to, 48) != NULL;
	return inet_ntop(AF_INET6, &six, to, 48) != NULL;
}

/* The value of for= or proto= in one element of Forwarded. */
static bool parameter(const char *p, size_t n, const char *key, const char **value, size_t *value_n)
{
	const char *end = p + n, *stop, *eq;

	for (; p < end; p = stop + 1) {
		stop = memchr(p, ';', (size_t)(end - p));
		if (!stop)
			stop = end;
		for (; p < stop && (*p == ' ' || *p == '\t'); p++)
			;
		eq = memchr(p, '=', (size_t)(stop - p));
		if (eq && (size_t)(eq - p) == strlen(key) && strncasecmp(p, key, strlen(key)) == 0) {
			*value = eq + 1;
			*value_n = (size_t)(stop - eq - 1);
			return true;
		}
	}
	return false;
}

/* Walks the elements of all headers of that name from the right. element() gives each one's address. */
static bool walk(const struct http_job *j, const char *header, bool forwarded, const char *const *proxies, char to[48], const char **proto,
	size_t *proto_n)
{
	bool found = false, first = true;

	for (int i = j->rq.nheaders - 1; i >= 0; i--) {
		const char *v = j->rq.headers[i].value, *end, *from, *p;
		size_t n;

		if (strcmp(j->rq.headers[i].name, header) != 0)
			continue;
		for (end = v + strlen(v); end >= v; end = from - 1) {
			for (from = end; from > v && from[-1] != ','; from--)
				;
			p = from;
			n = (size_t)(end - from);
			if (forwarded && first)
				parameter(from, (size_t)(end - from), "proto", proto, proto_n);
			first = false;
			if ((forwarded && !parameter(from, (size_t)(end - from), "for", &p, &n)) || !clean(p, n, to))
				return found;           /* unknown or unreadable: what we know is the last good one */
			found = true;
			if (!named(proxies, to))
				return true;
			if (from == v)
				break;
		}
	}
	return found;
}

static bool is_https(const char *p, size_t n)
{
	for (; n > 0 && (*p == '"' || *p == ' '); p++, n--)
		;
	return n >= 5 && strncasecmp(p, "https", 5) == 0;
}

void http_forward(struct http_job *j, const char *peer, const char *const *proxies)
{
	char by_x[48] = "", by_f[48] = "";
	const char *proto = NULL, *x_proto;
	size_t proto_n = 0;
	bool x, f;

	snprintf(j->rq.address, sizeof j->rq.address, "%s", peer);
	if (!named(proxies, peer))
		return;
	x = walk(j, "x-forwarded-for", false, proxies, by_x, NULL, NULL);
	f = walk(j, "forwarded", true, proxies, by_f, &proto, &proto_n);
	/* A proxy writes one of the two and lets the other through as the client sent it: when they differ, one is a lie. */
	if (x && f && strcmp(by_x, by_f) != 0) {
		j->refuse = 400;
		return;
	}
	if (x || f)
		snprintf(j->rq.address, sizeof j->rq.address, "%s", x ? by_x : by_f);
	x_proto = http_header(&j->rq, "x-forwarded-proto");
	if (x_proto || proto)
		j->rq.secure = x_proto ? is_https(x_proto, strlen(x_proto)) : is_https(proto, proto_n);
}
