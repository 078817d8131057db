"""Facts about models as documents: so many features and no more, and foreign trees that are told by their names."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError

from hub.gate.model_forms import MOST_FEATURES, LinearForm, TreeForm, is_foreign_tree
from hub.gate.training import Records, losses

TREE = {
    "form": "datalab-tree/1",
    "outcome": "pay",
    "features": ["age"],
    "left": [1, -1, -1],
    "right": [2, -1, -1],
    "feature": [0, None, None],
    "threshold": [40.5, None, None],
    "counts": [None, [30], [20]],
    "values": [None, 12.0, 20.0],
}


@pytest.mark.parametrize(("count", "fits"), [(MOST_FEATURES, True), (MOST_FEATURES + 1, False)])
def test_a_model_has_so_many_features_and_no_more(count: int, fits: bool) -> None:
    told = {"form": "datalab-linear/1", "outcome": "y", "intercept": 0.0, "records": 9_000}
    told |= {"features": [f"x{n}" for n in range(count)], "coefficients": [0.5] * count}
    if fits:
        assert len(LinearForm.model_validate_json(json.dumps(told)).features) == count
    else:
        with pytest.raises(ValidationError):
            LinearForm.model_validate_json(json.dumps(told))


@pytest.mark.parametrize(
    ("names", "is_foreign"),
    [
        (("children_left", "children_right"), True),
        (("children_left",), False),
        (("left_child", "right_child", "x"), True),
        (("split", "split_condition"), True),
        (("split",), False),
        (("tree_info",), True),
    ],
)
def test_a_foreign_tree_is_told_by_names_that_stand_together(names: tuple[str, ...], is_foreign: bool) -> None:
    assert is_foreign_tree(dict.fromkeys(names, 1)) is is_foreign
    assert is_foreign_tree([{"model": dict.fromkeys(names, 1)}]) is is_foreign


def test_a_tree_that_predicts_a_number_misses_by_its_leaves_means() -> None:
    tree = TreeForm.model_validate_json(json.dumps(TREE))
    ages, pay = np.array([[30.0], [50.0], [40.0]]), np.array([12.0, 23.0, 10.0])
    records = Records(ages, pay, pl.Series([1, 2, 3]), np.array([True] * 3))
    assert losses(tree, records).tolist() == [0.0, 9.0, 4.0]
