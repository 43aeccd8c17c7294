/*
 * What the webhooks' thread tells the page's: each a number of its own, and all that the two share.
 */
#ifndef INGEST_VITALS_H
#define INGEST_VITALS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct vitals {
    bool spool;                      /* there is one; set before there are threads */
    _Atomic int64_t spool_messages;  /* webhooks in it */
    _Atomic int64_t spool_oldest_ms; /* when the oldest of them was received, unix ms; 0: none */
    _Atomic int64_t
        last_webhook; /* when this process kept the newest one, CLOCK_BOOTTIME ms; 0: none */
};

#endif
