"""The HTTP half of a fake: a threaded server with a request log, faults and gates.

A fake plugs its worlds in by path prefix (one world = one account's service); each world answers
requests and is steered over `<prefix>/_control/...` (see control() below). Knows nothing of any API.
"""

import json
import re
import socket
import sys
import threading
import time
import traceback
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

GATE_LIMIT_S = 300.0


class Request:
    """One request as a world sees it: the path without the world's prefix, the query undecoded."""

    def __init__(self, method, path, query, headers, body):
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body


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
    """A rule: which requests it meets and what happens to them.

    Keys: method, path (regular expression, searched), contains (text of the body), nth (number or
    list, counted from 1), from_nth, times; when = "before" | "after" doing the work; then any of
    delay_ms, gate, status, retry_after, reply = "json" | "html" | "huge" | "half" | "cut" | "hang" |
    "error200", hang_s, bytes.
    """

    KEYS = {"method", "path", "contains", "nth", "from_nth", "times", "when", "delay_ms", "gate",
            "status", "retry_after", "reply", "hang_s", "bytes"}

    def __init__(self, rule):
        unknown = set(rule) - self.KEYS
        if unknown:
            raise ValueError("unknown fault keys: %s" % ", ".join(sorted(unknown)))
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
        self.started = time.monotonic()

    def answer(self, request):
        raise NotImplementedError

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
        with self.lock:
            return [fault for fault in self.faults if fault.meets(request)]

    def log_entry(self, request):
        entry = {"method": request.method, "path": request.path,
                 "query": urllib.parse.unquote_plus(request.query),
                 "body": request.body.decode("utf-8", "replace"), "at": time.time(),
                 "since_start": round(time.monotonic() - self.started, 6), "status": None}
        with self.lock:
            entry["n"] = len(self.log) + 1
            self.log.append(entry)
        return entry


class Dropped(Exception):
    """The connection is to be cut; `half` is what is still sent before."""

    def __init__(self, half=b""):
        super().__init__("dropped")
        self.half = half


def apply_fault(world, fault, reply):
    """Lets one fault act; gives the reply it makes (or the one given), or raises Dropped."""
    rule = fault.rule
    time.sleep(rule.get("delay_ms", 0) / 1000.0)
    if rule.get("gate") and not world.gate(rule["gate"]).hold():
        raise Dropped()
    kind = rule.get("reply", "json" if "status" in rule else None)
    if kind in ("cut", "hang"):
        time.sleep(rule.get("hang_s", 0))
        raise Dropped()
    if kind == "half":
        whole = reply.raw if reply else b'{"meta":{"status":200,"errors":[]},"data":{"contentType"'
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        raise Dropped(head % (len(whole) * 2) + whole[: max(1, len(whole) // 2)])
    if kind is None:
        return reply
    size = rule.get("bytes", 10 * 1024 * 1024 if kind == "huge" else 10)
    made = world.error_page(rule.get("status", 422 if kind == "error200" else 500), kind, size)
    if "retry_after" in rule:
        made.headers["Retry-After"] = str(rule["retry_after"])
    return made


def answered(world, request):
    """The world's own answer; a fault of the fake itself is a 599 that no service gives."""
    try:
        return world.answer(request)
    except Exception:  # noqa: BLE001
        traceback.print_exc()
        return Reply(599, {"error": "the fake itself failed"})


def perform(world, request, entry):
    """Runs faults and work in their order and returns the reply; raises Dropped."""
    faults = world.matching(request)
    reply = None
    for fault in faults:
        if fault.when == "before":
            reply = apply_fault(world, fault, reply)
            if reply is not None:
                entry["did"] = False
                return reply
    reply = answered(world, request)
    entry["did"] = reply.status < 400
    entry["note"] = reply.note
    for fault in faults:
        if fault.when == "after":
            reply = apply_fault(world, fault, reply)
    return reply


def control(world, method, path, params, doc):
    """Control calls every fake has. Paths: faults, gates/<name>/wait|release, requests, state."""
    if path == "faults" and method == "POST":
        with world.lock:
            world.faults.extend(Fault(rule) for rule in doc)
        return {}
    if path == "faults" and method == "DELETE":
        with world.lock:
            world.faults.clear()
        return {}
    if path == "requests":
        with world.lock:
            return [dict(entry) for entry in world.log[int(params.get("since", 0)):]]
    if path == "state":
        with world.lock:
            return world.state()
    gate = re.fullmatch(r"gates/([^/]+)/(wait|release)", path)
    if gate and gate.group(2) == "wait":
        held = world.gate(gate.group(1)).wait_held(int(params.get("count", 1)),
                                                   float(params.get("timeout", 10)))
        return {"held": held}
    if gate:
        world.gate(gate.group(1)).release(bool(doc and doc.get("drop")))
        return {}
    return world.control(method, path, params, doc)


class Handler(BaseHTTPRequestHandler):
    """Connection code: reads a request, finds its world, writes or cuts."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def handle_one_request(self):
        try:
            super().handle_one_request()
        except ConnectionError:
            self.close_connection = True

    def serve(self):
        target, _, query = self.path.partition("?")
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else b""
        world, path = self.server.find_world(urllib.parse.unquote(target))
        if world is None:
            return self.send(Reply(404, raw=b"no such host here\n", content_type="text/plain"))
        if path.startswith("/_control/"):
            return self.send(self.run_control(world, path[len("/_control/"):], query, body))
        request = Request(self.command, path, query, self.headers, body)
        entry = world.log_entry(request)
        begun = time.monotonic()
        try:
            reply = perform(world, request, entry)
            entry["status"] = reply.status
            self.send(reply)
        except Dropped as cut:
            entry["status"] = 0
            self.drop(cut.half)
        finally:
            entry["ms"] = round((time.monotonic() - begun) * 1000, 3)
        return None

    do_GET = do_POST = do_DELETE = do_PUT = do_PATCH = serve

    def run_control(self, world, path, query, body):
        params = dict(urllib.parse.parse_qsl(query))
        try:
            made = control(world, self.command, path, params, json.loads(body) if body else None)
        except (ValueError, KeyError, TypeError) as bad:
            return Reply(400, {"error": "%s: %s" % (type(bad).__name__, bad)})
        return Reply(404, {"error": "no such control call"}) if made is None else Reply(200, made)

    def send(self, reply):
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.raw)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.raw)
        self.wfile.flush()

    def drop(self, half):
        if half:
            self.wfile.write(half)
            self.wfile.flush()
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *args):
        pass


class FakeServer(ThreadingHTTPServer):
    """Worlds by path prefix, longest first."""

    daemon_threads = True
    request_queue_size = 512

    def __init__(self, worlds, port=0):
        self.worlds = sorted(worlds.items(), key=lambda item: -len(item[0]))
        super().__init__(("127.0.0.1", port), Handler)

    @property
    def address(self):
        return "127.0.0.1:%d" % self.server_address[1]

    def find_world(self, path):
        for prefix, world in self.worlds:
            if path == prefix or path.startswith(prefix + "/"):
                return world, path[len(prefix):] or "/"
        return None, path

    def handle_error(self, request, client_address):
        kind = sys.exc_info()[0]
        if kind is None or not issubclass(kind, (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)


def start(worlds, port=0):
    """Serves in a thread of this process; returns the server (shutdown() ends it)."""
    server = FakeServer(worlds, port)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05},
                     daemon=True).start()
    return server
