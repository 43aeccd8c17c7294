/*
 * Dead letters: the whole message with its reason, and of one that is too large for that its beginning.
 */
#include "worker/calls/output.h"

#include <stdlib.h>
#include <string.h>

#include "common/event.h"
#include "common/limits.h"
#include "common/mem.h"
#include "tests/unit/stream_kit.h"
#include "tests/unit/unit.h"

/* Of the one record: its beginning is enough. */
static bool has_header(const char *begin)
{
    const char *all = stream_kit.sent[0].headers, *at = strstr(all, begin);
    return at != NULL && (at == all || at[-1] == ';');
}

/* One message becomes one dead letter: stream_kit.sent[0]. */
static void bury(size_t key, size_t value, size_t header)
{
    const struct output_port port = stream_kit_output();
    stream_kit_forget();
    struct output *o = output_new(&port);
    char *bytes = mem_alloc(1, key + value + header + 1);
    struct error e = ERROR_NONE;
    memset(bytes, 'x', key + value + header);
    const struct kafka_header headers[] = {{EVENT_KIND, STR("call")},
                                           {"large", {bytes + key + value, header}}};
    const struct kafka_message m = {.topic = KAFKA_EVENTS,
                                    .partition = 5,
                                    .key = {bytes, key},
                                    .value = {bytes + key, value},
                                    .headers = headers,
                                    .nheaders = 2};
    (void)error_set(&e, ERR_INPUT, "seq is no number in its range");
    output_dead(o, 0, &m, 4, &e);
    ck_assert_uint_eq(stream_kit.n, 1);
    const struct stream_kit_record *r = &stream_kit.sent[0];
    size_t headers_bytes = strlen(r->headers) - 2 * r->nheaders; /* no "=" and ";" */
    ck_assert_uint_le(strlen(r->key) + strlen(r->value) + headers_bytes, LIMIT_RECORD_BYTES);
    ck_assert(has_header(EVENT_KIND "="));
    stream_kit_ack_all();
    ck_assert_uint_eq(output_waiting(o), 0);
    output_free(o);
    free(bytes);
}

START_TEST(whole)
{
    bury(20, 200000, 1000);
    ck_assert_uint_eq(strlen(stream_kit.sent[0].key), 20);
    ck_assert_uint_eq(strlen(stream_kit.sent[0].value), 200000);
    ck_assert_uint_eq(stream_kit.sent[0].nheaders, 10);
    ck_assert(has_header("large="));
    ck_assert(!has_header("x-cut-from-bytes="));
}
END_TEST

START_TEST(too_large)
{
    bury(20, LIMIT_RECORD_BYTES + 100 * 1024, 1000);
    ck_assert_uint_eq(strlen(stream_kit.sent[0].key), 20);
    ck_assert_uint_gt(strlen(stream_kit.sent[0].value), LIMIT_RECORD_BYTES - 100 * 1024);
    ck_assert(has_header("x-cut-from-bytes=1150976;")); /* what the value had */
    ck_assert(!has_header("large="));
    bury(LIMIT_RECORD_BYTES, 10, 10);
    ck_assert_uint_le(strlen(stream_kit.sent[0].key), 1000);
    ck_assert_uint_eq(strlen(stream_kit.sent[0].value), 10);
    bury(10, 10, LIMIT_RECORD_BYTES);
    ck_assert_uint_eq(strlen(stream_kit.sent[0].value), 10);
    ck_assert(!has_header("large="));
}
END_TEST

int main(void)
{
    return UNIT_RUN("output", whole, too_large);
}
