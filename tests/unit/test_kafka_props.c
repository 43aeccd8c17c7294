/*
 * KAFKA_PROPERTIES: what is taken, what is refused, and that no value gets into an error.
 */
#include "common/kafka/props.h"

#include "tests/unit/unit.h"

START_TEST(pairs)
{
    struct str rest = STR(" a=b ;; c.d = x=y\n;e=;");
    struct props_pair p;
    bool more;
    struct error e = ERROR_NONE;
    ck_assert_int_eq(props_next(&rest, &p, &more, &e), ERR_OK);
    ck_assert(more && str_is(p.key, "a") && str_is(p.value, "b"));
    ck_assert_int_eq(props_next(&rest, &p, &more, &e), ERR_OK);
    ck_assert(more && str_is(p.key, "c.d") && str_is(p.value, "x=y"));
    ck_assert_int_eq(props_next(&rest, &p, &more, &e), ERR_OK);
    ck_assert(more && str_is(p.key, "e") && str_is(p.value, ""));
    ck_assert_int_eq(props_next(&rest, &p, &more, &e), ERR_OK);
    ck_assert(!more);
    rest = STR_NONE;
    ck_assert_int_eq(props_next(&rest, &p, &more, &e), ERR_OK);
    ck_assert(!more);
}
END_TEST

static const struct {
    const char *text, *names;
} bad[] = {
    {"acks=1", "acks"},
    {"enable.idempotence=false", "enable.idempotence"},
    {"session.timeout.ms=1", "session.timeout.ms"},
    {"heartbeat.interval.ms=1", "heartbeat.interval.ms"},
    {"max.poll.interval.ms=1", "max.poll.interval.ms"},
    {"group.instance.id=x", "group.instance.id"},
    {"message.timeout.ms=1", "message.timeout.ms"},
    {"auto.offset.reset=latest", "auto.offset.reset"},
    {"enable.auto.commit=true", "enable.auto.commit"},
    {"partition.assignment.strategy=sticky", "partition.assignment.strategy"},
    {"bootstrap.servers=x:1", "KAFKA_BROKERS"},
    {"=x", "without a name"},
    {"nothing-with-equals", "name=value"},
};

START_TEST(refused)
{
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct str rest = str_of(bad[i].text);
        struct props_pair p;
        bool more;
        struct error e = ERROR_NONE;
        ck_assert_int_eq(props_next(&rest, &p, &more, &e), ERR_CONFIG);
        ck_assert_msg(strstr(e.text, "KAFKA_PROPERTIES") && strstr(e.text, bad[i].names), "%s: %s",
                      bad[i].text, e.text);
    }
}
END_TEST

START_TEST(values_are_not_shown)
{
    struct str rest = STR("sasl.password=se;cret");
    struct props_pair p;
    bool more;
    struct error e = ERROR_NONE;
    ck_assert_int_eq(props_next(&rest, &p, &more, &e), ERR_OK);
    ck_assert_int_eq(props_next(&rest, &p, &more, &e), ERR_CONFIG);
    ck_assert_ptr_null(strstr(e.text, "cret"));
}
END_TEST

int main(void)
{
    return UNIT_RUN("kafka_props", pairs, refused, values_are_not_shown);
}
