"""Tells live what changes in the companies' Megaplans and what their MANGOs are asked.

news() compares two states of the fake Megaplan, pbx_news() two of the fake MANGO, and words the
difference; pure. A Watcher is the thread that asks for the states and tells.
"""

import http.client
import threading

from expect import found_client
from expect_crm import OUTWARDS, task_status
from play import new_clients

EVERY_S = 0.1
KINDS = {"in": "incoming", "out": "outgoing", "miss": "missed", "fail": "outgoing, nobody answered"}


def by_id(rows):
    return {row["id"]: row for row in rows}


def clients_by_id(state):
    return by_id(state["ContractorHuman"] + state["ContractorCompany"])


def names(company, links):
    return ", ".join(company.employees.get(link["id"], link["id"]) for link in links or [])


def sides(row):
    """(our employee's link, the client's link, the client's number) of a saved call."""
    if row.get("type") in OUTWARDS:
        return row.get("fromUser"), row.get("toUser"), row.get("toPhone")
    return row.get("toUser"), row.get("fromUser"), row.get("fromPhone")


def whose(row, state):
    """The name of a saved call's client; None without one."""
    link = sides(row)[1]
    return clients_by_id(state).get(link["id"], {}).get("name") if link else None


def news(company, old, new):
    """What a person would see happen in a company's Megaplan between two states, in lines."""
    return (client_news(company, old, new) + call_news(company, old, new) + task_news(company, old, new)
            + field_news(old, new))


def client_news(company, old, new):
    known, lines = clients_by_id(old), []
    for row in new_clients(new):
        was, who = known.get(row["id"]), names(company, row.get("responsibles"))
        if was is None:
            lines.append("new client «%s», %s, responsible %s" % (
                row["name"], ", ".join(found_client(row)["phones"]), who))
        elif was.get("responsibles") != row.get("responsibles"):
            lines.append("client «%s» is now %s's" % (row["name"], who))
    return lines


def call_news(company, old, new):
    known, lines = by_id(old["CallInfo"]), []
    for row in new["CallInfo"]:
        was, ours = known.get(row["id"], {}), sides(row)[0]
        links, before = len(row.get("recordLinks") or []), len(was.get("recordLinks") or [])
        if is_popup(row):
            if (was.get("state"), sides(was)[0]) != (row["state"], ours):
                lines.append("on %s's screen: %s, %s" % (
                    names(company, [ours] if ours else []), row["state"], who_calls(row, new)))
        elif not was or is_popup(was):
            lines.append("call saved: %s, %s with %s%s" % (
                KINDS.get(row.get("type"), row.get("type")), names(company, [ours] if ours else []),
                who_calls(row, new), ", %d recording" % links if links else ""))
        elif links > before:
            lines.append("the saved call of %s has another recording" % (whose(row, new) or sides(row)[2]))
    return lines


def is_popup(row):
    return row.get("state", "finished") != "finished"


def who_calls(row, state):
    return whose(row, state) or sides(row)[2] or "a hidden number"


def pbx_news(company, old, new):
    """What MANGO was asked between two of its states, in lines."""
    names_of = {e.get("extension"): e["name"] for e in company.settings["employees"]}
    lines = ["the call goes to %s, whose phone shows «%s»%s" % (
        names_of.get(row["to"], row["to"]), row["name"], "" if row["result"] == 1000 else
        ": refused with %d" % row["result"]) for row in new["commands"][len(old["commands"]):]]
    return lines + ["who looks at the site with the number %s? %s" % (
        row["number"], (row["data"] or {}).get("uid", "nobody known"))
        for row in new["visits"][len(old["visits"]):]]


def task_news(company, old, new):
    known, lines = by_id(old["Task"]), []
    for row in new["Task"]:
        was = known.get(row["id"])
        if was is None:
            lines.append("task «%s» for %s" % (row["name"], names(company, [row["responsible"]])))
        elif task_status(was) != task_status(row):
            lines.append("task «%s» is %s" % (row["name"], task_status(row)))
    return lines


def field_news(old, new):
    known = by_id(old["extra_fields"])
    made = [row["hrName"] for row in new["extra_fields"] if row["id"] not in known]
    return ["%d extra field%s for clients: %s" % (len(made), "s" * (len(made) > 1), ", ".join(made))
            ] if made else []


class Watcher(threading.Thread):
    """Asks every Megaplan and every MANGO for its state, ten times a second, and tells the news of each with
    tell(company, line)."""

    def __init__(self, controls, pbxs, tell):
        super().__init__(daemon=True)
        self.asked = [(company, control, name, worded) for name, of, worded in (
            ("Megaplan", controls, news), ("MANGO", pbxs, pbx_news)) for company, control in of.items()]
        self.tell = tell
        self.states = [control.state() for _, control, _, _ in self.asked]
        self.ended = threading.Event()

    def run(self):
        while not self.ended.wait(EVERY_S):
            try:
                self.look()
            except (OSError, http.client.HTTPException):
                return

    def look(self):
        for at, (company, control, name, worded) in enumerate(self.asked):
            state = control.state()
            for line in worded(company, self.states[at], state):
                self.tell(company, "  --> %s: %s" % (name, line))
            self.states[at] = state

    def stop(self):
        """One last look; nothing is told after it."""
        self.ended.set()
        self.join()
        self.look()
