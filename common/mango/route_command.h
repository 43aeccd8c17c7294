/*
 * commands/route: sends a call that is in the menu to an extension. Pure.
 *
 * Source: mango-api.md section 5, 1.4.1; design.md 6.5. Traps: more than one invalid request in two minutes blocks the
 * API for two minutes, so everything is checked before it leaves; the display name is at most 64 bytes, which may
 * cut a character; command_id comes back in events and in result/route, and leads to the call by what stands
 * before its last '~'.
 */
#ifndef COMMON_MANGO_ROUTE_COMMAND_H
#define COMMON_MANGO_ROUTE_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/limits.h"
#include "common/str.h"

#define ROUTE_COMMAND_METHOD "commands/route"
#define ROUTE_COMMAND_NAME 64 /* bytes of the display name, without terminator */
#define ROUTE_COMMAND_NUMBER 32

struct route_command {              /* borrowed */
    struct str command_id, call_id; /* 1 to 128 bytes of UTF-8 without control characters */
    struct str to_number;           /* an extension: 1 to 32 digits */
    struct str
        display_name; /* what its phone shows, as route_command_name makes it; empty: nothing */
};

/* The json field: terminated, the caller's (free()). ERR_INPUT with the field's name if MANGO would call it invalid. */
enum err route_command_json(const struct route_command *c, char **out, struct error *e) MUST_CHECK;
/* A client's name as a display name: control characters become spaces, what is no UTF-8 U+FFFD; no spaces at its
 * ends; cut at a character. Terminated. */
void route_command_name(struct str name, char out[ROUTE_COMMAND_NAME + 1]);
/* entry_id~nonce, the nonce hex of `random`, shorter where the id is long. Terminated. False: the id is empty, has
 * a NUL, or leaves no room for four digits. */
bool route_command_id(struct str entry_id, uint64_t random,
                      char out[LIMIT_COMMAND_ID + 1]) MUST_CHECK;

#endif
