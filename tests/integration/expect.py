"""Compares what a scenario expects with what stands in Megaplan and in the topics.

Every check gives lines of difference, worded for the reader of a failed run; no line = it holds.
"""

import json
import re

from play import new_clients
from scenario import only, phone_in_format

CLIENT = {"call", "phone", "responsible", "creator", "name", "number", "description"}
JOB = {"id", "topic", "kind", "count", "data", "rule", "number", "verdict", "account", "origin",
       "entry_id", "key"}
OUTCOME = {"entry", "kind", "job", "what", "result", "rule", "reason", "count", "employee"}
REQUEST = {"method", "path", "contains", "count", "min", "max"}
DEAD = {"topic", "stage", "reason", "count"}


def check(scenario, player, seeded_before):
    """All differences of one played scenario."""
    stack = player.stack
    state = stack.control.state()
    lines = check_clients(scenario, state)
    lines += check_seeded(seeded_before, state)
    lines += check_jobs(scenario, stack.topics)
    lines += check_outcomes(scenario, stack.topics)
    lines += check_requests(scenario, stack.control.requests())
    lines += check_answers(scenario, player.answers)
    lines += check_events(player.answers, stack.topics)
    lines += check_dead(scenario, stack.topics)
    return lines


# Megaplan

def digits(text):
    return re.sub(r"\D", "", text or "")


def found_client(client):
    phones = [c["value"] for c in client.get("contactInfo") or []
              if c.get("contentType") == "ContactInfo" and c.get("type") == "phone"]
    return {"id": client["id"], "phones": phones, "number": digits(phones[0]) if phones else "",
            "name": client.get("name"), "description": client.get("description") or "",
            "responsibles": [link["id"] for link in client.get("responsibles") or []],
            "creator": (client.get("userCreated") or {}).get("id"),
            "main": [c.get("isMain") for c in client.get("contactInfo") or []]}


def same_number(written, number):
    written = digits(written)
    if len(written) == 11 and written.startswith("8"):
        written = "7" + written[1:]
    return written == number


def check_clients(scenario, state):
    """The new clients must be exactly the expected ones."""
    found = [found_client(c) for c in new_clients(state)]
    lines = []
    for entry in scenario.expect.get("client", []):
        only("expect.client", entry, CLIENT)
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
             entry.get("description", "") in client["description"])):
        if not is_so:
            lines.append("client of %s: %s expected %s, found %s" % (
                number, what, wanted, json.dumps(client, ensure_ascii=False)))
    return lines


def seeded(state):
    return {c["id"]: c for kind in ("ContractorHuman", "ContractorCompany") for c in state[kind]
            if c["seeded"]}


def check_seeded(before, state):
    """Clients that were there before must not have changed."""
    after = seeded(state)
    return ["client %s that was there before: expected %s, found %s" % (
        i, json.dumps(before[i], ensure_ascii=False), json.dumps(after.get(i), ensure_ascii=False))
        for i in before if before[i] != after.get(i)]


def check_requests(scenario, log):
    lines = ["the fake Megaplan itself failed: %s" % r for r in log if r["status"] == 599][:3]
    for entry in scenario.expect.get("request", []):
        only("expect.request", entry, REQUEST)
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


def filled(scenario, call, value):
    if isinstance(value, dict):
        return {k: filled(scenario, call, v) for k, v in value.items()}
    return scenario.fill(value, call)


def check_jobs(scenario, topics):
    """[[expect.job]]: one job (by id) with these fields; [expect.jobs]: how many ids of each kind."""
    jobs = topics.jobs()
    lines = []
    for entry in scenario.expect.get("job", []):
        only("expect.job", entry, JOB)
        wanted = {k: v for k, v in filled(scenario, None, entry).items()
                  if k not in ("topic", "count", "account", "origin", "key")}
        mine = [m[0] for m in jobs.values() if subset(wanted, m[0].doc)]
        for key in ("account", "origin"):
            mine = [m for m in mine if key not in entry or m.headers.get(key) == entry[key]]
        mine = [m for m in mine if "key" not in entry or m.key == scenario.fill(entry["key"])]
        mine = [m for m in mine if "topic" not in entry or m.topic.endswith("." + entry["topic"])]
        if len(mine) != entry.get("count", 1):
            lines.append("job %s: expected %d, found %d among%s" % (
                wanted, entry.get("count", 1), len(mine), listed(jobs)))
    for kind, count in scenario.expect.get("jobs", {}).items():
        mine = [i for i, m in jobs.items() if m[0].doc["kind"] == kind]
        if len(mine) != count:
            lines.append("jobs of kind %s: expected %d, found %d%s" % (
                kind, count, len(mine), "".join("\n      " + i for i in sorted(mine)[:10])))
    return lines


def listed(jobs):
    return "".join("\n      %s %s" % (m[0].topic, m[0].value) for m in list(jobs.values())[:10])


def check_outcomes(scenario, topics):
    rows = [dict(m.doc or {}, _kind=m.headers.get("kind"), _key=m.key)
            for m in topics.messages["outcomes"]]
    lines = []
    for entry in scenario.expect.get("outcome", []):
        only("expect.outcome", entry, OUTCOME)
        wanted = {k: scenario.fill(v) for k, v in entry.items()
                  if k not in ("count", "entry", "reason")}
        mine = [r for r in rows if subset(wanted, r)]
        if "entry" in entry:
            mine = [r for r in mine
                    if (r["_key"] or "").partition("/")[2] == scenario.fill(entry["entry"])]
        mine = [r for r in mine if re.search(entry.get("reason", ""), r.get("reason") or "")]
        if ("count" in entry and len(mine) != entry["count"]) or not mine:
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
    import mango
    kept = {}
    for message in topics.messages["events"]:
        kept[message.value] = kept.get(message.value, 0) + 1
    wanted = {}
    for answer in answers:
        if answer.status == 200:
            text = mango.write_json(answer.webhook.doc, answer.webhook.json_style).decode()
            wanted[text] = wanted.get(text, 0) + 1
    missing = [text for text, count in wanted.items() if kept.get(text, 0) < count]
    return ["answered 200 but not in events: %s" % text for text in missing[:5]]


def check_dead(scenario, topics):
    """Dead letters: none unless expected."""
    found = list(topics.messages["dead"])
    lines = []
    for entry in scenario.expect.get("dead", []):
        only("expect.dead", entry, DEAD)
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
