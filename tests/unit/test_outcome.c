/* Outcomes as bytes. */
#include <stdlib.h>

#include "common/outcome.h"
#include "tests/unit/unit.h"

START_TEST(writes_what_is_there)
{
    struct jval *details = jval_new_object();
    char *text;

    jval_put_int(details, "n", 1);
    text = outcome_encode(&(struct outcome){.at = 1795360260123,
                                            .what = "request",
                                            .job = "E:client",
                                            .kind = "client",
                                            .rule = "G3",
                                            .result = "done",
                                            .reason = "because",
                                            .employee = "1000005",
                                            .details = details,
                                            .http = {"POST", "/api/v3/task", 200, 2, 31}});
    ck_assert_str_eq(text,
                     "{\"v\":1,\"at\":\"2026-11-22T15:11:00.123Z\",\"what\":\"request\","
                     "\"job\":\"E:client\",\"kind\":\"client\",\"rule\":\"G3\",\"result\":\"done\","
                     "\"reason\":\"because\",\"employee\":\"1000005\",\"details\":{\"n\":1},"
                     "\"http\":{\"method\":\"POST\",\"path\":\"/api/v3/task\",\"status\":200,"
                     "\"ms\":31,\"try\":2}}");
    free(text);
    jval_free(details);
    text = outcome_encode(&(struct outcome){.what = "decision", .result = "none"});
    ck_assert_str_eq(text, "{\"v\":1,\"at\":\"1970-01-01T00:00:00.000Z\",\"what\":\"decision\","
                           "\"result\":\"none\"}");
    free(text);
}
END_TEST

int main(void)
{
    return UNIT_RUN("outcome", writes_what_is_there);
}
