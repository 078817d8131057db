"""The forms in which a decision tree and a linear model are written as JSON, so that the gate can judge and run them.

Invariants:

* a model of one of these forms is complete: what it predicts follows from the document and from nothing else;
* a document that names a form and is not of it is refused with its faults, and never judged as something else;
* leaves say how many records they hold, and the nodes above them say nothing that does not follow.
"""

from __future__ import annotations

import json
from typing import Annotated, Literal

from pydantic import Field, JsonValue, TypeAdapter, ValidationError, model_validator

from hub.gate.fragments import Fragment, Part, ValueFragment

TREE, LINEAR = "datalab-tree/1", "datalab-linear/1"
FORM_KEY = "form"
LEAF = -1
MOST_NODES = 20_000
MOST_FEATURES = 2_000
_FOREIGN_TREES = (
    {"children_left", "children_right"},
    {"left_child", "right_child"},
    {"split_feature", "threshold"},
    {"split", "split_condition"},
    {"left", "right", "threshold"},
    {"tree_info"},
)

Feature = Annotated[str, Field(min_length=1, max_length=200)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Label = Annotated[str, Field(max_length=200)] | bool | int | Number


class Privacy(Part):
    """What the author says of a training with differential privacy; nothing verifies it."""

    epsilon: Annotated[Number, Field(ge=0)]
    delta: Annotated[Number, Field(ge=0, lt=1)]


class _Model(Part):
    """What both forms say: the column that is predicted, and the columns that it is predicted from.

    A feature is a column of numbers by its name, or ``column=value``: 1 where the column has the value, else 0.
    """

    outcome: Feature
    classes: tuple[Label, ...] = Field(default=(), max_length=200)
    features: tuple[Feature, ...] = Field(min_length=1, max_length=MOST_FEATURES)
    privacy: Privacy | None = None

    @model_validator(mode="after")
    def _names_differ(self) -> _Model:
        if len(set(self.features)) < len(self.features) or len({str(c) for c in self.classes}) < len(self.classes):
            raise ValueError("two features or two classes have one name")
        return self


class TreeForm(_Model):
    """A decision tree as scikit-learn keeps it: a list for each property, with one entry for each node.

    The first node is the root; ``left`` and ``right`` are numbers of nodes, −1 in a leaf. A record goes to the left
    where its feature, as a single-precision number, is at most the threshold. ``counts`` are a leaf's records: one
    number for each class, or one in all for a tree that predicts a number, whose ``values`` are the leaves' means.
    """

    form: Literal["datalab-tree/1"]
    left: tuple[int, ...] = Field(min_length=1, max_length=MOST_NODES)
    right: tuple[int, ...]
    feature: tuple[Annotated[int, Field(ge=0)] | None, ...]
    threshold: tuple[Number | None, ...]
    counts: tuple[tuple[Annotated[int, Field(ge=0)], ...] | None, ...]
    values: tuple[Number | None, ...] = ()

    @model_validator(mode="after")
    def _is_a_tree(self) -> TreeForm:
        lists = (self.right, self.feature, self.threshold, self.counts, *([self.values] if not self.classes else []))
        if any(len(entries) != len(self.left) for entries in lists) or (self.classes and self.values):
            raise ValueError("the lists do not have one entry for each node")
        for node in range(len(self.left)):
            self._check_node(node)
        children = sorted(child for child in (*self.left, *self.right) if child != LEAF)
        if children != list(range(1, len(self.left))):
            raise ValueError("a node is nobody's child, or has two parents")
        return self

    def _check_node(self, node: int) -> None:
        split = (self.feature[node], self.threshold[node])
        said = (self.counts[node], *([self.values[node]] if not self.classes else []))
        if self.left[node] == LEAF:
            held = self.counts[node] or ()
            if self.right[node] != LEAF or split != (None, None) or None in said:
                raise ValueError("a leaf has counts, and neither children, feature nor threshold")
            if len(held) != max(len(self.classes), 1):
                raise ValueError("a leaf counts each class once")
            return
        if None in split or any(part is not None for part in said) or (self.feature[node] or 0) >= len(self.features):
            raise ValueError("a node with children has a feature and a threshold, and no counts")
        if not node < min(self.left[node], self.right[node]) or max(self.left[node], self.right[node]) >= len(
            self.left
        ):
            raise ValueError("a child has a higher number than its parent")

    @property
    def leaves(self) -> tuple[int, ...]:
        """The numbers of the leaves."""
        return tuple(node for node, child in enumerate(self.left) if child == LEAF)

    def count(self, leaf: int) -> int:
        """How many records a leaf holds."""
        return sum(self.counts[leaf] or ())

    @property
    def parameters(self) -> int:
        """Numbers that were learned: a feature and a threshold of each split, and each leaf's shares or mean."""
        inner = len(self.left) - len(self.leaves)
        return 2 * inner + len(self.leaves) * max(len(self.classes) - 1, 1)

    @property
    def records(self) -> int:
        """Records that the leaves hold together."""
        return sum(self.count(leaf) for leaf in self.leaves)


class LinearForm(_Model):
    """A linear model: the intercept and a coefficient for each feature give a number, or the log-odds of a class.

    With two ``classes`` it is logistic, and speaks of the second one; without classes it predicts the outcome itself.
    """

    form: Literal["datalab-linear/1"]
    intercept: Number
    coefficients: tuple[Number, ...]
    records: Annotated[int, Field(ge=1)]
    """Records that it was fitted on."""

    @model_validator(mode="after")
    def _is_whole(self) -> LinearForm:
        if len(self.coefficients) != len(self.features) or len(self.classes) not in (0, 2):
            raise ValueError("a linear model has a coefficient for each feature, and two classes or none")
        return self

    @property
    def parameters(self) -> int:
        """Numbers that were learned."""
        return len(self.coefficients) + 1


ModelForm = TreeForm | LinearForm
_FORMS: dict[str, TypeAdapter[ModelForm]] = {TREE: TypeAdapter(TreeForm), LINEAR: TypeAdapter(LinearForm)}


class FormFaultError(Exception):
    """A document names a form and is not of it; ``faults`` are places and what is wrong, without any value."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


def model_of(fragment: Fragment) -> ModelForm | None:
    """Return the model that a document is; raises FormFaultError where it names a form and is not of it."""
    value = fragment.value if isinstance(fragment, ValueFragment) else None
    if not isinstance(value, dict) or not isinstance(value.get(FORM_KEY), str):
        return None
    name = str(value[FORM_KEY])
    if not name.startswith("datalab-"):
        return None
    if name not in _FORMS:
        raise FormFaultError((f"the forms are {TREE} and {LINEAR}",))
    try:
        return _FORMS[name].validate_json(json.dumps(value))
    except ValidationError as error:
        raise FormFaultError(tuple(_fault(e["loc"], e["msg"]) for e in error.errors()[:3])) from None


def known_model(fragment: Fragment) -> ModelForm | None:
    """Return the model that a document is; one with faults is none."""
    try:
        return model_of(fragment)
    except FormFaultError:
        return None


def _fault(where: tuple[int | str, ...], what: str) -> str:
    """The first key of the form, not its entries, whose names an author chose."""
    own = {*TreeForm.model_fields, *LinearForm.model_fields}
    place = next((str(key) for key in where if key in own), "")
    return f"{place}: {what}" if place else what


def is_foreign_tree(value: JsonValue) -> bool:
    """Whether a document holds a decision tree of another form, by its keys."""
    if isinstance(value, dict):
        keys = {key.strip("_").casefold() for key in value}
        return any(form <= keys for form in _FOREIGN_TREES) or any(map(is_foreign_tree, value.values()))
    return isinstance(value, list) and any(map(is_foreign_tree, value))
