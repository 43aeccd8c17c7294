/*
 * `_layout`: written, compared, and the remedy when counts differ.
 */
#include "common/kafka/layout.h"

#include <stdlib.h>

#include "tests/unit/unit.h"

static struct kafka_layout even(int32_t n)
{
    struct kafka_layout l = {.devbroker = false};
    for (int t = 0; t < KAFKA_TOPICS; t++)
        l.partitions[t] = n;
    return l;
}

START_TEST(written_and_equal)
{
    struct kafka_layout l = even(12);
    struct error e = ERROR_NONE;
    l.partitions[KAFKA_DEAD] = 3;
    char *text = layout_text(&l);
    ck_assert_str_eq(text, "{\"partitions\":{\"dead\":3,\"events\":12,\"facts\":12,\"jobs\":12,"
                           "\"jobs.bulk\":12,\"jobs.now\":12,\"outcomes\":12,\"settings\":12},"
                           "\"v\":1}");
    ck_assert_int_eq(layout_check(str_of(text), &l, &e), ERR_OK);
    free(text);
}
END_TEST

START_TEST(different)
{
    struct kafka_layout l = even(12);
    struct error e = ERROR_NONE;
    ck_assert_int_eq(layout_check(STR("{\"v\":1,\"partitions\":{\"events\":6}}"), &l, &e),
                     ERR_CONFIG);
    ck_assert_ptr_nonnull(strstr(e.text, "events has 12"));
    ck_assert_ptr_nonnull(strstr(e.text, "TOPIC_PREFIX"));
}
END_TEST

START_TEST(unknown_topics_fit)
{
    struct kafka_layout l = even(12);
    struct error e = ERROR_NONE;
    ck_assert_int_eq(layout_check(STR("{\"v\":1,\"partitions\":{\"events\":12,\"x\":1}}"), &l, &e),
                     ERR_OK);
}
END_TEST

START_TEST(read_back)
{
    struct kafka_layout l;
    struct error e = ERROR_NONE;
    ck_assert_int_eq(
        layout_read(STR("{\"v\":1,\"partitions\":{\"events\":12,\"jobs\":0,\"dead\":\"3\"}}"), &l,
                    &e),
        ERR_OK);
    ck_assert_int_eq(l.partitions[KAFKA_EVENTS], 12);
    ck_assert_int_eq(l.partitions[KAFKA_JOBS], 0);
    ck_assert_int_eq(l.partitions[KAFKA_DEAD], 0);
    ck_assert_int_eq(layout_read(STR("{"), &l, &e), ERR_CONFIG);
}
END_TEST

START_TEST(not_ours)
{
    static const char *const texts[] = {"",
                                        "[]",
                                        "{}",
                                        "{\"partitions\":3}",
                                        "{\"partitions\":{\"jobs\":\"12\"}}",
                                        "{\"partitions\":{\"jobs\":0}}"};
    struct kafka_layout l = even(12);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct error e = ERROR_NONE;
        ck_assert_int_eq(layout_check(str_of(texts[i]), &l, &e), ERR_CONFIG);
    }
}
END_TEST

START_TEST(together)
{
    struct kafka_layout l = even(12);
    struct error e = ERROR_NONE;
    l.partitions[KAFKA_EVENTS] = 3;
    ck_assert_int_eq(layout_check_together(&l, &e), ERR_OK);
    l.partitions[KAFKA_FACTS] = 3;
    ck_assert_int_eq(layout_check_together(&l, &e), ERR_CONFIG);
    ck_assert_ptr_nonnull(strstr(e.text, "facts"));
}
END_TEST

int main(void)
{
    return UNIT_RUN("kafka_layout", written_and_equal, different, unknown_topics_fit, read_back,
                    not_ours, together);
}
