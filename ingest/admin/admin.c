/*
 * Puts the settings page's side together: its parts, their routes, start and stop. Must not know what parts do. The
 * admin thread runs all but admin.h's functions, which are the main thread's.
 */
#include "ingest/admin/admin.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/accounts.h"
#include "common/doctor/evidence.h"
#include "common/doctor/outside.h"
#include "common/kafka/connect.h"
#include "common/kafka/scan.h"
#include "common/limits.h"
#include "common/log.h"
#include "common/mem.h"
#include "ingest/admin/api.h"
#include "ingest/admin/api_state.h"
#include "ingest/admin/audits.h"
#include "ingest/admin/balance.h"
#include "ingest/admin/checks.h"
#include "ingest/admin/documents.h"
#include "ingest/admin/running.h"
#include "ingest/admin/staff.h"
#include "ingest/admin/try.h"
#include "ingest/front.h"
#include "ingest/server.h"

#define BODY_MAX (2 * LIMIT_SETTINGS_BYTES) /* so that what is a little too large is told why */
#define TICK_MS 500
#define STOP_TICK_MS 20
#define CONNECT_MS 5000
#define CONNECTIONS_PER_HOST 4

/* ---- the parts: each with a PART and a ROW ---- */

struct part {
    void *(*make)(const struct admin_parts *p);
    void (*drop)(void *part);
    const struct api_route *(*routes)(void *part, size_t *n);
    void (*found)(void *part);                        /* Kafka has answered; may be NULL */
    void (*changed)(void *part, const char *account); /* its settings; may be NULL */
};

/* The functions of a part NAME (NAME_new, NAME_free, NAME_routes) as the table wants them. */
#define PART(name)                                                      \
    static void *make_##name(const struct admin_parts *p)               \
    {                                                                   \
        return name##_new(p);                                           \
    }                                                                   \
    static void drop_##name(void *part)                                 \
    {                                                                   \
        name##_free(part);                                              \
    }                                                                   \
    static const struct api_route *routes_##name(void *part, size_t *n) \
    {                                                                   \
        return name##_routes(part, n);                                  \
    }
#define ROW(name) .make = make_##name, .drop = drop_##name, .routes = routes_##name

PART(audits)
PART(documents)
PART(running)
PART(try)
PART(staff)
PART(balance)
PART(checks)

static void found_running(void *part)
{
    running_found(part);
}

static void changed_running(void *part, const char *account)
{
    running_changed(part, account);
}

static void changed_documents(void *part, const char *account)
{
    documents_changed(part, account);
}

static const struct part parts[] = {
    {ROW(audits)},                                  /* who changed what */
    {ROW(documents), .changed = changed_documents}, /* the settings */
    {ROW(try)},                                     /* test calls */
    {ROW(staff)},                                   /* employees and extensions */
    {ROW(balance)},                                 /* what is left on the PBX's account */
    {ROW(checks)},                                  /* doctor's */
    /* calls, stories, dead letters, health, events */
    {ROW(running), .found = found_running, .changed = changed_running},
    {.make = NULL}, /* the end */
};

#define PARTS (sizeof parts / sizeof *parts) /* with the last one, which is none */

/* ---- the whole ---- */

enum {
    WISH_STOP = 1,
    WISH_RELOAD = 2
};

struct admin {
    const struct config *config;
    struct loop *loop;
    struct front *front;
    struct api *api;
    struct admin_parts shared;
    struct admin_unmapped unmapped;
    struct connect *connect;
    struct kafka_layout layout;
    void *made[PARTS];
    struct loop_timer tick;
    int64_t stop_by; /* boot ms; 0 = not stopping */
    int wish_fd;
    _Atomic unsigned wishes;
    pthread_t thread;
    bool running;
};

/* ---- Kafka ---- */

static bool is_ready(void *arg)
{
    const struct admin *a = arg;
    return accounts_restored(a->shared.accounts);
}

static const struct settings *settings_of(void *arg, const char *account)
{
    const struct admin *a = arg;
    return accounts_get(a->shared.accounts, str_of(account));
}

static void on_changed(void *arg, const char *account)
{
    struct admin *a = arg;
    outside_changed(a->shared.outside, account);
    for (size_t i = 0; parts[i].make; i++) {
        if (parts[i].changed)
            parts[i].changed(a->made[i], account);
    }
}

static void on_found(void *arg, const struct kafka_layout *layout)
{
    struct admin *a = arg;
    struct error e = ERROR_NONE;
    a->layout = *layout;
    if (producer_new(a->loop, a->config, &a->layout, a->config->kafka_ack_timeout_ms,
                     &a->shared.producer, &e) ||
        scan_open(a->loop, a->config, &a->layout, false, &a->shared.scanner, &e) ||
        accounts_follow(a->shared.accounts, &a->layout, &e)) {
        log_fail("the settings page has no Kafka", LOG_ERROR(&e));
        return;
    }
    a->shared.layout = &a->layout;
    for (size_t i = 0; parts[i].make; i++) {
        if (parts[i].found)
            parts[i].found(a->made[i]);
    }
}

static void on_refused(void *arg, const struct error *why)
{
    (void)arg;
    (void)why; /* main.c hears the same, and ends */
}

/* ---- the thread ---- */

static void begin_stop(struct admin *a)
{
    if (a->stop_by)
        return;
    a->stop_by = loop_now(a->loop) + a->config->shutdown_timeout_s * 750;
    server_quiesce(front_server(a->front));
    api_end_streams(a->api);
    loop_timer_after(&a->tick, 0);
}

static void on_wish(void *arg, unsigned events)
{
    struct admin *a = arg;
    eventfd_t n;
    (void)events;
    (void)eventfd_read(a->wish_fd, &n);
    unsigned wishes = atomic_exchange(&a->wishes, 0);
    if (wishes & WISH_RELOAD)
        front_reload(a->front);
    if (wishes & WISH_STOP)
        begin_stop(a);
}

static void on_tick(void *arg)
{
    struct admin *a = arg;
    if (a->stop_by && (server_busy(front_server(a->front)) == 0 || loop_now(a->loop) >= a->stop_by))
        loop_stop(a->loop);
    if (a->shared.producer)
        (void)producer_is_warm(a->shared.producer);
    loop_timer_after(&a->tick, a->stop_by ? STOP_TICK_MS : TICK_MS);
}

/* The opposite order of the start; all of it is NULL-safe. */
static void release(struct admin *a)
{
    connect_free(a->connect);
    front_free(a->front);                    /* parts are not asked any more */
    producer_free(a->shared.producer, 1000); /* they hear the last reports */
    for (size_t i = PARTS; i-- > 0;) {
        if (a->made[i])
            parts[i].drop(a->made[i]);
    }
    outside_free(a->shared.outside);
    evidence_free(a->shared.evidence);
    http_free(a->shared.http);
    scan_close(a->shared.scanner);
    accounts_free(a->shared.accounts);
    api_free(a->api);
}

static void *run(void *arg)
{
    struct admin *a = arg;
    struct error e = ERROR_NONE;
    if (loop_run(a->loop, &e)) /* /healthz will say so in 30 s */
        log_fail("the settings page cannot run", LOG_ERROR(&e));
    release(a);
    return NULL;
}

/* ---- the main thread ---- */

static enum err open_door(struct admin *a, const struct cidr_list *trusted, struct error *e)
{
    const struct config *c = a->config;
    const struct api_options options = {
        .loop = a->loop, .config = c, .trusted = trusted, .ready = is_ready, .arg = a};
    a->api = api_new(&options);
    for (size_t i = 0; parts[i].make; i++) {
        size_t n;
        a->made[i] = parts[i].make(&a->shared);
        const struct api_route *routes = parts[i].routes(a->made[i], &n);
        api_add(a->api, routes, n, a->made[i]);
    }
    const struct server_options server = {.loop = a->loop,
                                          .listen = c->admin_listen,
                                          .body_max = BODY_MAX,
                                          .app = api_app(a->api),
                                          .patient = true,
                                          .fields = api_security_fields,
                                          .nfields = API_SECURITY_FIELDS};
    return front_new(c, &server, "ADMIN_LISTEN", "page", &a->front, e);
}

static enum err begin(struct admin *a, const struct cidr_list *trusted, struct error *e)
{
    const struct connect_events events = {on_found, on_refused};
    const struct http_options http = {.outbound_allow = a->config->outbound_allow,
                                      .ca_file = a->config->ca_file,
                                      .connect_timeout_ms = CONNECT_MS,
                                      .connections_per_host = CONNECTIONS_PER_HOST};
    a->wish_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (a->wish_fd < 0)
        return error_set(e, ERR_INTERNAL, "eventfd: %s", strerrordesc_np(errno));
    if (loop_new(&a->loop, e) || loop_watch(a->loop, a->wish_fd, LOOP_READ, on_wish, a, e) ||
        http_new(a->loop, &http, &a->shared.http, e))
        return e->kind;
    a->shared.loop = a->loop;
    a->shared.accounts = accounts_new(
        a->loop, a->config,
        &(const struct accounts_options){.changed = on_changed, .arg = a, .documents = true});
    a->shared.unmapped = &a->unmapped;
    a->shared.evidence = evidence_new();
    a->shared.outside = outside_new(&(const struct outside_options){
        .loop = a->loop, .http = a->shared.http, .settings = settings_of, .arg = a});
    loop_timer_init(&a->tick, a->loop, on_tick, a);
    loop_timer_after(&a->tick, 0);
    if (open_door(a, trusted, e) || connect_new(a->loop, a->config, &events, a, &a->connect, e))
        return e->kind;
    if (pthread_create(&a->thread, NULL, run, a) != 0)
        return error_set(e, ERR_INTERNAL, "no thread: %s", strerrordesc_np(errno));
    a->running = true;
    return ERR_OK;
}

enum err admin_start(const struct config *c, const struct cidr_list *trusted,
                     const struct vitals *vitals, struct admin **out, struct error *e)
{
    *out = NULL;
    if (!c->admin_listen[0])
        return ERR_OK;
    struct admin *a = mem_alloc(1, sizeof *a);
    a->config = a->shared.config = c;
    a->shared.vitals = vitals;
    a->wish_fd = -1;
    if (begin(a, trusted, e)) {
        release(a);
        admin_free(a);
        return e->kind;
    }
    *out = a;
    return ERR_OK;
}

const struct loop *admin_loop(const struct admin *a)
{
    return a ? a->loop : NULL;
}

static void wish(struct admin *a, unsigned what)
{
    if (!a)
        return;
    atomic_fetch_or(&a->wishes, what);
    eventfd_write(a->wish_fd, 1);
}

void admin_reload(struct admin *a)
{
    wish(a, WISH_RELOAD);
}

void admin_quiesce(struct admin *a)
{
    wish(a, WISH_STOP);
}

void admin_stop(struct admin *a)
{
    if (!a || !a->running)
        return;
    admin_quiesce(a);
    pthread_join(a->thread, NULL);
    a->running = false;
}

void admin_free(struct admin *a)
{
    if (!a)
        return;
    loop_free(a->loop);
    if (a->wish_fd >= 0)
        close(a->wish_fd);
    free(a);
}
