/*
 * What alerts say: each cause has its words, the body, and a signature that others compute, too.
 */
#include "tests/unit/unit.h"

#include "common/alert.h"

#include <stdlib.h>
#include <string.h>

START_TEST(each_cause_has_a_code_a_text_and_a_remedy)
{
    for (enum alert_cause c = ALERT_MEGAPLAN_CREDENTIALS; c < ALERT_CAUSES; c++) {
        enum alert_cause back = ALERT_CAUSES;
        ck_assert(alert_parse(str_of(alert_code(c)), &back) && back == c);
        ck_assert(strlen(alert_text(c)) > 10);
        ck_assert(alert_remedy(c) && strlen(alert_remedy(c)) > 10);
    }
    enum alert_cause none;
    ck_assert(!alert_parse(STR("else"), &none));
    ck_assert(alert_happens(ALERT_DEAD_LETTERS) && !alert_happens(ALERT_JOBS_HELD));
}
END_TEST

START_TEST(the_body_says_what_it_is)
{
    const struct alert_message m = {STR("acme"), ALERT_DEAD_LETTERS, true, 1399907988000};
    char *body = alert_body(&m);
    ck_assert_str_eq(
        body,
        "{\"v\":1,\"id\":\"acme/dead_letters/1399907988000/open\",\"account\":\"acme\","
        "\"cause\":\"dead_letters\",\"state\":\"open\",\"since\":\"2014-05-12T15:19:48.000Z\","
        "\"text\":\"Jobs were given up: they are dead letters.\","
        "\"remedy\":\"worker dead list tells why; when that is mended, worker dead send sends "
        "them again.\"}");
    free(body);
    const struct alert_message over = {STR("acme"), ALERT_UNMAPPED, false, 1};
    body = alert_body(&over);
    ck_assert_ptr_nonnull(strstr(body, "\"state\":\"closed\""));
    free(body);
}
END_TEST

/* By openssl dgst -sha256 -hmac. */
START_TEST(the_signature_is_hmac_sha256)
{
    char timestamp[ALERT_HEADER], signature[ALERT_SIGNATURE];
    alert_sign("Jefe", 1399907988, STR("{}"), timestamp, signature);
    ck_assert_str_eq(timestamp, "X-Mangoplan-Timestamp: 1399907988");
    ck_assert_str_eq(
        signature,
        "X-Mangoplan-Signature: sha256=6756b1ea636881718fbca8302d1a4a631c808de8f4bc4b8f879cf03bcb08e694");
}
END_TEST

START_TEST(each_account_has_its_own_key)
{
    const struct secret_key one = {.bytes = {1}}, two = {.bytes = {2}};
    char a[ALERT_KEY_HEX + 1], b[ALERT_KEY_HEX + 1], c[ALERT_KEY_HEX + 1];
    alert_key(&one, STR("acme"), a);
    alert_key(&one, STR("other"), b);
    alert_key(&two, STR("acme"), c);
    ck_assert_uint_eq(strlen(a), ALERT_KEY_HEX);
    ck_assert(strcmp(a, b) != 0 && strcmp(a, c) != 0);
}
END_TEST

int main(void)
{
    return UNIT_RUN("alert", each_cause_has_a_code_a_text_and_a_remedy, the_body_says_what_it_is,
                    the_signature_is_hmac_sha256, each_account_has_its_own_key);
}
