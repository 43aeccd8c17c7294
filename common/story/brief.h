/*
 * What one line says of a call: made from its messages in `events` and `outcomes`, which may come in any order of the two
 * topics. What the closing decided (worker calls tells it in that decision's details) stands above what the events
 * seem to say; this is no second fold. Pure.
 *
 *   a step: SAID (nothing to do) | SENT --> WAITS (the service is out of order) --> ENDED | FAILED (a dead letter)
 *   the call: DEAD if a step failed or an event is a dead letter, else HELD if one waits, else OPEN until it has closed
 *             and every job has ended, else DONE
 */
#ifndef COMMON_STORY_BRIEF_H
#define COMMON_STORY_BRIEF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/forgotten.h"
#include "common/jval.h"
#include "common/kafka/client.h"
#include "common/str.h"

enum story_state {
    STORY_OPEN,
    STORY_DONE,
    STORY_HELD,
    STORY_DEAD,
};

struct story_step {
    char *rule, *job, *result,
        *reason; /* job: the id, "" without one; never NULL, one block of memory */
    enum {
        STORY_SAID,
        STORY_SENT,
        STORY_WAITS,
        STORY_ENDED,
        STORY_FAILED,
    } state;
};

struct story_brief {
    char *entry_id;
    bool known;            /* a leg, a summary, a decision or an outcome was there: it is a call */
    bool test;             /* of the page's own making: header origin "test" */
    int64_t at;            /* unix ms: its earliest known moment */
    const char *direction; /* static: "incoming" "outgoing" "internal" "unknown"; NULL */
    const char *
        kind; /* static: "talked" "missed:menu" "missed:group" "missed:direct" "fail" (outgoing, nobody
                              answered) "none"; NULL: not known yet */
    char *number, *line;  /* the outside number as it came; NULL */
    char *extension;      /* who talked last, or where it rang last; NULL */
    char *employee;       /* Megaplan id: whose it is saved as, or who was chosen last; NULL */
    char *client, *task;  /* Megaplan ids; NULL */
    int64_t talk_seconds; /* -1 unknown */
    bool saved;           /* it is in Megaplan */
    bool closed;
    int dead;                 /* its events that are dead letters */
    struct story_step *steps; /* the first LIMIT_STORY_STEPS */
    size_t nsteps;
    char **extensions; /* all that took part, the first LIMIT_STORY_EXTENSIONS */
    size_t nextensions;
    char **numbers; /* outside ones that took part, the first LIMIT_STORY_EXTENSIONS */
    size_t nnumbers;
    int64_t received; /* its first event, unix ms; 0: none */
    bool connected;   /* `extension` was connected */
};

/* entry: copied. */
void story_brief_init(struct story_brief *b, struct str entry);
void story_brief_done(struct story_brief *b);
/* A message of events or outcomes with the key of this call; what cannot be read is passed over. True: it changed
 * something. */
bool story_brief_take(struct story_brief *b, const struct kafka_message *m);
/* One of its events has become a dead letter (1), or was sent again (-1). */
void story_brief_dead(struct story_brief *b, int more);
/* A dead letter of a job stands (true), or was sent again: of a job that is not known as sent, or as dead, nothing changes.
 * After the outcomes; letters and notes in the order they lie in `dead`. */
void story_brief_job_dead(struct story_brief *b, struct str job, bool stands);
/* One of its numbers was forgotten after it took place: it is shown to nobody. f: NULL is fine. */
bool story_brief_forgotten(const struct story_brief *b, const struct forgotten *f,
                           struct str account);
enum story_state story_brief_state(const struct story_brief *b);
const char *story_state_name(enum story_state s); /* "open" "done" "held" "dead" */
/* The row of `GET .../calls`. show: numbers in full. */
struct jval *story_brief_row(const struct story_brief *b, bool show) MUST_CHECK;
/* The summary row of explain (design.md 6.1). */
struct jval *story_brief_summary(const struct story_brief *b) MUST_CHECK;

/* Helpers of both: a text, or null. */
void story_put(struct jval *row, const char *key, struct str text);
void story_put_time(struct jval *row, const char *key, int64_t unix_ms);
/* A number, or null; masked unless show. */
void story_put_number(struct jval *row, const char *key, struct str number, bool show);
/* A text in which numbers may stand, or null. */
void story_put_prose(struct jval *row, const char *key, struct str text, bool show);

#endif
