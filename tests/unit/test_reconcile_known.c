/* What the topics have of a list of calls, and what is asked of them. */
#include "common/reconcile/known.h"

#include <stdio.h>

#include "common/event.h"
#include "common/mem.h"
#include "common/reconcile/known_scan.h"
#include "tests/unit/unit.h"

static struct reconcile_known *k;

static void begin(void)
{
    k = reconcile_known_new(STR("acme"));
    reconcile_known_add(k, STR("one"), 300);
    reconcile_known_add(k, STR("two"), 100);
    reconcile_known_add(k, STR("two"), 50); /* the first counts */
    reconcile_known_add(k, STR_NONE, 1);
}

static void event(const char *key, const char *kind)
{
    const struct kafka_header header = {EVENT_KIND, str_of(kind)};
    const struct kafka_message m = {
        .topic = KAFKA_EVENTS, .key = str_of(key), .headers = &header, .nheaders = 1};
    reconcile_known_take(k, &m);
}

static void outcome(const char *value)
{
    const struct kafka_message m = {
        .topic = KAFKA_OUTCOMES, .key = STR("acme/one"), .value = str_of(value)};
    reconcile_known_take(k, &m);
}

static struct reconcile_known_call look(const char *entry)
{
    struct reconcile_known_call c;
    ck_assert(reconcile_known_find(k, str_of(entry), &c));
    return c;
}

static void stands(enum reconcile_saving saving, const char *reason)
{
    struct reconcile_known_call c = look("one");
    ck_assert_int_eq(c.saving, saving);
    ck_assert_str_eq(c.reason ? c.reason : "-", reason);
}

START_TEST(the_list)
{
    struct reconcile_known_call c;
    begin();
    ck_assert_uint_eq(reconcile_known_count(k), 2);
    ck_assert_int_eq(reconcile_known_since(k), 100);
    ck_assert_text(reconcile_known_account(k), "acme");
    reconcile_known_at(k, 1, &c);
    ck_assert_text(c.entry_id, "two");
    ck_assert_int_eq(c.began, 100);
    ck_assert(!reconcile_known_find(k, STR("three"), &c));
    for (int i = 0; i < 100; i++) {
        char name[16];
        snprintf(name, sizeof name, "c%d", i);
        reconcile_known_add(k, str_of(name), 400);
    }
    ck_assert_uint_eq(reconcile_known_count(k), 102);
    reconcile_known_free(k);
    reconcile_known_free(NULL);
}
END_TEST

START_TEST(heard_and_ended)
{
    begin();
    event("acme/one", "call");
    event("other/two", "summary"); /* another account's */
    event("acme/three", "summary");
    event("two", "summary");
    ck_assert(look("one").heard && !look("one").ended);
    ck_assert(!look("two").heard && !look("two").ended);
    event("acme/one", "summary");
    event("acme/two", "recording");
    ck_assert(look("one").ended);
    ck_assert(look("two").heard && !look("two").ended);
    reconcile_known_free(k);
}
END_TEST

#define DECIDED(result, reason)                                             \
    "{\"v\":1,\"what\":\"decision\",\"kind\":\"call\",\"result\":\"" result \
    "\",\"reason\":\"" reason "\",\"details\":{\"closed_by\":\"summary\"}}"
#define ENDED(result, reason)                                              \
    "{\"v\":1,\"what\":\"outcome\",\"kind\":\"call\",\"result\":\"" result \
    "\",\"reason\":\"" reason "\"}"

START_TEST(saved)
{
    begin();
    outcome("{\"v\":1,\"what\":\"decision\",\"kind\":\"client\",\"result\":\"sent\"}");
    outcome("{\"v\":1,\"what\":\"outcome\",\"kind\":\"client\",\"result\":\"done\"}");
    outcome("no JSON");
    stands(RECONCILE_UNDECIDED, "-");
    outcome(DECIDED("sent", "saved: who handled it"));
    stands(RECONCILE_DECIDED, "saved: who handled it");
    outcome(ENDED("held", "Megaplan is out"));
    stands(RECONCILE_DECIDED, "saved: who handled it");
    outcome(ENDED("done", "saved"));
    outcome(ENDED("dropped", "another verdict"));
    outcome(ENDED("none", "no"));
    outcome(DECIDED("none", "closed again"));
    stands(RECONCILE_SAVED, "saved");
    reconcile_known_free(k);
}
END_TEST

START_TEST(not_saved)
{
    begin();
    outcome(DECIDED("none", "an internal call"));
    stands(RECONCILE_UNSAVED, "an internal call");
    outcome(ENDED("present", "")); /* of what ended so */
    stands(RECONCILE_UNSAVED, "an internal call");
    outcome(ENDED("done", "saved by a later job"));
    stands(RECONCILE_SAVED, "saved by a later job");
    reconcile_known_free(k);
    begin();
    outcome(DECIDED("sent", "saved: him"));
    outcome(ENDED("dead", "HTTP 422"));
    stands(RECONCILE_UNSAVED, "HTTP 422");
    reconcile_known_free(k);
    begin();
    outcome(ENDED("present", "it stands"));
    stands(RECONCILE_SAVED, "it stands");
    reconcile_known_free(k);
}
END_TEST

/* ---- the scan ---- */

static struct scan_options asked;
static size_t places[KAFKA_TOPICS]; /* by topic */
static const char *told = "";

struct scan *scan_begin(struct scanner *r, const struct scan_options *o)
{
    asked = *o;
    for (size_t i = 0; i < o->n; i++)
        places[o->places[i].topic]++;
    return (struct scan *)r;
}

void scan_cancel(struct scan *s)
{
    ck_assert_ptr_nonnull(s);
}

static void on_read(void *arg, const char *why)
{
    ck_assert_ptr_eq(arg, &told);
    told = why;
}

static void end_scan(const char *why)
{
    const struct scan_result result = {.why = why};
    asked.done(asked.arg, &result);
}

/* As large as the topics are: a scan that stops short says nothing, however often it is made. */
START_TEST(all_of_it_is_read)
{
    struct kafka_layout layout = {.devbroker = false};
    char scanner;
    layout.partitions[KAFKA_EVENTS] = 64;
    layout.partitions[KAFKA_OUTCOMES] = 64;
    begin();
    ck_assert_ptr_nonnull(
        reconcile_known_scan_begin((void *)&scanner, &layout, k, true, on_read, &told));
    ck_assert_uint_eq(places[KAFKA_EVENTS], 2);
    ck_assert_uint_eq(places[KAFKA_OUTCOMES], 2);
    ck_assert_int_eq(asked.max_messages, INT64_MAX);
    ck_assert_int_eq(asked.max_bytes, INT64_MAX);
    end_scan(NULL);
    ck_assert_ptr_null(told);
    ck_assert_ptr_nonnull(
        reconcile_known_scan_begin((void *)&scanner, &layout, k, false, on_read, &told));
    ck_assert_uint_eq(places[KAFKA_OUTCOMES], 2);
    end_scan("Kafka did not answer");
    ck_assert_str_eq(told, "Kafka did not answer");
    ck_assert_ptr_null(
        reconcile_known_scan_begin(NULL, &layout, k, true, on_read, &told)); /* others wait */
    reconcile_known_free(k);
}
END_TEST

int main(void)
{
    return UNIT_RUN("reconcile_known", the_list, heard_and_ended, saved, not_saved,
                    all_of_it_is_read);
}
