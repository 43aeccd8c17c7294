/* Paths and queries: matched, decoded, refused. */
#include "ingest/admin/path.h"
#include "tests/unit/unit.h"

START_TEST(paths)
{
    static const struct {
        const char *pattern, *path;
        bool is;
        const char *a, *b;
    } cases[] = {
        {"/api/accounts", "/api/accounts", true, "", ""},
        {"/api/accounts", "/api/accounts/", false, "", ""},
        {"/api/accounts", "/api/account", false, "", ""},
        {"/api/accounts", "/api", false, "", ""},
        {"/api/accounts/{a}", "/api/accounts/acme", true, "acme", ""},
        {"/api/accounts/{a}", "/api/accounts/", false, "", ""},
        {"/api/accounts/{a}", "/api/accounts/a/b", false, "", ""},
        {"/api/accounts/{a}", "/api/accounts/%61%2f%D1%84+", true, "a/ф+", ""},
        {"/api/accounts/{a}", "/api/accounts/%6", false, "", ""},
        {"/api/accounts/{a}", "/api/accounts/%zz", false, "", ""},
        {"/api/accounts/{a}", "/api/accounts/%00", false, "", ""},
        {"/api/accounts/{a}", "/api/accounts/%ff", false, "", ""},
        {"/api/{a}/x/{b}", "/api/one/x/two", true, "one", "two"},
        {"/api/{a}/x/{b}", "/api/one/y/two", false, "", ""},
        {"/api/{}", "/api/{}", true, "", ""}, /* no name in it: a plain segment */
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char space[100], *end = space;
        struct path_params p;
        ck_assert_msg(path_match(cases[i].pattern, str_of(cases[i].path), &end, &p) == cases[i].is,
                      "%s %s", cases[i].pattern, cases[i].path);
        if (!cases[i].is)
            continue;
        ck_assert_text(path_param(&p, "a"), cases[i].a);
        ck_assert_text(path_param(&p, "b"), cases[i].b);
        ck_assert_ptr_null(path_param(&p, "c").ptr);
    }
}
END_TEST

START_TEST(queries)
{
    static const struct {
        const char *query;
        const char *a, *b; /* NULL: absent */
    } cases[] = {
        {"", NULL, NULL},     {"a=1&b=2", "1", "2"}, {"b=%32&&a=x+y%2By&", "x y+y", "2"},
        {"a", "", NULL},      {"a=", "", NULL},      {"a=b=c", "b=c", NULL},
        {"%61=1", "1", NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char space[100], *end = space;
        struct path_params p;
        struct error e = ERROR_NONE;
        struct str field;
        ck_assert_msg(path_query(str_of(cases[i].query), &end, &p, &field, &e) == ERR_OK, "%s",
                      cases[i].query);
        ck_assert_msg((path_param(&p, "a").ptr != NULL) == (cases[i].a != NULL), "%s",
                      cases[i].query);
        ck_assert_msg((path_param(&p, "b").ptr != NULL) == (cases[i].b != NULL), "%s",
                      cases[i].query);
        ck_assert_text(path_param(&p, "a"), cases[i].a);
        ck_assert_text(path_param(&p, "b"), cases[i].b);
    }
}
END_TEST

START_TEST(queries_refused)
{
    static const struct {
        const char *query, *field;
    } cases[] = {
        {"a=%", "a"},       {"a=%0", "a"},
        {"a=%00", "a"},     {"a=%c3", "a"},
        {"%ff=1", "query"}, {"a=1&a=1", "a"},
        {"a=1&%61=2", "a"}, {"a&b&c&d&e&f&g&h&i&j&k&l&m&n&o&p&q", "q"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char space[100], *end = space;
        struct path_params p;
        struct error e = ERROR_NONE;
        struct str field;
        ck_assert_msg(path_query(str_of(cases[i].query), &end, &p, &field, &e) == ERR_INPUT, "%s",
                      cases[i].query);
        ck_assert_text(field, cases[i].field);
    }
}
END_TEST

int main(void)
{
    return UNIT_RUN("path", paths, queries, queries_refused);
}
