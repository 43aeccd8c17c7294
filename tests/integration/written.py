"""Events that a scenario writes out itself: tables with seconds since the call's begin, or exact text.

    [[call.event]]  path = "events/call"  at = 8  call_id = "c:1"  seq = 2  from = {number = "{number}"}
    [[call.event]]  path = "events/summary"  create_time = "@0"  talk_time = 0  end_time = "@30"
    [[call.event]]  text = '{"entry_id":"{entry}","timestamp":"{@8}","seq":null}'

`at` is the event's timestamp. "@8" is a moment as a number, "'@8'" as text.
"""

import re

MOMENT = re.compile(r"\{@(-?\d+)\}")
VALUE = re.compile(r"('?)@(-?\d+)('?)")
OWN = {"path", "at", "text", "without"}


def written(given, call):
    """[path, document or bytes] of one event of a call."""
    path = given.get("path", "events/call")
    if "text" in given:
        if set(given) - {"path", "text"}:
            raise ValueError("an event of verbatim text has no other fields")
        return [path, verbatim(given["text"], call)]
    doc = {key: value(v, call) for key, v in given.items() if key not in OWN}
    if "at" in given:
        doc["timestamp"] = call.start + given["at"]
    if path.startswith("events/"):
        doc = {"entry_id": call.entry, **doc}
    for key in given.get("without", []):
        del doc[key]
    return [path, doc]


def verbatim(text, call):
    """The text as it stands but for {entry}, {number} and {@8}; nothing is parsed."""
    text = text.replace("{entry}", call.entry).replace("{number}", call.number)
    return MOMENT.sub(lambda m: str(call.start + int(m.group(1))), text).encode()


def value(v, call):
    if isinstance(v, dict):
        return {key: value(one, call) for key, one in v.items()}
    if isinstance(v, list):
        return [value(one, call) for one in v]
    if not isinstance(v, str):
        return v
    moment = VALUE.fullmatch(v)
    if moment and moment.group(1) == moment.group(3):
        at = call.start + int(moment.group(2))
        return str(at) if moment.group(1) else at
    return v.replace("{entry}", call.entry).replace("{number}", call.number)
