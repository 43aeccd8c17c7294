#!/usr/bin/env python3
"""make mutate finds every entry of the rules' tables, and takes away just that."""

import importlib.machinery
import importlib.util
import pathlib
import sys
import unittest

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
LOADER = importlib.machinery.SourceFileLoader("mutate", str(HERE / "mutate"))
mutate = importlib.util.module_from_spec(importlib.util.spec_from_loader("mutate", LOADER))
LOADER.exec_module(mutate)

TEXT = """
/* {"G0", not_this} */
const struct rule rules_table[] = {
    {"G3", "at once, {really}", RULE_LIVE | RULE_CLOSING, /* why, {so} */
     client_answered},
    {"B2", "a \\"task\\"", RULE_CLOSING, task}, // {"B9", nothing}
    {NULL, NULL, 0, NULL},
};
static bool f(void)
{
    static const struct { const char *id; } guards[] = {
        {"G1", no_account}, {"late", all_late}};
    struct str two[2] = {{"G7", 2}};
    return run((struct x){"G8", 1});
}
"""


class Tables(unittest.TestCase):
    def setUp(self):
        self.found = mutate.entries(pathlib.Path("rules.c"), TEXT)

    def test_all_entries_are_found(self):
        self.assertEqual([(e.table, e.id, e.function) for e in self.found],
                         [("rules_table", "G3", "client_answered"), ("rules_table", "B2", "task"),
                          ("guards", "G1", "no_account"), ("guards", "late", "all_late")])

    def test_one_is_taken_away(self):
        for entry in self.found:
            left = [e.id for e in mutate.entries(entry.path, mutate.without(entry))]
            self.assertEqual(left, [e.id for e in self.found if e is not entry])
        self.assertIn("= {\n    {\"B2\"", mutate.without(self.found[0]).replace("\n    \n", "\n"))
        self.assertIn("{\"G1\", no_account}, }", mutate.without(self.found[3]))

    def test_moments(self):
        made = dict(mutate.moments_taken(self.found[0]))
        self.assertEqual(set(made), {"RULE_LIVE", "RULE_CLOSING"})
        self.assertIn('{really}", RULE_CLOSING, /*', made["RULE_LIVE"])
        self.assertEqual(list(mutate.moments_taken(self.found[1])), [])

    def test_the_tables_of_the_product(self):
        made = mutate.mutants([], True)
        self.assertTrue({"G1", "G3", "G15", "B15"} <= {m.entry.id for m in made})
        self.assertEqual(len({m.name for m in made}), len(made))
        self.assertEqual(mutate.mutants(["none"], False), [])


if __name__ == "__main__":
    unittest.main()
