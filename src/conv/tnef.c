#include "conv/tnef.h"
#include <string.h>
#include "conv/charset.h"

/* A TNEF stream is a row of attributes: level, id, length, bytes, checksum; all little endian. */
enum { ID_BODY = 0x0002800C, ID_RENDER = 0x00069002, ID_TITLE = 0x00018010, ID_DATA = 0x0006800F, ID_PROPS = 0x00069005,
	ID_MESSAGE_PROPS = 0x00069003 };
enum { PROP_BODY = 0x1000, PROP_LONG_NAME = 0x3707, PROP_MIME = 0x370E, PROP_CONTENT_ID = 0x3712 };
struct bytes { const uint8_t *p; size_t n; };

static uint32_t number(struct bytes *b, size_t size)
{
	uint32_t v = 0;

	if (b->n < size) {
		b->n = 0;
		return 0;
	}
	for (size_t i = size; i-- > 0;)
		v = v << 8 | b->p[i];
	b->p += size;
	b->n -= size;
	return v;
}

static struct bytes part(struct bytes *b, size_t n)
{
	struct bytes got = { b->p, n < b->n ? n : b->n };

	b->p += got.n;
	b->n -= got.n;
	return got;
}

static const char *text(struct arena *a, struct bytes v, const char *charset)
{
	bool damaged = false;

	return charset_text(a, v.p, v.n, charset, &damaged);
}

static struct bytes without_end(struct bytes v, size_t width)
{
	while (v.n >= width && v.p[v.n - 1] == 0 && (width == 1 || v.p[v.n - 2] == 0))
		v.n -= width;
	return v;
}

/* The texts among MAPI properties that we want. Anything that does not add up ends the reading. */
static void properties(struct arena *a, struct bytes b, const char **name, const char **mime, const char **cid, const char **body)
{
	uint32_t count = number(&b, 4);

	for (uint32_t i = 0; i < count && b.n; i++) {
		uint32_t type = number(&b, 2), id = number(&b, 2), values = 1, len;
		bool many = type & 0x1000, variable;
		size_t width;

		if (id >= 0x8000) {
			part(&b, 16);
			if (number(&b, 4) == 0) {
				number(&b, 4);
			} else {
				len = number(&b, 4);
				part(&b, ((size_t)len + 3) & ~(size_t)3);
			}
		}
		type &= 0xFFF;
		variable = type == 0x1E || type == 0x1F || type == 0x102 || type == 0x0D;
		width = type == 0x48 ? 16 : type == 5 || type == 6 || type == 7 || type == 0x14 || type == 0x40 ? 8 : 4;
		if (many || variable)
			values = number(&b, 4);
		for (uint32_t k = 0; k < values && b.n; k++) {
			struct bytes v;

			len = variable ? number(&b, 4) : (uint32_t)width;
			v = part(&b, len);
			part(&b, (4 - len % 4) % 4);
			if (type == 0x1E || type == 0x1F) {
				const char **to = id == PROP_LONG_NAME ? name : id == PROP_MIME ? mime : id == PROP_CONTENT_ID ? cid : id == PROP_BODY ? body : NULL;

				if (to)
					*to = text(a, without_end(v, type == 0x1E ? 1 : 2), type == 0x1E ? NULL : "UTF-16LE");
			}
		}
	}
}

int tnef_read(struct arena *a, const void *p, size_t n, struct conv_part *parts, int max, int *nparts, const char **body)
{
	struct bytes b = { p, n };
	const char *ignored = NULL;
	int at = -1;

	if (n < 6 || number(&b, 4) != 0x223E9F78)
		return -1;
	number(&b, 2);
	while (b.n >= 11) {
		uint32_t level = number(&b, 1), id = number(&b, 4), len = number(&b, 4), sum = 0;
		struct bytes v;

		if ((level != 1 && level != 2) || len > b.n)
			return -1;
		v = part(&b, len);
		for (size_t i = 0; i < v.n; i++)
			sum += v.p[i];
		if (number(&b, 2) != (sum & 0xFFFF))
			return -1;
		if (id == ID_BODY)
			*body = text(a, without_end(v, 1), NULL);
		else if (id == ID_MESSAGE_PROPS)
			properties(a, v, &ignored, &ignored, &ignored, body);
		if (id == ID_RENDER) {
			if (at + 1 >= max)
				break;
			at++;
			parts[at] = (struct conv_part){ .name = arena_printf(a, "winmail-%d.bin", at + 1), .mime = "application/octet-stream",
				.content_id = "", .p = "" };
		}
		if (at < 0)
			continue;
		if (id == ID_TITLE)
			parts[at].name = text(a, without_end(v, 1), NULL);
		if (id == ID_DATA) {
			parts[at].p = v.p;
			parts[at].n = v.n;
		}
		if (id == ID_PROPS)
			properties(a, v, &parts[at].name, &parts[at].mime, &parts[at].content_id, &ignored);
	}
	for (size_t i = 0; i < b.n; i++)
		if (b.p[i])
			return -1;
	*nparts = at + 1;
	return 0;
}
