/*
 * A world for the executor, in memory.
 */
#include "tests/unit/world.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"

#define WALL 1399906988000LL

/* clocks, settings */

static int64_t port_boot(void *arg)
{
    return ((struct world_member *)arg)->world->now;
}

static int64_t port_wall(void *arg)
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
    ck_assert_int_eq(partition, 3);
    ck_assert(!world_finished(m, offset));
    m->finished[m->nfinished++] = offset;
}

/* Megaplan */

static const struct jval *first(const struct jval *array)
{
    return jval_at(array, 0);
}

static void set(char *to, size_t room, struct str text)
{
    snprintf(to, room, "%.*s", STR_ARG(text));
}

struct world_client *world_client_add(struct world *w, const char *id, const char *phone)
{
    struct world_client *c = &w->clients[w->nclients++];
    *c = (struct world_client){.created_at = WALL + w->now};
    set(c->id, sizeof c->id, str_of(id));
    set(c->phone, sizeof c->phone, str_of(phone));
    return c;
}

static const char *create(struct world *w, const char *text)
{
    struct jval *body CLEANUP(jval_cleanup) = NULL;
    struct error e = ERROR_NONE;
    char id[24];
    ck_assert_msg(!jval_parse(str_of(text), &body, &e), "%s: %s", e.text, text);
    snprintf(id, sizeof id, "%zu", 1000100 + w->nclients);
    struct str phone = jval_get_text(first(jval_get(body, "contactInfo")), "value");
    char number[40];
    set(number, sizeof number, phone);
    struct world_client *c = world_client_add(w, id, number);
    set(c->description, sizeof c->description, jval_get_text(body, "description"));
    set(c->name, sizeof c->name, jval_get_text(body, "firstName"));
    set(c->responsible, sizeof c->responsible,
        jval_get_text(first(jval_get(body, "responsibles")), "id"));
    c->creator = jval_get(body, "userCreated") != NULL;
    return c->id;
}

static struct jval *row(const struct world_client *c, bool whole)
{
    struct jval *r = jval_new_object();
    jval_put_text(r, "contentType", c->company ? STR("ContractorCompany") : STR("ContractorHuman"));
    jval_put_text(r, "id", str_of(c->id));
    if (!whole)
        return r;
    struct jval *phone = jval_new_object();
    jval_put_text(phone, "contentType", STR("ContactInfo"));
    jval_put_text(phone, "type", STR("phone"));
    jval_put_text(phone, "value", str_of(c->phone));
    struct jval *contacts = jval_new_array();
    jval_append(contacts, phone);
    jval_put(r, "contactInfo", contacts);
    jval_put_bool(r, "isDropped", c->dropped);
    jval_put_text(r, "description", str_of(c->description));
    char at[TEXT_TIME_SIZE];
    text_time(c->created_at, at);
    struct jval *created = jval_new_object();
    jval_put_text(created, "value", str_of(at));
    jval_put(r, "timeCreated", created);
    return r;
}

static bool same_number(const char *card, const char *digits)
{
    struct phone p;
    return phone_from_card(str_of(card), STR("7"), &p) && strcmp(p.digits, digits) == 0;
}

static bool visible(const struct world *w, const struct world_client *c)
{
    return !w->index_lags || WALL + w->now - c->created_at >= 60000;
}

static struct jval *search(const struct world *w, const char *number, bool whole)
{
    struct jval *rows = jval_new_array();
    for (size_t i = 0; i < w->nclients; i++)
        if (visible(w, &w->clients[i]) && same_number(w->clients[i].phone, number))
            jval_append(rows, row(&w->clients[i], whole));
    return rows;
}

static struct jval *newest(const struct world *w)
{
    struct jval *rows = jval_new_array();
    for (size_t i = w->nclients; i > 0; i--)
        jval_append(rows, row(&w->clients[i - 1], true));
    return rows;
}

static void number_in(const char *url, char *out, size_t room)
{
    const char *at = strstr(url, "%22%3A%22"); /* ":" */
    ck_assert_ptr_nonnull(at);
    size_t n = strspn(at + 9, "0123456789");
    snprintf(out, room, "%.*s", (int)n, at + 9);
}

static struct jval *entity(const struct world *w, const char *url)
{
    const char *id = strstr(url, "/contractor/") + strlen("/contractor/");
    size_t n = strcspn(id, "?");
    for (size_t i = 0; i < w->nclients; i++)
        if (strlen(w->clients[i].id) == n && strncmp(w->clients[i].id, id, n) == 0)
            return row(&w->clients[i], true);
    return NULL;
}

/* Does the request and returns the answer's data. */
static struct jval *perform(struct world *w, struct world_flight *f)
{
    char number[40];
    f->done = true;
    if (strcmp(f->method, "POST") == 0) {
        struct jval *made = jval_new_object();
        jval_put_text(made, "contentType", STR("ContractorHuman"));
        jval_put_text(made, "id", str_of(create(w, f->body)));
        return made;
    }
    if (strstr(f->url, "/callRoute")) {
        number_in(f->url, number, sizeof number);
        struct jval *route = jval_new_object();
        jval_put(route, "users", search(w, number, false));
        return route;
    }
    if (strstr(f->url, "/contractor?")) {
        number_in(f->url, number, sizeof number);
        return search(w, number, true);
    }
    return strstr(f->url, "/contractor/") ? entity(w, f->url) : newest(w);
}

static char *envelope(int status, struct jval *data, const char *field)
{
    struct jval *meta = jval_new_object();
    struct jval *errors = jval_new_array();
    if (status != 200) {
        struct jval *error = jval_new_object();
        jval_put_text(error, "field", str_of(field ? field : ""));
        jval_put_text(error, "message", field ? str_of(field) : STR("made to fail"));
        jval_append(errors, error);
    }
    jval_put_int(meta, "status", status);
    jval_put(meta, "errors", errors);
    jval_put(meta, "pagination", jval_new_array());
    struct jval *root = jval_new_object();
    jval_put(root, "meta", meta);
    jval_put(root, "data", data ? data : jval_new_object());
    char *text = jval_dump(root, false);
    jval_free(root);
    return text;
}

/* requests */

static void flight_free(struct world *w, struct world_flight *f)
{
    for (size_t i = 0; i < w->nflights; i++)
        if (w->flights[i] == f)
            w->flights[i] = w->flights[--w->nflights];
    free(f->method);
    free(f->url);
    free(f->body);
    free(f);
}

static enum world_fault fault_for(struct world *w, const struct http_request *r)
{
    bool fits =
        !w->fault_path || strstr(r->url, w->fault_path) || strcmp(r->method, w->fault_path) == 0;
    if (w->faults == 0 || !fits)
        return WORLD_FINE;
    if (w->faults > 0)
        w->faults--;
    return w->fault;
}

static enum err port_send(void *arg, const struct http_request *r, struct http_transfer **out,
                          struct error *e)
{
    struct world_member *m = arg;
    struct world *w = m->world;
    (void)e;
    ck_assert(!m->frozen);
    ck_assert_ptr_nonnull(strstr(r->headers[0], "Bearer "));
    struct world_flight *f = mem_alloc(1, sizeof *f);
    f->member = m;
    f->request = *r;
    f->method = mem_copy(str_of(r->method));
    f->url = mem_copy(str_of(r->url));
    f->body = mem_copy(r->body);
    f->sent_at = f->lands_at = w->now;
    f->fault = fault_for(w, r);
    ck_assert_uint_lt(w->nflights, WORLD_MAX);
    w->flights[w->nflights++] = f;
    w->requests++;
    w->creates += strcmp(r->method, "POST") == 0;
    *out = (struct http_transfer *)(void *)f;
    return ERR_OK;
}

static void port_cancel(void *arg, struct http_transfer *t)
{
    (void)arg;
    ((struct world_flight *)(void *)t)->member = NULL;
}

static void tell(struct world *w, struct world_flight *f, const struct http_answer *a)
{
    struct http_request r = f->request;
    bool heard = f->member != NULL;
    flight_free(w, f);
    if (heard)
        r.done(r.arg, a);
}

static void answer(struct world *w, struct world_flight *f)
{
    struct http_answer a = {.end = HTTP_ANSWERED, .status = 200, .retry_after_s = -1, .ms = 5};
    char *text = NULL;
    bool refused = w->refused_field && strstr(f->body, w->refused_field);
    if (refused) {
        a.status = 422;
        text = envelope(422, NULL, w->refused_field);
    } else if (f->fault == WORLD_NOT_SENT || f->fault == WORLD_REQUEST_LOST) {
        a.end = f->fault == WORLD_NOT_SENT ? HTTP_NOT_SENT : HTTP_UNKNOWN;
        a.why = "made to fail";
    } else {
        if (f->fault != WORLD_STATUS && !f->done) {
            struct jval *data = perform(w, f);
            a.status = data ? 200 : 404;
            text = envelope(a.status, data, NULL);
        }
        if (f->fault == WORLD_ANSWER_LOST || f->fault == WORLD_HANGS)
            a = (struct http_answer){.end = HTTP_UNKNOWN, .why = "the connection was cut"};
        if (f->fault == WORLD_STATUS || f->fault == WORLD_STATUS_AFTER) {
            free(text);
            a.status = w->status;
            a.retry_after_s = w->retry_after_s;
            text = envelope(w->status, NULL, NULL);
        }
    }
    a.body = str_of(text);
    tell(w, f, &a);
    free(text);
}

static void fly(struct world *w, struct world_member *m)
{
    for (size_t i = w->nflights; i > 0 && i <= w->nflights; i--) {
        struct world_flight *f = w->flights[i - 1];
        if (f->member != m || w->now < f->sent_at + w->latency_ms)
            continue;
        if (f->fault != WORLD_HANGS) {
            answer(w, f);
        } else if (w->now >= f->sent_at + f->request.timeout_ms) {
            const struct http_answer late = {.end = HTTP_UNKNOWN, .why = "timed out"};
            f->request.done(f->request.arg, &late);
            f->member = NULL; /* it stays on its way */
        }
    }
}

void world_land(struct world *w, size_t flight)
{
    struct world_flight *f = w->flights[flight];
    jval_free(f->done ? NULL : perform(w, f));
    if (!f->member)
        flight_free(w, f);
}

/* Kafka */

static enum err port_produce(void *arg, const struct producer_record *r, struct error *e)
{
    struct world_member *m = arg;
    if (m->npending == sizeof m->pending / sizeof *m->pending)
        return error_set(e, ERR_TEMPORARY, "the queue is full");
    struct producer_record *p = &m->pending[m->npending++];
    *p = *r;
    p->key = str_of(mem_copy(r->key));
    p->value = str_of(mem_copy(r->value));
    char *texts[3] = {mem_copy(STR_NONE), mem_copy(STR_NONE), mem_copy(STR_NONE)};
    for (size_t i = 0; i < r->nheaders; i++) {
        static const char *const wanted[3] = {"mark", "job", "__connect.errors.exception.message"};
        for (size_t k = 0; k < 3; k++)
            if (strcmp(r->headers[i].name, wanted[k]) == 0) {
                free(texts[k]);
                texts[k] = mem_copy(r->headers[i].value);
            }
    }
    struct kafka_header *kept = mem_alloc(3, sizeof *kept);
    for (size_t k = 0; k < 3; k++)
        kept[k] = (struct kafka_header){texts[k], str_of(texts[k])};
    p->headers = kept;
    return ERR_OK;
}

static void record_free(struct producer_record *p)
{
    free((char *)(uintptr_t)p->key.ptr);
    free((char *)(uintptr_t)p->value.ptr);
    for (size_t k = 0; k < 3; k++)
        free((char *)(uintptr_t)p->headers[k].name);
    free((struct kafka_header *)(uintptr_t)p->headers);
}

static int64_t append(struct world *w, struct producer_record *p)
{
    if (p->topic == KAFKA_FACTS) {
        ck_assert_int_eq(p->partition, 3);
        struct world_fact *f = &w->facts[w->nfacts];
        f->key = mem_copy(p->key);
        f->value = mem_copy(p->value);
        f->job = mem_copy(p->headers[1].value);
        snprintf(f->mark, sizeof f->mark, "%s", p->headers[0].name);
        f->at = WALL + w->now;
        return (int64_t)w->nfacts++;
    }
    if (p->topic == KAFKA_DEAD) {
        w->dead[w->ndead++] = mem_format("%s: %.*s", p->headers[2].name, STR_ARG(p->key));
    } else if (!strstr(p->value.ptr, "\"what\":\"request\"")) {
        ck_assert_uint_lt(w->noutcomes, 8 * WORLD_MAX);
        w->outcomes[w->noutcomes++] = mem_copy(p->value);
    }
    return 0;
}

static void deliver(struct world_member *m)
{
    struct producer_record now[64];
    size_t n = m->npending;
    memcpy(now, m->pending, n * sizeof *now);
    m->npending = 0;
    for (size_t i = 0; i < n; i++) {
        struct producer_report report = {.delivered = !m->world->kafka_refuses, .why = "refused"};
        if (report.delivered)
            report.offset = append(m->world, &now[i]);
        if (now[i].done)
            now[i].done(now[i].arg, &report);
        record_free(&now[i]);
    }
}

static void read_facts(struct world_member *m)
{
    while (m->owner && m->next < m->world->nfacts) {
        const struct world_fact *f = &m->world->facts[m->next++];
        const struct facts_record r = {.key = str_of(f->key),
                                       .value = str_of(f->value),
                                       .mark = str_of(f->mark),
                                       .job = str_of(f->job),
                                       .at = f->at,
                                       .now = m->world->now};
        enum facts_change change;
        struct error e = ERROR_NONE;
        ck_assert(!facts_apply(m->owner->facts, &r, &change, &e));
        ck_assert_int_ne(change, FACTS_CONFLICT);
        if (change == FACTS_STRANGER) {
            m->stopped_by_mark = true;
            world_lose(m);
            return;
        }
        m->owner->facts_next = (int64_t)m->next;
        executor_read(m->executor, m->owner);
    }
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
    m->stopped_by_mark = false;
    m->nfinished = 0;
    read_facts(m);
}

struct world_member *world_join(struct world *w)
{
    struct world_member *m = mem_alloc(1, sizeof *m);
    m->world = w;
    m->port = (struct port){m,           port_boot, port_wall,   port_random,  port_settings,
                            port_offset, port_send, port_cancel, port_produce, port_finished};
    const struct executor_options options = {.concurrency = 64,
                                             .request_timeout_ms = 15000,
                                             .retry_max_ms = 30000,
                                             .outcome_partitions = 12,
                                             .dead_partitions = 12};
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
    world_lose(m);
    for (size_t i = 0; i < m->npending; i++) { /* what its producer had not sent */
        const struct producer_report report = {.why = "killed"};
        if (m->pending[i].done)
            m->pending[i].done(m->pending[i].arg, &report);
        record_free(&m->pending[i]);
    }
    executor_free(m->executor);
    free(m);
}

void world_message(struct world_member *m, enum kafka_topic topic, int64_t offset, const char *key,
                   const char *value, bool forced)
{
    const struct kafka_header headers[] = {{"origin", STR("live")},
                                           {"received-at", STR("2014-05-12T15:03:09.123Z")},
                                           {"x-sent-again", STR("1")}};
    const struct kafka_message message = {.topic = topic,
                                          .partition = 3,
                                          .offset = offset,
                                          .key = str_of(key),
                                          .value = str_of(value),
                                          .headers = headers,
                                          .nheaders = forced ? 3 : 2};
    executor_take(m->executor, m->owner, &message);
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

/* time */

void world_turn(struct world_member *m)
{
    if (m->frozen)
        return;
    executor_run(m->executor);
    deliver(m);
    read_facts(m);
    fly(m->world, m);
    executor_run(m->executor);
}

/* Bytes that have left are carried out, whether their sender is gone, frozen or listening. */
static void land_the_left(struct world *w)
{
    for (size_t i = w->nflights; i > 0; i--) {
        struct world_flight *f = w->flights[i - 1];
        if ((f->member && !f->member->frozen) || f->done || w->now < f->lands_at)
            continue;
        if (f->fault == WORLD_REQUEST_LOST || f->fault == WORLD_NOT_SENT ||
            f->fault == WORLD_STATUS)
            f->done = true;
        world_land(w, i - 1);
    }
}

void world_pass(struct world *w, int64_t ms, struct world_member **members, size_t n)
{
    for (int64_t end = w->now + ms; w->now < end; w->now += w->step_ms) {
        for (size_t i = 0; i < n; i++)
            world_turn(members[i]);
        land_the_left(w);
    }
}

/* the world */

struct world *world_new(void)
{
    struct world *w = mem_alloc(1, sizeof *w);
    w->now = 1000000;
    w->step_ms = 50;
    w->seed = 1;
    w->settings.enabled = true;
    w->settings.account = mem_copy(STR(WORLD_ACCOUNT));
    w->settings.country_code = mem_copy(STR("7"));
    w->settings.megaplan.base_url = mem_copy(STR("https://acme.megaplan.ru"));
    w->settings.megaplan.token = mem_copy(STR("tok"));
    w->settings.megaplan.requests_per_second = 100;
    w->settings.megaplan.requests_per_hour = 100000;
    return w;
}

void world_free(struct world *w)
{
    while (w->nflights)
        flight_free(w, w->flights[0]);
    for (size_t i = 0; i < w->nfacts; i++) {
        free(w->facts[i].key);
        free(w->facts[i].value);
        free(w->facts[i].job);
    }
    for (size_t i = 0; i < w->noutcomes; i++)
        free(w->outcomes[i]);
    for (size_t i = 0; i < w->ndead; i++)
        free(w->dead[i]);
    free(w->settings.account);
    free(w->settings.country_code);
    free(w->settings.megaplan.base_url);
    free(w->settings.megaplan.token);
    free(w);
}

size_t world_clients_of(const struct world *w, const char *number)
{
    size_t n = 0;
    for (size_t i = 0; i < w->nclients; i++)
        n += !w->clients[i].dropped && same_number(w->clients[i].phone, number);
    return n;
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
