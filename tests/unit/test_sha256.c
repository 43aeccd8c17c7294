/* SHA-256 against FIPS 180-4's examples. */
#include "common/sha256.h"
#include "tests/unit/unit.h"

START_TEST(known_values)
{
    static const char abc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    static const char none[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    struct str pieces[] = {STR("a"), STR_NONE, STR("bc")};
    char out[SHA256_HEX];

    sha256_hex(pieces, 3, out);
    ck_assert_mem_eq(out, abc, SHA256_HEX);
    sha256_hex(&STR("abc"), 1, out);
    ck_assert_mem_eq(out, abc, SHA256_HEX);
    sha256_hex(NULL, 0, out);
    ck_assert_mem_eq(out, none, SHA256_HEX);
}
END_TEST

START_TEST(compares)
{
    ck_assert(sha256_same("abc", "abc", 3));
    ck_assert(sha256_same("abc", "abd", 2));
    ck_assert(!sha256_same("abc", "abd", 3));
    ck_assert(sha256_same("", "", 0));
}
END_TEST

int main(void)
{
    return UNIT_RUN("sha256", known_values, compares);
}
