/*
 * The one password of the settings page, and how often it may be tried. Pure: time (a clock that does not jump back,
 * ms) and randomness are handed in; an argon2id hash takes its 50 ms and more all the same.
 *
 * After a wrong password its address waits 1 s, then 2, 4, ... up to 15 min; nothing is checked meanwhile, so the right
 * one is refused as well and tells nothing. Wrong ones from anywhere also add up (one is forgotten every 30 s): from
 * the 20th on everybody waits, up to 60 s, but who signed in rightly from the same address within a day.
 */
#ifndef INGEST_ADMIN_LOGIN_H
#define INGEST_ADMIN_LOGIN_H

#include <stdbool.h>
#include <stdint.h>

#include "common/attr.h"
#include "common/secret.h"
#include "common/str.h"
#include "ingest/cidr.h"

#define LOGIN_FIRST_WAIT_MS 1000
#define LOGIN_LONGEST_WAIT_MS (15 * 60 * 1000)
#define LOGIN_FORGET_MS \
    (60 * 60 * 1000) /* an address is forgotten so long after its last wrong one */
#define LOGIN_TRUST_MS (24 * 60 * 60 * 1000)
#define LOGIN_ALL_FREE 20 /* wrong ones from anywhere that cost nobody else anything */
#define LOGIN_ALL_FORGET_MS (30 * 1000)
#define LOGIN_ALL_LONGEST_MS (60 * 1000)
#define LOGIN_PASSWORD_MAX 1024 /* bytes; a longer one is wrong */

enum login_verdict {
    LOGIN_RIGHT,
    LOGIN_WRONG,
    LOGIN_TOO_SOON, /* not looked at */
    LOGIN_CANNOT    /* no memory to check it */
};

struct login;

/* password and hash: ADMIN_PASSWORD, ADMIN_PASSWORD_HASH; one of them is empty. Kept are a keyed hash of the first (by
 * `key`, random) and a copy of the second. A table of fixed size for 1024 addresses (IPv6: /64 networks). */
struct login *login_new(const char *password, const char *hash,
                        const uint8_t key[SECRET_KEY_BYTES]) MUST_CHECK;
void login_free(struct login *l);
/* *wait_ms: after LOGIN_TOO_SOON, when to come again. The right password is remembered by a keyed hash, so that HTTP
 * Basic does not cost an argon2id at each request. */
enum login_verdict login_try(struct login *l, const struct cidr_address *from, struct str password,
                             int64_t now_ms, int64_t *wait_ms) MUST_CHECK;

#endif
