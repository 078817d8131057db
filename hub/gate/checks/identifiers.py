"""Direct identifiers: values of the columns that name a dataset's units."""

from __future__ import annotations

import math

import polars as pl

from hub.domain.exports import Finding, Severity
from hub.gate.checks.check import Check
from hub.gate.context import Context, rows_text
from hub.gate.fragments import BlobFragment, Fragment
from hub.gate.mounted import MountedDataset
from hub.gate.sorted_values import are_among
from hub.gate.spelled import bits_of
from hub.gate.views import TableView

IDENTIFIER = "direct-identifiers"
_SHORT_NUMBER = 0.9
COLUMN_BITS = 20.0


def direct_identifiers(fragment: Fragment, context: Context) -> list[Finding] | None:
    """No value of a column that names units directly stands anywhere: in cells, headers, texts, sources or names.

    A value counts by the information it carries: a long number or a full name blocks at once, a short word or number
    only in company, or in a column that is named like the identifier or holds nothing else.
    """
    if isinstance(fragment, BlobFragment) or not context.datasets:
        return None
    said = context.text(fragment).phrases
    findings: list[Finding] = []
    for dataset in context.datasets:
        if _is_told(said, dataset, context.policy.evidence_bits):
            sentence = (
                f"Values of a column that names the units of the dataset {dataset.name} directly stand here. Take them "
                "out; results speak of groups."
            )
            findings.append(context.finding(IDENTIFIER, Severity.BLOCK, fragment.place, sentence))
        for view in [*context.tables(fragment), *context.lines(fragment)]:
            findings += _columns(view, dataset, context)
    return list(dict.fromkeys(findings)) or None


def _is_told(said: pl.Series, dataset: MountedDataset, needed: int) -> bool:
    """The identifiers met in a text's phrases carry more information than chance would bring."""
    numbers = math.log2(1 + _count_numbers(said))
    for known in dataset.plain_identifiers:
        met = said.filter(are_among(said, known)).to_list()
        chance = math.log2(max(known.len(), 1)) + numbers
        if sum(max(bits_of(phrase) - chance, 0.0) for phrase in met) >= needed:
            return True
    return False


def _count_numbers(said: pl.Series) -> int:
    """How many phrases are of digits alone, of any script."""
    foreign = said.filter(said.str.len_bytes() > said.str.len_chars()).to_list()
    return said.filter(said.str.contains("^[0-9]+$")).len() + [phrase.isdigit() for phrase in foreign].count(True)


def _columns(view: TableView, dataset: MountedDataset, context: Context) -> list[Finding]:
    """Columns of a table that are a column of identifiers: by name, or since they hold little else."""
    findings: list[Finding] = []
    if not _meets(view, dataset):
        return findings
    for at, (key, title) in enumerate(zip(view.keys, view.columns, strict=True), start=1):
        numbered = view.frame.with_columns(pl.int_range(1, pl.len() + 1).alias("row"))
        cells = numbered.filter(~view.suppressed(key))
        for name, known in dataset.identifier_keys:
            trimmed = cells.select("row", _trimmed(key))
            met = trimmed.filter(are_among(trimmed["value"], known))
            is_named = title.strip().casefold() == name.casefold() and met.height > 0
            if is_named or _is_identifier_column(cells[key], met["value"], known):
                sentence = (
                    f"Column {at} holds values of the column {name}, which names the units of the dataset "
                    f"{dataset.name} directly. Leave the column out; results speak of groups."
                )
                rows = rows_text(view.row_numbers(met["row"].to_list()))
                findings.append(context.finding(IDENTIFIER, Severity.BLOCK, f"{view.place}, {rows}", sentence))
    return findings


def _trimmed(key: str) -> pl.Expr:
    """A cell as an identifier would be written."""
    return pl.col(key).str.strip_chars().str.replace(r"^(\d+)\.0+$", "${1}").alias("value")


def _meets(view: TableView, dataset: MountedDataset) -> bool:
    """Whether any cell is an identifier; of all columns at once, since most tables have none."""
    cells = view.frame.unpivot(value_name="cell").select(pl.col("cell").unique())
    values = cells.select(_trimmed("cell"))["value"]
    return any(are_among(values, known).any() for _, known in dataset.identifier_keys)


def _is_identifier_column(cells: pl.Series, met: pl.Series, known: pl.Series) -> bool:
    """Whether nearly all of the column's different values are known identifiers, and too many of them for chance."""
    different = cells.n_unique()
    hits = met.unique()
    if different < 3 or len(hits) < _SHORT_NUMBER * different:
        return False
    numbers = known.cast(pl.Int64, strict=False).drop_nulls().to_list()
    if len(numbers) < known.len():
        return True
    spread = max(numbers) - min(numbers) + 1
    return len(hits) * -math.log2(known.len() / spread) >= COLUMN_BITS


DIRECT_IDENTIFIERS = Check(IDENTIFIER, direct_identifiers, claims=False)
