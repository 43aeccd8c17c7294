#!/usr/bin/env python3
"""The Debian package (make deb; BUILD, default build): lintian has nothing to say, and in a fresh Debian it is installed,
runs, is upgraded with the settings kept, removed, and purged without a trace. Its units verify, and are as closed as they
are meant to be. Needs root and a Debian mirror; takes a minute or two.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = os.environ.get("BUILD", "build")
EXPOSURE = 12  # tenths, of systemd-analyze security
UNITS = ("mangoplan.target", "mangoplan-ingest.service", "mangoplan-calls@1.service", "mangoplan-crm@1.service")
PACKAGES = "adduser,ca-certificates,systemd"


def run(*argv, ok=True, **more):
    """(exit code, what it printed)"""
    done = subprocess.run([str(a) for a in argv], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", stdin=subprocess.DEVNULL, check=False, **more)
    if ok and done.returncode:
        raise AssertionError("%s: exit %d\n%s" % (" ".join(map(str, argv)), done.returncode, done.stdout[-3000:]))
    return done.returncode, done.stdout


def package(version=None):
    env = {**os.environ, "BUILD": BUILD, **({"VERSION": version} if version else {})}
    return ROOT / run(ROOT / "deploy/deb/build", env=env, cwd=ROOT)[1].splitlines()[-1]


def mirror():
    for line in run("apt-get", "indextargets", "--format", "$(REPO_URI)")[1].splitlines():
        if line.rstrip("/").endswith("/debian"):
            return line
    return "http://deb.debian.org/debian"


class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.first = package()
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="mangoplan-deb-"))
        cls.root = cls.folder / "root"
        run("debootstrap", "--variant=minbase", "--include=" + PACKAGES, "bookworm", cls.root, mirror())
        shutil.copy("/etc/resolv.conf", cls.root / "etc/resolv.conf")
        (cls.root / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n")
        (cls.root / "usr/sbin/policy-rc.d").chmod(0o755)
        cls.inside("apt-get", "update", "-qq")

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder, ignore_errors=True)

    @classmethod
    def inside(cls, *argv, ok=True):
        env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
        return run("chroot", cls.root, *argv, ok=ok, env=env)

    def install(self, path):
        shutil.copy(path, self.root / "tmp")
        return self.inside("apt-get", "install", "-y", "-qq", "--no-install-recommends", "/tmp/" + path.name)[1]

    def test_lintian(self):
        code, said = run("lintian", "--allow-root", "--display-info", "--pedantic", "--fail-on", "error,warning", self.first, ok=False)
        self.assertEqual((code, said), (0, ""))

    def test_the_way_of_a_package(self):
        self.install(self.first)
        etc = self.root / "etc/mangoplan"
        key = (etc / "secret_key").read_text()
        self.assertRegex(key, "^[0-9a-f]{64}$")
        self.assertEqual({p.name: oct(p.stat().st_mode & 0o777) for p in etc.iterdir()},
                         dict.fromkeys(("mangoplan.env", "secret_key", "admin_password"), "0o640"))
        self.runs()
        self.units()
        with open(etc / "mangoplan.env", "a") as file:
            file.write("LOG_LEVEL=debug\n")
        later = package(re.search(r"_([0-9.]+)_", self.first.name).group(1) + "+1")
        self.install(later)
        self.assertIn("+1", self.inside("dpkg-query", "-W", "mangoplan")[1])
        self.assertTrue((etc / "mangoplan.env").read_text().endswith("LOG_LEVEL=debug\n"))
        self.assertEqual((etc / "secret_key").read_text(), key)
        self.inside("apt-get", "remove", "-y", "-qq", "mangoplan")
        self.assertFalse((self.root / "usr/lib/mangoplan").exists())
        self.assertEqual((etc / "secret_key").read_text(), key)  # only a purge takes it
        self.inside("apt-get", "purge", "-y", "-qq", "mangoplan")
        left = [p for p in self.root.rglob("*mangoplan*") if not p.is_relative_to(self.root / "tmp") and not p.is_relative_to(
            self.root / "var") and not p.is_relative_to(self.root / "proc")]
        self.assertEqual(left, [])
        self.assertNotIn("mangoplan", (self.root / "etc/passwd").read_text())

    def runs(self):
        version = self.inside("/usr/lib/mangoplan/ingest", "--version")[1].split()[1]
        self.assertIn("_%s_" % version, self.first.name)
        self.assertEqual(self.inside("mangoplan", "--version")[1].split()[1], version)
        code, said = self.inside("mangoplan", "calls", "--check")
        self.assertIn("KAFKA_BROKERS=localhost:9092", said)
        self.assertIn("SECRET_KEY=***", said)
        code, said = self.inside("mangoplan", "settings", "list", ok=False)
        self.assertEqual(code, 4, said)  # there is no Kafka here
        code, said = self.inside("setpriv", "--reuid", "65534", "--clear-groups", "mangoplan", "doctor", ok=False)
        self.assertEqual((code, said), (3, "mangoplan: run it as root, or as the user mangoplan\n"))
        pages = {p.name for p in (self.root / "usr/share/man/man1").glob("mangoplan*")}
        self.assertGreaterEqual(pages, {"mangoplan.1.gz", "mangoplan-ingest.1.gz", "mangoplan-crm.1.gz", "mangoplan-doctor.1.gz"})

    def units(self):
        """As systemd reads them; what is missing in this small Debian is not theirs."""
        for unit in UNITS:
            _, said = run("systemd-analyze", "verify", "--root", self.root, "--man=no", unit, ok=False)
            own = [line for line in said.splitlines() if "mangoplan" in line and "network-online.target" not in line]
            self.assertEqual(own, [], unit)
        for unit in sorted((ROOT / "deploy/systemd").glob("*.service")):
            run("systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=%d" % EXPOSURE, unit)
            text = unit.read_text()
            program = re.search("^ExecStart=(.*)$", text, re.M).group(1)
            self.inside(*program.split(), "--version")


if __name__ == "__main__":
    if os.geteuid() != 0:
        sys.exit("test_deb.py needs root: it makes a Debian in a folder")
    unittest.main()
