"""A wire between a process under test and what it talks to: it can be cut, its bytes can wait, and one
Kafka record can be caught on its way, there or back, while everything else goes on.

    open    bytes pass
    held    bytes wait in both directions, connections stand
    cut     connections are closed, new ones at once

Towards Kafka bytes go by whole requests and answers; the broker's own address in an answer (it tells
everybody where to find it) becomes the wire's, so that no connection goes past it. What a dead client has
left in the wire still arrives. A thread per direction of a connection; any thread may steer.
"""

import contextlib
import socket
import struct
import threading

HOST = "127.0.0.1"
CHUNK = 64 * 1024
STATES = ("open", "held", "cut")


class Wire:
    """`target` is HOST:PORT on this machine; `kafka`: see the file's head."""

    def __init__(self, target, kafka):
        host, _, port = target.rpartition(":")
        self.target = (host, int(port))
        self.kafka = kafka
        self.changed = threading.Condition()
        self.state = "open"
        self.wanted = None    # (up, text of the record) that is to be caught
        self.holder = None    # the side whose bytes it was among: they wait
        self.sockets = set()
        self.listener = socket.create_server((HOST, 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        self.address = "%s:%d" % (HOST, self.port)
        threading.Thread(target=self.accept, daemon=True).start()

    # steering

    def set(self, state, catch=None, answer=False):
        """open lets go what was caught, too. `catch`: the next request (or answer) with this text, and all
        that follows it from that side, waits until the next open; it may be among what is held already."""
        if state not in STATES:
            raise ValueError("a wire is one of %s" % ", ".join(STATES))
        with self.changed:
            self.state = state
            if state != "held":
                self.holder = None
            self.wanted = catch and (not answer, catch.encode())
            if state == "cut":
                self.hang_up()
            self.changed.notify_all()

    def wait_caught(self, timeout):
        with self.changed:
            return self.changed.wait_for(lambda: self.holder is not None, timeout)

    def close(self):
        self.set("cut")
        self.listener.close()

    # connections

    def hang_up(self):
        for sock in self.sockets:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def accept(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            with self.changed:
                refused = self.state == "cut"
            try:
                server = None if refused else socket.create_connection(self.target)
            except OSError:
                server = None
            if server is None:
                client.close()
                continue
            for sock in (client, server):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.changed:
                self.sockets |= {client, server}
            for up, ends in ((True, (client, server)), (False, (server, client))):
                threading.Thread(target=self.carry, args=(up, *ends), daemon=True).start()

    def carry(self, up, source, sink):
        """Everything from one side to the other, until its end."""
        try:
            while True:
                data = self.read(source)
                if not data:
                    break
                self.wait_turn(up, source, data)
                sink.sendall(data if up else self.renamed(data))
        except OSError:
            pass
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR if up else socket.SHUT_RDWR)
        with self.changed:
            self.sockets.discard(source)

    def read(self, source):
        """The next piece: of Kafka a whole message with its length."""
        if not self.kafka:
            return source.recv(CHUNK)
        head = self.exactly(source, 4)
        return head and head + self.exactly(source, struct.unpack(">i", head)[0])

    @staticmethod
    def exactly(source, count):
        made = b""
        while len(made) < count:
            piece = source.recv(count - len(made))
            if not piece:
                return b""
            made += piece
        return made

    def wait_turn(self, up, source, data):
        """What has been caught once passes when its time has come, whatever is to be caught next."""
        caught = False
        with self.changed:
            while self.state != "cut":
                if self.state == "open" and not caught and self.is_wanted(up, data):
                    caught = True
                    self.wanted, self.holder = None, source
                    self.changed.notify_all()
                if self.state == "open" and self.holder is not source:
                    return
                self.changed.wait()

    def is_wanted(self, up, data):
        return self.wanted is not None and self.wanted[0] == up and self.wanted[1] in data

    def renamed(self, data):
        """The broker's address, as metadata and coordinators are told, is the wire's."""
        if not self.kafka:
            return data
        host = HOST.encode()
        return data.replace(host + struct.pack(">i", self.target[1]), host + struct.pack(">i", self.port))
