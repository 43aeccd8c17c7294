"""Kills the crm worker in the middle of a request and tells who goes on.

The request is the one that the scenario's fault with the gate "strike" holds: Megaplan has done what was
asked for, its answer is on the way. So the killed worker can never hear that it was done.
"""

import http.client
import re
import threading
import time

from process import Failed
from records import partition, rfc3339

GATE = "strike"
HELD_S = 60      # longer than the day: what does not come by then never does
TAKEN_S = 60
PARTITION = re.compile(r'mangoplan_consumer_lag_messages\{.*topic="[^"]*\bjobs".*partition="(\d+)"')


def owned(service):
    """Numbers of the partitions of `jobs` that a worker crm has."""
    return {int(m.group(1)) for m in map(PARTITION.match, service.metrics()) if m}


def workers(stack):
    """{name: service} of the crm workers that run."""
    return {name: service for name, service in stack.services.items()
            if name.startswith("crm") and service.running}


class Strike(threading.Thread):
    """Waits for the gate, kills the account's owner, waits for the next one. `failure`: why it could not.
    tell(company or None, line)."""

    def __init__(self, stack, control, company, tell):
        super().__init__(daemon=True)
        self.stack = stack
        self.control = control
        self.company = company
        self.tell = tell
        self.partition = partition(company.account, int(stack.env()["TOPIC_PARTITIONS"]))
        self.failure = "no worker came to the request that it was to be killed in, or nobody took over"

    def run(self):
        try:
            self.failure = self.strike()
        except (Failed, OSError, http.client.HTTPException) as failure:
            self.failure = str(failure)

    def strike(self):
        path = "gates/%s/wait?timeout=%d" % (GATE, HELD_S)
        if not self.control.ask(path, timeout=HELD_S + 10)["held"]:
            return self.failure
        names = [name for name, service in workers(self.stack).items() if self.partition in owned(service)]
        if len(names) != 1:
            return "workers that own «%s»: %s" % (self.company.label, names or "none")
        killed = time.time()
        self.stack.services[names[0]].kill()
        self.control.ask("gates/%s/release" % GATE, {"drop": True})
        self.tell(None, "*** worker %s is killed (SIGKILL). Megaplan has just made a client for it; its" % names[0])
        self.tell(None, "*** answer is lost. «%s» waits until Kafka has another worker for it ..." % (
            self.company.label))
        return self.await_next(killed)

    def await_next(self, killed):
        """By the logs: the next owner has read what the facts of this partition tell."""
        while time.time() - killed < TAKEN_S:
            for name, service in workers(self.stack).items():
                if any(row["ts"] > rfc3339(killed) and row["partition"] == self.partition
                       for row in service.logged() if row.get("msg") == "restored"):
                    self.tell_next(name, time.time() - killed)
                    return None
            time.sleep(0.2)
        return "nobody took over in %d s" % TAKEN_S

    def tell_next(self, name, after_s):
        self.tell(None, "*** worker %s has taken over, after %.0f s. It reads in Kafka that a client was" % (
            name, after_s))
        self.tell(None, "*** begun and not what came of it: after 20 s it looks, before it makes another.")
