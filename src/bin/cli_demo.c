#include "bin/cli.h"

int cli_demo(struct cli *c, struct err *e) { return FAIL(e, E_BUG, "the demo is not in this build"); }
