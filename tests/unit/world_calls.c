/*
 * Resources of the world's Megaplan about calls and tasks (megaplan-api.md 3.5, 4.3).
 */
#include <string.h>

#include "tests/unit/world_megaplan.h"

/* calls */

/* Whoever looks at the screen sees the call so. */
static void tell(struct world *w, const struct world_thing *t)
{
    const struct jval *v = t->values;
    const struct jval *from = jval_get(v, "fromUser"), *to = jval_get(v, "toUser");
    bool is_from = str_is(jval_get_text(from, "contentType"), "Employee");
    world_rings(w, jval_get_text(v, "providerId"), "call %.*s %.*s",
                STR_ARG(jval_get_text(v, "state")),
                STR_ARG(jval_get_text(is_from ? from : to, "id")));
}

static struct world_thing *keep(struct world *w, struct jval *values)
{
    struct world_thing *t = world_add(w, WORLD_CALLS, values);
    tell(w, t);
    return t;
}

static struct jval *call_create(struct world_ask *a)
{
    struct jval *values = world_check(a, "CallInfo", a->body, true); /* nothing is unique here */
    return values ? world_row(a, WORLD_CALLS, keep(a->world, values), NULL) : NULL;
}

/* The latest call with this providerId. */
static struct world_thing *of_provider(const struct world *w, const struct jval *provider)
{
    struct str id = STR_NONE;
    for (size_t i = w->ncalls; jval_text(provider, &id) && i > 0; i--)
        if (!w->calls[i - 1].gone &&
            str_eq(id, jval_get_text(w->calls[i - 1].values, "providerId")))
            return (struct world_thing *)(uintptr_t)&w->calls[i - 1];
    return NULL;
}

static struct jval *call_by_provider(struct world_ask *a)
{
    if (!world_check_keys(a, ",providerId,fields,onlyRequestedFields,"))
        return NULL;
    const struct world_thing *t = of_provider(a->world, jval_get(a->query, "providerId"));
    if (!t || !world_old_enough(a->world, t, a->world->lag_provider_ms))
        return world_refuse(a, 404, "", "call not found");
    return world_row(a, WORLD_CALLS, t, NULL);
}

static struct jval *change(struct world_ask *a, struct world_thing *t)
{
    struct jval *values CLEANUP(jval_cleanup) = world_check(a, "CallInfo", a->body, false);
    if (!values)
        return NULL;
    world_change(t, values);
    tell(a->world, t);
    return world_row(a, WORLD_CALLS, t, NULL);
}

static struct jval *call_update_by_provider(struct world_ask *a)
{
    const struct jval *provider = jval_get(a->body, "providerId");
    struct world_thing *t = of_provider(a->world, provider);
    if (!provider)
        return world_refuse(a, 422, "providerId", "providerId is required");
    if (!t || !world_old_enough(a->world, t, a->world->lag_provider_ms))
        return world_refuse(a, 404, "", "call not found");
    return change(a, t);
}

static struct jval *call_history(struct world_ask *a)
{
    if (jval_type(a->body) != JVAL_ARRAY)
        return world_refuse(a, 422, "", "an array of CallInfo is expected");
    struct jval *rows = jval_new_array();
    for (size_t i = 0; i < jval_size(a->body) && a->status == 200; i++) {
        struct jval *values = world_check(a, "CallInfo", jval_at(a->body, i), true);
        if (!values)
            continue;
        jval_put_text(values, "state", STR("finished"));
        struct world_thing *t = a->world->history_inserts
                                    ? NULL
                                    : of_provider(a->world, jval_get(values, "providerId"));
        if (t) {
            world_change(t, values);
            tell(a->world, t);
            jval_free(values);
        } else {
            t = keep(a->world, values);
        }
        jval_append(rows, world_row(a, WORLD_CALLS, t, NULL));
    }
    if (a->status == 200)
        return rows;
    jval_free(rows);
    return NULL;
}

static struct jval *call_read(struct world_ask *a)
{
    const struct world_thing *t = world_find(a->world, WORLD_CALLS, str_of(a->ids[0]));
    return t ? world_row(a, WORLD_CALLS, t, NULL) : world_refuse(a, 404, "", "not found");
}

static struct jval *call_update(struct world_ask *a)
{
    if (a->body && !jval_get(a->body, "id"))
        return call_create(a);
    struct world_thing *t = world_find(a->world, WORLD_CALLS, str_of(a->ids[0]));
    return t ? change(a, t) : world_refuse(a, 404, "", "not found");
}

static struct jval *call_set_contractor(struct world_ask *a)
{
    struct world_thing *t = world_find(a->world, WORLD_CALLS, str_of(a->ids[0]));
    if (!t)
        return world_refuse(a, 404, "", "not found");
    if (!world_check_link(a, a->body, "hc", "contractor"))
        return NULL;
    struct str type = jval_get_text(t->values, "type");
    bool out = str_is(type, "out") || str_is(type, "fail");
    struct jval *values CLEANUP(jval_cleanup) = jval_new_object();
    jval_put(values, out ? "toUser" : "fromUser", jval_copy(a->body));
    world_change(t, values);
    return world_row(a, WORLD_CALLS, t, NULL);
}

static bool takes_call(const struct world_ask *a, const struct world_thing *t)
{
    (void)a;
    (void)t;
    return true;
}

static struct jval *call_list(struct world_ask *a)
{
    return world_list(a, WORLD_CALLS, "", takes_call);
}

const struct world_resource world_of_calls[] = {
    {"GET", "/callInfo", call_list},
    {"POST", "/callInfo", call_create},
    {"GET", "/callInfo/provider", call_by_provider},
    {"POST", "/callInfo/provider", call_update_by_provider},
    {"POST", "/callInfo/history", call_history},
    {"GET", "/callInfo/{}", call_read},
    {"POST", "/callInfo/{}", call_update},
    {"POST", "/callInfo/{}/setContractor", call_set_contractor},
    {NULL, NULL, NULL},
};

/* tasks */

static struct jval *task_create(struct world_ask *a)
{
    struct jval *values = world_check(a, "Task", a->body, true);
    if (!values)
        return NULL;
    jval_put_text(values, "status", STR("assigned"));
    return world_row(a, WORLD_TASKS, world_add(a->world, WORLD_TASKS, values), "status");
}

static struct jval *task_read(struct world_ask *a)
{
    const struct world_thing *t = world_find(a->world, WORLD_TASKS, str_of(a->ids[0]));
    return t ? world_row(a, WORLD_TASKS, t, "status") : world_refuse(a, 404, "", "not found");
}

static struct jval *task_action(struct world_ask *a)
{
    static const struct {
        const char *action, *status;
    } actions[] = {{"act_done", "done"},
                   {"act_renew", "assigned"},
                   {"act_cancel", "cancelled"},
                   {"act_accept_work", "completed"}};
    struct world_thing *t = world_find(a->world, WORLD_TASKS, str_of(a->ids[0]));
    if (!t)
        return world_refuse(a, 404, "", "not found");
    struct str action = jval_get_text(a->body, "action");
    struct str status = jval_get_text(t->values, "status");
    if (str_is(action, "act_done") && (str_is(status, "done") || str_is(status, "completed")))
        return world_refuse(a, 403, "", "No act_done rights for model");
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        if (str_is(action, actions[i].action)) {
            struct jval *values CLEANUP(jval_cleanup) = jval_new_object();
            jval_put_text(values, "status", str_of(actions[i].status));
            world_change(t, values);
            return world_row(a, WORLD_TASKS, t, "status");
        }
    return world_refuse(a, 422, "action", "unknown action");
}

static bool takes_task(const struct world_ask *a, const struct world_thing *t)
{
    return !*a->ids[0] ||
           (str_is(jval_get_text(jval_get(t->values, "contractor"), "id"), a->ids[0]) &&
            world_old_enough(a->world, t, a->world->lag_tasks_ms));
}

static struct jval *task_list(struct world_ask *a)
{
    return world_list(a, WORLD_TASKS, "filter,q,statuses", takes_task);
}

static struct jval *task_list_of_client(struct world_ask *a)
{
    if (!world_find(a->world, WORLD_CLIENTS, str_of(a->ids[0])))
        return world_refuse(a, 404, "", "not found");
    return task_list(a);
}

const struct world_resource world_of_tasks[] = {
    {"GET", "/task", task_list},
    {"POST", "/task", task_create},
    {"GET", "/task/{}", task_read},
    {"POST", "/task/{}/doAction", task_action},
    {"GET", "/contractorHuman/{}/tasks", task_list_of_client},
    {"GET", "/contractorCompany/{}/tasks", task_list_of_client},
    {NULL, NULL, NULL},
};
