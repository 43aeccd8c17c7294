"""One real process under test: start, signals, its log, the addresses it listens on, its leftovers.

Every process dies with the runner (PR_SET_PDEATHSIG) and is asked to end first. A sanitizer report or
a crash in a log is a failure whatever else happened.
"""

import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request

import stacks

REPORTS = re.compile(rb"ERROR: (Address|Leak)Sanitizer|runtime error:|WARNING: ThreadSanitizer|"
                     rb"MemorySanitizer|Assertion .* failed|stack smashing detected")


class Failed(Exception):
    """A scenario cannot go on or did not hold; the text is for the reader."""


def wait_for(what, condition, deadline_s, every_s=0.03):
    """Calls condition() until it gives something true; Failed with `what` after the deadline."""
    end = time.monotonic() + deadline_s
    while True:
        made = condition()
        if made:
            return made
        if time.monotonic() > end:
            raise Failed("waited %.0f s for %s" % (deadline_s, what() if callable(what) else what))
        time.sleep(every_s)


def fetch(url, timeout=5):
    """(status, text) of a GET; status 0 when nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=timeout) as answer:
            return answer.status, answer.read().decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode("utf-8", "replace")
    except OSError:
        return 0, ""


class Process:
    """A program with its environment and log file; may be started again after its end."""

    def __init__(self, name, argv, folder, env=None, first_line=False, hold_stdin=False):
        self.name = name
        self.argv = [str(part) for part in argv]
        self.log = pathlib.Path(folder) / (name + ".log")
        self.env = dict(os.environ, **(env or {}))
        self.first_line = first_line
        self.hold_stdin = hold_stdin
        self.popen = None
        self.log_from = 0
        self.problems = []
        self.killed = False
        self.stopped = False
        self.asked = False

    def start(self):
        self.log_from = self.log.stat().st_size if self.log.exists() else 0
        with open(self.log, "ab") as log:
            self.popen = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--"] + self.argv, env=self.env, stderr=log,
                stdin=subprocess.PIPE if self.hold_stdin else subprocess.DEVNULL,
                stdout=subprocess.PIPE if self.first_line else log, start_new_session=True)
        # Last: until then whoever asks whether it lives sees one that was killed, not one that died.
        self.killed = self.stopped = self.asked = False
        return self

    def read_first_line(self):
        """The first line on stdout; Failed when the program ends without one."""
        line = self.popen.stdout.readline().decode().strip()
        if not line:
            raise Failed("%s ended at once: %s" % (self.name, self.tail()))
        return line

    @property
    def running(self):
        return self.popen is not None and self.popen.poll() is None

    def check_alive(self):
        if not self.killed and not self.running:
            raise Failed("%s ended by itself with %s: %s" % (self.name, self.popen.returncode,
                                                             self.tail()))

    def signal(self, number):
        if self.running:
            self.popen.send_signal(number)

    def kill(self):
        """kill -9; what follows must cope."""
        self.killed = True
        self.signal(signal.SIGKILL)
        self.popen.wait()

    def stop(self):
        """Returns when none of its threads runs any more: on a busy machine a signal takes its time."""
        self.stopped = True
        self.signal(signal.SIGSTOP)
        wait_for("%s to be stopped" % self.name, self.has_stopped, 10, 0.01)

    def has_stopped(self):
        tasks = pathlib.Path("/proc/%d/task" % self.popen.pid)
        return all((task / "stat").read_text().rpartition(") ")[2][0] in "Tt" for task in tasks.iterdir())

    def cont(self):
        """Only for one that is stopped. A sanitized program that ends is stopped by its own leak check
        for a moment (ptrace); a SIGCONT then takes the stop away that the check waits for, for ever."""
        if self.stopped:
            self.stopped = False
            self.signal(signal.SIGCONT)

    def ask_to_end(self):
        """SIGTERM, once, also to one that is stopped."""
        if self.running and not self.asked:
            self.asked = True
            self.cont()
            self.signal(signal.SIGTERM)

    def end(self, timeout_s=30):
        """SIGTERM and wait; what does not end cleanly is a problem."""
        if self.popen is None:
            return
        if self.running:
            self.ask_to_end()
            if self.popen.stdin:
                self.popen.stdin.close()
            try:
                self.popen.wait(timeout_s)
            except subprocess.TimeoutExpired:
                self.problems.append(self.stands(timeout_s))
                self.popen.kill()
                self.popen.wait()
                self.killed = True
        if self.popen.returncode not in (0, None) and not self.killed:
            self.problems.append("%s ended with %s: %s" % (self.name, self.popen.returncode,
                                                           self.tail()))
        self.killed = True

    def stands(self, timeout_s):
        """What is told of one that does not end; gdb's whole word is in a file beside its log."""
        lines = stacks.tell(self.popen.pid, self.log.with_suffix(".stacks"))
        return "%s did not end within %d s of SIGTERM; where it stood:\n    %s\n  its log's end:%s" % (
            self.name, timeout_s, "\n    ".join(lines), self.tail())

    def destroy(self):
        """Ends it without asking, for a runner that is itself being ended."""
        if self.running:
            self.popen.kill()
            self.popen.wait()
        for pipe in (self.popen.stdin, self.popen.stdout) if self.popen else ():
            if pipe:
                with contextlib.suppress(RuntimeError):  # being read when a signal came
                    pipe.close()

    def reports(self):
        """Sanitizer reports and crashes found in the log."""
        data = self.log.read_bytes() if self.log.exists() else b""
        found = REPORTS.search(data)
        if not found:
            return []
        text = data[found.start():found.start() + 3000].decode("utf-8", "replace")
        return ["%s: %s" % (self.log.name, text)]

    def tail(self, lines=6):
        data = self.log.read_bytes()[self.log_from:] if self.log.exists() else b""
        return "\n    " + "\n    ".join(data.decode("utf-8", "replace").splitlines()[-lines:])

    def logged(self, event=None):
        """JSON log lines since the last start, only those of one event if given."""
        data = self.log.read_bytes()[self.log_from:] if self.log.exists() else b""
        made = []
        for line in data.splitlines():
            if line.startswith(b"{"):
                try:
                    row = json.loads(line)
                except ValueError:
                    continue
                if event is None or row.get("event") == event:
                    made.append(row)
        return made


class Service(Process):
    """ingest or a worker: finds its ports in the log, knows readiness and metrics."""

    def __init__(self, name, argv, folder, env, ports=1):
        super().__init__(name, argv, folder, env)
        self.ports = ports
        self.ops = None
        self.front = None
        self.page = None

    def await_ports(self, deadline_s=20):
        """Finds the ops port (by the log, else by its /healthz) and, of ingest, the webhook port and the page's."""
        def found():
            self.check_alive()
            rows = {row["address"]: row for row in self.logged("listening")}
            return rows if len(rows) >= self.ports else None
        rows = wait_for("%s to listen on %d ports" % (self.name, self.ports), found, deadline_s)
        self.ops = self.front = self.page = None
        for address, row in rows.items():
            is_ops = row["for"] == "ops" if "for" in row else \
                fetch("http://%s/healthz" % address)[0] == 200
            if is_ops:
                self.ops = address
            elif row.get("for") == "page":
                self.page = address
            else:
                self.front = address
        if self.ops is None or (self.ports > 1 and self.front is None):
            raise Failed("%s: no ops port among %s" % (self.name, sorted(rows)))

    def ready(self):
        self.check_alive()
        return fetch("http://%s/readyz" % self.ops)[0] == 200

    def await_ready(self, deadline_s=45):
        self.await_ports()
        wait_for(lambda: "%s to be ready: %s%s" % (
            self.name, fetch("http://%s/readyz" % self.ops), self.tail()), self.ready, deadline_s, 0.1)

    def metrics(self):
        """{name{labels}: value}; empty when it does not answer."""
        made = {}
        for line in fetch("http://%s/metrics" % self.ops, 2)[1].splitlines():
            if line and not line.startswith("#"):
                name, _, value = line.rpartition(" ")
                made[name] = float(value)
        return made

    def lag(self):
        """Messages its consumers have not dealt with, or None when it does not say."""
        rows = [value for name, value in self.metrics().items()
                if name.startswith("mangoplan_consumer_lag_messages")]
        return sum(rows) if rows else None

    def rss_kib(self):
        status = pathlib.Path("/proc/%d/status" % self.popen.pid).read_text(encoding="ascii")
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1))
