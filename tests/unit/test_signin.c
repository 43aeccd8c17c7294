/*
 * An account's access token: one login at a time, only when needed, and an end of trying.
 */
#include "tests/unit/unit.h"

#include "common/megaplan/signin.h"

#define MAX_MS 30000

static struct signin l;
static char base[] = "https://acme.megaplan.ru", user[] = "user", password[] = "pass";

static struct settings settings_of(char *token, char *login, char *pass)
{
    return (struct settings){
        .megaplan = {.base_url = base, .token = token, .login = login, .password = pass}};
}

static void setup(void)
{
    signin_done(&l);
    const struct settings s = settings_of(NULL, user, password);
    signin_follow(&l, &s);
    ck_assert_ptr_null(signin_token(&l));
}

static void logged_in(enum signin_way way, const char *access, const char *refresh)
{
    ck_assert_int_eq(signin_begin(&l), way);
    ck_assert_ptr_null(signin_token(&l));
    signin_granted(&l, str_of(access), str_of(refresh));
    ck_assert_str_eq(signin_token(&l), access);
}

START_TEST(by_password_then_by_the_newest_refresh_token)
{
    setup();
    logged_in(SIGNIN_BY_PASSWORD, "tok-1", "ref-1");
    unsigned first = l.token;
    signin_proven(&l, first);
    ck_assert_int_eq(signin_expired(&l, first), SIGNIN_AGAIN);
    ck_assert_int_eq(signin_expired(&l, first), SIGNIN_STALE); /* another one in flight */
    logged_in(SIGNIN_BY_REFRESH, "tok-2", "ref-2");
    ck_assert_str_eq(l.refresh, "ref-2");
    ck_assert_int_eq(signin_expired(&l, first), SIGNIN_STALE); /* a late one */
    signin_proven(&l, first);
    ck_assert(!l.proven);
    ck_assert_str_eq(signin_token(&l), "tok-2");
    signin_done(&l);
}
END_TEST

START_TEST(a_refused_refresh_leads_to_the_password_and_that_to_the_end)
{
    setup();
    logged_in(SIGNIN_BY_PASSWORD, "tok-1", "ref-1");
    signin_proven(&l, l.token);
    ck_assert_int_eq(signin_expired(&l, l.token), SIGNIN_AGAIN);
    ck_assert_int_eq(signin_begin(&l), SIGNIN_BY_REFRESH);
    ck_assert_int_eq(signin_refused(&l), SIGNIN_AGAIN);
    ck_assert_int_eq(signin_begin(&l), SIGNIN_BY_PASSWORD);
    ck_assert_int_eq(signin_refused(&l), SIGNIN_NO);
    logged_in(SIGNIN_BY_PASSWORD, "tok-2", ""); /* a probe got through */
    ck_assert_ptr_null(l.refresh);
    signin_done(&l);
}
END_TEST

/* Megaplan gives tokens and takes none: it ends, and is no loop. */
START_TEST(tokens_that_never_work_end_it)
{
    setup();
    logged_in(SIGNIN_BY_PASSWORD, "tok-1", "ref-1");
    signin_proven(&l, l.token);
    ck_assert_int_eq(signin_expired(&l, l.token), SIGNIN_AGAIN);
    logged_in(SIGNIN_BY_REFRESH, "tok-2", "ref-2");
    ck_assert_int_eq(signin_expired(&l, l.token), SIGNIN_AGAIN);
    logged_in(SIGNIN_BY_PASSWORD, "tok-3", "ref-3");
    ck_assert_int_eq(signin_expired(&l, l.token), SIGNIN_NO);
    signin_done(&l);
}
END_TEST

START_TEST(what_passes_is_tried_again_at_growing_delays)
{
    setup();
    signin_begin(&l);
    ck_assert_int_eq(signin_failed(&l, 1000, MAX_MS, 0), SIGNIN_LATER);
    ck_assert_int_eq(l.again_at, 1400);
    signin_begin(&l);
    signin_unasked(&l);
    ck_assert_int_eq(l.state, SIGNIN_OUT);
    signin_begin(&l);
    signin_failed(&l, 2000, MAX_MS, 0);
    ck_assert_int_eq(l.again_at, 2800);
    logged_in(SIGNIN_BY_PASSWORD, "tok-1", "ref-1");
    ck_assert_int_eq(l.again_at, 0);
    signin_proven(&l, l.token);
    signin_expired(&l, l.token);
    signin_begin(&l);
    signin_failed(&l, 3000, MAX_MS, 0); /* the refresh token may still be good */
    ck_assert_int_eq(signin_begin(&l), SIGNIN_BY_REFRESH);
    signin_done(&l);
}
END_TEST

START_TEST(a_configured_token_never_logs_in)
{
    char token[] = "tok";
    signin_done(&l);
    const struct settings s = settings_of(token, user, password);
    signin_follow(&l, &s);
    ck_assert_str_eq(signin_token(&l), "tok");
    signin_proven(&l, l.token);
    ck_assert_int_eq(signin_expired(&l, l.token), SIGNIN_NO);
    ck_assert_str_eq(signin_token(&l), "tok"); /* probes go with it */
    signin_done(&l);
}
END_TEST

START_TEST(other_credentials_begin_anew)
{
    char token[] = "tok", other[] = "other";
    setup();
    logged_in(SIGNIN_BY_PASSWORD, "tok-1", "ref-1");
    unsigned old = l.token;
    struct settings s = settings_of(NULL, user, password);
    signin_follow(&l, &s); /* something else was changed */
    ck_assert_str_eq(signin_token(&l), "tok-1");
    s = settings_of(NULL, user, other);
    signin_follow(&l, &s);
    ck_assert_ptr_null(signin_token(&l));
    ck_assert_ptr_null(l.refresh);
    ck_assert_int_eq(signin_begin(&l), SIGNIN_BY_PASSWORD);
    s = settings_of(token, NULL, NULL);
    signin_follow(&l, &s);
    ck_assert_str_eq(signin_token(&l), "tok");
    ck_assert_int_eq(signin_expired(&l, old), SIGNIN_STALE);
    signin_done(&l);
}
END_TEST

int main(void)
{
    return UNIT_RUN("signin", by_password_then_by_the_newest_refresh_token,
                    a_refused_refresh_leads_to_the_password_and_that_to_the_end,
                    tokens_that_never_work_end_it, what_passes_is_tried_again_at_growing_delays,
                    a_configured_token_never_logs_in, other_credentials_begin_anew);
}
