/*
 * What is to become of a request: which webhook a path names, and under which key of `events` a
 * webhook is kept (design.md 6.3, section 2). Pure.
 */
#ifndef INGEST_ACCEPT_H
#define INGEST_ACCEPT_H

#include <stdbool.h>

#include "common/limits.h"
#include "common/str.h"

enum accept_route {
    ACCEPT_WEBHOOK,
    ACCEPT_PING,      /* events/ping: checked, not kept */
    ACCEPT_NOT_FOUND, /* 404 */
    ACCEPT_METHOD,    /* 405: a webhook's path, but not POST */
};

#define ACCEPT_KEY_BYTES (LIMIT_ACCOUNT_NAME + 1 + LIMIT_ENTRY_ID)

struct accept_key {
    char bytes[ACCEPT_KEY_BYTES]; /* not terminated */
    size_t len;
};

/* path: as it came, still percent-encoded, without its query; base: INGEST_BASE_PATH, with or
 * without slashes at its ends. More slashes than one are one (an operator's "https://host/" + "/events"
 * shall not lose calls), a last one is passed over. The kind is what stands below events/, or the path
 * from result/ on; 1 to LIMIT_KIND printable ASCII bytes, else not found. *kind borrows from path. */
enum accept_route accept_path(struct str method, struct str path, struct str base,
                              struct str *kind);

/* account/entry_id; results by what our command_id carries before its last '~'; account/- if there
 * is none or the JSON cannot be read (mango-api.md section 2; worker calls says why it is unusable). */
void accept_key(struct str account, struct str kind, struct str json, struct accept_key *out);

#endif
