/* The page's password: right, wrong, too soon; guessing from one address and from many. */
#include "ingest/admin/login.h"
#include "tests/unit/unit.h"

#define PASSWORD "correct-horse-battery"
/* argon2id of PASSWORD with the least memory and time, so that the test is quick */
#define HASH                     \
    "$argon2id$v=19$m=8,t=1,p=1" \
    "$kZuENTWHRNCNaozZwKKaFg$GF7VyYst0jqFysrjU5p4Uo1i18r0Kobx77U7+UkE4V8"
#define T0 1000000

static const uint8_t key[SECRET_KEY_BYTES] = {42};

static struct cidr_address address_of(const char *text)
{
    struct cidr_address a;
    ck_assert(cidr_address_parse(str_of(text), &a));
    return a;
}

static enum login_verdict try_from(struct login *l, const char *from, const char *password,
                                   int64_t now, int64_t *wait)
{
    struct cidr_address a = address_of(from);
    return login_try(l, &a, str_of(password), now, wait);
}

START_TEST(password_as_it_is)
{
    struct login *l = login_new(PASSWORD, "", key);
    int64_t wait;
    ck_assert_int_eq(try_from(l, "192.0.2.1", PASSWORD, T0, &wait), LOGIN_RIGHT);
    ck_assert_int_eq(try_from(l, "192.0.2.1", PASSWORD, T0, &wait), LOGIN_RIGHT);
    ck_assert_int_eq(try_from(l, "192.0.2.2", PASSWORD "x", T0, &wait), LOGIN_WRONG);
    ck_assert_int_eq(try_from(l, "192.0.2.3", "", T0, &wait), LOGIN_WRONG);
    ck_assert_int_eq(try_from(l, "192.0.2.4", "correct-horse-batter", T0, &wait), LOGIN_WRONG);
    login_free(l);
    login_free(NULL);
}
END_TEST

START_TEST(too_long_is_wrong)
{
    char longest[LOGIN_PASSWORD_MAX + 2];
    struct login *l = login_new(PASSWORD, "", key);
    int64_t wait;
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    ck_assert_int_eq(try_from(l, "192.0.2.1", longest, T0, &wait), LOGIN_WRONG);
    login_free(l);
}
END_TEST

START_TEST(hash)
{
    struct login *l = login_new("", HASH, key);
    int64_t wait;
    ck_assert_int_eq(try_from(l, "192.0.2.1", PASSWORD "x", T0, &wait), LOGIN_WRONG);
    ck_assert_int_eq(try_from(l, "192.0.2.2", PASSWORD, T0, &wait), LOGIN_RIGHT);
    ck_assert_int_eq(try_from(l, "192.0.2.2", PASSWORD, T0, &wait), LOGIN_RIGHT); /* remembered */
    ck_assert_int_eq(try_from(l, "192.0.2.3", PASSWORD "y", T0, &wait), LOGIN_WRONG);
    login_free(l);
}
END_TEST

/* The n-th wrong one in a row costs twice what the one before did. */
START_TEST(waits_grow)
{
    struct login *l = login_new(PASSWORD, "", key);
    int64_t now = T0, wait, expected = LOGIN_FIRST_WAIT_MS;
    for (int n = 0; n < 12; n++) {
        ck_assert_int_eq(try_from(l, "192.0.2.1", "wrong", now, &wait), LOGIN_WRONG);
        ck_assert_int_eq(try_from(l, "192.0.2.1", PASSWORD, now, &wait), LOGIN_TOO_SOON);
        ck_assert_int_eq(wait, expected);
        ck_assert_int_eq(try_from(l, "192.0.2.1", PASSWORD, now + wait - 1, &wait), LOGIN_TOO_SOON);
        ck_assert_int_eq(wait, 1);
        now += expected;
        expected = 2 * expected < LOGIN_LONGEST_WAIT_MS ? 2 * expected : LOGIN_LONGEST_WAIT_MS;
    }
    ck_assert_int_eq(expected, LOGIN_LONGEST_WAIT_MS);
    ck_assert_int_eq(try_from(l, "192.0.2.2", PASSWORD, now, &wait), LOGIN_RIGHT); /* another */
    ck_assert_int_eq(try_from(l, "192.0.2.1", PASSWORD, now, &wait), LOGIN_RIGHT);
    ck_assert_int_eq(try_from(l, "192.0.2.1", "wrong", now, &wait), LOGIN_WRONG);
    ck_assert_int_eq(try_from(l, "192.0.2.1", "wrong", now, &wait), LOGIN_TOO_SOON);
    ck_assert_int_eq(wait, LOGIN_FIRST_WAIT_MS); /* the right one began anew */
    login_free(l);
}
END_TEST

START_TEST(an_hour_later_all_is_forgotten)
{
    struct login *l = login_new(PASSWORD, "", key);
    int64_t now = T0, wait;
    for (int n = 0; n < 3; n++, now += LOGIN_FIRST_WAIT_MS << n)
        ck_assert_int_eq(try_from(l, "192.0.2.1", "wrong", now, &wait), LOGIN_WRONG);
    now += LOGIN_FORGET_MS;
    ck_assert_int_eq(try_from(l, "192.0.2.1", "wrong", now, &wait), LOGIN_WRONG);
    ck_assert_int_eq(try_from(l, "192.0.2.1", "wrong", now, &wait), LOGIN_TOO_SOON);
    ck_assert_int_eq(wait, LOGIN_FIRST_WAIT_MS);
    login_free(l);
}
END_TEST

/* Who owns a /64 has as many addresses as he likes. */
START_TEST(networks_of_ipv6)
{
    struct login *l = login_new(PASSWORD, "", key);
    int64_t wait;
    ck_assert_int_eq(try_from(l, "2001:db8::1", "wrong", T0, &wait), LOGIN_WRONG);
    ck_assert_int_eq(try_from(l, "2001:db8::ffff", PASSWORD, T0, &wait), LOGIN_TOO_SOON);
    ck_assert_int_eq(try_from(l, "2001:db8:0:1::1", PASSWORD, T0, &wait), LOGIN_RIGHT);
    login_free(l);
}
END_TEST

/* The n-th stranger's wrong password. */
static enum login_verdict strange(struct login *l, uint32_t n, int64_t now, int64_t *wait)
{
    struct cidr_address a = address_of("10.0.0.0");
    memcpy(a.bytes + 12, &n, sizeof n);
    a.bytes[12] = 10;
    return login_try(l, &a, STR("wrong"), now, wait);
}

START_TEST(guesses_from_everywhere)
{
    struct login *l = login_new(PASSWORD, "", key);
    int64_t wait, now = T0;
    uint32_t n = 0;
    ck_assert_int_eq(try_from(l, "192.0.2.1", PASSWORD, now, &wait), LOGIN_RIGHT);
    for (; n < LOGIN_ALL_FREE; n++)
        ck_assert_int_eq(strange(l, n * 7919, now, &wait), LOGIN_WRONG);
    ck_assert_int_eq(strange(l, n * 7919, now, &wait), LOGIN_TOO_SOON);
    ck_assert_int_eq(wait, LOGIN_FIRST_WAIT_MS);
    ck_assert_int_eq(try_from(l, "192.0.2.9", PASSWORD, now, &wait), LOGIN_TOO_SOON);
    int64_t none;
    ck_assert_int_eq(try_from(l, "192.0.2.1", PASSWORD, now, &none), LOGIN_RIGHT); /* known */
    for (; n < LOGIN_ALL_FREE + 50; n++) {
        now += wait;
        ck_assert_int_eq(strange(l, n * 7919, now, &wait), LOGIN_WRONG);
        ck_assert_int_eq(try_from(l, "192.0.2.9", PASSWORD, now, &wait), LOGIN_TOO_SOON);
        ck_assert_int_le(wait, LOGIN_ALL_LONGEST_MS);
    }
    ck_assert_int_gt(wait, LOGIN_FIRST_WAIT_MS * 8);
    now += (int64_t)LOGIN_ALL_FORGET_MS * 200; /* quiet: nobody waits for strangers any more */
    ck_assert_int_eq(strange(l, 1, now, &wait), LOGIN_WRONG);
    ck_assert_int_eq(try_from(l, "192.0.2.9", PASSWORD, now, &wait), LOGIN_RIGHT);
    login_free(l);
}
END_TEST

/* Ten thousand addresses: the table stays as it is, and who is waiting in it is not let off by who comes once. */
START_TEST(a_crowd)
{
    struct login *l = login_new(PASSWORD, "", key);
    int64_t wait, now = T0;
    for (uint32_t n = 0; n < 10000; n++) {
        enum login_verdict v = strange(l, n * 7919, now, &wait);
        ck_assert(v == LOGIN_WRONG || v == LOGIN_TOO_SOON);
        now += LOGIN_ALL_LONGEST_MS / 2;
    }
    login_free(l);
}
END_TEST

int main(void)
{
    return UNIT_RUN("admin login", password_as_it_is, too_long_is_wrong, hash, waits_grow,
                    an_hour_later_all_is_forgotten, networks_of_ipv6, guesses_from_everywhere,
                    a_crowd);
}
