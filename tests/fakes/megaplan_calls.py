"""Resources of the fake Megaplan about calls, tasks and batches.

Follows the reference on Megaplan's API, sections 1.10, 1.11, 3.5 and 4.
"""

import json

from megaplan_clients import listing
from megaplan_store import LIST_KEYS, Renderer, check_keys
from megaplan_table import resource
from megaplan_types import CONTRACTORS, Refusal, check_body, check_link

TASK_ACTIONS = {"act_accept_task": "accepted", "act_done": "done", "act_renew": "assigned",
                "act_cancel": "cancelled", "act_accept_work": "completed", "act_pause": "delayed",
                "act_resume": "accepted", "act_reject_task": "rejected", "act_expire": "expired"}


@resource("GET", "/callInfo")
def call_list(mp, call):
    return listing(mp, call, ("CallInfo",), mp.store.of_types(("CallInfo",)))


@resource("POST", "/callInfo")
def call_create(mp, call):
    """Creates a call and rings at its user's screen, whatever the providerId: nothing is unique."""
    values = check_body("CallInfo", call.body)
    mp.store.must_exist(values)
    made = mp.store.add("CallInfo", values)
    call.note = "created %s" % made["id"]
    return Renderer(mp.store, call.query).whole(made)


def of_provider(mp, provider_id):
    """The latest call with this providerId (section 4.3: "the latest call is edited")."""
    rows = [row for row in mp.store.of_types(("CallInfo",))
            if provider_id is not None and str(row.get("providerId")) == str(provider_id)]
    return max(rows, key=lambda row: int(row["id"])) if rows else None


@resource("GET", "/callInfo/provider")
def call_by_provider(mp, call):
    check_keys(call.query, {"providerId", "fields", "onlyRequestedFields"})
    if "providerId" not in call.query:
        raise Refusal(422, "providerId is required", "providerId")
    row = of_provider(mp, call.query["providerId"])
    if row is None:
        raise Refusal(404, "call not found")
    return Renderer(mp.store, call.query).whole(row)


@resource("POST", "/callInfo/provider")
def call_update_by_provider(mp, call):
    values = check_body("CallInfo", call.body, creating=False)
    if values.get("providerId") is None:
        raise Refusal(422, "providerId is required", "providerId")
    row = of_provider(mp, values["providerId"])
    if row is None:
        raise Refusal(404, "call not found")
    mp.store.must_exist(values)
    call.note = "changed %s" % row["id"]
    return Renderer(mp.store, call.query).whole(mp.store.change(row, values))


@resource("GET", "/callInfo/history")
def call_history_list(mp, call):
    return listing(mp, call, ("CallInfo",), mp.store.of_types(("CallInfo",)))


@resource("POST", "/callInfo/history")
def call_history(mp, call):
    """An array; created or, where the account does so (doubt history_upserts), updated."""
    if not isinstance(call.body, list):
        raise Refusal(422, "an array of CallInfo is expected")
    checked = [check_body("CallInfo", item) for item in call.body]
    made = []
    for values in checked:
        mp.store.must_exist(values)
        row = of_provider(mp, values.get("providerId")) if mp.doubts["history_upserts"] else None
        values = dict(values, state="finished")
        made.append(mp.store.change(row, values) if row else mp.store.add("CallInfo", values))
    call.note = "history %s" % ",".join(row["id"] for row in made)
    render = Renderer(mp.store, call.query)
    return [render.whole(row) for row in made]


@resource("GET", "/callInfo/{id}")
def call_read(mp, call):
    return Renderer(mp.store, call.query).whole(mp.store.find(("CallInfo",), call.params["id"]))


@resource("POST", "/callInfo/{id}")
def call_update(mp, call):
    if isinstance(call.body, dict) and "id" not in call.body:
        return call_create(mp, call)
    row = mp.store.find(("CallInfo",), call.params["id"])
    values = check_body("CallInfo", call.body, creating=False)
    mp.store.must_exist(values)
    return Renderer(mp.store, call.query).whole(mp.store.change(row, values))


@resource("POST", "/callInfo/{id}/setContractor")
def call_set_contractor(mp, call):
    row = mp.store.find(("CallInfo",), call.params["id"])
    link = check_link(call.body, CONTRACTORS, None)
    mp.store.must_exist({"contractor": link})
    side = "toUser" if row.get("type") in ("out", "fail") else "fromUser"
    return Renderer(mp.store, call.query).whole(mp.store.change(row, {side: link}))


@resource("GET", "/callUserConfig")
def call_config_list(mp, call):
    return listing(mp, call, ("CallUserConfig",), mp.store.of_types(("CallUserConfig",)))


@resource("POST", "/callUserConfig")
def call_config_create(mp, call):
    values = check_body("CallUserConfig", call.body)
    mp.store.must_exist(values)
    return Renderer(mp.store, call.query).whole(mp.store.add("CallUserConfig", values))


@resource("GET", "/task")
def task_list(mp, call):
    return listing(mp, call, ("Task",), mp.store.listed(("Task",)), ("filter", "q", "statuses"))


@resource("POST", "/task")
def task_create(mp, call):
    values = check_body("Task", call.body)
    mp.store.must_exist(values)
    made = mp.store.add("Task", dict(values, status="assigned"))
    call.note = "created %s" % made["id"]
    return Renderer(mp.store, call.query).whole(made)


@resource("GET", "/task/{id}")
def task_read(mp, call):
    render = Renderer(mp.store, call.query)
    render.check_fields(("Task",))
    return render.whole(mp.store.find(("Task",), call.params["id"]))


@resource("POST", "/task/{id}")
def task_update(mp, call):
    if isinstance(call.body, dict) and "id" not in call.body:
        return task_create(mp, call)
    row = mp.store.find(("Task",), call.params["id"])
    values = check_body("Task", call.body, creating=False)
    mp.store.must_exist(values)
    return Renderer(mp.store, call.query).whole(mp.store.change(row, values))


@resource("POST", "/task/{id}/doAction")
def task_action(mp, call):
    row = mp.store.find(("Task",), call.params["id"])
    action = call.body.get("action") if isinstance(call.body, dict) else None
    if action not in TASK_ACTIONS:
        raise Refusal(422, "unknown action %r" % action, "action")
    if action == "act_done" and row["status"] in ("done", "completed"):
        raise Refusal(403, "No act_done rights for model %s" % row["id"])
    return Renderer(mp.store, call.query).whole(
        mp.store.change(row, {"status": TASK_ACTIONS[action]}))


@resource("POST", "/bulk")
def bulk(mp, call):
    """Runs calls in order; each has its own status, a failed one stops nothing."""
    if not isinstance(call.body, dict) or call.body.get("contentType") != "BulkApiCall":
        raise Refusal(422, "BulkApiCall expected", "contentType")
    made = []
    for item in call.body.get("calls") or []:
        if not isinstance(item, dict) or item.get("contentType") != "ApiCall":
            raise Refusal(422, "'stdClass' is not assignable to 'ApiCall'", "calls")
        path, _, query = item["url"].partition("?")
        body = item.get("body")
        if body is not None and not isinstance(body, str):
            raise Refusal(422, "body must be a string", "calls")
        status, doc, _ = mp.run(item["method"], path, query, (body or "").encode(), call.user)
        made.append({"contentType": "ApiCallResponse", "status": status,
                     "body": json.dumps(doc, ensure_ascii=False)})
    return made


@resource("GET", "/currentUser")
def current_user(mp, call):
    render = Renderer(mp.store, call.query)
    return render.whole(mp.store.find(("Employee",), call.user), ("possibleActions",))


@resource("GET", "/accountInfo")
def account_info(mp, call):
    check_keys(call.query, LIST_KEYS)
    return {"contentType": "AccountInfo", "id": "1", "accountName": "fake", "defaultCountryCode": 7}
