"""The settings page's files by themselves, without a browser: its modules know only what is there, nothing of it can
turn a text into markup, and it stays small. Its texts: test_texts.py.
"""

import pathlib
import re
import unittest

WEB = pathlib.Path(__file__).resolve().parents[2] / "ingest" / "web"
LANGUAGES = ("ru", "en")
LIMIT_BYTES = 150_000  # not compressed


def modules():
    return sorted(path for path in WEB.rglob("*.js"))


def source_of(path):
    return path.read_text(encoding="utf-8")


def imports(path):
    """The modules it imports, those that come later only when they are wanted left out."""
    found = re.findall(r"^(?:import|export)\b[^;]*?\sfrom '([^']+)'|^import '([^']+)'", source_of(path), re.M)
    return [(path.parent / (a or b)).resolve() for a, b in found]


def closure(path, seen):
    if path not in seen:
        seen.add(path)
        for other in imports(path):
            closure(other, seen)
    return seen


class Modules(unittest.TestCase):
    def test_each_says_what_it_is_for(self):
        for path in modules() + [WEB / "style.css"]:
            self.assertRegex(source_of(path), r"\A(// [A-Z0-9«“]|/\* [A-Z])", path.name)

    def test_keys_of_texts_are_written_out(self):
        """A key put together at run time would escape the tests of texts."""
        for path in modules():
            if path.name not in ("i18n.js", "refusals.js"):  # refusals.js has them in its table
                self.assertEqual(re.findall(r"\b(?:tn|tc|t|hasText)\((?!')[^)]", source_of(path)), [], path.name)

    def test_imports_exist(self):
        for path in modules():
            for other in imports(path) + [(path.parent / name).resolve() for name in
                                          re.findall(r"import\('(\.[^']+)'\)", source_of(path))]:
                self.assertTrue(other.is_file(), "%s imports %s" % (path.name, other))

    def test_names_imported_are_exported(self):
        for path in modules():
            for names, name in re.findall(r"^import \{([^}]*)\} from '([^']+)'", source_of(path), re.M):
                there = source_of((path.parent / name).resolve())
                for one in (n.strip() for n in names.split(",") if n.strip()):
                    self.assertRegex(there, r"export (async )?(const|function|class) %s\b" % one,
                                     "%s from %s" % (one, name))
                    self.assertGreater(len(re.findall(r"\b%s\b" % one, source_of(path))), 1,
                                       "%s imports %s in vain" % (path.name, one))

    def test_what_the_first_view_needs_comes_at_once(self):
        page = source_of(WEB / "index.html")
        wanted = {str(path.relative_to(WEB)) for path in closure(WEB / "app.js", set())} - {"app.js"} | {"i18n/ru.js"}
        self.assertEqual(set(re.findall(r'rel="modulepreload" href="([^"]+)"', page)), wanted)

    def test_texts_never_become_markup(self):
        for path in modules():
            self.assertNotRegex(source_of(path), r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|"
                                r"new Function|DOMParser|srcdoc|setTimeout\('", path.name)

    def test_nothing_comes_from_outside(self):
        page = source_of(WEB / "index.html")
        self.assertEqual(re.findall(r'(?:src|href)="(?:https?:)?//[^"]*"', page), [])
        self.assertNotRegex(page, r"<style|style=|\son\w+=|<script(?! type=\"module\" src=)")
        self.assertNotRegex(source_of(WEB / "style.css"), r"@import|url\(")
        for path in modules():
            self.assertNotRegex(source_of(path), r"(?:fetch|import|EventSource)\(\s*['\"`]https?:", path.name)

    def test_it_is_small(self):
        """What comes before the first view can be used; the other views come when they are wanted."""
        shared = closure(WEB / "app.js", set()) | {WEB / "index.html", WEB / "style.css", WEB / "icon.svg"}
        for language in LANGUAGES:
            size = sum(path.stat().st_size for path in shared | {WEB / "i18n" / (language + ".js")})
            self.assertLess(size, LIMIT_BYTES, language)


if __name__ == "__main__":
    unittest.main()
