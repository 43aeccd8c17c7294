/*
 * What is told of an account that does not work as it should (behaviour.md B13): the table of causes, and the message
 * that its receiver gets. Pure.
 *
 * A receiver checks a message so: HMAC-SHA256 with its key (the 64 characters that `worker settings alert-key ACCOUNT`
 * shows, as they are) over the header X-Mangoplan-Timestamp, a full stop and the body's bytes; in hex it equals what
 * stands behind "sha256=" in X-Mangoplan-Signature. A message may come more than once: `id` tells.
 */
#ifndef COMMON_ALERT_H
#define COMMON_ALERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/secret.h"
#include "common/str.h"

enum alert_cause {
    ALERT_MEGAPLAN_CREDENTIALS,
    ALERT_MEGAPLAN_OUT,
    ALERT_MANGO_REFUSED,
    ALERT_DEAD_LETTERS,
    ALERT_JOBS_HELD,
    ALERT_UNMAPPED,
    ALERT_NO_WEBHOOKS,
    ALERT_VENDOR_APP,
    ALERT_FIELD_DELETED,
    ALERT_CAUSES
};

#define ALERT_KEY_HEX (2 * SECRET_MAC_BYTES)
/* Room for the headers, terminated. */
#define ALERT_HEADER 64
#define ALERT_SIGNATURE 128

/* Stable name: "megaplan_credentials". */
const char *alert_code(enum alert_cause c);
bool alert_parse(struct str code, enum alert_cause *out);
/* For people, English: what is the matter, and what is to be done. */
const char *alert_text(enum alert_cause c);
const char *alert_remedy(enum alert_cause c);
/* The title and text of the task that tells of it in Megaplan, Russian, plain. False: no task does (Megaplan itself is
 * what does not work). */
bool alert_task(enum alert_cause c, struct str *title, struct str *text) MUST_CHECK;
/* It is no state but something that happened: it stands for a day after the last time. */
bool alert_happens(enum alert_cause c);

struct alert_message {
    struct str account;
    enum alert_cause cause;
    bool open;
    int64_t since; /* unix ms */
};

/* {"v":1,"id",...} as design.md says; the caller's (free()). NULL: the account is no UTF-8. */
char *alert_body(const struct alert_message *m) MUST_CHECK;
/* The account's key, in hex, terminated: derived from the installation's key, so it changes with that. */
void alert_key(const struct secret_key *key, struct str account, char out[ALERT_KEY_HEX + 1]);
/* The two headers, "Name: value". at: unix s. */
void alert_sign(const char *key, int64_t at, struct str body, char timestamp[ALERT_HEADER],
                char signature[ALERT_SIGNATURE]);

#endif
