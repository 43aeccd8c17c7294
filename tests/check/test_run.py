#!/usr/bin/env python3
"""tests/run must see every way in which a test program can fail, and add up rightly."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import time
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
                              stderr=subprocess.STDOUT, text=True, check=False, env={**os.environ, "BUILD": "build", "AT_ONCE": "3"})
        self.assertEqual(done.stdout.splitlines()[-1], expected, done.stdout)
        self.assertEqual(done.returncode, rc, done.stdout)
        return done.stdout

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

    def python(self, name, lines):
        (self.root / f"tests/unit/test_{name}.py").write_text(
            "import pathlib, time, unittest\nclass T(unittest.TestCase):\n    def test_a(self):\n        "
            + "\n        ".join(lines) + "\nunittest.main()\n")

    def test_a_skipped_test_has_not_passed(self):
        self.python("x", ["self.skipTest('no')"])
        self.python("y", ["pass"])
        self.runs("1 passed, 0 failed", 0)

    def test_pythons_run_at_once_and_are_told_apart(self):
        """Two that need each other; what a failed one said stands in one piece behind its name."""
        for name, other in (("x", "y"), ("y", "x")):
            self.python(name, [
                f"pathlib.Path('there-{name}').touch()", "end = time.monotonic() + 60",
                f"while not pathlib.Path('there-{other}').exists() and time.monotonic() < end:",
                f"    print('{name} says\\n' * 20, end='', flush=True)",
                "    time.sleep(0.01)", f"print('{name} says\\n' * 20, flush=True)",
                f"self.assertTrue(pathlib.Path('there-{other}').exists())", "self.fail('so that it is shown')"])
        for n in range(9):
            self.python(f"z{n}", ["pass"])
        done = self.runs("9 passed, 2 failed", 1)
        said = [line.split()[0] for line in done.splitlines() if line.endswith(" says")]
        self.assertEqual(set(said), {"x", "y"})
        self.assertEqual(sum(a != b for a, b in zip(said, said[1:])), 1)

    def test_what_takes_minutes_starts_first(self):
        for name in "abcd":
            self.python(name, [f"open('started', 'a').write('{name}')", "time.sleep(0.3)"])
        file = self.root / "tests/unit/test_d.py"
        file.write_text("# Takes minutes\n" + file.read_text())
        self.runs("4 passed, 0 failed", 0)
        self.assertIn("d", (self.root / "started").read_text()[:3])

    def test_its_end_ends_what_it_began(self):
        self.python("x", ["pathlib.Path('there').touch()", "time.sleep(100)"])
        child = subprocess.Popen([self.root / "tests/run", "unit"], stdout=subprocess.PIPE, text=True)
        end = time.monotonic() + 60
        while not (self.root / "there").exists() and time.monotonic() < end:
            time.sleep(0.01)
        child.terminate()
        self.assertEqual(child.communicate(timeout=60)[0], "")  # its pipe is closed: nobody is left
        self.assertEqual(child.returncode, 130)


if __name__ == "__main__":
    unittest.main()
