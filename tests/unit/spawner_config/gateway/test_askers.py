"""Who may open a workspace, by what the hub says; and what is sealed for a browser."""

from __future__ import annotations

import asyncio
import time
from typing import cast

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawner_config.gateway.askers import Asker, Askers, token_of
from spawner_config.gateway.login import Session, State
from spawner_config.gateway.sealing import Sealer

SEALER = Sealer("5e" * 32)


@pytest.mark.parametrize("scope", ["access:servers", "access:servers!user=a", "access:servers!server=a/p"])
def test_a_person_opens_their_own_workspace_with_a_token_that_opens_servers(scope: str) -> None:
    assert Asker("a", frozenset({scope, "x"})).may_open("a", "p")


@pytest.mark.parametrize(
    ("name", "scope"),
    [
        ("a", ""),
        ("a", "access:services!service=portal"),
        ("a", "access:servers!user=b"),
        ("a", "access:servers!server=a/q"),
        ("a", "access:servers!server=a/p2"),
        ("a", "read:servers!user=a"),
        ("b", "access:servers"),
        ("b", "access:servers!user=a"),
        ("b", "access:servers!server=a/p"),
    ],
)
def test_nobody_else_does_and_no_lesser_token(name: str, scope: str) -> None:
    assert not Asker(name, frozenset({scope})).may_open("a", "p")


@pytest.mark.parametrize("text", ["token abc", "Bearer abc", "bearer  abc", " Token abc "])
def test_a_token_is_taken_from_its_header(text: str) -> None:
    assert token_of(text) == "abc"


@pytest.mark.parametrize(
    "text", ["", "abc", "Basic abc", "token", "token a b", "token a\nb", "token é", "token " + "a" * 501]
)
def test_anything_else_is_no_token(text: str) -> None:
    assert token_of(text) == ""


def test_what_is_sealed_is_opened_with_the_same_key_alone_and_as_what_it_is() -> None:
    sealed = SEALER.seal(Session(token="secret"))
    assert "secret" not in sealed
    assert SEALER.opened(Session, sealed) == Session(token="secret")
    assert SEALER.opened(State, sealed) is None
    assert Sealer("5f" * 32).opened(Session, sealed) is None
    assert SEALER.opened(Session, sealed, seconds=-1) is None


@given(st.text(max_size=100))
def test_what_nobody_sealed_opens_to_nothing(text: str) -> None:
    assert SEALER.opened(Session, text) is None


class SlowHub(Askers):
    """Asks a hub whose answer takes as long as the test wants."""

    def __init__(self) -> None:
        super().__init__(cast(aiohttp.ClientSession, None), "", seconds=1, believed=60)
        self.asked, self.answers = 0, asyncio.Event()

    async def _hub_says(self, token: str, turn: asyncio.Semaphore) -> Asker | None:
        self.asked += 1
        await self.answers.wait()
        return Asker("a", frozenset())


def test_an_answer_that_was_under_way_when_its_person_was_forgotten_is_not_kept() -> None:
    async def story() -> None:
        askers = SlowHub()
        early = asyncio.ensure_future(askers.of("token"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        askers.forget("a")
        askers.answers.set()
        assert await early == Asker("a", frozenset())
        for _ in range(2):
            await askers.of("token")
        assert askers.asked == 2

    asyncio.run(story())


def test_whoever_rests_is_woken_when_somebody_is_forgotten() -> None:
    async def story() -> None:
        askers, began = SlowHub(), time.monotonic()
        resting = [asyncio.ensure_future(askers.rest(60)) for _ in range(3)]
        await asyncio.sleep(0)
        askers.forget("a")
        await asyncio.gather(*resting)
        assert time.monotonic() - began < 10
        await askers.rest(0.01)

    asyncio.run(story())
