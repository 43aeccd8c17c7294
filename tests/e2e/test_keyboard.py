#!/usr/bin/env python3
"""The guide's way without a mouse: Tab, Space, Enter, arrows and typing, from the door to a connection that is switched
on. What has the focus is seen.
"""

import unittest

import here  # noqa: F401
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

import office
from page_case import SLOW_S, PageCase

MOST_TABS = 150


class Keyboard(PageCase):
    def name(self):
        """What a screen reader says of what has the focus: (role, name)."""
        element = self.desk.focused()
        node = self.browser.cdp("Accessibility.getPartialAXTree", backendNodeId=self.browser.backend(element),
                                fetchRelatives=False)["nodes"][0]
        return (node.get("role", {}).get("value", ""), " ".join(node.get("name", {}).get("value", "").split()))

    def tab_to(self, key, **values):
        """Presses Tab until that has the focus, which has to be in sight and visibly marked."""
        wanted, seen = self.desk.line(key, **values), []
        for _ in range(MOST_TABS):
            seen.append(self.name())
            if seen[-1][1] == wanted:
                self.is_seen(self.desk.focused())
                return
            self.browser.keys(Keys.TAB)
        self.fail("%r is not to be had by Tab; there was: %s" % (wanted, seen))

    def is_seen(self, element):
        """In the window, not below anything that stays there, with an outline."""
        seen = self.browser.js("""
            const e = arguments[0], box = e.getBoundingClientRect();
            const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
            return {free: !!top && (e.contains(top) || top.contains(e) || !!top.closest('label')),
                    inside: box.top >= -1 && box.bottom <= innerHeight + 1,
                    outline: getComputedStyle(e).outlineStyle};""", element)
        self.assertTrue(seen["inside"], "%s is out of sight" % (self.name(),))
        self.assertTrue(seen["free"], "%s is covered" % (self.name(),))
        self.assertNotEqual(seen["outline"], "none", "%s is not marked" % (self.name(),))

    def type_at(self, key, text, **values):
        self.tab_to(key, **values)
        self.browser.keys(Keys.CONTROL, "a")
        self.browser.keys(text)

    def press(self, key, what=Keys.ENTER, **values):
        self.tab_to(key, **values)
        self.browser.keys(what)

    def test_from_the_door_to_a_connection_that_is_on(self):
        self.desk.open()
        self.desk.field("login.password")
        self.type_at("login.password", office.PASSWORD)
        self.browser.keys(Keys.ENTER)
        self.browser.one("heading", self.desk.line("new.title"))
        self.new_connection()
        self.browser.until("the employees", lambda: self.browser.has(
            "button", self.desk.line("proposal.all", n=3)), SLOW_S)
        self.press("proposal.all", n=3)
        self.switch("enabled.title")
        self.switch("create.incoming")
        self.switch("popups.title")
        self.press("save.changes")
        self.desk.reads("save.done")
        _, document, _ = self.site.api.ask("GET", "/api/accounts/romashka")
        self.assertTrue(document["enabled"] and document["create_client"]["incoming"] and document["popups"])
        self.assertEqual(len(document["employees"]), 3)
        self.see_a_call()

    def new_connection(self):
        self.browser.driver.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)
        self.type_at("new.account", "romashka")
        self.type_at("mango.api_key", office.KEY)
        self.type_at("mango.api_salt", office.SALT)
        self.press("mango.more")
        self.type_at("mango.base_url", self.site.pbx + "/vpbx")
        self.type_at("megaplan.base_url", self.site.megaplan)
        self.type_at("megaplan.token", office.TOKEN)
        self.press("new.create")
        self.browser.one("heading", self.desk.line("settings.title"))

    def switch(self, key):
        self.press(key, Keys.SPACE)
        self.assertTrue(self.desk.focused().is_selected(), key)

    def see_a_call(self):
        self.site.call()
        self.press("nav.calls")
        self.browser.one("heading", self.desk.line("calls.title"))
        self.desk.row("…" + office.NUMBER[-4:], self.desk.words("state.done"))
        self.press("number.show", number="…" + office.NUMBER[-4:])
        self.browser.reads(office.NUMBER)
        self.press("test.open")
        self.browser.one("dialog", self.desk.line("test.title"))
        self.browser.keys(Keys.ESCAPE)
        self.browser.until("it to be gone", lambda: not self.browser.has("dialog"))
        self.assertEqual(self.name()[1], self.desk.line("test.open"), "the focus comes back")


if __name__ == "__main__":
    unittest.main()
