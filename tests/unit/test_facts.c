/*
 * The view of a facts partition: what is known, what stops a job, what is remembered.
 */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "common/mem.h"
#include "worker/crm/facts.h"
#include "worker/crm/known.h"

#define MINE "11111111111111111111111111111111"
#define THEIRS "22222222222222222222222222222222"
#define NUMBER "79991231212"

static struct facts *f;
static int64_t now;

static void setup(void)
{
    f = facts_new(STR(MINE));
    now = 1000;
}

static enum facts_change put(enum fact_type type, const char *id, const char *value,
                             const char *mark)
{
    char *key CLEANUP(mem_free_text) = fact_key_make(type, STR("acme"), str_of(id));
    char *job CLEANUP(mem_free_text) = mem_format("jobs/3/%lld", (long long)now);
    struct error e = ERROR_NONE;
    enum facts_change change = FACTS_CONFLICT;
    const struct facts_record r = {.key = str_of(key),
                                   .value = str_of(value),
                                   .tombstone = !value,
                                   .mark = str_of(mark),
                                   .job = str_of(job),
                                   .at = now,
                                   .now = now};
    enum err bad = facts_apply(f, &r, &change, &e);
    ck_assert_msg(!bad, "%s", e.text);
    return change;
}

static char *value_of(enum fact_type type, const char *entry, enum job_kind kind,
                      const char *number, const char *object, bool made)
{
    const struct fact fact = {.kind = kind,
                              .entry_id = (char *)(uintptr_t)entry,
                              .number = (char *)(uintptr_t)number,
                              .object = (char *)(uintptr_t)object,
                              .made = made};
    return fact_encode(type, &fact);
}

static enum facts_change intent(const char *entry, enum job_kind kind, const char *number,
                                const char *mark)
{
    char *id CLEANUP(mem_free_text) = mem_format("%s:%s", entry, job_kind_name(kind));
    char *value CLEANUP(mem_free_text) = value_of(FACT_INTENT, entry, kind, number, NULL, false);
    return put(FACT_INTENT, id, value, mark);
}

static enum facts_change done(const char *entry, enum job_kind kind, const char *number,
                              const char *object, bool made)
{
    char *id CLEANUP(mem_free_text) = mem_format("%s:%s", entry, job_kind_name(kind));
    char *value CLEANUP(mem_free_text) = value_of(FACT_DONE, entry, kind, number, object, made);
    return put(FACT_DONE, id, value, MINE);
}

static enum facts_change mark(const char *whose)
{
    const struct facts_record r = {
        .key = STR(FACT_MARK_KEY), .value = STR("{}"), .mark = str_of(whose), .now = now};
    struct error e = ERROR_NONE;
    enum facts_change change = FACTS_NOTED;
    ck_assert(!facts_apply(f, &r, &change, &e));
    return change;
}

static const struct facts_entry *blocker(const char *entry, enum job_kind kind, const char *number)
{
    char *id CLEANUP(mem_free_text) = mem_format("%s:%s", entry, job_kind_name(kind));
    return facts_blocker(f, STR("acme"), str_of(id), kind, str_of(number), str_of(entry));
}

static const char *client_of(const char *account)
{
    struct known_client client = {0};
    return known_client(f, str_of(account), STR(NUMBER), &client) ? client.id : NULL;
}

START_TEST(marks)
{
    setup();
    ck_assert_int_eq(mark(THEIRS), FACTS_OLD_MARK);
    ck_assert_int_eq(mark(MINE), FACTS_OWN_MARK);
    ck_assert_int_eq(mark(MINE), FACTS_OWN_MARK);
    ck_assert_int_eq(mark(THEIRS), FACTS_STRANGER);
    ck_assert(str_is(facts_mark(f), MINE));
    facts_free(f);
    facts_free(NULL);
}
END_TEST

START_TEST(a_foreign_intent_of_the_number_blocks)
{
    setup();
    intent("A", JOB_CLIENT, NUMBER, THEIRS);
    const struct facts_entry *b = blocker("B", JOB_CLIENT, NUMBER);
    ck_assert_ptr_nonnull(b);
    ck_assert_str_eq(b->id, "A:client");
    ck_assert_str_eq(b->said->number, NUMBER);
    ck_assert_int_eq(b->read_at, 1000);
    ck_assert_int_eq(b->written_at, 1000);
    ck_assert_ptr_nonnull(blocker("A", JOB_CLIENT, NUMBER));     /* its own job, too */
    ck_assert_ptr_null(blocker("B", JOB_CLIENT, "79990000000")); /* another number */
    ck_assert_ptr_null(facts_blocker(f, STR("other"), STR("B:client"), JOB_CLIENT, STR(NUMBER),
                                     STR("B"))); /* another account */
    ck_assert_ptr_nonnull(blocker("B", JOB_TALKED, NUMBER));
    ck_assert_ptr_null(blocker("B", JOB_TASK, NUMBER));
    ck_assert_ptr_null(blocker("A", JOB_CALL, ""));
    facts_free(f);
}
END_TEST

START_TEST(popups_and_calls_block_by_call)
{
    setup();
    intent("A", JOB_POPUP, NUMBER, THEIRS);
    ck_assert_ptr_nonnull(blocker("A", JOB_CALL, NUMBER));
    ck_assert_ptr_null(blocker("B", JOB_CALL, NUMBER));
    ck_assert_ptr_null(blocker("A", JOB_CLIENT, NUMBER));
    facts_free(f);
}
END_TEST

START_TEST(a_call_blocks_its_recordings)
{
    setup();
    intent("A", JOB_POPUP, NUMBER, THEIRS);
    ck_assert_ptr_null(blocker("A", JOB_RECORD, NUMBER));
    intent("A", JOB_CALL, NUMBER, THEIRS);
    ck_assert_ptr_nonnull(blocker("A", JOB_RECORD, ""));
    ck_assert_ptr_null(blocker("B", JOB_RECORD, NUMBER));
    facts_free(f);
}
END_TEST

START_TEST(responsibles_block_each_other_and_the_rest_itself_only)
{
    setup();
    intent("A", JOB_RESPONSIBLE, NUMBER, THEIRS);
    ck_assert_ptr_nonnull(facts_blocker(f, STR("acme"), STR("A:responsible:9"), JOB_RESPONSIBLE,
                                        STR(NUMBER), STR("A")));
    ck_assert_ptr_null(blocker("B", JOB_RESPONSIBLE, NUMBER));
    for (int kind = 0; kind < JOB_KINDS; kind++)
        if (kind != JOB_RESPONSIBLE)
            ck_assert_msg(!blocker("A", (enum job_kind)kind, NUMBER), "kind %d", kind);
    facts_free(f);

    static const enum job_kind alone[] = {JOB_ROUTE,  JOB_VISITOR, JOB_FILL, JOB_TALKED,
                                          JOB_RECORD, JOB_LINK,    JOB_FIELD};
    for (size_t i = 0; i < sizeof alone / sizeof *alone; i++) {
        setup();
        intent("A", alone[i], NUMBER, THEIRS);
        for (int kind = 0; kind < JOB_KINDS; kind++)
            ck_assert_msg(!blocker("A", (enum job_kind)kind, NUMBER) ==
                              ((enum job_kind)kind != alone[i]),
                          "%d blocks %d", (int)alone[i], kind);
        facts_free(f);
    }
    setup();
    intent("A", JOB_TWIN, NUMBER, THEIRS); /* only looks */
    for (int kind = 0; kind < JOB_KINDS; kind++)
        ck_assert_msg(!blocker("A", (enum job_kind)kind, NUMBER), "kind %d", kind);
    facts_free(f);
}
END_TEST

static char visited[512];

static bool note_entry(void *arg, const struct facts_entry *e)
{
    int *more = arg;
    size_t n = strlen(visited);
    snprintf(visited + n, sizeof visited - n, "%s ", e->id);
    return --*more > 0;
}

static const char *of_client(const char *client, int most)
{
    visited[0] = '\0';
    facts_of_client(f, STR("acme"), str_of(client), note_entry, &most);
    return visited;
}

START_TEST(jobs_of_a_call_a_number_a_client)
{
    int most = 9;
    setup();
    done("A", JOB_CLIENT, NUMBER, "1", true);
    intent("A", JOB_TASK, NUMBER, MINE);
    put(FACT_DONE, "B:call:summary",
        "{\"call\":\"1\",\"client\":\"1\",\"entry\":\"B\",\"kind\":\"call\",\"v\":1}", MINE);
    put(FACT_GIVEN_UP, "A:talked", "{\"entry\":\"A\",\"kind\":\"talked\",\"v\":1}", MINE);
    ck_assert_str_eq(of_client("1", 9), "A:client B:call:summary ");
    ck_assert_str_eq(of_client("1", 1), "A:client ");
    ck_assert_str_eq(of_client("2", 9), "");
    visited[0] = '\0';
    facts_of_entry(f, STR("acme"), STR("A"), note_entry, &most);
    facts_of_entry(f, STR("other"), STR("A"), note_entry, &most);
    facts_of_number(f, STR("acme"), STR(NUMBER), note_entry, &most);
    ck_assert_str_eq(visited, "A:client A:task A:client A:task ");
    /* what a job says may move it from one shelf to another */
    put(FACT_INTENT, "C:link", "{\"client\":\"1\",\"entry\":\"C\",\"kind\":\"link\",\"v\":1}",
        MINE);
    ck_assert_str_eq(of_client("1", 9), "A:client B:call:summary C:link ");
    put(FACT_DONE, "C:link", "{\"client\":\"2\",\"entry\":\"C\",\"kind\":\"link\",\"v\":1}", MINE);
    ck_assert_str_eq(of_client("1", 9), "A:client B:call:summary ");
    ck_assert_str_eq(of_client("2", 9), "C:link ");
    put(FACT_DONE, "C:link", NULL, MINE);
    ck_assert_str_eq(of_client("2", 9), "");
    facts_free(f);
}
END_TEST

START_TEST(order_is_that_of_the_log)
{
    setup();
    intent("A", JOB_CLIENT, NUMBER, MINE);
    done("B", JOB_CLIENT, NUMBER, "1", true);
    done("A", JOB_CLIENT, NUMBER, "1", false);
    intent("C", JOB_CLIENT, NUMBER, MINE);
    const struct facts_entry *a = facts_find(f, STR("acme"), STR("A:client"));
    const struct facts_entry *b = facts_find(f, STR("acme"), STR("B:client"));
    const struct facts_entry *c = facts_find(f, STR("acme"), STR("C:client"));
    ck_assert_int_lt(a->first, b->first);
    ck_assert_int_lt(b->order, a->order);
    ck_assert_int_lt(b->first, c->first);
    ck_assert_int_eq(c->order, 0);
    facts_free(f);
}
END_TEST

START_TEST(our_own_intent_blocks_nobody)
{
    setup();
    intent("A", JOB_CLIENT, NUMBER, MINE);
    ck_assert_ptr_null(blocker("B", JOB_CLIENT, NUMBER));
    ck_assert_ptr_null(blocker("A", JOB_CLIENT, NUMBER));
    intent("A", JOB_CLIENT, NUMBER, THEIRS); /* a purged producer's, late */
    ck_assert_ptr_nonnull(blocker("B", JOB_CLIENT, NUMBER));
    facts_free(f);
}
END_TEST

START_TEST(results_and_settling_unblock)
{
    setup();
    intent("A", JOB_CLIENT, NUMBER, THEIRS);
    facts_settle(f, STR("acme"), STR("A:client"));
    facts_settle(f, STR("acme"), STR("nobody:client"));
    ck_assert_ptr_null(blocker("B", JOB_CLIENT, NUMBER));
    now = 2000;
    intent("A", JOB_CLIENT, NUMBER, THEIRS);
    ck_assert_int_eq(blocker("B", JOB_CLIENT, NUMBER)->read_at, 2000);
    done("A", JOB_CLIENT, NUMBER, "1000011", true);
    ck_assert_ptr_null(blocker("B", JOB_CLIENT, NUMBER));
    intent("C", JOB_CLIENT, NUMBER, THEIRS);
    char *value CLEANUP(mem_free_text) =
        value_of(FACT_GIVEN_UP, "C", JOB_CLIENT, NUMBER, NULL, false);
    put(FACT_GIVEN_UP, "C:client", value, THEIRS);
    ck_assert_ptr_null(blocker("B", JOB_CLIENT, NUMBER));
    const struct facts_entry *c = facts_find(f, STR("acme"), STR("C:client"));
    ck_assert(c->given_up && !c->done && c->intent);
    /* sent again from `dead`: what that run began is nobody's result yet */
    intent("C", JOB_CLIENT, NUMBER, THEIRS);
    ck_assert_ptr_nonnull(blocker("B", JOB_CLIENT, NUMBER));
    ck_assert_ptr_nonnull(blocker("C", JOB_CLIENT, NUMBER));
    facts_free(f);
}
END_TEST

START_TEST(remembers_the_newest_client)
{
    setup();
    ck_assert_ptr_null(client_of("acme"));
    done("A", JOB_CLIENT, NUMBER, "1000011", true);
    done("B", JOB_CLIENT, NUMBER, "1000012", false);
    done("T", JOB_TASK, NUMBER, "77", true);
    done("N", JOB_CLIENT, NUMBER, NULL, false);
    ck_assert_str_eq(client_of("acme"), "1000012");
    facts_forget(f, STR("acme"), STR(NUMBER));
    facts_forget(f, STR("acme"), STR("0"));
    ck_assert_ptr_null(client_of("acme"));
    done("C", JOB_CLIENT, NUMBER, "1000013", true);
    ck_assert_str_eq(client_of("acme"), "1000013");
    ck_assert_ptr_null(client_of("other"));
    facts_free(f);
}
END_TEST

START_TEST(a_done_fact_is_overwritten_by_its_equal_only)
{
    setup();
    ck_assert_int_eq(done("A", JOB_CLIENT, NUMBER, "1000011", true), FACTS_NOTED);
    ck_assert_int_eq(done("A", JOB_CLIENT, NUMBER, "1000011", true), FACTS_NOTED);
    ck_assert_int_eq(done("A", JOB_CLIENT, NUMBER, "1000011", false), FACTS_CONFLICT);
    ck_assert_int_eq(done("A", JOB_CLIENT, NUMBER, "1000012", true), FACTS_CONFLICT);
    ck_assert_str_eq(client_of("acme"), "1000011");
    facts_free(f);
}
END_TEST

START_TEST(states)
{
    setup();
    ck_assert_uint_eq(facts_state(f, STR("acme"), STR("user-created")).len, 0);
    put(FACT_STATE, "user-created", NULL, MINE);
    put(FACT_STATE, "user-created", "{\"v\":1}", MINE);
    put(FACT_STATE, "user-created", "{\"v\":2}", MINE);
    ck_assert(str_is(facts_state(f, STR("acme"), STR("user-created")), "{\"v\":2}"));
    put(FACT_STATE, "user-created", NULL, MINE);
    ck_assert_uint_eq(facts_state(f, STR("acme"), STR("user-created")).len, 0);
    facts_free(f);
}
END_TEST

START_TEST(bad_records_change_nothing)
{
    setup();
    static const char *const keys[] = {"", "acme", "acme/A:client/what", "acme/A:client/done"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const struct facts_record r = {.key = str_of(keys[i]), .value = STR("not JSON")};
        struct error e = ERROR_NONE;
        enum facts_change change = FACTS_NOTED;
        ck_assert_int_eq(facts_apply(f, &r, &change, &e), ERR_INPUT);
    }
    ck_assert_uint_eq(facts_count(f), 0);
    facts_free(f);
}
END_TEST

START_TEST(what_a_message_has_begun)
{
    setup();
    intent("A", JOB_CLIENT, "1", THEIRS);
    now = 1001;
    intent("B", JOB_CLIENT, "2", THEIRS);
    const struct facts_entry *e = facts_begun_at(f, STR("acme"), STR("jobs/3/1001"));
    ck_assert_ptr_nonnull(e);
    ck_assert_str_eq(e->id, "B:client");
    ck_assert_ptr_nonnull(facts_begun_at(f, STR("acme"), STR("jobs/3/1000")));
    ck_assert_ptr_null(facts_begun_at(f, STR("other"), STR("jobs/3/1001")));
    ck_assert_ptr_null(facts_begun_at(f, STR("acme"), STR("jobs/3/999")));
    done("B", JOB_CLIENT, "2", "6", true);
    ck_assert_ptr_null(facts_begun_at(f, STR("acme"), STR("jobs/3/1001")));
    facts_free(f);
}
END_TEST

START_TEST(tombstones)
{
    setup();
    intent("A", JOB_CLIENT, NUMBER, THEIRS);
    done("A", JOB_CLIENT, NUMBER, "1000011", true);
    put(FACT_DONE, "nobody:client", NULL, MINE);
    put(FACT_INTENT, "A:client", NULL, MINE);
    ck_assert(facts_find(f, STR("acme"), STR("A:client"))->done);
    ck_assert_ptr_nonnull(client_of("acme"));
    put(FACT_DONE, "A:client", NULL, MINE);
    ck_assert_ptr_null(facts_find(f, STR("acme"), STR("A:client")));
    ck_assert_ptr_null(client_of("acme"));
    /* the other order leaves an intent without result */
    intent("A", JOB_CLIENT, NUMBER, THEIRS);
    done("A", JOB_CLIENT, NUMBER, "1000011", true);
    put(FACT_DONE, "A:client", NULL, MINE);
    ck_assert(!facts_find(f, STR("acme"), STR("A:client"))->done);
    intent("A", JOB_CLIENT, NUMBER, THEIRS);
    ck_assert_ptr_nonnull(blocker("B", JOB_CLIENT, NUMBER));
    put(FACT_INTENT, "A:client", NULL, MINE);
    ck_assert_uint_eq(facts_count(f), 0);
    facts_free(f);
}
END_TEST

static bool below(void *arg, struct str job)
{
    (void)arg;
    return !str_is(job, "jobs/3/3000");
}

static void visit(void *arg, struct str account, struct str id, enum fact_type type)
{
    (void)arg;
    size_t n = strlen(visited);
    snprintf(visited + n, sizeof visited - n, "%.*s/%.*s/%d ", STR_ARG(account), STR_ARG(id),
             (int)type);
}

START_TEST(ageing)
{
    setup();
    intent("A", JOB_CLIENT, NUMBER, THEIRS);
    done("A", JOB_CLIENT, NUMBER, "1000011", true);
    intent("U", JOB_CLIENT, "79990000001", THEIRS); /* without result: stays */
    intent("P", JOB_POPUP, "79990000002", THEIRS);  /* it came too late */
    intent("R", JOB_ROUTE, "79990000002", THEIRS);  /* so did this */
    now = 2000;
    done("B", JOB_CLIENT, NUMBER, "1000011", false);
    now = 3000;
    done("C", JOB_CLIENT, NUMBER, "1000011", false); /* above the committed offset */
    now = 4000;
    done("D", JOB_CLIENT, NUMBER, "1000011", false); /* too young */
    struct facts_ageing a = {.before = 4000, .limit = 10, .below = below, .visit = visit};
    visited[0] = '\0';
    facts_age(f, &a);
    ck_assert_str_eq(visited, "acme/A:client/0 acme/A:client/1 acme/P:popup/0 "
                              "acme/R:route/0 acme/B:client/1 ");
    visited[0] = '\0';
    a.limit = 1;
    facts_age(f, &a);
    ck_assert_str_eq(visited, "acme/A:client/0 acme/A:client/1 ");
    facts_free(f);
}
END_TEST

static bool is_task(const struct facts *facts, struct str account, const struct facts_entry *e)
{
    ck_assert_ptr_eq(facts, f);
    return str_is(account, "acme") && e->said->kind == JOB_TASK;
}

START_TEST(ageing_keeps_what_it_is_told_to)
{
    setup();
    now = 500;
    done("O", JOB_TASK, NUMBER, "9", true); /* too old even so */
    now = 1000;
    done("A", JOB_TASK, NUMBER, "10", true);
    done("B", JOB_CLIENT, NUMBER, "11", true);
    struct facts_ageing a = {.before = 2000,
                             .before_kept = 600,
                             .limit = 10,
                             .below = below,
                             .keep = is_task,
                             .visit = visit};
    visited[0] = '\0';
    facts_age(f, &a);
    ck_assert_str_eq(visited, "acme/O:task/1 acme/B:client/1 ");
    facts_free(f);
}
END_TEST

START_TEST(ageing_by_the_newest_record)
{
    setup();
    intent("A", JOB_CLIENT, NUMBER, MINE);
    for (int i = 0; i < 999;
         i++) { /* clocks of writers differ: young ones may stand before old ones */
        char *entry CLEANUP(mem_free_text) = mem_format("Y%d", i);
        now = 5000;
        done(entry, JOB_CLIENT, NUMBER, "1", false);
    }
    now = 1000;
    done("B", JOB_CLIENT, NUMBER, "1", false);
    now = 6000;
    done("A", JOB_CLIENT, NUMBER, "1", true);
    struct facts_ageing a = {.before = 5000, .limit = 10, .below = below, .visit = visit};
    visited[0] = '\0';
    facts_age(f, &a);
    ck_assert_str_eq(visited, "acme/B:client/1 ");
    facts_free(f);
}
END_TEST

START_TEST(where_a_job_stood_is_the_first_thing_said_of_it)
{
    setup();
    const struct facts_record bare = {
        .key = STR("acme/A:client/intent"), .value = STR("{\"kind\":\"client\",\"v\":1}"), .at = 1};
    struct error e = ERROR_NONE;
    enum facts_change change = FACTS_NOTED;
    ck_assert(!facts_apply(f, &bare, &change, &e));
    now = 3000; /* not below: nor is the job that it belongs to now */
    done("A", JOB_CLIENT, NUMBER, "1", true);
    now = 4000;
    done("B", JOB_CLIENT, NUMBER, "1", false);
    done("A", JOB_CLIENT, NUMBER, "1", true);
    struct facts_ageing a = {.before = 9000, .limit = 10, .below = below, .visit = visit};
    visited[0] = '\0';
    facts_age(f, &a);
    ck_assert_str_eq(visited, "acme/B:client/1 ");
    facts_free(f);
}
END_TEST

START_TEST(many_of_one_number)
{
    setup();
    for (int i = 0; i < 100; i++) {
        char *entry CLEANUP(mem_free_text) = mem_format("E%d", i);
        intent(entry, JOB_CLIENT, NUMBER, THEIRS);
    }
    for (int i = 0; i < 100; i++) {
        char *entry CLEANUP(mem_free_text) = mem_format("E%d", i);
        ck_assert_ptr_nonnull(blocker("X", JOB_CLIENT, NUMBER));
        done(entry, JOB_CLIENT, NUMBER, "1000011", false);
    }
    ck_assert_ptr_null(blocker("X", JOB_CLIENT, NUMBER));
    ck_assert_uint_eq(facts_count(f), 100);
    facts_free(f);
}
END_TEST

int main(void)
{
    return UNIT_RUN(
        "facts", marks, a_foreign_intent_of_the_number_blocks,
        responsibles_block_each_other_and_the_rest_itself_only, jobs_of_a_call_a_number_a_client,
        order_is_that_of_the_log, ageing_keeps_what_it_is_told_to, ageing_by_the_newest_record,
        where_a_job_stood_is_the_first_thing_said_of_it, popups_and_calls_block_by_call,
        a_call_blocks_its_recordings, our_own_intent_blocks_nobody, results_and_settling_unblock,
        remembers_the_newest_client, a_done_fact_is_overwritten_by_its_equal_only, states,
        bad_records_change_nothing, what_a_message_has_begun, tombstones, ageing,
        many_of_one_number);
}
