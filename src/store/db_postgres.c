#include "store/db_driver.h"

static int pq_connect(struct db_conn *c, const struct db_config *cfg, struct err *e) { return FAIL(e, E_DB_DOWN, "not built"); }
static void pq_disconnect(struct db_conn *c) { }
const struct db_driver db_postgres = { .kind = DB_POSTGRES, .connect = pq_connect, .disconnect = pq_disconnect };
