"""Shapes of calls by name: the notifications MANGO sends for them, in the order it would send them.

They follow the reference on MANGO's API, sections 2-4: the client is DOC_NUMBER, the line DOC_LINE,
the employees 123, 124, 125... (123 unless said otherwise), times are the documentation's; calls.py
puts the scenario's own in their place. All lie within one minute, so that a new client's name does
not depend on which event came first. Pure.
"""

import copy
import functools
import json
import pathlib

VENDOR = pathlib.Path(__file__).resolve().parent.parent / "scenarios" / "vendor-events.json"
DOC_START = 1399906976  # the first timestamp of the documentation's examples
DOC_ENTRY = "232wc3e3w3s222"
DOC_NUMBER = "79000000000"
DOC_LINE = "7800123456789"
GROUP = "303"
CLIENT = {"number": DOC_NUMBER}
MENU = {"number": DOC_LINE, "line_number": DOC_LINE}
QUEUE = {"line_number": DOC_LINE, "acd_group": GROUP}


def sip(extension):
    return "sip:user%s@mangosip.ru" % extension


def employee(extension="123", **more):
    """An employee's phone as a party of a leg."""
    return dict({"extension": extension, "number": sip(extension)}, **more)


def at(extension="123", **more):
    """An employee's phone that an incoming call rings at: with the line it came in on."""
    return employee(extension, line_number=DOC_LINE, **more)


def taken(call_id, party=None):
    return dict(party or CLIENT, taken_from_call_id=call_id)


def leg(call_id, seq, when, state, frm, to, location="abonent", **more):
    """One events/call with the types the manual tells: numbers as numbers."""
    return ["events/call", dict({"entry_id": DOC_ENTRY, "call_id": call_id, "seq": seq,
                                 "timestamp": DOC_START + when, "call_state": state,
                                 "location": location, "from": frm, "to": to}, **more)]


def summary(direction, talk, frm, to, end=32, reason=1110):
    return ["events/summary", {
        "entry_id": DOC_ENTRY, "call_direction": direction, "from": frm, "to": to,
        "line_number": DOC_LINE, "create_time": DOC_START, "forward_time": DOC_START,
        "talk_time": DOC_START + talk if talk else 0, "end_time": DOC_START + end,
        "entry_result": 1 if talk else 0, "disconnect_reason": reason}]


def vendor(part, one=None):
    """The documentation's own examples, byte for byte: also their times and their entry_id."""
    doc = json.loads(VENDOR.read_text(encoding="utf-8"))
    if part == "summaries":
        return [["events/summary", doc[part][one]]]
    return doc[part]


# Incoming

def documentation():
    """The documentation's incoming call that is routed to an employee, without the route results."""
    return [e for e in vendor("route") if e[0] == "events/call"] + [["events/summary", {
        "entry_id": DOC_ENTRY, "call_direction": 1, "from": {"number": DOC_NUMBER},
        "to": {"extension": "123", "number": DOC_LINE}, "line_number": DOC_LINE,
        "create_time": DOC_START, "forward_time": DOC_START + 1, "talk_time": DOC_START + 12,
        "end_time": DOC_START + 32, "entry_result": 1, "disconnect_reason": 1100}]]


def direct():
    """Straight to an employee, who answers."""
    return [leg("c:1", 1, 0, "Appeared", CLIENT, at()), leg("c:1", 2, 8, "Connected", CLIENT, at()),
            leg("c:1", 3, 30, "Disconnected", CLIENT, at(), disconnect_reason=1120),
            summary(1, 8, CLIENT, employee())]


def missed():
    """Rings at an employee who does not answer."""
    return [leg("c:1", 1, 0, "Appeared", CLIENT, at()),
            leg("c:1", 2, 30, "Disconnected", CLIENT, at(), disconnect_reason=1110),
            summary(1, 0, CLIENT, employee())]


def missed_by_two():
    """Rings at 123, then at 124; nobody answers. The summary names the first."""
    return [leg("c:1", 1, 0, "Appeared", CLIENT, at()),
            leg("c:1", 2, 15, "Disconnected", CLIENT, at(), disconnect_reason=1111),
            leg("c:2", 1, 16, "Appeared", taken("c:1"), at("124")),
            leg("c:2", 2, 31, "Disconnected", taken("c:1"), at("124"), disconnect_reason=1110),
            summary(1, 0, CLIENT, employee())]


def menu_missed():
    """Hung up in the voice menu; entry_result 1 with talk_time 0, as in the manual's own example."""
    end = summary(1, 0, CLIENT, {}, reason=1170)
    end[1]["entry_result"] = 1
    return [leg("c:0", 1, 0, "Appeared", CLIENT, MENU, "ivr"),
            leg("c:0", 2, 31, "Disconnected", CLIENT, MENU, "ivr", disconnect_reason=1110), end]


def menu_then_missed():
    """Through the menu to an employee who does not answer."""
    return [leg("c:0", 1, 0, "Appeared", CLIENT, MENU, "ivr"),
            leg("c:0", 2, 5, "Disconnected", CLIENT, MENU, "ivr", disconnect_reason=1100),
            leg("c:1", 1, 6, "Appeared", taken("c:0"), at()),
            leg("c:1", 2, 30, "Disconnected", taken("c:0"), at(), disconnect_reason=1110),
            summary(1, 0, CLIENT, employee())]


def queue_missed():
    """Waits in a group's queue and hangs up: never given to anybody. The summary names the group."""
    return [leg("c:0", 1, 0, "Appeared", CLIENT, MENU, "ivr"),
            leg("c:0", 2, 4, "Disconnected", CLIENT, MENU, "ivr", disconnect_reason=1100),
            leg("c:9", 1, 4, "Appeared", taken("c:0"), QUEUE, "queue"),
            leg("c:9", 2, 30, "Disconnected", taken("c:0"), QUEUE, "queue", disconnect_reason=1110),
            summary(1, 0, CLIENT, {"extension": GROUP}, reason=1110)]


def ring(call_id, extension, when):
    return leg(call_id, 1, when, "Appeared", taken("c:9"), at(extension, acd_group=GROUP))


def ring_ends(call_id, extension, when, reason, seq=2):
    return leg(call_id, seq, when, "Disconnected", taken("c:9"), at(extension, acd_group=GROUP),
               disconnect_reason=reason)


def group(answered):
    """A queue that rings 123-127 at once; 124 answers, or nobody does."""
    members = ["123", "124", "125", "126", "127"]
    events = [leg("c:9", 1, 0, "Appeared", CLIENT, QUEUE, "queue")]
    events += [ring("c:%s" % m, m, 3) for m in members]
    if not answered:
        events += [ring_ends("c:%s" % m, m, 29, 1111) for m in members]
        events += [leg("c:9", 2, 30, "Disconnected", CLIENT, QUEUE, "queue", disconnect_reason=1163)]
        return events + [summary(1, 0, CLIENT, employee("123"), reason=1163)]
    events += [leg("c:9", 2, 10, "Disconnected", CLIENT, QUEUE, "queue", disconnect_reason=1100)]
    events += [leg("c:124", 2, 10, "Connected", taken("c:9"), at("124", acd_group=GROUP))]
    events += [ring_ends("c:%s" % m, m, 10, 1182) for m in members if m != "124"]
    events += [ring_ends("c:124", "124", 31, 1110, 3)]
    return events + [summary(1, 10, CLIENT, employee("124"))]


def group_in_turn():
    """A group that rings 124, then 123: nobody answers. 124 is the first it was given to."""
    return [leg("c:9", 1, 0, "Appeared", CLIENT, QUEUE, "queue"),
            ring("c:124", "124", 2), ring_ends("c:124", "124", 15, 1111),
            ring("c:123", "123", 16), ring_ends("c:123", "123", 30, 1111),
            leg("c:9", 2, 31, "Disconnected", CLIENT, QUEUE, "queue", disconnect_reason=1163),
            summary(1, 0, CLIENT, {"extension": GROUP}, reason=1163)]


# Transfers and hold

def hold():
    """Answered, put on hold, taken back."""
    return [leg("c:1", 1, 0, "Appeared", CLIENT, at()), leg("c:1", 2, 5, "Connected", CLIENT, at()),
            leg("c:1", 3, 10, "OnHold", CLIENT, at(hold_initiator=True)),
            leg("c:1", 4, 20, "Connected", CLIENT, at()),
            leg("c:1", 5, 30, "Disconnected", CLIENT, at(), disconnect_reason=1110),
            summary(1, 5, CLIENT, employee())]


def blind_transfer():
    """Answered by 123, transferred blindly to 124, who answers too."""
    second = employee("124")
    return [leg("c:1", 1, 0, "Appeared", CLIENT, at()), leg("c:1", 2, 5, "Connected", CLIENT, at()),
            leg("c:2", 1, 12, "Appeared", {"extension": "123"}, second, transfer="blind"),
            leg("c:1", 3, 13, "Disconnected", CLIENT, at(was_transferred=True),
                disconnect_reason=1181),
            leg("c:2", 2, 13, "Appeared", taken("c:1"), second, transfer="blind"),
            leg("c:2", 3, 18, "Connected", taken("c:1"), second, transfer="blind"),
            leg("c:2", 4, 31, "Disconnected", taken("c:1"), second, disconnect_reason=1110),
            summary(1, 5, CLIENT, second)]


def blind_unanswered():
    """Answered by 123, transferred blindly to 124, who does not answer: the client hangs up."""
    second = employee("124")
    return [e for e in blind_transfer()[:5]] + [
        leg("c:2", 3, 31, "Disconnected", taken("c:1"), second, disconnect_reason=1110),
        summary(1, 5, CLIENT, employee())]


def return_blind():
    """Transferred blindly to 124, who does not answer: the client rings back at 123, who answers."""
    second, back = employee("124"), {"transfer": "return_blind"}
    return blind_transfer()[:5] + [
        leg("c:2", 3, 20, "Disconnected", taken("c:1"), second, disconnect_reason=1111),
        leg("c:3", 1, 21, "Appeared", taken("c:2"), at(), **back),
        leg("c:3", 2, 24, "Connected", taken("c:2"), at(), **back),
        leg("c:3", 3, 31, "Disconnected", taken("c:2"), at(), disconnect_reason=1110),
        summary(1, 5, CLIENT, employee())]


def consult_begin():
    """123 answers, holds the client and asks 124, who picks up."""
    first, second = employee("123"), employee("124")
    return [leg("c:1", 1, 0, "Appeared", CLIENT, at()), leg("c:1", 2, 5, "Connected", CLIENT, at()),
            leg("c:1", 3, 9, "OnHold", CLIENT, at(hold_initiator=True)),
            leg("c:2", 1, 10, "Appeared", first, second, transfer="consultative"),
            leg("c:2", 2, 14, "Connected", first, second, transfer="consultative")]


def consult_transfer():
    """... and hangs up: the second Connected of 124's leg shows the client."""
    second = employee("124")
    return consult_begin() + [
        leg("c:1", 4, 20, "Disconnected", CLIENT, at(was_transferred=True), disconnect_reason=1181),
        leg("c:2", 3, 20, "Connected", taken("c:1"), second, transfer="blind"),
        leg("c:2", 4, 31, "Disconnected", taken("c:1"), second, disconnect_reason=1110),
        summary(1, 5, CLIENT, second)]


def consult_given_up():
    """... who hangs up again: the client talks on with 123."""
    first, second = employee("123"), employee("124")
    return consult_begin() + [
        leg("c:2", 3, 19, "Disconnected", first, second, transfer="consultative",
            disconnect_reason=1120),
        leg("c:1", 4, 20, "Connected", CLIENT, at()),
        leg("c:1", 5, 31, "Disconnected", CLIENT, at(), disconnect_reason=1110),
        summary(1, 5, CLIENT, first)]


def there_and_back():
    """123 transfers to 124, who answers and transfers back to 123, who answers again."""
    first, second, blind = employee("123"), employee("124"), {"transfer": "blind"}
    return blind_transfer()[:6] + [
        leg("c:3", 1, 22, "Appeared", {"extension": "124"}, first, **blind),
        leg("c:2", 4, 23, "Disconnected", taken("c:1"), second, disconnect_reason=1181),
        leg("c:3", 2, 23, "Appeared", taken("c:2"), first, **blind),
        leg("c:3", 3, 26, "Connected", taken("c:2"), first, **blind),
        leg("c:3", 4, 31, "Disconnected", taken("c:2"), first, disconnect_reason=1110),
        summary(1, 5, CLIENT, first)]


# Outgoing and internal

def outgoing():
    """An employee calls an outside number that answers."""
    frm = employee()
    return [leg("c:1", 1, 0, "Appeared", frm, CLIENT), leg("c:1", 2, 9, "Connected", frm, CLIENT),
            leg("c:1", 3, 30, "Disconnected", frm, CLIENT, disconnect_reason=1110),
            summary(2, 9, frm, CLIENT)]


def outgoing_failed():
    """An employee calls an outside number that does not answer."""
    frm = employee()
    return [leg("c:1", 1, 0, "Appeared", frm, CLIENT),
            leg("c:1", 2, 30, "Disconnected", frm, CLIENT, disconnect_reason=1121),
            summary(2, 0, frm, CLIENT, reason=1121)]


def outgoing_transfer():
    """123 calls a client, who answers, and transfers him blindly to 124, who answers."""
    frm, second = employee(), employee("124")
    return [leg("c:1", 1, 0, "Appeared", frm, CLIENT), leg("c:1", 2, 6, "Connected", frm, CLIENT),
            leg("c:2", 1, 12, "Appeared", {"extension": "123"}, second, transfer="blind"),
            leg("c:1", 3, 13, "Disconnected", frm, CLIENT, disconnect_reason=1181),
            leg("c:2", 2, 13, "Appeared", taken("c:1"), second, transfer="blind"),
            leg("c:2", 3, 18, "Connected", taken("c:1"), second, transfer="blind"),
            leg("c:2", 4, 31, "Disconnected", taken("c:1"), second, disconnect_reason=1110),
            summary(2, 6, frm, CLIENT)]


def callback(first, second, **mark):
    """A call-back: its first leg rings the employee and runs backwards, the second dials the client.
    `first`: the employee picks up; `second`: the client does. `mark` tells that it is one."""
    to = employee()
    legs = [leg("c:1", 1, 0, "Appeared", CLIENT, to, **mark)]
    if not first:
        return legs + [leg("c:1", 2, 30, "Disconnected", CLIENT, to, disconnect_reason=1111, **mark),
                       summary(2, 0, to, CLIENT, reason=1111)]
    legs += [leg("c:1", 2, 4, "Connected", CLIENT, to, **mark),
             leg("c:2", 1, 5, "Appeared", taken("c:1", to), CLIENT, **mark)]
    if second:
        legs += [leg("c:2", 2, 12, "Connected", taken("c:1", to), CLIENT, **mark)]
    return legs + [
        leg("c:2", 3, 30, "Disconnected", taken("c:1", to), CLIENT,
            disconnect_reason=1120 if second else 1121, **mark),
        leg("c:1", 3, 30, "Disconnected", CLIENT, to, disconnect_reason=1110, **mark),
        summary(2, 12 if second else 0, to, CLIENT)]


def internal():
    """One employee calls another."""
    frm, to = employee(), {"extension": "124"}
    return [leg("c:1", 1, 0, "Appeared", frm, to), leg("c:1", 2, 3, "Connected", frm, to),
            leg("c:1", 3, 30, "Disconnected", frm, to, disconnect_reason=1110),
            summary(0, 3, frm, to)]


# Routed by us; DTMF; other notifications

def routed():
    """The documentation's call again, routed by our own command: its id, and the command's result."""
    command = DOC_ENTRY + "~1"
    made = copy.deepcopy(vendor("route"))
    for _, doc in made:
        if "command_id" in doc:
            doc["command_id"] = command
    return made + documentation()[-1:]


def dtmf():
    """The caller presses keys in the menu before he is put through."""
    made = documentation()
    press = [["events/dtmf", {
        "seq": n, "dtmf": str(n), "timestamp": DOC_START + n, "call_id": "100:500:256",
        "entry_id": DOC_ENTRY, "location": "ivr.2", "initiator": "100:500:256",
        "from_number": DOC_NUMBER, "to_number": DOC_LINE, "line_number": DOC_LINE}] for n in (1, 2)]
    return made[:1] + press + made[1:]


def summary_alone(shape):
    """An employee off schedule, or lost webhooks: nothing but the summary."""
    return shape()[-1:]


def named(**functions):
    return {name.replace("_", "-"): function for name, function in functions.items()}


SHAPES = {f.__name__.replace("_", "-"): f for f in (
    documentation, direct, missed, missed_by_two, menu_missed, menu_then_missed, queue_missed,
    group_in_turn, hold, blind_transfer, blind_unanswered, return_blind, consult_transfer,
    consult_given_up, there_and_back, outgoing, outgoing_failed, outgoing_transfer, internal, routed,
    dtmf)}
SHAPES.update(named(
    group_answered=functools.partial(group, True), group_missed=functools.partial(group, False)))
SHAPES.update({"summary-of-" + name: functools.partial(summary_alone, shape)
               for name, shape in list(SHAPES.items())})
for _mark, _fields in (("initiator", {"callback_initiator": "CC"}), ("task", {"task_id": 4711}),
                       ("command", {"command_id": "crm-click-17"})):
    SHAPES["callback-by-" + _mark] = functools.partial(callback, True, True, **_fields)
    SHAPES["callback-by-%s-client-silent" % _mark] = functools.partial(callback, True, False, **_fields)
    SHAPES["callback-by-%s-refused" % _mark] = functools.partial(callback, False, False, **_fields)
SHAPES.update({"vendor-" + part: functools.partial(vendor, part)
               for part in ("outgoing", "callback", "route", "notification")})
SHAPES.update({"vendor-summary-%d" % n: functools.partial(vendor, "summaries", n) for n in range(4)})
