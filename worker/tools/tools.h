/*
 * Operators' tools: subcommands of worker (design.md 6.1). Each gets its arguments, prints rows on stdout and
 * complaints on stderr, and returns the exit code.
 */
#ifndef WORKER_TOOLS_TOOLS_H
#define WORKER_TOOLS_TOOLS_H

#include "common/config.h"
#include "common/err.h"
#include "worker/tools/kit/args.h"

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

int tools_doctor(const struct config *c, const struct args *a);
int tools_settings(const struct config *c, const struct args *a);
int tools_dead(const struct config *c, const struct args *a);
int tools_replay(const struct config *c, const struct args *a);
int tools_reconcile(const struct config *c, const struct args *a);
int tools_explain(const struct config *c, const struct args *a);
int tools_forget(const struct config *c, const struct args *a);
/* Needs no configuration: c may be NULL. */
int tools_ping(const struct config *c, const struct args *a);

/* The exit code for an error of Kafka or of the configuration. */
int tools_exit_code(enum err kind);
/* Says on stderr what is wrong; the exit code for it. */
int tools_complain(const char *tool, const struct error *e);
/* The same of the command line, with its usage: TOOLS_USAGE. */
int tools_misused(const char *tool, const char *why);

#endif
