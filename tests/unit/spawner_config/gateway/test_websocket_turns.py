"""A websocket whose messages are all there already lets others have their turn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiohttp import WSMsgType

from spawner_config.gateway import websockets

MANY = 3200


async def turns_of_others() -> int:
    """Pass many empty messages on that never have to be waited for; count how often somebody else had a turn."""
    turns = 0

    async def source() -> AsyncIterator[Any]:
        for _ in range(MANY):
            yield SimpleNamespace(type=WSMsgType.BINARY, data=b"")

    class Sink:
        async def send_frame(self, data: bytes, kind: int) -> None:
            """Take all at once."""

    async def somebody() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(somebody())
    await websockets._pass(cast(Any, source()), cast(Any, Sink()), lambda _: True, lambda _: None, 5)
    other.cancel()
    return turns


def test_a_flood_of_messages_lets_others_have_their_turn() -> None:
    assert asyncio.run(turns_of_others()) >= MANY // websockets.IN_A_ROW


def test_without_turns_it_lets_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websockets, "IN_A_ROW", MANY * 2)
    assert asyncio.run(turns_of_others()) == 0
