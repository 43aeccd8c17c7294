/*
 * Delays between attempts: growing, jittered, bounded. Pure; randomness is handed in.
 */
#ifndef COMMON_BACKOFF_H
#define COMMON_BACKOFF_H

#include <stdint.h>

/* How long to wait after so many failures in a row (1 or more), ms: 800 doubled with each failure,
 * at most max_ms, and of that a random part between one half and all, so that many waiters spread.
 * The first delay is under a second, whatever max_ms is. random: any 32 bits. */
int64_t backoff_ms(unsigned failures, int64_t max_ms, uint32_t random);

#endif
