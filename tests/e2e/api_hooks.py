"""What schemathesis does besides by itself; loaded by it (fuzz.py says where the office is). Cases that are meant to
be good get an account that is there and settings that are nearly so; what they did is put right afterwards. Two
checks of our own: who is refused has changed nothing anywhere, and is told the field.
"""

import json
import os
import random
import time

import schemathesis
from schemathesis.core.parameters import ParameterLocation

import here  # noqa: F401
import office
from offsets import Offsets

GIVEN = json.loads(os.environ["E2E_API"])   # page, brokers, prefix, document, seed, said
DICE = random.Random(GIVEN["seed"])
ACCOUNT = GIVEN["document"]["account"]
SETTINGS = "/api/accounts/{account}"


class World:
    """What there is: its settings put right, the topics' ends as they were before a request."""

    def __init__(self):
        self.api = office.Api(GIVEN["page"])
        self.topics = Offsets(GIVEN["brokers"], GIVEN["prefix"])
        self.counted = {}
        self.restore()

    def restore(self):
        status, answer, _ = self.api.ask("PUT", "/api/accounts/" + ACCOUNT, GIVEN["document"])
        assert status in (200, 201), answer
        _, accounts, _ = self.api.ask("GET", "/api/accounts")
        for row in accounts:
            if row["account"] != ACCOUNT:
                self.api.ask("DELETE", "/api/accounts/" + row["account"])
        self.before = self.topics.ends()

    def count(self, case, response):
        row = self.counted.setdefault("%s %s" % (case.operation.method.upper(), case.operation.path), {})
        row[response.status_code] = row.get(response.status_code, 0) + 1
        with open(GIVEN["said"], "w", encoding="utf-8") as file:
            json.dump(self.counted, file)


WORLD = World()


def is_good(case, where):
    """Whether that part of a case was made to be accepted."""
    part = case.meta.components.get(where) if case.meta else None
    return part is None or part.mode.is_positive


def nearly(body):
    """Good settings with a few of the generated in their place."""
    made = dict(GIVEN["document"])
    taken = DICE.sample(sorted(body), min(len(body), DICE.choice((0, 1, 1, 2, 3, 30))))
    made.update({name: body[name] for name in taken})
    made["account"] = ACCOUNT
    for name in ("mango", "megaplan"):
        if isinstance(made[name], dict) and "base_url" in made[name] and DICE.random() < 0.8:
            made[name] = dict(made[name], base_url=GIVEN["document"][name]["base_url"])
    return made


@schemathesis.hook
def before_call(context, case, kwargs):
    here_now = case.path_parameters and "account" in case.path_parameters and \
        is_good(case, ParameterLocation.PATH) and DICE.random() < 0.9
    if here_now:
        case.path_parameters["account"] = ACCOUNT
    if here_now and case.operation.path == SETTINGS and isinstance(case.body, dict) and \
            is_good(case, ParameterLocation.BODY):
        case.body = nearly(case.body)
    if case.headers and is_good(case, ParameterLocation.HEADER) and DICE.random() < 0.9:
        for name in ("If-Match", "If-None-Match"):
            case.headers.pop(name, None)
    if case.operation.path == "/api/session":
        # wrong passwords of one address are not looked at for a while: each comes from another
        case.headers = dict(case.headers or {})
        case.headers["X-Forwarded-For"] = "10.%d.%d.%d" % tuple(DICE.randrange(1, 255) for _ in range(3))


@schemathesis.check
def refused_changes_nothing(ctx, response, case):
    WORLD.count(case, response)
    if response.status_code < 400:
        if case.operation.path.startswith(SETTINGS) and case.method.upper() != "GET":
            WORLD.restore()
        if case.operation.path.endswith("/test-call") and response.status_code == 202:
            time.sleep(3)  # its notifications come a moment apart
        WORLD.before = WORLD.topics.ends()
        return
    before, now = WORLD.before, WORLD.topics.ends()
    WORLD.before = now
    moved = {name: "%d -> %d" % (before[name], now[name]) for name in now if now[name] != before[name]}
    assert not moved, "refused with %d, and yet written: %s" % (response.status_code, moved)


@schemathesis.check
def refused_names_the_field(ctx, response, case):
    if response.status_code == 422:
        assert response.json()["field"], "422 names no field: %s" % response.text
    if response.status_code >= 400 and case.method.upper() != "HEAD" and case.operation.path != "/api/stream":
        said = response.json()
        assert {"error", "field", "message"} <= set(said) and said["error"] and said["message"], response.text
