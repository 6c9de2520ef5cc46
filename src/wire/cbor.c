#include "wire/cbor.h"
#include <string.h>
#include "base/text.h"

enum { M_UINT, M_NEGATIVE, M_BYTES, M_TEXT, M_ARRAY, M_MAP, M_TAG, M_SIMPLE };
enum { SIMPLE_FALSE = 0xF4, SIMPLE_TRUE = 0xF5, SIMPLE_NULL = 0xF6 };

static void head(struct buf *b, int major, uint64_t v)
{
	uint8_t out[9];
	int more = v < 24 ? 0 : v <= 0xFF ? 1 : v <= 0xFFFF ? 2 : v <= 0xFFFFFFFF ? 4 : 8;

	out[0] = (uint8_t)(major << 5 | (more == 0 ? (int)v : more == 1 ? 24 : more == 2 ? 25 : more == 4 ? 26 : 27));
	for (int i = 0; i < more; i++)
		out[1 + i] = (uint8_t)(v >> (8 * (more - 1 - i)));
	buf_add(b, out, (size_t)more + 1);
}

void cbor_put_int(struct buf *b, int64_t v)
{
	if (v < 0)
		head(b, M_NEGATIVE, ~(uint64_t)v);
	else
		head(b, M_UINT, (uint64_t)v);
}

void cbor_put_bool(struct buf *b, bool v) { buf_addc(b, (char)(v ? SIMPLE_TRUE : SIMPLE_FALSE)); }
void cbor_put_null(struct buf *b) { buf_addc(b, (char)SIMPLE_NULL); }

void cbor_put_bytes(struct buf *b, const void *p, size_t n)
{
	head(b, M_BYTES, n);
	buf_add(b, p, n);
}

void cbor_put_text(struct buf *b, const char *s)
{
	if (!s) {
		cbor_put_null(b);
		return;
	}
	head(b, M_TEXT, strlen(s));
	buf_adds(b, s);
}

void cbor_put_array(struct buf *b, size_t n) { head(b, M_ARRAY, n); }
void cbor_put_map(struct buf *b, size_t n) { head(b, M_MAP, n); }

void cbor_begin(struct cbor_in *in, const void *p, size_t n)
{
	memset(in, 0, sizeof *in);
	in->p = p;
	in->n = n;
	in->frame[0].left = 1;
}

static void bad(struct cbor_in *in, const char *why)
{
	if (!in->why)
		in->why = why;
}

/* The head at in->at: major type, its number, its length. Moves nowhere. false is an error. */
static bool look(struct cbor_in *in, int *major, uint64_t *v, size_t *len)
{
	static const uint64_t least[] = { 24, 0x100, 0x10000, 0x100000000 };
	uint8_t b;
	size_t more = 0;

	if (in->why)
		return false;
	if (in->at >= in->n) {
		bad(in, "cut off");
		return false;
	}
	b = in->p[in->at];
	*major = b >> 5;
	*v = b & 31;
	if (*major == M_TAG || (*major == M_SIMPLE && (b < SIMPLE_FALSE || b > SIMPLE_NULL)) || *v > 27) {
		bad(in, "a kind of item that we do not use");
		return false;
	}
	if (*v >= 24 && *major != M_SIMPLE) {
		int size = (int)*v - 24;

		more = (size_t)1 << size;
		if (in->n - in->at - 1 < more) {
			bad(in, "cut off");
			return false;
		}
		*v = 0;
		for (size_t i = 0; i < more; i++)
			*v = *v << 8 | in->p[in->at + 1 + i];
		if (*v < least[size]) {
			bad(in, "a number longer than it needs to be");
			return false;
		}
	}
	*len = 1 + more;
	if ((*major == M_BYTES || *major == M_TEXT) && *v > in->n - in->at - *len) {
		bad(in, "cut off");
		return false;
	}
	/* every item is at least a byte, so a count past the end is a lie */
	if ((*major == M_ARRAY && *v > in->n - in->at - *len) || (*major == M_MAP && *v > (in->n - in->at - *len) / 2)) {
		bad(in, "a count past the end");
		return false;
	}
	if ((*major == M_UINT || *major == M_NEGATIVE) && *v > INT64_MAX) {
		bad(in, "a number out of range");
		return false;
	}
	return true;
}

/* Called before an item is taken: there must be one due here, and a key must be text, sorted. */
static bool due(struct cbor_in *in, int major, uint64_t v, size_t len)
{
	struct cbor_frame *f = &in->frame[in->depth];
	size_t n;
	int order;

	if (f->left == 0) {
		bad(in, "past the end of an array or map");
		return false;
	}
	if (f->map && f->key) {
		if (major != M_TEXT) {
			bad(in, "a key that is not text");
			return false;
		}
		n = len + (size_t)v;
		order = f->last_n ? memcmp(in->p + f->last, in->p + in->at, f->last_n < n ? f->last_n : n) : -1;
		if (order > 0 || (order == 0 && f->last_n >= n)) {
			bad(in, "keys out of order");
			return false;
		}
		f->last = in->at;
		f->last_n = n;
	}
	return true;
}

static void took(struct cbor_in *in)
{
	struct cbor_frame *f = &in->frame[in->depth];

	if (!f->map) {
		f->left--;
	} else {
		f->left -= !f->key;
		f->key = !f->key;
	}
}

/* One scalar of the wanted major; false is an error. */
static bool take(struct cbor_in *in, int want, int or, uint64_t *v, int *major)
{
	size_t len;

	if (!look(in, major, v, &len) || !due(in, *major, *v, len))
		return false;
	if (*major != want && *major != or) {
		bad(in, "an item of another type");
		return false;
	}
	in->at += len;
	return true;
}

enum cbor_type cbor_peek(struct cbor_in *in)
{
	static const enum cbor_type types[] = { CBOR_INT, CBOR_INT, CBOR_BYTES, CBOR_TEXT, CBOR_ARRAY, CBOR_MAP };
	int major;
	uint64_t v;
	size_t len;

	if (in->why || in->frame[in->depth].left == 0 || !look(in, &major, &v, &len))
		return CBOR_NONE;
	return major == M_SIMPLE ? in->p[in->at] == SIMPLE_NULL ? CBOR_NULL : CBOR_BOOL : types[major];
}

int64_t cbor_get_int(struct cbor_in *in)
{
	uint64_t v;
	int major;

	if (!take(in, M_UINT, M_NEGATIVE, &v, &major))
		return 0;
	took(in);
	return major == M_UINT ? (int64_t)v : -(int64_t)v - 1;
}

bool cbor_get_bool(struct cbor_in *in)
{
	uint64_t v;
	int major;
	bool is;

	if (cbor_peek(in) != CBOR_BOOL)
		bad(in, "an item of another type");
	is = !in->why && in->p[in->at] == SIMPLE_TRUE;
	if (!take(in, M_SIMPLE, M_SIMPLE, &v, &major))
		return false;
	took(in);
	return is;
}

const uint8_t *cbor_get_bytes(struct cbor_in *in, size_t *n)
{
	uint64_t v;
	int major;

	*n = 0;
	if (!take(in, M_BYTES, M_BYTES, &v, &major))
		return (const uint8_t *)"";
	*n = (size_t)v;
	in->at += *n;
	took(in);
	return in->p + in->at - *n;
}

const char *cbor_get_text(struct cbor_in *in, struct arena *a)
{
	uint64_t v;
	int major;
	const char *s;

	if (cbor_peek(in) == CBOR_NULL) {
		if (take(in, M_SIMPLE, M_SIMPLE, &v, &major))
			took(in);
		return NULL;
	}
	if (!take(in, M_TEXT, M_TEXT, &v, &major))
		return "";
	s = (const char *)in->p + in->at;
	if (!text_valid(s, (size_t)v)) {
		bad(in, "text that is not UTF-8");
		return "";
	}
	in->at += (size_t)v;
	took(in);
	return arena_dupn(a, s, (size_t)v);
}

bool cbor_get_key(struct cbor_in *in, char *key, size_t size)
{
	uint64_t v;
	int major;

	*key = 0;
	if (in->why || in->frame[in->depth].left == 0)
		return false;
	if (!in->frame[in->depth].map || !in->frame[in->depth].key) {
		bad(in, "not at a key");
		return false;
	}
	if (!take(in, M_TEXT, M_TEXT, &v, &major))
		return false;
	if (v >= size || memchr(in->p + in->at, 0, (size_t)v)) {
		bad(in, "a key that is too long");
		return false;
	}
	memcpy(key, in->p + in->at, (size_t)v);
	key[v] = 0;
	in->at += (size_t)v;
	took(in);
	return true;
}

static uint64_t enter(struct cbor_in *in, int want)
{
	uint64_t v;
	int major;

	if (!take(in, want, want, &v, &major))
		return 0;
	if (in->depth == CBOR_DEPTH) {
		bad(in, "too deep");
		return 0;
	}
	in->frame[++in->depth] = (struct cbor_frame){ .left = v, .map = want == M_MAP, .key = true };
	return v;
}

uint64_t cbor_enter_array(struct cbor_in *in) { return enter(in, M_ARRAY); }
uint64_t cbor_enter_map(struct cbor_in *in) { return enter(in, M_MAP); }

void cbor_leave(struct cbor_in *in)
{
	while (!in->why && in->frame[in->depth].left)
		cbor_skip(in);
	if (in->why)
		return;
	if (in->depth == 0) {
		bad(in, "nothing to leave");
		return;
	}
	in->depth--;
	took(in);
}

void cbor_skip(struct cbor_in *in)
{
	int start = in->depth, major;
	uint64_t v;
	size_t len;

	do {
		while (in->depth > start && in->frame[in->depth].left == 0) {
			in->depth--;
			took(in);
			if (in->depth == start)
				return;
		}
		if (!look(in, &major, &v, &len) || !due(in, major, v, len))
			return;
		if (major == M_ARRAY || major == M_MAP) {
			enter(in, major);
			continue;
		}
		in->at += len + (major == M_BYTES || major == M_TEXT ? (size_t)v : 0);
		took(in);
	} while (!in->why && in->depth > start);
}

int cbor_done(struct cbor_in *in, struct err *e)
{
	if (!in->why && (in->depth || in->frame[0].left))
		bad(in, "not read to its end");
	if (!in->why && in->at != in->n)
		bad(in, "more bytes after the end");
	return in->why ? FAIL(e, E_MESSAGE_INVALID, "at byte %zu: %s", in->at, in->why) : 0;
}
