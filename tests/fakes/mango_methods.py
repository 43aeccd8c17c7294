"""What MANGO's API takes as a request of each method (reference on MANGO's API, sections 1, 5 and 8).

Where the reference is silent the fake is the stricter one: fields that no method has are refused. Pure.
"""

import json
import re
import urllib.parse

import mango_history
from mango import signature

ID_BYTES, NAME_BYTES = 128, 64
FORM = "application/x-www-form-urlencoded"
DISPLAY_NAME = "From/display-name"
NUMBER = re.compile(r"[0-9]{1,32}|sip:[^\s@]+@[^\s@]+", re.ASCII)
FIELDS = {
    "commands/route": {"command_id", "call_id", "to_number", "sip_headers"},
    "commands/callback": {"command_id", "from", "to_number", "line_number"},
    "queries/user_info_by_dct_number": {"number"}, "queries/user_history_by_dct_number": {"number"},
    "config/users/request": {"extension", "ext_fields"}, "account/balance": set(),
    "incominglines": set(), "groups": set(),
    "stats/request": {"date_from", "date_to", "fields"} | mango_history.OPTIONAL, "stats/result": {"key"},
}
NOT_A_FORM, MISSING, NO_NAME, BAD_SIGNATURE, BAD_KEY = 3100, 3101, 3101, 3102, 3105
NO_NUMBER, NO_CALL, NO_DCT = 3200, 3310, 3330


class Refused(Exception):
    """A code of section 8."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code
        self.message = message


# the form

def fields_of(request):
    """{name: text} of a form that has just the three fields, each once."""
    if request.headers.get("Content-Type", "").partition(";")[0].strip().lower() != FORM:
        raise Refused(NOT_A_FORM, "not a form")
    try:
        pairs = urllib.parse.parse_qsl(request.body.decode("ascii"), True, True, "utf-8", "strict")
    except ValueError:
        raise Refused(NOT_A_FORM, "the form cannot be read") from None
    if sorted(name for name, _ in pairs) != ["json", "sign", "vpbx_api_key"]:
        raise Refused(NOT_A_FORM, "vpbx_api_key, sign and json are expected, and nothing else")
    return dict(pairs)


def key_of(request):
    """The key it says it has, "" without one."""
    text = urllib.parse.parse_qs(request.body.decode("latin-1"))
    return text.get("vpbx_api_key", [""])[0]


def signed(request, salts):
    """The document of a form that is signed as it must be; salts: {key: salt}."""
    form = fields_of(request)
    salt = salts.get(form["vpbx_api_key"])
    if salt is None:
        raise Refused(BAD_KEY, "unknown key")
    if signature(form["vpbx_api_key"], form["json"].encode(), salt) != form["sign"]:
        raise Refused(BAD_SIGNATURE, "wrong signature")
    try:
        doc = json.loads(form["json"])
    except ValueError:
        raise Refused(NOT_A_FORM, "json cannot be read") from None
    if not isinstance(doc, dict):
        raise Refused(NOT_A_FORM, "json is no object")
    return doc


# the document

def is_text(value, least, most):
    """A text of so many bytes of UTF-8, without control characters."""
    try:
        return isinstance(value, str) and least <= len(value.encode()) <= most and \
            not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in value)
    except UnicodeEncodeError:
        return False


def need(doc, name, most=ID_BYTES):
    if not is_text(doc.get(name), 1, most):
        raise Refused(MISSING, "%s is missing, too long, or no text" % name)


def need_number(doc, name):
    value = doc.get(name)
    if not isinstance(value, str):
        raise Refused(MISSING, "%s is missing, or no text" % name)
    if not NUMBER.fullmatch(value):
        raise Refused(NO_NUMBER, "%s is no number" % name)


def check_route(doc):
    need(doc, "command_id")
    need(doc, "call_id")
    need_number(doc, "to_number")
    headers = doc.get("sip_headers", {})
    if not isinstance(headers, dict) or set(headers) - {DISPLAY_NAME}:
        raise Refused(MISSING, "sip_headers has only %s" % DISPLAY_NAME)
    name = headers.get(DISPLAY_NAME, "x")
    if not is_text(name, 1, NAME_BYTES):
        raise Refused(NO_NAME, "%s is no text of %d bytes at most" % (DISPLAY_NAME, NAME_BYTES))


def check_callback(doc):
    need(doc, "command_id")
    need_number(doc, "to_number")
    if not isinstance(doc.get("from"), dict):
        raise Refused(MISSING, "from is missing")
    need(doc["from"], "extension")
    for party, name in ((doc["from"], "number"), (doc, "line_number")):
        if name in party:
            need_number(party, name)


def check_dct(doc):
    if not isinstance(doc.get("number"), str):
        raise Refused(MISSING, "number is missing, or no text")
    if not re.fullmatch(r"[0-9]{5,32}", doc["number"], re.ASCII):
        raise Refused(NO_DCT, "the number is unknown")


def check_users(doc):
    if "extension" in doc:
        need(doc, "extension")
    if not isinstance(doc.get("ext_fields", []), list):
        raise Refused(MISSING, "ext_fields is no list")


def check_history(doc):
    why = mango_history.problem(doc)
    if why:
        raise Refused(MISSING, why)


def check_key(doc):
    need(doc, "key")


CHECKS = {"stats/request": check_history, "stats/result": check_key,
          "commands/route": check_route, "commands/callback": check_callback,
          "queries/user_info_by_dct_number": check_dct, "queries/user_history_by_dct_number": check_dct,
          "config/users/request": check_users}


def check(method, doc):
    """Refused if MANGO would call it invalid."""
    unknown = set(doc) - FIELDS[method]
    if unknown:
        raise Refused(MISSING, "unknown fields: %s" % ", ".join(sorted(unknown)))
    CHECKS.get(method, lambda _: None)(doc)
