#!/usr/bin/env python3
"""A stop that never ends, of every program: it is over after SHUTDOWN_TIMEOUT_S, with exit 1 and a line
that says what was waited for. A thread that does not come back is made by ptrace: it is stopped alone, and
whoever joins it stands still."""

import ctypes
import json
import os
import pathlib
import shutil
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / "fakes"))

from process import wait_for  # noqa: E402
from scenario import SCENARIOS  # noqa: E402
from stack import Stack  # noqa: E402

BUILD = os.environ.get("BUILD", str(HERE.parent.parent / "build"))
SERVICES = ("ingest", "calls", "crm")
TIMEOUT_S = 3
SEIZE, INTERRUPT = 0x4206, 0x4207  # linux/ptrace.h
WALL = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


def ptrace(request, thread):
    if LIBC.ptrace(request, thread, None, None) != 0:
        raise OSError(ctypes.get_errno(), "ptrace")


def freeze_ops(pid):
    """Stops the thread of the ops port, and only that one; gives its id."""
    for task in pathlib.Path("/proc/%d/task" % pid).iterdir():
        if (task / "comm").read_text().startswith("MHD-"):
            thread = int(task.name)
            ptrace(SEIZE, thread)
            ptrace(INTERRUPT, thread)
            os.waitpid(thread, WALL)
            return thread
    raise AssertionError("no thread of the ops port")


class Ending(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="mangoplan-ending-")
        self.stack = Stack(BUILD, self.folder, env={"SHUTDOWN_TIMEOUT_S": str(TIMEOUT_S)})
        base = json.loads((SCENARIOS / "base.json").read_text(encoding="utf-8"))["settings"]
        self.stack.start_outside()
        base["megaplan"]["base_url"] = self.stack.megaplan
        self.stack.up([base], SERVICES, follow=False)

    def tearDown(self):
        self.stack.down()
        shutil.rmtree(self.folder, ignore_errors=True)

    def test_a_thread_that_never_ends(self):
        services = [self.stack.services[name] for name in SERVICES]
        threads = {service: freeze_ops(service.popen.pid) for service in services}
        begun = time.monotonic()
        for service in services:
            service.ask_to_end()
        for service in services:
            os.waitpid(threads[service], WALL)  # until its tracer has seen it, the process is not over
            wait_for("the end of " + service.name, lambda s=service: not s.running, 5)
            self.assertGreaterEqual(time.monotonic() - begun, TIMEOUT_S - 0.1)
            self.assertEqual(service.popen.returncode, 1, service.tail())
            self.assertEqual(len(service.logged("ending")), 1, service.tail())
            line = service.logged("ending")[0]
            self.assertEqual((line["level"], line["waited_for"], line["ms"]),
                             ("error", "the ops port", TIMEOUT_S * 1000))
            service.killed = True
        self.assertLess(time.monotonic() - begun, 20)
        self.assertEqual(self.stack.problems(), [])

    def test_an_orderly_end(self):
        """The same without it: 0, and nothing is said."""
        self.stack.down()
        self.assertEqual(self.stack.problems(), [])
        for name in SERVICES:
            service = self.stack.services[name]
            self.assertEqual(service.popen.returncode, 0)
            self.assertEqual([row["msg"] for row in service.logged()][-1], "stopped", service.tail())
            self.assertEqual(service.logged("ending"), [])


if __name__ == "__main__":
    unittest.main()
