"""Resources of the fake Megaplan about tasks, batches and the account itself.

Follows the reference on Megaplan's API, sections 1.10, 1.11 and 3.5.
"""

import json

from megaplan_clients import listing
from megaplan_store import LIST_KEYS, Renderer, check_keys
from megaplan_table import resource
from megaplan_types import CONTRACTORS, Refusal, check_body

ACTIONS = {"act_accept_task": "accepted", "act_done": "done", "act_renew": "assigned",
           "act_cancel": "cancelled", "act_accept_work": "completed", "act_pause": "delayed",
           "act_resume": "accepted", "act_reject_task": "rejected", "act_expire": "expired"}
CLOSED = ("done", "completed", "cancelled", "rejected", "expired")


def find_task(mp, call):
    """The task of the path. One in the bin is gone, or is shown for what it is (doubt deleted_task)."""
    row = mp.store.find(("Task",), call.params["id"])
    if row["isDropped"] and mp.doubts["deleted_task"] == "gone":
        raise Refusal(404, "Task with id %s not found" % row["id"])
    return row


@resource("GET", "/task")
def task_list(mp, call):
    return listing(mp, call, ("Task",), mp.store.listed(("Task",)), ("filter", "q", "statuses"))


@resource("GET", "/contractorHuman/{id}/tasks")
@resource("GET", "/contractorCompany/{id}/tasks")
def contractor_tasks(mp, call):
    return listing(mp, call, ("Task",), tasks_of(mp, call), ("filter", "q"))


@resource("GET", "/contractorHuman/{id}/actualTasks")
@resource("GET", "/contractorCompany/{id}/actualTasks")
def contractor_actual_tasks(mp, call):
    rows = [row for row in tasks_of(mp, call) if row["status"] not in CLOSED]
    return listing(mp, call, ("Task",), rows, ("filter", "q"))


def tasks_of(mp, call):
    owner = mp.store.find(CONTRACTORS, call.params["id"])
    return [row for row in mp.store.listed(("Task",))
            if (row.get("contractor") or {}).get("id") == owner["id"]]


@resource("POST", "/task")
def task_create(mp, call):
    mp.need_right("may_add_tasks", "tasks_add")
    values = check_body("Task", call.body)
    mp.store.must_exist(values)
    made = mp.store.add("Task", dict(values, status="assigned"))
    call.note = "created %s" % made["id"]
    if mp.doubts["create_answer"] == "poor":
        return {"contentType": "Task", "id": made["id"]}
    return Renderer(mp.store, call.query).whole(made)


@resource("GET", "/task/{id}")
def task_read(mp, call):
    render = Renderer(mp.store, call.query)
    render.check_fields(("Task",))
    return render.whole(mp.store.as_read(find_task(mp, call)))


@resource("POST", "/task/{id}")
def task_update(mp, call):
    """Changes what the body names, but never the status: that is doAction's."""
    if isinstance(call.body, dict) and "id" not in call.body:
        return task_create(mp, call)
    row = find_task(mp, call)
    values = check_body("Task", call.body, creating=False)
    mp.store.must_exist(values)
    return Renderer(mp.store, call.query).whole(mp.store.change(row, values))


@resource("POST", "/task/{id}/doAction")
def task_action(mp, call):
    row = find_task(mp, call)
    action = call.body.get("action") if isinstance(call.body, dict) else None
    if action not in ACTIONS:
        raise Refusal(422, "unknown action %r" % action, "action")
    if action == "act_done" and (row["status"] in CLOSED or row["isDropped"]):
        if mp.doubts["closed_task"] == "422":
            raise Refusal(422, "action is not possible", "action")
        raise Refusal(403, "No act_done rights for model %s" % row["id"])
    call.note = "%s %s" % (action, row["id"])
    return Renderer(mp.store, call.query).whole(mp.store.change(row, {"status": ACTIONS[action]}))


@resource("POST", "/bulk")
def bulk(mp, call):
    """Runs calls in order; each has its own status, a failed one stops nothing."""
    if not mp.doubts["bulk"]:
        raise Refusal(404, "No route found")
    if not isinstance(call.body, dict) or call.body.get("contentType") != "BulkApiCall":
        raise Refusal(422, "BulkApiCall expected", "contentType")
    items = call.body.get("calls")
    if not isinstance(items, list) or not items or len(items) > mp.doubts["bulk_max"]:
        raise Refusal(422, "from 1 to %d calls are expected" % mp.doubts["bulk_max"], "calls")
    for item in items:
        check_call(item)
    if mp.doubts["bulk_counts"] == "whole" and mp.over_limit(len(items) - 1):
        raise Refusal(429, "Too many requests")
    return [bulk_one(mp, call, item, n > 0 and mp.doubts["bulk_counts"] == "each")
            for n, item in enumerate(items)]


def check_call(item):
    if not isinstance(item, dict) or item.get("contentType") != "ApiCall":
        raise Refusal(422, "'stdClass' is not assignable to 'ApiCall'", "calls")
    if not isinstance(item.get("body", ""), str):
        raise Refusal(422, "body must be a string", "calls")
    if not isinstance(item.get("url"), str) or not isinstance(item.get("method"), str):
        raise Refusal(422, "method and url are required", "calls")
    if item["url"].startswith("/api/v3/bulk"):
        raise Refusal(422, "a batch in a batch", "calls")


def bulk_one(mp, call, item, counts):
    """One call of a batch, answered in the account's shape (doubt bulk_shape)."""
    path, _, query = item["url"].partition("?")
    if counts and mp.over_limit():
        status = 429
        doc = mp.envelope(429, {}, None, Refusal(429, "Too many requests"))
    else:
        status, doc, _ = mp.run(item["method"], path, query, item.get("body", "").encode(), call.user)
    mp.count("bulk " + item["method"], path, status)
    shape = mp.doubts["bulk_shape"]
    if shape == "envelopes":
        return doc
    body = doc if shape == "object" else json.dumps(doc, ensure_ascii=False)
    return {"contentType": "ApiCallResponse", "status": status, "body": body}


@resource("GET", "/currentUser")
def current_user(mp, call):
    render = Renderer(mp.store, call.query)
    return render.whole(mp.store.find(("Employee",), call.user), ("possibleActions",))


@resource("GET", "/accountInfo")
def account_info(mp, call):
    check_keys(call.query, LIST_KEYS)
    return {"contentType": "AccountInfo", "id": "1", "accountName": "fake", "defaultCountryCode": 7}
