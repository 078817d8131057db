"""Facts about columns that stand in no table: each way in which a text or a document writes one."""

from __future__ import annotations

import pytest

from hub.gate.fragments import Fragment, TableFragment, TextFragment, ValueFragment
from hub.gate.loose_columns import loose_columns

VALUES = ("17.25", "18.5", "19.75")


def columns(fragment: Fragment, fewest: int = 3) -> list[tuple[str, ...]]:
    return [tuple(view.frame["c0"].to_list()) for view in loose_columns(fragment, fewest)]


@pytest.mark.parametrize(
    "text",
    [
        "17.25\n18.5\n19.75\n",
        "17.25 18.5 19.75",
        "17.25, 18.5, 19.75",
        "17.25,18.5,19.75",
        "17.25;18.5|19.75",
        "[17.25,\n 18.5,\n 19.75]",
        "- 17.25\n- 18.5\n- 19.75",
        "1. 17.25\n2. 18.5\n3. 19.75",
        "0    17.25\n1    18.5\n2    19.75\nLength: 3",
        "value: 17.25\nvalue: 18.5\nvalue: 19.75",
        "a=17.25 b=18.5 c=19.75",
        "'17.25'\n'18.5'\n'19.75'",
        "We had 12 of 17.25, and 3 of 18.5 then, and 19.75 at last",
    ],
)
def test_fractions_of_a_text_are_a_column(text: str) -> None:
    assert VALUES in columns(TextFragment(text=text))


@pytest.mark.parametrize("text", ["17,25; 18,5; 19,75", "17,25 18,5 19,75", "17,25\n18,5\n19,75"])
def test_so_are_those_with_a_comma(text: str) -> None:
    assert ("17,25", "18,5", "19,75") in columns(TextFragment(text=text))


def test_whole_numbers_are_a_column_beside_fractions() -> None:
    assert ("7", "9", "11") in columns(TextFragment(text="7 17.25\n9 18.5\n11 19.75"))


@pytest.mark.parametrize(
    "text", ["P017, P018, P019", "P017\nP018\nP019", "x = ['P017', 'P018', 'P019']", "P017 P018 P019"]
)
def test_codes_are_a_column(text: str) -> None:
    assert ("P017", "P018", "P019") in columns(TextFragment(text=text))


@pytest.mark.parametrize("mark", ["", "- ", "* 1. "])
def test_moments_in_lines_are_a_column(mark: str) -> None:
    moments = ("2021-03-01 12:33:22", "2021-03-01 12:33:25", "2021-04-01 01:33:22")
    assert moments in columns(TextFragment(text="\n".join(mark + moment for moment in moments)))


@pytest.mark.parametrize(
    "between", ["; ", "|", "\t", " = ", "] [", ") (", "} {", '" "', "' '", "` `", ", ", ": ", "   "]
)
def test_words_between_marks_are_a_column(between: str) -> None:
    words = ("Agathe Petit", "Basile", "Xavier")
    assert words in columns(TextFragment(text=between.join(words)))


@pytest.mark.parametrize("quotes", ["", '""', "''", "()", "“”", "«»"])
def test_lines_are_a_column_without_their_quotes_alone(quotes: str) -> None:
    lines = ("Xavier, Rennes", "Max, Brest", "Yann, Aix-X")
    opening, closing = quotes[:1], quotes[1:]
    assert lines in columns(TextFragment(text="\n".join(f"{opening}{line}{closing}" for line in lines)))


def test_each_list_of_a_document_is_a_column() -> None:
    found = columns(ValueFragment(value={"a": [[17.25, 18.5, 19.75]], "b": {"c": [1.5, 2.5, 3.5]}}))
    assert VALUES in found
    assert ("1.5", "2.5", "3.5") in found


def test_lists_beside_each_other_are_a_column_each() -> None:
    found = columns(ValueFragment(value={"a": [17.25, 18.5, 19.75], "b": [1.5, 2.5, 3.5, [9.5]]}))
    assert VALUES in found
    assert ("1.5", "2.5", "3.5") in found


def test_the_values_of_an_object_are_a_column() -> None:
    assert VALUES in columns(ValueFragment(value={"x": 17.25, "y": 18.5, "z": 19.75}))


def test_short_ones_are_left_out() -> None:
    assert columns(TextFragment(text="17.25 18.5"), fewest=3) == []


def test_a_table_is_looked_at_as_one() -> None:
    assert columns(TableFragment(columns=("x",), data=(VALUES,))) == []
