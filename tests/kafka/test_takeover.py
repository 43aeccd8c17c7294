#!/usr/bin/env python3
# Alone
"""How long nobody works for a call when a worker dies, and when one is restarted as planned. Calls come on all partitions all the
time; what counts is the longest wait of one of them for its client. Real binaries (BUILD) on Apache Kafka."""

import pathlib
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from kit import ALL, SANITIZED, OnKafka, Probes, figure  # noqa: E402
from process import wait_for  # noqa: E402

SESSION_S, HEARTBEAT_S, MORE_S = 10, 3, 3
TAKE_OVER_S = SESSION_S + HEARTBEAT_S + MORE_S
RESTART_S = 2.0 if SANITIZED else 1.0    # sanitizers look for leaks at the end


class TakeOver(OnKafka):
    def start(self, *services):
        self.up(ALL + services)
        for name in services:
            self.shares(name, name[:-1])
        self.await_clients(self.everywhere((0, 1)))

    def shares(self, *names):
        """Each of them has partitions."""
        def held(name):
            return sum(key.startswith("mangoplan_consumer_lag_messages") for key in self.service(name).metrics())
        wait_for("partitions of %s" % (names,), lambda: all(held(name) for name in names), 30, 0.2)

    def longest(self, what, act):
        """Seconds the worst call waited for its client around act()."""
        with Probes(self) as probes:
            time.sleep(1)       # undisturbed
            act(probes)
            self.await_clients(list(probes.calls), 60)
            time.sleep(1)
        self.await_clients(probes.calls, 60)
        made = self.worst(probes.calls)
        figure("%s: %.1f s%s" % (what, made, ", sanitized" if SANITIZED else ""))
        self.judge(saved=False)
        return made

    def kill(self, name, probes):
        """Between two calls: one whose client is being made would wait until it has been looked for."""
        with probes.between:
            self.await_clients(probes.calls)
            self.service(name).kill()

    def restart(self, name):
        self.service(name).end()
        self.stack.start_service(name, wait=False)
        self.service(name).await_ready()

    def test_a_killed_crm(self):
        self.start("crm2")
        self.assertLess(self.longest("kill -9 of one of two crm", lambda probes: self.kill("crm", probes)), TAKE_OVER_S)

    def test_a_killed_calls(self):
        self.start("calls2")
        self.assertLess(self.longest("kill -9 of one of two calls", lambda probes: self.kill("calls", probes)), TAKE_OVER_S)

    def test_one_of_two_stops(self):
        self.start("crm2", "calls2")
        for name in ("crm", "calls"):
            made = self.longest("SIGTERM of one of two " + name, lambda _, n=name: self.service(n).end())
            self.assertLess(made, RESTART_S)

    def test_one_of_two_is_restarted(self):
        self.start("crm2", "calls2")
        for name in ("crm", "calls"):
            made = self.longest("restart of one of two " + name, lambda _, n=name: self.restart(n))
            self.assertLess(made, RESTART_S)

    def test_the_only_one_is_restarted(self):
        self.start()
        for name in ("crm", "calls"):
            made = self.longest("restart of the only " + name, lambda _, n=name: self.restart(n))
            self.assertLess(made, RESTART_S)


if __name__ == "__main__":
    unittest.main(verbosity=2)
