/*
 * Example notifications of MANGO OFFICE's API manual 1.9 (sections 3.1.2, 3.1.6, 3.1.8 and its example
 * behaviours), values as printed there: spelling, types and all. Made from its text; not edited.
 */
#include "tests/unit/calls_kit.h"

static const struct kit_vendor outgoing[] = {
    {"call",
     "{\"call_id\": \"100:500:256\", \"entry_id\": \"232wc3e3w3s222\", \"timestamp\": \"1399906976\", \"seq\": \"1\", \"location\": \"abonent\", \"call_state\": \"Appeared\", \"from\": {\"extension\": \"1234\"}, \"to\": {\"number\": \"12345678\"}}"},
    {"call",
     "{\"call_id\": \"100:500:256\", \"entry_id\": \"232wc3e3w3s222\", \"timestamp\": \"1399906988\", \"seq\": \"2\", \"location\": \"abonent\", \"call_state\": \"Connected\", \"from\": {\"extension\": \"1234\", \"number\": \"74955404444\"}, \"to\": {\"number\": \"12345678\"}}"},
    {"call",
     "{\"call_id\": \"100:500:256\", \"entry_id\": \"232wc3e3w3s222\", \"timestamp\": \"1399907008\", \"seq\": \"3\", \"location\": \"abonent\", \"call_state\": \"Disconnected\", \"from\": {\"extension\": \"1234\", \"number\": \"74955404444\"}, \"to\": {\"number\": \"12345678\"}, \"disconnect_reason\": \"1120\"}"},
    {NULL, NULL},
};

static const struct kit_vendor callback[] =
    {
        {"result/callback",
         "{\"command_id\": \"cmd.2.vpbx.12345.external.system.com.net\", \"result\": \"1000\"}"},
        {"call",
         "{\"call_id\": \"100:500:251\", \"entry_id\": \"232wc3e3w3s222\", \"timestamp\": 1399906971, \"seq\": \"1\", \"location\": \"abonent\", \"call_state\": \"Appeared\", \"from\": {\"extension\": \"5555\", \"number\": \"74955404444\"}, \"to\": {\"extension\": \"1234\", \"number\": \"12345678\"}, \"command_id\": \"cmd.2.vpbx.12345.external.system.com.net\"}"},
        {"call",
         "{\"call_id\": \"100:500:251\", \"entry_id\": \"232wc3e3w3s222\", \"timestamp\": 1399906973, \"seq\": \"2\", \"location\": \"abonent\", \"call_state\": \"Connected\", \"from\": {\"extension\": \"5555\", \"number\": \"74955404444\"}, \"to\": {\"extension\": \"1234\", \"number\": \"12345678\"}, \"command_id\": \"cmd.2.vpbx.12345.external.system.com.net\"}"},
        {"call",
         "{\"call_id\": \"100:500:251\", \"entry_id\": \"232wc3e3w3s222\", \"timestamp\": 1399906975, \"seq\": \"3\", \"location\": \"abonent\", \"call_state\": \"Disconnected\", \"from\": {\"extension\": \"5555\", \"number\": \"74955404444\"}, \"to\": {\"extension\": \"1234\", \"number\": \"12345678\"}, \"disconnect_reason\": \"1000\", \"command_id\": \"cmd.2.vpbx.12345.external.system.com.net\"}"},
        {"call",
         "{\"call_id\": \"100:500:258\", \"entry_id\": \"232wc3e3w3s222\", \"timestamp\": 1399906976, \"seq\": \"1\", \"location\": \"abonent\", \"call_state\": \"Appeared\", \"from\": {\"extension\": \"1234\", \"number\": \"12345678\", \"taken_from_call_id\": \"100:500:251\"}, \"to\": {\"extension\": \"5555\", \"number\": \"74955404444\"}, \"command_id\": \"cmd.2.vpbx.12345.external.system.com.net\"}"},
        {"call",
         "{\"call_id\": \"100:500:258\", \"entry_id\": \"232wc3e3w3s222\", \"timestamp\": 1399906979, \"seq\": \"2\", \"location\": \"abonent\", \"call_state\": \"Disconnected\", \"from\": {\"extension\": \"1234\", \"number\": \"12345678\"}, \"to\": {\"extension\": \"5555\", \"number\": \"74955404444\"}, \"disconnect_reason\": \"1124\", \"command_id\": \"cmd.2.vpbx.12345.external.system.com.net\"}"},
        {NULL, NULL},
};

static const struct kit_vendor route[] = {
    {"call",
     "{\"call_id\": \"100:500:256\", \"entry_id\": \"232wc3e3w3s222\", \"timestamp\": \"1399906976\", \"seq\": \"1\", \"call_state\": \"Appeared\", \"location\": \"ivr\", \"from\": {\"number\": \"79000000000\"}, \"to\": {\"number\": \"7800123456789\", \"line_number\": \"7800123456789\"}}"},
    {"call",
     "{\"call_id\": \"100:500:256\", \"entry_id\": \"232wc3e3w3s222\", \"timestamp\": \"1399906976\", \"seq\": \"2\", \"call_state\": \"Disconnected\", \"location\": \"ivr\", \"from\": {\"number\": \"79000000000\"}, \"to\": {\"number\": \"7800123456789\", \"line_number\": \"7800123456789\"}, \"disconnect_reason\": \"1100\"}"},
    {"call",
     "{\"call_id\": \"100:500:257\", \"entry_id\": \"232wc3e3w3s222\", \"timestamp\": \"1399906977\", \"seq\": \"1\", \"command_id\": \"c111\", \"call_state\": \"Appeared\", \"location\": \"abonent\", \"from\": {\"number\": \"79000000000\", \"taken_from_call_id\": \"100:500:256\"}, \"to\": {\"extension\": \"123\", \"number\": \"sip:aaa@mangosip.ru\", \"line_number\": \"7800123456789\"}}"},
    {"result/route", "{\"command_id\": \"c111\", \"result\": \"1000\"}"},
    {"call",
     "{\"call_id\": \"100:500:257\", \"entry_id\": \"232wc3e3w3s222\", \"timestamp\": \"1399906988\", \"seq\": \"2\", \"command_id\": \"c111\", \"call_state\": \"Connected\", \"location\": \"abonent\", \"from\": {\"number\": \"79000000000\", \"taken_from_call_id\": \"100:500:256\"}, \"to\": {\"extension\": \"123\", \"number\": \"sip:aaa@mangosip.ru\", \"line_number\": \"7800123456789\"}}"},
    {"call",
     "{\"call_id\": \"100:500:257\", \"entry_id\": \"232wc3e3w3s222\", \"timestamp\": \"1399907008\", \"seq\": \"3\", \"command_id\": \"c111\", \"call_state\": \"Disconnected\", \"location\": \"abonent\", \"from\": {\"number\": \"79000000000\", \"taken_from_call_id\": \"100:500:256\"}, \"to\": {\"extension\": \"123\", \"number\": \"sip:aaa@mangosip.ru\", \"line_number\": \"7800123456789\"}, \"disconnect_reason\": \"1120\"}"},
    {NULL, NULL},
};

static const struct kit_vendor notification[] = {
    {"call",
     "{\"entry_id\": \"1MN0Q1MDOQ==\", \"call_id\": \"MIxEyNTzTo6NDxkzNMMOzNQ==\", \"timestamp\": 1558422128, \"seq\": 2, \"call_state\": \"Disconnected\", \"location\": \"abonent\", \"from\": {\"number\": \"79001234567\", \"taken_from_call_id\": \"oMNTMyzTzNTo6NxNkDIxOxM3EMNTj\"}, \"to\": {\"extension\": \"29\", \"number\": \"sip:user00000@tech.mangosip.ru\", \"line_number\": \"sip:line00000@tech.mangosip.ru\", \"acd_group\": \"303\"}, \"disconnect_reason\": 1131, \"dct\": {\"number\": \"74001234567\", \"type\": 1}}"},
    {"record/added",
     "{\"entry_id\": \"NTAwOTQxMTAyMg==\", \"product_id\": 300022532, \"user_id\": 300049012, \"timestamp\": 1578664187, \"recording_id\": \"MToxMDAwNjA4NTo1MDA5NDExMDIyOjE=\"}"},
    {NULL, NULL},
};

static const struct kit_vendor summaries[] = {
    {"summary",
     "{\"entry_id\": \"232wc3e3w3s222\", \"call_direction\": 1, \"from\": {\"number\": \"7800123635242\"}, \"to\": {\"extension\": \"123\", \"number\": \"7800123456789\"}, \"line_number\": \"7800123456789\", \"create_time\": 1399906976, \"forward_time\": 1399906978, \"talk_time\": 1399906980, \"end_time\": 1399906990, \"entry_result\": 1, \"disconnect_reason\": 1100}"},
    {"summary",
     "{\"entry_id\": \"232wc3e3w3s222\", \"call_direction\": 1, \"from\": {\"number\": \"79000000000\"}, \"to\": {}, \"line_number\": \"7800123456789\", \"create_time\": 1399906976, \"forward_time\": 1399906978, \"talk_time\": 0, \"end_time\": 1399906990, \"entry_result\": 1, \"disconnect_reason\": 1170}"},
    {"summary",
     "{\"entry_id\": \"232wc3e3w3s222\", \"call_direction\": 2, \"from\": {\"extension\": \"123\", \"number\": \"sip:user1@хyz.mangosip.ru\"}, \"to\": {\"number\": \"7800123456789\"}, \"line_number\": \"74953333357\", \"create_time\": 1399906976, \"forward_time\": 1399906976, \"talk_time\": 1399906980, \"entry_result\": 1, \"end_time\": 1399906990, \"disconnect_reason\": 1100}"},
    {"summary",
     "{\"entry_id\": \"232wc3e3w3s222\", \"call_direction\": 2, \"from\": {\"extension\": \"123\", \"number\": \"sip:user1@хyz.mangosip.ru\"}, \"to\": {\"number\": \"7800123456789\"}, \"line_number\": \"74953333357\", \"create_time\": 1399906976, \"forward_time\": 1399906976, \"talk_time\": 0, \"entry_result\": 0, \"end_time\": 1399906990, \"disconnect_reason\": 1100}"},
    {NULL, NULL},
};

const struct kit_vendor *kit_vendor(const char *name)
{
    static const struct {
        const char *name;
        const struct kit_vendor *list;
    } all[] = {{"outgoing", outgoing},
               {"callback", callback},
               {"route", route},
               {"notification", notification},
               {"summaries", summaries}};
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
        if (strcmp(all[i].name, name) == 0)
            return all[i].list;
    }
    return NULL;
}
