/*
 * What --help says, from the tables.
 */
#ifndef WORKER_TOOLS_USAGE_H
#define WORKER_TOOLS_USAGE_H

#include <stdio.h>

#include "worker/tools/commands.h"

/* All subcommands and the exit codes. */
void usage_all(FILE *out);
/* "usage: worker replay [--from TIME] ..." in one line. */
void usage_line(FILE *out, const struct command *c);
/* Everything about one. */
void usage_command(FILE *out, const struct command *c);

#endif
