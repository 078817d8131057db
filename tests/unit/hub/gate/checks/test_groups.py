"""Facts about groups: holdings, prior knowledge, weights, and what a line tells of all its members."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.domain.exports import Severity
from hub.domain.table_context import TableContext


def shops(holdings: int) -> pl.DataFrame:
    """Forty shops in each of two towns; those of the first belong to so many holdings."""
    return pl.DataFrame(
        {
            "shop": [f"s{n}" for n in range(80)],
            "town": ["a"] * 40 + ["b"] * 40,
            "holding": [f"h{n % holdings}" for n in range(40)] + [f"g{n}" for n in range(40)],
            "sales": [100.0 + n % 9 for n in range(80)],
        }
    )


def by_town(rows: pl.DataFrame) -> str:
    return rows.group_by("town").agg(pl.len().alias("n"), pl.col("sales").sum()).sort("town").write_csv()


@pytest.mark.parametrize(("holdings", "blocks"), [(2, True), (3, False)])
def test_many_units_of_few_holdings_block(on: Any, holdings: int, blocks: bool) -> None:
    rows = shops(holdings)
    own = on(rows, "shop", group_columns=("holding",)).under(minimum_holdings=3, dominance=(), p_percent=0)
    found = [f for f in own.judge("t.csv", by_town(rows)).findings if f.check == "holdings"]
    assert [f.place for f in found] == (["t.csv, row 1, column town"] if blocks else [])


def test_a_steward_reads_how_few_holdings_stand_behind_the_smallest_cell(on: Any) -> None:
    rows = shops(2).with_columns(
        pl.when(pl.col("town") == "b").then(pl.lit("one")).otherwise("holding").alias("holding")
    )
    own = on(rows, "shop", group_columns=("holding",)).under(minimum_holdings=3, dominance=(), p_percent=0)
    (found,) = [f for f in own.judge("t.csv", by_town(rows)).findings if f.check == "holdings"]
    assert found.detail == "The smallest of these cells covers this many groups: 1."
    assert "fewer than 3 distinct groups (holding)" in found.sentence
    assert found.rule == "at least 3 groups in each cell (uk-sacro)"
    assert found.parameters == (("minimum_holdings", "3"),)
    assert found.fix is not None
    assert (found.fix.rows, found.fix.columns) == ((1, 2), (2, 3))


def test_without_a_rule_of_holdings_and_without_holdings_there_is_nothing_to_say(on: Any, make: Any) -> None:
    rows = shops(1)
    off = on(rows, "shop", group_columns=("holding",)).under(minimum_holdings=0, dominance=(), p_percent=0)
    assert "holdings" not in make.checks(off.judge("t.csv", by_town(rows)))
    undeclared = on(rows, "shop").under(minimum_holdings=3)
    assert "holdings" not in make.checks(undeclared.judge("t.csv", by_town(rows)))


def test_a_cell_that_is_not_shown_may_rest_on_few_holdings(on: Any, make: Any) -> None:
    rows = shops(2)
    own = on(rows, "shop", group_columns=("holding",)).under(minimum_holdings=3, dominance=(), p_percent=0)
    kept = by_town(rows).splitlines()[2]
    for hidden, blocks in (("a,,", False), ("a,c,c", False), ("a,,3800", True)):
        judged = own.judge("t.csv", f"town,n,sales\n{hidden}\n{kept}\n", TableContext("d", ("town",)))
        assert ("holdings" in make.checks(judged)) is blocks, hidden


@pytest.mark.parametrize(("holding", "blocks"), [(None, True), ("one", False)])
def test_one_holding_may_be_asked_for(on: Any, make: Any, holding: str | None, blocks: bool) -> None:
    rows = shops(1).with_columns(
        pl.when(pl.col("town") == "a").then(pl.lit(holding, pl.String)).otherwise("holding").alias("holding")
    )
    own = on(rows, "shop", group_columns=("holding",)).under(minimum_holdings=1, dominance=(), p_percent=0)
    assert ("holdings" in make.checks(own.judge("t.csv", by_town(rows)))) is blocks


def test_units_without_a_holding_are_no_holding(on: Any, make: Any) -> None:
    rows = shops(3).with_columns(pl.when(pl.col("holding") == "h0").then(None).otherwise("holding").alias("holding"))
    own = on(rows, "shop", group_columns=("holding",)).under(minimum_holdings=3, dominance=(), p_percent=0)
    assert "holdings" in make.checks(own.judge("t.csv", by_town(rows)))


def test_a_holding_dominates_as_one(on: Any, make: Any) -> None:
    rows = shops(2)
    table = by_town(rows)
    assert "dominance" in make.checks(on(rows, "shop", group_columns=("holding",)).judge("t.csv", table))
    assert "dominance" not in make.checks(on(rows, "shop").judge("t.csv", table))


def firms(values: list[float], weights: list[float] | None = None) -> pl.DataFrame:
    rows = [{"firm": f"f{n}", "town": "a", "sales": v, "w": 1.0} for n, v in enumerate(values)]
    frame = pl.DataFrame(rows)
    return frame.with_columns(w=pl.Series(weights)) if weights else frame


@pytest.mark.parametrize(("prior", "blocks"), [(100, False), (50, True)])
def test_prior_knowledge_makes_the_estimate_better(on: Any, make: Any, prior: int, blocks: bool) -> None:
    """What is left is 150 of 1000, more than ten percent of it; half of it is not."""
    rows = firms([1000.0, 900.0, *[15.0] * 10])
    own = on(rows, "firm").under(dominance=(), p_percent=10, prior_percent=prior)
    judged = own.judge("t.csv", "town,sales\na,2050\n", TableContext("d", ("town",), "sales", "sum"))
    assert ("dominance" in make.checks(judged)) is blocks
    assert any("prior-posterior rule, p = 10, q = 50" in f.rule for f in judged.findings) is blocks


def test_weights_make_a_contribution_larger(on: Any, make: Any) -> None:
    even, weights = [100.0 + n for n in range(20)], [100.0, 100.0, *[0.5] * 18]
    rows = firms(even, weights)
    weighted = round(sum(v * w for v, w in zip(even, weights, strict=True)), 1)
    own = on(rows, "firm")
    plain = own.judge("t.csv", f"town,sales\na,{sum(even)}\n", TableContext("d", ("town",), "sales", "sum"))
    heavy = own.judge("t.csv", f"town,sales\na,{weighted}\n", TableContext("d", ("town",), "sales", "sum", weight="w"))
    assert "dominance" not in make.checks(plain)
    assert "dominance" in make.checks(heavy)
    assert not [f for f in heavy.findings if f.check == "recompute" and f.severity is not Severity.NOTE]


def test_units_are_counted_without_weights(on: Any, make: Any) -> None:
    rows = firms([100.0, 101.0, 102.0], [50.0, 50.0, 50.0])
    judged = on(rows, "firm").judge("t.csv", "town,n\na,150\n", TableContext("d", ("town",), weight="w"))
    assert "minimum-frequency" in make.checks(judged)


def patients(ill_of_a: int, of_a: int = 40) -> pl.DataFrame:
    group = ["a"] * of_a + ["b"] * 60
    ill = ["yes"] * ill_of_a + ["no"] * (of_a - ill_of_a) + ["yes", "no"] * 30
    return pl.DataFrame({"p": range(of_a + 60), "group": group, "ill": ill})


def crossed(rows: pl.DataFrame) -> str:
    return rows.group_by("group", "ill").len("n").sort("group", "ill").write_csv()


def class_findings(judged: Any) -> list[tuple[str, str]]:
    return [(f.place, str(f.severity)) for f in judged.findings if f.check == "class-disclosure"]


def test_a_line_that_is_all_of_one_kind_blocks(on: Any) -> None:
    """All of the first group are ill, and all who are not are of the second."""
    rows = patients(40)
    judged = on(rows, "p").judge("t.csv", crossed(rows))
    assert class_findings(judged) == [
        ("t.csv, row 2, columns group × ill", "block"),
        ("t.csv, row 1, columns group × ill", "block"),
    ]


@pytest.mark.parametrize(("percent", "blocks"), [(100, False), (90, False), (75, True)])
def test_nearly_all_counts_from_the_policys_percent_on(on: Any, percent: int, blocks: bool) -> None:
    rows = patients(30)
    judged = on(rows, "p").under(class_percent=percent).judge("t.csv", crossed(rows))
    assert bool(class_findings(judged)) is blocks


def test_a_zero_that_is_shown_blocks(on: Any) -> None:
    rows = pl.concat(
        [patients(20), pl.DataFrame({"p": range(200, 230), "group": ["b", "c"] * 15, "ill": ["maybe"] * 30})]
    )
    rows = pl.concat([rows, patients(20).with_columns(pl.col("p") + 300, group=pl.lit("c"))])
    judged = on(rows, "p").judge("t.csv", crossed(rows) + "a,maybe,0\n")
    assert class_findings(judged) == [("t.csv, row 9, columns group × ill", "block")]


def test_what_is_impossible_tells_nothing(on: Any) -> None:
    rows = patients(40)
    own = on(rows, "p", structural_zeros=({"group": "a", "ill": "no"},))
    assert class_findings(own.judge("t.csv", crossed(rows) + "a,no,0\n")) == []
    other = on(rows, "p", structural_zeros=({"group": "b", "ill": "no"},))
    assert class_findings(other.judge("t.csv", crossed(rows)))


def test_what_is_impossible_of_columns_that_a_table_has_not_says_nothing(on: Any) -> None:
    rows = patients(40)
    own = on(rows, "p", structural_zeros=({"group": "a", "ill": "no", "p": "1"},))
    assert class_findings(own.judge("t.csv", crossed(rows))) == class_findings(
        on(rows, "p").judge("t.csv", crossed(rows))
    )


def test_a_code_and_its_label_are_one_thing(on: Any) -> None:
    rows = pl.DataFrame({"code": ["1", "2", "3"] * 40, "label": ["x", "y", "z"] * 40})
    table = rows.group_by("code", "label").len("n").sort("code").write_csv()
    assert class_findings(on(rows).judge("t.csv", table)) == []


def test_two_values_that_go_together_are_no_code_and_label(on: Any) -> None:
    """Of two things one can always be called the other's name; of three hardly by chance."""
    rows = pl.DataFrame({"sex": ["f", "m"] * 40, "ill": ["yes", "no"] * 40})
    assert class_findings(on(rows).judge("t.csv", rows.group_by("sex", "ill").len("n").sort("sex").write_csv()))


def test_a_steward_reads_the_highest_share_of_a_group(on: Any) -> None:
    rows = patients(38)
    own = on(rows, "p").under(class_percent=75)
    found = [f for f in own.judge("t.csv", crossed(rows)).findings if f.check == "class-disclosure"]
    (whole,) = [f for f in found if "column ill" in f.sentence]
    assert whole.place == "t.csv, row 2, columns group × ill"
    assert "75 % or more of their group's units" in whole.sentence
    assert "95" not in whole.sentence
    assert whole.detail == "The highest share among these cells: 95 %."
    assert whole.rule == "no category with 75 % of a group (uk-sacro)"
    assert whole.parameters == (("class_percent", "75"),)


def test_a_zero_of_a_whole_group_is_no_category(on: Any) -> None:
    """With one dimension there is no group that a zero could tell something of."""
    rows = patients(20)
    assert class_findings(on(rows, "p").judge("t.csv", "group,n\na,40\nb,60\nc,0\n")) == []


def test_a_unit_in_two_categories_counts_for_neither(on: Any) -> None:
    """Nine in ten rows of the group are ill, and half of its people were well once."""
    once = pl.DataFrame({"p": range(40), "group": ["a"] * 40, "ill": ["yes"] * 40})
    well = once.head(20).with_columns(ill=pl.lit("no"))
    other = pl.DataFrame({"p": range(40, 100), "group": ["b"] * 60, "ill": ["yes", "no"] * 30})
    rows = pl.concat([once, once, once, well, other])
    table = rows.group_by("group", "ill").agg(pl.col("p").n_unique().alias("n")).sort("group", "ill").write_csv()
    ill = [
        f for f in on(rows, "p").under(class_percent=60).judge("t.csv", table).findings if "column ill" in f.sentence
    ]
    assert ill == []
    assert [
        f for f in on(rows, "p").under(class_percent=50).judge("t.csv", table).findings if "column ill" in f.sentence
    ]


def test_years_in_which_everybody_is_tell_nothing(gate: Any, data: pl.DataFrame) -> None:
    table = (
        data.filter(pl.col("region") != "Nord").group_by("region", "year").agg(pl.col("person").n_unique().alias("n"))
    )
    assert class_findings(gate.judge("t.csv", table.write_csv())) == []


@settings(max_examples=12, deadline=None)
@given(order=st.permutations(range(3)), columns=st.permutations(range(3)))
def test_order_changes_nothing(on: Any, order: list[int], columns: list[int]) -> None:
    rows = patients(40)
    table = rows.group_by("group", "ill").len("n").sort("group", "ill")
    shuffled = table[order].select(table.columns[c] for c in columns)
    severities = [
        {(f.check, f.severity) for f in on(rows, "p").judge("t.csv", t.write_csv()).findings} for t in (table, shuffled)
    ]
    assert severities[0] == severities[1]
