/*
 * Inside common/doctor/outside*.c only: an account's readings, and how the files part the work: outside.c keeps who waits
 * and what is known, outside_ask.c makes requests and says what answers mean.
 */
#ifndef COMMON_DOCTOR_OUTSIDE_STATE_H
#define COMMON_DOCTOR_OUTSIDE_STATE_H

#include "common/doctor/outside.h"
#include "common/megaplan/signin.h"

struct outside_waiter {
    struct outside_waiter *next;
    outside_done *done;
    void *arg;
    int64_t until; /* boot ms: it does not wait longer for the share */
};

struct outside_reading {
    struct outside_waiter *first, **last;
    struct outside_answer answer; /* the latest */
    char text[OUTSIDE_TEXT];
    int64_t fresh_until; /* boot ms */
};

struct outside_account {
    struct outside_account *next;
    struct outside *owner;
    char *name;
    struct share share;
    struct signin signin;
    char of[SHARE_APIS][SHA256_HEX]; /* address and credentials */
    struct outside_reading readings[OUTSIDE_WHATS];
    struct employee_list employees, pages; /* pages: those read so far */
    int64_t pages_at;                      /* boot ms of the first one */
    struct users_query_list users;
    struct balance_query balance;
    struct field_names fields;
    struct callinfo_list calls;
    struct outside_question question;
    const struct answer *said;       /* to it; while it is told */
    int64_t known_at[OUTSIDE_WHATS]; /* unix ms when it was read well, 0 = it is not known */
    int64_t skew_ms[SHARE_APIS];
    bool has_skew[SHARE_APIS];
    /* the request that runs */
    struct http_transfer *transfer;
    enum outside_what asking;
    bool logging_in;
    unsigned token;
    struct loop_timer timer;
};

struct outside {
    struct outside_options o;
    struct outside_account *first;
};

/* The next request for it; a login first if there is no token. False: it cannot be sent, and that was told. */
bool outside_ask(struct outside_account *a, const struct settings *s, enum outside_what what);
/* When it may be sent, as far as tokens go (a login that has failed waits): ms, 0 = now. */
int64_t outside_ask_wait(const struct outside_account *a, enum outside_what what, int64_t now);
/* Tells all who wait for it, and keeps it for a while. */
void outside_settle(struct outside_account *a, enum outside_what what, enum outside_end end,
                    int status, const char *text);
/* What is to be asked next. */
void outside_go_on(struct outside_account *a);
/* What was read of it is forgotten. */
void outside_forget(struct outside_account *a, enum share_api api);

#endif
