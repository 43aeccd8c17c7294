/*
 * Budget, access token and breaker of an account. Pure: memory only.
 */
#include "worker/crm/service.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/backoff.h"
#include "common/mem.h"

#define LIMITED_MAX_MS 60000
#define RETRY_AFTER_MAX_S 3600
#define RECORD_WAIT_MS 1000 /* its end is told; this is only for safety */

void service_init(struct service *s, const char *account)
{
    *s = (struct service){.account = mem_copy(str_of(account))};
}

void service_done(struct service *s)
{
    signin_done(&s->signin);
    free(s->remembered);
    free(s->account);
    *s = (struct service){0};
}

void service_own(struct service *s, struct str memory, int64_t wall, int64_t now)
{
    free(s->remembered);
    s->remembered = memory.len ? mem_copy(memory) : NULL;
    s->wall_at_zero = wall - now;
    s->remembers = true;
    s->per_second = 0; /* limits follow, and with them the budget */
}

static void set_budget(struct service *s, int64_t now)
{
    budget_init(&s->budget, s->per_second, s->per_hour, now);
    budget_memory_restore(&s->memory, &s->budget, str_of(s->remembered), s->wall_at_zero + now,
                          now);
    free(s->remembered);
    s->remembered = NULL;
}

void service_limits(struct service *s, const struct settings *settings, int64_t now)
{
    int64_t per_second = settings->megaplan.requests_per_second;
    int64_t per_hour = settings->megaplan.requests_per_hour;
    if (!s->followed)
        signin_follow(&s->signin, settings);
    s->followed = true;
    if (per_second == s->per_second && per_hour == s->per_hour)
        return;
    bool first = s->per_second == 0;
    s->per_second = per_second;
    s->per_hour = per_hour;
    if (first)
        set_budget(s, now);
    else
        budget_change(&s->budget, per_second, per_hour, now);
}

static bool is_held(const struct service *s, int64_t now, int64_t *until)
{
    if (!s->open || (!s->probing && now >= s->probe_at))
        return false;
    *until = s->probing ? AGENDA_NEVER : s->probe_at;
    return true;
}

/* A token of the budget, if there is one and it is written down that it may be spent. */
static bool take(struct service *s, int64_t now, bool urgent, int64_t *until)
{
    *until = budget_ready_at(&s->budget, now, urgent);
    if (*until > now)
        return false;
    *until = now + RECORD_WAIT_MS;
    if (s->remembers && !budget_memory_covers(&s->memory, now, urgent))
        return false;
    if (!budget_take(&s->budget, now, urgent)) {
        *until = now + 1;
        return false;
    }
    budget_keep(&s->budget);
    if (s->remembers)
        budget_memory_spent(&s->memory, &s->budget, now);
    s->probing = s->open;
    return true;
}

bool service_admit(struct service *s, int64_t now, bool urgent, int64_t *until)
{
    if (is_held(s, now, until))
        return false;
    if (signin_token(&s->signin))
        return take(s, now, urgent, until);
    s->wants_signin = true;
    *until = s->signin.state == SIGNIN_ASKING ? AGENDA_NEVER : s->signin.again_at;
    if (*until <= now)
        *until = now + RECORD_WAIT_MS;
    return false;
}

bool service_admit_signin(struct service *s, int64_t now, int64_t *until)
{
    *until = s->signin.again_at;
    return now >= s->signin.again_at && !is_held(s, now, until) && take(s, now, true, until);
}

void service_left(struct service *s, int64_t now)
{
    budget_left(&s->budget, now);
}

void service_return(struct service *s, bool probe, int64_t now)
{
    budget_give_back(&s->budget);
    if (s->remembers)
        budget_memory_returned(&s->memory);
    if (probe)
        service_unprobe(s, now);
}

void service_unprobe(struct service *s, int64_t now)
{
    if (!s->probing)
        return;
    s->probe_at = now;
    s->probing = false;
}

void service_good(struct service *s, int64_t now)
{
    s->open = s->probing = false;
    s->refusals = s->limited = s->unclear = 0;
    s->last_good = now;
}

static void next_probe(struct service *s, int64_t now, int64_t retry_max_ms, uint32_t random)
{
    s->refusals++;
    s->probing = false;
    s->probe_at = now + backoff_ms(s->refusals, retry_max_ms, random);
}

static void open_breaker(struct service *s, const char *reason)
{
    s->open = true;
    snprintf(s->reason, sizeof s->reason, "%s", reason);
}

bool service_refused(struct service *s, const char *reason, int64_t now, int64_t retry_max_ms,
                     uint32_t random)
{
    if (s->open && !s->probing) /* asked before it opened: says nothing new */
        return false;
    bool opens = !s->open;
    open_breaker(s, reason);
    next_probe(s, now, retry_max_ms, random);
    return opens;
}

bool service_unclear(struct service *s, bool probe, const char *why, int64_t now,
                     int64_t retry_max_ms, uint32_t random)
{
    if (s->open) {
        if (probe && s->probing)
            next_probe(s, now, retry_max_ms, random);
        return false;
    }
    if (++s->unclear < SERVICE_UNCLEAR)
        return false;
    open_breaker(s, why);
    next_probe(s, now, retry_max_ms, random);
    return true;
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

bool service_is_out(const struct service *s)
{
    return s->open || (s->per_second && !signin_token(&s->signin));
}

void service_reset(struct service *s)
{
    s->open = s->probing = s->followed = false;
    s->refusals = s->unclear = 0;
    s->signin.again_at = 0;
}
