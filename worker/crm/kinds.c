/*
 * Which state machine carries out which kind of job: a kind joins by its line here.
 */
#include "worker/crm/kinds.h"

#include "worker/crm/alert_task.h"
#include "worker/crm/call.h"
#include "worker/crm/client.h"
#include "worker/crm/employees.h"
#include "worker/crm/fields.h"
#include "worker/crm/fill.h"
#include "worker/crm/link.h"
#include "worker/crm/popup.h"
#include "worker/crm/recording.h"
#include "worker/crm/responsible.h"
#include "worker/crm/route.h"
#include "worker/crm/talked.h"
#include "worker/crm/task.h"
#include "worker/crm/twin.h"
#include "worker/crm/visitor.h"

const struct work_ops *kinds_of(enum job_kind kind)
{
    switch (kind) {
    case JOB_ROUTE:
        return route_ops();
    case JOB_VISITOR:
        return visitor_ops();
    case JOB_POPUP:
        return popup_ops();
    case JOB_CLIENT:
        return client_ops();
    case JOB_FILL:
        return fill_ops();
    case JOB_RESPONSIBLE:
        return responsible_ops();
    case JOB_TASK:
        return task_ops();
    case JOB_TALKED:
        return talked_ops();
    case JOB_CALL:
        return call_ops();
    case JOB_RECORD:
        return recording_ops();
    case JOB_LINK:
        return link_ops();
    case JOB_FIELD:
        return fields_ops();
    case JOB_STAFF:
        return employees_ops();
    case JOB_TWIN:
        return twin_ops();
    case JOB_ALERT:
        return alert_task_ops();
    default:
        return NULL;
    }
}
