"""Tokens of the fake Megaplan: login by password, refresh with rotation, what an administrator does.

Follows the reference on Megaplan's API, section 1.1. Not thread-safe: the world locks.
"""

import json
import urllib.parse
import uuid

import fake_http

LIFE_S = 172800


class Logins:
    """Who may ask: tokens {token: employee}, refresh tokens, users {login: (password, employee)}."""

    def __init__(self):
        self.tokens = {}
        self.refresh = {}
        self.users = {}

    def who(self, request):
        """The employee a token belongs to, from the header or the query's access_token."""
        scheme, _, token = (request.headers.get("Authorization") or "").partition(" ")
        if scheme == "Bearer":
            return self.tokens.get(token.strip())
        try:
            return self.tokens.get(json.loads(urllib.parse.unquote_plus(request.query))["access_token"])
        except (ValueError, KeyError, TypeError):
            return None

    def answer(self, request, refusal):
        """POST /auth/access_token: form bodies only, OAuth shapes; refusal() gives a wrong password's."""
        kind = request.headers.get("Content-Type") or ""
        if not kind.startswith("application/x-www-form-urlencoded"):
            return fake_http.Reply(400, {"error": "invalid_request",
                                         "error_description": "form fields are expected"})
        form = dict(urllib.parse.parse_qsl(request.body.decode("utf-8", "replace")))
        employee = None
        if form.get("grant_type") == "password":
            known = self.users.get(form.get("username"))
            employee = known[1] if known and known[0] == form.get("password") else None
        elif form.get("grant_type") == "refresh_token":
            employee = self.refresh.pop(form.get("refresh_token"), None)  # each is good for once
        if employee is None:
            return refusal()
        token, refresh = "tok-" + uuid.uuid4().hex, "ref-" + uuid.uuid4().hex
        self.tokens[token] = employee
        self.refresh[refresh] = employee
        return fake_http.Reply(200, {"access_token": token, "expires_in": LIFE_S,
                                     "token_type": "bearer", "scope": None,
                                     "refresh_token": refresh}, note="login of %s" % employee)

    def change_password(self, login, password):
        """Whoever was logged in as this user is not any more."""
        employee = self.users[login][1]
        self.users[login] = (password, employee)
        for kept in (self.tokens, self.refresh):
            for token in [t for t, whose in kept.items() if whose == employee]:
                del kept[token]
