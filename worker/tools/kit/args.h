/*
 * The options of all operators' tools: one table, from which they are parsed, explained by --help, and described in
 * man pages and bash completion. Pure.
 */
#ifndef WORKER_TOOLS_KIT_ARGS_H
#define WORKER_TOOLS_KIT_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

enum args_option {
    ARGS_FROM,
    ARGS_TO,
    ARGS_ACCOUNT,
    ARGS_ENTRY,
    ARGS_REASON,
    ARGS_PHONE,
    ARGS_RATE,
    ARGS_RESUME,
    ARGS_ALL,
    ARGS_DRY_RUN,
    ARGS_ASK,
    ARGS_JSON,
    ARGS_SHOW_PHONES,
    ARGS_YES,
    ARGS_OPTIONS
};

#define ARGS_BIT(option) (1u << (option))

struct args {               /* texts borrowed from the command line; NULL, 0 or false: not given */
    int64_t from_ms, to_ms; /* unix ms; to_ms is now if it was not given and the tool takes it */
    int64_t rate;           /* per second; -1: not given */
    const char *account, *entry, *reason, *phone, *resume;
    bool all, dry_run, ask, json, show_phones, yes;
    char **words; /* what is no option */
    size_t nwords;
};

struct args_row {
    const char *name;  /* "--from" */
    const char *value; /* "TIME"; NULL: a switch */
    const char *what;  /* one line */
};

const struct args_row *args_row(enum args_option o);

/* taken: bits of the options that the tool takes. now: unix ms, for times like -24h. words points into argv, whose order
 * is changed. ERR_INPUT names the option and what is wrong with it. */
enum err args_parse(unsigned taken, int argc, char **argv, int64_t now, struct args *out,
                    struct error *e) MUST_CHECK;
/* RFC 3339, or a span back from now: "-90s", "-30m", "-24h", "-7d". Unix ms. */
enum err args_time(const char *text, int64_t now, int64_t *unix_ms, struct error *e) MUST_CHECK;

#endif
