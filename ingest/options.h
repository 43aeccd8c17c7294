/*
 * ingest's command line and configuration (design.md 6.1, 6.2), checked as far as it can be without
 * opening anything.
 */
#ifndef INGEST_OPTIONS_H
#define INGEST_OPTIONS_H

#include "common/config.h"
#include "ingest/cidr.h"

struct options {
    struct config config;
    struct cidr_list allow, trusted;
};

enum {
    OPTIONS_RUN = -1, /* go on */
    OPTIONS_USAGE = 2,
    OPTIONS_CONFIG = 3,
    OPTIONS_KAFKA = 4
};

/* Reads both; answers --help, --version and --check. OPTIONS_RUN, or the exit code to end with (what
 * was wrong is said on stderr). options_done in any case. */
int options_load(int argc, char **argv, char *const *environment, struct options *out);
void options_done(struct options *o);

#endif
