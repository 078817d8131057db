"""Facts about the time that supporting files share."""

from __future__ import annotations

import time

import pytest

from hub.sandbox.shares import SECONDS_TO_SHOW, latest_end, share


@pytest.mark.parametrize(
    ("left", "files", "seconds"),
    [(20, 1, 20), (20, 2, 20), (20, 10, 4), (20, 500, 1), (0.5, 500, 0.5), (0, 3, 0), (-2, 1, -2)],
)
def test_a_file_has_twice_an_even_share_of_what_is_left(left: float, files: int, seconds: float) -> None:
    assert share(left, files) == seconds


def test_their_time_ends_before_the_container_does() -> None:
    now = time.monotonic()
    assert latest_end(now - 100, 120) == now - 10
    assert now + SECONDS_TO_SHOW <= latest_end(now, 120) < now + 30
