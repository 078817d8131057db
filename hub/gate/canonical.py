"""Canonical files: the bytes that the gate itself writes, which people review and which leave.

Invariants:

* the same fragments and the same policy give the same bytes, and a canonical file's own canonical file is itself;
* the fragments that come back are exactly what the bytes hold, so that the checks can judge them once more; one that
  leaves as it came is the very same object.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from hub.domain.exports import Finding, Severity
from hub.gate.canonical_arrays import canonical_arrays, write_safetensors
from hub.gate.canonical_image import canonical_image, write_png
from hub.gate.canonical_notebook import write_notebook
from hub.gate.canonical_table import canonical_table, loses_digits, write_csv
from hub.gate.canonical_text import clean_block, hides
from hub.gate.canonical_value import canonical_value, write_json
from hub.gate.fragments import (
    ArraysFragment,
    BlobFragment,
    FileFragments,
    Fragment,
    ImageFragment,
    TableFragment,
    TextFragment,
    ValueFragment,
)
from hub.gate.kinds import RELEASED_AS, Kind
from hub.gate.refusals import ReadRefusedError, RefusalReason
from hub.gate.sheets import split_path
from hub.gate.views import text_of
from hub.policy.model import Policy

_ENDINGS = {Kind.CSV: ".csv", Kind.PNG: ".png"}
_SAID = {
    Kind.PARQUET: (
        "released-as-csv",
        "The Parquet file is released as CSV, without its metadata and statistics.",
    ),
    Kind.XLSX: (
        "released-as-csv",
        "The sheet is released as CSV, without the workbook's formats, properties and headers.",
    ),
    Kind.JPEG: (
        "released-as-png",
        "The picture is released as PNG, without what the camera or program wrote into it.",
    ),
}


@dataclass(frozen=True, slots=True)
class Canonical:
    """What leaves: a name, the bytes, the same as fragments, and what was put right on the way."""

    name: str
    content: bytes
    file: FileFragments
    fixes: tuple[Finding, ...]


def canonical(file: FileFragments, policy: Policy) -> Canonical:
    """Write a file anew; one that cannot be written from its fragments is refused."""
    kept = [_as_it_leaves(part, policy) for part in file.fragments if not isinstance(part, BlobFragment)]
    fragments = tuple(_without_empty_outputs(kept))
    made = file.model_copy(
        update={"fragments": fragments, "decoded": (), "kind": RELEASED_AS.get(file.kind, file.kind)}
    )
    return Canonical(canonical_name(file), _write(file.kind, fragments), made, _fixes(file, fragments))


def canonical_name(file: FileFragments) -> str:
    """The author's name for the file, with the ending of what is released."""
    book, sheet = split_path(file.path)
    path = PurePosixPath(f"{book}.{sheet}" if sheet else book)
    ending = _ENDINGS.get(RELEASED_AS.get(file.kind, file.kind), path.suffix.lower())
    return str(path) if path.suffix.lower() == ending else f"{path}{ending}"


def _as_it_leaves(part: Fragment, policy: Policy) -> Fragment:
    """The part as it is written; the very same one where nothing of it changes."""
    made = _fragment(part, policy)
    if isinstance(made, ValueFragment) and isinstance(part, ValueFragment):
        # Python takes 0.0 for -0.0, and 1 for true.
        return part if repr(made.value) == repr(part.value) else made
    return part if made == part else made


def _fragment(part: Fragment, policy: Policy) -> Fragment:
    match part:
        case TableFragment():
            return canonical_table(part, policy.significant_digits)
        case TextFragment():
            end = "" if part.slot else "\n"
            return part.model_copy(update={"text": clean_block(part.text) + end})
        case ValueFragment():
            return part.model_copy(update={"value": canonical_value(part.value, policy.significant_digits)})
        case ImageFragment():
            return canonical_image(part)
        case ArraysFragment():
            return canonical_arrays(part, policy.significant_digits)
        case _:
            raise ReadRefusedError(RefusalReason.UNKNOWN_KIND)


def _without_empty_outputs(fragments: list[Fragment]) -> list[Fragment]:
    """Outputs of notebooks without any text are left out; a source stays, since it makes its cell."""
    return [
        part
        for part in fragments
        if not (isinstance(part, TextFragment) and part.slot and part.slot.output is not None and not part.text)
    ]


def _write(kind: Kind, fragments: tuple[Fragment, ...]) -> bytes:
    if kind is Kind.NOTEBOOK:
        return write_notebook(fragments)
    if len(fragments) != 1:
        raise ReadRefusedError(RefusalReason.UNKNOWN_KIND)
    match kind, fragments[0]:
        case ((Kind.CSV | Kind.PARQUET | Kind.XLSX), TableFragment() as table):
            return write_csv(table)
        case Kind.TEXT, TextFragment() as text:
            return text.text.encode()
        case Kind.JSON, ValueFragment() as document:
            return write_json(document.value)
        case ((Kind.PNG | Kind.JPEG), ImageFragment() as image):
            return write_png(image)
        case Kind.SAFETENSORS, ArraysFragment() as model:
            return write_safetensors(model)
        case _:
            raise ReadRefusedError(RefusalReason.KIND_MISMATCH)


def _fixes(file: FileFragments, written: tuple[Fragment, ...]) -> tuple[Finding, ...]:
    """Say what was put right that the author may want to know."""
    fixes = []
    if file.kind in _SAID:
        fixes.append(_SAID[file.kind])
    if any(hides(text_of(part)) for part in file.fragments):
        fixes.append(("invisible-characters", "Invisible, control and direction characters were taken out."))
    if any(part.slot for part in written if isinstance(part, TableFragment)):
        fixes.append(("html-tables", "Tables that were shown as web pages are written as plain tables."))
    if any(part.metadata for part in file.fragments if isinstance(part, ArraysFragment)):
        fixes.append(("metadata", "What the file says beside its arrays was left out."))
    changed = _changed_cells(file, written)
    if any(b.startswith("'") and not a.strip().startswith("'") for a, b in changed):
        fixes.append(("formula", "Cells that a spreadsheet would run as a formula were marked as text."))
    if any(loses_digits(a, b) for a, b in changed) or _shorter_arrays(file, written):
        fixes.append(("digits", "Numbers were rounded to the significant digits that the policy keeps."))
    return tuple(Finding(check, Severity.FIXED, file.path, sentence) for check, sentence in fixes)


def _changed_cells(file: FileFragments, written: tuple[Fragment, ...]) -> set[tuple[str, str]]:
    """The cells that leave otherwise than they came, with what they became."""
    before = [part for part in file.fragments if isinstance(part, TableFragment)]
    after = [part for part in written if isinstance(part, TableFragment)]
    columns = (
        pair
        for one, other in zip(before, after, strict=True)
        if one is not other
        for pair in zip((one.columns, *one.data), (other.columns, *other.data), strict=True)
    )
    return {(a, b) for column, made in columns for a, b in zip(column, made, strict=True) if a is not b and a != b}


def _shorter_arrays(file: FileFragments, written: tuple[Fragment, ...]) -> bool:
    """Whether an array's numbers are others than they were."""
    before = [array for part in file.fragments if isinstance(part, ArraysFragment) for array in part.arrays]
    after = [array for part in written if isinstance(part, ArraysFragment) for array in part.arrays]
    return {array.data for array in before} != {array.data for array in after}
