#!/usr/bin/env python3
"""Pictures of the settings page for the README: a morning of a made-up office, in a real Chromium, wide and narrow, light
and dark; small PNGs in deploy/screenshots.
"""

import subprocess
import sys

import here
import desk
import office

FOLDER = here.ROOT / "deploy" / "screenshots"
WIDE, NARROW = (1280, 860), (360, 740)
LARGEST = 150 * 1000
# name, address, size, dark, what has to be there, what is brought into sight
PICTURES = (
    ("settings", "#/romashka/settings", WIDE, False, "employees.read", None),
    ("employees", "#/romashka/settings", WIDE, False, "employees.read", "employees.title"),
    ("switches", "#/romashka/settings", WIDE, True, "employees.read", "more.title"),
    ("calls", "#/romashka/calls", WIDE, False, "live.open", None),
    ("calls-dark", "#/romashka/calls", WIDE, True, "live.open", None),
    ("calls-narrow", "#/romashka/calls", NARROW, False, "live.open", None),
    ("settings-narrow-dark", "#/romashka/settings", NARROW, True, "employees.read", None),
    ("story", "#/romashka/calls/{story}", WIDE, False, "story.saved", None),
    ("dead", "#/romashka/dead", WIDE, False, "dead.selected", None),
    ("health", "#/romashka/health", WIDE, False, "health.budget", None),
    ("audit", "#/romashka/audit", WIDE, True, "audit.did.settings stored", None),
)


def morning(site):
    """Calls of every kind; gives the one whose story is shown."""
    site.settle(call_records=True, route_to_responsible=True, source_field=True,
                employees=[{"megaplan_id": "1000005", "name": "Петров Пётр", "extension": "101"},
                           {"megaplan_id": "1000006", "name": "Сидорова Анна", "extension": "102"}])
    site.settle(call_records=True, route_to_responsible=True, source_field=True, missed_call_task={
        "enabled": True, "deadline_minutes": 60, "title": "Перезвонить: {phone}"},
                employees=[{"megaplan_id": "1000005", "name": "Петров Пётр", "extension": "101"},
                           {"megaplan_id": "1000006", "name": "Сидорова Анна", "extension": "102"},
                           {"megaplan_id": "1000008", "name": "Орлова Вера", "extension": "103"}])
    story = site.call("documentation", name="first", number="79031234567", seconds_ago=3000)
    site.call("missed", name="missed", number="79165550101", seconds_ago=2400)
    site.call("menu-missed", name="menu", number="74957770202", seconds_ago=1800)
    site.call("blind-transfer", name="moved", number="79265550303", seconds_ago=1200)
    site.call("outgoing", name="out", number="78125550404", seconds_ago=600)
    site.await_api("/api/accounts/romashka/calls", "the calls to end", lambda said: len(said["calls"]) == 5 and all(
        call["state"] != "open" for call in said["calls"]), 90)
    site.control.ask("faults", [{"method": "POST", "path": "/contractorHuman$", "reply": "json", "status": 422,
                                 "contains": "555-05-05"}])
    site.call(number="79995550505", name="refused", seconds_ago=120)
    site.await_api("/api/accounts/romashka/dead", "a dead letter", lambda said: said["rows"], 60)
    site.call(number="79035550606", name="now", seconds_ago=1, upto=2)
    return story


def take(at, name, address, size, dark, there, top):
    browser = at.browser
    browser.size(*size)
    browser.dark(dark)
    at.open(address)
    words = at.words(there).split("{")[0]
    browser.reads(words, 75)
    browser.until("everything", lambda: at.words("loading") not in browser.text() and
                  at.words("balance.loading") not in browser.text(), 75)
    if top:
        browser.js("arguments[0].scrollIntoView(); scrollBy(0, -16)", at.field(top, "heading"))
    file = FOLDER / (name + ".png")
    browser.picture(file)
    subprocess.run(["pngquant", "--force", "--ext", ".png", "--strip", "--speed", "1", str(file)], check=True)
    size_now = file.stat().st_size
    print("%s: %d kB" % (file.relative_to(here.ROOT), size_now // 1000))
    return size_now <= LARGEST


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    site = office.Office()
    small = []
    try:
        site.open()
        story = morning(site)
        with desk.Desk(site) as at:
            at.enter()
            for name, address, *rest in PICTURES:
                small.append(take(at, name, address.format(story=story.entry), *rest))
    finally:
        blamed = site.close()
    print("\n".join(blamed))
    return 0 if all(small) and not blamed else 1


if __name__ == "__main__":
    sys.exit(main())
