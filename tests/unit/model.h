/*
 * Runs of one book over a short log of the calls Y and X, as the model of the protocol does them: the state
 * in Megaplan when all is over, and which jobs have led to it.
 */
#ifndef TESTS_UNIT_MODEL_H
#define TESTS_UNIT_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/unit/book_kit.h"
#include "tests/unit/ledger.h"

#define MODEL_SHAPES 4
#define MODEL_IDS 16

/* Switches of the settings, as bits. */
enum model_switch {
    MODEL_INCOMING = 1,
    MODEL_MISSED = 2,
    MODEL_TASK = 4,
    MODEL_FOLLOW = 8,
    MODEL_IVR = 16,
    MODEL_ALL = 31,
};
#define MODEL_PLAIN (MODEL_MISSED | MODEL_TASK | MODEL_FOLLOW)

/* A log: Y, and X that is open from before or inside Y for 50 minutes or 3 hours, so that it holds the
 * offset; and perhaps one event of Y once more, late. */
struct model_log {
    size_t shape, at, extra; /* X begins before that event of Y; extra >= ny: none */
    int64_t span, delay;
    struct message y[LOG_MAX], list[LOG_MAX];
    size_t ny, n;
};

/* The log number i of the model: shapes, spans, places of X, extras with their delays. False: no such. */
bool model_log_number(size_t i, struct model_log *l);

struct model_run {
    const struct settings *settings;
    struct book *book; /* of the current owner */
    int64_t now;
    bool silent;
    struct ledger y, x;
    char ids[MODEL_IDS][LEDGER_TEXT]; /* Y's jobs that were not dropped, in their order */
    size_t nids;
};

/* settings_free. */
struct settings *model_settings(unsigned on);
/* A new owner, who knows nothing; what was done stays. The settings are borrowed. */
void model_owner(struct model_run *r, const struct settings *settings);
void model_feed(struct model_run *r, const struct message *log, size_t from, size_t to);
void model_feed_one(struct model_run *r, const struct message *m, int64_t offset);
/* All timers fire. */
void model_end(struct model_run *r);
/* The log from its beginning to its end, by one owner. */
void model_in_order(struct model_run *r, const struct settings *s, const struct message *log,
                    size_t n);
void model_done(struct model_run *r);

/* A job of that id was done. A `call`, however the call closed, counts as one. */
bool model_has(const struct model_run *r, const char *id);
/* The first job of one run that the other has not; corrections of the responsible and of the saved call do
 * not count. NULL: none. */
const char *model_extra(const struct model_run *r, const struct model_run *than);
/* What stands of Y in Megaplan is the same. */
bool model_same(const struct model_run *a, const struct model_run *b);
bool model_same_x(const struct model_run *a, const struct model_run *b);
/* To standard error: both states of Y, and the jobs. */
void model_tell(const char *what, const struct model_run *want, const struct model_run *got);

#endif
