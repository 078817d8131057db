"""Facts about filters: what they take, and that they can do nothing else."""

from __future__ import annotations

import string
from datetime import date, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.errors import InvalidError
from hub.gate.datasets import DataFile
from hub.gate.filter_language import DEEPEST, LONGEST, Both, Comparison, Node, Not, columns_of, parse
from hub.gate.filtering import filtered, has_columns

ROWS: dict[str, list[object]] = {
    "year": [2019, 2020, 2021, 2022, None],
    "pay": [1.5, 2.5, 3.5, float("nan"), 5.0],
    "region": ["Est", "Sud", "L'Île", None, "Est"],
    "full name": ["a", "b", "c", "d", "e"],
    "yes": [True, False, True, None, False],
    "day": [date(2020, 1, n) for n in range(1, 6)],
    "at": [datetime(2020, 1, 1, n) for n in range(5)],
}


@pytest.fixture(scope="module")
def file() -> DataFile:
    return DataFile("d", "d.parquet", pl.DataFrame(ROWS).lazy(), "")


def taken(file: DataFile, text: str) -> list[int]:
    """Numbers of the rows that a filter takes."""
    names = filtered(file, parse(text)).select(pl.col("full name")).collect()["full name"].to_list()
    return [ord(name) - 96 for name in names]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("year = 2020", [2]),
        ("YEAR == 2020.0", [2]),
        ("year != 2020", [1, 3, 4]),
        ("year <> 2020 and year < 2022", [1, 3]),
        ("year >= 2021 or region = 'Est'", [1, 3, 4, 5]),
        ("not year >= 2021", [1, 2]),
        ("not (year = 2019 or year = 2020)", [3, 4]),
        ("year between 2020 and 2021", [2, 3]),
        ("year not between 2020 and 2021", [1, 4]),
        ("region in ('Est', 'Sud')", [1, 2, 5]),
        ("region not in ('Est', 'Sud')", [3]),
        ("region = 'L''Île'", [3]),
        ("region = 'L''I\u0302le'", [3]),
        ("region is null", [4]),
        ("region is not null and year is null", [5]),
        ("\"full name\" = 'b'", [2]),
        ("yes = true", [1, 3]),
        ("yes != true", [2, 5]),
        ("day >= '2020-01-04'", [4, 5]),
        ("at < '2020-01-01T02:00'", [1, 2]),
        ("at = '2020-01-01 03:00:00'", [4]),
        ("pay > 2", [2, 3, 4, 5]),
        ("year = 2019 or year = 2020 and region = 'Est'", [1]),
        ("AND = 1 or year = 2019", None),
    ],
)
def test_a_filter_takes_what_it_says(file: DataFile, text: str, rows: list[int] | None) -> None:
    if rows is None:
        with pytest.raises(InvalidError, match="cannot be read"):
            parse(text)
    else:
        assert taken(file, text) == rows


@pytest.mark.parametrize(
    "text",
    [
        "",
        "year",
        "year =",
        "= 2020",
        "year = 2020 2021",
        "year = 'a",
        'year = "a"',
        "(year = 1",
        "year = 1)",
        "year in ()",
        "year in (1,)",
        "year in 1",
        "year between 1",
        "year is 1",
        "year is",
        "not",
        "and",
        "year = 1 and",
        "year = 1; drop",
        "__import__('os')",
        "year.mean() > 1",
        "year = year",
        "year = 1e999x",
        "year = 1 or or year = 2",
        "year + 1 = 2",
        "year = [1]",
        "lambda: 1",
        "year = `1`",
        "year = 1 -- x",
        "'a' = 'a'",
        "1 = 1",
        "year = null",
    ],
)
def test_anything_else_is_no_filter(text: str) -> None:
    with pytest.raises(InvalidError) as caught:
        parse(text)
    assert caught.value.reason == "filter-form"


@pytest.mark.parametrize(
    "text",
    [
        "year = 'a'",
        "region = 1",
        "yes = 1",
        "day > 3",
        "day > 'soon'",
        "pay = true",
        "yes > true",
        "at > '2020-01-01T00:00+02:00'",
    ],
)
def test_a_column_is_compared_with_its_own_kind(file: DataFile, text: str) -> None:
    with pytest.raises(InvalidError) as caught:
        filtered(file, parse(text))
    assert caught.value.reason == "filter-kind"


def test_what_is_too_long_or_too_deep_is_no_filter() -> None:
    with pytest.raises(InvalidError):
        parse("year = 1" + " " * LONGEST)
    with pytest.raises(InvalidError):
        parse("(" * (DEEPEST + 2) + "year = 1" + ")" * (DEEPEST + 2))
    with pytest.raises(InvalidError):
        parse("not " * (DEEPEST + 2) + "year = 1")
    with pytest.raises(InvalidError):
        parse("a in (" + ",".join(["1"] * 70) + ")")
    assert parse("(" * DEEPEST + "year = 1" + ")" * DEEPEST) == Comparison("year", "=", 1)


def test_columns_that_a_file_lacks_are_seen(file: DataFile) -> None:
    assert has_columns(parse("Year = 1 and region is null"), file)
    assert not has_columns(parse("year = 1 or colour = 'red'"), file)


WORDS = [
    "year",
    "region",
    "and",
    "or",
    "not",
    "in",
    "between",
    "is",
    "null",
    "(",
    ")",
    ",",
    "=",
    "<",
    "'a'",
    "1",
    "2.5",
    '"x"',
    "true",
]


@given(
    st.one_of(
        st.text(max_size=600),
        st.lists(st.sampled_from(WORDS), max_size=40).map(" ".join),
        st.text(alphabet=string.punctuation + "ab1 '", max_size=80),
    )
)
def test_no_text_does_more_than_be_refused(text: str) -> None:
    try:
        node = parse(text)
    except InvalidError as error:
        reason = error.reason
    else:
        reason = "" if columns_of(node) else "no column"
    assert reason in ("", "filter-form", "filter-long")


def written(node: Node) -> str:
    match node:
        case Not(part):
            return f"not ({written(part)})"
        case Both(parts, every):
            return f" {'and' if every else 'or'} ".join(f"({written(part)})" for part in parts)
        case Comparison(column, mark, value):
            return f"{column} {mark} {value}"
        case _:
            raise AssertionError(node)


NODES = st.recursive(
    st.builds(Comparison, st.just("year"), st.sampled_from(["=", "!=", "<", ">="]), st.integers(2018, 2023)),
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(Both, st.tuples(inner, inner), st.booleans()),
    ),
    max_leaves=6,
)


@given(NODES)
def test_a_filter_that_is_written_out_is_read_again(node: Node) -> None:
    text = written(node)
    try:
        again = parse(text)
    except InvalidError:
        depth = len(text) - len(text.replace("(", ""))
        assert depth > DEEPEST or len(text) > LONGEST
    else:
        assert again == node
