#!/usr/bin/env python3
"""What the page weighs and how soon it can be used: a first load with nothing kept, over and over, in a real
Chromium; and whom it talks to. A page with one field and nothing else is loaded in turns with it: the aim is 300 ms on
a machine that is quiet, where that one takes 50; on a busy one six times what that one takes is the same.
"""
# Alone

import http.server
import statistics
import threading
import unittest
import urllib.parse

import here  # noqa: F401
import desk
import office

BYTES, USABLE_MS, TIMES_A_BARE_ONE = 150 * 1000, 300, 6
BARE = b"<!doctype html><meta charset=utf-8><title>bare</title><main><input></main>"
LOADS, ROUNDS = 7, 6
# The moment, since the navigation began, when something can be typed or switched.
WATCH = """(() => {
    const look = () => {
        const field = [...document.querySelectorAll('main input, main select, dialog[open] input')].find(
            e => !e.disabled && !e.readOnly && e.getClientRects().length);
        if (field) window.usableAt = performance.now();
        else requestAnimationFrame(look);
    };
    look();
})()"""


class Bare(http.server.BaseHTTPRequestHandler):
    def do_GET(self):  # noqa: N802
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(BARE)))
        self.end_headers()
        self.wfile.write(BARE)

    def log_message(self, *_):
        pass


class Weight(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bare = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Bare)
        threading.Thread(target=cls.bare.serve_forever, daemon=True).start()
        cls.addClassCleanup(cls.bare.server_close)
        cls.addClassCleanup(cls.bare.shutdown)
        cls.site = office.Office(workers=())
        cls.addClassCleanup(cls.end)
        cls.site.open()
        cls.site.settle()
        cls.desk = desk.Desk(cls.site)
        cls.addClassCleanup(cls.desk.close)
        cls.browser = cls.desk.browser
        cls.browser.cdp("Page.addScriptToEvaluateOnNewDocument", source=WATCH)
        cls.browser.cdp("Network.setCacheDisabled", cacheDisabled=True)

    @classmethod
    def end(cls):
        blamed = cls.site.close()
        assert not blamed, "\n".join(blamed)

    def usable(self, url):
        """ms from the beginning of the navigation."""
        self.browser.open("about:blank")
        self.browser.traffic()
        self.browser.open(url)
        return self.browser.until("something to fill in", lambda: self.browser.js("return window.usableAt"))

    def load(self, hash_):
        """(bytes that came over the wire, ms until usable, hosts that were asked)"""
        usable = self.usable(self.site.page + hash_)
        self.browser.until("the network to be quiet", self.quiet())
        rows = self.browser.traffic()
        size = sum(params["encodedDataLength"] for method, params in rows if method == "Network.loadingFinished")
        hosts = {urllib.parse.urlsplit(params["request"]["url"]).netloc for method, params in rows
                 if method == "Network.requestWillBeSent"
                 and not params["request"]["url"].startswith(("about:", "data:"))}
        return size, usable, hosts

    def quiet(self):
        """Nothing has come for a moment, twice in a row."""
        seen = []

        def look():
            seen.append(self.browser.js("return performance.getEntriesByType('resource').length"))
            return len(seen) > 6 and len(set(seen[-6:])) == 1
        return look

    def measure(self, name, hash_):
        """Loads in rounds until the median of one is quick: others may be using this machine, too."""
        said = []
        for _ in range(ROUNDS):
            bare, loads = [], []
            for _ in range(LOADS):
                bare.append(self.usable("http://127.0.0.1:%d/" % self.bare.server_port))
                loads.append(self.load(hash_))
            size, median = max(load[0] for load in loads), statistics.median(load[1] for load in loads)
            times = median / statistics.median(bare)
            said.append("%s: %.1f kB, usable after %.0f ms (median of %d loads; %.0f to %.0f), %.1f times a bare page" % (
                name, size / 1000, median, LOADS, min(l[1] for l in loads), max(l[1] for l in loads), times))
            print("# " + said[-1])
            self.assertEqual(set.union(*(load[2] for load in loads)), {self.site.services["ingest"].page})
            self.assertLess(size, BYTES)
            if median < USABLE_MS or times < TIMES_A_BARE_ONE:
                return
        self.fail("\n".join(said))

    def test_first_load(self):
        self.browser.driver.delete_all_cookies()
        self.measure("the door", "")
        self.desk.enter()
        self.measure("the settings", "#/romashka/settings")
        self.assertEqual(self.browser.offline_console(), [])


if __name__ == "__main__":
    unittest.main()
