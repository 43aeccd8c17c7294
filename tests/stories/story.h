/*
 * A true story of a call: who called, who rang, who talked, told as beats: what happened when on
 * which leg. It knows the company and nothing of notifications or of the product.
 */
#ifndef TESTS_STORIES_STORY_H
#define TESTS_STORIES_STORY_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/stories/company.h"
#include "tests/stories/dice.h"

#define STORY_LEGS 40
#define STORY_BEATS 160

enum direction {
    INTERNAL,
    INCOMING,
    OUTGOING
};

enum caller { /* what the outside number is */
    CALLER_MOBILE,
    CALLER_TRUNK, /* 89...: dialled with the trunk 8 */
    CALLER_FOREIGN,
    CALLER_SIP,
    CALLER_HIDDEN,
    CALLER_SHORT,
    CALLER_EMPLOYEE, /* an employee's own mobile */
    CALLER_LINE,     /* an own line */
    CALLER_IGNORED,
};

enum place {
    MENU,
    QUEUE,
    PERSON,   /* the outside number rings at a seat */
    OUTSIDE,  /* a seat calls the outside number */
    INVERTED, /* a callback's first leg: it rings the seat that ordered it */
    INSIDE,   /* a seat calls another seat: internal, or a transfer's beginning */
};

enum state {
    APPEARED,
    CONNECTED,
    ON_HOLD,
    DISCONNECTED
};

struct leg {
    char id[24];
    enum place place;
    int seat;              /* that is rung, or that calls (OUTSIDE); NOBODY for menu and queue */
    int from_seat;         /* INSIDE: who calls */
    int group;             /* it came through; NOBODY */
    int taken_from;        /* leg; NOBODY */
    bool command;          /* by a command: ours (route) or a callback's */
    const char *initiator; /* callback_initiator; NULL none */
    bool task;             /* task_id */
    bool with_client;      /* INSIDE: while it is told: handed over to the client */
    int seq;
};

enum kind {
    LEG,
    SUMMARY,
    RECORDING,
    RECORD_ADDED,
    DTMF,
    RESULT, /* of our command that routed the call */
};

struct beat {
    enum kind kind;
    int leg;
    enum state state;
    int64_t at; /* unix s */
    int seq;
    bool with_client; /* on a leg INSIDE: the other side is the client now */
    const char *transfer;
    int reason;
    /* recordings */
    int recording;
    const char *progress; /* Started, Continued, Completed */
    int completion;       /* 0 absent */
    const char *recipient;
};

struct story {
    uint64_t seed;
    struct company company;
    enum direction direction;
    enum caller caller;
    char number[40]; /* as the PBX has it; "" hidden */
    char digits[40]; /* as a client's; "" if it cannot be one */
    int line;
    int64_t begin, end, talk; /* talk 0: nobody talked */
    int dct_type;             /* 0 none, 1 dynamic, 2 static */
    struct leg legs[STORY_LEGS];
    struct beat beats[STORY_BEATS];
    int nlegs, nbeats, nrecordings;
    int summary;      /* its beat */
    bool unscheduled; /* who was rung last is off by schedule: no events of that leg */

    /* The truth, by seats; NOBODY where there is none. */
    int first_handled, last_handled; /* mapped or unmapped */
    int first_rung, last_rung;
    int caller_seat; /* outgoing, internal */
    bool left_menu, grouped;
    bool picked_up; /* callback: by who ordered it */
    bool callback;

    /* What the summary's `to` says. */
    int to_seat, to_group;
};

/* Tells a story; story_done frees it. */
void story_make(struct story *s, uint64_t seed);
void story_done(struct story *s);
/* Is the seat an employee's, unmapped_employee counted? Employee or NOBODY. */
int story_person(const struct company *c, int seat);
/* Does the beat put the seat of its leg in touch with the client? */
bool story_with_client(const struct story *s, const struct beat *b);

#endif
