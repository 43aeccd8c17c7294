"""Moments that a scenario names: today, the clock, a call's begin and end, working time.

Worked out with zoneinfo alone, so that the product's own arithmetic meets another one. Knows nothing
of calls but that they have `begin` and `end` in unix seconds.
"""

import datetime
import re
import zoneinfo

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = re.compile(r"\{(today|yesterday|tomorrow|weekday)([+-]\d+)?\}")
CLOCK = re.compile(r"\{clock([+-]\d+)?\}")
MOMENT = re.compile(r"\{([\w-]+)\.(begin|end)([+-]\d+)?\}")
WORKING = re.compile(r"\{(\d+) working minutes after ([\w-]+)\.(begin|end)\}")


def fill_days(text, timezone, now):
    """{today}, {today-1}, {yesterday}, {tomorrow}, {weekday+2} (mon...), {clock-30} (HH:MM, minutes)."""
    local = datetime.datetime.fromtimestamp(now, zoneinfo.ZoneInfo(timezone))

    def day(match):
        word, by = match.group(1), int(match.group(2) or 0)
        by += {"yesterday": -1, "tomorrow": 1}.get(word, 0)
        date = local.date() + datetime.timedelta(days=by)
        return WEEKDAYS[date.weekday()] if word == "weekday" else date.isoformat()

    def clock(match):
        moment = local + datetime.timedelta(minutes=int(match.group(1) or 0))
        return moment.strftime("%H:%M")
    return CLOCK.sub(clock, DAY.sub(day, text))


def fill_everywhere(value, timezone, now):
    """fill_days in all texts of a document."""
    if isinstance(value, dict):
        return {k: fill_everywhere(v, timezone, now) for k, v in value.items()}
    if isinstance(value, list):
        return [fill_everywhere(v, timezone, now) for v in value]
    return fill_days(value, timezone, now) if isinstance(value, str) else value


def fill_moments(text, calls, settings):
    """{a.begin}, {a.end+60}, {60 working minutes after a.end}: a number if that is the whole text."""
    def of(name, edge):
        for call in calls:
            if call.name == name:
                if getattr(call, edge) is None:
                    raise ValueError("call %s has no %s: no summary tells it" % (name, edge))
                return getattr(call, edge)
        raise ValueError("no call named %s" % name)

    def moment(match):
        return str(of(match.group(1), match.group(2)) + int(match.group(3) or 0))

    def working(match):
        return str(after_working_minutes(of(match.group(2), match.group(3)), int(match.group(1)),
                                         settings.get("working_hours"), settings["timezone"]))
    made = WORKING.sub(working, MOMENT.sub(moment, text))
    whole = MOMENT.fullmatch(text) or WORKING.fullmatch(text)
    return int(made) if whole else made


def open_days(days):
    """The numbers of the weekdays in "mon-fri" or "mon,wed,sat"."""
    made = set()
    for part in days.split(","):
        first, _, last = part.partition("-")
        day = WEEKDAYS.index(first)
        made.add(day)
        while last and WEEKDAYS[day] != last:
            day = (day + 1) % 7
            made.add(day)
    return made


def opening(date, hours, zone):
    """(from, to) of a day in unix seconds; None when it is closed."""
    if date.weekday() not in open_days(hours["days"]) or date.isoformat() in hours.get("holidays", []):
        return None
    made = []
    for text in (hours["from"], hours["to"]):
        hour, minute = map(int, text.split(":"))
        midnight = datetime.datetime.combine(date + datetime.timedelta(days=hour // 24), datetime.time())
        made.append(midnight.replace(hour=hour % 24, minute=minute, tzinfo=zone).timestamp())
    return made


def after_working_minutes(start, minutes, hours, timezone):
    """`start` plus so many minutes of working hours; exactly at closing time is that day's."""
    left = minutes * 60
    if not hours:
        return start + left
    zone = zoneinfo.ZoneInfo(timezone)
    date = datetime.datetime.fromtimestamp(start, zone).date()
    for _ in range(4000):
        span = opening(date, hours, zone)
        if span and span[1] > start:
            begin = max(start, span[0])
            if begin + left <= span[1]:
                return int(begin + left)
            left -= span[1] - begin
        date += datetime.timedelta(days=1)
    raise ValueError("the working hours have no %d minutes in ten years" % minutes)
