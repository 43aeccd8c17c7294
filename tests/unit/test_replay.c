/*
 * A replay without Kafka: what stands of jobs, which calls of a span come out of the fold with which jobs, and what is
 * done about each.
 */
#include "worker/tools/replay_plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/event.h"
#include "common/mem.h"
#include "common/text.h"
#include "tests/unit/stream_kit.h"
#include "tests/unit/unit.h"

#define NOW KIT_MS(40 * 86400)
#define WORDS 16

static const struct tz *no_tz(void *arg, const struct settings *s)
{
    return kit_no_tz(arg, s);
}

/* ---- messages ---- */

static struct kafka_message message(const char *key, const char *value,
                                    const struct kafka_header *headers, size_t n)
{
    return (struct kafka_message){.topic = KAFKA_EVENTS,
                                  .key = str_of(key),
                                  .value = str_of(value),
                                  .tombstone = !value,
                                  .headers = headers,
                                  .nheaders = n};
}

static void outcome(struct replay_stands *s, const char *key, const char *what, const char *value)
{
    const struct kafka_header headers[] = {{EVENT_KIND, str_of(what)}};
    const struct kafka_message m = message(key, value, headers, 1);
    replay_stands_outcome(s, &m);
}

static void fact(struct replay_stands *s, const char *key, const char *value)
{
    const struct kafka_message m = message(key, value, NULL, 0);
    replay_stands_fact(s, &m);
}

static void waiting(struct replay_stands *s, const char *key, const char *value)
{
    const struct kafka_message m = message(key, value, NULL, 0);
    replay_stands_waiting(s, &m);
}

#define CK_STANDS(s, id, state) \
    ck_assert_int_eq(replay_stands_of((s), STR("acme"), str_of(id)), (state))

/* ---- what stands ---- */

START_TEST(the_newest_outcome_counts)
{
    struct replay_stands *s = replay_stands_new();
    outcome(s, "acme/e1", "outcome", "{\"job\":\"e1:client\",\"result\":\"dead\"}");
    CK_STANDS(s, "e1:client", STANDS_DEAD);
    outcome(s, "acme/e1", "outcome", "{\"job\":\"e1:client\",\"result\":\"done\"}");
    CK_STANDS(s, "e1:client", STANDS_DONE);
    outcome(s, "acme/e1", "outcome", "{\"job\":\"e1:client\",\"result\":\"held\"}");
    CK_STANDS(s, "e1:client", STANDS_DONE);
    ck_assert_int_eq(replay_stands_of(s, STR("other"), STR("e1:client")), STANDS_NOT);
    outcome(s, "acme/e2", "decision", "{\"job\":\"e2:client\",\"result\":\"sent\"}");
    outcome(s, "acme/e2", "outcome", "{\"job\":\"e2:client\",\"result\":\"ignored\"}");
    outcome(s, "acme/e2", "outcome", "{\"job\":\"e2:call:summary\",\"result\":\"would\"}");
    outcome(s, "acme/e2", "outcome", "{\"result\":\"done\"}");
    outcome(s, "acme/e2", "outcome", "{");
    outcome(s, "nokey", "outcome", "{\"job\":\"e2:client\",\"result\":\"done\"}");
    CK_STANDS(s, "e2:client", STANDS_NOT);
    CK_STANDS(s, "e2:call:summary", STANDS_NOT);
    ck_assert_uint_eq(replay_stands_count(s), 1);
    replay_stands_free(s);
}
END_TEST

START_TEST(facts_and_what_waits)
{
    struct replay_stands *s = replay_stands_new();
    outcome(s, "acme/e1", "outcome", "{\"job\":\"e1:task\",\"result\":\"done\"}");
    fact(s, "acme/e1:task/given-up", "{}");
    CK_STANDS(s, "e1:task", STANDS_DONE);
    fact(s, "acme/e1:client/intent", "{}");
    CK_STANDS(s, "e1:client", STANDS_BEGUN);
    waiting(s, "acme/79991231212", "{\"id\":\"e1:client\"}");
    CK_STANDS(s, "e1:client", STANDS_BEGUN);
    fact(s, "acme/e1:client/given-up", "{}");
    CK_STANDS(s, "e1:client", STANDS_DEAD);
    fact(s, "acme/e1:client/done", "{}");
    CK_STANDS(s, "e1:client", STANDS_DONE);
    fact(s, "acme/e1:call:ended/done", NULL);
    fact(s, "acme/state/budget", "{}");
    fact(s, "_mark", "{}");
    fact(s, "nonsense", "{}");
    waiting(s, "acme/79991231212", "{\"id\":\"e1:record:r1\"}");
    waiting(s, "acme/79991231212", "{}");
    waiting(s, "acme/79991231212", "");
    waiting(s, "", "{\"id\":\"e1:record:r2\"}");
    CK_STANDS(s, "e1:record:r1", STANDS_WAITING);
    CK_STANDS(s, "e1:call:ended", STANDS_NOT);
    replay_stands_sent(s, STR("acme"), STR("e1:talked"));
    CK_STANDS(s, "e1:talked", STANDS_WAITING);
    for (enum stands state = STANDS_NOT; state <= STANDS_DEAD; state++)
        ck_assert(*replay_stands_reason(state));
    replay_stands_free(s);
    replay_stands_free(NULL);
}
END_TEST

START_TEST(many_are_told_apart)
{
    struct replay_stands *s = replay_stands_new();
    char id[32];
    for (int i = 0; i < 5000; i++) {
        (void)snprintf(id, sizeof id, "acme/e%d:client/%s", i, i % 2 ? "done" : "intent");
        fact(s, id, "{}");
    }
    ck_assert_uint_eq(replay_stands_count(s), 5000);
    for (int i = 0; i < 6000; i++) {
        (void)snprintf(id, sizeof id, "e%d:client", i);
        CK_STANDS(s, id, i >= 5000 ? STANDS_NOT : i % 2 ? STANDS_DONE : STANDS_BEGUN);
    }
    replay_stands_free(s);
}
END_TEST

START_TEST(visitors_are_who_they_were)
{
    struct replay_stands *s = replay_stands_new();
    ck_assert_ptr_null(replay_stands_visitor(s, STR("acme"), STR("e1")));
    outcome(
        s, "acme/e1", "outcome",
        "{\"job\":\"e1:visitor\",\"kind\":\"visitor\",\"result\":\"done\",\"details\":{\"visitor\":"
        "{\"uid\":\"u1\"}}}");
    outcome(
        s, "acme/e1", "outcome",
        "{\"job\":\"e1:visitor\",\"kind\":\"visitor\",\"result\":\"present\",\"details\":{\"visitor\":"
        "{\"uid\":\"u2\"}}}");
    outcome(
        s, "acme/e0", "outcome",
        "{\"job\":\"e0:visitor\",\"kind\":\"visitor\",\"result\":\"done\",\"details\":{\"visitor\":{}}}");
    outcome(
        s, "acme/e3", "outcome",
        "{\"job\":\"e3:visitor\",\"kind\":\"visitor\",\"result\":\"failed\",\"reason\":\"late\"}");
    ck_assert_str_eq(replay_stands_visitor(s, STR("acme"), STR("e1")), "{\"uid\":\"u1\"}");
    ck_assert_str_eq(replay_stands_visitor(s, STR("acme"), STR("e0")), "{}");
    ck_assert_ptr_null(replay_stands_visitor(s, STR("acme"), STR("e3")));
    ck_assert_ptr_null(replay_stands_visitor(s, STR("other"), STR("e1")));
    replay_stands_free(s);
}
END_TEST

/* A month of calls of a busy site: what one costs does not grow with those before it. */
START_TEST(many_visitors)
{
    struct replay_stands *s = replay_stands_new();
    char key[32], entry[32], value[160], wanted[32];
    clock_t began = clock();
    for (int i = 0; i < 30000; i++) {
        (void)snprintf(key, sizeof key, "acme/e%d", i);
        (void)snprintf(value, sizeof value,
                       "{\"job\":\"e%d:visitor\",\"kind\":\"visitor\",\"result\":\"done\","
                       "\"details\":{\"visitor\":{\"uid\":\"u%d\"}}}",
                       i, i);
        outcome(s, key, "outcome", value);
    }
    ck_assert_int_lt((clock() - began) / CLOCKS_PER_SEC, 6); /* it took 15 */
    for (int i = 0; i < 30000; i += 7) {
        (void)snprintf(entry, sizeof entry, "e%d", i);
        (void)snprintf(wanted, sizeof wanted, "{\"uid\":\"u%d\"}", i);
        ck_assert_str_eq(replay_stands_visitor(s, STR("acme"), str_of(entry)), wanted);
    }
    ck_assert_ptr_null(replay_stands_visitor(s, STR("acme"), STR("e30000")));
    replay_stands_free(s);
}
END_TEST

/* ---- the fold ---- */

struct world {
    struct settings *settings;
    struct replay_stands *stands;
    struct replay_fold *fold;
    struct replay_plan plan;
    char words[WORDS][160];
    size_t n, calls, left_alone;
    char value[2000]; /* of the job sent last */
};

static const struct settings *settings_of(void *arg, struct str account)
{
    const struct world *w = arg;
    return str_is(account, "acme") ? w->settings : NULL;
}

static void on_word(void *arg, struct replay_call *c, struct replay_job *j,
                    enum replay_action action, const char *why)
{
    static const char *const names[] = {"send", "present", "refused"};
    struct world *w = arg;
    ck_assert_uint_lt(w->n, WORDS);
    (void)snprintf(w->words[w->n++], sizeof w->words[0], "%s %s %s", names[action],
                   j->id ? j->id : c->entry_id, why);
    if (action == REPLAY_SEND)
        (void)snprintf(w->value, sizeof w->value, "%s %s", j->key, j->value);
}

static void on_call(void *arg, struct replay_call *c)
{
    struct world *w = arg;
    w->calls++;
    w->left_alone += !replay_plan_call(&w->plan, c);
}

static struct world *begin(int64_t from, int64_t to, int64_t now, const char *more)
{
    struct world *w = mem_alloc(1, sizeof *w);
    w->settings = kit_settings(more);
    w->stands = replay_stands_new();
    const struct replay_fold_options o = {
        .partitions = 2,
        .times = {.settle = 5, .ended_close = 600, .idle_close = 14400, .remember = 3600},
        .from_ms = from,
        .to_ms = to,
        .now = now,
        .settings = settings_of,
        .tz = no_tz,
        .call = on_call,
        .arg = w};
    w->fold = replay_fold_new(&o);
    w->plan = (struct replay_plan){w->stands, NULL, now, on_word, w};
    return w;
}

static void end(struct world *w)
{
    replay_fold_free(w->fold);
    replay_stands_free(w->stands);
    settings_free(w->settings);
    free(w);
}

/* A notification that came so many seconds after KIT_T0. */
static void feed(struct world *w, int64_t offset, const char *kind, const char *key,
                 const char *json, int64_t at, const char *origin)
{
    char received[TEXT_TIME_SIZE];
    text_time(KIT_MS(at), received);
    const struct kafka_header headers[] = {{EVENT_KIND, str_of(kind)},
                                           {EVENT_ORIGIN, str_of(origin)},
                                           {EVENT_RECEIVED_AT, str_of(received)}};
    struct kafka_message m = message(key, json, headers, 3);
    m.partition = 1;
    m.offset = offset;
    replay_fold_take(w->fold, &m);
}

static void ck_word(const struct world *w, const char *begin)
{
    for (size_t i = 0; i < w->n; i++)
        if (str_starts(str_of(w->words[i]), str_of(begin)))
            return;
    for (size_t i = 0; i < w->n; i++)
        fprintf(stderr, "said: %s\n", w->words[i]);
    ck_abort_msg("not said: %s", begin);
}

static void one_call(struct world *w)
{
    feed(w, 10, "call", "acme/e1", CONNECTED, 5, "live");
    feed(w, 11, "summary", "acme/e1", ENDED, 40, "live");
}

START_TEST(what_is_missing_is_sent)
{
    struct world *w = begin(KIT_MS(0), KIT_MS(60), NOW, NULL);
    one_call(w);
    ck_assert_uint_eq(w->calls, 0);
    replay_fold_end(w->fold);
    ck_assert_uint_eq(w->calls, 1);
    ck_assert_int_eq(replay_fold_events(w->fold), 2);
    ck_word(w, "send e1:client ");
    ck_word(w, "send e1:call:summary ");
    ck_word(w, "send e1:talked ");
    ck_assert_uint_eq(w->n, 3);
    ck_assert(str_starts(str_of(w->value), STR("acme/79991231212 {\"v\":1,\"id\":\"e1:")));
    end(w);
}
END_TEST

START_TEST(what_stands_is_present)
{
    struct world *w = begin(KIT_MS(0), KIT_MS(60), NOW, NULL);
    fact(w->stands, "acme/e1:client/given-up", "{}");
    fact(w->stands, "acme/e1:call:summary/done", "{}");
    fact(w->stands, "acme/e1:talked/intent", "{}");
    one_call(w);
    replay_fold_end(w->fold);
    ck_word(w, "refused e1:client a dead letter");
    ck_word(w, "present e1:call:summary done");
    ck_word(w, "present e1:talked under way");
    ck_assert_uint_eq(w->n, 3);
    end(w);
}
END_TEST

START_TEST(a_new_client_is_told_to_the_saved_call)
{
    struct world *w = begin(KIT_MS(0), KIT_MS(60), NOW, NULL);
    fact(w->stands, "acme/e1:call:summary/done", "{}");
    fact(w->stands, "acme/e1:talked/done", "{}");
    one_call(w);
    replay_fold_end(w->fold);
    ck_word(w, "send e1:client ");
    ck_word(w, "send e1:call:summary it is older than crm remembers");
    ck_word(w, "present e1:talked done");
    end(w);

    w = begin(KIT_MS(0), KIT_MS(60), KIT_MS(86400), NULL); /* crm remembers it */
    fact(w->stands, "acme/e1:call:summary/done", "{}");
    one_call(w);
    replay_fold_end(w->fold);
    ck_word(w, "present e1:call:summary done");
    end(w);
}
END_TEST

START_TEST(young_and_open_calls_are_left_alone)
{
    struct world *w = begin(KIT_MS(0), KIT_MS(60), KIT_MS(40 + 14 * 60), NULL);
    one_call(w);
    replay_fold_end(w->fold);
    ck_assert_uint_eq(w->left_alone, 1);
    ck_assert_uint_eq(w->n, 0);
    end(w);

    w = begin(KIT_MS(0), KIT_MS(60), KIT_MS(3 * 3600), NULL); /* four hours without a word end it */
    feed(w, 10, "call", "acme/e1", CONNECTED, 5, "live");
    replay_fold_end(w->fold);
    ck_assert_uint_eq(w->left_alone, 1);
    end(w);

    w = begin(KIT_MS(0), KIT_MS(60), KIT_MS(5 * 3600), NULL);
    feed(w, 10, "call", "acme/e1", CONNECTED, 5, "live");
    replay_fold_end(w->fold);
    ck_assert_uint_eq(w->left_alone, 0);
    ck_word(w, "send e1:call:idle ");
    end(w);
}
END_TEST

START_TEST(a_call_saved_without_its_summary_is_saved)
{
    struct world *w = begin(KIT_MS(0), KIT_MS(60), KIT_MS(86400), NULL);
    fact(w->stands, "acme/e1:call:ended/done", "{}");
    feed(w, 10, "call", "acme/e1", CONNECTED, 5, "live");
    replay_fold_end(w->fold);
    ck_word(w, "present e1:call:idle done");
    end(w);

    w = begin(KIT_MS(0), KIT_MS(60), KIT_MS(86400), NULL); /* a summary says more */
    fact(w->stands, "acme/e1:call:ended/done", "{}");
    one_call(w);
    replay_fold_end(w->fold);
    ck_word(w, "send e1:call:summary ");
    end(w);
}
END_TEST

START_TEST(a_call_is_of_the_span_in_which_it_begins)
{
    struct world *w = begin(KIT_MS(10), KIT_MS(60), NOW, NULL);
    one_call(w); /* began before */
    replay_fold_end(w->fold);
    ck_assert_uint_eq(w->calls, 0);
    end(w);

    w = begin(KIT_MS(0), KIT_MS(20), NOW, NULL); /* ends after it */
    feed(w, 10, "call", "acme/e1", CONNECTED, 5, "live");
    feed(w, 11, "summary", "acme/e1", ENDED, 40, "live");
    feed(w, 12, "dtmf", "acme/e2", "{\"entry_id\":\"e2\"}", 600, "live");
    ck_assert_uint_eq(w->calls, 0);
    /* Two hours on nothing more can belong to it. */
    feed(w, 13, "dtmf", "acme/e2", "{\"entry_id\":\"e2\"}", 7200, "live");
    ck_assert_uint_eq(w->calls, 1);
    ck_word(w, "send e1:client ");
    ck_assert(replay_fold_lead(&(struct book_times){.idle_close = 4, .remember = 1}) == 5000);
    end(w);
}
END_TEST

START_TEST(what_is_off_gone_or_unreadable_is_refused)
{
    struct world *w = begin(KIT_MS(0), KIT_MS(60), NOW, "switched off");
    one_call(w);
    replay_fold_end(w->fold);
    ck_word(w, "refused e1 the account is switched off");
    ck_assert_uint_eq(w->n, 1);
    end(w);

    w = begin(KIT_MS(0), KIT_MS(60), NOW, NULL);
    feed(w, 10, "call", "other/e1", CONNECTED, 5, "live");
    feed(w, 11, "call", "acme/e3", "{", 6, "live");
    feed(w, 12, "call", "acme/test~1", "{", 7, "test");
    feed(w, 13, "call", "nokey", "{", 7, "live");
    feed(w, 14, "call", "acme/", "{", 8, "live");
    replay_fold_end(w->fold);
    ck_word(w, "refused e1 ");
    ck_word(w, "refused e3 ");
    ck_word(w, "refused  JSON");
    ck_assert_uint_eq(w->n, 3);
    end(w);
    replay_fold_free(NULL);
}
END_TEST

/* They share a key, and nothing else. */
START_TEST(events_of_no_call_stand_for_themselves)
{
    struct world *w = begin(KIT_MS(0), KIT_MS(60), NOW, NULL);
    feed(w, 10, "call", "acme/-", "{", -10, "live");
    feed(w, 11, "call", "acme/-", "{", 5, "live");
    feed(w, 12, "call", "acme/-", "{", 50, "live");
    feed(w, 13, "call", "acme/-", "{", 100, "live");
    ck_assert_uint_eq(w->n, 2);
    replay_fold_end(w->fold);
    ck_word(w, "refused - ");
    ck_assert_uint_eq(w->n, 2);
    ck_assert_int_eq(replay_fold_events(w->fold), 2);
    end(w);
}
END_TEST

/* 79991231212 of acme, at that moment. */
static struct forgotten *one_forgotten(const struct secret_keys *keys, int64_t at)
{
    static const char hex[] = "6161616161616161616161616161616161616161616161616161616161616161";
    struct error e = ERROR_NONE;
    struct forgotten *f = forgotten_new(keys);
    char *sealed CLEANUP(mem_free_text) =
        secret_seal(keys, STR(FORGOTTEN_SEALED_AS), STR("0000000a"), STR(hex));
    char *key_value CLEANUP(mem_free_text) = forgotten_key_value(str_of(sealed));
    ck_assert(!forgotten_apply(f, STR(FORGOTTEN_KEYS "0000000a"), str_of(key_value), false, &e));
    char *key CLEANUP(mem_free_text) = forgotten_record_key(f, STR("acme"), STR("79991231212"));
    char *value CLEANUP(mem_free_text) = forgotten_record_value(at);
    ck_assert(!forgotten_apply(f, str_of(key), str_of(value), false, &e));
    return f;
}

START_TEST(who_was_forgotten_is_not_brought_back)
{
    struct secret_keys keys = {.has_current = true};
    struct error e = ERROR_NONE;
    struct world *w = begin(KIT_MS(0), KIT_MS(60), NOW, NULL);
    ck_assert(!secret_start(&e));
    ck_assert(
        !secret_key_parse(STR("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"),
                          &keys.current, &e));
    struct forgotten *f = one_forgotten(&keys, KIT_MS(86400));
    w->plan.forgotten = f;
    one_call(w);
    replay_fold_end(w->fold);
    ck_word(w, "refused e1 its number was forgotten");
    ck_assert_uint_eq(w->n, 1);
    end(w);

    w = begin(KIT_MS(0), KIT_MS(60), NOW, NULL); /* forgotten before it called: somebody new */
    struct forgotten *before = one_forgotten(&keys, KIT_MS(0));
    w->plan.forgotten = before;
    one_call(w);
    replay_fold_end(w->fold);
    ck_word(w, "send e1:client ");
    end(w);
    forgotten_free(before);
    forgotten_free(f);
}
END_TEST

START_TEST(what_is_not_told_is_dropped)
{
    struct world *w = begin(KIT_MS(0), KIT_MS(60), NOW, NULL);
    one_call(w);
    end(w);
}
END_TEST

START_TEST(the_visitor_goes_with_the_client)
{
    struct world *w = begin(KIT_MS(0), KIT_MS(60), NOW, NULL);
    outcome(
        w->stands, "acme/e1", "outcome",
        "{\"job\":\"e1:visitor\",\"kind\":\"visitor\",\"result\":\"done\",\"details\":{\"visitor\":"
        "{\"uid\":\"u1\"}}}");
    fact(w->stands, "acme/e1:call:summary/intent", "{}");
    fact(w->stands, "acme/e1:talked/done", "{}");
    one_call(w);
    replay_fold_end(w->fold);
    ck_assert_ptr_nonnull(strstr(w->value, "\"visitor\":{\"uid\":\"u1\"}"));
    end(w);
}
END_TEST

int main(void)
{
    return UNIT_RUN("replay", the_newest_outcome_counts, facts_and_what_waits, many_are_told_apart,
                    visitors_are_who_they_were, many_visitors, what_is_missing_is_sent,
                    what_stands_is_present, a_new_client_is_told_to_the_saved_call,
                    young_and_open_calls_are_left_alone, a_call_saved_without_its_summary_is_saved,
                    a_call_is_of_the_span_in_which_it_begins,
                    what_is_off_gone_or_unreadable_is_refused,
                    events_of_no_call_stand_for_themselves, who_was_forgotten_is_not_brought_back,
                    what_is_not_told_is_dropped, the_visitor_goes_with_the_client);
}
