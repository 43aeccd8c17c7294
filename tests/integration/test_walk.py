#!/usr/bin/env python3
"""A few of the walks of tests/walk (every request, every fault, a worker killed or frozen). `make walk` has more."""
# Takes minutes

import os
import pathlib
import re
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CLOSING = re.compile(r"(\d+) passed, (\d+) failed\s*\Z")


class Walks(unittest.TestCase):
    def test_a_few_of_each_strike(self):
        child = subprocess.run([sys.executable, ROOT / "tests/walk/run.py"], cwd=ROOT, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                               env=dict(os.environ, N="12", SEED="1"))
        found = CLOSING.search(child.stdout)
        self.assertTrue(found, child.stdout)
        self.assertEqual((int(found[1]), int(found[2]), child.returncode), (36, 0, 0), child.stdout)
        print(child.stdout)


if __name__ == "__main__":
    unittest.main()
