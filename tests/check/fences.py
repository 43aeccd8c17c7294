#!/usr/bin/env python3
"""The fences between the parts of the source: reads fences.conf, prints "path:line: what is wrong".

  fences.py [--root DIR] [--pure "a b c"] [--objects DIR]

--pure names the pure modules (paths without extension). With --objects also looks into the object
files under DIR/obj, where no macro can hide a variable or a name. Exits 1 when it found something.
"""

import argparse
import bisect
import fnmatch
import pathlib
import re
import subprocess
import sys

FOLDERS = ("common", "ingest", "worker", "tests")
TOKENS = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)
CALL = re.compile(r"(?<![\w.])(?<!->)([A-Za-z_]\w*)\s*\(")
# "Pure." or "Codec; pure, ...": at the head of a clause
PURE_WORD = re.compile(r"[.;*][\s*]*[Pp]ure\b(?! but)")
OUTSIDE_SECTIONS = re.compile(r"^\.(data|bss|tdata|tbss)(?!\.rel\.ro)")


class Conf:
    def __init__(self, text):
        self.library, self.apart, self.banned, self.exports, self.mutable = [], [], {}, [], []
        self.pure_may, self.pure_may_call, self.pure_no_include, self.pure_no_call = [], [], [], set()
        for number, line in enumerate(text.splitlines(), 1):
            line = line.split("#", 1)[0].strip()
            if not line:
                continue
            left, _, right = line.partition(":")
            kind, *words = left.split()
            files = right.split()
            if kind == "library":
                self.library.append((words[0], files))
            elif kind == "apart":
                self.apart.append((words[0], files))
            elif kind == "banned":
                self.banned.update({w: files for w in words})
            elif kind == "exports":
                self.exports.append((words[0], tuple(words[1:])))
            elif kind == "mutable":
                self.mutable.append((words[0], words[1:]))
            elif kind == "pure-may":
                self.pure_may += words
            elif kind == "pure-may-call":
                self.pure_may_call += words
            elif kind == "pure-no-include":
                self.pure_no_include += words
            elif kind == "pure-no-call":
                self.pure_no_call.update(words)
            else:
                sys.exit(f"fences.conf:{number}: unknown kind '{kind}'")


class Source:
    """One file: its includes, and its text with comments and the insides of strings blanked out."""

    def __init__(self, root, path):
        self.path = path
        raw = (root / path).read_text(encoding="utf-8")
        no_comments = TOKENS.sub(lambda m: blank(m.group(0)) if m.group(0)[0] == "/" else m.group(0), raw)
        self.includes = [(m.group(2), m.group(1) == '"', no_comments.count("\n", 0, m.start()) + 1)
                         for m in INCLUDE.finditer(no_comments)]
        self.code = TOKENS.sub(lambda m: blank(m.group(0)), raw)
        head = re.match(r"\s*/\*.*?\*/", raw, re.S)
        self.head_says_pure = path.endswith(".h") and bool(head and PURE_WORD.search(head.group(0)))
        self.starts = [0] + [i + 1 for i, c in enumerate(raw) if c == "\n"]

    def calls(self):
        for m in CALL.finditer(self.code):
            yield m.group(1), bisect.bisect_right(self.starts, m.start())


def blank(text):
    return re.sub(r"[^\n]", " ", text)


def matches(path, patterns):
    return any(fnmatch.fnmatchcase(path, p) for p in patterns)


def check_includes(src, conf):
    for name, _, line in src.includes:
        for pattern, files in conf.library:
            if fnmatch.fnmatchcase(name, pattern):
                if src.path.endswith(".h") and not src.path.startswith("tests/"):
                    yield line, f"a header of ours includes <{name}>: its types stay out of headers"
                elif not matches(src.path, files):
                    yield line, f"includes <{name}>, which belongs to {' '.join(files)}"
        for folder, others in conf.apart:
            if src.path.startswith(folder):
                for other in others:
                    if name.startswith(other):
                        yield line, f"{folder} includes {name}"


def check_banned(src, conf):
    for name, line in src.calls():
        files = conf.banned.get(name)
        if files is not None and not matches(src.path, files):
            yield line, f"calls {name}, which is banned"


def check_declared(src, pure):
    """What the head of a header says and what the Makefile's list says must agree."""
    if src.head_says_pure and src.path.removesuffix(".h") not in pure:
        yield 1, "says that it is pure, but is not in the Makefile's PURE"


def check_pure(src, conf, sources, pure):
    """Includes are followed through our headers; calls are looked for in the module's own text."""
    seen, queue = set(), [(n, quoted, line, "") for n, quoted, line in src.includes]
    while queue:
        name, quoted, line, via = queue.pop()
        if name in seen:
            continue
        seen.add(name)
        if not quoted:
            if name in conf.pure_no_include:
                yield line, f"pure, but includes <{name}>{via}"
            continue
        if name.removesuffix(".h") not in pure and name not in conf.pure_may:
            yield line, f"pure, but includes {name}{via}"
        elif name in sources and name not in conf.pure_may:
            queue += [(n, q, line, f" through {name}") for n, q, _ in sources[name].includes]
    for name, line in src.calls():
        if name in conf.pure_no_call:
            yield line, f"pure, but calls {name}"


def symbols(obj):
    """(name, is global, section name or None if undefined, type) of every symbol of an object file."""
    run = lambda *a: subprocess.run(["readelf", "-W", *a, str(obj)], capture_output=True, text=True, check=True).stdout
    sections = {}
    for m in re.finditer(r"^\s*\[\s*(\d+)\]\s+(\S+)", run("-S"), re.M):
        sections[m.group(1)] = m.group(2)
    for line in run("-s").splitlines():
        f = line.split()
        if len(f) >= 8 and f[0].rstrip(":").isdigit():
            yield f[7], f[4] in ("GLOBAL", "WEAK"), sections.get(f[6], "COMMON" if f[6] == "COM" else None), f[3]


def object_of(objects, path):
    return pathlib.Path(objects) / "obj" / (path[:-2] + ".o")


def owners(objects, sources):
    """Which file of the product defines a global name."""
    found = {}
    for path in sources:
        obj = object_of(objects, path)
        if path.endswith(".c") and not path.startswith("tests/") and obj.exists():
            found.update({name: path for name, is_global, section, _ in symbols(obj) if is_global and section})
    return found


def check_pure_calls(obj, conf, pure, owner):
    for name, _, section, _ in symbols(obj):
        path = owner.get(name)
        if section is None and path and path[:-2] not in pure and not matches(path, conf.pure_may_call) \
                and name not in conf.pure_may_call:
            yield f"pure, but calls {name} of {path}"


def check_object(path, obj, conf, is_pure):
    stem = pathlib.PurePath(path).stem
    # config_table.c is a part of config; kafka/topics.c one of kafka
    prefixes = (stem.split("_")[0] + "_", pathlib.PurePath(path).parent.name + "_")
    for pattern, more in conf.exports:
        if fnmatch.fnmatchcase(path, pattern):
            prefixes += more
    for name, is_global, section, kind in symbols(obj):
        if section is None:
            plain = re.sub(r"^__(\w+)_chk$", r"\1", name)
            if is_pure and kind == "NOTYPE" and plain in conf.pure_no_call:
                yield f"pure, but calls {plain} (seen in its object file)"
            continue
        if kind in ("OBJECT", "TLS") and (section == "COMMON" or OUTSIDE_SECTIONS.match(section)):
            own = re.sub(r"\.\d+$", "", name)
            if not any(fnmatch.fnmatchcase(path, p) and matches(own, n) for p, n in conf.mutable):
                yield f"variable {own} can change and lives as long as the program"
        if is_global and kind in ("FUNC", "OBJECT") and not name.startswith(prefixes) and name != stem:
            yield f"exports {name}, which does not start with {' or '.join(prefixes)}"


def findings(root, conf, pure, objects):
    paths = sorted(str(p.relative_to(root)) for d in FOLDERS for p in (root / d).rglob("*.[ch]"))
    sources = {p: Source(root, p) for p in paths}
    owner = owners(objects, sources) if objects else {}
    for module in sorted(pure):
        if objects and module + ".c" not in sources and module + ".h" not in sources:
            yield f"Makefile:1: PURE names {module}, which is not there"
    for path, src in sources.items():
        checks = [check_includes(src, conf), check_banned(src, conf), check_declared(src, pure)]
        is_pure = path.rsplit(".", 1)[0] in pure
        if is_pure:
            checks.append(check_pure(src, conf, sources, pure))
        for check in checks:
            for line, text in check:
                yield f"{path}:{line}: {text}"
        obj = objects and object_of(objects, path)
        if obj and path.endswith(".c") and not path.startswith("tests/"):
            if not obj.exists():
                yield f"{path}:1: no object file {obj}"
                continue
            for text in check_object(path, obj, conf, is_pure):
                yield f"{path}:1: {text}"
            if is_pure:
                for text in check_pure_calls(obj, conf, pure, owner):
                    yield f"{path}:1: {text}"


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n\n", 1)[0])
    p.add_argument("--root", default=".", type=pathlib.Path)
    p.add_argument("--pure", default="")
    p.add_argument("--objects")
    a = p.parse_args()
    conf = Conf((pathlib.Path(__file__).parent / "fences.conf").read_text(encoding="utf-8"))
    found = list(findings(a.root, conf, set(a.pure.split()), a.objects))
    print("\n".join(found) if found else "fences: whole")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
