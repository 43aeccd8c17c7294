/* What MANGO's history tells of a piece of time, against facts and `events`. */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/forgotten_kit.h"
#include "worker/crm/reconcile_calls.h"

#define ACCOUNT "acme"
#define UNTIL 5000 /* so long it rested */
#define END 4800   /* of the piece */

static struct reconcile_span span_of(int64_t began_before, int64_t ended_before)
{
    return (struct reconcile_span){1700000000 + began_before, 1700000000 + ended_before};
}

static struct reconcile_said answer_of(int status, const char *body)
{
    return (struct reconcile_said){.status = status, .body = str_of(body)};
}

/* A leg from one second to another behind 1700000000. */
#define LINE(entry, start, finish)                                                         \
    "[];170000" start ";170000" finish ";170000" start ";;79991231212;101;sip:101@x;1110;" \
    "74951234567;abonent;170000" start ";" entry "\n"

static struct reconcile_calls *calls_of(const char *csv)
{
    struct reconcile_answer told;
    struct reconcile_calls *c = NULL;
    const struct reconcile_said a = answer_of(200, csv);
    reconcile_calls_read(&a, span_of(END, UNTIL), &told, &c);
    ck_assert_int_eq(told.told, RECONCILE_READY);
    ck_assert_ptr_nonnull(c);
    return c;
}

START_TEST(keys)
{
    static const struct {
        int status;
        const char *body;
        enum reconcile_told told;
        enum mango_answer_kind kind;
    } cases[] = {
        {200, "{\"key\":\"abc\"}", RECONCILE_READY, MANGO_DONE},
        {200, "{}", RECONCILE_FAILED, MANGO_TEMPORARY},
        {200, "", RECONCILE_FAILED, MANGO_TEMPORARY},
        {200, "{\"result\":3100}", RECONCILE_FAILED, MANGO_INVALID},
        {401, "", RECONCILE_FAILED, MANGO_BLOCKED},
        {429, "", RECONCILE_FAILED, MANGO_LIMITED},
        {502, "<html>", RECONCILE_FAILED, MANGO_TEMPORARY},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char key[HISTORY_QUERY_KEY + 1] = "";
        struct reconcile_answer told;
        const struct reconcile_said a = answer_of(cases[i].status, cases[i].body);
        reconcile_calls_read_key(&a, &told, key);
        ck_assert_msg(told.told == cases[i].told && told.kind == cases[i].kind, "%d %s",
                      cases[i].status, cases[i].body);
        ck_assert_str_eq(key, told.told == RECONCILE_READY ? "abc" : "");
        ck_assert_int_eq(told.why[0] != '\0', told.told == RECONCILE_FAILED);
    }
}
END_TEST

START_TEST(histories)
{
    static const struct {
        int status;
        const char *body;
        enum reconcile_told told;
    } cases[] = {
        {200, "", RECONCILE_READY},   {204, "", RECONCILE_NOT_YET},
        {404, "", RECONCILE_UNKNOWN}, {200, "{\"result\":3100}", RECONCILE_FAILED},
        {500, "", RECONCILE_FAILED},  {200, "none of it\nis a line\n", RECONCILE_FAILED},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct reconcile_answer told;
        struct reconcile_calls *c = NULL;
        const struct reconcile_said a = answer_of(cases[i].status, cases[i].body);
        reconcile_calls_read(&a, span_of(END, UNTIL), &told, &c);
        ck_assert_msg(told.told == cases[i].told, "%d %s: %d", cases[i].status, cases[i].body,
                      (int)told.told);
        ck_assert_int_eq(c != NULL, told.told == RECONCILE_READY);
        ck_assert_int_eq(told.kind == MANGO_DONE, told.told != RECONCILE_FAILED);
        reconcile_calls_free(c);
    }
}
END_TEST

START_TEST(a_history_over_the_ceiling)
{
    struct reconcile_answer told;
    struct reconcile_calls *c = NULL;
    const struct reconcile_said a = {.too_large = true, .body = STR("[]")};
    reconcile_calls_read(&a, span_of(END, UNTIL), &told, &c);
    ck_assert_int_eq(told.told, RECONCILE_TOO_LARGE);
    ck_assert_ptr_null(c);
}
END_TEST

static void knows(struct facts *f, const char *key, const char *value)
{
    struct error e = ERROR_NONE;
    enum facts_change change;
    const struct facts_record r = {.key = str_of(key), .value = str_of(value), .now = 1};
    ck_assert_msg(!facts_apply(f, &r, &change, &e), "%s", e.text);
}

static void hear(struct reconcile_known *known, const char *kind, const char *entry)
{
    char key[64];
    const struct kafka_header headers[] = {{"kind", str_of(kind)}, {"account", STR(ACCOUNT)}};
    (void)snprintf(key, sizeof key, ACCOUNT "/%s", entry);
    const struct kafka_message m = {.topic = KAFKA_EVENTS,
                                    .key = str_of(key),
                                    .value = STR("{}"),
                                    .headers = headers,
                                    .nheaders = 2};
    reconcile_known_take(known, &m);
}

static bool is_missing(const struct reconcile_calls *c, const char *entry)
{
    for (size_t i = 0; i < reconcile_calls_missing(c); i++)
        if (str_is(reconcile_calls_at(c, i)->entry_id, entry))
            return true;
    return false;
}

START_TEST(what_nobody_knows_is_missing)
{
    static const char csv[] = LINE("saved", "0000", "0060") LINE("begun", "0100", "0160")
        LINE("unsaved", "0200", "0260") LINE("dead", "0300", "0360") LINE("heard", "0400", "0460")
            LINE("half", "0500", "0560") LINE("popup", "0600", "0660") LINE("lost", "0700", "0760")
                LINE("seen", "0800", "0860") LINE("young", "4900", "5000") "what is this?\n";
    struct reconcile_calls *c = calls_of(csv);
    struct facts *f = facts_new(STR("0123456789abcdef0123456789abcdef"));
    knows(f, ACCOUNT "/saved:call:summary/done",
          "{\"entry\":\"saved\",\"kind\":\"call\",\"object\":\"7\",\"v\":1}");
    knows(f, ACCOUNT "/begun:call:summary/intent",
          "{\"entry\":\"begun\",\"kind\":\"call\",\"v\":1}");
    knows(f, ACCOUNT "/unsaved:call:ended/done",
          "{\"entry\":\"unsaved\",\"kind\":\"call\",\"v\":1}");
    knows(f, ACCOUNT "/dead:call:summary/given-up",
          "{\"entry\":\"dead\",\"kind\":\"call\",\"v\":1}");
    knows(f, ACCOUNT "/popup:popup:leg:calling/done",
          "{\"entry\":\"popup\",\"kind\":\"popup\",\"object\":\"8\",\"v\":1}");
    ck_assert_uint_eq(reconcile_calls_told(c), 9);
    ck_assert_uint_eq(reconcile_calls_unreadable(c), 1);
    struct reconcile_seen *seen = reconcile_seen_new();
    reconcile_seen_add(seen, STR("seen"), 1700000800);
    struct reconcile_known *suspects = reconcile_calls_compare(c, f, seen, NULL, STR(ACCOUNT));
    ck_assert_ptr_nonnull(suspects);
    ck_assert_uint_eq(reconcile_known_count(suspects), 4);
    ck_assert_int_eq(reconcile_known_since(suspects), 1700000400);
    ck_assert_uint_eq(reconcile_calls_missing(c), 0);
    hear(suspects, "call", "heard");
    hear(suspects, "summary", "heard");
    hear(suspects, "call", "half");
    ck_assert_uint_eq(reconcile_calls_looked(c, seen), 3);
    ck_assert(reconcile_seen_has(seen, STR("heard")));
    ck_assert(!reconcile_seen_has(seen, STR("half")));
    ck_assert(is_missing(c, "half"));
    ck_assert(is_missing(c, "popup"));
    ck_assert(is_missing(c, "lost"));
    reconcile_seen_free(seen);
    facts_free(f);
    reconcile_calls_free(c);
}
END_TEST

START_TEST(whoever_was_forgotten_stays_so)
{
    struct reconcile_calls *c =
        calls_of(LINE("before", "0100", "0160") LINE("after", "0700", "0760"));
    struct facts *f = facts_new(STR("0123456789abcdef0123456789abcdef"));
    struct reconcile_seen *seen = reconcile_seen_new();
    struct forgotten *forgotten = forgotten_kit(ACCOUNT, "79991231212", INT64_C(1700000300000));
    struct reconcile_known *suspects = reconcile_calls_compare(c, f, seen, forgotten, STR(ACCOUNT));
    ck_assert_uint_eq(reconcile_known_count(suspects), 1);
    ck_assert_int_eq(reconcile_known_since(suspects), 1700000700);
    forgotten_free(forgotten);
    reconcile_seen_free(seen);
    facts_free(f);
    reconcile_calls_free(c);
}
END_TEST

START_TEST(nothing_to_look_for)
{
    struct reconcile_calls *c = calls_of(LINE("young", "4900", "5000"));
    struct facts *f = facts_new(STR("0123456789abcdef0123456789abcdef"));
    ck_assert_uint_eq(reconcile_calls_told(c), 0);
    struct reconcile_seen *seen = reconcile_seen_new();
    ck_assert_ptr_null(reconcile_calls_compare(c, f, seen, NULL, STR(ACCOUNT)));
    reconcile_seen_free(seen);
    ck_assert_uint_eq(reconcile_calls_missing(c), 0);
    facts_free(f);
    reconcile_calls_free(c);
    reconcile_calls_free(NULL);
}
END_TEST

/* What the next piece compares may have legs that were not asked for; what goes on will have others. */
START_TEST(what_may_not_be_whole_yet_is_left_alone)
{
    struct reconcile_calls *c = calls_of(LINE("whole", "4700", "4900") LINE("next", "4800", "4860") LINE(
        "on", "0100",
        "0160") "[];1700000160;0;1700000160;;79991231212;102;sip:102@x;;74951234567;abonent;1700000160;on\n");
    struct facts *f = facts_new(STR("0123456789abcdef0123456789abcdef"));
    struct reconcile_seen *seen = reconcile_seen_new();
    ck_assert_uint_eq(reconcile_calls_told(c), 1);
    struct reconcile_known *suspects = reconcile_calls_compare(c, f, seen, NULL, STR(ACCOUNT));
    ck_assert_uint_eq(reconcile_known_count(suspects), 1);
    ck_assert_int_eq(reconcile_known_since(suspects), 1700004700);
    reconcile_seen_free(seen);
    facts_free(f);
    reconcile_calls_free(c);
}
END_TEST

START_TEST(what_was_seen_is_forgotten_when_it_is_old)
{
    struct reconcile_seen *seen = reconcile_seen_new();
    reconcile_seen_add(seen, STR("a"), 100);
    reconcile_seen_add(seen, STR("b"), 200);
    reconcile_seen_add(seen, STR("b"), 50);
    ck_assert_uint_eq(reconcile_seen_count(seen), 2);
    reconcile_seen_forget(seen, 200);
    ck_assert(!reconcile_seen_has(seen, STR("a")));
    ck_assert(reconcile_seen_has(seen, STR("b")));
    ck_assert(!reconcile_seen_has(seen, STR("")));
    ck_assert_uint_eq(reconcile_seen_count(seen), 1);
    reconcile_seen_free(seen);
    reconcile_seen_free(NULL);
}
END_TEST

int main(void)
{
    return UNIT_RUN("reconcile_calls", keys, histories, a_history_over_the_ceiling,
                    what_nobody_knows_is_missing, whoever_was_forgotten_stays_so,
                    nothing_to_look_for, what_may_not_be_whole_yet_is_left_alone,
                    what_was_seen_is_forgotten_when_it_is_old);
}
