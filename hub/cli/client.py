"""The portal's JSON API, as a person's own programs call it with a token.

Invariants:

* the token is sent to the lab's own address alone: no redirect is followed;
* only reading is tried again; whatever changes something is sent once;
* every failure becomes one of the lab's errors with a sentence.

What sends requests is loaded by the first connection: it takes a while, and every command loads this module.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import quote

from hub.domain.errors import (
    ConflictError,
    InvalidError,
    LabError,
    NotFoundError,
    RefusedError,
    UnavailableError,
)

if TYPE_CHECKING:
    import requests

Json = dict[str, Any]

API = "/services/portal/api/v1"
TIMES_OUT = (5.0, 60.0)
"""Seconds to connect, and between two bytes of the answer."""
LONG = (5.0, 600.0)
"""The same for uploads and downloads, after which the lab hashes the file."""
TRIES, PAUSE = 3, 0.4
UNAUTHORISED, NO_CONTENT = 401, 204
BUSY = frozenset({502, 503, 504})

ERRORS: Mapping[int, type[LabError]] = {
    403: RefusedError,
    404: NotFoundError,
    409: ConflictError,
    422: InvalidError,
    503: UnavailableError,
}
"""The API's statuses and the errors that they stand for."""


def place(*words: str) -> str:
    """Join words to a path of the API; no word can lead elsewhere."""
    return "".join(f"/{quote(word, safe='')}" for word in words)


class Portal:
    """One person's connection to one lab."""

    def __init__(self, url: str, token: str, session: requests.Session | None = None) -> None:
        from hub.adapters.loopback_session import loopback_session

        self.url = url.rstrip("/")
        self._session = session or loopback_session()
        self._session.headers["Authorization"] = f"token {token}"
        # A .netrc or a proxy of the environment would send the token, or the data, somewhere else.
        self._session.trust_env = False

    def get(self, path: str, /, **query: object) -> Any:
        """Read; returns the JSON of the answer."""
        return _parsed(self._ask("GET", path, params=_given(query)))

    def post(self, path: str, body: Json | None = None) -> Any:
        """Do something; returns the JSON of the answer."""
        return _parsed(self._ask("POST", path, json=body or {}))

    def put(self, path: str, body: Json | None = None) -> Any:
        """Put something in its place; returns the JSON of the answer."""
        return _parsed(self._ask("PUT", path, json=body or {}))

    def delete(self, path: str, body: Json | None = None) -> Any:
        """Take something away; returns the JSON of the answer."""
        return _parsed(self._ask("DELETE", path, json=body or {}))

    def download(self, path: str, /, **query: object) -> bytes:
        """Return the bytes of a file, of at most 64 MiB."""
        return self._ask("GET", path, params=_given(query), timeout=LONG).content

    def upload(self, file: Path, name: str = "") -> Json:
        """Send a file; returns the upload, which only its sender can refer to."""
        with file.open("rb") as stream:
            return self.upload_stream(stream, name or file.name)

    def upload_stream(self, stream: BinaryIO, name: str) -> Json:
        """Send bytes under a name."""
        headers = {"Content-Type": "application/octet-stream"}
        answer = self._ask("POST", "/uploads", params={"name": name}, data=stream, headers=headers, timeout=LONG)
        return dict(_parsed(answer))

    def _ask(self, method: str, path: str, **options: Any) -> requests.Response:
        for _ in range(TRIES - 1 if method == "GET" else 0):
            answer = self._tried(method, path, **options)
            if answer is not None:
                return self._judged(answer)
            time.sleep(PAUSE)
        return self._judged(self._send(method, path, **options))

    def _tried(self, method: str, path: str, **options: Any) -> requests.Response | None:
        """Return None where another try may help."""
        try:
            answer = self._send(method, path, **options)
        except UnavailableError:
            return None
        return None if answer.status_code in BUSY else answer

    def _send(self, method: str, path: str, **options: Any) -> requests.Response:
        import requests

        options = {"timeout": TIMES_OUT} | options
        try:
            return self._session.request(method, self.url + API + path, allow_redirects=False, **options)
        except requests.RequestException as error:
            raise self._unreachable(error) from None

    def _unreachable(self, error: requests.RequestException) -> LabError:
        import requests

        if isinstance(error, requests.exceptions.SSLError):
            return UnavailableError(
                "The certificate of the lab at {url} is not trusted by this machine; ask its administrator.",
                reason="certificate",
                url=self.url,
            )
        if isinstance(error, requests.ReadTimeout):
            return UnavailableError(
                "The lab at {url} did not answer in time; look whether it was done before you try again.",
                reason="timed-out",
                url=self.url,
            )
        if isinstance(error, requests.ConnectionError | requests.Timeout):
            return UnavailableError(
                "No lab answers at {url}: check the address (datalab login), or start it (datalab admin up).",
                reason="unreachable",
                url=self.url,
            )
        return InvalidError(
            "{url} is not the address of a lab; see “datalab login --help”.", reason="url", url=self.url
        )

    def _judged(self, answer: requests.Response) -> requests.Response:
        if answer.ok and not answer.is_redirect:
            return answer
        if answer.status_code == UNAUTHORISED or answer.is_redirect:
            raise RefusedError(
                "The lab at {url} does not accept the token: it has ended, or is not for this lab. "
                "Make a new one with “datalab login”.",
                reason="token",
                url=self.url,
            )
        raise _said_by_the_lab(answer) or UnavailableError(
            "The lab at {url} answered with status {status}; it may be starting. Try again in a moment; "
            "its administrator sees more with “datalab admin logs”.",
            reason="status",
            url=self.url,
            status=answer.status_code,
        )


def _given(query: Mapping[str, object]) -> dict[str, str]:
    return {key: str(value) for key, value in query.items() if value not in (None, "")}


def _parsed(answer: requests.Response) -> Any:
    if answer.status_code == NO_CONTENT or not answer.content:
        return None
    try:
        return answer.json()
    except (ValueError, RecursionError):
        raise UnavailableError(
            "What answers is no lab, or one of another version; check the address with “datalab login”.",
            reason="not-json",
        ) from None


def _said_by_the_lab(answer: requests.Response) -> LabError | None:
    """The lab's own sentence with its reason, where the answer carries one."""
    try:
        error = answer.json()["error"]
        message, reason = str(error["message"]), str(error["reason"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    kind = ERRORS.get(answer.status_code, InvalidError if answer.status_code < 500 else UnavailableError)
    return kind(message, reason=reason)
