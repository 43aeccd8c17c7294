/* The buffer: grows up to its ceiling, failure sticks, failure of memory is told from too much. */
#include <stdlib.h>

#include "common/buf.h"
#include "tests/unit/fault.h"
#include "tests/unit/unit.h"

START_TEST(grows_and_terminates)
{
    struct buf b = BUF_INIT(100000);
    struct error e = ERROR_NONE;

    ck_assert_uint_eq(buf_str(&b).len, 0);
    for (int i = 0; i < 1000; i++)
        buf_addf(&b, "%d,", i % 10);
    buf_add_str(&b, STR("end"));
    buf_add_char(&b, '.');
    buf_add(&b, NULL, 0);
    ck_assert_int_eq(buf_check(&b, "text", &e), ERR_OK);
    ck_assert_uint_eq(b.len, 2004);
    ck_assert_uint_eq(strlen(b.data), b.len);
    ck_assert_text(str_from(buf_str(&b), 1998), "9,end.");
    buf_done(&b);
    ck_assert_ptr_null(b.data);
    ck_assert_uint_eq(b.max, 100000);
}
END_TEST

START_TEST(ceiling_is_exact_and_sticks)
{
    struct buf b = BUF_INIT(4);
    struct error e = ERROR_NONE;

    buf_add_str(&b, STR("abcd"));
    ck_assert(!b.failed);
    buf_add_char(&b, 'e');
    ck_assert(b.failed);
    buf_add(&b, "", 0);
    buf_addf(&b, "%s", "x");
    ck_assert_text(buf_str(&b), "abcd");
    ck_assert_int_eq(buf_check(&b, "thing", &e), ERR_INPUT);
    ck_assert_str_eq(e.text, "thing is over 4 bytes");
    ck_assert_ptr_null(buf_take(&b));
    buf_reset(&b);
    ck_assert(!b.failed);
    buf_addf(&b, "%d", 12);
    ck_assert_text(buf_str(&b), "12");
    buf_addf(&b, "%d", 123);
    ck_assert(b.failed);
    ck_assert_text(buf_str(&b), "12");
    buf_done(&b);
}
END_TEST

START_TEST(take_gives_the_text_away)
{
    struct buf b = BUF_INIT(10);
    char *text = buf_take(&b);

    ck_assert_str_eq(text, "");
    free(text);
    buf_reset(&b);
    buf_add_str(&b, STR("one"));
    text = buf_take(&b);
    ck_assert_str_eq(text, "one");
    ck_assert_ptr_null(b.data);
    free(text);
    buf_done(&b);
}
END_TEST

static bool add_much(void *arg)
{
    struct buf b = BUF_INIT(10000);
    struct error e = ERROR_NONE;
    bool failed;

    (void)arg;
    for (int i = 0; i < 500; i++)
        buf_addf(&b, "%d", i);
    failed = buf_check(&b, "text", &e) == ERR_INTERNAL;
    ck_assert(failed == b.starved);
    buf_done(&b);
    return failed;
}

START_TEST(no_memory_is_reported)
{
    fault_walk(add_much, NULL);
}
END_TEST

int main(void)
{
    return UNIT_RUN("buf", grows_and_terminates, ceiling_is_exact_and_sticks,
                    take_gives_the_text_away, no_memory_is_reported);
}
