/* lmtp_parse.h - the bytes of LMTP, without sockets: one command line, and the dots of a mail.
 * Ownership:  keeps nothing.   Errors: as a reply code and text in the command.   Units: bytes.   Threads: any.
 * Source:     RFC 5321, sections 4.1.1-4.1.3 and 4.5.2; RFC 2033. */
#ifndef PEDEL_NET_LMTP_PARSE_H
#define PEDEL_NET_LMTP_PARSE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LMTP_LINE 2048                          /* longest command, with CR LF */
#define LMTP_ADDRESS 321
enum lmtp_verb { LMTP_BAD, LMTP_LHLO, LMTP_MAIL, LMTP_RCPT, LMTP_DATA, LMTP_RSET, LMTP_NOOP, LMTP_QUIT, LMTP_VRFY };
struct lmtp_command {
	enum lmtp_verb verb;                    /* LMTP_BAD: answer reply */
	char address[LMTP_ADDRESS];             /* of MAIL ("" is the null sender) and RCPT; the domain in lower case */
	int64_t size;                           /* SIZE=; 0 not said */
	const char *reply;                      /* constant */
};
/* line is without CR LF and may hold any bytes. */
void lmtp_command_read(const char *line, size_t n, struct lmtp_command *out);

struct lmtp_data { int state; bool done; };     /* begins as { 0 } */
/* Unstuffs in[0..n); out has room for n + 2. Gives how many bytes of in were used: less than n only when done. */
size_t lmtp_data_read(struct lmtp_data *d, const char *in, size_t n, char *out, size_t *nout);
#endif
