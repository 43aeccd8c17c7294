/*
 * What MANGO tells of a call: notifications as it writes them (mango-api.md sections 2 and 3). No I/O.
 */
#ifndef TESTS_BENCH_RINGING_LOAD_TOLD_H
#define TESTS_BENCH_RINGING_LOAD_TOLD_H

#include "common/buf.h"
#include "tests/bench/ringing_load/world.h"

enum told_state {
    TOLD_APPEARED,
    TOLD_CONNECTED,
    TOLD_DISCONNECTED
};

/* events/call of the leg in the menu, with the dynamic number that was dialled. at: unix seconds. */
void told_menu(const struct world_call *c, enum told_state state, int64_t at, struct buf *out);
/* ... of the leg at the employee: the first one of a call that rings at once, else it was taken from the menu. */
void told_ring(const struct world_call *c, enum told_state state, int64_t at, struct buf *out);
/* events/summary */
void told_summary(const struct world_call *c, bool talked, int64_t at, struct buf *out);
/* result/route */
void told_result(const struct world_call *c, struct buf *out);

#endif
