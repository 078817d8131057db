"""Facts about trees and linear models as JSON: run again, counted leaf by leaf, and attacked."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doubles.models import leaf_counts, tree_form
from hub.domain.exports import Severity
from hub.domain.table_context import TableContext
from hub.gate import training
from hub.gate.exchange import Verdict


def patients(count: int = 600) -> pl.DataFrame:
    draw = np.random.default_rng(4)
    age = draw.integers(20, 80, count)
    risk = np.where(age > 49, 0.7, 0.3)
    return pl.DataFrame(
        {
            "u": [f"p{n}" for n in range(count)],
            "age": age,
            "sex": draw.choice(["f", "m"], count),
            "cost": (draw.lognormal(6, 0.5, count) + age).round(2),
            "ill": np.where(draw.random(count) < risk, "yes", "no"),
            "year": draw.choice([2020, 2021], count, p=[0.6, 0.4]),
        }
    )


ROWS = patients()
DATASET = TableContext("d")
YEAR = TableContext("d", filter="year = 2020")


def tree(rows: pl.DataFrame, threshold: float = 49.5, **more: Any) -> dict[str, Any]:
    """One split by age, with the counts of the rows."""
    return tree_form(leaf_counts(rows, threshold), threshold, **more)


def mean_tree(rows: pl.DataFrame, threshold: float = 49.5) -> dict[str, Any]:
    sides = [rows.filter(pl.col("age") <= threshold), rows.filter(pl.col("age") > threshold)]
    made = tree(rows, threshold, outcome="cost", values=[None, *(round(float(s["cost"].mean()), 2) for s in sides)])  # type: ignore[arg-type]
    made["counts"] = [None, *([side.height] for side in sides)]
    del made["classes"]
    return made


def linear(rows: pl.DataFrame, **more: Any) -> dict[str, Any]:
    age = rows["age"].to_numpy()
    slope, intercept = np.polyfit(age, rows["cost"].to_numpy(), 1)
    return {
        "form": "datalab-linear/1",
        "outcome": "cost",
        "features": ["age"],
        "intercept": float(intercept),
        "coefficients": [float(slope)],
        "records": rows.height,
    } | more


def ask(gate: Any, document: dict[str, Any], table: TableContext | None = None) -> Any:
    return gate.judge("m.json", json.dumps(document), table)


@pytest.fixture(scope="module")
def clinic(on: Any) -> Any:
    return on(ROWS, "u")


def test_a_tree_of_large_mixed_leaves_is_read_by_a_steward(clinic: Any, make: Any) -> None:
    found = ask(clinic, tree(ROWS))
    assert found.verdict is Verdict.REVIEW
    assert make.checks(found, Severity.REVIEW) == {"model"}
    assert found.canonical is not None


@pytest.mark.parametrize(
    "fault",
    [
        {"left": [1, -1]},
        {"left": [2, -1, -1]},
        {"left": [0, -1, -1]},
        {"left": [3, -1, -1]},
        {"right": [1, -1, -1]},
        {"right": [2, 2, -1]},
        {"feature": [1, None, None]},
        {"feature": [None, None, None]},
        {"feature": [0, 0, None]},
        {"threshold": [None, None, None]},
        {"counts": [[1, 2], [100, 80], [100, 90]]},
        {"counts": [None, [100], [100, 90]]},
        {"counts": [None, None, [100, 90]]},
        {"counts": [None, [100, -1], [100, 90]]},
        {"counts": [None, [100, 1.5], [100, 90]]},
        {"features": ["age", "age"]},
        {"features": []},
        {"classes": ["no", "no"]},
        {"values": [None, 0.5, 0.5]},
        {"comment": "P00042"},
        {"form": "datalab-tree/2"},
        {"outcome": 3},
    ],
)
def test_a_document_that_is_not_of_its_form_blocks(clinic: Any, make: Any, fault: dict[str, Any]) -> None:
    found = ask(clinic, tree(ROWS) | fault)
    assert "model-form" in make.checks(found)
    assert "P00042" not in make.sentences(found)


@pytest.mark.parametrize(
    "document",
    [
        {"children_left": [1, -1, -1], "children_right": [2, -1, -1], "threshold": [0.5, -2, -2]},
        {"learner": {"trees": [{"left_children": [1], "split_conditions": [0.5]}]}, "tree_info": [0]},
        {"nodeid": 0, "split": "age", "split_condition": 3, "children": [{"nodeid": 1, "leaf": 0.5}]},
    ],
)
def test_a_tree_of_another_form_blocks(clinic: Any, make: Any, document: dict[str, Any]) -> None:
    assert "model-form" in make.checks(ask(clinic, document))


def test_a_document_with_one_such_word_is_no_tree(clinic: Any, make: Any) -> None:
    assert "model-form" not in make.checks(ask(clinic, {"threshold": 0.5, "left": 3}))


@pytest.mark.parametrize(("few", "blocks"), [(9, True), (10, False)])
def test_a_leaf_of_few_records_blocks_by_what_it_states(gate: Any, make: Any, few: int, blocks: bool) -> None:
    document = tree(ROWS) | {"counts": [None, [few, few], [300, 300 - few]]}
    assert ("tree-leaves" in make.checks(ask(gate.without_data(), document))) is blocks


@pytest.mark.parametrize(("few", "blocks"), [(9, True), (10, False), (1, True)])
def test_a_class_of_few_in_a_large_leaf_blocks(gate: Any, make: Any, few: int, blocks: bool) -> None:
    document = tree(ROWS) | {"counts": [None, [few, 200], [200, 200]]}
    assert ("tree-leaves" in make.checks(ask(gate.without_data(), document))) is blocks


def test_a_leaf_counts_units_and_not_records(on: Any, make: Any) -> None:
    few = [f"q{n % 8}" for n in range(ROWS.height)]
    rows = ROWS.with_columns(u=pl.when(pl.col("age") > 49).then(pl.Series(few)).otherwise("u"))
    found = ask(on(rows, "u"), tree(rows))
    assert "tree-leaves" in make.checks(found)
    assert "leaf 2" in make.sentences(found)
    (detail,) = [f.detail for f in found.findings if f.check == "tree-leaves"]
    assert "8" in detail
    assert "tree-leaves" not in make.checks(ask(on(ROWS, "u"), tree(ROWS)))


@pytest.mark.parametrize(
    ("counts", "severity"),
    [
        ([[100, 0], [100, 90]], "block"),
        ([[0, 100], [100, 90]], "block"),
        ([[99, 12], [100, 90]], None),
    ],
)
def test_a_leaf_of_one_class_blocks(gate: Any, counts: list[list[int]], severity: str | None) -> None:
    found = ask(gate.without_data(), tree(ROWS) | {"counts": [None, *counts]})
    said = [(str(f.severity), f.parameters) for f in found.findings if f.check == "pure-leaves"]
    assert said == ([(severity, (("class_percent", str(gate.policy.class_percent)),))] if severity else [])


def test_a_leaf_where_one_of_three_classes_is_missing_is_read(gate: Any) -> None:
    three = {"classes": ["a", "b", "c"], "counts": [None, [50, 60, 0], [50, 60, 70]]}
    found = ask(gate.without_data(), tree(ROWS) | three)
    assert {str(f.severity) for f in found.findings if f.check == "pure-leaves"} == {"review"}


@pytest.mark.parametrize(("percent", "blocks"), [(90, True), (91, False)])
def test_the_policy_says_what_share_of_a_leaf_is_too_much(gate: Any, make: Any, percent: int, blocks: bool) -> None:
    strict = gate.without_data().under(class_percent=percent)
    assert ("pure-leaves" in make.checks(ask(strict, tree(ROWS) | {"counts": [None, [900, 100], [100, 90]]}))) is blocks


def test_counts_are_multiples_of_the_rounding_base(clinic: Any, make: Any) -> None:
    rounded = clinic.under(rounding_base=5)
    document = tree(ROWS)
    assert "tree-leaves" in make.checks(ask(rounded, document))
    document["counts"] = [None, *([n // 5 * 5 for n in leaf] for leaf in document["counts"][1:])]
    found = ask(rounded, document, DATASET)
    assert not make.checks(found)


def test_a_tree_is_run_again_on_what_was_declared(clinic: Any, make: Any) -> None:
    part = ROWS.filter(pl.col("year") == 2020)
    assert "model-training" not in make.checks(ask(clinic, tree(part), YEAR))
    wrong = ask(clinic, tree(ROWS), YEAR)
    assert "model-training" in make.checks(wrong)
    assert "leaves 1, 2" in make.sentences(wrong)
    unsaid = ask(clinic, tree(part))
    assert {str(f.severity) for f in unsaid.findings if f.check == "model-training"} == {"review"}


@pytest.mark.parametrize(
    "table",
    [
        TableContext("elsewhere"),
        TableContext("d", filter="nowhere = 1"),
        TableContext("d", filter="year ="),
        TableContext("d", filter="sex = 3"),
    ],
)
def test_a_declaration_with_a_fault_blocks(clinic: Any, make: Any, table: TableContext) -> None:
    assert "model-training" in make.checks(ask(clinic, tree(ROWS), table))


def test_features_may_be_values_of_columns(clinic: Any, make: Any) -> None:
    women, men = ROWS.filter(pl.col("sex") == "f"), ROWS.filter(pl.col("sex") == "m")
    counts = [[int((side["ill"] == label).sum()) for label in ("no", "yes")] for side in (men, women)]
    document = tree(ROWS) | {"features": ["sex=f"], "threshold": [0.5, None, None], "counts": [None, *counts]}
    assert "model-training" not in make.checks(ask(clinic, document, DATASET))
    turned = document | {"features": ["sex=m"]}
    assert "model-training" in make.checks(ask(clinic, turned, DATASET))


def test_a_mean_of_a_leaf_that_one_unit_makes_up_blocks(on: Any, make: Any) -> None:
    rows = ROWS.with_columns(cost=pl.when(pl.col("u") == "p0").then(5e7).otherwise("cost"))
    assert "leaf-dominance" in make.checks(ask(on(rows, "u"), mean_tree(rows)))
    assert "leaf-dominance" not in make.checks(ask(on(ROWS, "u"), mean_tree(ROWS)))


@pytest.mark.parametrize("p_percent", [10, 0])
def test_dominated_leaves_are_named_in_their_order(on: Any, p_percent: int) -> None:
    rich = [ROWS.filter(old)["u"][0] for old in (pl.col("age") <= 49, pl.col("age") > 49)]
    rows = ROWS.with_columns(cost=pl.when(pl.col("u").is_in(rich)).then(5e7).otherwise("cost"))
    found = ask(on(rows, "u").under(p_percent=p_percent), mean_tree(rows)).findings
    (place,) = [f.place for f in found if f.check == "leaf-dominance"]
    assert place.endswith(", leaves 1, 2")


def test_a_mean_of_equal_outcomes_blocks(on: Any, make: Any) -> None:
    rows = ROWS.with_columns(cost=pl.when(pl.col("age") > 49).then(7.0).otherwise("cost"))
    assert "pure-leaves" in make.checks(ask(on(rows, "u"), mean_tree(rows)))
    assert "pure-leaves" not in make.checks(ask(on(ROWS, "u"), mean_tree(ROWS)))


def test_a_linear_model_is_read_by_a_steward(clinic: Any, make: Any) -> None:
    found = ask(clinic, linear(ROWS), DATASET)
    assert not make.checks(found)
    assert "model" in make.checks(found, Severity.REVIEW)


@pytest.mark.parametrize("fault", [{"coefficients": [1.0, 2.0]}, {"classes": ["a"]}, {"records": 0}, {"records": None}])
def test_a_linear_model_with_a_fault_blocks(clinic: Any, make: Any, fault: dict[str, Any]) -> None:
    assert "model-form" in make.checks(ask(clinic, linear(ROWS) | fault))


def test_a_linear_model_on_other_rows_than_declared_blocks(clinic: Any, make: Any) -> None:
    assert "model-training" in make.checks(ask(clinic, linear(ROWS), YEAR))


@pytest.mark.parametrize(("records", "blocks"), [(12, False), (11, True)])
def test_a_document_keeps_degrees_of_freedom(gate: Any, make: Any, records: int, blocks: bool) -> None:
    assert ("model-parameters" in make.checks(ask(gate.without_data(), linear(ROWS, records=records)))) is blocks


def test_a_dummy_of_few_units_blocks_in_a_document(on: Any, make: Any) -> None:
    rows = ROWS.with_columns(
        region=pl.when(pl.col("u").is_in(["p1", "p2"])).then(pl.lit("Nord")).otherwise(pl.lit("Sud"))
    )
    for region, blocks in (("Nord", True), ("Sud", False)):
        found = ask(on(rows, "u"), linear(rows) | {"features": [f"region={region}"]})
        assert ("dummy-support" in make.checks(found)) is blocks


def test_a_column_in_the_place_of_coefficients_blocks(clinic: Any, make: Any) -> None:
    costs = ROWS["cost"].head(60).to_list()
    document = linear(ROWS) | {"features": [f"x{n}" for n in range(60)], "coefficients": costs}
    assert "column-leak" in make.checks(ask(clinic, document))
    other = document | {"coefficients": [n * 0.37 - 7 for n in range(60)]}
    assert "column-leak" not in make.checks(ask(clinic, other))


def test_a_model_on_too_much_data_is_judged_by_what_it_states(
    clinic: Any, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "MOST_VALUES", 100)
    found = ask(clinic, tree(ROWS), DATASET)
    assert found.verdict is Verdict.REVIEW
    assert "model-training" in make.checks(found, Severity.REVIEW)


def remembering(rows: pl.DataFrame, leaves: int) -> dict[str, Any]:
    """A tree of equal steps of cost, as one that is grown too far."""
    edges = np.quantile(rows["cost"].to_numpy(), np.arange(1, leaves) / leaves).round(2)
    nodes: dict[str, list[Any]] = {name: [] for name in ("left", "right", "feature", "threshold", "counts")}
    for edge in edges:
        at = len(nodes["left"])
        for name, said in (
            ("left", at + 1),
            ("right", at + 2),
            ("feature", 0),
            ("threshold", float(edge)),
            ("counts", None),
        ):
            nodes[name].append(said)
        add_leaf(nodes)
    add_leaf(nodes)
    values = rows["cost"].to_numpy().astype(np.float32)
    at = np.searchsorted(edges, values, side="left")
    held = [n for n, left in enumerate(nodes["left"]) if left == -1]
    for number, node in enumerate(held):
        ill = rows.filter(pl.Series(at == number))["ill"]
        nodes["counts"][node] = [int((ill == label).sum()) for label in ("no", "yes")]
    return {"form": "datalab-tree/1", "outcome": "ill", "classes": ["no", "yes"], "features": ["cost"]} | nodes


def add_leaf(nodes: dict[str, list[Any]]) -> None:
    for name, said in (("left", -1), ("right", -1), ("feature", None), ("threshold", None), ("counts", [])):
        nodes[name].append(said)


def test_a_tree_that_remembers_its_records_is_found_by_an_attack(on: Any, make: Any) -> None:
    rows = patients(3000)
    part = rows.filter(pl.col("year") == 2020)
    clinic = on(rows, "u")
    found = ask(clinic, remembering(part, 600), YEAR)
    assert "membership" in make.checks(found)
    assert "Area under the curve 0.6" in detail_of(found) or "Area under the curve 0.7" in detail_of(found)
    assert "Area" not in make.sentences(found)


def test_a_tree_that_does_not_is_only_noted(on: Any, make: Any) -> None:
    rows = patients(3000)
    found = ask(on(rows, "u"), tree(rows.filter(pl.col("year") == 2020)), YEAR)
    assert "membership" not in make.checks(found)
    assert "membership" in make.checks(found, Severity.NOTE)
    assert found.verdict is Verdict.REVIEW
    assert "at 0.1 % false positives" in detail_of(found)


def test_a_linear_model_that_remembers_is_found(on: Any, make: Any) -> None:
    draw = np.random.default_rng(8)
    rows = patients(300).with_columns(**{f"x{n}": draw.normal(size=300) for n in range(120)})
    part = rows.filter(pl.col("year") == 2020)
    names = [f"x{n}" for n in range(120)]
    fitted, *_ = np.linalg.lstsq(np.c_[part.select(names).to_numpy(), np.ones(part.height)], part["cost"].to_numpy())
    document = linear(part) | {
        "features": names,
        "coefficients": fitted[:-1].tolist(),
        "intercept": float(fitted[-1]),
    }
    assert "membership" in make.checks(ask(on(rows, "u"), document, YEAR))


def test_without_other_rows_membership_is_not_tried(clinic: Any, make: Any) -> None:
    found = ask(clinic, tree(ROWS), DATASET)
    assert "membership" in make.checks(found, Severity.REVIEW)


def detail_of(found: Any) -> str:
    return " ".join(f.detail for f in found.findings if f.check == "membership")


@settings(max_examples=15, deadline=None)
@given(counts=st.lists(st.lists(st.integers(0, 400), min_size=2, max_size=2), min_size=2, max_size=2))
def test_a_tree_with_a_small_cell_never_passes(gate: Any, counts: list[list[int]]) -> None:
    found = ask(gate.without_data(), tree(ROWS) | {"counts": [None, *counts]})
    small = any(n < 10 for leaf in counts for n in leaf)
    assert (found.verdict is Verdict.BLOCK) is small


def test_leaves_of_one_class_name_the_policys_percent(gate: Any) -> None:
    found = ask(gate.without_data(), tree(ROWS) | {"counts": [None, [300, 0], [150, 150]]})
    (pure,) = [f for f in found.findings if f.check == "pure-leaves" and f.severity is Severity.BLOCK]
    assert [name for name, _ in pure.parameters] == ["class_percent"]


def test_without_a_dataset_training_is_said_to_be_unknown_for_that(gate: Any) -> None:
    found = ask(gate.without_data(), tree(ROWS))
    assert any("since no dataset was given to compare it with" in f.sentence for f in found.findings)


def test_a_leaf_without_anybody_blocks_as_one_of_few(gate: Any) -> None:
    found = ask(gate.without_data(), tree(ROWS) | {"counts": [None, [0, 0], [300, 300]]})
    (small,) = [f for f in found.findings if f.check == "tree-leaves"]
    assert small.severity is Severity.BLOCK
    assert small.detail == "The fewest among them: 0."


def test_declared_privacy_of_a_document_is_noted(clinic: Any, make: Any) -> None:
    found = ask(clinic, tree(ROWS) | {"privacy": {"epsilon": 2.0, "delta": 1e-6}})
    assert "declared-privacy" in make.checks(found, Severity.NOTE)
    assert found.verdict is Verdict.REVIEW


def test_an_area_that_chance_explains_is_no_finding_and_names_its_thresholds(on: Any, make: Any) -> None:
    rows = patients(300)
    found = ask(on(rows, "u").under(membership_auc=1), tree(rows.filter(pl.col("year") == 2020)), YEAR)
    (note,) = [f for f in found.findings if f.check == "membership"]
    assert note.severity is Severity.NOTE
    assert "did not reach" in note.sentence
    assert note.parameters == (("membership_auc", "1"), ("membership_hits", "10"))
    assert "too few other records" in note.detail


def test_a_model_that_is_found_is_told_so(on: Any) -> None:
    rows = patients(3000)
    found = ask(on(rows, "u"), remembering(rows.filter(pl.col("year") == 2020), 600), YEAR)
    (blocked,) = [f for f in found.findings if f.check == "membership"]
    assert "tell records that it was fitted on" in blocked.sentence
