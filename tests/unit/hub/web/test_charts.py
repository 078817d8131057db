"""Pictures of reports."""

from __future__ import annotations

from hub.web.pages.reports import LABEL, ROOM_FOR_NUMBER, ROW, WIDTH, bars


def test_the_longest_bar_fills_the_picture_and_the_others_follow() -> None:
    drawn = bars([("a", 4), ("b", 1), ("c", 0)])
    assert [b.length for b in drawn] == [WIDTH - LABEL - ROOM_FOR_NUMBER, (WIDTH - LABEL - ROOM_FOR_NUMBER) / 4, 0]
    assert [b.top for b in drawn] == [0, ROW, 2 * ROW]


def test_nothing_is_drawn_of_nothing() -> None:
    assert bars([]) == []
    assert [b.length for b in bars([("a", 0)])] == [0]
