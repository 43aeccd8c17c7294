/*
 * JSON log lines on stderr (design.md 6.2, LOG_LEVEL), one write per line, from any thread.
 *
 * log_info("webhook refused", LOG_TEXT("account", a), LOG_INT("http_status", 401), LOG_ERROR(&e));
 * Keys are those of design.md: event account entry_id job rule topic partition offset err
 * http_status ms suppressed, and others where they help. Values are escaped and cut (1 KiB
 * each); a text that is NULL leaves its key out; bytes that are no UTF-8 become U+FFFD. No secret ever
 * goes in; phone numbers through LOG_PHONE, which leaves the last four digits.
 *
 * Rate limit: each place in the code (call of a log_ macro) may write 10 lines at once and then one
 * a second; what is left out is counted and told as "suppressed" in the place's next line.
 */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include <stdint.h>

#include "common/err.h"
#include "common/str.h"

enum log_level {
    LOG_DEBUG,
    LOG_INFO,
    LOG_WARN,
    LOG_FAIL
};

enum log_type {
    LOG_TYPE_END,
    LOG_TYPE_TEXT,
    LOG_TYPE_INT,
    LOG_TYPE_PHONE
};

struct log_field {
    enum log_type type;
    const char *key;
    struct str text;
    int64_t number;
};

/* State of one place; zero at first. Entered by any thread. */
struct log_place {
    _Atomic int64_t tokens_at;
    _Atomic int64_t suppressed;
};

#define LOG_STR(k, s) ((struct log_field){LOG_TYPE_TEXT, (k), (s), 0})
#define LOG_TEXT(k, t) LOG_STR((k), str_of(t))
#define LOG_INT(k, n) ((struct log_field){LOG_TYPE_INT, (k), STR_NONE, (int64_t)(n)})
#define LOG_PHONE(k, s) ((struct log_field){LOG_TYPE_PHONE, (k), (s), 0})
/* Numbers in "err" and "reason" are masked: they may hold what others told us. */
#define LOG_ERROR(e) LOG_TEXT("err", (e)->text)

#define LOG_END ((struct log_field){LOG_TYPE_END, "", {"", 0}, 0})

#define LOG_AT(level, ...)                                    \
    do {                                                      \
        static struct log_place log_place_;                   \
        log_line(&log_place_, (level), __VA_ARGS__, LOG_END); \
    } while (0)
#define log_debug(...) LOG_AT(LOG_DEBUG, __VA_ARGS__)
#define log_info(...) LOG_AT(LOG_INFO, __VA_ARGS__)
#define log_warn(...) LOG_AT(LOG_WARN, __VA_ARGS__)
#define log_fail(...) LOG_AT(LOG_FAIL, __VA_ARGS__)

/* level: "debug" "info" "warn" "error"; role stands in every line (kept by pointer). */
enum err log_start(const char *level, const char *role, struct error *e) MUST_CHECK;
/* place may be NULL: no rate limit (once-a-process lines). msg is followed by struct log_field
 * values, the last one LOG_END. */
void log_line(struct log_place *place, enum log_level level, const char *msg, ...);

#endif
