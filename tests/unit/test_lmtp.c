#include "t.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "net/listen.h"
#include "net/lmtp.h"
#include "net/lmtp_parse.h"

static void commands_are_read_strictly(void **state)
{
	static const struct { const char *line; enum lmtp_verb verb; const char *address, *reply; } rows[] = {
		{ "LHLO mx.x.dk", LMTP_LHLO, "", NULL }, { "lhlo x", LMTP_LHLO, "", NULL }, { "LHLO", LMTP_BAD, "", "501" },
		{ "EHLO x", LMTP_BAD, "", "LHLO" }, { "HELO x", LMTP_BAD, "", "LHLO" },
		{ "MAIL FROM:<a@x.dk>", LMTP_MAIL, "a@x.dk", NULL }, { "mail from:<A.b@X.DK> SIZE=1000", LMTP_MAIL, "A.b@x.dk", NULL },
		{ "MAIL FROM: <a@x.dk>", LMTP_MAIL, "a@x.dk", NULL }, { "MAIL FROM:<>", LMTP_MAIL, "", NULL },
		{ "MAIL FROM:<> BODY=8BITMIME SMTPUTF8", LMTP_MAIL, "", NULL }, { "MAIL FROM:<a@x.dk> AUTH=<>", LMTP_BAD, "", "555" },
		{ "MAIL FROM:<a@x.dk> SIZE=-1", LMTP_BAD, "", "555" }, { "MAIL FROM:<a@x.dk>SIZE=1", LMTP_BAD, "", "501" },
		{ "MAIL FROM:a@x.dk", LMTP_BAD, "", "501" }, { "MAIL FROM:<a@x.dk", LMTP_BAD, "", "501" }, { "MAIL FROM:<a b@x.dk>", LMTP_BAD, "", "501" },
		{ "MAIL FROM:<\"a b\"@x.dk>", LMTP_MAIL, "\"a b\"@x.dk", NULL }, { "MAIL FROM:<\"a>b\"@x.dk>", LMTP_MAIL, "\"a>b\"@x.dk", NULL },
		{ "MAIL FROM:<@relay.dk:a@x.dk>", LMTP_MAIL, "a@x.dk", NULL }, { "MAIL", LMTP_BAD, "", "500" },
		{ "RCPT TO:<støtte@x.dk>", LMTP_RCPT, "støtte@x.dk", NULL }, { "RCPT TO:<postmaster>", LMTP_RCPT, "postmaster", NULL },
		{ "RCPT TO:<nobody>", LMTP_BAD, "", "501" }, { "RCPT TO:<>", LMTP_BAD, "", "501" }, { "RCPT TO:<@x.dk>", LMTP_BAD, "", "501" },
		{ "RCPT TO:<a@>", LMTP_BAD, "", "501" }, { "RCPT TO:<a\x01@x.dk>", LMTP_BAD, "", "501" }, { "RCPT TO:<a@x.dk>\xff", LMTP_BAD, "", "501" },
		{ "DATA", LMTP_DATA, "", NULL }, { "DATA now", LMTP_BAD, "", "501" }, { "DATABASE", LMTP_BAD, "", "500" }, { "QUIT", LMTP_QUIT, "", NULL },
		{ "RSET ", LMTP_RSET, "", NULL }, { "NOOP hello", LMTP_NOOP, "", NULL }, { "VRFY a", LMTP_VRFY, "", NULL }, { "", LMTP_BAD, "", "500" },
		{ "GET / HTTP/1.1", LMTP_BAD, "", "500" },
	};
	char longest[LMTP_LINE + 10];
	struct lmtp_command c;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		lmtp_command_read(rows[i].line, strlen(rows[i].line), &c);
		CHECK_ROW(i, c.verb == rows[i].verb);
		if (c.verb == LMTP_BAD)
			CHECK_ROW(i, strstr(c.reply, rows[i].reply));
		else
			CHECK_ROW(i, strcmp(c.address, rows[i].address) == 0);
	}
	memset(longest, 'a', sizeof longest);
	memcpy(longest, "RCPT TO:<", 9);
	lmtp_command_read(longest, LMTP_LINE, &c);
	CHECK_INT(c.verb, LMTP_BAD);
	lmtp_command_read("NO\0OP", 5, &c);
	CHECK_INT(c.verb, LMTP_BAD);
}

/* Whatever the pieces are, the mail is the same; and only CR LF . CR LF ends it. */
static void dots_are_unstuffed_and_nothing_is_smuggled(void **state)
{
	static const struct { const char *in, *out, *rest; } rows[] = {
		{ ".\r\n", "", "" }, { "a\r\n.\r\nQUIT\r\n", "a\r\n", "QUIT\r\n" }, { "..a\r\n.\r\n", ".a\r\n", "" }, { ".a\r\n.\r\n", "a\r\n", "" },
		{ "a\n.\nb\r\n.\r\n", "a\n.\nb\r\n", "" }, { "a\r.\r\nb\r\n.\r\n", "a\r.\r\nb\r\n", "" }, { "a\r\n.\nb\r\n.\r\n", "a\r\n\nb\r\n", "" },
		{ "a\n.\r\nb\r\n.\r\n", "a\n.\r\nb\r\n", "" }, { "a\r\n.\r.\r\n.\r\n", "a\r\n\r.\r\n", "" }, { "...\r\n.\r\n", "..\r\n", "" },
		{ "\r\n.\r\n", "\r\n", "" }, { "a\r\r\n.\r\n", "a\r\r\n", "" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (size_t step = 1; step <= strlen(rows[i].in); step++) {
			struct lmtp_data d = { 0 };
			char all[100], piece[100];
			size_t at = 0, n = 0, got, len = strlen(rows[i].in);

			while (at < len && !d.done) {
				at += lmtp_data_read(&d, rows[i].in + at, len - at < step ? len - at : step, piece, &got);
				memcpy(all + n, piece, got);
				n += got;
			}
			CHECK_ROW(i, d.done && n == strlen(rows[i].out) && memcmp(all, rows[i].out, n) == 0);
			CHECK_ROW(i, strcmp(rows[i].in + at, rows[i].rest) == 0);
		}
}

/* --- the server itself --- */

struct seen { pthread_mutex_t lock; int n, answer; char last[4000], sender[100], to[400]; int64_t bytes; };
static char folder[] = "/tmp/pedel-test-XXXXXX";

static int who(void *arg, const char *address) { return strstr(address, "unknown") ? 550 : strstr(address, "later") ? 451 : 250; }

static int take(void *arg, const struct lmtp_mail *m)
{
	struct seen *s = arg;
	FILE *f = fopen(m->path, "rb");
	size_t n;

	pthread_mutex_lock(&s->lock);
	CHECK(f);
	n = fread(s->last, 1, sizeof s->last - 1, f);
	s->last[n] = 0;
	fclose(f);
	s->n++;
	s->bytes = m->bytes;
	snprintf(s->sender, sizeof s->sender, "%s", m->sender);
	s->to[0] = 0;
	for (int i = 0; i < m->nrecipients; i++)
		snprintf(s->to + strlen(s->to), sizeof s->to - strlen(s->to), "%s ", m->recipients[i]);
	pthread_mutex_unlock(&s->lock);
	return s->answer;
}

struct place { struct seen seen; struct lmtp_server *server; int listen_fd; };

static void open_place(struct place *p, int64_t max_bytes)
{
	struct lmtp_config c = { .tmp_folder = folder, .max_bytes = max_bytes, .connections = 3, .idle_ms = 2000, .recipient = who, .take = take,
		.arg = &p->seen };
	struct err e = { 0 };

	memset(p, 0, sizeof *p);
	pthread_mutex_init(&p->seen.lock, NULL);
	p->seen.answer = 250;
	CHECK(listen_open("127.0.0.1:0", &p->listen_fd, &e) == 0);
	c.listen_fd = p->listen_fd;
	CHECK(lmtp_start(&c, &p->server, &e) == 0);
}

static void close_place(struct place *p)
{
	lmtp_stop(p->server);
	close(p->listen_fd);
	CHECK_INT(t_entries(folder), 2);        /* no file of a mail is left */
}

static int dial(const struct place *p)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)listen_port(p->listen_fd)) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	CHECK(connect(fd, (struct sockaddr *)&to, sizeof to) == 0);
	return fd;
}

/* Sends all at once and hears until the other end closes: only the codes, with a space after each. */
static const char *talk(const struct place *p, const char *say, char *codes, size_t size)
{
	int fd = dial(p);
	char got[8192];
	size_t n = 0, at = 0;
	ssize_t k;

	CHECK(send(fd, say, strlen(say), 0) == (ssize_t)strlen(say));
	shutdown(fd, SHUT_WR);
	while (n < sizeof got - 1 && (k = recv(fd, got + n, sizeof got - 1 - n, 0)) > 0)
		n += (size_t)k;
	got[n] = 0;
	close(fd);
	codes[0] = 0;
	while (at < n) {
		char *end = strstr(got + at, "\r\n");

		CHECK(end);
		if (got[at + 3] == ' ')
			snprintf(codes + strlen(codes), size - strlen(codes), "%.3s ", got + at);
		at = (size_t)(end - got) + 2;
	}
	return codes;
}

static void a_mail_is_taken_for_each_recipient(void **state)
{
	struct place p;
	char codes[200];

	open_place(&p, 0);
	CHECK_STR(talk(&p, "LHLO x\r\nMAIL FROM:<k@x.dk> SIZE=20\r\nRCPT TO:<a@y.dk>\r\nRCPT TO:<unknown@y.dk>\r\nRCPT TO:<later@y.dk>\r\nRCPT TO:<b@y.dk>\r\n"
		"DATA\r\nSubject: x\r\n\r\n..hej\r\n.\r\nQUIT\r\n", codes, sizeof codes), "220 250 250 250 550 451 250 354 250 250 221 ");
	CHECK_INT(p.seen.n, 1);
	CHECK_STR(p.seen.last, "Subject: x\r\n\r\n.hej\r\n");
	CHECK_STR(p.seen.to, "a@y.dk b@y.dk ");
	CHECK_STR(p.seen.sender, "k@x.dk");
	p.seen.answer = 452;
	CHECK_STR(talk(&p, "LHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@y.dk>\r\nDATA\r\n.\r\nMAIL FROM:<>\r\nQUIT\r\n", codes, sizeof codes),
		"220 250 250 250 354 452 250 221 ");
	CHECK_STR(p.seen.sender, "");
	close_place(&p);
}

static void orders_and_limits_hold(void **state)
{
	struct place p;
	char codes[800], many[8000] = "LHLO x\r\nMAIL FROM:<>\r\n", want[800] = "220 250 250 ";

	open_place(&p, 100);
	CHECK_STR(talk(&p, "MAIL FROM:<>\r\nLHLO x\r\nDATA\r\nRCPT TO:<a@y.dk>\r\nMAIL FROM:<>\r\nMAIL FROM:<>\r\nDATA\r\nRSET\r\nRCPT TO:<a@y.dk>\r\n"
		"MAIL FROM:<> SIZE=101\r\nNOOP\r\nVRFY a\r\nBANANA\r\nQUIT\r\n", codes, sizeof codes),
		"220 503 250 503 503 250 503 503 250 503 552 250 252 500 221 ");
	/* too large: read to its end, refused, and the talk goes on */
	CHECK_STR(talk(&p, "LHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@y.dk>\r\nDATA\r\n"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n.\r\nNOOP\r\nQUIT\r\n",
		codes, sizeof codes), "220 250 250 250 354 552 250 221 ");
	CHECK_INT(p.seen.n, 0);
	/* a line that ends in a bare LF, or never */
	CHECK_STR(talk(&p, "LHLO x\nMAIL FROM:<>\r\n", codes, sizeof codes), "220 500 ");
	for (size_t i = strlen(many); i < sizeof many - 1; i++)
		many[i] = 'a';
	CHECK_STR(talk(&p, many, codes, sizeof codes), "220 250 250 500 ");
	/* a hundred recipients, not one more; twenty mistakes, not one more */
	snprintf(many, sizeof many, "LHLO x\r\nMAIL FROM:<>\r\n");
	for (int i = 0; i < 101; i++) {
		snprintf(many + strlen(many), sizeof many - strlen(many), "RCPT TO:<a%d@y.dk>\r\n", i);
		snprintf(want + strlen(want), sizeof want - strlen(want), i < 100 ? "250 " : "452 ");
	}
	CHECK_STR(talk(&p, many, codes, sizeof codes), want);
	many[0] = 0;
	for (int i = 0; i < 30; i++)
		snprintf(many + strlen(many), sizeof many - strlen(many), "BANANA\r\n");
	talk(&p, many, codes, sizeof codes);
	CHECK(strlen(codes) == 22 * 4 && strstr(codes, "421 "));
	/* cut off in the middle of a mail: nothing is taken */
	talk(&p, "LHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@y.dk>\r\nDATA\r\nhalf a ma", codes, sizeof codes);
	CHECK_INT(p.seen.n, 0);
	close_place(&p);
}

static void silence_ends_and_stopping_waits_for_nobody_idle(void **state)
{
	struct place p;
	char got[200];
	int fd[4];
	ssize_t n = 0, k;

	open_place(&p, 0);
	fd[0] = dial(&p);
	while ((k = recv(fd[0], got + n, sizeof got - 1 - (size_t)n, 0)) > 0)     /* idle for 2 s: told, and closed */
		n += k;
	got[n] = 0;
	CHECK(strstr(got, "421 4.4.2"));
	close(fd[0]);
	for (int i = 0; i < 4; i++)             /* one more than there is room for: it waits its turn */
		fd[i] = dial(&p);
	close(fd[0]);
	n = recv(fd[3], got, 3, 0);
	CHECK(n == 3 && memcmp(got, "220", 3) == 0);
	close_place(&p);                        /* with three that say nothing */
	for (int i = 1; i < 4; i++)
		close(fd[i]);
}

static int begin(void **state) { return mkdtemp(folder) ? 0 : -1; }
static int end(void **state) { return rmdir(folder); }

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_are_read_strictly),
		cmocka_unit_test(dots_are_unstuffed_and_nothing_is_smuggled),
		cmocka_unit_test(a_mail_is_taken_for_each_recipient),
		cmocka_unit_test(orders_and_limits_hold),
		cmocka_unit_test(silence_ends_and_stopping_waits_for_nobody_idle),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
