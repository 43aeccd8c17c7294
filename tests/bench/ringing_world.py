"""The outside of `make bench-ringing` in one process and on one clock: MANGO's sender, its API, and Megaplan.

Answers what worker crm asks while it rings, after a fixed latency; remembers when each request's first byte was
there. MANGO counts what it would refuse: over ten requests a second or a route in two of one PBX, a wrong
signature, a second command of one call. Standard library only; asyncio, one thread.
"""

import asyncio
import hashlib
import json
import re
import time
import urllib.parse

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
WINDOWS = {"": (10, 1.0), "commands/route": (1, 2.0)}


def now():
    return time.monotonic()


def envelope(data):
    return json.dumps({"meta": {"status": 200, "errors": []}, "data": data}).encode()


def client_of(number):
    """A client for each number; its id tells the number."""
    return {"contentType": "ContractorHuman", "id": "1" + number, "name": "Клиент %s" % number, "isDropped": False,
            "contactInfo": [{"contentType": "ContactInfo", "type": "phone", "value": "+" + number}],
            "responsibles": [{"contentType": "Employee", "id": "1000005"}]}


EMPLOYEES = [{"contentType": "Employee", "id": "1000005", "name": "Петров Пётр", "isWorking": True, "canLogin": True}]


class Peer(asyncio.Protocol):
    """One connection of worker crm's."""

    def __init__(self, world):
        self.world = world
        self.buffer = b""
        self.transport = None
        self.first = None

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        if not self.buffer:
            self.first = now()
        self.buffer += data
        head, end, body = self.buffer.partition(b"\r\n\r\n")
        if not end:
            return
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        if length and len(body) < int(length.group(1)):
            return
        self.buffer = b""
        line = head.partition(b"\r\n")[0].decode()
        method, target, _ = line.split(" ")
        answer, delay = self.world.request(method, target, body, self.first)
        if answer is None:
            return  # hangs
        asyncio.get_running_loop().call_later(max(0.0, self.first + delay - now()), self.say, answer)

    def say(self, answer):
        if not self.transport.is_closing():
            self.transport.write(HEAD % len(answer) + answer)


class World:
    """All accounts. latency_s: Megaplan's; MANGO answers at once."""

    def __init__(self, salts):
        self.latency_s = 0.05
        self.salts = salts
        self.commands = {}    # entry_id: when
        self.popups = {}      # entry_id: when its create was there
        self.visits = {}      # dct number: when
        self.violations = []
        self.requests = 0
        self.windows = {}
        self.lag_s = 0.0      # the longest that this process itself was late

    # Megaplan

    def request(self, method, target, body, at):
        self.requests += 1
        if target.startswith("/hang"):
            return None, 0
        if "/vpbx/" in target:
            return self.mango(target.partition("/vpbx/")[2], body, at), 0
        path, _, query = target.partition("?")
        return self.megaplan(method, path, urllib.parse.unquote(query), body, at), self.latency_s

    def megaplan(self, method, path, query, body, at):
        if path.endswith("/callRoute"):
            number = json.loads(query)["phone"]
            return envelope({"contentType": "CallRoute", "type": "responsible", "timeout": 20, "employees": [],
                             "users": [{"contentType": "ContractorHuman", "id": "1" + number}]})
        if path.endswith("/employee"):
            return envelope(EMPLOYEES)
        if path.endswith("/callInfo") and method == "POST":
            entry = json.loads(body)["providerId"]
            if entry in self.popups:
                self.violations.append("a second CallInfo of " + entry)
            self.popups[entry] = at
            return envelope({"contentType": "CallInfo", "id": str(len(self.popups)), "providerId": entry})
        if "/callInfo/" in path and method == "POST":
            doc = json.loads(body)
            doc = doc[0] if isinstance(doc, list) else doc
            made = {"contentType": "CallInfo", "id": "1", "providerId": doc["providerId"]}
            return envelope([made] if path.endswith("/history") else made)
        return envelope(client_of(path.rpartition("/")[2][1:]))

    # MANGO

    def mango(self, method, body, at):
        form = dict(urllib.parse.parse_qsl(body.decode()))
        key = form["vpbx_api_key"]
        wanted = hashlib.sha256((key + form["json"] + self.salts[key]).encode()).hexdigest()
        if form["sign"] != wanted:
            self.violations.append("a wrong signature")
        for name in ("", method):
            if name not in WINDOWS:
                continue
            most, seconds = WINDOWS[name]
            times = [t for t in self.windows.get((key, name), []) if t > at - seconds] + [at]
            self.windows[key, name] = times
            if len(times) > most:
                self.violations.append("over the limit of %s" % (name or "all methods"))
        doc = json.loads(form["json"])
        if method == "commands/route":
            entry = doc["command_id"].rpartition("~")[0]
            if entry in self.commands:
                self.violations.append("a second command of " + entry)
            self.commands[entry] = at
            return b'{"result":1000}'
        self.visits[doc["number"]] = at
        return b"{}"

    # what MANGO sends

    async def serve(self):
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Peer(self), "127.0.0.1", 0, backlog=4096)
        return "127.0.0.1:%d" % server.sockets[0].getsockname()[1]

    async def watch_itself(self):
        while True:
            begun = now()
            await asyncio.sleep(0.01)
            self.lag_s = max(self.lag_s, now() - begun - 0.01)


def form(key, salt, doc):
    text = json.dumps(doc, separators=(",", ":"))
    sign = hashlib.sha256((key + text + salt).encode()).hexdigest()
    return "vpbx_api_key=%s&sign=%s&json=%s" % (key, sign, urllib.parse.quote(text, safe=""))


class Sender:
    """Posts webhooks over a few connections kept alive."""

    def __init__(self, address, connections):
        self.host, _, port = address.partition(":")
        self.port = int(port)
        self.idle = asyncio.Queue()
        self.connections = connections

    async def open(self):
        for _ in range(self.connections):
            self.idle.put_nowait(await asyncio.open_connection(self.host, self.port))

    async def post(self, body):
        """When it was sent; RuntimeError unless answered 200."""
        reader, writer = await self.idle.get()
        sent = now()
        writer.write(b"POST /events/call HTTP/1.1\r\nHost: bench\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                     b"Content-Length: %d\r\n\r\n" % len(body) + body.encode())
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: *(\d+)", head)
        if length:
            await reader.readexactly(int(length.group(1)))
        self.idle.put_nowait((reader, writer))
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError("a webhook was answered " + head.decode("ascii", "replace").partition("\r\n")[0])
        return sent
