/* murmur2 against the values of Kafka's own test, UtilsTest.testMurmur2. */
#include "common/murmur2.h"
#include "tests/unit/unit.h"

START_TEST(same_as_the_java_client)
{
    static const struct {
        const char *key;
        int32_t hash;
    } cases[] = {
        {"21", -973932308},
        {"foobar", -790332482},
        {"a-little-bit-long-string", -985981536},
        {"a-little-bit-longer-string", -1486304829},
        {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
        {"abc", 479470107},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct str key = str_of(cases[i].key);
        ck_assert_int_eq((int32_t)murmur2_hash(key), cases[i].hash);
        ck_assert_int_eq(murmur2_partition(key, 12), (cases[i].hash & 0x7fffffff) % 12);
    }
}
END_TEST

START_TEST(any_length_and_any_byte)
{
    char bytes[64];

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)(200 + i);
    for (size_t len = 0; len <= sizeof(bytes); len++) {
        int32_t p = murmur2_partition((struct str){bytes, len}, 7);
        ck_assert_int_ge(p, 0);
        ck_assert_int_lt(p, 7);
    }
    ck_assert_int_eq(murmur2_partition(STR_NONE, 1), 0);
}
END_TEST

int main(void)
{
    return UNIT_RUN("murmur2", same_as_the_java_client, any_length_and_any_byte);
}
