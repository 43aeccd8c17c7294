/* Request headers as the page's server reads them: tables of cases. */
#include "ingest/admin/headers.h"
#include "tests/unit/unit.h"

START_TEST(origins)
{
    static const struct {
        const char *origin, *host;
        bool secure, same;
    } cases[] = {
        {"http://a.example", "a.example", false, true},
        {"https://a.example", "a.example", true, true},
        {"https://a.example", "a.example", false, true}, /* a proxy that does not say so */
        {"http://a.example", "a.example", true, false},
        {"HTTPS://A.example", "a.EXAMPLE", true, true},
        {"http://a.example:8080", "a.example:8080", false, true},
        {"http://a.example:8080", "a.example", false, false},
        {"http://a.example:80", "a.example", false, true},
        {"http://a.example", "a.example:80", false, true},
        {"https://a.example:443", "a.example", true, true},
        {"https://a.example:80", "a.example", true, false},
        {"http://b.example", "a.example", false, false},
        {"http://a.example.b.example", "a.example", false, false},
        {"http://xa.example", "a.example", false, false},
        {"http://a.example@b.example", "a.example", false, false},
        {"null", "a.example", false, false},
        {"", "a.example", false, false},
        {"ftp://a.example", "a.example", false, false},
        {"http://", "", false, false},
        {"http://a.example", "", false, false},
        {"http://[::1]:8081", "[::1]:8081", false, true},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        ck_assert_msg(headers_same_origin(str_of(cases[i].origin), str_of(cases[i].host),
                                          cases[i].secure) == cases[i].same,
                      "%zu: %s, %s", i, cases[i].origin, cases[i].host);
}
END_TEST

START_TEST(sites)
{
    ck_assert(headers_own_site(STR_NONE));
    ck_assert(headers_own_site(STR("same-origin")));
    ck_assert(headers_own_site(STR("none")));
    ck_assert(!headers_own_site(STR("same-site")));
    ck_assert(!headers_own_site(STR("cross-site")));
    ck_assert(!headers_own_site(STR("anything")));
}
END_TEST

START_TEST(types)
{
    ck_assert(headers_is_json(STR("application/json")));
    ck_assert(headers_is_json(STR("Application/JSON ; charset=utf-8")));
    ck_assert(!headers_is_json(STR_NONE));
    ck_assert(!headers_is_json(STR("text/plain")));
    ck_assert(!headers_is_json(STR("application/jsonp")));
    ck_assert(!headers_is_json(STR("application/x-www-form-urlencoded")));
}
END_TEST

START_TEST(lists)
{
    static const struct {
        const char *list, *entry;
        bool has;
    } cases[] = {
        {"gzip", "gzip", true},
        {"deflate, GZIP;q=0.5", "gzip", true},
        {"gzip;q=0", "gzip", false},
        {"gzip; q=0.000", "gzip", false},
        {"gzip;q=0.001", "gzip", true},
        {"gzip;q=1", "gzip", true},
        {"", "gzip", false},
        {"gzipped, br", "gzip", false},
        {",,gzip,", "gzip", true},
        {"\"a\", \"b\"", "\"b\"", true},
        {"W/\"a\"", "\"a\"", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        ck_assert_msg(headers_lists(str_of(cases[i].list), cases[i].entry) == cases[i].has, "%s",
                      cases[i].list);
    ck_assert_text(headers_last(STR("a, b ,c ")), "c");
    ck_assert_text(headers_last(STR("https")), "https");
    ck_assert_text(headers_last(STR_NONE), "");
}
END_TEST

START_TEST(basic)
{
    static const struct {
        const char *header, *user, *password; /* user NULL: none */
    } cases[] = {
        {"Basic YTpi", "a", "b"},
        {"basic  YTpi ", "a", "b"},
        {"Basic YTpiOmM=", "a", "b:c"},
        {"Basic Og==", "", ""},
        {"Basic YTo=", "a", ""},
        {"Basic YWI=", NULL, NULL}, /* no colon */
        {"Basic YTpi!", NULL, NULL},
        {"Basic YTpiOmM", NULL, NULL}, /* without its padding */
        {"Basic", NULL, NULL},
        {"Basic ", NULL, NULL},
        {"Bearer YTpi", NULL, NULL},
        {"", NULL, NULL},
        {"Basic MDEyMzQ1Njc4OTAxMjM0NTY3ODk6YWFhYWFhYWFhYWFhYWFhYWE=", NULL, NULL}, /* too long */
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char room[32];
        struct str user, password;
        bool got = headers_basic(str_of(cases[i].header), room, sizeof room, &user, &password);
        ck_assert_msg(got == (cases[i].user != NULL), "%s", cases[i].header);
        if (!got)
            continue;
        ck_assert_text(user, cases[i].user);
        ck_assert_text(password, cases[i].password);
    }
}
END_TEST

int main(void)
{
    return UNIT_RUN("headers", origins, sites, types, lists, basic);
}
