#include "t.h"
#include "base/text.h"
#include "conv/mime.h"
#include "wire/mail_write.h"
#include <gmime/gmime.h>

/* What we write, the reader for hard mails reads as it was meant. */
static void our_mails_come_back_as_they_were_meant(void **state)
{
	static const char *const texts[] = { "Kort.", "Æblegrød\n\n.punktum først\nFrom her\n\n-- \nKaren", "= er =3D lig med\ttab \nslut på mellemrum ",
		"en meget lang linje uden et eneste linjeskift som bliver ved og ved med blåbær og grød og fløde indtil den skal brydes et sted midt i" };
	static const char *const subjects[] = { "Printeren [#10482]", "Re: Blåbærgrød på en regnvejrsdag i november, og så var der lige en ting mere [#1]",
		"a long subject of plain words that goes on well past the seventy-eight columns that a line of a mail should have [#2]", "=?utf-8?Q?snyd?=", "" };
	static const struct mail_file files[] = { { "rapport.pdf", "application/pdf", "%PDF\0x", 6 }, { "Kørsel \"ud\".txt", "text/plain; x=y", "abc", 3 },
		{ "tom.bin", "x", "", 0 } };

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		for (size_t k = 0; k < sizeof subjects / sizeof *subjects; k++) {
			struct arena *a = arena_begin(64 << 20);
			struct mail_draft d = { .from_name = "Fjordkant IT, Ærø", .from_address = "support@fjordkant.dk", .to_address = "karen@x.dk",
				.subject = subjects[k], .message_id = "t.1.2.abc@fjordkant.dk", .in_reply_to = "abc12345@x.dk",
				.references = "first123@x.dk abc12345@x.dk", .instance = "f00d", .automatic = k % 2 ? "auto-replied" : NULL, .date = 1795375220000000,
				.text = texts[i], .files = files, .nfiles = (int)(k % 4) };
			struct conv_mail m;
			struct err e = { 0 };
			struct buf b;

			buf_init(&b, a, 1 << 20);
			mail_write(a, &b, &d);
			CHECK(mime_read(a, b.p, b.n, &m, &e) == 0);
			CHECK_STR(m.subject, subjects[k]);
			CHECK_STR(m.from.name, "Fjordkant IT, Ærø");
			CHECK_STR(m.from.address, "support@fjordkant.dk");
			CHECK_STR(m.message_id, "t.1.2.abc@fjordkant.dk");
			CHECK_STR(m.references, "first123@x.dk abc12345@x.dk");
			CHECK_STR(m.auto_submitted, k % 2 ? "auto-replied" : "");
			CHECK_STR(text_trim(a, m.text), text_trim(a, texts[i]));
			CHECK(m.date == 1795375220000000 && m.nparts == d.nfiles && strstr(m.html, "<p>"));
			if (m.nparts > 1) {
				CHECK_STR(m.parts[0].name, "rapport.pdf");
				CHECK(m.parts[0].n == 6 && memcmp(m.parts[0].p, "%PDF\0x", 6) == 0);
				CHECK_STR(m.parts[1].name, "Kørsel _ud_.txt");
				CHECK_STR(m.parts[1].mime, "application/octet-stream");
			}
			for (char *line = b.p; *line;) {                /* no line past what RFC 5322 allows, none with a bare LF */
				char *end = strstr(line, "\r\n");

				CHECK(end && end - line <= 998 && !memchr(line, '\n', (size_t)(end - line)));
				line = end + 2;
			}
			arena_end(a);
		}
}

static void nothing_given_becomes_a_header_or_ends_a_part(void **state)
{
	struct arena *a = arena_begin(16 << 20);
	struct mail_draft d = { .from_name = "x\r\nBcc: evil@x.dk", .from_address = "a@b.dk", .to_address = "k@x.dk\r\nBcc: e@x.dk",
		.subject = "hej\r\nBcc: evil@x.dk\r\n\r\nkrop", .message_id = "id@b.dk", .in_reply_to = "a@b>\r\nBcc:<x@y", .references = "",
		.instance = "", .text = "--=_a_x--\r\n--=_m_x--" };
	struct conv_mail m;
	struct err e = { 0 };
	struct buf b;

	buf_init(&b, a, 1 << 20);
	mail_write(a, &b, &d);
	CHECK(!strstr(b.p, "\nBcc"));
	CHECK(mime_read(a, b.p, b.n, &m, &e) == 0);
	CHECK_STR(m.text, "--=_a_x--\n--=_m_x--");
	arena_end(a);
}

static void addresses_with_names(void **state)
{
	static const struct { const char *s, *name, *address; bool ok; } rows[] = {
		{ "a@b.dk", "", "a@b.dk", true }, { "Karen <a@b.dk>", "Karen", "a@b.dk", true }, { "\"Holm, Karen\" <a@b.dk>", "Holm, Karen", "a@b.dk", true },
		{ "  <a@b.dk> ", "", "a@b.dk", true }, { "Karen", "", "", false }, { "Karen <a@b.dk", "", "", false }, { "", "", "", false },
		{ "a b@c.dk", "", "", false }, { "@b.dk", "", "", false },
	};
	struct arena *a = arena_begin(1 << 20);

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *name, *address;

		CHECK_ROW(i, mail_address_split(a, rows[i].s, &name, &address) == rows[i].ok);
		if (rows[i].ok)
			CHECK_ROW(i, strcmp(name, rows[i].name) == 0 && strcmp(address, rows[i].address) == 0);
	}
	arena_end(a);
}

static int begin(void **state) { g_mime_init(); return 0; }
static int end(void **state) { g_mime_shutdown(); return 0; }

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(our_mails_come_back_as_they_were_meant),
		cmocka_unit_test(nothing_given_becomes_a_header_or_ends_a_part),
		cmocka_unit_test(addresses_with_names),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
