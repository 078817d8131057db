"""Models that keep the records that they were fitted on: known by their names, their parts and their shapes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydantic import JsonValue

from hub.domain.exports import Finding, Severity
from hub.gate.checks.check import Check
from hub.gate.column_names import plain_name
from hub.gate.context import Context, arrays_text
from hub.gate.fragments import ArraysFragment, Fragment, ValueFragment

IDENTIFIER = "stored-records"
_FEWEST = 20
_FAMILIES = re.compile(
    r"(?:(?:sklearn|cuml|thundersvm)[\w.]*\.)?(?:k_?(?:nearest_?)?neighbou?rs?(?:_?(?:classifier|regressor|transformer))?"
    r"|radius_?neighbors_?(?:classifier|regressor|transformer)|nearest_?neighbors|knn|local_?outlier_?factor"
    r"|(?:nu_?|one_?class_?|c_?)?sv[cmr]|support_?vector_?(?:machine|classifier|regressor|regression|classification)"
    r"|(?:gaussian_)?kernel_?density(?:_?estimat(?:or|e|ion))?|gaussian_?kde|kde(?:_?multivariate)?|kernel_?ridge"
    r"|gaussian_?process(?:_?(?:classifier|regressor|regression))?|label_?(?:propagation|spreading)|kernel_?pca|isomap"
    r"|t_?sne|umap|dbscan|hdbscan|affinity_?propagation|k_?medoids|ball_?tree|kd_?tree|case_?based_?reasoning)"
)
_PARTS = re.compile(
    r"(?:.*_)?(?:support_vectors?|sv_coef|dual_coefs?|dual_coefficients|fit_x|x_fit|fit_y|x_train|train_x|y_train|train_y|"
    r"training_(?:data|set|x|y|inputs?|targets?)|train_(?:data|inputs?|targets?|set)|raw_data|"
    r"core_samples?|core_sample_indices|exemplars?|medoids?|tree_data|kernel_matrix|gram(?:_matrix)?|x_obs|y_obs|"
    r"support_indices|endog|exog|wendog|wexog)"
)
_KINDS = {"class", "model", "type", "kind", "estimator", "algorithm", "family", "method", "name", "classifier"}


def stored_records(fragment: Fragment, context: Context) -> list[Finding] | None:
    """No model that stores records leaves: nearest neighbours, support vectors, kernel densities, Gaussian processes.

    They are known by the family that a document names, by what their parts are called, such as ``support_vectors_`` or
    ``X_train``, and by an axis of an array that is as long as a dataset has records or units.
    """
    named, shaped, is_kept = [], [], False
    if isinstance(fragment, ArraysFragment):
        named = [at for at, array in enumerate(fragment.arrays, start=1) if is_store(array.name)]
        shaped = _shaped(fragment, context)
    elif isinstance(fragment, ValueFragment):
        is_kept = any(_names_store(fragment.value))
    findings = []
    if named or is_kept:
        sentence = (
            "The model is of a family that keeps the records it was fitted on, or has a part that holds them (nearest "
            "neighbours, support vectors, kernel densities, Gaussian processes). Fit a model of another family."
        )
        findings.append(context.finding(IDENTIFIER, Severity.BLOCK, f"{fragment.place}{arrays_text(named)}", sentence))
    if shaped:
        sentence = (
            "An array has as many entries as a dataset has records or units, so it looks like a value for each of "
            "them. Leave it out, or fit a model that keeps nothing of single records."
        )
        findings.append(context.finding(IDENTIFIER, Severity.BLOCK, f"{fragment.place}{arrays_text(shaped)}", sentence))
    return findings or None


def is_store(name: str) -> bool:
    """Whether an array or a key is called as what keeps records."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)
    plain = plain_name(words).strip("_")
    return bool(_PARTS.fullmatch(plain) or _FAMILIES.fullmatch(plain_name(name).strip("_")))


def _names_store(value: JsonValue) -> Iterator[bool]:
    """Keys that are called as stores and hold lists, and families that a document says it is of."""
    if isinstance(value, dict):
        for key, inner in value.items():
            held = isinstance(inner, (list, dict)) and is_store(key)
            said = (
                isinstance(inner, str) and plain_name(key).strip("_") in _KINDS and is_store(inner.rsplit(".", 1)[-1])
            )
            yield held or said
            yield from _names_store(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _names_store(inner)


def _shaped(fragment: ArraysFragment, context: Context) -> list[int]:
    lengths = {n for d in context.datasets for f in d.files for n in (f.height, f.units) if n >= _FEWEST}
    return [
        at for at, array in enumerate(fragment.arrays, start=1) if not lengths.isdisjoint({*array.shape, array.count})
    ]


STORED_RECORDS = Check(
    IDENTIFIER,
    stored_records,
    claims=False,
    source="GRAIMATTER, Recommendations for disclosure control of trained machine learning models, 2022: models that "
    "are based on instances",
)
