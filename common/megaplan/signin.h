/*
 * An account's access token (megaplan-api.md 1.1, design.md 6.4: a token, or login and password).
 *
 *           +---------------- temporary: later, at growing delays --------------------+
 *           v                                                                         |
 *   OUT --(somebody wants a request)--> ASKING by refresh token, if there is one -----+
 *    ^                                    |  refused                                  |
 *    |                                    +------> ASKING by password ----------------+
 *    |                                              |  refused: REJECTED              |
 *    |                                              |                                 | granted
 *    +---- 401, where the token has worked before -- IN <-----------------------------+
 *                                                     |
 *      401, and it never worked: it was got by a refresh: by password; by password: REJECTED
 *
 * One login at a time, and only when a request needs it. 401 is the only sign that a token is over; no
 * timer. A refresh token is good for once, the answer brings the next one. REJECTED is the breaker's:
 * the account is out of order until a probe, which is a login, gets through or settings change. A
 * configured token is used as it is: its 401 is REJECTED.
 *
 * Tokens stand here in memory only, and are wiped. Pure; times are CLOCK_BOOTTIME ms.
 */
#ifndef COMMON_MEGAPLAN_SIGNIN_H
#define COMMON_MEGAPLAN_SIGNIN_H

#include <stdbool.h>
#include <stdint.h>

#include "common/settings.h"
#include "common/sha256.h"
#include "common/str.h"

#define SIGNIN_REJECTED "rejected credentials"

enum signin_state {
    SIGNIN_OUT,
    SIGNIN_ASKING,
    SIGNIN_IN
};

enum signin_way {
    SIGNIN_CONFIGURED, /* by settings.megaplan.token: nothing is asked */
    SIGNIN_BY_REFRESH,
    SIGNIN_BY_PASSWORD
};

struct signin {
    enum signin_state state;
    enum signin_way way; /* of the token that is there, or that is asked for */
    bool proven;         /* a request with it was answered as one's own */
    unsigned token;      /* its number, 0 = none yet: an older one's 401 says nothing */
    char *access, *refresh;
    char made_for[SHA256_HEX]; /* base_url, token, login and password */
    unsigned failures;         /* temporary, in a row */
    int64_t again_at;          /* nothing is asked before */
};

enum signin_end {
    SIGNIN_DONE,  /* a token is there */
    SIGNIN_AGAIN, /* to be asked for at once, in another way */
    SIGNIN_LATER, /* at again_at */
    SIGNIN_NO,    /* rejected */
    SIGNIN_STALE, /* of a token that is over anyway: nothing has changed */
};

void signin_done(struct signin *l);
/* Follows the settings: other credentials, another address: everything begins anew. */
void signin_follow(struct signin *l, const struct settings *s);
/* The token to send, or NULL: there is none, see signin_begin. Valid until the next change. */
const char *signin_token(const struct signin *l);
/* How to ask for one. Only while there is none and none is asked for. */
enum signin_way signin_begin(struct signin *l);
/* It was never asked. */
void signin_unasked(struct signin *l);
/* The asking's end. A refresh token may be empty: then the next time it is by password. */
void signin_granted(struct signin *l, struct str access, struct str refresh);
enum signin_end signin_refused(struct signin *l);
enum signin_end signin_failed(struct signin *l, int64_t now, int64_t retry_max_ms, uint32_t random);
/* A request that went with the token of that number was answered 401, or as one's own. */
enum signin_end signin_expired(struct signin *l, unsigned token);
void signin_proven(struct signin *l, unsigned token);

#endif
