#!/usr/bin/env python3
"""What scenarios expect while it rings can fail: each difference is noticed. And the way from a stack to the
fake MANGO: what it is told of calls, of settings, of commands."""

import json
import pathlib
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / "fakes"))

import expect_ringing  # noqa: E402
import mango  # noqa: E402
import mango_api  # noqa: E402
import records  # noqa: E402
from play import Player  # noqa: E402
from process import Failed  # noqa: E402
from scenario import Scenario  # noqa: E402
from stack import Control, Stack  # noqa: E402
from topics import Message, Messages  # noqa: E402

HEARD = {"asked": [], "commands": [], "visits": [], "violations": []}


def scenario(expectation="", call="shape = 'routed'\nseconds_ago = 0", more=""):
    with tempfile.NamedTemporaryFile("w", suffix=".toml", encoding="utf-8") as file:
        file.write("title = 't'\ndeadline_s = 0.2\n%s\n[[call]]\n%s\n[expect]\n%s" % (more, call, expectation))
        file.flush()
        made = Scenario(file.name)
    made.make_calls("x")
    return made


def told(made, *moments):
    """The topics after the first events of a call have come at these moments."""
    topics, call = Messages(), made.calls[0]
    for at, webhook in zip(moments, call.webhooks):
        topics.messages["events"].append(Message({
            "topic": "events", "partition": 0, "offset": 0, "key": "acme/" + call.entry,
            "headers": ["received-at", records.rfc3339(at)], "payload": mango.write_json(webhook.doc).decode()}))
    return topics


class Ringing(unittest.TestCase):
    def lines(self, made, log=(), moments=(100.0, 103.0), **heard):
        return expect_ringing.check_ringing(made, dict(HEARD, **heard), log, told(made, *moments))

    def command(self, made, **over):
        entry = made.calls[0].entry
        return dict({"entry": entry, "command_id": entry + "~1", "call_id": "c", "to": "123", "name": "Романов",
                     "at": 100.5, "result": 1000}, **over)

    def test_violations(self):
        found = [{"method": "commands/route", "code": 3101, "at": 1, "why": "x"}]
        self.assertEqual(len(self.lines(scenario(), violations=found)), 1)
        self.assertEqual(self.lines(scenario("mango_violations = 1"), violations=found), [])
        self.assertEqual(len(self.lines(scenario("mango_violations = 1"))), 1)

    def test_commands(self):
        made = scenario("[[expect.command]]\ncall = 'a'\nto = '123'\nname = 'Романов'\nresult = 1000\n"
                        "within_ms = 600")
        self.assertEqual(self.lines(made, commands=[self.command(made)]), [])
        for over in ({"to": "124"}, {"name": ""}, {"result": 4101}, {"at": 100.7}, {"at": 99.9}):
            self.assertEqual(len(self.lines(made, commands=[self.command(made, **over)])), 1, over)
        self.assertEqual(len(self.lines(made)), 1)
        self.assertEqual(len(self.lines(scenario(), commands=[self.command(made)])), 1)
        none = scenario("[[expect.command]]\ncall = 'a'\ncount = 0")
        self.assertEqual(self.lines(none), [])
        self.assertEqual(len(self.lines(none, commands=[self.command(none)])), 1)

    def test_one_command_and_none_late(self):
        made = scenario()
        self.assertEqual(self.lines(made, asked=[self.command(made, at=104)]), [])
        self.assertEqual(len(self.lines(made, asked=[self.command(made, at=104.2)])), 1)
        self.assertEqual(len(self.lines(made, asked=[self.command(made)] * 2)), 1)
        made.env["ROUTE_DEADLINE_MS"] = "300"
        self.assertEqual(len(self.lines(made, asked=[self.command(made)])), 1)

    def test_since_an_event(self):
        made = scenario("[[expect.command]]\ncall = 'a'\nevent = 1\nwithin_ms = 600")
        self.assertEqual(self.lines(made, commands=[self.command(made, at=103.5)]), [])
        self.assertEqual(len(self.lines(made, commands=[self.command(made, at=103.7)])), 1)
        self.assertEqual(len(self.lines(made, commands=[self.command(made, at=102)])), 1)
        self.assertEqual(len(self.lines(made, commands=[self.command(made)], moments=(100,))), 1)

    def test_visitors(self):
        made = scenario("[[expect.visitor]]\nnumber = '74950000000'\ncall = 'a'\nwithin_ms = 100")
        row = {"number": "74950000000", "at": 100.05, "data": None}
        self.assertEqual(self.lines(made, visits=[row]), [])
        for visits in ([], [row, row], [dict(row, at=100.2)], [dict(row, number="1")]):
            self.assertEqual(len(self.lines(made, visits=visits)), 1, visits)

    def test_popups(self):
        made = scenario("[[expect.popup]]\ncall = 'a'\nstates = ['calling', 'talking']\n"
                        "employees = ['5', '6']\nclient = '7'\nwithin_ms = 500")

        def row(state, ours, path="/api/v3/callInfo/provider", did=True, at=100.2, **over):
            doc = dict({"providerId": made.calls[0].entry, "state": state, "toUser": {"id": ours},
                        "fromUser": {"id": "7"}}, **over)
            return {"method": "POST", "path": path, "body": json.dumps(doc), "did": did, "at": at}
        first, second = row("calling", "5", "/api/v3/callInfo"), row("talking", "6")
        saved, refused = row("finished", "6"), row("talking", "6", did=False)
        other = row("calling", "5", providerId="other")
        self.assertEqual(self.lines(made, [first, refused, other, second, saved]), [])
        out = [row("calling", "7", type="out", fromUser={"id": "5"}),
               row("talking", "7", type="out", fromUser={"id": "6"})]
        self.assertEqual(self.lines(made, out), [])
        for log, count in (([], 3), ([second, first], 2), ([first], 2), ([first, second, second], 2),
                           ([row("calling", "6"), second], 1), ([first, row("talking", "6", fromUser=None)], 1)):
            found = self.lines(made, log)
            self.assertEqual(len(found), count, found)
        late = [dict(first, at=100.6), dict(second, at=100.7)]
        self.assertEqual(len(self.lines(made, late)), 1)


class Way(unittest.TestCase):
    """A player beside a real fake MANGO; nothing is sent anywhere."""

    def setUp(self):
        self.server, worlds = mango_api.start(("", "/acme"))
        self.worlds = worlds
        self.stack = Stack("build", tempfile.gettempdir())
        self.stack.pbx = "http://" + self.server.address
        self.stack.pbxs = {path: Control(self.stack.pbx + path) for path in worlds}
        self.pbx = worlds[""]

    def tearDown(self):
        self.server.shutdown()
        self.server.server_close()

    def player(self, made):
        player = Player(made, self.stack)
        player.document = dict(made.settings, route_to_responsible=True)
        return player

    def command(self, made, result=1000):
        entry = made.calls[0].entry
        self.pbx.commands.append({"entry": entry, "command_id": entry + "~7f", "result": result})

    def test_settings_lead_to_the_fake(self):
        made = scenario()
        document = self.stack.with_pbx(made.document("http://127.0.0.1:1/acme"))
        self.assertEqual(document["mango"]["base_url"], self.stack.pbx + "/acme/vpbx")
        self.assertEqual(self.worlds["/acme"].salts, {made.settings["mango"]["api_key"]:
                                                      made.settings["mango"]["api_salt"]})
        self.assertNotIn("base_url", made.settings["mango"])
        document["mango"]["base_url"] = "http://x"
        self.assertEqual(self.stack.with_pbx(document)["mango"]["base_url"], "http://x")

    def test_mango_knows_its_calls_before_we_do(self):
        made = scenario()
        player, call = self.player(made), made.calls[0]
        player.about_to_send(call.webhooks[0])
        leg = call.webhooks[0].doc["call_id"]
        self.assertIsNone(self.pbx.calls.verdict(call.entry, leg))
        player.about_to_send(call.webhooks[1])
        self.assertEqual(self.pbx.calls.verdict(call.entry, leg), "over")
        player.document = made.settings
        self.stack.sender = lambda document, keep_alive: mango.Sender("http://x", "k", "s")
        self.assertIsNone(player.sender().before)

    def test_events_carry_the_command_that_was_taken(self):
        made = scenario()
        player, call = self.player(made), made.calls[0]
        for index in (1, 2):
            player.about_to_send(call.webhooks[index])
        self.assertEqual(call.webhooks[2].doc["command_id"], call.entry + "~1")
        self.command(made)
        for index in (2, 3):
            player.about_to_send(call.webhooks[index])
            self.assertEqual(call.webhooks[index].doc["command_id"], call.entry + "~7f")

    def test_events_wait_for_the_command(self):
        made = scenario(more="[mango]\nroutes = true")
        player, call = self.player(made), made.calls[0]
        player.about_to_send(call.webhooks[0])
        self.command(made, 4101)
        for index in (1, 2):  # it leaves the menu, it rings elsewhere
            with self.assertRaises(Failed):
                player.about_to_send(call.webhooks[index])
        self.command(made)
        player.about_to_send(call.webhooks[1])
        player.about_to_send(call.webhooks[2])
        self.assertEqual(call.webhooks[2].doc["command_id"], call.entry + "~7f")


if __name__ == "__main__":
    unittest.main()
