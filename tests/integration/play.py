"""Plays the steps of a scenario against a stack and waits until everything it caused has ended."""

import re
import threading
import time

import mango
import records
from expect_crm import clients_of
from expect_ringing import popups
from process import Failed, wait_for
from scenario import merged, verb_of

SENDERS = 16
QUIET_S = 1.2  # gauges are set each second: so long nothing new may come


class Player:
    """One run of one scenario. `answers` collects what ingest said to every webhook."""

    def __init__(self, scenario, stack):
        self.scenario = scenario
        self.stack = stack
        self.answers = []
        self.sent = []
        self.document = None
        self.touched = set()  # ids of clients that a step has changed

    def play(self):
        for step in self.scenario.steps:
            verb = verb_of(step)
            try:
                getattr(self, "step_" + verb)(step)
            except Failed as failure:
                raise Failed("step %s: %s" % (step, failure)) from None

    # sending

    def step_send(self, step):
        """send = name or list or "*"; many calls go out over several connections at once."""
        chosen = self.scenario.named(step["send"])
        if len(chosen) == 1:
            return self.send_one(chosen[0], step)
        queue = list(chosen)
        failures = []

        def drain():
            while queue:
                try:
                    call = queue.pop()
                except IndexError:
                    return
                try:
                    self.send_one(call, step)
                except Exception as failure:  # noqa: BLE001
                    failures.append(failure)
        threads = [threading.Thread(target=drain, daemon=True)
                   for _ in range(min(step.get("threads", SENDERS), len(chosen)))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]
        return None

    def send_one(self, call, step):
        order = step.get("order", call.order)
        if "only" in step:
            order = step["only"]
        if call.origin != "live":
            self.write_events(call, order)
            return
        sender = self.sender(step.get("keep_alive", True))
        answers = mango.play(sender, call.webhooks, order, step.get("repeat", 1),
                             step.get("parallel", False))
        sender.close()
        self.note(call, answers, step.get("expect", 200))

    def write_events(self, call, order):
        """Webhooks are live; others come into the topic by other ways."""
        for index in order if order is not None else range(len(call.webhooks)):
            webhook = call.webhooks[index]
            text = mango.write_json(webhook.doc, webhook.json_style).decode()
            self.stack.write("events", self.scenario.account, records.event_record(
                self.scenario.account, call.entry, webhook.path.removeprefix("events/"), text, call.origin, time.time()))
        self.sent.append(call)

    def sender(self, keep_alive=True):
        """A MANGO that knows its calls: where they are routed or tracked, its API learns of each event before
        it is sent, and events that come of our command carry that command's id."""
        made = self.stack.sender(self.document, keep_alive)
        if self.document.get("route_to_responsible") or self.document.get("call_tracking"):
            made.before = self.about_to_send
        return made

    def about_to_send(self, webhook):
        doc = webhook.doc
        if not isinstance(doc, dict):
            return
        ours = str(doc.get("command_id", "")).rpartition("~")[0]
        left = doc.get("entry_id") if doc.get("location") == "ivr" and doc["call_state"] == "Disconnected" else ""
        if is_routed(self.scenario.calls, ours or left):
            command = self.command_of(ours or left)
            if ours and command:
                doc["command_id"] = command
        self.stack.pbx_control.ask("calls", [[webhook.path, doc]])

    def command_of(self, entry):
        """The id of the command of a call that MANGO took. With `routes` it is waited for: what the command
        brings about cannot come before it."""
        def found():
            return next((row["command_id"] for row in self.commands()
                         if row["entry"] == entry and row["result"] == 1000), None)
        if self.scenario.mango.get("routes"):
            return wait_for("the command of " + entry, found, self.scenario.deadline_s, 0.02)
        return found()

    def note(self, call, answers, wanted):
        self.answers += answers
        self.sent.append(call)
        bad = [a for a in answers if a.status != wanted]
        if call.given.get("sign") is None and wanted != "any" and bad:
            raise Failed("a webhook of call %s was answered %s %s" % (call.name, bad[0].status,
                                                                      bad[0].text[:200]))

    def step_together(self, step):
        """The same event of several calls at the same moment, event after event."""
        chosen = self.scenario.named(step["together"])
        for index in range(max(len(call.webhooks) for call in chosen)):
            hooks = [call.webhooks[index] for call in chosen if index < len(call.webhooks)]
            answers = mango.play(self.sender(), hooks, parallel=True)
            for call, answer in zip(chosen, answers):
                self.note(call, [answer], 200)

    # processes

    def service(self, name):
        return self.stack.services[name]

    def step_kill(self, step):
        self.service(step["kill"]).kill()

    def step_stop(self, step):
        self.service(step["stop"]).stop()

    def step_cont(self, step):
        self.service(step["cont"]).cont()

    def step_term(self, step):
        self.service(step["term"]).end()

    def step_start(self, step):
        self.stack.start_service(step["start"], wait=step.get("wait", True))

    def step_wait_ready(self, step):
        self.service(step["wait_ready"]).await_ready()

    def step_pause_s(self, step):
        """A length of time that is itself the test (how long a process stays frozen)."""
        time.sleep(step["pause_s"])

    def step_strike(self, step):
        """Tells what comes now, and how far files that are like this one are the same."""

    def step_wire(self, step):
        """`catch` and `catch_answer`: see Wire.set()."""
        catch = self.scenario.fill(step.get("catch", step.get("catch_answer")))
        self.stack.wires[step["wire"]].set(step.get("state", "open"), catch, "catch_answer" in step)

    def step_wait_wire(self, step):
        if not self.stack.wires[step["wait_wire"]].wait_caught(30):
            raise Failed("the record did not come to the wire in 30 s")

    # Megaplan

    def step_wait_gate(self, step):
        path = "gates/%s/wait?count=%d&timeout=%d" % (step["wait_gate"], step.get("count", 1), 30)
        if not self.fake(step).ask(path, timeout=40)["held"]:
            raise Failed("no request came to the gate in 30 s")

    def step_release(self, step):
        self.fake(step).ask("gates/%s/release" % step["release"], {"drop": step.get("drop", False)})

    def step_doubts(self, step):
        self.fake(step).ask("doubts", step["doubts"])

    def step_faults(self, step):
        self.fake(step).ask("faults", step["faults"])

    # MANGO

    def fake(self, step):
        """at = "mango": not Megaplan's but MANGO's."""
        return self.stack.pbx_control if step.get("at") == "mango" else self.stack.control

    def commands(self):
        return self.stack.pbx_control.state()["commands"]

    def step_wait_commands(self, step):
        """MANGO has heard so many route commands."""
        wait_for("%d commands" % step["wait_commands"],
                 lambda: len(self.commands()) >= step["wait_commands"], self.scenario.deadline_s, 0.02)

    def step_wait_visits(self, step):
        wait_for("%d queries for visitors" % step["wait_visits"],
                 lambda: len(self.stack.pbx_control.state()["visits"]) >= step["wait_visits"],
                 self.scenario.deadline_s, 0.02)

    def step_wait_popups(self, step):
        """Megaplan has shown or changed pop-ups so often."""
        wait_for("%d pop-ups" % step["wait_popups"],
                 lambda: len(popups(self.stack.control.requests())) >= step["wait_popups"],
                 self.scenario.deadline_s, 0.05)

    def step_route_result(self, step):
        """MANGO tells how the command of that call ended: result/route."""
        call = self.scenario.named(step["route_result"])[0]
        rows = [row for row in self.commands() if row["entry"] == call.entry]
        if not rows:
            raise Failed("no command of call %s" % call.name)
        sender = self.stack.sender(self.document)
        hook = mango.Webhook("result/route", {"command_id": rows[0]["command_id"],
                                              "result": step.get("result", 1000)})
        self.answers += mango.play(sender, [hook])
        sender.close()

    # Megaplan, by hand (tests/fakes/megaplan_hand.py)

    def hand(self, act, doc, what):
        """A person does something to what there must be; gives how many it was done to."""
        changed = self.stack.control.ask(act, doc)
        if not changed.get("removed"):
            raise Failed("no %s to be found" % what)

    def number(self, text):
        """A number, as such or by a call's name."""
        names = {call.name: call.number for call in self.scenario.calls}
        return names.get(text, self.scenario.fill(text))

    def step_remove_client(self, step):
        """By number or call: somebody deletes the client for good."""
        number = self.number(step["remove_client"])
        self.hand("clients/remove", {"phone": number}, "client of " + number)

    def step_client_drop(self, step):
        """... puts it into the bin."""
        number = self.number(step["client_drop"])
        self.touch(number)
        self.hand("clients/drop", {"phone": number}, "client of " + number)

    def step_client_responsible(self, step):
        number = self.number(step["client_responsible"])
        self.touch(number)
        self.hand("clients/responsible", {"phone": number, "responsible": step["responsible"]},
                  "client of " + number)

    def step_client_change(self, step):
        """`values` as Megaplan keeps them."""
        number = self.number(step["client_change"])
        self.touch(number)
        self.hand("clients/change", {"phone": number, "values": step["values"]}, "client of " + number)

    def touch(self, number):
        self.touched.update(clients_of(number, self.stack.control.state(), True))

    def task(self, act, name, **more):
        """The task of a call (its marker)."""
        entry = self.scenario.named(name)[0].entry
        self.hand(act, dict(more, contains="MANGO " + entry), "task of call " + name)

    def step_task_close(self, step):
        self.task("tasks/close", step["task_close"], status=step.get("status", "completed"))

    def step_task_delete(self, step):
        self.task("tasks/delete", step["task_delete"])

    def step_field_delete(self, step):
        """Once it is there: what makes fields is no job whose end is waited for."""
        label = step["field_delete"]
        wait_for("the field " + label,
                 lambda: self.stack.control.ask("fields/delete", {"label": label}).get("removed"),
                 self.scenario.deadline_s, 0.1)

    def step_employee(self, step):
        """Dismissed, blocked...: `values` as Megaplan keeps them."""
        self.hand("employees/change", {"id": step["employee"], "values": step["values"]},
                  "employee " + step["employee"])

    def step_tokens(self, step):
        """expire: every token ends, refresh tokens are good; forget: those are not, either."""
        self.stack.control.ask("tokens/" + step["tokens"], {})

    def step_password(self, step):
        """Of a user of [megaplan] users."""
        self.stack.control.ask("users/password", {"login": step["login"], "password": step["password"]})

    def step_megaplan_refuses_s(self, step):
        """No connection is taken for so long."""
        self.stack.control.ask("refuse", {"for_s": step["megaplan_refuses_s"]})
        time.sleep(step["megaplan_refuses_s"] + 0.2)

    # topics

    def step_job(self, step):
        """A job straight onto a topic, as `worker calls` writes it."""
        step = self.scenario.fill_all(step)
        self.stack.write(step.get("topic", "jobs"), self.scenario.account,
                         records.job_record(self.scenario.account, dict(step, id=step["job"]), time.time()))

    def step_fact(self, step):
        """A fact of somebody else's, as `worker crm` writes it."""
        self.stack.write("facts", self.scenario.account, records.fact_record(
            self.scenario.account, self.scenario.fill_all(step), time.time()))

    def step_settings(self, step):
        self.document = merged(self.document, step["settings"])
        self.stack.put_settings(self.document)

    # conditions

    def requests(self, method, path):
        return [r for r in self.stack.control.requests()
                if r["method"] == method and re.search(path, r["path"])]

    def step_wait_requests(self, step):
        method, path, count = step.get("method", "POST"), step["wait_requests"], step.get("count", 1)
        wait_for("%d %s %s" % (count, method, path),
                 lambda: len(self.requests(method, path)) >= count, self.scenario.deadline_s, 0.1)

    def step_requests_by_now(self, step):
        """Exactly so many, at this moment."""
        found = self.requests(step.get("method", "POST"), step["requests_by_now"])
        if len(found) != step["count"]:
            raise Failed("expected %d requests by now, found %d" % (step["count"], len(found)))

    def step_wait_clients(self, step):
        wait_for("%d clients" % step["wait_clients"],
                 lambda: len(new_clients(self.stack.control.state())) >= step["wait_clients"],
                 self.scenario.deadline_s, 0.05)

    def step_wait_tasks(self, step):
        wait_for("%d tasks" % step["wait_tasks"],
                 lambda: sum(not row["seeded"] for row in self.stack.control.state()["Task"])
                 >= step["wait_tasks"], self.scenario.deadline_s, 0.05)

    def step_wait_calls(self, step):
        wait_for("%d saved calls" % step["wait_calls"],
                 lambda: sum(not row["seeded"] for row in self.stack.control.state()["CallInfo"])
                 >= step["wait_calls"], self.scenario.deadline_s, 0.05)

    def step_wait_fact(self, step):
        """By its key behind the account."""
        key = "%s/%s" % (self.scenario.account, self.scenario.fill(step["wait_fact"]))
        wait_for("the fact " + key, lambda: sum(
            m.key == key for m in list(self.stack.topics.messages["facts"])) >= step.get("count", 1),
            self.scenario.deadline_s)

    def step_wait_owners(self, step):
        """So many owner marks stand in the account's partition of facts: so often it has been taken."""
        wait_for(lambda: "%d owners, found %d" % (step["wait_owners"], self.owners()),
                 lambda: self.owners() >= step["wait_owners"], self.scenario.deadline_s)

    def owners(self):
        return sum(m.key == records.OWNER_MARK and m.partition == records.partition(self.scenario.account)
                   for m in list(self.stack.topics.messages["facts"]))

    def step_wait_jobs(self, step):
        kind = step["wait_jobs"]
        wait_for("%d jobs of kind %s" % (step.get("count", 1), kind),
                 lambda: sum(m[0].doc["kind"] == kind for m in self.stack.topics.jobs().values())
                 >= step.get("count", 1), self.scenario.deadline_s)

    def step_wait_job(self, step):
        """By id: the moment from which later events may change what was decided."""
        wanted = self.scenario.fill(step["wait_job"])
        wait_for(lambda: "the job %s among %s" % (wanted, sorted(self.stack.topics.jobs())),
                 lambda: wanted in self.stack.topics.jobs(), self.scenario.deadline_s)

    def step_wait_outcome(self, step):
        """Of a call (its entry), with that reason: the end of what leaves no job behind."""
        key = "%s/%s" % (self.scenario.account, self.scenario.fill(step["wait_outcome"]))
        wait_for("an outcome of %s: %s" % (key, step["reason"]),
                 lambda: any(m.key == key and re.search(step["reason"], (m.doc or {}).get("reason") or "")
                             for m in list(self.stack.topics.messages["outcomes"])),
                 self.scenario.deadline_s)

    def step_wait_topic(self, step):
        messages = self.stack.topics.messages[step["wait_topic"]]
        wait_for(lambda: "%d messages in %s, found %d" % (step["count"], step["wait_topic"],
                                                          len(messages)),
                 lambda: len(messages) >= step["count"], self.scenario.deadline_s)

    def step_settled(self, step):
        self.settle()

    def settle(self):
        """Until all is read, every call has closed, and every job has come to its end."""
        wait_for(lambda: "everything to end; still open: %s" % "; ".join(self.open_ends()),
                 lambda: not self.open_ends(), self.scenario.deadline_s, 0.1)
        # a second look: what the last ends may have caused has come, or never will
        count = self.stack.topics.count
        seen = [count(), time.monotonic()]

        def is_quiet():
            if self.open_ends() or count() != seen[0]:
                seen[:] = [count(), time.monotonic()]
            return time.monotonic() - seen[1] >= QUIET_S
        wait_for("everything to end, and stay so", is_quiet, self.scenario.deadline_s, 0.1)

    def open_ends(self):
        self.alive()
        topics = self.stack.topics
        jobs = topics.jobs()
        ends = ["event not in the topic: %d of %d" % (len(topics.messages["events"]), self.stored())
                ] if len(topics.messages["events"]) < self.stored() else []
        closed = {job_id.rsplit(":call:", 1)[0] for job_id in jobs if ":call:" in job_id}
        ends += ["call %s not closed" % call.name for call in self.sent
                 if call.closes and call.given.get("sign") is None and call.entry not in closed][:5]
        ends += ["job %s" % job_id for job_id in topics.unfinished()][:5]
        return ends + self.stack.behind()

    def stored(self):
        return sum(answer.status == 200 for answer in self.answers)

    def alive(self):
        self.stack.alive()


def is_routed(calls, entry):
    """A leg of that call comes of our command."""
    return any(call.entry == entry and any(
        isinstance(hook.doc, dict) and str(hook.doc.get("command_id", "")).startswith(entry + "~")
        for hook in call.webhooks) for call in calls)


def new_clients(state):
    return [c for kind in ("ContractorHuman", "ContractorCompany") for c in state[kind]
            if not c["seeded"]]
