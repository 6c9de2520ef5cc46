#include "wire/conv.h"
#include <string.h>
#include "wire/cbor.h"

static void put_address(struct buf *b, const struct conv_address *x)
{
	cbor_put_text(b, x->name);
	cbor_put_text(b, x->address);
}

void conv_put_mail(struct buf *b, const struct conv_mail *m)
{
	const char *const head[] = { m->message_id, m->in_reply_to, m->references, m->auto_submitted, m->precedence, m->list_id,
		m->suppress, m->instance };
	const char *const tail[] = { m->html, m->report, m->report_recipient, m->report_action, m->report_status, m->report_why,
		m->report_message_id, m->damage };

	cbor_put_array(b, 3);
	cbor_put_int(b, CONV_VERSION);
	cbor_put_text(b, "");
	cbor_put_array(b, 1 + 4 + 1 + 1 + 8 + 1 + 2 + 8 + 1);
	cbor_put_text(b, m->subject);
	put_address(b, &m->from);
	put_address(b, &m->reply_to);
	cbor_put_array(b, (size_t)m->nto * 2);
	for (int i = 0; i < m->nto; i++)
		put_address(b, &m->to[i]);
	cbor_put_int(b, m->date);
	for (size_t i = 0; i < sizeof head / sizeof *head; i++)
		cbor_put_text(b, head[i]);
	cbor_put_array(b, (size_t)m->nauth);
	for (int i = 0; i < m->nauth; i++)
		cbor_put_text(b, m->auth[i]);
	cbor_put_text(b, m->text);
	cbor_put_int(b, m->quoted_from);
	for (size_t i = 0; i < sizeof tail / sizeof *tail; i++)
		cbor_put_text(b, tail[i]);
	cbor_put_array(b, (size_t)m->nparts);
	for (int i = 0; i < m->nparts; i++) {
		const struct conv_part *p = &m->parts[i];

		cbor_put_array(b, 5);
		cbor_put_text(b, p->name);
		cbor_put_text(b, p->mime);
		cbor_put_text(b, p->content_id);
		cbor_put_bool(b, p->is_inline);
		cbor_put_bytes(b, p->p, p->n);
	}
}

void conv_put_bytes(struct buf *b, const void *p, size_t n)
{
	cbor_put_array(b, 3);
	cbor_put_int(b, CONV_VERSION);
	cbor_put_text(b, "");
	cbor_put_bytes(b, p, n);
}

void conv_put_error(struct buf *b, const struct err *e)
{
	cbor_put_array(b, 3);
	cbor_put_int(b, CONV_VERSION);
	cbor_put_text(b, err_name(e->id));
	cbor_put_bytes(b, e->detail, strlen(e->detail));
}

/* Past the envelope, to the payload. */
static int open_answer(struct cbor_in *in, struct arena *a, const void *p, size_t n, struct err *e)
{
	const char *id;
	const uint8_t *detail;
	size_t len;

	cbor_begin(in, p, n);
	if (cbor_enter_array(in) != 3 || cbor_get_int(in) != CONV_VERSION)
		return FAIL(e, E_MESSAGE_INVALID, "not an answer of this version");
	id = cbor_get_text(in, a);
	if (in->why || !id)
		return FAIL(e, E_MESSAGE_INVALID, "an answer without its outcome");
	if (!*id)
		return 0;
	detail = cbor_get_bytes(in, &len);
	return err_set(e, err_by_name(id) ? err_by_name(id) : E_CONV_FAILED, "", __FILE__, __LINE__, "%.*s", (int)len, (const char *)detail);
}

static const char *text(struct cbor_in *in, struct arena *a)
{
	const char *s = cbor_get_text(in, a);

	return s ? s : "";
}

static struct conv_address address(struct cbor_in *in, struct arena *a)
{
	struct conv_address x;

	x.name = text(in, a);
	x.address = text(in, a);
	return x;
}

int conv_get_mail(struct arena *a, const void *p, size_t n, struct conv_mail *out, struct err *e)
{
	struct cbor_in in;
	struct conv_mail m = { 0 };
	const char **const head[] = { &m.message_id, &m.in_reply_to, &m.references, &m.auto_submitted, &m.precedence, &m.list_id,
		&m.suppress, &m.instance };
	const char **const tail[] = { &m.html, &m.report, &m.report_recipient, &m.report_action, &m.report_status, &m.report_why,
		&m.report_message_id, &m.damage };

	if (open_answer(&in, a, p, n, e) != 0)
		return -1;
	cbor_enter_array(&in);
	m.subject = text(&in, a);
	m.from = address(&in, a);
	m.reply_to = address(&in, a);
	m.nto = (int)(cbor_enter_array(&in) / 2);
	m.to = ARENA_ARRAY(a, struct conv_address, m.nto + 1);
	for (int i = 0; i < m.nto; i++)
		m.to[i] = address(&in, a);
	cbor_leave(&in);
	m.date = cbor_get_int(&in);
	for (size_t i = 0; i < sizeof head / sizeof *head; i++)
		*head[i] = text(&in, a);
	m.nauth = (int)cbor_enter_array(&in);
	m.auth = ARENA_ARRAY(a, const char *, m.nauth + 1);
	for (int i = 0; i < m.nauth; i++)
		m.auth[i] = text(&in, a);
	cbor_leave(&in);
	m.text = text(&in, a);
	m.quoted_from = cbor_get_int(&in);
	for (size_t i = 0; i < sizeof tail / sizeof *tail; i++)
		*tail[i] = text(&in, a);
	m.nparts = (int)cbor_enter_array(&in);
	m.parts = ARENA_ARRAY(a, struct conv_part, m.nparts + 1);
	for (int i = 0; i < m.nparts; i++) {
		struct conv_part *x = &m.parts[i];

		cbor_enter_array(&in);
		x->name = text(&in, a);
		x->mime = text(&in, a);
		x->content_id = text(&in, a);
		x->is_inline = cbor_get_bool(&in);
		x->p = cbor_get_bytes(&in, &x->n);
		cbor_leave(&in);
	}
	cbor_leave(&in);
	cbor_leave(&in);
	cbor_leave(&in);
	if (!in.why && (m.quoted_from < -1 || m.quoted_from > (int64_t)strlen(m.text)))
		return FAIL(e, E_MESSAGE_INVALID, "a quoted tail outside the text");
	if (cbor_done(&in, e) != 0)
		return -1;
	*out = m;
	return 0;
}

int conv_get_bytes(struct arena *a, const void *p, size_t n, const void **out, size_t *nout, struct err *e)
{
	struct cbor_in in;
	const uint8_t *got;
	size_t ngot;

	if (open_answer(&in, a, p, n, e) != 0)
		return -1;
	got = cbor_get_bytes(&in, &ngot);
	cbor_leave(&in);
	if (cbor_done(&in, e) != 0)
		return -1;
	*out = got;
	*nout = ngot;
	return 0;
}
