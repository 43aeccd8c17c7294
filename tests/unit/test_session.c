/* Sessions: what a cookie says, how long it lives, which keys sign it, what ends it. */
#include "ingest/admin/session.h"
#include "tests/unit/unit.h"

#define T0 1795305600000 /* a day in 2026 */
#define MINUTE (60 * 1000)
#define HOUR (60 * MINUTE)

static const uint8_t id[SESSION_ID_BYTES] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

static struct secret_keys secret_of(uint8_t current, int old)
{
    struct secret_keys k = {.has_current = true, .has_old = old >= 0};
    memset(k.current.bytes, current, sizeof k.current.bytes);
    memset(k.old.bytes, old, sizeof k.old.bytes);
    return k;
}

static struct session_keys keys_of(uint8_t current, int old, const char *password)
{
    struct secret_keys secret = secret_of(current, old);
    struct session_keys k;
    session_keys_make(&secret, str_of(password), &k);
    return k;
}

static void cookie_of(const struct session_keys *k, int64_t issued, int64_t seen,
                      char out[SESSION_TEXT])
{
    struct session s;
    session_begin(&s, id, issued);
    s.seen_ms = seen;
    session_write(k, &s, out);
}

START_TEST(lives_as_long_as_it_is_used)
{
    static const struct {
        int64_t issued, seen, now; /* from T0 */
        bool alive;
    } cases[] = {
        {0, 0, 0, true},
        {0, 0, SESSION_IDLE_MS - 1, true},
        {0, 0, SESSION_IDLE_MS, false},
        {0, 29 * MINUTE, 58 * MINUTE, true},
        {0, 29 * MINUTE, 59 * MINUTE, false},
        {0, 11 * HOUR + 45 * MINUTE, 12 * HOUR - 1, true},
        {0, 11 * HOUR + 45 * MINUTE, 12 * HOUR, false}, /* however much it is used */
        {0, 0, -SESSION_AHEAD_MS, true},                /* another ingest's clock is ahead */
        {0, 0, -SESSION_AHEAD_MS - 1, false},
        {10, 0, 20, false}, /* seen before it was issued */
    };
    struct session_keys k = keys_of(7, -1, "correct-horse");
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[SESSION_TEXT];
        struct session s;
        cookie_of(&k, T0 + cases[i].issued, T0 + cases[i].seen, text);
        ck_assert_msg(session_read(&k, str_of(text), T0 + cases[i].now, &s) == cases[i].alive,
                      "case %zu", i);
    }
}
END_TEST

START_TEST(says_what_was_written)
{
    struct session_keys k = keys_of(7, -1, "correct-horse");
    struct session s;
    char text[SESSION_TEXT];
    cookie_of(&k, T0, T0 + 5, text);
    ck_assert_uint_eq(strlen(text), SESSION_TEXT - 1);
    ck_assert(session_read(&k, str_of(text), T0 + 6, &s));
    ck_assert_mem_eq(s.id, id, sizeof id);
    ck_assert_int_eq(s.issued_ms, T0);
    ck_assert_int_eq(s.seen_ms, T0 + 5);
    ck_assert_int_eq(session_ends_ms(&s), T0 + 5 + SESSION_IDLE_MS);
    ck_assert(!session_renew(&s, T0 + 5 + SESSION_RENEW_MS - 1));
    ck_assert(session_renew(&s, T0 + 5 + SESSION_RENEW_MS));
    ck_assert_int_eq(s.seen_ms, T0 + 5 + SESSION_RENEW_MS);
    ck_assert_int_eq(s.issued_ms, T0);
}
END_TEST

/* Every single bit counts. */
START_TEST(nobody_else_can_write_it)
{
    struct session_keys k = keys_of(7, -1, "correct-horse");
    struct session s;
    char text[SESSION_TEXT];
    cookie_of(&k, T0, T0, text);
    for (size_t i = 0; i < SESSION_TEXT - 1; i++) {
        char was = text[i];
        text[i] = was == '0' ? '1' : '0';
        ck_assert_msg(!session_read(&k, str_of(text), T0, &s), "digit %zu", i);
        text[i] = 'x';
        ck_assert(!session_read(&k, str_of(text), T0, &s));
        text[i] = was;
    }
    ck_assert(session_read(&k, str_of(text), T0, &s));
    ck_assert(!session_read(&k, (struct str){text, SESSION_TEXT - 3}, T0, &s));
    ck_assert(!session_read(&k, STR_NONE, T0, &s));
}
END_TEST

START_TEST(keys_and_password)
{
    struct session_keys one = keys_of(7, -1, "correct-horse");
    struct session_keys rotated = keys_of(8, 7, "correct-horse");
    struct session_keys gone = keys_of(8, -1, "correct-horse");
    struct session_keys changed = keys_of(7, -1, "battery-staple");
    struct session_keys both = keys_of(8, 7, "battery-staple");
    char text[SESSION_TEXT], token[SESSION_TOKEN_TEXT];
    struct session s;
    cookie_of(&one, T0, T0, text);
    ck_assert(session_read(&rotated, str_of(text), T0, &s));
    session_token(&one, &s, token);
    ck_assert_uint_eq(strlen(token), SESSION_TOKEN_TEXT - 1);
    ck_assert(session_token_is(&one, &s, str_of(token)));
    ck_assert(session_token_is(&rotated, &s, str_of(token)));
    ck_assert(!session_token_is(&gone, &s, str_of(token)));
    ck_assert(!session_token_is(&changed, &s, str_of(token)));
    ck_assert(!session_token_is(&one, &s, STR_NONE));
    ck_assert(!session_token_is(&one, &s, (struct str){token, 10}));
    s.id[0]++; /* another session's */
    ck_assert(!session_token_is(&one, &s, str_of(token)));
    ck_assert(!session_read(&gone, str_of(text), T0, &s));
    ck_assert(!session_read(&changed, str_of(text), T0, &s));
    ck_assert(!session_read(&both, str_of(text), T0, &s));
}
END_TEST

START_TEST(cookies_are_found)
{
    static const struct {
        const char *header;
        const char *found[3];
    } cases[] = {
        {"", {NULL}},
        {"a=b; c=d", {NULL}},
        {"mangoplan_session=x", {"x"}},
        {"a=b; mangoplan_session=x; c=d", {"x"}},
        {"a=b;mangoplan_session=x", {"x"}},
        {" \tmangoplan_session= x ;", {" x"}},
        {"mangoplan_session=", {""}},
        {"mangoplan_session=x; mangoplan_session=y", {"x", "y"}},
        {"xmangoplan_session=x; mangoplan_sessions=y; mangoplan_session", {NULL}},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct str rest = str_of(cases[i].header), text;
        for (size_t k = 0; cases[i].found[k]; k++) {
            ck_assert_msg(session_cookie(&rest, &text), "%s", cases[i].header);
            ck_assert_text(text, cases[i].found[k]);
        }
        ck_assert_msg(!session_cookie(&rest, &text), "%s", cases[i].header);
    }
}
END_TEST

START_TEST(cookies_are_set)
{
    struct buf b CLEANUP(buf_done) = BUF_INIT(500);
    session_set_cookie(&b, STR("x"), false);
    ck_assert_text(buf_str(&b), "mangoplan_session=x; Path=/; HttpOnly; SameSite=Strict");
    buf_reset(&b);
    session_set_cookie(&b, STR("x"), true);
    ck_assert_text(buf_str(&b), "mangoplan_session=x; Path=/; HttpOnly; SameSite=Strict; Secure");
    buf_reset(&b);
    session_set_cookie(&b, STR_NONE, false);
    ck_assert_text(buf_str(&b), "mangoplan_session=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
}
END_TEST

static struct session numbered(size_t n, int64_t issued)
{
    struct session s = {.issued_ms = issued, .seen_ms = issued};
    memcpy(s.id, &n, sizeof n);
    return s;
}

START_TEST(those_that_were_ended)
{
    struct session_ended *e = session_ended_new();
    struct session first = numbered(1, T0);
    ck_assert(!session_ended_has(e, &first));
    session_ended_add(e, &first, T0);
    session_ended_add(e, &first, T0); /* takes no second place */
    ck_assert(session_ended_has(e, &first));
    for (size_t n = 2; n <= SESSION_ENDED_MAX; n++) {
        struct session s = numbered(n, T0 + (int64_t)n);
        session_ended_add(e, &s, T0);
    }
    ck_assert(session_ended_has(e, &first));
    struct session more = numbered(1000, T0 + HOUR);
    session_ended_add(e, &more, T0 + HOUR);
    ck_assert(session_ended_has(e, &more));
    ck_assert_msg(!session_ended_has(e, &first), "the one that is over first gives way");
    /* what is over anyway makes room for all */
    struct session late = numbered(2000, T0 + 13 * HOUR), later = numbered(2001, T0 + 13 * HOUR);
    session_ended_add(e, &late, T0 + 13 * HOUR);
    session_ended_add(e, &later, T0 + 13 * HOUR);
    ck_assert(session_ended_has(e, &late));
    ck_assert(session_ended_has(e, &later));
    session_ended_free(e);
}
END_TEST

int main(void)
{
    return UNIT_RUN("session", lives_as_long_as_it_is_used, says_what_was_written,
                    nobody_else_can_write_it, keys_and_password, cookies_are_found, cookies_are_set,
                    those_that_were_ended);
}
