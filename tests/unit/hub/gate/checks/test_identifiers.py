"""Facts about direct identifiers: they stand nowhere, and chance is not taken for one."""

from __future__ import annotations

import json
from typing import Any

import polars as pl
import pytest

from hub.domain.exports import Severity
from hub.gate.checks.identifiers import _count_numbers
from hub.gate.exchange import DatasetDescription
from hub.gate.mounted import from_scans

RULE = "direct-identifiers"


def told(gate: Any, make: Any, name: str, content: str | bytes) -> bool:
    return RULE in make.checks(gate.judge(name, content))


@pytest.fixture
def number(data: pl.DataFrame) -> str:
    return str(data["social"][77])


@pytest.fixture
def person(data: pl.DataFrame) -> str:
    return str(data["full_name"][77])


@pytest.mark.parametrize(
    "shape", ["text", "cell", "header", "json value", "json key", "source", "output", "markdown", "name"]
)
def test_an_identifier_blocks_wherever_it_stands(gate: Any, make: Any, number: str, shape: str) -> None:
    name, content = {
        "text": ("t.txt", f"the case {number}, seen twice"),
        "cell": ("t.csv", f"what,x\na {number} b,1\n"),
        "header": ("t.csv", f"what,{number}\nx,1\n"),
        "json value": ("t.json", json.dumps({"a": [{"b": f"{number}"}]})),
        "json key": ("t.json", json.dumps({number: 1})),
        "source": ("n.ipynb", make.notebook((f"df[df.social == '{number}']", []))),
        "output": ("n.ipynb", make.notebook(("x", [make.shown(plain=f"'{number}'")]))),
        "markdown": ("n.ipynb", make.notebook(("x", [make.shown(markdown=f"**{number}**")]))),
        "name": (f"case-{number}.txt", "nothing to see"),
    }[shape]
    judged = gate.judge(name, content)
    assert RULE in make.checks(judged)
    assert number not in "".join(f.sentence + f.rule for f in judged.findings)


def test_a_full_name_blocks_in_any_case_and_without_accents(gate: Any, make: Any, person: str) -> None:
    assert told(gate, make, "t.txt", f"we met {person.upper()} there")
    assert not told(gate, make, "t.txt", "we met somebody else there")


def test_a_part_of_a_name_alone_is_chance(gate: Any, make: Any) -> None:
    assert not told(gate, make, "t.txt", "Petit Simon says: a small study")


def test_an_invisible_character_does_not_hide_it(gate: Any, make: Any, number: str) -> None:
    judged = gate.judge("t.txt", f"the case {number[:5]}\u200b{number[5:]}")
    assert RULE in make.checks(judged)
    assert "invisible-characters" in make.checks(judged, Severity.FIXED)


def test_numbers_of_the_same_length_do_not_block(gate: Any, make: Any, number: str) -> None:
    other = f"{int(number) + 1:013d}"
    assert not told(gate, make, "t.txt", f"the case {other}")


@pytest.fixture
def numbered(gate: Any) -> Any:
    """Units are named by short numbers, as they are in many panels."""
    frame = pl.DataFrame({"nr": [n * 23 + 13 for n in range(500)], "v": [n % 7 for n in range(500)]})
    description = DatasetDescription(name="panel", folder="/data/p", privacy_unit="nr", direct_identifiers=("nr",))
    return type(gate)(gate.policy, (from_scans(description, {"p.parquet": frame.lazy()}),))


def test_a_column_named_like_the_identifier_blocks(numbered: Any, make: Any) -> None:
    assert told(numbered, make, "t.csv", "NR,mean\n13,0.4\n99999,0.2\n")
    assert not told(numbered, make, "t.csv", "NR,mean\n14,0.4\n99999,0.2\n")


def test_a_column_that_holds_little_else_blocks(numbered: Any, make: Any) -> None:
    units = "".join(f"{n * 23 + 13},0.5\n" for n in range(3, 15))
    assert told(numbered, make, "t.csv", f"case,mean\n{units}")
    others = "".join(f"{n * 23 + 14 + n % 3},0.5\n" for n in range(3, 15))
    assert not told(numbered, make, "t.csv", f"case,mean\n{others}")


def test_short_numbers_in_a_text_are_chance(numbered: Any, make: Any) -> None:
    assert not told(numbered, make, "t.txt", "We used 36 groups, 59 models and 13 folds; seed 82.")


def test_without_datasets_there_is_nothing_to_tell(gate: Any, make: Any, number: str) -> None:
    assert not told(gate.without_data(), make, "t.txt", number)


@pytest.mark.parametrize(("count", "blocks"), [(3, False), (6, True)])
def test_a_column_of_a_few_units_says_enough(numbered: Any, make: Any, count: int, blocks: bool) -> None:
    """Each unit says log2(23) bits, since one number in 23 is a unit's."""
    units = "".join(f"{n * 23 + 13},0.5\n" for n in range(3, 3 + count))
    assert told(numbered, make, "t.csv", f"case,mean\n{units}") is blocks


def test_phrases_of_digits_are_counted_in_every_script() -> None:
    assert _count_numbers(pl.Series(["12", "\u0661\u0662", "\u00e9t\u00e9", "o\u00f9", "c\u00f4t\u00e9", "x"])) == 2


def test_the_column_is_named_by_its_place_in_the_table(numbered: Any) -> None:
    judged = numbered.judge("t.csv", "mean,NR\n0.4,13\n0.2,99999\n")
    (found,) = [f for f in judged.findings if f.check == RULE]
    assert found.sentence.startswith("Column 2 holds values of the column nr,")


def test_a_number_is_an_identifier_with_its_decimals_too(numbered: Any, make: Any) -> None:
    """A column of whole numbers where some are missing is printed with a zero behind the point."""
    assert told(numbered, make, "t.txt", "NR       mean\n13.0     0.4\n99999.0  0.2\n")
    assert not told(numbered, make, "t.txt", "NR       mean\n13.5     0.4\n99999.0  0.2\n")


def test_a_column_of_texts_that_hold_no_number_blocks(gate: Any, make: Any) -> None:
    words = pl.DataFrame({"code": [f"k{n}x" for n in range(50)], "v": [n % 7 for n in range(50)]})
    description = DatasetDescription(name="panel", folder="/data/p", direct_identifiers=("code",))
    coded = type(gate)(gate.policy, (from_scans(description, {"p.parquet": words.lazy()}),))
    assert told(coded, make, "t.csv", "case,mean\nk3x,0.5\nk5x,0.5\nk8x,0.5\n")
    assert not told(coded, make, "t.csv", "case,mean\nk3y,0.5\nk5y,0.5\nk8y,0.5\n")


@pytest.mark.parametrize(("count", "blocks"), [(19, False), (20, True)])
def test_each_unit_says_how_rare_its_number_is(gate: Any, make: Any, count: int, blocks: bool) -> None:
    """Of the numbers from the first to the last one in two is a unit's, so that each says one bit of the twenty."""
    numbers = [*range(100, 178, 2), 179]
    panel = pl.DataFrame({"nr": numbers, "v": [n % 7 for n in numbers]})
    description = DatasetDescription(name="panel", folder="/data/p", direct_identifiers=("nr",))
    dense = type(gate)(gate.policy, (from_scans(description, {"p.parquet": panel.lazy()}),))
    units = "".join(f"{number},0.5\n" for number in numbers[:count])
    assert told(dense, make, "t.csv", f"case,mean\n{units}") is blocks
