/*
 * One account's alerts (behaviour.md B13): what its owner sees goes, about each second, through alert_state.h; what
 * opens and closes is posted to `alert_url`, signed (common/alert.h), again and again until it is taken, or over for a
 * day: at least once, with an id to tell repeats by; and a task for `alert_responsible` tells it in Megaplan
 * (alert_task.h), exactly once. What stands is kept in the fact account/state/alerts, so that a new owner goes on with
 * it. It waits for nobody's budget, and nobody for it. Entered on the loop's thread only.
 */
#ifndef WORKER_CRM_ALERT_ACCOUNT_H
#define WORKER_CRM_ALERT_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "worker/crm/alert_state.h"

struct account;
struct executor;
struct http_transfer;
struct owner;

struct alert_account {
    struct alert_state state;
    bool changed;     /* what is to be kept */
    int64_t owned_at; /* boot ms */
    int64_t bad_at;   /* boot ms: when Megaplan's breaker was seen open the last time */
    enum alert_state_input vendor;   /* alert_look.h */
    int64_t look_at;                 /* boot ms; 0: not begun */
    enum alert_state_input webhooks; /* what the call history said of them; SO counts once */
    struct http_transfer *post;      /* on its way; NULL: none */
    enum alert_cause cause;          /* what it tells */
    bool open;
    unsigned failures; /* in a row */
    int64_t again_at;  /* boot ms: not before */
};

/* Another owner's before: goes on with what stands. */
void alert_account_own(struct executor *x, struct account *a);
/* Its owner goes: a message on its way is left to the next one. */
void alert_account_leave(struct executor *x, struct account *a);
/* The owner is restored and the settings are known: what stands is watched even if no job comes. */
void alert_account_switches(struct executor *x, struct owner *o, const char *account);
/* About each second, when its gauges were counted. */
void alert_account_watch(struct executor *x, struct account *a);
/* The owner has compared MANGO's call history: of so many calls that it tells so many came by no webhook, or not wholly. */
void alert_account_reconciled(struct account *a, size_t told, size_t missing);
/* A job became a dead letter, or was done. */
void alert_account_died(struct executor *x, struct account *a, struct str job);
void alert_account_done(struct account *a, struct str job);
/* A cause that happens (alert_happens) did. */
void alert_account_happened(struct executor *x, struct account *a, enum alert_cause c);

#endif
