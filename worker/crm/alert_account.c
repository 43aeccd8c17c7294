/*
 * What an account's owner sees of it, and the way of its messages.
 */
#include "worker/crm/alert_account.h"

#include <stdlib.h>

#include "common/backoff.h"
#include "common/limits.h"
#include "common/log.h"
#include "common/mem.h"
#include "worker/crm/account.h"
#include "worker/crm/alert_look.h"
#include "worker/crm/alert_task.h"
#include "worker/crm/executor_state.h"
#include "worker/crm/fields.h"
#include "worker/crm/record.h"

#define AGAIN_MAX_MS 600000
#define TIMEOUT_MS 15000
#define SETTLED_MS (ACCOUNT_HELD_LONG_MS + 60000) /* jobs' ages begin anew with an owner */

void alert_account_own(struct executor *x, struct account *a)
{
    struct alert_account *l = &a->alerts;
    int64_t now = executor_now(x);
    *l = (struct alert_account){.owned_at = now, .bad_at = now};
    a->pbx.worked = false; /* what worked when we owned it before says nothing */
    alert_state_read(
        &l->state, facts_state(a->owner->facts, str_of(a->service.account), STR(ALERT_STATE_NAME)));
}

void alert_account_leave(struct executor *x, struct account *a)
{
    struct alert_account *l = &a->alerts;
    if (l->post)
        x->port->cancel(x->port->world, l->post);
    l->post = NULL;
}

static const struct settings *settings_of(const struct executor *x, const struct account *a)
{
    return x->port->settings(x->port->world, a->service.account);
}

static bool somebody_wants_them(const struct settings *s)
{
    return s->alert_url || s->alert_responsible;
}

void alert_account_switches(struct executor *x, struct owner *o, const char *account)
{
    const struct settings *s = x->port->settings(x->port->world, account);
    if (s && s->enabled && somebody_wants_them(s))
        (void)account_get(x, o, account);
}

/* ---- what is seen ---- */

/* An open breaker says why; a closed one that nobody has tried since it was open says nothing. */
static enum alert_state_input of_megaplan(const struct account *a, bool credentials)
{
    const struct service *s = &a->service;
    if (s->open)
        return str_starts(str_of(s->reason), STR(SIGNIN_REJECTED)) == credentials
                   ? ALERT_STATE_SO
                   : ALERT_STATE_UNKNOWN;
    return s->last_good && s->last_good >= a->alerts.bad_at ? ALERT_STATE_NOT_SO
                                                            : ALERT_STATE_UNKNOWN;
}

static enum alert_state_input of_mango(const struct pbx *p)
{
    if (p->trying)
        return ALERT_STATE_SO;
    return p->worked ? ALERT_STATE_NOT_SO : ALERT_STATE_UNKNOWN;
}

static enum alert_state_input of_held(const struct executor *x, const struct account *a)
{
    const struct tally_gauges *g = &a->gauges;
    if (g->oldest_ms[TALLY_OUTAGE] >= ACCOUNT_HELD_LONG_MS ||
        g->oldest_ms[TALLY_BUDGET] >= ACCOUNT_HELD_LONG_MS)
        return ALERT_STATE_SO;
    return executor_now(x) - a->alerts.owned_at >= SETTLED_MS ? ALERT_STATE_NOT_SO
                                                              : ALERT_STATE_UNKNOWN;
}

static enum alert_state_input seen(const struct executor *x, const struct account *a,
                                   enum alert_cause c, int64_t wall)
{
    switch (c) {
    case ALERT_MEGAPLAN_CREDENTIALS:
    case ALERT_MEGAPLAN_OUT:
        return of_megaplan(a, c == ALERT_MEGAPLAN_CREDENTIALS);
    case ALERT_MANGO_REFUSED:
        return of_mango(&a->pbx);
    case ALERT_JOBS_HELD:
        return of_held(x, a);
    case ALERT_NO_WEBHOOKS:
        return a->alerts.webhooks;
    case ALERT_VENDOR_APP:
        return a->alerts.vendor;
    case ALERT_FIELD_DELETED:
        return fields_deleted(x, a, FIELD_UID);
    default:
        return alert_state_recent(&a->alerts.state, c, wall);
    }
}

static void look_at_all(struct executor *x, struct account *a, const struct settings *s)
{
    struct alert_account *l = &a->alerts;
    int64_t wall = x->port->wall(x->port->world);
    if (a->service.open)
        l->bad_at = executor_now(x);
    for (enum alert_cause c = ALERT_MEGAPLAN_CREDENTIALS; c < ALERT_CAUSES; c++) {
        bool was = l->state.rows[c].opened != 0;
        l->changed |= alert_state_step(&l->state, c, seen(x, a, c, wall), wall,
                                       s->alert_after_minutes * 60000);
        if (!was && l->state.rows[c].opened)
            log_warn("an alert is open", LOG_TEXT("account", a->service.account),
                     LOG_TEXT("cause", alert_code(c)));
    }
}

/* One call that was lost says little; that none came, and none again after a while, does. So it counts in the moment it
 * is known, and that they come stands until they do not. */
static void take_webhooks(struct alert_account *l)
{
    if (l->webhooks == ALERT_STATE_SO)
        l->webhooks = ALERT_STATE_UNKNOWN;
}

void alert_account_reconciled(struct account *a, size_t told, size_t missing)
{
    if (told)
        a->alerts.webhooks = missing == told ? ALERT_STATE_SO : ALERT_STATE_NOT_SO;
}

/* ---- what is told ---- */

static void keep(struct executor *x, struct account *a)
{
    struct alert_account *l = &a->alerts;
    char *value CLEANUP(mem_free_text) = l->changed ? alert_state_write(&l->state) : NULL;
    l->changed = false;
    if (value)
        record_state(x, a->owner, str_of(a->service.account), STR(ALERT_STATE_NAME), value);
}

static void later(struct executor *x, struct account *a, const char *why, int status)
{
    struct alert_account *l = &a->alerts;
    l->failures++;
    l->again_at =
        executor_now(x) + backoff_ms(l->failures, AGAIN_MAX_MS, x->port->random(x->port->world));
    log_warn("an alert could not be told; again later", LOG_TEXT("account", a->service.account),
             LOG_TEXT("cause", alert_code(l->cause)), LOG_INT("http_status", status),
             LOG_INT("count", l->failures), LOG_TEXT("err", why));
}

static void answered(void *arg, const struct http_answer *answer)
{
    struct account *a = arg;
    struct alert_account *l = &a->alerts;
    struct executor *x = a->executor;
    l->post = NULL;
    if (answer->end != HTTP_ANSWERED) {
        later(x, a, answer->why, 0);
        return;
    }
    if (answer->status < 200 || answer->status > 299) {
        later(x, a, "the receiver did not take it", answer->status);
        return;
    }
    l->failures = 0;
    l->changed = true;
    alert_state_told(&l->state, l->cause, l->open);
    log_info("an alert was told", LOG_TEXT("account", a->service.account),
             LOG_TEXT("cause", alert_code(l->cause)),
             LOG_TEXT("state", l->open ? "open" : "closed"));
    keep(x, a);
}

static void post(struct executor *x, struct account *a, const struct settings *s)
{
    struct alert_account *l = &a->alerts;
    struct error e = ERROR_NONE;
    char key[ALERT_KEY_HEX + 1], timestamp[ALERT_HEADER], signature[ALERT_SIGNATURE];
    const struct alert_message m = {str_of(a->service.account), l->cause, l->open,
                                    l->state.rows[l->cause].since};
    char *body CLEANUP(mem_free_text) = alert_body(&m);
    if (!body)
        return;
    alert_key(x->options.alert_key, m.account, key);
    alert_sign(key, x->port->wall(x->port->world) / 1000, str_of(body), timestamp, signature);
    secret_wipe(key, sizeof key);
    const char *const headers[] = {"Content-Type: application/json", timestamp, signature, NULL};
    const struct http_request r = {.method = "POST",
                                   .url = s->alert_url,
                                   .headers = headers,
                                   .body = str_of(body),
                                   .timeout_ms = TIMEOUT_MS,
                                   .max_body = LIMIT_ANSWER_BYTES,
                                   .ahead = true,
                                   .done = answered,
                                   .arg = a};
    if (x->port->send(x->port->world, &r, &l->post, &e)) {
        l->post = NULL;
        later(x, a, e.text, 0);
    }
}

/* What its tasks are about, and who is not to be told any more. */
static void tasks(struct executor *x, struct account *a, const struct settings *s)
{
    struct alert_account *l = &a->alerts;
    int64_t wall = x->port->wall(x->port->world);
    for (enum alert_cause c = ALERT_MEGAPLAN_CREDENTIALS; c < ALERT_CAUSES; c++) {
        l->changed |= alert_task_visit(x, a, c, s->alert_responsible != NULL);
        l->changed |=
            alert_state_end(&l->state, c, s->alert_url != NULL, alert_task_is_made(a, c), wall);
    }
}

static bool has_tasks(const struct account *a)
{
    bool has = alert_state_has_tasks(&a->alerts.state);
    for (enum alert_cause c = ALERT_MEGAPLAN_CREDENTIALS; c < ALERT_CAUSES; c++)
        has |= alert_task_is_made(a, c);
    return has;
}

/* Nobody is to be told any more: what stood is nothing. */
static void forget(struct executor *x, struct account *a)
{
    alert_account_leave(x, a);
    if (alert_state_empty(&a->alerts.state))
        return;
    a->alerts.state = (struct alert_state){0};
    a->alerts.changed = true;
    keep(x, a);
}

void alert_account_watch(struct executor *x, struct account *a)
{
    struct alert_account *l = &a->alerts;
    const struct settings *s = a->owner && !x->stopping ? settings_of(x, a) : NULL;
    if (!s || !s->enabled)
        return;
    if (!somebody_wants_them(s) && !has_tasks(a)) {
        forget(x, a);
        return;
    }
    alert_look_visit(x, a);
    look_at_all(x, a, s);
    take_webhooks(l);
    tasks(x, a, s);
    keep(x, a);
    if (s->alert_url && x->options.alert_key && !l->post && executor_now(x) >= l->again_at &&
        alert_state_next(&l->state, &l->cause, &l->open))
        post(x, a, s);
}

void alert_account_happened(struct executor *x, struct account *a, enum alert_cause c)
{
    const struct settings *s = settings_of(x, a);
    if (s && somebody_wants_them(s))
        a->alerts.changed |=
            alert_state_happened(&a->alerts.state, c, x->port->wall(x->port->world));
}

void alert_account_died(struct executor *x, struct account *a, struct str job)
{
    const struct settings *s = settings_of(x, a);
    if (s && somebody_wants_them(s))
        a->alerts.changed |= alert_state_died(&a->alerts.state, job, x->port->wall(x->port->world));
}

void alert_account_done(struct account *a, struct str job)
{
    a->alerts.changed |= alert_state_revived(&a->alerts.state, job);
}
