/*
 * Answers of Megaplan for the tests of its parsers.
 */
#include "tests/unit/megaplan_kit.h"

#include <check.h>
#include <stdlib.h>

#include "common/mem.h"
#include "tests/unit/fault.h"

struct answer megaplan_kit_answer(int status, const char *body, enum answer_about about)
{
    const struct answer_source source = {status, str_of(body), false, about};
    struct answer a;
    answer_read(&source, &a);
    return a;
}

struct answer megaplan_kit_data(const char *data)
{
    char *body =
        mem_format("{\"meta\":{\"status\":200,\"errors\":[],\"pagination\":[]},\"data\":%s}", data);
    struct answer a = megaplan_kit_answer(200, body, ANSWER_ABOUT_ACCOUNT);
    free(body);
    ck_assert_int_eq(a.kind, ANSWER_OK);
    return a;
}

struct builder {
    char *(*build)(void);
};

static bool fails(void *arg)
{
    char *text = ((struct builder *)arg)->build();
    free(text);
    return !text;
}

void megaplan_kit_walk(char *(*build)(void))
{
    struct builder b = {build};
    fault_walk(fails, &b);
}
