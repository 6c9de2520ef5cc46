/* reach.h - what keeper and server may still reach once they have given up the rest (os/bounds.h).
 *
 * Server:     its data folder; reading the certificate, the CA list, time zones and the files of name resolution; TCP to the
 *             mail server, the database and DNS, and to the ports that connect_ports in pedel.conf adds. No program.
 * Keeper:     running the programs beside itself; writing below the data folder only. Its children inherit that.
 * pedel.conf (or --confine) says require, try (when nothing is said) or off; a line in the log says what holds.
 *
 * Ownership:  none.
 * Errors:     E_CONF_INVALID, E_CONF_VALUE, E_CONFINE, as db_reach().
 * Units:      none.     Threads: call them before there are others.     Source: docs/decisions/0005-confinement.md. */
#ifndef PEDEL_DAEMON_REACH_H
#define PEDEL_DAEMON_REACH_H
#include <stdbool.h>
#include <stdint.h>
#include "daemon/keeper.h"
#include "os/bounds.h"

int reach_keeper(const struct daemon_args *args, const char *program, enum bounds_how *how, struct err *e);
int reach_server(const struct daemon_args *args, struct err *e);
/* The files of name resolution are others than at the last call: a server that runs cannot open the new ones. */
bool reach_names_changed(uint64_t *seen);
#endif
