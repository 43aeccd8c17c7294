/*
 * Paths and queries of the settings page's API, as they come in a request line: percent-encoded. Pure.
 */
#ifndef INGEST_ADMIN_PATH_H
#define INGEST_ADMIN_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "common/attr.h"
#include "common/err.h"
#include "common/str.h"

#define PATH_PARAMS 16 /* of a pattern or a query */

struct path_params {
    struct path_param {
        struct str name, value; /* value: decoded UTF-8 without NUL */
    } list[PATH_PARAMS];
    size_t n;
};

/* True if the path is of that pattern, "/api/accounts/{a}": a segment in braces stands for any one that is not empty.
 * Values lie in *space, which has room for path.len bytes and moves on; names in the pattern. */
bool path_match(const char *pattern, struct str path, char **space,
                struct path_params *out) MUST_CHECK;

/* The parameters of a query, in *space, which has room for query.len bytes. ERR_INPUT, and *field the parameter if it is
 * known: a bad percent escape, no UTF-8, a name twice, more than PATH_PARAMS. "+" is a space. */
enum err path_query(struct str query, char **space, struct path_params *out, struct str *field,
                    struct error *e) MUST_CHECK;

/* STR_NONE if there is none of that name. */
struct str path_param(const struct path_params *p, const char *name);

#endif
