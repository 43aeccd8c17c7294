"""The fake Megaplan's request limits: so many in any second, so many in any hour (reference, 1.6).

Time is an argument. Not thread-safe: the world locks.
"""

import collections


class Limits:
    """What was let through and what was not, by the doubts of the account."""

    def __init__(self, doubts):
        self.doubts = doubts
        self.second = collections.deque()
        self.hour = collections.deque()
        self.refused = {"second": 0, "hour": 0}
        self.most = {"second": 0, "hour": 0}

    def refuses(self, now, amount=1):
        """Counts `amount` requests at that moment; the name of the limit they break, or None.
        Refused ones count too: who goes on asking stays refused."""
        broken = None
        for name, times, span, limit in (
                ("second", self.second, self.doubts["rate_window_ms"] / 1000,
                 self.doubts["rate_per_second"]),
                ("hour", self.hour, self.doubts["rate_hour_s"], self.doubts["rate_per_hour"])):
            if not limit and name == "hour":
                continue
            while times and now - times[0] >= span:
                times.popleft()
            place = len(times)
            while place and times[place - 1] > now:  # one that was handled before it came later
                place -= 1
            for _ in range(amount):
                times.insert(place, now)
            self.most[name] = max(self.most[name], len(times))
            if limit and len(times) > limit:
                broken = name
        if broken:
            self.refused[broken] += amount
        return broken
