"""The fault table of the fake Megaplan: everything that may become of a request, by name.

A generated test walks over FAULTS and lays each rule (with method, path, nth and times of its own) on
the request it strikes. Pure data.
"""

HANG_S = 60         # longer than any client waits
WHOLE_MB = 10 * 1024 * 1024
LAG_MS = 20000


class Row:
    """One fault.

    kind     the line of the table it belongs to
    rule     for POST faults (fake_http.Fault), or
    doubts   for POST doubts, or
    control  (path, document) of another control call
    done     whether Megaplan has done what was asked for (a lag: it has)
    known    whether the answer lets its reader know that for sure
    """

    def __init__(self, kind, done, known, rule=None, doubts=None, control=None):
        self.kind = kind
        self.done = done
        self.known = known
        self.rule = rule
        self.doubts = doubts
        self.control = control


def before(kind, known, **rule):
    return Row(kind, False, known, dict(rule, when="before"))


def after(kind, known, **rule):
    return Row(kind, True, known, dict(rule, when="after"))


def changed(**rule):
    return after("wrong type", False, reply="changed", **rule)


FAULTS = {
    "refused_connection": Row("refuse", False, True, control=("refuse", {"for_s": 3})),
    "refused_400": before("refuse", True, status=400),
    "refused_403": before("refuse", True, status=403),
    "refused_404": before("refuse", True, status=404),
    "refused_422": before("refuse", True, status=422),
    "refused_in_a_200": before("refuse", True, reply="error200", status=422),
    "unauthorized": before("refuse", True, status=401),
    "unpaid": before("refuse", True, status=402),
    "redirected": before("refuse", True, status=302, headers={"Location": "https://example.org/"}),

    "429": before("429", True, status=429),
    "429_retry_after": before("429", True, status=429, retry_after=2),
    "429_html": before("429", True, status=429, reply="html"),

    "500_before": before("5xx before", False, status=500),
    "502_before": before("5xx before", False, status=502, reply="html"),
    "503_before": before("5xx before", False, status=503, retry_after=1),
    "500_after": after("5xx after doing", False, status=500),
    "502_after": after("5xx after doing", False, status=502, reply="html"),
    "504_after": after("5xx after doing", False, status=504),

    "hang_before": before("hang", False, reply="hang", hang_s=HANG_S),
    "hang_after": after("hang", False, reply="hang", hang_s=HANG_S),
    "slow": after("hang", True, delay_ms=3000),
    "stall_after": after("hang", False, reply="stall", hang_s=HANG_S),
    "dribble_after": after("hang", False, reply="dribble", byte_ms=400),

    "cut_before": before("cut", False, reply="cut"),
    "cut_after": after("cut", False, reply="cut"),
    "cut_late_after": after("cut", False, reply="cut", hang_s=3),

    "half_of_the_length": after("half an answer", False, reply="half", framing="length"),
    "half_until_closed": after("half an answer", False, reply="half", framing="close"),
    "half_in_chunks": after("half an answer", False, reply="half", framing="chunked"),
    "half_as_if_whole": after("half an answer", False, reply="half", framing="short"),
    "half_before": before("half an answer", False, reply="half", framing="short"),

    "data_a_list": changed(data=[]),
    "data_a_text": changed(data="ok"),
    "data_null": changed(data=None),
    "data_a_number": changed(data=7),
    "data_empty": changed(data={}),
    "id_a_number": after("wrong type", True, reply="changed", lay={"id": "number"}),
    "id_absent": changed(lay={"id": "absent"}),
    "id_null": changed(lay={"id": None}),
    "id_empty": changed(lay={"id": ""}),
    "id_a_table": changed(lay={"id": {"value": "1"}}),
    "of_another_kind": changed(lay={"contentType": "Deal"}),
    "nothing_done_nothing_said": before("wrong type", False, reply="changed", data=[]),

    "html_before": before("HTML", False, status=200, reply="html"),
    "html_after": after("HTML", False, status=200, reply="html"),

    "huge_before": before("10 MB", False, status=500, reply="huge", bytes=WHOLE_MB),
    "huge_after": after("10 MB", False, status=200, reply="huge", bytes=WHOLE_MB),

    "lagging_search": Row("lagging search", True, True, doubts={
        "search_lag_ms": LAG_MS, "callroute_lag_ms": LAG_MS}),
    "lagging_lists": Row("lagging search", True, True, doubts={
        "list_lag_ms": LAG_MS // 2, "tasks_lag_ms": LAG_MS // 2, "provider_lag_ms": LAG_MS // 2,
        "fields_lag_ms": LAG_MS // 2}),
    "lagging_reads": Row("lagging search", True, True, doubts={"read_lag_ms": LAG_MS // 2}),
}

# The lines of the table; test_megaplan.py holds that each has rows.
KINDS = ("refuse", "429", "5xx before", "5xx after doing", "hang", "cut", "half an answer", "wrong type",
         "HTML", "10 MB", "lagging search")


def rule(name, **where):
    """The fault's rule for the requests that `where` names (method, path, nth, times, contains)."""
    return dict(FAULTS[name].rule, **where)
