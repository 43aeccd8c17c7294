/*
 * A token by user name and password, or by a refresh token. Pure.
 *
 * Source: megaplan-api.md 1.1. Traps: the address is {base}/api/v3/auth/access_token, not once more below /api/v3; fields
 * of a form, never JSON; the answer has no envelope, a refusal has OAuth's shape or the envelope; each refresh gives a
 * new refresh token, the old one is spent; expires_in is no promise: 401 is what ends a token.
 */
#ifndef COMMON_MEGAPLAN_LOGIN_H
#define COMMON_MEGAPLAN_LOGIN_H

#include <stdint.h>

#include "common/attr.h"
#include "common/megaplan/answer.h"
#include "common/str.h"

#define LOGIN_CONTENT_TYPE "application/x-www-form-urlencoded"

/* POST. As query_url. */
char *login_url(struct str base_url) MUST_CHECK;
/* The forms. Terminated, the caller's: secret_free, since they hold secrets; no copy stays behind. NULL: an empty
 * part, or no memory. */
char *login_password_body(struct str user, struct str password) MUST_CHECK;
char *login_refresh_body(struct str refresh_token) MUST_CHECK;

enum login_kind {
    LOGIN_GRANTED,
    LOGIN_REFUSED,   /* these credentials, this account or address: waiting does not heal it */
    LOGIN_LIMITED,   /* 429 */
    LOGIN_TEMPORARY, /* 5xx, or nothing that can be understood; a refresh token may be spent */
};

struct login_answer {
    enum login_kind kind;
    char *access_token;     /* LOGIN_GRANTED: fit for a header; else NULL. Owned */
    char *refresh_token;    /* NULL if none was given. Owned */
    int64_t expires_in;     /* seconds, 0 = not said */
    char text[ANSWER_TEXT]; /* not LOGIN_GRANTED: why, for people; no secrets */
};

/* Never fails: what cannot be read is LOGIN_TEMPORARY. source.about is not looked at. login_answer_done afterwards. */
void login_read(const struct answer_source *source, struct login_answer *out);
void login_answer_done(struct login_answer *a); /* wipes */

#endif
