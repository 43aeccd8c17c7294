/*
 * Messages that wait are copies of all there is to a message, in their order.
 */
#include "worker/held.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/unit.h"

static void push(struct held *h, int64_t offset)
{
    char key[] = "acme/e1", value[16], name[] = "kind", kind[] = "call";
    struct kafka_header headers[] = {{name, str_of(kind)}, {"empty", STR_NONE}};
    (void)snprintf(value, sizeof value, "{%d}", (int)offset);
    struct kafka_message m = {.offset = offset,
                              .key = str_of(key),
                              .value = str_of(value),
                              .headers = headers,
                              .nheaders = 2};
    held_push(h, &m);
    memset(key, 'x', sizeof key);
    memset(value, 'x', sizeof value);
    memset(name, 'x', sizeof name);
    memset(kind, 'x', sizeof kind);
    memset(headers, 0, sizeof headers);
}

START_TEST(first_come_first_out)
{
    struct held *h = held_new();
    ck_assert_ptr_null(held_first(h));
    ck_assert_ptr_null(held_last(h));
    held_pop(h);
    for (int64_t offset = 3; offset < 6; offset++)
        push(h, offset);
    ck_assert_uint_eq(held_count(h), 3);
    ck_assert_int_eq(held_last(h)->offset, 5);
    for (int64_t offset = 3; offset < 6; offset++) {
        const struct kafka_message *m = held_first(h);
        char value[16];
        (void)snprintf(value, sizeof value, "{%d}", (int)offset);
        ck_assert_int_eq(m->offset, offset);
        ck_assert(str_is(m->key, "acme/e1"));
        ck_assert(str_is(m->value, value));
        ck_assert(str_is(kafka_header_get(m, "kind"), "call"));
        ck_assert_uint_eq(m->nheaders, 2);
        ck_assert_uint_eq(m->headers[1].value.len, 0);
        held_pop(h);
    }
    ck_assert_ptr_null(held_last(h));
    ck_assert_uint_eq(held_count(h), 0);
    ck_assert_uint_eq(held_bytes(h), 0);
    push(h, 9);
    ck_assert_int_eq(held_first(h)->offset, 9);
    ck_assert_uint_gt(held_bytes(h), sizeof(struct kafka_message));
    held_free(h);
    held_free(NULL);
}
END_TEST

START_TEST(a_message_of_nothing)
{
    struct held *h = held_new();
    held_push(h, &(struct kafka_message){.offset = 1, .tombstone = true});
    ck_assert(held_first(h)->tombstone);
    ck_assert_uint_eq(held_first(h)->value.len, 0);
    held_free(h);
}
END_TEST

int main(void)
{
    return UNIT_RUN("held", first_come_first_out, a_message_of_nothing);
}
