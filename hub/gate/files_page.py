"""The page of the docs on files: kinds that are read, and each refusal; ``python -m hub.gate.files_page`` prints it."""

from __future__ import annotations

import sys

from hub.gate.kinds import ENDINGS, RELEASED_AS, Kind
from hub.gate.refusals import SENTENCES

HEAD = """# Files that the gate reads

This page is made from the readers themselves by `python -m hub.gate.files_page`; a test fails when the two differ.

A file's content decides what it is, and the ending of its name has to agree. Each reader accounts for every byte: what
is two things at once, or has bytes that belong to nothing, is refused. What leaves is written anew by the gate.

"""
WORKBOOKS = """
## Workbooks

Each sheet with cells is a table. A workbook of several sheets is reviewed and released as that many files: the sheet
“Ages” of `out.xlsx` goes by `out.xlsx!Ages`, wherever the gate speaks of it, and leaves as `out.xlsx.Ages.csv`. Offer
`out.xlsx!Ages` to send that sheet alone, or to declare how it was made.

Read are values: texts, numbers, truth values, errors, and days by the cells' formats. Merged cells are repeated in each
cell that they cover. Styles, properties, headers, themes and texts that no cell shows stay behind, and the author's
name with them. Formulas are refused rather than read by the values that were kept of them: libraries keep none, and
another program computes others, so that what was checked would not be what its author saw.

## Pictures

A picture is decoded, laid on white, and each of its colours set to the nearest of 32 steps, since the lowest bits can
carry a message that nobody sees. Chunks and segments that do not make the picture stay behind: texts, colour profiles,
Exif, thumbnails. What a person could see in a picture is for a steward to look at; what is drawn with whole steps of
colour, and bytes among a JPEG's packed pixels, are not found, and the latter do not leave.

## Parquet

Every byte has to belong to a page of a column, to an index that the footer names, or to the footer. Statistics,
indexes, dictionaries and metadata are not read, and do not leave.

## Models

A model's arrays are read from safetensors: every byte belongs to the header or to one array, and NaN, infinities and
types of less than 16 bits for fractions are refused. Fractions leave with the policy's significant digits in their own
type, whole numbers as they are, names in order, and no metadata. Trees and linear models are JSON documents of a form
that the gate can run; [how to release a model](../how-to/release-a-model.md) shows it.

## What is refused, and what to send instead

| reason | what the author is told |
| --- | --- |
"""


def page() -> str:
    """Return the page: a line for each kind, and one for each refusal."""
    kinds = [_kind(kind) for kind in Kind if kind in ENDINGS.values()]
    refusals = [f"| `{reason}` | {sentence} |" for reason, sentence in SENTENCES.items()]
    table = "| the name ends in | what it is | leaves as |\n| --- | --- | --- |\n"
    return HEAD + table + "\n".join(kinds) + "\n" + WORKBOOKS + "\n".join(refusals) + "\n"


def _kind(kind: Kind) -> str:
    endings = ", ".join(f"`{ending}`" for ending, named in ENDINGS.items() if named is kind)
    return f"| {endings} | {kind} | {RELEASED_AS.get(kind, kind)} |"


if __name__ == "__main__":
    sys.stdout.write(page())
