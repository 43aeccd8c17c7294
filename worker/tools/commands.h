/*
 * The subcommands of worker (design.md 6.1): the one table from which they are run, explained by --help, described in
 * man pages and completed in bash.
 */
#ifndef WORKER_TOOLS_COMMANDS_H
#define WORKER_TOOLS_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/config.h"
#include "worker/tools/kit/args.h"

struct command {
    const char *name, *arguments; /* arguments: what stands behind the name besides options; "" */
    const char *what;             /* one line */
    const char *about;            /* paragraphs, an empty line between them; NULL */
    const char *found;            /* what exit code 1 means; NULL: there is none */
    unsigned options;             /* bits, ARGS_BIT */
    size_t least, most;           /* words behind the name */
    enum config_user user;
    bool no_config;                                               /* works without any */
    int (*role)(const struct config *c);                          /* a role, or ... */
    int (*tool)(const struct config *c, const struct args *args); /* ... a tool */
};

extern const struct command commands_table[];
extern const size_t commands_count;

/* NULL if there is none of that name. */
const struct command *commands_find(const char *name);

#endif
