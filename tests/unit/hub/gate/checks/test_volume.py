"""Facts about sizes: each of the policy's limits is what still passes, and what is beyond it blocks."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from hub.domain.exports import Finding, Severity
from hub.domain.table_context import TableContext
from hub.gate.array_types import ArrayType
from hub.gate.checks.volume import volume
from hub.gate.context import Context
from hub.gate.cut_cells import MOST_CELLS
from hub.gate.fragments import (
    ArrayPart,
    ArraysFragment,
    Fragment,
    ImageFragment,
    TableFragment,
    TextFragment,
    ValueFragment,
)
from hub.gate.kinds import Kind

LIMITS = {"table_rows": 3, "table_columns": 2, "text_characters": 30_000, "image_pixels": 12}


def table(rows: int, columns: int) -> TableFragment:
    names = tuple(f"c{n}" for n in range(columns))
    return TableFragment(place="!t", columns=names, data=tuple(("1",) * rows for _ in names))


def picture(width: int, height: int) -> ImageFragment:
    return ImageFragment(place="!t", width=width, height=height, pixels="")


def numbers(count: int) -> ArraysFragment:
    part = ArrayPart(name="w", type=ArrayType.F32, shape=(count,), data=base64.b64encode(bytes(4 * count)).decode())
    return ArraysFragment(place="!t", arrays=(part,))


def found(gate: Any, fragment: Fragment) -> list[Finding] | None:
    small = gate.under(limits=gate.policy.limits.model_copy(update=LIMITS))
    return volume(fragment, Context("a", Kind.TEXT, TableContext(), small.policy, ()))


@pytest.mark.parametrize(
    ("fragment", "words"),
    [
        (table(4, 1), "more than 3 rows"),
        (table(1, 3), "more than 2 columns"),
        (picture(13, 1), "more than 12 pixels"),
        (picture(5, 3), "more than 12 pixels"),
        (numbers(7), "more than 6 numbers"),
        (TextFragment(place="!t", text="line\n" * 6_001), "more than 30000 characters"),
        (ValueFragment(place="!t", value=["x" * 30_001]), "more than 30000 characters"),
        (TextFragment(place="!t", text="short\n" + "x" * 20_001), "A line has more than 20,000 characters"),
    ],
    ids=["rows", "columns", "wide", "pixels", "numbers", "text", "value", "line"],
)
def test_what_is_beyond_a_limit_blocks_with_its_place_and_its_rule(gate: Any, fragment: Fragment, words: str) -> None:
    (told,) = found(gate, fragment) or []
    assert (told.check, told.severity, told.place) == ("volume", Severity.BLOCK, "a!t")
    assert words in told.sentence
    assert told.rule == "sizes of the policy (uk-sacro)"


@pytest.mark.parametrize(
    "fragment",
    [
        table(3, 2),
        picture(4, 3),
        numbers(6),
        TextFragment(text="line\n" * 6_000),
        TextFragment(text="x" * 20_000),
        ValueFragment(value=["x" * 25_000]),
    ],
    ids=["table", "pixels", "numbers", "text", "line", "value"],
)
def test_what_is_as_large_as_a_limit_passes(gate: Any, fragment: Fragment) -> None:
    assert found(gate, fragment) is None


def test_a_table_that_is_too_long_and_too_wide_is_told_both(gate: Any) -> None:
    assert [told.sentence.partition(".")[0] for told in found(gate, table(4, 3)) or []] == [
        "The table has more than 3 rows",
        "The table has more than 2 columns",
    ]


def test_numbers_of_a_model_are_no_text(gate: Any) -> None:
    """They are bounded by how many they are."""
    short = gate.under(limits=gate.policy.limits.model_copy(update={"text_characters": 2}))
    part = numbers(3).arrays[0].model_copy(update={"name": "weights"})
    context = Context("a", Kind.SAFETENSORS, TableContext(), short.policy, ())
    assert volume(ArraysFragment(arrays=(part,)), context) is None


def test_texts_in_a_table_are_no_text(gate: Any) -> None:
    """What its cells say is bounded by rows and columns, and read by other checks."""
    long = TableFragment(columns=("a",), data=(("x" * 30_001,),))
    assert found(gate, long) is None


@pytest.mark.parametrize(("over", "told"), [(0, 0), (1, 1)], ids=["as many", "one more"])
def test_a_table_with_more_cells_of_several_values_than_are_cut_blocks(gate: Any, over: int, told: int) -> None:
    """What lies beyond would not be compared with the dataset; cells that are alike are cut once."""
    cells = [f"{n}|{n + 1}|x" for n in range(MOST_CELLS - 1 + over)]
    wide = TableFragment(place="!t", columns=("a", "b"), data=((*cells,), ("7|8|y",) * len(cells)))
    context = Context("a", Kind.CSV, TableContext(), gate.policy, ())
    found = [f for f in volume(wide, context) or [] if "several values" in f.sentence]
    assert [(f.severity, f.place) for f in found] == [(Severity.BLOCK, "a!t")] * told


def test_a_table_in_a_document_has_the_sizes_of_a_table_and_one_that_is_printed_those_of_a_text(gate: Any) -> None:
    (told,) = found(gate, ValueFragment(value=[{"a": n, "b": n} for n in range(4)])) or []
    assert "more than 3 rows" in told.sentence
    assert found(gate, TextFragment(text="a    b\n" + "1    2\n" * 9)) is None
