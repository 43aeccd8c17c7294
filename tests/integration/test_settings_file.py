#!/usr/bin/env python3
"""worker settings save and load: all accounts and those who were forgotten go into a file and from it into another installation.
The real binaries (BUILD, default build) on two devbrokers."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(HERE.parent / "fakes")]

from scenario import SCENARIOS  # noqa: E402
from stack import SECRET_KEY, Stack  # noqa: E402

BUILD = os.environ.get("BUILD", str(ROOT / "build"))
BASE = json.loads((SCENARIOS / "base.json").read_text(encoding="utf-8"))["settings"]
OTHER_KEY = "ab" * 32
NUMBER = "79161234567"


class SettingsFile(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mangoplan-settings-file-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.old, self.new = self.stack("old"), self.stack("new")

    def stack(self, name):
        (self.folder / name).mkdir()
        made = Stack(BUILD, self.folder / name)
        made.start_outside()
        self.addCleanup(lambda: self.assertEqual(made.problems(), []))
        self.addCleanup(made.down)
        return made

    def document(self, account):
        made = json.loads(json.dumps(BASE))
        made.update(account=account, mango={"api_key": account + "-key", "api_salt": account + "-salt"})
        made["megaplan"].update(base_url=self.old.megaplan + "/" + account, token=account + "-token")
        return made

    def worker(self, stack, *argv, text=None, **env):
        allowed = ",".join(s.megaplan.partition("//")[2] for s in (self.old, self.new))
        done = subprocess.run([pathlib.Path(BUILD) / "worker", *argv], input=text, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              env=dict(os.environ, **{**stack.env(), "OUTBOUND_ALLOW": allowed, **env}), timeout=60, check=False)
        return done.returncode, done.stdout, done.stderr

    def put(self, stack, account, **changes):
        self.assertEqual(self.worker(stack, "settings", "put", "-", text=json.dumps(dict(self.document(account), **changes)))[0], 0)

    def saved(self, stack=None):
        code, out, err = self.worker(stack or self.old, "settings", "save")
        self.assertEqual(code, 0, err)
        return out

    def load(self, text, stack=None, **env):
        code, out, err = self.worker(stack or self.new, "settings", "load", "-", "--json", text=text, **env)
        return code, json.loads(out)["summary"] if out else None, err

    def forget(self, stack, code=0):
        done = self.worker(stack, "forget", "--account", "one", "--phone", NUMBER, "--json", INGEST_SPOOL="")
        self.assertEqual(done[0], code, done)
        return json.loads(done[1].splitlines()[-1])["summary"]

    def test_all_of_it_comes_back(self):
        for account in ("one", "two"):
            self.put(self.old, account)
        self.put(self.old, "gone")
        self.assertEqual(self.worker(self.old, "settings", "rm", "gone")[0], 0)
        self.assertFalse(self.forget(self.old)["already"])
        text = self.saved()
        rows = [json.loads(line) for line in text.splitlines()]
        self.assertEqual([row["key"].split("/")[0] for row in rows], ["one", "two", "_forget", "_forgotten"])
        for secret in ("one-salt", "one-token", NUMBER):
            self.assertNotIn(secret, text)

        everything = {"stored": 2, "same": 0, "other": 0, "forgotten": 2}
        self.assertEqual(self.load(text)[:2], (0, everything))
        self.assertEqual(self.load(text)[:2], (0, {"stored": 0, "same": 2, "other": 0, "forgotten": 0}))
        self.assertEqual(self.saved(self.new), text)
        self.assertTrue(self.forget(self.new)["already"], "who was forgotten stays so")
        # the secrets are in it: another address refuses "***" only, this one takes it
        shown = self.worker(self.new, "settings", "get", "one")[1]
        self.assertEqual(self.worker(self.new, "settings", "put", "-", text=shown)[0], 0)

    def test_what_is_there_stays(self):
        for account in ("one", "two"):
            self.put(self.old, account)
        self.put(self.new, "one", enabled=False)
        code, counts, err = self.load(self.saved())
        self.assertEqual((code, counts), (6, {"stored": 1, "same": 0, "other": 1, "forgotten": 0}))
        self.assertIn("one: is there with other settings, which stay", err)
        self.assertFalse(json.loads(self.worker(self.new, "settings", "get", "one")[1])["enabled"])

    def test_a_key_that_another_account_has(self):
        for account in ("one", "two"):
            self.put(self.old, account)
        self.put(self.new, "three", mango={"api_key": "two-key", "api_salt": "x"})
        code, counts, err = self.load(self.saved())
        self.assertEqual((code, counts), (3, None))
        self.assertIn("two: mango.api_key: already used by account three", err)
        self.assertNotIn("one", self.worker(self.new, "settings", "list")[1], "all or nothing")

    def test_refused(self):
        self.put(self.old, "one")
        line = self.saved().strip()
        row = json.loads(line)

        def changed(**changes):
            return json.dumps({"key": row["key"], "value": dict(row["value"], **changes)})
        for text, words in (("", "the file is empty"), ("{", "line 1: "), (line + "\n\n" + line, "line 3: one: is there twice"),
                            ("[]", "line 1: key: is missing"), ('{"key":"one"}', "line 1: value: is no object"),
                            ('{"key":"_layout","value":{}}', "line 1: key: _layout"), (changed(account="two"), "line 1: one: account: is another one"),
                            (changed(timezone="Mars"), "line 1: one: timezone: "), (changed(version=9), "line 1: one: version"),
                            ('{"key":"_forget/12345678","value":{"v":1}}', "line 1: _forget/12345678"),
                            (line + "\n" + changed(account="two").replace('"key": "one"', '"key": "two"'), "line 2: two: ")):
            code, counts, err = self.load(text)
            self.assertEqual((code, counts), (3, None), (text[:80], err))
            self.assertIn(words, err)
        code, counts, err = self.load(line, SECRET_KEY=OTHER_KEY)
        self.assertEqual((code, counts), (3, None))
        self.assertIn("line 1: one: mango.api_salt: ", err)
        self.assertEqual(self.load(line, SECRET_KEY=OTHER_KEY, SECRET_KEY_OLD=SECRET_KEY)[0], 0, "the old key opens, too")
        self.assertEqual(self.worker(self.new, "settings", "load", "/nowhere")[0], 3)
        self.assertEqual(self.worker(self.new, "settings", "load")[0], 2)
        self.assertEqual(self.worker(self.new, "settings", "save", "file")[0], 2)

    def test_a_full_disk(self):
        self.put(self.old, "one")
        with open("/dev/full", "wb") as full:
            done = subprocess.run([pathlib.Path(BUILD) / "worker", "settings", "save"], stdout=full, stderr=subprocess.PIPE, text=True,
                                  env=dict(os.environ, **self.old.env()), timeout=60, check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn("the file cannot be written", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
