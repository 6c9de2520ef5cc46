/* Any bytes as a mail: an answer comes, the other side can read it, and all that is said in it is text: no ids with blanks, no
 * file name with a folder. */
#include "fuzz.h"
#include "conv/conv.h"

static void plain(const char *s) { MUST(s && text_valid(s, strlen(s))); }
static void line(const char *s) { plain(s); MUST(!strpbrk(s, "\r\n")); }

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct conv_warm *warm;
	struct arena *a = arena_begin(CONV_ARENA);
	struct conv_mail m;
	struct err e = { 0 };
	struct buf b;

	if (!warm)
		warm = conv_warm();
	buf_init(&b, a, CONV_MAX);
	conv_run(a, CONV_MAIL, p, n, &b);
	if (conv_get_mail(a, b.p, b.n, &m, &e) != 0) {
		MUST(e.id == E_MAIL_UNREADABLE);
	} else {
		line(m.subject);
		line(m.from.name);
		line(m.from.address);
		line(m.reply_to.address);
		line(m.message_id);
		line(m.references);
		line(m.in_reply_to);
		plain(m.text);
		plain(m.html);
		plain(m.damage);
		MUST(!strpbrk(m.from.address, " <>") && !strchr(m.message_id, ' ') && m.nto >= 0 && m.nparts <= CONV_PARTS_MAX);
		MUST(!strstr(m.html, "<script") && strlen(m.text) <= CONV_TEXT_MAX + 4);
		MUST(m.quoted_from <= 0 || m.text[m.quoted_from - 1] == '\n');
		for (int i = 0; i < m.nto; i++)
			line(m.to[i].address);
		for (int i = 0; i < m.nparts; i++) {
			line(m.parts[i].name);
			line(m.parts[i].mime);
			MUST(*m.parts[i].name && !strpbrk(m.parts[i].name, "/\\"));
		}
	}
	arena_end(a);
	return 0;
}
