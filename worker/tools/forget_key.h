/*
 * The keys with which forgotten numbers are hashed (common/forgotten.h): a new one, and sealing one anew.
 */
#ifndef WORKER_TOOLS_FORGET_KEY_H
#define WORKER_TOOLS_FORGET_KEY_H

#include <stdbool.h>

#include "common/err.h"
#include "common/secret.h"

/* Record of the topic `settings`; both the caller's (free()). */
void forget_key_new(const struct secret_keys *secrets, char **key, char **value);
/* Seals the value anew if it is not sealed by the current key. *value: the caller's (free()), NULL if nothing has
 * changed. ERR_CONFIG: it cannot be opened. */
enum err forget_key_reseal(const struct secret_keys *secrets, struct str key, struct str before,
                           char **value, struct error *e) MUST_CHECK;

#endif
