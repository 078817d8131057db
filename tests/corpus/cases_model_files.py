"""Models that others are to run: arrays, decision trees and linear models."""

from __future__ import annotations

import bz2
import json
from typing import Any

import numpy as np
import polars as pl

from corpus.case import Offer, Offered, bad, good
from corpus.data import survey
from hub.domain.exports import Severity
from hub.domain.table_context import TableContext
from hub.gate.array_types import ArrayType
from hub.gate.arrays import array_of
from hub.gate.canonical_arrays import write_safetensors
from hub.gate.fragments import ArraysFragment

READ = "a steward reads every model"
EARLY = TableContext("survey", filter="year <= 2020")
WEIGHTS = np.random.default_rng(21).normal(size=(6, 4))


def arrays(kind: ArrayType = ArrayType.F32, **numbers: Any) -> bytes:
    """A file of arrays."""
    parts = tuple(array_of(name, np.asarray(numbers[name], dtype=float), kind) for name in sorted(numbers))
    return write_safetensors(ArraysFragment(arrays=parts))


def with_metadata(content: bytes, **said: str) -> bytes:
    """The same with texts beside the arrays."""
    length = int.from_bytes(content[:8], "little")
    header = json.dumps(json.loads(content[8 : 8 + length]) | {"__metadata__": said}).encode()
    return len(header).to_bytes(8, "little") + header + content[8 + length :]


def early() -> pl.DataFrame:
    """The rows that the filter takes."""
    return survey().filter(pl.col("year") <= 2020)


def tree(rows: pl.DataFrame, column: str, edges: list[float]) -> dict[str, Any]:
    """A tree of smokers, split at the edges of a column from below."""
    left, right, feature, threshold, counts = [], [], [], [], []
    for number in range(len(edges) + 1):
        below = edges[number - 1] if number else -np.inf
        above = edges[number] if number < len(edges) else np.inf
        leaf = rows.filter((pl.col(column) > below) & (pl.col(column) <= above))["smoker"]
        held = [int((~leaf).sum()), int(leaf.sum())]
        nodes = [(edges[number], None), (None, held)] if number < len(edges) else [(None, held)]
        for edge, count in nodes:
            at = len(left)
            left.append(at + 1 if edge is not None else -1)
            right.append(at + 2 if edge is not None else -1)
            feature.append(0 if edge is not None else None)
            threshold.append(edge)
            counts.append(count)
    made = {"left": left, "right": right, "feature": feature, "threshold": threshold, "counts": counts}
    return {"form": "datalab-tree/1", "outcome": "smoker", "classes": [False, True], "features": [column]} | made


def mean_tree(column: str) -> dict[str, Any]:
    """A tree of the mean of a column, split by visits."""
    sides = [survey().filter(pl.col("visits") <= 30), survey().filter(pl.col("visits") > 30)]
    made = tree(survey(), "visits", [30.0]) | {"outcome": column, "counts": [None, *([side.height] for side in sides)]}
    del made["classes"]
    return made | {"values": [None, *(round(float(side[column].to_numpy().mean()), 2) for side in sides)]}


def offered(document: dict[str, Any], said: TableContext | None = None) -> Offer:
    """A document with what its author declares."""
    return Offered({"model.json": json.dumps(document)}, {"model.json": said} if said else {})


@bad("model", severity=Severity.REVIEW)
def a_network() -> Offer:
    """A small network's weights, which nobody has read."""
    return {"network.safetensors": arrays(weight=WEIGHTS, bias=WEIGHTS[0])}


@good("model", review=READ)
def a_smaller_network() -> Offer:
    """The weights of one layer."""
    return {"layer.safetensors": arrays(weight=WEIGHTS)}


@bad("model-form")
def a_tree_of_another_form() -> Offer:
    """A decision tree as scikit-learn names its parts, whose leaves nobody can count."""
    return {"tree.json": json.dumps({"children_left": [1, -1, -1], "children_right": [2, -1, -1]})}


@good("model-form", review=READ)
def a_tree_of_the_gates_form() -> Offer:
    """A decision tree in the gate's form, with two large leaves."""
    return offered(tree(survey(), "visits", [30.0]))


@bad("model-training")
def a_tree_of_other_rows() -> Offer:
    """A tree whose author declares other rows than it was grown on."""
    return offered(tree(survey(), "visits", [30.0]), EARLY)


@good("model-training", review=READ)
def a_tree_of_its_rows() -> Offer:
    """A tree of the years that its author declares."""
    return offered(tree(early(), "visits", [30.0]), EARLY)


@bad("stored-records")
def nearest_neighbours() -> Offer:
    """Nearest neighbours, with the few records that they keep."""
    return {"knn.json": json.dumps({"model": "KNeighborsClassifier", "_fit_X": WEIGHTS.round(3).tolist()})}


@bad("stored-records")
def a_value_for_each_person() -> Offer:
    """An array with as many entries as there are people."""
    return {"effects.safetensors": arrays(effect=np.random.default_rng(3).normal(size=600))}


@good("stored-records", review=READ)
def centres_of_groups() -> Offer:
    """The centres of six groups."""
    return {"kmeans.safetensors": arrays(cluster_centers_=WEIGHTS)}


@bad("model-parameters")
def more_numbers_than_people() -> Offer:
    """A network with more weights than there are people."""
    return {"network.safetensors": arrays(weight=np.random.default_rng(4).normal(size=(31, 20)))}


@good("model-parameters", review=READ)
def fewer_numbers_than_people() -> Offer:
    """A network with a third as many."""
    return {"network.safetensors": arrays(weight=np.random.default_rng(4).normal(size=(10, 20)))}


@bad("tree-leaves")
def a_leaf_of_few() -> Offer:
    """A tree with a leaf for the few with the smallest incomes of two years."""
    return offered(tree(early(), "income", [9_000.0, 20_000.0]), EARLY)


@good("tree-leaves", review=READ)
def leaves_of_many() -> Offer:
    """A tree of three large leaves."""
    return offered(tree(early(), "visits", [20.0, 40.0]), EARLY)


@bad("tree-leaves")
def a_leaf_of_nobody() -> Offer:
    """A tree with a leaf that none of the two years' records comes to: nobody stands behind what it says."""
    return offered(tree(early(), "visits", [20.0, 1_000.0]), EARLY)


@bad("pure-leaves", data=())
def a_leaf_of_smokers() -> Offer:
    """A tree with a leaf where everybody smokes."""
    return offered(tree(survey(), "visits", [30.0]) | {"counts": [None, [0, 200], [150, 140]]})


@good("pure-leaves", data=(), review=READ)
def leaves_of_both() -> Offer:
    """The same with both in each leaf."""
    return offered(tree(survey(), "visits", [30.0]) | {"counts": [None, [90, 110], [150, 140]]})


@bad("leaf-dominance", policy="au-abs")
def a_mean_of_one_fortune() -> Offer:
    """A tree of mean wealth; one man has most of a leaf's."""
    return offered(mean_tree("wealth"))


@good("leaf-dominance", policy="au-abs", review=READ)
def a_mean_of_incomes() -> Offer:
    """A tree of mean income."""
    return offered(mean_tree("income"))


@bad("vocabulary")
def categories_with_a_rare_one() -> Offer:
    """The categories that an encoder has learned; three people are of one of them."""
    return {"encoder.json": json.dumps({"categories_": [["Est", "Nord", "Ouest", "Sud"], ["f", "m"]]})}


@good("vocabulary", review="a list is taken for a table, which no dataset gives")
def categories_of_many() -> Offer:
    """The same without the rare one."""
    return {"encoder.json": json.dumps({"categories_": [["Est", "Ouest", "Sud"], ["f", "m"]]})}


@bad("membership")
def a_tree_that_remembers() -> Offer:
    """A tree with a leaf for every handful of incomes, which knows whom it was grown on."""
    income = early()["income"].to_numpy()
    edges = np.unique(np.quantile(income, np.arange(1, 300) / 300).round())
    return offered(tree(early(), "income", edges.tolist()), EARLY)


@good("membership", review=READ)
def a_tree_that_does_not() -> Offer:
    """A tree of two leaves, grown on two years and tried on two others."""
    return offered(tree(early(), "visits", [25.0]), EARLY)


@bad("scaled-columns")
def a_standardised_column() -> Offer:
    """Incomes, standardised and put in a square."""
    income = survey()["income"].to_numpy()
    return {"embedding.safetensors": arrays(ArrayType.F64, e=((income - income.mean()) / income.std()).reshape(40, 60))}


@bad("scaled-columns")
def a_part_of_a_column() -> Offer:
    """Eighty incomes between other numbers, as they are."""
    return {"layer.safetensors": arrays(ArrayType.F64, e=survey()["income"].to_numpy()[300:380].reshape(8, 10))}


@bad("scaled-columns")
def a_large_column_in_four_bytes() -> Offer:
    """Incomes in thousandths from a large number on: four bytes leave none of their decimals."""
    income = survey()["income"].to_numpy()
    return {"embedding.safetensors": arrays(e=(income * 1000 + 3e7).reshape(40, 60))}


@good("scaled-columns", review=READ)
def random_weights() -> Offer:
    """As many weights by chance."""
    return {"layer.safetensors": arrays(ArrayType.F64, e=np.random.default_rng(5).normal(size=(8, 10)))}


SUMMARY = "Dep. Variable: income   R-squared: 0.310\nNo. Observations:       {n}   AIC: 101.2\nDf Residuals:  590\n"


def whole_numbers(content: bytes, kind: ArrayType) -> bytes:
    """A file of one array of whole numbers, which are these bytes, filled up with zeros."""
    filled = content + b"\0" * (-len(content) % kind.size)
    numbers = np.frombuffer(filled, dtype=f"<i{kind.size}")
    return write_safetensors(ArraysFragment(arrays=(array_of("table", numbers, kind),)))


def some_rows() -> bytes:
    """Rows of the survey as text, without names of people."""
    return survey().select("job", "region", "income", "wealth", "visits")[400:412].write_csv().encode()


@bad("row-leak")
def rows_as_large_whole_numbers() -> Offer:
    """A model whose one array of whole numbers has eight letters of a table in each."""
    return {"network.safetensors": whole_numbers(some_rows(), ArrayType.I64)}


@bad("row-leak")
def packed_rows_as_whole_numbers() -> Offer:
    """The same, packed by bzip2, four bytes in each number."""
    return {"network.safetensors": whole_numbers(bz2.compress(some_rows()), ArrayType.I32)}


@bad("row-leak")
def rows_as_fractions() -> Offer:
    """A model whose weights are whole, and spell a table letter by letter."""
    return {"network.safetensors": arrays(weight=np.frombuffer(some_rows(), dtype="u1"))}


@good("row-leak", review=READ)
def an_index_of_whole_numbers() -> Offer:
    """A model with an index of whole numbers of eight bytes, as a network looks words up by."""
    index = np.random.default_rng(8).integers(0, 30_000, size=200)
    return {"network.safetensors": write_safetensors(ArraysFragment(arrays=(array_of("ids", index, ArrayType.I64),)))}


@bad("header-values")
def incomes_as_names_of_arrays() -> Offer:
    """A model whose forty arrays are named for an income each."""
    incomes = {str(income): [0.5, 0.25] for income in survey()["income"][400:440]}
    return {"network.safetensors": arrays(**incomes)}


@good("header-values", review=READ)
def arrays_of_many_layers() -> Offer:
    """A model whose forty arrays are named for the layers of a network."""
    return {"network.safetensors": arrays(**{f"layers.{at}.bias": [0.5, 0.25 + at] for at in range(40)})}


@bad("model-observations", data=())
def a_summary_of_seven() -> Offer:
    """A summary of a model of seven people."""
    return {"fit.txt": SUMMARY.format(n=7)}


@good("model-observations", data=(), review="a steward reads texts with numbers")
def a_summary_of_many() -> Offer:
    """A summary of a model of six hundred."""
    return {"fit.txt": SUMMARY.format(n=600)}


@bad("declared-privacy", severity=Severity.NOTE)
def a_promise_beside_arrays() -> Offer:
    """A network whose author declares differential privacy, which changes nothing."""
    return {"network.safetensors": with_metadata(arrays(weight=WEIGHTS), epsilon="3", delta="1e-5")}


@good("declared-privacy", review=READ)
def another_word_beside_arrays() -> Offer:
    """A network whose file says by which program it was written."""
    return {"network.safetensors": with_metadata(arrays(weight=WEIGHTS), format="np")}
