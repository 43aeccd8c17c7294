"""The demo's companies and their calls: scenario files (tests/scenarios/README.md) with a timetable.

A company is a file NAME.toml beside this one: a scenario whose title begins with the company's name and
a comma, and whose calls say besides

    starts_s   when the call begins, in seconds from the beginning of the day
    moments    when each of its events happens and is sent, in seconds from that
    told       what is told then, in words; "" or nothing at all = the event goes without saying
"""

import pathlib

import calls
from scenario import Scenario

HERE = pathlib.Path(__file__).resolve().parent
NAMES = ("romashka", "vektor", "lavka")
TIMETABLE = ("starts_s", "moments", "told")


class Played:
    """A call of the demo: its calls.Call and its timetable. sent_at: {index of an event: when}."""

    def __init__(self, company, call, timetable):
        self.company = company
        self.call = call
        self.starts_s, self.moments, self.told = timetable
        self.sent_at = {}

    def retime(self, epoch):
        """Gives the events the times at which they will really be sent."""
        call, start = self.call, int(epoch + self.starts_s)
        call.start = start
        call.webhooks = [call.webhook(path, doc) for path, doc in calls.events_of(call.given)]
        if len(call.webhooks) != len(self.moments):
            raise ValueError("call %s has %d events and %d moments" % (
                call.name, len(call.webhooks), len(self.moments)))
        for webhook, moment in zip(call.webhooks, self.moments):
            if webhook.path != "events/summary":
                stamp = start + moment
                text = isinstance(webhook.doc["timestamp"], str)
                webhook.doc["timestamp"] = str(stamp) if text else stamp
            else:
                webhook.doc.update(create_time=start, end_time=start + moment)
                if webhook.doc["talk_time"]:
                    webhook.doc["talk_time"] = start + self.moments[self.answered_by()]

    def answered_by(self):
        """Index of the first Connected event; -1 when nobody answered."""
        states = [w.doc.get("call_state") for w in self.call.webhooks]
        return states.index("Connected") if "Connected" in states else -1

    def agenda(self):
        """[(moment of the day, this call, index of the event)]"""
        return [(self.starts_s + moment, self, index) for index, moment in enumerate(self.moments)]

    def words(self, index):
        return self.told[index] if index < len(self.told) else ""


class Company(Scenario):
    """One company: a scenario in an account of its own, with the timetable of its day."""

    def __init__(self, name):
        super().__init__(HERE / (name + ".toml"))
        self.label, _, self.about = self.title.partition(", ")
        self.timetables = [[given.pop(key) for key in TIMETABLE] for given in self.calls_given]
        self.employees = {e["megaplan_id"]: e["name"] for e in self.settings["employees"]}
        self.day = []

    def make_calls(self, stamp):
        super().make_calls(stamp)
        self.day = [Played(self, call, timetable) for call, timetable in zip(self.calls, self.timetables)]


def agenda(companies):
    """All events of the day in the order in which they happen."""
    rows = [row for company in companies for played in company.day for row in played.agenda()]
    return sorted(rows, key=lambda row: row[0])  # stable: events of one moment stay in their order
