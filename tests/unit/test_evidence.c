/*
 * What outcomes say of the last day, hour by hour, account by account.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "common/doctor/evidence.h"

#define HOUR INT64_C(3600000)
#define NOW (INT64_C(480000) * HOUR + 1000)

static void take(struct evidence *e, const char *key, const char *value, int64_t at, int64_t now)
{
    const struct kafka_message m = {
        .topic = KAFKA_OUTCOMES, .timestamp = at, .key = str_of(key), .value = str_of(value)};
    evidence_take(e, &m, now);
}

static int64_t sum(const struct evidence *e, const char *account, int64_t now)
{
    int64_t n = 0;
    for (enum evidence_sign s = 0; s < EVIDENCE_SIGNS; s++)
        n += evidence_count(e, account, s, now);
    return n;
}

START_TEST(signs)
{
    static const struct {
        const char *value;
        enum evidence_sign sign; /* EVIDENCE_SIGNS: none */
    } cases[] = {
        {"{\"kind\":\"route\",\"result\":\"done\"}", EVIDENCE_ROUTED},
        {"{\"kind\":\"route\",\"result\":\"late\"}", EVIDENCE_ROUTE_LATE},
        {"{\"kind\":\"route\",\"result\":\"limited\"}", EVIDENCE_ROUTE_LIMIT},
        {"{\"kind\":\"route\",\"result\":\"failed\"}", EVIDENCE_ROUTE_FAILED},
        {"{\"kind\":\"route\",\"result\":\"no_client\"}", EVIDENCE_SIGNS},
        {"{\"kind\":\"route\",\"result\":\"would\"}", EVIDENCE_SIGNS},
        {"{\"kind\":\"route\"}", EVIDENCE_SIGNS},
        {"{\"kind\":\"call\",\"result\":\"done\"}", EVIDENCE_SAVED},
        {"{\"kind\":\"call\",\"result\":\"none\"}", EVIDENCE_SIGNS},
        {"{\"kind\":\"record\",\"result\":\"no_record\"}", EVIDENCE_NO_RECORD},
        {"{\"kind\":\"client\",\"result\":\"no_record\"}", EVIDENCE_SIGNS},
        {"{\"kind\":\"client\",\"result\":\"dead\"}", EVIDENCE_DEAD},
        {"{\"result\":\"dead\"}", EVIDENCE_DEAD},
        {"{\"kind\":\"client\",\"result\":\"done\"}", EVIDENCE_SIGNS},
        {"{\"what\":\"decision\",\"reason\":\"\\\"call\\\"\"}", EVIDENCE_SIGNS},
        {"{\"kind\":\"call\",\"result\":", EVIDENCE_SIGNS},
        {"\"call\"", EVIDENCE_SIGNS},
        {"", EVIDENCE_SIGNS},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct evidence *e = evidence_new();
        take(e, "acme/e1", cases[i].value, NOW, NOW);
        bool any = cases[i].sign != EVIDENCE_SIGNS;
        ck_assert_msg(sum(e, "acme", NOW) == any, "%s", cases[i].value);
        if (any)
            ck_assert_msg(evidence_count(e, "acme", cases[i].sign, NOW) == 1, "%s", cases[i].value);
        evidence_free(e);
    }
}
END_TEST

#define LATE(why) "{\"kind\":\"route\",\"result\":\"late\",\"reason\":\"" why "\"}"

START_TEST(hours_go_by)
{
    struct evidence *e = evidence_new();
    for (int i = 0; i < 5; i++)
        take(e, "acme/e1", LATE("one"), NOW, NOW);
    take(e, "acme/e2", LATE("two"), NOW + 5 * HOUR, NOW + 5 * HOUR);
    ck_assert_int_eq(evidence_count(e, "acme", EVIDENCE_ROUTE_LATE, NOW + 5 * HOUR), 6);
    ck_assert_int_eq(evidence_busiest(e, "acme", EVIDENCE_ROUTE_LATE, NOW + 5 * HOUR), 5);
    ck_assert_int_eq(evidence_count(e, "acme", EVIDENCE_ROUTE_LATE, NOW + 23 * HOUR), 6);
    ck_assert_int_eq(evidence_count(e, "acme", EVIDENCE_ROUTE_LATE, NOW + 24 * HOUR), 1);
    ck_assert_int_eq(evidence_busiest(e, "acme", EVIDENCE_ROUTE_LATE, NOW + 24 * HOUR), 1);
    /* the place of the first hour is taken by a new one, and an old one does not count into it */
    take(e, "acme/e3", LATE("three"), NOW + 24 * HOUR, NOW + 24 * HOUR);
    take(e, "acme/e1", LATE("old"), NOW + HOUR / 2, NOW + 24 * HOUR);
    ck_assert_int_eq(evidence_count(e, "acme", EVIDENCE_ROUTE_LATE, NOW + 24 * HOUR), 2);
    ck_assert_str_eq(evidence_reason(e, "acme", EVIDENCE_ROUTE_LATE), "three");
    ck_assert_int_eq(evidence_count(e, "acme", EVIDENCE_ROUTE_LATE, NOW + 100 * HOUR), 0);
    evidence_free(e);
}
END_TEST

/* The number and the character lie across the end of what is kept. */
START_TEST(reasons_are_masked_before_they_are_cut)
{
    struct evidence *e = evidence_new();
    char reason[400], rest[200];
    memset(rest, 'x', sizeof rest);
    (void)snprintf(reason, sizeof reason, "{\"result\":\"dead\",\"reason\":\"%.150s 79991231212\"}",
                   rest);
    take(e, "acme/e1", reason, NOW, NOW);
    ck_assert_ptr_nonnull(strstr(evidence_reason(e, "acme", EVIDENCE_DEAD), "x *******1"));
    (void)snprintf(reason, sizeof reason, "{\"result\":\"dead\",\"reason\":\"%.158s\u0416\"}",
                   rest);
    take(e, "acme/e1", reason, NOW, NOW);
    ck_assert_uint_eq(strlen(evidence_reason(e, "acme", EVIDENCE_DEAD)), 158);
    evidence_free(e);
}
END_TEST

START_TEST(accounts_apart_and_what_does_not_count)
{
    struct evidence *e = evidence_new();
    char reason[400];
    memset(reason, 'x', sizeof reason);
    memcpy(reason, "{\"result\":\"dead\",\"reason\":\"", 27);
    memcpy(reason + 300, "\"}", 3);
    take(e, "acme/e1", LATE("a"), NOW, NOW);
    take(e, "beta/e1", reason, NOW, NOW);
    take(e, "no-account", LATE("b"), NOW, NOW);
    take(e, "a-name-that-is-longer-than-any-account/e1", LATE("b"), NOW, NOW);
    take(e, "acme/e1", LATE("b"), NOW - 24 * HOUR, NOW);
    take(e, "acme/e1", LATE("b"), -1, NOW);
    const struct kafka_message event = {.topic = KAFKA_EVENTS,
                                        .timestamp = NOW,
                                        .key = STR("acme/e1"),
                                        .value = STR("{\"result\":\"dead\"}")};
    evidence_take(e, &event, NOW);
    ck_assert_int_eq(sum(e, "acme", NOW), 1);
    ck_assert_int_eq(sum(e, "beta", NOW), 1);
    ck_assert_int_eq(sum(e, "gamma", NOW), 0);
    ck_assert_uint_eq(strlen(evidence_reason(e, "beta", EVIDENCE_DEAD)), EVIDENCE_TEXT - 1);
    ck_assert_str_eq(evidence_reason(e, "acme", EVIDENCE_DEAD), "");
    ck_assert_str_eq(evidence_reason(e, "gamma", EVIDENCE_DEAD), "");
    ck_assert_int_eq(evidence_busiest(e, "gamma", EVIDENCE_DEAD, NOW), 0);
    evidence_free(e);
    evidence_free(NULL);
}
END_TEST

static void letter(struct evidence *e, const char *header, const char *value, int64_t at)
{
    const struct kafka_header headers[] = {
        {header, str_of(value)}, {"__connect.errors.exception.message", STR("seq is no number")}};
    const struct kafka_message m = {.topic = KAFKA_DEAD,
                                    .timestamp = at,
                                    .key = STR("acme/e1"),
                                    .value = STR("{\"result\":\"dead\"}"),
                                    .headers = headers,
                                    .nheaders = COUNT(headers)};
    evidence_take(e, &m, NOW);
}

/* Of a webhook that cannot be read there is a letter and no outcome; of a job there are both. */
START_TEST(letters_without_an_outcome)
{
    struct evidence *e = evidence_new();
    letter(e, "__connect.errors.stage", "crm", NOW);
    letter(e, "x-note", "sent-again", NOW);
    letter(e, "__connect.errors.stage", "calls", NOW - 24 * HOUR);
    ck_assert_int_eq(sum(e, "acme", NOW), 0);
    letter(e, "__connect.errors.stage", "calls", NOW);
    ck_assert_int_eq(evidence_count(e, "acme", EVIDENCE_DEAD, NOW), 1);
    ck_assert_int_eq(sum(e, "acme", NOW), 1);
    ck_assert_str_eq(evidence_reason(e, "acme", EVIDENCE_DEAD), "seq is no number");
    evidence_free(e);
}
END_TEST

int main(void)
{
    return UNIT_RUN("evidence", signs, hours_go_by, accounts_apart_and_what_does_not_count,
                    reasons_are_masked_before_they_are_cut, letters_without_an_outcome);
}
