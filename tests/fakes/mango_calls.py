"""The calls of a PBX as far as its notifications have told them: which legs are over, which number a
visitor sees since when. Whoever sends the notifications tells them here first.

Knows nothing of requests. Not thread-safe: the world locks.
"""


class Calls:
    """Legs by (entry_id, call_id): calls of tests may share the names of legs, not of entries."""

    def __init__(self):
        self.legs = {}
        self.over = set()   # entry_ids and call_ids
        self.events = {}    # of a leg: those with another seq each
        self.records = {}   # recording_ids by entry_id
        self.summaries = {} # by entry_id
        self.rang = {}      # dynamic number -> when the first call to it was told, unix s

    def told(self, path, doc, now):
        """A notification is on its way."""
        if not isinstance(doc, dict) or not doc.get("entry_id"):
            return
        if path == "events/summary":
            self.over.add(doc["entry_id"])
            self.summaries.setdefault(doc["entry_id"], doc)
        if path == "events/record/added" and doc.get("recording_id"):
            self.records.setdefault(doc["entry_id"], []).append(doc["recording_id"])
        if path != "events/call" or "call_id" not in doc:
            return
        key = (doc["entry_id"], doc["call_id"])
        if int(doc.get("seq") or 0) >= int(self.legs.get(key, {}).get("seq") or 0):
            self.legs[key] = doc
        self.keep(key, doc)
        number = (doc.get("dct") or {}).get("number")
        if number:
            self.rang.setdefault(str(number), now)

    def keep(self, key, doc):
        """For the history: what a leg has been through, each step once."""
        events = self.events.setdefault(key, [])
        if doc.get("timestamp") and all(doc.get("seq") != other.get("seq") for other in events):
            events.append(doc)

    def verdict(self, entry, call_id):
        """Why a leg cannot be routed: over, unknown, talks; None: it can. Where nobody tells calls all can."""
        if self.over & {entry, call_id}:
            return "over"
        legs = [leg for (owner, name), leg in self.legs.items()
                if name == call_id and (owner == entry or not entry)]
        if not legs:
            return "unknown" if self.legs else None
        states = {leg.get("call_state") for leg in legs}
        if states == {"Disconnected"}:
            return "over"
        waits = [leg for leg in legs if leg.get("call_state") == "Appeared"
                 or leg.get("location") in ("ivr", "queue")]
        return None if waits else "talks"
