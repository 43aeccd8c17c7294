/*
 * A JSON object that is read once, quickly: its members and those of the objects in it, without memory
 * of its own as long as it is plain: no escapes, whole numbers of at most 18 digits, nothing deeper than an
 * object in the object, at most JFLAT_MEMBERS members. What is not plain is read by jval.h, so that what is JSON, and what a value is,
 * is always jansson's word (fuzz_jval compares the two); of a repeated key the last one stands.
 * For the hot paths of the workers, where jansson's tree was a third of the work. Pure.
 */
#ifndef COMMON_JFLAT_H
#define COMMON_JFLAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/attr.h"
#include "common/err.h"
#include "common/jval.h"
#include "common/str.h"

#define JFLAT_MEMBERS 48

struct jflat_value {      /* read by the functions below */
    struct str key, text; /* text: of an object its source, if the whole is plain */
    int64_t n;
    size_t parent; /* index of the object it is a member of */
    enum jval_type type;
    bool empty; /* an object or array without members */
};

/* Points into itself: do not copy. */
struct jflat {
    struct jflat_value *list; /* the root, then all members in the order of the text */
    size_t n;
    struct jval *tree; /* owned: of a text that is not plain */
    struct jflat_value own[JFLAT_MEMBERS];
};

/* Reads exactly one value. The text must outlive *out. On failure nothing is owned; ERR_INPUT and
 * ERR_INTERNAL as jval_parse_lenient. */
enum err jflat_parse(struct str text, struct jflat *out, struct error *e) MUST_CHECK;
void jflat_done(struct jflat *f);

const struct jflat_value *jflat_root(const struct jflat *f);
/* A member of the root, or of an object that is one; NULL if it is not there, or `object` is NULL or none. */
const struct jflat_value *jflat_get(const struct jflat *f, const struct jflat_value *object,
                                    const char *key);
/* No tree was needed; and then whether a key comes twice in one object. */
bool jflat_plain(const struct jflat *f);
bool jflat_repeats(const struct jflat *f);
/* An object as it stands in the text, if that is plain; else empty. */
struct str jflat_source(const struct jflat_value *v);
/* As the readers of jval.h; NULL is JVAL_NONE. */
enum jval_type jflat_type(const struct jflat_value *v);
bool jflat_empty(const struct jflat_value *v);
bool jflat_text(const struct jflat_value *v, struct str *out);
bool jflat_bool(const struct jflat_value *v, bool *out);
bool jflat_int(const struct jflat_value *v, int64_t *out);
bool jflat_int_loose(const struct jflat_value *v, int64_t min, int64_t max, int64_t *out);

#endif
