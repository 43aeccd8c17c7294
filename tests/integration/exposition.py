"""Prometheus' text format 0.0.4, read strictly: what a scraper would stumble over is a ValueError. And the table of
deploy/monitoring/METRICS.md."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TABLE = ROOT / "deploy/monitoring/METRICS.md"
PREFIX = "mangoplan_"
SAMPLE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)')
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\[\\"n])*)"(?:,|$)')
SUFFIXES = ("_bucket", "_sum", "_count")


class Family:
    """samples: [(name, {label: value}, number)]"""

    def __init__(self, name):
        self.name = name
        self.type = None
        self.help = None
        self.samples = []


def labels_of(text):
    found, at = {}, 0
    while at < len(text):
        one = LABEL.match(text, at)
        if not one or one.group(1) in found:
            raise ValueError("labels {%s}" % text)
        found[one.group(1)] = one.group(2)
        at = one.end()
    return found


def read(text):
    """{name: Family}. Every sample stands below its family's HELP and TYPE, no series comes twice."""
    families, now, seen = {}, None, set()
    if not text.endswith("\n"):
        raise ValueError("the last line has no end")
    for line in text.splitlines():
        if line.startswith("# "):
            _, what, name, rest = line.split(" ", 3)
            if what == "HELP":
                if name in families:
                    raise ValueError("twice: " + name)
                now = families[name] = Family(name)
                now.help = rest
            elif what == "TYPE" and now and name == now.name and now.type is None and not now.samples:
                now.type = rest
            else:
                raise ValueError("out of place: " + line)
            continue
        one = SAMPLE.fullmatch(line)
        if not one:
            raise ValueError("no sample: " + line)
        name, labels, number = one.group(1), labels_of(one.group(2) or ""), float(one.group(3))
        series = (name, tuple(sorted(labels.items())))
        if series in seen:
            raise ValueError("twice: " + line)
        seen.add(series)
        own = name == now.name if now.type != "histogram" else name in [now.name + s for s in SUFFIXES]
        if not own:
            raise ValueError("%s below %s (%s)" % (line, now.name, now.type))
        now.samples.append((name, labels, number))
    for family in families.values():
        if family.type == "histogram":
            check_histogram(family)
    return families


def check_histogram(family):
    """Buckets of each series grow, in bounds and in counts, to +Inf, which is _count."""
    series = {}
    for name, labels, number in family.samples:
        rest = {k: v for k, v in labels.items() if k != "le"}
        one = series.setdefault(tuple(sorted(rest.items())), {"buckets": []})
        if name.endswith("_bucket"):
            one["buckets"].append((float(labels["le"]), number))
        else:
            one[name[len(family.name):]] = number
    for labels, one in series.items():
        bounds, counts = zip(*one["buckets"])
        good = list(bounds) == sorted(set(bounds)) and list(counts) == sorted(counts) and bounds[-1] == float(
            "inf") and counts[-1] == one["_count"] and (one["_sum"] > 0 or one["_count"] == 0 or one["_sum"] == 0)
        if not good:
            raise ValueError("histogram %s%s: %s" % (family.name, dict(labels), one))


class Row:
    """One metric of the table. labels: {label: (set of values, [patterns])}"""

    def __init__(self, cells):
        name, self.type, labels, roles, self.words = cells
        self.name = PREFIX + name.strip("`")
        self.roles = roles.split()
        self.labels = {}
        for one in filter(None, map(str.strip, labels.split(";"))):
            label, *values = one.split()
            self.labels[label.strip("`")] = ({v for v in values if v[0] != "/"}, [v[1:-1] for v in values if v[0] == "/"])
        self.account = "*account*" in self.words

    def allows(self, label, value):
        values, patterns = self.labels[label]
        return value in values or any(re.fullmatch(p, value) for p in patterns)


def table():
    """{name: Row}"""
    lines = [line for line in TABLE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    rows = [Row([cell.strip() for cell in line.split("|")[1:-1]]) for line in lines]
    return {row.name: row for row in rows}
