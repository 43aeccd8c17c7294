"""Reads Kafka topics with kcat while a scenario runs: one follower per topic, messages in memory."""

import functools
import json
import subprocess
import threading

NAMES = ("events", "jobs.now", "jobs", "jobs.bulk", "facts", "outcomes", "dead")
INTERIM = ("held",)  # results of an outcome that is not the job's end


class Message:
    """One record: headers as a dict of text, key and value as text."""

    def __init__(self, row):
        self.topic = row["topic"]
        self.partition = row["partition"]
        self.offset = row["offset"]
        pairs = row.get("headers") or []
        self.headers = dict(zip(pairs[0::2], pairs[1::2]))
        self.key = row.get("key")
        self.value = row.get("payload")

    @functools.cached_property
    def doc(self):
        """The value as JSON, or None."""
        try:
            return json.loads(self.value) if self.value else None
        except ValueError:
            return None

    @property
    def place(self):
        return "%s/%d/%d" % (self.topic, self.partition, self.offset)


class Messages:
    """What was read, by topic, and what it means."""

    def __init__(self):
        self.messages = {name: [] for name in NAMES}

    def jobs(self):
        """{job id: [messages]} over the three job topics."""
        made = {}
        for name in ("jobs.now", "jobs", "jobs.bulk"):
            for message in list(self.messages[name]):
                doc = message.doc
                if doc:
                    made.setdefault(doc["id"], []).append(message)
        return made

    def finished(self):
        """Job ids that came to an end: an outcome row of their own, a done or given-up fact."""
        ids = set()
        for message in list(self.messages["outcomes"]):
            doc = message.doc or {}
            if doc.get("what") == "outcome" and doc.get("job") and doc.get("result") not in INTERIM:
                ids.add(doc["job"])
        for message in list(self.messages["facts"]):
            _, _, name = (message.key or "").partition("/")
            job, _, end = name.rpartition("/")
            if end in ("done", "given-up"):
                ids.add(job)
        return ids

    def unfinished(self):
        return sorted(set(self.jobs()) - self.finished())

    def count(self):
        return sum(len(messages) for messages in self.messages.values())

    def dump(self, folder, before=""):
        """Writes what was read beside the logs: one file per topic, one line per message."""
        for name, messages in self.messages.items():
            with open(folder / (before + name + ".topic"), "w", encoding="utf-8") as file:
                for m in list(messages):
                    file.write("%s %s %s %s\n" % (m.place, json.dumps(m.headers), m.key, m.value))


class Topics(Messages):
    """Followers of the product's topics. start() once the topics exist, stop() in the end."""

    def __init__(self, brokers, prefix, log):
        self.brokers = brokers
        self.prefix = prefix
        self.log = log
        super().__init__()
        self.accounts = {}
        self.children = []

    def start(self, names=NAMES):
        for name in names:
            with open(self.log, "ab") as log:
                child = subprocess.Popen(
                    ["setpriv", "--pdeathsig", "KILL", "--", "kcat", "-C", "-b", self.brokers, "-t",
                     self.prefix + name, "-o", "beginning", "-J", "-u", "-q",
                     "-X", "fetch.wait.max.ms=100", "-X", "socket.nagle.disable=true"],
                    stdout=subprocess.PIPE, stderr=log, stdin=subprocess.DEVNULL,
                    start_new_session=True)
            self.children.append(child)
            threading.Thread(target=self.follow, args=(child, name), daemon=True).start()
        return self

    def follow(self, child, name):
        with child.stdout as lines:
            for line in lines:
                try:
                    message = Message(json.loads(line.decode("utf-8", "replace")))
                except ValueError:
                    continue
                self.messages[name].append(message)
                account = (message.key or "").partition("/")[0]
                if account in self.accounts:
                    self.accounts[account].messages[name].append(message)

    def of_account(self, account):
        """What is read from now on with a key of this account; asked for before it has any."""
        return self.accounts.setdefault(account, Messages())

    def stop(self):
        for child in self.children:
            child.kill()
            child.wait()
