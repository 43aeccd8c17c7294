/*
 * Writes a JSON object member by member into a buffer, as jansson would write it compactly, without a tree
 * in between: for the records of the hot path. What is wrong sticks to the buffer (buf.h). Pure.
 *
 *     jout_open(&b); jout_int(&b, "v", 1); jout_text(&b, "id", id); jout_close(&b);   {"v":1,"id":"..."}
 */
#ifndef COMMON_JOUT_H
#define COMMON_JOUT_H

#include <stdint.h>

#include "common/buf.h"
#include "common/str.h"

void jout_open(struct buf *b);
void jout_close(struct buf *b);
/* Keys are plain ASCII. Bytes of a text that are no UTF-8 become U+FFFD. */
void jout_text(struct buf *b, const char *key, struct str text);
/* Nothing if text is NULL. */
void jout_text_if(struct buf *b, const char *key, const char *text);
void jout_int(struct buf *b, const char *key, int64_t n);
/* The key alone; what follows is the caller's. */
void jout_key(struct buf *b, const char *key);
/* A text alone, in its quotes; a number alone. */
void jout_number(struct buf *b, int64_t n);
void jout_quoted(struct buf *b, struct str text);

#endif
