/*
 * KAFKA_PROPERTIES: "a=b;c=d", extra properties for librdkafka (design.md 6.2). Pure; knows nothing
 * of what the properties mean except which ones an operator may not touch.
 */
#ifndef COMMON_KAFKA_PROPS_H
#define COMMON_KAFKA_PROPS_H

#include <stdbool.h>

#include "common/err.h"
#include "common/str.h"

struct props_pair {
    struct str key, value; /* borrowed from the text; spaces around them are gone */
};

/* Takes the next pair off *rest; *more is false when there is none. Empty pieces are passed over. A value
 * may hold '=' and be empty, but no ';'. ERR_CONFIG names KAFKA_PROPERTIES and the key: no '=', no key, or
 * a property that Mangoplan sets itself because its promises hang on it. */
enum err props_next(struct str *rest, struct props_pair *out, bool *more,
                    struct error *e) MUST_CHECK;

#endif
