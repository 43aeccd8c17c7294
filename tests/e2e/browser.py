"""A real Chromium, driven as a person or a screen reader would: things are found by role and name in the
accessibility tree, never by how the page is built. Knows Selenium; knows nothing of the product.
"""

import base64
import ctypes
import json
import os
import pathlib
import re
import shutil
import signal
import tempfile
import time

from selenium import webdriver
from selenium.common.exceptions import (ElementClickInterceptedException, ElementNotInteractableException,
                                        StaleElementReferenceException, WebDriverException)
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

import here

AXE = next(here.VENV.glob("lib/python*/site-packages/axe_playwright_python/axe.min.js"))
WAIT_S = float(os.environ.get("E2E_WAIT_S", "20"))
OPTIONS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
           "--disable-background-networking", "--disable-component-update", "--disable-sync",
           "--disable-dev-shm-usage", "--disable-default-apps", "--disable-domain-reliability",
           "--disable-client-side-phishing-detection", "--no-default-browser-check",
           "--force-color-profile=srgb", "--hide-scrollbars",
           "--remote-debugging-pipe",  # so that it ends with its driver
           "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1")
GONE = (StaleElementReferenceException, ElementClickInterceptedException, ElementNotInteractableException)


PR_SET_PDEATHSIG = 1
FIELDS = ("textbox", "combobox", "searchbox", "spinbutton")   # what can be typed into


def end_with_parent():
    """In the child, before it becomes the driver: killed when this process ends, however that was."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class NotThere(AssertionError):
    """Something did not come in time."""


class Browser:
    """One Chromium with an empty profile of its own. lang: what it tells the page the person reads."""

    def __init__(self, lang="ru-RU", log_net=None):
        self.folder = tempfile.mkdtemp(prefix="mangoplan-chromium-")
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        more = ["--user-data-dir=" + self.folder, "--lang=" + lang]
        if log_net:
            more += ["--log-net-log=%s" % log_net]
        for option in OPTIONS + tuple(more):
            options.add_argument(option)
        options.add_experimental_option("prefs", {"intl.accept_languages": lang})
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options=options,
                                       service=webdriver.ChromeService(
                                           "/usr/bin/chromedriver",
                                           popen_kw={"preexec_fn": end_with_parent}))
        self.driver.set_script_timeout(60)
        self.cdp("Accessibility.enable")
        self.size(1280, 900)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.driver.quit()
        shutil.rmtree(self.folder, ignore_errors=True)

    # the browser itself

    def cdp(self, command, **arguments):
        return self.driver.execute_cdp_cmd(command, arguments)

    def js(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def open(self, url):
        self.driver.get(url)

    def anew(self, act):
        """Does what makes the page load itself anew, and waits until it has. Not by the accessibility tree: Chromium's
        tab may crash when it is asked for that of a document that goes."""
        self.js("window.isOld = true")
        act()
        self.until("the page anew", lambda: self.js("return !window.isOld && document.readyState === 'complete'"))

    def size(self, width, height):
        """The page's own width and height, in CSS pixels."""
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                 mobile=False)

    def dark(self, yes):
        self.cdp("Emulation.setEmulatedMedia",
                 features=[{"name": "prefers-color-scheme", "value": "dark" if yes else "light"},
                           {"name": "prefers-reduced-motion", "value": "reduce"}])

    def offline_console(self):
        """Errors of the page's console since the last time; a refused request (4xx, 5xx) is none."""
        rows = self.driver.get_log("browser")
        return [row["message"] for row in rows if row["level"] == "SEVERE"
                and "the server responded with a status of" not in row["message"]]

    def traffic(self):
        """DevTools' messages on the network since the last time: [(method, params)]."""
        made = []
        for row in self.driver.get_log("performance"):
            message = json.loads(row["message"])["message"]
            if message["method"].startswith("Network."):
                made.append((message["method"], message["params"]))
        return made

    def picture(self, path, whole=False):
        """A PNG of what is seen (whole: of the page to its end)."""
        made = self.cdp("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        pathlib.Path(path).write_bytes(base64.b64decode(made["data"]))

    # what is there

    def text(self):
        """Everything that is shown."""
        return self.js("return document.body ? document.body.innerText : ''")

    def value_of(self, element):
        return element.get_property("value")

    def nodes(self, role, name=None, inside=None):
        """The elements of a role in the accessibility tree, in the page's order. name: text to be equal
        (spaces folded) or a compiled expression to be found. inside: an element they are below. role may be a
        tuple of several."""
        if inside is None:
            inside = self.js("return document.documentElement")
        if isinstance(role, tuple):
            return [found for each in role for found in self.nodes(each, name, inside)]
        made = []
        for node in self.cdp("Accessibility.queryAXTree", backendNodeId=self.backend(inside),
                             role=role)["nodes"]:
            if node.get("ignored") or "backendDOMNodeId" not in node:
                continue
            called = " ".join(node.get("name", {}).get("value", "").split())
            if name is None or (name.search(called) if isinstance(name, re.Pattern) else name == called):
                made.append(self.element(inside, node["backendDOMNodeId"]))
        return made

    @staticmethod
    def backend(element):
        """DevTools' number of an element: the last part of chromedriver's."""
        return int(element.id.rpartition(".e.")[2])

    def element(self, beside, number):
        return WebElement(self.driver, "%s.e.%d" % (beside.id.rpartition(".e.")[0], number))

    def until(self, what, condition, wait_s=None):
        """condition()'s first true answer; NotThere, with what is shown, after a while."""
        end = time.monotonic() + (WAIT_S if wait_s is None else wait_s)
        while True:
            try:
                made = condition()
            except GONE + (WebDriverException,) as error:
                if isinstance(error, WebDriverException) and not isinstance(error, GONE) and \
                        "o node" not in str(error):
                    raise
                made = None
            if made:
                return made
            if time.monotonic() > end:
                raise NotThere("%s did not come; shown is:\n%s" % (what, self.text()[-12000:]))
            time.sleep(0.05)

    def one(self, role, name=None, inside=None, wait_s=None):
        """The first of them, as soon as there is one."""
        return self.until("%s %r" % (role, getattr(name, "pattern", name)),
                          lambda: self.nodes(role, name, inside), wait_s)[0]

    def has(self, role, name=None, inside=None):
        return bool(self.nodes(role, name, inside))

    def reads(self, words, wait_s=None, inside=None):
        """Waits until the words (or what fits an expression) are shown."""
        def shown():
            text = inside.text if inside is not None else self.text()
            return words.search(text) if isinstance(words, re.Pattern) else words in text
        return self.until("the words %r" % getattr(words, "pattern", words), shown, wait_s)

    def reads_no_more(self, words, wait_s=None):
        self.until("%r to go" % words, lambda: words not in self.text(), wait_s)

    # what a person does

    def click(self, role, name=None, inside=None, wait_s=None):
        def clicked():
            found = self.nodes(role, name, inside)
            if found and found[0].is_enabled():
                self.bring(found[0])
                found[0].click()
                return found[0]
            return None
        return self.until("%s %r to be clicked" % (role, getattr(name, "pattern", name)), clicked, wait_s)

    def bring(self, element):
        """Scrolls it into the middle, from under whatever stays at the edges."""
        self.js("arguments[0].scrollIntoView({block: 'center'})", element)

    def fill(self, name, text, inside=None, role=FIELDS):
        """Types a text into a field in place of what it holds."""
        def typed():
            field = self.one(role, name, inside)
            self.bring(field)
            field.click()
            field.send_keys(Keys.CONTROL, "a")
            field.send_keys(Keys.DELETE)
            if text:
                field.send_keys(text)
            return field
        return self.until("field %r to be filled" % getattr(name, "pattern", name), typed)

    def keys(self, *keys):
        """To whatever has the focus."""
        self.driver.switch_to.active_element.send_keys(*keys)

    # what is wrong with it

    def axe(self):
        """axe-core's violations: [{id, impact, help, nodes}]."""
        if not self.js("return typeof window.axe === 'object'"):
            # through DevTools: the page's own policy lets no stranger's script in
            self.cdp("Runtime.evaluate", expression=AXE.read_text(encoding="utf-8"))
        return self.driver.execute_async_script("""
            const done = arguments[0];
            axe.run(document, {resultTypes: ['violations']}).then(
                made => done(made.violations.map(v => ({id: v.id, impact: v.impact, help: v.help,
                    nodes: v.nodes.map(n => n.target.join(' ') + ': ' + n.failureSummary)}))),
                error => done([{id: 'axe', impact: 'critical', help: String(error), nodes: []}]))""")

    def sticks_out(self):
        """Whether the page is wider than the window, and the elements to blame."""
        return self.js("""
            const wide = document.documentElement.clientWidth;
            if (document.documentElement.scrollWidth <= wide) return [];
            return [document.documentElement.scrollWidth + ' px'].concat(
                [...document.body.querySelectorAll('*')].filter(
                    e => e.getBoundingClientRect().right > wide + 1).slice(0, 8).map(
                    e => e.tagName + '.' + e.className + ' ' + (e.textContent || '').trim().slice(0, 40)));""")
