"""The table of the fake Megaplan's resources: (method, path with {names}) -> function(mp, call).

A new resource is one decorated function in one of the megaplan_*.py files; nothing else changes.
"""

import re

RESOURCES = []


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
    """Decorator: adds the function to the table. Literal paths win over {id} by being longer."""
    pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path) + "/?")

    def add(function):
        RESOURCES.append((path.count("{"), method, pattern, function))
        RESOURCES.sort(key=lambda row: row[0])
        return function
    return add


def find(method, path):
    """(function, path parameters), or (None, paths that exist with other methods)."""
    others = []
    for _, its_method, pattern, function in RESOURCES:
        match = pattern.fullmatch(path)
        if match and its_method == method:
            return function, match.groupdict()
        if match:
            others.append(its_method)
    return None, others
