#!/usr/bin/env python3
"""Man pages and bash completion, as the build makes them (BUILD, default build), and where `make install` puts them."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("BUILD", str(ROOT / "build"))).resolve()
PAGES = sorted((BUILD / "man").glob("*.1"), key=lambda page: page.stem)


def run(*argv, text=None, **options):
    return subprocess.run([str(a) for a in argv], input=text, capture_output=True, text=True, timeout=120,
                          check=False, **options)


def commands():
    """The subcommands that --help names."""
    return sorted(set(re.findall(r"^  worker (\w+)", run(BUILD / "worker", "--help").stdout, re.M)))


def plain(page):
    """The page as a reader sees it, in one line."""
    done = run("groff", "-man", "-Tascii", "-P-cbou", page)
    return " ".join(re.sub(r"-\n\s*", "-", done.stdout).split())


class ManPages(unittest.TestCase):

    def test_every_command_has_one(self):
        self.assertGreater(len(commands()), 5)
        self.assertEqual([p.stem for p in PAGES],
                         sorted(["ingest", "worker"] + ["worker-" + c for c in commands()]))

    def test_groff_has_nothing_to_say(self):
        for page in PAGES:
            with self.subTest(page=page.name):
                done = run("groff", "-man", "-ww", "-z", "-b", "-rCHECKSTYLE=3", page)
                self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_they_say_what_help_says(self):
        for page in PAGES:
            name, _, sub = page.stem.partition("-")
            told = plain(page)
            with self.subTest(page=page.name):
                usage = run(BUILD / name, *([sub] if sub else []), "--help").stdout
                self.assertTrue(usage)
                for word in set(re.findall(r"--[a-z-]+|\b[A-Z]+_[A-Z_]+\b", usage)) - {"NAME_FILE"}:
                    self.assertIn(word, told)
                if sub:
                    about = " ".join(usage.split("\n\n")[1].split())
                    self.assertIn(about.replace("--", "-")[:30], told.replace("--", "-"))

    def test_no_such_page(self):
        done = run(BUILD / "worker", "--manual", "none")
        self.assertEqual((done.returncode, done.stdout), (2, ""))


class Completion(unittest.TestCase):

    def complete(self, *words, cwd=None):
        """What is proposed for the last word."""
        script = ("set -u; . '%s'; COMP_WORDS=(%s); COMP_CWORD=%d; _mangoplan_worker worker;"
                  " printf '%%s\\n' \"${COMPREPLY[@]}\"; complete -p worker >&2" % (
                      BUILD / "completion" / "mangoplan-worker.bash",
                      " ".join("'%s'" % w for w in words), len(words) - 1))
        done = run("bash", "--norc", "-c", script, cwd=cwd)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("-F _mangoplan_worker worker", done.stderr)
        return sorted(done.stdout.split())

    def test_subcommands(self):
        self.assertEqual([w for w in self.complete("worker", "") if not w.startswith("-")], commands())
        self.assertEqual(self.complete("worker", "expl"), ["explain"])
        self.assertEqual(self.complete("worker", "--v"), ["--version"])

    def test_first_words(self):
        self.assertEqual(self.complete("worker", "dead", ""), ["list", "send", "show"])
        self.assertEqual(self.complete("worker", "settings", "re"), ["reseal"])
        self.assertEqual(self.complete("worker", "settings", "al"), ["alert-key"])
        self.assertEqual(self.complete("worker", "none", ""), [])

    def test_options(self):
        for command in commands():
            usage = run(BUILD / "worker", command, "--help").stdout
            told = set(re.findall(r"^  (--[a-z-]+)", usage, re.M)) | {"--help", "--version", "--check"}
            self.assertEqual(set(self.complete("worker", command, "--")), told)
        self.assertEqual(self.complete("worker", "dead", "list", "--rea"), ["--reason"])

    def test_values(self):
        self.assertIn("-24h", self.complete("worker", "dead", "list", "--from", ""))
        self.assertEqual(self.complete("worker", "dead", "list", "--account", ""), [])
        folder = tempfile.mkdtemp(prefix="mangoplan-manual-")
        try:
            (pathlib.Path(folder) / "acme.json").touch()
            self.assertEqual(self.complete("worker", "settings", "put", "a", cwd=folder), ["acme.json"])
        finally:
            shutil.rmtree(folder)

    def test_bash_is_content(self):
        done = run("bash", "-n", BUILD / "completion" / "mangoplan-worker.bash")
        self.assertEqual((done.returncode, done.stderr), (0, ""))


class Install(unittest.TestCase):

    def test_below_destdir(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="mangoplan-install-"))
        env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
        try:
            # of what is built already
            done = run("make", "-s", "-o", "all", "install", "B=%s" % BUILD, "DESTDIR=%s" % folder,
                       "PREFIX=/usr", cwd=ROOT, env=env)
            self.assertEqual(done.returncode, 0, done.stderr)
            found = sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())
            self.assertEqual(found, sorted(
                ["usr/bin/ingest", "usr/bin/worker", "usr/share/bash-completion/completions/worker"] +
                ["usr/share/man/man1/" + p.name for p in PAGES]))
            self.assertEqual(run(folder / "usr/bin/worker", "--version").returncode, 0)
        finally:
            shutil.rmtree(folder)


if __name__ == "__main__":
    unittest.main(verbosity=2)
