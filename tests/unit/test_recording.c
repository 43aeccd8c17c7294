/*
 * The signed link to a recording.
 */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "common/mango/recording.h"
#include "tests/unit/megaplan_kit.h"

static struct recording example(void)
{
    return (struct recording){.base_url = STR("https://app.mango-office.ru/vpbx"),
                              .api_key = STR("key"),
                              .api_salt = STR("salt"),
                              .id = STR("rec1"),
                              .expires = 1520260000};
}

static void is(const struct recording *r, const char *expected)
{
    char *link = recording_link(r);
    ck_assert_ptr_nonnull(link);
    ck_assert_str_eq(link, expected);
    free(link);
}

/* sha256("key" "1520260000" "rec1" "salt"), by another program. */
START_TEST(signed_as_the_manual_says)
{
    struct recording r = example();
    is(&r, "https://app.mango-office.ru/vpbx/queries/recording/link/rec1/play/key/1520260000/"
           "d04320b94671c6d9a10b1205e4ff729e4e821b24241dd642650b8e312509f711");
    r.download = true;
    r.base_url = STR("https://app.mango-office.ru/vpbx//");
    is(&r, "https://app.mango-office.ru/vpbx/queries/recording/link/rec1/download/key/1520260000/"
           "d04320b94671c6d9a10b1205e4ff729e4e821b24241dd642650b8e312509f711");
    r.expires++;
    char *other = recording_link(&r);
    ck_assert_ptr_null(strstr(other, "d04320b9"));
    free(other);
}
END_TEST

START_TEST(the_id_is_signed_as_it_is)
{
    struct recording r = example();
    r.id = STR("MTI/z+A=");
    is(&r, "https://app.mango-office.ru/vpbx/queries/recording/link/MTI%2Fz%2BA%3D/play/key/"
           "1520260000/6ee259c0d56193a4861c3eddf45f3d6f40cc75503c6cca87cc267e2baf0178f6");
}
END_TEST

START_TEST(nothing_without_its_parts)
{
    struct recording r = example();
    r.base_url = STR_NONE;
    ck_assert_ptr_null(recording_link(&r));
    r = example();
    r.api_key = STR_NONE;
    ck_assert_ptr_null(recording_link(&r));
    r = example();
    r.api_salt = STR_NONE;
    ck_assert_ptr_null(recording_link(&r));
    r = example();
    r.id = STR_NONE;
    ck_assert_ptr_null(recording_link(&r));
    r = example();
    r.expires = 0;
    ck_assert_ptr_null(recording_link(&r));
    char longer[9000];
    memset(longer, 'x', sizeof longer);
    r = example();
    r.id = (struct str){longer, sizeof longer};
    ck_assert_ptr_null(recording_link(&r));
}
END_TEST

static char *linked(void)
{
    const struct recording r = example();
    return recording_link(&r);
}

START_TEST(want_of_memory)
{
    megaplan_kit_walk(linked);
}
END_TEST

int main(void)
{
    return UNIT_RUN("recording", signed_as_the_manual_says, the_id_is_signed_as_it_is,
                    nothing_without_its_parts, want_of_memory);
}
