"""What benches of workers share: a broker, our programs, CPU and memory of processes. Standard library only."""

import json
import os
import pathlib
import subprocess
import sys
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = pathlib.Path(os.environ.get("BUILD", "build"))
KAFKA = bool(os.environ.get("KAFKA"))
TICK_US = 1e6 / os.sysconf("SC_CLK_TCK")
CORES = sorted(os.sched_getaffinity(0))
MEASURED = {CORES[-1]}
OTHERS = set(CORES[:-1]) or MEASURED


def on(cores):
    return lambda: os.sched_setaffinity(0, cores)


def stop(process, patience=40):
    if process and process.poll() is None:
        process.terminate()
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def descendants(pid):
    """deploy/kafka/run has the broker as a child."""
    found, parents = [pid], {}
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(path.parent.name)] = int(path.read_text(encoding="ascii").rpartition(")")[2].split()[1])
        except (OSError, UnicodeDecodeError):
            pass
    for parent in found:
        found += [child for child, its in parents.items() if its == parent]
    return found


def cpu_us(pid):
    fields = pathlib.Path("/proc/%d/stat" % pid).read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_US


def memory(pid, field="VmRSS"):
    """Bytes."""
    for line in pathlib.Path("/proc/%d/status" % pid).read_text(encoding="utf-8").splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    return 0


def busy_us():
    fields = [int(n) for n in pathlib.Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:]]
    return (fields[0] + fields[1] + fields[2] + fields[5] + fields[6]) * TICK_US


def own_us():
    t = os.times()
    return (t.user + t.system + t.children_user + t.children_system) * 1e6


class Meter:
    """Wall time, the CPU of one process, and what the rest of the machine used beside those named."""

    def __init__(self, pid, beside):
        self.pid, self.beside = pid, beside
        self.before = self.now()

    def now(self):
        return (time.monotonic() * 1e6, cpu_us(self.pid),
                busy_us() - own_us() - sum(cpu_us(pid) for pid in self.beside))

    def read(self):
        wall, cpu, busy = (now - before for now, before in zip(self.now(), self.before))
        return {"wall": wall, "cpu": cpu, "others": (busy - cpu) / wall}


class Program:
    """One of ours, running."""

    def __init__(self, kit, argv, env, cores):
        self.log = kit.folder / ("%s-%d" % (argv[-1], time.monotonic_ns()))
        with open(self.log, "w", encoding="utf-8") as out:
            self.process = subprocess.Popen([os.environ.get(argv[0].upper(), str(BUILD / argv[0]))] + argv[1:], env=env, stderr=out, preexec_fn=on(cores))
        self.pid = self.process.pid
        self.address = self.until(self.listening, 30)

    def listening(self, what="ops"):
        for line in self.log.read_text("utf-8").splitlines():
            if '"listening"' in line:
                row = json.loads(line)
                if row.get("for", "ops") == what:
                    return row["address"]
        return None

    def until(self, asked, seconds, pause=0.05):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = asked()
            if found:
                return found
            if self.process.poll() is not None:
                break
            time.sleep(pause)
        sys.exit("bench: %s never came: %s" % (asked.__name__, self.log.read_text("utf-8")[-2000:]))

    def ready(self):
        try:
            with urllib.request.urlopen("http://%s/readyz" % self.address, timeout=5):
                return True
        except OSError:
            return False


class Kit:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.log = open(self.folder / "log", "w", encoding="utf-8")
        self.broker, self.broker_pids, self.running = None, [], []

    def start(self, argv, cores):
        """A helper that prints its address as its first line; ends with the bench."""
        process = subprocess.Popen([str(a) for a in argv], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=self.log, text=True, preexec_fn=on(cores))
        self.running.append(process)
        address = process.stdout.readline().strip()
        if not address:
            sys.exit("bench: %s did not start: %s" % (argv[0], self.said()))
        return process, address

    def said(self):
        return (self.folder / "log").read_text("utf-8")[-2000:]

    def begin(self, prefix):
        """New topics: on Kafka by their prefix; the devbroker has but one, and little room."""
        if KAFKA and self.broker:
            return
        stop(self.broker)
        self.broker, line = self.start(
            [ROOT / "deploy/kafka/run", "--measure", "--heap", "512m"] if KAFKA else
            [BUILD / "devbroker", "--partitions", 12, "--prefix", prefix], OTHERS)
        self.brokers = line.partition("=")[2]
        self.broker_pids = descendants(self.broker.pid)

    def env(self, prefix, **more):
        env = {k: v for k, v in os.environ.items()
               if not k.startswith(("KAFKA", "INGEST_", "TOPIC_", "CALL_", "OPS_", "CRM_", "ADMIN_"))}
        env.update(KAFKA_BROKERS=self.brokers, TOPIC_PREFIX=prefix, SECRET_KEY="01" * 32, LOG_LEVEL="info",
                   OPS_LISTEN="127.0.0.1:0", **more)
        return env

    def run(self, *argv, cores=None):
        made = subprocess.run([str(a) for a in argv], stdout=subprocess.PIPE, stderr=self.log, text=True, check=False,
                              preexec_fn=on(cores or OTHERS))
        if made.returncode != 0:
            sys.exit("bench: %s: %d: %s" % (argv[0], made.returncode, self.said()))
        return json.loads(made.stdout)

    def program(self, argv, env, cores=None):
        program = Program(self, argv, env, cores or MEASURED)
        self.running.append(program.process)
        return program

    def put(self, settings, env):
        path = self.folder / "settings"
        path.write_text(json.dumps(settings), encoding="utf-8")
        subprocess.run([str(BUILD / "worker"), "settings", "put", str(path)], env=env, stderr=self.log,
                       stdout=self.log, check=True)

    def stop(self):
        for process in reversed(self.running):
            stop(process)
        self.log.close()
