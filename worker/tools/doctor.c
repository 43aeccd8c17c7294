/*
 * worker doctor: all checks of common/doctor for all accounts, or one, and of the installation. Knows nothing of what they
 * look for. One thread.
 *
 *   desk --> the last day is read --> runs, some at once: accounts, then the installation --> rows, in order --> exit code
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/doctor/doctor.h"
#include "common/doctor/doctor_remedy.h"
#include "common/mem.h"
#include "worker/tools/doctor_past.h"
#include "worker/tools/kit/desk.h"
#include "worker/tools/kit/progress.h"
#include "worker/tools/kit/rows.h"
#include "worker/tools/tools.h"

enum {
    AT_ONCE = 8,
    FIRST_MS = 3000,
    CONNECT_MS = 5000,
    TURN_MS = 100
};

struct clinic;

struct patient { /* an account, or the installation */
    struct clinic *clinic;
    char *account; /* of the installation: whose key a ping is signed with, "" = there is none */
    uint32_t checks;
    struct doctor_row *rows;
    size_t nrows;
    bool begun, done;
};

struct clinic {
    const struct config *config;
    const struct args *args;
    struct desk *desk;
    struct http *http;
    struct outside *outside;
    struct doctor *doctor;
    struct evidence *evidence; /* NULL: the last day could not be read */
    struct strays *strays;
    struct kafka_layout first;
    struct patient *patients; /* by account, the installation last */
    size_t n, finished;
    size_t count[DOCTOR_SKIP + 1]; /* rows, by status */
};

/* ---- what doctor asks ---- */

static const struct settings *settings_of(void *arg, const char *account)
{
    const struct clinic *c = arg;
    return accounts_get(desk_accounts(c->desk), str_of(account));
}

static const struct kafka_layout *layout_of(void *arg)
{
    const struct clinic *c = arg;
    return &c->first;
}

static const char *refused_of(void *arg, const char *account)
{
    const struct clinic *c = arg;
    return accounts_refused(desk_accounts(c->desk), str_of(account));
}

static const struct evidence *evidence_of(void *arg)
{
    const struct clinic *c = arg;
    return c->evidence;
}

static size_t unmapped_of(void *arg, const char *account, struct doctor_unmapped *out, size_t room)
{
    const struct clinic *c = arg;
    const struct settings *s = settings_of(arg, account);
    if (!s || !room || !c->strays)
        return 0;
    struct stray *list = mem_alloc(room, sizeof *list);
    size_t n = strays_of(c->strays, s, list, room);
    for (size_t i = 0; i < n && i < room; i++) {
        out[i] = (struct doctor_unmapped){.calls = list[i].calls, .last_at = list[i].last_at};
        snprintf(out[i].extension, sizeof out[i].extension, "%s", list[i].extension);
    }
    free(list);
    return n;
}

/* ---- who is looked at ---- */

/* Of the accounts, or of the installation. */
static uint32_t checks_of(bool account)
{
    uint32_t checks = 0;
    for (size_t i = 0; doctor_check(i); i++)
        if (doctor_check(i)->of_account == account)
            checks |= UINT32_C(1) << i;
    return checks;
}

static uint32_t settings_check(void)
{
    return UINT32_C(1) << doctor_find(STR("settings"));
}

static void admit(struct clinic *c, const char *account, uint32_t checks)
{
    c->patients = mem_resize(c->patients, c->n + 1, sizeof *c->patients);
    c->patients[c->n++] =
        (struct patient){.clinic = c, .account = mem_copy(str_of(account)), .checks = checks};
}

static void admit_known(void *arg, const struct settings *s)
{
    admit(arg, s->account, checks_of(true));
}

static void admit_refused(void *arg, const char *account, const char *why)
{
    (void)why;
    if (!settings_of(arg, account)) /* else the ones before count, and are looked at */
        admit(arg, account, settings_check());
}

static int by_account(const void *a, const void *b)
{
    const struct patient *x = a, *y = b;
    return strcmp(x->account, y->account);
}

static void admit_all(struct clinic *c)
{
    const char *named = c->args->account;
    uint32_t installation = checks_of(false);
    if (named) {
        admit(c, named, settings_of(c, named) ? checks_of(true) : settings_check());
    } else {
        accounts_each(desk_accounts(c->desk), admit_known, c);
        accounts_each_refused(desk_accounts(c->desk), admit_refused, c);
    }
    if (c->n)
        qsort(c->patients, c->n, sizeof *c->patients, by_account);
    else
        installation |= settings_check();
    char *key CLEANUP(mem_free_text) = NULL;
    for (size_t i = 0; i < c->n && !key; i++)
        if (settings_of(c, c->patients[i].account))
            key = mem_copy(str_of(c->patients[i].account));
    admit(c, key ? key : "", installation);
}

/* ---- rows ---- */

static void on_rows(void *arg, const struct doctor_row *rows, size_t n)
{
    struct patient *p = arg;
    p->rows = mem_alloc(n + 1, sizeof *p->rows);
    memcpy(p->rows, rows, n * sizeof *rows);
    for (size_t i = 0; i < n; i++)
        p->rows[i].account = rows[i].account && *rows[i].account ? p->account : NULL;
    p->nrows = n;
    p->done = true;
    p->clinic->finished++;
}

static void print_json(const struct doctor_row *row)
{
    struct jval *v = jval_new_object();
    jval_put_text(v, "check", str_of(row->check));
    jval_put_text(v, "status", str_of(doctor_status_name(row->status)));
    jval_put(v, "account", row->account ? jval_new_text(str_of(row->account)) : jval_new_null());
    jval_put_text_clean(v, "found", str_of(row->found));
    jval_put_text(v, "remedy", str_of(row->remedy));
    jval_put_text(v, "code", str_of(row->code));
    rows_print(v);
}

static void print_text(const struct doctor_row *row)
{
    static const char *const marks[] = {"ok", "warn", "FAIL", "skip"};
    printf("  %-4s  %-11s %s\n", marks[row->status], row->check, row->found);
    if (*row->remedy)
        printf("                    -> %s\n", row->remedy);
}

static void print(struct clinic *c, const struct patient *p)
{
    const char *last = NULL;
    for (size_t i = 0; i < p->nrows; i++) {
        const struct doctor_row *row = &p->rows[i];
        const char *title = row->account ? row->account : "the installation";
        c->count[row->status]++;
        if (c->args->json) {
            print_json(row);
            continue;
        }
        if (last != row->account || i == 0)
            printf("%s\n", title);
        last = row->account;
        print_text(row);
    }
}

static int conclude(struct clinic *c)
{
    bool stopped = c->finished < c->n;
    if (!c->args->json)
        printf("%zu ok, %zu to be looked at, %zu failed, %zu skipped%s\n", c->count[DOCTOR_OK],
               c->count[DOCTOR_WARN], c->count[DOCTOR_FAIL], c->count[DOCTOR_SKIP],
               stopped ? "; stopped before the end" : "");
    if (!rows_written("doctor"))
        return TOOLS_INTERNAL;
    if (stopped)
        return TOOLS_PARTLY;
    return c->count[DOCTOR_FAIL] ? TOOLS_FOUND : TOOLS_DONE;
}

/* ---- the round ---- */

static void begin_some(struct clinic *c)
{
    for (size_t i = 0; i < c->n && doctor_running(c->doctor) < AT_ONCE; i++) {
        struct patient *p = &c->patients[i];
        if (p->begun)
            continue;
        p->begun = true;
        doctor_run(c->doctor, p->account, p->checks, on_rows, p);
    }
}

/* All are looked at, or a signal came; printed in order as far as they are there. */
static enum err make_round(struct clinic *c, struct error *e)
{
    struct progress progress;
    size_t printed = 0;
    enum err err = ERR_OK;
    progress_begin(&progress, "checking accounts", (int64_t)c->n);
    while (!err && printed < c->n && !desk_stopped(c->desk)) {
        begin_some(c);
        err = desk_turn(c->desk, TURN_MS, e);
        for (; printed < c->n && c->patients[printed].done; printed++) {
            progress_end(&progress);
            print(c, &c->patients[printed]);
        }
        progress_at(&progress, (int64_t)c->finished);
    }
    progress_end(&progress);
    return err;
}

/* ---- start and end ---- */

/* What could not be read is said, and the checks do without. */
static void read_past(struct clinic *c)
{
    struct error e = ERROR_NONE;
    if (desk_layout(c->desk)->partitions[KAFKA_SETTINGS] &&
        kafka_topics_first(c->config, desk_layout(c->desk), FIRST_MS, &c->first, &e))
        tools_complain("doctor", &e);
    struct error unread = ERROR_NONE;
    if (!desk_scanner(c->desk))
        return;
    if (doctor_past_read(c->desk, &c->evidence, &c->strays, &unread) == ERR_OK)
        return;
    tools_complain("doctor", &unread);
    evidence_free(c->evidence);
    c->evidence = NULL;
}

static enum err prepare(struct clinic *c, struct error *e)
{
    struct loop *loop = desk_loop(c->desk);
    const struct http_options http = {.outbound_allow = c->config->outbound_allow,
                                      .ca_file = c->config->ca_file,
                                      .connect_timeout_ms = CONNECT_MS};
    read_past(c);
    if (http_new(loop, &http, &c->http, e))
        return e->kind;
    c->outside = outside_new(&(const struct outside_options){
        .loop = loop, .http = c->http, .settings = settings_of, .arg = c});
    c->doctor = doctor_new(&(const struct doctor_options){.loop = loop,
                                                          .http = c->http,
                                                          .config = c->config,
                                                          .outside = c->outside,
                                                          .settings = settings_of,
                                                          .layout = layout_of,
                                                          .refused = refused_of,
                                                          .evidence = evidence_of,
                                                          .unmapped = unmapped_of,
                                                          .arg = c});
    return ERR_OK;
}

static void discharge(struct clinic *c)
{
    doctor_free(c->doctor);
    outside_free(c->outside);
    http_free(c->http);
    evidence_free(c->evidence);
    strays_free(c->strays);
    for (size_t i = 0; i < c->n; i++) {
        free(c->patients[i].account);
        free(c->patients[i].rows);
    }
    free(c->patients);
    desk_close(c->desk);
}

/* Without Kafka nobody's settings are known: that alone is said, as a row too. */
static int without_kafka(struct clinic *c, const struct error *e)
{
    struct doctor_row row = {.check = "kafka",
                             .status = DOCTOR_FAIL,
                             .code = "kafka_down",
                             .remedy = doctor_remedy("kafka_down")};
    snprintf(row.found, sizeof row.found, "%.*s", DOCTOR_FOUND - 1, e->text);
    struct patient installation = {.rows = &row, .nrows = 1};
    print(c, &installation);
    (void)rows_written("doctor");
    return tools_exit_code(e->kind);
}

int tools_doctor(const struct config *config, const struct args *a)
{
    struct clinic c = {.config = config, .args = a};
    struct error e = ERROR_NONE;
    int code;
    if (desk_open(config, DESK_ACCOUNTS | DESK_SCANNER | DESK_AS_IT_IS, &c.desk, &e))
        return without_kafka(&c, &e);
    enum err err = prepare(&c, &e);
    if (!err) {
        admit_all(&c);
        err = make_round(&c, &e);
    }
    code = err ? tools_complain("doctor", &e) : conclude(&c);
    discharge(&c);
    return code;
}
