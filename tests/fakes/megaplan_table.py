"""The table of the fake Megaplan's resources: (method, path with {names}) -> function(mp, call).

A new resource is one decorated function in one of the megaplan_*.py files; nothing else changes.
"""

RESOURCES = {}     # (method, how many parts) -> [(parts, function)], literal ones first


class Call:
    """One API call: path parameters, the query object, the JSON body, and who asks."""

    def __init__(self, params, query, body, user):
        self.params = params
        self.query = query
        self.body = body
        self.user = user
        self.note = None
        self.pagination = None

    def page(self, rows, pagination):
        self.pagination = pagination
        return rows


def resource(method, path):
    """Decorator: adds the function to the table. Literal parts win over {names}."""
    parts = path.strip("/").split("/")

    def add(function):
        rows = RESOURCES.setdefault((method, len(parts)), [])
        rows.append((parts, function))
        rows.sort(key=lambda row: sum(part[0] == "{" for part in row[0]))
        return function
    return add


def fitting(rows, parts):
    for names, function in rows:
        if all(name == part or name[0] == "{" and part for name, part in zip(names, parts)):
            return function, {n[1:-1]: part for n, part in zip(names, parts) if n[0] == "{"}
    return None


def find(method, path):
    """(function, path parameters), or (None, methods that the path exists with)."""
    parts = path.strip("/").split("/")
    found = fitting(RESOURCES.get((method, len(parts)), ()), parts)
    if found:
        return found
    return None, [other for (other, count), rows in RESOURCES.items()
                  if count == len(parts) and fitting(rows, parts)]
