#!/usr/bin/env python3
# Takes minutes
"""An administrator on the first day: from an empty installation through the guide's flow to calls on screen. In
Russian; each test goes on where the one before it ended.
"""

import re
import time
import unittest

import here  # noqa: F401
import office
from browser import FIELDS
from page_case import SLOW_S, PageCase

NAME = "romashka"
# The guide's words, in its order.
GUIDE = (
    "Адрес внешней системы", "Подключение API", "Предоставлять возможность генерации и использования ссылок", "Сохранить",
    "Подключение телефонии по API", "Уникальный код вашей АТС", "Ключ для создания подписи", "Сотрудники", "Ваш персонал",
    "Телефония", "Данные абонента АТС", "Сохранить", "Пополнить счет MANGO OFFICE", "Дополнительно",
    "Автоматически создавать клиента при входящих звонках", "Формат телефонных номеров",
    "Автоматически создавать клиента при пропущенных звонках", "Автоматически создавать клиента при исходящих звонках",
    "Распределять вызовы от клиентов по ответственным сотрудникам", "ожидать окончания",
    "Указывать источник при входящих звонках", "Обновлять ответственного при переводах входящих вызовов",
    "Указать ответственного при пропущенных звонках в IVR", "Указать ответственного при пропущенных звонках в группу",
    "Интеграция с Динамическим коллтрекингом", "Только в Mangoplan")


class Flow(PageCase):
    def stored(self):
        status, document, _ = self.site.api.ask("GET", "/api/accounts/" + NAME)
        return document if status == 200 else None

    def refused_at(self, element, key, **values):
        """The refusal stands at its field, which has the focus, and in the summary."""
        words = self.desk.words(key, **values)
        self.browser.until("%r at its field" % words, lambda: words in self.desk.error_of(element))
        self.assertEqual(element.get_attribute("aria-invalid"), "true")
        self.browser.until("the focus to be there", lambda: self.desk.focused() == element)
        self.assertTrue(any(self.desk.words("refused.summary") in alert.text
                            for alert in self.browser.nodes("alert")))

    # the door

    def test_01_a_wrong_password_is_refused_and_the_next_try_waits(self):
        self.desk.open()
        self.desk.sign_in("неверный пароль")
        self.desk.reads("refused.wrong_password")
        self.desk.sign_in("и этот неверный тоже")     # is looked at a second later
        self.browser.until("the second refusal", lambda: self.browser.has("alert") and
                           len(self.site.services["ingest"].logged("login")) >= 2)
        self.desk.reads("refused.wrong_password")
        begun = time.monotonic()
        self.desk.sign_in()
        self.desk.reads("wait.why")                   # says that it waits, and goes on by itself
        self.browser.until("the door to open", lambda: not self.browser.has("dialog"))
        self.assertGreater(time.monotonic() - begun, 1)

    # a new connection

    def test_02_an_empty_installation_begins_with_a_new_connection(self):
        self.browser.one("heading", self.desk.line("new.title"))
        address = self.desk.field("address.title")
        self.assertEqual(self.browser.value_of(address), "https://calls.romashka.example")
        self.desk.click("address.copy")
        self.desk.reads("address.copied")

    def new(self, key, text):
        field = self.desk.fill(key, text)
        return field

    def create(self):
        self.desk.click("new.create")

    def test_03_each_wrong_field_is_told_at_its_field(self):
        self.browser.click("DisclosureTriangle", self.desk.line("mango.more"))
        right = (("new.account", NAME), ("timezone", "Europe/Moscow"), ("mango.api_key", office.KEY),
                 ("mango.api_salt", office.SALT), ("mango.base_url", self.site.pbx + "/vpbx"),
                 ("megaplan.base_url", self.site.megaplan), ("megaplan.token", "not-the-token"))
        for key, text in right:
            self.desk.fill(key, text)
        wrong = (("new.account", "Ромашка", "why.account", {"a": 32}), ("timezone", "Europe/Nowhere", "why.zone", {}),
                 ("mango.api_key", "", "why.empty", {}), ("mango.api_salt", "", "why.empty", {}),
                 ("megaplan.base_url", "http://169.254.169.254/latest", "why.url", {}),
                 ("mango.base_url", "https://example.org/vpbx", "why.url", {}),
                 ("megaplan.token", "", "why.no_login", {}))
        for key, text, why, values in wrong:
            with self.subTest(key=key, text=text):
                field = self.desk.fill(key, text)
                self.create()
                self.refused_at(field, why, **values)
                self.assertEqual(self.site.api.ask("GET", "/api/accounts")[1], [])
                self.desk.fill(key, dict(right)[key])

    def test_04_created_switched_off_and_checked_at_once(self):
        self.create()
        self.browser.until("its page", lambda: self.browser.driver.current_url.endswith("#/romashka/settings"))
        self.desk.reads("disabled.banner")
        self.assertFalse(self.stored()["enabled"])
        self.desk.reads("checks.some", wait_s=SLOW_S)   # the token is wrong

    def rows(self):
        """{check: status} of the table of checks."""
        found = [row.text for row in self.browser.nodes("row")]
        words = {self.desk.words("status." + s): s for s in ("ok", "warn", "fail", "skip")}
        return [(text, status) for text in found for word, status in words.items() if word in text]

    def checked(self, name, status):
        return any(text.startswith(self.desk.words("check." + name)) and found == status for text, found in self.rows())

    def test_05_a_wrong_token_is_told_with_what_to_do(self):
        self.desk.click("checks.megaplan")
        self.browser.until("Megaplan's refusal", lambda: self.checked("megaplan", "fail"), SLOW_S)
        self.desk.fill("megaplan.token", office.TOKEN)
        self.desk.saved()
        self.desk.click("checks.all")
        self.browser.until("consent of both", lambda: self.checked("mango", "ok") and self.checked("megaplan", "ok"), SLOW_S)
        document = self.stored()
        self.assertEqual(document["megaplan"]["token"], "***")
        self.assertNotIn(office.TOKEN, self.browser.text())

    # employees

    def test_06_employees_are_read_and_mapped_by_proposals(self):
        self.browser.driver.refresh()
        names = ("Петров Пётр", "Сидорова Анна", "Орлова Вера")
        for name in names:
            self.browser.until(name, lambda: self.browser.nodes(
                FIELDS, self.desk.line("employees.extension.of", name=name)), SLOW_S)
        self.assertNotIn("Уволен Иван", self.browser.text())
        self.desk.reads("employees.hint")
        self.browser.click("button", self.desk.line("proposal.take.of", name="Петров Пётр", extension="101"))
        field = self.desk.field("employees.extension.of", name="Петров Пётр")
        self.assertEqual(self.browser.value_of(field), "101")
        self.browser.click("button", self.desk.line("proposal.all", n=2))
        for name, extension in zip(names, ("101", "102", "103")):
            field = self.desk.field("employees.extension.of", name=name)
            self.assertEqual(self.browser.value_of(field), extension)

    def test_07_no_extension_twice(self):
        self.desk.fill("employees.extension.of", "101", name="Сидорова Анна")
        field = self.desk.field("employees.extension.of", name="Сидорова Анна")
        told = self.desk.words("employees.twice", value="101", name="Петров Пётр")
        self.browser.until("it to be told", lambda: told in self.desk.error_of(field))
        self.desk.click("save")
        self.browser.until("it to be refused", lambda: any(
            self.desk.words("refused.summary") in alert.text for alert in self.browser.nodes("alert")))
        self.assertFalse(self.stored().get("employees"))
        self.desk.fill("employees.extension.of", "102, 104", name="Сидорова Анна")
        self.desk.fill("employees.numbers.of", "+7 916 000-11-22", name="Сидорова Анна")
        self.desk.saved()
        anna = [e for e in self.stored()["employees"] if e["megaplan_id"] == "1000006"][0]
        self.assertEqual((anna["extension"], anna["extensions"]), ("102", ["104"]))
        self.assertEqual(len(anna["numbers"]), 1)

    # switches

    def test_08_the_guides_words_in_the_guides_order(self):
        text, at = self.browser.text(), 0
        for words in GUIDE:
            found = text.find(words, at)
            self.assertGreaterEqual(found, 0, "%r is not there, or not in its place" % words)
            at = found + len(words)

    def test_09_what_needs_another_switch_is_grey_and_says_why(self):
        menu, group = (self.desk.field(key, "switch") for key in ("ivr.title", "group.title"))
        self.assertFalse(menu.is_enabled() or group.is_enabled())
        self.assertIn(self.desk.words("ivr.reason"), self.desk.descriptions(menu))
        self.assertIn(self.desk.words("group.reason"), self.desk.descriptions(group))
        self.desk.switch("create.missed", True)
        self.assertFalse(menu.is_enabled())
        self.assertTrue(group.is_enabled())
        self.desk.switch("create.incoming", True)
        self.assertTrue(menu.is_enabled())
        self.assertNotIn(self.desk.words("ivr.reason"), self.browser.text())

    def test_10_a_switch_without_its_person_is_refused(self):
        self.desk.switch("ivr.title", True)
        self.desk.click("save")
        person = self.browser.nodes("combobox", self.desk.line("person.choose"))[0]
        self.refused_at(person, "person.missing")
        self.desk.choose(person, "Орлова Вера (103)")
        self.desk.switch("popups.title", True)
        self.browser.click("radio", re.compile("^" + re.escape("+7 (999) 123-12-12")))
        self.desk.switch("task.title", True)
        self.desk.fill("task.name", "Позвони {кому-нибудь}")
        self.desk.click("save")
        self.refused_at(self.desk.field("task.name"), "why.placeholders")
        self.desk.fill("task.name", "Перезвонить: {phone}")
        self.desk.switch("task.title", False)

    def test_11_saved_and_switched_on(self):
        self.desk.switch("enabled.title", True)
        self.desk.saved()
        document = self.stored()
        self.assertTrue(document["enabled"] and document["create_client"]["incoming"] and document["popups"])
        self.assertEqual(document["phone_format"], "+7 (999) 123-12-12")
        self.assertEqual(document["missed_in_ivr_responsible"], "1000008")
        self.browser.reads_no_more(self.desk.words("disabled.banner"))

    def test_12_the_balance_and_where_to_top_up(self):
        self.browser.reads("1\u00a0234,56", SLOW_S)
        link = self.browser.one("link", self.desk.line("balance.top_up") + " " + self.desk.line("new_tab"))
        self.assertEqual(link.get_attribute("target"), "_blank")
        self.assertTrue(link.get_attribute("href").startswith("https://"))
        self.assertIn("noopener", link.get_attribute("rel"))

    # calls

    def test_13_a_call_appears_while_it_rings_and_goes_on_by_itself(self):
        self.desk.go("calls")
        self.desk.reads("calls.none")
        self.desk.reads("live.open")
        Flow.call = self.site.call(upto=1)
        self.desk.row("…" + office.NUMBER[-4:], self.desk.words("state.open"))
        self.assertNotIn(office.NUMBER, self.browser.text())
        self.site.rest(Flow.call)
        self.desk.row("Петров Пётр", self.desk.words("state.done"))
        self.browser.one("link", self.kind("incoming", "talked"))
        self.assertEqual(self.created()["ContractorHuman"], 1)

    def kind(self, direction, kind):
        return "%s, %s" % (self.desk.words("direction." + direction), self.desk.words("kind." + kind))

    def test_14_a_number_is_shown_by_a_click(self):
        self.browser.click("button", self.desk.line("number.show", number="…" + office.NUMBER[-4:]))
        self.browser.reads(office.NUMBER)

    def test_15_its_story_says_what_was_decided_and_why(self):
        self.browser.click("link", self.kind("incoming", "talked"))
        self.browser.one("heading", self.desk.line("story.title"))
        for key in ("event.Appeared", "event.Connected", "event.summary", "job.client", "job.call", "story.saved"):
            self.desk.reads(key)
        for words in ("G3", "POST /contractorHuman → 200", "POST /callInfo"):
            self.browser.reads(words)
        self.assertNotIn(office.NUMBER, self.browser.text())
        self.desk.click("story.numbers")
        self.browser.reads(office.NUMBER)
        self.desk.click("story.back", role="link")
        self.browser.one("heading", self.desk.line("calls.title"))

    def test_16_what_could_not_be_delivered_is_sent_again(self):
        self.site.control.ask("faults", [{"method": "POST", "path": "/contractorHuman$", "reply": "json", "status": 422,
                                               "contains": "111-22-33", "times": 3}])
        self.site.call(number="79031112233", name="refused")
        self.desk.go("dead")
        again = self.browser.one("button", re.compile("^" + re.escape(self.desk.words("dead.again.of", id=""))), wait_s=40)
        self.browser.reads(self.desk.words("job.client"))
        self.browser.reads("HTTP 422")
        clients = self.created()["ContractorHuman"]
        again.click()
        self.desk.reads("dead.sent", n=1)
        self.desk.reads("dead.none", 40)
        self.browser.until("the client in Megaplan", lambda: self.created()["ContractorHuman"] == clients + 1)

    def test_17_a_test_call_shows_what_would_be_done_and_does_nothing(self):
        self.desk.go("calls")
        calls = "/api/accounts/%s/calls" % NAME
        self.site.await_api(calls, "the calls before it to end", lambda said: all(
            c["state"] != "open" for c in said["calls"]), 60)
        before = self.created()
        self.desk.click("test.open")
        dialog = self.browser.one("dialog", self.desk.line("test.title"))
        self.desk.reads("test.banner")
        self.desk.fill("test.from", "не номер")
        self.desk.click("test.run")
        self.desk.reads("refused.invalid")
        self.browser.until("the focus", lambda: self.desk.focused() == self.desk.field("test.from"))
        self.desk.fill("test.from", "79990009900")
        self.desk.click("test.run")
        for key in ("job.client", "job.call", "result.would"):
            self.browser.reads(self.desk.words(key), 60, inside=dialog)
        self.browser.reads(self.desk.words("state.done"), 60, inside=dialog)
        self.assertEqual(self.created(), before)
        entry, = (c["entry_id"] for c in self.site.await_api(calls, "it", lambda _: True)["calls"] if c["test"])
        self.assertEqual([m.key for m in self.site.topics.messages["facts"] if entry in (m.key or "")], [])
        self.desk.click("close")
        self.browser.until("it to be gone", lambda: not self.browser.has("dialog"))
        self.browser.reads(self.desk.words("call.test"))

    # what else there is to see

    def test_18_how_the_installation_is(self):
        self.desk.go("health")
        self.browser.reads(self.desk.words("health.kafka"))
        text = self.browser.text()
        self.assertIn(self.desk.words("status.ok"), text)
        self.assertNotIn(self.desk.words("health.never"), text)
        self.browser.reads(self.desk.words("health.budget"))
        self.browser.reads(NAME)

    def test_19_who_changed_what(self):
        self.desk.go("audit")
        self.desk.reads("audit.did.settings stored")
        rows = [row.text for row in self.browser.nodes("row")]
        enabled = [row for row in rows if re.search(r"\benabled\b", row)]
        self.assertTrue(any("admin@127.0.0.1" in row and self.desk.words("no") in row and self.desk.words("yes") in row
                            for row in enabled), rows[:20])
        token = [row for row in rows if "megaplan.token" in row]
        self.assertTrue(token and all(self.desk.words("audit.changed") in row for row in token), rows[:20])
        for secret in (office.TOKEN, office.SALT):
            self.assertNotIn(secret, self.browser.text())
        self.assertTrue(any(self.desk.words("audit.did.sent again") in row for row in rows), rows[:20])

    # two people, one page

    def settings(self):
        self.desk.go("settings")
        self.desk.field("source.title", "switch")

    def test_20_two_who_save_are_told_and_neither_loses(self):
        self.settings()
        first = self.browser.driver.current_window_handle
        self.desk.switch("source.title", True)
        self.browser.driver.switch_to.new_window("tab")
        try:
            self.desk.open("#/%s/settings" % NAME)
            self.desk.switch("tracking.title", True)
            self.desk.saved()
        finally:
            self.browser.driver.close()
            self.browser.driver.switch_to.window(first)
        self.desk.click("save")
        self.browser.one("dialog", self.desk.line("conflict.title"))
        self.assertNotIn("source_field", {k for k, v in self.stored().items() if v is True})
        self.desk.click("conflict.mine")
        self.browser.until("the dialog to go", lambda: not self.browser.has("dialog"))
        self.assertTrue(self.desk.field("source.title", "switch").is_selected())
        self.assertTrue(self.desk.field("tracking.title", "switch").is_selected())
        self.desk.saved()
        document = self.stored()
        self.assertTrue(document["source_field"] and document["call_tracking"])

    def test_21_what_was_typed_outlives_the_session(self):
        self.desk.fill("ignore.title", "7800*")
        self.browser.driver.delete_all_cookies()
        self.desk.click("save")
        self.browser.one("dialog", self.desk.line("login.again"))
        self.desk.reads("login.again.hint")
        self.desk.sign_in()
        self.desk.await_saved()
        self.assertEqual(self.stored()["ignore_numbers"], ["7800*"])

    def test_22_leaving_with_something_unsaved_is_asked_for(self):
        self.desk.fill("ignore.title", "7800*\n7900*")
        self.desk.click("nav.calls", role="link")
        self.browser.one("dialog", self.desk.line("leave.title"))
        self.desk.click("leave.stay")
        self.assertEqual(self.browser.value_of(self.desk.field("ignore.title")), "7800*\n7900*")
        self.desk.click("save.undo")
        self.assertEqual(self.browser.value_of(self.desk.field("ignore.title")), "7800*")

    def test_23_english_by_a_switch_and_back(self):
        self.desk.click("language.other")
        self.desk.lang = "en"
        self.browser.one("heading", self.desk.line("settings.title"))
        self.assertEqual(self.browser.js("return document.documentElement.lang"), "en")
        shown = self.browser.js("""return [...document.querySelectorAll('h1, h2, h3, label, legend, p, nav, button')]
            .map(e => e.innerText).join('\\n')""")
        for name in ("Связь с АТС", "Петров Пётр", "Сидорова Анна", "Орлова Вера"):
            shown = shown.replace(name, "")
        self.assertNotRegex(re.sub("«[^»]*»", "", shown), "[А-Яа-я]{3,} [А-Яа-я]{3,}")  # but the vendors' own words
        self.browser.driver.refresh()
        self.browser.one("heading", self.desk.line("settings.title"))
        self.desk.click("language.other")
        self.desk.lang = "ru"
        self.browser.one("heading", self.desk.line("settings.title"))

    # what goes wrong

    def test_24_without_kafka_it_is_said_plainly(self):
        self.settings()
        broker = self.site.processes[0]
        before = self.stored()
        self.desk.switch("source.title", not before.get("source_field", False))
        broker.stop()
        try:
            self.desk.click("save")
            self.desk.reads("refused.kafka", 40)
        finally:
            broker.cont()
        self.browser.until("it to be saved when Kafka is back", self.save_again, 60)
        self.assertNotEqual(self.stored().get("source_field"), before.get("source_field", False))

    def save_again(self):
        """Presses «Сохранить» again, as somebody would; a conflict is settled for what is here."""
        self.desk.click("save")
        self.browser.until("an answer", lambda: self.browser.has("dialog") or self.desk.words("save.done") in
                           self.browser.text() or self.desk.words("refused.kafka") in self.browser.text())
        if self.browser.has("dialog"):
            self.desk.click("conflict.mine")
        return self.desk.words("save.done") in self.browser.text()

    def test_25_a_wrong_key_of_mango_is_told_with_what_to_do(self):
        self.settings()
        self.desk.fill("mango.api_salt", "some-other-salt-0123456789")
        self.desk.saved()
        self.desk.click("checks.mango")
        self.browser.until("MANGO's refusal", lambda: self.checked("mango", "fail"), SLOW_S)
        self.desk.fill("mango.api_salt", office.SALT)
        self.desk.saved()

    def test_26_a_connection_is_removed_after_a_question(self):
        self.desk.click("remove.button")
        self.browser.one("dialog", self.desk.line("remove.title", account=NAME))
        self.desk.click("cancel")
        self.assertTrue(self.stored())
        self.desk.click("remove.button")
        self.desk.click("remove.yes")
        self.browser.one("heading", self.desk.line("new.title"))
        self.assertIsNone(self.stored())

    def test_27_signing_out(self):
        self.browser.anew(lambda: self.desk.click("sign_out"))
        self.desk.field("login.password")
        self.assertEqual(self.browser.driver.get_cookies(), [])


if __name__ == "__main__":
    unittest.main()
