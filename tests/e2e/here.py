"""First import of every program here: goes on in the venv of tests/e2e/tools, with its packages, and finds
the integration tests' modules. BUILD: the folder of the binaries."""

import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
VENV = ROOT / "build" / "e2e" / "venv"
BUILD = ROOT / os.environ.get("BUILD", "build")


def enter():
    """The same program in the venv, unless this is it."""
    if pathlib.Path(sys.prefix) != VENV:
        python = subprocess.run([HERE / "tools"], stdout=subprocess.PIPE, check=True).stdout.decode().strip()
        os.execv(python, [python, "-B"] + sys.argv)
    for folder in (HERE.parent / "integration", HERE.parent / "fakes"):
        sys.path.insert(0, str(folder))


enter()
