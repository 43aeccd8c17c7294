/*
 * The stories of the generated walk, see walk_stories.h. A request kind joins by a story that makes it.
 */
#include "tests/unit/walk_stories.h"

#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "tests/unit/world_megaplan.h"

#define N WORLD_NUMBER
#define N2 "79990000002"
#define N3 "79990000003"
#define LINE "74951234567"
#define NEW_CLIENT_OF(number)                                                                   \
    "{\"name\":\"Новый (16:30 05.03.2018, входящий вызов)\",\"phone\":\"" number "\","          \
    "\"responsible\":\"1000005\",\"employee\":\"Петров Пётр\",\"extension\":\"101\"," \
    "\"direction\":\"in\",\"line\":\"" LINE "\"}"
#define NEW_CLIENT NEW_CLIENT_OF(N)

#define TRACKED_CLIENT                                                                          \
    "{\"name\":\"Новый (16:30 05.03.2018, входящий вызов)\",\"phone\":\"" N "\","               \
    "\"responsible\":\"1000005\",\"employee\":\"Петров Пётр\",\"extension\":\"101\"," \
    "\"direction\":\"in\",\"line\":\"" LINE "\",\"source_line\":\"" LINE "\",\"tracking\":true}"
#define FILL_LINE "{\"source_line\":\"" LINE "\"}"
#define READY "{\"on\":true,\"ready\":true,\"rev\":1,\"v\":1}"
#define TASK                                                                            \
    "{\"title\":\"Перезвонить: {client}\",\"phone\":\"" N "\",\"ended_at\":1399907860," \
    "\"due_at\":1399911460,\"line\":\"" LINE                                            \
    "\",\"fallback\":\"1000006\",\"closed_by\":\"summary\"}"
#define TALKED \
    "{\"direction\":\"out\",\"talked_at\":1399907900,\"ended_at\":1399907960,\"closed_by\":\"summary\"}"
#define RESPONSIBLE \
    "{\"responsible\":\"1000006\",\"employee\":\"Иванова Анна\",\"extension\":\"102\"}"
#define CALL(type, direction, from, to, talk, closed_by)                                          \
    "{\"type\":\"" type "\",\"direction\":\"" direction "\",\"from\":\"" from "\",\"to\":\"" to   \
    "\",\"line\":\"" LINE "\",\"employee\":\"1000005\",\"started_at\":1399907800,"                \
    "\"ended_at\":1399907860,\"talk_seconds\":" talk ",\"saved\":true,\"closed_by\":\"" closed_by \
    "\"}"
#define CALL_IN CALL("in", "in", N, LINE, "40", "summary")
#define CALL_MISSED CALL("miss", "in", N, LINE, "0", "summary")
#define CALL_OF_NOBODY CALL("miss", "in", N3, LINE, "0", "summary")
#define CALL_IDLE CALL("in", "in", N, LINE, "0", "idle")
#define CALL_OUT CALL("out", "out", LINE, N, "40", "summary")
#define CALL_UNSAVED                                                              \
    "{\"type\":\"miss\",\"direction\":\"in\",\"from\":\"" N "\",\"to\":\"" LINE   \
    "\",\"line\":\"" LINE "\",\"started_at\":1399907800,\"ended_at\":1399907860," \
    "\"talk_seconds\":0,\"saved\":false,\"why\":\"nobody is left\",\"closed_by\":\"summary\"}"
#define RECORD(id) "{\"recording_id\":\"" id "\",\"recorded_at\":1399907860}"

#define POPUP(state, employee)                                                                   \
    "{\"state\":\"" state "\",\"employee\":\"" employee "\",\"extension\":\"101\",\"from\":\"" N \
    "\",\"line\":\"" LINE "\",\"started_at\":1399907988}"
#define HIDDEN                                                                               \
    "{\"state\":\"calling\",\"employee\":\"1000005\",\"extension\":\"101\",\"line\":\"" LINE \
    "\",\"started_at\":1399907988}"
#define IN_THE_MENU "{\"call_id\":\"leg:1\",\"line\":\"" LINE "\"}"
#define VISIT "{\"dct_number\":\"74001234567\"}"

static void known_client(struct world *w)
{
    world_client_add(w, "1000011", "8 (999) 123-12-12");
}

static void company(struct world *w)
{
    world_client_add(w, "1000011", N)->company = true;
}

static void replayed(struct world *w)
{
    known_client(w);
    w->origin = "replay";
}

static void lagging_calls(struct world *w)
{
    known_client(w);
    w->lag_provider_ms = 3000;
}

static void inserting(struct world *w)
{
    known_client(w);
    w->history_inserts = true;
}

static void without_records(struct world *w)
{
    known_client(w);
    w->refused_field = "recordLinks";
}

static void lagging(struct world *w)
{
    w->index_lags = true;
}

static void without_creator(struct world *w)
{
    w->refused_field = "userCreated";
}

static void with_fields(struct world *w)
{
    static const char *const labels[] = {"Номер линии MANGO OFFICE", "ДКТ: client_id", "ДКТ: Город",
                                         "ДКТ: Контекст вызова"};
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
        world_field_add(w, labels[i]);
    world_fact_add(w, "acme/state/fields-line", READY);
    world_fact_add(w, "acme/state/fields-tracking", READY);
}

static void visited(struct world *w)
{
    world_fact_add(w, "acme/A:visitor/done",
                   "{\"data\":{\"uid\":\"u1\",\"location\":{\"city\":\"Москва\"}},\"entry\":\"A\","
                   "\"kind\":\"visitor\",\"v\":1}");
}

static void visited_with_fields(struct world *w)
{
    with_fields(w);
    visited(w);
}

/* The client was made, the answer came then, and whoever had both is gone. */
static void to_be_filled(struct world *w)
{
    visited_with_fields(w);
    world_client_add(w, "1000011", N);
    world_fact_add(w, "acme/A:client/done",
                   "{\"client\":\"1000011\",\"data\":{\"tracking\":true},\"entry\":\"A\","
                   "\"kind\":\"client\",\"made\":true,\"number\":\"" N
                   "\",\"responsible\":\"1000005\",\"v\":1}");
}

static void of_a_dismissed_one(struct world *w)
{
    struct jval *links = jval_new_array();
    struct jval *values = jval_new_object();
    jval_append(links, world_link("Employee", "1000007"));
    jval_put(values, "responsibles", links);
    world_change(world_client_add(w, "1000011", N), values);
    jval_free(values);
}

static void in_one(struct world *w)
{
    lagging(w);
    w->settings.megaplan.bulk = true;
}

static void known_in_one(struct world *w)
{
    known_client(w);
    w->settings.megaplan.bulk = true;
}

static void appending(struct world *w)
{
    w->responsibles_append = true;
}

static void by_password(struct world *w)
{
    static char login[] = "connector@acme.ru", password[] = "p@ss word";
    w->settings.megaplan.token = NULL;
    w->settings.megaplan.login = login;
    w->settings.megaplan.password = password;
}

static void of_an_employee(struct world *w)
{
    struct jval *links = jval_new_array(), *values = jval_new_object();
    jval_append(links, world_link("Employee", "1000006"));
    jval_put(values, "responsibles", links);
    world_change(world_client_add(w, "1000011", N), values);
    jval_free(values);
}

static void of_an_employee_seen(struct world *w)
{
    of_an_employee(w);
    world_fact_add(
        w, "acme/B:route/done",
        "{\"at\":1399907900,\"client\":\"1000011\",\"data\":{\"name\":\"Ромашка\"},\"entry\":"
        "\"B\",\"kind\":\"route\",\"made\":true,\"number\":\"" N
        "\",\"responsible\":\"1000006\",\"v\":1}");
}

static void visiting(struct world *w)
{
    with_fields(w);
    w->mango.visitor = "{\"data\":{\"uid\":\"u1\",\"location\":{\"city\":\"Москва\"}}}";
}

static void switched_on(struct world *w)
{
    world_field_add(w, "ДКТ:  client_ID");
    visited(w);
    w->switches = true;
}

static void told_by_a_task(struct world *w)
{
    static char person[] = WORLD_EMPLOYEE;
    w->switches = w->watched = true;
    w->settings.alert_responsible = person;
    w->settings.alert_after_minutes = 1;
    w->settings.source_field = w->settings.call_tracking = false;
}

static void alert_open(struct world *w)
{
    told_by_a_task(w);
    world_fact_add(w, "acme/state/alerts",
                   "{\"alerts\":{\"unmapped\":{\"last\":1399907900000,\"opened\":1399907100000,"
                   "\"since\":1399907000000}},\"v\":1}");
}

static void alert_over(struct world *w)
{
    struct jval *values = jval_new_object();
    told_by_a_task(w);
    jval_put_text(values, "status", STR("assigned"));
    char *text CLEANUP(mem_free_text) =
        mem_format("{\"alerts\":{\"unmapped\":{\"closed\":true,\"opened\":1399807100000,"
                   "\"since\":1399807000000,\"task\":\"%s\"}},\"v\":1}",
                   world_add(w, WORLD_TASKS, values)->id);
    world_fact_add(w, "acme/state/alerts", text);
}

/* One that may come at any time. */
#define JOB(...)                \
    {                           \
        __VA_ARGS__, 0, 0, NULL \
    }

const struct walk_story walk_stories[] = {
    {"a new client", NULL, {JOB(KAFKA_JOBS, "A", "client", NULL, N, NULL, NEW_CLIENT)}, {0}, 0},
    {"a new client, the index lags",
     lagging,
     {JOB(KAFKA_JOBS, "A", "client", NULL, N, NULL, NEW_CLIENT)},
     {0},
     0},
    {"a client that is there",
     known_client,
     {JOB(KAFKA_JOBS, "A", "client", NULL, N, NULL, NEW_CLIENT)},
     {0},
     0},
    {"two calls of a new number, and a bulk one of it",
     lagging,
     {JOB(KAFKA_JOBS, "A", "client", NULL, N, NULL, NEW_CLIENT),
      JOB(KAFKA_JOBS, "B", "client", NULL, N, NULL, NEW_CLIENT),
      JOB(KAFKA_JOBS_BULK, "C", "client", NULL, N, NULL, NEW_CLIENT)},
     {0},
     0},
    {"the creator is refused",
     without_creator,
     {JOB(KAFKA_JOBS, "A", "client", NULL, N, NULL, NEW_CLIENT)},
     {0},
     0},
    {"the answer to a create is lost",
     lagging,
     {JOB(KAFKA_JOBS, "A", "client", NULL, N, NULL, NEW_CLIENT)},
     {3, WORLD_ANSWER_LOST, 0},
     0},
    {"a create is lost",
     lagging,
     {JOB(KAFKA_JOBS, "A", "client", NULL, N, NULL, NEW_CLIENT)},
     {3, WORLD_REQUEST_LOST, 0},
     0},
    {"a missed call of a known client",
     known_client,
     {JOB(KAFKA_JOBS, "A", "call", "summary", N, "missed:direct", CALL_MISSED)},
     {0},
     0},
    {"an answered call of a new client",
     lagging,
     {JOB(KAFKA_JOBS, "A", "client", NULL, N, NULL, NEW_CLIENT),
      JOB(KAFKA_JOBS, "A", "call", "summary", N, "talked", CALL_IN)},
     {0},
     0},
    {"a call to a company",
     company,
     {JOB(KAFKA_JOBS, "A", "call", "summary", N, "talked", CALL_OUT)},
     {0},
     0},
    {"a call of nobody, whose number has a client later",
     lagging,
     {JOB(KAFKA_JOBS, "A", "call", "summary", N, "missed:menu", CALL_MISSED),
      JOB(KAFKA_JOBS, "B", "client", NULL, N, NULL, NEW_CLIENT)},
     {0},
     0},
    {"two recordings of an answered call",
     known_client,
     {JOB(KAFKA_JOBS, "A", "call", "summary", N, "talked", CALL_IN),
      JOB(KAFKA_JOBS, "A", "record", "R1", N, NULL, RECORD("R1")),
      JOB(KAFKA_JOBS, "A", "record", "R2", NULL, NULL, RECORD("R2"))},
     {0},
     0},
    {"recordings of a missed call",
     known_client,
     {JOB(KAFKA_JOBS, "A", "call", "summary", N, "missed:direct", CALL_MISSED),
      JOB(KAFKA_JOBS, "A", "record", "R1", NULL, NULL, RECORD("R1")),
      JOB(KAFKA_JOBS, "A", "record", "R2", NULL, NULL, RECORD("R2"))},
     {0},
     0},
    {"an account that refuses recordings",
     without_records,
     {JOB(KAFKA_JOBS, "A", "call", "summary", N, "missed:direct", CALL_MISSED),
      JOB(KAFKA_JOBS, "A", "record", "R1", NULL, NULL, RECORD("R1"))},
     {0},
     0},
    {"a call without summary, corrected",
     known_client,
     {JOB(KAFKA_JOBS, "A", "call", "idle", N, "missed:direct", CALL_IDLE),
      JOB(KAFKA_JOBS, "A", "call", "summary", N, "talked", CALL_IN)},
     {0},
     0},
    {"a replayed call",
     replayed,
     {JOB(KAFKA_JOBS_BULK, "A", "call", "summary", N, "talked", CALL_IN)},
     {0},
     0},
    {"the answer to a saving is lost",
     lagging_calls,
     {JOB(KAFKA_JOBS, "A", "call", "summary", N, "missed:direct", CALL_MISSED),
      JOB(KAFKA_JOBS, "A", "record", "R1", NULL, NULL, RECORD("R1"))},
     {3, WORLD_ANSWER_LOST, 0},
     0},
    {"a saving is lost, history only inserts",
     inserting,
     {JOB(KAFKA_JOBS, "A", "call", "summary", N, "missed:direct", CALL_MISSED)},
     {3, WORLD_REQUEST_LOST, 0},
     0},
    {"a new client with its line, its visitor known",
     visited_with_fields,
     {JOB(KAFKA_JOBS, "A", "client", NULL, N, NULL, TRACKED_CLIENT)},
     {0},
     0},
    {"the line comes after the client",
     with_fields,
     {JOB(KAFKA_JOBS, "A", "client", NULL, N, NULL, NEW_CLIENT),
      JOB(KAFKA_JOBS, "A", "fill", "line", N, NULL, FILL_LINE)},
     {0},
     0},
    {"a fill that is due", to_be_filled, {{0}}, {0}, 0},
    {"extra fields are switched on, and a client comes",
     switched_on,
     {JOB(KAFKA_JOBS, "A", "client", NULL, N, NULL, TRACKED_CLIENT)},
     {0},
     20},
    {"a task",
     known_client,
     {JOB(KAFKA_JOBS, "A", "task", NULL, N, "missed:direct", TASK)},
     {0},
     0},
    {"a task of a new client",
     lagging,
     {JOB(KAFKA_JOBS, "A", "client", NULL, N, NULL, NEW_CLIENT),
      JOB(KAFKA_JOBS, "A", "task", NULL, N, "missed:direct", TASK)},
     {0},
     0},
    {"a task whose client's responsible is dismissed",
     of_a_dismissed_one,
     {JOB(KAFKA_JOBS, "A", "task", NULL, N, "missed:direct", TASK)},
     {0},
     0},
    {"two missed calls, one task",
     known_client,
     {JOB(KAFKA_JOBS, "A", "task", NULL, N, "missed:direct", TASK),
      JOB(KAFKA_JOBS, "B", "task", NULL, N, "missed:group", TASK)},
     {0},
     0},
    {"a talk closes the task",
     known_client,
     {JOB(KAFKA_JOBS, "A", "task", NULL, N, "missed:direct", TASK),
      JOB(KAFKA_JOBS, "B", "talked", NULL, N, "talked", TALKED)},
     {0},
     0},
    {"the answer to a task is lost, and there was a talk",
     known_client,
     {JOB(KAFKA_JOBS, "A", "task", NULL, N, "missed:direct", TASK),
      JOB(KAFKA_JOBS, "B", "talked", NULL, N, "talked", TALKED)},
     {5, WORLD_ANSWER_LOST, 0},
     3},
    {"a task is lost",
     known_client,
     {JOB(KAFKA_JOBS, "A", "task", NULL, N, "missed:direct", TASK)},
     {5, WORLD_REQUEST_LOST, 0},
     3},
    {"a responsible after a transfer",
     NULL,
     {JOB(KAFKA_JOBS, "A", "client", NULL, N, NULL, NEW_CLIENT),
      JOB(KAFKA_JOBS, "A", "responsible", "9", N, NULL, RESPONSIBLE)},
     {0},
     0},
    {"a responsible, and the account appends",
     appending,
     {JOB(KAFKA_JOBS, "A", "client", NULL, N, NULL, NEW_CLIENT),
      JOB(KAFKA_JOBS, "A", "responsible", "9", N, NULL, RESPONSIBLE)},
     {0},
     0},
    {"login by password",
     by_password,
     {JOB(KAFKA_JOBS, "A", "client", NULL, N, NULL, NEW_CLIENT)},
     {0},
     0},
    {"a whole missed call",
     with_fields,
     {JOB(KAFKA_JOBS, "A", "client", NULL, N, NULL, NEW_CLIENT),
      JOB(KAFKA_JOBS, "A", "task", NULL, N, "missed:direct", TASK),
      JOB(KAFKA_JOBS, "A", "call", "summary", N, "missed:direct", CALL_MISSED),
      JOB(KAFKA_JOBS, "B", "talked", NULL, N, "talked", TALKED),
      JOB(KAFKA_JOBS, "B", "call", "summary", N, "talked", CALL_OUT),
      JOB(KAFKA_JOBS, "B", "record", "R1", NULL, NULL, RECORD("R1"))},
     {0},
     10},
    {"two new clients in one request",
     in_one,
     {JOB(KAFKA_JOBS, "A", "client", NULL, N, NULL, NEW_CLIENT),
      JOB(KAFKA_JOBS, "B", "client", NULL, N2, NULL, NEW_CLIENT_OF(N2))},
     {0},
     0},
    {"an alert is open", alert_open, {{0}}, {0}, 0},
    {"an alert is open, its task's answer is lost",
     alert_open,
     {{0}},
     {1, WORLD_ANSWER_LOST, 0},
     0},
    {"an alert is over", alert_over, {{0}}, {0}, 0},
    {"a client, a call and a task in one request",
     known_in_one,
     {JOB(KAFKA_JOBS, "A", "task", NULL, N, "missed:direct", TASK),
      JOB(KAFKA_JOBS, "B", "client", NULL, N2, NULL, NEW_CLIENT_OF(N2)),
      JOB(KAFKA_JOBS, "C", "call", "summary", N3, "missed:menu", CALL_OF_NOBODY),
      JOB(KAFKA_JOBS, "B", "record", "R1", NULL, NULL, RECORD("R1"))},
     {0},
     4},
    {"a call rings, is answered elsewhere, and is saved",
     known_client,
     {{KAFKA_JOBS_NOW, "A", "popup", "1:calling", N, NULL, POPUP("calling", "1000005"), 0, 30000,
       "A call calling 1000005"},
      {KAFKA_JOBS_NOW, "A", "popup", "2:talking", N, NULL, POPUP("talking", "1000006"), 1500, 30000,
       "A call talking 1000006"},
      {KAFKA_JOBS, "A", "call", "summary", N, "talked", CALL_IN, 4000, 0, NULL}},
     {0},
     2},
    {"a pop-up is not found by its number yet",
     lagging_calls,
     {{KAFKA_JOBS_NOW, "A", "popup", "1:calling", N, NULL, POPUP("calling", "1000005"), 0, 30000,
       "A call calling 1000005"},
      {KAFKA_JOBS, "A", "call", "summary", N, "missed:direct", CALL_MISSED, 1000, 0, NULL}},
     {0},
     2},
    {"the answer to a pop-up is lost, the call is saved meanwhile",
     known_client,
     {{KAFKA_JOBS_NOW, "A", "popup", "1:calling", N, NULL, POPUP("calling", "1000005"), 0, 30000,
       "A call calling 1000005"},
      {KAFKA_JOBS, "A", "call", "summary", N, "missed:direct", CALL_MISSED, 500, 0, NULL}},
     {3, WORLD_ANSWER_LOST, 0},
     2},
    {"a call in the menu goes to the responsible, rings there, and is missed",
     of_an_employee,
     {{KAFKA_JOBS_NOW, "A", "route", NULL, N, NULL, IN_THE_MENU, 0, 10000,
       "A route leg:1 to 102 as Ромашка"},
      {KAFKA_JOBS_NOW, "A", "popup", "2:calling", N, NULL, POPUP("calling", "1000006"), 2500, 30000,
       "A call calling 1000006"},
      {KAFKA_JOBS, "A", "call", "summary", N, "missed:direct", CALL_MISSED, 5000, 0, NULL}},
     {0},
     2},
    {"two calls in the menu of a client whose responsible was seen",
     of_an_employee_seen,
     {{KAFKA_JOBS_NOW, "A", "route", NULL, N, NULL, IN_THE_MENU, 0, 10000,
       "A route leg:1 to 102 as Ромашка"},
      {KAFKA_JOBS_NOW, "C", "route", NULL, N, NULL, IN_THE_MENU, 300, 10000,
       "C route leg:1 to 102 as Ромашка"}},
     {0},
     0},
    {"a visitor calls, and becomes a client",
     visiting,
     {{KAFKA_JOBS_NOW, "A", "visitor", NULL, N, NULL, VISIT, 0, 600000, "- visitor 74001234567"},
      {KAFKA_JOBS, "A", "client", NULL, N, NULL, TRACKED_CLIENT, 100, 0, NULL}},
     {0},
     2},
    {"a call is transferred back and forth, and is saved",
     known_client,
     {{KAFKA_JOBS_NOW, "A", "popup", "1:calling", N, NULL, POPUP("calling", "1000005"), 0, 30000,
       "A call calling 1000005"},
      {KAFKA_JOBS_NOW, "A", "popup", "1:talking", N, NULL, POPUP("talking", "1000005"), 1500, 30000,
       "A call talking 1000005"},
      {KAFKA_JOBS_NOW, "A", "popup", "2:calling", N, NULL, POPUP("calling", "1000006"), 2500, 30000,
       "A call calling 1000006"},
      {KAFKA_JOBS_NOW, "A", "popup", "2:talking", N, NULL, POPUP("talking", "1000006"), 4000, 30000,
       "A call talking 1000006"},
      {KAFKA_JOBS, "A", "call", "summary", N, "talked", CALL_IN, 8000, 0, NULL}},
     {0},
     4},
    {"a pop-up comes when its call is being saved",
     known_client,
     {{KAFKA_JOBS, "A", "call", "summary", N, "missed:direct", CALL_MISSED, 0, 0, NULL},
      {KAFKA_JOBS_NOW, "A", "popup", "1:calling", N, NULL, POPUP("calling", "1000005"), 0, 30000,
       NULL},
      {KAFKA_JOBS_NOW, "A", "popup", "1:talking", N, NULL, POPUP("talking", "1000005"), 200, 30000,
       NULL}},
     {0},
     0},
    {"a hidden number rings, and is not saved",
     NULL,
     {{KAFKA_JOBS_NOW, "A", "popup", "1:calling", NULL, NULL, HIDDEN, 0, 30000,
       "A call calling 1000005"},
      {KAFKA_JOBS, "A", "call", "summary", NULL, "missed:group", CALL_UNSAVED, 3000, 0, NULL}},
     {0},
     2},
    {"a visitor calls, is talked to, becomes a client, and the call is saved",
     visiting,
     {{KAFKA_JOBS_NOW, "A", "visitor", NULL, N, NULL, VISIT, 0, 600000, "- visitor 74001234567"},
      {KAFKA_JOBS_NOW, "A", "popup", "2:calling", N, NULL, POPUP("calling", "1000005"), 200, 30000,
       "A call calling 1000005"},
      {KAFKA_JOBS_NOW, "A", "popup", "2:talking", N, NULL, POPUP("talking", "1000005"), 2500, 30000,
       "A call talking 1000005"},
      {KAFKA_JOBS, "A", "client", NULL, N, NULL, TRACKED_CLIENT, 2500, 0, NULL},
      {KAFKA_JOBS, "A", "call", "summary", N, "talked", CALL_IN, 6000, 0, NULL}},
     {0},
     6},
};
const size_t walk_stories_count = sizeof walk_stories / sizeof *walk_stories;

const char *walk_stories_dispensable(const struct walk_story *s)
{
    for (size_t i = 0; i < walk_stories_jobs(s); i++)
        if (strcmp(s->jobs[i].kind, "visitor") == 0)
            return "POST /queries/user_info_by_dct_number";
        else if (strstr(s->jobs[i].data, "\"saved\":false"))
            return "POST /callInfo";
    return NULL;
}

size_t walk_stories_jobs(const struct walk_story *s)
{
    size_t n = 0;
    while (n < WALK_JOBS && s->jobs[n].kind)
        n++;
    return n;
}

void walk_stories_feed(const struct walk_story *s, size_t job, struct world_member *m)
{
    const struct walk_job *j = &s->jobs[job];
    char deadline[TEXT_TIME_SIZE];
    text_time(world_wall_at(j->at + j->lives), deadline);
    char *key CLEANUP(mem_free_text) =
        mem_format(WORLD_ACCOUNT "/%s", j->number && !j->lives ? j->number : j->entry);
    char *number CLEANUP(mem_free_text) =
        j->number ? mem_format("\"number\":\"%s\",", j->number) : mem_copy(STR_NONE);
    char *verdict CLEANUP(mem_free_text) =
        j->verdict ? mem_format("\"verdict\":\"%s\",", j->verdict) : mem_copy(STR_NONE);
    char *ends CLEANUP(mem_free_text) =
        j->lives ? mem_format("\"deadline\":\"%s\",", deadline) : mem_copy(STR_NONE);
    char *json CLEANUP(mem_free_text) = mem_format(
        "{\"v\":1,\"id\":\"%s:%s%s%s\",\"kind\":\"%s\",\"entry_id\":\"%s\",%s%s%s"
        "\"rule\":\"G\",\"reason\":\"r\",\"event_at\":1399907980,\"offset\":\"events/3/%zu\","
        "\"data\":%s}",
        j->entry, j->kind, j->cause ? ":" : "", j->cause ? j->cause : "", j->kind, j->entry, number,
        verdict, ends, job, j->data);
    world_job_at(m, j->topic, (int64_t)job, key, json, j->at);
}
