"""The hub's callbacks come again and again, also after somebody has set the clock back."""

from __future__ import annotations

import asyncio
import time

import pytest
from tornado.ioloop import IOLoop, PeriodicCallback

from spawner_config.hub_traits.even_time import count_evenly


def calls_after_the_clock_went_back(monkeypatch: pytest.MonkeyPatch) -> int:
    """How often a callback of every 10 ms is called in half a second, after the clock went back by an hour."""
    calls: list[float] = []
    ahead, real = [3600.0], time.time

    async def story() -> None:
        monkeypatch.setattr(time, "time", lambda: real() + ahead[0])
        callback = PeriodicCallback(lambda: calls.append(0), 10)
        callback.start()
        await asyncio.sleep(0.1)
        assert calls
        ahead[0] = 0.0
        await asyncio.sleep(0.1)  # one is under way
        calls.clear()
        await asyncio.sleep(0.5)
        callback.stop()

    asyncio.run(story())
    return len(calls)


def test_the_hub_goes_on_looking_after_the_clock_went_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(IOLoop, "time", IOLoop.time)  # is put back after the test
    count_evenly()
    assert calls_after_the_clock_went_back(monkeypatch) > 3


def test_tornados_own_way_goes_silent_for_as_long_as_the_clock_went_back(monkeypatch: pytest.MonkeyPatch) -> None:
    assert calls_after_the_clock_went_back(monkeypatch) == 0
