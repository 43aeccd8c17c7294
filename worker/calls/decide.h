/*
 * The one place of precedence: guards first, then the rules of the table in their order. Pure.
 */
#ifndef WORKER_CALLS_DECIDE_H
#define WORKER_CALLS_DECIDE_H

#include "worker/calls/rules.h"

enum decide_end {
    DECIDE_RULES,   /* the rules were asked, and had nothing to say */
    DECIDE_SAID,    /* the rules were asked, and decided something */
    DECIDE_STOPPED, /* a guard stopped the call */
    DECIDE_LATE, /* the guard for calls whose events all came late: a summary may still change it */
};

/* Asks the rules about the call as it is now; view and memory of the call they see are filled here. Each decision is
 * told to `decided` and remembered in *memory. When the call closes and a guard stops it, that is told
 * as a decision without a job. */
enum decide_end decide_call(const struct rule_call *c, struct rule_memory *memory,
                            void (*decided)(void *arg, const struct rule_call *c,
                                            const struct rule_decision *d),
                            void *arg);

#endif
