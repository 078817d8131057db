"""What a file is, told to the stewards who review it: a model's shape, or what stands behind a figure.

Invariants:

* the gate's checking container makes a card of what it judged; nothing of a card decides anything;
* a card holds numbers, names of kinds, and names of columns and of the request's own files: never a value of the data.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ModelFamily(StrEnum):
    """What kind of model a file holds."""

    ARRAYS = "arrays"
    DECISION_TREE = "decision_tree"
    LINEAR_MODEL = "linear_model"


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A model's shape; what its family does not have is None.

    ``parameters`` are the numbers that were learned. ``smallest_leaf`` counts the records of a tree's smallest leaf,
    and ``smallest_group`` the privacy units of the smallest group that the tree cannot tell apart, where it was run
    again on a dataset.
    """

    family: ModelFamily
    parameters: int
    arrays: int | None = None
    features: int | None = None
    classes: int | None = None
    leaves: int | None = None
    depth: int | None = None
    records: int | None = None
    smallest_leaf: int | None = None
    smallest_group: int | None = None


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A list of words or categories of a dataset's column: how many, and how many units the rarest of them has."""

    dataset: str
    column: str
    entries: int
    fewest: int


@dataclass(frozen=True, slots=True)
class RemovedPart:
    """What a picture's file held beside the picture, by a kind of its format's: how many, and their bytes."""

    kind: str
    count: int
    size: int


@dataclass(frozen=True, slots=True)
class FigureTable:
    """The file of the request that a figure was drawn from: its rows, and the numbers in them that can be drawn."""

    path: str
    rows: int
    marks: int


@dataclass(frozen=True, slots=True)
class FileCard:
    """A file's card; what does not apply to it is empty. ``removed`` is what the gate left out of its pictures."""

    model: ModelCard | None = None
    vocabularies: tuple[Vocabulary, ...] = ()
    removed: tuple[RemovedPart, ...] = ()
    table: FigureTable | None = None
