"""What a person follows comes as server-sent events: as it changes, as long as they may see it, and to its end."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import pytest
import requests

from doubles.engine import MemoryEngine
from doubles.lab import make_lab
from doubles.people import approved_notebook, found_consortium, play, registered_dataset
from doubles.portal import KnownTokens, known_tokens, login_cookie, served
from hub.adapters.plain_storage import PlainStorage
from hub.domain.errors import UnavailableError
from hub.services import projects, runs
from hub.services.lab import Lab
from hub.services.work import do_round
from hub.web import live
from spawner_config.names import work_container

HEAD = {"Accept-Language": "en"}
SOON = 10
"""Seconds in which what should happen has happened."""


@dataclass(frozen=True)
class Followed:
    """A run that goes on, and the portal that shows it."""

    lab: Lab
    base: str
    run: str
    login: KnownTokens

    def open(self, who: str, path: str = "/runs/{run}/progress/live", **head: str) -> requests.Response:
        where, token = self.base + path.format(run=self.run), {"Authorization": f"token {who}-token"}
        return requests.get(where, headers=HEAD | token | head, stream=True, timeout=SOON)

    def end_run(self) -> None:
        cast(MemoryEngine, self.lab.engine).exit(work_container("datalab", self.run), 0)
        do_round(self.lab)


@pytest.fixture
def followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Followed]:
    monkeypatch.setattr(live, "EVERY", 0.05)
    lab, login = make_lab(tmp_path), known_tokens()
    found_consortium(lab)
    play(lab)
    registered_dataset(lab)
    notebook = approved_notebook(lab, "scientist").id
    cast(MemoryEngine, lab.engine).on_start = None
    run = runs.start_run(lab, "researcher", notebook, {})[0].id
    do_round(lab)
    do_round(lab)
    with served(lab, login) as base:
        yield Followed(lab, base, run, login)


def events(answer: requests.Response) -> Iterator[str]:
    """Give the data of each event, until the stream ends."""
    lines: list[str] = []
    for line in answer.iter_lines(chunk_size=1, decode_unicode=True):
        if line.startswith("data: "):
            lines.append(line.removeprefix("data: "))
        elif not line and lines:
            yield "\n".join(lines)
            lines = []


def test_each_change_is_sent_and_the_stream_ends_with_the_run(
    followed: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = followed.open("scientist")
    assert answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    told = events(answer)
    assert "data-poll" in next(told)
    monkeypatch.setattr(PlainStorage, "progress", lambda *_: (2, 5))
    assert "2 of 5 cells" in next(part for part in told if "cells" in part)
    followed.end_run()
    assert [part for part in told if "data-reload" in part]  # and this comes to an end


def test_the_api_sends_what_it_answers(followed: Followed) -> None:
    answer = followed.open("scientist", "/api/v1/runs/{run}/live")
    told = (json.loads(part) for part in events(answer))
    first = next(told)
    asked = followed.open("scientist", "/api/v1/runs/{run}").json()
    assert {**first, "times": None} == {**asked, "times": None}
    followed.end_run()
    *_, last = told
    assert last["work"]["state"] == "succeeded"


def test_a_stream_ends_with_the_membership_of_who_follows(followed: Followed) -> None:
    told = events(followed.open("researcher"))
    assert "data-poll" in next(told)
    projects.remove_member(followed.lab, "scientist", "wages", "researcher")
    assert not any("succeeded" in part for part in told)  # it came to an end
    refused = followed.open("researcher")
    assert refused.status_code == 404
    assert "text/event-stream" not in refused.headers["Content-Type"]


def test_a_stream_ends_with_the_login_of_who_follows(followed: Followed, monkeypatch: pytest.MonkeyPatch) -> None:
    told = events(followed.open("scientist"))
    next(told)

    async def nobody(_self: KnownTokens, _token: str) -> None:
        return None

    monkeypatch.setattr(KnownTokens, "_known", nobody)
    assert not any("succeeded" in part for part in told)
    assert followed.open("scientist", "/api/v1/runs/{run}/live").status_code == 401


def test_who_may_not_see_a_run_gets_no_stream_of_it(followed: Followed) -> None:
    for path in ("/runs/{run}/progress/live", "/api/v1/runs/{run}/live"):
        assert followed.open("outsider", path).status_code == 404
        assert requests.get(followed.base + path.format(run=followed.run), timeout=SOON).status_code in (401, 403)
        assert followed.open("scientist", path.replace("{run}", "run-unknown")).status_code == 404


def test_a_workspaces_script_that_has_no_token_gets_no_stream(followed: Followed) -> None:
    where = f"{followed.base}/runs/{followed.run}/progress/live"
    head = {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty", "Sec-Fetch-Site": "same-origin"}
    session = requests.Session()
    session.cookies.update(login_cookie("scientist"))
    assert session.get(where, headers=head, timeout=SOON).status_code == 403
    navigation = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "same-origin"}
    page = session.get(f"{followed.base}/runs/{followed.run}", headers=navigation, timeout=SOON)
    found = re.search(r'name="portal-token" content="([^"]+)"', page.text)
    assert found
    token = {"X-Xsrftoken": found[1]}
    with session.get(where, headers=head | token, stream=True, timeout=SOON) as answer:
        assert "data-poll" in next(events(answer))


def test_a_person_has_so_many_streams_and_who_leaves_makes_room(followed: Followed) -> None:
    held = [followed.open("scientist") for _ in range(live.MOST_EACH)]
    assert [answer.status_code for answer in held] == [200] * live.MOST_EACH
    refused = followed.open("scientist", "/api/v1/runs/{run}/live")
    assert refused.status_code == 503
    assert refused.json()["error"]["reason"] == "too-many-streams"
    assert followed.open("auditor").status_code == 200
    held[0].close()
    room = threading.Event()
    for _ in range(100):
        if followed.open("scientist").status_code == 200:
            room.set()
            break
        room.wait(0.05)
    assert room.is_set()


def test_a_lab_has_so_many_streams() -> None:
    streams = live.Streams(most=2, most_each=1)
    both = (streams.place("a"), streams.place("b"))
    with both[0], both[1], pytest.raises(UnavailableError, match="as much live"), streams.place("c"):
        pass
    with streams.place("c"):
        pass


def test_a_stream_that_is_silent_says_that_it_lives_and_ends_after_a_while(
    followed: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "SILENCE", 0.2)
    monkeypatch.setattr(live, "LONGEST", 1.0)
    monkeypatch.setattr(runs, "times", lambda *_: None)
    lines: list[Any] = list(followed.open("scientist").iter_lines(chunk_size=1, decode_unicode=True))
    assert lines.count(":") >= 2
    assert sum("data-poll" in line for line in lines) == 1


def test_who_takes_nothing_loses_the_connection_and_not_the_place_alone(
    followed: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "PATIENCE", 0.3)
    monkeypatch.setattr(live, "event_of", lambda _: f"data: {'x' * 2**24}\n\n")
    where = urlsplit(followed.base)
    with socket.create_connection((where.hostname, where.port), timeout=SOON) as connection:
        path = f"{where.path}/runs/{followed.run}/progress/live"
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: token scientist-token\r\n\r\n".encode())
        threading.Event().wait(1.5)
        heard = 0
        with suppress(ConnectionResetError):
            while piece := connection.recv(2**20):  # a connection that were still open would say more, or nothing
                heard += len(piece)
    assert 0 < heard < 2**24


def test_between_two_looks_no_thread_is_held(followed: Followed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many more follow than there are threads, and pages are answered all the same."""
    monkeypatch.setattr(live, "EVERY", 1.0)
    everybody = ("scientist", "researcher", "auditor", "health-steward", "jobs-steward", "transport-steward")
    streams = [followed.open(who) for who in everybody for _ in range(live.MOST_EACH)]
    open_now = [answer for answer in streams if answer.status_code == 200]
    assert len(open_now) > 8
    for answer in open_now:
        assert "data-poll" in next(events(answer))
    assert followed.open("scientist", "/api/v1/me").status_code == 200


@pytest.mark.parametrize("text", ["", "a", "a\nb", "a\r\nb\rc\n\nd", "data: x\n\nevent: y", "a\u2028b\x85c\x0bd"])
def test_no_text_ends_its_event_or_begins_another(text: str) -> None:
    event = live.event_of(text)
    lines = event.removesuffix("\n\n").split("\n")
    assert all(line.startswith("data: ") and "\r" not in line for line in lines)
    assert "\n".join(line.removeprefix("data: ") for line in lines) == text.replace("\r\n", "\n").replace("\r", "\n")
