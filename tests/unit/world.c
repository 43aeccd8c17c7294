/*
 * A world for the executor, in memory: members, clocks, turns. What they reach stands in world_http.c,
 * world_log.c and behind world_megaplan.h.
 */
#include "tests/unit/world.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "tests/unit/settings_example.h"
#include "tests/unit/world_megaplan.h"
#include "worker/crm/step.h"

#define WALL 1399906988000LL
#define BEGIN 1000000 /* boot ms */
#define MEASURE_MS 1000

/* clocks, settings */

static int64_t the_boot(void *arg)
{
    return ((struct world_member *)arg)->world->now;
}

static int64_t the_wall(void *arg)
{
    return WALL + ((struct world_member *)arg)->world->now;
}

static uint32_t port_random(void *arg)
{
    struct world *w = ((struct world_member *)arg)->world;
    return w->seed = w->seed * 1664525u + 1013904223u;
}

static const struct settings *port_settings(void *arg, const char *account)
{
    struct world *w = ((struct world_member *)arg)->world;
    return w->account_gone || strcmp(account, WORLD_ACCOUNT) != 0 ? NULL : &w->settings;
}

/* Three hours east, whatever the zone: as Moscow is in the end. */
static int port_offset(void *arg, const char *timezone, int64_t unix_s)
{
    (void)arg;
    (void)timezone;
    (void)unix_s;
    return 3 * 3600;
}

static void port_finished(void *arg, enum kafka_topic topic, int32_t partition, int64_t offset)
{
    struct world_member *m = arg;
    (void)topic;
    WORLD_MUST(partition == 3, "another partition");
    if (m->killed)
        return;
    WORLD_MUST(!world_finished(m, offset), "%lld is finished twice", (long long)offset);
    m->finished[m->nfinished++] = offset;
    world_step(m->world, m, WORLD_FINISHED, "");
}

/* notes on poison */

static void port_note(void *arg, enum kafka_topic topic, int32_t partition)
{
    struct world_member *m = arg;
    WORLD_MUST(partition == 3, "another partition");
    if (!m->killed)
        poison_write(&m->notes[topic], m->world->notes[topic]);
}

static void port_send_notes(void *arg)
{
    struct world_member *m = arg;
    WORLD_MUST(!m->asked, "one at a time");
    m->asked = true;
}

/* The broker's answer. True: there was one. */
static bool note(struct world_member *m)
{
    struct world *w = m->world;
    bool refused = w->notes_refused > 0;
    if (!m->asked || m->killed || m->thawed)
        return false;
    m->asked = false;
    w->notes_refused -= refused;
    if (!refused)
        memcpy(m->noted, m->notes, sizeof m->noted);
    w->names += !refused;
    step_noted(m->executor, !refused);
    if (refused)
        step_note_again(m->executor);
    return true;
}

static void begin_notes(struct world_member *m)
{
    static const enum kafka_topic topics[] = {KAFKA_JOBS_NOW, KAFKA_JOBS, KAFKA_JOBS_BULK};
    struct world *w = m->world;
    const struct poison_assigned a = {w->who, WALL + w->now, 0, 1000000, 1};
    for (size_t i = 0; w->careful && i < 3; i++) {
        struct poison_notes *n = &m->notes[topics[i]];
        memset(n, 0, sizeof *n);
        struct str rest = str_of(w->notes[topics[i]]);
        while (rest.len > 0) {
            long space = str_find(rest, ' ');
            struct str part = {rest.ptr, space < 0 ? rest.len : (size_t)space};
            WORLD_MUST(poison_read(part, n), "%.*s", STR_ARG(part));
            rest = str_from(rest, part.len + 1);
        }
        poison_begin(n, &a);
        if (!poison_careful(n))
            (void)poison_read(STR("hunt:0:1000000:1"), n);
        step_enter(m->executor, m->owner, topics[i], n);
        poison_write(n, w->notes[topics[i]]);
    }
    memcpy(m->noted, m->notes, sizeof m->noted);
    m->asked = false;
}

/* steps */

void world_step(struct world *w, struct world_member *m, enum world_event event, const char *text)
{
    static const char *const names[] = {"timer",   "handed", "delivered", "read",    "sent",
                                        "leaving", "done",   "answered",  "finished"};
    w->steps++;
    w->step_text = text;
    if (w->traced)
        buf_addf(&w->trace, "%4zu %8lld %s %s %s\n", w->steps, (long long)w->now,
                 m ? m->mark + FACT_MARK_HEX - 2 : "--", names[event], text);
    if (!w->strike || w->steps != w->strike_at)
        return;
    w->strike_at = 0;
    w->strike(w->strike_arg, m, event);
}

/* members */

void world_rejoin(struct world_member *m)
{
    struct world *w = m->world;
    snprintf(m->mark, sizeof m->mark, "%032d", ++w->marks);
    struct world_fact *f = &w->facts[w->nfacts++];
    *f = (struct world_fact){.key = mem_copy(STR(FACT_MARK_KEY)), .value = mem_copy(STR("{}"))};
    f->job = mem_copy(STR_NONE);
    memcpy(f->mark, m->mark, sizeof f->mark);
    m->owner = mem_alloc(1, sizeof *m->owner);
    m->owner->partition = 3;
    m->owner->facts = facts_new(str_of(m->mark));
    m->next = 0;
    m->restored = false;
    m->stopped_by_mark = false;
    m->nfinished = 0;
    begin_notes(m);
    world_log_read(m);
    if (w->switches)
        executor_switches(m->executor, m->owner, WORLD_ACCOUNT);
}

struct world_member *world_join(struct world *w)
{
    struct world_member *m = mem_alloc(1, sizeof *m);
    m->world = w;
    m->port = (struct port){m,
                            the_boot,
                            the_wall,
                            port_random,
                            port_settings,
                            port_offset,
                            world_http_send,
                            world_http_cancel,
                            world_log_produce,
                            port_finished,
                            port_note,
                            port_send_notes,
                            NULL,
                            NULL,
                            NULL};
    const struct executor_options options = {.concurrency = w->concurrency ? w->concurrency : 64,
                                             .request_timeout_ms = 15000,
                                             .retry_max_ms = 30000,
                                             .route_deadline_ms = 4000,
                                             .outcome_partitions = 12,
                                             .dead_partitions = 12,
                                             .event_partitions = 12,
                                             .reconcile_every_s = w->reconcile_every_s,
                                             .metrics = w->metrics};
    m->executor = executor_new(&m->port, &options);
    world_rejoin(m);
    return m;
}

void world_lose(struct world_member *m)
{
    if (!m->owner)
        return;
    executor_drop(m->executor, m->owner);
    facts_free(m->owner->facts);
    free(m->owner);
    m->owner = NULL;
}

void world_kill(struct world_member *m)
{
    m->killed = true;
    world_lose(m);
    world_log_drop(m);
    executor_free(m->executor);
    free(m);
}

void world_fence(struct world_member *m)
{
    m->thawed = false;
    world_lose(m);
    world_log_deliver(m, false);
}

/* jobs */

static void message(struct world_member *m, enum kafka_topic topic, int64_t offset, const char *key,
                    const char *value, const char *received_at, bool forced)
{
    const struct kafka_header headers[] = {{"origin", str_of(m->world->origin)},
                                           {"received-at", str_of(received_at)},
                                           {"x-sent-again", STR("1")}};
    const struct kafka_message got = {.topic = topic,
                                      .partition = 3,
                                      .offset = offset,
                                      .key = str_of(key),
                                      .value = str_of(value),
                                      .headers = headers,
                                      .nheaders = forced ? 3 : 2};
    executor_take(m->executor, m->owner, &got);
}

void world_message(struct world_member *m, enum kafka_topic topic, int64_t offset, const char *key,
                   const char *value, bool forced)
{
    message(m, topic, offset, key, value, "2014-05-12T15:03:09.123Z", forced);
}

void world_job_json(struct world_member *m, enum kafka_topic topic, int64_t offset, const char *key,
                    const char *json)
{
    world_job_at(m, topic, offset, key, json, 0);
}

void world_job_at(struct world_member *m, enum kafka_topic topic, int64_t offset, const char *key,
                  const char *json, int64_t after_ms)
{
    char at[TEXT_TIME_SIZE];
    text_time(world_wall_at(after_ms), at);
    message(m, topic, offset, key, json, at, false);
}

int64_t world_wall_at(int64_t after_ms)
{
    return WALL + BEGIN + after_ms;
}

static void send_job(struct world_member *m, enum kafka_topic topic, enum job_kind kind,
                     int64_t offset, const char *entry, const char *number)
{
    struct jval *data = jval_new_object();
    jval_put_text(data, "name", STR("Новый (16:30 05.03.2018, входящий вызов)"));
    jval_put_text(data, "phone", str_of(number));
    jval_put_text(data, "responsible", STR("1000005"));
    jval_put_text(data, "employee", STR("Петров Пётр"));
    char *id CLEANUP(mem_free_text) = mem_format("%s:%s", entry, job_kind_name(kind));
    struct job j = {.id = id,
                    .kind = kind,
                    .account = mem_copy(STR(WORLD_ACCOUNT)),
                    .entry_id = (char *)(uintptr_t)entry,
                    .number = (char *)(uintptr_t)number,
                    .rule = mem_copy(STR("G3")),
                    .reason = mem_copy(STR("first employee")),
                    .offset = mem_copy(STR("events/3/1")),
                    .data = data};
    char *key CLEANUP(mem_free_text) = job_key(&j);
    char *value CLEANUP(mem_free_text) = job_encode(&j);
    world_message(m, topic, offset, key, value, false);
    free(j.account);
    free(j.rule);
    free(j.reason);
    free(j.offset);
    jval_free(data);
}

void world_job(struct world_member *m, enum kafka_topic topic, int64_t offset, const char *entry,
               const char *number)
{
    send_job(m, topic, JOB_CLIENT, offset, entry, number);
}

void world_job_of(struct world_member *m, enum job_kind kind, int64_t offset, const char *entry,
                  const char *number)
{
    send_job(m, KAFKA_JOBS, kind, offset, entry, number);
}

/* what rings */

static void send_ringing(struct world_member *m, enum job_kind kind, int64_t offset,
                         const char *entry, const char *cause, const char *number,
                         struct jval *data, int64_t lives_ms)
{
    int64_t now = m->port.wall(m);
    char *id CLEANUP(mem_free_text) = mem_format("%s:%s%s", entry, job_kind_name(kind), cause);
    char *key CLEANUP(mem_free_text) = mem_format(WORLD_ACCOUNT "/%s", entry);
    const struct job j = {.id = id,
                          .kind = kind,
                          .account = key,
                          .entry_id = (char *)(uintptr_t)entry,
                          .number = (char *)(uintptr_t)number,
                          .deadline = now + lives_ms,
                          .data = data};
    char *value CLEANUP(mem_free_text) = job_encode(&j);
    char at[TEXT_TIME_SIZE];
    text_time(now, at);
    message(m, KAFKA_JOBS_NOW, offset, key, value, at, false);
    jval_free(data);
}

void world_route(struct world_member *m, int64_t offset, const char *entry, const char *number,
                 int64_t lives_ms)
{
    struct jval *data = jval_new_object();
    jval_put_text(data, "call_id", STR("leg:1"));
    jval_put_text(data, "line", STR("74951234567"));
    send_ringing(m, JOB_ROUTE, offset, entry, "", number, data, lives_ms);
}

void world_visitor(struct world_member *m, int64_t offset, const char *entry, const char *number,
                   int64_t lives_ms)
{
    struct jval *data = jval_new_object();
    jval_put_text(data, "dct_number", STR("74951234567"));
    send_ringing(m, JOB_VISITOR, offset, entry, "", number, data, lives_ms);
}

void world_popup(struct world_member *m, int64_t offset, const char *entry, const char *number,
                 const char *leg, const char *state, const char *employee, int64_t lives_ms)
{
    struct jval *data = jval_new_object();
    char *cause CLEANUP(mem_free_text) = mem_format(":%s:%s", leg, state);
    jval_put_text(data, "state", str_of(state));
    jval_put_text(data, "employee", str_of(employee));
    jval_put_text(data, "extension", STR("101"));
    if (number)
        jval_put_text(data, "from", str_of(number));
    jval_put_text(data, "line", STR("74951234567"));
    jval_put_int(data, "started_at", m->port.wall(m) / 1000);
    send_ringing(m, JOB_POPUP, offset, entry, cause, number, data, lives_ms);
}

/* time */

static bool alive(const struct world_member *m)
{
    return !m->killed && !m->thawed;
}

static void run(struct world_member *m)
{
    do
        if (alive(m))
            m->next_due = executor_run(m->executor);
    while (note(m));
}

/* What came goes its way within this turn, named or not. */
static void run_named(struct world_member *m)
{
    if (m->world->careful)
        run(m);
}

/* As crm does. */
static void measure(struct world_member *m)
{
    const struct world *w = m->world;
    if (!w->watched || !alive(m) || !m->owner || !m->restored ||
        w->now - m->measured_at < MEASURE_MS)
        return;
    m->measured_at = w->now;
    executor_measure(m->executor, &m->owner, 1);
}

void world_turn(struct world_member *m)
{
    struct world *w = m->world;
    if (m->frozen || m->killed)
        return;
    if (m->next_due <= w->now && m->next_due > m->turned_at)
        world_step(w, m, WORLD_TIMER, "");
    m->turned_at = w->now;
    run(m);
    if (alive(m) && !w->kafka_waits)
        world_log_deliver(m, true);
    run_named(m);
    world_log_read(m);
    run_named(m);
    world_http_fly(w, m);
    run(m);
    measure(m);
    if (m->thawed && !m->killed)
        world_fence(m);
}

void world_pass(struct world *w, int64_t ms, struct world_member **members, size_t n)
{
    for (int64_t end = w->now + ms; w->now < end; w->now += w->step_ms) {
        for (size_t i = 0; i < n; i++)
            world_turn(members[i]);
        world_http_land_left(w);
    }
}

void world_advance(struct world *w, struct world_member *m, int64_t until)
{
    size_t before = w->steps;
    if (m)
        world_turn(m);
    world_http_land_left(w);
    int64_t next = w->now + 1;
    if (w->steps == before && (!m || !m->npending)) {
        next = until;
        if (m && m->next_due < next)
            next = m->next_due;
        if (m && w->watched && m->measured_at + MEASURE_MS < next)
            next = m->measured_at + MEASURE_MS;
        if (world_http_next(w) < next)
            next = world_http_next(w);
        if (next <= w->now)
            next = w->now + 1;
    }
    w->now = next;
}

/* the world */

static const char document[] =
    "{\"version\":1,\"account\":\"" WORLD_ACCOUNT "\",\"enabled\":true,"
    "\"timezone\":\"Europe/Moscow\",\"country_code\":\"7\","
    "\"mango\":{\"api_key\":\"key1\",\"api_salt\":\"salt1\"},"
    "\"megaplan\":{\"base_url\":\"https://acme.megaplan.ru\",\"token\":\"tok\","
    "\"requests_per_second\":100,\"requests_per_hour\":100000},"
    "\"employees\":[{\"megaplan_id\":\"1000005\",\"name\":\"Петров Пётр\",\"extension\":\"101\"},"
    "{\"megaplan_id\":\"1000006\",\"name\":\"Иванова Анна\",\"extension\":\"102\"},"
    "{\"megaplan_id\":\"1000007\",\"name\":\"Сидоров Иван\",\"extension\":\"103\"}],"
    "\"create_client\":{\"incoming\":true,\"missed\":true,\"outgoing\":true},"
    "\"source_field\":true,\"call_tracking\":true,\"call_records\":true,"
    "\"missed_call_task\":{\"enabled\":true,\"deadline_minutes\":60,"
    "\"title\":\"Перезвонить: {client}\"}}";

static void employ(struct world *w, const char *id, const char *name, bool works, bool can_login)
{
    struct jval *values = jval_new_object();
    jval_put_text(values, "name", str_of(name));
    jval_put_bool(values, "isWorking", works);
    jval_put_bool(values, "canLogin", can_login);
    snprintf(world_add(w, WORLD_EMPLOYEES, values)->id, sizeof w->employees[0].id, "%s", id);
}

struct world *world_new(void)
{
    struct world *w = mem_alloc(1, sizeof *w);
    struct error e = ERROR_NONE;
    struct secret_keys keys = settings_example_keys(false);
    w->now = BEGIN;
    w->step_ms = 50;
    w->seed = 1;
    w->page_rows = 100;
    w->origin = "live";
    w->retry_after_s = -1;
    w->trace = BUF_INIT(1 << 20);
    WORLD_MUST(!settings_parse(STR(document), settings_example_rules(), &keys, &w->parsed, &e),
               "%s", e.text);
    w->settings = *w->parsed;
    employ(w, WORLD_EMPLOYEE, "Петров Пётр", true, true);
    employ(w, "1000006", "Иванова Анна", true, true);
    employ(w, "1000007", "Сидоров Иван", false, false);
    employ(w, "1000008", "Кузнецов Олег", true, false);
    employ(w, "1", "Первый Пользователь", true, true);
    return w;
}

static void things_free(struct world_thing *things, size_t n)
{
    for (size_t i = 0; i < n; i++)
        jval_free(things[i].values);
}

void world_free(struct world *w)
{
    world_http_done(w);
    world_mango_done(w);
    for (size_t i = 0; i < w->nfacts; i++) {
        free(w->facts[i].key);
        free(w->facts[i].value);
        free(w->facts[i].job);
    }
    for (size_t i = 0; i < w->noutcomes; i++)
        free(w->outcomes[i]);
    for (size_t i = 0; i < w->ndead; i++)
        free(w->dead[i]);
    for (size_t i = 0; i < w->nevents; i++)
        free(w->events[i]);
    things_free(w->clients, w->nclients);
    things_free(w->calls, w->ncalls);
    things_free(w->tasks, w->ntasks);
    things_free(w->employees, w->nemployees);
    things_free(w->fields, w->nfields);
    settings_free(w->parsed);
    buf_done(&w->trace);
    free(w);
}

struct world_thing *world_client_add(struct world *w, const char *id, const char *phone)
{
    struct jval *contact = jval_new_object();
    jval_put_text(contact, "contentType", STR("ContactInfo"));
    jval_put_text(contact, "type", STR("phone"));
    jval_put_text(contact, "value", str_of(phone));
    struct jval *contacts = jval_new_array();
    jval_append(contacts, contact);
    struct jval *responsibles = jval_new_array();
    jval_append(responsibles, world_link("Employee", WORLD_EMPLOYEE));
    struct jval *values = jval_new_object();
    jval_put_text(values, "firstName", STR("Ромашка"));
    jval_put(values, "contactInfo", contacts);
    jval_put(values, "responsibles", responsibles);
    struct world_thing *t = world_add(w, WORLD_CLIENTS, values);
    snprintf(t->id, sizeof t->id, "%s", id);
    return t;
}

struct world_thing *world_field_add(struct world *w, const char *label)
{
    char name[64];
    struct jval *values = jval_new_object();
    snprintf(name, sizeof name, "Category183CustomField%zu", w->nfields + 1);
    jval_put_text(values, "hrName", str_of(label));
    jval_put_text(values, "name", str_of(name));
    return world_add(w, WORLD_FIELDS, values);
}

void world_fact_add(struct world *w, const char *key, const char *value)
{
    w->facts[w->nfacts++] = (struct world_fact){.key = mem_copy(str_of(key)),
                                                .value = mem_copy(str_of(value)),
                                                .job = mem_copy(STR_NONE),
                                                .mark = "ffffffffffffffffffffffffffffffff",
                                                .at = WALL + w->now - 60000};
}

const char *world_fact_of(const struct world *w, const char *key)
{
    for (size_t i = w->nfacts; i > 0; i--)
        if (strcmp(w->facts[i - 1].key, key) == 0)
            return w->facts[i - 1].value;
    return NULL;
}

bool world_finished(const struct world_member *m, int64_t offset)
{
    for (size_t i = 0; i < m->nfinished; i++)
        if (m->finished[i] == offset)
            return true;
    return false;
}

size_t world_outcomes(const struct world *w, const char *text)
{
    size_t n = 0;
    for (size_t i = 0; i < w->noutcomes; i++)
        n += strstr(w->outcomes[i], text) != NULL;
    return n;
}
