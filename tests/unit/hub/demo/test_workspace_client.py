"""A person's workspace opens, also where its server ended while the hub still said that it runs."""

from __future__ import annotations

from typing import Any, cast

import pytest
import requests

from hub.demo import workspace_client
from hub.demo.workspace_client import ASK_AGAIN, MOST_FAULTS, NOT_RUNNING, Workspace
from hub.domain.errors import UnavailableError

ORIGIN, START, LAB = "http://lab.example", "/hub/spawn/alice/care", "/user/alice/care/lab"


class Hub:
    """Answers with these states one after the other, then with the last of them; remembers what was asked for."""

    name = "alice"

    def __init__(self, *states: tuple[int, str]) -> None:
        self.states, self.asked = list(states), list[str]()

    def origin(self, _path: str) -> str:
        return ORIGIN

    def get(self, path: str) -> requests.Response:
        self.asked.append(path)
        answer = requests.Response()
        answer.status_code, page = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        answer.url = ORIGIN + page
        return answer


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workspace_client, "PAUSE", 0.0)


def opened(hub: Hub) -> list[str]:
    Workspace(cast("Any", hub), "care").open()
    return hub.asked


def test_a_start_is_asked_for_once_and_then_looked_at() -> None:
    assert opened(Hub((200, "/hub/spawn-pending"), (200, "/hub/spawn-pending"), (200, LAB))) == [START, LAB, LAB]


def test_one_that_ended_meanwhile_is_started_anew() -> None:
    ended = [(NOT_RUNNING, "/hub/user/alice/care/lab")] * ASK_AGAIN
    asked = opened(Hub((200, "/hub/home"), *ended, (200, "/hub/spawn-pending"), (200, LAB)))
    assert asked == [START, *[LAB] * ASK_AGAIN, START, LAB]


def test_one_that_is_refused_is_said_at_once() -> None:
    hub = Hub((403, START))
    with pytest.raises(UnavailableError, match="403"):
        opened(hub)
    assert hub.asked == [START]


def test_one_whose_start_fails_is_asked_for_only_now_and_then_and_given_up() -> None:
    hub = Hub((200, "/hub/spawn-pending"), (NOT_RUNNING, "/hub/user/alice/care/lab"))
    with pytest.raises(UnavailableError, match=str(NOT_RUNNING)):
        opened(hub)
    assert len(hub.asked) == MOST_FAULTS + 2
    assert hub.asked.count(START) == 1 + MOST_FAULTS // ASK_AGAIN
