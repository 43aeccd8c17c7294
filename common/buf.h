/*
 * A growing buffer with a ceiling. Failure is sticky: add as much as you like, ask once at the end.
 */
#ifndef COMMON_BUF_H
#define COMMON_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "common/str.h"

struct buf {
    char *data;   /* terminated once anything was added; NULL before; owned */
    size_t len;   /* bytes, without the terminator */
    size_t room;  /* bytes allocated */
    size_t max;   /* len never exceeds it */
    bool failed;  /* an add was refused: over max, or no memory. Nothing is added after that */
    bool starved; /* it was for want of memory */
};

/* An empty buffer that never holds more than max bytes. */
#define BUF_INIT(max_bytes) ((struct buf){NULL, 0, 0, (max_bytes), false, false})

/* Frees the memory; the buffer is empty and usable again with the same ceiling. */
void buf_done(struct buf *b);
/* Forgets the content and the failure, keeps the memory. */
void buf_reset(struct buf *b);
void buf_add(struct buf *b, const void *bytes, size_t len);
void buf_add_str(struct buf *b, struct str text);
void buf_add_char(struct buf *b, char c);
void buf_addf(struct buf *b, const char *format, ...) PRINTF_LIKE(2, 3);
/* What was added so far; valid until the next change. */
struct str buf_str(const struct buf *b);
/* ERR_OK, or ERR_INPUT "… is over N bytes" / ERR_INTERNAL if an add failed. `what` names the thing. */
enum err buf_check(const struct buf *b, const char *what, struct error *e) MUST_CHECK;
/* The terminated text, now the caller's (free()); the buffer is empty. NULL if it failed. */
char *buf_take(struct buf *b) MUST_CHECK;

#endif
