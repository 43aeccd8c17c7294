/*
 * Inside common/doctor/doctor*.c only: a run and what a check of it has.
 */
#ifndef COMMON_DOCTOR_DOCTOR_STATE_H
#define COMMON_DOCTOR_DOCTOR_STATE_H

#include "common/attr.h"
#include "common/doctor/doctor.h"
#include "common/kafka/lag.h"
#include "common/limits.h"

struct doctor_run_state;

struct doctor_task { /* a check of a run */
    struct doctor_run_state *run;
    struct doctor *doctor;
    const char *account;
    int number;     /* in the table */
    unsigned reads; /* what is still to be read, bits of enum outside_what */
    bool wanted, over;
    const struct outside_answer *answers; /* by enum outside_what: what it asked for is there */
    struct http_transfer *transfer;       /* of its own */
    int step;                             /* the check's own; 0 at first */
    int64_t noted[LAG_GROUPS];
    struct loop_timer again;
    bool begun;
};

/* Judges: adds rows, and ends by doctor_end, now or later. s is valid for the moment; NULL in a check of the installation:
 * there is no such account. */
typedef void doctor_judge(struct doctor_task *t, const struct settings *s);

struct doctor_entry {
    struct doctor_check check;
    unsigned reads; /* bits of enum outside_what */
    doctor_judge *judge;
    bool (*reads_if)(const struct settings *s); /* NULL: always */
};

/* What Kafka told: looked at by all runs of some seconds, since looking blocks. */
struct doctor_kafka {
    int64_t until; /* boot ms; 0 = never looked */
    enum err bad;
    char why[LIMIT_ERROR_TEXT];
    struct kafka_layout real;
    struct lag *lag[LAG_GROUPS];
};

struct doctor_kafka *doctor_kafka_of(const struct doctor_task *t);
const struct doctor_options *doctor_options_of(const struct doctor_task *t);
void doctor_add(struct doctor_task *t, enum doctor_status status, const char *code,
                const char *format, ...) PRINTF_LIKE(4, 5);
void doctor_end(struct doctor_task *t);

/* The check is judged once more, in ms. */
void doctor_again(struct doctor_task *t, int64_t ms);
/* A reading that the share did not allow. */
void doctor_soon(struct doctor_task *t, const struct outside_answer *a);
/* What the workers met; NULL: nobody knows. */
const struct evidence *doctor_evidence_of(const struct doctor_task *t);
void doctor_kafka_done(struct doctor_kafka *k);

/* The checks. */
doctor_judge doctor_check_settings, doctor_check_mango, doctor_check_megaplan,
    doctor_check_telephony, doctor_check_webhook, doctor_check_tls, doctor_check_extensions,
    doctor_check_employees, doctor_check_fields, doctor_check_recordings, doctor_check_vendor,
    doctor_check_greeting, doctor_check_limits, doctor_check_refused, doctor_check_timezone,
    doctor_check_clock, doctor_check_kafka, doctor_check_workers;
/* Whether the settings want extra fields of clients. */
bool doctor_wants_fields(const struct settings *s);

#endif
