"""A hub as a client sees it, the lab's or any other: starting servers, opening their pages, asking their kernels."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

import requests

from hub.demo.workspace_client import execute
from hub.domain.errors import UnavailableError

Result = TypeVar("Result")
LONGEST_START, LONGEST_CALL, PAUSE, STOPPING = 180.0, 120.0, 0.02, 0.5
OK, CREATED, ACCEPTED, NO_CONTENT, NOT_FOUND, CONFLICT = 200, 201, 202, 204, 404, 409
SCOPES = ("admin:users", "admin:servers", "tokens")
"""Of the service that measures: it makes people, their tokens and their servers."""


@dataclass(frozen=True, slots=True)
class HubClient:
    """One hub at its proxy's address; ``server_of`` says which of a person's servers is meant, "" the only one."""

    url: str
    token: str
    server_of: Callable[[str], str]
    tokens: dict[str, str] = field(default_factory=dict)

    def add(self, people: Iterable[str]) -> None:
        """Let the hub know people, and take a token of each, as their browser's login would."""
        for person in people:
            self._call("POST", f"users/{person}", CREATED, CONFLICT)
            made = self._call("POST", f"users/{person}/tokens", CREATED)
            self.tokens[person] = made.json()["token"]

    def start(self, person: str) -> None:
        """Start a person's server, as the button of the hub's page does, and wait until the hub says it is there."""
        if self._call("POST", self._server(person), CREATED, ACCEPTED).status_code == ACCEPTED:
            self._follow(person)

    def _follow(self, person: str) -> None:
        """Follow a start that takes long, as the hub's page does."""
        url = f"{self.url}/hub/api/users/{person}/servers/{self.server_of(person)}/progress"
        with requests.get(url, headers=self._headers(self.token), stream=True, timeout=LONGEST_START) as events:
            for line in events.iter_lines():
                told = json.loads(line.removeprefix(b"data:")) if line.startswith(b"data:") else {}
                if told.get("failed"):
                    raise _failed(person, str(told.get("message")))
                if told.get("ready"):
                    return
        raise _failed(person, "the hub stopped telling")

    def open(self, person: str) -> None:
        """Start a server and wait for JupyterLab's page."""
        self.start(person)
        deadline = time.monotonic() + LONGEST_START
        while (status := self.ask(person, "lab")) != OK:
            if time.monotonic() > deadline:
                raise _failed(person, f"its page has status {status}")
            time.sleep(PAUSE)

    def open_all(self, people: Iterable[str]) -> None:
        """The same for several people at once; returns when the last has the page."""
        together(self.open, people)

    def ask(self, person: str, path: str) -> int:
        """Ask a person's server for a page, with the person's token, and return the status."""
        answer = requests.get(
            self.url + self._page(person) + path,
            headers=self._headers(self.tokens[person]),
            timeout=LONGEST_CALL,
            allow_redirects=False,
        )
        return answer.status_code

    def first_answer(self, person: str) -> None:
        """Start a server, open its page, start a kernel and wait for the answer to the first cell."""
        self.open(person)
        headers = self._headers(self.tokens[person])
        kernels = f"{self.url}{self._page(person)}api/kernels"
        made = requests.post(kernels, json={"name": "python3"}, headers=headers, timeout=LONGEST_CALL)
        if made.status_code != CREATED:
            raise _failed(person, f"a kernel has status {made.status_code}")
        [cell] = execute(f"{kernels}/{made.json()['id']}/channels", headers, ["1 + 1"])
        if cell.text != "2":
            raise _failed(person, "its kernel cannot count")

    def stop(self, *people: str) -> None:
        """Stop servers, all at once, and wait until they are gone."""
        together(self._stop, people)

    def _stop(self, person: str) -> None:
        deadline = time.monotonic() + LONGEST_START
        # While a server is on its way out, the hub answers 202 each time; then 204, or 404 for a named one.
        while self._call("DELETE", self._server(person), ACCEPTED, NO_CONTENT, NOT_FOUND).status_code == ACCEPTED:
            if time.monotonic() > deadline:
                raise _failed(person, "it does not stop")
            time.sleep(STOPPING)

    def _server(self, person: str) -> str:
        name = self.server_of(person)
        return f"users/{person}/servers/{name}" if name else f"users/{person}/server"

    def _page(self, person: str) -> str:
        name = self.server_of(person)
        return f"/user/{person}/{name}/" if name else f"/user/{person}/"

    def _headers(self, token: str) -> dict[str, str]:
        return {"Authorization": f"token {token}"}

    def _call(self, method: str, path: str, *expected: int) -> requests.Response:
        answer = requests.request(
            method, f"{self.url}/hub/api/{path}", headers=self._headers(self.token), timeout=LONGEST_CALL
        )
        if answer.status_code not in expected:
            raise UnavailableError(
                "The hub at {url} answers {method} {path} with {status}: {said}.",
                reason="bench-hub",
                url=self.url,
                method=method,
                path=path,
                status=answer.status_code,
                said=answer.text[:300],
            )
        return answer


def together(act: Callable[[str], Result], people: Iterable[str]) -> list[Result]:
    """Do one thing for several people at once; when one fails or somebody types Ctrl-C, nobody waits for the others."""
    listed = list(people)
    pool = ThreadPoolExecutor(len(listed))
    try:
        return [future.result() for future in [pool.submit(act, person) for person in listed]]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _failed(person: str, why: str) -> UnavailableError:
    return UnavailableError(
        "The server of {person} is nothing to measure: {why}.", reason="bench-server", person=person, why=why
    )
