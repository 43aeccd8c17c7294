/*
 * A task job's own state, for the files it is made of: task.c, task_whose.c.
 */
#ifndef WORKER_CRM_TASK_STATE_H
#define WORKER_CRM_TASK_STATE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/megaplan/lookup.h"
#include "worker/crm/who.h"
#include "worker/crm/work.h"

/* Remembered tasks that are asked for. A newer one was only made after the older ones were seen closed, so
 * more of them would only tell of some that people opened again. */
#define TASK_ASKED_MAX 5
#define TASK_NAME_SIZE 201 /* a longer name of a client is cut */

struct task {
    struct who_client client; /* "" not known yet */
    /* Remembered tasks that turned out to be closed or deleted */
    char closed[TASK_ASKED_MAX][LOOKUP_ID];
    size_t nclosed;
    char asking[LOOKUP_ID];
    bool read; /* the client's card was: */
    char name[TASK_NAME_SIZE];
    struct contractor_responsible responsibles[LOOKUP_RESPONSIBLES];
    size_t nresponsibles;
    char *responsible;                        /* chosen */
    bool client_refused, responsible_refused; /* the create was, once */
    char *made;                               /* found: to be closed first */
};

/* Made when it is asked for first. */
struct task *task_state(struct work *w);
/* The client that was found does not do: it is looked for anew. */
void task_forget_client(struct work *w);

#endif
