/*
 * The low watermark of one partition: messages are begun in order and done in any order; everything
 * below the watermark is done. Pure; memory grows with what is between the oldest unfinished and the
 * newest begun message.
 */
#ifndef COMMON_OFFSETS_H
#define COMMON_OFFSETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct offsets;

/* first: the offset that will be begun next. Never NULL (mem.h). */
struct offsets *offsets_new(int64_t first);
void offsets_free(struct offsets *o);
/* Offsets rise (gaps of compaction are fine); one that was begun before, or passed over, does nothing. */
void offsets_begin(struct offsets *o, int64_t offset);
/* A begun one; a second time does nothing. */
void offsets_done(struct offsets *o, int64_t offset);
/* The offset to commit: the oldest unfinished one, or one past the newest begun. */
int64_t offsets_low(const struct offsets *o);
/* Begun and not done. */
size_t offsets_open(const struct offsets *o);

#endif
