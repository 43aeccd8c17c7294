#!/usr/bin/env python3
"""Every fence and every limit is tried: what is planted must be found, and its lawful twin must not."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
sys.dont_write_bytecode = True
import fences  # noqa: E402
import lengths  # noqa: E402

PURE = {"common/phone", "common/str", "worker/calls/fold"}
HEADERS = {
    "common/str.h": "#include <stddef.h>\n",
    "common/clock.h": "#include <stdint.h>\n",
    "common/phone.h": '#include "common/str.h"\n',
    "common/log.h": "",
    "common/settings.h": '#include "common/clock.h"\n',
    "worker/calls/fold.h": "",
}
# path, content, what the one finding must say (None = nothing is found)
SOURCE_CASES = [
    ("common/jval.c", "#include <jansson.h>\n", None),
    ("common/http.c", "#include <jansson.h>\n", "includes <jansson.h>"),
    ("common/kafka/producer.c", "#include <librdkafka/rdkafka.h>\n", None),
    ("worker/crm/role.c", "#include <librdkafka/rdkafka.h>\n", "includes <librdkafka/rdkafka.h>"),
    ("worker/crm/role.c", "  #  include <curl/curl.h>\n", "includes <curl/curl.h>"),
    ("ingest/accept.c", "#include <microhttpd.h>\n", "includes <microhttpd.h>"),
    ("common/settings.c", "#include <sodium.h>\n", "includes <sodium.h>"),
    ("common/secret.c", "#include <openssl/sha.h>\n", "includes <openssl/sha.h>"),
    ("common/http.c", "#include <sys/epoll.h>\n", "includes <sys/epoll.h>"),
    ("ingest/accept.c", "#include <check.h>\n", "includes <check.h>"),
    ("common/jval.h", "#include <jansson.h>\n", "header of ours includes <jansson.h>"),
    ("common/table.h", "#include <uthash.h>\n", "header of ours includes <uthash.h>"),
    ("common/table.c", "#include <uthash.h>\n", None),
    ("common/http.c", "/* #include <jansson.h> */\n", None),
    ("ingest/accept.c", '#include "worker/calls/fold.h"\n', "ingest/ includes worker/"),
    ("worker/main.c", '#include "ingest/form.h"\n', "worker/ includes ingest/"),
    ("common/http.c", '#include "ingest/form.h"\n', "common/ includes ingest/"),
    ("common/http.c", '#include "worker/calls/fold.h"\n', "common/ includes worker/"),
    ("worker/crm/role.c", '#include "worker/calls/fold.h"\n', "worker/crm/ includes worker/calls/"),
    ("tests/fakes/megaplan.c", '#include "common/str.h"\n', "tests/fakes/ includes common/"),
    ("common/phone.c", '#include "common/clock.h"\n', "pure, but includes common/clock.h"),
    ("common/phone.c", '#include "common/log.h"\n', "pure, but includes common/log.h"),
    ("common/phone.c", '#include "common/settings.h"\n', None),
    ("common/phone.c", "#include <unistd.h>\n", "pure, but includes <unistd.h>"),
    ("common/phone.c", "int phone_x(void) { return (int)time(NULL); }\n", "pure, but calls time"),
    ("common/phone.c", 'void phone_x(void) { getenv("A"); }\n', "pure, but calls getenv"),
    ("worker/calls/fold.c", "void fold_x(void) { write(1, 0, 0); }\n", "pure, but calls write"),
    ("worker/calls/fold.c", "void fold_x(struct s *s) { s->write(1); }\n", None),
    ("common/ops.c", "void ops_x(void) { sprintf(a, b); }\n", "calls sprintf"),
    ("common/ops.c", 'void ops_x(void) { f("sprintf(a)"); } // sprintf(a)\n', None),
    ("common/ops.c", "int ops_x(void) { return atoi (a); }\n", "calls atoi"),
    ("common/ops.c", "long ops_x(void) { return strtol(a, 0, 10); }\n", "calls strtol"),
    ("common/num.c", "long num_x(void) { return strtol(a, 0, 10); }\n", None),
    ("tests/unit/test_num.c", "void t(void) { strcpy(a, b); }\n", "calls strcpy"),
    ("common/http.c", "long http_x(void) { return clock_gettime(0, 0); }\n", "calls clock_gettime"),
]
SOURCE_CASES += [
    ("common/offsets.h", "/* The low watermark. Pure. */\n", "says that it is pure"),
    ("common/sealing.h", "/* The document. Pure but for randomness. */\n", None),
    ("common/phone.h", "/* Phones. Pure. */\n", None),
]
# path, content, finding: compiled and looked at as object files
OBJECT_CASES = [
    ("common/ops.c", "int ops_x(void) { return 0; }\n", None),
    ("common/ops.c", "static int n; int ops_x(void) { return n++; }\n", "variable n can change"),
    ("common/ops.c", "int ops_x(void) { static int n = 3; return n++; }\n", "variable n can change"),
    ("common/ops.c", "static _Thread_local int n; int ops_x(void) { return n++; }\n", "variable n can change"),
    ("common/ops.c", "int ops_n;\n", "variable ops_n can change"),
    ("common/log.c", "static int level; int log_x(void) { return level++; }\n", None),
    ("common/ops.c", 'const char *const ops_t[] = {"a", "b"};\n', None),
    ("common/ops.c", "int helper(void) { return 0; }\n", "exports helper"),
    ("common/ops.c", "static int helper(void) { return 0; } int ops_x(void) { return helper(); }\n", None),
    ("common/err.c", "int error_set(void) { return 0; }\n", None),
    ("worker/main.c", "int main(void) { return 0; }\n", None),
    ("common/phone.c", "#define NOW ti##me(0)\nlong time(long *); long phone_x(void) { return NOW; }\n",
     "pure, but calls time (seen"),
]


class Fences(unittest.TestCase):
    conf = fences.Conf((pathlib.Path(__file__).parent / "fences.conf").read_text(encoding="utf-8"))

    def look(self, path, content, compiled):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, text in {**({} if compiled else HEADERS), path: content}.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text, encoding="utf-8")
            if not compiled:
                return list(fences.findings(root, self.conf, PURE, None))
            obj = root / "obj" / (path[:-2] + ".o")
            obj.parent.mkdir(parents=True)
            subprocess.run(["cc", "-O2", "-fPIE", "-w", "-c", str(root / path), "-o", str(obj)], check=True)
            found = fences.findings(root, self.conf, PURE, root)
            # what the text alone already shows is not the question here
            return [f for f in found if "seen in" in f or "variable" in f or "exports" in f]

    def cases(self, cases, compiled):
        for path, content, expected in cases:
            with self.subTest(path=path, content=content):
                found = self.look(path, content, compiled)
                if expected is None:
                    self.assertEqual(found, [])
                else:
                    self.assertTrue(any(expected in f and f.startswith(path + ":1") for f in found), found)
                    self.assertLessEqual(len(found), 2, found)

    def test_in_the_text(self):
        self.cases(SOURCE_CASES, False)

    def test_in_the_objects(self):
        self.cases(OBJECT_CASES, True)

    def test_pure_calls_impure(self):
        """Through a declaration of its own, past every header."""
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, text in {
                "common/phone": "int clock_x(void); int mem_x(void); int str_x(void);"
                                "int phone_x(void) { return clock_x() + mem_x() + str_x(); }",
                "common/clock": "int clock_x(void) { return 0; }",
                "common/mem": "int mem_x(void) { return 0; }",
                "common/str": "int str_x(void) { return 0; }",
            }.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / "obj" / name).parent.mkdir(parents=True, exist_ok=True)
                (root / f"{name}.c").write_text(text)
                subprocess.run(["cc", "-c", root / f"{name}.c", "-o", root / "obj" / f"{name}.o"], check=True)
            found = list(fences.findings(root, self.conf, PURE - {"worker/calls/fold"}, root))
        self.assertEqual(found, ["common/phone.c:1: pure, but calls clock_x of common/clock.c"])

    def test_through_a_header(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "common").mkdir()
            (root / "common/str.h").write_text('#include "common/clock.h"\n')
            (root / "common/clock.h").write_text("")
            (root / "common/phone.c").write_text('#include "common/str.h"\n')
            found = list(fences.findings(root, self.conf, PURE, None))
        self.assertIn("common/phone.c:1: pure, but includes common/clock.h through common/str.h", found)


class Lengths(unittest.TestCase):
    @staticmethod
    def look(body_lines, comment="/* What it is for. */", excuse="", path="common/ops.c"):
        text = [comment, excuse, "int ops_x(int a,", "          int b)", "{", *["    a++;"] * (body_lines - 2), "}"]
        return list(lengths.look(path, text, []))

    def test_function(self):
        self.assertEqual(self.look(80), [])
        self.assertEqual(self.look(81), ["common/ops.c:3: ops_x has 81 lines, more than 80"])
        self.assertEqual(self.look(81, excuse="/* long because it is a table */"), [])

    def test_file(self):
        many = ["/* What it is for. */"] + ["int a;"] * 200
        self.assertEqual(list(lengths.look("ingest/main.c", many, [])), ["ingest/main.c:1: 201 lines, more than 200"])
        self.assertEqual(list(lengths.look("ingest/accept.c", many, [])), [])
        self.assertEqual(len(list(lengths.look("ingest/accept.c", many * 3, []))), 1)
        self.assertIn("does not start with a comment", self.look(10, comment="#include <a.h>")[0])


if __name__ == "__main__":
    unittest.main()
