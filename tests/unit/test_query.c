/*
 * Addresses of Megaplan's API.
 */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "common/megaplan/query.h"

static struct jval *with(const char *key, const char *text)
{
    struct jval *q = jval_new_object();
    jval_put_text(q, key, str_of(text));
    return q;
}

START_TEST(json_in_the_query_string)
{
    char *url = query_url(STR("https://acme.megaplan.ru"), "/callRoute", with("phone", "+7 9"));
    ck_assert_str_eq(url, "https://acme.megaplan.ru/api/v3/callRoute"
                          "?%7B%22phone%22%3A%22%2B7%209%22%7D");
    free(url);
    url = query_url(STR("http://host:81/tenant/a//"), "/contractorHuman", QUERY_NONE);
    ck_assert_str_eq(url, "http://host:81/tenant/a/api/v3/contractorHuman");
    free(url);
}
END_TEST

START_TEST(ids_stand_in_the_path)
{
    char *url = query_entity_url(STR("https://a"), "/contractor", STR("10/2"), with("a", "b"));
    ck_assert_str_eq(url, "https://a/api/v3/contractor/10%2F2?%7B%22a%22%3A%22b%22%7D");
    free(url);
    url = query_entity_url(STR("https://a"), "/contractor", STR("12"), QUERY_NONE);
    ck_assert_str_eq(url, "https://a/api/v3/contractor/12");
    free(url);
    url = query_part_url(STR("https://a"), "/task", STR("1/2"), "/doAction", with("a", "b"));
    ck_assert_str_eq(url, "https://a/api/v3/task/1%2F2/doAction?%7B%22a%22%3A%22b%22%7D");
    free(url);
    ck_assert_ptr_null(query_entity_url(STR("https://a"), "/task", STR_NONE, with("a", "b")));
    ck_assert_ptr_null(
        query_part_url(STR("https://a"), "/task", STR_NONE, "/doAction", QUERY_NONE));
}
END_TEST

START_TEST(what_cannot_be_built)
{
    ck_assert_ptr_null(query_url(STR("https://a"), "/b", with("a", "\xff")));
    ck_assert_ptr_null(query_url(STR("https://a"), "/b", NULL)); /* no memory for its object */
    char *longer = malloc(LIMIT_URL);
    memset(longer, 'x', LIMIT_URL - 1);
    longer[LIMIT_URL - 1] = '\0';
    ck_assert_ptr_null(query_url(STR("https://a"), "/b", with("a", longer)));
    free(longer);
}
END_TEST

int main(void)
{
    return UNIT_RUN("query", json_in_the_query_string, ids_stand_in_the_path, what_cannot_be_built);
}
