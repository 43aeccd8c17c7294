/*
 * Records the executor writes: facts, outcomes, dead letters. Each waits, where it has to, until Kafka
 * has it, and a fact until it was *read back* too: between our mark and it there was no stranger's.
 */
#ifndef WORKER_CRM_RECORD_H
#define WORKER_CRM_RECORD_H

#include <stdbool.h>

#include "common/fact.h"
#include "common/outcome.h"
#include "worker/crm/executor.h"

/* Writes the fact of the work's own job; then(x, w, ok) follows once: ok when it was delivered and
 * read back, not ok when Kafka did not take it. */
void record_fact(struct executor *x, struct work *w, enum fact_type type, const char *value,
                 void (*then)(struct executor *x, struct work *w, bool ok));
/* The same for a fact of another job. */
void record_fact_of(struct executor *x, struct work *w, enum fact_type type, struct str id,
                    const char *value, void (*then)(struct executor *x, struct work *w, bool ok));
/* Writes a fact of another job, and waits for nothing. */
void record_aside(struct executor *x, const struct work *w, enum fact_type type, struct str name,
                  const char *value);
/* Writes a state of an account (account/state/<name>), and waits for nothing. */
void record_state(struct executor *x, const struct owner *o, struct str account, struct str name,
                  const char *value);
/* The outcome of the work; then as above but for reading back. then NULL: waits for nothing. */
void record_outcome(struct executor *x, struct work *w, const struct outcome *o,
                    void (*then)(struct executor *x, struct work *w, bool ok));
/* The outcome `held`: the work's request showed that a service of the account is out of order. */
void record_held(struct executor *x, struct work *w, const char *why);
/* The message as it came, into `dead`, with the reason of w->ending. */
void record_dead(struct executor *x, struct work *w,
                 void (*then)(struct executor *x, struct work *w, bool ok));
/* Its record's end, which has come, is told (by step.h). */
void record_told(struct executor *x, struct work *w);
/* What the work waits for is forgotten: its end will not be told. */
void record_forget(struct executor *x, struct work *w);
/* Tells those whose facts were read back. */
void record_read(struct executor *x, struct owner *o);

#endif
