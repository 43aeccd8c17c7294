/*
 * What worker forget prints: what was erased, what remains where until when. Rows on stdout; knows nothing of Kafka.
 */
#ifndef WORKER_TOOLS_FORGET_RECEIPT_H
#define WORKER_TOOLS_FORGET_RECEIPT_H

#include <stdbool.h>
#include <stdint.h>

#include "worker/tools/forget_traces.h"

struct forget_receipt {
    bool json, dry;
    int64_t retention_ms;
    int64_t erased, remaining, waiting,
        open; /* messages, rows, records; counted by the functions below */
};

/* "erased" or, of a dry run, "would be erased". */
void forget_receipt_erased(struct forget_receipt *r, const char *where, const char *what,
                           int64_t count);
/* They cannot go yet. */
void forget_receipt_waits(struct forget_receipt *r, const char *where, const char *what,
                          int64_t count);
/* What is not over, so that nothing can be erased. */
void forget_receipt_open(struct forget_receipt *r, const char *what, struct str entry);
/* Messages of a topic that go by its retention. */
void forget_receipt_topic(struct forget_receipt *r, enum kafka_topic t,
                          const struct forget_count *c);
/* What stays for another reason: until is told in `what`. */
void forget_receipt_stays(struct forget_receipt *r, const char *where, const char *what,
                          int64_t count);

struct forget_end {
    const char *account, *masked; /* the number's last digits */
    int64_t at;                   /* it is forgotten as of; 0: it is not */
    bool already;
};
void forget_receipt_end(const struct forget_receipt *r, const struct forget_end *end);

#endif
