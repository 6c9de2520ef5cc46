/* cvr.h - Danish company numbers and delivery addresses: form and check digit.
 * Ownership: results in the arena given.  Errors: E_CVR_INVALID, E_GLN_INVALID, E_EMAIL_INVALID, E_PHONE_INVALID, E_DOMAIN_INVALID with the field.
 * Units: text.  Threads: any.  Source: CVR modulus 11 (weights 2 7 6 5 4 3 2 1); GS1 check digit; RFC 5321 limits. */
#ifndef PEDEL_CORE_CVR_H
#define PEDEL_CORE_CVR_H
#include <stdbool.h>
#include "base/arena.h"
#include "base/err.h"

/* Each takes what a person types ("DK 12 34 56 78") and gives the stored form ("12345678"). */
int cvr_read(struct arena *a, const char *s, const char *field, const char **out, struct err *e);
int gln_read(struct arena *a, const char *s, const char *field, const char **out, struct err *e);       /* blank gives "" */
/* A domain as DNS and mails have it: labels beyond ASCII in Punycode (xn--...). d is in lower case; NULL when a label is too long. */
const char *domain_ascii(struct arena *a, const char *d);
const char *email_ascii(struct arena *a, const char *email);    /* its domain so; the address itself when that cannot be */
/* The other way, to show: labels of European letters as people write them. What is in another script, where one letter looks like another,
 * or is no right Punycode, stays xn--. email_shown() leaves what has no @ as it is. */
const char *domain_shown(struct arena *a, const char *d);
const char *email_shown(struct arena *a, const char *email);
bool domain_public(const char *domain);                         /* of a mail service where everybody can have an address */
int email_read(struct arena *a, const char *s, const char *field, const char **out, struct err *e);     /* one address, lower case */
int phone_read(struct arena *a, const char *s, const char *field, const char **out, struct err *e);     /* blank gives ""; digits, a leading + */
int domain_read(struct arena *a, const char *s, const char *field, const char **out, struct err *e);    /* lower case, at least one dot */
#endif
