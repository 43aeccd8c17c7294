"""A Docker Engine and the images that the test starts from. An engine that runs is used; else one is started with a data
folder of its own and ended again. Images come from their registry, or, where none is in reach, out of Debian's packages
and Maven Central's jars.
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "deploy/kafka"))

from broker import fetch_jars  # noqa: E402

BASE = "debian:bookworm-slim"
KAFKA = "apache/kafka:4.3.1"
START_S = 60


class NoEngine(Exception):
    """Why there is none."""


def run(*argv, ok=True, timeout=900, **more):
    """What it printed; raises with its last words when it fails."""
    done = subprocess.run([str(a) for a in argv], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", timeout=timeout, check=False, stdin=subprocess.DEVNULL, **more)
    if ok and done.returncode:
        raise RuntimeError("%s: exit %d\n%s" % (" ".join(map(str, argv)), done.returncode, done.stdout[-3000:]))
    return done.stdout


def answers():
    return subprocess.run(["docker", "version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0


class Engine:
    """with Engine(): docker works. NoEngine where none can be started."""

    def __init__(self):
        self.process = None
        self.folder = None

    def __enter__(self):
        if not answers():
            self.start()
        return self

    def start(self):
        if shutil.which("dockerd") is None:
            raise NoEngine("no dockerd on this machine (deploy/install-deps compose installs it)")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mangoplan-docker-"))
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen(["dockerd", "--data-root", self.folder / "data", "--exec-root",
                                             self.folder / "exec", "--pidfile", self.folder / "pid"],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        end = time.monotonic() + START_S
        while not answers():
            if self.process.poll() is not None or time.monotonic() > end:
                lines = (self.folder / "log").read_text(errors="replace").strip().splitlines()
                self.stop()
                raise NoEngine("no Docker Engine can be started here: %s" % (lines[-1] if lines else "it says nothing"))
            time.sleep(0.2)

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __exit__(self, *_):
        if self.process:
            self.stop()


def compose_argv():
    """docker compose, or Debian's docker-compose."""
    if subprocess.run(["docker", "compose", "version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                      check=False).returncode == 0:
        return ["docker", "compose"]
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    raise NoEngine("neither docker compose nor docker-compose on this machine")


def has_image(name):
    return subprocess.run(["docker", "image", "inspect", name], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          check=False).returncode == 0


def is_pulled(name):
    """It is here, or could be fetched."""
    return has_image(name) or subprocess.run(
        ["timeout", "300", "docker", "pull", "-q", name], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL, check=False).returncode == 0


def make_base():
    """Debian from its packages, by the same mirror as this machine's."""
    with tempfile.TemporaryDirectory(prefix="mangoplan-debian-") as folder:
        root = pathlib.Path(folder) / "root"
        run("debootstrap", "--variant=minbase", "--include=ca-certificates", "bookworm", root, mirror())
        archive = subprocess.Popen(["tar", "-C", root, "-c", "."], stdout=subprocess.PIPE)
        with archive:
            subprocess.run(["docker", "import", "-", BASE], stdin=archive.stdout, stdout=subprocess.DEVNULL, check=True)


def mirror():
    """The first Debian mirror that apt uses here."""
    for line in run("apt-get", "indextargets", "--format", "$(REPO_URI)").splitlines():
        if line.rstrip("/").endswith("/debian"):
            return line
    return "http://deb.debian.org/debian"


def make_kafka():
    fetch_jars()
    with tempfile.TemporaryDirectory(prefix="mangoplan-kafka-") as folder:
        context = pathlib.Path(folder) / "context"
        shutil.copytree(HERE / "kafka", context)
        shutil.copytree((ROOT / "build/kafka-libs").resolve(), context / "libs")
        run("docker", "build", "-t", KAFKA, context)


def make_images():
    """What docker-compose.yml and the Dockerfile begin with; says what had to be made."""
    made = []
    for name, make in ((BASE, make_base), (KAFKA, make_kafka)):
        if not is_pulled(name):
            make()
            made.append(name)
    return made
