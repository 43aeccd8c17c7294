"""A scenario file read and checked: settings, Megaplan, calls, steps, expectations.

The format is described in tests/scenarios/README.md; unknown keys are refused, so that a misspelt
expectation cannot pass silently.
"""

import copy
import json
import pathlib
import tomllib

import calls

SCENARIOS = pathlib.Path(__file__).resolve().parent.parent / "scenarios"
TOP = {"title", "behaviours", "settings", "megaplan", "call", "step", "expect", "env", "crm",
       "deadline_s"}
MEGAPLAN = {"clients", "employees", "doubts", "faults", "extra_fields"}
STEPS = {
    "send": {"send", "order", "only", "repeat", "parallel", "keep_alive", "threads", "expect"},
    "together": {"together"}, "wait_gate": {"wait_gate", "count"}, "release": {"release", "drop"},
    "kill": {"kill"}, "stop": {"stop"}, "cont": {"cont"}, "term": {"term"}, "start": {"start", "wait"},
    "pause_s": {"pause_s", "why"}, "wait_requests": {"wait_requests", "method", "count"},
    "wait_clients": {"wait_clients"}, "wait_jobs": {"wait_jobs", "count"},
    "wait_topic": {"wait_topic", "count"}, "wait_ready": {"wait_ready"}, "settled": {"settled"},
    "doubts": {"doubts"}, "faults": {"faults"}, "settings": {"settings"},
    "remove_client": {"remove_client"},
}
EXPECT = {"client", "job", "jobs", "outcome", "request", "answers", "dead", "seeded", "events",
          "no_clients", "metric"}


class Scenario:
    """One file, ready to be played. `group` calls: every call by its [[call]]'s name."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.name = self.path.stem
        doc = tomllib.loads(self.path.read_text(encoding="utf-8"))
        only("scenario", doc, TOP)
        self.title = doc["title"]
        self.behaviours = doc.get("behaviours", [])
        self.env = {key: str(value) for key, value in doc.get("env", {}).items()}
        self.crm_workers = doc.get("crm", 1)
        self.deadline_s = doc.get("deadline_s", 60)
        base = json.loads((SCENARIOS / "base.json").read_text(encoding="utf-8"))
        self.settings = merged(base["settings"], doc.get("settings", {}))
        self.megaplan = merged(base["megaplan"], doc.get("megaplan", {}))
        only("megaplan", self.megaplan, MEGAPLAN | {"tokens"})
        self.calls_given = doc.get("call", [])
        self.steps = doc.get("step") or [{"send": "*"}]
        for step in self.steps:
            verb = next((key for key in step if key in STEPS), None)
            if verb is None:
                raise ValueError("%s: step without a verb: %s" % (self.name, step))
            only("step " + verb, step, STEPS[verb])
        self.expect = doc.get("expect", {})
        only("expect", self.expect, EXPECT)
        self.calls = []

    def make_calls(self, stamp):
        """Builds the calls with times of now; entry ids carry the stamp."""
        self.calls = []
        for number, description in enumerate(self.calls_given):
            description = dict(description)
            description.setdefault("name", "abcdefghij"[number])
            self.calls += calls.expand(description, stamp)

    def named(self, name):
        """The calls of one name ("*" = all, a list = those of several)."""
        names = name if isinstance(name, list) else [name]
        found = [call for call in self.calls if "*" in names or call.group in names]
        if not found:
            raise ValueError("%s: no call named %s" % (self.name, name))
        return found

    def fill(self, text, call=None):
        """{a.entry}, {a.number}, {a.began}; without a name those of `call`."""
        if not isinstance(text, str) or "{" not in text:
            return text
        for one in self.calls:
            for key in ("entry", "number"):
                text = text.replace("{%s.%s}" % (one.name, key), getattr(one, key))
        if call is not None:
            text = text.replace("{entry}", call.entry).replace("{number}", call.number)
            text = text.replace("{began}", call.began(self.settings["timezone"]))
        return text

    def document(self, megaplan_address):
        made = copy.deepcopy(self.settings)
        made["megaplan"]["base_url"] = megaplan_address + made["megaplan"].get("base_url", "")
        return made


def only(where, doc, allowed):
    unknown = set(doc) - allowed
    if unknown:
        raise ValueError("%s: unknown keys %s" % (where, ", ".join(sorted(unknown))))


def merged(base, over):
    """`over` laid on `base`: tables are merged, everything else is replaced."""
    made = copy.deepcopy(base)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(made.get(key), dict)
        made[key] = merged(made[key], value) if both else copy.deepcopy(value)
    return made


def phone_in_format(number, wanted):
    """G6: how the product must write a number into a new client."""
    if not (len(number) == 11 and number.startswith("7")):
        return ("+" if wanted.startswith("+") else "") + number
    rest = number[1:]
    if wanted == "+7 (999) 123-12-12":
        return "+7 (%s) %s-%s-%s" % (rest[:3], rest[3:6], rest[6:8], rest[8:])
    return {"79991231212": "7", "+79991231212": "+7", "89991231212": "8"}[wanted] + rest
