/*
 * stats/request and stats/result: the PBX's call history, a line per leg. Pure.
 *
 * Source: mango-api.md section 6 (the two methods, their limits in section 1). Traps: an invalid request blocks the API,
 * so a span over a month is never asked; the answer comes later (204 until then), and is forgotten later still (404); it
 * is no JSON and quotes nothing, so that the parameters of a `sip:` address look like fields; a refusal is JSON, with 200
 * too; `records` is a list in one field; a hidden number is an empty field; `answer` 0: nobody picked up; a menu may
 * "answer"; lines may end with CR LF, the last one with nothing.
 */
#ifndef COMMON_MANGO_HISTORY_QUERY_H
#define COMMON_MANGO_HISTORY_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/jval.h"
#include "common/mango/call_event.h"
#include "common/mango/mango_answer.h"
#include "common/str.h"

#define HISTORY_QUERY_REQUEST "stats/request"
#define HISTORY_QUERY_RESULT "stats/result"
#define HISTORY_QUERY_LONGEST_S (28LL * 24 * 3600) /* the shortest month */
#define HISTORY_QUERY_REQUEST_MS 2000              /* one in that time, of a PBX */
#define HISTORY_QUERY_RESULT_MS 5000
#define HISTORY_QUERY_KEY 256 /* bytes of a key */

/* The json of stats/request for legs of [from, to], unix seconds; terminated, the caller's (free()). NULL: MANGO would call it
 * invalid: no span, longer than HISTORY_QUERY_LONGEST_S, or not of the years 2000 to 9999; or no memory. */
char *history_query_request(int64_t from, int64_t to) MUST_CHECK;
/* The json of stats/result. NULL: no key, too long, no UTF-8; or no memory. */
char *history_query_result(struct str key) MUST_CHECK;
/* The key in the answer to stats/request (a number, too); false: there is none. The caller's room is HISTORY_QUERY_KEY + 1. */
bool history_query_key(const struct jval *answer, char *out) MUST_CHECK;

enum history_query_state {
    HISTORY_QUERY_READY,     /* the body is the CSV */
    HISTORY_QUERY_NOT_YET,   /* ask again, HISTORY_QUERY_RESULT_MS later */
    HISTORY_QUERY_UNKNOWN,   /* MANGO does not know the key, or not any more: begin anew */
    HISTORY_QUERY_TOO_LARGE, /* over the ceiling: a shorter span may do */
    HISTORY_QUERY_REFUSED,   /* what kind and text say */
};

struct history_query_answer {
    enum history_query_state state;
    enum mango_answer_kind kind; /* of REFUSED; else MANGO_DONE */
    char text[MANGO_ANSWER_TEXT];
};

/* What an answer to stats/result means. status: HTTP's. too_large: the body was over the ceiling. */
void history_query_state(int status, struct str body, bool too_large,
                         struct history_query_answer *out);

struct
    history_query_leg {  /* texts borrowed from the CSV; absent ones are empty, absent numbers 0 */
    struct str entry_id; /* 1-128 bytes */
    int64_t start, answer, finish, create; /* unix seconds; start is never 0; finish: it goes on */
    struct str from_extension, from_number;
    struct str to_extension, to_number;
    struct str line_number;
    struct str records; /* "id1,id2": history_query_record */
    int64_t disconnect_reason;
    enum call_event_location location;
};

struct history_query_legs {
    struct history_query_leg *all; /* owned; in the order of the lines */
    size_t count;
    size_t unreadable;       /* lines that are none of ours: how many, and the first of them */
    size_t first_unreadable; /* its number, from 1 */
};

/* Reads the CSV, which must outlive *out. ERR_INPUT: none of its lines can be read: another shape than documented;
 * ERR_INTERNAL: no memory. No lines are no error. history_query_done afterwards. */
enum err history_query_read(struct str csv, struct history_query_legs *out,
                            struct error *e) MUST_CHECK;
void history_query_done(struct history_query_legs *legs); /* zeroed again */
/* The next recording_id of a leg's `records`, which is shortened by it; false: there is none. */
bool history_query_record(struct str *records, struct str *id);

#endif
