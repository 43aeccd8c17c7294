"""What the fake Megaplan knows of entity types: their fields, and which bodies it refuses.

Follows the reference on Megaplan's API, sections 1.7-1.9 and 2-4. Pure: no state, no network.
"""

import datetime

MEMBERS = ("Employee", "ContractorHuman", "ContractorCompany", "Group")
CONTRACTORS = ("ContractorHuman", "ContractorCompany")

# kind of a field: text, bool, int, contacts, texts, datetime, date, any, read (never written, silently
# ignored in bodies), ("link", types...) or ("links", types...)
COMMON = {"id": "read", "contentType": "read", "name": "text", "timeCreated": "read",
          "timeUpdated": "read", "userUpdated": "read", "isDropped": "read",
          "userCreated": ("link",) + MEMBERS, "possibleActions": "read"}

CONTRACTOR = dict(COMMON, **{
    "description": "text", "textDescription": "read", "contactInfo": "contacts",
    "contactInfoCount": "read", "responsibles": ("links",) + MEMBERS, "responsiblesCount": "read",
    "type": ("link", "ContractorType"), "status": ("link", "ContractorStatus"),
    "advertisingWay": ("link", "ContractorAdvertisingWay"), "callsCount": "read",
    "isPublic": "bool", "isFavorite": "bool", "canSeeFull": "read", "tags": "any",
    "humanNumber": "read", "mergeInProgress": "read"})

TYPES = {
    "ContractorHuman": dict(CONTRACTOR, **{
        "name": "read", "firstName": "text", "middleName": "text", "lastName": "text",
        "position": "text", "gender": "text", "birthday": "date",
        "company": ("link",) + CONTRACTORS}),
    "ContractorCompany": dict(CONTRACTOR, **{"contacts": ("links", "ContractorHuman"),
                                             "contactsCount": "read", "promisingRate": "any"}),
    "Employee": dict(COMMON, **{
        "uid": "read", "firstName": "text", "middleName": "text", "lastName": "text",
        "position": "text", "contactInfo": "contacts", "isWorking": "read",
        "fireInProgress": "read", "fireDay": "read", "canLogin": "read", "isOnline": "read",
        "lastOnline": "read", "login": "read", "department": "read", "status": "read",
        "avatar": "read"}),
    "CallInfo": {
        "id": "read", "contentType": "read", "fromPhone": "text", "toPhone": "text",
        "fromUser": ("link",) + MEMBERS, "toUser": ("link",) + MEMBERS, "providerId": "any",
        "timeFrom": "datetime", "timeTo": "datetime", "type": "text", "state": "text",
        "recordLinks": "texts"},
    "Task": dict(COMMON, **{
        "isUrgent": "bool", "isTemplate": "bool", "subject": "text", "statement": "text",
        "textStatement": "read", "owner": ("link", "Employee"), "responsible": ("link",) + MEMBERS,
        "deadline": "date", "contractor": ("link",) + CONTRACTORS,
        "executors": ("links",) + MEMBERS, "auditors": ("links",) + MEMBERS,
        "participants": ("links",) + MEMBERS, "parent": ("link", "Project", "Task"),
        "status": "read", "deals": ("links", "Deal")}),
    "CallUserConfig": {"id": "read", "contentType": "read", "employee": ("link", "Employee"),
                       "settings": "text", "internalNumber": "text"},
    "StringField": {"id": "read", "contentType": "read", "name": "read", "hrName": "text",
                    "type": "text", "isRequired": "bool", "isMultiple": "bool", "isHtml": "bool",
                    "maxLength": "int", "isUnique": "bool", "isIndexable": "bool",
                    "targetEntity": "read", "settings": "any", "orderPos": "int",
                    "isSystem": "read", "isSortable": "bool", "owner": "read",
                    "defaultValue": "any"},
}
REQUIRED = {"ContractorCompany": ("name",), "Task": ("name", "isUrgent", "isTemplate"),
            "StringField": ("hrName",)}
ENUMS = {("CallInfo", "type"): ("unknown", "in", "out", "miss", "fail"),
         ("CallInfo", "state"): ("unknown", "calling", "talking", "finished", "hold"),
         ("ContractorHuman", "gender"): ("male", "female")}
CONTACT_TYPES = ("email", "jabber", "icq", "skype", "link", "phone", "telegram", "whatsapp", "viber",
                 "instagram", "max_messenger")
DEFAULT_FIELDS = {"CallInfo": ("providerId", "type", "state", "fromPhone", "toPhone", "fromUser",
                               "toUser", "timeFrom", "timeTo", "recordLinks"),
                  "CallUserConfig": ("employee", "internalNumber", "settings"),
                  "StringField": tuple(TYPES["StringField"])}


class Refusal(Exception):
    """An answer of Megaplan's that is an error: HTTP status and what meta.errors says."""

    def __init__(self, status, message, field=None):
        super().__init__(message)
        self.status = status
        self.message = message
        self.field = field


def default_fields(name):
    return DEFAULT_FIELDS.get(name, ("name",))


def check_link(value, types, field):
    """A link must be {contentType, id} with one of the types (a bare id is a 'stdClass')."""
    wanted = "|".join(types)
    if not isinstance(value, dict) or not value.get("contentType"):
        raise Refusal(422, "'stdClass' is not assignable to '%s'" % wanted, field)
    if value["contentType"] not in types:
        raise Refusal(422, "'%s' is not assignable to '%s'" % (value["contentType"], wanted), field)
    if isinstance(value.get("id"), bool) or not isinstance(value.get("id"), (str, int)):
        raise Refusal(422, "link without id", field)
    return {"contentType": value["contentType"], "id": str(value["id"])}


def check_contacts(value, field):
    if not isinstance(value, list):
        raise Refusal(422, "'%s' is not assignable to 'ContactInfo[]'" % type(value).__name__, field)
    for item in value:
        kind = item.get("contentType") if isinstance(item, dict) else None
        if kind not in ("ContactInfo", "Address"):
            raise Refusal(422, "'stdClass' is not assignable to 'ContactInfo|Address'", field)
        if kind == "ContactInfo" and (item.get("type") not in CONTACT_TYPES
                                      or not isinstance(item.get("value"), str) or not item["value"]):
            raise Refusal(422, "ContactInfo needs a known type and a value", field)
    return value


def check_date(value, types, field):
    if not isinstance(value, dict) or value.get("contentType") not in types:
        raise Refusal(422, "'stdClass' is not assignable to '%s'" % "|".join(types), field)
    if value["contentType"] == "DateTime" and not isinstance(value.get("value"), str):
        raise Refusal(422, "DateTime without value", field)
    if value["contentType"] == "DateTime":
        try:
            datetime.datetime.fromisoformat(value["value"])
        except ValueError:
            raise Refusal(422, "DateTime: no such time", field) from None
    if value["contentType"] == "DateOnly" and not 0 <= value.get("month", -1) <= 11:
        raise Refusal(422, "DateOnly: months are counted from 0", field)
    return value


def check_value(type_name, field, kind, value):
    """The value as it is kept; Refusal when Megaplan would not take it."""
    if value is None or kind == "any":
        return value
    if isinstance(kind, tuple) and kind[0] == "link":
        return check_link(value, kind[1:], field)
    if isinstance(kind, tuple):
        if not isinstance(value, list):
            raise Refusal(422, "'object' is not assignable to '%s[]'" % "|".join(kind[1:]), field)
        return [check_link(item, kind[1:], field) for item in value]
    if kind == "contacts":
        return check_contacts(value, field)
    if kind == "datetime":
        return check_date(value, ("DateTime",), field)
    if kind == "date":
        return check_date(value, ("DateOnly", "DateTime", "ShiftDate"), field)
    wanted = {"text": str, "bool": bool, "int": int, "texts": list}[kind]
    if not isinstance(value, wanted) or (kind == "int" and isinstance(value, bool)):
        raise Refusal(422, "'%s' is not assignable to '%s'" % (type(value).__name__, kind), field)
    if kind == "texts" and not all(isinstance(item, str) for item in value):
        raise Refusal(422, "'array' is not assignable to 'string[]'", field)
    allowed = ENUMS.get((type_name, field))
    if allowed and value not in allowed:
        raise Refusal(422, "%s must be one of %s" % (field, ", ".join(allowed)), field)
    return value


def check_body(type_name, body, extra_fields=(), creating=True, required=()):
    """The writable part of a body, checked: contentType, unknown and required fields, values."""
    if not isinstance(body, dict):
        raise Refusal(422, "the body must be an object")
    if body.get("contentType") != type_name:
        raise Refusal(422, "contentType must be %s, found %r" % (type_name, body.get("contentType")),
                      "contentType")
    known = TYPES[type_name]
    made = {}
    for field, value in body.items():
        kind = known.get(field, "any" if field in extra_fields else None)
        if kind is None:
            raise Refusal(422, "%s have not this fields" % type_name, field)
        if kind != "read":
            made[field] = check_value(type_name, field, kind, value)
    missing = [name for name in tuple(REQUIRED.get(type_name, ())) + tuple(required)
               if creating and made.get(name) is None]
    if missing:
        raise Refusal(422, "required field is empty", missing[0])
    return made


def moved(data, offset):
    """An answer's data with every DateTime told in another offset ("+05:00")."""
    if isinstance(data, list):
        return [moved(item, offset) for item in data]
    if not isinstance(data, dict):
        return data
    if data.get("contentType") == "DateTime":
        zone = datetime.datetime.fromisoformat("2000-01-01T00:00:00" + offset).tzinfo
        moment = datetime.datetime.fromisoformat(data["value"]).astimezone(zone)
        return dict(data, value=moment.isoformat())
    return {key: moved(value, offset) for key, value in data.items()}
