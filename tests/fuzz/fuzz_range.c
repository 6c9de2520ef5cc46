/* Any text as Range, on an answer of some length: all of it, a part that lies inside and says so, or 416; never other bytes.
 * First byte: the length; the second: what else the request says. */
#include "fuzz.h"
#include "net/http_inside.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct http_pack *pack;
	static struct http_job j;
	static char body[256];
	struct http_header h[2];
	const char *head, *at;
	long long from = -1, to = -1, of = -1;
	size_t size, got;
	bool all;

	if (n < 2)
		return 0;
	if (!pack) {
		pack = http_pack_begin();
		j.a = arena_begin(4 << 20);
		j.out.file = j.body_fd = -1;
		for (int i = 0; i < 256; i++)
			body[i] = (char)i;
	}
	arena_reset(j.a);
	size = p[0];
	j.refuse = 0;
	j.rq = (struct http_request){ .a = j.a, .method = "GET", .path = "/", .query = "", .host = "x", .headers = h, .nheaders = 1 + (p[1] & 1), .head = p[1] >> 1 & 1 };
	h[0] = (struct http_header){ "range", arena_dupn(j.a, (const char *)p + 2, n - 2) };
	h[1] = (struct http_header){ "if-range", p[1] & 4 ? "\"x\"" : "\"y\"" };
	j.rs = (struct http_response){ .type = "application/octet-stream", .body = body, .body_bytes = size, .etag = "\"x\"", .ranges = true };
	http_answer(&j, pack, false);
	head = arena_dupn(j.a, j.out.part[0].iov_base, j.out.part[0].iov_len);
	got = j.out.nparts > 1 ? j.out.part[1].iov_len : 0;
	all = j.rq.head || (j.rq.nheaders == 2 && !(p[1] & 4));
	if (strncmp(head, "HTTP/1.1 200 ", 13) == 0) {
		MUST(!strstr(head, "Content-Range:") && got == (j.rq.head ? 0 : size));
	} else if (strncmp(head, "HTTP/1.1 206 ", 13) == 0) {
		at = strstr(head, "Content-Range: bytes ");
		MUST(at && sscanf(at + 21, "%lld-%lld/%lld", &from, &to, &of) == 3);
		MUST(!all && of == (long long)size && from >= 0 && to >= from && to < of && got == (size_t)(to - from + 1));
		MUST(memcmp(j.out.part[1].iov_base, body + from, got) == 0);
	} else {
		MUST(strncmp(head, "HTTP/1.1 416 ", 13) == 0 && !all && got == 0 && strstr(head, arena_printf(j.a, "Content-Range: bytes */%d\r\n", (int)size)));
	}
	return 0;
}
