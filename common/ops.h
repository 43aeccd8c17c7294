/*
 * The ops port: /healthz /readyz /metrics (design.md 6.3), libmicrohttpd with a thread of its own.
 * The handler reads atomics, the registry, and calls `ready` (which must be safe from that thread).
 */
#ifndef COMMON_OPS_H
#define COMMON_OPS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/loop.h"
#include "common/metrics.h"

struct ops;

enum ops_status {
    OPS_OK,
    OPS_DEGRADED,
    OPS_FAIL
};

/* One check of /readyz: name, and an atomic that the loop's thread sets to an ops_status. */
struct ops_check {
    const char *name;
    _Atomic int status;
};

struct ops_options {
    const char *listen; /* "127.0.0.1:9101"; port 0 = any */
    struct loop *loop;  /* /healthz: fails when it has not turned for 30 s */
    struct metrics *metrics;
    struct ops_check *checks; /* the caller's, live as long as the server; worst one decides */
    size_t nchecks;
};

/* Logs {"event":"listening","address":...}. ERR_CONFIG: address wrong or port taken. */
enum err ops_start(const struct ops_options *options, struct ops **out, struct error *e) MUST_CHECK;
/* Another loop that /healthz looks at; it must live until ops_stop. Once, from any thread. */
void ops_watch(struct ops *o, const struct loop *also);
void ops_stop(struct ops *o);
const char *ops_address(const struct ops *o); /* "127.0.0.1:41234" */

#endif
