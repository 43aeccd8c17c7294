/* Traces of a number: which messages are its own, which facts may go, what is not over. */
#include "worker/tools/forget_traces.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/mem.h"
#include "tests/unit/unit.h"

#define NOW INT64_C(1795000000000)
#define HOUR INT64_C(3600000)

struct world {
    struct forget_traces *t;
    struct forget_reach reach;
    struct kafka_message messages[32];
    struct kafka_header headers[32][4];
    size_t n;
    int64_t events_below, jobs_below;
    char told[1024]; /* by the visitors */
};

static int64_t below(void *arg, enum kafka_topic topic, int32_t partition)
{
    const struct world *w = arg;
    ck_assert_int_eq(partition, 1);
    return topic == KAFKA_EVENTS ? w->events_below : w->jobs_below;
}

static struct world *begin(const char *number)
{
    struct world *w = mem_alloc(1, sizeof *w);
    struct phone p;
    ck_assert(phone_from_pbx(str_of(number), &p));
    w->t = forget_traces_new(STR("acme"), &p, STR("mangoplan."));
    w->reach = (struct forget_reach){below, w, NOW, 4 * HOUR};
    w->events_below = w->jobs_below = 1000;
    return w;
}

static void end(struct world *w)
{
    forget_traces_free(w->t);
    free(w);
}

static struct kafka_message *say(struct world *w, enum kafka_topic t, int64_t offset,
                                 const char *key, const char *value)
{
    struct kafka_message *m = &w->messages[w->n];
    *m = (struct kafka_message){.topic = t,
                                .partition = 1,
                                .offset = offset,
                                .timestamp = NOW - 10 * HOUR + offset,
                                .key = str_of(key),
                                .value = str_of(value),
                                .tombstone = !value,
                                .headers = w->headers[w->n]};
    w->n++;
    return m;
}

static void head(struct world *w, const char *name, const char *value)
{
    struct kafka_message *m = &w->messages[w->n - 1];
    w->headers[w->n - 1][m->nheaders++] = (struct kafka_header){name, str_of(value)};
}

static void read_all(struct world *w)
{
    for (size_t i = 0; i < w->n; i++)
        forget_traces_find(w->t, &w->messages[i]);
    for (size_t i = 0; i < w->n; i++)
        forget_traces_count(w->t, &w->messages[i]);
}

static void leg(struct world *w, int64_t offset, const char *key, const char *number)
{
    static char texts[8][400];
    static size_t next;
    char *text = texts[next++ % 8];
    (void)snprintf(
        text, 400,
        "{\"entry_id\":\"%s\",\"call_id\":\"c\",\"timestamp\":1794990000,\"seq\":1,"
        "\"call_state\":\"Appeared\",\"location\":\"abonent\",\"from\":{\"number\":\"%s\"},"
        "\"to\":{\"extension\":\"101\",\"number\":\"sip:a\"},\"line_number\":\"78001112233\"}",
        strchr(key, '/') + 1, number);
    say(w, KAFKA_EVENTS, offset, key, text);
    head(w, "kind", "call");
    head(w, "received-at", "2026-11-18T09:06:40.000Z"); /* two hours before NOW */
}

static void tell(void *arg, const char *what, struct str entry)
{
    struct world *w = arg;
    size_t n = strlen(w->told);
    (void)snprintf(w->told + n, sizeof w->told - n, "%s %.*s;", what, STR_ARG(entry));
}

static void tell_fact(void *arg, struct str key, bool now)
{
    struct world *w = arg;
    size_t n = strlen(w->told);
    (void)snprintf(w->told + n, sizeof w->told - n, "%.*s %s;", STR_ARG(key),
                   now ? "now" : "later");
}

static void tell_letter(void *arg, struct dead_id id, struct str entry)
{
    struct world *w = arg;
    size_t n = strlen(w->told);
    (void)snprintf(w->told + n, sizeof w->told - n, "%d/%d %.*s;", (int)id.partition,
                   (int)id.offset, STR_ARG(entry));
}

static void tell_client(void *arg, struct str client)
{
    tell(arg, "client", client);
}

static const char *open_of(struct world *w)
{
    w->told[0] = '\0';
    size_t n = forget_traces_open(w->t, &w->reach, tell, w), told = 0;
    for (const char *p = w->told; (p = strchr(p, ';')); p++)
        told++;
    ck_assert_uint_eq(n, told);
    return w->told;
}

static const char *facts_of(struct world *w)
{
    w->told[0] = '\0';
    forget_traces_facts(w->t, &w->reach, tell_fact, w);
    return w->told;
}

#define CLOSED                                                                             \
    "{\"v\":1,\"at\":\"2026-11-18T00:00:10.000Z\",\"what\":\"decision\",\"rule\":\"G15\"," \
    "\"result\":\"decided\",\"reason\":\"x\",\"details\":{\"closed_by\":\"summary\",\"kind\":\"talked\"}}"

START_TEST(which_messages_name_it)
{
    static const struct {
        const char *value;
        bool named;
    } cases[] = {
        {"79161234501", true},
        {"+79161234501", true},
        {"89161234501", true},
        {"9161234501", true},
        {"x9161234501y", true},
        {"179161234501", false},
        {"791612345010", false},
        {"69161234501", false},
        {"7916123450", false},
        {"91612345019161234501", false},
        {"791612345010 79161234501", true},
        {"", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct world *w = begin("79161234501");
        say(w, KAFKA_EVENTS, 1, "acme/one", cases[i].value);
        read_all(w);
        ck_assert_msg(forget_traces_calls(w->t) == cases[i].named, "%s", cases[i].value);
        ck_assert_int_eq(forget_traces_of(w->t, KAFKA_EVENTS).n, cases[i].named);
        end(w);
    }
}
END_TEST

START_TEST(a_foreign_number)
{
    struct world *w = begin("49301234");
    say(w, KAFKA_EVENTS, 1, "acme/one", "{\"n\":\"+49301234\"}");
    say(w, KAFKA_EVENTS, 2, "acme/two", "{\"n\":\"1049301234\"}");
    read_all(w);
    ck_assert_uint_eq(forget_traces_calls(w->t), 1);
    end(w);
}
END_TEST

START_TEST(calls_and_counts)
{
    struct world *w = begin("79161234501");
    leg(w, 5, "acme/one", "79161234501");
    leg(w, 6, "other/one", "79161234501");
    leg(w, 7, "acme/two", "79161234502");
    say(w, KAFKA_EVENTS, 8, "acme/one", "{\"entry_id\":\"one\"}"); /* names nobody */
    say(w, KAFKA_EVENTS, 9, "acme/-", "79161234501");
    say(w, KAFKA_EVENTS, 9, "broken", "79161234501");
    say(w, KAFKA_OUTCOMES, 3, "acme/one", CLOSED);
    say(w, KAFKA_OUTCOMES, 4, "acme/two", CLOSED);
    say(w, KAFKA_JOBS, 1, "acme/79161234501",
        "{\"v\":1,\"id\":\"old:client\",\"entry_id\":\"old\"}");
    say(w, KAFKA_JOBS_NOW, 1, "acme/x", "{\"id\":\"one:popup\",\"entry_id\":\"one\"}");
    say(w, KAFKA_JOBS_BULK, 1, "acme/x", "no json");
    read_all(w);
    ck_assert_uint_eq(forget_traces_calls(w->t), 2); /* one, old */
    const struct forget_count c = forget_traces_of(w->t, KAFKA_EVENTS);
    ck_assert_int_eq(c.n, 3);
    ck_assert_int_eq(c.oldest, NOW - 10 * HOUR + 5);
    ck_assert_int_eq(c.newest, NOW - 10 * HOUR + 9);
    ck_assert_int_eq(forget_traces_newest(w->t), c.newest);
    ck_assert_int_eq(forget_traces_of(w->t, KAFKA_OUTCOMES).n, 1);
    ck_assert_int_eq(forget_traces_of(w->t, KAFKA_JOBS).n, 1);
    ck_assert_int_eq(forget_traces_of(w->t, KAFKA_JOBS_NOW).n, 1);
    ck_assert_int_eq(forget_traces_of(w->t, KAFKA_JOBS_BULK).n, 0);
    ck_assert_str_eq(open_of(w), "");
    end(w);
}
END_TEST

#define DONE                                                                                  \
    "{\"client\":\"1000101\",\"entry\":\"one\",\"kind\":\"client\",\"made\":true,\"number\":" \
    "\"79161234501\",\"v\":1}"
#define INTENT "{\"entry\":\"one\",\"kind\":\"client\",\"number\":\"79161234501\",\"v\":1}"

START_TEST(facts_that_may_go)
{
    struct world *w = begin("79161234501");
    leg(w, 5, "acme/one", "79161234501");
    say(w, KAFKA_OUTCOMES, 3, "acme/one", CLOSED);
    say(w, KAFKA_FACTS, 1, "acme/one:client/intent", INTENT);
    head(w, FACT_HEADER_JOB, "jobs/1/20");
    say(w, KAFKA_FACTS, 2, "acme/one:client/done", DONE);
    head(w, FACT_HEADER_JOB, "jobs/1/20");
    say(w, KAFKA_FACTS, 3, "acme/one:call:summary/done",
        "{\"call\":\"7\",\"client\":\"1000101\",\"entry\":\"one\",\"kind\":\"call\",\"v\":1}");
    say(w, KAFKA_FACTS, 4, "acme/one:record:r/done",
        "{\"entry\":\"one\",\"kind\":\"record\",\"number\":\"79161234502\",\"v\":1}"); /* another's */
    say(w, KAFKA_FACTS, 5, "acme/old:task/given-up",
        "{\"entry\":\"old\",\"kind\":\"task\",\"number\":\"89161234501\",\"v\":1}");
    say(w, KAFKA_FACTS, 6, "acme/gone:task/done",
        "{\"entry\":\"gone\",\"kind\":\"task\",\"number\":\"79161234501\",\"v\":1}");
    say(w, KAFKA_FACTS, 7, "acme/gone:task/done", NULL);
    say(w, KAFKA_FACTS, 8, "acme/nobody:task/done", NULL);
    say(w, KAFKA_FACTS, 9, "acme/state/x", "{\"phone\":\"79161234501\"}");
    say(w, KAFKA_FACTS, 9, "acme/state/y", "{}");
    say(w, KAFKA_FACTS, 9, "acme/odd", "79161234501");
    say(w, KAFKA_FACTS, 9, "_mark", "79161234501");
    read_all(w);
    ck_assert_str_eq(open_of(w), "");
    ck_assert_str_eq(facts_of(w), "acme/one:client/intent now;acme/old:task/given-up now;"
                                  "acme/one:client/done now;acme/one:call:summary/done now;");
    ck_assert_int_eq(forget_traces_of(w->t, KAFKA_FACTS).n, 6);
    w->jobs_below = 20; /* that job may be read again */
    ck_assert_str_eq(facts_of(w), "acme/one:client/intent later;acme/old:task/given-up now;"
                                  "acme/one:client/done later;acme/one:call:summary/done now;");
    w->jobs_below = 21;
    w->events_below = 5; /* and so may that call */
    ck_assert_str_eq(facts_of(w), "acme/one:client/intent later;acme/old:task/given-up now;"
                                  "acme/one:client/done later;acme/one:call:summary/done later;");
    w->told[0] = '\0';
    forget_traces_clients(w->t, tell_client, w);
    ck_assert_str_eq(w->told, "client 1000101;");
    end(w);
}
END_TEST

START_TEST(a_call_goes_on)
{
    struct world *w = begin("79161234501");
    leg(w, 5, "acme/one", "79161234501");
    read_all(w);
    ck_assert_str_eq(open_of(w), "call one;");
    w->reach.idle_ms = HOUR;
    ck_assert_str_eq(open_of(w), "");
    end(w);
}
END_TEST

START_TEST(a_job_waits)
{
    static const char job[] =
        "{\"v\":1,\"id\":\"one:client\",\"kind\":\"client\",\"entry_id\":\"one\"}";
    static const char outcome[] =
        "{\"v\":1,\"at\":\"2026-11-18T00:00:10.000Z\",\"what\":\"outcome\","
        "\"job\":\"one:client\",\"kind\":\"client\",\"result\":\"%s\"}";
    char held[256], done[256];
    (void)snprintf(held, sizeof held, outcome, "held");
    (void)snprintf(done, sizeof done, outcome, "done");
    for (int round = 0; round < 4; round++) {
        struct world *w = begin("79161234501");
        leg(w, 5, "acme/one", "79161234501");
        say(w, KAFKA_OUTCOMES, 3, "acme/one", CLOSED);
        say(w, KAFKA_JOBS, 20, "acme/79161234501", job);
        if (round == 1)
            say(w, KAFKA_OUTCOMES, 4, "acme/one", held);
        if (round == 2)
            say(w, KAFKA_OUTCOMES, 4, "acme/one", done);
        if (round == 3)
            say(w, KAFKA_FACTS, 1, "acme/one:client/done", DONE);
        read_all(w);
        ck_assert_str_eq(open_of(w), "");
        w->jobs_below = 20;
        ck_assert_str_eq(open_of(w), round < 2 ? "job one;" : "");
        end(w);
    }
}
END_TEST

START_TEST(a_request_without_an_end)
{
    struct world *w = begin("79161234501");
    say(w, KAFKA_FACTS, 1, "acme/one:client/intent", INTENT);
    head(w, FACT_HEADER_JOB, "jobs.bulk/1/20");
    say(w, KAFKA_FACTS, 2, "acme/one:popup:c:talking/intent",
        "{\"entry\":\"one\",\"kind\":\"popup\",\"number\":\"79161234501\",\"v\":1}");
    read_all(w);
    ck_assert_str_eq(open_of(w), ""); /* long ago, its job is over */
    w->jobs_below = 20;
    ck_assert_str_eq(open_of(w), "request one;");
    w->jobs_below = 1000;
    w->reach.now = NOW - 10 * HOUR + 5;
    ck_assert_str_eq(open_of(w), "request one;");
    end(w);
}
END_TEST

static void letter(struct world *w, int64_t offset, const char *key, const char *from,
                   const char *value)
{
    say(w, KAFKA_DEAD, offset, key, value);
    head(w, "__connect.errors.topic", "mangoplan.jobs");
    head(w, "__connect.errors.partition", "1");
    head(w, "__connect.errors.offset", from);
}

START_TEST(letters_that_stand)
{
    struct world *w = begin("79161234501");
    letter(w, 1, "acme/79161234501", "10", "{\"entry_id\":\"one\"}");
    letter(w, 2, "acme/x", "11", "{\"entry_id\":\"one\"}"); /* of a call of his */
    letter(w, 3, "acme/79161234502", "12", "{\"entry_id\":\"two\"}");
    letter(w, 4, "acme/79161234501", "13", "no json");
    letter(w, 5, "acme/79161234501", "14", "{\"entry_id\":\"one\"}");
    say(w, KAFKA_DEAD, 6, "acme/79161234501", NULL);
    head(w, "x-note", "sent-again");
    head(w, "x-of", "1/5");
    read_all(w);
    forget_traces_letters(w->t, tell_letter, w);
    ck_assert_str_eq(w->told, "1/4 ;1/2 one;1/1 one;");
    ck_assert_int_eq(forget_traces_of(w->t, KAFKA_DEAD).n, 4);
    end(w);
}
END_TEST

START_TEST(a_note_puts_it_away)
{
    struct world *w = begin("79161234501");
    struct dead_record note;
    letter(w, 1, "acme/79161234501", "10", "{\"entry_id\":\"one\"}");
    dead_letter_note_forgotten((struct dead_id){1, 1}, STR("acme/one"), STR("me"), NOW, &note);
    ck_assert_int_eq(note.topic, KAFKA_DEAD);
    ck_assert_int_eq(note.partition, 1);
    struct kafka_message *m = say(w, KAFKA_DEAD, 2, "acme/one", NULL);
    m->headers = note.headers;
    m->nheaders = note.nheaders;
    ck_assert(dead_letter_note_forgets(m));
    ck_assert(!dead_letter_note_forgets(&w->messages[0]));
    read_all(w);
    forget_traces_letters(w->t, tell_letter, w);
    ck_assert_str_eq(w->told, "");
    end(w);
    forget_traces_free(NULL);
}
END_TEST

int main(void)
{
    return UNIT_RUN("forget_traces", which_messages_name_it, a_foreign_number, calls_and_counts,
                    facts_that_may_go, a_call_goes_on, a_job_waits, a_request_without_an_end,
                    letters_that_stand, a_note_puts_it_away);
}
