"""Correlations and covariances: how many units they rest on."""

from __future__ import annotations

import polars as pl

from hub.domain.exports import Finding, Severity
from hub.gate.cells import ValueClass, number
from hub.gate.checks.check import Check
from hub.gate.context import Context
from hub.gate.datasets import UNIT, DataFile
from hub.gate.fragments import Fragment
from hub.gate.views import TableView

IDENTIFIER = "correlation"
_FEWEST = 2


def correlation(fragment: Fragment, context: Context) -> list[Finding] | None:
    """Each pair of columns of a correlation or covariance matrix has values of at least ``minimum_units`` units.

    A matrix is a table in which two rows or more are named like its columns. A correlation of exactly 1 or −1 between
    two columns says that one follows from the other, which a steward reads.
    """
    findings = []
    for view in context.tables(fragment):
        names = _matrix(view)
        if not names:
            continue
        minimum = context.policy.minimum_units
        place = f"{view.place}, the whole table"
        few = [n for file in _files(context, names) if (n := _fewest(file, names)) < minimum]
        if few:
            sentence = (
                f"Correlations or covariances here rest on fewer than {minimum} distinct units that have both values. "
                "Leave these columns out."
            )
            rule = f"at least {minimum} privacy units behind each pair ({context.policy.name})"
            detail = f"The smallest of these pairs covers this many units: {min(few)}."
            applied = ("minimum_units",)
            found = context.finding(IDENTIFIER, Severity.BLOCK, place, sentence, rule, detail=detail, applied=applied)
            findings.append(found)
        if _is_exact(view):
            sentence = "Two different columns are correlated by exactly 1 or −1, so a steward reads the matrix."
            findings.append(context.finding(IDENTIFIER, Severity.REVIEW, place, sentence))
    return findings or None


def _matrix(view: TableView) -> list[str]:
    """Names that the matrix has for rows and for columns, two at least; nothing for another table."""
    key = _labels(view) if view.frame.width > _FEWEST else None
    labels = {cell.strip() for cell in view.frame[key].to_list()} if key else set()
    return [title.strip() for title in dict.fromkeys(view.columns) if title.strip() in labels]


def _labels(view: TableView) -> str | None:
    """The column that names the most rows as other columns are named."""
    titles = {title.strip() for title in view.columns} - {""}
    named = {key: len(titles.intersection(map(str.strip, view.frame[key].to_list()))) for key in view.keys}
    key = max(named, key=lambda key: named[key])
    return key if named[key] >= _FEWEST else None


def _files(context: Context, names: list[str]) -> list[DataFile]:
    """Files that have every named column, as numbers."""
    wanted = [name.casefold() for name in names]
    return [
        f for f in context.files if all(n in f.names and f.value_class(f.names[n]) is ValueClass.NUMBER for n in wanted)
    ]


def _fewest(file: DataFile, names: list[str]) -> int:
    """The fewest units that have values of two of the columns."""
    columns = [file.names[name.casefold()] for name in names]
    pairs = [
        pl.col(UNIT).filter(pl.col(f"h{i}") & pl.col(f"h{j}")).drop_nulls().n_unique().alias(f"{i}_{j}")
        for i in range(len(columns))
        for j in range(i + 1)
    ]
    has = [pl.col(c).cast(pl.Float64).is_finite().fill_null(value=False).alias(f"h{i}") for i, c in enumerate(columns)]
    return int(file.select(*has).select(pairs).select(pl.min_horizontal(pl.all())).collect().item())


def _is_exact(view: TableView) -> bool:
    """The matrix has ones on its diagonal, and one beside it."""
    own = _labels(view) or view.keys[0]
    labels = [cell.strip() for cell in view.frame[own].to_list()]
    names = _matrix(view)
    ones, other = 0, 0
    for key, title in zip(view.keys, view.columns, strict=True):
        if key == own:
            continue
        values = view.frame.select(number(pl.col(key))).to_series().to_list()
        for label, value in zip(labels, values, strict=True):
            exact = value is not None and abs(abs(value) - 1) < 1e-9 and {label, title.strip()} <= set(names)
            ones += exact and label == title.strip()
            other += exact and label != title.strip()
    return ones == len(names) and other > 0


CORRELATION = Check(
    IDENTIFIER,
    correlation,
    claims=False,
    statbarn="correlation coefficients",
    parameters=("minimum_units",),
    source="Handbook on Statistical Disclosure Control for Outputs, correlation coefficients",
)
