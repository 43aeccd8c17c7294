#!/usr/bin/env python3
"""The page's API under schemathesis, by its own description: CASES requests (10000), good and bad ones, by SEED (1).
After each: no 5xx, status, type and body as described, bad data refused, and the checks of api_hooks.py. Ends with
"N passed, N failed": requests that were made, and findings.
"""

import json
import os
import re
import subprocess
import sys

import here
import office

CHECKS = ("not_a_server_error", "status_code_conformance", "content_type_conformance",
          "response_headers_conformance", "response_schema_conformance", "negative_data_rejection",
          "refused_changes_nothing", "refused_names_the_field")
STREAM = "/api/stream"   # never ends; test_api.py looks at it
ROUNDS, OPERATIONS = 8, 19


def run(site, seed, each):
    """One run of schemathesis, so many requests per operation; (its exit, what it said, counts)."""
    given = {"page": site.services["ingest"].page, "brokers": site.brokers, "prefix": site.prefix,
             "document": site.document(), "seed": seed, "said": str(site.folder / "fuzz.json")}
    env = dict(os.environ, E2E_API=json.dumps(given), SCHEMATHESIS_HOOKS=str(here.HERE / "api_hooks.py"),
               PYTHONPATH=str(here.HERE), PYTHONDONTWRITEBYTECODE="1", NO_COLOR="1")
    argv = [str(here.VENV / "bin" / "schemathesis"), "run", "http://%s/api/openapi.json" % given["page"],
            "--header", "Authorization: " + office.basic("fuzz"), "--checks", ",".join(CHECKS), "--exclude-path", STREAM,
            "--max-examples", str(each), "--seed", str(seed), "--phases", "examples,coverage,fuzzing",
            "--workers", "1", "--continue-on-failure", "--suppress-health-check", "all", "--no-color",
            "--request-timeout", "30", "--generation-database", "none"]
    made = subprocess.run(argv, env=env, cwd=site.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False)
    try:
        with open(given["said"], encoding="utf-8") as file:
            counted = json.load(file)
        os.unlink(given["said"])
    except FileNotFoundError:
        counted = {}
    return made.returncode, made.stdout.decode("utf-8", "replace"), counted


class Outcome:
    """counts: {operation: {status: number}}; findings: how many; said: what schemathesis said of them."""

    def __init__(self):
        self.counts, self.findings, self.said = {}, 0, ""

    def add(self, code, said, counted):
        for name, row in counted.items():
            mine = self.counts.setdefault(name, {})
            for status, count in row.items():
                mine[status] = mine.get(status, 0) + count
        if code != 0 or not counted:
            self.said += said
            found = re.search(r"(\d+) unique failure", said)
            self.findings += int(found.group(1)) if found else 1

    @property
    def made(self):
        return sum(sum(row.values()) for row in self.counts.values())

    @property
    def refused(self):
        return sum(n for row in self.counts.values() for status, n in row.items() if int(status) >= 400)

    def table(self):
        return "\n".join("%-45s %s" % (name, " ".join("%s:%d" % pair for pair in sorted(row.items())))
                         for name, row in sorted(self.counts.items()))


def fuzz(site, wanted, seed):
    """Runs schemathesis until so many requests were made or something was found."""
    outcome = Outcome()
    for turn in range(ROUNDS):
        left = wanted - outcome.made
        if left <= 0 or outcome.findings:
            break
        outcome.add(*run(site, seed + turn, max(3, left // max(OPERATIONS, len(outcome.counts)))))
    if outcome.made < wanted and not outcome.findings:
        outcome.findings, outcome.said = 1, "only %d requests of %d were made" % (outcome.made, wanted)
    return outcome


def office_to_fuzz():
    return office.Office(workers=(), env={"INGEST_TRUSTED_PROXIES": "127.0.0.1/32"})


def main():
    wanted, seed = int(os.environ.get("CASES") or 10000), int(os.environ.get("SEED") or 1)
    site = office_to_fuzz()
    try:
        site.open()
        outcome = fuzz(site, wanted, seed)
    finally:
        blamed = site.close()
    print(outcome.said)
    print(outcome.table())
    for line in blamed:
        print(line)
    print("%d requests, of which %d were refused; seed %d" % (outcome.made, outcome.refused, seed))
    failed = outcome.findings + len(blamed)
    print("%d passed, %d failed" % (max(0, outcome.made - failed), failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
