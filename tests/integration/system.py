"""How scenarios are played: one in a system of its own, or many together in one system.

Together, each has an account of its own, with its own key and its own Megaplan under a path; a Share
is what it sees of the system. What goes wrong with one of them is told of that one alone.
"""

import concurrent.futures
import pathlib
import shutil
import tempfile
import threading
import time
import traceback

from expect import check, seeded
from play import QUIET_S, Player
from process import Failed
from stack import Stack

LOOK_AGAIN_S = 2  # the topics are read by followers, who may be behind by a fetch
STACKS = set()   # what runs now, for whoever must end it


class Result:
    """How one scenario ended."""

    def __init__(self, name, lines, seconds):
        self.name = name
        self.lines = lines
        self.seconds = seconds


def prepare(scenario, control, pbx):
    """Gives the scenario's Megaplan and MANGO their state and manners; returns the clients that were there
    before."""
    for fake, given in ((pbx, scenario.mango), (control, scenario.megaplan)):
        fake.ask("doubts", given.get("doubts", {}))
        fake.ask("seed", {k: v for k, v in given.items() if k not in ("doubts", "faults", "routes")})
        fake.ask("faults", given.get("faults", []))
    return seeded(control.state())


def perform(scenario, stack, document, before):
    """From the first webhook to the last check; gives the differences."""
    player = Player(scenario, stack)
    player.document = document
    scenario.make_calls("%x" % int(time.time() * 1000))
    try:
        player.play()
        player.settle()
    except Failed as failure:
        return [str(failure)] + check(scenario, player, before)
    end = time.monotonic() + LOOK_AGAIN_S
    lines = check(scenario, player, before)
    while lines and time.monotonic() < end:
        time.sleep(0.25)
        lines = check(scenario, player, before)
    return lines


def keep(folder, options, name):
    """Copies logs to where they stay; says where."""
    kept = options.logs / name
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(folder, kept)
    return "logs: %s" % kept


# alone

def play_alone(scenario, options, brokers, prefix):
    """One scenario in a stack of its own."""
    begun = time.monotonic()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="mangoplan-%s-" % scenario.name))
    lines = []
    paths = (scenario.settings["megaplan"].get("base_url", ""),)
    stack = Stack(options.build, folder, prefix, brokers, scenario.env, paths, scenario.wires)
    STACKS.add(stack)
    try:
        with stack:
            stack.start_outside()
            before = prepare(scenario, stack.control, stack.pbx_control)
            document = scenario.document(stack.megaplan)
            crm = ["crm"] + ["crm%d" % n for n in range(2, scenario.crm_workers + 1)]
            stack.up([document], ["ingest", "calls"] + crm)
            lines += perform(scenario, stack, document, before)
    except Failed as failure:
        lines.append(str(failure))
    except Exception:  # noqa: BLE001
        lines.append("the test itself failed: " + traceback.format_exc())
    STACKS.discard(stack)
    lines += stack.problems()
    if lines or options.keep:
        kept = keep(folder, options, scenario.name)
        lines = lines and lines + [kept]
    shutil.rmtree(folder, ignore_errors=True)
    return Result(scenario.name, lines, time.monotonic() - begun)


# together

class Share:
    """The system as one account sees it: the same face as a Stack's, for a Player."""

    def __init__(self, house, scenario):
        self.house = house
        self.stack = house.stack
        self.control = self.stack.fakes[scenario.settings["megaplan"]["base_url"]]
        self.pbx_control = self.stack.pbxs[scenario.settings["megaplan"]["base_url"]]
        self.topics = self.stack.topics.of_account(scenario.account)
        self.seen = (0, time.monotonic())

    def sender(self, document, keep_alive=True):
        return self.stack.sender(document, keep_alive)

    def put_settings(self, document):
        return self.stack.put_settings(document)

    def write(self, topic, account, record):
        self.stack.write(topic, account, record)

    def alive(self):
        self.stack.alive()

    def behind(self):
        """The workers' lag; and whether anything of the account was written a moment ago."""
        now = time.monotonic()
        if self.topics.count() != self.seen[0]:
            self.seen = (self.topics.count(), now)
        news = ["records of the account still come"] if now - self.seen[1] < QUIET_S else []
        return news + self.house.behind()


class House:
    """One system and the scenarios that live in it."""

    def __init__(self, stack, scenarios):
        self.stack = stack
        self.scenarios = scenarios
        self.results = {}
        self.before = {}
        self.documents = {}
        self.lag = (0, [])
        self.asking = threading.Lock()

    def behind(self):
        """Stack.behind(), asked at most four times a second for everybody."""
        with self.asking:
            if time.monotonic() - self.lag[0] > 0.25:
                self.lag = (time.monotonic(), self.stack.behind())
            return self.lag[1]

    def each(self, work, threads):
        """work(scenario) -> lines for all that have no result yet, side by side; lines are the result."""
        def guarded(scenario):
            begun = time.monotonic()
            try:
                lines = work(scenario)
            except Failed as failure:
                lines = [str(failure)]
            except Exception:  # noqa: BLE001
                lines = ["the test itself failed: " + traceback.format_exc()]
            if lines is not None:
                self.results[scenario] = Result(scenario.name, lines, time.monotonic() - begun)
        left = [s for s in self.scenarios if s not in self.results]
        with concurrent.futures.ThreadPoolExecutor(threads) as pool:
            list(pool.map(guarded, left))

    def move_in(self, scenario):
        path = scenario.settings["megaplan"]["base_url"]
        self.before[scenario] = prepare(scenario, self.stack.fakes[path], self.stack.pbxs[path])
        self.documents[scenario] = scenario.document(self.stack.megaplan)
        self.stack.put_settings(self.documents[scenario])

    def play(self, scenario):
        lines = perform(scenario, Share(self, scenario), self.documents[scenario],
                        self.before[scenario])
        if lines:
            self.stack.topics.of_account(scenario.account).dump(
                self.stack.folder, scenario.name + ".")
        return lines

    def live(self):
        self.stack.start_outside()
        self.each(self.move_in, 8)
        self.stack.up([self.documents[s] for s in self.scenarios if s not in self.results], put=False)
        self.each(self.play, len(self.scenarios))


def play_together(scenarios, options, brokers, prefix, name):
    """Results of many scenarios in one system; what the system itself has done wrong is one more."""
    begun = time.monotonic()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="mangoplan-%s-" % name))
    paths = [s.settings["megaplan"]["base_url"] for s in scenarios]
    stack = Stack(options.build, folder, prefix, brokers, scenarios[0].env, paths)
    house = House(stack, scenarios)
    STACKS.add(stack)
    lines = []
    try:
        with stack:
            house.live()
    except Failed as failure:
        lines.append(str(failure))
    except Exception:  # noqa: BLE001
        lines.append("the test itself failed: " + traceback.format_exc())
    STACKS.discard(stack)
    lines += stack.problems()
    results = list(house.results.values())
    if lines:
        results += [Result(s.name, ["not played: its system failed"], 0) for s in scenarios
                    if s not in house.results]
        results.append(Result("the system of %d scenarios" % len(scenarios), lines,
                              time.monotonic() - begun))
    bad = [result for result in results if result.lines]
    if bad or options.keep:
        kept = keep(folder, options, name)
        for result in bad:
            result.lines.append(kept)
    shutil.rmtree(folder, ignore_errors=True)
    return results
