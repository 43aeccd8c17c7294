/*
 * Inside common/kafka/ only: one record of the topic `settings`, read and written while a program starts.
 * Blocking.
 */
#ifndef COMMON_KAFKA_SETTINGS_LOG_H
#define COMMON_KAFKA_SETTINGS_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "common/attr.h"
#include "common/config.h"
#include "common/err.h"
#include "common/str.h"

struct settings_log_place {
    const struct config *config;
    bool devbroker;     /* which drops the oldest records when it is full */
    int32_t partitions; /* of settings */
    int64_t end;        /* boot ms: give up then, ERR_TEMPORARY */
    bool *forgot;       /* set where the broker forgot */
};

/* The first value of that key in its partition, terminated, the caller's (free()); NULL if there is none. ERR_TEMPORARY
 * "the broker forgot ..." if a devbroker dropped the partition's beginning. */
enum err settings_log_read(const struct settings_log_place *at, struct str key, char **out,
                           struct error *e) MUST_CHECK;
/* Returns when Kafka has it. */
enum err settings_log_write(const struct settings_log_place *at, struct str key, struct str value,
                            struct error *e) MUST_CHECK;

#endif
