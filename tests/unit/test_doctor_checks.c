/*
 * doctor's checks against a Megaplan, a MANGO and a PUBLIC_URL that answer as a table says: what each answer means, that one
 * failing check hides no other, how few requests there are, and ends in the middle.
 */
#include "tests/unit/http_world.h"

#include <sched.h>
#include <stdlib.h>

#include "common/buf.h"
#include "common/doctor/doctor.h"
#include "common/doctor/doctor_remedy.h"
#include "common/mem.h"
#include "tests/unit/settings_example.h"

#define ROWS_TEXT 2000

struct ward {
    struct world w;
    struct config config;
    struct settings *settings; /* NULL: no such account */
    struct outside *outside;
    struct doctor *doctor;
    struct evidence *evidence;
    const char *refused;
    size_t unmapped;
    bool over;
    char rows[ROWS_TEXT], found[ROWS_TEXT];
};

/* ---- what doctor asks ---- */

static const struct settings *settings_of(void *arg, const char *account)
{
    const struct ward *d = arg;
    return strcmp(account, "acme") == 0 ? d->settings : NULL;
}

static const struct kafka_layout *layout_of(void *arg)
{
    (void)arg;
    return NULL;
}

static const char *refused_of(void *arg, const char *account)
{
    const struct ward *d = arg;
    (void)account;
    return d->refused;
}

static const struct evidence *evidence_of(void *arg)
{
    const struct ward *d = arg;
    return d->evidence;
}

static size_t unmapped_of(void *arg, const char *account, struct doctor_unmapped *out, size_t room)
{
    const struct ward *d = arg;
    (void)account;
    for (size_t i = 0; i < d->unmapped && i < room; i++)
        snprintf(out[i].extension, sizeof out[i].extension, "%zu", 900 + i);
    return d->unmapped;
}

/* ---- a ward ---- */

/* The example at the peer's address; each pair of `changes` replaces a text of it. */
static struct settings *settings_with(int port, const char *const *changes)
{
    struct settings *s = NULL;
    struct error e = ERROR_NONE;
    struct secret_keys keys = settings_example_keys(false);
    struct settings_rules rules = *settings_example_rules();
    char *here = mem_format("http://127.0.0.1:%d", port);
    char *text = mem_copy(str_of(settings_example));
    const char *const base[] = {"https://acme.megaplan.ru", here, "https://app.mango-office.ru",
                                here, NULL};
    rules.outbound_allow = STR("127.0.0.1");
    for (int pass = 0; pass < 2; pass++) {
        for (const char *const *c = pass ? changes : base; c && *c; c += 2) {
            char *at = strstr(text, c[0]), *old = text;
            ck_assert_msg(at != NULL, "not in the settings: %s", c[0]);
            text = mem_format("%.*s%s%s", (int)(at - old), old, c[1], at + strlen(c[0]));
            free(old);
        }
    }
    ck_assert_msg(settings_parse(str_of(text), &rules, &keys, &s, &e) == ERR_OK, "%s", e.text);
    free(text);
    free(here);
    return s;
}

static void open_ward(struct ward *d, struct peer_answer *answers, const char *const *changes)
{
    memset(d, 0, sizeof *d);
    start(&d->w, 0, "127.0.0.1");
    d->w.peer.answers = answers;
    d->settings = settings_with(d->w.peer.port, changes);
    d->config.public_url = mem_format("http://127.0.0.1:%d/hook/", d->w.peer.port);
    d->outside = outside_new(&(const struct outside_options){
        .loop = d->w.loop, .http = d->w.http, .settings = settings_of, .arg = d});
    d->doctor = doctor_new(&(const struct doctor_options){.loop = d->w.loop,
                                                          .http = d->w.http,
                                                          .config = &d->config,
                                                          .outside = d->outside,
                                                          .settings = settings_of,
                                                          .layout = layout_of,
                                                          .refused = refused_of,
                                                          .evidence = evidence_of,
                                                          .unmapped = unmapped_of,
                                                          .arg = d});
}

static void close_ward(struct ward *d)
{
    doctor_free(d->doctor);
    outside_free(d->outside);
    settings_free(d->settings);
    evidence_free(d->evidence);
    free(d->config.public_url);
    end(&d->w);
    for (int64_t until = clock_boot_ms() + 10000; d->w.peer.open > 0;) {
        ck_assert_int_lt(clock_boot_ms(), until);
        sched_yield();
    }
}

static void on_rows(void *arg, const struct doctor_row *rows, size_t n)
{
    struct ward *d = arg;
    struct buf text = BUF_INIT(ROWS_TEXT - 1), found = BUF_INIT(ROWS_TEXT - 1);
    ck_assert(!d->over);
    d->over = true;
    for (size_t i = 0; i < n; i++) {
        ck_assert_msg(doctor_remedy(rows[i].code) != NULL, "no remedy: %s", rows[i].code);
        bool bad = rows[i].status == DOCTOR_WARN || rows[i].status == DOCTOR_FAIL;
        ck_assert_msg(!bad || *rows[i].remedy, "nothing to do: %s", rows[i].code);
        buf_addf(&text, "%s%s %s", i ? ", " : "", doctor_status_name(rows[i].status), rows[i].code);
        buf_addf(&found, "%s\n", rows[i].found);
    }
    snprintf(d->rows, sizeof d->rows, "%.*s", STR_ARG(buf_str(&text)));
    snprintf(d->found, sizeof d->found, "%.*s", STR_ARG(buf_str(&found)));
    buf_done(&text);
    buf_done(&found);
}

/* names: separated by spaces; "" = all but those that ask Kafka, which tests/integration/test_doctor.py has. */
static uint32_t bits_of(const char *names)
{
    uint32_t bits = 0;
    for (size_t i = 0; doctor_check(i); i++)
        if (!*names && doctor_find(STR("kafka")) != (int)i && doctor_find(STR("workers")) != (int)i)
            bits |= UINT32_C(1) << i;
    while (*names) {
        size_t n = strcspn(names, " ");
        int number = doctor_find((struct str){names, n});
        ck_assert_int_ge(number, 0);
        bits |= UINT32_C(1) << number;
        names += n + (names[n] != '\0');
    }
    return bits;
}

static void run_of(struct ward *d, const char *account, const char *names)
{
    d->over = false;
    doctor_run(d->doctor, account, bits_of(names), on_rows, d);
    ck_assert(!d->over);
    for (int64_t until = clock_boot_ms() + 20000; !d->over;) {
        ck_assert_int_lt(clock_boot_ms(), until);
        ck_assert_int_eq(loop_turn(d->w.loop, 20, &d->w.e), ERR_OK);
    }
    ck_assert_uint_eq(doctor_running(d->doctor), 0);
}

static const char *check(struct ward *d, const char *names)
{
    run_of(d, "acme", names);
    return d->rows;
}

/* ---- answers ---- */

#define MEGA(data) "{\"meta\":{\"status\":200,\"errors\":[]},\"data\":" data "}"
#define NO(status, message) \
    "{\"meta\":{\"status\":" #status ",\"errors\":[{\"message\":\"" message "\"}]},\"data\":{}}"
#define PETROV \
    "{\"contentType\":\"Employee\",\"id\":\"1000005\",\"name\":\"P\",\"isWorking\":true,\"canLogin\":true}"
#define SECOND \
    "{\"contentType\":\"Employee\",\"id\":\"1000006\",\"name\":\"S\",\"isWorking\":true,\"canLogin\":true}"
#define PEOPLE MEGA("[" PETROV "," SECOND "]")
#define USER(extension) \
    "{\"general\":{\"name\":\"x\"},\"telephony\":{\"extension\":\"" extension "\"}}"
#define USERS(...) "{\"users\":[" __VA_ARGS__ "]}"
#define THREE USERS(USER("101") "," USER("201") "," USER("102"))

#define FINE                                                                              \
    {.path = "/employee", .status = 200, .body = PEOPLE},                                 \
        {.path = "/callInfo/provider", .status = 404, .body = NO(404, "call not found")}, \
        {.path = "/callInfo", .status = 200, .body = MEGA("[]")},                         \
        {.path = "/contractorHuman/extraFields", .status = 200, .body = MEGA("[]")},      \
        {.path = "/contractor", .status = 200, .body = MEGA("[]")},                       \
        {.path = "/vpbx/", .status = 200, .body = THREE},                                 \
        {.path = "/events/ping", .status = 200, .times = 1},                              \
        {.path = "/events/ping", .status = 401, .times = 1},                              \
    {                                                                                     \
        .path = NULL                                                                      \
    }

static const char *const plain[] = {"\"route_to_responsible\":true",
                                    "\"route_to_responsible\":false",
                                    "\"source_field\":true",
                                    "\"source_field\":false",
                                    "\"call_tracking\":true",
                                    "\"call_tracking\":false",
                                    NULL};

/* ---- tests ---- */

START_TEST(all_is_well)
{
    struct ward d;
    struct peer_answer answers[] = {FINE};
    open_ward(&d, answers, plain);
    d.evidence = evidence_new();
    ck_assert_str_eq(
        check(&d, ""),
        "ok settings_ok, ok mango_ok, ok megaplan_ok, ok telephony_ok, ok webhook_ok, "
        "warn tls_plain, ok extensions_ok, ok employees_ok, skip fields_off, ok vendor_ok, "
        "skip greeting_off, ok recordings_hint, ok limits_ok, ok refused_ok, "
        "ok timezone_ok, skip clock_unknown");
    ck_assert_int_eq(d.w.peer.requests, 7); /* four of Megaplan, one of MANGO, two pings */
    /* kept for a minute: nothing is asked again but the pings, which are 404 by now */
    ck_assert_str_eq(check(&d, "mango megaplan telephony extensions employees vendor webhook"),
                     "ok mango_ok, ok megaplan_ok, ok telephony_ok, fail webhook_not_found, "
                     "ok extensions_ok, ok employees_ok, ok vendor_ok");
    ck_assert_int_eq(d.w.peer.requests, 8);
    close_ward(&d);
}
END_TEST

/* One answer in front of those that are fine. */
struct sick {
    struct peer_answer first;
    const char *names, *rows, *found;
};

static void try_sick(const struct sick *s)
{
    struct ward d;
    struct peer_answer answers[] = {s->first, FINE};
    open_ward(&d, answers, NULL);
    const char *rows = check(&d, s->names);
    ck_assert_msg(strcmp(rows, s->rows) == 0, "%s\n(%d %s):\n%s", s->rows, s->first.status,
                  s->first.path, rows);
    ck_assert_msg(strstr(d.found, s->found ? s->found : "") != NULL, "%s\nis not in\n%s", s->found,
                  d.found);
    close_ward(&d);
}

static const struct sick of_megaplan[] = {
    {{.path = "/employee", .status = 401, NO(401, "Unauthorized")},
     "megaplan employees",
     "fail megaplan_credentials, skip not_read",
     "Unauthorized"},
    {{.path = "/employee", .status = 402, NO(402, "pay")},
     "megaplan",
     "fail megaplan_payment",
     "pay"},
    {{.path = "/employee", .status = 403, NO(403, "no right")},
     "megaplan",
     "fail megaplan_rights",
     "no right"},
    {{.path = "/employee", .status = 404, "<html>"}, "megaplan", "fail megaplan_address", NULL},
    {{.path = "/employee", .status = 301, "", "Location: http://127.0.0.1/\r\n"},
     "megaplan",
     "fail megaplan_address",
     NULL},
    {{.path = "/employee", .status = 422, NO(422, "odd")},
     "megaplan",
     "fail megaplan_refused",
     "odd"},
    {{.path = "/employee", .status = 500, ""}, "megaplan", "fail megaplan_unclear", "500"},
    {{.path = "/employee", .status = 200, "{}"}, "megaplan", "fail megaplan_unclear", NULL},
    {{.path = "/employee", .status = 200, MEGA("7")}, "megaplan", "fail megaplan_unclear", "shape"},
    {{.path = "/employee", .status = 0},
     "megaplan employees",
     "fail megaplan_unreachable, skip not_read",
     NULL},
    {{.path = "/employee", .status = 429, "", "Retry-After: 60\r\n"},
     "megaplan",
     "skip too_soon",
     "60 s"},
    {{.path = "/employee", .status = 200, MEGA("[]")},
     "megaplan employees",
     "warn list_kept, skip not_read",
     NULL},
    {{.path = "/contractor?", .status = 403, NO(403, "no right")},
     "megaplan",
     "ok megaplan_ok, fail megaplan_clients",
     "clients: no right"},
    {{.path = "/contractor?", .status = 500, ""},
     "megaplan",
     "ok megaplan_ok, fail megaplan_unclear",
     NULL},
    {{.path = "/contractor?", .status = 200, MEGA("{}")},
     "megaplan",
     "ok megaplan_ok, fail megaplan_unclear",
     NULL},
    {{.path = "/callInfo/provider", .status = 403, NO(403, "no telephony")},
     "telephony",
     "fail telephony_rights",
     "no telephony"},
    {{.path = "/callInfo/provider", .status = 404, NO(404, "No route found")},
     "telephony",
     "fail telephony_off",
     "No route"},
    {{.path = "/callInfo/provider", .status = 200, MEGA("null")},
     "telephony",
     "ok telephony_ok",
     NULL},
    {{.path = "/callInfo/provider", .status = 200, MEGA("[]")},
     "telephony",
     "ok telephony_ok",
     NULL},
    {{.path = "/callInfo/provider", .status = 500, ""}, "telephony", "skip not_read", "500"},
    {{.path = "/callInfo/provider", .status = 429, ""}, "telephony", "skip too_soon", NULL},
    {{.path = "/callInfo?", .status = 403, NO(403, "no right")},
     "vendor",
     "skip vendor_unknown",
     "no right"},
    {{.path = "/callInfo?", .status = 200, MEGA("{}")}, "vendor", "skip vendor_unknown", NULL},
    {{.path = "/callInfo?", .status = 429, ""}, "vendor", "skip too_soon", NULL},
    {{.path = "/extraFields", .status = 403, NO(403, "no right")},
     "fields",
     "fail fields_rights",
     "no right"},
    {{.path = "/extraFields", .status = 500, ""}, "fields", "skip not_read", NULL},
    {{.path = "/extraFields", .status = 429, ""}, "fields", "skip too_soon", NULL},
    {{.path = "/extraFields", .status = 200, MEGA("5")}, "fields", "skip not_read", NULL},
    {{.path = "/nothing", .status = 200, ""}, "fields", "warn fields_missing", "line, uid"},
};

START_TEST(megaplan_answers)
{
    for (size_t i = 0; i < COUNT(of_megaplan); i++)
        try_sick(&of_megaplan[i]);
}
END_TEST

START_TEST(mango_answers)
{
    static const struct sick cases[] = {
        {{.path = "/vpbx/", .status = 200, "{\"code\":3102,\"message\":\"sign\"}"},
         "mango extensions",
         "fail mango_salt, skip not_read",
         "sign"},
        {{.path = "/vpbx/", .status = 200, "{\"code\":3105}"}, "mango", "fail mango_key", "3105"},
        {{.path = "/vpbx/", .status = 200, "{\"result\":3330}"},
         "mango",
         "fail mango_refused",
         NULL},
        {{.path = "/vpbx/", .status = 200, "{\"code\":2210}"}, "mango", "fail mango_refused", NULL},
        {{.path = "/vpbx/", .status = 401, ""}, "mango", "fail mango_closed", NULL},
        {{.path = "/vpbx/", .status = 429, ""}, "mango", "skip too_soon", NULL},
        {{.path = "/vpbx/", .status = 500, ""}, "mango", "fail mango_unclear", NULL},
        {{.path = "/vpbx/", .status = 200, "[]"}, "mango", "fail mango_unclear", NULL},
        {{.path = "/vpbx/", .status = 0},
         "mango clock",
         "fail mango_unreachable, skip clock_unknown",
         NULL},
        {{.path = "/vpbx/", .status = 200, USERS("")}, "mango", "warn list_kept", NULL},
        {{.path = "/vpbx/", .status = 200, USERS(USER("101") "," USER("201"))},
         "extensions",
         "fail extensions_missing",
         "not in the PBX: 102"},
        {{.path = "/vpbx/",
          .status = 200,
          USERS(USER("101") "," USER("201") "," USER("102") "," USER("102") "," USER("102"))},
         "extensions",
         "warn extensions_twice",
         "PBX: 102\n"},
        {{.path = "/vpbx/",
          .status = 200,
          USERS(USER("101") "," USER("201") "," USER("102") "," USER("777") "," USER(
              "600") "," USER("777"))},
         "extensions",
         "warn extensions_twice, warn extensions_spare",
         "nobody's here: 777\n"},
        {{.path = "/vpbx/", .status = 200, THREE, "Date: Tue, 05 Mar 2024 13:30:00 GMT\r\n"},
         "clock",
         "fail clock_wrong",
         "MANGO is"},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        try_sick(&cases[i]);
}
END_TEST

START_TEST(what_a_ping_comes_back_with)
{
    static const struct sick cases[] = {
        {{.path = "/events/ping", .status = 401, ""}, "webhook", "fail webhook_unsigned", "401"},
        {{.path = "/events/ping", .status = 429, ""}, "webhook", "fail webhook_unsigned", "429"},
        {{.path = "/events/ping", .status = 403, ""}, "webhook", "warn webhook_forbidden", NULL},
        {{.path = "/events/ping", .status = 404, ""}, "webhook", "fail webhook_not_found", NULL},
        {{.path = "/events/ping", .status = 405, ""}, "webhook", "fail webhook_not_found", NULL},
        {{.path = "/events/ping", .status = 503, ""}, "webhook", "fail webhook_unready", NULL},
        {{.path = "/events/ping", .status = 502, ""}, "webhook", "fail webhook_proxy", NULL},
        {{.path = "/events/ping", .status = 504, ""}, "webhook", "fail webhook_proxy", NULL},
        {{.path = "/events/ping", .status = 308, "", "Location: https://elsewhere/\r\n"},
         "webhook",
         "fail webhook_redirect",
         "308"},
        {{.path = "/events/ping", .status = 418, ""}, "webhook", "fail webhook_status", "418"},
        {{.path = "/events/ping", .status = 200, ""}, "webhook", "fail webhook_not_ours", "200"},
        {{.path = "/events/ping", .status = 0}, "webhook", "fail webhook_unreachable", NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        try_sick(&cases[i]);
}
END_TEST

START_TEST(where_a_ping_goes)
{
    static const struct {
        const char *url, *rows;
    } cases[] = {
        {"", "skip public_url_missing, skip public_url_missing"},
        {"http://10.1.2.3:9/", "skip webhook_private, warn tls_plain"},
        {"https://10.1.2.3:9/", "skip webhook_private, skip webhook_private"},
        {"http://127.0.0.1:1", "fail webhook_unreachable, warn tls_plain"},
        {"https://127.0.0.1:1", "fail webhook_unreachable, skip tls_unreachable"},
        {"no address", "fail webhook_unreachable, fail webhook_unreachable"},
    };
    struct peer_answer answers[] = {FINE};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ward d;
        open_ward(&d, answers, NULL);
        free(d.config.public_url);
        d.config.public_url = mem_copy(str_of(cases[i].url));
        const char *rows = check(&d, "webhook tls");
        ck_assert_msg(strcmp(rows, cases[i].rows) == 0, "%s: %s", cases[i].url, rows);
        close_ward(&d);
    }
    struct ward d;
    open_ward(&d, answers, NULL);
    free(d.config.public_url);
    d.config.public_url = mem_format("https://127.0.0.1:%d", d.w.peer.port);
    ck_assert_str_eq(check(&d, "tls"), "fail tls_missing");
    close_ward(&d);
}
END_TEST

static void met(struct ward *d, const char *kind, const char *result, const char *why, int times)
{
    char value[300];
    snprintf(value, sizeof value, "{\"kind\":\"%s\",\"result\":\"%s\",\"reason\":\"%s\"}", kind,
             result, why);
    const struct kafka_message m = {.topic = KAFKA_OUTCOMES,
                                    .timestamp = clock_wall_ms(),
                                    .key = STR("acme/e"),
                                    .value = str_of(value)};
    for (int i = 0; i < times; i++)
        evidence_take(d->evidence, &m, m.timestamp);
}

#define ALL_MET "greeting recordings limits refused"

START_TEST(what_the_workers_met)
{
    struct ward d;
    struct peer_answer answers[] = {FINE};
    open_ward(&d, answers, NULL);
    ck_assert_str_eq(check(&d, ALL_MET),
                     "warn greeting_hint, ok recordings_hint, ok limits_ok, skip refused_unknown");
    d.evidence = evidence_new();
    met(&d, "route", "done", "", 19);
    met(&d, "route", "late", "", 2);
    met(&d, "call", "done", "", 250);
    ck_assert_str_eq(check(&d, ALL_MET),
                     "ok greeting_ok, ok recordings_hint, ok limits_ok, ok refused_ok");
    met(&d, "route", "late", "", 1);
    met(&d, "route", "limited", "", 3);
    met(&d, "route", "failed", "4100 for 79991231212", 1);
    met(&d, "record", "no_record", "too long", 4);
    met(&d, "client", "dead", "refused 79991231212", 1);
    met(&d, "call", "done", "", 2);
    ck_assert_str_eq(
        check(&d, ALL_MET),
        "warn greeting_late, warn recordings_refused, warn limits_hour, warn limits_routes, "
        "warn limits_refused, warn refused_dead");
    ck_assert_ptr_nonnull(strstr(d.found, "too long"));
    ck_assert_ptr_nonnull(strstr(d.found, "1212"));
    ck_assert_ptr_null(strstr(d.found, "79991231212"));
    close_ward(&d);
}
END_TEST

#define TIME "\"timeFrom\":{\"value\":\"2024-03-05T13:30:00Z\"}"
#define ROW "{\"type\":\"in\",\"fromPhone\":\"79991231212\"," TIME "}"

START_TEST(calls_that_stand_twice)
{
    static const struct sick cases[] = {
        {{.path = "/callInfo?", .status = 200, MEGA("[" ROW "]")},
         "vendor",
         "ok vendor_ok",
         "newest 1 calls"},
        {{.path = "/callInfo?", .status = 200, MEGA("[" ROW "," ROW "]")},
         "vendor",
         "warn vendor_active",
         "1 stand"},
        {{.path = "/callInfo?", .status = 200, MEGA("[" ROW "," ROW "," ROW "]")},
         "vendor",
         "fail vendor_active",
         "2 stand"},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        try_sick(&cases[i]);
}
END_TEST

START_TEST(mapping)
{
    static const char *const none[] = {"\"extension\":\"101\"",
                                       "\"extension\":null",
                                       "\"extensions\":[\"201\"]",
                                       "\"extensions\":[]",
                                       "\"extensions\":[\"102\"]",
                                       "\"extensions\":[],\"numbers\":[\"79990001122\"]",
                                       NULL};
    static const char *const stand_in[] = {"\"unmapped_employee\":null",
                                           "\"unmapped_employee\":\"1000005\"", NULL};
    struct peer_answer answers[] = {
        {.path = "/employee",
         .status = 200,
         MEGA("[{\"contentType\":\"Employee\",\"id\":\"1000005\",\"name\":\"P\","
              "\"isWorking\":true,\"canLogin\":false}]")},
        FINE};
    struct ward d;
    open_ward(&d, answers, NULL);
    d.unmapped = 11;
    ck_assert_str_eq(check(&d, "extensions employees"),
                     "warn extensions_unmapped, fail employees_missing, warn employees_blocked");
    ck_assert_ptr_nonnull(strstr(d.found, "900, 901, 902, 903, 904, 905, 906, 907 and 3 more"));
    close_ward(&d);
    open_ward(&d, answers, none);
    ck_assert_str_eq(check(&d, "extensions"), "warn extensions_none, warn extensions_spare");
    close_ward(&d);
    open_ward(&d, answers, stand_in);
    d.unmapped = 11;
    ck_assert_str_eq(check(&d, "extensions"), "ok extensions_ok");
    close_ward(&d);
}
END_TEST

START_TEST(settings_that_are_not_there)
{
    struct ward d;
    struct peer_answer answers[] = {FINE};
    open_ward(&d, answers, NULL);
    run_of(&d, "beta", "settings mango webhook tls");
    ck_assert_str_eq(d.rows, "fail no_account, skip no_account, skip no_account, skip no_account");
    run_of(&d, "", "settings");
    ck_assert_str_eq(d.rows, "fail no_account");
    d.refused = "mango.api_salt: cannot be opened";
    ck_assert_str_eq(check(&d, "settings"), "fail settings_refused");
    ck_assert_ptr_nonnull(strstr(d.found, "cannot be opened"));
    d.refused = NULL;
    d.settings->enabled = false;
    ck_assert_str_eq(check(&d, "settings"), "warn settings_off");
    ck_assert_int_eq(d.w.peer.requests, 0);
    memcpy(d.settings->timezone, "Mars", 5);
    ck_assert_str_eq(check(&d, "timezone"), "fail timezone_unknown");
    close_ward(&d);
}
END_TEST

START_TEST(an_end_in_the_middle)
{
    struct ward d;
    struct peer_answer answers[] = {FINE};
    open_ward(&d, answers, NULL);
    for (int i = 0; i < 3; i++)
        doctor_run(d.doctor, "acme", bits_of(""), on_rows, &d);
    ck_assert_uint_eq(doctor_running(d.doctor), 3);
    for (int i = 0; i < 3; i++) /* requests are on their way */
        ck_assert_int_eq(loop_turn(d.w.loop, 5, &d.w.e), ERR_OK);
    close_ward(&d);
    ck_assert(!d.over);
}
END_TEST

START_TEST(an_account_that_goes_meanwhile)
{
    struct ward d;
    struct peer_answer answers[] = {FINE};
    open_ward(&d, answers, NULL);
    doctor_run(d.doctor, "acme", bits_of("megaplan mango"), on_rows, &d);
    settings_free(d.settings);
    d.settings = NULL;
    outside_changed(d.outside, "acme");
    while (!d.over)
        ck_assert_int_eq(loop_turn(d.w.loop, 20, &d.w.e), ERR_OK);
    ck_assert_str_eq(d.rows, "skip no_account, skip no_account");
    close_ward(&d);
}
END_TEST

START_TEST(a_login_and_a_token_that_ends)
{
    static const char *const by_password[] = {
        "\"token\":\"token1\",\"login\":null,\"password\":null",
        "\"login\":\"me\",\"password\":\"secret\"", NULL};
    struct peer_answer answers[] = {
        {.path = "/auth/access_token",
         .status = 200,
         "{\"access_token\":\"t\",\"refresh_token\":\"r\"}"},
        {.path = "/contractor?", .status = 401, .body = NO(401, "expired"), .times = 1},
        FINE};
    struct peer_answer wrong[] = {{.path = "/auth/access_token",
                                   .status = 400,
                                   "{\"error\":\"invalid_grant\",\"error_description\":\"wrong\"}"},
                                  FINE};
    struct ward d;
    open_ward(&d, answers, by_password);
    ck_assert_str_eq(check(&d, "megaplan"), "ok megaplan_ok");
    ck_assert_int_eq(d.w.peer.requests, 5); /* login, employees, clients, login, clients */
    close_ward(&d);
    open_ward(&d, wrong, by_password);
    ck_assert_str_eq(check(&d, "megaplan"), "fail megaplan_credentials");
    ck_assert_int_eq(d.w.peer.requests, 1);
    close_ward(&d);
}
END_TEST

START_TEST(the_share_of_an_hour)
{
    static const char *const poor[] = {"\"requests_per_hour\":1000", "\"requests_per_hour\":400",
                                       NULL};
    struct peer_answer answers[] = {FINE};
    struct ward d;
    open_ward(&d, answers, poor);
    ck_assert_str_eq(check(&d, "megaplan telephony fields vendor"),
                     "ok megaplan_ok, skip too_soon, skip too_soon, skip too_soon");
    ck_assert_int_eq(d.w.peer.requests, 2);
    close_ward(&d);
}
END_TEST

int main(void)
{
    return UNIT_RUN("doctor_checks", all_is_well, megaplan_answers, mango_answers,
                    what_a_ping_comes_back_with, where_a_ping_goes, what_the_workers_met,
                    calls_that_stand_twice, mapping, settings_that_are_not_there,
                    an_end_in_the_middle, an_account_that_goes_meanwhile,
                    a_login_and_a_token_that_ends, the_share_of_an_hour);
}
