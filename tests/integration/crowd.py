"""A PBX that never waits: calls at a steady rate, each of several webhooks, sent when they are due whether the
ones before are answered or not, each on a connection that is free. Notes every answer; says what is missing in
the topic, or stands there in another order than it was sent. Given several fronts it does as a proxy before them
does: a webhook that one does not take, or does not answer, goes to the next. Standard library only.
"""

import collections
import heapq
import json
import selectors
import socket
import threading
import time

import mango

PER_CALL = 8
TRIES = 4
APART_S = 0.25  # between two webhooks of a call: sent one after the other, received so
GIVE_UP_S = 15


class Sent:
    """One webhook. status 0: no answer came."""

    def __init__(self, call, number, path, text, document):
        self.call, self.number, self.path, self.text, self.document = call, number, path, text, document
        self.at = self.seconds = 0.0
        self.status = None
        self.tries = 0

    @property
    def key(self):
        return self.call, self.number


class Crowd:
    """Sends `rate` webhooks a second from start() until stop(), which waits for the last answers. `fronts` may
    change when an ingest is started anew."""

    per_call = PER_CALL
    whole = False   # a call that has begun is sent to its end, whatever stop() says

    def __init__(self, fronts, document, rate, name="crowd"):
        self.fronts, self.rate, self.name, self.document = list(fronts), rate, name, document
        self.sent = []
        self.idle = collections.deque()
        self.waiting = {}
        self.selector = selectors.DefaultSelector()
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.error = None

    def start(self):
        self.thread.start()
        return self

    def stop(self):
        self.ending.set()
        self.thread.join()
        for sock in self.idle:
            sock.close()
        if self.error:
            raise self.error

    def webhooks(self, call):
        """[Sent] of a call: names that nobody can take for a notification, which is as good to ingest."""
        return [Sent(call, number, "events/call", json.dumps(
            {"entry_id": call, "number": number, "name": "Пётр %d" % number}, ensure_ascii=False, separators=(", ", ":")),
            self.document) for number in range(self.per_call)]

    def run(self):
        try:
            self.work()
        except Exception as error:  # noqa: BLE001 - the one who stops us is told
            self.error = error

    def work(self):
        due, calls, begun = [], 0, time.monotonic()
        while not self.ending.is_set() or self.waiting or (self.whole and due):
            now = time.monotonic()
            while not self.ending.is_set() and begun + calls * self.per_call / self.rate <= now:
                heapq.heappush(due, (now, calls, self.webhooks("%s-%d" % (self.name, calls))))
                calls += 1
            while due and due[0][0] <= now and (not self.ending.is_set() or self.whole):
                at, call, left = heapq.heappop(due)
                self.send(left[0])
                if left[1:]:
                    heapq.heappush(due, (at + APART_S, call, left[1:]))
            for key, _ in self.selector.select(0.005):
                self.receive(key.fileobj)
            for sock, sent in list(self.waiting.items()):
                if time.monotonic() - sent.at < GIVE_UP_S:
                    break
                self.ended(sock, sent, 0)

    def connection(self):
        """One that is free and still open, or a new one, to the first of the fronts that takes it; they take turns."""
        while self.idle:
            sock = self.idle.popleft()
            try:
                sock.recv(1, socket.MSG_PEEK)
            except BlockingIOError:
                return sock
            except OSError:
                pass
            sock.close()
        for left in reversed(range(len(self.fronts))):
            self.fronts.append(self.fronts.pop(0))
            host, _, port = self.fronts[-1].rpartition(":")
            try:
                sock = socket.create_connection((host, int(port)), timeout=5)
            except OSError:
                if not left:
                    raise
                continue
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setblocking(False)  # a webhook fits into a socket's buffer
            return sock
        raise OSError("no front")

    def send(self, sent):
        body = mango.form(sent.document["mango"]["api_key"], sent.document["mango"]["api_salt"], sent.text.encode(), "plus", None)
        head = ("POST /%s HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded"
                "\r\nContent-Length: %d\r\n\r\n" % (sent.path, len(body))).encode()
        if not sent.tries:
            sent.at = time.monotonic()
            self.sent.append(sent)
        sent.tries += 1
        try:
            sock = self.connection()
            sock.sendall(head + body)
        except OSError:
            self.failed(sent)
            return
        self.waiting[sock] = sent
        self.selector.register(sock, selectors.EVENT_READ)

    def failed(self, sent):
        """Again, where there is somebody else to ask."""
        if len(self.fronts) > 1 and sent.tries < TRIES:
            self.send(sent)
        else:
            sent.status = 0

    def receive(self, sock):
        try:
            got = sock.recv(4096)
        except OSError:
            got = b""
        self.ended(sock, self.waiting[sock], int(got.split(b" ")[1]) if got else 0)

    def ended(self, sock, sent, status):
        sent.status, sent.seconds = status, time.monotonic() - sent.at
        del self.waiting[sock]
        self.selector.unregister(sock)
        if status:
            self.idle.append(sock)
        else:
            sock.close()
            self.failed(sent)

    # what came of it

    def answered(self, status=200):
        return [sent for sent in self.sent if sent.status == status]

    def statuses(self):
        return dict(collections.Counter(sent.status for sent in self.sent))

    def worst(self):
        return max((sent.seconds for sent in self.sent if sent.status), default=0.0)

    def key_of(self, message):
        """Sent.key of a record, None if it is none of ours."""
        if not (message.key or "").startswith("%s/%s-" % (self.document["account"], self.name)):
            return None
        return message.doc["entry_id"], message.doc["number"]

    def places(self, events):
        """{(call, number): where it stands first in its partition}, and the text that stands there."""
        made = {}
        for message in list(events):
            key = self.key_of(message)
            if key:
                made.setdefault(key, (message.offset, message.value, message.headers))
        return made

    def missing(self, events):
        places = self.places(events)
        return [sent for sent in self.answered() if sent.key not in places]

    def spoilt(self, events):
        """What is not byte for byte what was sent."""
        places = self.places(events)
        return [sent for sent in self.sent if sent.key in places and places[sent.key][1] != sent.text]

    def disordered(self, events):
        """Pairs of a call, both answered 200, whose first places are the wrong way round."""
        places = self.places(events)
        calls = collections.defaultdict(list)
        for sent in self.answered():
            if sent.key in places:
                calls[sent.call].append((sent.number, places[sent.key][0]))
        made = []
        for call, rows in calls.items():
            rows.sort()
            made += [(call, a[0], b[0]) for a, b in zip(rows, rows[1:]) if a[1] > b[1]]
        return made
