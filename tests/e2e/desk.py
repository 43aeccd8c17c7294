"""Somebody at the settings page: signs in, finds fields and buttons by the words the page has for them (its own texts,
by key), in either language.
"""

import re

from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select

import office
from browser import FIELDS, Browser

READ_TEXTS = """
    const done = arguments[1];
    import(new URL('i18n/' + arguments[0] + '.js', document.baseURI)).then(m => done(m.default), e => done(String(e)));"""


def form(lang, n):
    """Which form of a text goes with a number."""
    if lang == "en":
        return "one" if n == 1 else "other"
    if n % 10 == 1 and n % 100 != 11:
        return "one"
    return "few" if n % 10 in (2, 3, 4) and n % 100 not in (12, 13, 14) else "many"


class Desk:
    """A browser in an office, closed with close()."""

    def __init__(self, site, lang="ru", **more):
        self.site = site
        self.lang = lang
        self.browser = Browser("ru-RU" if lang == "ru" else "en-US", **more)
        self.texts = {}
        self.foreign = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.browser.close()

    # words

    def words(self, key, **values):
        """A text of the page by its key, with its blanks filled."""
        if self.lang not in self.texts:
            self.texts[self.lang] = self.browser.driver.execute_async_script(READ_TEXTS, self.lang)
        text = self.texts[self.lang][key]
        if isinstance(text, dict):
            text = text[form(self.lang, values["n"])]
        return re.sub(r"\{(\w+)\}", lambda m: str(values.get(m.group(1), m.group(0))), text)

    def line(self, key, **values):
        """The same with spaces folded, as names are told in the accessibility tree."""
        return " ".join(self.words(key, **values).split())

    # the door

    def open(self, hash_="", wait=True):
        """Opens the page at an address behind the #; from anywhere, as a load of its own."""
        self.browser.open("about:blank")
        self.browser.open(self.site.page + hash_)
        if wait:
            self.browser.until("the page", lambda: self.browser.js(
                "return document.readyState === 'complete' && document.body.innerText.trim() !== ''"))

    def sign_in(self, password=office.PASSWORD):
        self.browser.fill(self.line("login.password"), password)
        self.browser.click("button", self.line("login.enter"))

    def enter(self, hash_=""):
        """Opens the page and signs in where it asks for it; gives itself."""
        self.open(hash_)
        self.sign_in()
        self.browser.until("the door to open", lambda: not self.browser.has("dialog"))
        return self

    # fields and buttons, by the keys of their words

    def field(self, key, role=FIELDS, **values):
        return self.browser.one(role, self.line(key, **values))

    def fill(self, key, text, **values):
        return self.browser.fill(self.line(key, **values), text)

    def click(self, key, role="button", wait_s=None, **values):
        return self.browser.click(role, self.line(key, **values), wait_s=wait_s)

    def reads(self, key, wait_s=None, **values):
        return self.browser.reads(self.words(key, **values), wait_s)

    def switch(self, key, on):
        """Turns a switch that way."""
        def turned():
            found = self.field(key, "switch")
            if found.is_selected() != on:
                self.browser.bring(found)
                found.click()
            return found.is_selected() == on
        self.browser.until("switch %s" % key, turned)

    def choose(self, element, text):
        Select(element).select_by_visible_text(text)

    def error_of(self, element):
        """What is said to be wrong with a field, by the descriptions it names."""
        return " ".join(d.text for d in self.described_by(element) if "error" in (d.get_attribute("class") or ""))

    def descriptions(self, element):
        """Everything a field is described by that is shown."""
        return " ".join(d.text for d in self.described_by(element))

    def described_by(self, element):
        ids = (element.get_attribute("aria-describedby") or "").split()
        found = [d for name in ids for d in self.browser.driver.find_elements(By.ID, name)]
        return [d for d in found if d.is_displayed()]

    def row(self, *words, wait_s=None):
        """The first row of a table that has all these words."""
        return self.browser.until("a row with %s" % ", ".join(words), lambda: next(
            (row for row in self.browser.nodes("row") if all(w in " ".join(row.text.split()) for w in words)), None),
            wait_s)

    def focused(self):
        return self.browser.driver.switch_to.active_element

    def saved(self):
        """Presses «Сохранить» and waits until it is."""
        self.click("save")
        self.await_saved()

    def await_saved(self):
        self.browser.until("it to be saved", lambda: self.words("save.done") in self.browser.text() and
                           self.words("unsaved") not in self.browser.text())

    def go(self, view, account="romashka"):
        """To a view by the header's link."""
        self.click("nav." + view, role="link")
        self.browser.until("the view", lambda: "#/%s/%s" % (account, view) in self.browser.driver.current_url)
