"""Compares what a scenario expects with what stands in Megaplan and in the topics.

Every check gives lines of difference, worded for the reader of a failed run; no line = it holds.
"""

import datetime
import fnmatch
import json
import re

import mango
from expect_crm import check_crm, compare_values, digits, same_number, values_of
from expect_ringing import check_ringing
from play import new_clients
from scenario import phone_in_format


def check(scenario, player, seeded_before):
    """All differences of one played scenario."""
    stack = player.stack
    state = stack.control.state()
    log = stack.control.requests()
    lines = check_clients(scenario, state)
    lines += check_seeded(seeded_before, state, player.touched)
    lines += check_crm(scenario, state, stack.control.counts(), log)
    lines += check_jobs(scenario, stack.topics)
    lines += check_outcomes(scenario, stack.topics)
    lines += check_requests(scenario, log)
    lines += check_answers(scenario, player.answers)
    lines += check_events(player.answers, stack.topics)
    lines += check_dead(scenario, stack.topics)
    lines += check_facts(stack.topics)
    return lines + check_ringing(scenario, stack.pbx_control.state(), log, stack.topics)


# Megaplan

def found_client(client):
    phones = [c["value"] for c in client.get("contactInfo") or []
              if c.get("contentType") == "ContactInfo" and c.get("type") == "phone"]
    return {"id": client["id"], "phones": phones, "number": digits(phones[0]) if phones else "",
            "name": client.get("name"), "description": client.get("description") or "",
            "responsibles": [link["id"] for link in client.get("responsibles") or []],
            "creator": (client.get("userCreated") or {}).get("id"),
            "main": [c.get("isMain") for c in client.get("contactInfo") or []],
            "dropped": client.get("isDropped", False)}


def check_clients(scenario, state):
    """The new clients must be exactly the expected ones."""
    found = [dict(found_client(c), fields=values_of(c, state)) for c in new_clients(state)]
    lines = []
    for entry in scenario.expect.get("client", []):
        names = entry["call"] if isinstance(entry["call"], list) else None
        groups = [scenario.named(names)] if names else [[c] for c in scenario.named(entry["call"])]
        for calls in groups:
            lines += match_client(scenario, entry, calls, found)
    lines += ["unexpected client: %s" % json.dumps(c, ensure_ascii=False) for c in found[:5]]
    if len(found) > 5:
        lines.append("... and %d more unexpected clients" % (len(found) - 5))
    return lines


def match_client(scenario, entry, calls, found):
    """Finds the one client of a call (or of any of several calls) and takes it out of `found`."""
    number = entry.get("number", calls[0].number)
    mine = [c for c in found if any(same_number(p, number) for p in c["phones"])]
    for client in mine:
        found.remove(client)
    if len(mine) != 1:
        return ["client of %s: expected one, found %d%s" % (
            number, len(mine), "".join("\n      " + json.dumps(c, ensure_ascii=False) for c in mine))]
    client = mine[0]
    allowed = entry["responsible"] if isinstance(entry["responsible"], list) else [entry["responsible"]]
    responsible = next((r for r in allowed if client["responsibles"] == [r]), allowed[0])
    names = [scenario.fill(entry.get("name", "Новый ({began}, входящий вызов)"), c) for c in calls]
    markers = ["MANGO " + call.entry for call in calls]
    phone = entry.get("phone", phone_in_format(number, scenario.settings["phone_format"]))
    lines = []
    for what, wanted, is_so in (
            ("name", " or ".join(names), client["name"] in names),
            ("phones", [phone], client["phones"] == [phone]),
            ("main phone", [True], client["main"] == [True]),
            ("responsibles", [responsible], client["responsibles"] == [responsible]),
            ("creator", entry.get("creator", responsible),
             client["creator"] == entry.get("creator", responsible)),
            ("marker in the description", " or ".join(markers),
             any(re.search(re.escape(m) + r"(?![\w=+/-])", client["description"]) for m in markers)),
            ("description with", entry.get("description", ""),
             entry.get("description", "") in client["description"]),
            ("in the bin", entry.get("dropped", False),
             client["dropped"] == entry.get("dropped", False))):
        if not is_so:
            lines.append("client of %s: %s expected %s, found %s" % (
                number, what, wanted, json.dumps(client, ensure_ascii=False)))
    if "fields" in entry or scenario.exact:
        wanted = {k: scenario.fill(v, calls[0]) for k, v in entry.get("fields", {}).items()}
        lines += ["client of %s: %s" % (number, line) for line in compare_values(wanted, client["fields"])]
    return lines


def seeded(state):
    return {c["id"]: c for kind in ("ContractorHuman", "ContractorCompany") for c in state[kind]
            if c["seeded"]}


def check_seeded(before, state, touched=()):
    """Clients that were there before must not have changed, but for those that a step has touched."""
    after = seeded(state)
    return ["client %s that was there before: expected %s, found %s" % (
        i, json.dumps(before[i], ensure_ascii=False), json.dumps(after.get(i), ensure_ascii=False))
        for i in before if before[i] != after.get(i) and i not in touched]


def check_requests(scenario, log):
    lines = ["the fake Megaplan itself failed: %s" % r for r in log if r["status"] == 599][:3]
    for entry in scenario.expect.get("request", []):
        mine = [r for r in log if r["method"] == entry.get("method", "POST")
                and re.search(entry["path"], r["path"])
                and scenario.fill(entry.get("contains", "")) in r["query"] + r["body"]]
        low, high = entry.get("count", entry.get("min", 0)), entry.get("count", entry.get("max", 1e9))
        if not low <= len(mine) <= high:
            lines.append("requests %s: found %d%s" % (entry, len(mine), "".join(
                "\n      %.3f %s %s -> %s" % (r["since_start"], r["method"], r["path"], r["status"])
                for r in log[:40])))
    return lines


# topics

def subset(wanted, found):
    """Every key of wanted stands in found with that value (tables recursively)."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(subset(v, found.get(k)) for k, v in wanted.items())
    return wanted == found


def check_jobs(scenario, topics):
    """[[expect.job]]: one job (by id) with these fields; [expect.jobs]: how many ids of each kind;
    only_jobs: every job is one of those that are described."""
    jobs = topics.jobs()
    lines, described = [], set()
    for entry in scenario.expect.get("job", []):
        mine = [i for i, m in jobs.items() if not unlike(scenario, topics, entry, m[0])]
        described.update(mine)
        if len(mine) != entry.get("count", 1):
            lines.append("job %s: expected %d, found %d%s among%s" % (
                scenario.fill_all(entry), entry.get("count", 1), len(mine),
                nearest(scenario, topics, entry, jobs), listed(jobs)))
    for kind, count in scenario.expect.get("jobs", {}).items():
        mine = [i for i, m in jobs.items() if m[0].doc["kind"] == kind]
        if len(mine) != count:
            lines.append("jobs of kind %s: expected %d, found %d%s" % (
                kind, count, len(mine), "".join("\n      " + i for i in sorted(mine)[:10])))
    for name, wanted in scenario.expect.get("exactly", {}).items():
        lines += check_ids(scenario, name, wanted, jobs)
    if scenario.expect.get("only_jobs"):
        lines += ["no [[expect.job]] is this job: %s %s" % (m[0].topic, m[0].value)
                  for i, m in jobs.items() if i not in described][:5]
    return lines


def check_ids(scenario, name, wanted, jobs):
    """[expect.exactly]: these jobs and no others has each call of that name; a * stands for anything."""
    lines = []
    for call in scenario.named(name):
        found = sorted(i[len(call.entry) + 1:] for i in jobs if i.startswith(call.entry + ":"))
        left = list(found)
        for pattern in sorted(wanted, key=lambda p: "*" in p):
            match = next((i for i in left if fnmatch.fnmatchcase(i, pattern)), None)
            left = [i for i in left if i is not match]
            if match is None:
                left.append("no " + pattern)
        if left:
            lines.append("jobs of %s: expected %s, found %s" % (call.name, sorted(wanted), found))
    return lines


JOB_FIELDS = {"id", "kind", "rule", "number", "verdict", "entry_id", "deadline"}  # of its value, compared as is


def nearest(scenario, topics, entry, jobs):
    """Of the job with the expected id, what differs."""
    message = jobs.get(scenario.fill(entry.get("id", "")))
    differs = unlike(scenario, topics, entry, message[0]) if message else []
    return " (%s differs)" % ", ".join(differs) if differs else ""


def unlike(scenario, topics, entry, message):
    """What of one [[expect.job]] a job is not."""
    doc = message.doc
    wanted = scenario.fill_all(entry)
    data = doc.get("data") or {}
    if wanted.get("exact"):
        wanted["absent"] = wanted.get("absent", []) + [
            "data." + k for k in data if k not in wanted.get("data", {})]
    made = [k for k in JOB_FIELDS if k in wanted and wanted[k] != doc.get(k)]
    made += ["data." + k for k, v in wanted.get("data", {}).items() if not subset(v, data.get(k))]
    made += [k for k in ("account", "origin") if k in wanted and wanted[k] != message.headers.get(k)]
    made += [path for path in wanted.get("absent", []) if stands_in(path, doc)]
    for what, holds in (
            ("key", wanted.get("key", message.key) == message.key),
            ("topic", message.topic.endswith("." + wanted.get("topic", ""))
             or "topic" not in wanted),
            ("reason", re.search(wanted.get("reason", ""), doc.get("reason") or "")),
            ("expires_after_s", expires(message, wanted.get("expires_after_s"))),
            ("event", is_cause(scenario, topics, doc, wanted.get("event")))):
        if not holds:
            made.append(what)
    return made


def stands_in(path, doc):
    """Whether a dotted path leads to something, null included."""
    for part in path.split("."):
        if not isinstance(doc, dict) or part not in doc:
            return False
        doc = doc[part]
    return True


def expires(message, seconds):
    """The deadline is so long after its event: after the earlier of its own time and its arrival."""
    if seconds is None:
        return True
    deadline = message.doc.get("deadline")
    event = datetime.datetime.fromisoformat(message.headers["received-at"]).timestamp()
    event = min(event, message.doc.get("event_at") or event)
    return deadline is not None and abs(
        datetime.datetime.fromisoformat(deadline).timestamp() - event - seconds) <= 1


def is_cause(scenario, topics, doc, index):
    """The event at the job's offset is that one (an index) of its call."""
    if index is None:
        return True
    call = next((c for c in scenario.calls if c.entry == doc["entry_id"]), None)
    kept = next((m for m in topics.messages["events"]
                 if m.place.endswith("." + doc.get("offset", ""))), None)
    return call is not None and kept is not None and kept.value == sent_text(call.webhooks[index])


def sent_text(webhook):
    return mango.write_json(webhook.doc, webhook.json_style).decode()


def listed(jobs):
    return "".join("\n      %s %s" % (m[0].topic, m[0].value) for m in list(jobs.values())[:10])


def check_outcomes(scenario, topics):
    rows = [dict(m.doc or {}, _kind=m.headers.get("kind"), _key=m.key)
            for m in topics.messages["outcomes"]]
    lines = []
    for entry in scenario.expect.get("outcome", []):
        wanted = {k: scenario.fill(v) for k, v in entry.items()
                  if k not in ("count", "entry", "reason")}
        mine = [r for r in rows if subset(wanted, r)]
        if "entry" in entry:
            mine = [r for r in mine
                    if (r["_key"] or "").partition("/")[2] == scenario.fill(entry["entry"])]
        mine = [r for r in mine if re.search(entry.get("reason", ""), r.get("reason") or "")]
        if len(mine) != entry["count"] if "count" in entry else not mine:
            lines.append("outcome %s: found %d among%s" % (entry, len(mine), "".join(
                "\n      %s %s" % (r["_key"], json.dumps(r, ensure_ascii=False)) for r in rows[:12])))
    return lines


def check_answers(scenario, answers):
    wanted = {int(k): v for k, v in scenario.expect.get("answers", {}).items()}
    found = {}
    for answer in answers:
        found[answer.status] = found.get(answer.status, 0) + 1
    if not wanted:
        return [] if set(found) <= {200} else ["answers of ingest: %s" % found]
    return [] if found == wanted else ["answers of ingest: expected %s, found %s" % (wanted, found)]


def check_events(answers, topics):
    """What was answered 200 stands in `events`, byte for byte."""
    kept = {}
    for message in topics.messages["events"]:
        kept[message.value] = kept.get(message.value, 0) + 1
    wanted = {}
    for answer in answers:
        if answer.status == 200:
            text = sent_text(answer.webhook)
            wanted[text] = wanted.get(text, 0) + 1
    missing = [text for text, count in wanted.items() if kept.get(text, 0) < count]
    return ["answered 200 but not in events: %s" % text for text in missing[:5]]


def check_facts(topics):
    """What came of a job is said once, or again with the same bytes."""
    said = {}
    for message in list(topics.messages["facts"]):
        if message.value and (message.key or "").endswith(("/done", "/given-up")):
            said.setdefault(message.key, set()).add(message.value)
    return ["fact %s has several values: %s" % (key, sorted(values)) for key, values in said.items()
            if len(values) > 1][:5]


def check_dead(scenario, topics):
    """Dead letters: none unless expected."""
    found = list(topics.messages["dead"])
    lines = []
    for entry in scenario.expect.get("dead", []):
        mine = [m for m in found
                if m.headers.get("__connect.errors.topic", "").endswith(entry.get("topic", ""))
                and m.headers.get("__connect.errors.stage", "") == entry.get(
                    "stage", m.headers.get("__connect.errors.stage", ""))
                and re.search(entry.get("reason", ""),
                              m.headers.get("__connect.errors.exception.message", ""))]
        if len(mine) != entry.get("count", 1):
            lines.append("dead letters %s: found %d" % (entry, len(mine)))
        found = [m for m in found if m not in mine]
    return lines + ["unexpected dead letter: %s %s %s" % (m.key, m.headers, m.value)
                    for m in found[:5]]
