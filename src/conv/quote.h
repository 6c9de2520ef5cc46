/* quote.h - where in a mail's text the writer's own words end and the quoted tail starts.
 * Ownership:  keeps nothing.   Errors: none.   Units: bytes.   Threads: any.
 * Source:     what Outlook, Gmail, Apple Mail, Thunderbird and phones write in Danish, English, German, Swedish, Norwegian. */
#ifndef PEDEL_CONV_QUOTE_H
#define PEDEL_CONV_QUOTE_H
#include <stdint.h>

/* The line above which a person writes an answer; our own mails begin with it. */
#define QUOTE_LINE_DA "Skriv dit svar over denne linje"
#define QUOTE_LINE_EN "Write your answer above this line"

/* Byte offset of a line start; -1 when nothing is quoted, when the quote is answered line by line, or when there is nothing
 * but a quote (a forwarded mail is the message itself). */
int64_t quote_tail(const char *text);
#endif
