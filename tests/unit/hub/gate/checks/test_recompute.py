"""Facts about recomputation: what agrees is verified, and everything else is read by a steward."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

import polars as pl
import pytest

from hub.domain.exports import Severity
from hub.domain.table_context import TableContext
from hub.gate.exchange import DatasetDescription
from hub.gate.mounted import MountedDataset, from_scans

RULE = "recompute"
FITS = {"one": 0.31, "two": 0.47}


def yearly(data: pl.DataFrame, **figures: pl.Expr) -> pl.DataFrame:
    return data.filter(pl.col("income") < 1e6).group_by("year").agg(**figures).sort("year")


def reviewed(judged: Any) -> list[str]:
    return [f.place for f in judged.findings if f.check == RULE and f.severity is Severity.REVIEW]


def test_a_table_that_agrees_is_noted_and_passes(gate: Any, data: pl.DataFrame, make: Any) -> None:
    table = data.group_by("year").agg(n=pl.col("person").n_unique(), visits=pl.col("visits").mean()).sort("year")
    judged = gate.judge("t.csv", table.write_csv(), TableContext("survey", ("year",), "visits", "mean"))
    assert RULE in make.checks(judged, Severity.NOTE)
    assert judged.verdict in ("none", "fixed")


def test_a_table_of_a_part_of_the_dataset_is_reviewed(gate: Any, data: pl.DataFrame) -> None:
    """Its cells cover fewer units than the whole dataset has, and only the author knows which."""
    table = yearly(data, n=pl.col("person").n_unique())
    judged = gate.judge("t.csv", table.write_csv(), TableContext("survey", ("year",)))
    assert judged.verdict == "review"
    assert reviewed(judged) == ["t.csv, column 2"]


@pytest.mark.parametrize("change", [0.6, -2.0])
def test_a_figure_that_is_not_what_was_declared_blocks(gate: Any, data: pl.DataFrame, change: float) -> None:
    table = data.group_by("year").agg(visits=pl.col("visits").mean().round(1) + change).sort("year")
    judged = gate.judge("t.csv", table.write_csv(), TableContext("survey", ("year",), "visits", "mean"))
    (found,) = [f for f in judged.findings if f.check == RULE]
    assert found.severity is Severity.BLOCK
    assert found.place == "t.csv, rows 1, 2, 3, 4, column 2"
    undeclared = table.rename({"visits": "mean_visits"}).write_csv()
    assert gate.judge("t.csv", undeclared).verdict == "review"


def test_rounding_for_display_agrees(gate: Any, data: pl.DataFrame, make: Any) -> None:
    table = data.group_by("year").agg(visits=pl.col("visits").mean().round(1)).sort("year")
    judged = gate.judge("t.csv", table.write_csv(), TableContext("survey", ("year",), "visits", "mean"))
    assert judged.verdict == "none"


def test_cells_that_the_dataset_does_not_have_are_named(gate: Any, data: pl.DataFrame) -> None:
    judged = gate.judge("t.csv", "year,n\n2019,500\n2030,40\n2020,500\n2021,500\n2022,500\n2031,50\n")
    assert "t.csv, rows 2, 6, column year" in reviewed(judged)


def test_another_statistic_is_reviewed(gate: Any, data: pl.DataFrame) -> None:
    table = data.group_by("year").agg(n=pl.len(), top=pl.col("visits").quantile(0.9)).sort("year")
    assert reviewed(gate.judge("t.csv", table.write_csv())) == ["t.csv, column 3"]


def test_an_unknown_table_is_reviewed(gate: Any) -> None:
    judged = gate.judge("t.csv", "term,coefficient\nage,0.31\nsex,-1.2\n")
    assert judged.verdict == "review"
    assert reviewed(judged) == ["t.csv, the whole table"]


def test_without_datasets_a_table_is_reviewed(gate: Any) -> None:
    assert gate.without_data().judge("t.csv", "year,n\n2019,500\n").verdict == "review"


def test_a_part_without_the_units_column_is_reviewed(gate: Any) -> None:
    description = DatasetDescription(name="mixed", folder="/data/mixed", privacy_unit="person")
    weather = pl.DataFrame({"month": [1, 2] * 100, "rain": [1.0] * 200})
    persons = pl.DataFrame({"person": [str(n) for n in range(50)]})
    mixed: MountedDataset = from_scans(description, {"a.parquet": persons.lazy(), "b.parquet": weather.lazy()})
    judged = type(gate)(gate.policy, (mixed,)).judge("t.csv", "month,n\n1,100\n2,100\n")
    assert judged.verdict == "review"
    assert any("privacy unit" in f.sentence for f in judged.findings)


@pytest.mark.parametrize(
    ("values", "cells"),
    [
        ([1.0, 2.0], ("1", "2")),
        ([1, 2], ("1.0", "2.00")),
        ([True, False], ("True", "false")),
        ([date(2020, 1, 1), date(2021, 1, 1)], ("2020-01-01", "2021-01-01")),
        (
            [datetime(2020, 1, 1), datetime(2021, 1, 1, 5)],
            ("2020-01-01", "2021-01-01T05:00"),
        ),
        (["é", "b"], ("e\u0301", " b ")),
        ([None, "b"], ("", "b")),
    ],
)
def test_keys_meet_however_they_are_written(gate: Any, values: list[object], cells: tuple[str, str]) -> None:
    frame = pl.DataFrame({"g": values * 60})
    own = from_scans(DatasetDescription(name="d", folder="/data/d"), {"d.parquet": frame.lazy()})
    judged = type(gate)(gate.policy, (own,)).judge(
        "t.csv", f"g,n\n{cells[0]},60\n{cells[1]},60\n", TableContext("d", ("g",))
    )
    assert reviewed(judged) == []
    assert not [f for f in judged.findings if f.severity is Severity.BLOCK]


@pytest.mark.parametrize(
    ("aggregate", "figure"),
    [
        ("count", pl.len()),
        ("units", pl.col("person").n_unique()),
        ("sum", pl.col("visits").sum()),
        ("mean", pl.col("visits").mean()),
        ("median", pl.col("visits").median()),
        ("quantile", pl.col("visits").quantile(0.75, interpolation="linear")),
        ("std", pl.col("visits").std()),
    ],
)
@pytest.mark.parametrize("asked", ["", "sex = 'f' and income < 1000000"])
def test_a_declared_figure_is_computed_again(
    gate: Any, data: pl.DataFrame, aggregate: str, figure: pl.Expr, asked: str
) -> None:
    rows = data.filter((pl.col("sex") == "f") & (pl.col("income") < 1e6)) if asked else data
    table = rows.group_by("year").agg(result=figure).sort("year")
    measure = "" if aggregate in ("count", "units") else "visits"
    said = TableContext(
        "survey", ("year",), measure, aggregate, quantile=0.75 * (aggregate == "quantile"), filter=asked
    )
    assert reviewed(gate.judge("t.csv", table.write_csv(), said)) == []
    assert not any(
        f.check == RULE and f.severity is Severity.BLOCK for f in gate.judge("t.csv", table.write_csv(), said).findings
    )
    off = table.with_columns(
        pl.when(pl.col("year") == 2021).then(pl.col("result") + 3).otherwise("result").alias("result")
    )
    judged = gate.judge("t.csv", off.write_csv(), said)
    found = [f for f in judged.findings if f.check == RULE]
    if aggregate != "count" or asked:
        assert [(f.severity, f.place) for f in found] == [(Severity.BLOCK, "t.csv, row 3, column 2")]
    else:
        assert [f.severity for f in found] == [Severity.REVIEW]


@pytest.mark.parametrize("scale", [1, 100])
def test_shares_are_computed_again(gate: Any, data: pl.DataFrame, scale: int, make: Any) -> None:
    rows = data.filter(pl.col("region") != "Nord").group_by("region", "sex").agg(n=pl.col("person").n_unique())
    shares = rows.with_columns(part=(pl.col("n") / pl.col("n").sum().over("region") * scale).round(3)).drop("n")
    said = TableContext("survey", ("region", "sex"), "", "share")
    judged = gate.judge("t.csv", shares.sort("region", "sex").write_csv(), said)
    assert RULE in make.checks(judged, Severity.NOTE)
    wrong = shares.with_columns(pl.col("part") + 0.05 * scale).write_csv()
    assert RULE in make.checks(gate.judge("t.csv", wrong, said))


def test_declared_rounding_agrees(gate: Any, data: pl.DataFrame) -> None:
    table = data.group_by("year").agg(total=pl.col("visits").sum() // 500 * 500).sort("year")
    table = table.with_columns((pl.col("total") + 250) // 500 * 500)
    plain, rounded = (TableContext("survey", ("year",), "visits", "sum", rounding=r) for r in (0.0, 1000.0))
    assert gate.judge("t.csv", table.write_csv(), plain).verdict == "block"
    assert reviewed(gate.judge("t.csv", table.write_csv(), rounded)) == []


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (TableContext("survey", ("year",), filter="year >"), "filter cannot be read"),
        (TableContext("survey", ("year",), filter="colour = 'red'"), "filter names a column"),
        (TableContext("survey", ("year",), filter="year = 'a'"), "another kind"),
        (TableContext("survey", ("year",), measure="colour", aggregate="mean"), "measure or weight"),
        (TableContext("survey", ("year",), weight="colour"), "measure or weight"),
        (TableContext("survey", ("year",), aggregate="mode"), "aggregate"),
    ],
)
def test_a_declaration_that_cannot_be_understood_blocks(gate: Any, said: TableContext, words: str) -> None:
    judged = gate.judge("t.csv", "year,n\n2019,500\n2020,500\n", said)
    (found,) = [f for f in judged.findings if f.check == "table-declaration"]
    assert found.severity is Severity.BLOCK
    assert words in found.sentence


def test_a_table_without_a_declaration_gets_a_draft(gate: Any, data: pl.DataFrame) -> None:
    table = data.group_by("year").agg(n=pl.len(), mean_visits=pl.col("visits").mean()).sort("year").write_csv()
    (note,) = [f for f in gate.judge("t.csv", table).findings if f.check == RULE]
    assert "dataset=survey dimensions=year measure=visits aggregate=mean" in note.sentence


def test_a_filter_makes_cells_smaller(gate: Any, data: pl.DataFrame, make: Any) -> None:
    few = data.filter(pl.col("income") > 1e6).group_by("year").agg(n=pl.len()).sort("year").write_csv()
    judged = gate.judge("t.csv", few, TableContext("survey", ("year",), filter="income > 1000000"))
    assert "minimum-frequency" in make.checks(judged)


def test_labels_without_a_figure_are_groups_of_the_dataset(gate: Any, data: pl.DataFrame) -> None:
    table = data.filter(pl.col("region") != "Nord").group_by("region").agg(n=pl.col("person").n_unique()).sort("region")
    judged = gate.judge("t.csv", table.write_csv() + "Nord,\n")
    assert not [f for f in judged.findings if f.severity is Severity.REVIEW]
    judged = gate.judge("t.csv", table.write_csv() + "Nord,\nwhat I wanted to say,\n")
    assert [f.place for f in judged.findings if f.severity is Severity.REVIEW] == ["t.csv, row 5, column region"]


def test_marks_of_several_thresholds_are_figures(gate: Any, data: pl.DataFrame) -> None:
    n = data.filter(pl.col("region") == "Est")["person"].n_unique()
    for marks, severities in (
        ("<10,<10", set()),
        ("<10,", set()),
        ("<10,<11", {Severity.REVIEW}),
        ("<20391,", {Severity.REVIEW}),
    ):
        judged = gate.judge("t.csv", f"region,n,a,b\nEst,{n},{marks}\n")
        assert {f.severity for f in judged.findings if f.check == "recompute"} - {Severity.NOTE} == severities


def test_printed_tables_that_nobody_knows_are_asked_about_once(gate: Any) -> None:
    printed = "term  coefficient\nage          0.31\nsex         -1.20\n"
    other = "what   value\nslope   2.5\nother   3.5\n"
    assert len(reviewed(gate.judge("t.txt", printed))) == 1
    assert len(reviewed(gate.judge("t.txt", f"{printed}\n\n{other}"))) == 1


def piped(table: pl.DataFrame) -> str:
    """A table as Markdown writes it, which is a table of words and upright lines, too."""
    rows = [table.columns, ["---"] * table.width, *([str(cell) for cell in row] for row in table.rows())]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def test_a_printed_table_is_known_in_one_cut_and_one_beside_it_is_asked_about(gate: Any, data: pl.DataFrame) -> None:
    rows = data.filter(pl.col("region") != "Nord")
    known = piped(rows.group_by("region", "year").agg(n=pl.col("person").n_unique()).sort("region", "year"))
    other = piped(pl.DataFrame({"what": ["slope", "other"], "value": [2.5, 3.5]}))
    assert reviewed(gate.judge("t.md", known)) == []
    assert reviewed(gate.judge("t.md", f"{known}\n\n{other}")) == ["t.md, the whole table"]
    assert reviewed(gate.judge("t.md", f"{other}\n\n{known}")) == ["t.md, the whole table"]


@pytest.mark.parametrize("cells", [["rather", "hardly"], ["⅓", "½"]])
def test_a_printed_table_without_a_digit_is_asked_about(gate: Any, data: pl.DataFrame, cells: list[str]) -> None:
    rows = data.filter(pl.col("region") != "Nord")
    known = piped(rows.group_by("region", "year").agg(n=pl.col("person").n_unique()).sort("region", "year"))
    words = piped(pl.DataFrame({"what": ["slope", "other"], "held": cells}))
    assert reviewed(gate.judge("t.md", words)) == ["t.md, the whole table"]
    assert reviewed(gate.judge("t.md", f"{known}\n\n{words}")) == ["t.md, the whole table"]


def test_each_unknown_table_of_a_document_is_asked_about(gate: Any) -> None:
    fits = {
        name: [{"term": "age", "coefficient": at}, {"term": "sex", "coefficient": -at}] for name, at in FITS.items()
    }
    asked = reviewed(gate.judge("t.json", json.dumps(fits)))
    assert {"t.json[0], the whole table", "t.json[1], the whole table"} <= set(asked)


def test_a_combination_that_nobody_has_may_be_shown_as_zero(gate: Any, data: pl.DataFrame) -> None:
    table = data.group_by("year").agg(n=pl.col("person").n_unique()).sort("year").write_csv()
    assert reviewed(gate.judge("t.csv", f"{table}2030,0\n")) == []
    assert reviewed(gate.judge("t.csv", f"{table}2030,40\n")) == ["t.csv, row 5, column year"]


@pytest.mark.parametrize(("label", "is_strange"), [("soon", True), ("NA", True), ("2030", True), ("2019", False)])
def test_a_label_without_a_figure_is_strange_where_the_column_cannot_say_it(
    gate: Any, data: pl.DataFrame, label: str, is_strange: bool
) -> None:
    table = data.filter(pl.col("year") > 2019).group_by("year").agg(n=pl.col("person").n_unique()).sort("year")
    judged = gate.judge("t.csv", f"{table.write_csv()}{label},\n")
    assert reviewed(judged) == (["t.csv, row 4, column year"] if is_strange else [])


def test_a_weighted_mean_is_computed_again(on: Any, make: Any) -> None:
    rows = pl.DataFrame(
        {"g": ["a", "b"] * 60, "v": [float(n) for n in range(120)], "w": [1.0 + n % 7 for n in range(120)]}
    )
    mean = (pl.col("v") * pl.col("w")).sum() / pl.col("w").sum()
    table = rows.group_by("g").agg(v=mean.round(3)).sort("g").write_csv()
    said = TableContext("d", ("g",), "v", "mean", weight="w")
    assert RULE in make.checks(on(rows).judge("t.csv", table, said), Severity.NOTE)
    plain = rows.group_by("g").agg(v=pl.col("v").mean().round(3)).sort("g").write_csv()
    assert RULE in make.checks(on(rows).judge("t.csv", plain, said))


def test_a_header_of_groups_without_a_column_of_groups_is_no_known_table(gate: Any) -> None:
    assert reviewed(gate.judge("t.csv", "f,m\n1000,1000\n")) == ["t.csv, the whole table"]


@pytest.mark.parametrize(("n", "is_leak"), [(3, False), (4, True)])
def test_a_small_cell_that_is_what_the_dataset_says_is_another_rules(make: Any, on: Any, n: int, is_leak: bool) -> None:
    """Three people have the code; a table of groups says so, and one that says something else is a record."""
    people = pl.DataFrame({"code": [n // 3 for n in range(600)], "sex": ["f"] * 600, "year": [2019] * 600})
    said = TableContext("d", ("code", "sex", "year"))
    judged = on(people).judge("t.csv", f"code,sex,year,n\n7,f,2019,{n}\n", said)
    assert ("row-leak" in make.checks(judged)) is is_leak
    assert "minimum-frequency" in make.checks(judged)


def test_a_plain_figure_that_was_declared_a_quantile_blocks(gate: Any, data: pl.DataFrame, make: Any) -> None:
    largest = data.group_by("year").agg(visits=pl.col("visits").max()).sort("year").write_csv()
    said = TableContext("survey", ("year",), "visits", "quantile", quantile=0.25)
    assert RULE in make.checks(gate.judge("t.csv", largest, said))


def test_a_row_is_said_to_be_zero_by_all_of_its_figures(gate: Any, data: pl.DataFrame) -> None:
    """One that nobody has, and that says something in a column that could not be recomputed, is named."""
    table = data.group_by("year").agg(n=pl.col("person").n_unique(), what=pl.col("visits").max() * 1000 + 7)
    rows = table.sort("year").write_csv()
    assert reviewed(gate.judge("t.csv", f"{rows}2030,0,0\n")) == ["t.csv, column 3"]
    assert reviewed(gate.judge("t.csv", f"{rows}2030,0,40\n")) == ["t.csv, row 5, column year", "t.csv, column 3"]


def test_a_missing_label_is_one_of_a_column_that_has_missing_values(on: Any) -> None:
    table = "year,n\n2019,60\n2020,60\nNA,\n"
    rows = pl.DataFrame({"year": [2019, 2020, None] * 60})
    assert reviewed(on(rows).judge("t.csv", table)) == []
    assert reviewed(on(rows.drop_nulls()).judge("t.csv", table)) == ["t.csv, row 3, column year"]


def test_all_columns_that_could_not_be_recomputed_are_named(gate: Any, data: pl.DataFrame) -> None:
    top = pl.col("visits").max() * 1000
    table = data.group_by("year").agg(n=pl.col("person").n_unique(), one=top + 7, other=top + pl.col("year").first())
    assert reviewed(gate.judge("t.csv", table.sort("year").write_csv())) == ["t.csv, columns 3, 4"]


def test_a_draft_names_all_dimensions(gate: Any, data: pl.DataFrame) -> None:
    rows = data.filter(pl.col("region") != "Nord")
    table = rows.group_by("region", "year").agg(n=pl.col("person").n_unique()).sort("region", "year").write_csv()
    (note,) = [f for f in gate.judge("t.csv", table).findings if f.check == RULE]
    assert "dataset=survey dimensions=region,year aggregate=count" in note.sentence


@pytest.mark.parametrize(
    ("measure", "aggregate"), [("", "mean"), ("region", "mean"), ("visits", "quantile"), ("", "share")]
)
def test_a_known_table_is_not_what_the_dataset_gives_nothing_like(
    gate: Any, data: pl.DataFrame, make: Any, measure: str, aggregate: str
) -> None:
    table = data.group_by("year").agg(n=pl.col("person").n_unique()).sort("year").write_csv()
    judged = gate.judge("t.csv", table, TableContext("survey", ("year",), measure, aggregate))
    assert [(f.severity, f.place) for f in judged.findings if f.check == RULE] == [
        (Severity.BLOCK, "t.csv, rows 1, 2, 3, 4, column 2")
    ]


def test_a_column_that_nobody_knows_may_be_what_the_dataset_gives_nothing_like(gate: Any, data: pl.DataFrame) -> None:
    table = data.group_by("year").agg(n=pl.col("person").n_unique(), what=pl.col("visits").max() + 0.5).sort("year")
    judged = gate.judge("t.csv", table.write_csv(), TableContext("survey", ("year",), "region", "mean"))
    assert [(f.severity, f.place) for f in judged.findings if f.check == RULE] == [(Severity.REVIEW, "t.csv, column 3")]


@pytest.mark.parametrize(("aggregate", "is_known"), [("mean", True), ("max", False), ("median", False)])
def test_a_figure_without_a_measure_is_one_of_a_measure_of_the_table(
    gate: Any, data: pl.DataFrame, make: Any, aggregate: str, is_known: bool
) -> None:
    table = data.group_by("year").agg(mean_visits=pl.col("visits").mean()).sort("year").write_csv()
    judged = gate.judge("t.csv", table, TableContext("survey", ("year",), aggregate=aggregate))
    assert (RULE in make.checks(judged, Severity.NOTE)) is is_known
    assert (RULE in make.checks(judged)) is not is_known


def test_the_declared_figure_of_another_measure_blocks(gate: Any, data: pl.DataFrame, make: Any) -> None:
    table = data.group_by("year").agg(mean_visits=pl.col("visits").mean()).sort("year").write_csv()
    assert RULE in make.checks(gate.judge("t.csv", table, TableContext("survey", ("year",), "income", "mean")))


@pytest.mark.parametrize(("quantile", "blocks"), [(0.5, False), (0.0, True)])
def test_a_quantile_is_declared_with_which_one_it_is(
    gate: Any, data: pl.DataFrame, make: Any, quantile: float, blocks: bool
) -> None:
    table = data.group_by("year").agg(visits=pl.col("visits").median()).sort("year").write_csv()
    said = TableContext("survey", ("year",), "visits", "quantile", quantile=quantile)
    assert (RULE in make.checks(gate.judge("t.csv", table, said))) is blocks


@pytest.mark.parametrize("beside", ["median", "std"])
def test_other_statistics_may_stand_beside_a_declared_quantile(
    gate: Any, data: pl.DataFrame, make: Any, beside: str
) -> None:
    visits = pl.col("visits")
    figures = {"visits": visits.quantile(0.75, interpolation="linear"), f"{beside}_visits": getattr(visits, beside)()}
    table = data.group_by("year").agg(**figures).sort("year").write_csv()
    judged = gate.judge("t.csv", table, TableContext("survey", ("year",), "visits", "quantile", quantile=0.75))
    assert RULE in make.checks(judged, Severity.NOTE)


@pytest.mark.parametrize(
    ("aggregate", "result"),
    [("quantile", pl.col("score").max()), ("median", pl.col("score").mean()), ("share", pl.len())],
)
def test_a_declared_figure_may_be_equal_to_a_plain_one(on: Any, make: Any, aggregate: str, result: pl.Expr) -> None:
    """Three in ten have the highest score, as many the lowest; and of a hundred people, shares are counts."""
    scores = [0, 0, 0, 5, 5, 5, 5, 10, 10, 10]
    rows = pl.DataFrame({"year": [2019] * 60 + [2020] * 40, "score": scores * 10})
    table = rows.group_by("year").agg(result=result).sort("year").write_csv()
    said = TableContext("d", ("year",), "score", aggregate, quantile=0.75 * (aggregate == "quantile"))
    judged = on(rows).judge("t.csv", table, said)
    assert RULE in make.checks(judged, Severity.NOTE)
    assert RULE not in make.checks(judged)
