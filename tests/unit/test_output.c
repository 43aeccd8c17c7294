/*
 * Dead letters: the whole message with its reason, and of one that is too large for that its beginning.
 */
#include "worker/calls/output.h"

#include <stdlib.h>
#include <string.h>

#include "common/event.h"
#include "common/limits.h"
#include "common/mem.h"
#include "tests/unit/calls_kit.h"
#include "tests/unit/unit.h"

/* The last record, as far as it is looked at; how many bytes it has. */
static struct {
    size_t key, value, bytes, nheaders, n;
    char cut_from[32];
    bool has_kind, has_large;
} sent;

static enum err fake_send(void *arg, const struct producer_record *r, struct error *e)
{
    const struct producer_report report = {.delivered = true, .offset = 1};
    (void)arg;
    (void)e;
    memset(&sent, 0, sizeof sent);
    sent.n = 1;
    sent.key = r->key.len;
    sent.value = r->value.len;
    sent.nheaders = r->nheaders;
    sent.bytes = r->key.len + r->value.len;
    for (size_t i = 0; i < r->nheaders; i++) {
        const struct kafka_header *h = &r->headers[i];
        sent.bytes += strlen(h->name) + h->value.len;
        if (strcmp(h->name, "x-cut-from-bytes") == 0)
            memcpy(sent.cut_from, h->value.ptr, h->value.len);
        sent.has_kind = sent.has_kind || strcmp(h->name, EVENT_KIND) == 0;
        sent.has_large = sent.has_large || strcmp(h->name, "large") == 0;
    }
    r->done(r->arg, &report);
    return ERR_OK;
}

static void fake_failed(void *arg, enum kafka_topic topic, const char *why)
{
    (void)arg;
    ck_abort_msg("topic %d: %s", topic, why);
}

static void bury(size_t key, size_t value, size_t header)
{
    const struct output_port port = {fake_send, kit_one_place, fake_failed, NULL, NULL};
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
    ck_assert_uint_eq(sent.n, 1);
    ck_assert_uint_le(sent.bytes, LIMIT_RECORD_BYTES);
    ck_assert(sent.has_kind);
    ck_assert_uint_eq(output_waiting(o), 0);
    output_free(o);
    free(bytes);
}

START_TEST(whole)
{
    bury(20, 200000, 1000);
    ck_assert_uint_eq(sent.key, 20);
    ck_assert_uint_eq(sent.value, 200000);
    ck_assert_uint_eq(sent.nheaders, 10);
    ck_assert(sent.has_large);
    ck_assert_str_eq(sent.cut_from, "");
}
END_TEST

START_TEST(too_large)
{
    bury(20, LIMIT_RECORD_BYTES + 100 * 1024, 1000);
    ck_assert_uint_eq(sent.key, 20);
    ck_assert_uint_gt(sent.value, LIMIT_RECORD_BYTES - 100 * 1024);
    ck_assert_str_eq(sent.cut_from, "1150976"); /* what the value had */
    ck_assert(!sent.has_large);
    bury(LIMIT_RECORD_BYTES, 10, 10);
    ck_assert_uint_le(sent.key, 1000);
    ck_assert_uint_eq(sent.value, 10);
    bury(10, 10, LIMIT_RECORD_BYTES);
    ck_assert_uint_eq(sent.value, 10);
    ck_assert(!sent.has_large);
}
END_TEST

int main(void)
{
    return UNIT_RUN("output", whole, too_large);
}
