#!/usr/bin/env python3
# Takes minutes
"""Every view of the page: axe-core finds nothing serious, in both languages, light and dark; nothing sticks out of a
window of 360 px; whatever people are called is text and nothing else.
"""

import unittest

import here  # noqa: F401
import office
from page_case import SLOW_S, PageCase

HOSTILE = ("<script>window.hit = 1</script>", "<img src=x onerror=\"window.hit = 2\">", "\"'><svg onload=window.hit=3>",
           "\u202eГригорьев Рушат\u202c", "{{7*7}} ${window.hit = 4}", "Я" * 1000, "a" * 300, "О’Нил & \"сыновья\"")
VIEWS = ("settings", "calls", "dead", "health", "audit")


class Views(PageCase):
    SETTLED = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.site.control.ask("seed", {"employees": [
            {"id": str(2000000 + n), "name": name, "lastName": name} for n, name in enumerate(HOSTILE)]})
        cls.site.settle(employees=[
            {"megaplan_id": "1000005", "name": HOSTILE[0], "extension": "101"},
            {"megaplan_id": "1000006", "name": HOSTILE[5][:200], "extension": "102"}])
        cls.site.call("documentation", name="talked")
        cls.site.control.ask("faults", [{"method": "POST", "path": "/contractorHuman$", "reply": "json", "status": 422,
                                         "contains": "111-22-33"}])
        cls.story = cls.site.call(number="79031112233", name="refused")
        cls.site.await_api("/api/accounts/romashka/dead", "a dead letter", lambda said: said["rows"], 60)
        cls.site.await_api("/api/accounts/romashka/calls", "both calls", lambda said: len(said["calls"]) == 2, 60)

    def view(self, hash_):
        self.desk.open(hash_)
        self.browser.until("a heading", lambda: self.browser.nodes("heading"))
        if hash_.endswith("settings"):
            self.browser.until("the employees", lambda: self.browser.has(
                "rowheader") and self.desk.words("employees.loading") not in self.browser.text(), SLOW_S)
        self.browser.until("it to be whole", lambda: self.desk.words("loading") not in self.browser.text())

    def addresses(self):
        return ["#/+"] + ["#/romashka/" + view for view in VIEWS] + ["#/romashka/calls/" + self.story.entry]

    def look(self, name):
        """What axe-core and a narrow window find."""
        found = [v for v in self.browser.axe() if v["impact"] in ("serious", "critical")]
        self.assertEqual([(v["id"], v["help"], v["nodes"][:3]) for v in found], [], name)

    def test_1_the_door(self):
        self.desk.open()
        self.desk.field("login.password")
        for dark in (False, True):
            self.browser.dark(dark)
            self.look("the door")
        self.browser.size(360, 740)
        self.assertEqual(self.browser.sticks_out(), [])
        self.browser.size(1280, 900)
        self.browser.dark(False)
        self.desk.sign_in()
        self.browser.until("the door to open", lambda: not self.browser.has("dialog"))

    def test_2_every_view_in_both_languages_light_and_dark(self):
        for lang in ("ru", "en"):
            self.desk.lang = lang
            for address in self.addresses():
                with self.subTest(lang=lang, view=address):
                    self.view(address)
                    for dark in (False, True):
                        self.browser.dark(dark)
                        self.look("%s %s dark=%s" % (address, lang, dark))
            self.desk.click("language.other")
        self.desk.lang = "ru"
        self.browser.dark(False)

    def test_3_nothing_sticks_out_of_a_narrow_window(self):
        self.browser.size(360, 740)
        try:
            for address in self.addresses():
                with self.subTest(view=address):
                    self.view(address)
                    self.assertEqual(self.browser.sticks_out(), [])
                    self.look(address)
        finally:
            self.browser.size(1280, 900)

    def test_4_the_test_call_fits_a_narrow_window_and_is_accessible(self):
        self.view("#/romashka/calls")
        self.browser.size(360, 740)
        try:
            self.desk.click("test.open")
            self.browser.one("dialog", self.desk.line("test.title"))
            self.assertEqual(self.browser.sticks_out(), [])
            self.look("the test call")
        finally:
            self.browser.size(1280, 900)
        self.desk.click("close")

    def test_5_names_are_text(self):
        for address in self.addresses():
            with self.subTest(view=address):
                self.view(address)
                self.assertIsNone(self.browser.js("return window.hit || null"))
                self.assertEqual(self.browser.js("return document.querySelectorAll('main script, main img, main svg').length"), 0)
        self.view("#/romashka/settings")
        for name in HOSTILE[:3]:
            self.browser.reads(name)
        self.assertTrue(self.browser.has("combobox", self.desk.line("employees.extension.of", name=HOSTILE[1])))

    def test_6_no_script_of_others_runs(self):
        """What the page's policy forbids: an inline script, a foreign one."""
        self.view("#/romashka/audit")
        self.browser.js("""const s = document.createElement('script'); s.textContent = 'window.hit = 5';
                           document.body.append(s); s.remove();""")
        self.assertIsNone(self.browser.js("return window.hit || null"))
        said = " ".join(row["message"] for row in self.browser.driver.get_log("browser"))
        self.assertIn("Content Security Policy", said)


if __name__ == "__main__":
    unittest.main()
