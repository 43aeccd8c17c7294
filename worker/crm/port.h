/*
 * What the executor needs of the world, as a struct of functions: the role fills it with Kafka, HTTP,
 * clocks and settings (crm.c), a test with a world of its own (tests/unit/world.h).
 */
#ifndef WORKER_CRM_PORT_H
#define WORKER_CRM_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/http.h"
#include "common/kafka/producer.h"
#include "common/settings.h"

struct forgotten;
struct reconcile_known;

struct port {
    void *world;
    int64_t (*boot)(void *world); /* CLOCK_BOOTTIME ms */
    int64_t (*wall)(void *world); /* unix ms */
    uint32_t (*random)(void *world);
    /* The account's settings, NULL if it is unknown; valid until the end of the turn. */
    const struct settings *(*settings)(void *world, const char *account);
    /* Seconds east of UTC in that time zone at that unix second; 0 for a zone the system does not know. */
    int (*offset)(void *world, const char *timezone, int64_t unix_s);
    /* As http_send and http_cancel. */
    enum err (*send)(void *world, const struct http_request *r, struct http_transfer **out,
                     struct error *e);
    void (*cancel)(void *world, struct http_transfer *t);
    /* As producer_send. */
    enum err (*produce)(void *world, const struct producer_record *r, struct error *e);
    /* The message at this place is finished: its offset may be passed. */
    void (*finished)(void *world, enum kafka_topic topic, int32_t partition, int64_t offset);
    /* Poison (gate.h): what the notes of a partition of jobs say now belongs into its next commit; and all
     * such commits are sent at once, step_noted comes with the broker's answer. */
    void (*note)(void *world, enum kafka_topic topic, int32_t partition);
    void (*send_notes)(void *world);
    /* Feeds the table with what `events` have of its calls: done follows, once and later, unless it is ended; why: NULL, or
     * nothing may be concluded. NULL: not now. Not asked while RECONCILE_EVERY_S is 0. */
    void *(*look)(void *world, struct reconcile_known *calls,
                  void (*done)(void *arg, const char *why), void *arg);
    void (*look_end)(void *world, void *looking);
    /* Who was forgotten: what they did before is not brought back. NULL: nobody. */
    const struct forgotten *(*forgotten)(void *world);
};

/* For `boot` and `wall`, of whatever port has them: the clocks of common/clock.h. */
int64_t port_boot(void *world);
int64_t port_wall(void *world);

#endif
