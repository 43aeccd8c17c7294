/*
 * Checks by the page's API. The admin thread only.
 */
#include "ingest/admin/checks.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/accounts.h"
#include "common/doctor/doctor.h"
#include "common/limits.h"
#include "common/mem.h"

struct checks {
    const struct admin_parts *parts;
    struct doctor *doctor;
};

/* ---- answers ---- */

static struct jval *row_of(const struct doctor_row *row)
{
    struct jval *v = jval_new_object();
    jval_put_text(v, "check", str_of(row->check));
    jval_put_text(v, "status", str_of(doctor_status_name(row->status)));
    jval_put(v, "account", row->account ? jval_new_text(str_of(row->account)) : jval_new_null());
    jval_put_text_clean(v, "found", str_of(row->found));
    jval_put_text(v, "remedy", str_of(row->remedy));
    jval_put_text(v, "code", str_of(row->code));
    return v;
}

static void done(void *arg, const struct doctor_row *rows, size_t n)
{
    struct jval *body = jval_new_object(), *list = jval_new_array();
    for (size_t i = 0; i < n; i++)
        jval_append(list, row_of(&rows[i]));
    jval_put(body, "rows", list);
    api_reply(arg, 200, body);
}

static void list(void *part, struct api_call *c)
{
    struct jval *body = jval_new_object(), *rows = jval_new_array();
    const struct doctor_check *check;
    (void)part;
    for (size_t i = 0; (check = doctor_check(i)); i++) {
        struct jval *v = jval_new_object();
        jval_put_text(v, "check", str_of(check->name));
        jval_put_bool(v, "of_account", check->of_account);
        jval_put_text(v, "what", str_of(check->what));
        jval_append(rows, v);
    }
    jval_put(body, "checks", rows);
    api_reply(c, 200, body);
}

/* ---- which ---- */

static uint32_t all(void)
{
    uint32_t checks = 0;
    for (size_t i = 0; doctor_check(i); i++)
        checks |= UINT32_C(1) << i;
    return checks;
}

static bool read_names(struct api_call *c, const struct jval *names, uint32_t *checks)
{
    *checks = 0;
    for (size_t i = 0; i < jval_size(names); i++) {
        struct str name = STR_NONE;
        int number = jval_text(jval_at(names, i), &name) ? doctor_find(name) : -1;
        if (number < 0) {
            char *field CLEANUP(mem_free_text) = mem_format("checks[%zu]", i);
            api_refuse(c, 422, "invalid", field, "there is no such check");
            return false;
        }
        *checks |= UINT32_C(1) << number;
    }
    return true;
}

/* False: the call was refused. Without a body, or without a list, all are meant. */
static bool read_wanted(struct api_call *c, uint32_t *checks)
{
    *checks = all();
    if (api_body(c).len == 0)
        return true;
    struct jval *body CLEANUP(jval_cleanup) = api_body_object(c);
    if (!body || !api_body_only(c, body, "checks"))
        return false;
    const struct jval *names = jval_get(body, "checks");
    if (!names)
        return true;
    if (jval_type(names) != JVAL_ARRAY) {
        api_refuse(c, 422, "invalid", "checks", "not a list");
        return false;
    }
    return read_names(c, names, checks);
}

static void post(void *part, struct api_call *c)
{
    struct checks *k = part;
    uint32_t wanted;
    char *account CLEANUP(mem_free_text) = mem_copy(api_param(c, "a"));
    if (!accounts_get(k->parts->accounts, str_of(account)))
        api_refuse(c, 404, "unknown_account", "", "there is no such account");
    else if (doctor_running(k->doctor) >= LIMIT_CHECKS)
        api_refuse_soon(c, 1000, "too many checks are under way");
    else if (read_wanted(c, &wanted))
        doctor_run(k->doctor, account, wanted, done, c);
}

/* ---- what doctor asks us ---- */

static const struct settings *settings_of(void *arg, const char *account)
{
    const struct checks *k = arg;
    return accounts_get(k->parts->accounts, str_of(account));
}

static const struct kafka_layout *layout_of(void *arg)
{
    const struct checks *k = arg;
    return k->parts->layout;
}

static const char *refused_of(void *arg, const char *account)
{
    const struct checks *k = arg;
    return accounts_refused(k->parts->accounts, str_of(account));
}

static const struct evidence *evidence_of(void *arg)
{
    const struct checks *k = arg;
    return k->parts->evidence;
}

struct found {
    struct doctor_unmapped *out;
    size_t n, room;
};

static void add_unmapped(void *arg, struct str extension, int64_t calls, int64_t last_at)
{
    struct found *f = arg;
    if (f->n < f->room) {
        struct doctor_unmapped *one = &f->out[f->n];
        *one = (struct doctor_unmapped){.calls = calls, .last_at = last_at};
        snprintf(one->extension, sizeof one->extension, "%.*s", STR_ARG(extension));
    }
    f->n++;
}

static size_t unmapped_of(void *arg, const char *account, struct doctor_unmapped *out, size_t room)
{
    const struct checks *k = arg;
    const struct admin_unmapped *u = k->parts->unmapped;
    struct found found = {out, 0, room};
    if (u->each)
        u->each(u->source, str_of(account), add_unmapped, &found);
    return found.n;
}

/* ---- start and end ---- */

const struct api_route *checks_routes(struct checks *k, size_t *n)
{
    static const struct api_route routes[] = {
        {"GET", "/api/checks", list, API_WITHOUT_KAFKA},
        {"POST", "/api/accounts/{a}/checks", post, 0},
    };
    (void)k;
    *n = sizeof routes / sizeof *routes;
    return routes;
}

struct checks *checks_new(const struct admin_parts *parts)
{
    struct checks *k = mem_alloc(1, sizeof *k);
    k->parts = parts;
    k->doctor = doctor_new(&(const struct doctor_options){.loop = parts->loop,
                                                          .http = parts->http,
                                                          .config = parts->config,
                                                          .outside = parts->outside,
                                                          .settings = settings_of,
                                                          .layout = layout_of,
                                                          .refused = refused_of,
                                                          .evidence = evidence_of,
                                                          .unmapped = unmapped_of,
                                                          .arg = k});
    return k;
}

void checks_free(struct checks *k)
{
    if (!k)
        return;
    doctor_free(k->doctor);
    free(k);
}
