/*
 * Runs a call past the guards and the rules.
 */
#include "worker/calls/decide.h"

#include <string.h>

#include "common/mem.h"

typedef void told(void *arg, const struct rule_call *c, const struct rule_decision *d);

static enum decide_end stop(const struct rule_call *c, const char *id, const char *reason,
                            told *decided, void *arg)
{
    if (c->when == RULE_CLOSING) {
        struct rule_decision d = {.rule = id, .reason = mem_copy(str_of(reason)), .stopped = true};
        decided(arg, c, &d);
        rules_drop(&d);
    }
    return strcmp(id, "late") == 0 ? DECIDE_LATE : DECIDE_STOPPED;
}

/* The first guard that stops the call, with *reason; NULL if none does. */
static const char *guard(const struct rule_call *c, const char **reason)
{
    for (const struct rule_guard *g = rules_guards; g->id != NULL; g++) {
        if (!(g->when & (unsigned)c->when))
            continue;
        *reason = g->stops(c);
        if (*reason != NULL)
            return g->id;
    }
    return NULL;
}

static bool ask(const struct rule_call *c, const struct rule *r, struct rule_memory *memory,
                told *decided, void *arg)
{
    struct rule_decision d = {0};
    if (!(r->when & (unsigned)c->when) || !r->decide(c, &d))
        return false;
    bool said = !d.quiet;
    if (said)
        decided(arg, c, &d);
    rules_remember(memory, &d);
    rules_drop(&d);
    return said;
}

enum decide_end decide_call(const struct rule_call *call, struct rule_memory *memory, told *decided,
                            void *arg)
{
    struct view view = {.direction = CALL_EVENT_UNTOLD};
    struct rule_call c = *call;
    const char *reason;
    bool said = false;
    if (c.settings != NULL)
        view_make(&view, c.fold, c.settings);
    c.view = &view;
    c.memory = memory;
    const char *id = guard(&c, &reason);
    if (id != NULL)
        return stop(&c, id, reason, decided, arg);
    for (const struct rule *r = rules_table; r->id != NULL; r++)
        said = ask(&c, r, memory, decided, arg) || said;
    return said ? DECIDE_SAID : DECIDE_RULES;
}
