/*
 * All that is outside of Mangoplan in `make bench-ringing`: accounts of three groups, their calls, what was seen of
 * each and when. One thread, one clock (CLOCK_MONOTONIC, us).
 *
 * Accounts are numbered through: ring0, ring1 ...; those in which calls are routed come first, then those in which they
 * ring, then the crowd's. Key of ring7 is key-ring7, its salt SALT, the path in front of its Megaplan's addresses /a7.
 */
#ifndef TESTS_BENCH_RINGING_LOAD_WORLD_H
#define TESTS_BENCH_RINGING_LOAD_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/attr.h"
#include "common/limits.h"
#include "common/loop.h"
#include "common/str.h"
#include "tests/bench/ringing_load/sender.h"
#include "tests/bench/ringing_load/server.h"

#define WORLD_SALT "bench0salt"
#define WORLD_NUMBERS 1000 /* of callers, by account; the first WORLD_REGULARS have called before */
#define WORLD_REGULARS 2
#define WORLD_CALLS 60000
#define WORLD_EMPLOYEES 3 /* of each Megaplan, ids 1000001 ..., extensions 101 ... */

enum world_group {
    WORLD_MENU,  /* calls come into the menu and are routed */
    WORLD_RING,  /* calls ring at an employee at once */
    WORLD_CROWD, /* ring, too, but are only in the way */
    WORLD_GROUPS,
};

enum world_moment { /* us; 0: it never came */
    WORLD_SENT,     /* the first webhook was written */
    WORLD_ACKED,    /* its 200 was read */
    WORLD_JOB, /* the job of what is measured was read from jobs.now: of the route, the pop-up */
    WORLD_JOB_VISITOR,
    WORLD_ASKED,   /* Megaplan got the first question about the caller */
    WORLD_TOLD,    /* ... gave the last answer that came before the command */
    WORLD_COMMAND, /* the route command's first byte */
    WORLD_VISIT,   /* the visitor's query's first byte */
    WORLD_RANG,    /* the webhook was written by which an employee's phone rings */
    WORLD_POPUP,   /* the first byte of POST /callInfo */
    WORLD_SHOWN,   /* it was answered */
    WORLD_MOMENTS,
};

struct world;

struct world_call {
    struct world *world;
    struct loop_timer timer;
    int account;
    enum world_group group;
    int phase;    /* 0: not measured */
    bool regular; /* facts remember the caller */
    bool beside;  /* its account shares the partition of the backlog's */
    bool in_menu; /* now */
    int stage;
    int64_t place; /* of its number, among all of the world */
    int64_t at[WORLD_MOMENTS];
    int questions; /* of Megaplan, before command or pop-up */
    char command_id[LIMIT_COMMAND_ID + 1];
};

struct world_pbx {
    int64_t latest[10]; /* requests' times, in turns */
    size_t n;
    int64_t route, invalid, blocked_until;
};

struct world_problem {
    char text[120];
    int64_t times;
};

struct world {
    struct loop *loop;
    struct server *server;
    struct sender *sender; /* NULL until ingest is there */
    int accounts[WORLD_GROUPS];
    int64_t latency_us; /* Megaplan's */
    struct world_call *calls;
    size_t ncalls;
    int64_t *newest; /* by place of a number: its newest call, -1 none */
    int *numbers;    /* by account: how many of its numbers are in use */
    bool *beside;    /* by account */
    struct world_pbx *pbxs;
    int64_t commands, visits, questions, shown, changed, saved, staff, hanging,
        refused;       /* requests */
    int64_t forgotten; /* regular callers who were looked up all the same */
    int64_t send_late; /* us, the longest that a webhook was sent after its time */
    uint64_t dice;
    struct world_problem problems[24];
    size_t nproblems;
};

int world_total(const struct world *w); /* accounts */
/* The first account of a group. */
int world_first(const struct world *w, enum world_group g);
void world_problem(struct world *w, const char *format, ...) PRINTF_LIKE(2, 3);
int64_t world_below(struct world *w, int64_t n); /* a random number, the same ones in each run */

/* A call of that account, not yet begun, by a regular caller or one who never called; NULL: there is no room. */
struct world_call *world_call_new(struct world *w, int account, bool regular);
int64_t world_index(const struct world_call *c);
struct world_call *world_call_of_entry(struct world *w, struct str entry_id);
/* The newest call of the client whose id or number it is. */
struct world_call *world_call_of_id(struct world *w, struct str client_id);
struct world_call *world_call_of_number(struct world *w, struct str number);
struct world_call *world_call_of_dct(struct world *w, struct str dct_number);

/* Texts, terminated. */
#define WORLD_TEXT 128
void world_account(int account, char out[WORLD_TEXT]);
void world_key(int account, char out[WORLD_TEXT]);
void world_entry(const struct world_call *c, char out[WORLD_TEXT]);
void world_leg(const struct world_call *c, int leg, char out[WORLD_TEXT]);
void world_number(const struct world_call *c, char out[WORLD_TEXT]);
void world_client_id(const struct world_call *c, char out[WORLD_TEXT]);
void world_client_name(const struct world_call *c, char out[WORLD_TEXT]);
void world_dct(const struct world_call *c, char out[WORLD_TEXT]);
int world_employee(const struct world_call *c); /* whose client it is: 0 .. WORLD_EMPLOYEES - 1 */

#endif
