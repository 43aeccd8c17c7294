"""The settings page's API as its tests call it: by HTTP Basic, JSON in and out."""

import base64
import http.client
import json

PASSWORD = "correct-horse-battery"
ENV = {"ADMIN_LISTEN": "127.0.0.1:0", "ADMIN_PASSWORD": PASSWORD}


class Reply:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body) if self.body else None

    @property
    def refusal(self):
        """(status, code, field), to be compared in one go."""
        made = self.json or {}
        return self.status, made.get("error"), made.get("field")


class Api:
    """One connection for each request; headers with _ for -."""

    def __init__(self, address, user="tester", password=PASSWORD, context=None):
        """context: of ssl, where the page speaks TLS."""
        self.address = address
        self.context = context
        self.authorization = "Basic " + base64.b64encode(("%s:%s" % (user, password)).encode()).decode()

    def ask(self, method, path, body=None, timeout=30, **headers):
        made = {"Authorization": self.authorization}
        made.update((name.replace("_", "-"), value) for name, value in headers.items())
        if body is not None:
            made.setdefault("Content-Type", "application/json")
            body = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        connection = http.client.HTTPSConnection(self.address, timeout=timeout, context=self.context) \
            if self.context else http.client.HTTPConnection(self.address, timeout=timeout)
        try:
            connection.request(method, path, body=body, headers=made)
            return Reply(connection.getresponse())
        finally:
            connection.close()

    def get(self, path, **headers):
        return self.ask("GET", path, **headers)

    def put(self, path, body, **headers):
        return self.ask("PUT", path, body, **headers)

    def post(self, path, body, **headers):
        return self.ask("POST", path, body, **headers)

    def delete(self, path, **headers):
        return self.ask("DELETE", path, **headers)
