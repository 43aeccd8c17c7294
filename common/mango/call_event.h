/*
 * A notification of MANGO OFFICE about a call as a struct (mango-api.md sections 2-4). Pure.
 *
 * What is read must be right, since a wrong decision cannot be taken back: a field of a wrong type, out
 * of range or over 128 bytes is ERR_INPUT with the field's name. Such a notification goes to `dead`, and
 * the call's other events count. What no rule reads may be anything.
 *
 * Lenient where the traps are (mango-api.md section 9), and where it cannot mislead:
 *   numbers as text, texts as numbers    taken, but no fractions, no negative ones
 *   null, "", {} and [] for an object    absent
 *   extension, acd_group, task_id of 0   absent: how some write "none"
 *   times                                unix seconds of the years 2000 to 9999; 0 is unknown
 *   location: a word not known           absent; `locaton` is read too
 *   call_state, recording_state          a word not known is refused
 *   a key twice                          the last one counts, as in ingest's scan
 */
#ifndef COMMON_MANGO_CALL_EVENT_H
#define COMMON_MANGO_CALL_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/jflat.h"
#include "common/str.h"

enum call_event_kind {
    CALL_EVENT_LEG,          /* events/call */
    CALL_EVENT_SUMMARY,      /* events/summary */
    CALL_EVENT_RECORDING,    /* events/recording */
    CALL_EVENT_RECORD_ADDED, /* events/record/added */
    CALL_EVENT_DTMF,         /* events/dtmf */
    CALL_EVENT_RESULT,       /* result/<command> of a command of ours */
    CALL_EVENT_OTHER,        /* whatever no rule uses */
};

enum call_event_state {
    CALL_EVENT_APPEARED,
    CALL_EVENT_CONNECTED,
    CALL_EVENT_ON_HOLD,
    CALL_EVENT_DISCONNECTED,
};

enum call_event_location {
    CALL_EVENT_NOWHERE, /* absent, or a word the manual does not know */
    CALL_EVENT_IVR,
    CALL_EVENT_QUEUE,
    CALL_EVENT_ABONENT,
};

enum call_event_direction {
    CALL_EVENT_UNTOLD = -1,
    CALL_EVENT_INTERNAL = 0,
    CALL_EVENT_INCOMING = 1,
    CALL_EVENT_OUTGOING = 2,
};

enum call_event_recording { /* recording_state */
    CALL_EVENT_RECORDING_UNTOLD,
    CALL_EVENT_RECORDING_STARTED,
    CALL_EVENT_RECORDING_CONTINUED,
    CALL_EVENT_RECORDING_COMPLETED,
};

/* Longest decimal that an identifier may come as, and its terminator. */
#define CALL_EVENT_NUMBER 24
#define CALL_EVENT_TEXTS 20 /* more than any notification has */

struct call_event_party {
    struct str extension; /* empty for outsiders */
    struct str number;    /* digits, `sip:...`, empty when hidden */
    struct str taken_from;
};

/* Absent texts are empty, absent numbers 0. Everything but `command` is borrowed from the
 * notification's text, `json` or `texts`: do not copy the struct, keep the original until call_event_done. */
struct call_event {
    enum call_event_kind kind;
    struct str entry_id; /* 1-128 bytes; a result's: its command_id before the last `~` */
    struct str call_id;  /* 1-128 bytes, a leg's; as seq is */
    int64_t timestamp;   /* unix seconds; a summary: its create_time */
    int64_t seq;
    enum call_event_state state; /* a leg's */
    enum call_event_location location;
    struct call_event_party from, to;
    struct str line_number;
    struct str acd_group;
    struct str command_id;
    struct str callback_initiator;
    struct str task_id;
    int64_t dct_type; /* 0 none, 1 dynamic, 2 static */
    struct str dct_number;
    int64_t disconnect_reason;
    enum call_event_direction direction; /* a summary's */
    int64_t create_time, forward_time, talk_time, end_time;
    struct str recording_id;
    enum call_event_recording recording_state;
    int64_t completion_code; /* of a recording: 1000 good, 4002 too short */
    struct str recipient;    /* of a recording: `Cloud` `Mail` `CloudAndMail` */
    struct str command;      /* a result's: what stands behind result/; borrowed from `kind` */
    int64_t result;          /* a result's code (mango-api.md section 8) */

    int ntexts;
    struct jflat json; /* owned; from here on not cleared, for there is much of it */
    char texts[CALL_EVENT_TEXTS][CALL_EVENT_NUMBER];
};

/* `kind` is the path below the base ("call", "summary", "result/route" ...), as in the header of a message
 * of `events`. */
enum call_event_kind call_event_kind_of(struct str kind);

/* Fills *out, which borrows from `kind` and `json`. On failure nothing is owned. ERR_INPUT says what is wrong;
 * ERR_INTERNAL: no memory. Of a repeated key the last counts. Of CALL_EVENT_OTHER nothing is read; what
 * comes as a result but carries no `entry_id~...` of ours becomes CALL_EVENT_OTHER. */
enum err call_event_parse(struct str kind, struct str json, struct call_event *out,
                          struct error *e) MUST_CHECK;
/* ERR_INPUT if a time lies over a day after the notification was received (unix ms): it would count as
 * the newest talk or leg for ever. What is less is a clock that is wrong, and lived with. */
enum err call_event_check_times(const struct call_event *ev, int64_t received_at,
                                struct error *e) MUST_CHECK;
void call_event_done(struct call_event *ev);

#endif
