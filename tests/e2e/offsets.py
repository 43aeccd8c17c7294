"""How much stands in the topics of one broker: ends of all partitions, by Kafka's own protocol, in a millisecond.
Kafka is the product's only memory: as long as no end moves, nothing has changed.
"""

import socket
import struct

METADATA, LIST_OFFSETS, LATEST = 3, 2, -1


def text(value):
    made = value.encode()
    return struct.pack(">h", len(made)) + made


class Reader:
    """Takes an answer apart."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, form):
        made, = struct.unpack_from(">" + form, self.data, self.at)
        self.at += struct.calcsize(">" + form)
        return made

    def text(self):
        size = self.take("h")
        if size < 0:
            return None
        self.at += size
        return self.data[self.at - size:self.at].decode()


class Offsets:
    """Asks one broker (host:port) on one connection. Not thread-safe."""

    def __init__(self, broker, prefix):
        host, _, port = broker.rpartition(":")
        self.socket = socket.create_connection((host, int(port)), timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.partitions = {name: made for name, made in self.topics().items() if name.startswith(prefix)}

    def ask(self, key, body):
        head = struct.pack(">hhi", key, 1, 1) + text("e2e")
        self.socket.sendall(struct.pack(">i", len(head) + len(body)) + head + body)
        size, = struct.unpack(">i", self.exactly(4))
        return Reader(self.exactly(size)[4:])

    def exactly(self, size):
        made = b""
        while len(made) < size:
            part = self.socket.recv(size - len(made))
            if not part:
                raise OSError("the broker hung up")
            made += part
        return made

    def topics(self):
        """{topic: partitions}"""
        r = self.ask(METADATA, struct.pack(">i", -1))
        for _ in range(r.take("i")):
            r.take("i"), r.text(), r.take("i"), r.text()
        r.take("i")
        made = {}
        for _ in range(r.take("i")):
            r.take("h")
            name = r.text()
            r.take("b")
            made[name] = r.take("i")
            for _ in range(made[name]):
                r.take("h"), r.take("i"), r.take("i")
                for _ in range(2):
                    replicas = r.take("i")
                    r.at += 4 * replicas
        return made

    def ends(self):
        """{topic: sum of its partitions' ends}"""
        body = struct.pack(">ii", -1, len(self.partitions))
        for name, count in self.partitions.items():
            body += text(name) + struct.pack(">i", count)
            body += b"".join(struct.pack(">iq", n, LATEST) for n in range(count))
        r = self.ask(LIST_OFFSETS, body)
        made = {}
        for _ in range(r.take("i")):
            name = r.text()
            made[name] = 0
            for _ in range(r.take("i")):
                r.take("i"), r.take("h"), r.take("q")
                made[name] += r.take("q")
        return made
