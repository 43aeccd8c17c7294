/*
 * What integration tests with a broker share: a broker, a configuration, a loop, and records to send.
 */
#ifndef TESTS_UNIT_KAFKA_ENV_H
#define TESTS_UNIT_KAFKA_ENV_H

#include <check.h>

#include "common/clock.h"
#include "common/kafka/producer.h"
#include "common/kafka/topics.h"
#include "common/loop.h"
#include "tests/unit/broker.h"

/* Made anew for each test, which runs in a process of its own. */
struct kafka_env {
    struct broker broker;
    struct config config;
    struct kafka_layout layout;
    struct loop *loop;
    struct error e;
};
extern struct kafka_env kafka_env;

/* Fixtures. */
void kafka_env_begin(void);
void kafka_env_finish(void);

struct kafka_env_reports {
    int delivered, failed, maybe;
    int64_t offset;
};

struct producer *kafka_env_producer(int64_t timeout_ms);
/* Two headers, kind = "call" and empty = ""; a value without a pointer is a tombstone. partition < 0: by key. */
void kafka_env_send(struct producer *p, enum kafka_topic t, int32_t partition, const char *key,
                    struct str value, struct kafka_env_reports *n);
/* Runs the tests with those fixtures; for main. */
int kafka_env_run(const char *name, const TTest *const *tests, size_t n);

#define KAFKA_ENV_RUN(name, ...)                             \
    kafka_env_run(name, (const TTest *const[]){__VA_ARGS__}, \
                  sizeof((const TTest *const[]){__VA_ARGS__}) / sizeof(const TTest *))

/* Turns the loop until the condition holds; ends the test after ms. */
#define TURN_UNTIL(condition, ms)                                                  \
    do {                                                                           \
        int64_t until_ = clock_boot_ms() + (ms);                                   \
        while (!(condition) && clock_boot_ms() < until_)                           \
            ck_assert_int_eq(loop_turn(kafka_env.loop, 20, &kafka_env.e), ERR_OK); \
        ck_assert_msg((condition), "not within " #ms " ms: " #condition);          \
    } while (0)

#endif
