#!/usr/bin/env python3
"""deploy/monitoring asks only for metrics, labels and values that there are (METRICS.md), shows each of them somewhere,
and every alert stands in the operations guide with what to do, and is tried by alerts_test.yml.
"""

import json
import re
import sys
import pathlib
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE))

import exposition  # noqa: E402

FOLDER = ROOT / "deploy/monitoring"
GUIDE = ROOT / "deploy/README.md"
NAME = re.compile(r"\b(mangoplan_[a-z_]+)(?:\{([^}]*)\})?")
MATCH = re.compile(r'([a-z_]+)\s*(=~|!=|=)\s*"([^"]*)"')
SUFFIX = re.compile("_(bucket|sum|count)$")
SCRAPED = {"job", "instance", "le", "alertname", "severity"}    # labels that Prometheus, a histogram or a rule adds
NOT_SHOWN = {"mangoplan_build_info", "mangoplan_events_folded_total", "mangoplan_decisions_total"}


def alerts():
    """{name: text of its rule}"""
    parts = re.split(r"^ +- alert: ", (FOLDER / "alerts.yml").read_text(encoding="utf-8"), flags=re.M)[1:]
    return {part.split("\n", 1)[0].strip(): part for part in parts}


def dashboard():
    return json.loads((FOLDER / "grafana/dashboards/mangoplan.json").read_text(encoding="utf-8"))


def expressions():
    """[(where, expression)] of rules and panels."""
    found = [(name, re.search(r"expr: (.*?)\n +(?:for|labels):", text, re.S).group(1)) for name, text in alerts().items()]
    for panel in dashboard()["panels"]:
        found += [(panel["title"], target["expr"]) for target in panel.get("targets", [])]
    return found


class Monitoring(unittest.TestCase):
    def setUp(self):
        self.table = exposition.table()

    def row_of(self, name, where):
        row = self.table.get(name) or self.table.get(SUFFIX.sub("", name))
        self.assertIsNotNone(row, "%s: no metric %s" % (where, name))
        self.assertEqual(row.type == "histogram", row.name != name, "%s: %s" % (where, name))
        return row

    def test_what_is_asked_for_exists(self):
        seen = 0
        for where, expression in expressions():
            for name, labels in NAME.findall(expression):
                row = self.row_of(name, where)
                seen += 1
                for label, how, value in MATCH.findall(labels):
                    if label in SCRAPED:
                        continue
                    self.assertIn(label, row.labels, "%s: %s has no %s" % (where, name, label))
                    for one in value.split("|") if how == "=~" else [value]:
                        self.assertTrue(row.allows(label, one), "%s: %s %s=%s" % (where, name, label, one))
            for by in re.findall(r"by \(([^)]*)\)", expression):
                known = SCRAPED | {"account"} | {label for name, _ in NAME.findall(expression) for label in self.row_of(name, where).labels}
                self.assertLessEqual({b.strip() for b in by.split(",")}, known, where)
        self.assertGreater(seen, 50)

    def test_rates_are_of_counters(self):
        for where, expression in expressions():
            for name in re.findall(r"(?:rate|increase)\((mangoplan_[a-z_]+)", expression):
                self.assertIn(self.row_of(name, where).type, ("counter", "histogram"), "%s: %s" % (where, name))

    def test_each_metric_is_shown(self):
        shown = {self.row_of(name, where).name for where, expression in expressions() for name, _ in NAME.findall(expression)}
        self.assertEqual(set(self.table) - shown, NOT_SHOWN)

    def test_operations_are_those_of_the_source(self):
        """A request that no test's day sends is in the table, too, and nothing that is gone."""
        source = "".join(f.read_text(encoding="utf-8") for f in (ROOT / "worker/crm").glob("*.c"))
        named = set(re.findall(r'(?:\.operation =|#define OPERATION) "([a-z.]+)"', source))
        topics = self.table["mangoplan_dead_total"].labels["topic"][0]
        dotted = set(re.findall(r'"([a-z]+\.[a-z]+)"', source)) - topics
        for name in ("mangoplan_api_requests_total", "mangoplan_api_request_duration_seconds"):
            self.assertEqual(self.table[name].labels["operation"], (named | dotted, []), name)

    def test_the_dashboard_is_whole(self):
        made = dashboard()
        places = set()
        for panel in made["panels"]:
            grid = panel["gridPos"]
            cells = {(grid["x"] + x, grid["y"] + y) for x in range(grid["w"]) for y in range(grid["h"])}
            self.assertFalse(cells & places, panel["title"])
            self.assertLessEqual(grid["x"] + grid["w"], 24)
            places |= cells
        ids = [panel["id"] for panel in made["panels"]]
        self.assertEqual(len(ids), len(set(ids)))

    def test_each_alert_is_tried_and_has_a_remedy(self):
        tried = (FOLDER / "alerts_test.yml").read_text(encoding="utf-8")
        guide = GUIDE.read_text(encoding="utf-8")
        told = set(re.findall(r"^\| `(Mangoplan\w+)` \|", guide, re.M))
        self.assertEqual(told, set(alerts()))
        for name, text in alerts().items():
            self.assertIn(name, tried)
            self.assertRegex(text, r"severity: (page|ticket)\b")
            self.assertRegex(text, r"summary: \S")
            self.assertRegex(text, r"description: \S")
            self.assertIn("runbook: deploy/README.md, Alerts, Of the installation", text)
        self.assertIn("\n## Alerts\n", guide)
        self.assertIn("\n### Of the installation", guide)


if __name__ == "__main__":
    unittest.main()
