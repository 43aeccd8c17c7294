"""The day of the demo's companies: what is sent when, what is told of it, what Megaplan shows in the end. It does not
know how the system that it is played on was started.
"""

import threading
import time

import show
import story

SAYING = threading.Lock()


class Stopped(Exception):
    """Ctrl-C or SIGTERM."""


def stop(*_):
    raise Stopped()


def say(text=""):
    with SAYING:
        print(text, flush=True)


class Day:
    """`players`: {company: Player}, made by whoever starts the system; controls and pbxs: {company: Control} of each
    company's Megaplan and MANGO."""

    def __init__(self, companies):
        self.companies = companies
        self.controls = {}
        self.pbxs = {}
        self.players = {}
        self.epoch = 0

    def tell(self, company, text):
        """A line of the day, of a company or (None) of the system."""
        say("%4.0f s  %-9s %s" % (max(0, time.time() - self.epoch), company.label if company else "", text))

    def introduce(self):
        for company in self.companies:
            say("«%s», %s\n    %s" % (company.label, company.about, ", ".join(
                "%s (%s)" % (e["name"], e["extension"]) for e in company.settings["employees"])))
        say()

    def begin(self):
        """The calls get their times, and begin in a moment."""
        self.epoch = time.time() + 0.2
        for company in self.companies:
            company.make_calls("%x" % int(self.epoch * 1000))
            for played in company.day:
                played.retime(self.epoch)

    def send_all(self):
        """Every event at its moment; 200 is expected for each."""
        senders = {c: self.players[c].sender() for c in self.companies}
        for moment, played, index in story.agenda(self.companies):
            time.sleep(max(0, self.epoch + moment - time.time()))
            if played.words(index):
                self.tell(played.company, played.words(index))
            played.sent_at[index] = time.time()
            answer = senders[played.company].send(played.call.webhooks[index])
            self.players[played.company].note(played.call, [answer], 200)
        for sender in senders.values():
            sender.close()

    def epilogue(self):
        """The result."""
        say("What Megaplan now shows")
        say()
        for company in self.companies:
            for line in show.company_lines(company, self.controls[company]):
                say(line)
            say()
