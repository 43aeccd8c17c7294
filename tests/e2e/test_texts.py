#!/usr/bin/env python3
"""The page's texts: both languages have every text that is used, with the same blanks and forms, and none is there
for nothing. Read by the browser itself, off a server of plain files.
"""

import functools
import http.server
import re
import threading
import unittest

import here
from browser import Browser

WEB = here.ROOT / "ingest" / "web"
# t('key'), tn('key', tc('prefix', hasText('prefix'; a key in any other place is a text of its own
USED = re.compile(r"""\b(t|tn)\(\s*'([^']+)'""")
PREFIXES = re.compile(r"""\b(?:tc|hasText)\(\s*'([^']+)'|\bt\(\s*`([^`$]+)\.\$\{""")
FORMS = {"ru": {"one", "few", "many"}, "en": {"one", "other"}}


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def texts():
    """{language: {key: text or {form: text}}}"""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=WEB))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with Browser() as browser:
            browser.open("http://127.0.0.1:%d/icon.svg" % server.server_port)
            return {name: browser.driver.execute_async_script(
                "const done = arguments[1]; import(arguments[0]).then(m => done(m.default), e => done(String(e)))",
                "/i18n/%s.js" % name) for name in FORMS}
    finally:
        server.shutdown()
        server.server_close()


def blanks(text):
    parts = text.values() if isinstance(text, dict) else [text]
    return sorted(set(re.findall(r"\{\w+\}", " ".join(parts))) - {"{n}"})


class Texts(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.texts = texts()
        cls.scripts = {path: path.read_text(encoding="utf-8") for path in sorted(WEB.rglob("*.js"))
                       if path.parent.name != "i18n"}

    def test_both_languages_have_the_same(self):
        ru, en = self.texts["ru"], self.texts["en"]
        self.assertGreater(len(ru), 100)
        self.assertEqual(sorted(set(ru) ^ set(en)), [], "only in one language")
        self.assertEqual([key for key in ru if blanks(ru[key]) != blanks(en[key])], [], "other blanks")

    def test_numbers_have_their_forms(self):
        for name, forms in FORMS.items():
            for key, text in self.texts[name].items():
                if isinstance(text, dict):
                    self.assertEqual(set(text), forms, "%s %s" % (name, key))

    def test_no_text_is_empty_or_untranslated(self):
        for name in FORMS:
            for key, text in self.texts[name].items():
                self.assertTrue(text, "%s %s" % (name, key))
        cyrillic = [key for key, text in self.texts["en"].items() if re.search("[А-Яа-я]", str(text))]
        told = [key for key in cyrillic if self.texts["en"][key] == self.texts["ru"][key]]
        self.assertEqual([key for key in told if not key.startswith("language")], [], "not translated")

    def test_every_text_that_is_used_is_there(self):
        for path, script in self.scripts.items():
            for _, key in USED.findall(script):
                self.assertIn(key, self.texts["ru"], path.name)
            for either in PREFIXES.findall(script):
                prefix = (either[0] or either[1]) + "."
                self.assertTrue(any(key.startswith(prefix) for key in self.texts["ru"]), "%s in %s" % (prefix, path.name))

    def test_no_text_is_there_for_nothing(self):
        everything = "\n".join(self.scripts.values())
        prefixes = {(a or b) + "." for a, b in PREFIXES.findall(everything)}
        idle = [key for key in self.texts["ru"] if "'%s'" % key not in everything
                and not any(key.startswith(prefix) for prefix in prefixes)]
        self.assertEqual(idle, [])


class Remedies(unittest.TestCase):
    """Every code of doctor's that has something to do has it in Russian, too."""

    def test_every_code_has_its_words(self):
        table = (here.ROOT / "common" / "doctor" / "doctor_remedy.c").read_text(encoding="utf-8")
        words = (WEB / "settings" / "remedies_ru.js").read_text(encoding="utf-8")
        codes = {code for code, begins in re.findall(r'\{"(\w+)",\s*"(.)', table) if begins != '"'}
        russian = dict(re.findall(r"^    (\w+): '(.+)',$", words, re.MULTILINE))
        self.assertGreater(len(codes), 50)
        self.assertEqual(sorted(codes ^ set(russian)), [])
        self.assertEqual([code for code, text in russian.items() if not re.search("[а-яё]", text)], [])


if __name__ == "__main__":
    unittest.main()
