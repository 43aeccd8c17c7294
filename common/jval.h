/*
 * JSON values; the only door to jansson. A struct jval * is a jansson value behind an opaque name.
 *
 * Ownership: jval_parse and jval_new_* give a value to the caller, jval_free drops it (NULL is
 * fine). jval_get and jval_at lend: valid while their container lives. jval_put and jval_append
 * steal the value they are given, also when they fail; a NULL or failed value makes the container
 * "failed", so that a chain of puts is checked once, by jval_failed or jval_dump.
 */
#ifndef COMMON_JVAL_H
#define COMMON_JVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/attr.h"
#include "common/buf.h"
#include "common/err.h"
#include "common/str.h"

struct jval;

enum jval_type {
    JVAL_NONE,
    JVAL_OBJECT,
    JVAL_ARRAY,
    JVAL_TEXT,
    JVAL_INT,
    JVAL_REAL,
    JVAL_BOOL,
    JVAL_NULL
};

/* Once, before there are threads and before anything else here: lends jansson our memory, so that want
 * of it is noticed. config_load calls it. */
void jval_start(void);

/* Parses exactly one value of at most LIMIT_JSON_BYTES, LIMIT_JSON_DEPTH deep, without repeated
 * keys or NUL in text. ERR_INPUT with line and column; ERR_INTERNAL without memory. */
enum err jval_parse(struct str text, struct jval **out, struct error *e) MUST_CHECK;
/* The same, but of a repeated key the last one stands: for webhooks and answers, of which nothing
 * that can be read may be lost. */
enum err jval_parse_lenient(struct str text, struct jval **out, struct error *e) MUST_CHECK;
void jval_free(struct jval *v);
void jval_cleanup(struct jval **v); /* for CLEANUP */

/* JVAL_NONE for NULL. */
enum jval_type jval_type(const struct jval *v);
/* A member, or NULL if v is no object or has no such key. */
const struct jval *jval_get(const struct jval *v, const char *key);
/* Members and elements. 0 for anything but an object or array. */
size_t jval_size(const struct jval *v);
/* An array's element, or NULL. */
const struct jval *jval_at(const struct jval *v, size_t i);
/* Walks an object in its order: *key and the value; false at the end. Start with *iter = NULL. */
bool jval_next(const struct jval *object, void **iter, struct str *key, const struct jval **value);

/* Strict readers: false (and *out untouched) unless v is of that type. */
bool jval_text(const struct jval *v, struct str *out);
bool jval_int(const struct jval *v, int64_t *out);
bool jval_real(const struct jval *v, double *out); /* an integer too */
bool jval_bool(const struct jval *v, bool *out);
/* Readers for APIs that send numbers as text or text as numbers (mango-api.md section 9, trap 1):
 * an integer, or a text num_parse takes. */
bool jval_int_loose(const struct jval *v, int64_t min, int64_t max, int64_t *out);
/* The text of a member of an object, or STR_NONE if it is absent or no text. */
struct str jval_get_text(const struct jval *v, const char *key);

/* A copy of a member's text: terminated, the caller's (free()), NULL if the member is absent or null.
 * ERR_INPUT "key: ..." if it is required and missing, or no text; ERR_INTERNAL without memory. */
enum err jval_take_text(const struct jval *object, const char *key, bool required, char **out,
                        struct error *e) MUST_CHECK;
/* ERR_OK if v is an object whose "v" is 1; ERR_INPUT otherwise. For our own messages. */
enum err jval_check_version(const struct jval *v, struct error *e) MUST_CHECK;

struct jval *jval_new_object(void);
struct jval *jval_new_array(void);
struct jval *jval_new_text(struct str s); /* NULL if s is not UTF-8 */
struct jval *jval_new_int(int64_t n);
struct jval *jval_new_real(double n);
struct jval *jval_new_bool(bool b);
struct jval *jval_new_null(void);
struct jval *jval_copy(const struct jval *v); /* deep */
void jval_put(struct jval *object, const char *key, struct jval *value);
void jval_put_text(struct jval *object, const char *key, struct str s);
/* For text of outside that must not spoil the whole: bytes that are no UTF-8 become U+FFFD. */
void jval_put_text_clean(struct jval *object, const char *key, struct str s);
void jval_put_int(struct jval *object, const char *key, int64_t n);
void jval_put_bool(struct jval *object, const char *key, bool b);
void jval_append(struct jval *array, struct jval *value);

/* True for NULL, and for a container one of whose puts or appends failed. */
bool jval_failed(const struct jval *v);
/* Compact text, keys sorted if `sorted`, else in the order of insertion. Terminated, the caller's
 * (free()). NULL if the value failed while it was built, or without memory. */
char *jval_dump(const struct jval *v, bool sorted) MUST_CHECK;
/* The same for programs: want of memory ends the process; frees v. */
char *jval_dump_free(struct jval *v, bool sorted) MUST_CHECK;
/* The same as jval_dump(v, false), added to a buffer, without jansson's costs. The buffer fails if v has. */
void jval_write(const struct jval *v, struct buf *out);
/* The same as a member of the object that is being written (jout.h); "{}" if v is NULL. */
void jval_write_member(const struct jval *v, const char *key, struct buf *out);

#endif
