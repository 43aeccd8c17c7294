/*
 * Errors: a kind that says what to do, and a text for people.
 *
 * What can fail returns enum err (0 = done), takes `struct error *` last and is MUST_CHECK. The
 * caller owns the struct and starts it with ERROR_NONE. The first failure wins; context is put in
 * front on the way up. Library code returns errors, program code logs them, once.
 */
#ifndef COMMON_ERR_H
#define COMMON_ERR_H

#include "common/attr.h"
#include "common/limits.h"

enum err {
    ERR_OK = 0,
    ERR_INPUT,     /* what came in is wrong: refuse it, keep it with its reason */
    ERR_AUTH,      /* credentials are rejected: an outage of the service, hold */
    ERR_REJECTED,  /* the other side understood and said no to this record */
    ERR_TEMPORARY, /* try again later */
    ERR_CONFIG,    /* an operator has to change something: exit 3 */
    ERR_INTERNAL,  /* our own fault, or no memory */
};

struct error {
    enum err kind;
    char text[LIMIT_ERROR_TEXT]; /* terminated UTF-8, cut if longer; no secrets, no full phones */
};

#define ERROR_NONE ((struct error){ERR_OK, ""})

/* Sets kind and text unless an error stands already. Returns the kind that stands. e may be NULL
 * (then kind is returned). */
enum err error_set(struct error *e, enum err kind, const char *format, ...) PRINTF_LIKE(3, 4);

#ifdef __clang_analyzer__
/* The analyzer does not see into err.c: tell it that nobody sets ERR_OK. */
#define error_set(e, kind, ...) ((void)error_set(e, kind, __VA_ARGS__), (kind))
#endif

/* Puts "context: " in front of the text. Returns e's kind. Does nothing while no error stands. */
enum err error_context(struct error *e, const char *format, ...) PRINTF_LIKE(2, 3);

/* "input", "auth", "rejected", "temporary", "config", "internal" or "ok". */
const char *error_kind_name(enum err kind);

#endif
