/* conf.h - the installation's configuration file, DATA/pedel.conf: lines of key=value; # begins a comment line.
 * Ownership:  texts in the arena given.
 * Errors:     E_NOT_INITIALISED when the file is not there, E_UNFINISHED; E_CONF_INVALID (file:line in detail), E_CONF_KEY_ELSEWHERE,
 *             E_ORIGIN_INVALID;
 *             as os_replace_file.
 * Units:      none.     Threads: any; one writer at a time.     Source: own design. */
#ifndef PEDEL_OS_CONF_H
#define PEDEL_OS_CONF_H
#include "base/arena.h"
#include "base/err.h"

/* A file in a data folder that pedel is filling. It is there after the filling was stopped, too: such a folder is no installation. */
#define CONF_UNFINISHED ".pedel-unfinished"

struct conf;
/* over: a second file whose keys go before those of DATA/pedel.conf, as a package puts into /etc; NULL: none. It must be there,
 * and may not say which database is used: that is written by us, and read by programs that do not know the second file. */
int  conf_read(struct arena *a, const char *data_folder, const char *over, struct conf **out, struct err *e);
int  conf_whole(struct arena *a, const char *data_folder, struct err *e);       /* E_UNFINISHED: it was never filled to the end */
const char *conf_get(const struct conf *c, const char *key, const char *unless);       /* unless may be NULL */
int  conf_origin_check(const char *origin, struct err *e);   /* "https://desk.example.dk": scheme and host, no path; else E_ORIGIN_INVALID */
/* Words of a value, split at spaces and commas; NULL-terminated, in a. Empty when the key is not there. */
const char *const *conf_words(struct arena *a, const struct conf *c, const char *key);
/* Sets one key in the file (NULL: takes it out), keeping the other lines and comments; makes the file when it is not there. */
int  conf_set(struct arena *a, const char *data_folder, const char *key, const char *value, struct err *e);
#endif
