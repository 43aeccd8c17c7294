/*
 * What a message of `events` says of itself: whose test calls are believed, where it is from, when it came.
 */
#include "worker/calls/notice.h"

#include <string.h>

#include "tests/unit/stream_kit.h"
#include "tests/unit/unit.h"

static struct kafka_message message(struct kafka_header *headers, const char *origin,
                                    const char *received)
{
    headers[0] = (struct kafka_header){EVENT_KIND, STR("call")};
    headers[1] = (struct kafka_header){EVENT_ORIGIN, str_of(origin)};
    headers[2] = (struct kafka_header){EVENT_RECEIVED_AT, str_of(received)};
    return (struct kafka_message){.key = STR("acme/e1"),
                                  .value = STR(CONNECTED),
                                  .timestamp = KIT_MS(7),
                                  .headers = headers,
                                  .nheaders = 3};
}

START_TEST(a_test_call_has_an_entry_of_its_own)
{
    struct kafka_header headers[3];
    struct call_event ev;
    struct event_key key;
    struct error e = ERROR_NONE;
    struct kafka_message m = message(headers, EVENT_TEST, "");
    ck_assert_int_eq(notice_read(&m, KIT_MS(7), &key, &ev, &e), ERR_INPUT);
    ck_assert_ptr_nonnull(strstr(e.text, "a test call's begins with"));
    m = message(headers, "", "");
    ck_assert_int_eq(notice_read(&m, KIT_MS(7), &key, &ev, &e), ERR_OK);
    ck_assert_text(key.rest, "e1");
    call_event_done(&ev);
}
END_TEST

START_TEST(where_it_is_from)
{
    static const char *const all[][2] = {{"", "live"},         {"live", "live"},
                                         {"test", "test"},     {"reconcile", "reconcile"},
                                         {"replay", "replay"}, {"nonsense", "replay"}};
    struct kafka_header headers[3];
    for (size_t i = 0; i < COUNT(all); i++) {
        struct kafka_message m = message(headers, all[i][0], "");
        ck_assert_str_eq(notice_origin(&m), all[i][1]);
    }
}
END_TEST

START_TEST(when_it_came)
{
    struct kafka_header headers[3];
    struct kafka_message m = message(headers, "", "2014-05-12T15:03:01.000Z");
    ck_assert_int_eq(notice_received(&m, KIT_MS(100)), KIT_MS(5));
    m = message(headers, "", "yesterday"); /* Kafka's own time then */
    ck_assert_int_eq(notice_received(&m, KIT_MS(100)), KIT_MS(7));
    m = message(headers, "", "2014-05-14T15:03:01.000Z"); /* two days ahead: a wrong clock */
    ck_assert_int_eq(notice_received(&m, KIT_MS(100)), KIT_MS(100));
    m.timestamp = -1;
    m.nheaders = 0;
    ck_assert_int_eq(notice_received(&m, KIT_MS(100)), KIT_MS(100));
}
END_TEST

int main(void)
{
    return UNIT_RUN("notice", a_test_call_has_an_entry_of_its_own, where_it_is_from, when_it_came);
}
