/*
 * Reading a clock out of an answer. It must not know whose it is.
 */
#include "common/http_skew.h"

bool http_skew(int64_t date_ms, int64_t took_ms, int64_t wall_ms, int64_t *skew_ms)
{
    if (date_ms <= 0)
        return false;
    /* half of the second that the header leaves out, half of the way */
    *skew_ms = date_ms + 500 - (wall_ms - took_ms / 2);
    return true;
}
