/*
 * Operators' tools: subcommands of worker (design.md 6.1). Each gets the arguments behind its own
 * name, prints rows on stdout and complaints on stderr, and returns the exit code.
 */
#ifndef WORKER_TOOLS_TOOLS_H
#define WORKER_TOOLS_TOOLS_H

#include "common/config.h"
#include "common/err.h"

enum tools_exit {
    TOOLS_DONE = 0,
    TOOLS_FOUND = 1, /* done, with findings */
    TOOLS_USAGE = 2,
    TOOLS_CONFIG = 3, /* configuration, or a refused document */
    TOOLS_KAFKA = 4,
    TOOLS_OUTSIDE = 5, /* an outside API is out of reach */
    TOOLS_PARTLY = 6,
    TOOLS_INTERNAL = 70,
};

/* put FILE | get ACCOUNT | list | rm ACCOUNT | reseal */
int tools_settings(const struct config *c, int argc, char **argv);
/* [ADDRESS]; needs no configuration: c may be NULL */
int tools_ping(const struct config *c, int argc, char **argv);

/* The exit code for an error of Kafka or of the configuration. */
int tools_exit_code(enum err kind);

#endif
