"""Resources of the fake Megaplan about people: contractors, their search, extra fields, employees.

Follows the reference on Megaplan's API, sections 2, 3.1-3.3 and 4.5.
"""

import re

from megaplan_store import LIST_KEYS, Renderer, check_keys
from megaplan_table import resource
from megaplan_types import CONTRACTORS, Refusal, check_body, check_link

TRANSLIT = dict(zip("абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
                    "a b v g d e e zh z i y k l m n o p r s t u f h ts ch sh sch _ y _ e yu ya".split()))


@resource("GET", "/callRoute")
def call_route(mp, call):
    """Who has this phone: clients *and employees*, loosely matched, mostly bare links."""
    check_keys(call.query, {"phone"})
    phone = call.query.get("phone")
    if not isinstance(phone, str) or not phone:
        raise Refusal(422, "phone is required", "phone")
    found = mp.store.by_phone(phone, CONTRACTORS + ("Employee",))
    found.sort(key=lambda row: -int(row["id"]))
    render = Renderer(mp.store, {})
    employees = route_employees(mp, found, render)
    users = [render_user(mp, render, row, n) for n, row in enumerate(found)]
    return {"contentType": "CallRoute", "type": "responsible", "timeout": 20,
            "employees": employees, "users": users}


def route_employees(mp, found, render):
    ids = [link["id"] for row in found for link in row.get("responsibles") or []
           if link["contentType"] == "Employee"]
    made = [render.nested({"contentType": "Employee", "id": i}) for i in dict.fromkeys(ids)]
    if mp.doubts["callroute_employees"] == "object":
        return made[0] if made else None
    return made


def render_user(mp, render, row, index):
    how = mp.doubts["callroute_users"]
    if how == "full" or (how == "mixed" and index % 2 == 0):
        return render.whole(row, ("contactInfo", "responsibles", "isDropped"))
    return {"contentType": row["contentType"], "id": row["id"]}


def listing(mp, call, types, rows, keys=(), page_types=None):
    """Any list resource: keys, fields, order, page."""
    check_keys(call.query, LIST_KEYS | set(keys))
    render = Renderer(mp.store, call.query)
    render.check_fields(types)
    rows, pagination = mp.page(rows, call.query, page_types or types)
    return call.page([render.whole(row) for row in rows], pagination)


@resource("GET", "/contractor")
def contractor_list(mp, call):
    """Both kinds; with `q` what the index knows. Cannot page by content type Contractor."""
    mp.need_right("may_read_clients", "crm_enter")
    after = call.query.get("pageAfter")
    if isinstance(after, dict) and after.get("contentType") == "Contractor":
        raise Refusal(422, "'Contractor' is not assignable to 'ContractorHuman|ContractorCompany'",
                      "pageAfter")
    text = call.query.get("q")
    rows = mp.store.indexed(str(text)) if text else mp.store.listed(CONTRACTORS)
    return listing(mp, call, CONTRACTORS, rows, ("q", "filter"))


@resource("GET", "/contractorHuman")
def human_list(mp, call):
    rows = mp.store.listed(("ContractorHuman",))
    if call.query.get("q"):
        rows = [r for r in mp.store.indexed(str(call.query["q"]))
                if r["contentType"] == "ContractorHuman"]
    return listing(mp, call, ("ContractorHuman",), rows, ("q", "filter"))


@resource("GET", "/contractorCompany")
def company_list(mp, call):
    return listing(mp, call, ("ContractorCompany",), mp.store.listed(("ContractorCompany",)),
                   ("q", "filter"))


@resource("GET", "/contractorHuman/extraFields")
@resource("GET", "/contractorCompany/extraFields")
def extra_fields(mp, call):
    check_keys(call.query, LIST_KEYS)
    return mp.store.fields()


@resource("POST", "/contractorHuman/extraFields/{id}")
def extra_field_create(mp, call):
    """Makes a text field of contractors. Which {id} is right is a doubt: extra_field_id."""
    wanted = mp.doubts["extra_field_id"]
    if wanted != "any" and call.params["id"] != wanted:
        raise Refusal(404, "No route found")
    mp.need_right("may_create_fields", "settings_cards_contractors_custom_fields")
    values = check_body("StringField", call.body)
    if mp.doubts["extra_field_labels"] == "unique" and any(
            field["hrName"] == values["hrName"] for field in mp.store.extra.values()):
        raise Refusal(422, "a field of this name exists", "hrName")
    made = mp.add_extra_field(values["hrName"], values)
    call.note = "created %s" % made["id"]
    if mp.doubts["extra_field_answer"] == "all":
        return [f for f in mp.store.fields() if f["id"] != made["id"]] + [made]
    return [made]


def field_name(label):
    letters = "".join(TRANSLIT.get(c, c) for c in label.lower())
    return "Category183CustomField" + "".join(
        word.capitalize() for word in re.findall(r"[a-z0-9]+", letters))


@resource("DELETE", "/contractorHuman/extraFields/{id}")
def extra_field_delete(mp, call):
    mp.need_right("may_create_fields", "settings_cards_contractors_custom_fields")
    for name, field in list(mp.store.extra.items()):
        if field["id"] == call.params["id"]:
            mp.store.drop_field(name)
            return {}
    raise Refusal(404, "field not found")


@resource("GET", "/contractorHuman/{id}")
@resource("GET", "/contractorCompany/{id}")
@resource("GET", "/contractor/{id}")
def contractor_read(mp, call):
    check_keys(call.query, {"fields", "onlyRequestedFields"})
    render = Renderer(mp.store, call.query)
    render.check_fields(CONTRACTORS)
    return render.whole(mp.store.as_read(mp.store.find(CONTRACTORS, call.params["id"])))


@resource("POST", "/contractorHuman")
def human_create(mp, call):
    return contractor_create(mp, call, "ContractorHuman")


@resource("POST", "/contractorCompany")
def company_create(mp, call):
    return contractor_create(mp, call, "ContractorCompany")


def contractor_create(mp, call, type_name):
    mp.need_right("may_add_clients", "crm_add")
    values = check_body(type_name, call.body, mp.store.extra, True, mp.doubts["required_fields"])
    mp.store.must_exist(values)
    values = creator(mp, call, values)
    entity = mp.store.add(type_name, values)
    call.note = "created %s" % entity["id"]
    if mp.doubts["create_answer"] == "poor":
        return {"contentType": type_name, "id": entity["id"]}
    made = Renderer(mp.store, call.query).whole(entity, ("firstName",))
    if type_name == "ContractorHuman":
        made["name"] = None
    return made


def creator(mp, call, values):
    """userCreated: whether it may be set is not documented; the doubt says how this account does."""
    how = mp.doubts["userCreated"]
    if "userCreated" in values and how == "refused":
        raise Refusal(422, "userCreated is read only", "userCreated")
    if "userCreated" not in values or how == "ignored":
        return dict(values, userCreated={"contentType": "Employee", "id": call.user})
    return values


@resource("POST", "/contractorHuman/{id}")
def human_update(mp, call):
    return contractor_update(mp, call, "ContractorHuman")


@resource("POST", "/contractorCompany/{id}")
def company_update(mp, call):
    return contractor_update(mp, call, "ContractorCompany")


def contractor_update(mp, call, type_name):
    """Changes what the body names - or makes a new client when the body forgets its id."""
    if isinstance(call.body, dict) and "id" not in call.body:
        if mp.doubts["update_without_id"] == "creates":
            return contractor_create(mp, call, type_name)
    entity = mp.store.find((type_name,), call.params["id"])
    values = check_body(type_name, call.body, mp.store.extra, creating=False)
    if str(call.body.get("id", entity["id"])) != entity["id"]:
        raise Refusal(422, "id in the body is another one", "id")
    mp.store.must_exist(values)
    if entity["isDropped"] and mp.doubts["dropped_write"] == "refused":
        raise Refusal(403, "No act_edit rights for model %s" % entity["id"])
    values.pop("userCreated", None)
    if mp.doubts["responsibles_update"] == "appends" and "responsibles" in values:
        had = entity.get("responsibles") or []
        values["responsibles"] = had + [link for link in values["responsibles"] if link not in had]
    mp.store.change(entity, values)
    call.note = "changed %s" % entity["id"]
    return Renderer(mp.store, call.query).whole(entity, ("firstName",))


@resource("DELETE", "/contractorHuman/{id}")
def human_delete(mp, call):
    if not isinstance(call.body, dict) or call.body.get("contentType") != "DeleteActionRequest":
        raise Refusal(422, "DeleteActionRequest expected", "contentType")
    entity = mp.store.find(("ContractorHuman",), call.params["id"])
    mp.store.remove(entity)
    return {}


@resource("POST", "/contractorHuman/{id}/responsibles")
@resource("POST", "/contractorCompany/{id}/responsibles")
def add_responsible(mp, call):
    entity = mp.store.find(CONTRACTORS, call.params["id"])
    link = check_link(call.body, ("Employee", "ContractorHuman"), "responsibles")
    mp.store.must_exist({"responsibles": [link]})
    links = entity.get("responsibles") or []
    mp.store.change(entity, {"responsibles": links if link in links else links + [link]})
    return Renderer(mp.store, call.query).whole(entity, ("responsibles",))


@resource("DELETE", "/contractorHuman/{id}/responsibles/{type}/{rid}")
@resource("DELETE", "/contractorCompany/{id}/responsibles/{type}/{rid}")
@resource("DELETE", "/contractor/{id}/responsibles/{type}/{rid}")
def drop_responsible(mp, call):
    entity = mp.store.find(CONTRACTORS, call.params["id"])
    link = {"contentType": call.params["type"], "id": call.params["rid"]}
    links = entity.get("responsibles") or []
    if link not in links:
        raise Refusal(404, "no such responsible")
    mp.store.change(entity, {"responsibles": [one for one in links if one != link]})
    return Renderer(mp.store, call.query).whole(entity, ("responsibles",))


@resource("GET", "/employee")
def employee_list(mp, call):
    """All of them, dismissed ones too: filter and q are taken and ignored."""
    mp.need_right("may_read_employees", "employee_read")
    rows = mp.store.of_types(("Employee",))
    shown = {"all": len(rows), "half": (len(rows) - 1) // 2, "none": 0}[mp.doubts["employees_shown"]]
    return listing(mp, call, ("Employee",), rows[:shown], ("filter", "q"))


@resource("GET", "/employee/{id}")
def employee_read(mp, call):
    check_keys(call.query, {"fields", "onlyRequestedFields"})
    render = Renderer(mp.store, call.query)
    render.check_fields(("Employee",))
    return render.whole(mp.store.find(("Employee",), call.params["id"]))
