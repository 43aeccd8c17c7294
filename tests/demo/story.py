"""The demo's calls and how they are told: who rings when, what was said of it, what Megaplan shows.

Each call is a list of (seconds from the start of the demo's calls, what happens in words, webhook).
"""

import calls
import mango


class Played:
    """A call of the demo: its calls.Call, the moments of its events, and its words."""

    def __init__(self, name, shape, starts_at, moments, words, **given):
        self.call = calls.Call(dict(given, name=name, shape=shape), name)
        self.name = name
        self.starts_at = starts_at
        self.moments = moments
        self.words = words
        self.sent_at = {}

    def retime(self, epoch):
        """Sets the times of the events to when they will really be sent."""
        start = int(epoch + self.starts_at)
        self.call.start = start
        self.call.webhooks = [self.call.webhook(path, doc) for path, doc in
                              calls.events_of(self.call.given)]
        for webhook, moment in zip(self.call.webhooks, self.moments):
            if "timestamp" in webhook.doc:
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
        return [(self.starts_at + moment, self, index) for index, moment in enumerate(self.moments)]


def a_day():
    """All calls of the demo."""
    return [
        Played("documentation", "documentation", 0, [0, 0, 1, 12, 32, 32], [
            "+7 900 000-00-00, a number nobody knows, calls the main line and hears the menu",
            None, "the menu puts it through: it rings at Пётр Петров's desk (123)",
            "Пётр Петров answers; a client should stand in Megaplan while they talk",
            "Пётр Петров and +7 900 000-00-00 hang up", None]),
        Played("known", "direct", 4, [0, 5, 15, 15], [
            "+7 916 555-12-12 calls; on the card of Мария Кузнецова it stands as 8 (916) 555-12-12",
            "Пётр Петров answers; the client is known, nothing should be created",
            "Пётр Петров and Мария Кузнецова hang up", None], number="79165551212"),
        Played("impatient-1", "direct", 7, [0, 4, 14, 14], [
            "+7 903 111-22-33, a new number, calls the main line ...",
            "Пётр Петров answers the main line", "the main line hangs up", None],
            number="79031112233"),
        Played("impatient-2", "direct", 7, [0, 4, 18, 18], [
            "... and at the same moment the second line too",
            "Анна Сидорова answers the second line; it must become one client, not two",
            "the second line hangs up", None], number="79031112233", line="78005553535", extension="124"),
        Played("hidden", "direct", 10, [0, 3, 9, 9], [
            "somebody with a hidden number calls", "Пётр Петров answers; no number, no client",
            "the hidden number hangs up", None], hidden=True),
        Played("missed", "missed", 13, [0, 10, 10], [
            "+7 926 777-88-99 calls and nobody has time", "+7 926 777-88-99 gives up; this company "
            "does not make clients of missed calls", None], number="79267778899"),
    ]


def sender_of(stack, document):
    return mango.Sender("http://" + stack.services["ingest"].front, document["mango"]["api_key"],
                        document["mango"]["api_salt"])
