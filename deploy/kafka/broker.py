"""Apache Kafka's nodes as processes: jars, property files, start and end. Knows nothing of who asks (run, beside this)."""

import ctypes
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
BUILD = HERE.parent.parent / "build"
JARS = BUILD / "kafka-libs"
CLUSTER_ID = "4L6g3nShT-eMCtK--X86sw"  # any 22 characters of base64
STOP_SECONDS = 20

PROPERTIES = """\
process.roles=broker,controller
node.id={number}
controller.quorum.voters={voters}
listeners={protocol}://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners={protocol}://127.0.0.1:{port}
controller.listener.names=CONTROLLER
inter.broker.listener.name={protocol}
listener.security.protocol.map=CONTROLLER:PLAINTEXT,{protocol}:{protocol}
log.dirs={data}
num.network.threads=2
num.io.threads=4
num.partitions={partitions}
# Who makes which topic is part of what is tested.
auto.create.topics.enable=false
default.replication.factor={nodes}
min.insync.replicas={quorum}
offsets.topic.replication.factor={nodes}
offsets.topic.num.partitions=4
transaction.state.log.replication.factor={nodes}
transaction.state.log.min.isr={quorum}
transaction.state.log.num.partitions=4
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
# The default of 128 MB does not fit into the heap.
log.cleaner.dedupe.buffer.size=16777216
# A node that was killed waits until its own dead session ends.
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
"""

# TLS and a password, both required, between the nodes too. PEM: kafka.apache.org/documentation, "SSL key and certificates in PEM format".
SECURE = """\
ssl.keystore.type=PEM
ssl.keystore.location={folder}/server.pem
ssl.truststore.type=PEM
ssl.truststore.location={folder}/ca.pem
sasl.enabled.mechanisms=PLAIN
sasl.mechanism.inter.broker.protocol=PLAIN
listener.name.sasl_ssl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \
username="{user}" password="{password}" user_{user}="{password}";
"""
USER = "mangoplan"

LOG4J = """\
status=error
rootLogger.level=info
rootLogger.appenderRef.c.ref=C
appender.c.type=Console
appender.c.name=C
appender.c.layout.type=PatternLayout
appender.c.layout.pattern=[%d] %p %m (%c)%n
"""


class Failed(Exception):
    pass


def fetch_jars():
    """Into a folder of its own first, so that an interrupted download is never taken for a whole one."""
    if JARS.is_dir():
        return
    for tool in ("java", "mvn"):
        if not shutil.which(tool):
            raise Failed(f"{tool} is missing: run deploy/install-deps kafka")
    BUILD.mkdir(exist_ok=True)
    part = tempfile.mkdtemp(prefix="kafka-libs.", dir=BUILD)
    print("kafka: fetching the jars from Maven Central, once", file=sys.stderr)
    try:
        done = subprocess.run(
            ["mvn", "-B", "-q", "-f", str(HERE / "pom.xml"), "dependency:copy-dependencies",
             f"-DoutputDirectory={part}", "-DincludeScope=runtime"],
            stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False)
        if done.returncode != 0:
            raise Failed("mvn could not fetch the jars")
        os.chmod(part, 0o755)
        os.rename(part, JARS)
    except OSError:
        if not JARS.is_dir():  # another run was faster: as good
            raise
    finally:
        shutil.rmtree(part, ignore_errors=True)


def free_ports(count):
    """Bound all at once, so that they differ; closed again before the broker takes them. Below those that the system
    gives to connections (32768 and on), so that none of these takes one meanwhile, or while its server restarts."""
    held = []
    while len(held) < count:
        try:
            held.append(socket.create_server(("127.0.0.1", random.randrange(12000, 32000))))
        except OSError:
            pass
    ports = [s.getsockname()[1] for s in held]
    for s in held:
        s.close()
    return ports


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: a killed starter leaves no broker
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


def openssl(*args):
    done = subprocess.run(["openssl", *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    if done.returncode != 0:
        raise Failed("openssl: " + done.stdout[-1000:])


def make_secrets(folder):
    """ca.pem (who connects checks by it), server.pem (key and chain) and password, for one run."""
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
    new_key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl("req", "-x509", *new_key, "-keyout", f"{folder}/ca.key", "-out", f"{folder}/ca.pem", "-days", "2",
            "-subj", "/CN=Mangoplan test CA")
    openssl("req", *new_key, "-keyout", f"{folder}/server.key", "-out", f"{folder}/server.csr", "-subj", "/CN=localhost")
    openssl("x509", "-req", "-in", f"{folder}/server.csr", "-CA", f"{folder}/ca.pem", "-CAkey", f"{folder}/ca.key",
            "-CAcreateserial", "-out", f"{folder}/server.crt", "-days", "2", "-extfile", f"{folder}/names")
    (folder / "server.pem").write_text("".join((folder / name).read_text() for name in ("server.key", "server.crt", "ca.pem")))
    (folder / "password").write_text(os.urandom(16).hex())


class Node:
    """One of them, a broker and a controller."""

    def __init__(self, home, number, port, text, opts):
        self.home, self.number, self.port, self.opts = home / str(number), number, port, opts
        self.log, self.data = self.home / "kafka.log", self.home / "data"
        self.data.mkdir(parents=True)
        (self.home / "server.properties").write_text(text.replace("{data}", str(self.data)))
        (self.home / "log4j2.properties").write_text(LOG4J)
        self.process = None

    def java(self, name, *args):
        jit = [] if self.opts.measure else ["-XX:TieredStopAtLevel=1"]
        return ["java", f"-Xmx{self.opts.heap}", "-XX:+UseSerialGC", *jit,
                f"-Dlog4j2.configurationFile={self.home / 'log4j2.properties'}", "-cp", str(JARS / "*"), name, *args]

    def format(self):
        """Takes 2.6 s, so a formatted folder is kept as a template and copied."""
        template = BUILD / f"kafka-template-{self.number}"
        if template.is_dir():
            shutil.copytree(template, self.data, dirs_exist_ok=True)
            return
        done = subprocess.run(
            self.java("kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", str(self.home / "server.properties")),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode != 0:
            raise Failed("format failed: " + done.stdout[-2000:])
        part = tempfile.mkdtemp(prefix="kafka-template.", dir=BUILD)
        shutil.copytree(self.data, part, dirs_exist_ok=True)
        try:
            os.rename(part, template)
        except OSError:
            shutil.rmtree(part, ignore_errors=True)

    def start(self):
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                self.java("kafka.Kafka", str(self.home / "server.properties")), stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, cwd=self.home, preexec_fn=die_with_parent)

    def ready(self):
        return b"Kafka Server started" in self.log.read_bytes()

    def running(self):
        return self.process is not None and self.process.poll() is None

    def said(self):
        return self.log.read_text(errors="replace")[-3000:]

    def stop(self):
        if self.running():
            self.process.terminate()
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
        if self.process:
            self.process.wait()

    def kill(self):
        if self.running():
            self.process.kill()
            self.process.wait()


def make_nodes(home, opts):
    """So many of one cluster, formatted, not started."""
    numbers = range(1, opts.nodes + 1)
    ports = free_ports(2 * opts.nodes)
    voters = ",".join(f"{n}@127.0.0.1:{ports[2 * n - 1]}" for n in numbers)
    secure = ""
    if opts.secure:
        make_secrets(opts.secure)
        secure = SECURE.format(folder=opts.secure.resolve(), user=USER, password=(opts.secure / "password").read_text())
    nodes = []
    for n in numbers:
        text = PROPERTIES.format(number=n, voters=voters, port=ports[2 * n - 2], controller=ports[2 * n - 1], data="{data}",
                                 nodes=opts.nodes, quorum=opts.nodes // 2 + 1, partitions=opts.partitions,
                                 protocol="SASL_SSL" if opts.secure else "PLAINTEXT")
        text += secure + "\n".join(opts.property) + "\n"
        nodes.append(Node(home, n, ports[2 * n - 2], text, opts))
        nodes[-1].format()
    return nodes
