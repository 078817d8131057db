"""Facts about dominance: a total that few units make is theirs."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from hub.domain.table_context import TableContext
from hub.gate.exchange import DatasetDescription
from hub.gate.mounted import MountedDataset, from_scans
from hub.policy.model import Dominance

RULE = "dominance"


def firms(values: list[float], group: str = "a") -> MountedDataset:
    """One row for each firm; a second, harmless group beside the one that is tried."""
    rows = [{"firm": f"f{n}", "group": group, "sales": v} for n, v in enumerate(values)]
    rows += [{"firm": f"g{n}", "group": "other", "sales": 100.0 + n} for n in range(40)]
    description = DatasetDescription(name="firms", folder="/data/firms", privacy_unit="firm")
    return from_scans(description, {"firms.parquet": pl.DataFrame(rows).lazy()})


def judged(gate: Any, values: list[float], aggregate: str = "sum") -> Any:
    dataset = firms(values)
    scan = dataset.files[0].select(pl.col("group"), pl.col("sales")).collect()
    figure = pl.col("sales").sum() if aggregate == "sum" else pl.col("sales").mean()
    table = scan.group_by("group").agg(figure).sort("group").write_csv()
    own = type(gate)(gate.policy, (dataset,))
    return own.judge("t.csv", table, TableContext("firms", ("group",), "sales", aggregate))


@pytest.mark.parametrize("aggregate", ["sum", "mean"])
def test_two_firms_with_ninety_percent_block(gate: Any, make: Any, aggregate: str) -> None:
    result = judged(gate, [450.0, 450.0, *[100 / 18] * 18], aggregate)
    assert RULE in make.checks(result)
    assert any("(2, 90 %)" in f.rule for f in result.findings)
    assert any(f.place == "t.csv, row 1, column group" for f in result.findings if f.check == RULE)


def test_the_share_itself_blocks_and_a_little_less_passes(gate: Any, make: Any) -> None:
    assert RULE in make.checks(judged(gate, [450.0, 450.0, *[10.0] * 10]))
    assert RULE not in make.checks(judged(gate, [440.0, 440.0, *[12.0] * 10]))


def test_the_second_largest_must_not_estimate_the_largest(gate: Any, make: Any) -> None:
    close = judged(gate.under(dominance=()), [1000.0, *[9.0] * 11])
    assert any("p % rule" in f.rule for f in close.findings)
    assert RULE not in make.checks(judged(gate.under(dominance=()), [1000.0, *[10.0] * 11]))


def test_negative_amounts_count_by_their_size(gate: Any, make: Any) -> None:
    assert RULE in make.checks(judged(gate, [-900.0, 900.0, *[5.0] * 12]))


def test_a_total_of_nothing_is_everybodys_value(gate: Any, make: Any) -> None:
    assert RULE in make.checks(judged(gate, [0.0] * 20))


def test_even_shares_pass(gate: Any) -> None:
    assert judged(gate, [100.0, 120.0] * 10).verdict == "none"


def test_all_of_a_units_rows_are_its_own(gate: Any, make: Any, data: pl.DataFrame) -> None:
    """One person holds most of the income of “Sud” over four rows, none of which dominates alone."""
    table = data.group_by("region").agg(pl.col("income").sum()).filter(pl.col("region") != "Nord").sort("region")
    result = gate.judge("t.csv", table.write_csv(), TableContext("survey", ("region",), "income", "sum"))
    row = table["region"].to_list().index("Sud") + 1
    places = [f.place for f in result.findings if f.check == RULE]
    assert places == [f"t.csv, row {row}, column region"] * len(places)
    assert places


def test_a_measure_is_recognised_by_its_header(gate: Any, make: Any, data: pl.DataFrame) -> None:
    table = data.group_by("region").agg(pl.col("income").sum().alias("total_income")).filter(pl.col("region") != "Nord")
    assert RULE in make.checks(gate.judge("t.csv", table.write_csv()))


def test_without_the_rules_nothing_is_dominated(gate: Any, make: Any) -> None:
    mild = gate.under(dominance=(), p_percent=0)
    assert RULE not in make.checks(judged(mild, [1000.0, *[0.1] * 20]))


def test_each_rule_of_a_merged_policy_applies(gate: Any) -> None:
    both = gate.under(dominance=(Dominance(n=1, k=60), Dominance(n=3, k=95)), p_percent=0)
    rules = {f.rule for f in judged(both, [700.0, *[15.0] * 20]).findings if f.check == RULE}
    assert rules == {"(1, 60 %) dominance (uk-sacro)"}


def found_in(result: Any) -> list[Any]:
    return [finding for finding in result.findings if finding.check == RULE]


def test_what_holds_the_most_is_said_with_the_rule_and_its_share_to_stewards_alone(gate: Any) -> None:
    own = gate.under(p_percent=0)
    (found,) = found_in(judged(own, [500.0, 450.0, *[2.5] * 20]))
    assert "the 2 largest units together hold 90 % of the total of sales or more" in found.sentence
    assert "95" not in found.sentence
    assert found.detail == "The highest share among these cells: 95 %."
    assert found.parameters == (("dominance", str(own.policy.dominance)),)
    assert found.fix is not None
    assert (found.fix.rows, found.fix.columns) == ((1,), (2,))


def test_the_largest_unit_alone_and_the_estimate_are_said_as_such(gate: Any) -> None:
    one, close = (
        found_in(judged(gate.under(**policy), [1000.0, *[5.0] * 12]))
        for policy in ({"dominance": (Dominance(n=1, k=60),), "p_percent": 0}, {"dominance": ()})
    )
    assert "the largest unit holds 60 % of the total of sales or more" in one[0].sentence
    assert "the second largest unit could estimate the largest one's sales to within 10 %" in close[0].sentence
    assert close[0].rule == "p % rule, p = 10 (uk-sacro)"
    assert (close[0].detail, close[0].parameters) == ("", (("p_percent", "10"),))


@pytest.mark.parametrize(("others", "is_dominated"), [(8, False), (9, True)])
def test_cells_of_fewer_units_than_the_threshold_are_the_minimum_frequencys(
    gate: Any, make: Any, others: int, is_dominated: bool
) -> None:
    result = judged(gate, [1000.0, *[1.0] * others])
    assert (RULE in make.checks(result)) is is_dominated
    assert ("minimum-frequency" in make.checks(result)) is not is_dominated
