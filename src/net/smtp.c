#include "net/smtp.h"
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include "base/fault.h"
#include "base/text.h"

struct upload { const char *p; size_t n; };

static size_t read_some(char *to, size_t size, size_t count, void *arg)
{
	struct upload *u = arg;
	size_t n = size * count < u->n ? size * count : u->n;

	memcpy(to, u->p, n);
	u->p += n;
	u->n -= n;
	return n;
}

/* Keeps what the server refused with; its goodbye afterwards says nothing. */
static size_t hear(char *line, size_t size, size_t count, void *arg)
{
	char *refusal = arg;
	size_t n = size * count;

	if (!*refusal && n > 3 && (*line == '4' || *line == '5')) {
		snprintf(refusal, 200, "%.*s", (int)(n < 199 ? n : 199), line);
		refusal[strcspn(refusal, "\r\n")] = 0;
	}
	return n;
}

int smtp_check(const char *server, struct err *e)
{
	const char *colon = strrchr(server, ':');
	size_t n = colon ? (size_t)(colon - server) : 0;
	bool six = n > 2 && server[0] == '[' && colon[-1] == ']';
	int64_t port;

	if (n == 0 || n > 255 || !text_int(colon + 1, &port) || port < 1 || port > 65535)
		return FAIL(e, E_ADDRESS_INVALID, "%.100s", server);
	for (size_t i = six; i < n - six; i++)
		if (!strchr(six ? "0123456789abcdefABCDEF:." : "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-", server[i]))
			return FAIL(e, E_ADDRESS_INVALID, "%.100s", server);
	return 0;
}

int smtp_begin(struct err *e)
{
	return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? 0 : FAIL(e, E_OS_CALL, "libcurl does not start");
}

int smtp_send(const char *server, const char *hello, const char *from, const char *to, const void *mail, size_t n, int timeout_ms,
	bool *permanent, struct err *e)
{
	char url[400], sender[400], refusal[200] = "";
	struct curl_slist *rcpt = NULL;
	struct upload u = { mail, n };
	CURL *c = fault_hit("smtp") ? NULL : curl_easy_init();
	CURLcode rc;

	*permanent = false;
	if (!c)
		return FAIL(e, E_SMTP, "no memory for a connection");
	snprintf(url, sizeof url, "smtp://%s/%s", server, hello);
	snprintf(sender, sizeof sender, "<%s>", from);
	rcpt = curl_slist_append(NULL, to);
	curl_easy_setopt(c, CURLOPT_URL, url);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "smtp");
	curl_easy_setopt(c, CURLOPT_PROXY, "");
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, 10000L);
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
	/* STARTTLS when offered; the mail server beside us has rarely a name that a certificate could prove */
	curl_easy_setopt(c, CURLOPT_USE_SSL, (long)CURLUSESSL_TRY);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 0L);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 0L);
	curl_easy_setopt(c, CURLOPT_MAIL_FROM, sender);
	curl_easy_setopt(c, CURLOPT_MAIL_RCPT, rcpt);
	curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(c, CURLOPT_READFUNCTION, read_some);
	curl_easy_setopt(c, CURLOPT_READDATA, &u);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, hear);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, refusal);
	rc = curl_easy_perform(c);
	curl_slist_free_all(rcpt);
	curl_easy_cleanup(c);
	if (rc == CURLE_OK)
		return 0;
	*permanent = *refusal == '5';
	return FAIL(e, E_SMTP, "%s: %s%s%s", server, curl_easy_strerror(rc), *refusal ? ": " : "", refusal);
}
