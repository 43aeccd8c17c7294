/*
 * Budget and breaker of an account. Pure: memory only.
 */
#include "worker/crm/service.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/mem.h"
#include "worker/crm/backoff.h"

#define LIMITED_MAX_MS 60000
#define RETRY_AFTER_MAX_S 3600

void service_init(struct service *s, const char *account)
{
    *s = (struct service){.account = mem_copy(str_of(account))};
}

void service_done(struct service *s)
{
    free(s->account);
    *s = (struct service){0};
}

void service_limits(struct service *s, const struct settings *settings, int64_t now)
{
    int64_t per_second = settings->megaplan.requests_per_second;
    int64_t per_hour = settings->megaplan.requests_per_hour;
    if (per_second == s->per_second && per_hour == s->per_hour)
        return;
    if (s->per_second == 0)
        budget_init(&s->budget, per_second, per_hour, now);
    else
        budget_change(&s->budget, per_second, per_hour, now);
    s->per_second = per_second;
    s->per_hour = per_hour;
}

bool service_admit(struct service *s, int64_t now, bool urgent, int64_t *until)
{
    if (s->open && (s->probing || now < s->probe_at)) {
        *until = s->probing ? AGENDA_NEVER : s->probe_at;
        return false;
    }
    if (!budget_take(&s->budget, now, urgent)) {
        *until = budget_ready_at(&s->budget, now, urgent);
        if (*until <= now)
            *until = now + 1;
        return false;
    }
    s->probing = s->open;
    return true;
}

void service_return(struct service *s, bool probe, int64_t now)
{
    budget_give_back(&s->budget);
    if (!probe || !s->probing)
        return;
    s->probe_at = now;
    s->probing = false;
}

void service_good(struct service *s, int64_t now)
{
    s->open = s->probing = false;
    s->refusals = s->limited = 0;
    s->last_good = now;
}

static void next_probe(struct service *s, int64_t now, int64_t retry_max_ms, uint32_t random)
{
    s->refusals++;
    s->probing = false;
    s->probe_at = now + backoff_ms(s->refusals, retry_max_ms, random);
}

bool service_refused(struct service *s, const char *reason, int64_t now, int64_t retry_max_ms,
                     uint32_t random)
{
    if (s->open && !s->probing) /* asked before it opened: says nothing new */
        return false;
    bool opens = !s->open;
    s->open = true;
    snprintf(s->reason, sizeof s->reason, "%s", reason);
    next_probe(s, now, retry_max_ms, random);
    return opens;
}

void service_unclear(struct service *s, int64_t now, int64_t retry_max_ms, uint32_t random)
{
    if (s->probing)
        next_probe(s, now, retry_max_ms, random);
}

void service_slow_down(struct service *s, int64_t retry_after_s, int64_t now, uint32_t random)
{
    s->limited++;
    int64_t ms = backoff_ms(s->limited, LIMITED_MAX_MS, random);
    if (retry_after_s > RETRY_AFTER_MAX_S)
        retry_after_s = RETRY_AFTER_MAX_S;
    if (retry_after_s > 0) /* 0, or a date that is over, is no rest */
        ms = retry_after_s * 1000;
    budget_hold(&s->budget, now + ms);
    if (s->probing)
        next_probe(s, now, ms, random);
}

void service_reset(struct service *s)
{
    s->open = s->probing = false;
    s->refusals = 0;
}
