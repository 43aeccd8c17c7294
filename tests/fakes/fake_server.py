"""The network half of a fake: HTTP/1.1 over kept-alive connections, one thread for what is quick.

A loop reads requests and answers those that meet no fault and no control call by itself; the others
wait in a thread of their own, so that a hang or a gate holds nobody else. One process serves about 5,000
requests a second for hundreds of accounts ("log" off, else it remembers 2 KiB of each). Knows nothing of faults
beyond Dropped, and nothing of any API.
"""

import argparse
import collections
import heapq
import http
import itertools
import select
import selectors
import signal
import socket
import struct
import sys
import threading
import time
import traceback
import urllib.parse

from fake_http import Dropped, Reply, Request, apply_control, perform_quickly, perform_slowly

HEAD_LIMIT = 256 * 1024
READ = 256 * 1024
REASONS = {status.value: status.phrase for status in http.HTTPStatus}
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
STAMPS = 35                         # SO_TIMESTAMPNS: the kernel says when the bytes came
STAMP = struct.Struct("@ll")        # struct timespec, unix time


class Headers(dict):
    """By lower-case name; get() takes any case."""

    def get(self, name, default=None):
        return super().get(name.lower(), default)


class Connection:
    """One connection: what came and is not handled yet."""

    def __init__(self, sock):
        self.sock = sock
        self.came = bytearray()
        self.arrived = time.time()  # the last of them, by the kernel: a busy fake reads them later
        self.busy = False
        self.told = False    # 100 Continue was sent for what is being read
        self.ends = False    # after this answer

    def take(self):
        """The next whole request (method, target, headers, body), None while it is not all there."""
        end = self.came.find(b"\r\n\r\n")
        if end < 0:
            if len(self.came) > HEAD_LIMIT:
                raise ConnectionError("a head without an end")
            return None
        lines = self.came[:end].decode("latin-1").split("\r\n")
        headers = Headers()
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        length = int(headers.get("content-length") or 0)
        if len(self.came) < end + 4 + length:
            if not self.told and headers.get("expect"):
                self.told = True
                self.sock.sendall(CONTINUE)
            return None
        body = bytes(self.came[end + 4:end + 4 + length])
        del self.came[:end + 4 + length]
        self.told = False
        method, target, version = lines[0].split(" ", 2)
        self.ends = version == "HTTP/1.0" or headers.get("connection", "").lower() == "close"
        return method, target, headers, body


def written(reply):
    """The bytes of a whole reply."""
    more = "".join("%s: %s\r\n" % pair for pair in reply.headers.items())
    head = "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n%s\r\n" % (
        reply.status, REASONS.get(reply.status, "Unknown"), reply.content_type, len(reply.raw), more)
    return head.encode() + reply.raw


class FakeServer:
    """Worlds by path prefix, the longest that fits wins. serve_forever() runs the loop."""

    def __init__(self, worlds, port=0, host="127.0.0.1"):
        self.worlds = dict(worlds)
        self.depth = max(prefix.count("/") for prefix in self.worlds)
        self.selector = selectors.DefaultSelector()
        self.connections = set()
        self.tasks = collections.deque()    # what threads leave to the loop: (function, arguments)
        self.timers = []                    # (due, number, function, arguments)
        self.numbers = itertools.count()
        self.stopping = False
        self.ended = threading.Event()
        self.woken, self.waker = socket.socketpair()
        self.woken.setblocking(False)
        self.selector.register(self.woken, selectors.EVENT_READ)
        self.listener = None
        self.host = host
        self.open_listener(port)
        self.server_address = self.listener.getsockname()

    @property
    def address(self):
        return "%s:%d" % self.server_address

    def find_world(self, path):
        end = -1
        ends = [len(path)]
        for _ in range(self.depth + 1):
            end = path.find("/", end + 1)
            if end < 0:
                break
            ends.append(end)
        for end in sorted(ends, reverse=True):
            world = self.worlds.get(path[:end])
            if world is not None:
                return world, path[end:] or "/"
        return None, path

    # the loop

    def serve_forever(self, poll_interval=0.5):
        del poll_interval
        try:
            while not self.stopping:
                self.turn()
        finally:
            self.ended.set()

    def turn(self):
        wait = max(0.0, self.timers[0][0] - time.monotonic()) if self.timers else None
        read = []
        for key, _ in self.selector.select(wait):
            if key.fileobj is self.listener:
                self.accept()
            elif key.fileobj is self.woken:
                self.woken.recv(4096)
            elif self.readable(key.data):
                read.append(key.data)
        for connection in sorted(read, key=lambda c: c.arrived) if len(read) > 1 else read:
            self.guarded(self.handle, connection)
        while self.tasks:
            function, arguments = self.tasks.popleft()
            function(*arguments)
        while self.timers and self.timers[0][0] <= time.monotonic():
            _, _, function, arguments = heapq.heappop(self.timers)
            function(*arguments)

    def later(self, seconds, function, *arguments):
        """The loop runs it so long from now. Only the loop calls this."""
        heapq.heappush(self.timers, (time.monotonic() + seconds, next(self.numbers), function,
                                     arguments))

    def leave(self, function, *arguments):
        """The loop runs it next. From any thread."""
        self.tasks.append((function, arguments))
        self.wake()

    def accept(self):
        try:
            sock, _ = self.listener.accept()
        except OSError:
            return
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, STAMPS, 1)
        connection = Connection(sock)
        self.connections.add(connection)
        self.selector.register(sock, selectors.EVENT_READ, connection)

    def readable(self, connection):
        """Takes what came; whether a request may be there to be handled."""
        stamps = ()
        try:
            data, stamps, _, _ = connection.sock.recvmsg(READ, 64)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        if not data:
            self.close(connection)
            return False
        connection.came += data
        connection.arrived = time.time()
        for _, kind, stamp in stamps:
            if kind == STAMPS:
                seconds, nanoseconds = STAMP.unpack(stamp)
                connection.arrived = seconds + nanoseconds / 1e9
        return not connection.busy

    def guarded(self, function, connection, *more):
        """A broken connection is its client's business, anything else a fault of the fake."""
        try:
            function(connection, *more)
        except (OSError, ConnectionError, ValueError) as bad:
            if isinstance(bad, ValueError):
                traceback.print_exc()
            self.close(connection)

    def handle(self, connection):
        """All requests of a connection that are there, until one has to wait."""
        while not connection.busy:
            taken = connection.take()
            if taken is None:
                return
            self.begin(connection, *taken)

    def begin(self, connection, method, target, headers, body):
        path, _, query = target.partition("?")
        if "%" in path:
            path = urllib.parse.unquote(path)
        world, path = self.find_world(path)
        if world is None:
            return self.answer(connection, Reply(404, raw=b"no such host here\n",
                                                 content_type="text/plain"))
        if path.startswith("/_control/"):
            return self.aside(connection, self.run_control, world, method,
                              path[len("/_control/"):], query, body)
        request = Request(method, path, query, headers, body, connection.arrived)
        entry = world.log_entry(request)
        world.arrive(request)
        faults = world.matching(request)
        if faults:
            return self.aside(connection, self.run_slowly, world, request, entry, faults)
        reply = perform_quickly(world, request, entry)
        if world.latency_s:
            connection.busy = True
            return self.later(world.latency_s, self.guarded, self.finish, connection, written(reply))
        return self.answer(connection, reply)

    def answer(self, connection, reply):
        """Writes at once; what the socket does not take goes on in a thread."""
        data = written(reply)
        try:
            sent = connection.sock.send(data)
        except BlockingIOError:
            sent = 0
        if sent < len(data):
            self.aside(connection, self.run_send, data[sent:])
        elif connection.ends:
            self.close(connection)

    def finish(self, connection, data):
        """A delayed answer is due."""
        connection.busy = False
        connection.sock.setblocking(True)
        connection.sock.sendall(data)
        connection.sock.setblocking(False)
        if connection.ends:
            return self.close(connection)
        return self.handle(connection)

    def close(self, connection):
        if connection in self.connections:
            self.connections.discard(connection)
            try:
                self.selector.unregister(connection.sock)
            except (KeyError, ValueError):
                pass
            connection.sock.close()

    # threads

    def aside(self, connection, function, *more):
        """Runs function(connection, ...) in a thread; the loop leaves the connection alone meanwhile."""
        connection.busy = True
        self.selector.unregister(connection.sock)
        connection.sock.setblocking(True)
        threading.Thread(target=self.run_aside, args=(connection, function) + more,
                         daemon=True).start()

    def run_aside(self, connection, function, *more):
        try:
            function(connection, *more)
        except (OSError, ConnectionError):
            connection.ends = True
        except Exception:  # noqa: BLE001
            traceback.print_exc()
            connection.ends = True
        self.leave(self.taken_back, connection)

    def wake(self):
        try:
            self.waker.send(b"x")
        except OSError:
            pass

    def taken_back(self, connection):
        connection.busy = False
        if connection.ends:
            return self.close(connection)
        connection.sock.setblocking(False)
        self.selector.register(connection.sock, selectors.EVENT_READ, connection)
        return self.guarded(self.handle, connection)

    def run_send(self, connection, data):
        connection.sock.sendall(data)

    def run_slowly(self, connection, world, request, entry, faults):
        def client_left(seconds):
            """Waits so long for the client to hang up."""
            return bool(select.select([connection.sock], [], [], seconds)[0])
        try:
            connection.sock.sendall(written(perform_slowly(world, request, entry, faults,
                                                           client_left)))
        except Dropped as cut:
            self.drop(connection, cut, client_left)

    def drop(self, connection, cut, client_left):
        """Sends what there is, whole or piece by piece, and cuts."""
        connection.ends = True
        step = len(cut.half) if not cut.every_s else 1
        for at in range(0, len(cut.half), max(1, step)):
            connection.sock.sendall(cut.half[at:at + step])
            if cut.every_s and client_left(cut.every_s):
                break
        if cut.hang_s:
            client_left(cut.hang_s)
        try:
            connection.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def run_control(self, connection, world, method, path, query, body):
        reply = apply_control(self, world, method, path, query, body)
        connection.sock.sendall(written(reply))

    # the door

    def open_listener(self, port=None):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((self.host, self.server_address[1] if port is None else port))
        listener.listen(512)
        listener.setblocking(False)
        self.listener = listener
        self.selector.register(listener, selectors.EVENT_READ)

    def refuse_for(self, seconds):
        """New connections are refused so long, and those that rest are closed: the whole process,
        control calls too, is out of reach. From any thread; returns at once."""
        self.leave(self.later, 0.05, self.shut, seconds)  # whoever asks is answered before

    def shut(self, seconds):
        self.selector.unregister(self.listener)
        self.listener.close()
        for connection in [c for c in self.connections if not c.busy]:
            self.close(connection)
        self.later(seconds, self.open_listener)

    # end

    def shutdown(self):
        self.stopping = True
        self.wake()
        self.ended.wait(10)

    def server_close(self):
        for connection in list(self.connections):
            self.close(connection)
        self.listener.close()
        self.selector.close()
        self.waker.close()
        self.woken.close()


def start(worlds, port=0, host="127.0.0.1"):
    """Serves in a thread of this process; returns the server (shutdown() ends it)."""
    server = FakeServer(worlds, port, host)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def run(start_worlds, described, of_what):
    """A fake as a program: its address is its first line; ends on SIGTERM and SIGINT. start_worlds(prefixes,
    port, host) gives (server, worlds)."""
    parser = argparse.ArgumentParser(description=described.splitlines()[0])
    parser.add_argument("--host", default="127.0.0.1", help="where it listens (127.0.0.1)")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--prefix", action="append", help="path prefix of one account's " + of_what)
    options = parser.parse_args()
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    server, _ = start_worlds(options.prefix or [""], options.port, options.host)
    print("http://" + server.address, flush=True)
    ended.wait()
    server.shutdown()


if __name__ == "__main__":
    sys.exit("fake_server is no program: start megaplan.py")
