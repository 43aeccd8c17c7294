"""Writes records into the product's topics as its own processes do: jobs as `worker calls` sends them,
facts as a `worker crm` of another life left them. By kcat, with key, headers and partition.
"""

import datetime
import json
import secrets
import subprocess

from process import Failed

JOB_FIELDS = ("id", "kind", "entry_id", "number", "rule", "reason", "event_at", "offset", "verdict",
              "deadline")
OWNER_MARK = "_mark"


def murmur2(data):
    """Kafka's: what all of us place records by."""
    m, mask = 0x5bd1e995, 0xffffffff
    h = 0x9747b28c ^ len(data)
    for at in range(0, len(data) - len(data) % 4, 4):
        k = int.from_bytes(data[at:at + 4], "little") * m & mask
        k = (k ^ k >> 24) * m & mask
        h = (h * m & mask) ^ k
    rest = data[len(data) - len(data) % 4:]
    if rest:
        h = (h ^ int.from_bytes(rest, "little")) * m & mask
    h = (h ^ h >> 13) * m & mask
    return h ^ h >> 15


def partition(text, count=4):
    return (murmur2(text.encode()) & 0x7fffffff) % count


def rfc3339(seconds):
    moment = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def job_record(account, step, now):
    """(key, value, headers) of a job; `step` has the fields of its value, `data`, `origin` and `age_s`
    (how long ago its event was received and, unless event_at says otherwise, happened)."""
    received = now - step.get("age_s", 0)
    doc = {"v": 1, "event_at": int(received), "offset": "events/0/0"}
    doc.update({k: step[k] for k in JOB_FIELDS if k in step})
    doc["data"] = step.get("data", {})
    headers = {"kind": doc["kind"], "origin": step.get("origin", "live"), "account": account,
               "received-at": rfc3339(received)}
    return "%s/%s" % (account, doc.get("number", doc["entry_id"])), compact(doc), headers


def event_record(account, entry, kind, text, origin, now):
    """(key, value, headers) of a notification of a call."""
    headers = {"kind": kind, "origin": origin, "account": account, "received-at": rfc3339(now)}
    return "%s/%s" % (account, entry), text, headers


def fact_record(account, step, now):
    """(key, value, headers) of a fact: step["fact"] is its key behind the account or "_mark", an owner's
    mark; `value` its document (v is added), `mark` whose it is (a stranger's unless given), `job` its job's place."""
    headers = {"mark": step.get("mark", secrets.token_hex(16)), "at": rfc3339(now - step.get("age_s", 0)),
               "job": step.get("job", "jobs/0/0")}
    value = json.dumps(dict(step.get("value", {}), v=1), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    key = step["fact"] if step["fact"] == OWNER_MARK else "%s/%s" % (account, step["fact"])
    return key, value, headers


def compact(doc):
    return json.dumps(doc, ensure_ascii=False, separators=(",", ":"))


def write(brokers, topic, number, key, value, headers):
    """Returns when the broker has it."""
    argv = ["kcat", "-P", "-b", brokers, "-t", topic, "-p", str(number), "-K", "\t",
            "-X", "acks=all", "-X", "socket.nagle.disable=true"]
    for name, text in headers.items():
        argv += ["-H", "%s=%s" % (name, text)]
    child = subprocess.run(argv, input=(key + "\t" + value).encode(), stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, timeout=60, check=False)
    if child.returncode != 0:
        raise Failed("a record could not be written to %s: %s" % (topic, child.stdout[-500:]))
