/*
 * What the tests of the rules share: a call in a table of events, told by the rules decision by decision.
 */
#ifndef TESTS_UNIT_RULES_KIT_H
#define TESTS_UNIT_RULES_KIT_H

#include "tests/unit/calls_kit.h"
#include "tests/unit/unit.h"
#include "worker/calls/decide.h"

#define MAX 10
#define CLIENT "79991231212"
#define LINE "78001234567"

/* One call e1 of the account acme, in Moscow. */
struct rules_kit {
    struct settings *settings; /* rules_kit_settings; may be replaced */
    struct rule_memory memory;
    struct buf told;  /* what the last decide told: "G3 e1:client 1000005 79991231212 [verdict]" or
                        "G3 none: why", a line each */
    char *data;       /* of the last job */
    int64_t deadline; /* of the last job, unix ms */
    int64_t received; /* of the causing event, seconds after KIT_T0 */
    int64_t event_at; /* the same by MANGO's clock; -KIT_T0: it does not tell */
    int64_t now;      /* the clock, seconds after KIT_T0 */
    const char *origin;
    bool first_summary;
    struct str recording, command; /* for RULE_BESIDE */
    int64_t result;
};

extern struct rules_kit kit;

/* A call of which nothing is known, decided 60 s after KIT_T0, under kit_settings(more). */
void rules_kit_begin(const char *more);
/* The same, and one live event at that second after KIT_T0: what was told. */
const char *rules_kit_one(const char *more, struct kit_event ev, int64_t now);
/* For decide_call: writes a decision into the buffer that is its argument, and keeps its job's data. */
void rules_kit_note(void *arg, const struct rule_call *c, const struct rule_decision *d);
/* Folds the events (to the first without a state, at most n) anew and asks the rules once. */
enum decide_end rules_kit_decide(const struct kit_event *events, size_t n, enum rule_when when,
                                 const char *closed_by);
/* Begins anew; live with all events, then closed by a summary if there is one, else `ended`: all that
 * was told. */
const char *rules_kit_story(const char *more, const struct kit_event events[MAX]);
/* Live once after each event: all that was told. */
const char *rules_kit_live(const struct kit_event *events, size_t n);

/* An incoming call: menu, then an employee who answers (or not), then its summary (or none). */
#define MENU                                                                         \
    {'A', "i", 1, .at = 0, .where = 'i', .from = CLIENT, .to = LINE, .line = LINE},  \
    {                                                                                \
        'D', "i", 2, .at = 2, .where = 'i', .from = CLIENT, .to = LINE, .line = LINE \
    }
#define RINGS(id, t, ext)                                                                  \
    {                                                                                      \
        'A', id, 1, .at = (t), .where = 'a', .from = CLIENT, .to_ext = (ext), .line = LINE \
    }
#define ANSWERS(id, t, ext)                                                                \
    {                                                                                      \
        'C', id, 2, .at = (t), .where = 'a', .from = CLIENT, .to_ext = (ext), .line = LINE \
    }
#define ENDS(id, t, ext)                                                                   \
    {                                                                                      \
        'D', id, 3, .at = (t), .where = 'a', .from = CLIENT, .to_ext = (ext), .line = LINE \
    }
#define SUMMARY(ext, talk_at)                                                                  \
    {                                                                                          \
        'S', NULL, 0, .at = 0, .direction = 1, .from = CLIENT, .to_ext = (ext), .to = "sip:x", \
                      .line = LINE, .talk = (talk_at), .end = 60                               \
    }
#define GROUP(t, ext)                                                                            \
    {                                                                                            \
        'A', (ext), 1, .at = (t), .where = 'a', .from = CLIENT, .to_ext = (ext), .group = "300", \
                       .line = LINE                                                              \
    }

#endif
