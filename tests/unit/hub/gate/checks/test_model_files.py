"""Facts about models as arrays: read by a steward in any case, and blocked where they hold what the data hold."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.domain.exports import Severity
from hub.domain.table_context import TableContext
from hub.gate.array_types import ArrayType
from hub.gate.arrays import array_of
from hub.gate.canonical import canonical
from hub.gate.canonical_arrays import write_safetensors
from hub.gate.exchange import DatasetDescription, Verdict
from hub.gate.fragments import ArraysFragment
from hub.gate.mounted import from_scans
from hub.gate.readers.files import read_file
from hub.policy.load import load_profile

DRAW = np.random.default_rng(11)
WEIGHTS = DRAW.normal(size=(6, 4))


def model(kind: ArrayType = ArrayType.F32, metadata: dict[str, str] | None = None, **arrays: Any) -> bytes:
    parts = []
    for name, numbers in arrays.items():
        held = np.asarray(numbers)
        own = kind if held.dtype.kind == "f" else ArrayType.I64
        parts.append(array_of(name.replace("__", "."), held, own))
    parts.sort(key=lambda part: part.name)
    content = write_safetensors(ArraysFragment(arrays=tuple(parts)))
    if metadata is None:
        return content
    length = int.from_bytes(content[:8], "little")
    header = json.dumps(json.loads(content[8 : 8 + length]) | {"__metadata__": metadata}).encode()
    return len(header).to_bytes(8, "little") + header + content[8 + length :]


def judged(gate: Any, **arrays: Any) -> Any:
    return gate.judge("m.safetensors", model(**arrays))


def test_a_small_network_is_read_by_a_steward(gate: Any, make: Any) -> None:
    found = judged(gate, layer__weight=WEIGHTS, layer__bias=WEIGHTS[0])
    assert found.verdict is Verdict.REVIEW
    assert make.checks(found, Severity.REVIEW) == {"model"}
    assert "steward" in make.sentences(found)
    assert found.canonical is not None
    assert found.canonical.name == "m.safetensors"


def test_without_a_dataset_it_is_read_too(gate: Any) -> None:
    assert judged(gate.without_data(), w=WEIGHTS).verdict is Verdict.REVIEW


@pytest.mark.parametrize(
    ("name", "blocks"),
    [
        ("support_vectors_", True),
        ("svm__support_vectors", True),
        ("_fit_X", True),
        ("X_train_", True),
        ("knn.training_data", True),
        ("gp.X_train", True),
        ("dual_coef_", True),
        ("exog", True),
        ("layer.weight", False),
        ("coef_", False),
        ("intercept_", False),
        ("cluster_centers_", False),
        ("means", False),
    ],
)
def test_parts_that_store_records_block_by_their_names(gate: Any, make: Any, name: str, blocks: bool) -> None:
    assert ("stored-records" in make.checks(judged(gate, **{name.replace(".", "__"): WEIGHTS}))) is blocks
    document = json.dumps({"model": {name: WEIGHTS.tolist()}})
    assert ("stored-records" in make.checks(gate.judge("m.json", document))) is blocks


@pytest.mark.parametrize(
    ("family", "blocks"),
    [
        ("KNeighborsClassifier", True),
        ("sklearn.svm._classes.SVC", True),
        ("OneClassSVM", True),
        ("KernelDensity", True),
        ("GaussianProcessRegressor", True),
        ("gaussian process", True),
        ("RadiusNeighborsRegressor", True),
        ("LogisticRegression", False),
        ("LinearSVC", False),
        ("DecisionTreeClassifier", False),
        ("Ridge", False),
    ],
)
def test_families_that_store_records_block_by_what_they_are(gate: Any, make: Any, family: str, blocks: bool) -> None:
    document = json.dumps({"estimator": family, "weights": [0.5, 0.25]})
    assert ("stored-records" in make.checks(gate.judge("m.json", document))) is blocks


@pytest.mark.parametrize(("shape", "blocks"), [((500, 2), True), ((2, 2000), True), ((40, 50), True), ((30, 3), False)])
def test_an_axis_as_long_as_the_data_blocks(gate: Any, make: Any, shape: tuple[int, ...], blocks: bool) -> None:
    numbers = np.random.default_rng(3).normal(size=shape)
    assert ("stored-records" in make.checks(judged(gate, w=numbers))) is blocks


def test_residuals_block_by_their_name(gate: Any, make: Any) -> None:
    assert "residuals" in make.checks(judged(gate, fit__resid=np.arange(25) * 0.37))
    assert "residuals" not in make.checks(judged(gate, fit__resid=np.array([-1.2, 0.1, 1.3])))


def incomes(data: pl.DataFrame) -> Any:
    return data["income"].to_numpy()


SCALES = {
    "as it is": lambda v: v,
    "standardised": lambda v: (v - v.mean()) / v.std(),
    "between 0 and 1": lambda v: (v - v.min()) / (v.max() - v.min()),
    "upside down": lambda v: 5 - v / 1000,
}


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("order", ["same", "sorted"])
@pytest.mark.parametrize("kind", [ArrayType.F32, ArrayType.F64])
def test_a_scaled_column_blocks(
    gate: Any, make: Any, data: pl.DataFrame, scale: str, order: str, kind: ArrayType
) -> None:
    values = incomes(data)
    scaled = SCALES[scale](np.sort(values) if order == "sorted" else values)
    held = gate.judge("m.safetensors", model(kind, embedding=scaled.reshape(40, 50)))
    assert "scaled-columns" in make.checks(held)


@pytest.mark.parametrize("scale", ["as it is", "standardised", "between 0 and 1"])
def test_a_part_of_a_scaled_column_blocks(on: Any, make: Any, scale: str) -> None:
    draw = np.random.default_rng(5)
    rows = pl.DataFrame({"u": range(900), "pay": draw.lognormal(10, 0.4, 900).round(2)})
    scaled = SCALES[scale](rows["pay"].to_numpy())
    held = on(rows, "u").judge("m.safetensors", model(ArrayType.F64, w=scaled[100:180].reshape(8, 10)))
    assert "scaled-columns" in make.checks(held)


def test_a_column_that_most_rows_lack_blocks_under_any_scale_beside_shorter_arrays(on: Any, make: Any) -> None:
    draw = np.random.default_rng(9)
    pay = draw.lognormal(10, 0.4, 300).round(2)
    rows = pl.DataFrame({"u": range(900), "pay": [*pay.tolist(), *[None] * 600]})
    held = on(rows, "u").judge("m.safetensors", model(ArrayType.F64, bias=draw.normal(size=30), w=3.7 * pay + 11))
    (found,) = [f for f in held.findings if f.check == "scaled-columns"]
    assert found.place.endswith("array 2")


def test_datasets_whose_columns_are_held_are_named_in_the_order_of_their_names(gate: Any) -> None:
    """Two runs say the same, word by word."""
    draw = np.random.default_rng(4)
    names = ("mills", "farms", "ports", "yards", "banks", "wells", "docks")
    columns = {name: draw.lognormal(10, 0.4, 300).round(2) for name in names}
    mounted = tuple(
        from_scans(DatasetDescription(name=name, folder="/data"), {"d.parquet": pl.LazyFrame({"pay": values})})
        for name, values in columns.items()
    )
    arrays = {f"w{at}": 3.7 * values + 11 for at, values in enumerate(columns.values())}
    found = judged(type(gate)(gate.policy, mounted), **arrays).findings
    said = [f.sentence.split("dataset ")[1].split(",")[0] for f in found if f.check == "scaled-columns"]
    assert said == sorted(names)


def test_arrays_leave_without_what_their_file_said_beside_them() -> None:
    body = model(metadata={"note": "words"}, w=np.arange(6.0).reshape(2, 3))
    left = canonical(read_file(1, "m.safetensors", body), load_profile("uk-sacro"))
    assert read_file(1, "m.safetensors", left.content).fragments == left.file.fragments


def test_random_weights_of_a_columns_length_are_no_column(gate: Any, make: Any) -> None:
    for seed in range(5):
        numbers = np.random.default_rng(seed).normal(size=(40, 50))
        assert "scaled-columns" not in make.checks(judged(gate, w=numbers))


def test_random_weights_are_no_part_of_a_column(on: Any, make: Any) -> None:
    draw = np.random.default_rng(6)
    rows = pl.DataFrame({"u": range(900), "pay": draw.normal(0, 1, 900).round(3), "n": draw.integers(0, 500, 900)})
    gate = on(rows, "u")
    for seed in range(5):
        numbers = np.random.default_rng(seed).normal(size=(20, 20))
        assert not make.checks(judged(gate, w=numbers)) & {"scaled-columns", "row-leak"}


def test_rows_of_the_dataset_in_an_array_block(gate: Any, make: Any, data: pl.DataFrame) -> None:
    rows = data.sample(12, seed=1).select("year", "income", "visits").to_numpy()
    assert "row-leak" in make.checks(gate.judge("m.safetensors", model(ArrayType.F64, w=rows)))
    assert "row-leak" in make.checks(gate.judge("m.safetensors", model(ArrayType.F64, w=rows.T)))
    columns = {name: rows[:, at] for at, name in enumerate("abc")}
    assert "row-leak" in make.checks(gate.judge("m.safetensors", model(ArrayType.F64, **columns)))


def test_identifiers_in_an_array_block(gate: Any, make: Any, data: pl.DataFrame) -> None:
    numbers = data["social"].head(3).cast(pl.Int64).to_numpy()
    assert "direct-identifiers" in make.checks(judged(gate, w=numbers))
    assert "direct-identifiers" not in make.checks(judged(gate, w=np.arange(3)))


def test_names_spelled_as_numbers_block(gate: Any, make: Any, data: pl.DataFrame) -> None:
    text = "\n".join(data["full_name"].unique().sort().head(3))
    assert "direct-identifiers" in make.checks(judged(gate, w=np.array([ord(c) for c in text])))
    assert "direct-identifiers" not in make.checks(judged(gate, w=np.array([ord(c) for c in "hidden units: ten"])))


def test_identifiers_in_an_arrays_name_block(gate: Any, make: Any, data: pl.DataFrame) -> None:
    assert "direct-identifiers" in make.checks(judged(gate, **{data["social"][0]: WEIGHTS}))


def test_rows_in_the_names_of_arrays_block(gate: Any, make: Any, data: pl.DataFrame) -> None:
    rows = data.sample(8, seed=2).select("income", "visits", "year").rows()
    named = {" ".join(map(str, row)): WEIGHTS for row in rows}
    assert "row-leak" in make.checks(judged(gate, **named))
    assert "row-leak" not in make.checks(judged(gate, **{f"layer {n} weight": WEIGHTS for n in range(8)}))


@pytest.mark.parametrize(("count", "blocks"), [(490, False), (491, True)])
def test_a_model_has_fewer_numbers_than_units(gate: Any, make: Any, count: int, blocks: bool) -> None:
    numbers = np.random.default_rng(2).normal(size=count)
    found = judged(gate, w=numbers)
    assert ("model-parameters" in make.checks(found)) is blocks
    assert str(count) not in make.sentences(found)


def test_a_model_of_too_many_numbers_blocks(gate: Any, make: Any) -> None:
    small = gate.without_data()
    limits = small.policy.limits.model_copy(update={"table_rows": 5, "table_columns": 4})
    assert "volume" in make.checks(judged(small.under(limits=limits), w=np.ones(21)))
    assert "volume" not in make.checks(judged(small.under(limits=limits), w=np.ones(20)))


def test_declared_privacy_is_told_to_stewards_and_changes_no_verdict(gate: Any, make: Any) -> None:
    plain = judged(gate, X_train=WEIGHTS)
    said = {"epsilon": "3", "delta": "1e-05"}
    declared = gate.judge("m.safetensors", model(metadata=said, X_train=WEIGHTS))
    assert declared.verdict is plain.verdict is Verdict.BLOCK
    (note,) = [f for f in declared.findings if f.check == "declared-privacy"]
    assert note.severity is Severity.NOTE
    assert "ε = 3, δ = 1e-05" in note.detail
    assert "3" not in note.sentence
    fine = gate.judge("m.safetensors", model(metadata=said, w=WEIGHTS))
    assert fine.verdict is Verdict.REVIEW


@pytest.mark.parametrize("said", [{"epsilon": "3"}, {"epsilon": "-1", "delta": "0"}, {"epsilon": "x", "delta": "y"}])
def test_half_a_declaration_of_privacy_is_none(gate: Any, said: dict[str, str]) -> None:
    found = gate.judge("m.safetensors", model(metadata=said, w=WEIGHTS))
    assert "declared-privacy" not in {f.check for f in found.findings}


@settings(max_examples=15, deadline=None)
@given(more=st.lists(st.integers(0, 2**20), max_size=3))
def test_more_arrays_make_no_verdict_milder(gate: Any, more: list[int]) -> None:
    extra = {f"z{n}": np.random.default_rng(seed).normal(size=(3, 3)) for n, seed in enumerate(more)}
    assert judged(gate, support_vectors_=WEIGHTS, **extra).verdict is Verdict.BLOCK


RARE = ("Nord", "Est", "Ouest", "Sud")


@pytest.mark.parametrize(("words", "blocks"), [(RARE, True), (RARE[1:], False), (("left", "right"), False)])
def test_a_rare_category_in_a_list_blocks(gate: Any, make: Any, words: tuple[str, ...], blocks: bool) -> None:
    for document in ({"categories_": [list(words), ["f", "m"]]}, {"vocabulary": {w: n for n, w in enumerate(words)}}):
        found = gate.judge("m.json", json.dumps(document))
        assert ("vocabulary" in make.checks(found)) is blocks
        rules = {f.rule for f in found.findings if f.check == "vocabulary"}
        assert rules == ({"at least 10 privacy units behind each word (uk-sacro)"} if blocks else set())
        assert "Nord" not in make.sentences(found)


def test_a_rare_category_is_found_behind_any_number_of_lists(gate: Any, make: Any) -> None:
    """The document itself is the first list. Of many rare ones the first are said; each of them blocks."""
    others = [[f"a{n}", f"b{n}"] for n in range(400)]
    judged = gate.judge("m.json", json.dumps([*others, list(RARE)]))
    assert [f.place for f in judged.findings if f.check == "vocabulary"] == ["m.json, list 402"]
    many = gate.judge("m.json", json.dumps([list(RARE)] * 300)).findings
    assert sum(f.check == "vocabulary" for f in many) <= 200


def test_a_rare_word_of_a_text_column_blocks(on: Any, make: Any) -> None:
    rows = pl.DataFrame(
        {"u": range(400), "note": [f"patient seen {'Zanzibar' if n < 3 else 'today'}" for n in range(400)]}
    )
    gate = on(rows, "u")
    for words, blocks in ((["patient", "seen", "zanzibar"], True), (["patient", "seen", "today"], False)):
        found = gate.judge("m.json", json.dumps({"vocabulary_": {w: n for n, w in enumerate(words)}}))
        assert ("vocabulary" in make.checks(found)) is blocks


SUMMARY = "Dep. Variable: income   R-squared: 0.31\nNo. Observations:        {n}   AIC: 101.2\nDf Residuals:  1900\n"


@pytest.mark.parametrize(("n", "blocks"), [(7, True), (9, True), (10, False), (2000, False)])
def test_a_summary_of_few_observations_blocks(gate: Any, make: Any, n: int, blocks: bool) -> None:
    assert ("model-observations" in make.checks(gate.judge("fit.txt", SUMMARY.format(n=n)))) is blocks


def test_a_declaration_does_not_disturb_arrays(gate: Any) -> None:
    found = gate.judge("m.safetensors", model(w=WEIGHTS), TableContext("survey", filter="year >= 2020"))
    assert found.verdict is Verdict.REVIEW


def test_what_is_as_long_as_the_data_is_named_by_its_number(gate: Any) -> None:
    found = judged(gate, a=WEIGHTS, b=np.zeros((500, 2)))
    assert [f.place for f in found.findings if f.check == "stored-records"] == ["m.safetensors, array 2"]


@pytest.mark.parametrize("key", ["class", "model", "type", "kind", "algorithm", "family", "method", "name"])
def test_a_family_is_told_by_any_word_for_one(gate: Any, make: Any, key: str) -> None:
    assert "stored-records" in make.checks(gate.judge("m.json", json.dumps({key: "svc", "weights": [0.5]})))
