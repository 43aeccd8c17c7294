/*
 * The stories of the generated walk, see walk_stories.h. A request kind joins by a story that makes it.
 */
#include "tests/unit/walk_stories.h"

#include "common/mem.h"

#define N WORLD_NUMBER
#define N2 "79990000002"
#define LINE "74951234567"
#define NEW_CLIENT                                                                              \
    "{\"name\":\"Новый (16:30 05.03.2018, входящий вызов)\",\"phone\":\"" N "\","               \
    "\"responsible\":\"1000005\",\"employee\":\"Петров Пётр\",\"extension\":\"101\"," \
    "\"direction\":\"in\",\"line\":\"" LINE "\"}"

static void known(struct world *w)
{
    world_client_add(w, "1000011", "8 (999) 123-12-12");
}

static void lagging(struct world *w)
{
    w->index_lags = true;
}

static void without_creator(struct world *w)
{
    w->refused_field = "userCreated";
}

const struct walk_story walk_stories[] = {
    {"a new client", NULL, {{KAFKA_JOBS, "A", "client", NULL, N, NULL, NEW_CLIENT}}, {0}},
    {"a new client, the index lags",
     lagging,
     {{KAFKA_JOBS, "A", "client", NULL, N, NULL, NEW_CLIENT}},
     {0}},
    {"a client that is there",
     known,
     {{KAFKA_JOBS, "A", "client", NULL, N, NULL, NEW_CLIENT}},
     {0}},
    {"two calls of a new number, and a bulk one of it",
     lagging,
     {{KAFKA_JOBS, "A", "client", NULL, N, NULL, NEW_CLIENT},
      {KAFKA_JOBS, "B", "client", NULL, N, NULL, NEW_CLIENT},
      {KAFKA_JOBS_BULK, "C", "client", NULL, N, NULL, NEW_CLIENT}},
     {0}},
    {"the creator is refused",
     without_creator,
     {{KAFKA_JOBS, "A", "client", NULL, N, NULL, NEW_CLIENT}},
     {0}},
    {"the answer to a create is lost",
     lagging,
     {{KAFKA_JOBS, "A", "client", NULL, N, NULL, NEW_CLIENT}},
     {3, WORLD_ANSWER_LOST, 0}},
    {"a create is lost",
     lagging,
     {{KAFKA_JOBS, "A", "client", NULL, N, NULL, NEW_CLIENT}},
     {3, WORLD_REQUEST_LOST, 0}},
};
const size_t walk_stories_count = sizeof walk_stories / sizeof *walk_stories;

size_t walk_stories_jobs(const struct walk_story *s)
{
    size_t n = 0;
    while (n < WALK_JOBS && s->jobs[n].kind)
        n++;
    return n;
}

void walk_stories_feed(const struct walk_story *s, struct world_member *m)
{
    for (size_t i = 0; i < walk_stories_jobs(s); i++) {
        const struct walk_job *j = &s->jobs[i];
        char *key CLEANUP(mem_free_text) =
            mem_format(WORLD_ACCOUNT "/%s", j->number ? j->number : j->entry);
        char *number CLEANUP(mem_free_text) =
            j->number ? mem_format("\"number\":\"%s\",", j->number) : mem_copy(STR_NONE);
        char *verdict CLEANUP(mem_free_text) =
            j->verdict ? mem_format("\"verdict\":\"%s\",", j->verdict) : mem_copy(STR_NONE);
        char *json CLEANUP(mem_free_text) = mem_format(
            "{\"v\":1,\"id\":\"%s:%s%s%s\",\"kind\":\"%s\",\"entry_id\":\"%s\",%s%s"
            "\"rule\":\"G\",\"reason\":\"r\",\"event_at\":1399907980,\"offset\":\"events/3/%zu\","
            "\"data\":%s}",
            j->entry, j->kind, j->cause ? ":" : "", j->cause ? j->cause : "", j->kind, j->entry,
            number, verdict, i, j->data);
        world_job_json(m, j->topic, (int64_t)i, key, json);
    }
}
