#include "net/http_inside.h"

int ws_begin(struct http_conn *c, const struct ws_handler *h, void *arg) { return -1; }
void ws_readable(struct http_conn *c, const char *p, size_t n) { }
void ws_writable(struct http_conn *c) { }
void ws_tick(struct http_conn *c, int64_t now_us) { }
void ws_gone(struct http_conn *c) { }
void ws_leave(struct http_conn *c) { }
