/*
 * Delays between attempts. Pure: no clock, no state.
 */
#include "common/backoff.h"

#define FIRST_MS 800
#define DOUBLINGS_MAX 20

int64_t backoff_ms(unsigned failures, int64_t max_ms, uint32_t random)
{
    unsigned doublings = failures > 1 ? failures - 1 : 0;
    if (doublings > DOUBLINGS_MAX)
        doublings = DOUBLINGS_MAX;
    int64_t full = (int64_t)FIRST_MS << doublings;
    if (full > max_ms)
        full = max_ms > 0 ? max_ms : 1;
    int64_t half = full / 2;
    return half + (int64_t)(((uint64_t)(full - half) * random) >> 32);
}
