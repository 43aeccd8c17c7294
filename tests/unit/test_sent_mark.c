/* The mark among the parts of a commit's metadata. */
#include "common/sent_mark.h"
#include "tests/unit/unit.h"

START_TEST(finds_it)
{
    struct sent_mark m = {-1, -1};
    ck_assert(sent_mark_find(STR("sent:1234:1795360260123"), &m));
    ck_assert_int_eq(m.offset, 1234);
    ck_assert_int_eq(m.time, 1795360260123);
    ck_assert(sent_mark_find(STR("catch:5  run:0:0 sent:7:8 x"), &m));
    ck_assert_int_eq(m.offset, 7);
    ck_assert_int_eq(m.time, 8);
}
END_TEST

START_TEST(passes_over_others)
{
    static const char *const others[] = {
        "", "sent", "sent:", "sent:1", "sent:1:", "sent::1", "sent:-1:1", "sent:1:1x", "run:1:2"};
    struct sent_mark m = {3, 4};
    for (size_t i = 0; i < COUNT(others); i++)
        ck_assert_msg(!sent_mark_find(str_of(others[i]), &m), "%s", others[i]);
    ck_assert_int_eq(m.offset, 3);
}
END_TEST

int main(void)
{
    return UNIT_RUN("sent_mark", finds_it, passes_over_others);
}
