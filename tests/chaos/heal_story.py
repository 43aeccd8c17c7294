"""What healing is about, by its seed: random calls of a few numbers over some hours, which of their notifications
never came, which came while the account was switched off, and what must stand in Megaplan all the same.

Pure: no process. Times are unix seconds.
"""

import base64
import collections
import datetime
import json
import random

import crm_checks
import mango
from calls import Call

SPAN_S, YOUNG_S = 3 * 3600, 25 * 60     # the calls lie between so long ago and so long ago
OFF_PART = 0.2                          # of the calls came while the account was off: the first ones
WHOLE, GONE, NO_SUMMARY = "whole", "gone", "no summary"
LOSSES = (WHOLE,) * 5 + (GONE,) * 3 + (NO_SUMMARY,) * 2
SHAPES = ("direct", "missed", "missed-by-two", "menu-missed", "menu-then-missed", "queue-missed",
          "group-answered", "group-missed", "group-in-turn", "hold", "blind-transfer", "blind-unanswered",
          "outgoing", "outgoing-failed", "internal")
TALKED = ("direct", "hold", "blind-transfer", "group-answered", "outgoing")
TIMES = ("timestamp", "end_time")
EMPLOYEES = ["1000005", "1000006", "1000008"]
SETTINGS = {
    "create_client": {"incoming": True, "missed": True, "outgoing": True}, "source_field": True,
    "call_records": True, "responsible_follows_transfer": True, "groups": ["303"],
    "missed_in_ivr_responsible": "1000006", "missed_in_group_responsible": "1000008",
    "missed_call_task": {"enabled": True, "title": "Перезвонить: {phone}"}}


def rfc3339(seconds):
    moment = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Story:
    """calls: all of them, as MANGO knows them; loss and off: by entry_id."""

    def __init__(self, seed, count, now):
        chance = random.Random(seed)
        numbers = ["79%09d" % n for n in chance.sample(range(10 ** 9), max(3, count // 3))]
        self.calls, self.loss, self.off = [], {}, set()
        self.off_until = now - SPAN_S + (SPAN_S - YOUNG_S) * OFF_PART
        for n in range(count):
            start = int(now - SPAN_S + (SPAN_S - YOUNG_S) * (n + 0.3) / count)
            call = self.call(chance, n, chance.choice(numbers), start)
            self.calls.append(call)
            self.loss[call.entry] = chance.choice(LOSSES)
            if n + 1 < count * OFF_PART:
                self.off.add(call.entry)
                self.loss[call.entry] = WHOLE
        self.by_entry = {call.entry: call for call in self.calls}

    def call(self, chance, n, number, start):
        shape = chance.choice(SHAPES)
        call = Call({"name": "c%d" % n, "shape": shape, "number": number,
                     "at": datetime.datetime.fromtimestamp(start, datetime.timezone.utc).isoformat()},
                    base64.b16encode(chance.randbytes(6)).decode())
        call.shape = shape
        end_with_last_leg(call)
        call.recordings = []
        if shape in TALKED and chance.random() < 0.7:
            self.record(call, n, start + 40)
        return call

    @staticmethod
    def record(call, n, at):
        name = "MToxMDAyMzQ6rec%d=" % n
        call.recordings.append(name)
        call.webhooks.append(mango.Webhook("events/record/added", {
            "entry_id": call.entry, "product_id": 400001234, "user_id": 7, "timestamp": at,
            "recording_id": name}))

    def came(self, call, lossy):
        """The notifications of a call that came."""
        loss = self.loss[call.entry] if lossy else WHOLE
        if loss == GONE:
            return []
        return [w for w in call.webhooks if loss != NO_SUMMARY or w.path != "events/summary"]

    def records(self, account, lossy, off):
        """Lines for tests/chaos/pour: what came in that order, of the calls while the account was off or of the
        others."""
        rows = []
        for call in self.calls:
            if (call.entry in self.off) == off:
                rows += [(received(w), len(rows), w, call) for w in self.came(call, lossy)]
        return ["\t".join(("events", w.path.partition("/")[2], "live", rfc3339(at),
                           "%s/%s" % (account, call.entry),
                           json.dumps(w.doc, ensure_ascii=False, separators=(",", ":")))) + "\n"
                for at, _, w, call in sorted(rows, key=lambda row: row[:2])]


def end_with_last_leg(call):
    """The shapes' summaries end a second or two after the last leg; the call history has legs only, and a call that is
    healed by it ends with the last of them."""
    ends = [int(w.doc["timestamp"]) for w in call.webhooks if w.doc.get("call_state") == "Disconnected"]
    for webhook in call.webhooks:
        if ends and "end_time" in webhook.doc:
            webhook.doc["end_time"] = max(ends)


def received(webhook):
    return next(int(webhook.doc[name]) for name in TIMES if name in webhook.doc) + 0.4


# what stands in Megaplan

class Standing:
    """The part of a Megaplan's state that must not depend on what was lost: which numbers have a client, each saved
    call, whether somebody is still to be called back."""

    def __init__(self, state):
        cards = collections.defaultdict(list)
        for row in state["ContractorHuman"]:
            cards[crm_checks.phone_of(row)].append(row)
        self.cards = cards
        self.number_of = {row["id"]: number for number, rows in cards.items() for row in rows}
        self.calls = collections.defaultdict(list)
        for row in state["CallInfo"]:
            self.calls[row.get("providerId")].append(self.saved(row))
        self.tasks = collections.Counter(
            self.number_of.get(row["contractor"]["id"]) for row in state["Task"]
            if row["status"] not in crm_checks.CLOSED)

    def saved(self, row):
        people = [self.number_of.get(side["id"], side["id"])
                  for side in (row.get("fromUser") or {"id": None}, row.get("toUser") or {"id": None})]
        return {"type": row.get("type"), "state": row.get("state"), "people": people,
                "from": row.get("timeFrom"), "to": row.get("timeTo"),
                "links": sorted(recording(link) for link in row.get("recordLinks") or [])}


def recording(link):
    """The recording that a link leads to."""
    return link.partition("/recording/link/")[2].partition("/")[0]


def differences(story, whole, healed):
    """Lines: what the healed Megaplan has otherwise than the one that lost nothing."""
    lines = []
    for number in sorted(set(whole.cards) | set(healed.cards), key=str):
        lines += client_differences(story, number, whole.cards.get(number, []), healed.cards.get(number, []))
        if whole.tasks[number] != healed.tasks[number]:
            lines.append("%s has %d open tasks, not %d" % (number, healed.tasks[number], whole.tasks[number]))
    for call in story.calls:
        one, other = whole.calls.get(call.entry, []), healed.calls.get(call.entry, [])
        if one != other:
            lines.append("call %s (%s, %s%s): %s expected %s" % (
                call.entry, call.shape, story.loss[call.entry],
                ", off" if call.entry in story.off else "", other, one))
    return lines


def client_differences(story, number, whole, healed):
    """Which of a number's calls made its client depends on which came first; whoever it was, he is one, of a call of
    that number, and its employee's."""
    if len(whole) != len(healed):
        return ["%d clients of %s, not %d" % (len(healed), number, len(whole))]
    lines = []
    for row in healed:
        call = story.by_entry.get(crm_checks.marker_of(row))
        people = [link["id"] for link in row.get("responsibles") or []]
        if crm_checks.marker_of(row) and (not call or call.number != number):
            lines.append("client %s of %s has the marker of another's call" % (row["id"], number))
        if len(people) != 1 or people[0] not in EMPLOYEES and call:
            lines.append("client %s is given to %s" % (row["id"], people))
    return lines
