/* Keys: split at the first slash. */
#include "common/event.h"
#include "tests/unit/unit.h"

START_TEST(splits_at_the_first_slash)
{
    static const struct {
        const char *key, *account, *rest; /* account NULL: refused */
    } cases[] = {
        {"acme/MzA4/Mjk=", "acme", "MzA4/Mjk="},
        {"acme/-", "acme", "-"},
        {"acme/", "acme", ""},
        {"acme", NULL, NULL},
        {"/x", NULL, NULL},
        {"", NULL, NULL},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error e = ERROR_NONE;
        struct event_key k;
        enum err err = event_key_split(str_of(cases[i].key), &k, &e);
        ck_assert_int_eq(err, cases[i].account ? ERR_OK : ERR_INPUT);
        if (err)
            continue;
        ck_assert_text(k.account, cases[i].account);
        ck_assert_text(k.rest, cases[i].rest);
    }
}
END_TEST

int main(void)
{
    return UNIT_RUN("event", splits_at_the_first_slash);
}
