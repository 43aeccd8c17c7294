"""Resources of the fake Megaplan about calls.

Follows the reference on Megaplan's API, section 4.
"""

from megaplan_clients import listing
from megaplan_store import Renderer, check_keys
from megaplan_table import resource
from megaplan_types import CONTRACTORS, Refusal, check_body, check_link


def may_use(mp):
    mp.need_right("may_use_telephony", "can_use_telephony")


@resource("GET", "/callInfo")
def call_list(mp, call):
    mp.need_right("may_read_calls", "can_use_telephony")
    return listing(mp, call, ("CallInfo",), mp.store.of_types(("CallInfo",)))


@resource("POST", "/callInfo")
def call_create(mp, call):
    """Creates a call and rings at its user's screen, whatever the providerId: nothing is unique."""
    may_use(mp)
    values = check_body("CallInfo", call.body)
    mp.store.must_exist(values)
    made = mp.store.add("CallInfo", values)
    call.note = "created %s" % made["id"]
    return Renderer(mp.store, call.query).whole(made)


@resource("GET", "/callInfo/provider")
def call_by_provider(mp, call):
    mp.need_right("may_read_calls", "can_use_telephony")
    check_keys(call.query, {"providerId", "fields", "onlyRequestedFields"})
    if "providerId" not in call.query:
        raise Refusal(422, "providerId is required", "providerId")
    row = mp.store.of_provider(call.query["providerId"])
    if row is None and mp.doubts["provider_missing"] != "404":
        return None if mp.doubts["provider_missing"] == "null" else []
    if row is None:
        raise Refusal(404, "call not found")
    return Renderer(mp.store, call.query).whole(mp.store.as_read(row))


@resource("POST", "/callInfo/provider")
def call_update_by_provider(mp, call):
    may_use(mp)
    values = check_body("CallInfo", call.body, creating=False)
    if values.get("providerId") is None:
        raise Refusal(422, "providerId is required", "providerId")
    row = mp.store.of_provider(values["providerId"])
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
    may_use(mp)
    if not isinstance(call.body, list):
        raise Refusal(422, "an array of CallInfo is expected")
    checked = [check_body("CallInfo", item) for item in call.body]
    made = []
    for values in checked:
        mp.store.must_exist(values)
        row = mp.store.of_provider(values.get("providerId")) if mp.doubts["history_upserts"] else None
        values = dict(values, state="finished")
        made.append(mp.store.change(row, values) if row else mp.store.add("CallInfo", values))
    call.note = "history %s" % ",".join(row["id"] for row in made)
    render = Renderer(mp.store, call.query)
    return [render.whole(row) for row in made]


@resource("GET", "/callInfo/{id}")
def call_read(mp, call):
    return Renderer(mp.store, call.query).whole(
        mp.store.as_read(mp.store.find(("CallInfo",), call.params["id"])))


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
