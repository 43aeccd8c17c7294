/*
 * Sessions of the settings page, kept by the browser alone: a cookie that any ingest of the installation can check,
 * because its key comes from SECRET_KEY (or SECRET_KEY_OLD) and the password. Another password ends them all.
 * Pure: times (wall clock, ms) and randomness are handed in.
 *
 *   text: hex of  1 | id, 16 bytes | issued, 8 | last seen, 8 (unix ms, big-endian) | keyed hash of all that, 32
 */
#ifndef INGEST_ADMIN_SESSION_H
#define INGEST_ADMIN_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/attr.h"
#include "common/buf.h"
#include "common/secret.h"
#include "common/str.h"

#define SESSION_COOKIE "mangoplan_session"
#define SESSION_ID_BYTES 16
#define SESSION_BYTES (1 + SESSION_ID_BYTES + 8 + 8 + SECRET_MAC_BYTES)
#define SESSION_TEXT (2 * SESSION_BYTES + 1) /* and its terminator */
#define SESSION_TOKEN_TEXT (2 * SECRET_MAC_BYTES + 1)
#define SESSION_IDLE_MS (30 * 60 * 1000)         /* not used for so long: over */
#define SESSION_LONGEST_MS (12 * 60 * 60 * 1000) /* from its issue */
#define SESSION_RENEW_MS (60 * 1000)             /* the cookie is written anew when it is so old */
#define SESSION_AHEAD_MS (60 * 1000)             /* so much may another ingest's clock be ahead */

struct session_keys {
    uint8_t current[SECRET_KEY_BYTES], old[SECRET_KEY_BYTES];
    bool has_old;
};

struct session {
    uint8_t id[SESSION_ID_BYTES];
    int64_t issued_ms, seen_ms;
};

/* password: ADMIN_PASSWORD or ADMIN_PASSWORD_HASH, whichever there is. */
void session_keys_make(const struct secret_keys *secret, struct str password,
                       struct session_keys *out);
void session_begin(struct session *s, const uint8_t id[SESSION_ID_BYTES], int64_t now_ms);
/* The cookie's text, by the current key. */
void session_write(const struct session_keys *k, const struct session *s, char out[SESSION_TEXT]);
/* False: not ours, altered, of another key or password, over, or from the future. */
bool session_read(const struct session_keys *k, struct str text, int64_t now_ms,
                  struct session *out);
/* When it ends if it is not used any more. */
int64_t session_ends_ms(const struct session *s);
/* True: it was used so long after its cookie was written that a new one is due; it is then seen now. */
bool session_renew(struct session *s, int64_t now_ms);

/* What a write has to show besides the cookie: it stays the same as long as the session. */
void session_token(const struct session_keys *k, const struct session *s,
                   char out[SESSION_TOKEN_TEXT]);
bool session_token_is(const struct session_keys *k, const struct session *s, struct str token);

/* Takes the next session's text off a Cookie header's value; false at the end. Start with the whole value. */
bool session_cookie(struct str *rest, struct str *text);
/* The value of Set-Cookie; an empty text takes the cookie away. secure: over TLS only. */
void session_set_cookie(struct buf *out, struct str text, bool secure);

/* Sessions that were ended by hand at this ingest, until they would be over anyway: at most SESSION_ENDED_MAX, then the
 * one that is over first gives way. */
#define SESSION_ENDED_MAX 256
struct session_ended;
struct session_ended *session_ended_new(void) MUST_CHECK;
void session_ended_free(struct session_ended *e);
void session_ended_add(struct session_ended *e, const struct session *s, int64_t now_ms);
bool session_ended_has(const struct session_ended *e, const struct session *s);

#endif
