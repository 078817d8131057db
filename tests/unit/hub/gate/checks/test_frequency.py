"""Facts about the minimum frequency: units are counted in the dataset, not rows, and not what the table says."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.domain.table_context import TableContext
from hub.gate.column_names import is_count_name

RULE = "minimum-frequency"


def by(data: pl.DataFrame, *columns: str) -> pl.DataFrame:
    return data.group_by(columns).agg(pl.col("person").n_unique().alias("n")).sort(columns)


def declared(*dimensions: str) -> TableContext:
    return TableContext("survey", dimensions)


def test_a_small_cell_blocks_and_is_named_by_row_and_dimension(gate: Any, data: pl.DataFrame, make: Any) -> None:
    table = by(data, "region", "year")
    rows = [n for n, region in enumerate(table["region"], 1) if region == "Nord"]
    judged = gate.judge("t.csv", table.write_csv(), declared("region", "year"))
    (found,) = [f for f in judged.findings if f.check == RULE]
    assert judged.verdict == "block"
    assert found.place == f"t.csv, rows {', '.join(map(str, rows))}, columns region × year"
    assert "person" in found.sentence
    assert "uk-sacro" in found.rule
    assert "Nord" not in make.sentences(judged)


def test_its_twin_without_the_small_cell_passes(gate: Any, data: pl.DataFrame, make: Any) -> None:
    table = by(data, "region", "year").filter(pl.col("region") != "Nord")
    judged = gate.judge("t.csv", table.write_csv(), declared("region", "year"))
    assert judged.verdict == "none"
    assert make.checks(judged) == set()


@pytest.mark.parametrize("mark", ["", "c", "<10", "*", "n/a", "..", "suppressed"])
def test_a_suppressed_cell_passes(gate: Any, data: pl.DataFrame, mark: str) -> None:
    table = by(data, "region", "year").with_columns(pl.col("n").cast(pl.String))
    hidden = table.with_columns(pl.when(pl.col("region") == "Nord").then(pl.lit(mark)).otherwise("n").alias("n"))
    assert gate.judge("t.csv", hidden.write_csv(), declared("region", "year")).verdict == "none"


def test_two_marks_in_a_column_say_something(gate: Any, data: pl.DataFrame, make: Any) -> None:
    """Which of them stands in a cell is one bit for each small group."""
    table = data.group_by("region", "year").agg(n=pl.lit("c"))
    coded = table.with_columns(pl.when(pl.col("year") > 2020).then(pl.lit("s")).otherwise("n").alias("n"))
    assert RULE not in make.checks(gate.judge("t.csv", table.write_csv(), declared("region", "year")))
    assert RULE in make.checks(gate.judge("t.csv", coded.write_csv(), declared("region", "year")))


def test_a_table_under_the_name_of_a_text_is_a_table(gate: Any, data: pl.DataFrame, make: Any) -> None:
    table = by(data, "region")
    assert RULE in make.checks(gate.judge("t.txt", table.write_csv()))
    assert RULE in make.checks(gate.judge("t.md", table.write_csv(separator=";")))
    assert RULE not in make.checks(gate.judge("t.txt", table.filter(pl.col("n") >= 10).write_csv()))


def test_a_cell_that_hides_its_count_and_shows_its_mean_blocks(gate: Any, data: pl.DataFrame, make: Any) -> None:
    table = data.group_by("region").agg(pl.lit("").alias("n"), pl.col("visits").mean())
    assert RULE in make.checks(gate.judge("t.csv", table.write_csv(), declared("region")))


def spread(*sizes: int) -> pl.DataFrame:
    """So many units of each area, each with two rows."""
    areas = [chr(97 + at) for at, size in enumerate(sizes) for _ in range(size)]
    once = pl.DataFrame({"unit": range(len(areas)), "area": areas, "pay": [n % 7 + 0.5 for n in range(len(areas))]})
    return pl.concat([once, once])


def found_by_area(on: Any, rows: pl.DataFrame, unit: str) -> list[Any]:
    table = rows.group_by("area").agg(pl.len().alias("lines")).sort("area").write_csv()
    judged = on(rows, unit).judge("t.csv", table, TableContext("d", ("area",)))
    return [finding for finding in judged.findings if finding.check == RULE]


@pytest.mark.parametrize(("size", "blocks"), [(9, True), (10, False), (11, False)])
def test_units_that_are_counted_again_are_enough_from_the_threshold_on(on: Any, size: int, blocks: bool) -> None:
    assert bool(found_by_area(on, spread(size, 40), "unit")) is blocks


def test_a_steward_reads_how_small_the_smallest_cell_is_and_nobody_else_does(on: Any) -> None:
    (found,) = found_by_area(on, spread(7, 4, 40), "unit")
    assert "(unit)" in found.sentence
    assert found.parameters == (("minimum_units", "10"),)
    assert found.fix is not None
    assert (found.fix.rows, found.fix.columns) == ((1, 2), (2,))
    assert found.detail == "The smallest of these cells covers this many units: 4."
    assert not {"4", "7"} & set(found.sentence)


def test_without_a_privacy_unit_rows_are_counted(on: Any) -> None:
    (found,) = found_by_area(on, spread(7, 4, 40), "")
    assert "(rows)" in found.sentence
    assert found.detail == "The smallest of these cells covers this many units: 8."


def test_rows_are_no_units(gate: Any, data: pl.DataFrame, make: Any) -> None:
    """Three people over four years are twelve rows, and still three."""
    table = data.group_by("region").agg(pl.len().alias("lines")).sort("region")
    assert min(table["lines"]) >= gate.policy.minimum_units
    assert RULE in make.checks(gate.judge("t.csv", table.write_csv(), declared("region")))


def test_an_undeclared_table_is_recognised_by_its_columns(gate: Any, data: pl.DataFrame, make: Any) -> None:
    table = data.group_by("region").agg(pl.len().alias("lines"))
    assert RULE in make.checks(gate.judge("t.csv", table.write_csv()))


def test_a_declaration_cannot_leave_a_group_column_out(gate: Any, data: pl.DataFrame, make: Any) -> None:
    table = data.group_by("region", "year").agg(pl.len().alias("lines"))
    assert RULE in make.checks(gate.judge("t.csv", table.write_csv(), declared("year")))


def test_a_table_by_unit_blocks(gate: Any, data: pl.DataFrame, make: Any) -> None:
    table = data.group_by("person").agg(pl.col("visits").sum().alias("seen"))
    assert RULE in make.checks(gate.judge("t.csv", table.head(50).write_csv()))


def test_a_wide_table_is_read_cell_by_cell(gate: Any, data: pl.DataFrame, make: Any) -> None:
    wide = by(data, "region", "year").pivot("year", index="region", values="n").sort("region")
    judged = gate.judge("t.csv", wide.write_csv())
    (found,) = [f for f in judged.findings if f.check == RULE]
    row = wide["region"].to_list().index("Nord") + 1
    assert found.place == f"t.csv, row {row}, columns region × year"
    assert gate.judge("t.csv", wide.filter(pl.col("region") != "Nord").write_csv()).verdict == "none"


def test_a_margin_counts_everything_that_it_sums_over(gate: Any, data: pl.DataFrame) -> None:
    table = by(data, "sex")
    whole = pl.DataFrame({"sex": ["Total"], "n": [data["person"].n_unique()]}, schema=table.schema)
    assert gate.judge("t.csv", pl.concat([table, whole]).write_csv(), declared("sex")).verdict == "none"


def test_a_column_named_like_a_count_is_held_against_the_threshold(gate: Any, make: Any) -> None:
    judged = gate.judge("t.csv", "quartier,effectif\nA,120\nB,9\nC,0\n")
    (found,) = [f for f in judged.findings if f.check == RULE]
    assert found.place == "t.csv, row 2, column 2"
    assert RULE not in make.checks(gate.judge("t.csv", "quartier,effectif\nA,120\nB,10\nC,0\n"))


def test_small_numbers_of_another_name_are_no_counts(gate: Any, make: Any) -> None:
    assert RULE not in make.checks(gate.without_data().judge("t.csv", "area,n,mean\nA,30,3\nB,40,7\n"))


def test_without_a_dataset_counts_are_still_checked(gate: Any, make: Any) -> None:
    assert RULE in make.checks(gate.without_data().judge("t.csv", "area,count\nA,3\nB,40\n"))


@pytest.mark.parametrize(
    "title", ["n", "N", "Count", "nb", "Effectifs", "n_obs", "count_persons", "visits_n", "size", "fréquence"]
)
def test_names_of_counts_are_known(title: str) -> None:
    assert is_count_name(title)


@pytest.mark.parametrize("title", ["mean", "country", "income", "national", "p_value", "", "noise"])
def test_other_names_are_no_counts(title: str) -> None:
    assert not is_count_name(title)


def test_the_threshold_is_the_policys(gate: Any, data: pl.DataFrame) -> None:
    table = by(data, "region")
    assert gate.under(minimum_units=3).judge("t.csv", table.write_csv(), declared("region")).verdict == "none"
    assert gate.under(minimum_units=4).judge("t.csv", table.write_csv(), declared("region")).verdict == "block"


@pytest.mark.parametrize("name", ["t.json", "t.txt", "t.ipynb"])
def test_the_form_of_a_table_changes_nothing(gate: Any, data: pl.DataFrame, make: Any, name: str) -> None:
    table = by(data, "region").rename({"n": "people"})
    printed = str(table.to_dicts()).replace("'", '"') if name == "t.json" else str(table)
    content = make.notebook(("t", [make.shown(plain=printed)])) if name == "t.ipynb" else printed
    assert RULE in make.checks(gate.judge(name, content))


def test_a_wrong_declaration_blocks(gate: Any, data: pl.DataFrame, make: Any) -> None:
    table = by(data, "year").write_csv()
    assert "table-declaration" in make.checks(gate.judge("t.csv", table, declared("year", "region")))
    assert "table-declaration" in make.checks(gate.judge("t.csv", table, TableContext("other", ("year",))))


@settings(max_examples=12, deadline=None)
@given(order=st.permutations(range(16)), columns=st.permutations(range(3)))
def test_order_of_rows_and_columns_changes_no_verdict(
    gate: Any, data: pl.DataFrame, order: list[int], columns: list[int]
) -> None:
    table = by(data, "region", "year")
    shuffled = table[order].select(table.columns[c] for c in columns)
    one = gate.judge("t.csv", table.write_csv())
    other = gate.judge("t.csv", shuffled.write_csv())
    assert one.verdict == other.verdict == "block"
    assert {(f.check, f.severity) for f in one.findings} == {(f.check, f.severity) for f in other.findings}


def test_a_small_count_is_said_with_its_rule_and_can_be_left_out(gate: Any) -> None:
    judged = gate.without_data().judge("t.csv", "quartier,effectif\nA,120\nB,9\nC,1\nD,0\n")
    (found,) = [f for f in judged.findings if f.check == RULE]
    assert found.place == "t.csv, rows 2, 3, column 2"
    assert found.rule == "at least 10 privacy units in each cell (uk-sacro)"
    assert found.parameters == (("minimum_units", "10"),)
    assert found.fix is not None
    assert (found.fix.rows, found.fix.columns) == ((2, 3), (2,))
