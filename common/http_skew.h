/*
 * The other side's clock, as the Date header of its answers tells it. Pure.
 */
#ifndef COMMON_HTTP_SKEW_H
#define COMMON_HTTP_SKEW_H

#include <stdbool.h>
#include <stdint.h>

/* By how much it is ahead of ours, in ms, by an answer with that header (unix ms, whole seconds; 0 or less: none) that came at
 * wall_ms (unix ms), took_ms after its request: right to about half a second and half of the way. False without the
 * header; *skew_ms stays as it is. */
bool http_skew(int64_t date_ms, int64_t took_ms, int64_t wall_ms, int64_t *skew_ms);

#endif
