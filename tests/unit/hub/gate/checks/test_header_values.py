"""Facts about the names of columns: values in them are values, and groups and statistics are none."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import polars as pl
import pytest

from hub.domain.exports import Severity
from hub.domain.table_context import TableContext
from hub.gate.array_types import ArrayType
from hub.gate.arrays import array_of
from hub.gate.checks.header_values import header_values
from hub.gate.context import Context
from hub.gate.fragments import ArraysFragment, Fragment, TableFragment
from hub.gate.kinds import Kind

RULE = "header-values"


def said(gate: Any, make: Any, *titles: object) -> Severity | None:
    judged = gate.judge("t.csv", f"{','.join(map(str, titles))}\n{','.join('x' for _ in titles)}\n")
    return next((f.severity for f in judged.findings if f.check == RULE), None)


def test_a_column_of_incomes_as_header_blocks(gate: Any, make: Any, data: pl.DataFrame) -> None:
    assert said(gate, make, *data["income"][100:140]) is Severity.BLOCK


def test_units_as_headers_block(gate: Any, make: Any, data: pl.DataFrame) -> None:
    people = data["person"].unique().sort()
    assert said(gate, make, *people[:5]) is Severity.BLOCK
    assert said(gate, make, "Total", "region", *people[:5]) is Severity.BLOCK
    assert said(gate, make, *people[:2], "n", "m", "k") is not Severity.BLOCK
    assert said(gate, make, *people[:3], "n", "m", "k") is not Severity.BLOCK
    assert said(gate, make, *people[:9], "n") is Severity.BLOCK
    assert said(gate, make, *people[:8], "n", "m") is not Severity.BLOCK


def test_units_that_are_numbers_block_where_they_are_too_many_for_chance(gate: Any, make: Any, on: Any) -> None:
    rows = pl.DataFrame({"nr": [n * 97 for n in range(400)] * 2, "x": [float(n) for n in range(800)]})
    other = on(rows, unit="nr")
    assert said(other, make, *(n * 97 for n in range(100, 110))) is Severity.BLOCK
    assert said(other, make, *(n * 97 + 1 for n in range(100, 110))) is Severity.REVIEW


@pytest.mark.parametrize(
    "titles", [("job", "n17699"), ("job", "17699.95"), ("a 12", "b 345", "c 678", "d901", "12 34 56 78 90")]
)
def test_numbers_are_read_by_a_steward(gate: Any, make: Any, titles: tuple[str, ...]) -> None:
    assert said(gate, make, *titles) is Severity.REVIEW


@pytest.mark.parametrize(
    "titles",
    [
        ("region", "2019", "2020", "2021", "2022"),
        ("region", "n_2019", "n_2020"),
        ("job", "p10", "p25", "p50", "p75", "p90"),
        ("job", "mean", "ci_2.5", "ci_97.5"),
        ("income", "up to 1000", "up to 2000"),
    ],
)
def test_groups_and_statistics_are_names(gate: Any, make: Any, titles: tuple[str, ...]) -> None:
    assert said(gate, make, *titles) is None
    assert said(gate.without_data(), make, *titles) is None


def test_three_units_are_enough_and_codes_that_are_all_taken_tell_nothing(
    gate: Any, make: Any, on: Any, data: Any
) -> None:
    people = data["person"].unique().sort()
    assert said(gate, make, *people[:3]) is Severity.BLOCK
    dense = on(pl.DataFrame({"nr": range(400), "x": [n / 7 for n in range(400)]}), unit="nr")
    assert said(dense, make, *range(100, 112)) is not Severity.BLOCK


def test_a_few_codes_among_many_say_enough(make: Any, on: Any) -> None:
    rows = pl.DataFrame({"nr": [n * 97 for n in range(400)], "x": [n / 7 for n in range(400)]})
    assert said(on(rows, unit="nr"), make, *(n * 97 for n in range(100, 105))) is Severity.BLOCK


def test_a_value_of_a_column_without_groups_is_no_name(gate: Any, make: Any, data: Any) -> None:
    assert said(gate, make, "job", data["income"][7]) is Severity.REVIEW


@pytest.mark.parametrize(
    ("title", "is_read"), [("n 100", False), ("n 4100", False), ("n 4110", False), ("n 4111", True)]
)
def test_a_number_of_four_digits_before_its_zeros_is_long(gate: Any, make: Any, title: str, is_read: bool) -> None:
    assert (said(gate, make, "job", title) is Severity.REVIEW) is is_read


@pytest.mark.parametrize("dress", ["{}", "{} mg", "{}%", "€{}"])
def test_a_row_as_header_blocks_whatever_its_numbers_are_dressed_in(make: Any, on: Any, dress: str) -> None:
    draw = random.Random(1)
    rows = pl.DataFrame({f"dose {n}": [draw.randrange(1, 1000) for _ in range(2_000)] for n in range(5)})
    own, none = rows.row(7), [value + 1 for value in rows.row(7)]
    assert said(on(rows), make, *map(dress.format, own)) is Severity.BLOCK
    assert said(on(rows), make, *map(dress.format, none)) is not Severity.BLOCK


@pytest.mark.parametrize(
    "titles",
    [
        ("column", "count", "mean", "std", "min", "25%", "50%", "75%", "max"),
        ("region", "1 enfant", "2 enfants", "3 enfants et plus"),
        ("sex", "0-17", "18-24", "25-64", "65+"),
        ("year", "T1", "T2", "T3", "T4"),
        ("year", *(f"M{month:02d}" for month in range(1, 13))),
    ],
)
def test_classes_and_quantiles_are_no_values(gate: Any, make: Any, titles: tuple[str, ...]) -> None:
    assert said(gate, make, *titles) is not Severity.BLOCK


def test_two_numbers_of_a_row_are_enough_though_they_begin_like_years(make: Any, on: Any) -> None:
    rows = pl.DataFrame({"a": [200_000 + n * 7 for n in range(20_000)], "b": [190_000 + n * 13 for n in range(20_000)]})
    assert said(on(rows), make, 200_000 + 7 * 7, 190_000 + 7 * 13) is Severity.BLOCK
    assert said(on(rows), make, 200_000 + 7 * 7, 190_000 + 8 * 13) is Severity.REVIEW


def counted(gate: Any, title: str, path: str = "t.csv", count: int = 500) -> Severity | None:
    """What is said of the names where the counts of people by year, 500 each, stand below a name."""
    body = "".join(f"{year},{count}\n" for year in (2019, 2020, 2021, 2022))
    judged = gate.judge(path, f'year,"{title}"\n{body}')
    return next((f.severity for f in judged.findings if f.check == RULE), None)


@pytest.mark.parametrize(
    "title",
    [
        "people (N=500)",
        "n500",
        "of 501",
        "people, of five hundred",
        "six cents",
        "n 2000",
        "n of 2'000",
        "n of 20_00",
        "n 2,000",
        "2019_2_000",
        "n 0002000",
        "n 2\u202f000",
        "n \u0662\u0660\u0660\u0660",
        "n 1'500",
        "p600",
        "grp_90 of 600",
        f"n {'0' * 4400}600",
        f"n {'9' * 4400}",
    ],
)
def test_a_number_that_may_be_the_total_of_counts_is_read(gate: Any, title: str) -> None:
    assert counted(gate, title) is Severity.REVIEW


@pytest.mark.parametrize(
    "title", ["n", "n_2022", "n 2001", "n_2019_100", "people over 65", "n (p90)", "499 or fewer", "two-wheelers"]
)
def test_smaller_numbers_and_years_are_no_total_of_counts(gate: Any, title: str) -> None:
    assert counted(gate, title) is None


@pytest.mark.parametrize(
    ("title", "is_read"),
    [
        ("p90", False),
        ("pct_75", False),
        ("ci_95_low", False),
        ("CI_97.5", False),
        ("q99", False),
        ("n 90", True),
        ("map90", True),
        ("p_6 of 61", True),
    ],
)
def test_which_quantile_stands_below_is_no_total(on: Any, title: str, is_read: bool) -> None:
    years = pl.DataFrame({"person": range(240), "year": [2019 + n % 4 for n in range(240)]})
    assert counted(on(years, "person"), title, count=60) is (Severity.REVIEW if is_read else None)


@pytest.mark.parametrize(
    ("path", "is_read"),
    [("of_500.csv", True), ("n2000.csv", True), ("n_2_000.csv", True), ("v501.csv", False), ("2026-11-28.csv", False)],
)
def test_a_file_that_is_named_for_all_people_or_rows_is_read(gate: Any, path: str, is_read: bool) -> None:
    assert counted(gate, "n", path) is (Severity.REVIEW if is_read else None)


@pytest.mark.parametrize(("length", "is_read"), [(499, False), (500, True)])
def test_a_long_text_as_a_name_is_read(gate: Any, length: int, is_read: bool) -> None:
    assert counted(gate, "w" * length) is (Severity.REVIEW if is_read else None)


def test_names_of_columns_their_figures_and_groups_are_no_text(gate: Any, make: Any, on: Any) -> None:
    areas = [f"the area of the {word} river" for word in ("Loire", "Rhine", "Rhone", "Seine", "Somme", "Lot", "Tarn")]
    rows = pl.DataFrame({"area": [a for a in areas for _ in range(100)], "year": [n % 2 for n in range(700)]})
    other = on(rows.with_columns(income=pl.int_range(pl.len()) / 7))
    names = [f"{word}_income" for word in ("mean", "sum", "median", "std") for _ in range(12)]
    assert said(other, make, "year", *areas, *areas, *areas) is None
    assert said(other, make, "year", *names) is None
    words = ("".join(chr(ord("a") + first * step % 26) for step in range(26)) for first in range(1, 21))
    assert said(other, make, "year", *words) is Severity.REVIEW


def test_texts_that_few_units_have_are_no_names(gate: Any, make: Any, on: Any) -> None:
    """One is read, and three of one column block; what many units have is a group, however many groups there are."""
    texts = [f"{letter}{other}-person" for letter in "abcdefghijklmnop" for other in "abcdefghijklmnop"]
    rows = pl.DataFrame({"p": range(2560), "rare": [texts[n % 256] if n < 256 else None for n in range(2560)]})
    other = on(rows.with_columns(often=pl.Series([f"{texts[n % 256]}s" for n in range(2560)])), unit="p")
    assert said(other, make, "job", texts[7]) is Severity.REVIEW
    assert said(other, make, "job", *texts[7:9]) is Severity.REVIEW
    assert said(other, make, "job", *texts[7:10]) is Severity.BLOCK
    assert said(other, make, "job", *(f"{text}s" for text in texts[7:10])) is None


def test_a_row_of_texts_blocks(make: Any, on: Any) -> None:
    """Each text is one that many people have; twelve of them stand together in one row alone."""
    draw = random.Random(5)
    words = [["".join(draw.choices("abcdefghijklmnop", k=7)) for _ in range(90)] for _ in range(12)]
    rows = pl.DataFrame({"p": range(1350)} | {f"c{n}": draw.sample(words[n] * 15, k=1350) for n in range(12)})
    other = on(rows, unit="p")
    assert said(other, make, *rows.drop("p").row(300)) is Severity.BLOCK
    assert said(other, make, *(words[0][:12])) is None
    assert said(other, make, *(words[n][n] for n in range(12))) is None


def test_the_largest_of_all_counts_and_sums_is_what_a_total_is_compared_with(on: Any) -> None:
    years = pl.DataFrame({"person": range(240), "year": [2019 + n % 4 for n in range(240)]})
    other = on(years.with_columns(visits=pl.lit(5)), "person")
    body = "".join(f"{year},60,300\n" for year in (2019, 2020, 2021, 2022))
    said = {
        title: [
            f.severity for f in other.judge("t.csv", f'year,"{title}",sum_visits\n{body}').findings if f.check == RULE
        ]
        for title in ("n of 299", "n of 300")
    }
    assert said == {"n of 299": [], "n of 300": [Severity.REVIEW]}


def places(gate: Any, part: Fragment) -> list[str]:
    """Where the names of one fragment are blocked."""
    context = Context("t", Kind.UNKNOWN, TableContext(), gate.policy, gate.datasets)
    return [found.place for found in header_values(part, context) or () if found.severity is Severity.BLOCK]


def test_units_as_names_of_arrays_block(gate: Any, data: pl.DataFrame) -> None:
    names = data["person"].unique().sort()[:9].to_list()
    arrays = tuple(array_of(name, np.array([1.5]), ArrayType.F64) for name in names)
    assert places(gate, ArraysFragment(place="#m", arrays=arrays)) == ["t#m, the header"]
    assert places(gate, ArraysFragment(place="#m", arrays=arrays[:2])) == []


def test_units_in_one_of_the_rows_of_a_header_block(gate: Any, data: pl.DataFrame) -> None:
    names = tuple(data["person"].unique().sort()[:9].to_list())
    plain = ("",) * len(names)
    table = TableFragment(place="#1", columns=tuple("abcdefghi"), header=(names, plain), data=(("x",),) * 9)
    assert places(gate, table) == ["t#1, the header"]
    assert places(gate, table.model_copy(update={"header": ()})) == []
