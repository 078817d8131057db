"""Facts about comparing two versions of a notebook."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.notebook_changes import MOST_LINES, Cell, Change, cell_changes

CELLS = st.lists(st.tuples(st.sampled_from(["code", "markdown"]), st.sampled_from(["", "a", "a\nb", "b\na", "c"])))


def kinds(before: list[Cell], after: list[Cell]) -> list[tuple[str, int, int]]:
    return [(c.change.value, c.before, c.after) for c in cell_changes(before, after)]


def test_each_cell_says_what_became_of_it() -> None:
    before = [("code", "a"), ("code", "x = 1\ny = 2"), ("markdown", "m"), ("code", "z")]
    after = [("code", "new"), ("code", "a"), ("code", "x = 1\ny = 3"), ("markdown", "m")]
    assert kinds(before, after) == [
        ("added", 0, 1),
        ("same", 1, 2),
        ("changed", 2, 3),
        ("same", 3, 4),
        ("removed", 4, 0),
    ]
    changed = cell_changes(before, after)[2]
    lines = [(line.change.value, line.text) for line in changed.lines]
    assert lines == [("same", "x = 1"), ("removed", "y = 2"), ("added", "y = 3")]


def test_a_cell_of_another_type_is_another_cell() -> None:
    assert kinds([("code", "a")], [("markdown", "a")]) == [("removed", 1, 0), ("added", 0, 1)]


@given(CELLS, CELLS)
def test_nothing_of_either_version_is_left_out(before: list[Cell], after: list[Cell]) -> None:
    """Whoever takes the added lines away has the one version, whoever takes the removed ones away the other."""
    changes = cell_changes(before, after)
    for cells, gone, number in ((before, Change.ADDED, "before"), (after, Change.REMOVED, "after")):
        kept = [c for c in changes if c.change is not gone]
        assert [getattr(c, number) for c in kept] == list(range(1, len(cells) + 1))
        told = [(c.type, [line.text for line in c.lines if line.change is not gone]) for c in kept]
        assert told == [(kind, source.splitlines()) for kind, source in cells]


@pytest.mark.parametrize("lines", [MOST_LINES // 2, 50_000])
def test_no_cell_takes_it_long(lines: int) -> None:
    old = "\n".join("a" for _ in range(lines))
    new = "\n".join("ab"[n % 2] for n in range(lines))
    began = time.perf_counter()
    (changed,) = cell_changes([("code", old)], [("code", new)])
    assert time.perf_counter() - began < 10
    assert changed.change is Change.CHANGED
    assert len([line for line in changed.lines if line.change is not Change.REMOVED]) == lines
