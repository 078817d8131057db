"""Facts about values in pieces: their order tells them, and chance is not taken for one."""

from __future__ import annotations

import polars as pl
import pytest

from hub.gate.fragments import BlobFragment, Fragment, TableFragment, TextFragment, ValueFragment
from hub.gate.spelled import bits_of, joined_columns, spells

KNOWN = (pl.Series(["258030402104014", "cypresacaciaalix"]),)
NIR = "258030402104014"


def texts(*said: str) -> list[Fragment]:
    return [TextFragment(text=text) for text in said]


@pytest.mark.parametrize(
    "parts",
    [
        texts(" ".join(NIR)),
        texts(NIR[:7] + "\n" + NIR[7:]),
        texts(NIR[::-1]),
        texts(*(f"step = '{NIR[at : at + 4]}'" for at in range(0, 15, 4))),
        texts("Cyprès\nAcacia\nAlix"),
        texts("xilA aicacA sèrpyC"),
        [TableFragment(columns=("a", "b", "c"), data=((NIR[7:], "1"), ("x", "y"), (NIR[:7], "2")))],
        [TableFragment(columns=("a",), data=((NIR[:5], NIR[5:10], NIR[10:]),))],
        [ValueFragment(value={"rows": [{"a": NIR[7:], "n": "x", "b": NIR[:7]}, {"a": "1", "n": "y", "b": "2"}]})],
        [
            ValueFragment(
                value=[{"first": "Cyprès", "then": "Acacia", "last": "Alix"}, {"first": "a", "then": "", "last": ""}]
            )
        ],
        texts(f"a            n    b\n{NIR[7:]}     x    {NIR[:7]}\n1            y    2\n"),
    ],
)
def test_pieces_are_read_in_their_order(parts: list[Fragment]) -> None:
    assert spells(parts, KNOWN, 10)


@pytest.mark.parametrize(
    "parts",
    [
        [],
        texts(NIR[:7], "9" + NIR[7:]),
        texts("an acacia and a cypress"),
        [BlobFragment(media="image")],
        [TableFragment(columns=("a", "b"), data=((), ()))],
    ],
)
def test_what_is_near_is_not_it(parts: list[Fragment]) -> None:
    assert not spells(parts, KNOWN, 10)


def test_short_values_are_met_by_chance_in_a_long_text() -> None:
    known = (pl.Series(["1234567"]),)
    assert spells(texts("1 2 3 4 5 6 7"), known, 10)
    assert not spells(texts("1 2 3 4 5 6 7 " + " ".join(str(n * 7919) for n in range(3_000))), known, 10)


def test_two_columns_are_joined_in_both_orders() -> None:
    table = TableFragment(columns=("a", "b"), data=(("1", "2"), ("x", "y")))
    assert list(joined_columns(table.data)) == [["1x", "2y"], ["x1", "y2"]]


def test_letters_and_digits_together_tell_most() -> None:
    assert bits_of("a1b2") > bits_of("abcd") > bits_of("1234") > bits_of("- -") == 0.0
