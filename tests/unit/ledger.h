/*
 * The final state of one call in Megaplan, summed up from its jobs in the order of their decisions the
 * way `worker crm` does it (design.md section 3 "Verdict", "A job id ends in its cause"), for a number
 * that no contractor carries and without failures.
 */
#ifndef TESTS_UNIT_LEDGER_H
#define TESTS_UNIT_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/job.h"

#define LEDGER_TEXT 48
#define LEDGER_IDS 128

/* Every text is padded with zeros. What is added here belongs into ledger_same and ledger_show, too. */
struct ledger_state {
    struct {
        bool made, tracked; /* tracked: G12's fields are filled */
        char rule[8], kind[LEDGER_TEXT], phone[LEDGER_TEXT], responsible[LEDGER_TEXT];
        char source_line[LEDGER_TEXT]; /* as it was written into the field of G8 */
    } client;
    struct {
        bool told, saved;
        enum job_verdict verdict;
        char type[8], employee[LEDGER_TEXT], from[LEDGER_TEXT], to[LEDGER_TEXT], line[LEDGER_TEXT];
        int64_t started, ended, talk_seconds;
    } call;
    struct {
        bool made, closed; /* closed: by this call's own talk */
        char responsible[LEDGER_TEXT], fallback[LEDGER_TEXT];
        int64_t ended, due;
    } task;
    struct {
        bool told;
        char direction[8];
        int64_t at, ended;
    } talked;
    bool visitor;
    char records[4][LEDGER_TEXT]; /* in the order of their bytes */
};

struct ledger {
    struct ledger_state state;
    char *ids[LEDGER_IDS];
    size_t nids;
    bool by_summary; /* the verdict that stands is a summary's */
};

/* A ledger in which nothing stands: zeroed memory. */
void ledger_done(struct ledger *l);
/* The job is done, unless its id was seen or its verdict does not stand: false. Fails the test for a job that
 * does not carry what its kind must. */
bool ledger_add(struct ledger *l, const struct job *job);
/* What stands when all jobs are done: a call that is not saved carries no recordings. */
struct ledger_state ledger_final(const struct ledger *l);
void ledger_record(struct ledger_state *s, const char *id);
/* Copies the text and pads it. */
void ledger_put(char *to, size_t size, struct str text);
#define LEDGER_PUT(to, text) ledger_put((to), sizeof(to), (text))
bool ledger_same(const struct ledger_state *a, const struct ledger_state *b);
/* For people; terminated. */
void ledger_show(const struct ledger_state *s, char *out, size_t size);

#endif
