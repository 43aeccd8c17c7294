"""What every fake has: worlds with a request log, faults, gates and counts.

A fake plugs its worlds in by path prefix (one world = one account's service); each world answers
requests and is steered over `<prefix>/_control/...` (see control() below). Knows nothing of any API,
nor of sockets: those are fake_server's.
"""

import email.utils
import json
import re
import threading
import time
import traceback
import urllib.parse

GATE_LIMIT_S = 300.0


class Request:
    """One request as a world sees it: the path without the world's prefix, the query undecoded.
    arrived: unix time, by the kernel."""

    def __init__(self, method, path, query, headers, body, arrived=None):
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
        self.arrived = time.time() if arrived is None else arrived
        self.counted = None     # what arrive() of the world found


class Reply:
    """What goes back: `doc` is sent as JSON; `raw` bytes win over it. `note` goes into the log."""

    def __init__(self, status, doc=None, raw=None, content_type="application/json", headers=None,
                 note=None):
        self.status = status
        self.raw = raw if raw is not None else json.dumps(doc, ensure_ascii=False).encode()
        self.content_type = content_type
        self.headers = headers or {}
        self.note = note


class Gate:
    """A place where requests are held until a test lets them go (or drops them)."""

    def __init__(self):
        self.changed = threading.Condition()
        self.held = 0
        self.passed = 0
        self.open = False
        self.drop = False

    def hold(self):
        """Holds the caller; False when the request is to be dropped."""
        with self.changed:
            self.held += 1
            self.changed.notify_all()
            self.changed.wait_for(lambda: self.open, GATE_LIMIT_S)
            self.passed += 1
            self.changed.notify_all()
            return not self.drop

    def wait_held(self, count, timeout):
        with self.changed:
            return self.changed.wait_for(lambda: self.held >= count, timeout)

    def release(self, drop):
        with self.changed:
            self.open = True
            self.drop = drop
            self.changed.notify_all()


class Fault:
    """A rule: which requests it meets and what happens to them. faults.py lists them by name.

    Which: method, path (regular expression, searched), contains (text of the body), nth (number or
    list, counted from 1), from_nth, times. When: when = "before" | "after" doing the work. What: delay_ms,
    gate, status, retry_after, headers, bytes, and reply =
      json | html | error200   an error of `status`; error200 tells it in the body alone
      huge                     the same with `bytes` (10 MB) of trace
      changed                  the answer with `data` in place of its data, `lay` laid over it (see
                               lay()); of a list's rows, over each
      cut | hang               nothing, at once or after hang_s (60, or until the client leaves)
      half                     the beginning, then a cut; framing = length | close | chunked | short:
                               what the head promises (short: as much as comes)
      stall                    the beginning, then a hang
      dribble                  all of it, a byte each byte_ms (100)
    """

    KEYS = {"method", "path", "contains", "nth", "from_nth", "times", "when", "delay_ms", "gate",
            "status", "retry_after", "reply", "hang_s", "bytes", "headers", "data", "lay", "framing",
            "byte_ms"}
    REPLIES = {None, "json", "html", "error200", "huge", "changed", "cut", "hang", "half", "stall",
               "dribble"}

    def __init__(self, rule):
        unknown = set(rule) - self.KEYS
        if unknown:
            raise ValueError("unknown fault keys: %s" % ", ".join(sorted(unknown)))
        if rule.get("reply") not in self.REPLIES or rule.get("when", "before") not in ("before", "after"):
            raise ValueError("unknown reply or when of a fault: %s" % rule)
        self.rule = rule
        self.path = re.compile(rule.get("path", ""))
        self.when = rule.get("when", "before")
        self.seen = 0
        self.hits = 0

    def meets(self, request):
        """True when the rule applies; counts the request if it is one the rule looks at."""
        rule = self.rule
        if rule.get("method", request.method) != request.method or not self.path.search(request.path):
            return False
        if rule.get("contains") and rule["contains"].encode() not in request.body:
            return False
        self.seen += 1
        nth = rule.get("nth")
        if nth is not None and self.seen not in (nth if isinstance(nth, list) else [nth]):
            return False
        if self.seen < rule.get("from_nth", 1) or self.hits >= rule.get("times", 1 << 30):
            return False
        self.hits += 1
        return True


class World:
    """Base of one account's service; a fake derives from it and overrides answer()."""

    def __init__(self):
        self.lock = threading.RLock()
        self.faults = []
        self.gates = {}
        self.log = []
        self.keeps_log = True
        self.numbered = 0
        self.started = time.monotonic()
        self.counted = {}
        self.latency_s = 0   # every answer comes so much later
        self.doubts = {"clock_skew_s": 0}

    def answer(self, request):
        raise NotImplementedError

    def arrive(self, request):
        """Before any fault and any work, in the order of arrival: for what counts requests."""

    def state(self):
        return {}

    def control(self, method, path, params, doc):
        """The fake's own control calls; None = no such call."""
        return None

    def error_page(self, status, kind, size):
        """The body of an injected error; a fake gives it its service's shape."""
        if kind == "html":
            return Reply(status, raw=b"<html><body><h1>%d</h1></body></html>" % status,
                         content_type="text/html")
        return Reply(status, {"error": "x" * size})

    def gate(self, name):
        with self.lock:
            return self.gates.setdefault(name, Gate())

    def matching(self, request):
        if not self.faults:
            return ()
        with self.lock:
            return [fault for fault in self.faults if fault.meets(request)]

    # what came

    def log_entry(self, request):
        self.numbered += 1
        entry = {"method": request.method, "path": request.path, "query": request.query,
                 "body": request.body, "at": request.arrived, "since_start": 0.0, "status": None,
                 "n": self.numbered}
        entry["since_start"] = time.monotonic() - self.started
        if self.keeps_log:
            self.log.append(entry)
        return entry

    def ended(self, entry, status, later_s=0.0):
        """A request of the log has come to its end (status 0: no whole answer), or will so much later;
        ms: since it arrived."""
        entry["status"] = status
        entry["ms"] = (time.time() - entry["at"] + later_s) * 1000
        with self.lock:
            self.count(entry["method"], entry["path"], status)

    def count(self, method, path, status):
        statuses = self.counted.setdefault((method, ENTITY.sub("/{id}", path)), {})
        statuses[status] = statuses.get(status, 0) + 1

    def counts(self):
        """[{method, path ({id} for each id), count, statuses}], most frequent first."""
        rows = [{"method": method, "path": path, "count": sum(statuses.values()),
                 "statuses": dict(statuses)} for (method, path), statuses in self.counted.items()]
        return {"requests": sorted(rows, key=lambda row: (-row["count"], row["path"]))}


ENTITY = re.compile(r"/\d+(?=/|$)")


def shown(entry):
    """An entry of the log as it is told: its query and body as text."""
    return dict(entry, query=urllib.parse.unquote_plus(entry["query"]),
                body=entry["body"].decode("utf-8", "replace"),
                since_start=round(entry["since_start"], 6), ms=round(entry.get("ms", 0), 3))


# faults at work

class Dropped(Exception):
    """The connection is to be cut: after `half` (a byte each `every_s`) and, if so, a hang."""

    def __init__(self, half=b"", hang_s=0, every_s=0):
        super().__init__("dropped")
        self.half = half
        self.hang_s = hang_s
        self.every_s = every_s


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
EMPTY = b'{"meta":{"status":200,"errors":[]},"data":{"contentType":"X","id":"1000999"}}'


def beginning(framing, whole):
    """The first half of an answer behind the head that `framing` says."""
    half = whole[:max(1, len(whole) // 2)]
    if framing == "close":
        return HEAD + b"Connection: close\r\n\r\n" + half
    if framing == "chunked":
        return HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n" % (len(half), half)
    return HEAD + b"Content-Length: %d\r\n\r\n" % len(half if framing == "short" else whole) + half


def lay(over, on):
    """`over` laid on a table (or on each of a list). Two words: "absent" takes a field away, "number"
    makes its digits one."""
    if isinstance(on, list):
        return [lay(over, row) for row in on]
    if not isinstance(on, dict):
        return on
    made = {k: v for k, v in on.items() if over.get(k) != "absent"}
    for key, value in over.items():
        if value == "number":
            made[key] = int(on[key])
        elif value != "absent":
            made[key] = value
    return made


def changed(reply, rule):
    """The answer with other data than promised."""
    doc = json.loads(reply.raw if reply and reply.raw else EMPTY)
    doc["data"] = lay(rule.get("lay", {}), rule.get("data", doc.get("data")))
    return Reply(200, doc)


def apply_fault(world, fault, reply, client_left):
    """Lets one fault act; gives the reply it makes (or the one given), or raises Dropped."""
    rule = fault.rule
    time.sleep(rule.get("delay_ms", 0) / 1000.0)
    if rule.get("gate") and not world.gate(rule["gate"]).hold():
        raise Dropped()
    kind = rule.get("reply", "json" if "status" in rule else None)
    whole = reply.raw if reply else EMPTY
    if kind is None:
        return reply
    if kind == "changed":
        return changed(reply, rule)
    if kind == "cut":
        client_left(rule.get("hang_s", 0))
        raise Dropped()
    if kind == "hang":
        raise Dropped(hang_s=rule.get("hang_s", 60))
    if kind == "half":
        raise Dropped(beginning(rule.get("framing", "length"), whole))
    if kind == "stall":
        raise Dropped(beginning("length", whole), hang_s=rule.get("hang_s", 60))
    if kind == "dribble":
        raise Dropped(HEAD + b"Content-Length: %d\r\n\r\n" % len(whole) + whole,
                      every_s=rule.get("byte_ms", 100) / 1000)
    size = rule.get("bytes", 10 * 1024 * 1024 if kind == "huge" else 10)
    made = world.error_page(rule.get("status", 422 if kind == "error200" else 500), kind, size)
    made.headers.update(rule.get("headers", {}))
    if "retry_after" in rule:
        made.headers["Retry-After"] = str(rule["retry_after"])
    return made


def answered(world, request):
    """The world's own answer; a fault of the fake itself is a 599 that no service gives."""
    try:
        reply = world.answer(request)
        reply.headers["Date"] = email.utils.formatdate(time.time() + world.doubts["clock_skew_s"], usegmt=True)
        return reply
    except Exception:  # noqa: BLE001
        traceback.print_exc()
        return Reply(599, {"error": "the fake itself failed"})


def perform_quickly(world, request, entry):
    """The work of a request that meets no fault."""
    reply = answered(world, request)
    entry["did"] = reply.status < 400
    entry["note"] = reply.note
    world.ended(entry, reply.status, world.latency_s)
    return reply


def perform_slowly(world, request, entry, faults, client_left):
    """Runs faults and work in their order and returns the reply; raises Dropped. client_left(seconds)
    waits and says whether the client hung up meanwhile."""
    status = 0
    try:
        reply = before_work(world, entry, faults, client_left)
        if reply is None:
            reply = answered(world, request)
            entry["did"] = reply.status < 400
            entry["note"] = reply.note
            for fault in faults:
                if fault.when == "after":
                    reply = apply_fault(world, fault, reply, client_left)
        status = reply.status
        return reply
    finally:
        world.ended(entry, status)


def before_work(world, entry, faults, client_left):
    """The reply of a fault that keeps the work from being done, None without one."""
    entry["did"] = False
    for fault in faults:
        if fault.when == "before":
            reply = apply_fault(world, fault, None, client_left)
            if reply is not None:
                return reply
    return None


# control

def control(server, world, method, path, params, doc):
    """Control calls every fake has: faults (POST a list, DELETE), gates/<name>/wait|release, requests,
    log ({"keep": false}: requests are counted only), state, counts, latency ({"ms": 50}), refuse
    ({"for_s": 2}: no connections of anybody)."""
    if path == "faults":
        with world.lock:
            world.faults = world.faults + [Fault(rule) for rule in doc] if method == "POST" else []
        return {}
    if path == "requests":
        return [shown(entry) for entry in list(world.log)[int(params.get("since", 0)):]]
    if path == "log":
        world.keeps_log = doc["keep"]
        return {}
    if path == "latency":
        world.latency_s = doc["ms"] / 1000
        return {}
    if path == "refuse":
        server.refuse_for(doc["for_s"])
        return {}
    if path in ("state", "counts"):
        with world.lock:
            return getattr(world, path)()
    gate = re.fullmatch(r"gates/([^/]+)/(wait|release)", path)
    if gate and gate.group(2) == "wait":
        held = world.gate(gate.group(1)).wait_held(int(params.get("count", 1)),
                                                   float(params.get("timeout", 10)))
        return {"held": held}
    if gate:
        world.gate(gate.group(1)).release(bool(doc and doc.get("drop")))
        return {}
    return world.control(method, path, params, doc)


def apply_control(server, world, method, path, query, body):
    """A control call's reply."""
    params = dict(urllib.parse.parse_qsl(query))
    try:
        made = control(server, world, method, path, params, json.loads(body) if body else None)
    except (ValueError, KeyError, TypeError) as bad:
        return Reply(400, {"error": "%s: %s" % (type(bad).__name__, bad)})
    return Reply(404, {"error": "no such control call"}) if made is None else Reply(200, made)
