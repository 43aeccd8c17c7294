/*
 * What a stored settings document is found and told apart by. One thread.
 */
#ifndef WORKER_TOOLS_SETTINGS_NAMES_H
#define WORKER_TOOLS_SETTINGS_NAMES_H

#include <stdbool.h>

#include "common/err.h"
#include "common/jval.h"
#include "common/str.h"
#include "worker/tools/store.h"

struct settings_names { /* texts of the document */
    struct jval *document;
    struct str account, api_key;
    bool enabled;
};

/* All empty if it is no JSON: somebody else wrote it. */
void settings_names_read(const char *json, struct settings_names *out);
void settings_names_done(struct settings_names *n);

/* ERR_INPUT "mango.api_key: ...": a stored document of another account has it, too (behaviour.md G1). */
enum err settings_names_check(const struct store *s, const struct settings_names *ours,
                              struct error *e) MUST_CHECK;

#endif
