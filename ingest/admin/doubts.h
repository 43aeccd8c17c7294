/*
 * Changes of settings that Kafka did not acknowledge in time, though it may have them: when one is read back after all, its
 * audit record is written late, so that no change stands without one. In memory: what this process does not live to read
 * back has none. The admin thread only.
 */
#ifndef INGEST_ADMIN_DOUBTS_H
#define INGEST_ADMIN_DOUBTS_H

#include "ingest/admin/api.h"

struct doubts;

struct doubts *doubts_new(const struct admin_parts *parts) MUST_CHECK;
void doubts_free(struct doubts *d); /* NULL is fine */
/* `stored` is what was written, NULL: a removal; copied. `changes` is settings_diff's, taken over. */
void doubts_add(struct doubts *d, const char *account, const char *who, const char *stored,
                struct jval *changes);
/* The same is written once more, and has a record of its own then. */
void doubts_forget(struct doubts *d, const char *account, const char *stored);
/* The account's document was read. */
void doubts_changed(struct doubts *d, const char *account);
/* Writes the record of a change to the topic `outcomes`. Unless it fails, `done` is called once with arg, later; NULL:
 * nobody waits. `changes` is taken over, also when it fails. */
enum err doubts_audit(const struct admin_parts *parts, const char *account, const char *who,
                      bool removes, struct jval *changes, producer_done *done, void *arg,
                      struct error *e) MUST_CHECK;

#endif
