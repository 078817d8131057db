"""The portal's API as a table of answers, in the place of a connection."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import requests

from hub.cli.client import API

URL = "http://127.0.0.1:8000"


@dataclass
class Call:
    """One call that a command made."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    headers: dict[str, str]


@dataclass
class FakeLab(requests.Session):
    """Answers calls from a table of (method, path); a list of answers is taken one after the other."""

    answers: dict[tuple[str, str], Any] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)  # type: ignore[assignment]

    def request(self, method: str, url: str, **options: Any) -> requests.Response:  # type: ignore[override]
        path = url.removeprefix(URL + API)
        data = options.get("data")
        body = options.get("json") if data is None else data.read()
        self.calls.append(Call(method, path, options.get("params") or {}, body, self.headers))
        assert options["allow_redirects"] is False
        assert options["timeout"]
        found = self.answers[(method, path)]
        if isinstance(found, list) and found and isinstance(found[0], Answer):
            found = found.pop(0) if len(found) > 1 else found[0]
        if isinstance(found, Exception):
            raise found
        return (found if isinstance(found, Answer) else Answer(found)).response()

    def made(self, method: str) -> list[Call]:
        """The calls of one method."""
        return [call for call in self.calls if call.method == method]


@dataclass(frozen=True)
class Answer:
    """What the lab answers."""

    body: Any
    status: int = 200
    location: str = ""

    def response(self) -> requests.Response:
        made = requests.Response()
        made.status_code = self.status
        made.headers.update({"Location": self.location} if self.location else {})
        made._content = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        return made


def error(status: int, reason: str, message: str) -> Answer:
    """The API's one shape of errors."""
    return Answer({"error": {"reason": reason, "message": message}}, status)
