/*
 * Which URLs are URLs, and which of them may be called.
 */
#include "common/url.h"

#include <stdlib.h>

#include "common/limits.h"
#include "tests/unit/unit.h"

START_TEST(parses)
{
    static const struct {
        const char *text;
        bool https;
        const char *host;
        int port;
        const char *rest;
    } cases[] = {
        {"https://acme.megaplan.ru", true, "acme.megaplan.ru", 443, ""},
        {"http://h/", false, "h", 80, "/"},
        {"http://127.0.0.1:8080/a/b?c=%7B%7D", false, "127.0.0.1", 8080, "/a/b?c=%7B%7D"},
        {"https://[::1]:65535/x:1]", true, "[::1]", 65535, "/x:1]"},
        {"https://[2001:db8::1]", true, "[2001:db8::1]", 443, ""},
        {"https://a_b-c.D?q=a:b@c", true, "a_b-c.D", 443, "?q=a:b@c"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct url u;
        ck_assert_msg(url_parse(str_of(cases[i].text), &u), "%s", cases[i].text);
        ck_assert_int_eq(u.https, cases[i].https);
        ck_assert(str_is(u.host, cases[i].host));
        ck_assert_int_eq(u.port, cases[i].port);
        ck_assert(str_is(u.rest, cases[i].rest));
    }
}
END_TEST

START_TEST(refuses)
{
    static const char *const cases[] = {
        "",
        "acme.megaplan.ru",
        "ftp://acme.megaplan.ru",
        "HTTPS://acme.megaplan.ru",
        "https:/acme.megaplan.ru",
        "https://",
        "https:///x",
        "https://:443/",
        "https://user@acme.megaplan.ru/",
        "https://user:1@acme.megaplan.ru/",
        "https://a.megaplan.ru\\@b/",
        "https://a.megaplan.ru#b",
        "https://a b/",
        "https://a/ b",
        "https://a/\xd0\xb9",
        "https://a/\n",
        "https://%61/",
        "https://a:0/",
        "https://a:65536/",
        "https://a:/",
        "https://a:+1/",
        "https://a:1:2/",
        "https://::1/",
        "https://[::1/",
        "https://[]/",
        "https://[::1]x/",
        "https://[::g/]/",
        "https://.a/",
        "https://-a/",
    };
    struct url u;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_assert_msg(!url_parse(str_of(cases[i]), &u), "%s", cases[i]);
    char *longest = calloc(1, LIMIT_URL + 2);
    memset(longest, 'a', LIMIT_URL + 1);
    memcpy(longest, "http://h/", 9);
    ck_assert(!url_parse((struct str){longest, LIMIT_URL + 1}, &u));
    ck_assert(url_parse((struct str){longest, LIMIT_URL}, &u));
    memset(longest + 7, 'a', 254); /* a host too long for any name */
    longest[7 + 254] = 0;
    ck_assert(!url_parse(str_of(longest), &u));
    ck_assert(url_parse((struct str){longest, 7 + 253}, &u));
    free(longest);
}
END_TEST

START_TEST(allows)
{
    static const struct {
        const char *url, *allow;
        bool allowed, named;
    } cases[] = {
        {"https://acme.megaplan.ru/api", "", true, false},
        {"https://ACME.Megaplan.RU/api", "", true, false},
        {"https://acme.megaplan.ru:443", "", true, false},
        {"https://acme.megaplan.ru:8443", "", false, false},
        {"http://acme.megaplan.ru", "", false, false},
        {"https://megaplan.ru", "", false, false},
        {"https://evilmegaplan.ru", "", false, false},
        {"https://acme.megaplan.ru.evil.com", "", false, false},
        {"https://acme.megaplan.ru.", "", false, false},
        {"https://app.mango-office.ru/vpbx", "", true, false},
        {"https://x.app.mango-office.ru/vpbx", "", false, false},
        {"http://app.mango-office.ru/vpbx", "", false, false},
        {"http://127.0.0.1:8080/", "", false, false},
        {"http://127.0.0.1:8080/", "127.0.0.1", true, true},
        {"http://127.0.0.1:8080/", "127.0.0.1:8080", true, true},
        {"http://127.0.0.1:8080/", "127.0.0.1:8081", false, false},
        {"http://127.0.0.1:8080/", "127.0.0.11,127.0.0", false, false},
        {"http://crm.local/", "a:1, CRM.local:80 ,b", true, true},
        {"https://crm.local/", "a:1, CRM.local:80 ,b", false, false},
        {"http://b:99/", "a:1, CRM.local:80 ,b", true, true},
        {"http://[::1]:9/", "[::1]:9", true, true},
        {"http://[::1]:9/", "[::1]", true, true},
        {"http://[::1]:9/", "::1", false, false},
        {"http://127.0.0.1:8080/", "http://127.0.0.1:8080/x, b", true, true},
        {"http://h/", ",,:,h:x,h:99999, ", false, false},
        {"https://acme.megaplan.ru/api", "acme.megaplan.ru", true, true},
        {"nonsense", "nonsense", false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct str url = str_of(cases[i].url), allow = str_of(cases[i].allow);
        ck_assert_msg(url_allowed(url, allow) == cases[i].allowed, "%s", cases[i].url);
        ck_assert_msg(url_named(url, allow) == cases[i].named, "%s", cases[i].url);
    }
}
END_TEST

int main(void)
{
    return UNIT_RUN("url", parses, refuses, allows);
}
