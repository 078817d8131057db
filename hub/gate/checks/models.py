"""Models: whether a regression says more of single units than of all."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from hub.domain.exports import Finding, Severity
from hub.gate.cells import MOST_DECIMALS, table_key
from hub.gate.checks.check import Check
from hub.gate.context import Context
from hub.gate.datasets import UNIT, DataFile
from hub.gate.fragments import BlobFragment, Fragment, TextFragment
from hub.gate.model_text import MARKS, attached, degrees_of, is_saturated, levels_of, observations_of, term_names

DEGREES_ID = "degrees-of-freedom"
DUMMY_ID = "dummy-support"
OBSERVATIONS_ID = "model-observations"


def degrees_of_freedom(fragment: Fragment, context: Context) -> list[Finding] | None:
    """A model keeps at least ``residual_degrees`` residual degrees of freedom, and does not explain everything.

    They are read where a summary, a table or a document states them. A model with as many terms as records shows the
    records themselves.
    """
    if isinstance(fragment, BlobFragment):
        return None
    needed = context.policy.residual_degrees
    text = context.text(fragment)
    stated = degrees_of(fragment, text)
    findings = []
    rule = f"at least {needed} residual degrees of freedom ({context.policy.name})"
    if any(degrees < needed for degrees in stated):
        sentence = (
            f"A model here has fewer than {needed} residual degrees of freedom, so that its coefficients tell of "
            "single units. Leave terms out, or fit it on more units."
        )
        applied = ("residual_degrees",)
        findings.append(context.finding(DEGREES_ID, Severity.BLOCK, fragment.place, sentence, rule, applied=applied))
    if is_saturated(fragment, text) and needed:
        sentence = (
            "A model here explains everything (R² of 1), as one does that has a term for each record. Leave terms out, "
            "or say what was fitted."
        )
        severity = Severity.BLOCK if not stated or min(stated) < needed else Severity.REVIEW
        findings.append(context.finding(DEGREES_ID, severity, fragment.place, sentence, rule))
    return findings or None


def observations(fragment: Fragment, context: Context) -> list[Finding] | None:
    """A model's printed summary states at least ``minimum_units`` observations.

    Observations are no fewer than units. Numbers in tables and documents are counts, which their own rules judge.
    """
    if not isinstance(fragment, TextFragment):
        return None
    needed = context.policy.minimum_units
    if not any(stated < needed for stated in observations_of(context.text(fragment))):
        return None
    sentence = (
        f"A model here was fitted on fewer than {needed} observations, so that its coefficients tell of single units. "
        "Fit it on more, or leave it out."
    )
    rule = f"at least {needed} privacy units behind a model ({context.policy.name})"
    said = (OBSERVATIONS_ID, Severity.BLOCK, fragment.place, sentence, rule)
    return [context.finding(*said, applied=("minimum_units",))]


@dataclass(frozen=True, slots=True)
class Dummy:
    """A term for units of some values of columns; which columns, and how few units, is known from the dataset."""

    columns: tuple[str, ...]
    units: int


def dummy_support(fragment: Fragment, context: Context) -> list[Finding] | None:
    """A term of a model for units with one value of a column stands for at least ``minimum_units`` units.

    Terms are recognised by the names that formulas give them, such as ``C(region)[T.Nord]``, also multiplied, and by a
    column's name with a value, such as ``region_Nord`` or R's ``regionNord``; the units are counted in the dataset.
    """
    if isinstance(fragment, BlobFragment) or not context.datasets:
        return None
    small: list[Dummy] = []
    files = context.files
    known = {name for file in files for name in file.names}
    for name in sorted(term_names(context.text(fragment), context.tables(fragment), known)):
        for file in files:
            levels = _levels(name, file)
            if levels:
                units = _units(levels, file)
                small += [Dummy(tuple(c for c, _ in levels), units)] if 0 < units < context.policy.minimum_units else []
    if not small:
        return None
    columns = ", ".join(sorted({column for dummy in small for column in dummy.columns}))
    sentence = (
        f"Terms of a model here stand for fewer than {context.policy.minimum_units} distinct units (values of "
        f"{columns}), so that their coefficients tell of these. Merge categories, or leave the terms out."
    )
    detail = f"The smallest of these terms covers this many units: {min(d.units for d in small)}."
    rule = f"at least {context.policy.minimum_units} privacy units behind each term ({context.policy.name})"
    applied = ("minimum_units",)
    return [context.finding(DUMMY_ID, Severity.BLOCK, fragment.place, sentence, rule, detail=detail, applied=applied)]


def _levels(name: str, file: DataFile) -> list[tuple[str, str]]:
    """Columns of the file with the values that a term names; nothing where it names none."""
    levels = levels_of(name)
    if levels is not None:
        known = [(file.names.get(column.casefold(), ""), value) for column, value in levels]
        return known if all(column for column, _ in known) else []
    for at, mark in enumerate(name):
        column = file.names.get(name[:at].strip().casefold()) if mark in MARKS else None
        if column is not None and file.is_grouping(column) and column != file.unit:
            return [(column, name[at + 1 :].strip(" =]"))]
    return [(file.names[column.casefold()], value) for column, value in attached(name, _groups(file))]


def _groups(file: DataFile) -> list[str]:
    """The file's group columns, in small letters."""
    return [name for name, column in file.names.items() if column != file.unit and file.is_grouping(column)]


def _units(levels: list[tuple[str, str]], file: DataFile) -> int:
    keys, wanted = {}, {}
    for number, (column, value) in enumerate(levels):
        decimals = min(len(value.partition(".")[2]), MOST_DECIMALS) if file.schema[column].is_numeric() else 0
        keys[f"k{number}"] = (column, decimals)
        key = table_key(pl.col("v"), file.value_class(column), decimals)
        wanted[f"k{number}"] = pl.DataFrame({"v": [value]}).select(key).to_series()
    rows = pl.DataFrame(wanted)
    if any(rows[name].null_count() for name in rows.columns):
        return 0
    met = file.matching(keys, rows).select(pl.col(UNIT).drop_nulls().n_unique())
    return int(met.collect().item())


DEGREES = Check(
    DEGREES_ID,
    degrees_of_freedom,
    claims=False,
    statbarn="correlation coefficients",
    parameters=("residual_degrees",),
    source="Handbook on Statistical Disclosure Control for Outputs, regression coefficients",
)
OBSERVATIONS = Check(
    OBSERVATIONS_ID,
    observations,
    claims=False,
    statbarn="correlation coefficients",
    parameters=("minimum_units",),
    source="Handbook on Statistical Disclosure Control for Outputs, regression coefficients",
)
DUMMY_SUPPORT = Check(
    DUMMY_ID,
    dummy_support,
    claims=False,
    statbarn="correlation coefficients",
    parameters=("minimum_units",),
    source="Handbook on Statistical Disclosure Control for Outputs, regressions on categories alone",
)
