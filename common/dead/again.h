/*
 * Sends dead letters again: reads each from `dead`, writes its message to its own topic and partition, and when Kafka has
 * that, the note. On the loop's thread only.
 *
 *   letter --scan--> message produced --acknowledged--> note produced --acknowledged--> sent
 *      any step fails: refused with the reason, the letter stands as it did
 *
 * A crash, or a failure, between message and note leaves the letter standing, and it may be sent twice. That does
 * no harm: a job that is done already ends as `present`, an event is folded once.
 */
#ifndef COMMON_DEAD_AGAIN_H
#define COMMON_DEAD_AGAIN_H

#include <stddef.h>

#include "common/audit.h"
#include "common/dead/letter.h"
#include "common/kafka/producer.h"
#include "common/kafka/scan.h"
#include "common/loop.h"

struct dead_again;

struct dead_again_result {
    struct dead_id id;
    const char *why; /* for people; NULL: sent. Borrowed */
};

struct dead_again_options { /* all outlive it but who and ids, which are copied */
    struct loop *loop;
    struct scanner *scanner;
    struct producer *producer;
    const struct kafka_layout *layout;
    struct str prefix; /* TOPIC_PREFIX */
    struct str who;    /* for the note */
    const struct dead_id *ids;
    size_t n;
    /* Once, never before dead_again has returned; in the order of ids. */
    void (*done)(void *arg, const struct dead_again_result *list, size_t n);
    void *arg;
};

/* Gone after `done`. */
struct dead_again *dead_again(const struct dead_again_options *o);
/* One whose `done` has not come, when the producer is gone and the scanner will not call any more. NULL is fine. */
void dead_again_free(struct dead_again *a);

/* The audit record of an account's letters that were sent again; ids: an array of their texts. The caller sends it
 * (partition, done, arg), then audit_record_done, until when account is borrowed. */
void dead_again_audit(const char *account, const char *who, const struct jval *ids, int64_t now,
                      struct audit_record *out);

#endif
