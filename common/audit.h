/*
 * The audit of an account: who changed what, as records of the topic `outcomes` with the key account/- (design.md section
 * 2). Makes records; who sends them waits for them.
 */
#ifndef COMMON_AUDIT_H
#define COMMON_AUDIT_H

#include <stdint.h>

#include "common/kafka/producer.h"
#include "common/str.h"
#include "common/text.h"

struct jval;

#define AUDIT_KIND \
    "settings" /* the outcome's `kind`: of settings, and of what people do by the page */

struct audit {
    const char *account; /* borrowed until audit_record_done */
    const char *who;     /* "admin@192.0.2.1", "worker settings (root)" */
    const char *what;    /* "settings stored" "settings removed" "settings resealed" "sent again" */
    struct jval *details; /* of the act: an object or NULL, taken over; `who` is added */
    int64_t at;           /* unix ms */
};

/* The record and the memory it borrows. */
struct audit_record {
    struct producer_record record; /* partition is left to the caller; done and arg, too */
    char *key, *value;
    char at[TEXT_TIME_SIZE];
    struct kafka_header headers[3];
};

void audit_record(const struct audit *a, struct audit_record *out);
void audit_record_done(struct audit_record *r);

#endif
