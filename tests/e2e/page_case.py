"""What the tests of the page share: an office and a desk for a whole class, and what is kept when a test fails."""

import os
import sys
import unittest

import here
import desk
import office
from selenium.common.exceptions import WebDriverException

SLOW_S = 75   # MANGO is asked once in ten seconds: the page waits, and asks again by itself
AGAIN = "E2E_AGAIN"


class PageCase(unittest.TestCase):
    """One office, one desk; tests run in the order of their names. WORKERS: which run besides ingest."""

    WORKERS = ("calls", "crm")
    SETTLED = False   # whether the account is there from the beginning
    LANG = "ru"

    @classmethod
    def setUpClass(cls):
        cls.site = office.Office(workers=cls.WORKERS)
        cls.addClassCleanup(cls.end)
        cls.site.open()
        if cls.SETTLED:
            cls.site.settle()
        cls.desk = desk.Desk(cls.site, cls.LANG)
        cls.addClassCleanup(cls.desk.close)
        cls.browser = cls.desk.browser

    @classmethod
    def end(cls):
        blamed = cls.site.close()
        assert not blamed, "\n".join(blamed)

    def run(self, result=None):
        before = len(result.failures) + len(result.errors)
        super().run(result)
        if len(result.failures) + len(result.errors) > before:
            folder = here.ROOT / "build" / "e2e" / "failed"
            folder.mkdir(parents=True, exist_ok=True)
            try:
                self.browser.picture(folder / (self.id() + ".png"), whole=True)
            except WebDriverException as failure:
                self.crashed(failure)

    def crashed(self, failure):
        """There is no picture. Of Chromium's own crashes one is allowed: all begins anew, with another process of it;
        a second one, or another reason, is a failure."""
        if "tab crashed" not in str(failure) or os.environ.get(AGAIN):
            print("no picture: %s" % failure)
            return
        print("# Chromium's tab crashed in %s: once more from the beginning" % self.id(), flush=True)
        type(self).doClassCleanups()
        os.environ[AGAIN] = "1"
        os.execv(sys.executable, [sys.executable] + sys.argv)

    def tearDown(self):
        self.assertEqual(self.browser.offline_console(), [], "errors on the console")

    def created(self):
        """What was made in Megaplan so far: {kind: number}."""
        return self.site.control.counts()["created"]
