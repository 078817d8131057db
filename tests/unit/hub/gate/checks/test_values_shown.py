"""Facts about figures that are somebody's value: equal values, endpoints, quantiles, edges of histograms."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from hub.domain.exports import Severity
from hub.domain.table_context import TableContext


def staff(pay: list[float]) -> pl.DataFrame:
    """One team with the given pay, and another one with ordinary pay."""
    rows = [{"p": n, "team": "a", "pay": v} for n, v in enumerate(pay)]
    return pl.DataFrame(rows + [{"p": 100 + n, "team": "b", "pay": 900.0 + n * 3 % 170} for n in range(120)])


def table(rows: pl.DataFrame, **figures: pl.Expr) -> str:
    return rows.group_by("team").agg(**figures).sort("team").write_csv()


@pytest.mark.parametrize("figure", ["mean", "sum"])
def test_a_figure_of_equal_values_is_everybodys(on: Any, make: Any, figure: str) -> None:
    for pay, blocks in (([500.0] * 20, True), ([500.0] * 19 + [501.0], False)):
        rows = staff(pay)
        shown = table(rows, pay=getattr(pl.col("pay"), figure)())
        judged = on(rows, "p").judge("t.csv", shown, TableContext("d", ("team",), "pay", figure))
        assert ("identical-values" in make.checks(judged)) is blocks


@pytest.mark.parametrize(("size", "is_found"), [(9, False), (10, True)])
def test_equal_values_of_fewer_units_than_the_threshold_are_the_minimum_frequencys(
    on: Any, make: Any, size: int, is_found: bool
) -> None:
    rows = staff([500.0] * size)
    judged = on(rows, "p").judge(
        "t.csv", table(rows, pay=pl.col("pay").mean()), TableContext("d", ("team",), "pay", "mean")
    )
    assert ("identical-values" in make.checks(judged)) is is_found
    assert ("minimum-frequency" in make.checks(judged)) is not is_found


def test_equal_values_are_named_by_row_and_measure_and_can_be_left_out(on: Any) -> None:
    rows = staff([500.0] * 20)
    judged = on(rows, "p").judge(
        "t.csv", table(rows, pay=pl.col("pay").mean()), TableContext("d", ("team",), "pay", "mean")
    )
    (found,) = [f for f in judged.findings if f.check == "identical-values" and f.severity is Severity.BLOCK]
    assert found.place == "t.csv, row 1, column team"
    assert "the same value of pay" in found.sentence
    assert "500" not in found.sentence
    assert found.rule == "values that differ within each cell (uk-sacro)"
    assert (found.detail, found.parameters) == ("", ())
    assert found.fix is not None
    assert (found.fix.rows, found.fix.columns) == ((1,), (2,))


@pytest.mark.parametrize("name", ["max_pay", "pay_max", "top"])
@pytest.mark.parametrize("end", ["min", "max"])
def test_an_endpoint_blocks_under_any_name(on: Any, make: Any, name: str, end: str) -> None:
    rows = pl.concat(
        [
            staff([400.0 + n * n for n in range(20)]),
            staff([1.0])
            .filter(pl.col("team") == "b")
            .with_columns(p=pl.col("p") + 500, team=pl.lit("c"), pay=pl.col("pay") * 2),
        ]
    )
    shown = table(rows, n=pl.len(), **{name: getattr(pl.col("pay"), end)()})
    assert "endpoints" in make.checks(on(rows, "p").judge("t.csv", shown))


def test_an_endpoint_that_many_share_passes(on: Any, make: Any) -> None:
    rows = staff([0.0] * 12 + [float(n) for n in range(1, 20)]).with_columns(pl.col("pay").clip(0, 900))
    rows = rows.with_columns(pl.when(pl.col("p") > 110).then(0.0).otherwise("pay").alias("pay"))
    shown = table(rows, min_pay=pl.col("pay").min())
    judged = on(rows, "p").judge("t.csv", shown, TableContext("d", ("team",), "pay", "min"))
    assert "endpoints" not in make.checks(judged)


@pytest.mark.parametrize("end", ["min", "max"])
@pytest.mark.parametrize(("sharing", "blocks"), [(9, True), (10, False)])
def test_an_endpoint_is_shared_from_the_threshold_on(on: Any, end: str, sharing: int, blocks: bool) -> None:
    sign = 1.0 if end == "min" else -1.0
    pay = {"a": [0.0] * sharing + [sign * n for n in range(1, 20)], "b": [0.0] * 20 + [sign * n for n in range(1, 9)]}
    rows = pl.DataFrame([{"team": team, "pay": value} for team, values in pay.items() for value in values])
    rows = rows.with_row_index("p")
    shown = table(rows, lowest=getattr(pl.col("pay"), end)())
    judged = on(rows, "p").judge("t.csv", shown, TableContext("d", ("team",), "pay", end))
    found = [f for f in judged.findings if f.check == "endpoints"]
    assert [f.place for f in found] == (["t.csv, row 1, column 2"] if blocks else [])
    assert all(f.parameters == (("minimum_units", "10"),) for f in found)
    assert all(f.rule == "an extreme value is shared by at least 10 units (uk-sacro)" for f in found)
    assert all(f.fix and (f.fix.rows, f.fix.columns) == ((1,), (2,)) for f in found)


@pytest.mark.parametrize(
    ("header", "blocks"),
    [
        *((name, True) for name in ("min", " MAX ", "minimum", "maximum", "lowest", "highest", "smallest", "largest")),
        *((name, True) for name in ("plus petit", "plus petite", "plus grand", "plus grande")),
        *((name, True) for name in ("min_pay", "maximum_pay", "pay_min", "pay.max", "Max pay", "pay maximum")),
        *((name, False) for name in ("max_team", "team_min", "min_depth", "pay", "admin_pay", "pay_mining")),
    ],
)
def test_a_column_is_an_endpoint_by_its_name_and_a_measure_of_the_dataset(on: Any, header: str, blocks: bool) -> None:
    own = on(staff([500.0 + n for n in range(20)]), "p")
    judged = own.judge("t.csv", f"area,{header}\nA,31.25\nB,40.75\n")
    found = [f for f in judged.findings if f.check == "endpoints"]
    assert [f.place for f in found] == (["t.csv, column 2"] if blocks else [])
    assert all(f.fix and (f.fix.rows, f.fix.columns) == ((1, 2), (2,)) for f in found)


def test_a_column_of_words_is_no_endpoint(gate: Any, make: Any) -> None:
    assert "endpoints" not in make.checks(gate.without_data().judge("t.csv", "area,max\nA,high\nB,low\n"))


def test_rows_that_are_named_like_endpoints_can_be_left_out(gate: Any) -> None:
    described = ",income,visits\nmean,31.5,29.1\nmin,3.1,0.2\n50%,31,29\nmax,99.5,59\n"
    (found,) = [f for f in gate.without_data().judge("t.csv", described).findings if f.check == "endpoints"]
    assert found.place == "t.csv, rows 2, 4, column 1"
    assert found.fix is not None
    assert (found.fix.rows, found.fix.columns) == ((2, 4), (2, 3))


def test_two_columns_are_enough_for_a_row_named_like_an_endpoint(gate: Any) -> None:
    (found,) = [
        f
        for f in gate.without_data().judge("t.csv", "what,income\nmean,31.5\nmax,99.5\n").findings
        if f.check == "endpoints"
    ]
    assert found.place == "t.csv, row 2, column 1"


@pytest.mark.parametrize(
    ("header", "blocks"), [("max", True), ("Minimum", True), ("max_depth", False), ("amax", False)]
)
def test_without_a_dataset_the_name_decides(gate: Any, make: Any, header: str, blocks: bool) -> None:
    judged = gate.without_data().judge("t.csv", f"area,{header}\nA,31\nB,40\n")
    assert ("endpoints" in make.checks(judged)) is blocks


def test_describe_shows_endpoints(gate: Any, make: Any) -> None:
    lines = ("        income  visits", "count   2000.0  2000.0", "mean      31.5    29.1", "max       99.5    59.0")
    text = "\n".join(lines)
    described = ",income,visits\ncount,2000,2000\nmean,31.5,29.1\nmin,3.1,0.2\n50%,31,29\nmax,99.5,59\n"
    assert "endpoints" in make.checks(gate.judge("t.csv", described))
    assert "endpoints" in make.checks(gate.judge("n.ipynb", make.notebook(("df.describe()", [make.shown(plain=text)]))))
    twin = ",income,visits\ncount,2000,2000\nmean,31.5,29.1\n50%,31,29\n"
    assert "endpoints" not in make.checks(gate.judge("t.csv", twin))


@pytest.mark.parametrize(
    ("header", "n", "expected"),
    [
        ("median", 19, "block"),
        ("median", 20, ""),
        ("p90", 99, "block"),
        ("p90", 100, ""),
        ("q1", 39, "block"),
        ("quantile_0.25", 40, ""),
        ("income_p05", 150, "block"),
        ("25%", 40, ""),
        ("p_value", 3, ""),
        ("q", 3, ""),
    ],
)
def test_a_quantile_needs_units_beyond_it(gate: Any, header: str, n: int, expected: str) -> None:
    judged = gate.without_data().judge("t.csv", f"area,n,{header}\nA,{n},31.5\nB,4000,40.5\n")
    found = [f for f in judged.findings if f.check == "quantiles"]
    assert {str(f.severity) for f in found} == ({expected} if expected else set())
    assert all(f.place == "t.csv, row 1, column 3" for f in found)


def test_a_quantile_without_a_count_is_reviewed(gate: Any) -> None:
    judged = gate.without_data().judge("t.csv", "area,p90\nA,31.5\nB,40.5\n")
    assert {str(f.severity) for f in judged.findings if f.check == "quantiles"} == {"review"}


def test_the_units_of_a_quantile_are_counted_in_the_dataset(on: Any, make: Any) -> None:
    for team, blocks in ((19, True), (20, False)):
        rows = staff([500.0 + 10 * n for n in range(team)])
        shown = table(rows, median_pay=pl.col("pay").median())
        judged = on(rows, "p").judge("t.csv", shown, TableContext("d", ("team",), "pay", "median"))
        assert ("quantiles" in make.checks(judged)) is blocks
        assert blocks or judged.verdict == "none"


def test_edges_at_the_extreme_values_block(on: Any, make: Any) -> None:
    rows = staff([400.0 + n * n for n in range(20)])
    tight = 'bin,n\n"[400.0, 560.0)",20\n"[560.0, 761.0)",30\n"[761.0, 969.0]",90\n'
    loose = tight.replace("400.0", "350.0").replace("969.0", "1000.0")
    assert "histogram-edges" in make.checks(on(rows, "p").judge("t.csv", tight))
    assert "histogram-edges" not in make.checks(on(rows, "p").judge("t.csv", loose))


def test_edges_in_columns_of_their_own_are_edges(on: Any, make: Any) -> None:
    rows = staff([400.0 + n * n for n in range(20)])
    table = "bin_left,bin_right,n\n400,560,20\n560,761,30\n761,1000,90\n"
    assert "histogram-edges" in make.checks(on(rows, "p").judge("t.csv", table))
    assert "histogram-edges" not in make.checks(on(rows, "p").judge("t.csv", table.replace("400", "350")))


def test_a_small_bin_is_a_small_count(on: Any, make: Any) -> None:
    rows = staff([400.0 + n * n for n in range(20)])
    bins = 'bin,count\n"[350, 560)",20\n"[560, 761)",3\n"[761, 1000]",90\n'
    assert "minimum-frequency" in make.checks(on(rows, "p").judge("t.csv", bins))


@pytest.mark.parametrize(
    ("pay", "is_near"),
    [
        ([500.0, 549.0] * 10, True),
        ([500.0, 560.0] * 10, False),
        ([-500.0, -549.0] * 10, True),
        ([-1.0, 1.0] * 10, False),
        ([0.0, 1.0] * 10, False),
    ],
)
def test_values_that_the_p_rule_takes_for_one_are_read(on: Any, pay: list[float], is_near: bool) -> None:
    rows = staff(pay)
    judged = on(rows, "p").judge(
        "t.csv", table(rows, pay=pl.col("pay").mean()), TableContext("d", ("team",), "pay", "mean")
    )
    found = [(f.severity, f.place) for f in judged.findings if f.check == "identical-values"]
    assert found == ([(Severity.REVIEW, "t.csv, row 1, column team")] if is_near else [])


@pytest.mark.parametrize(
    ("low", "high", "blocks"),
    [
        ("350.0", "1000.0", False),
        ("400.0", "1000.0", True),
        ("400.3", "1000.0", True),
        ("401.0", "1000.0", False),
        ("350.0", "1069.0", True),
    ],
)
def test_one_edge_that_is_nearly_an_extreme_value_is_enough(on: Any, low: str, high: str, blocks: bool) -> None:
    rows = staff([400.0 + n * n for n in range(20)])
    table = f'bin,n\n"[{low}, 500.0)",20\n"[500.0, 600.0)",30\n"[600.0, {high}]",90\n'
    found = [f for f in on(rows, "p").judge("t.csv", table).findings if f.check == "histogram-edges"]
    assert bool(found) is blocks
    assert all("of the dataset d, which is somebody's" in f.sentence for f in found)
