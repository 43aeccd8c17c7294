"""What people do in the fake Megaplan by hand while the product works: control calls of a test.

Clients and tasks are named by number, marker or id (see chosen()). Not thread-safe: the world locks.
"""

from megaplan_store import digits, phones
from megaplan_types import CONTRACTORS


def same_number(typed, number):
    """Whether a card's number is that one (its digits), by the rules for typed numbers."""
    made = digits(typed)
    if not typed.strip().startswith("+") and len(made) == 11 and made.startswith("8"):
        made = "7" + made[1:]
    return made == number or not typed.strip().startswith("+") and "7" + made == number


def link(employee):
    return {"contentType": "Employee", "id": str(employee)}


def chosen(mp, types, doc):
    """Rows of these types by {"id"}, {"phone": digits of it}, {"contains": text of the description or
    statement}, {"providerId"}; {} = all that were made since the seed."""
    rows = mp.store.of_types(types)
    if "id" in doc:
        return [row for row in rows if row["id"] == str(doc["id"])]
    if "providerId" in doc:
        return [row for row in rows if row.get("providerId") == doc["providerId"]]
    if "contains" in doc:
        return [row for row in rows if any(doc["contains"] in (row.get(name) or "")
                                           for name in ("description", "statement", "name"))]
    if "phone" in doc:
        if "Task" in types:
            owners = {row["id"] for row in chosen(mp, CONTRACTORS, doc)}
            return [row for row in rows if (row.get("contractor") or {}).get("id") in owners]
        return [row for row in rows if any(same_number(p, doc["phone"]) for p in phones(row))]
    return [row for row in rows if not row["_seeded"]]


def tasks_close(mp, row, doc):
    mp.store.change(row, {"status": doc.get("status", "completed")})


def tasks_delete(mp, row, _):
    mp.store.change(row, {"isDropped": True})


def clients_drop(mp, row, _):
    mp.store.change(row, {"isDropped": True})


def remove(mp, row, _):
    mp.store.remove(row)


def clients_responsible(mp, row, doc):
    wanted = doc["responsible"]
    mp.store.change(row, {"responsibles": [link(i) for i in
                                           (wanted if isinstance(wanted, list) else [wanted])]})


def change(mp, row, doc):
    mp.store.change(row, doc["values"])


ACTS = {
    "tasks/close": (("Task",), tasks_close), "tasks/delete": (("Task",), tasks_delete),
    "tasks/remove": (("Task",), remove), "tasks/change": (("Task",), change),
    "clients/drop": (CONTRACTORS, clients_drop), "clients/remove": (CONTRACTORS, remove),
    "clients/responsible": (CONTRACTORS, clients_responsible), "clients/change": (CONTRACTORS, change),
    "calls/remove": (("CallInfo",), remove), "calls/change": (("CallInfo",), change),
    "employees/change": (("Employee",), change),
}


def fields_delete(mp, doc):
    """Extra fields of that label; what clients hold in them goes too."""
    gone = [name for name, field in mp.store.extra.items() if field["hrName"] == doc["label"]]
    for name in gone:
        mp.store.drop_field(name)
    return {"removed": len(gone)}


def tokens(mp, path, doc):
    """tokens/revoke (a token), tokens/expire (all; refresh tokens stay good), tokens/forget (both)."""
    if path == "tokens/revoke":
        mp.logins.tokens.pop(doc["token"], None)
    else:
        mp.logins.tokens.clear()
    if path == "tokens/forget":
        mp.logins.refresh.clear()
    return {}


def act(mp, path, doc):
    """One control call; None = no such call. Answers {"removed" or "changed": how many}."""
    if path in ACTS:
        types, function = ACTS[path]
        rows = chosen(mp, types, doc)
        for row in rows:
            function(mp, row, doc)
        return {"changed": len(rows), "removed": len(rows)}
    if path == "fields/delete":
        return fields_delete(mp, doc)
    if path == "fields/add":
        mp.add_extra_field(doc["label"])
        return {}
    if path in ("tokens/revoke", "tokens/expire", "tokens/forget"):
        return tokens(mp, path, doc)
    if path == "users/password":
        mp.logins.change_password(doc["login"], doc["password"])
        return {}
    return None
