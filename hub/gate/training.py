"""The rows that a model was fitted on, by its author's declaration, and what it says of them and of the others.

A declaration names the dataset and, by its filter, the rows that were used; the rows that the filter does not take are
those that the model never saw. Without one, a file of the datasets that has the model's columns is tried as a whole.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import polars as pl

from hub.domain.errors import InvalidError
from hub.gate.arrays import Numbers
from hub.gate.cells import ValueClass, table_key
from hub.gate.context import Context
from hub.gate.datasets import UNIT, DataFile
from hub.gate.filter_language import Node, parse
from hub.gate.filtering import condition, has_columns
from hub.gate.fragments import Fragment
from hub.gate.model_forms import LEAF, LinearForm, ModelForm, TreeForm, known_model

MOST_VALUES = 20_000_000
"""Values of features and outcomes that are computed at once; a model on more is a steward's."""
MODEL = "model"
_OUTCOME, _SIDE = "__outcome", "__seen"
_DECIMALS = 9
_LEAST = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Records:
    """Complete records: features in order, the outcome (a class by its number), their units, and which were used."""

    features: Numbers
    outcome: Numbers
    units: pl.Series
    seen: Numbers

    def part(self, *, seen: bool) -> Records:
        """Those that the model was fitted on, or the others."""
        kept = self.seen == seen
        return Records(self.features[kept], self.outcome[kept], self.units.filter(pl.Series(kept)), self.seen[kept])


@dataclass(frozen=True, slots=True, eq=False)
class Training:
    """What is known of a model's training; ``fault`` says what is wrong with the declaration, ``why`` what is unknown.

    ``declared`` is true where its author said which rows they are. Counts were rounded to multiples of ``step``.
    """

    records: Records | None = None
    declared: bool = False
    step: int = 1
    fault: str = ""
    why: str = ""


def training(model: ModelForm, context: Context) -> Training:
    """Return the records behind a model; worked out once and kept for the other checks."""
    return context.once("training", (model,), lambda: _find(model, context))


def model_in(fragment: Fragment, context: Context) -> ModelForm | None:
    """Return the model that a document is, read once; one with faults is none."""
    return context.once(MODEL, (fragment,), lambda: known_model(fragment))


def is_declared(context: Context) -> bool:
    """Whether the author named a dataset or the rows of one."""
    return bool(context.table.dataset or context.table.filter.strip())


def _find(model: ModelForm, context: Context) -> Training:
    declared = is_declared(context)
    if declared and context.table.dataset not in ("", *(d.name for d in context.datasets)):
        said = "The declared dataset is not mounted where this file comes from. Declare the one of the model's rows."
        return Training(fault=said)
    if not context.datasets:
        return Training(why="no dataset was given to compare it with")
    try:
        node = parse(context.table.filter) if context.table.filter.strip() else None
        files = [f for d in context.datasets if context.table.dataset in ("", d.name) for f in d.files]
        found = [r for f in files if (r := _records(model, f, node)) is not None]
    except InvalidError as error:
        return Training(fault=str(error))
    if not found and any(_is_too_large(model, file) for file in files):
        return Training(why="the dataset is too large to run it on")
    if not found and declared:
        return Training(
            fault="The declared dataset does not have the columns that the model's features, outcome and filter name. "
            "Name features as its columns, or as column=value."
        )
    if not found:
        return Training(why="its features and outcome are no columns of a dataset")
    step = max(context.policy.rounding_base, math.ceil(context.table.rounding))
    best = max(found, key=lambda records: _fit(model, records, step))
    if not declared and not agrees(model, best, step):
        return Training(why="no dataset as a whole gives it")
    return Training(best, declared, step)


def _fit(model: ModelForm, records: Records, step: int) -> tuple[bool, int]:
    return agrees(model, records, step), -abs(int(records.seen.sum()) - model.records)


def agrees(model: ModelForm, records: Records, step: int) -> bool:
    """Whether the records that were used are as many as the model says, in each of its leaves."""
    seen = records.part(seen=True)
    if isinstance(model, TreeForm):
        return not differing_leaves(model, seen, step)
    return abs(len(seen.outcome) - model.records) < step


def differing_leaves(tree: TreeForm, seen: Records, step: int) -> list[int]:
    """Return the leaves that hold other numbers of records than the tree says, beyond what rounding explains."""
    at = leaves_of(tree, seen.features)
    found = []
    for leaf in tree.leaves:
        outcomes = seen.outcome[at == leaf]
        kinds = range(len(tree.classes)) if tree.classes else ()
        counts = tuple(int((outcomes == kind).sum()) for kind in kinds) or (len(outcomes),)
        if any(abs(own - said) >= step for own, said in zip(counts, tree.counts[leaf] or (), strict=True)):
            found.append(leaf)
    return found


def _records(model: ModelForm, file: DataFile, node: Node | None) -> Records | None:
    """Return the file's complete records, or None where it does not have the columns, or too many rows."""
    features = [_feature(name, file) for name in model.features]
    outcome = _outcome(model, file)
    if outcome is None or any(f is None for f in features) or (node is not None and not has_columns(node, file)):
        return None
    if _is_too_large(model, file):
        return None
    columns = [f.cast(pl.Float64).alias(f"f{n}") for n, f in enumerate(features) if f is not None]
    side = pl.lit(value=True) if node is None else condition(node, file)
    names = [f"f{n}" for n in range(len(features))]
    told = file.select(*columns, outcome.cast(pl.Float64).alias(_OUTCOME), side.alias(_SIDE))
    rows = told.drop_nulls([*names, _OUTCOME, _SIDE]).collect()
    rows = rows.filter(pl.all_horizontal(pl.col(*names, _OUTCOME).is_finite()))
    return Records(rows.select(names).to_numpy(), rows[_OUTCOME].to_numpy(), rows[UNIT], rows[_SIDE].to_numpy())


def _is_too_large(model: ModelForm, file: DataFile) -> bool:
    return file.height * (len(model.features) + 1) > MOST_VALUES


def _feature(name: str, file: DataFile) -> pl.Expr | None:
    """A column of numbers, or whether a column has the value behind the sign of equality."""
    column = file.names.get(name.strip().casefold())
    if column is not None:
        is_number = file.value_class(column) in (ValueClass.NUMBER, ValueClass.TRUTH)
        return pl.col(column) if is_number else None
    before, mark, value = name.partition("=")
    column = file.names.get(before.strip().casefold())
    if not mark or column is None:
        return None
    return _is_value(column, value, file)


def _is_value(column: str, value: str, file: DataFile) -> pl.Expr:
    key = table_key(pl.col("v"), file.value_class(column), _DECIMALS)
    wanted = pl.DataFrame({"v": [value]}).select(key).item()
    return file.key(column, _DECIMALS) == pl.lit(wanted)


def _outcome(model: ModelForm, file: DataFile) -> pl.Expr | None:
    """The number of the record's class, or the number that is predicted; nothing where it is another class."""
    if not model.classes:
        return _feature(model.outcome, file)
    column = file.names.get(model.outcome.strip().casefold())
    labels = [str(label).lower() if isinstance(label, bool) else str(label) for label in model.classes]
    if column is None:
        derived = _feature(model.outcome, file)
        return derived.cast(pl.Float64) if derived is not None and labels in (["0", "1"], ["false", "true"]) else None
    chosen = pl.lit(None, pl.Float64)
    for number, label in enumerate(labels):
        chosen = pl.when(_is_value(column, label, file)).then(float(number)).otherwise(chosen)
    return chosen


def leaves_of(tree: TreeForm, features: Numbers) -> Numbers:
    """Return the leaf that each record falls into, as scikit-learn compares: single-precision features."""
    left, right = np.array(tree.left), np.array(tree.right)
    column = np.array([f or 0 for f in tree.feature])
    threshold = np.array([t or 0.0 for t in tree.threshold])
    single = features.astype(np.float32)
    at = np.zeros(len(single), dtype=np.int64)
    moving = np.flatnonzero(left[at] != LEAF)
    while moving.size:
        node = at[moving]
        goes_left = single[moving, column[node]] <= threshold[node]
        at[moving] = np.where(goes_left, left[node], right[node])
        moving = moving[left[at[moving]] != LEAF]
    return at


def losses(model: ModelForm, records: Records) -> Numbers:
    """Return how wrong the model is on each record: the log loss of its class, or the squared error."""
    if isinstance(model, TreeForm):
        return _tree_losses(model, records)
    predicted = records.features @ np.array(model.coefficients) + model.intercept
    return _linear_losses(model, predicted, records.outcome)


def _tree_losses(tree: TreeForm, records: Records) -> Numbers:
    at = leaves_of(tree, records.features)
    if not tree.classes:
        means = np.array([value or 0.0 for value in tree.values])
        missed: Numbers = np.square(records.outcome - means[at])
        return missed
    shares = np.zeros((len(tree.left), len(tree.classes)))
    for leaf in tree.leaves:
        shares[leaf] = np.array(tree.counts[leaf]) / max(tree.count(leaf), 1)
    likely: Numbers = shares[at, records.outcome.astype(np.int64)]
    return -np.log(np.maximum(likely, _LEAST))


def _linear_losses(model: LinearForm, predicted: Numbers, outcome: Numbers) -> Numbers:
    missed: Numbers = np.square(outcome - predicted)
    return missed if not model.classes else np.logaddexp(0.0, np.where(outcome == 1, -predicted, predicted))
