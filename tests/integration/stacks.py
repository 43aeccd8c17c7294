"""Where a process stands that should have ended: every thread by the kernel's word and, where there is
gdb, by its own. For the reader of a failure; nothing here may fail itself.
"""

import pathlib
import re
import shutil
import subprocess

GDB_S = 60   # a sanitized program's symbols take time on a busy machine
FRAMES = 8   # of a thread, told in the message; the file has them all
WORDS = ("State", "TracerPid", "SigPnd", "ShdPnd", "SigBlk")


def word(path):
    """A file's text; what cannot be read is said in brackets."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError as error:
        return "(%s)" % error.strerror


def statuses(text):
    """{field: value} of a /proc/PID/status."""
    return dict(re.findall(r"^(\w+):\s*(.*)$", text, re.M))


def thread(task):
    """One thread in a line: name, state, who traces it, signals, system call, where in the kernel."""
    status = statuses(word(task / "status"))
    stack = re.findall(r"\] ([\w.]+)\+", word(task / "stack"))
    told = ["%s %s" % (field, status.get(field, "?")) for field in WORDS]
    return "%s (%s): %s, wchan %s, syscall %s, kernel stack %s" % (
        word(task / "comm"), task.name, ", ".join(told), word(task / "wchan"),
        word(task / "syscall").partition(" ")[0] or "?", " < ".join(stack) or "?")


def threads(pid):
    """All threads of a process, a line each; empty if it is gone."""
    try:
        tasks = sorted(pathlib.Path("/proc/%d/task" % pid).iterdir())
    except OSError:
        return []
    return [thread(task) for task in tasks]


def tracer_of(pid):
    """The process that traces it: with a leak check under way, that is a part of itself."""
    tracer = statuses(word(pathlib.Path("/proc/%d/status" % pid))).get("TracerPid", "0")
    return int(tracer) if tracer.isdigit() else 0


def backtrace(pid):
    """gdb's word, or why there is none."""
    if not shutil.which("gdb"):
        return "no gdb here"
    try:
        told = subprocess.run(["gdb", "-p", str(pid), "-batch", "-ex", "thread apply all bt"],
                              capture_output=True, check=False, timeout=GDB_S)
    except subprocess.TimeoutExpired:
        return "gdb said nothing for %d s" % GDB_S
    return (told.stdout + told.stderr).decode("utf-8", "replace")


def frames(text):
    """The innermost frames of each thread, out of gdb's many words; its complaint if there are none."""
    made, left = [], 0
    for line in text.splitlines():
        if line.startswith("Thread "):
            left = FRAMES
        elif not line.startswith("#"):
            continue
        elif left == 0:
            continue
        else:
            left -= 1
        made.append(line[:160])
    return made or ["gdb: " + line for line in text.splitlines()[-3:]]


def tell(pid, file):
    """(lines for the message); everything goes to the file. Nobody else can look at what is traced
    already: then gdb looks at the tracer."""
    lines = threads(pid)
    tracer = tracer_of(pid)
    if tracer:
        lines += ["traced by " + line for line in threads(tracer) or [str(tracer)]]
    told = backtrace(tracer or pid)
    file.write_text("\n".join(lines) + "\n\n" + told, encoding="utf-8")
    return lines + frames(told)
