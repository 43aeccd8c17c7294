/*
 * Which state machine carries out which kind of job: a kind joins by its line here.
 */
#include "worker/crm/kinds.h"

#include "worker/crm/client.h"

const struct work_ops *kinds_of(enum job_kind kind)
{
    switch (kind) {
    case JOB_CLIENT:
        return client_ops();
    default:
        return NULL;
    }
}
