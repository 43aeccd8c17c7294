/*
 * An account's access token. Pure: memory only.
 */
#include "common/megaplan/signin.h"

#include <stdlib.h>
#include <string.h>

#include "common/backoff.h"
#include "common/mem.h"

/* Not optimised away: explicit_bzero is glibc's. */
static void wipe(char **secret)
{
    if (*secret)
        explicit_bzero(*secret, strlen(*secret));
    free(*secret);
    *secret = NULL;
}

static void forget(struct signin *l)
{
    wipe(&l->access);
    wipe(&l->refresh);
    l->state = SIGNIN_OUT;
    l->proven = false;
    l->failures = 0;
    l->again_at = 0;
}

void signin_done(struct signin *l)
{
    forget(l);
    *l = (struct signin){0};
}

void signin_follow(struct signin *l, const struct settings *s)
{
    char now[SHA256_HEX];
    const struct str zero = {"", 1};
    const struct str pieces[] = {
        str_of(s->megaplan.base_url), zero, str_of(s->megaplan.token),   zero,
        str_of(s->megaplan.login),    zero, str_of(s->megaplan.password)};
    sha256_hex(pieces, sizeof pieces / sizeof *pieces, now);
    if (memcmp(now, l->made_for, sizeof now) == 0)
        return;
    forget(l);
    memcpy(l->made_for, now, sizeof now);
    if (!s->megaplan.token || !*s->megaplan.token)
        return;
    l->way = SIGNIN_CONFIGURED;
    l->state = SIGNIN_IN;
    l->access = mem_copy(str_of(s->megaplan.token));
    l->token++;
}

const char *signin_token(const struct signin *l)
{
    return l->state == SIGNIN_IN ? l->access : NULL;
}

enum signin_way signin_begin(struct signin *l)
{
    l->state = SIGNIN_ASKING;
    l->way = l->refresh ? SIGNIN_BY_REFRESH : SIGNIN_BY_PASSWORD;
    return l->way;
}

void signin_unasked(struct signin *l)
{
    l->state = SIGNIN_OUT;
}

void signin_granted(struct signin *l, struct str access, struct str refresh)
{
    enum signin_way way = l->way;
    forget(l);
    l->way = way;
    l->state = SIGNIN_IN;
    l->access = mem_copy(access);
    l->refresh = refresh.len ? mem_copy(refresh) : NULL;
    l->token++;
}

enum signin_end signin_refused(struct signin *l)
{
    bool by_password = l->way == SIGNIN_BY_PASSWORD;
    forget(l);
    return by_password ? SIGNIN_NO : SIGNIN_AGAIN;
}

enum signin_end signin_failed(struct signin *l, int64_t now, int64_t retry_max_ms, uint32_t random)
{
    l->state = SIGNIN_OUT;
    l->again_at = now + backoff_ms(++l->failures, retry_max_ms, random);
    return SIGNIN_LATER;
}

enum signin_end signin_expired(struct signin *l, unsigned token)
{
    if (l->state != SIGNIN_IN || token != l->token)
        return SIGNIN_STALE;
    if (l->way == SIGNIN_CONFIGURED)
        return SIGNIN_NO;
    bool proven = l->proven, by_password = l->way == SIGNIN_BY_PASSWORD;
    wipe(&l->access);
    l->state = SIGNIN_OUT;
    l->proven = false;
    if (proven)
        return SIGNIN_AGAIN;
    wipe(&l->refresh); /* what it gives is not taken */
    return by_password ? SIGNIN_NO : SIGNIN_AGAIN;
}

void signin_proven(struct signin *l, unsigned token)
{
    if (l->state == SIGNIN_IN && token == l->token)
        l->proven = true;
}
