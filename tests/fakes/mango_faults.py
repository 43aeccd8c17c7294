"""What may become of a request to MANGO, by name: rules for POST faults (fake_http.Fault). Pure data.

Like faults.py, whose rows these are: `done` says whether MANGO has done what was asked for, `known` whether
the answer lets its reader know that for sure.
"""

from faults import HANG_S, after, before

FAULTS = {
    "429": before("429", True, status=429),
    "429_retry_after": before("429", True, status=429, retry_after=2),
    "401": before("refuse", True, status=401),
    "refused_400": before("refuse", True, status=400),
    "refused_403": before("refuse", True, status=403),
    "500_before": before("5xx before", False, status=500),
    "502_before": before("5xx before", False, status=502, reply="html"),
    "503_before": before("5xx before", False, status=503, retry_after=1),
    "500_after": after("5xx after doing", False, status=500),
    "504_after": after("5xx after doing", False, status=504, reply="html"),
    "5001_before": before("5xxx in the body", False, reply="error200", status=5001),
    "5001_after": after("5xxx in the body", False, reply="error200", status=5001),
    "hang_before": before("hang", False, reply="hang", hang_s=HANG_S),
    "hang_after": after("hang", False, reply="hang", hang_s=HANG_S),
    "slow": after("hang", True, delay_ms=1500),
    "stall_after": after("hang", False, reply="stall", hang_s=HANG_S),
    "cut_before": before("cut", False, reply="cut"),
    "cut_after": after("cut", False, reply="cut"),
    "half_of_the_length": after("half an answer", False, reply="half", framing="length"),
    "half_in_chunks": after("half an answer", False, reply="half", framing="chunked"),
    "half_as_if_whole": after("half an answer", False, reply="half", framing="short"),
    "html_before": before("HTML", False, status=200, reply="html"),
    "html_after": after("HTML", False, status=200, reply="html"),
    "huge_after": after("10 MB", False, status=200, reply="huge", bytes=10 * 1024 * 1024),
}
