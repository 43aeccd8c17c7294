#!/usr/bin/env python3
"""tests/run must see every way in which a test program can fail, and add up rightly."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

RUN = pathlib.Path(__file__).resolve().parent.parent / "run"
CHECK = 'echo "Running suite(s): x"; echo "{percent}%: Checks: {checks}, Failures: {failures}, Errors: {errors}"; exit {rc}'
PYTHON = "import unittest\nclass T(unittest.TestCase):\n    def test_a(self): pass\n    def test_b(self): self.assertTrue({good})\nunittest.main()\n"


def program(checks, failures=0, errors=0, rc=0):
    return CHECK.format(percent=100 if not failures + errors else 50, checks=checks, failures=failures, errors=errors, rc=rc)


class Run(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.root)
        for folder in ("tests/unit", "tests/integration", "build/tests/unit"):
            (self.root / folder).mkdir(parents=True)
        shutil.copy(RUN, self.root / "tests/run")

    def script(self, path, text):
        file = self.root / path
        file.write_text("#!/bin/sh\n" + text + "\n")
        file.chmod(0o755)

    def unit(self, name, text):
        (self.root / f"tests/unit/test_{name}.c").write_text("")
        if text is not None:
            self.script(f"build/tests/unit/test_{name}", text)

    def runs(self, expected, rc):
        done = subprocess.run([self.root / "tests/run", "unit", "integration"], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False, env={**os.environ, "BUILD": "build"})
        self.assertEqual(done.stdout.splitlines()[-1], expected, done.stdout)
        self.assertEqual(done.returncode, rc, done.stdout)

    def test_adds_up(self):
        self.unit("a", program(7))
        self.unit("b", program(5))
        self.script("tests/integration/run", "echo 3 passed, 0 failed")
        self.runs("15 passed, 0 failed", 0)

    def test_failures_and_errors(self):
        self.unit("a", program(7, failures=2, errors=1, rc=1))
        self.runs("4 passed, 3 failed", 1)

    def test_a_leak_after_passing_tests(self):
        self.unit("a", program(7, rc=99))
        self.runs("7 passed, 1 failed", 1)

    def test_crashed_before_its_summary(self):
        self.unit("a", "kill -SEGV $$")
        self.runs("0 passed, 1 failed", 1)

    def test_was_not_built(self):
        self.unit("a", None)
        self.runs("0 passed, 1 failed", 1)

    def test_nothing_to_run_is_a_failure(self):
        self.runs("0 passed, 0 failed", 1)

    def test_runner_fails(self):
        self.script("tests/integration/run", "echo 3 passed, 2 failed; exit 1")
        self.runs("3 passed, 2 failed", 1)

    def test_runner_without_a_closing_line(self):
        self.script("tests/integration/run.py", "echo hello")
        self.runs("0 passed, 1 failed", 1)

    def test_runner_that_ends_badly_after_a_clean_line(self):
        self.script("tests/integration/run", "echo 3 passed, 0 failed; exit 1")
        self.runs("3 passed, 1 failed", 1)

    def test_python(self):
        (self.root / "tests/unit/test_x.py").write_text(PYTHON.format(good=True))
        self.runs("2 passed, 0 failed", 0)
        (self.root / "tests/unit/test_x.py").write_text(PYTHON.format(good=False))
        self.runs("1 passed, 1 failed", 1)
        (self.root / "tests/unit/test_x.py").write_text("raise SystemExit(0)")
        self.runs("0 passed, 1 failed", 1)


if __name__ == "__main__":
    unittest.main()
