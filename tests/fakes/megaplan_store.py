"""The fake Megaplan's memory: entities, what a list row shows, paging, phones, search with lag.

Follows the reference on Megaplan's API, sections 1.7, 1.8 and 3.1. Not thread-safe: the world locks.
"""

import datetime
import re
import time

from megaplan_types import CONTRACTORS, TYPES, Refusal, check_link, default_fields

ROW_LIMIT = 100
LIST_KEYS = {"limit", "pageAfter", "pageBefore", "pageWith", "fields", "onlyRequestedFields", "sortBy"}
MOSCOW = datetime.timezone(datetime.timedelta(hours=3))


def iso(seconds):
    """DateTime as Megaplan writes it: whole seconds with an offset."""
    moment = datetime.datetime.fromtimestamp(int(seconds), MOSCOW)
    return {"contentType": "DateTime", "value": moment.isoformat()}


def digits(text):
    return "".join(c for c in str(text) if c in "0123456789")


def phones(entity):
    return [item["value"] for item in entity.get("contactInfo") or []
            if item.get("contentType") == "ContactInfo" and item.get("type") == "phone"]


class Store:
    """All entities of one Megaplan by (contentType, id), and how they are found.

    Keys with an underscore are the fake's own: _seeded, _born and _changed (monotonic), _old (as it was
    before the last change), _digits (of its phones).
    """

    def __init__(self, doubts):
        self.doubts = doubts
        self.rows = {}
        self.kinds = {}         # contentType -> {id: entity}
        self.providers = {}     # providerId as text -> calls, oldest first
        self.tails = {}         # last digits of a phone -> {(contentType, id)}
        self.next_id = 1000100
        self.extra = {}
        self.made = []          # (contentType, what tells twins, id) of all that was ever created

    def new_id(self):
        self.next_id += 1
        return str(self.next_id)

    def now(self):
        return time.time() + self.doubts["clock_skew_s"]

    def add(self, type_name, values, entity_id=None, age_s=0.0, seeded=False):
        """Keeps a new entity and returns it. Seeded ones are in every index at once; one of the same
        id is replaced."""
        entity_id = str(entity_id) if entity_id else self.new_id()
        if entity_id.isdigit():
            self.next_id = max(self.next_id, int(entity_id))
        if (type_name, entity_id) in self.rows:
            self.remove(self.rows[(type_name, entity_id)])
        moment = iso(self.now() - age_s)
        entity = dict(values, contentType=type_name, id=entity_id, timeCreated=moment,
                      timeUpdated=moment, _seeded=seeded, _born=time.monotonic())
        entity.setdefault("isDropped", False)
        if type_name in ("ContractorHuman", "Employee"):
            compose_name(entity)
        self.rows[(type_name, entity_id)] = entity
        self.kinds.setdefault(type_name, {})[entity_id] = entity
        if type_name == "CallInfo":
            self.providers.setdefault(str(entity.get("providerId")), []).append(entity)
        self.index_phones(entity)
        if not seeded:
            self.made.append((type_name, mark_of(entity), entity_id))
        return entity

    def index_phones(self, entity):
        entity["_digits"] = [digits(phone) for phone in phones(entity)]
        for number in entity["_digits"]:
            self.tails.setdefault(number[-TAIL:], set()).add((entity["contentType"], entity["id"]))

    def change(self, entity, values):
        entity["_old"] = {k: v for k, v in entity.items() if k not in ("_old", "_changed")}
        entity["_changed"] = time.monotonic()
        entity.update(values)
        entity["timeUpdated"] = iso(self.now())
        if entity["contentType"] in ("ContractorHuman", "Employee"):
            compose_name(entity)
        if "contactInfo" in values:
            self.index_phones(entity)
        return entity

    def remove(self, entity):
        del self.rows[(entity["contentType"], entity["id"])]
        del self.kinds[entity["contentType"]][entity["id"]]
        if entity["contentType"] == "CallInfo":
            self.providers[str(entity.get("providerId"))].remove(entity)

    def find(self, types, entity_id):
        for type_name in types:
            entity = self.rows.get((type_name, str(entity_id)))
            if entity is not None:
                return entity
        raise Refusal(404, "%s with id %s not found" % ("|".join(types), entity_id))

    def as_read(self, entity):
        """The entity as GET shows it: a change is seen after read_lag_ms."""
        lag = self.doubts["read_lag_ms"]
        if lag and "_old" in entity and (time.monotonic() - entity["_changed"]) * 1000 < lag:
            return entity["_old"]
        return entity

    def of_types(self, types):
        return [row for name in types for row in self.kinds.get(name, {}).values()]

    def must_exist(self, values):
        """Refuses links to nothing in a checked body."""
        for field, value in values.items():
            for link in value if isinstance(value, list) else [value]:
                if not (isinstance(link, dict) and set(link) == {"contentType", "id"}):
                    continue
                if link["contentType"] in TYPES and \
                        (link["contentType"], link["id"]) not in self.rows:
                    raise Refusal(422, "%s %s does not exist" % (link["contentType"], link["id"]),
                                  field)

    def older_than(self, entity, lag_ms):
        return not lag_ms or entity.get("_seeded") or (
            time.monotonic() - entity["_born"]) * 1000 >= lag_ms

    def listed(self, types):
        """What lists show: everything, new ones after list_lag_ms (tasks: tasks_lag_ms)."""
        lag = self.doubts["tasks_lag_ms" if types == ("Task",) else "list_lag_ms"]
        return [row for row in self.of_types(types) if self.older_than(row, lag)
                and not (row["contentType"] == "Task" and row["isDropped"])]

    def indexed(self, text):
        """Contractors the full-text index finds: name, e-mail, digits of phones as they are typed."""
        if self.doubts["fresh_index"]:
            return []
        wanted = text.strip().lower()
        number = digits(text) if text == text.strip() else ""
        found = [row for row in self.of_types(CONTRACTORS)
                 if wanted and wanted in (row.get("name") or "").lower()
                 or len(number) >= 5 and any(number in known for known in row["_digits"])]
        return [row for row in found if self.older_than(row, self.doubts["search_lag_ms"])]

    def by_phone(self, phone, types):
        """callRoute's match: the last ten digits ("last10"), loosely the last seven, or exactly."""
        number = digits(phone) if phone == phone.strip() else ""
        tail = {"last10": 10, "last7": TAIL, "exact": 99}[self.doubts["callroute_match"]]
        rows = [self.rows[key] for key in self.tails.get(number[-TAIL:], ()) if key in self.rows]
        return [row for row in rows if len(number) >= 3 and row["contentType"] in types
                and self.older_than(row, self.doubts["callroute_lag_ms"])
                and any(known[-tail:] == number[-tail:] for known in row["_digits"])]

    def of_provider(self, provider_id):
        """The latest call with this providerId (section 4.3: "the latest call is edited"), None while
        it is younger than provider_lag_ms."""
        rows = [row for row in self.providers.get(str(provider_id), ())
                if self.older_than(row, self.doubts["provider_lag_ms"])]
        return rows[-1] if provider_id is not None and rows else None

    # extra fields

    def fields(self):
        """What the list of extra fields shows."""
        return [{k: v for k, v in field.items() if not k.startswith("_")}
                for field in self.extra.values() if self.older_than(field, self.doubts["fields_lag_ms"])]

    def add_field(self, name, values, seeded):
        field = dict(values, id=self.new_id(), name=name, contentType="StringField", isSystem=False)
        field.update(_seeded=seeded, _born=time.monotonic())
        self.extra[name] = field
        if not seeded:
            self.made.append(("StringField", folded(field["hrName"]), field["id"]))
        return {k: v for k, v in field.items() if not k.startswith("_")}

    def drop_field(self, name):
        del self.extra[name]
        for row in self.of_types(CONTRACTORS):
            row.pop(name, None)

    def twins(self):
        """What was created more than once: [{kind, mark, ids}], also what is deleted by now."""
        groups = {}
        for kind, mark, entity_id in self.made:
            if mark:
                groups.setdefault((kind, mark), []).append(entity_id)
        return [{"kind": kind, "mark": mark, "ids": ids} for (kind, mark), ids in groups.items()
                if len(ids) > 1]


TAIL = 7
MARK = re.compile(r"MANGO ([\w=+/-]+)")
ALIKE = str.maketrans("асеорхукмтвн", "aceopxykmtbh")


def mark_of(entity):
    """What tells that two objects are one made twice: the marker in clients and tasks, providerId."""
    if entity["contentType"] == "CallInfo":
        return entity.get("providerId") and str(entity["providerId"])
    match = MARK.search("%s %s" % (entity.get("description") or "", entity.get("statement") or ""))
    return match and match.group(1)


def folded(label):
    """A label without case, spaces and Cyrillic look-alikes."""
    return "".join(label.lower().split()).translate(ALIKE)


def compose_name(entity):
    parts = [entity.get(part) for part in ("lastName", "firstName", "middleName")]
    entity["name"] = " ".join(part for part in parts if part) or entity.get("name")


class Renderer:
    """Writes entities of one answer: requested fields only, a repeated one as a bare link."""

    def __init__(self, store, query):
        self.store = store
        self.asked = query.get("fields") or []
        self.only = query.get("onlyRequestedFields") is True
        self.seen = set()
        if not isinstance(self.asked, list) or not all(isinstance(f, str) for f in self.asked):
            raise Refusal(422, "fields must be an array of names", "fields")

    def check_fields(self, types):
        for field in self.asked:
            if field not in self.store.extra and not any(field in TYPES[name] for name in types):
                raise Refusal(422, "%s have not this fields" % types[0], field)

    def whole(self, entity, extra=()):
        """A top-level row."""
        self.seen.add((entity["contentType"], entity["id"]))
        names = list(self.asked) + list(extra)
        if not self.only:
            names += default_fields(entity["contentType"])
        made = {"contentType": entity["contentType"], "id": entity["id"]}
        for name in names:
            if name in TYPES[entity["contentType"]] or name in self.store.extra:
                made[name] = self.value(name, entity.get(name), entity)
        return made

    def value(self, name, value, entity):
        if name in ("responsibles", "contactInfo", "recordLinks") and value is None:
            return []
        if name.endswith("Count") and isinstance(entity.get(name[:-5]), list):
            return len(entity[name[:-5]])
        if isinstance(value, list):
            return [self.value("", item, entity) for item in value]
        if isinstance(value, dict) and set(value) == {"contentType", "id"}:
            return self.nested(value)
        return value

    def nested(self, link):
        """A linked entity: in full the first time, a bare link afterwards."""
        key = (link["contentType"], link["id"])
        entity = self.store.rows.get(key)
        if entity is None or key in self.seen:
            return dict(link)
        self.seen.add(key)
        return {"contentType": key[0], "id": key[1], "name": entity.get("name"),
                "possibleActions": []}


def check_keys(query, allowed):
    for key in query:
        if key not in allowed:
            raise Refusal(422, 'There is extra field "%s" in the request' % key, key)


def sort_rows(rows, sort_by):
    """Rows by sortBy; equal ones by ascending id even in a descending sort (an unkind, legal order)."""
    rows = sorted(rows, key=lambda row: int(row["id"]))
    if sort_by is None:
        return rows
    if not isinstance(sort_by, list) or not all(
            isinstance(s, dict) and s.get("contentType") == "SortField"
            and isinstance(s.get("fieldName"), str) for s in sort_by):
        raise Refusal(422, "'array' is not assignable to 'SortField[]'", "sortBy")
    for field in reversed(sort_by):
        if field["fieldName"] not in ("id", "name", "firstName", "timeCreated", "timeUpdated"):
            raise Refusal(422, "cannot sort by %s" % field["fieldName"], "sortBy")
        rows = sorted(rows, key=lambda row, n=field["fieldName"]: sort_key(row, n),
                      reverse=bool(field.get("desc")))
    return rows


def sort_key(row, name):
    value = row.get(name)
    if isinstance(value, dict):
        return value["value"]
    return int(value) if name == "id" else (value or "")


def page(rows, query, page_types):
    """One page of sorted rows and its pagination object."""
    try:
        limit = int(query.get("limit", ROW_LIMIT))
    except (TypeError, ValueError):
        raise Refusal(422, "limit must be an integer", "limit") from None
    if limit < 1:
        raise Refusal(422, "limit must be positive", "limit")
    limit = min(limit, ROW_LIMIT)
    first = 0
    end = len(rows)
    if query.get("pageAfter") is not None:
        first = position(rows, query["pageAfter"], page_types, "pageAfter") + 1
    elif query.get("pageWith") is not None:
        first = position(rows, query["pageWith"], page_types, "pageWith") // limit * limit
    elif query.get("pageBefore") is not None:
        end = position(rows, query["pageBefore"], page_types, "pageBefore")
        first = max(0, end - limit)
    part = rows[first:min(end, first + limit)]
    return part, {"count": len(rows), "limit": limit, "currentPage": first // limit + 1,
                  "hasMoreNext": first + len(part) < len(rows), "hasMorePrev": first > 0}


def position(rows, link, page_types, field):
    link = check_link(link, page_types, field)
    for index, row in enumerate(rows):
        if (row["contentType"], row["id"]) == (link["contentType"], link["id"]):
            return index
    raise Refusal(404, "no such entity to page from", field)
