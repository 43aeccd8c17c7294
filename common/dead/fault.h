/*
 * The codes by which dead letters say what kind of thing went wrong, and what to do about each: for `worker dead show` and
 * for the table of worker/tools/README.md, which a test keeps equal. Pure.
 */
#ifndef COMMON_DEAD_FAULT_H
#define COMMON_DEAD_FAULT_H

#include <stddef.h>

#include "common/str.h"

struct dead_fault {
    const char *code;  /* as in a letter's "fault": a name of error_kind_name, or "poison" */
    const char *means; /* for people, a sentence without its full stop */
    const char *remedy;
};

extern const struct dead_fault dead_fault_table[];
extern const size_t dead_fault_count;

/* NULL if the code is not known. */
const struct dead_fault *dead_fault_find(struct str code);

#endif
