#!/usr/bin/env python3
"""The operators' tools on Apache Kafka: of the tests that tests/integration has for them on a devbroker, those that ask Kafka for
most: a span replayed, a person erased while the page follows. One broker for all; each
system gets topics of its own. Real binaries (BUILD).

    tests/kafka/test_tools.py [replay.Past.test_x ...]      ALL=1: every test of the tools
"""

import importlib
import itertools
import os
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / name) for name in ("integration", "fakes")]

from real_kafka import RealKafka  # noqa: E402
from stack import Stack  # noqa: E402

MODULES = ("replay", "reconcile", "reconcile_crm", "explain", "dead", "forget", "doctor")
CHOSEN = ("replay.Replay.test_what_is_missing_is_sent_once",
          "forget.Forget.test_a_person_is_forgotten")
# The broker answers late; topics are there before anybody made them.
DEVBROKER = ("test_stopped_it_leaves_the_rest_as_it_stands", "test_topics_of_other_counts")


def on(kafka):
    """Stack, but with that Kafka and a prefix of its own each time."""
    numbers = itertools.count()

    class OnKafka(Stack):
        def __init__(self, build, folder, **more):
            super().__init__(build, folder, "tools%d." % next(numbers), kafka.brokers, **more)

    return OnKafka


def cases(suite):
    for one in suite:
        if isinstance(one, unittest.TestSuite):
            yield from cases(one)
        else:
            yield one


def main():
    kafka = RealKafka().open_doors()
    try:
        made = on(kafka)
        for name in MODULES + ("page_running",):
            importlib.import_module("test_" + name).Stack = made
        names = ["test_" + name for name in sys.argv[1:] or (MODULES if os.environ.get("ALL") else CHOSEN)]
        found = cases(unittest.defaultTestLoader.loadTestsFromNames(names))
        suite = unittest.TestSuite(test for test in found if not test.id().endswith(DEVBROKER))
        done = unittest.TextTestRunner(verbosity=2).run(suite)
    finally:
        kafka.end()
    return 0 if done.wasSuccessful() and done.testsRun else 1


if __name__ == "__main__":
    sys.exit(main())
