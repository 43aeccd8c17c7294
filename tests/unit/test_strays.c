/*
 * Extensions that had calls and are nobody's.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/doctor/strays.h"
#include "common/event.h"
#include "tests/unit/settings_example.h"

static void take_as(struct strays *s, const char *key, const char *kind, const char *origin,
                    const char *value, int64_t at)
{
    const struct kafka_header headers[] = {{EVENT_KIND, str_of(kind)},
                                           {EVENT_ORIGIN, str_of(origin)}};
    const struct kafka_message m = {.topic = KAFKA_EVENTS,
                                    .timestamp = at,
                                    .key = str_of(key),
                                    .value = str_of(value),
                                    .headers = headers,
                                    .nheaders = COUNT(headers)};
    strays_take(s, &m);
}

/* A leg between two extensions, "" = an outsider. */
static void leg(struct strays *s, const char *key, const char *from, const char *to, int64_t at)
{
    char value[600];
    snprintf(value, sizeof value,
             "{\"entry_id\":\"%s\",\"call_id\":\"c\",\"timestamp\":1709622000,\"seq\":1,"
             "\"call_state\":\"Appeared\",\"location\":\"abonent\",\"from\":{\"extension\":\"%s\"},"
             "\"to\":{\"extension\":\"%s\"}}",
             strchr(key, '/') + 1, from, to);
    take_as(s, key, "call", EVENT_LIVE, value, at);
}

static struct settings *example(void)
{
    struct settings *s = NULL;
    struct error e = ERROR_NONE;
    struct secret_keys keys = settings_example_keys(false);
    char *text = settings_example_with("\"groups\":[", "\"groups\":[\"600\",");
    ck_assert_msg(settings_parse(str_of(text), settings_example_rules(), &keys, &s, &e) == ERR_OK,
                  "%s", e.text);
    free(text);
    return s;
}

START_TEST(who_is_nobodys)
{
    struct strays *s = strays_new();
    struct settings *settings = example();
    struct stray out[8];
    leg(s, "acme/e1", "", "901", 1000);
    leg(s, "acme/e1", "", "901", 2000); /* the same call */
    leg(s, "acme/e2", "901", "901", 1500);
    leg(s, "acme/e3", "902", settings->employees[0].extensions[0], 3000);
    leg(s, "acme/e4", "", "600", 3000);
    leg(s, "beta/e5", "", "903", 3000);
    ck_assert_uint_eq(strays_of(s, settings, out, 8), 2);
    ck_assert_str_eq(out[0].extension, "901");
    ck_assert_int_eq(out[0].calls, 2);
    ck_assert_int_eq(out[0].last_at, 2000);
    ck_assert_str_eq(out[1].extension, "902");
    ck_assert_int_eq(out[1].calls, 1);
    ck_assert_uint_eq(strays_of(s, settings, out, 1), 2);
    ck_assert_uint_eq(strays_of(s, settings, NULL, 0), 2);
    settings_free(settings);
    strays_free(s);
    strays_free(NULL);
}
END_TEST

START_TEST(what_does_not_count)
{
    struct strays *s = strays_new();
    struct settings *settings = example();
    struct stray out[8];
    static const char summary[] =
        "{\"entry_id\":\"e\",\"call_direction\":1,\"create_time\":1709622000,"
        "\"end_time\":1709622000,\"talk_time\":0,\"from\":{},"
        "\"to\":{\"extension\":\"901\"}}";
    static const char one[] =
        "{\"entry_id\":\"e\",\"call_id\":\"c\",\"timestamp\":1709622000,\"seq\":1,"
        "\"call_state\":\"Appeared\",\"to\":{\"extension\":\"901\"}}";
    take_as(s, "acme/e", "summary", EVENT_LIVE, summary, 1);
    take_as(s, "acme/e", "call", EVENT_TEST, one, 1);
    take_as(s, "acme/e", "call", EVENT_LIVE, "{\"seq\":", 1);
    take_as(s, "acme", "call", EVENT_LIVE, one, 1);
    take_as(s, "a-name-that-is-longer-than-any-account/e", "call", EVENT_LIVE, one, 1);
    leg(s, "acme/e", "", "an-extension-that-is-far-too-long-to-be-one", 1);
    leg(s, "acme/e", "", "", 1);
    const struct kafka_message outcome = {
        .topic = KAFKA_OUTCOMES, .key = STR("acme/e"), .value = STR(one)};
    strays_take(s, &outcome);
    ck_assert_uint_eq(strays_of(s, settings, out, 8), 0);
    take_as(s, "acme/e", "call", EVENT_LIVE, one, 1);
    ck_assert_uint_eq(strays_of(s, settings, out, 8), 1);
    settings_free(settings);
    strays_free(s);
}
END_TEST

START_TEST(not_without_end)
{
    struct strays *s = strays_new();
    struct settings *settings = example();
    for (int i = 0; i < STRAYS_MOST + 10; i++) {
        char extension[16];
        snprintf(extension, sizeof extension, "%d", 100000 + i);
        leg(s, "acme/e", "", extension, 1);
    }
    ck_assert_uint_eq(strays_of(s, settings, NULL, 0), STRAYS_MOST);
    settings_free(settings);
    strays_free(s);
}
END_TEST

int main(void)
{
    return UNIT_RUN("strays", who_is_nobodys, what_does_not_count, not_without_end);
}
