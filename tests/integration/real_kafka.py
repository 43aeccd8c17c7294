"""Apache Kafka for tests: deploy/kafka/run, started, asked and ended. KAFKA=1 asks the runners for it, KAFKA=secure for one that
requires TLS and a password."""

import os
import pathlib
import shutil
import tempfile

from process import Failed, Process

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
STOPPED, GOES_ON = 19, 18   # SIGSTOP, SIGCONT


def is_wanted():
    return os.environ.get("KAFKA", "") not in ("", "0")


class RealKafka:
    """It runs when this has returned; its data goes with it."""

    def __init__(self, nodes=1, secure=False, properties=()):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mangoplan-kafka-"))
        argv = [ROOT / "deploy/kafka/run", "--nodes", str(nodes)]
        for line in properties:
            argv += ["--property", line]
        if secure:
            argv += ["--secure", self.folder / "secrets"]
        self.process = Process("kafka", argv, self.folder, first_line=True, hold_stdin=True).start()
        self.brokers = self.process.read_first_line().partition("=")[2]
        self.properties = self.secrets() if secure else {}

    def secrets(self):
        """librdkafka's properties that get in."""
        folder = self.folder / "secrets"
        return {"security.protocol": "SASL_SSL", "sasl.mechanism": "PLAIN", "sasl.username": "mangoplan",
                "sasl.password": (folder / "password").read_text("utf-8"), "ssl.ca.location": str(folder / "ca.pem")}

    def open_doors(self):
        """For every program that is started from now on: ours, and kcat."""
        if self.properties:
            os.environ["KAFKA_PROPERTIES"] = ";".join("%s=%s" % row for row in self.properties.items())
            config = self.folder / "kcat.conf"
            config.write_text("".join("%s=%s\n" % row for row in self.properties.items()), "utf-8")
            os.environ["KCAT_CONFIG"] = str(config)
        return self

    def tell(self, line):
        """down, kill or up, of all nodes or of one: "kill 2"; returns when it is so."""
        self.process.popen.stdin.write(line.encode() + b"\n")
        self.process.popen.stdin.flush()
        if self.process.read_first_line() != "ok":
            raise Failed("the broker does not obey: " + line)

    def signal(self, number):
        """To the nodes' processes, its children."""
        pid = self.process.popen.pid
        children = pathlib.Path("/proc/%d/task/%d/children" % (pid, pid)).read_text(encoding="ascii")
        for child in children.split():
            os.kill(int(child), number)

    def freeze(self):
        self.signal(STOPPED)

    def go_on(self):
        self.signal(GOES_ON)

    def end(self):
        """Asks it to end, so that its starter takes its data away, and takes ours."""
        self.process.end(60)
        self.process.destroy()
        shutil.rmtree(self.folder, ignore_errors=True)


def start_if_wanted():
    """By KAFKA in the environment; None: the devbroker is to do."""
    return RealKafka(secure=os.environ["KAFKA"] == "secure").open_doors() if is_wanted() else None
