#!/usr/bin/env python3
"""Lengths of functions and files, in lines, and the comment every file starts with.

No function over 80 lines, no file over 600 (of tests, with their tables: 800) without a
comment "long because ..."; main.c of a program stays under 200. Prints median and 90th percentile
against the aims (20 and 50). Relies on the layout of clang-format: a function's braces stand alone
in the first column.
"""

import pathlib
import re
import statistics
import sys

sys.dont_write_bytecode = True
LIMIT_FUNCTION, LIMIT_FILE, LIMIT_TEST, LIMIT_MAIN = 80, 600, 800, 200
EXCUSE = re.compile(r"long because", re.I)
NAME = re.compile(r"(\w+)\s*\(")


def functions(lines):
    """(name, first line, lines of the body with its braces) of every function."""
    start = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line == "}" and start:
            head = start - 1  # the signature may take several lines
            while head > 1 and lines[head - 2].strip() and lines[head - 2][-1] not in "};/" \
                    and not lines[head - 2].startswith("#"):
                head -= 1
            names = NAME.findall(" ".join(lines[head - 1:start - 1]))
            yield (names[0] if names else "?"), head, number - start + 1
            start = None


def excused(lines, head, length):
    return any(EXCUSE.search(line) for line in lines[max(0, head - 6):head + length])


def look(path, lines, sizes):
    if not lines or not lines[0].startswith("/*"):
        yield f"{path}:1: does not start with a comment that says what it is for"
    limit = LIMIT_TEST if path.startswith("tests/") else LIMIT_MAIN if path.endswith("/main.c") else LIMIT_FILE
    if len(lines) > limit and not EXCUSE.search("\n".join(lines[:12])):
        yield f"{path}:1: {len(lines)} lines, more than {limit}"
    for name, head, length in functions(lines):
        sizes.append(length)
        if length > LIMIT_FUNCTION and not excused(lines, head, length):
            yield f"{path}:{head}: {name} has {length} lines, more than {LIMIT_FUNCTION}"


def main():
    found, product, tests, files = [], [], [], []
    for top in ("common", "ingest", "worker", "tests"):
        for p in sorted(pathlib.Path(top).rglob("*.[ch]")):
            lines = p.read_text(encoding="utf-8").splitlines()
            sizes = tests if top == "tests" else product
            found += look(str(p), lines, sizes)
            if p.suffix == ".c" and top != "tests":
                files.append(len(lines))
    print("\n".join(found) if found else "lengths: nothing too long")
    if len(product) > 1:
        print(f"functions: {len(product)}, median {statistics.median(product):.0f} (aim 20), "
              f"90th percentile {statistics.quantiles(product, n=10)[-1]:.0f} (aim 50), longest {max(product)}; "
              f"files: median {statistics.median(files):.0f} lines, longest {max(files)}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
