"""What a PBX lets its API's users ask, and how it locks them out (reference on MANGO's API, section 1).

Time is an argument, unix seconds. Not thread-safe: the world locks.
"""

BLOCK_S = 120.0
# requests, seconds: of all methods, and of some (section 1.4.2)
LIMITS = {"": (10, 1.0), "commands/route": (1, 2.0), "commands/transfer": (1, 2.0),
          "config/users/request": (1, 2.0), "stats/request": (1, 2.0), "stats/calls/request": (1, 2.0),
          "stats/result": (1, 5.0), "stats/calls/result": (1, 5.0), "commands/callback": (4, 1.0),
          "account/balance": (2, 1.0)}


class Window:
    """The latest requests of a method, in a true window: one that is just over counts no longer."""

    def __init__(self, most, seconds):
        self.most = most
        self.seconds = seconds
        self.times = []

    def is_full(self, now):
        self.times = [at for at in self.times if at > now - self.seconds]
        return len(self.times) >= self.most

    def add(self, now):
        self.times.append(now)


class Pbx:
    """The limits of one key."""

    def __init__(self):
        self.windows = {method: Window(*limit) for method, limit in LIMITS.items()}
        self.invalid_at = None
        self.blocked_until = 0.0

    def turned_away(self, method, now):
        """Counts a request; 401, 429, or None: it is heard. Refused ones count, too: who goes on asking
        stays refused."""
        if now < self.blocked_until:
            return 401
        windows = [self.windows[m] for m in ("", method) if m in self.windows]
        full = [window.is_full(now) for window in windows]
        for window in windows:
            window.add(now)
        return 429 if any(full) else None

    def invalid(self, now):
        """A request was invalid (3xxx): a second one within two minutes locks everybody out for two."""
        if self.invalid_at is not None and now < self.invalid_at + BLOCK_S:
            self.blocked_until = now + BLOCK_S
        self.invalid_at = now
